# SPDX-License-Identifier: GPL-2.0
"""CONNECT and CONNACK: who is let in, and how the others are told."""
import string as letters
import time

import mqtt
from case import add, proves
from mqtt import (AUTH, BYE, CONNACK, DISCONNECT, PING, PUBREL, Closed, connect, ending, packet,
                  publish, subscribe)

SERVERS = {"CONNACK": packet(2, 0, b"\0\0"), "SUBACK": packet(9, 0, b"\0\1\0"),
           "UNSUBACK": packet(11, 0, b"\0\1"), "PINGRESP": packet(13, 0)}
OTHERS = {"PUBLISH": publish(4, "a"), "PUBACK": mqtt.ack(4, 1), "PUBREC": mqtt.ack(5, 1),
          "PUBREL": mqtt.ack(6, 1), "PUBCOMP": mqtt.ack(7, 1), "SUBSCRIBE": subscribe(4, "a"),
          "UNSUBSCRIBE": mqtt.unsubscribe(4, "a"), "PINGREQ": PING, "DISCONNECT": BYE,
          "AUTH": ending(AUTH, 0x18, {"auth_method": "x"}), "type 0": packet(0, 0), **SERVERS}


def first(kind, data):
    def function(t):
        peer = t.raw()
        peer.send(data)
        t.gone(peer)
    add("connect", f"first_{kind.replace(' ', '_')}", f"{kind} before CONNECT: closed, unanswered",
        ["5.0:MQTT-3.1.0-1", "5.0:MQTT-3.14.0-1", "3.1.1:MQTT-3.1.0-1", "3.1.1:MQTT-4.8.0-1"],
        function)


for each, its in OTHERS.items():
    first(each, its)


@proves("5.0:MQTT-3.1.0-2", "5.0:MQTT-4.13.1-1", "5.0:MQTT-4.13.2-1", "5.0:MQTT-3.14.2-1,2",
        "5.0:MQTT-3.14.4-1,2", "3.1.1:MQTT-3.1.0-2", "3.1.1:MQTT-4.8.0-1", also=["3.1"])
def second(t):
    """a second CONNECT: 82, the end"""
    peer = t.peer()
    peer.send(connect(t.v, peer.id))
    t.gone(peer, 0x82)


@proves("5.0:MQTT-3.1.2-1", "3.1.1:MQTT-3.1.2-1")
def protocol_name(t):
    """an unknown protocol name is not served"""
    for name in ("MQTX", "mqtt", "MQTT2", "", "HTTP"):
        peer = t.raw()
        peer.send(connect(t.v, t.id("a"), name=name) + PING)
        try:
            head, body, _ = peer._raw()
            assert head == 0x20 and body[1] in (1, 0x84), (head, body)
            peer._raw()
        except Closed:
            continue
        raise AssertionError(f"{name} goes on")


@proves("5.0:MQTT-3.1.2-2", "5.0:MQTT-3.14.0-1", "3.1.1:MQTT-3.1.2-2")
def protocol_level(t):
    """an unknown level: CONNACK 1 (or 84 to those above 5), then the end"""
    levels = (6, 7, 99, 255) if t.v == 5 else (0, 1, 2, 99)
    for level in levels:
        peer = t.raw()
        peer.send(connect(t.v, t.id("a"), level=level))
        head, body, _ = peer._raw()
        if t.v == 4 or len(body) == 2:
            assert (head, body) == (0x20, b"\0\1"), (head, body)
        else:
            assert (head, body) == (0x20, b"\0\x84\0"), (head, body)
        try:
            peer._raw()
        except Closed:
            continue
        raise AssertionError("and goes on")


@proves("3.1:3.1a", "3.1:3.1e")
def level_31(t):
    """MQIsdp is version 3 and no other"""
    t.peer()
    for v, name in ((3, "MQTT"), (4, "MQIsdp"), (5, "MQIsdp"), (2, "MQIsdp")):
        peer = t.raw()
        peer.send(connect(3, t.id("a"), level=v, name=name))
        try:
            _, body, _ = peer._raw()
            assert body == b"\0\1", body
            peer._raw()
        except Closed:
            continue
        raise AssertionError(f"{name} {v} goes on")


