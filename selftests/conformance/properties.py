# SPDX-License-Identifier: GPL-2.0
"""Properties of MQTT 5.0 that are wrong: 81 for what is malformed, 82 for what
may not be. In CONNECT they are answered by CONNACK."""
from case import add, proves
from mqtt import (AUTH, CONNECT, DISCONNECT, PROPERTIES, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL,
                  SUBSCRIBE, UNSUBSCRIBE, connect, packet, prop, props, publish, string, varint)

SAMPLES = {"u8": 1, "u16": 5, "u32": 100000, "varint": 200, "string": "text", "binary": b"\0\xff",
           "pair": ("a", "b")}
NAMES = {CONNECT: "CONNECT", "will": "a will", PUBLISH: "PUBLISH", PUBACK: "PUBACK",
         PUBREC: "PUBREC", PUBREL: "PUBREL", PUBCOMP: "PUBCOMP", SUBSCRIBE: "SUBSCRIBE",
         UNSUBSCRIBE: "UNSUBSCRIBE", DISCONNECT: "DISCONNECT"}


def sample(name):
    return prop(name, SAMPLES[PROPERTIES[name][1]])


def carrier(t, kind, listed):
    """A packet with this property list, which has its length already."""
    if kind == CONNECT:
        return packet(CONNECT, 0, string("MQTT") + b"\5\2\0\0" + listed + string(t.id("a")))
    if kind == "will":
        return packet(CONNECT, 0, string("MQTT") + b"\5\6\0\0\0" + string(t.id("a")) + listed +
                      string(t.topic("will")) + string("x"))
    if kind == PUBLISH:
        return packet(PUBLISH, 2, string(t.topic()) + b"\0\1" + listed + b"x")
    if kind == SUBSCRIBE:
        return packet(SUBSCRIBE, 2, b"\0\1" + listed + string(t.topic()) + b"\0")
    if kind == UNSUBSCRIBE:
        return packet(UNSUBSCRIBE, 2, b"\0\1" + listed + string(t.topic()))
    if kind in (DISCONNECT, AUTH):
        return packet(kind, 0, b"\0" + listed)
    return packet(kind, 2 if kind == PUBREL else 0, b"\0\1\0" + listed)


def wrong(t, kind, listed, *reasons, what=""):
    """This property list ends the connection with one of the reasons."""
    peer = t.raw() if kind in (CONNECT, "will") else t.peer()
    peer.send(carrier(t, kind, listed))
    try:
        t.gone(peer, *reasons)
    except AssertionError as e:
        raise AssertionError(f"{what}: {e}") from e


def by_packet(kind, name):
    tags = ["5.0:MQTT-4.13.1-1"] + (["5.0:MQTT-3.1.4-1"] if kind in (CONNECT, "will") else [])

    def misplaced(t):
        for p, (_, _, packets) in PROPERTIES.items():
            if kind not in packets:
                wrong(t, kind, props(sample(p)), 0x81, what=p)
    add("properties", f"misplaced_{name}", f"{NAMES[kind]} with properties of other packets: 81",
        tags, misplaced)

    def twice(t):
        for p, (_, _, packets) in PROPERTIES.items():
            if kind in packets and p not in ("user", "auth_data") and (kind, p) != (
                    PUBLISH, "subscription_id"):
                wrong(t, kind, props(sample(p) * 2), 0x82, what=p)
    add("properties", f"twice_{name}", f"{NAMES[kind]} with a property twice: 82", tags, twice)

    def unknown(t):
        for number in (0, 4, 0x7f, 0xff, 0x80, 0x4011):
            wrong(t, kind, props(varint(number) + b"\0"), 0x81, what=hex(number))
    add("properties", f"unknown_{name}", f"{NAMES[kind]} with properties nobody knows: 81",
        tags, unknown)

    def lengths(t):
        user = prop("user", ("a", "b"))
        for what, listed in {
                "past the packet": varint(120) + user, "of five bytes": b"\x80\x80\x80\x80\0",
                "huge": b"\xff\xff\xff\x7f" + user, "too short": varint(len(user) - 1) + user,
                "string past the list": props(user[:-2] + b"\0\x09b"), "no value": props(user[:1]),
                "no length": props(user[:2])}.items():
            wrong(t, kind, listed, 0x81, what=what)
    add("properties", f"lengths_{name}", f"{NAMES[kind]} with property lengths that are wrong: 81",
        tags, lengths)

    def pairs(t):
        for pair in ((b"\xff", "x"), ("x", b"\xc0\xaf"), (b"\0", "x"), ("x", b"a\0"),
                     ("x", b"\xed\xa0\x80")):
            wrong(t, kind, props(prop("user", pair)), 0x81, what=str(pair))
    add("properties", f"pairs_{name}", f"{NAMES[kind]} with a user property that is not UTF-8, "
        "or with U+0000: 81", tags + ["5.0:MQTT-1.5.7-1", "5.0:MQTT-1.5.4-1,2"], pairs)

    def minimal(t):
        user = prop("user", ("a", "b"))
        wrong(t, kind, bytes([len(user) | 0x80, 0]) + user, 0x81, what="length")
        wrong(t, kind, b"\x80\0", 0x81, what="length 0")
    add("properties", f"minimal_{name}", f"{NAMES[kind]} with a property length that is longer "
        "than needed: 81", tags + ["5.0:MQTT-1.5.5-1"], minimal)


for each, its in {CONNECT: "connect", "will": "will", PUBLISH: "publish", PUBACK: "puback",
                  PUBREC: "pubrec", PUBREL: "pubrel", PUBCOMP: "pubcomp", SUBSCRIBE: "subscribe",
                  UNSUBSCRIBE: "unsubscribe", DISCONNECT: "disconnect"}.items():
    by_packet(each, its)


