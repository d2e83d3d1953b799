#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Bad packets, and odd ones that are legal: what a broker must do with each,
and that it harms nobody else. Usage: raw.py [GROUP...]"""
import os
import socket
import struct
import sys
import threading
import time

import mq
from mq import Closed, Peer, connect, packet, publish, string, subscribe, unsubscribe

MOSQUITTO = os.environ.get("BROKER") == "mosquitto"
LIMIT = int(os.environ.get("LIMIT", "2000000"))
tap = mq.Tap()
canary = None

CONNECTED = connect("raw")
# What a server alone may send.
SERVERS = {"CONNACK": packet(2, 0, b"\0\0"), "SUBACK": packet(9, 0, b"\0\1\0"),
           "UNSUBACK": packet(11, 0, b"\0\1"), "PINGRESP": packet(13, 0)}


def alive():
    """Somebody else's connection still works, from end to end."""
    token = os.urandom(4).hex()
    canary.send(publish("canary", token))
    while True:
        topic, payload, _ = canary.message()
        assert topic == "canary", f"the canary got {topic}"
        if payload.decode() == token:
            return


def cut(data, after=None):
    """The broker ends the connection upon data, without an answer."""
    with Peer(after) as p:
        try:
            p.send(data)
        except Closed:
            pass
        p.cut()
    alive()


def refused(data, code):
    """CONNACK with the code, then the end."""
    with Peer() as p:
        p.send(data)
        body = p.expect(mq.CONNACK)
        assert body == bytes([0, code]), f"CONNACK {body.hex()}"
        p.cut()
    alive()


def kept(data, *answers):
    """The broker answers with these packets, or not at all, and goes on."""
    with Peer("raw") as p:
        p.send(data)
        for kind in answers:
            p.expect(kind)
        p.ping()
    alive()


def length():
    big = b"\xff\xff\xff\x7f"
    for what, data in {
            "a length of five bytes": b"\x10\xff\xff\xff\xff\x01",
            "a length of five bytes, all continued": b"\x10\xff\xff\xff\xff\xff\xff",
            "CONNECT that claims 256 MB": b"\x10" + big + b"\0\4MQTT\4\2\0\0",
            "PUBLISH first, claiming 256 MB": b"\x30" + big + b"\0\1a",
            "another first packet that claims 256 MB": b"\xc0" + big,
            "CONNECT of no length": b"\x10\0",
            "CONNECT that ends in its client id": connect("raw")[:-1].replace(b"\x0f", b"\x0e", 1),
            "CONNECT with bytes after its end": packet(1, 0, CONNECTED[2:] + b"x"),
            "CONNECT, client id longer than the packet":
                packet(1, 0, string("MQTT") + b"\4\2\0\0\xff\xff" + b"raw"),
            "CONNECT, will longer than the packet":
                packet(1, 0, string("MQTT") + b"\4\6\0\0" + string("raw") + string("t") + b"\xff\xff"),
            "CONNECT, user name longer than the packet":
                packet(1, 0, string("MQTT") + b"\4\x82\0\0" + string("raw") + b"\0\x09u"),
            "CONNECT, password longer than the packet":
                packet(1, 0, string("MQTT") + b"\4\xc2\0\0" + string("raw") + string("u") + b"\0\x09p"),
    }.items():
        tap(f"before CONNECT: {what}: cut", cut, data)
    for what, data in {
            "a length of five bytes": b"\x30\xff\xff\xff\xff\x7f",
            "PUBLISH of no length": b"\x30\0",
            "PUBLISH of one byte": b"\x30\1\0",
            "PUBLISH, topic longer than the packet": packet(3, 0, b"\0\x09abc"),
            "PUBLISH of QoS 1 without a packet id": packet(3, 2, string("t")),
            "SUBSCRIBE of no length": b"\x82\0",
            "SUBSCRIBE without a filter": packet(8, 2, b"\0\1"),
            "SUBSCRIBE, filter longer than the packet": packet(8, 2, b"\0\1\0\x09a\0"),
            "SUBSCRIBE without a QoS": packet(8, 2, b"\0\1" + string("a")),
            "SUBSCRIBE, second filter cut short": packet(8, 2, b"\0\1" + string("a") + b"\0\0\1"),
            "UNSUBSCRIBE of no length": b"\xa2\0",
            "UNSUBSCRIBE without a filter": packet(10, 2, b"\0\1"),
            "UNSUBSCRIBE, filter longer than the packet": packet(10, 2, b"\0\1\0\x09a"),
            "PUBACK of no length": b"\x40\0",
            "PUBREL of one byte": b"\x62\1\0",
    }.items():
        tap(f"connected: {what}: cut", cut, data, "raw")
    if not MOSQUITTO:	# mosquitto 2.0 lets these pass
        for what, data in {
                "PINGREQ with a body": packet(12, 0, b"x"),
                "DISCONNECT with a body": packet(14, 0, b"x"),
                "PUBACK of three bytes": packet(4, 0, b"\0\1\0"),
        }.items():
            tap(f"connected: {what}: cut", cut, data, "raw")
    tap("a PUBLISH over the limit is cut at its header", cut,
        b"\x30" + mq.varint(LIMIT + 1) + string("canary"), "raw")
    tap("half a PUBLISH, then the client's end: delivered to nobody", half_publish)