@proves("5.0:MQTT-3.1.2-9,17,19", "5.0:MQTT-3.1.3-1,3,4,11,12", "5.0:MQTT-3.1.2-7",
        "3.1.1:MQTT-3.1.2-9,19,21", "3.1.1:MQTT-3.1.3-1,3,4,10,11", "3.1:3.1a")
def all_fields(t):
    """client id, will, user name and password in their order are understood"""
    watcher, will = t.peer("w"), t.topic("will\u00e9")
    watcher.subscribe(will)
    peer = t.peer("a\u00fc" if t.v > 3 else "a", user="someone\u20ac", password=b"\0\xff",
                  keepalive=600, will={"topic": will, "payload": b"\0gone\xff", "qos": 1})
    peer.ping()
    peer.cut()
    got = watcher.message()
    assert (got.topic, got.payload) == (will, b"\0gone\xff")


@proves("5.0:MQTT-3.1.2-19", also=[])
def password_only(t):
    """a password without a user name is let in"""
    t.peer(password="x").ping()


@proves("5.0:MQTT-3.1.3-5", "3.1.1:MQTT-3.1.3-5", "3.1:3.1b")
def client_ids(t):
    """ids of 1 to 23 letters and digits are let in"""
    every = letters.digits + letters.ascii_letters
    for client in ("x", every[:23], every[23:46], every[46:], every[-23:]):
        t.peer(client=client).leave()


@proves("3.1:3.1b")
def long_id_31(t):
    """an id of over 23 characters is let in, or refused with 2"""
    peer = t.raw()
    connack = peer.open("i" * 30)
    assert connack.reason in (0, 2)
    if connack.reason:
        t.gone(peer)


@proves("5.0:MQTT-3.1.3-4,8", "3.1.1:MQTT-3.1.3-4,9")
def long_id(t):
    """an id of 65,535 bytes is let in, or properly refused"""
    peer = t.raw()
    connack = peer.open("i" * 65535)
    assert connack.reason in (0, 2 if t.v == 4 else 0x85), hex(connack.reason)
    if connack.reason:
        t.gone(peer)


@proves("5.0:MQTT-3.1.3-6,7", "5.0:MQTT-3.2.2-16")
def assigned_id(t):
    """an empty id is replaced by a unique one, which CONNACK tells and which
    is the session's"""
    one, two = t.raw(), t.raw()
    first_id = one.open("", {"session_expiry": 60}).props["assigned_id"]
    second_id = two.open("", {"session_expiry": 60}).props["assigned_id"]
    t.sessions |= {first_id, second_id}
    assert first_id and second_id and first_id != second_id
    one.subscribe(t.topic(), qos=1)
    again = t.peer(client=first_id, expiry=60)
    t.gone(one, 0x8e)
    assert again.connack.session_present and "assigned_id" not in again.connack.props
    two.publish(t.topic(), "x", 1)
    assert again.message().payload == b"x"


@proves("5.0:MQTT-3.1.3-6", "5.0:MQTT-3.2.2-16")
def assigned_id_kept(t):
    """an empty id without Clean Start gets a new session, too"""
    peer = t.raw()
    connack = peer.open("", clean=False)
    assert not connack.reason and not connack.session_present and connack.props["assigned_id"]


@proves("5.0:MQTT-3.2.2-16")
def own_id(t):
    """a client with an id of its own is assigned none"""
    assert "assigned_id" not in t.peer().connack.props


@proves("3.1.1:MQTT-3.1.3-6")
def empty_id(t):
    """clients with an empty id are let in, two at once, each for itself"""
    one, two = t.peer(client=""), t.peer(client="")
    one.subscribe(t.topic())
    two.publish(t.topic(), "x")
    assert one.message().payload == b"x"
    two.nothing()


