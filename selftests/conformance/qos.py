# SPDX-License-Identifier: GPL-2.0
"""QoS 1 and 2 in both directions, and what happens when a connection ends in
the middle of it."""
import time

from case import proves
from mqtt import PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, ack, publish


@proves("5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5", "5.0:MQTT-4.3.2-4,5", "5.0:MQTT-3.4.2-1",
        "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6", "3.1.1:MQTT-4.3.2-2", "3.1:4.1a", "3.1:3.3a")
def one_in(t):
    """QoS 1 received: PUBACK with its id; the same id again is a new message,
    with or without DUP"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=1)
    for pid in (1, 0xffff, 0xabcd):
        for n, dup in enumerate((False, True, False)):
            peer.send(publish(t.v, t.topic(), str(n), 1, pid, dup=dup))
            assert peer.expect(PUBACK, pid).reason == 0
            assert watcher.message().payload == str(n).encode()


@proves("5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5", "5.0:MQTT-4.3.3-8,10,11,12", "5.0:MQTT-3.5.2-1",
        "5.0:MQTT-3.7.2-1", "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6", "3.1.1:MQTT-4.3.3-2",
        "3.1:4.1a")
def two_in(t):
    """QoS 2 received: PUBREC for each repetition, PUBCOMP for PUBREL, one
    delivery; afterwards the id is new"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=2)
    for pid in (1, 0xffff, 1):
        for dup in (False, True, True):
            peer.send(publish(t.v, t.topic(), "x", 2, pid, dup=dup))
            assert peer.expect(PUBREC, pid).reason == 0
        peer.send(ack(PUBREL, pid))
        assert peer.expect(PUBCOMP, pid).reason == 0
        assert watcher.message().payload == b"x"
        watcher.nothing()


@proves("5.0:MQTT-4.3.3-11", "5.0:MQTT-3.7.2-1", "3.1.1:MQTT-4.3.3-2", "3.1:4.1a")
def unknown_pubrel(t):
    """PUBREL of an unknown id gets PUBCOMP, in 5.0 with 92"""
    peer = t.peer()
    peer.send(ack(PUBREL, 77))
    peer.expect(PUBCOMP, 77, 0x92 if t.v == 5 else 0)
    # So does one that is repeated.
    peer.publish(t.topic(), "x", 2, pid=5)
    peer.send(ack(PUBREL, 5))
    peer.expect(PUBCOMP, 5, 0x92 if t.v == 5 else 0)


@proves("5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2")
def many_ids(t):
    """many messages at QoS 2 released in another order than published"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=1)
    ids = [7, 3, 0xffff, 1, 12, 8]
    for pid in ids:
        peer.send(publish(t.v, t.topic(), str(pid), 2, pid))
    for pid in ids:
        peer.expect(PUBREC, pid)
    for pid in sorted(ids):
        peer.send(ack(PUBREL, pid))
        peer.expect(PUBCOMP, pid)
    assert {watcher.message().payload for _ in ids} == {str(i).encode() for i in ids}
    watcher.nothing()


@proves("5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2")
def same_id(t):
    """the same id unreleased again and again: PUBREC each time, one delivery"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=2)
    for _ in range(200):
        peer.send(publish(t.v, t.topic(), b"x" * 100, 2, 7, dup=True))
    for _ in range(200):
        peer.expect(PUBREC, 7)
    peer.send(ack(PUBREL, 7))
    peer.expect(PUBCOMP, 7)
    watcher.message()
    watcher.nothing()


@proves("3.1.1:MQTT-4.6.0-2,3,6", also=["5.0"])
def acks_in_order(t):
    """PUBACKs and PUBRECs come in the order of the messages"""
    peer = t.peer()
    ids = (9, 2, 7, 1, 30000, 4)
    for qos, kind in ((1, PUBACK), (2, PUBREC)):
        peer.send(b"".join(publish(t.v, t.topic(), "x", qos, i) for i in ids))
        for i in ids:
            peer.expect(kind, i)
    peer.send(b"".join(ack(PUBREL, i) for i in ids))
    for i in ids:
        peer.expect(PUBCOMP, i)


def outgoing(t, qos, n=1, **how):
    """A subscriber, a publisher and n messages, not acknowledged."""
    peer, other = t.peer(**how), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    for i in range(n):
        other.publish(t.topic(), str(i), qos)
    return peer, other, [peer.message(acknowledge=False) for _ in range(n)]


@proves("5.0:MQTT-2.2.1-4", "5.0:MQTT-4.3.2-1,2", "5.0:MQTT-4.3.3-1,2",
        "3.1.1:MQTT-2.3.1-1,4", "3.1.1:MQTT-4.3.2-1", "3.1.1:MQTT-4.3.3-1", also=["3.1"])