def half_publish():
    with Peer("raw") as p:
        p.send(publish("canary", "never to be seen")[:-3])
    alive()


def state():
    for what, data in {
            "PUBLISH": publish("canary", "x"), "SUBSCRIBE": subscribe("a"),
            "UNSUBSCRIBE": unsubscribe("a"), "PINGREQ": packet(12, 0),
            "DISCONNECT": packet(14, 0), "PUBACK": mq.ack(4, 1),
            "PUBREC": mq.ack(5, 1), "PUBREL": mq.ack(6, 1),
            "PUBCOMP": mq.ack(7, 1), "type 0": b"\0\0", "AUTH": packet(15, 0),
            **SERVERS,
    }.items():
        tap(f"{what} before CONNECT: cut", cut, data)
    tap("a second CONNECT: cut", cut, CONNECTED, "raw")
    for what, data in {**SERVERS, "type 0": b"\0\0", "AUTH": packet(15, 0)}.items():
        if not (MOSQUITTO and what in SERVERS):	# mosquitto lets these pass
            tap(f"{what} from a client: cut", cut, data, "raw")
    tap("nothing is read after DISCONNECT", cut,
        packet(14, 0) + publish("canary", "after the end"), "raw")
    tap("DISCONNECT first, then garbage: cut", cut,
        packet(14, 0) + b"\0\0\0", "raw")


def flags():
    for what, data in {
            "CONNECT's reserved flag": connect("raw", flags=3),
            "Will QoS without Will": connect("raw", flags=0x0a),
            "Will Retain without Will": connect("raw", flags=0x22),
            "Will QoS 3": connect("raw", flags=0x1e, will=("t", "x")),
            "a password without a user name": connect("raw", flags=0x42, password="x"),
            "CONNECT with fixed-header flags": b"\x11" + CONNECTED[1:],
            "a will on a topic with a wildcard": connect("raw", will=("a/#", "x")),
            "a protocol name nobody knows": connect("raw", name="MQTX"),
            "a client id that is not UTF-8": connect(b"\xff\xfe"),
            "a client id with NUL": connect(b"a\0b"),
    }.items():
        tap(f"CONNECT: {what}: cut", cut, data)
    tap("CONNECT: protocol level 99: CONNACK 1", refused, connect("raw", level=99), 1)
    tap("CONNECT: no client id and no clean session: CONNACK 2", refused,
        connect("", clean=False), 2)
    for kind, data in {"SUBSCRIBE": subscribe("a"), "UNSUBSCRIBE": unsubscribe("a"),
                       "PUBREL": mq.ack(6, 1)}.items():
        for f in (0, 1, 3, 6, 10):
            tap(f"{kind} with flags {f:#x}: cut", cut,
                bytes([data[0] & 0xf0 | f]) + data[1:], "raw")
    if not MOSQUITTO:
        for kind in (mq.PUBACK, mq.PUBREC, mq.PUBCOMP):
            tap(f"acknowledgement of type {kind} with flags: cut", cut,
                mq.ack(kind, 1, flags=2), "raw")
        for kind in (mq.PINGREQ, mq.DISCONNECT):
            tap(f"packet of type {kind} with flags: cut", cut, packet(kind, 1), "raw")
    tap("PUBLISH of QoS 3: cut", cut, packet(3, 6, string("canary") + b"\0\1"), "raw")
    tap("PUBLISH of QoS 1, packet id 0: cut", cut, publish("t", "x", 1, 0), "raw")
    tap("PUBLISH of QoS 2, packet id 0: cut", cut, publish("t", "x", 2, 0), "raw")
    tap("SUBSCRIBE, packet id 0: cut", cut, subscribe("a", pid=0), "raw")
    tap("UNSUBSCRIBE, packet id 0: cut", cut, unsubscribe("a", pid=0), "raw")
    tap("SUBSCRIBE for QoS 3: cut", cut, subscribe("a", qos=3), "raw")
    tap("SUBSCRIBE with reserved bits: cut", cut, subscribe("a", qos=0x10), "raw")
    tap("SUBSCRIBE, second entry for QoS 3: cut", cut,
        packet(8, 2, b"\0\1" + string("a") + b"\0" + string("b") + b"\3"), "raw")


