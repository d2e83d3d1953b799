# SPDX-License-Identifier: GPL-2.0
"""What depends on a setting of the broker: run.py -s KEY=VALUE runs the cases
for that one, after somebody has made it."""
import time

import mqtt
from case import proves
from mqtt import PUBACK, PUBCOMP, PUBREC, PUBREL, ack, connect, publish


@proves("5.0:MQTT-3.2.2-22", needs="max_keepalive=5")
def keepalive_told(t):
    """a client of a longer keep-alive, or none, is told to use the maximum"""
    for asked, told in ((60, 5), (0, 5), (6, 5), (5, None), (3, None)):
        assert t.peer(keepalive=asked).connack.props.get("server_keepalive") in (told, told or asked)


@proves("3.1.1:MQTT-3.2.2-4,5", "3.1:3.1e", needs="max_keepalive=5")
def keepalive_refused(t):
    """before 5.0 such a client is refused with 2"""
    for asked in (60, 0, 6):
        peer = t.raw()
        assert peer.open(t.id("a"), keepalive=asked).reason == 2
        t.gone(peer)
    t.peer(keepalive=5).ping()


@proves("5.0:MQTT-3.3.2-8,12", needs="max_topic_alias=0")
def no_aliases(t):
    """without topic aliases 1 is above the maximum: 94"""
    peer = t.peer()
    assert not peer.connack.props.get("alias_max")
    peer.send(publish(5, t.topic(), "x", properties={"alias": 1}))
    t.gone(peer, 0x94)


@proves("5.0:MQTT-3.3.2-12", needs="max_topic_alias=65535")
def all_aliases(t):
    """all 65,535 topic aliases may be used"""
    peer = t.peer()
    assert peer.connack.props["alias_max"] == 65535
    peer.subscribe(t.topic("#"))
    for n in (1, 255, 256, 65535):
        peer.publish(t.topic(str(n)), "x", properties={"alias": n})
        peer.publish("", "y", properties={"alias": n})
        assert [peer.message().topic for _ in "xy"] == [t.topic(str(n))] * 2


@proves("5.0:MQTT-4.9.0-1,2,3", "5.0:MQTT-4.13.1-1", needs="max_inflight_messages=1")
def window_in(t):
    """a Receive Maximum of 1 is announced and held to: 93"""
    peer = t.peer()
    assert peer.connack.props["receive_max"] == 1
    for pid in (1, 2):
        peer.publish(t.topic(), "x", 1, pid=pid)
        peer.publish(t.topic(), "x", 2, pid=pid)
    peer.send(publish(5, t.topic(), "x", 2, 1), publish(5, t.topic(), "x", 2, 2))
    peer.expect(PUBREC, 1)
    t.gone(peer, 0x93)


@proves("5.0:MQTT-4.9.0-1", "3.1.1:MQTT-4.6.0-6", also=["3.1"], needs="max_inflight_messages=1")
def window_out(t):
    """one message at a time, although the client allows for more; all in
    order"""
    peer, other = t.peer(), t.peer("b")
    peer.subscribe(t.topic(), qos=2)
    for i in range(6):
        other.publish(t.topic(), str(i), 1 + i % 2)
    for i in range(6):
        p = peer.message(acknowledge=False)
        assert p.payload == str(i).encode()
        peer.nothing()
        if p.qos == 2:
            peer.answer(PUBREC, p)
            peer.released(p.pid)
        else:
            peer.answer(PUBACK, p)


@proves("5.0:MQTT-4.1.0-2", "5.0:MQTT-3.1.2-23", needs="persistent_client_expiration=1")
def session_capped(t):
    """CONNACK says when sessions end earlier than the client wants"""
    peer = t.peer(expiry=600)
    assert peer.connack.props["session_expiry"] == 1
    assert t.peer("b", expiry=1).connack.props.get("session_expiry", 1) == 1
    assert t.peer("c").connack.props.get("session_expiry", 0) == 0
    watcher = t.peer("w")
    watcher.subscribe(t.topic("will"))
    peer = t.peer("d", expiry=600,
                  will={"topic": t.topic("will"), "properties": {"will_delay": 600}})
    start = time.monotonic()
    peer.cut()
    watcher.message()
    assert time.monotonic() - start > 0.9, "too early"
    assert not t.peer("d", expiry=600).connack.session_present


@proves("5.0:MQTT-4.3.3-9", "5.0:MQTT-3.4.2-1", "5.0:MQTT-3.5.2-1", "5.0:MQTT-4.3.2-5",
        needs="check_payload_format=1")