def ids_out(t):
    """messages sent have non-zero ids, none in use, and DUP 0"""
    for name, qos in (("a", 1), ("c", 2)):
        peer, other, got = outgoing(t, qos, 10, client=t.id(name))
        assert len({p.pid for p in got}) == 10 and 0 not in {p.pid for p in got}
        assert {(p.qos, p.dup) for p in got} == {(qos, False)}
        # Some become free, and still no id is used twice: Peer checks that.
        for p in got[::2]:
            if qos == 1:
                peer.answer(PUBACK, p)
            else:
                peer.answer(PUBREC, p)
                peer.released(p.pid)
        for i in range(5):
            other.publish(t.topic(), str(i), qos)
            peer.message(acknowledge=False)
        peer.leave()


@proves("5.0:MQTT-4.3.2-3", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.2-1",
        "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-2.3.1-4", "3.1:4.2a")
def one_again(t):
    """QoS 1 without PUBACK: again upon resuming, same id, DUP; with it: not"""
    peer, _, got = outgoing(t, 1, 3, expiry=60)
    peer.answer(PUBACK, got[1])
    peer.nothing()
    peer.cut()
    for _ in range(2):
        peer = t.peer(expiry=60)
        for p in (got[0], got[2]):
            again = peer.message(acknowledge=False)
            assert (again.pid, again.payload, again.dup, again.qos) == (p.pid, p.payload, True, 1)
        peer.nothing()
        peer.cut()
    peer = t.peer(expiry=60)
    peer.message()
    peer.message()
    peer.leave()
    t.peer(expiry=60).nothing()


@proves("5.0:MQTT-4.3.3-3,4,5,6", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-2.2.1-5",
        "5.0:MQTT-3.6.2-1", "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1",
        "3.1.1:MQTT-2.3.1-6", "3.1:4.2a", "3.1:4.1a")
def two_again(t):
    """QoS 2, upon resuming: PUBLISH with DUP before PUBREC, PUBREL after it,
    nothing after PUBCOMP"""
    peer, _, got = outgoing(t, 2, 3, expiry=60)
    peer.answer(PUBREC, got[0])
    peer.released(got[0].pid)
    peer.answer(PUBREC, got[1])
    peer.expect(PUBREL, got[1].pid, 0)
    peer.nothing()
    peer.cut()
    for _ in range(2):
        peer = t.peer(expiry=60)
        again = {p.kind: p for p in (peer.wait(PUBLISH, PUBREL), peer.wait(PUBLISH, PUBREL))}
        assert again[PUBREL].pid == got[1].pid
        assert (again[PUBLISH].pid, again[PUBLISH].dup) == (got[2].pid, True)
        assert again[PUBLISH].payload == got[2].payload
        peer.nothing()
        peer.cut()
    peer = t.peer(expiry=60)
    again = {p.kind: p for p in (peer.wait(PUBLISH, PUBREL), peer.wait(PUBLISH, PUBREL))}
    peer.answer(PUBCOMP, again[PUBREL])
    peer.answer(PUBREC, again[PUBLISH])
    peer.released(got[2].pid)
    peer.nothing()
    peer.leave()
    t.peer(expiry=60).nothing()


@proves("5.0:MQTT-4.3.3-4", "5.0:MQTT-3.6.2-1", "3.1.1:MQTT-4.3.3-1", also=["3.1"])
def pubrec_repeated(t):
    """a repeated PUBREC gets its PUBREL again"""
    peer, _, (p,) = outgoing(t, 2)
    peer.answer(PUBREC, p)
    peer.expect(PUBREL, p.pid, 0)
    peer.send(ack(PUBREC, p.pid))
    peer.expect(PUBREL, p.pid)
    peer.answer(PUBCOMP, p)
    peer.nothing()


@proves("5.0:MQTT-4.4.0-1", "3.1.1:MQTT-4.4.0-1", slow=True)
def not_again(t):
    """nothing is sent again while the connection lasts"""
    peer, _, got = outgoing(t, 1, 2, expiry=60)
    time.sleep(2)
    peer.nothing()
    for p in got:
        peer.answer(PUBACK, p)
    peer.nothing()


@proves("5.0:MQTT-4.4.0-1", "5.0:MQTT-4.6.0-6", "3.1.1:MQTT-4.6.0-1,6", also=["3.1"])
def again_in_order(t):
    """messages come again in their order, before those that are new"""
    for name, qos in (("a", 1), ("c", 2)):
        peer, other, got = outgoing(t, qos, 10, expiry=60, client=t.id(name))
        peer.cut()
        other.publish(t.topic(), "new", qos)
        peer = t.peer(expiry=60, client=t.id(name))
        again = [peer.message() for _ in range(11)]
        assert [p.payload for p in again] == [p.payload for p in got] + [b"new"]
        assert [p.pid for p in again[:10]] == [p.pid for p in got]
        assert [p.dup for p in again] == [True] * 10 + [False]
        peer.leave()


