# SPDX-License-Identifier: GPL-2.0
"""PUBLISH: topics, retained messages, what is forwarded and what is not."""
import time

import mqtt
from case import proves
from mqtt import AS_PUBLISHED, IF_NEW, NO_LOCAL, NO_RETAINED, PUBACK, publish


# Filter, topics it matches, topics it does not; all below one level of the case.
MATCHES = (
    ("a", ("a",), ("A", "a/", "/a", "b", "aa", "a/b")),
    ("a/b", ("a/b",), ("a", "a/b/c", "a//b", "ab")),
    ("a/+", ("a/", "a/b"), ("a", "a/b/c", "ab", "b/a")),
    ("+", ("a", "b", ""), ("/a", "a/", "a/b")),
    ("+/b", ("a/b", "/b"), ("b", "a/b/b", "a/b/")),
    ("a/+/c", ("a/b/c", "a//c"), ("a/c", "a/b/b/c")),
    ("a/#", ("a", "a/", "a/b", "a/b/c", "a//"), ("b", "aa", "b/a", "A/b")),
    ("#", ("", "a", "a/b", "/", "//a"), ()),
    ("+/+", ("/", "a/b", "a/"), ("a", "a/b/c")),
    ("+/#", ("a", "a/b", "/", ""), ()),
    ("/", ("/",), ("", "a", "//", "a/")),
    ("a b/ c", ("a b/ c",), ("ab/c", "a b/c")),
)


@proves("5.0:MQTT-3.3.2-3", "5.0:MQTT-4.7.1-1,2", "5.0:MQTT-4.7.3-4", "3.1.1:MQTT-3.3.2-3",
        "3.1.1:MQTT-4.7.1-2,3", "3.1.1:MQTT-4.7.3-4", "3.1.1:MQTT-3.8.3-2", "3.1:A1")
def matching(t):
    """filters with and without wildcards match what they should"""
    peer = t.peer()
    for i, (f, yes, no) in enumerate(MATCHES):
        root = t.topic(str(i))
        peer.subscribe(f"{root}/{f}")
        for topic in no:
            peer.send(publish(t.v, f"{root}/{topic}", "no"))
        for topic in yes:
            peer.send(publish(t.v, f"{root}/{topic}", "yes"))
        peer.ping()
        got = [peer.message().topic for _ in yes]
        assert got == [f"{root}/{topic}" for topic in yes], (f, got)
        peer.nothing()
        # '#' stands for the level above, too.
        if f == "#":
            peer.publish(root, "x")
            assert peer.message().topic == root
        peer.unsubscribe(f"{root}/{f}")


@proves("5.0:MQTT-4.7.2-1", "3.1.1:MQTT-4.7.2-1")
def dollar(t):
    """filters that begin with a wildcard do not match topics with $ in front"""
    peer = t.peer()
    level = t.id("level")
    peer.subscribe("#", "+/" + level, "+/#", f"+/{level}/#")
    for topic in (f"$x/{level}", f"$/{level}", f"$SYS/{level}", f"$x{level}"):
        peer.send(publish(t.v, topic, "no"))
    peer.send(publish(t.v, f"x/{level}", "yes"))
    while True:		# other cases' messages may be among them
        got = peer.message()
        assert not got.topic.startswith("$"), got.topic
        if got.payload == b"yes":
            break
    # After other characters $ is nothing special, nor if the filter has it.
    peer = t.peer()
    peer.subscribe(t.topic("+"), f"$x/{level}/#")
    peer.send(publish(t.v, t.topic("$x"), "1"), publish(t.v, f"$x/{level}/1", "2"))
    assert [peer.message().payload for _ in range(2)] == [b"1", b"2"]


@proves("5.0:MQTT-1.5.4-3", "5.0:MQTT-4.7.3-4", "3.1.1:MQTT-1.5.3-3", "3.1.1:MQTT-4.7.3-4",
        "3.1:2.5a")