def bad_filter(f):
    """Refused in SUBACK, or the connection ends; never subscribed."""
    with Peer("raw") as p:
        try:
            codes = p.subscribe(f)
            assert codes == [0x80], f"SUBACK {codes}"
            p.ping()
        except Closed:
            pass
    alive()


def topics():
    for what, t in {
            "empty": b"", "with #": b"a/#", "with +": b"a/+/b", "with + in a level": b"a+",
            "with NUL": b"a\0b", "with a surrogate": b"a\xed\xa0\x80",
            "overlong UTF-8": b"a\xc0\xaf", "over U+10FFFF": b"\xf4\x90\x80\x80",
            "cut UTF-8": b"a\xe2\x82", "with U+FFFF": b"a\xef\xbf\xbf",
            "of 10,000 levels": b"/" * 10000, "of 65,535 levels": b"/" * 65535,
    }.items():
        tap(f"PUBLISH to a topic {what}: cut", cut, publish(t, "x"), "raw")
        if b"#" in t or b"+" in t:
            continue
        tap(f"a will on a topic {what}: cut", cut, connect("raw", will=(t, "x")))
        if t:
            tap(f"SUBSCRIBE to a filter {what}: refused", bad_filter, t)
    for f in ("", "#/a", "a/#/b", "a#", "a/b#", "+a", "a/+b", "a/b+/c", "++", "##"):
        tap(f"SUBSCRIBE to '{f}': refused", bad_filter, f.encode())
    tap("UNSUBSCRIBE from what is not subscribed: answered", kept,
        unsubscribe("never/subscribed"), mq.UNSUBACK)
    tap("a topic of 65,535 bytes: delivered", long_topic)
    tap("one bad filter among good ones: the good ones work", mixed_filters)


def long_topic():
    topic = "t" * 65535
    with Peer("raw") as p:
        assert p.subscribe(topic) == [0]
        p.send(publish(topic, "x"))
        assert p.message()[:2] == (topic, b"x")


def mixed_filters():
    with Peer("raw") as p:
        try:
            codes = p.subscribe("good/1", "bad/#/x", "good/2")
        except Closed:
            assert MOSQUITTO
            return
        assert codes == [0, 0x80, 0], codes
        p.send(publish("good/2", "x"))
        assert p.message()[0] == "good/2"


def acks():
    for kind in (mq.PUBACK, mq.PUBREC, mq.PUBCOMP):
        tap(f"acknowledgement of type {kind} of an unknown id: no harm", unknown_ack, kind)
    tap("PUBREL of an unknown id: PUBCOMP", kept, mq.ack(6, 77), mq.PUBCOMP)
    tap("PUBLISH of QoS 1: PUBACK with its id", answered, 1)
    tap("PUBLISH of QoS 2: PUBREC, PUBREL, PUBCOMP with its id, delivered once", answered, 2)
    if not MOSQUITTO:	# which cuts
        tap("the same QoS 2 id again and again: PUBREC each time", same_id)
    tap("SUBSCRIBE for QoS 1 and 2 is granted what the broker has", granted)


