# SPDX-License-Identifier: GPL-2.0
"""Packets that are wrong. Before 5.0 the connection is closed, in 5.0 a reason
is told first; nobody else notices (run.py asks somebody else after each)."""
import mqtt
from case import add, proves
from connect import OTHERS, SERVERS
from mqtt import (AUTH, CONNECT, DISCONNECT, PING, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL,
                  SUBSCRIBE, UNSUBSCRIBE, ack, connect, ending, packet,
                  publish, string, subscribe, unsubscribe)

MALFORMED, PROTOCOL = 0x81, 0x82
BOTH = ("5.0", "3.1.1")


def bad(name, doc, tags, data, *reasons, versions=BOTH, first=False):
    """data, of the version or bytes, ends the connection: first of all, or
    after a good CONNECT."""
    def function(t):
        peer = t.raw() if first else t.peer()
        peer.send(data(t.v) if callable(data) else data)
        t.gone(peer, *reasons)
    general = {"5.0": "5.0:MQTT-4.13.1-1", "3.1.1": "3.1.1:MQTT-4.8.0-1", "3.1": "3.1:3.1e"}
    tags = [tag for tag in tags if tag.split(":")[0] in versions]
    tags += [general[v] for v in versions if v != "3.1" or first]
    if first:
        tags += [{"5.0": "5.0:MQTT-3.1.4-1", "3.1.1": "3.1.1:MQTT-3.1.4-1"}[v] for v in versions
                 if v != "3.1"]
        tags += ["3.1.1:MQTT-3.2.2-6"] if "3.1.1" in versions else []
    add("errors", name, doc, tags, function, [v for v in versions if v == "3.1"])


def raw_connect(v, flags, *fields, listed=b"\0"):
    """A CONNECT with these flags and fields."""
    return packet(CONNECT, 0, string("MQTT") + bytes([v, flags]) + b"\0\0" +
                  (listed if v == 5 else b"") + b"".join(fields))


WILL = b"\0"	# a will's empty property list


def with_will(v, flags, *fields):
    """The same with a will's properties, after the client id."""
    return raw_connect(v, flags, string("bad"), WILL if v == 5 else b"", *fields)


