# SPDX-License-Identifier: GPL-2.0
"""Flow control: Receive Maximum and Maximum Packet Size, in both directions."""
import mqtt
from case import proves
from mqtt import PUBACK, PUBCOMP, PUBREC, PUBREL, SUBACK, UNSUBACK, ack, publish


def quota(t, most, qos):
    peer, other = t.peer(properties={"receive_max": most}), t.peer("b")
    peer.subscribe(t.topic(), qos=qos)
    peer.subscribe(t.topic("zero"))
    for i in range(most + 3):
        other.publish(t.topic(), str(i), qos)
    # Peer would not let pass more than that.
    return peer, other, [peer.message(acknowledge=False) for _ in range(most)]


@proves("5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1,2")
def one(t):
    """no more messages of QoS 1 than Receive Maximum; each PUBACK lets one
    more come"""
    for most in (1, 2, 5):
        peer, other, got = quota(t, most, 1)
        peer.nothing()
        for i in range(3):
            peer.answer(PUBACK, got.pop(0), (0, None, 0x83)[i])
            got.append(peer.message(acknowledge=False))
            assert got[-1].payload == str(most + i).encode()
            peer.nothing()
        for p in (peer, other):
            p.leave()


@proves("5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1,2")
def two(t):
    """at QoS 2 it is PUBCOMP, or a PUBREC that refuses, that lets more come"""
    peer, _, got = quota(t, 2, 2)
    peer.answer(PUBREC, got[0])
    peer.expect(PUBREL, got[0].pid)
    peer.nothing()
    peer.answer(PUBCOMP, got[0])
    assert peer.message(acknowledge=False).payload == b"2"
    peer.nothing()
    peer.answer(PUBREC, got[1], 0x80)
    assert peer.message(acknowledge=False).payload == b"3"
    peer.nothing()


@proves("5.0:MQTT-3.3.4-10", "5.0:MQTT-4.9.0-3")
def others_go_on(t):
    """with the quota used up everything but PUBLISH is served: the client's own
    messages, requests, PING; and QoS 0 at the latest afterwards"""
    peer, other, got = quota(t, 2, 2)
    assert peer.subscribe(t.topic("x"), qos=2) == [2]
    assert peer.unsubscribe(t.topic("x")) == [0]
    for qos in (0, 1, 2):
        peer.publish(t.topic("y"), "x", qos)
    peer.nothing()
    other.publish(t.topic("zero"), "zero")
    for p in got:
        peer.answer(PUBREC, p)
        peer.released(p.pid)
    assert {peer.message().payload for _ in range(4)} == {b"2", b"3", b"4", b"zero"}
    peer.nothing()


@proves("5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1", "5.0:MQTT-4.4.0-1")
def resumed(t):
    """the quota is that of the new connection"""
    other = t.peer("b")
    peer = t.peer(expiry=60, properties={"receive_max": 5})
    peer.subscribe(t.topic(), qos=1)
    for i in range(5):
        other.publish(t.topic(), str(i), 1)
        peer.message(acknowledge=False)
    peer.cut()
    peer = t.peer(expiry=60, properties={"receive_max": 2})
    got = [peer.message(acknowledge=False), peer.message(acknowledge=False)]
    peer.nothing()
    for i in range(5):
        peer.answer(PUBACK, got.pop(0))
        if i < 3:
            got.append(peer.message(acknowledge=False))
    peer.nothing()