@proves("3.1.1:MQTT-3.1.3-8,9", "3.1.1:MQTT-3.2.2-4,5")
def empty_id_kept(t):
    """an empty id without clean session: CONNACK 2, the end"""
    peer = t.raw()
    connack = peer.open("", clean=False)
    assert connack.reason == 2 and not connack.session_present
    t.gone(peer)


@proves("3.1:3.1c", "3.1:3.1e")
def empty_id_31(t):
    """an empty id: CONNACK 2, the end"""
    peer = t.raw()
    assert peer.open("").reason == 2
    t.gone(peer)


@proves("3.1:3.1d")
def missing_user_31(t):
    """a user name or password that is flagged but missing is no error"""
    for flags in (0x82, 0xc2):
        t.peer(flags=flags).ping()
    t.peer(flags=0xc2, user="u").ping()


@proves("5.0:MQTT-3.1.4-3", "5.0:MQTT-3.14.2-1,2", "5.0:MQTT-3.14.4-2", "5.0:MQTT-3.1.3-2",
        "3.1.1:MQTT-3.1.4-2", "3.1.1:MQTT-3.1.3-2", also=["3.1"])
def takeover(t):
    """a client whose id connects again gets 8E, is closed; the new one lives"""
    old = t.peer("same")
    new = t.peer("same")
    t.gone(old, 0x8e)
    new.subscribe(t.topic())
    new.publish(t.topic(), "x")
    assert new.message().payload == b"x"


@proves("5.0:MQTT-3.1.4-3")
def takeover_versions(t):
    """between versions, too, a taken id ends the old connection"""
    for old_v, new_v in ((5, 4), (4, 5), (3, 5), (5, 3)):
        old = t.peer("same", v=old_v)
        new = t.peer("same", v=new_v)
        t.gone(old, 0x8e)
        new.ping()
        new.leave()


@proves("5.0:MQTT-3.1.4-5", "5.0:MQTT-3.2.0-1,2", "5.0:MQTT-3.2.2-1,8",
        "3.1.1:MQTT-3.1.4-4", "3.1.1:MQTT-3.2.0-1", "3.1:3.2a")
def connack_first(t):
    """CONNACK comes first and once, also when CONNECT comes with others"""
    topic = t.retain()
    t.peer("b").publish(topic, "kept", retain=True)
    peer = t.raw()
    peer.send(connect(t.v, t.id("a")) + subscribe(t.v, topic) +
              publish(t.v, topic, "x"))
    connack = peer.read()
    assert connack.kind == CONNACK and connack.reason == 0
    # What follows is none: Peer.read() sees to that.
    peer.wait(mqtt.SUBACK)
    assert {peer.message().payload, peer.message().payload} == {b"kept", b"x"}
    peer.nothing()


@proves("5.0:MQTT-3.1.4-2,6", "5.0:MQTT-3.2.2-6,7,8", "5.0:MQTT-4.13.2-1", "5.0:MQTT-3.14.0-1",
        "3.1.1:MQTT-3.1.4-5", "3.1.1:MQTT-3.2.2-4,5", "3.1:3.1e", needs="users")