# CONNECT.
for each, (its_doc, its_tags, its_data) in {
        "reserved_flag": ("the reserved flag set", ["5.0:MQTT-3.1.2-3", "3.1.1:MQTT-3.1.2-3"],
                          lambda v: connect(v, "bad", flags=3)),
        "will_qos_alone": ("Will QoS without Will",
                           ["5.0:MQTT-3.1.2-11", "3.1.1:MQTT-3.1.2-11,13"],
                           lambda v: connect(v, "bad", flags=0x0a)),
        "will_retain_alone": ("Will Retain without Will",
                              ["5.0:MQTT-3.1.2-13", "3.1.1:MQTT-3.1.2-11,15"],
                              lambda v: connect(v, "bad", flags=0x22)),
        "will_qos_3": ("Will QoS 3", ["5.0:MQTT-3.1.2-12", "3.1.1:MQTT-3.1.2-14"],
                       lambda v: connect(v, "bad", flags=0x1e, will={"topic": "t"})),
        "id_not_utf8": ("a client id that is not UTF-8",
                        ["5.0:MQTT-3.1.3-4,8", "5.0:MQTT-1.5.4-1", "3.1.1:MQTT-3.1.3-4",
                         "3.1.1:MQTT-1.5.3-1"], lambda v: connect(v, b"\xff\xfe")),
        "id_surrogate": ("a client id with a surrogate",
                         ["5.0:MQTT-1.5.4-1", "3.1.1:MQTT-1.5.3-1"],
                         lambda v: connect(v, b"a\xed\xb0\x80")),
        "id_nul": ("a client id with U+0000", ["5.0:MQTT-1.5.4-2", "3.1.1:MQTT-1.5.3-2"],
                   lambda v: connect(v, b"a\0b")),
        "user_not_utf8": ("a user name that is not UTF-8",
                          ["5.0:MQTT-3.1.3-12", "3.1.1:MQTT-3.1.3-11"],
                          lambda v: connect(v, "bad", user=b"\xc0\xaf")),
        "user_nul": ("a user name with U+0000", ["5.0:MQTT-3.1.3-12", "3.1.1:MQTT-1.5.3-2"],
                     lambda v: connect(v, "bad", user=b"\0")),
        "will_not_utf8": ("a will topic that is not UTF-8",
                          ["5.0:MQTT-3.1.3-11", "3.1.1:MQTT-3.1.3-10"],
                          lambda v: connect(v, "bad", will={"topic": b"a\xff"})),
        "will_nul": ("a will topic with U+0000", ["5.0:MQTT-4.7.3-2", "3.1.1:MQTT-4.7.3-2"],
                     lambda v: connect(v, "bad", will={"topic": b"a\0"})),
        "no_id": ("no client id", ["5.0:MQTT-3.1.3-3", "3.1.1:MQTT-3.1.3-3"],
                  lambda v: raw_connect(v, 2)),
        "no_will": ("Will without a will", ["5.0:MQTT-3.1.2-9", "3.1.1:MQTT-3.1.2-9"],
                    lambda v: raw_connect(v, 6, string("bad"))),
        "no_will_payload": ("a will without its payload",
                            ["5.0:MQTT-3.1.2-9", "3.1.1:MQTT-3.1.2-9"],
                            lambda v: with_will(v, 6, string("t"))),
        "no_user": ("no user name, though flagged", ["5.0:MQTT-3.1.2-17", "3.1.1:MQTT-3.1.2-19"],
                    lambda v: raw_connect(v, 0x82, string("bad"))),
        "no_password": ("no password, though flagged",
                        ["5.0:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-21"],
                        lambda v: raw_connect(v, 0xc2, string("bad"), string("u"))),
        "user_unflagged": ("a user name that is not flagged",
                           ["5.0:MQTT-3.1.2-16", "3.1.1:MQTT-3.1.2-18"],
                           lambda v: raw_connect(v, 2, string("bad"), string("u"))),
        "password_unflagged": ("a password that is not flagged",
                               ["5.0:MQTT-3.1.2-18", "3.1.1:MQTT-3.1.2-20"],
                               lambda v: raw_connect(v, 0x82, string("bad"), string("u"),
                                                     string("p"))),
        "will_unflagged": ("a will that is not flagged",
                           ["5.0:MQTT-3.1.2-9", "3.1.1:MQTT-3.1.2-11"],
                           lambda v: raw_connect(v, 2, string("bad"), string("t"), string("x"))),
        "id_too_long": ("a client id longer than the packet", [],
                        lambda v: raw_connect(v, 2, b"\xff\xffbad")),
        "will_too_long": ("a will longer than the packet", [],
                          lambda v: with_will(v, 6, string("t"), b"\xff\xff")),
        "user_too_long": ("a user name longer than the packet", [],
                          lambda v: raw_connect(v, 0x82, string("bad"), b"\0\x09u")),
        "ends_early": ("the end after the level", [],
                       lambda v: packet(CONNECT, 0, string("MQTT") + bytes([v]))),
        "no_keepalive": ("half a keep-alive", [],
                         lambda v: packet(CONNECT, 0, string("MQTT") + bytes([v, 2, 0]))),
}.items():
    bad(f"connect_{each}", f"CONNECT with {its_doc}", its_tags, its_data, MALFORMED, first=True)
bad("connect_header_flags", "CONNECT with flags in the fixed header",
    ["5.0:MQTT-2.1.3-1", "3.1.1:MQTT-2.2.2-1,2"], lambda v: b"\x11" + connect(v, "bad")[1:],
    MALFORMED, first=True)
bad("connect_password_alone", "CONNECT with a password but no user name",
    ["3.1.1:MQTT-3.1.2-22"], lambda v: connect(v, "bad", password="x"), versions=["3.1.1"], first=True)
for each, its in {"wildcard": "a/#", "plus": "+", "empty": ""}.items():
    bad(f"connect_will_{each}", f"CONNECT with the will topic '{its}'",
        ["5.0:MQTT-4.7.0-1", "3.1.1:MQTT-4.7.1-1"] if its else
        ["5.0:MQTT-4.7.3-1", "3.1.1:MQTT-4.7.3-1"],
        lambda v, topic=its: connect(v, "bad", will={"topic": topic}), 0x81, 0x82, 0x90, first=True)

