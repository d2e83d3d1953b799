#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Configurations set as a whole, and the terms of listeners. Usage: config.py
[GROUP...]"""
import errno
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../conformance"))

import mq
import mqtt
from control import Control, Refused, listener
from mqtt import DISCONNECT, Peer, publish

tap = mq.Tap()
control = Control()
HERE = "127.0.0.1"


def peer(port, client, v=5, host=HERE, properties=None, **how):
    p = Peer((host, port), v)
    connack = p.open(client, properties, **how)
    assert not connack.reason, f"CONNACK {connack.reason:#x}"
    return p


def refused(reason, port, client, v=5, **how):
    p = Peer((HERE, port), v)
    got = p.open(client, **how)
    assert got.reason == reason, f"CONNACK {got.reason:#x}, not {reason:#x}"
    p.ended()


def gone(p, *reasons):
    got = p.ended()
    if p.v < 5:
        assert not got, f"{got[0]}"
        return
    assert len(got) == 1 and got[0].kind == DISCONNECT, f"{got and str(got[0])} before the end"
    assert got[0].reason in reasons, f"{got[0].reason:#x}"


def closed(port, host=HERE):
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return
    raise AssertionError(f"somebody listens on port {port}")


def ctl(*words):
    return subprocess.run(["mqttkctl", "-j", *words], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def retry(f, *args):
    """What happens soon, because somebody else's work does it."""
    end = time.monotonic() + 20
    while True:
        try:
            return f(*args)
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def anonymous(where, **how):
    return listener(where, anonymous=1, **how)


def start(*listeners, limits=()):
    control.config_set(listeners, limits)


# -- the terms of a listener -------------------------------------------------

# proves 5.0:MQTT-3.2.2-9,10,12
def max_qos():
    start(anonymous("127.0.0.1:1001", max_qos=1), anonymous("127.0.0.1:1002", max_qos=0),
          anonymous("127.0.0.1:1003"))
    for port, most in ((1001, 1), (1002, 0)):
        p = peer(port, "a")
        assert p.connack.props.get("max_qos") == most, p.connack.props
        assert p.subscribe(("q/2", 2), ("q/1", 1), ("q/0", 0)) == [most, min(1, most), 0]
        other = peer(1003, "b")
        other.publish("q/2", "x", 2)
        assert p.message().qos == most
        p.send(publish(5, "q/0", "x", most + 1, 7))
        gone(p, 0x9b)
        refused(0x9b, port, "w", will={"topic": "w", "qos": most + 1})
        refused(3, port, "w", 4, will={"topic": "w", "qos": most + 1})
        old = peer(port, "c", 4)
        assert old.subscribe(("q/2", 2)) == [most]
        old.send(publish(4, "q/0", "x", most + 1, 7))
        gone(old)
    assert "max_qos" not in peer(1003, "d").connack.props


def identifiers():
    start(anonymous("127.0.0.1:1001", client_id_prefix="dev-"),
          anonymous("127.0.0.1:1002", client_id_prefix="dev-", auto_id_prefix="dev-auto-"),
          anonymous("127.0.0.1:1003", zero_length_id=0),
          anonymous("127.0.0.1:1004", auto_id_prefix="gw7/"),
          anonymous("127.0.0.1:1005", auto_id_prefix=""))
    peer(1001, "dev-1")
    peer(1001, "dev-1", 4)
    for client in ("dev", "xdev-1", "a", "DEV-1"):
        refused(0x85, 1001, client)
        refused(2, 1001, client, 4)
    refused(0x85, 1001, "")
    assert peer(1002, "").connack.props["assigned_id"].startswith("dev-auto-")
    peer(1002, "", 4)
    refused(0x85, 1003, "")
    refused(2, 1003, "", 4)
    peer(1003, "x")
    assert peer(1004, "").connack.props["assigned_id"].startswith("gw7/")
    assert len(peer(1005, "").connack.props["assigned_id"]) == 36


def no_anonymous():
    start(listener("127.0.0.1:1001"))
    refused(0x87, 1001, "a")


# -- mount points ------------------------------------------------------------