def unaltered(t):
    """topics are compared as they are: U+FEFF stays, nothing is normalized"""
    peer = t.peer()
    names = ["\ufeffx", "x", "x\ufeff", "\u00e9", "e\u0301", "E\u0301", "\u212b", "\u00c5",
             "\U0001f600", "\u1e69", "s\u0323\u0307", "x ", " x", "\u200b"]
    for i, name in enumerate(names):
        peer.subscribe(t.topic(name))
        for other in names[:i] + names[i + 1:]:
            peer.send(publish(t.v, t.topic(other), "no"))
        peer.send(publish(t.v, t.topic(name), "yes"))
        got = peer.message()
        assert (got.topic, got.payload) == (t.topic(name), b"yes"), (name, got.topic)
        peer.unsubscribe(t.topic(name))


@proves("5.0:MQTT-4.7.3-1,3", "5.0:MQTT-3.3.2-1", "3.1.1:MQTT-4.7.3-1,3", "3.1.1:MQTT-3.3.2-1")
def longest(t):
    """topics of 1 and of 65,535 bytes are served"""
    peer = t.peer()
    long = t.topic("").ljust(65535, "x")
    for topic in (long, chr(ord("0") + t.v)):
        assert peer.subscribe(topic) == [0]
        peer.send(publish(t.v, topic, "x"))
        got = peer.message()
        assert (got.topic, got.payload) == (topic, b"x")
        peer.unsubscribe(topic)


@proves("5.0:MQTT-3.3.1-5,9", "3.1.1:MQTT-3.3.1-5,6,7,8", "3.1:3.3a")
def retain(t):
    """a retained message with its QoS goes to new subscribers, with RETAIN;
    the next one replaces it"""
    peer = t.peer()
    topic = t.retain()
    for i, qos in enumerate((2, 1, 0, 2)):
        peer.publish(topic, str(i), qos, retain=True)
        late = t.peer("l")
        late.subscribe(topic, qos=2)
        got = late.message()
        assert (got.payload, got.qos, got.retain, got.dup) == (str(i).encode(), qos, 1, False)
        late.nothing()
        late.leave()


@proves("5.0:MQTT-3.3.1-9", "5.0:MQTT-3.8.4-4", "3.1.1:MQTT-3.3.1-6")
def retained_wildcard(t):
    """a filter with wildcards gets the retained message of each topic it
    matches, once"""
    peer = t.peer()
    for name in ("1", "2", "2/3", "x/4"):
        peer.publish(t.retain(name), name, 1, retain=True)
    for f, want in (("#", {"1", "2", "2/3", "x/4"}), ("+", {"1", "2"}), ("+/+", {"2/3", "x/4"}),
                    ("2/#", {"2", "2/3"})):
        late = t.peer("l")
        late.subscribe(t.topic(f), qos=1)
        assert {late.message().payload.decode() for _ in want} == want, f
        late.nothing()


@proves("5.0:MQTT-3.3.1-6,7", "3.1.1:MQTT-3.3.1-10,11")
def clear(t):
    """an empty message with RETAIN is delivered, removes, is not retained"""
    peer, topic = t.peer(), t.retain()
    peer.publish(topic, "old", 1, retain=True)
    peer.subscribe(topic)
    assert peer.message().retain == 1
    for qos in (1, 0):
        peer.publish(topic, "", qos, retain=True)
        got = peer.message()
        assert (got.payload, got.retain) == (b"", 0)
        late = t.peer("l")
        late.subscribe(topic)
        late.nothing()


@proves("5.0:MQTT-3.3.1-8", "3.1.1:MQTT-3.3.1-12")
def not_retained(t):
    """a message without RETAIN, empty or not, leaves the retained one alone"""
    peer, topic = t.peer(), t.retain()
    peer.publish(topic, "never kept", 1)
    late = t.peer("l")
    late.subscribe(topic)
    late.nothing()
    peer.publish(topic, "kept", 1, retain=True)
    peer.publish(topic, "other", 1)
    peer.publish(topic, "", 1)
    late = t.peer("m")
    late.subscribe(topic)
    assert late.message().payload == b"kept"
    late.nothing()