# Lengths, before a version is known: nothing is answered.
for each, (its_doc, its_data) in {
        "five_bytes": ("a length of five bytes", b"\x10\xff\xff\xff\xff\x01"),
        "endless": ("a length that does not end", b"\x10\xff\xff\xff\xff\xff\xff"),
        "huge_connect": ("CONNECT of 256 MB", b"\x10\xff\xff\xff\x7f\0\4MQTT"),
        "huge_publish": ("PUBLISH of 256 MB", b"\x30\xff\xff\xff\x7f\0\1a"),
        "huge_other": ("PINGREQ of 256 MB", b"\xc0\xff\xff\xff\x7f"),
        "empty_connect": ("CONNECT of no length", b"\x10\0"),
        "only_name": ("CONNECT that is its protocol name", packet(CONNECT, 0, string("MQTT"))),
        "name_too_long": ("a protocol name longer than the packet", b"\x10\x06\xff\xffMQTT"),
}.items():
    bad(f"first_{each}", f"{its_doc}, first of all", [], its_data, first=True)


# Connected.
def common(name, doc, tags, data, *reasons, **how):
    bad(name, doc, tags, data, *(reasons or (MALFORMED,)), **how)


P = "5.0:MQTT-"
Q = "3.1.1:MQTT-"
common("five_bytes", "a length of five bytes", [], b"\x30\xff\xff\xff\xff\x7f",
       versions=["5.0", "3.1.1", "3.1"])
common("type_0", "a packet of type 0", [P + "2.1.3-1", Q + "2.2.2-1,2"], b"\0\0",
       MALFORMED, PROTOCOL, versions=["5.0", "3.1.1", "3.1"])
common("type_15", "AUTH before 5.0", [Q + "2.2.2-1,2"], b"\xf0\0", versions=["3.1.1", "3.1"])
common("minimal", "a remaining length longer than needed", [P + "1.5.5-1"], b"\xc0\x80\0",
       versions=["5.0"])
for each, its in SERVERS.items():
    common(f"client_{each.lower()}", f"{each}, which only servers send", [], its,
           MALFORMED, PROTOCOL)
for each in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "PINGREQ", "DISCONNECT"):
    for f in (1, 2, 8) if each != "PUBREL" else (0, 1, 6, 10):
        common(f"flags_{each.lower()}_{f}", f"{each} with flags {f:#x}",
               [P + "2.1.3-1", Q + "2.2.2-1,2"] +
               ([P + "3.6.1-1", Q + "3.6.1-1"] if each == "PUBREL" else []) +
               ([P + "3.14.1-1", Q + "3.14.1-1"] if each == "DISCONNECT" else []),
               bytes([OTHERS[each][0] & 0xf0 | f]) + OTHERS[each][1:])
for f in (0, 1, 3, 6, 10):
    common(f"flags_subscribe_{f}", f"SUBSCRIBE with flags {f:#x}",
           [P + "3.8.1-1", Q + "3.8.1-1"], lambda v, f=f: subscribe(v, "a", flags=f))
    common(f"flags_unsubscribe_{f}", f"UNSUBSCRIBE with flags {f:#x}",
           [P + "3.10.1-1", Q + "3.10.1-1"], lambda v, f=f: unsubscribe(v, "a", flags=f))
for f in (1, 2, 8):
    common(f"flags_auth_{f}", f"AUTH with flags {f:#x}", [P + "3.15.1-1"],
           ending(AUTH, 0x18, {"auth_method": "x"}, flags=f), versions=["5.0"])

# PUBLISH.
common("qos_3", "PUBLISH of QoS 3", [P + "3.3.1-4", Q + "3.3.1-4"],
       lambda v: packet(PUBLISH, 6, string("t") + b"\0\1" + (b"\0" if v == 5 else b"")),
       versions=["5.0", "3.1.1", "3.1"])