@proves("3.1.1:MQTT-4.6.0-4,6", also=["5.0"])
def pubrels_in_order(t):
    """PUBRELs come in the order of the PUBRECs, all of them upon resuming"""
    peer, _, got = outgoing(t, 2, 6, expiry=60)
    order = [got[i] for i in (3, 0, 5, 1, 4, 2)]
    peer.send(b"".join(ack(PUBREC, p.pid) for p in order))
    for p in order:
        peer.pending[p.pid] = "rel"
        peer.expect(PUBREL, p.pid)
    peer.cut()
    peer = t.peer(expiry=60)
    again = [peer.wait(PUBREL) for _ in order]
    assert {p.pid for p in again} == {p.pid for p in order}
    for p in again:
        peer.answer(PUBCOMP, p)
    peer.nothing()


@proves("5.0:MQTT-3.8.4-8", "3.1.1:MQTT-3.8.4-6", also=["3.1"])
def lower(t):
    """each message comes with the lower of its QoS and that granted"""
    other = t.peer("b")
    for granted in (0, 1, 2):
        peer = t.peer()
        assert peer.subscribe(t.topic(), qos=granted) == [granted]
        for qos in (0, 1, 2):
            other.publish(t.topic(), f"{qos}", qos)
            got = peer.message()
            assert (got.qos, got.payload) == (min(qos, granted), f"{qos}".encode())
        peer.leave()


@proves("5.0:MQTT-4.3.3-4", "5.0:MQTT-4.4.0-2")
def refused_two(t):
    """a PUBREC of 80 and more gets no PUBREL; its id may be used again"""
    peer, other, got = outgoing(t, 2, 2, properties={"receive_max": 2})
    peer.answer(PUBREC, got[0], 0x97)
    peer.nothing()
    # The quota is there again.
    other.publish(t.topic(), "next", 2)
    assert peer.message().payload == b"next"
    peer.answer(PUBREC, got[1])
    peer.released(got[1].pid)
    peer.nothing()


@proves("5.0:MQTT-4.3.3-9")
def refusing_pubrec(t):
    """after a PUBREC that refuses, a message with that id is a new one"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=2)
    # $SYS is not for clients: where that is refused, the id is free.
    peer.send(publish(5, f"$SYS/{t.id('x')}", "x", 2, 7))
    if peer.expect(PUBREC, 7).reason < 0x80:
        peer.send(ack(PUBREL, 7))
        peer.expect(PUBCOMP, 7)
    peer.send(publish(5, t.topic(), "x", 2, 7))
    peer.expect(PUBREC, 7, 0)
    peer.send(ack(PUBREL, 7))
    peer.expect(PUBCOMP, 7, 0)
    assert watcher.message().payload == b"x"


@proves("5.0:MQTT-4.3.3-7", slow=True)
def sent_does_not_expire(t):
    """a message of QoS 2 that was sent comes again although it has expired"""
    peer, other = t.peer(expiry=60), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    other.publish(t.topic(), "x", 2, properties={"message_expiry": 2})
    p = peer.message(acknowledge=False)
    peer.cut()
    time.sleep(3.2)
    peer = t.peer(expiry=60)
    again = peer.message()
    assert (again.pid, again.payload, again.dup) == (p.pid, b"x", True)
    peer.nothing()


@proves("5.0:MQTT-4.3.3-13", "5.0:MQTT-3.3.2-5", slow=True)
def expired_goes_on(t):
    """a message that expires between PUBREC and PUBREL gets its PUBCOMP"""
    peer, absent = t.peer(), t.peer("b", expiry=60)
    absent.subscribe(t.topic(), qos=2)
    absent.leave()
    peer.send(publish(5, t.topic(), "x", 2, 9, properties={"message_expiry": 1}))
    peer.expect(PUBREC, 9, 0)
    time.sleep(2.2)
    peer.send(publish(5, t.topic(), "x", 2, 9, dup=True, properties={"message_expiry": 1}))
    peer.expect(PUBREC, 9)
    peer.send(ack(PUBREL, 9))
    peer.expect(PUBCOMP, 9, 0)


@proves("5.0:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.2-1")
def late_acks(t):
    """acknowledgements of what came before the resumed connection count"""
    peer, _, got = outgoing(t, 1, 2, expiry=60)
    peer.cut()
    peer = t.peer(expiry=60)
    again = [peer.message(False), peer.message(False)]
    assert [p.pid for p in again] == [p.pid for p in got]
    for p in reversed(again):
        peer.answer(PUBACK, p)
    peer.ping()
    peer.cut()
    t.peer(expiry=60).nothing()


@proves("5.0:MQTT-3.4.2-1", also=["3.1.1"])
def unknown_acks(t):
    """acknowledgements of unknown ids do no harm to others"""
    for kind in (PUBACK, PUBREC, PUBCOMP):
        peer = t.peer()
        peer.send(ack(kind, 4711), ack(kind, 4711))
        peer.cut()
