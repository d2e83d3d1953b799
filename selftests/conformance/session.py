# SPDX-License-Identifier: GPL-2.0
"""Sessions: what is kept of a client while it is away, and for how long."""
import time

from case import proves
from mqtt import NEVER, PUBACK, PUBREC, ack, connect, publish, subscribe, unsubscribe


@proves("5.0:MQTT-3.1.2-4,5,6,23", "5.0:MQTT-3.1.4-4", "5.0:MQTT-3.2.2-2,3",
        "3.1.1:MQTT-3.1.2-4,6", "3.1.1:MQTT-3.1.4-3", "3.1.1:MQTT-3.2.2-1..3", "3.1:3.1f")
def clean(t):
    """a session is made, resumed, discarded by a clean start, as CONNACK tells"""
    def present(**how):
        with_it = t.peer(expiry=60, **how)
        with_it.leave()
        return with_it.connack.session_present
    seen = [present(), present(), present(clean=True), present(), present(clean=True)]
    # MQTT 3.1 does not tell; in 5.0 a session that begins clean may be kept.
    assert seen == [False, t.v > 3, False, t.v == 5, False], seen


@proves("3.1.1:MQTT-3.1.2-6", "3.1.1:MQTT-3.2.2-3", "5.0:MQTT-4.1.0-2", "3.1:3.1f")
def not_kept(t):
    """a clean session ends with its connection, subscriptions and all"""
    other = t.peer("b")
    for end in ("leave", "cut"):
        peer = t.peer(clean=True)
        peer.subscribe(t.topic(), qos=1)
        getattr(peer, end)()
        other.publish(t.topic(), "x", 1)
        peer = t.peer(expiry=0)
        assert not peer.connack.session_present
        other.publish(t.topic(), "x", 1)
        peer.nothing(other)
        peer.leave()


@proves("5.0:MQTT-3.1.2-5,23", "5.0:MQTT-4.5.0-1", "3.1.1:MQTT-3.1.2-4,5", "3.1.1:MQTT-4.5.0-1",
        "3.1.1:MQTT-4.1.0-1", "3.1:3.1f")
def kept(t):
    """subscriptions, and messages of QoS 1 and 2 while away, wait in order"""
    other = t.peer("b")
    for end in ("leave", "cut"):
        peer = t.peer(expiry=60)
        if end == "leave":
            peer.subscribe((t.topic("1"), 1), (t.topic("2"), 2))
        getattr(peer, end)()
        for i in range(10):
            other.publish(t.topic("1"), f"one {i}", 1)
            other.publish(t.topic("2"), f"two {i}", 2)
        peer = t.peer(expiry=60)
        got = [(p.payload, p.qos) for p in (peer.message() for _ in range(20))]
        assert [g for g in got if g[1] == 1] == \
            [(f"one {i}".encode(), 1) for i in range(10)], got
        assert [g for g in got if g[1] == 2] == [(f"two {i}".encode(), 2) for i in range(10)], got
        peer.nothing()
        peer.leave()


@proves("5.0:MQTT-3.1.2-4", "3.1.1:MQTT-3.1.2-6", also=["3.1"])
def clean_discards(t):
    """a clean start discards what waited"""
    other = t.peer("b")
    peer = t.peer(expiry=60)
    peer.subscribe(t.topic(), qos=1)
    peer.leave()
    other.publish(t.topic(), "old", 1)
    t.peer(clean=True).leave()
    peer = t.peer(expiry=60)
    other.publish(t.topic(), "new", 1)
    peer.nothing(other)


