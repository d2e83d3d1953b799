# SPDX-License-Identifier: GPL-2.0
"""What the broker does, one thing a function: each leaves nothing behind but what
Step.clean() and forget() of nth.py know of."""
import os
import subprocess
import time

import mqtt
import nth
from device import File
from mqtt import DISCONNECT, PUBACK, PUBREC, publish, subscribe, ending
from nth import Peer, ctl
from records import BINARY, UPTO, WANT_ACK, Binary, record

ALL = {}


def case(work):
    ALL[work.__name__] = work
    return work


def connect(*args, **how):
    return nth.step.connect(*args, **how)


@case
def connect_31():
    with_will = {"topic": "f/w", "payload": b"gone"}
    connect("f31", 3, will=with_will, user="u", password="p").leave()


@case
def connect_311():
    connect("f311", 4, clean=False, will={"topic": "f/w", "payload": b"gone", "qos": 1}).leave()


@case
def connect_5():
    connect("f5", properties={"receive_max": 3, "session_expiry": 60, "alias_max": 5},
            clean=False, will={"topic": "f/w", "payload": b"x" * 300, "qos": 2, "retain": False,
                               "properties": {"user": [("a", "b")], "will_delay": 1}}).leave()
    connect("", properties={}).leave()


@case
def takeover():
    a = connect("ft", clean=False, properties={"session_expiry": 60})
    a.subscribe("f/t", qos=1)
    b = connect("ft", clean=False, properties={"session_expiry": 60})
    a.ended()
    b.publish("f/t", b"1", 1)
    b.message()
    c = connect("ft", clean=True)
    c.leave()


@case
def will():
    a = connect("fa")
    a.subscribe("f/will", qos=2)
    nth.step.topics.add("f/will")
    b = connect("fb", will={"topic": "f/will", "payload": b"w", "qos": 2, "retain": True})
    b.cut()
    a.message()
    b = connect("fb", clean=False, properties={"session_expiry": 60},
                will={"topic": "f/will", "payload": b"w", "qos": 1,
                      "properties": {"will_delay": 30}})
    b.cut()
    connect("fb", clean=False).leave()


def both_ways(qos, size, v=5):
    a, b = connect("fa", v), connect("fb", v)
    a.subscribe("f/q", qos=qos)
    for _ in range(3):
        b.publish("f/q", b"x" * size, qos)
        a.message()
    a.leave()


@case
def qos0():
    both_ways(0, 10)
    both_ways(0, 3000, 4)


@case
def qos1():
    both_ways(1, 10)


@case
def qos2():
    both_ways(2, 10)
    both_ways(2, 3000, 4)


@case
def large():
    both_ways(1, 200000)


@case
def burst():
    a, b = connect("fa"), connect("fb")
    a.subscribe("f/+", qos=1)
    b.send(b"".join(publish(5, f"f/{i % 3}", b"y" * 100, 1, i + 1) for i in range(40)))
    b.send(b"".join(publish(5, "f/z", b"z") for _ in range(40)))
    for _ in range(80):
        a.message()
    a.leave()


@case
def wildcards():
    a, b = connect("fa"), connect("fb")
    a.subscribe("f/+/c", "f/#", "+/b/+", "#", qos=1, properties={"subscription_id": 7})
    b.publish("f/b/c", b"1", 1)
    a.message()
    a.unsubscribe("f/+/c", "f/#", "+/b/+", "#", "none")
    a.subscribe(*(f"f/many/{i}/+" for i in range(40)), qos=0)
    a.unsubscribe(*(f"f/many/{i}/+" for i in range(40)))


@case
def fan():
    peers = [connect(f"f{i}") for i in range(6)]
    for p in peers:
        p.subscribe("f/fan", "f/+", qos=1)
    peers[0].publish("f/fan", b"x" * 40, 1)
    for p in peers:
        p.message()


@case
def shared():
    a, b = connect("fa"), connect("fb", clean=False, properties={"session_expiry": 60})
    for p in (a, b):
        p.subscribe("$share/g/f/s", "$share/h/f/+", qos=1)
    c = connect("fc")
    for _ in range(4):
        c.publish("f/s", b"1", 1)
    # What it did not acknowledge goes to the other.
    b.cut()
    connect("fb").leave()
    a.ping()


@case
def retained():
    a = connect("fa")
    for i in range(3):
        a.publish(f"f/r/{i}", b"r" * 50, 1, retain=True,
                  properties={"user": [("k", "v")], "message_expiry": 1000})
    a.subscribe("f/r/+", ("f/#", 1), qos=2)
    for _ in range(3):
        a.message()
    a.publish("f/r/1", b"", retain=True)


@case
def store_and_forward():
    a = connect("fa", clean=False, properties={"session_expiry": 60})
    a.subscribe("f/sf", qos=2)
    a.cut()
    b = connect("fb")
    for i in range(30):
        b.publish("f/sf", b"s" * 30, 1 + i % 2, properties={"message_expiry": 500})
    a = connect("fa", clean=False, properties={"session_expiry": 60, "receive_max": 4})
    a.wait(mqtt.PUBLISH)
    a.cut()
    a = connect("fa", clean=False, properties={"session_expiry": 60})
    a.pending = {}
    a.connack.session_present = 1
    a.message()


