#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Every row of qos2.table, by packets: brings the broker into the row's state,
lets the event happen, and looks at what it does and at the state it is in then.
A row that says NOSPACE needs mqttkctl."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "clients"), HERE]
import mq  # noqa: E402

MQTTK = os.environ.get("BROKER", "mqttk") == "mqttk"
# What mosquitto 2.0 does otherwise, by state and event: as a sender, with wrong
# peers; as a receiver, it delivers at PUBREL, which is the other way to do it.
DIFFERS = set() if MQTTK else {
    ("FREE", "PUBREC"), ("PUBLISHED", "PUBCOMP"), ("RELEASED", "PUBREC"),
    ("RELEASED", "REFUSED"), ("UNKNOWN", "PUBLISH"), ("UNKNOWN", "NOSPACE"),
    ("UNKNOWN", "PUBREL"), ("UNKNOWN", "RESUME"), ("KNOWN", "PUBLISH"),
    ("KNOWN", "NOSPACE"), ("KNOWN", "PUBREL"), ("KNOWN", "RESUME"),
}
tap = mq.Tap()
count = 0


class Gone(Exception):
    """The broker ended the connection; the reason code, if it said one."""


class Peer(mq.Peer):
    """A client with a session that outlives its links."""

    def __init__(self, name, version, clean):
        super().__init__()
        self.name, self.version = name, version
        # Before 5.0 a session that begins clean ends with its link.
        flags = 2 if clean and version == 5 else 0
        props = b"\5\x11\0\0\1\0" if version == 5 else b""
        self.send(mq.packet(mq.CONNECT, 0, mq.string("MQTT") + bytes([version, flags, 0, 0]) +
                            props + mq.string(name)))
        body = self.expect(mq.CONNACK)
        assert body[1] == 0, f"CONNACK {body[1]}"
        self.present = body[0]

    def props(self):
        return b"\0" if self.version == 5 else b""

    def subscribe(self, topic):
        self.send(mq.packet(mq.SUBSCRIBE, 2, b"\0\1" + self.props() + mq.string(topic) + b"\2"))
        assert self.expect(mq.SUBACK)[-1] == 2

    def publish(self, topic, payload, qos, pid=0, dup=False):
        self.send(mq.packet(mq.PUBLISH, (8 if dup else 0) | qos << 1, mq.string(topic) +
                            (pid.to_bytes(2, "big") if qos else b"") + self.props() + payload))

    def ack(self, kind, pid, reason=0):
        body = pid.to_bytes(2, "big") + (bytes([reason]) if reason else b"")
        self.send(mq.packet(kind, 2 if kind == mq.PUBREL else 0, body))

    def take(self):
        """One packet, as a tuple that can be compared."""
        kind, flags, body = self.read()
        if kind == mq.PUBLISH:
            at = 2 + int.from_bytes(body[:2], "big")
            pid, at = int.from_bytes(body[at:at + 2], "big"), at + 2
            payload = body[at + (1 + body[at] if self.version == 5 else 0):]
            return "PUBLISH", pid, bool(flags & 8), payload
        names = {mq.PUBREC: "PUBREC", mq.PUBREL: "PUBREL", mq.PUBCOMP: "PUBCOMP"}
        if kind in names:
            return names[kind], int.from_bytes(body[:2], "big"), body[2] if body[2:] else 0
        if kind == mq.DISCONNECT:
            raise Gone(body[0] if body else 0)
        return kind, flags, body

    def all(self):
        """What comes until the broker has nothing more to say. A PINGRESP may
        overtake what waits for the link, but not twice."""
        got = []
        for _ in range(2):
            self.send(mq.packet(mq.PINGREQ, 0))
            while True:
                p = self.take()
                if p[0] == mq.PINGRESP:
                    break
                got.append(p)
        return got

    def resume(self):
        self.close()
        again = type(self)(self.name, self.version, False)
        assert again.present, "the session is lost"
        return again


def ends(version, peer):
    """The connection has ended; 5.0: with what reason?"""
    try:
        got = peer.all()
    except Gone as e:
        return e.args[0]
    except mq.Closed:
        return None
    raise AssertionError(f"{got}, not the end (MQTT level {version})")


def expect(what, got, expected):
    assert got == expected, f"{what}: {got}, not {expected}"


def memory(value):
    if MQTTK:
        subprocess.run(["mqttkctl", "limit", "set", "message_memory", str(value)], check=True,
                       capture_output=True)


# -- the broker as the sender ---------------------------------------------------

def sender_is(peer, state, pid, payload):
    """Resuming tells the state."""
    peer = peer.resume()
    expect("after that", peer.all(), {
        "FREE": [], "PUBLISHED": [("PUBLISH", pid, True, payload)],
        "RELEASED": [("PUBREL", pid, 0)]}[state])
    return peer