@proves("5.0:MQTT-3.1.3-2", "3.1.1:MQTT-3.1.3-2")
def by_client_id(t):
    """sessions are told apart by all of the client id"""
    other = t.peer("b")
    ids = [t.id("a"), t.id("a") + "x", t.id("A"), t.id("a\u00e9"), t.id("ae\u0301")]
    for i, client in enumerate(ids):
        peer = t.peer(client=client, expiry=60)
        assert not peer.connack.session_present
        peer.subscribe(t.topic(str(i)), qos=1)
        peer.leave()
    for i in range(len(ids)):
        other.publish(t.topic(str(i)), str(i), 1)
    for i, client in enumerate(ids):
        peer = t.peer(client=client, expiry=60)
        assert peer.connack.session_present
        assert peer.message().payload == str(i).encode()
        peer.nothing()


@proves("3.1.1:MQTT-3.1.2-7", "5.0:MQTT-3.3.1-5")
def retained_outlive(t):
    """retained messages stay when the publisher's session ends"""
    topic = t.retain()
    peer = t.peer(clean=True)
    peer.publish(topic, "kept", 1, retain=True)
    peer.leave()
    t.peer(clean=True).leave()
    other = t.peer("b")
    other.subscribe(topic)
    assert other.message().payload == b"kept"


@proves("5.0:MQTT-4.1.0-1", "3.1.1:MQTT-4.1.0-1,2", slow=True)
def while_open(t):
    """a session lasts while its connection does, however short its expiry"""
    peer, other = t.peer(expiry=1), t.peer("b")
    peer.subscribe(t.topic(), qos=1)
    time.sleep(2)
    other.publish(t.topic(), "x", 1)
    assert peer.message().payload == b"x"