@proves("5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1,2")
def resumed_released(t):
    """PUBCOMP for a PUBREL of an earlier connection makes no room in this one"""
    other = t.peer("b")
    peer = t.peer(expiry=60, properties={"receive_max": 5})
    peer.subscribe(t.topic(), qos=2)
    for i in range(6):
        other.publish(t.topic(), str(i), 2)
    got = [peer.message(acknowledge=False) for _ in range(5)]
    for p in got[:2]:
        peer.answer(PUBREC, p)
        peer.expect(PUBREL, p.pid)
    peer.cut()
    peer = t.peer(expiry=60, properties={"receive_max": 2})
    for p in got[:2]:
        peer.expect(PUBREL, p.pid)
    again = [peer.message(acknowledge=False), peer.message(acknowledge=False)]
    assert [p.payload for p in again] == [b"2", b"3"]
    for p in got[:2]:
        peer.answer(PUBCOMP, p)
        peer.nothing()
    for p in again:
        peer.answer(PUBREC, p)
        peer.released(p.pid)
    assert [peer.message().payload for _ in range(2)] == [b"4", b"5"]
    peer.nothing()


@proves("3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.9.0-1")
def window(t):
    """more messages than may be on their way at once all come, in order"""
    peer, other = t.peer(), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    for i in range(60):
        other.publish(t.topic(), str(i), 1 + i % 2)
    got = [peer.message() for _ in range(60)]
    for qos in (1, 2):
        assert [int(p.payload) for p in got if p.qos == qos] == list(range(qos - 1, 60, 2))
    peer.nothing()


@proves("5.0:MQTT-4.13.1-1", "5.0:MQTT-4.13.2-1", "5.0:MQTT-4.9.0-3")
def exceeded(t):
    """more messages from a client than the server's Receive Maximum: 93"""
    peer = t.peer()
    most = peer.connack.props.get("receive_max", 65535)
    for pid in range(1, most + 1):
        peer.send(publish(5, t.topic(), "x", 2, pid))
    for pid in range(1, most + 1):
        peer.expect(PUBREC, pid)
    # One done is one more; QoS 0 and repetitions do not count.
    peer.send(ack(PUBREL, 1))
    peer.expect(PUBCOMP, 1)
    peer.send(publish(5, t.topic(), "x", 2, 1))
    peer.expect(PUBREC, 1)
    peer.send(publish(5, t.topic(), "x", 2, 2, dup=True), publish(5, t.topic(), "x"))
    peer.expect(PUBREC, 2)
    peer.ping()
    peer.send(publish(5, t.topic(), "x", 2, most + 1))
    t.gone(peer, 0x93)


@proves("3.1.1:MQTT-4.3.3-2", also=["3.1"])
def unlimited(t):
    """before 5.0 a client may have many messages unreleased"""
    peer = t.peer()
    for pid in range(1, 101):
        peer.send(publish(t.v, t.topic(), "x", 2, pid))
    for pid in range(1, 101):
        peer.expect(PUBREC, pid)
    for pid in range(1, 101):
        peer.send(ack(PUBREL, pid))
        peer.expect(PUBCOMP, pid)


@proves("5.0:MQTT-3.1.2-24,25")
def too_large(t):
    """a message over the client's Maximum Packet Size is not sent, counts as
    delivered, and others come; one of exactly that size comes"""
    other = t.peer("b")
    for qos in (0, 1, 2):
        peer = t.peer(properties={"max_packet": 100, "receive_max": 1})
        peer.subscribe(t.topic(), qos=2)
        rest = 100 - len(publish(5, t.topic(), b"", qos))
        for size in (rest + 1, 5000, rest, rest + 1, rest - 1):
            assert other.publish(t.topic(), b"x" * size, qos) == 0
        assert [len(peer.message().payload) for _ in range(2)] == [rest, rest - 1]
        peer.nothing()
        peer.leave()


@proves("5.0:MQTT-3.1.2-24,25")
def too_large_later(t):
    """what waited for an absent client and is too large for it when it
    returns counts as delivered"""
    other, topic = t.peer("b"), t.retain()
    peer = t.peer(expiry=60)
    peer.subscribe(t.topic("#"), qos=1)
    other.publish(t.topic("x"), b"x" * 200, 1)
    peer.message(acknowledge=False)
    peer.leave()
    other.publish(t.topic("x"), b"y" * 200, 1)
    other.publish(t.topic("x"), b"short", 1)
    other.publish(topic, b"x" * 200, 1, retain=True)
    peer = t.peer(expiry=60, properties={"max_packet": 100, "receive_max": 1})
    assert peer.message().payload == b"short"
    peer.subscribe(topic)
    peer.nothing()


