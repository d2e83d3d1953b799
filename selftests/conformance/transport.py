# SPDX-License-Identifier: GPL-2.0
"""The stream under the packets: however it is cut, the packets are the same."""
import os

from case import proves
from mqtt import CONNACK, PING, PINGRESP, SUBACK, connect, publish, subscribe


@proves("5.0:MQTT-4.2.0-1", "3.1.1:MQTT-7.1.1-1", "3.1.1:MQTT-7.0.0-2", also=["3.1"])
def bytewise(t):
    """packets that come byte by byte are packets"""
    peer = t.raw()
    topic = t.topic()
    for b in (connect(t.v, t.id("a")) + subscribe(t.v, topic) +
              publish(t.v, topic, "hello")):
        peer.send(bytes([b]))
    peer.wait(CONNACK)
    peer.wait(SUBACK)
    got = peer.message()
    assert (got.topic, got.payload) == (topic, b"hello")


@proves("5.0:MQTT-4.2.0-1", "3.1.1:MQTT-7.1.1-1", also=["3.1"])
def gathered(t):
    """many packets in one segment are all processed, in order"""
    peer = t.peer()
    topic = t.topic()
    peer.subscribe(topic)
    peer.send(b"".join(publish(t.v, topic, str(i)) for i in range(200)))
    for i in range(200):
        assert peer.message().payload == str(i).encode()


@proves("5.0:MQTT-4.2.0-1", "3.1.1:MQTT-7.1.1-1")
def large(t):
    """a payload of 300,000 bytes comes through as it is"""
    peer = t.peer()
    topic, payload = t.topic(), os.urandom(300000)
    peer.subscribe(topic)
    peer.send(publish(t.v, topic, payload))
    assert peer.message().payload == payload


@proves("5.0:MQTT-3.12.4-1", "3.1.1:MQTT-3.12.4-1", also=["3.1"])
def ping(t):
    """each PINGREQ gets its PINGRESP"""
    peer = t.peer()
    peer.send(PING * 5)
    for _ in range(5):
        assert peer.read().kind == PINGRESP
    peer.nothing()


@proves("3.1.1:MQTT-4.8.0-2", also=["5.0"])
def half(t):
    """half a message, then the end: delivered to nobody"""
    peer, watcher = t.peer("a"), t.peer("b")
    topic = t.topic()
    watcher.subscribe(topic)
    peer.send(publish(t.v, topic, "never to be seen")[:-3])
    peer.cut()
    watcher.nothing()