@proves("5.0:MQTT-3.3.1-12", "3.1.1:MQTT-3.3.1-9", also=["3.1"])
def flag_cleared(t):
    """an established subscription gets messages with RETAIN 0"""
    peer = t.peer()
    topic = t.retain()
    peer.subscribe(topic, qos=1)
    for retained in (True, False):
        peer.publish(topic, "x", 1, retain=retained)
        assert peer.message().retain == 0


@proves("5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12")
def flag_as_published(t):
    """with Retain As Published RETAIN is forwarded as it came"""
    peer, other = t.peer(), t.peer("b")
    topic = t.retain()
    peer.subscribe((topic, AS_PUBLISHED))
    other.subscribe((topic, 0))
    for retained in (1, 0, 1):
        peer.send(publish(5, topic, "x", retain=retained))
        assert peer.message().retain == retained
        assert other.message().retain == 0


@proves("5.0:MQTT-3.3.1-9,10,11")
def handling(t):
    """Retain Handling 0: always, 1: for new subscriptions, 2: never"""
    peer = t.peer()
    topic = t.retain()
    peer.publish(topic, "kept", 1, retain=True)
    for options, often in (([NO_RETAINED], 0), ([0, 0], 2), ([IF_NEW, IF_NEW], 1),
                           ([NO_RETAINED, IF_NEW], 0), ([IF_NEW, 0], 2), ([IF_NEW | 1, IF_NEW], 1)):
        for o in options:
            peer.subscribe((topic, o))
        for _ in range(often):
            got = peer.message()
            assert (got.payload, got.retain) == (b"kept", 1), options
        peer.nothing()
        peer.unsubscribe(topic)


@proves("5.0:MQTT-3.3.1-10", "5.0:MQTT-3.1.2-5")
def handling_resumed(t):
    """for Retain Handling 1, subscriptions of a resumed session exist"""
    topic = t.retain()
    peer = t.peer(expiry=60)
    peer.publish(topic, "kept", 1, retain=True)
    peer.subscribe((topic, NO_RETAINED))
    peer.leave()
    peer = t.peer(expiry=60)
    peer.subscribe((topic, IF_NEW))
    peer.nothing()


@proves("5.0:MQTT-3.8.3-3")
def no_local(t):
    """with No Local a client's own messages stay away, others come"""
    peer, other = t.peer(), t.peer("b")
    topic = t.topic()
    peer.subscribe((topic, NO_LOCAL | 1))
    other.subscribe((topic, 0))
    peer.publish(topic, "own", 1)
    assert other.message().payload == b"own"
    peer.nothing()
    other.publish(topic, "other's", 1)
    assert peer.message().payload == b"other's"
    # The client is its id, not its connection; and another filter is another.
    peer.subscribe((t.topic("+"), 0))
    peer.publish(topic, "twice", 1)
    assert peer.message().payload == b"twice"
    peer.nothing()


@proves("5.0:MQTT-3.8.3-3")
def no_local_retained(t):
    """with No Local a client's own retained messages do not come from itself
    as they are published"""
    peer, topic = t.peer(), t.retain()
    peer.subscribe((topic, NO_LOCAL | AS_PUBLISHED))
    peer.publish(topic, "own", 1, retain=True)
    peer.nothing()


