#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Sessions with Python's paho-mqtt, 3.1.1 and 5.0: store and forward, session
present, expiry of sessions and messages, delayed wills. Nothing is asserted
about how long a thing takes, but what has a second to live is waited out."""
import json
import os
import queue
import subprocess
import sys
import time
import warnings

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import mq

MQTTK = os.environ.get("BROKER", "mqttk") == "mqttk"
# paho-mqtt 2 wants to know which callbacks are meant; these fit both, but it
# would rather not have them any more.
warnings.simplefilter("ignore", DeprecationWarning)
FIRST = [paho.CallbackAPIVersion.VERSION1] if hasattr(paho, "CallbackAPIVersion") else []
tap = mq.Tap()


def properties(kind, **values):
    p = Properties(kind)
    for name, value in values.items():
        setattr(p, name, value)
    return p


class Client:
    """A connection with a session. It never comes back by itself."""

    def __init__(self, name, version=5, clean=False, expiry=None, will=None):
        self.happened = queue.Queue()
        self.messages = queue.Queue()
        how = {}
        if version == 5:
            how["clean_start"] = clean
            if expiry is not None:
                how["properties"] = properties(PacketTypes.CONNECT, SessionExpiryInterval=expiry)
            self.c = paho.Client(*FIRST, client_id=name, protocol=paho.MQTTv5)
            self.c.on_connect = lambda c, u, f, code, p: self.happened.put(
                ("connect", code.value, f["session present"]))
            self.c.on_disconnect = lambda c, u, code, *p: self.happened.put(("end",))
            self.c.on_subscribe = lambda c, u, mid, codes, *p: self.happened.put(
                ("subscribe", [x.value for x in codes]))
        else:
            self.c = paho.Client(*FIRST, client_id=name, clean_session=clean, protocol=version)
            self.c.on_connect = lambda c, u, f, code: self.happened.put(
                ("connect", code, f["session present"]))
            self.c.on_disconnect = lambda c, u, code: self.happened.put(("end",))
            self.c.on_subscribe = lambda c, u, mid, codes: self.happened.put(
                ("subscribe", list(codes)))
        self.c.on_message = lambda c, u, m: self.messages.put(m)
        self.c.reconnect_delay_set(600, 600)
        if will:
            self.c.will_set(*will)
        self.c.connect(mq.HOST, mq.PORT, 60, **how)
        self.c.loop_start()
        _, code, present = self.wait("connect")
        assert code == 0, f"refused with {code}"
        self.present = bool(present)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def wait(self, what):
        got = self.happened.get(timeout=mq.PATIENCE)
        assert got[0] == what, f"{got[0]} where {what} is due"
        return got

    def leave(self, **changed):
        """DISCONNECT; with the session expiry changed, if so said."""
        if changed:
            self.c.disconnect(properties=properties(PacketTypes.DISCONNECT, **changed))
        else:
            self.c.disconnect()
        self.wait("end")
        self.c.loop_stop()

    def vanish(self):
        """The link is gone without a word."""
        self.c.loop_stop()
        self.c.socket().close()

    def subscribe(self, topic, qos):
        self.c.subscribe(topic, qos)
        codes = self.wait("subscribe")[1]
        assert codes == [qos], codes

    def publish(self, topic, payload, qos, retain=False, **how):
        p = properties(PacketTypes.PUBLISH, **how) if how else None
        self.c.publish(topic, payload, qos, retain, p).wait_for_publish(mq.PATIENCE)

    def next(self):
        return self.messages.get(timeout=mq.PATIENCE)

    def payloads(self, n):
        return [self.next().payload.decode() for _ in range(n)]

    def nothing(self):
        try:
            m = self.messages.get(timeout=0.5)
        except queue.Empty:
            return True
        raise AssertionError(f"{m.payload} on {m.topic}")


def counter(name):
    out = subprocess.run(["mqttkctl", "-j", "stats"], check=True, capture_output=True)
    return int(json.loads(out.stdout)["counters"][name])


class Expired:
    """with Expired("sessions_expired"): leaves when one more has. mosquitto,
    which does not say, gets the time."""

    def __init__(self, name, n=1):
        self.name, self.n = name, n

    def __enter__(self):
        self.before = counter(self.name) if MQTTK else 0

    def __exit__(self, kind, *_):
        if kind:
            return
        if not MQTTK:
            time.sleep(3.5)
            return
        end = time.monotonic() + mq.PATIENCE
        while counter(self.name) < self.before + self.n:
            assert time.monotonic() < end, f"{self.name} does not grow"
            time.sleep(0.1)


def forward(version, qos):
    name = f"py-away-{version}-{qos}"
    with Client(name, version, clean=version == 5, expiry=600 if version == 5 else None) as c:
        assert not c.present
        c.subscribe("py/away", qos)
    sent = [f"{qos}-{i}" for i in range(100)]
    with Client("py-sender", version, clean=True) as p:
        for payload in sent:
            p.publish("py/away", payload, 2)
    with Client(name, version, expiry=600 if version == 5 else None) as c:
        assert c.present
        got = [c.next() for _ in sent]
        assert [m.payload.decode() for m in got] == sent
        assert {(m.qos, bool(m.retain), bool(m.dup)) for m in got} == {(qos, False, False)}
        c.nothing()
    with Client(name, version, clean=True) as c:
        assert not c.present
    with Client(name, version) as c:
        assert not c.present, "a clean session that came back"
    with Client(name, version, clean=True):
        pass


def session_expiry():
    """Ends with its time, and with the link if it has none."""
    with Client("py-x", clean=True, expiry=600) as c:
        c.subscribe("py/x", 1)
    c = Client("py-x", expiry=1)
    assert c.present, "not kept"
    with Expired("sessions_expired"):
        c.leave()
    with Client("py-x", expiry=0) as c:
        assert not c.present, "not expired"
    with Client("py-x", expiry=600) as c:
        assert not c.present, "kept, though its expiry was 0"
    with Client("py-x", clean=True) as c:
        assert not c.present, "a clean start with the old session"


def expiry_by_disconnect():
    """DISCONNECT says how long; 0xffffffff is for ever."""
    c = Client("py-d", clean=True, expiry=600)
    c.leave(SessionExpiryInterval=0)
    c = Client("py-d", expiry=1)
    assert not c.present
    c.leave(SessionExpiryInterval=0xffffffff)
    time.sleep(1.5)
    with Client("py-d", clean=False) as c:
        assert c.present


def message_expiry():
    with Client("py-m", clean=True, expiry=600) as c:
        c.subscribe("py/m", 1)
    with Client("py-sender", clean=True) as p, Expired("messages_expired"):
        p.publish("py/m", "short", 1, MessageExpiryInterval=1)
        p.publish("py/m", "long", 1, MessageExpiryInterval=1000)
        p.publish("py/m", "for ever", 1)
    with Client("py-m", expiry=0) as c:
        m = c.next()
        assert m.payload == b"long", m.payload
        left = m.properties.MessageExpiryInterval
        assert 0 < left < 1000, left
        m = c.next()
        assert m.payload == b"for ever" and not hasattr(m.properties, "MessageExpiryInterval")
        c.nothing()


def will(payload, delay):
    w = ("py/will", payload, 1, False)
    return w + (properties(PacketTypes.WILLMESSAGE, WillDelayInterval=delay),)


def will_delay():
    with Client("py-heir", clean=True) as heir:
        heir.subscribe("py/will", 1)
        c = Client("py-w", clean=True, expiry=600, will=will("late", 1))
        c.vanish()
        assert heir.payloads(1) == ["late"]
        # Who comes back in time has no last will.
        c = Client("py-w", expiry=600, will=will("not at all", 600))
        c.vanish()
        c = Client("py-w", expiry=1, will=will("with the session", 600))
        assert c.present
        heir.nothing()
        c.vanish()
        assert heir.payloads(1) == ["with the session"]
        c = Client("py-w", clean=True, expiry=600, will=will("peace", 0))
        c.leave(SessionExpiryInterval=0)
        heir.nothing()


def retained():
    with Client("py-r", clean=True) as c:
        for qos in (1, 2):
            c.publish(f"py/r/{qos}", f"kept {qos}", qos, retain=True)
        c.subscribe("py/r/#", 2)
        got = sorted((m.topic, m.qos, bool(m.retain), m.payload) for m in (c.next(), c.next()))
        assert got == [("py/r/1", 1, True, b"kept 1"), ("py/r/2", 2, True, b"kept 2")], got
    with Client("py-r", clean=True) as c:
        c.subscribe("py/r/#", 1)
        assert sorted((m.topic, m.qos) for m in (c.next(), c.next())) == \
            [("py/r/1", 1), ("py/r/2", 1)]
        for qos in (1, 2):
            c.publish(f"py/r/{qos}", None, qos, retain=True)


def main():
    for version in (paho.MQTTv311, paho.MQTTv5):
        for qos in (1, 2):
            tap(f"Python paho, level {version}: 100 messages of QoS {qos} for one who is away",
                forward, version, qos)
    for test in (session_expiry, expiry_by_disconnect, message_expiry, will_delay, retained):
        tap(f"Python paho, 5.0: {test.__name__.replace('_', ' ')}", test)
    sys.exit(tap.failed > 0)


main()