common("dup_0", "DUP at QoS 0", [P + "3.3.1-2", Q + "3.3.1-2"],
       lambda v: publish(v, "t", "x", dup=True), MALFORMED, PROTOCOL)
for qos in (1, 2):
    common(f"id_0_qos_{qos}", f"PUBLISH of QoS {qos} with packet id 0",
           [Q + "2.3.1-1", P + "4.3.2-4" if qos == 1 else P + "4.3.3-8"],
           lambda v, qos=qos: publish(v, "t", "x", qos, 0), MALFORMED, PROTOCOL)
common("no_id", "PUBLISH of QoS 1 without a packet id", [Q + "2.3.1-1"],
       packet(PUBLISH, 2, string("t")))
common("publish_empty", "PUBLISH of no length", [P + "3.3.2-1", Q + "3.3.2-1"], b"\x30\0")
common("publish_short", "PUBLISH of one byte", [P + "3.3.2-1", Q + "3.3.2-1"], b"\x30\1\0")
common("topic_too_long", "PUBLISH with a topic longer than the packet",
       [P + "3.3.2-1", Q + "3.3.2-1"], packet(PUBLISH, 0, b"\0\x09abc"))
for each, (its_topic, its_tags) in {
        "hash": (b"a/#", [P + "3.3.2-2", P + "4.7.0-1", Q + "3.3.2-2", Q + "4.7.1-1"]),
        "plus": (b"a/+/b", [P + "3.3.2-2", P + "4.7.0-1", Q + "3.3.2-2", Q + "4.7.1-1"]),
        "plus_inside": (b"a+", [P + "3.3.2-2", Q + "3.3.2-2"]),
        "hash_alone": (b"#", [P + "3.3.2-2", Q + "3.3.2-2"]),
}.items():
    common(f"topic_{each}", f"PUBLISH to '{its_topic.decode()}'", its_tags,
           lambda v, topic=its_topic: publish(v, topic, "x"), 0x81, 0x82, 0x90,
           versions=["5.0", "3.1.1", "3.1"])
common("topic_empty", "PUBLISH to an empty topic", [P + "4.7.3-1", Q + "4.7.3-1"],
       lambda v: publish(v, "", "x"), PROTOCOL)
UTF8 = {"nul": b"a\0b", "surrogate": b"a\xed\xa0\x80", "overlong": b"a\xc0\xaf",
        "overlong_nul": b"\xc0\x80", "above_10ffff": b"\xf4\x90\x80\x80", "cut": b"a\xe2\x82",
        "continuation": b"a\x80", "five": b"\xf8\x88\x80\x80\x80", "fe": b"\xfe"}
for each, its in UTF8.items():
    number = 2 if each == "nul" else 1
    its_tags = [P + f"1.5.4-{number}", P + "3.3.2-1", Q + f"1.5.3-{number}", Q + "3.3.2-1"]
    its_tags += [P + "4.7.3-2", Q + "4.7.3-2"] if each == "nul" else []
    what = each.replace("_", " ")
    common(f"utf8_publish_{each}", f"PUBLISH to a topic that is not UTF-8: {what}", its_tags,
           lambda v, topic=its: publish(v, topic, "x"), versions=["5.0", "3.1.1"])
    common(f"utf8_subscribe_{each}", f"SUBSCRIBE to a filter that is not UTF-8: {what}",
           [P + "3.8.3-1", Q + "3.8.3-1"], lambda v, topic=its: subscribe(v, topic))
    common(f"utf8_unsubscribe_{each}", f"UNSUBSCRIBE from a filter that is not UTF-8: {what}",
           [P + "3.10.3-1", Q + "3.10.3-1"], lambda v, topic=its: unsubscribe(v, topic))