def mounted():
    start(anonymous("127.0.0.1:1001", mount_point="a/b/"), anonymous("127.0.0.1:1002"))
    inside, outside = peer(1001, "in", properties={"alias_max": 5}), peer(1002, "out")
    outside.subscribe("#")
    inside.subscribe("t/+")
    inside.publish("t/1", "up", 1, properties={"alias": 1, "response_topic": "r"})
    got = outside.message()
    assert (got.topic, got.payload, got.props["response_topic"]) == ("a/b/t/1", b"up", "r")
    assert inside.message().topic == "t/1"
    inside.publish("", "again", properties={"alias": 1})
    assert outside.message().topic == "a/b/t/1"
    # The second one comes by an alias.
    for text in ("again", "down", "large" * 1000):
        if text != "again":
            outside.publish("a/b/t/1", text, 1)
            outside.message()
        got = inside.message()
        assert (got.topic, got.payload.decode()) == ("t/1", text), got.topic
    outside.publish("t/1", "x")
    outside.publish("a/b/", "x")
    inside.nothing(outside)
    assert inside.unsubscribe("t/+", "a/b/t/+") == [0, 0x11]
    outside.publish("a/b/t/1", "x")
    inside.nothing(outside)


def mounted_share():
    start(anonymous("127.0.0.1:1001", mount_point="m/"), anonymous("127.0.0.1:1002"))
    inside, outside = peer(1001, "in"), peer(1002, "out")
    assert inside.subscribe("$share/g/t/#", "$share/g", "$share//t") == [0, 0x8f, 0x8f]
    outside.publish("m/t/1", "x")
    assert inside.message().topic == "t/1"
    outside.subscribe("$share/g/m/t/#")
    for _ in range(6):
        outside.publish("m/t/1", "x")
    assert [inside.message().payload for _ in range(3)] == [b"x"] * 3
    assert inside.unsubscribe("$share/g/t/#") == [0]
    inside.nothing(outside)


def mounted_retained():
    start(anonymous("127.0.0.1:1001", mount_point="m/"), anonymous("127.0.0.1:1002"))
    inside, outside = peer(1001, "in"), peer(1002, "out")
    inside.publish("keep", "k", retain=True)
    outside.publish("other", "o", retain=True)
    outside.subscribe("m/keep")
    got = outside.message()
    assert (got.topic, got.payload, got.retain) == ("m/keep", b"k", True)
    inside.subscribe("#")
    got = inside.message()
    assert (got.topic, got.payload, got.retain) == ("keep", b"k", True)
    inside.nothing()
    inside.publish("keep", retain=True)
    outside.publish("other", retain=True)
    # $SYS is elsewhere.
    assert inside.subscribe("$SYS/#") == [0]
    time.sleep(0.1)
    assert all(p.topic == "keep" for p in inside.inbox), [p.topic for p in inside.inbox]


def mounted_will():
    start(anonymous("127.0.0.1:1001", mount_point="m/"), anonymous("127.0.0.1:1002"))
    outside = peer(1002, "out")
    outside.subscribe("m/#")
    peer(1001, "in", will={"topic": "gone", "payload": "w"}).cut()
    got = outside.message()
    assert (got.topic, got.payload) == ("m/gone", b"w")
    # Below a mount point even this is a topic like any other.
    peer(1001, "in", will={"topic": "$SYS/x", "payload": "w"}).cut()
    assert outside.message().topic == "m/$SYS/x"


def mounted_limits():
    start(anonymous("127.0.0.1:1001", mount_point="m/" * 10), anonymous("127.0.0.1:1002"))
    p, old = peer(1001, "in"), peer(1001, "old", 4)
    fits, long = "t" * (65535 - 20), "t" * (65536 - 20)
    deep, deeper = "/".join("d" * 190), "/".join("d" * 191)
    assert p.subscribe(fits, long, deep, deeper) == [0, 0x8f, 0, 0x8f]
    for topic in (long, deeper):
        assert p.publish(topic, "x", 1) == 0x90
        assert p.publish(topic, "x", 2) == 0x90
        assert p.publish(topic, "x", 0) == 0
        assert old.publish(topic, "x", 1) == 0
        refused(0x90, 1001, "w", will={"topic": topic})
    for topic in (fits, deep):
        p.publish(topic, "x", 1)
        assert p.message().topic == topic
    p.nothing(old)