@proves("5.0:MQTT-3.8.3-3", "5.0:MQTT-3.3.4-2,4")
def no_local_overlapping(t):
    """a client's own message comes by its subscriptions without No Local alone:
    with their QoS, identifiers and RETAIN"""
    peer, other, topic = t.peer(), t.peer("b"), t.topic()
    peer.subscribe((topic, NO_LOCAL | AS_PUBLISHED | 2), properties={"subscription_id": 1})
    peer.subscribe((t.topic("+"), 1), properties={"subscription_id": 2})
    for who, qos, ids in ((peer, 1, [2]), (other, 2, [1, 2])):
        who.publish(topic, "x", 2)
        got = peer.message()
        assert (got.qos, sorted(got.props["subscription_id"])) == (qos, ids)
        peer.nothing()


@proves("5.0:MQTT-3.8.3-3")
def no_local_will(t):
    """with No Local a client's own will stays away, and what it publishes by
    another connection"""
    peer, watcher, topic = t.peer(expiry=60, will={"topic": t.topic(), "payload": b"w", "qos": 1}), \
        t.peer("w"), t.topic()
    watcher.subscribe(topic)
    peer.subscribe((topic, NO_LOCAL | 1))
    peer.cut()
    assert watcher.message().payload == b"w"
    peer = t.peer(expiry=60)
    peer.nothing()
    watcher.publish(topic, "x", 1)
    assert peer.message().payload == b"x"


@proves("5.0:MQTT-3.3.1-3", "3.1.1:MQTT-3.3.1-3", also=["3.1"])
def dup_not_forwarded(t):
    """a publisher's DUP is not forwarded"""
    peer, topic = t.peer(), t.topic()
    peer.subscribe(topic, qos=2)
    for qos in (1, 2):
        peer.publish(topic, "x", qos, dup=True)
        got = peer.message()
        assert (got.qos, got.dup) == (qos, False)


@proves("5.0:MQTT-3.3.4-2", "3.1.1:MQTT-3.3.5-1", also=["3.1"])
def overlapping(t):
    """overlapping filters: one copy, with the highest QoS"""
    peer, topic = t.peer(), t.topic("a/b")
    for qoses in ((0, 1, 2), (2, 1, 0), (0, 2, 1)):
        peer.subscribe(*zip((topic, t.topic("+/b"), t.topic("#")), qoses))
        peer.publish(topic, "x", 2)
        assert peer.message().qos == 2
        peer.nothing()
    peer.subscribe(*zip((topic, t.topic("+/b"), t.topic("#")), (0, 1, 0)))
    peer.publish(topic, "x", 2)
    assert peer.message().qos == 1
    peer.nothing()


@proves("5.0:MQTT-3.3.4-3,4,5")
def subscription_ids(t):
    """messages carry the ids of all subscriptions that they match"""
    peer = t.peer()
    for f, number in (("a/b", 1), ("a/+", 127), ("a/#", 128), ("+/b", 268435455), ("x", 7)):
        peer.subscribe(t.topic(f), qos=1, properties={"subscription_id": number})
    peer.subscribe(t.topic("#"), qos=2)
    for name, want in (("a/b", {1, 127, 128, 268435455}), ("a/c", {127, 128}), ("other", set())):
        peer.publish(t.topic(name), "x", 1)
        peer.publish(t.topic("end"), "x", 1)
        # One copy has them all; several, as the standard allows, have one each.
        got = []
        while (p := peer.message()).topic != t.topic("end"):
            got.append(p.props.get("subscription_id", []))
        assert {n for ids in got for n in ids} == want, got
        assert len(got) == 1 or max(map(len, got)) <= 1, got


@proves("5.0:MQTT-3.3.4-3", "5.0:MQTT-3.8.4-3")
def subscription_id_replaced(t):
    """the same filter again replaces or removes the id; retained messages
    carry it"""
    peer, topic = t.peer(expiry=60), t.retain()
    peer.publish(topic, "kept", retain=True)
    for number in (5, 6, None):
        given = {"subscription_id": number} if number else None
        peer.subscribe(topic, qos=1, properties=given)
        assert peer.message().props.get("subscription_id") == (number and [number])
        peer.publish(topic, "x", 1)
        assert peer.message().props.get("subscription_id") == (number and [number])
    peer.subscribe(topic, qos=1, properties={"subscription_id": 9})
    peer.message()
    peer.leave()
    t.peer("b").publish(topic, "x", 1)
    assert t.peer(expiry=60).message().props.get("subscription_id") == [9]