# SUBSCRIBE and UNSUBSCRIBE.
for each, its in {"subscribe": SUBSCRIBE, "unsubscribe": UNSUBSCRIBE}.items():
    upper, section = each.upper(), "8" if each == "subscribe" else "10"
    make = getattr(mqtt, each)
    options = b"\0" if its == SUBSCRIBE else b""
    common(f"{each}_no_length", f"{upper} of no length", [], packet(its, 2))
    common(f"{each}_no_filter", f"{upper} without a filter",
           [P + f"3.{section}.3-2", Q + ("3.8.3-3" if its == SUBSCRIBE else "3.10.3-2")],
           lambda v, make=make: make(v), PROTOCOL)
    common(f"{each}_id_0", f"{upper} with packet id 0", [Q + "2.3.1-1"],
           lambda v, make=make: make(v, "a", pid=0), MALFORMED, PROTOCOL)
    common(f"{each}_too_long", f"{upper} with a filter longer than the packet", [],
           lambda v, its=its: packet(its, 2, b"\0\1" + (b"\0" if v == 5 else b"") + b"\0\x09a\0"))
    common(f"{each}_second_cut", f"{upper} with a second filter cut short", [],
           lambda v, its=its, o=options: packet(its, 2, b"\0\1" + (b"\0" if v == 5 else b"") +
                                                string("a") + o + b"\0\3b"))
common("subscribe_no_options", "SUBSCRIBE with a filter but no options",
       [P + "3.8.3-2", Q + "3.8.3-3"],
       lambda v: packet(SUBSCRIBE, 2, b"\0\1" + (b"\0" if v == 5 else b"") + string("a")))
common("subscribe_qos_3", "SUBSCRIBE for QoS 3", [Q + "3.8.3-4"], lambda v: subscribe(v, "a", qos=3),
       PROTOCOL)
common("subscribe_second_qos_3", "SUBSCRIBE, a second filter for QoS 3", [Q + "3.8.3-4"],
       lambda v: subscribe(v, "a", ("b", 3)), PROTOCOL)
for bits in (0x40, 0x80, 0xc0):
    common(f"subscribe_reserved_{bits:x}", f"SUBSCRIBE with the reserved option bits {bits:#x}",
           [P + "3.8.3-5", Q + "3.8.3-4"], lambda v, bits=bits: subscribe(v, "a", qos=bits))
for bits in (4, 8, 0x10, 0x20):
    common(f"subscribe_reserved_{bits:x}", f"SUBSCRIBE with the reserved option bits {bits:#x}",
           [Q + "3.8.3-4"], lambda v, bits=bits: subscribe(v, "a", qos=bits), versions=["3.1.1"])
common("retain_handling_3", "SUBSCRIBE with Retain Handling 3", [P + "3.8.3-5"],
       subscribe(5, "a", qos=0x30), PROTOCOL, versions=["5.0"])

# Acknowledgements and the rest.
for each in (PUBACK, PUBREC, PUBREL, PUBCOMP):
    upper = mqtt.KINDS[each]
    lower = upper.lower()
    flags = 2 if each == PUBREL else 0
    common(f"{lower}_empty", f"{upper} of no length", [], packet(each, flags))
    common(f"{lower}_short", f"{upper} of one byte", [], packet(each, flags, b"\0"))
    common(f"{lower}_id_0", f"{upper} with packet id 0", [], ack(each, 0), MALFORMED, PROTOCOL)
    common(f"{lower}_long", f"{upper} of three bytes", [], packet(each, flags, b"\0\1\0"),
           versions=["3.1.1"])
    common(f"{lower}_trailing", f"{upper} with bytes after its properties", [],
           packet(each, flags, b"\0\1\0\0x"), versions=["5.0"])
    for code in (1, 0x7f, 0x81, 0xff):
        common(f"{lower}_reason_{code:x}", f"{upper} with a reason that it cannot have, {code:#x}",
               [P + {PUBACK: "3.4.2-1", PUBREC: "3.5.2-1", PUBREL: "3.6.2-1",
                     PUBCOMP: "3.7.2-1"}[each]],
               ack(each, 1, code), MALFORMED, PROTOCOL, versions=["5.0"])
common("pingreq_long", "PINGREQ with a body", [], packet(12, 0, b"x"))
common("disconnect_long", "DISCONNECT with a body", [], packet(14, 0, b"x"), versions=["3.1.1"])
common("disconnect_trailing", "DISCONNECT with bytes after its properties", [],
       packet(14, 0, b"\0\0x"), versions=["5.0"])
