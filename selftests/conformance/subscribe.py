# SPDX-License-Identifier: GPL-2.0
"""SUBSCRIBE and UNSUBSCRIBE with their answers."""
from case import proves
from mqtt import PUBCOMP, PUBREC, PUBREL, SUBACK, UNSUBACK, publish, subscribe, unsubscribe


@proves("5.0:MQTT-3.8.4-1,2,6,7", "5.0:MQTT-2.2.1-6", "5.0:MQTT-3.9.3-1,2", "5.0:MQTT-3.8.4-5",
        "3.1.1:MQTT-3.8.4-1,2,4,5", "3.1.1:MQTT-2.3.1-7", "3.1.1:MQTT-3.9.3-1,2", "3.1:3.9a")
def codes(t):
    """SUBACK: the id of SUBSCRIBE, a code for each filter in their order"""
    peer, other = t.peer(), t.peer("b")
    for pid, qoses in ((1, (0,)), (0xffff, (2, 0, 1)), (0x100, (1, 1, 2, 0, 2))):
        filters = [(t.topic(f"{pid}/{n}"), q) for n, q in enumerate(qoses)]
        assert peer.subscribe(*filters, pid=pid) == list(qoses)
        for f, qos in filters:
            other.publish(f, "x", 2)
            got = peer.message()
            assert (got.topic, got.qos) == (f, qos)


@proves("5.0:MQTT-3.8.4-5,6,7", "5.0:MQTT-3.9.3-1,2", "5.0:MQTT-4.7.1-1,2", "5.0:MQTT-4.7.3-1",
        "3.1.1:MQTT-3.8.4-4,5", "3.1.1:MQTT-3.9.3-1,2", "3.1.1:MQTT-4.7.1-2,3",
        "3.1.1:MQTT-4.7.3-1", also=["3.1"])
def bad_filters(t):
    """filters with misplaced wildcards, and empty ones, are refused, each by
    itself, or end the connection"""
    for f in ("", "#/a", "a/#/b", "a#", "a/b#", "+a", "a/+b", "a/b+/c", "++", "##", "a/#b", "#+"):
        peer = t.peer()
        good = t.topic("1"), t.topic("2")
        peer.send(subscribe(t.v, (good[0], 1), (f, 1), (good[1], 1)))
        got = peer.ended_or(SUBACK)
        if got is None:
            continue
        assert got.codes == [1, 0x8f if t.v == 5 else 0x80, 1], (f, got.codes)
        peer.publish(good[1], "x")
        assert peer.message().topic == good[1]
        peer.leave()


@proves("5.0:MQTT-3.8.4-3,4", "3.1.1:MQTT-3.8.4-3", also=["3.1"])
def replaced(t):
    """the same filter again replaces the subscription, with its QoS;
    retained messages come again, nothing else is lost or doubled"""
    peer, other = t.peer(), t.peer("b")
    topic = t.retain()
    other.publish(topic, "kept", 2, retain=True)
    for qos in (2, 0, 1):
        assert peer.subscribe(topic, qos=qos) == [qos]
        got = peer.message()
        assert (got.payload, got.qos, got.retain) == (b"kept", qos, 1)
        other.publish(topic, "x", 2)
        got = peer.message()
        assert (got.payload, got.qos, got.retain) == (b"x", qos, 0)
        peer.nothing()


@proves("5.0:MQTT-3.8.4-4", "3.1.1:MQTT-3.8.4-3")
def replaced_flowing(t):
    """messages that arrive while a subscription is replaced are not lost"""
    peer, topic = t.peer(), t.topic()
    peer.subscribe(topic)
    peer.send(b"".join(publish(t.v, topic, f"{n}") +
                       subscribe(t.v, topic, pid=n + 1) for n in range(100)))
    got = []
    while len(got) < 100:
        p = peer.wait(3, SUBACK)
        if p.kind == 3:
            got.append(p.payload)
    assert got == [f"{n}".encode() for n in range(100)]


@proves("5.0:MQTT-3.8.4-5", "3.1.1:MQTT-3.8.4-4", also=["3.1"])
def same_twice(t):
    """one filter twice in a SUBSCRIBE: the second one counts"""
    peer = t.peer()
    assert peer.subscribe((t.topic(), 2), (t.topic(), 1)) == [2, 1]
    peer.publish(t.topic(), "x", 2)
    assert peer.message().qos == 1
    peer.nothing()


@proves("5.0:MQTT-3.8.4-5", "3.1.1:MQTT-3.8.4-4")
def very_many(t):
    """a SUBSCRIBE of a thousand filters gets a thousand codes"""
    peer = t.peer()
    filters = [t.topic(str(n)) for n in range(1000)]
    assert peer.subscribe(*filters, qos=1) == [1] * 1000
    peer.publish(filters[777], "x", 1)
    assert peer.message().topic == filters[777]
    found = peer.unsubscribe(*filters)
    assert t.v < 5 or found == [0] * 1000
    peer.publish(filters[777], "x")
    peer.nothing()


@proves("5.0:MQTT-3.10.4-1,2,4,5,6", "5.0:MQTT-2.2.1-6", "5.0:MQTT-3.11.3-1,2",
        "3.1.1:MQTT-3.10.4-1,2,4,5,6", "3.1.1:MQTT-2.3.1-7", also=["3.1"])
