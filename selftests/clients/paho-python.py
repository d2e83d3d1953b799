#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A client on Python's paho-mqtt, by either version of its callbacks:
wildcards, retained messages, payloads byte for byte, QoS, will, takeover."""
import os
import queue
import sys

import paho.mqtt.client as paho

import mq

# paho-mqtt 2 has both callback interfaces, paho-mqtt 1 only the first.
INTERFACES = [paho.CallbackAPIVersion.VERSION1, paho.CallbackAPIVersion.VERSION2] \
    if hasattr(paho, "CallbackAPIVersion") else [None]
tap = mq.Tap()


class Client:
    def __init__(self, name, interface, will=None):
        self.happened = queue.Queue()
        self.messages = queue.Queue()
        args = [interface] if interface else []
        self.c = paho.Client(*args, client_id=name, clean_session=True,
                             protocol=paho.MQTTv311)
        if will:
            self.c.will_set(*will)
        second = INTERFACES[-1] and interface == INTERFACES[-1]
        # The second interface has one argument more, and reason codes.
        if second:
            self.c.on_connect = lambda c, u, f, code, p: self.happened.put(("connect", code.value))
            self.c.on_disconnect = lambda c, u, f, code, p: self.happened.put(("end", code.value))
            self.c.on_subscribe = lambda c, u, mid, codes, p: self.happened.put(
                ("subscribe", [x.value for x in codes]))
        else:
            self.c.on_connect = lambda c, u, f, code: self.happened.put(("connect", code))
            self.c.on_disconnect = lambda c, u, code: self.happened.put(("end", code))
            self.c.on_subscribe = lambda c, u, mid, codes: self.happened.put(
                ("subscribe", list(codes)))
        self.c.on_message = lambda c, u, m: self.messages.put(m)
        # A client that was cut is not to come back and take over in its turn.
        self.c.reconnect_delay_set(600, 600)
        self.c.connect(mq.HOST, mq.PORT, 60)
        self.c.loop_start()
        assert self.wait("connect") == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.c.disconnect()
        self.c.loop_stop()

    def wait(self, what):
        got, value = self.happened.get(timeout=mq.PATIENCE)
        assert got == what, f"{got} where {what} is due"
        return value

    def subscribe(self, *filters):
        self.c.subscribe(list(filters))
        return self.wait("subscribe")

    def publish(self, topic, payload=None, qos=0, retain=False):
        self.c.publish(topic, payload, qos, retain).wait_for_publish(mq.PATIENCE)

    def next(self):
        return self.messages.get(timeout=mq.PATIENCE)

    def nothing(self):
        try:
            self.messages.get(timeout=0.5)
        except queue.Empty:
            return True
        return False


def payloads(c):
    c.subscribe(("py/bytes", 0))
    for n in (0, 1, 65536):
        sent = os.urandom(n)
        c.publish("py/bytes", sent)
        assert c.next().payload == sent, n


def wildcards(c):
    codes = c.subscribe(("py/+/w", 0), ("py/deep/#", 1), ("py/two", 2))
    assert codes == [0, 1, 2], codes
    for t in ("py/x/w", "py/deep", "py/deep/a/b", "py/two"):
        c.publish(t, "x")
        assert c.next().topic == t
    c.publish("py/x/y", "x")
    assert c.nothing()


def retained(c):
    c.publish("py/kept", "v", retain=True)
    c.subscribe(("py/kept", 0))
    m = c.next()
    assert m.retain and m.payload == b"v"
    c.publish("py/kept", None, retain=True)
    c.next()
    c.c.unsubscribe("py/kept")
    c.subscribe(("py/kept", 0))
    assert c.nothing()


def every_qos(c):
    c.subscribe(("py/qos", 2))
    for qos in range(3):
        for i in range(20):
            c.publish("py/qos", str(i), qos)
        assert [c.next().payload for _ in range(20)] == [str(i).encode() for i in range(20)]


def takeover(c, interface):
    c.subscribe(("py/will", 0))
    old = Client("py-same", interface, will=("py/will", "taken over"))
    with Client("py-same", interface):
        old.wait("end")
        assert c.next().payload == b"taken over"
    old.c.loop_stop()
    with Client("py-peace", interface, will=("py/will", "no")):
        pass
    assert c.nothing(), "a will after DISCONNECT"


for n, interface in enumerate(INTERFACES, 1):
    with Client("py", interface) as client:
        for test in (payloads, wildcards, retained, every_qos):
            tap(f"Python paho, callbacks {n}: {test.__name__}", test, client)
        tap(f"Python paho, callbacks {n}: takeover and wills", takeover, client, interface)
sys.exit(tap.failed > 0)