for code in (1, 3, 0x7f, 0x8e, 0xff):
    common(f"disconnect_reason_{code:x}", f"DISCONNECT with a reason no client has, {code:#x}",
           [P + "3.14.2-1"], ending(DISCONNECT, code), MALFORMED, PROTOCOL, versions=["5.0"])
for code in (1, 0x80):
    common(f"auth_reason_{code:x}", f"AUTH with a reason that it cannot have, {code:#x}",
           [P + "3.15.2-1"], ending(AUTH, code, {"auth_method": "x"}), MALFORMED, PROTOCOL,
           versions=["5.0"])
common("auth_no_method", "AUTH without a method", [P + "4.12.1-2"], ending(AUTH, 0x18, b""),
       PROTOCOL, versions=["5.0"])
common("auth_empty", "AUTH of no length", [P + "4.12.1-2"], packet(AUTH, 0), PROTOCOL, MALFORMED,
       versions=["5.0"])


@proves("5.0:MQTT-4.7.3-3", "3.1.1:MQTT-4.7.3-3")
def deep_topics(t):
    """topics of thousands of levels are served, or refused in good order"""
    for topic in ("/" * 10000, "/" * 65535, t.topic("x" + "/x" * 3000)):
        peer = t.peer()
        peer.send(publish(t.v, topic, "x"), PING)
        if not answered(peer, mqtt.PINGRESP, 0x81, 0x82, 0x90):
            peer = t.peer()
        peer.send(subscribe(t.v, topic, pid=1))
        answered(peer, mqtt.SUBACK, 0x81, 0x82, 0x8f)


def answered(peer, kind, *reasons):
    """This came; if not, the end, in 5.0 for one of these reasons."""
    try:
        p = peer.wait(kind, DISCONNECT) if peer.v == 5 else peer.wait(kind)
    except mqtt.Closed:
        assert peer.v < 5, "closed without a reason"
        return False
    if p.kind == kind:
        return True
    assert p.reason in reasons, hex(p.reason)
    return False


@proves("5.0:MQTT-1.5.4-1", "3.1.1:MQTT-1.5.3-1")
def odd_characters(t):
    """characters that are better not used are forwarded as they are, or the
    connection ends"""
    for text in ("\uffff", "\ufffe", "\x01", "\x7f", "\x9f", "\U0001ffff", "\ufdd0"):
        peer, topic = t.peer(), t.topic(text)
        peer.send(subscribe(t.v, topic, pid=1))
        if not answered(peer, mqtt.SUBACK, 0x81, 0x82, 0x8f):
            continue
        peer.send(publish(t.v, topic, "x"))
        if answered(peer, PUBLISH, 0x81, 0x82, 0x90):
            peer.nothing()


@proves("5.0:MQTT-4.13.1-1", "3.1.1:MQTT-4.8.0-1")
def nothing_after(t):
    """what follows a packet that is wrong is not processed"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic())
    peer = t.peer()
    peer.send(b"\0\0" + publish(t.v, t.topic(), "x"))
    t.gone(peer, 0x81, 0x82)
    watcher.nothing()


@proves("5.0:MQTT-3.1.4-6", "3.1.1:MQTT-3.1.4-5")
def nothing_after_connect(t):
    """what follows a CONNECT that is wrong is not processed"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic())
    peer = t.raw()
    peer.send(connect(t.v, t.id("a"), flags=3) + publish(t.v, t.topic(), "x"))
    t.gone(peer, 0x81)
    watcher.nothing()


@proves("5.0:MQTT-3.1.4-1", "3.1.1:MQTT-3.1.4-1")
def cut_anywhere(t):
    """a good conversation that ends at any byte harms nobody"""
    data = connect(t.v, t.id("a"), will={"topic": t.topic("w"), "payload": "x"}, user="u") + \
        subscribe(t.v, t.topic("#"), qos=2) + publish(t.v, t.topic(), "hello", 2, 7) + \
        ack(PUBREL, 7) + unsubscribe(t.v, t.topic("#"))
    for n in range(0, len(data), 3):
        peer = t.raw()
        peer.send(data[:n])
        peer.close()
    # Not of the same name: a CONNECT that is read late takes over.
    t.peer("other").ping()