def refused(t):
    """a client without a name, where one is needed: refused, session present
    0, nothing that it sent is processed"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("#"))
    for how in ({}, {"user": "nobody"}, {"user": "nobody", "password": "wrong"}):
        peer = t.raw(address=t.users_address)
        peer.send(connect(t.v, t.id("a"), **how) + publish(t.v, t.topic(), "x") + PING)
        connack = peer.wait(CONNACK)
        assert connack.reason in ((0x86, 0x87) if t.v == 5 else (4, 5)), hex(connack.reason)
        t.gone(peer)
    watcher.nothing()


@proves("5.0:MQTT-4.12.0-1,2,4,5", "5.0:MQTT-3.1.4-2,6", "5.0:MQTT-3.2.2-6,7,8",
        "5.0:MQTT-3.15.2-1,2,3", "5.0:MQTT-4.13.2-1")
def auth_method(t):
    """an unknown authentication method: CONNACK 8C, session present 0, the
    end; nothing after CONNECT is processed"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("#"))
    t.peer("a", expiry=60).leave()
    peer = t.raw()
    peer.send(connect(5, t.id("a"), clean=False, properties={
        "auth_method": "nobody knows", "auth_data": b"\0\1", "max_packet": 60}) +
        publish(5, t.topic(), "x") + PING)
    connack = peer.wait(CONNACK)
    assert connack.reason in (0x8c, 0x87) and not connack.session_present, hex(connack.reason)
    assert connack.reason == 0x8c or t.broker != "mqttk"
    t.gone(peer)
    watcher.nothing()


@proves("5.0:MQTT-4.12.0-6")
def no_auth(t):
    """without a method in CONNECT there is no AUTH, and none in CONNACK"""
    peer = t.raw()
    peer.send(connect(5, t.id("a")))
    connack = peer.read()
    assert connack.kind == CONNACK
    assert not {"auth_method", "auth_data"} & set(connack.props)
    peer.nothing()


@proves("5.0:MQTT-4.12.1-2", "5.0:MQTT-4.13.1-1")
def reauthenticate(t):
    """AUTH where CONNECT had no method: 82, the end"""
    for reason in (0x18, 0x19):
        peer = t.peer()
        peer.send(ending(AUTH, reason, {"auth_method": "x"}))
        t.gone(peer, 0x82)


@proves("5.0:MQTT-3.1.2-28")
def response_information(t):
    """no Response Information unless it was asked for"""
    for how in ({}, {"request_response": 0}):
        assert "response_info" not in t.peer(properties=how).connack.props
    t.peer(properties={"request_response": 1})


@proves("5.0:MQTT-3.1.2-29")
def problem_information(t):
    """with Request Problem Information 0, acknowledgements of all kinds carry
    neither reason string nor user properties"""
    peer = t.peer(properties={"request_problem": 0})
    peer.send(publish(5, t.topic(), "x", 1, 1), publish(5, t.topic(), "x", 2, 2),
              mqtt.ack(PUBREL, 2), mqtt.ack(PUBREL, 77), mqtt.ack(mqtt.PUBREC, 78),
              mqtt.unsubscribe(5, t.topic(), pid=3), publish(5, "$SYS/x", "x", 1, 4),
              subscribe(5, "$share/x", pid=5))
    for p in upto_ping(peer):
        assert not {"reason_string", "user"} & set(p.props), p


def upto_ping(peer):
    """What comes before PINGRESP, or the end."""
    peer.send(PING)
    got = []
    try:
        while True:
            got.append(peer.read())
            if got[-1].kind == mqtt.PINGRESP:
                return got
    except Closed:
        return got


@proves("5.0:MQTT-3.2.2-19,20", "5.0:MQTT-3.1.2-24", "5.0:MQTT-3.4.2-1..3", "5.0:MQTT-3.5.2-1..3",
        "5.0:MQTT-3.6.2-1..3", "5.0:MQTT-3.7.2-1..3", "5.0:MQTT-3.9.2-1,2",
        "5.0:MQTT-3.11.2-1,2", "5.0:MQTT-3.14.2-3,4")