def unsubscribed(t):
    """UNSUBSCRIBE deletes filters that are the same byte for byte, no others;
    UNSUBACK has its id, in 5.0 a code for each"""
    peer = t.peer()
    filters = [t.topic(f) for f in ("a", "+", "A", "a/", "a/#", "\u00e9", "e\u0301")]
    peer.subscribe(*filters)
    asked = [filters[0], t.topic("b"), filters[1], t.topic("#"), t.topic("a/b"), filters[5]]
    found = peer.unsubscribe(*asked, pid=0xabcd)
    assert t.v < 5 or found == [0, 0x11, 0, 0x11, 0x11, 0]
    for name, comes in (("a", True), ("b", False), ("A", True), ("a/", True), ("a/b", True),
                        ("\u00e9", False), ("e\u0301", True)):
        # 'a' and below still match 'a/#'.
        peer.publish(t.topic(name), name)
        if comes:
            assert peer.message().topic == t.topic(name)
        peer.nothing()
    # Nothing of it was there.
    found = peer.unsubscribe(t.topic("never"), filters[0])
    assert t.v < 5 or found == [0x11, 0x11]


@proves("5.0:MQTT-3.10.4-2,3", "3.1.1:MQTT-3.10.4-2,3", also=["3.1"])
def begun(t):
    """deliveries of QoS 1 and 2 that have begun go on after UNSUBSCRIBE"""
    peer, other = t.peer(expiry=60), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    other.publish(t.topic(), "1", 1)
    other.publish(t.topic(), "2", 2)
    one, two = peer.message(acknowledge=False), peer.message(acknowledge=False)
    peer.unsubscribe(t.topic())
    other.publish(t.topic(), "3", 2)
    peer.nothing(other)
    peer.cut()
    peer = t.peer(expiry=60)
    again = [peer.message(acknowledge=False), peer.message()]
    assert [(p.pid, p.payload) for p in again] == [(one.pid, b"1"), (two.pid, b"2")]
    peer.answer(4, again[0])
    peer.nothing()


@proves("5.0:MQTT-3.10.4-2", "3.1.1:MQTT-3.10.4-2")
def overlapping_unsubscribed(t):
    """of overlapping filters, those that are left still match, with their QoS"""
    peer = t.peer()
    peer.subscribe((t.topic("a/b"), 2), (t.topic("a/#"), 1), (t.topic("+/b"), 0))
    for f, qos in (("a/b", 1), ("a/#", 0)):
        peer.unsubscribe(t.topic(f))
        peer.publish(t.topic("a/b"), "x", 2)
        assert peer.message().qos == qos
        peer.nothing()
    peer.unsubscribe(t.topic("+/b"))
    peer.publish(t.topic("a/b"), "x", 2)
    peer.nothing()


@proves("5.0:MQTT-3.8.4-1", "5.0:MQTT-3.10.4-4")
def user_properties(t):
    """SUBSCRIBE and UNSUBSCRIBE may carry user properties"""
    peer, user = t.peer(), {"user": [("a", "b"), ("a", "b")]}
    assert peer.subscribe(t.topic(), properties=user) == [0]
    assert peer.unsubscribe(t.topic(), properties=user) == [0]


@proves("5.0:MQTT-4.9.0-3", "5.0:MQTT-3.3.4-10", "3.1.1:MQTT-3.8.4-1")
def pipelined(t):
    """requests in one segment are answered each, in their order"""
    peer = t.peer()
    peer.send(b"".join(subscribe(t.v, t.topic(str(n)), pid=n) +
                       unsubscribe(t.v, t.topic(str(n)), pid=n + 100) for n in range(1, 40)))
    for n in range(1, 40):
        peer.expect(SUBACK, n)
        peer.expect(UNSUBACK, n + 100)


@proves("5.0:MQTT-2.2.1-5", "3.1.1:MQTT-2.3.1-6", also=["3.1"])
def ids_by_direction(t):
    """the packet ids of client and server are independent"""
    peer, other = t.peer(), t.peer("b")
    peer.subscribe(t.topic(), qos=2, pid=1)
    other.publish(t.topic(), "x", 2)
    p = peer.message(acknowledge=False)
    peer.send(publish(t.v, t.topic("y"), "y", 2, p.pid))
    peer.expect(PUBREC, p.pid)
    peer.answer(PUBREC, p)
    peer.expect(PUBREL, p.pid)
    peer.send(publish(t.v, t.topic("y"), "y", 2, p.pid, dup=True))
    peer.expect(PUBREC, p.pid)
    peer.send(b"\x62\2" + p.pid.to_bytes(2, "big"))
    peer.expect(PUBCOMP, p.pid, 0)
    peer.answer(PUBCOMP, p)
    peer.nothing()


@proves("3.1:2.1a")
def repeated_31(t):
    """requests that are sent again carry DUP"""
    peer = t.peer()
    for flags in (2, 10):
        assert peer.subscribe(t.topic(), flags=flags) == [0]
    peer.send(publish(3, t.topic(), "x", 2, 9))
    peer.expect(PUBREC, 9)
    peer.send(b"\x6a\2\0\x09")
    peer.expect(PUBCOMP, 9)
    assert peer.message().payload == b"x"
    peer.unsubscribe(t.topic(), flags=10)
    peer.publish(t.topic(), "x")
    peer.nothing()