def session_moves():
    start(anonymous("127.0.0.1:1001", mount_point="m/"), anonymous("127.0.0.1:1002"),
          anonymous("127.0.0.1:1003", mount_point="n/"))
    long = {"session_expiry": 600}
    p = peer(1001, "mover", clean=False, properties=long)
    p.subscribe(("t", 1))
    p.cut()
    out = peer(1002, "out")
    for text in ("1", "2"):
        out.publish("m/t", text, 1)
    p = peer(1002, "mover", clean=False, properties=long)
    assert p.connack.session_present
    assert [p.message().topic for _ in "12"] == ["m/t"] * 2
    # What it has no name for is passed over, and holds up nothing.
    p.subscribe(("n/t", 1))
    p.cut()
    for i in range(30):
        out.publish("m/t", "lost", 1)
        out.publish("n/t", str(i), 1)
    p = peer(1003, "mover", clean=False, properties=long)
    for i in range(30):
        got = p.message()
        assert (got.topic, got.payload.decode()) == ("t", str(i)), got.topic
    p.nothing(out)
    p.leave(0, {"session_expiry": 0})


def mount_point_names():
    for bad in ("a/+/", "a/#", "+", "$SYS/", "$share/g/", "$", "/" * 200, "\x01"):
        try:
            control.listener_new("127.0.0.1:1009", mount_point=bad)
        except Refused as e:
            assert e.error == errno.EINVAL and "mount point" in e.text, e
            assert e.path == [(12, 0)], e
        else:
            raise AssertionError(f"{bad!r} was taken")
    for good in ("", "x", "x/", "/", "a/b/c", "\xe4/"):
        start(listener("127.0.0.1:1009", mount_point=good))


# -- limits --------------------------------------------------------------------

# proves 5.0:MQTT-3.2.2-13
def retain_off():
    start(anonymous("127.0.0.1:1001"))
    before = peer(1001, "before")
    before.publish("kept", "k", retain=True)
    start(anonymous("127.0.0.1:1001"), limits=[("retain_available", 0)])
    p = peer(1001, "p")
    assert p.connack.props.get("retain_available") == 0
    # Who was told otherwise stays, but its message does not.
    before.publish("new", "n", retain=True)
    p.subscribe("new", "kept")
    assert p.message().topic == "kept"
    p.nothing()
    p.send(publish(5, "t", "x", retain=True))
    gone(p, 0x9a)
    old = peer(1001, "old", 4)
    old.send(publish(4, "t", "x", retain=True))
    gone(old)
    refused(0x9a, 1001, "w", will={"topic": "w", "retain": True})
    refused(3, 1001, "w", 4, will={"topic": "w", "retain": True})
    start(anonymous("127.0.0.1:1001"))
    assert "retain_available" not in peer(1001, "p").connack.props
    before.publish("kept", retain=True)


def upgrade():
    start(anonymous("127.0.0.1:1001"), limits=[("upgrade_outgoing_qos", 1)])
    p, other = peer(1001, "p"), peer(1001, "other")
    other.publish("r", "x", 0, retain=True)
    p.subscribe(("t", 2), ("r", 1), ("$share/g/s", 1))
    assert p.message().qos == 1
    for topic, qos in (("t", 2), ("s", 1)):
        other.publish(topic, "x", 0)
        assert p.message().qos == qos
    start(anonymous("127.0.0.1:1001"))
    other.publish("t", "x", 0)
    assert p.message().qos == 0
    other.publish("r", retain=True)


# -- all or nothing --------------------------------------------------------------

def seen():
    """Everything that a refused configuration must leave as it is."""
    clients = sorted((c["id"], c["listener"], c.get("port")) for c in
                     json.loads(ctl("client", "show")))
    return ctl("listener", "show"), ctl("limit", "show"), clients


def without_use(limits):
    """What a budget holds changes by itself."""
    return [{k: v for k, v in l.items() if k not in ("used", "overflows")}
            for l in json.loads(limits)]