def sender(version, name, state, event, action, after):
    topic, payload, pid = f"rows/{name}", b"message", 3
    peer = Peer(name, version, True)
    peer.subscribe(topic)
    with Peer(f"{name}-p", version, True) as publisher:
        def publish():
            publisher.publish(topic, payload, 2, 1)
            expect("the publisher", publisher.take(), ("PUBREC", 1, 0))
            publisher.ack(mq.PUBREL, 1)
            expect("the publisher", publisher.take(), ("PUBCOMP", 1, 0))
            kind, got, dup, _ = peer.take()
            assert kind == "PUBLISH" and got and not dup
            return got

        if state != "FREE":
            pid = publish()
        if state == "RELEASED":
            peer.ack(mq.PUBREC, pid)
            expect("on the way", peer.take(), ("PUBREL", pid, 0))
        if event == "SEND":
            pid = publish()
            assert action == "publish"
        elif event == "RESUME":
            peer = peer.resume()
        else:
            peer.ack(mq.PUBCOMP if event == "PUBCOMP" else mq.PUBREC, pid,
                     0x83 if event == "REFUSED" else 0)
        if action == "protocol_error":
            expect("the end", ends(version, peer), 0x82 if version == 5 else None)
        else:
            expect("at once", peer.all(), {
                "publish": [], "ignore": [], "give_up": [], "complete": [],
                "publish_dup": [("PUBLISH", pid, True, payload)],
                "pubrel": [("PUBREL", pid, 0)],
                "pubrel_unknown": [("PUBREL", pid, 0x92 if version == 5 else 0)]}[action])
        peer = sender_is(peer, after, pid, payload)
    peer.close()


# -- the broker as the receiver -------------------------------------------------

def receiver(version, name, state, event, action, after):
    topic, pid = f"rows/{name}", 7
    peer = Peer(name, version, True)
    with Peer(f"{name}-w", version, True) as witness:
        witness.subscribe(topic)

        def delivered():
            """Payloads that came to the witness."""
            witness.publish(topic, b"marker", 0)
            got = []
            while True:
                kind, flags, body = witness.read()
                if kind == mq.PUBLISH and body.endswith(b"marker"):
                    return got
                if kind == mq.PUBLISH:
                    at = 2 + int.from_bytes(body[:2], "big")
                    witness.ack(mq.PUBREC, int.from_bytes(body[at:at + 2], "big"))
                    got.append(body[-5:])
                elif kind == mq.PUBREL:
                    witness.ack(mq.PUBCOMP, int.from_bytes(body[:2], "big"))

        def ends_known():
            """PUBLISH tells the state: one that is known is not delivered."""
            peer.publish(topic, b"probe", 2, pid, True)
            expect("after that", peer.take(), ("PUBREC", pid, 0))
            return "KNOWN" if not delivered() else "UNKNOWN"

        if state == "KNOWN":
            peer.publish(topic, b"first", 2, pid)
            expect("on the way", peer.take(), ("PUBREC", pid, 0))
            expect("delivered", delivered(), [b"first"])
        if event == "PUBLISH":
            peer.publish(topic, b"again", 2, pid, state == "KNOWN")
        elif event == "NOSPACE":
            memory(65536)
            peer.publish(topic, b"x" * 99995 + b"large", 2, pid, state == "KNOWN")
        elif event == "PUBREL":
            peer.ack(mq.PUBREL, pid)
        else:
            peer = peer.resume()
        try:
            if action == "refuse" and version < 5:
                expect("the end", ends(version, peer), None)
                peer = peer.resume()
            else:
                expect("at once", peer.all(), {
                    "ignore": [], "pubrec": [("PUBREC", pid, 0)],
                    "deliver_pubrec": [("PUBREC", pid, 0)],
                    "refuse": [("PUBREC", pid, 0x97)], "pubcomp": [("PUBCOMP", pid, 0)],
                    "pubcomp_unknown": [("PUBCOMP", pid, 0x92 if version == 5 else 0)]}[action])
        finally:
            if event == "NOSPACE":
                memory(1 << 23)
        expect("delivered", delivered(), [b"again"] if action == "deliver_pubrec" else [])
        expect("the state after that", ends_known(), after)
    peer.close()


def main():
    global count
    with open(os.path.join(HERE, "qos2.table"), encoding="ascii") as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    for version in (4, 5):
        for role, state, event, _, action, after in rows:
            if event == "REFUSED" and version < 5 or (state, event) in DIFFERS:
                continue
            count += 1
            tap(f"{role} {state} {event}: {action} {after} (MQTT level {version})",
                {"sender": sender, "receiver": receiver}[role], version, f"r{count}",
                state, event, action, after)
    sys.exit(tap.failed > 0)


main()
