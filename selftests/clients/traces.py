#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Every tracepoint: makes it happen and looks for its line. A tracepoint without
a case here fails."""
import json
import os
import re
import subprocess
import sys
import time

import mq
from mq import Peer, connect, packet, publish, unsubscribe

TRACING = "/sys/kernel/tracing"
EVENTS = TRACING + "/events/mqttk"
tap = mq.Tap()
cases = {}
LOCAL = f"netns={os.stat('/proc/self/ns/net').st_ino} "


def ctl(*words):
    subprocess.run(["mqttkctl", *words], check=True, timeout=60)


def limit(name, value):
    ctl("limit", "set", name, str(value))


def write(name, text):
    with open(f"{TRACING}/{name}", "w") as f:
        f.write(text)


def lines():
    """What was traced so far: event and text."""
    with open(TRACING + "/trace") as f:
        for line in f:
            m = re.search(r": (mqttk_\w+): (.*)", line)
            if m and not line.startswith("#"):
                yield m.groups()


def found(event, pattern):
    return any(e == event and re.fullmatch(LOCAL + pattern, text)
               for e, text in lines())


def case(*wanted):
    """What follows makes these happen, by name and regular expression."""
    def run(do):
        for event, _ in wanted:
            cases.setdefault(event, do)

        def test():
            write("trace", "")
            do()
            end = time.monotonic() + mq.PATIENCE
            for event, pattern in wanted:
                while not found(event, pattern):
                    if time.monotonic() > end:
                        got = [text for e, text in lines() if e == event]
                        raise AssertionError(f"no {event} {pattern} but {got[-3:]}")
                    time.sleep(0.05)
        tap(f"{do.__doc__}: {', '.join(event for event, _ in wanted)}", test)
        return do
    return run


def client(what, name="anna"):
    return rf"index=\d+ client={name} {what}"


def message(topic, size, qos, error=0, name="anna"):
    return client(f"topic={topic} bytes={size} qos={qos} error={error}", name)


def dropped(topic, size, reason, name="anna"):
    return client(f"topic={topic} bytes={size} reason={reason}", name)


def publishes(*messages, **how):
    """Somebody publishes, and knows that it was dealt with."""
    with Peer("publisher", **how) as p:
        for m in messages:
            p.send(publish(*m))
            if len(m) > 2 and m[2]:
                p.expect(mq.PUBACK)
        p.ping()


def gone(name):
    """Its client is away, as the session knows by now."""
    end = time.monotonic() + mq.PATIENCE
    while not found("mqttk_client_disconnected",
                    client("cause=network reason=0x00", name)):
        assert time.monotonic() < end, f"{name} does not go"
        time.sleep(0.05)


def limit_of(name):
    done = subprocess.run(["mqttkctl", "-j", "limit", "show", name], check=True,
                          capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)[0]["value"]


write("tracing_on", "1")
write("buffer_size_kb", "4096")
write("events/mqttk/enable", "1")


@case(("mqttk_listener_up", "listener=lan error=0"))
def _():
    "a listener comes"
    ctl("listener", "add", "127.0.0.1:1883", "name", "lan", "anonymous", "on")


@case(("mqttk_connection", "listener=lan error=0"),
      ("mqttk_session_begun", r"index=\d+ client=anna"),
      ("mqttk_client_connected", client("present=0 expiry=0")),
      ("mqttk_subscribe", client(r"filter=a/\+ options=0x01 error=0")),
      ("mqttk_unsubscribe", client(r"filter=a/\+ error=0")),
      ("mqttk_connection_end", "listener=lan error=-107"),
      ("mqttk_client_disconnected", client("cause=network reason=0x00")),
      ("mqttk_session_ended", client("cause=network reason=0x00")))
def _():
    "a client comes and goes"
    with Peer("anna") as p:
        p.subscribe("a/+", qos=1)
        p.send(unsubscribe("a/+"))
        p.expect(mq.UNSUBACK)


@case(("mqttk_takeover", r"index=\d+ client=anna"),
      ("mqttk_client_disconnected", client("cause=takeover reason=0x8e")))
def _():
    "it comes twice"
    with Peer("anna"), Peer("anna"):
        pass


@case(("mqttk_client_refused", "version=4 reason=0x85"))
def _():
    "it is refused"
    with Peer() as p:
        p.send(connect("", clean=False))
        p.expect(mq.CONNACK)


@case(("mqttk_bad_packet", "client=anna type=15 error=-74"),
      ("mqttk_client_disconnected", client("cause=protocol reason=0x00")))
def _():
    "it sends what it may not"
    with Peer("anna") as p:
        p.send(packet(15, 0))
        p.cut()


@case(("mqttk_publish", message("a/b", 3, 1, name="publisher")),
      ("mqttk_deliver", message("a/b", 3, 1)))
def _():
    "a message"
    with Peer("anna") as p:
        p.subscribe("a/#", qos=1)
        publishes(("a/b", "xyz", 1))
        p.message()


@case(("mqttk_publish_refused", message("", 0, 1, 135)))
def _():
    "one that is refused"
    with Peer("anna") as p:
        p.send(publish("$SYS/x", "y", 1))
        p.expect(mq.PUBACK)


@case(("mqttk_will", message("gone", 3, 0)))
def _():
    "a will"
    with Peer("anna", will=("gone", "now")):
        pass


@case(("mqttk_retain_set", "topic=r/1 bytes=3 error=0"),
      ("mqttk_retain_gone", "topic=r/1 bytes=3 error=0"))
def _():
    "a retained message comes and goes"
    publishes(("r/1", "abc", 0, 1, True), ("r/1", "", 0, 1, True))


@case(("mqttk_retain_set", "topic=r/1 bytes=70000 error=-105"),
      ("mqttk_limit_hit", "limit=retained_memory index=0 client="))
def _():
    "one that cannot be retained"
    limit("retained_memory", 65536)
    publishes(("r/1", "x" * 70000, 0, 1, True))


@case(("mqttk_drop", dropped("q", 1, "messages")),
      ("mqttk_limit_hit", r"limit=max_queued_messages index=\d+ client=anna"),
      ("mqttk_drop", dropped("q", 1, "away")))
def _():
    "a queue is full, of messages"
    limit("max_queued_messages", 1)
    with Peer("anna", clean=False) as p:
        p.subscribe("q", qos=1)
    gone("anna")
    publishes(("q", "1", 1, 1), ("q", "2", 1, 2), ("q", "3"))
    ctl("session", "del", "anna")
    limit("max_queued_messages", 1000)


@case(("mqttk_drop", dropped("q", 3000, "bytes")))
def _():
    "a queue is full, of bytes"
    limit("max_queued_bytes", 4096)
    with Peer("anna", clean=False) as p:
        p.subscribe("q", qos=1)
    gone("anna")
    publishes(("q", "1" * 3000, 1, 1), ("q", "2" * 3000, 1, 2))
    ctl("session", "del", "anna")
    limit("max_queued_bytes", 1 << 20)


@case(("mqttk_drop", dropped("q", r"\d+", "(share|memory)")))
def _():
    "memory is full"
    old = limit_of("message_memory")
    limit("message_memory", 65536)
    with Peer("anna", clean=False) as p:
        p.subscribe("q", qos=1)
    gone("anna")
    for i in range(40):
        try:
            publishes(("q", "1" * 3000, 1, 1))
        except (mq.Closed, AssertionError):
            pass
    ctl("session", "del", "anna")
    limit("message_memory", old)


@case(("mqttk_drop", dropped("", 0, "displaced")))
def _():
    "the oldest of QoS 0 goes"
    limit("max_queued_messages", 1)
    limit("queue_qos0_messages", "1")
    limit("queue_drop_qos0", "1")
    with Peer("anna", clean=False) as p:
        p.subscribe("q", qos=1)
    gone("anna")
    publishes(("q", "1"), ("q", "2", 1))
    ctl("session", "del", "anna")
    for name in ("queue_qos0_messages", "queue_drop_qos0"):
        limit(name, "0")
    limit("max_queued_messages", 1000)


def sub5(*words):
    return subprocess.Popen(["mosquitto_sub", "-V", "5", "-i", "anna", "-t", "q",
                             *words], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


@case(("mqttk_drop", dropped("q", 1, "expired")))
def _():
    "a message expires"
    with Peer("anna", clean=False) as p:
        p.subscribe("q", qos=1)
    gone("anna")
    subprocess.run(["mosquitto_pub", "-V", "5", "-t", "q", "-m", "1", "-q", "1",
                    "-D", "publish", "message-expiry-interval", "1"], check=True)
    end = time.monotonic() + mq.PATIENCE
    while not found("mqttk_drop", dropped("q", 1, "expired")):
        assert time.monotonic() < end, "it stays"
        time.sleep(0.1)
    ctl("session", "del", "anna")


@case(("mqttk_drop", dropped("q", 500, "too-large")))
def _():
    "one is too large for its receiver"
    sub = sub5("-D", "connect", "maximum-packet-size", "100")
    try:
        end = time.monotonic() + mq.PATIENCE
        while not found("mqttk_subscribe", client("filter=q .*")):
            assert time.monotonic() < end, "no subscriber"
            time.sleep(0.1)
        publishes(("q", "x" * 500))
    finally:
        sub.kill()
        sub.wait()


@case(("mqttk_listener_down", "listener=lan error=0"),
      ("mqttk_client_disconnected", client("cause=listener reason=0x00")))
def _():
    "the listener goes"
    with Peer("anna"):
        ctl("listener", "del", "lan")


def complete():
    """There is a case for each tracepoint that the module has."""
    there = {e for e in os.listdir(EVENTS) if e.startswith("mqttk_")}
    assert there == set(cases), there ^ set(cases)


tap("every tracepoint has a case", complete)
write("events/mqttk/enable", "0")
sys.exit(1 if tap.failed else 0)
