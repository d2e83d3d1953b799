# SPDX-License-Identifier: GPL-2.0
"""Shared subscriptions."""
from case import add, proves
from mqtt import NO_LOCAL, PUBACK, PUBREC, SUBACK, subscribe


def bad(name, f):
    def function(t):
        peer = t.peer()
        peer.send(subscribe(5, f))
        got = peer.ended_or(SUBACK)
        assert got is None or got.codes == [0x8f], got.codes
        if got:
            peer.ping()
    add("shared", f"bad_{name}", f"'{f}' is refused",
        ["5.0:MQTT-4.8.2-1,2", "5.0:MQTT-3.9.3-2"], function)


for each, its in (("no_filter", "$share/x"), ("empty_group", "$share//t"), ("plus", "$share/+/t"),
                  ("hash", "$share/#/t"), ("plus_inside", "$share/a+/t"), ("nothing", "$share/"),
                  ("empty_filter", "$share/x/"), ("wildcard", "$share/x/#/t")):
    bad(each, its)


def members(t, n, qos=2, f=None, **how):
    """n members of one group, and a publisher."""
    peers = [t.peer(f"m{i}", **how) for i in range(n)]
    for peer in peers:
        assert peer.subscribe(f or f"$share/g/{t.topic()}", qos=qos) == [qos]
    return (*peers, t.peer("b"))


def pending(peer):
    """The messages that have come."""
    peer.ping()
    peer.ping()
    got, peer.inbox = peer.inbox, []
    return got


@proves("5.0:MQTT-4.8.2-1,2,3")
def each_once(t):
    """each message goes to one member; each member gets some, with its QoS"""
    for f in (t.topic(), t.topic("#")[:-2] + "/+", t.topic("#")):
        one, two, three, other = members(t, 3, 1, f"$share/group/{f}")
        for i in range(30):
            other.publish(t.topic(), str(i), i % 3)
        got = [pending(p) for p in (one, two, three)]
        assert sorted(int(p.payload) for g in got for p in g) == list(range(30))
        assert all(got), [len(g) for g in got]
        assert all(p.qos == min(1, int(p.payload) % 3) for g in got for p in g)
        for peer in (one, two, three, other):
            peer.leave()


@proves("5.0:MQTT-4.8.2-3", "5.0:MQTT-3.8.4-8")
def own_qos(t):
    """each member gets messages with the QoS granted to it"""
    *peers, other = *members(t, 3, 0)[:3], t.peer("c")
    for qos in (1, 2):
        peers[qos].subscribe(f"$share/g/{t.topic()}", qos=qos)
    for i in range(15):
        other.publish(t.topic(), str(i), 2)
    got = [pending(p) for p in peers]
    assert sum(len(g) for g in got) == 15 and all(got)
    assert [{p.qos for p in g} for g in got] == [{0}, {1}, {2}]


@proves("5.0:MQTT-4.8.2-1,2")
def groups(t):
    """each group gets each message, and so do ordinary subscriptions, of the
    same client as well"""
    peer, other = t.peer(), t.peer("b")
    peer.subscribe(f"$share/one/{t.topic()}", f"$share/two/{t.topic()}", t.topic())
    other.publish(t.topic(), "x")
    # Once for each, or once for all of them: but not less.
    assert len(pending(peer)) in (1, 2, 3)
    peer.unsubscribe(f"$share/one/{t.topic()}", t.topic())
    other.publish(t.topic(), "x")
    assert len(pending(peer)) == 1
    assert peer.unsubscribe(f"$share/two/{t.topic()}", t.topic()) == [0, 0x11]
    other.publish(t.topic(), "x")
    peer.nothing()


@proves("5.0:MQTT-4.8.2-2")
def names(t):
    """what begins like $share/ but is not, is an ordinary filter"""
    peer = t.peer()
    for f in ("$shared/x/t", "$shareg/t"):
        assert peer.subscribe(f"{f}") == [0]
        peer.unsubscribe(f)
    assert peer.subscribe(f"$share/$x \u00e9/{t.topic()}") == [0]
    peer.publish(t.topic(), "x")
    assert peer.message().payload == b"x"