@proves("5.0:MQTT-4.1.0-2", slow=True)
def expires(t):
    """a session is discarded when its expiry has passed"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("will"))
    # The will tells when the session has ended.
    peer = t.peer(expiry=1, will={"topic": t.topic("will"), "properties": {"will_delay": 600}})
    peer.subscribe(t.topic(), qos=1)
    start = time.monotonic()
    peer.cut()
    watcher.message()
    assert time.monotonic() - start > 0.9, "too early"
    assert not t.peer(expiry=1).connack.session_present


@proves("5.0:MQTT-3.1.2-23", slow=True)
def not_yet(t):
    """a session stays before its expiry, and for ever with FFFFFFFF"""
    for name, expiry in (("a", 60), ("b", NEVER)):
        t.peer(name, expiry=expiry).leave()
    time.sleep(1.5)
    for name in ("a", "b"):
        assert t.peer(name, expiry=0).connack.session_present


@proves("5.0:MQTT-3.1.2-23", "5.0:MQTT-4.1.0-2")
def changed_by_disconnect(t):
    """DISCONNECT changes the expiry: to 0, or longer"""
    t.peer(expiry=60).leave(0, {"session_expiry": 0})
    assert not t.peer(expiry=60).connack.session_present
    t.peer("b", expiry=1).leave(0, {"session_expiry": 60})
    assert t.peer("b", expiry=60).connack.session_present


@proves("5.0:MQTT-4.13.1-1", "5.0:MQTT-3.14.4-2")
def from_zero(t):
    """DISCONNECT cannot make an expiry of 0 longer: 82"""
    peer = t.peer()
    peer.send(b"\xe0\x07\0\x05\x11\0\0\0\x3c")
    t.gone(peer, 0x82)


@proves("5.0:MQTT-4.1.0-2")
def expiry_of_last(t):
    """the expiry that counts is that of the last connection"""
    t.peer(expiry=60).leave()
    peer = t.peer(expiry=0)
    assert peer.connack.session_present
    peer.leave()
    assert not t.peer(expiry=0).connack.session_present


@proves("5.0:MQTT-3.1.2-5", "3.1.1:MQTT-3.1.2-4", also=["3.1"])
def taken_over(t):
    """a takeover resumes the session with what is unacknowledged"""
    other = t.peer("b")
    old = t.peer(expiry=60)
    old.subscribe(t.topic(), qos=1)
    other.publish(t.topic(), "1", 1)
    first = old.message(acknowledge=False)
    new = t.peer(expiry=60)
    t.gone(old, 0x8e)
    again = new.message()
    assert (again.pid, again.payload, again.dup) == (first.pid, b"1", True)
    other.publish(t.topic(), "2", 1)
    assert new.message().payload == b"2"


@proves("5.0:MQTT-3.1.2-4", "3.1.1:MQTT-3.1.2-6")
def taken_over_clean(t):
    """a takeover with a clean start begins with nothing"""
    old, other = t.peer(), t.peer("b")
    old.subscribe(t.topic(), qos=1)
    new = t.peer()
    t.gone(old, 0x8e)
    assert not new.connack.session_present
    other.publish(t.topic(), "x", 1)
    new.nothing(other)


@proves("5.0:MQTT-3.1.2-23", "3.1.1:MQTT-3.1.2-5")
def between_versions(t):
    """a session of one version is resumed by a client of the other"""
    other = t.peer("b")
    peer = t.peer(expiry=60)
    peer.subscribe(t.topic(), qos=1)
    peer.leave()
    other.publish(t.topic(), "x", 1)
    peer = t.peer(v=9 - t.v, expiry=60)
    assert peer.connack.session_present
    assert peer.message().payload == b"x"


@proves("5.0:MQTT-4.13.1-1")
def fought_over(t):
    """takeovers in the middle of packets, requests and deliveries harm nobody"""
    other = t.peer("b")
    for i in range(30):
        peer = t.raw()
        peer.send(connect(t.v, t.id("a"), clean=i % 3 == 0, properties={"session_expiry": 60}),
                  b"".join(subscribe(t.v, t.topic(f"{n}"), qos=2, pid=n + 1) +
                           publish(t.v, t.topic(str(n)), "x", n % 3, n + 1, retain=n == 9) +
                           unsubscribe(t.v, t.topic(f"{n}"), pid=n + 1)
                           for n in range(20))[:50 * i])
        other.publish(t.topic(str(i)), "x", i % 3)
    t.retain("9")
    t.sessions.add(t.id("a"))
    t.peer("a", expiry=60).ping()


@proves("3.1:4.2a", "3.1:4.1a", "3.1:2.5a")
def again_31(t):
    """what was not acknowledged comes again with DUP on reconnecting"""
    other = t.peer("b")
    peer = t.peer(expiry=60)
    peer.subscribe(t.topic("#"), qos=2)
    other.publish(t.topic("\u20ac"), "1", 1)
    other.publish(t.topic("2"), "2", 2)
    first, second = peer.message(False), peer.message(False)
    peer.cut()
    peer = t.peer(expiry=60)
    for p in (first, second):
        again = peer.message()
        assert (again.pid, again.payload, again.qos, again.dup) == (p.pid, p.payload, p.qos, True)
    peer.nothing()


@proves("5.0:MQTT-4.4.0-2")
def refused_not_again(t):
    """what a client refused by PUBACK or PUBREC is not sent again"""
    other = t.peer("b")
    peer = t.peer(expiry=60)
    peer.subscribe(t.topic(), qos=2)
    for qos, kind in ((1, PUBACK), (2, PUBREC)):
        other.publish(t.topic(), "no", qos)
        p = peer.message(False)
        peer.answer(kind, p, 0x83)
    peer.nothing()
    peer.cut()
    peer = t.peer(expiry=60)
    assert peer.connack.session_present
    peer.nothing()


@proves("5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-4.1.0-1", "3.1:4.1a")
def received_ids(t):
    """ids that were received at QoS 2 are part of the session"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic(), qos=2)
    peer = t.peer(expiry=60)
    peer.send(publish(t.v, t.topic(), "once", 2, 7))
    peer.expect(PUBREC, 7)
    peer.cut()
    peer = t.peer(expiry=60)
    peer.send(publish(t.v, t.topic(), "once", 2, 7, dup=True))
    peer.expect(PUBREC, 7)
    peer.send(ack(6, 7))
    peer.expect(7, 7)
    assert watcher.message().payload == b"once"
    watcher.nothing()