@proves("5.0:MQTT-3.1.4-1", "5.0:MQTT-4.13.1-1", "5.0:MQTT-4.9.0-1")
def values_connect(t):
    """values that CONNECT's properties may not have: 82"""
    for name, value in (("receive_max", 0), ("max_packet", 0), ("request_problem", 2),
                        ("request_response", 2), ("request_problem", 255)):
        wrong(t, CONNECT, props({name: value}), 0x82, what=name)
    wrong(t, CONNECT, props({"auth_data": b"x"}), 0x82, what="auth_data without auth_method")
    wrong(t, "will", props({"payload_format": 2}), 0x81, 0x82, what="payload_format")


@proves("5.0:MQTT-4.13.1-1", "5.0:MQTT-3.3.2-8")
def values(t):
    """values that other properties may not have: 82"""
    wrong(t, SUBSCRIBE, props({"subscription_id": 0}), 0x82, what="subscription id 0")
    wrong(t, SUBSCRIBE, props(b"\x0b\x80\x80\x80\x80\1"), 0x81, what="subscription id of five bytes")
    wrong(t, PUBLISH, props({"payload_format": 2}), 0x81, 0x82, what="payload format 2")
    wrong(t, PUBLISH, props({"alias": 0}), 0x94, what="alias 0")


@proves("5.0:MQTT-3.3.4-6")
def subscription_id_published(t):
    """a client's PUBLISH with a subscription id: 82"""
    wrong(t, PUBLISH, props({"subscription_id": 5}), 0x82)


@proves("5.0:MQTT-3.3.2-13,14,19", "5.0:MQTT-1.5.4-1,2")
def strings(t):
    """strings that are not UTF-8, or with U+0000: 81; a response topic with
    wildcards: 82"""
    for value in (b"\xff", b"a\0b", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        for kind in (PUBLISH, "will"):
            for name in ("content_type", "response_topic"):
                wrong(t, kind, props({name: value}), 0x81, what=name)
        wrong(t, CONNECT, props({"auth_method": value}), 0x81, what="auth_method")
        wrong(t, PUBACK, props({"reason_string": value}), 0x81, what="reason_string")
        wrong(t, DISCONNECT, props({"reason_string": value}), 0x81, what="reason_string")
    for value in ("a/#", "+/a", "#"):
        wrong(t, PUBLISH, props({"response_topic": value}), 0x82, 0x81, 0x90, what=value)
        wrong(t, "will", props({"response_topic": value}), 0x82, 0x81, 0x90, what=value)


@proves("5.0:MQTT-2.2.2-1", "5.0:MQTT-4.13.1-1")
def none(t):
    """packets that need a property list but have none: 81"""
    for data in (packet(PUBLISH, 0, string(t.topic())), packet(PUBLISH, 2, string(t.topic()) + b"\0\1"),
                 packet(SUBSCRIBE, 2, b"\0\1"), packet(UNSUBSCRIBE, 2, b"\0\1")):
        peer = t.peer()
        peer.send(data)
        t.gone(peer, 0x81, 0x82)
    peer = t.raw()
    peer.send(packet(CONNECT, 0, string("MQTT") + b"\5\2\0\0"))
    t.gone(peer, 0x81)


@proves("5.0:MQTT-2.2.2-1", "5.0:MQTT-3.1.4-5")
def all_of_them(t):
    """packets with every property that they may have are accepted"""
    every = {kind: b"".join(sample(p) for p, (_, _, on) in PROPERTIES.items()
                            if kind in on and p not in ("auth_method", "auth_data", "alias",
                                                        "subscription_id", "server_reference"))
             for kind in ("will", PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE,
                          DISCONNECT)}
    peer = t.raw()
    t.sessions.add(t.id("a"))
    connack = peer.open(t.id("a"), {
        "session_expiry": 100, "receive_max": 100, "max_packet": 100000, "alias_max": 5,
        "request_response": 1, "request_problem": 1, "user": [("a", "b"), ("a", "b")]},
        will={"topic": t.topic("w"), "properties": every["will"]})
    assert connack.reason == 0
    peer.alias_max = 5
    assert peer.subscribe(t.topic(), qos=2, properties=every[SUBSCRIBE]) == [2]
    for kinds, qos in ((PUBACK,), 1), ((PUBREC, PUBCOMP), 2):
        peer.send(publish(5, t.topic(), "x", qos, 9, properties=every[PUBLISH] + sample("alias")))
        if qos == 2:
            peer.expect(PUBREC, 9)
            peer.send(packet(PUBREL, 2, b"\0\x09\0" + props(every[PUBREL])))
            peer.expect(PUBCOMP, 9, 0)
        else:
            peer.expect(PUBACK, 9)
        p = peer.message(acknowledge=False)
        peer.pending.clear()
        for kind in kinds:
            peer.send(packet(kind, 0, p.pid.to_bytes(2, "big") + b"\0" + props(every[kind])))
            if kind == PUBREC:
                peer.pending[p.pid] = "rel"
                peer.expect(PUBREL, p.pid)
                peer.pending.clear()
    assert peer.unsubscribe(t.topic(), properties=every[UNSUBSCRIBE]) == [0]
    peer.nothing()
    peer.send(packet(DISCONNECT, 0, b"\0" + props(every[DISCONNECT])))
    t.gone(peer)


@proves("5.0:MQTT-3.1.4-6", "5.0:MQTT-4.12.0-1")
def auth_properties(t):
    """an authentication method and data are understood, and refused: 8C"""
    peer = t.raw()
    peer.send(connect(5, t.id("a"), properties={"auth_method": "x", "auth_data": b"\0" * 1000}))
    t.gone(peer, 0x8c, 0x87)