@case
def expiry():
    a = connect("fa", clean=False, properties={"session_expiry": 1})
    a.subscribe("f/e", qos=1)
    a.cut()
    b = connect("fb")
    b.publish("f/e", b"1", 1, properties={"message_expiry": 1})
    b.publish("f/er", b"1", 1, retain=True, properties={"message_expiry": 1})
    time.sleep(1.1)


@case
def aliases():
    a, b = connect("fa", properties={"alias_max": 3}), connect("fb")
    a.subscribe("f/#", qos=0)
    b.publish("f/alias", b"1", properties={"alias": 2})
    b.publish("", b"2", properties={"alias": 2})
    for i in range(5):
        b.publish(f"f/{i}", b"3", 1)
    for _ in range(7):
        a.message()


@case
def refused():
    p = connect("fa")
    p.send(publish(5, "f/+", b"no"))
    p.ended()
    p = connect("fa", 4)
    p.send(b"\xf0\x00")
    p.ended()
    p = Peer(5)
    p.send(b"GET / HTTP/1.1\r\n\r\n")
    p.ended()
    p = connect("fa")
    p.subscribe("$share/bad", "a/#/b")


@case
def leaving():
    a = connect("fa", properties={"session_expiry": 60}, clean=False)
    a.send(ending(DISCONNECT, 4, {"session_expiry": 0}))
    a.ended()


def listener(*how):
    port = 1884
    nth.step.after.append(lambda: subprocess.run(
        ["mqttkctl", "listener", "del", "fl"], check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    ctl("listener", "add", f"127.0.0.1:{port}", "name", "fl", "anonymous", "on", *how)
    return port


@case
def listeners():
    port = listener("max-connections", "2")
    connect("fa", port=port)
    ctl("listener", "show")
    ctl("listener", "del", "fl")


@case
def mount_point():
    port = listener("mount-point", "site/")
    a, b = connect("fa", port=port), connect("fb")
    a.subscribe("f/#", qos=1)
    b.publish("site/f/m", b"1", 1)
    a.message()
    a.publish("f/n", b"2", 1)
    a.message()


@case
def coalesced():
    port = listener("coalesce-usecs", "2000")
    a, b = connect("fa", port=port), connect("fb")
    a.subscribe("f/c", qos=1)
    for _ in range(5):
        b.publish("f/c", b"1", 1)
        a.message()


@case
def device_text():
    with File() as f:
        f.subscribe(b"f/#", qos=1)
        f.write(b"f/1 %s\nqos=1,retain;f/2 y\n" % (b"z" * 3000))
        nth.step.topics.add("f/2")
        f.read()
        f.unsubscribe(b"f/#")
    b = connect("fb")
    with File() as f:
        f.subscribe(b"f/+")
        b.publish("f/x", b"1", 1)
        f.read()


@case
def device_records():
    nth.step.clients.add("fd")
    with Binary(client=b"fd", filters=[b"f/#"], qos=2, opts=BINARY | WANT_ACK) as f:
        f.write(record(b"f/1", b"z" * 3000, 2, props=b"\x03\0\1t") + record(b"f/2", b"y", 1))
        f.subscribe(b"$share/g/f/#", qos=1, id_=5)
        f.read()
        f.info()
        f.ack(0, UPTO)
        f.write(record(b"f/3", b"kept", 1))
    with Binary(client=b"fd") as f:
        f.read()


@case
def netlink_show():
    a = connect("fa", clean=False, properties={"session_expiry": 60})
    a.subscribe("f/+", "$share/g/f", qos=1)
    a.publish("f/r", b"1", 1, retain=True)
    for words in ("client show", "client show fa", "session show", "session show fa",
                  "subscription show", "subscription show client fa", "retained show",
                  "retained get f/r", "limit show", "stats", "show", "listener show"):
        ctl(*words.split())


@case
def netlink_change():
    a = connect("fa", clean=False, properties={"session_expiry": 60})
    nth.step.topics.add("f/k")
    ctl("retained", "set", "f/k", "payload")
    ctl("retained", "del", "f/#")
    ctl("limit", "set", "max_queued_messages", "1000")
    ctl("client", "disconnect", "fa")
    a.ended()
    ctl("session", "del", "fa")


@case
def apply():
    path = "/tmp/fault.conf"
    keep = b"sys_interval 0\nlistener 1883 127.0.0.1\nallow_anonymous true\n"
    with open(path, "wb") as f:
        f.write(keep + b"listener 1884 127.0.0.1\nallow_anonymous true\n"
                b"mount_point site/\nmax_queued_messages 50\n")
    with open(f"{path}.before", "wb") as f:
        f.write(keep)
    nth.step.after.append(lambda: ctl("apply", f"{path}.before"))
    ctl("apply", path)


@case
def events():
    with subprocess.Popen(["mqttkctl", "-j", "monitor"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as monitor:
        try:
            time.sleep(0.2)
            a = connect("fa", clean=False)
            a.subscribe("f/1", qos=1)
            a.leave()
            connect("fa").leave()
        finally:
            monitor.kill()


@case
def sys_topics():
    nth.step.after.append(lambda: ctl("limit", "set", "sys_interval", "0"))
    a = connect("fa")
    a.subscribe("$SYS/#", qos=0)
    ctl("limit", "set", "sys_interval", "1")
    a.message()


@case
def netns():
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", "ip link set lo up && "
         "mqttkctl listener add 127.0.0.1:1883 anonymous on && "
         "mqttkctl retained set a b && mqttkctl pub -t a -m b"],
        check=False, timeout=nth.SLOW, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode:
        raise OSError(done.returncode, "in the namespace")