GIVEN = {"payload_format": 1, "content_type": "text/\u00fcml", "response_topic": "re/\u00e9/$x",
         "correlation": bytes(range(256)), "message_expiry": 100000,
         "user": [("b", "1"), ("a", "2"), ("b", "1"), ("", ""), ("a", "\ufeff")]}


@proves("5.0:MQTT-3.3.2-4,15,16,17,18,20", "5.0:MQTT-3.3.2-6", "5.0:MQTT-1.5.4-3")
def properties(t):
    """a message's properties are forwarded as they are, user properties in
    their order; retained, they are kept, too"""
    peer, topic = t.peer(), t.retain()
    peer.subscribe(topic, qos=1)
    peer.publish(topic, "x", 1, retain=True, properties=GIVEN)
    late = t.peer("l")
    late.subscribe(topic)
    for p in (peer.message(), late.message()):
        got = dict(p.props)
        expiry = got.pop("message_expiry")
        assert 100000 - 60 < expiry <= 100000, expiry
        assert got == {k: v for k, v in GIVEN.items() if k != "message_expiry"}, got
    # And without any there is none.
    peer.publish(topic, "x", 1)
    assert peer.message().props == {}


@proves("5.0:MQTT-3.3.2-4,15,16,17,20")
def property_order(t):
    """properties in any order, each by itself, the payload format 0, too"""
    peer, topic = t.peer(), t.topic()
    peer.subscribe(topic)
    every = list(GIVEN.items())
    for given in ([{k: v} for k, v in every] + [dict(reversed(every)), {"payload_format": 0},
                                               {"correlation": b""}, {"content_type": ""}]):
        peer.publish(topic, "x", properties=given)
        got = dict(peer.message().props)
        if "message_expiry" in given:
            assert got.pop("message_expiry") in range(99940, 100001)
        # A payload format of 0 means the same as none.
        if given != {"payload_format": 0} or got:
            assert got == {k: v for k, v in given.items() if k != "message_expiry"}, (given, got)


@proves("5.0:MQTT-3.3.2-4", "3.1.1:MQTT-3.3.2-1")
def across_versions(t):
    """messages go from any version to any"""
    one, two = t.peer("a"), t.peer("b", v=9 - t.v)
    three = t.peer("c", v=3)
    topic = t.topic()
    for peer in (one, two, three):
        peer.subscribe(topic, qos=2)
    for sender in (one, two, three):
        for qos in (0, 1, 2):
            given = dict(GIVEN) if sender.v == 5 else None
            sender.publish(topic, "x", qos, properties=given)
            for peer in (one, two, three):
                got = peer.message()
                assert (got.payload, got.qos) == (b"x", qos)
                assert ("user" in got.props) == (sender.v == 5 == peer.v)


@proves("5.0:MQTT-3.3.2-6", slow=True)
def expiry_counted(t):
    """the message expiry that is forwarded is less by the time waited"""
    topic = t.topic()
    peer, other = t.peer(expiry=60), t.peer("b")
    peer.subscribe(topic, qos=1)
    peer.leave()
    start = time.monotonic()
    other.publish(topic, "x", 1, properties={"message_expiry": 100})
    sent = time.monotonic()
    time.sleep(2.1)
    peer = t.peer(expiry=60)
    got = peer.message().props["message_expiry"]
    waited = time.monotonic() - start
    assert 100 - waited - 1 <= got <= 98, (got, waited, sent - start)