def small_packets(t):
    """a client of 24-byte packets gets all its answers, none longer, with
    listed codes"""
    small = {"max_packet": 24}
    peer = t.peer(properties=small)
    # Sizes and codes are checked by Peer.read().
    assert peer.publish(t.topic(), "x", 1) in (0, 0x10)
    assert peer.publish(t.topic(), "x", 2) in (0, 0x10)
    peer.send(mqtt.ack(PUBREL, 77))
    assert peer.expect(mqtt.PUBCOMP, 77).reason == 0x92
    assert peer.unsubscribe(t.topic()) == [0x11]
    assert peer.subscribe(t.topic(), qos=2) == [2]
    peer.send(mqtt.ack(mqtt.PUBREC, 78))
    for p in upto_ping(peer):
        assert p.kind != PUBREL or p.reason == 0x92
    peer = t.peer(properties=small)
    peer.send(connect(5, peer.id))
    t.gone(peer, 0x82)
    peer = t.raw()
    assert peer.open(t.id("b"), {"auth_method": "x", "max_packet": 5}).reason in (0x87, 0x8c)
    t.gone(peer)


@proves("5.0:MQTT-3.2.2-8")
def announced(t):
    """CONNACK announces the limits"""
    got = t.peer().connack.props
    assert got.get("alias_max") == 10, got
    assert got.get("receive_max") == 20, got
    assert got.get("max_packet", 2000000) == 2000000, got
    assert got.get("max_packet") or t.broker != "mqttk"
    for name in ("retain_available", "wildcard_available", "subid_available", "shared_available"):
        assert got.get(name, 1) == 1, got


@proves("5.0:MQTT-3.2.2-9,10,12,13")
def all_supported(t):
    """QoS 2, retained messages, wills of both and SUBSCRIBE for any QoS work,
    none is announced as missing"""
    peer = t.peer(will={"topic": t.retain("w"), "payload": "x", "qos": 2, "retain": True})
    assert "max_qos" not in peer.connack.props
    for qos in (0, 1, 2):
        assert peer.subscribe(t.topic(), qos=qos) == [qos]
    assert peer.publish(t.retain(), "x", 2, retain=True) == 0
    got = peer.message()
    assert got.qos == 2 and got.payload == b"x"


@proves("5.0:MQTT-3.1.2-22", "5.0:MQTT-3.2.2-22", "3.1.1:MQTT-3.1.2-24", also=["3.1"], slow=True)
def keepalive(t):
    """silence of 1.5 keep-alives: 8D, the end, and the will is published"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("will"))
    start = time.monotonic()
    peer = t.peer(keepalive=1, will={"topic": t.topic("will"), "payload": "silent"})
    assert "server_keepalive" not in peer.connack.props
    t.gone(peer, 0x8d)
    assert time.monotonic() - start > 1.4, "too early"
    assert watcher.message().payload == b"silent"


@proves("5.0:MQTT-3.1.2-22", "3.1.1:MQTT-3.1.2-24", slow=True)
def keepalive_kept(t):
    """any packet within the keep-alive keeps the connection"""
    for seconds in (2, 4, 8, 16):
        peer, last, silence = t.peer(keepalive=seconds), time.monotonic(), 0
        try:
            for i in range(4):
                time.sleep(seconds / 2)
                now = time.monotonic()
                silence, last = max(silence, now - last), now
                if i % 2:
                    peer.ping()
                else:
                    peer.publish(t.topic(), "x", 1)
            return
        except Closed:
            # On a busy machine it may have been us.
            assert silence > 1.4 * seconds, f"after {silence:.1f} s"
    raise AssertionError("this machine is too slow for any keep-alive")


@proves("5.0:MQTT-3.14.4-1", "3.1.1:MQTT-3.14.4-3", also=["3.1"])
def after_disconnect(t):
    """nothing is processed after DISCONNECT; the connection is closed"""
    peer, watcher = t.peer("a"), t.peer("b")
    watcher.subscribe(t.topic())
    peer.send(BYE + publish(t.v, t.topic(), "after the end") + PING)
    assert not peer.ended()
    watcher.nothing()


@proves("5.0:MQTT-3.14.2-1", also=[])
def disconnect_reasons(t):
    """DISCONNECT with each code that a client may use, properties, too"""
    for reason in (0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99):
        peer = t.peer()
        peer.send(ending(DISCONNECT, reason, {"reason_string": "bye", "user": [("a", "b")]}))
        t.gone(peer)