@proves("5.0:MQTT-3.1.2-24,25")
def too_large_properties(t):
    """properties count for the size, too"""
    other = t.peer("b")
    peer = t.peer(properties={"max_packet": 100})
    peer.subscribe(t.topic(), qos=1)
    other.publish(t.topic(), "x", 1, properties={"user": [("x" * 50, "y" * 50)]})
    other.publish(t.topic(), "next", 1)
    assert peer.message().payload == b"next"


@proves("5.0:MQTT-3.1.2-24", "5.0:MQTT-3.9.2-1", "5.0:MQTT-3.11.2-1")
def too_large_answer(t):
    """an answer that is larger than the client takes is not sent; the
    connection goes on, or ends for a reason"""
    for make in (mqtt.subscribe, mqtt.unsubscribe):
        peer = t.peer(properties={"max_packet": 30})
        peer.send(make(5, *(t.topic(str(n)) for n in range(100)), pid=1), mqtt.PING)
        # Peer would not let pass a larger one.
        p = peer.wait(mqtt.PINGRESP, mqtt.DISCONNECT)
        assert p.kind == mqtt.PINGRESP or p.reason in (0x80, 0x83, 0x95, 0x97), hex(p.reason)


@proves("5.0:MQTT-3.1.2-24", "5.0:MQTT-3.2.2-19,20")
def too_large_connack(t):
    """not even CONNACK is larger than the client takes"""
    for most in range(1, 25):
        peer = t.raw()
        peer.max_packet = most
        peer.send(mqtt.connect(5, t.id("a"), properties={"max_packet": most}), mqtt.PING)
        try:
            if peer.wait(mqtt.CONNACK).reason == 0:
                peer.wait(mqtt.PINGRESP)
        except mqtt.Closed:
            pass
        peer.close()


@proves("5.0:MQTT-4.13.1-1", "3.1.1:MQTT-4.8.0-2")
def too_large_for_server(t):
    """a packet over the server's Maximum Packet Size: 95, the end"""
    peer = t.peer()
    most = peer.connack.props.get("max_packet", 2000000)
    peer.send(b"\x30" + mqtt.varint(most + 10) + mqtt.string(t.topic()) + b"\0")
    t.gone(peer, 0x95)


@proves("5.0:MQTT-4.13.1-1", "3.1.1:MQTT-3.1.2-24")
def cut_in_fan_out(t):
    """receivers that are gone in the middle of a fan-out harm nobody"""
    other, last = t.peer("b"), t.peer("last")
    last.subscribe(t.topic(), qos=1)
    for _ in range(5):
        peers = [t.peer(f"m{i}") for i in range(20)]
        for peer in peers:
            peer.subscribe(t.topic(), qos=2)
        other.send(b"".join(publish(t.v, t.topic(), b"x" * 500, n % 3, n + 1) for n in range(15)))
        for i, peer in enumerate(peers):
            if i % 2:
                peer.send(b"\0\0")
            peer.close()
        other.send(b"".join(ack(PUBREL, n + 1) for n in range(2, 15, 3)))
        assert [len(last.message().payload) for _ in range(15)] == [500] * 15
    last.nothing()


@proves("5.0:MQTT-3.8.4-1", "5.0:MQTT-3.10.4-4")
def own_packets_small(t):
    """a client of the smallest packets still gets its acknowledgements"""
    peer = t.peer(properties={"max_packet": 20})
    peer.send(mqtt.subscribe(5, t.topic(), pid=1) + mqtt.unsubscribe(5, t.topic(), pid=2) +
              publish(5, t.topic(), "x", 1, 3))
    peer.expect(SUBACK, 1)
    peer.expect(UNSUBACK, 2)
    peer.expect(PUBACK, 3)