def atomic():
    """Every way in which a configuration can be wrong."""
    keep = [anonymous("127.0.0.1:1001", name="one"),
            listener("127.0.0.1:1002", name="two", mount_point="m/", max_connections=7)]
    start(*keep, limits=[("max_queued_messages", 123)])
    foreign = socket.create_server((HERE, 1010))
    live = peer(1001, "live")
    live.subscribe("t")
    change = [anonymous("127.0.0.1:1001", name="uno", max_qos=0),
              listener("127.0.0.1:1003", name="three")]
    limits = [("max_keepalive", 9), ("max_packet_size", 5000)]
    L, M = 1, 2
    cases = [
        ("name twice", [listener("127.0.0.1:1004", name="uno")], [], errno.EEXIST,
         [(L, 2), (1, 0)]),
        ("name twice, one made from an address",
         [listener("127.0.0.1:1004"), listener("127.0.0.1:1005", name="127.0.0.1:1004")], [],
         errno.EEXIST, [(L, 3), (1, 0)]),
        ("address twice", [listener("127.0.0.1:1003", name="x")], [], errno.EADDRINUSE,
         [(L, 2), (5, 0)]),
        ("address twice, one for all", [listener("0.0.0.0:1003", name="x")], [],
         errno.EADDRINUSE, [(L, 2), (5, 0)]),
        ("somebody else's address", [listener("127.0.0.1:1010", name="x")], [],
         errno.EADDRINUSE, [(L, 2), (5, 0)]),
        ("somebody else's, for all", [listener("0.0.0.0:1010", name="x")], [],
         errno.EADDRINUSE, [(L, 2), (5, 0)]),
        ("no port", [listener(ipv4=HERE)], [], errno.EINVAL, [(L, 2)]),
        ("port 0", [listener("127.0.0.1:0")], [], errno.EINVAL, [(L, 2), (5, 0)]),
        ("no address", [listener(port=1011)], [], errno.EINVAL, [(L, 2)]),
        ("two addresses", [listener("127.0.0.1:1011", ipv6="::1")], [], errno.EINVAL,
         [(L, 2), (3, 0)]),
        ("no such device", [listener("127.0.0.1:1011", bind_ifindex=9999)], [], errno.ENODEV,
         [(L, 2), (6, 0)]),
        ("bad mount point", [listener("127.0.0.1:1011", mount_point="a/#")], [], errno.EINVAL,
         [(L, 2), (12, 0)]),
        ("bad prefix", [listener("127.0.0.1:1011", client_id_prefix="\x07")], [], errno.EINVAL,
         [(L, 2), (15, 0)]),
        ("max QoS 3", [listener("127.0.0.1:1011", max_qos=3)], [], errno.ERANGE,
         [(L, 2), (13, 0)]),
        ("too many listeners", [listener(f"127.0.0.2:{2000 + i}") for i in range(255)], [],
         errno.ENOSPC, [(L, 256)]),
        ("no such limit", [], [("nonsense", 1)], errno.ENOENT, [(M, 2), (1, 0)]),
        ("limit out of range", [], [("max_inflight_messages", 65536)], errno.ERANGE,
         [(M, 2), (3, 0)]),
        ("limit twice", [], [("max_keepalive", 9)], errno.EEXIST, [(M, 2), (1, 0)]),
    ]
    before = seen()

    def try_one(more, more_limits, error, path, check):
        try:
            control.config_set(change + more, limits + more_limits, check)
        except Refused as e:
            assert e.error == error, e
            assert e.text, "nothing is said"
            assert e.path == path, e
        else:
            raise AssertionError("it was taken")
        after = seen()
        assert before[0] == after[0], f"listeners: {before[0]} {after[0]}"
        assert before[2] == after[2], f"clients: {before[2]} {after[2]}"
        assert without_use(before[1]) == without_use(after[1]), "limits"
        live.publish("t", "still", 1)
        assert live.message().payload == b"still"
        closed(1003)

    for what, more, more_limits, error, path in cases:
        for check in (False, True):
            tap(f"{what}{', checked' if check else ''}: nothing changes", try_one, more,
                more_limits, error, path, check)
    control.config_set(change, limits, True)
    assert before[0] == seen()[0], "a check changed something"
    control.config_set(change, limits)
    assert before[0] != seen()[0]
    live.publish("t", "still")
    live.message()
    foreign.close()


def blocked_take_over():
    """The old place is taken over, the next address fails: all is as before."""
    foreign = socket.create_server((HERE, 1010))
    start(anonymous("0.0.0.0:1001", name="all"), anonymous("127.0.0.2:1010", name="b"))
    live = peer(1001, "live")
    before = seen()
    try:
        # The wildcard is in b's way and in the foreign one's, b moves for it.
        control.config_set([anonymous("127.0.0.1:1001"), anonymous("0.0.0.0:1010")])
    except Refused as e:
        assert e.error == errno.EADDRINUSE and e.path[:1] == [(1, 1)], e
    else:
        raise AssertionError("it was taken")
    assert before[0] == seen()[0] and before[2] == seen()[2]
    live.ping()
    peer(1001, "new").ping()
    peer(1001, "other", host="127.0.0.3").ping()
    peer(1010, "more", host="127.0.0.2").ping()
    foreign.close()