@proves("5.0:MQTT-3.8.3-4", "5.0:MQTT-4.13.1-1")
def no_local(t):
    """No Local on a shared subscription: 82, the end"""
    peer = t.peer()
    peer.send(subscribe(5, (f"$share/g/{t.topic()}", NO_LOCAL | 1)))
    t.gone(peer, 0x82)


@proves("5.0:MQTT-4.8.2-1")
def not_retained(t):
    """shared subscriptions get no retained messages"""
    peer, topic = t.peer(), t.retain()
    peer.publish(topic, "kept", retain=True)
    peer.subscribe(f"$share/g/{topic}")
    peer.nothing()


@proves("5.0:MQTT-4.8.2-4", "5.0:MQTT-4.4.0-1")
def two_completed(t):
    """QoS 2 that has begun stays with its member until that returns"""
    one, two, other = members(t, 2, 2, expiry=60)
    for i in range(4):
        other.publish(t.topic(), str(i), 2)
    got = pending(one)
    assert got
    taken = pending(two)
    one.answer(PUBREC, got[0])
    one.released(got[0].pid)
    one.cut()
    assert not pending(two)
    one = t.peer("m0", expiry=60)
    again = [one.message() for _ in got[1:]]
    assert [(p.pid, p.payload, p.dup) for p in again] == [(p.pid, p.payload, True) for p in got[1:]]
    one.nothing()
    for p in taken:
        two.answer(PUBREC, p)
        two.released(p.pid)
    two.nothing()


@proves("5.0:MQTT-4.8.2-5")
def two_dies(t):
    """QoS 2 that has begun dies with its member's session"""
    for end in ("expiry", "clean"):
        one, two, other = members(t, 2, 2, expiry=0 if end == "expiry" else 60)
        for i in range(4):
            other.publish(t.topic(), str(i), 2)
        assert pending(one)
        taken = len(pending(two))
        one.cut()
        t.peer("m0", clean=True).leave()
        assert not pending(two), taken
        for peer in (two, other):
            peer.leave()


@proves("5.0:MQTT-4.8.2-6", "5.0:MQTT-4.4.0-2")
def refused(t):
    """what its member refused by PUBACK or PUBREC goes to nobody else"""
    for qos, kind in ((1, PUBACK), (2, PUBREC)):
        one, two, other = members(t, 2, qos)
        for i in range(4):
            other.publish(t.topic(), str(i), qos)
        got, taken = pending(one), pending(two)
        assert got and taken
        for p in got:
            one.answer(kind, p, 0x80)
        one.ping()
        assert not pending(two) and not pending(one)
        one.cut()
        assert not pending(two)
        for peer in (two, other):
            peer.leave()


@proves("5.0:MQTT-4.8.2-3")
def connected_only(t):
    """while members are connected they get the messages of those who are not"""
    one, two, other = members(t, 2, 1, expiry=60)
    one.leave()
    for i in range(10):
        other.publish(t.topic(), str(i), 1)
    assert len(pending(two)) == 10


@proves("5.0:MQTT-4.5.0-1")
def absent(t):
    """while no member is connected, messages wait for one of them"""
    one, two, other = members(t, 2, 1, expiry=60)
    one.leave()
    two.leave()
    for i in range(6):
        other.publish(t.topic(), str(i), 1)
    got = pending(t.peer("m0", expiry=60)) + pending(t.peer("m1", expiry=60))
    assert sorted(int(p.payload) for p in got) == list(range(6))


@proves("5.0:MQTT-3.3.4-3", "5.0:MQTT-3.8.4-3")
def subscription_ids(t):
    """shared subscriptions have ids of their own, and are replaced alone"""
    peer = t.peer()
    for number in (3, 4):
        peer.subscribe(f"$share/g/{t.topic()}", properties={"subscription_id": number})
    peer.publish(t.topic(), "x")
    assert peer.message().props["subscription_id"] == [4]
    peer.nothing()


@proves("5.0:MQTT-3.10.4-1,2")
def unsubscribed(t):
    """a member that unsubscribes leaves the group to the others"""
    one, two, other = members(t, 2, 1)
    assert one.unsubscribe(t.topic(), f"$share/h/{t.topic()}") == [0x11, 0x11]
    assert one.unsubscribe(f"$share/g/{t.topic()}") == [0]
    for i in range(5):
        other.publish(t.topic(), str(i), 1)
    assert len(pending(two)) == 5
    one.nothing()