@proves("5.0:MQTT-3.3.2-5,6", slow=True)
def expired(t):
    """an expired message is deleted, retained or queued; others stay"""
    topic = t.retain()
    peer, other = t.peer(expiry=60), t.peer("b")
    peer.subscribe(t.topic("#"), qos=2)
    peer.leave()
    short = {"message_expiry": 1}
    other.publish(topic, "short, kept", 1, retain=True, properties=short)
    other.publish(t.topic("q"), "short", 1, properties=short)
    other.publish(t.topic("q"), "short", 2, properties=short)
    other.publish(t.topic("q"), "long", 1, properties={"message_expiry": 1000})
    other.publish(t.topic("q"), "for ever", 1)
    time.sleep(2.5)
    peer = t.peer(expiry=60)
    assert [peer.message().payload for _ in range(2)] == [b"long", b"for ever"]
    peer.nothing()
    late = t.peer("l")
    late.subscribe(topic)
    late.nothing()


@proves("5.0:MQTT-3.3.2-12", "5.0:MQTT-3.3.2-1")
def alias(t):
    """topic aliases up to the maximum announced are accepted, changed, used"""
    peer = t.peer()
    most = peer.connack.props["alias_max"]
    peer.subscribe(t.topic("#"), qos=2)
    for n in range(1, most + 1):
        peer.publish(t.topic(str(n)), "set", n % 3, properties={"alias": n})
        assert peer.message().topic == t.topic(str(n))
    for n in range(most, 0, -1):
        peer.publish("", "used", n % 3, properties={"alias": n})
        got = peer.message()
        assert (got.topic, got.payload) == (t.topic(str(n)), b"used")
    peer.publish(t.topic("new"), "changed", properties={"alias": 1})
    peer.publish("", "used", properties={"alias": 1})
    assert [peer.message().topic for _ in range(2)] == [t.topic("new")] * 2


@proves("5.0:MQTT-3.3.2-7")
def alias_forgotten(t):
    """an alias ends with its connection, is another's, not the other way's"""
    topic = t.topic()
    peer = t.peer(expiry=60)
    peer.publish(topic, "x", properties={"alias": 1})
    peer.leave()
    peer = t.peer(expiry=60)
    peer.send(publish(5, "", "x", properties={"alias": 1}))
    t.gone(peer, 0x82, 0x94)
    t.peer("b").publish(topic, "x", properties={"alias": 1})
    peer = t.peer("c")
    peer.send(publish(5, "", "x", properties={"alias": 1}))
    t.gone(peer, 0x82, 0x94)


@proves("5.0:MQTT-3.3.2-8", "5.0:MQTT-4.13.1-1")
def alias_invalid(t):
    """alias 0 or above the maximum: 94, the end; unknown alias: the end"""
    for n in (0, t.peer().connack.props["alias_max"] + 1, 65535):
        peer = t.peer()
        peer.send(publish(5, t.topic(), "x", properties={"alias": n}))
        t.gone(peer, 0x94)
    peer = t.peer()
    peer.send(publish(5, "", "x", properties={"alias": 3}))
    t.gone(peer, 0x82, 0x94)


@proves("5.0:MQTT-3.1.2-26,27", "5.0:MQTT-3.3.2-8,11")
def alias_to_client(t):
    """the server's own aliases: none for a client that has no maximum, else
    none above it, and they stand for the right topics"""
    other = t.peer("b")
    for most in (None, 0, 1, 3):
        peer = t.peer(properties={} if most is None else {"alias_max": most})
        peer.subscribe(t.topic("#"), qos=1)
        names = [t.topic("x" * 30 + str(n % 5)) for n in range(20)]
        for name in names:
            other.send(publish(5, name, "x", 1, other.pid()))
            other.wait(PUBACK)
        assert [peer.message().topic for _ in names] == names	# Peer checks the aliases
        peer.leave()