# -- what a new configuration does to those who are there -----------------------

def take_over():
    """0.0.0.0 to 127.0.0.1 and back: who may stay does."""
    start(anonymous("0.0.0.0:1001", name="x"))
    stays, goes = peer(1001, "stays"), peer(1001, "goes", host="127.0.0.2")
    stays.subscribe("t")
    for there in ("127.0.0.1:1001", "0.0.0.0:1001", "127.0.0.1:1001"):
        start(anonymous(there, name="x"))
        stays.publish("t", there, 1)
        assert stays.message().payload.decode() == there
        peer(1001, "new").leave()
        if there.startswith("127"):
            if goes:
                gone(goes, 0x8b)
            goes = None
            closed(1001, "127.0.0.2")
        else:
            peer(1001, "again", host="127.0.0.2").leave()
    start(anonymous("127.0.0.1:1001"), anonymous("127.0.0.2:1001"))
    stays.ping()
    peer(1001, "new", host="127.0.0.2").leave()
    start(anonymous("0.0.0.0:1001"))
    stays.ping()
    lo = socket.if_nametoindex("lo")
    start(anonymous("127.0.0.1:1001", bind_ifindex=lo))
    gone(stays, 0x8b)
    peer(1001, "new").leave()


def ports_swapped():
    """Names and terms change places, sockets and clients stay."""
    start(anonymous("127.0.0.1:1001", name="a"),
          anonymous("127.0.0.1:1002", name="b", max_qos=1))
    p, q = peer(1001, "p"), peer(1002, "q")
    start(anonymous("127.0.0.1:1002", name="a"),
          anonymous("127.0.0.1:1001", name="b", max_qos=1))
    p.ping()
    q.ping()
    assert [c[:2] for c in seen()[2]] == [("p", "b"), ("q", "a")], seen()[2]
    # What was said in CONNACK holds: the highest QoS is for the next one.
    p.publish("t", "x", 2)
    assert peer(1001, "r").connack.props["max_qos"] == 1
    assert "max_qos" not in peer(1002, "s").connack.props


def changed_terms():
    """Who would not be let in any more goes, all others stay."""
    def at(**how):
        return listener("127.0.0.1:1001", **{"anonymous": 1, **how})
    start(at())
    a, b, old = peer(1001, "a-1"), peer(1001, "b-1"), peer(1001, "b-2", 4)
    for how in ({"name": "other"}, {"max_connections": 1}, {"zero_length_id": 0},
                {"auto_id_prefix": "x"}, {"max_qos": 1}, {}):
        start(at(**how))
        for p in (a, b, old):
            p.ping()
    half = Peer((HERE, 1001), 5)
    start(at(client_id_prefix="a-"))
    gone(b, 0x98)
    gone(old)
    a.ping()
    # One that has not said CONNECT yet is judged by what holds when it does.
    assert half.open("b-3").reason == 0x85
    start(at(mount_point="m/"))
    gone(a, 0x98)
    a = peer(1001, "a-1")
    start(listener("127.0.0.1:1001", mount_point="m/"))
    gone(a, 0x87)
    refused(0x87, 1001, "a-1")
    start(at(), listener("127.0.0.1:1002"))
    p = peer(1001, "p")
    start(listener("127.0.0.1:1002"))
    gone(p, 0x8b)
    closed(1001)
    start()
    assert ctl("listener", "show").strip() == "[]"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def device():
    """A device goes and comes again: so does its listener when configured."""
    subprocess.run(["ip", "netns", "del", "far"], check=False, stderr=subprocess.DEVNULL)
    ip("netns", "add", "far")

    def plug():
        ip("link", "add", "near0", "type", "veth", "peer", "name", "far0", "netns", "far")
        ip("addr", "add", "10.99.0.1/24", "dev", "near0")
        ip("link", "set", "near0", "up")
        for words in (("addr", "add", "10.99.0.2/24", "dev", "far0"),
                      ("link", "set", "far0", "up")):
            ip("-n", "far", *words)
        return socket.if_nametoindex("near0")

    def come(topic):
        done = subprocess.run(["ip", "netns", "exec", "far", "mosquitto_pub", "-h", "10.99.0.1",
                               "-p", "1001", "-t", topic, "-m", "x", "-q", "1"], check=False)
        assert not done.returncode, f"status {done.returncode}"

    def shown():
        return [x.get("bind_device") for x in json.loads(ctl("listener", "show"))]

    try:
        here = None
        for topic in ("first", "second"):
            index = plug()
            start(anonymous("0.0.0.0:1001", name="d", bind_ifindex=index),
                  anonymous("127.0.0.1:1002"))
            assert shown() == ["near0", None], shown()
            here = here or peer(1002, "watcher")
            here.subscribe("#")
            retry(come, topic)
            assert here.message().topic == topic
            closed(1001)
            ip("link", "del", "near0")
            assert shown() == [str(index), None], shown()
    finally:
        ip("netns", "del", "far")


