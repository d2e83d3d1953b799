#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The quick lane: it is what delivers, unless it is off; and what it remembers of
a client's last PUBLISH never outlives a change of who is to have the next."""
import re
import sys
import time

import mq
from mq import CONNACK, CONNECT, PUBLISH, SUBACK, SUBSCRIBE, Peer, packet, publish, string

TRACING = "/sys/kernel/tracing"
SWITCH = "/sys/module/mqttk/parameters/quick_lane"
BURST = 40
tap = mq.Tap()


def write(name, text):
    with open(name, "w", encoding="ascii") as f:
        f.write(text)


def contexts():
    """Where each message was queued since the last clear: s is softirq."""
    with open(TRACING + "/trace", encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.search(r"\] (\S{4,6}) +[\d.]+: mqttk_deliver: ", line)
            if m:
                yield m.group(1)[2]


class Peer5(Peer):
    """One that speaks MQTT 5.0 without properties."""

    def __init__(self, client):
        super().__init__()
        self.send(packet(CONNECT, 0, string("MQTT") + b"\5\2\0\0\0" + string(client)))
        assert self.expect(CONNACK)[1] == 0

    def hear(self, topic):
        self.send(packet(SUBSCRIBE, 2, b"\0\1\0" + string(topic) + b"\0"))
        self.expect(SUBACK)

    def say(self, topic, payloads):
        self.send(b"".join(packet(PUBLISH, 0, string(topic) + b"\0" + p) for p in payloads))

    def heard(self):
        topic, payload, _ = self.message()
        assert payload[:1] == b"\0", "properties"
        return topic, payload[1:]


class Peer4(Peer):
    """The same, of MQTT 3.1.1."""

    def hear(self, topic):
        self.subscribe(topic)

    def say(self, topic, payloads):
        self.send(b"".join(publish(topic, p) for p in payloads))

    def heard(self):
        return self.message()[:2]


def one(pub, sub, n):
    """A message to its receiver; returns in what contexts it was queued."""
    write(TRACING + "/trace", "")
    pub.say("lane/one", [b"%d" % n])
    assert sub.heard() == ("lane/one", b"%d" % n)
    return list(contexts())


def lane_delivers(pub, sub):
    # The work hands the connection to the lane when it has nothing to do.
    end = time.monotonic() + mq.PATIENCE
    n = 0
    while one(pub, sub, n) != ["s"]:
        assert time.monotonic() < end, "never in softirq"
        n += 1


def lane_is_off(pub, sub):
    write(SWITCH, "0")
    try:
        for n in range(20):
            got = one(pub, sub, n)
            assert len(got) == 1 and got != ["s"], got
    finally:
        write(SWITCH, "1")


def payloads(tag):
    """Of sizes around those at which a length takes a byte more, and none."""
    return [(b"%s-%d-" % (tag, i)) + b"x" * (i * 7 % 200) for i in range(BURST)] + [b"", tag]


def bursts(pub, *subs):
    for turn in range(5):
        sent = payloads(b"%d" % turn)
        pub.say("lane/burst", sent)
        pub.say("lane/other", [b"between"])
        for sub in subs:
            for p in sent:
                assert sub.heard() == ("lane/burst", p), p
            assert sub.heard() == ("lane/other", b"between")


def subscribers_come_and_go(pub, sub):
    """What matched before is not what matches now: by SUBACK and UNSUBACK."""
    for turn in range(10):
        for wild in ("lane/+", "#", "$share/g/lane/one"):
            with Peer4("late") as late:
                pub.say("lane/one", [b"a", b"b"])
                assert [sub.heard()[1] for _ in "ab"] == [b"a", b"b"]
                late.hear(wild)
                pub.say("lane/one", [b"c", b"d"])
                assert [sub.heard()[1] for _ in "cd"] == [b"c", b"d"], turn
                assert [late.heard()[1] for _ in "cd"] == [b"c", b"d"], wild
                late.send(mq.unsubscribe(wild))
                late.expect(mq.UNSUBACK)
                pub.say("lane/one", [b"e"])
                assert sub.heard()[1] == b"e"
                # Nothing may stand before the answer.
                late.ping()


def nobody_is_left(pub, sub):
    for turn in range(10):
        pub.say("lane/gone", [b"1", b"2"])
        pub.ping()
        sub.hear("lane/gone")
        pub.say("lane/gone", [b"%d" % turn, b"4"])
        assert sub.heard() == ("lane/gone", b"%d" % turn)
        assert sub.heard() == ("lane/gone", b"4")
        sub.send(mq.unsubscribe("lane/gone"))
        sub.expect(mq.UNSUBACK)
        pub.say("lane/gone", [b"5"])
        pub.ping()
        sub.ping()


def main():
    write(TRACING + "/events/mqttk/mqttk_deliver/enable", "1")
    with Peer4("pub") as pub, Peer4("sub") as sub, \
            Peer5("pub5") as pub5, Peer5("sub5") as sub5:
        sub.hear("lane/one")
        tap("a lone message is queued in softirq", lane_delivers, pub, sub)
        tap("with the lane switched off none is", lane_is_off, pub, sub)
        tap("and again when it is on", lane_delivers, pub, sub)
        write(TRACING + "/events/mqttk/mqttk_deliver/enable", "0")
        tap("who comes and goes is seen at once", subscribers_come_and_go, pub, sub)
        tap("also where nobody is left", nobody_is_left, pub, sub)
        for peer in sub, sub5:
            peer.hear("lane/burst")
            peer.hear("lane/other")
        tap("bursts of MQTT 3.1.1 come whole, in order", bursts, pub, sub, sub5)
        tap("bursts of MQTT 5.0, too", bursts, pub5, sub5, sub)
    return tap.failed


if __name__ == "__main__":
    sys.exit(bool(main()))