def unknown_ack(kind):
    with Peer("raw") as p:
        p.send(mq.ack(kind, 4711))
        try:	# some answer PUBREC with PUBREL, some cut: either is legal
            p.ping()
        except (AssertionError, Closed):
            pass
    alive()


def answered(qos):
    with Peer("raw") as p, Peer("watcher") as w:
        w.subscribe("acks/#")
        p.send(publish("acks/1", "x", qos, 0xabcd))
        if qos == 1:
            assert p.expect(mq.PUBACK) == b"\xab\xcd"
        else:
            assert p.expect(mq.PUBREC) == b"\xab\xcd"
            p.send(mq.ack(mq.PUBREL, 0xabcd))
            assert p.expect(mq.PUBCOMP) == b"\xab\xcd"
        assert w.message()[:2] == ("acks/1", b"x")
        assert w.silent(0.3)


def same_id():
    with Peer("raw") as p:
        for _ in range(2000):
            p.send(publish("acks/again", b"x" * 100, 2, 7, dup=True))
            assert p.expect(mq.PUBREC) == b"\0\7"
        p.send(mq.ack(mq.PUBREL, 7))
        assert p.expect(mq.PUBCOMP) == b"\0\7"
    alive()


def granted():
    with Peer("raw") as p:
        assert p.subscribe("g/1", qos=1) == [1]
        assert p.subscribe("g/2", qos=2) == [2]


def legal():
    tap("MQTT 3.1: a message there and back", version_31)
    tap("no client id, clean session: let in", lambda: Peer("").close())
    tap("a user name and a password where anybody may come: let in",
        lambda: Peer("raw", user="u", password="p").close())
    tap("a client id of 65,535 bytes: let in or refused, nothing worse", long_id)
    tap("one byte at a time", bytewise)
    tap("1,000 packets in one send", gathered)
    tap("segments of a publisher on loopback fit into the window", window)
    tap("a client with five overlapping filters gets one copy", overlapping)
    tap("'$' topics are not for '#' and '+'", dollar)
    tap("'a/#' matches 'a', '+' an empty level", edges)
    tap("subscribing again replaces and sends retained messages again", again)
    tap("UNSUBSCRIBE ends it", unsubscribed)
    tap("a retained message carries RETAIN to a new subscriber only", retain_flag)
    tap("keep-alive of 1 s: cut after 1.5 s of silence", keepalive)
    tap("keep-alive of 1 s: PINGREQ keeps it open", pinging)
    tap("the will of a client that went silent is published", silent_will)


def version_31():
    with Peer("old", level=3) as p:
        assert p.subscribe("old/#") == [0]
        p.send(publish("old/1", "x"))
        assert p.message()[:2] == ("old/1", b"x")


def long_id():
    try:
        Peer("i" * 65535).close()
    except Closed:
        pass
    alive()


def bytewise():
    with Peer() as p:
        for b in CONNECTED + subscribe("slow/#") + publish("slow/1", "hello"):
            p.send(bytes([b]))
        p.expect(mq.CONNACK)
        p.expect(mq.SUBACK)
        assert p.message()[:2] == ("slow/1", b"hello")


def gathered():
    with Peer("raw") as p:
        p.subscribe("many")
        p.send(b"".join(publish("many", str(i)) for i in range(1000)))
        for i in range(1000):
            assert p.message()[1] == str(i).encode()


def window():
    """Otherwise it would wait for one that never comes, and then probe."""
    with Peer("raw") as p:
        info = p.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        # tcpi_snd_mss; the broker begins with 16 KiB.
        mss = struct.unpack_from("=I", info, 16)[0]
        assert mss <= 8192 or not os.path.exists("/sys/module/mqttk"), mss
        for n in (16384, 20000, 40000):
            p.send(publish("window", "x" * n))
            p.ping()


def overlapping():
    with Peer("raw") as p:
        p.subscribe("o/a/b", "o/+/b", "o/#", "o/a/+", "o/a/#")
        p.send(publish("o/a/b", "once") + publish("o/end", "end"))
        assert p.message()[:2] == ("o/a/b", b"once")
        assert p.message()[:2] == ("o/end", b"end")
        assert p.silent()