@proves("5.0:MQTT-3.3.2-7", "5.0:MQTT-4.4.0-1")
def alias_not_resent(t):
    """a message that is sent again in a new connection has its topic"""
    other = t.peer("b")
    peer = t.peer(expiry=60, properties={"alias_max": 5})
    peer.subscribe(t.topic("#"), qos=1)
    for _ in range(3):
        other.publish(t.topic("x" * 30), "x", 1)
        peer.message(acknowledge=False)
    peer.cut()
    peer = t.peer(expiry=60)
    assert [peer.message().topic for _ in range(3)] == [t.topic("x" * 30)] * 3


@proves("3.1.1:MQTT-3.3.5-2", "5.0:MQTT-3.4.2-1", "5.0:MQTT-3.5.2-1")
def unauthorized(t):
    """a PUBLISH to $SYS, by its name, an alias or as a will, is acknowledged or
    ends the connection, in 5.0 not as a success; it comes to nobody and is not
    retained"""
    watcher = t.peer("w")
    topics = f"$SYS/broker/{t.id('own')}", "$SYS", "$SYS/"
    watcher.subscribe(*topics, qos=2)
    for topic in topics:
        for qos in (0, 1, 2):
            peer = t.peer(will={"topic": topic, "payload": b"will", "qos": qos, "retain": True})
            try:
                alias = {"properties": {"alias": 1}} if t.v == 5 else {}
                for name in (topic, "") if alias else (topic,):
                    reason = peer.publish(name, "x", qos, retain=True, **alias)
                    assert t.v < 5 or not qos or reason == 0x87, f"{reason:#x}"
                peer.cut()
            except mqtt.Closed:
                pass
    watcher.nothing()
    watcher.subscribe(*topics, qos=2)
    watcher.nothing()


@proves("5.0:MQTT-3.3.4-1", "5.0:MQTT-3.4.2-1", "5.0:MQTT-3.5.2-1", "3.1.1:MQTT-3.3.4-1", "3.1:4.1a")
def to_nobody(t):
    """a message to nobody is acknowledged all the same"""
    peer = t.peer()
    for qos in (0, 1, 2):
        assert peer.publish(t.topic(), "x", qos) in (0, 0x10)


@proves("5.0:MQTT-2.2.1-2", "5.0:MQTT-3.3.1-2", "5.0:MQTT-4.3.1-1", "5.0:MQTT-2.2.2-1",
        "3.1.1:MQTT-2.3.1-5", "3.1.1:MQTT-3.3.1-2", "3.1.1:MQTT-4.3.1-1", also=["3.1"])
def exact(t):
    """a message of QoS 0 is sent as flags 0, topic, properties, payload: no
    packet id, and an empty property list in 5.0"""
    peer, topic = t.peer(), t.topic()
    peer.subscribe(topic)
    peer.send(publish(t.v, topic, "\0payload"))
    head, body, _ = peer._raw()
    assert bytes([head]) + mqtt.varint(len(body)) + body == publish(t.v, topic, "\0payload")


@proves("5.0:MQTT-4.6.0-5,6", "3.1.1:MQTT-4.6.0-5,6", "3.1:4.3a")
def order(t):
    """messages of one publisher come in their order, for each QoS"""
    peer, other = t.peer(), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    for qos in (0, 1, 2):
        # As many as may be unacknowledged at once, in two turns.
        for turn in range(2):
            numbers = range(turn * 15, turn * 15 + 15)
            other.send(b"".join(publish(t.v, t.topic(), f"{qos} {n}", qos, n + 1) for n in numbers))
            for n in numbers:
                if qos == 1:
                    other.expect(PUBACK, n + 1)
                elif qos == 2:
                    other.expect(mqtt.PUBREC, n + 1)
            if qos == 2:
                other.send(b"".join(mqtt.ack(mqtt.PUBREL, n + 1) for n in numbers))
                for n in numbers:
                    other.expect(mqtt.PUBCOMP, n + 1)
        got = [peer.message() for _ in range(30)]
        assert [g.payload for g in got] == [f"{qos} {n}".encode() for n in range(30)]
        assert {g.qos for g in got} == {qos}