def payload_format(t):
    """text that is not UTF-8 is refused with 99; then its id is free, and a
    message with it a new one"""
    peer, watcher = t.peer(), t.peer("w")
    watcher.subscribe(t.topic(), qos=2)
    text = {"payload_format": 1}
    assert peer.publish(t.topic(), b"\xff", 1, pid=7, properties=text) == 0x99
    assert peer.publish(t.topic(), b"\xff", 2, pid=7, properties=text) == 0x99
    peer.send(publish(5, t.topic(), "good", 2, 7, properties=text))
    peer.expect(PUBREC, 7, 0)
    peer.send(ack(PUBREL, 7))
    peer.expect(PUBCOMP, 7, 0)
    assert watcher.message().payload == b"good"
    # What is refused needs no room in the window.
    for pid in range(1, 50):
        peer.send(publish(5, t.topic(), b"\xc0\xaf", 2, pid, properties=text))
        peer.expect(PUBREC, pid, 0x99)
    assert peer.publish(t.topic(), b"\xff", 2, properties={"payload_format": 0}) == 0
    assert watcher.message().payload == b"\xff"
    peer.send(publish(5, t.topic(), b"\xff", properties=text))
    t.gone(peer, 0x99)
    watcher.nothing()


@proves("5.0:MQTT-3.2.2-8", "3.1.1:MQTT-4.8.0-2", needs="max_packet_size=1000")
def packet_size(t):
    """the Maximum Packet Size is announced; a packet of it is taken, one of a
    byte more: 95"""
    peer = t.peer()
    assert t.v < 5 or peer.connack.props["max_packet"] == 1000
    peer.subscribe(t.topic())
    rest = 1000 - len(publish(t.v, t.topic(), b"x" * 200)) + 200
    peer.publish(t.topic(), b"x" * rest)
    assert len(peer.message().payload) == rest
    peer.send(publish(t.v, t.topic(), b"x" * (rest + 1)))
    t.gone(peer, 0x95)
    peer = t.raw()
    peer.send(connect(t.v, "x" * 1000))
    t.gone(peer, 0x95)


@proves("5.0:MQTT-3.8.4-7", "5.0:MQTT-3.9.3-2", "3.1.1:MQTT-3.8.4-5", "3.1.1:MQTT-3.9.3-1,2",
        needs="max_subscriptions=2")
def subscriptions(t):
    """one subscription too many fails, for itself: 97, before 5.0 80"""
    failed = 0x97 if t.v == 5 else 0x80
    peer = t.peer()
    filters = [t.topic(str(i)) for i in range(4)]
    assert peer.subscribe(*filters, qos=1) == [1, 1, failed, failed]
    assert peer.subscribe(filters[1], qos=2) == [2]
    peer.unsubscribe(filters[0])
    assert peer.subscribe(filters[3], filters[2], qos=1) == [1, failed]
    for f in filters:
        peer.publish(f, f, 1)
    assert [peer.message().topic for _ in range(2)] == [filters[1], filters[3]]
    peer.nothing()


@proves("5.0:MQTT-3.1.0-1", "3.1.1:MQTT-3.1.0-1", needs="connect_timeout=3")
def dribble(t):
    """a CONNECT that comes byte by byte is not waited for"""
    peer = t.raw()
    start = time.monotonic()
    for b in connect(t.v, "x" * 200):
        peer.send(bytes([b]))
        time.sleep(0.1)
        if time.monotonic() - start > 8:
            break
    # Errors of sending are no matter to send().
    try:
        peer.read()
    except mqtt.Closed:
        return
    raise AssertionError("it was let in")


@proves("5.0:MQTT-4.3.2-4", "5.0:MQTT-4.3.3-8", "3.1.1:MQTT-4.8.0-2", needs="message_memory=65536")
def no_memory(t):
    """a message for which there is no memory is not acknowledged as if there
    was: 97, before 5.0 the end"""
    watcher, payload = t.peer("w"), b"x" * 100000
    watcher.subscribe(t.topic(), qos=2)
    for qos in (1, 2):
        peer = t.peer()
        if t.v == 5:
            assert peer.publish(t.topic(), payload, qos, pid=5) == 0x97
            # The id is free.
            assert peer.publish(t.topic(), b"short", qos, pid=5) == 0
        else:
            peer.send(publish(t.v, t.topic(), payload, qos, 5))
            t.gone(peer)
            t.peer().publish(t.topic(), b"short", qos)
        assert watcher.message().payload == b"short"
    watcher.nothing()