def dollar():
    with Peer("raw") as p:
        p.subscribe("#", "+/own")
        p.send(publish("$raw/own", "no") + publish("$raw", "no") + publish("raw/own", "yes"))
        while True:	# others' retained messages may come first
            topic, payload, _ = p.message()
            assert not topic.startswith("$"), topic
            if payload == b"yes":
                break


def edges():
    with Peer("raw") as p:
        p.subscribe("e/#", "/+/f", "g/+")
        for t in ("e", "e/", "e/x/y", "//f", "/x/f", "g/"):
            p.send(publish(t, "x"))
            assert p.message()[0] == t, t
        p.send(publish("g", "x") + publish("ee", "x") + publish("g/x/y", "x"))
        assert p.silent()


def again():
    with Peer("raw") as p:
        p.send(publish("again/1", "kept", retain=True))
        for _ in range(2):
            p.subscribe("again/1")
            assert p.message()[1] == b"kept"
        p.send(publish("again/1", retain=True))
        p.message()
        p.send(publish("again/1", "x"))
        p.message()
        assert p.silent()


def unsubscribed():
    with Peer("raw") as p:
        p.subscribe("u/1", "u/+")
        p.send(unsubscribe("u/1", "u/+", pid=9))
        assert p.expect(mq.UNSUBACK) == b"\0\x09"
        p.send(publish("u/1", "x"))
        assert p.silent()


def retain_flag():
    with Peer("raw") as p, Peer("late") as late:
        p.subscribe("kept/#")
        p.send(publish("kept/1", "v", retain=True))
        assert p.message()[2] & 1 == 0
        late.subscribe("kept/+")
        assert late.message() == ("kept/1", b"v", 1)
        p.send(publish("kept/1", retain=True))
        assert p.message()[1] == b""
        assert late.message()[1] == b""
        late.subscribe("kept/1")
        assert late.silent()


def keepalive():
    with Peer("raw", keepalive=1) as p:
        s = p.cut()
        assert 1.4 < s < (8 if MOSQUITTO else 5), f"after {s:.2f} s"


def pinging():
    with Peer("raw", keepalive=1) as p:
        for _ in range(4):
            time.sleep(0.7)
            p.ping()


def silent_will():
    with Peer("watcher") as w, Peer("raw", keepalive=1, will=("wills/raw", "gone")):
        w.subscribe("wills/#")
        assert w.message()[:2] == ("wills/raw", b"gone")


def takeover():
    tap("the same client id again: the old one is cut, its will sent", taken_over)
    tap("takeovers while publishing and subscribing: nobody else is harmed", storm)


def taken_over():
    with Peer("watcher") as w, Peer("same", will=("wills/same", "taken")) as old:
        w.subscribe("wills/#")
        old.subscribe("same/#")
        with Peer("same") as new:
            old.cut()
            assert w.message()[1] == b"taken"
            new.send(publish("same/1", "x"))
            assert new.silent(), "a clean session has the old one's subscriptions"
    alive()


def storm():
    end = time.monotonic() + 3
    rounds = [0] * 4

    def fight(n):
        while time.monotonic() < end:
            try:
                with Peer("fight", will=("storm/w", "x")) as p:
                    for i in range(20):
                        p.send(subscribe("storm/#", f"storm/{i}"))
                        p.send(publish(f"storm/{i}", "x", retain=i % 3 == 0))
                        p.send(unsubscribe(f"storm/{i}"))
                    p.read()
                rounds[n] += 1
            except (Closed, AssertionError):
                pass

    fighters = [threading.Thread(target=fight, args=(n,)) for n in range(4)]
    for f in fighters:
        f.start()
    while time.monotonic() < end:
        alive()
    for f in fighters:
        f.join()
    alive()
    assert sum(rounds)


groups = {f.__name__: f for f in (length, state, flags, topics, acks, legal, takeover)}
canary = Peer("canary")
canary.subscribe("canary")
for group in sys.argv[1:] or groups:
    groups[group]()
sys.exit(tap.failed > 0)