class Stream:
    """Numbered messages of QoS 1 from one client to another, until it ends."""

    def __init__(self, port):
        self.reader, self.writer = peer(port, "reader"), peer(port, "writer", 4)
        self.reader.subscribe(("live/#", 1))
        self.done, self.sent, self.got, self.why = threading.Event(), 0, 0, None
        self.threads = [threading.Thread(target=self.guard, args=(f,), daemon=True)
                        for f in (self.write, self.read)]
        for t in self.threads:
            t.start()

    def guard(self, f):
        try:
            f()
        except Exception as e:  # told by end()
            self.why = self.why or f"{type(e).__name__}: {e}"

    def write(self):
        while not self.done.is_set():
            for _ in range(10):
                self.sent += 1
                self.writer.publish("live/t", str(self.sent), 1)
        self.writer.publish("live/t", "end", 1)

    def read(self):
        while (text := self.reader.message().payload) != b"end":
            self.got += 1
            assert int(text) == self.got, f"{text} where {self.got} is due"

    def end(self):
        self.done.set()
        for t in self.threads:
            t.join(60)
        assert not self.why, self.why
        assert self.got == self.sent > 0, f"{self.got} of {self.sent}"


def change(i, comers):
    """The i-th configuration, in which port 1001 stays and all else changes,
    and a client who comes by what has just changed."""
    others = [anonymous(f"127.0.0.{2 + j}:{1100 + (i + j) % 5}", max_qos=j % 3,
                        mount_point=f"m{i % 3}/") for j in range(i % 4)]
    wild = anonymous("0.0.0.0:1300" if i % 2 else "127.0.0.1:1300", name=f"w{i % 3}")
    mine = anonymous("127.0.0.1:1001", name=f"stays{i % 2}", max_qos=i % 2 + 1)
    start(*others, wild, mine, limits=[("max_queued_messages", 5000 + i)])
    comers[i % 5] = comer = peer(1300, f"comer{i % 5}", properties={"session_expiry": 60})
    comer.subscribe("live/#")


def traffic():
    """A hundred configurations beside a stream of QoS 1: nothing is lost."""
    start(anonymous("127.0.0.1:1001"))
    stream, comers = Stream(1001), {}
    for i in range(100):
        change(i, comers)
    stream.end()
    print(f"# {stream.sent} messages")


def resets(count):
    """In a network namespace of its own: from nothing to a client with a
    message, and back."""
    os.unshare(0x40000000)	# CLONE_NEWNET
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    here = Control()
    for i in range(count):
        if i % 2:
            here.config_set([anonymous("127.0.0.1:1001")], [("max_keepalive", i % 60)])
        else:
            here.listener_new("127.0.0.1:1001", anonymous=1)
        p = peer(1001, "p", properties={"session_expiry": 60})
        p.subscribe(("t", 1))
        p.publish("t", str(i), 1, retain=True)
        assert p.message().payload.decode() == str(i)
        here.reset()
        # Its listener goes first: with luck there is time to say so.
        got = p.ended()
        assert not got or [(x.kind, x.reason) for x in got] == [(DISCONNECT, 0x8b)], got


def cycles():
    """COUNT times a configuration, a listener that comes and goes, and a reset
    elsewhere, beside a stream of QoS 1: nothing is lost."""
    count = int(os.environ.get("COUNT", "1000"))
    start(anonymous("127.0.0.1:1001"))
    stream, comers, why = Stream(1001), {}, []

    def elsewhere():
        try:
            resets(count)
        except Exception as e:
            why.append(f"resets: {type(e).__name__}: {e}")

    other = threading.Thread(target=elsewhere, daemon=True)
    other.start()
    for i in range(count):
        change(i, comers)
        control.listener_new(f"127.0.0.1:{1400 + i % 3}", name="brief", anonymous=1)
        with socket.create_connection((HERE, 1400 + i % 3), 20) as s:
            s.sendall(mqtt.connect(4, f"brief{i % 7}"))
            if i % 2:
                control.listener_del("brief")
    other.join(600)
    stream.end()
    assert not why, why[0]
    print(f"# {count} cycles, {stream.sent} messages")


# -- no memory -------------------------------------------------------------------

def no_memory():
    """Every allocation of a configuration fails once: nothing changes."""
    for kind in ("failslab", "fail_page_alloc"):
        for knob, v in (("ignore-gfp-wait", "N"), ("verbose", "0")):
            with open(f"/sys/kernel/debug/{kind}/{knob}", "w", encoding="ascii") as f:
                f.write(v)
    old = ([anonymous("0.0.0.0:1001", name="a", max_connections=5),
            anonymous("127.0.0.1:1002", name="goes")], [("max_keepalive", 9)])
    new = ([anonymous("127.0.0.1:1001", name="b", mount_point="m/"),
            anonymous("127.0.0.1:1003"), anonymous("127.0.0.2:1001", client_id_prefix="p")],
           [("max_packet_size", 5000)])
    start(*new[0], limits=new[1])
    after = names()
    start(*old[0], limits=old[1])
    before = names()
    live = peer(1002, "live")
    knob = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
    body, failed = control.config(*new), 0
    for n in range(1, 2000):
        os.write(knob, b"%d" % n)
        error = 0
        try:
            control.send(control.family, 16, body)
        except OSError as e:
            error = e.errno
        left = int(os.pread(knob, 32, 0).rstrip(b"\0\n") or b"0")
        os.write(knob, b"0")
        error = error or answer()
        failed += error != 0
        now = names()
        if now == before:
            # What bind() says when it has no memory for the port.
            assert error in (errno.ENOMEM, errno.ENOBUFS, errno.EADDRINUSE), error
            live.ping()
        else:
            assert now == after, now
            if left:
                break
            # What failed was the acknowledgment, or could be done without.
            start(*old[0], limits=old[1])
            live = peer(1002, "live")
    else:
        raise AssertionError("no end of allocations")
    os.close(knob)
    print(f"# {n - 1} allocations, {failed} errors")
    assert failed > 10, failed


def answer():
    """The error of the request that was sent last, ENOBUFS if it is lost."""
    try:
        while True:
            data = control.sock.recv(1 << 20)
            kind, _, seq = struct.unpack_from("=HHI", data, 4)
            if (kind, seq) == (2, control.seq):
                return -struct.unpack_from("=i", data, 16)[0]
    except OSError as e:
        return e.errno


def names():
    """What there is, as far as a configuration says it."""
    return ([{k: v for k, v in l.items() if k not in ("connections", "accepted", "refused")}
             for l in json.loads(ctl("listener", "show"))],
            [(l["name"], l["value"]) for l in json.loads(ctl("limit", "show"))])


GROUPS = {
    "terms": (max_qos, identifiers, no_anonymous),
    "mount": (mounted, mounted_share, mounted_retained, mounted_will, mounted_limits,
              session_moves, mount_point_names),
    "limits": (retain_off, upgrade),
    "atomic": (atomic, blocked_take_over),
    "live": (take_over, ports_swapped, changed_terms, device, traffic),
    "memory": (no_memory,),
    "cycles": (cycles,),
}

for group in sys.argv[1:] or ("terms", "mount", "limits", "atomic", "live"):
    for test in GROUPS[group]:
        tap(f"{group}: {(test.__doc__ or test.__name__.replace('_', ' ')).rstrip('.')}", test)
        try:
            control.reset()
        except Refused as e:
            print(f"# reset: {e}")
sys.exit(tap.failed > 0)
