#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mqttkctl monitor: each event in text and in JSON, in the order in which things
happen; what is asked for and nothing else; who may listen; a listener that does
not read, and one whose module goes."""
import json
import os
import re
import select
import signal
import subprocess
import sys
import time

import mq
from mq import Peer, packet, subscribe, unsubscribe

tap = mq.Tap()
UP = "listener up 127.0.0.1:1883 name lan"


def ctl(*words):
    subprocess.run(["mqttkctl", *words], check=True, timeout=60)


class Monitor:
    """One that listens when this returns."""

    def __init__(self, *words, options=(), netns=None, prefix=()):
        run = ["ip", "netns", "exec", netns] if netns else []
        self.buf = b""
        self.proc = subprocess.Popen(
            [*prefix, "mqttkctl", *options,
             *(["-n", netns] if netns else []), "monitor", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + mq.PATIENCE
        while not self._listens(run):
            assert self.proc.poll() is None, self.proc.stderr.read()
            assert time.monotonic() < end, "does not listen"
            time.sleep(0.05)

    def _listens(self, run):
        # The group by which families go is joined last, and low enough to show.
        table = subprocess.run([*run, "cat", "/proc/net/netlink"], check=True,
                               capture_output=True, text=True).stdout
        for line in table.splitlines()[1:]:
            _, kind, pid, groups = line.split()[:4]
            if kind == "16" and int(pid) == self.proc.pid and int(groups, 16):
                return True
        return False

    def line(self, patience=mq.PATIENCE):
        """The next line; None if there is none for so long."""
        end = time.monotonic() + patience
        while b"\n" not in self.buf:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.proc.stdout], [], [], left)[0]:
                return None
            data = os.read(self.proc.stdout.fileno(), 1 << 16)
            if not data:
                return None
            self.buf += data
        line, self.buf = self.buf.split(b"\n", 1)
        return line.decode()

    def fate(self):
        """Why nothing comes."""
        if self.proc.poll() is None:
            return "it is silent"
        return f"status {self.proc.returncode}: {self.proc.stderr.read()}"

    def end(self, sig=signal.SIGINT):
        self.proc.send_signal(sig)
        return self.proc.wait(mq.PATIENCE)


def plain(line):
    """Without what differs from run to run: the peer's port."""
    return line and re.sub(r"(127\.0\.0\.1):(?!1883)\d+", r"\1:PORT", line)


def hears(text, jsn, *lines, **more):
    """Both listeners hear these next; of JSON, the keys of more in the last."""
    for want in lines:
        got = plain(text.line())
        assert got == want, f"heard '{got}', not '{want}'"
        last = json.loads(jsn.line() or "null")
        assert last, "nothing in JSON"
        words = last["event"].replace("-", " ")
        assert want.startswith(words), f"'{words}' for '{want}'"
        assert last["usec"] > 0
    for key in ("usec", "port", "index"):
        last.pop(key, None)
    if more:
        more = {key: value for key, value in more.items() if value is not None}
        assert last == more, f"{last}, not {more}"


def listener_up():
    ctl("listener", "add", "127.0.0.1:1883", "name", "lan", "anonymous", "on")
    hears(text, jsn, UP, event="listener-up", address="127.0.0.1", name="lan")


PEER = "anna 127.0.0.1:PORT listener lan "
CONN = {"id": "anna", "transport": "tcp", "address": "127.0.0.1", "listener": "lan"}


def connects():
    global anna
    anna = Peer("anna", clean=False, keepalive=60)
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 60 session new expiry never",
          event="client-connected", version="3.1.1", keepalive=60,
          session_present=False, expiry_interval=4294967295, **CONN)


def subscribes():
    anna.subscribe("a/#", qos=1)
    hears(text, jsn, "subscription new anna filter a/# qos 1",
          event="subscription-new", id="anna", filter="a/#", qos=1)
    anna.subscribe("a/#", qos=2)
    hears(text, jsn, "subscription new anna filter a/# qos 2")
    anna.send(unsubscribe("a/#"))
    anna.expect(mq.UNSUBACK)
    hears(text, jsn, "subscription deleted anna filter a/#",
          event="subscription-deleted", id="anna", filter="a/#")
    # Nothing happened, so nothing is told.
    anna.send(unsubscribe("a/#"))
    anna.expect(mq.UNSUBACK)


def taken_over():
    global anna
    old, anna = anna, Peer("anna", clean=False)
    hears(text, jsn, "client disconnected " + PEER + "cause takeover",
          event="client-disconnected", cause="takeover", reason=0, **CONN)
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 0 session present expiry never")
    old.close()


def begun_anew():
    global anna
    old, anna = anna, Peer("anna", clean=True)
    hears(text, jsn, "client disconnected " + PEER + "cause takeover",
          "session ended anna cause client",
          event="session-ended", id="anna", cause="client")
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 0 session new expiry 0")
    old.close()


def says_disconnect():
    anna.send(packet(mq.DISCONNECT, 0))
    hears(text, jsn, "client disconnected " + PEER + "cause client",
          "session ended anna cause client")
    anna.close()


def come_and_go(what, cause, ended=None, **how):
    peer = Peer("anna", **how)
    hears(text, jsn, "client connected " + PEER + "version 3.1.1 keepalive "
          f"{how.get('keepalive', 0)} session new expiry 0")
    what(peer)
    hears(text, jsn, "client disconnected " + PEER + "cause " + cause,
          "session ended anna cause " + (ended or cause))
    peer.close()


def version_5(action, *lines):
    sub = subprocess.Popen(["mosquitto_sub", "-V", "5", "-i", "anna", "-t", "x",
                            "-k", "30"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    try:
        hears(text, jsn, "client connected " + PEER +
              "version 5.0 keepalive 30 session new expiry 0",
              "subscription new anna filter x qos 0")
        # It would come back.
        sub.send_signal(signal.SIGSTOP)
        action()
        hears(text, jsn, *lines)
    finally:
        sub.kill()
        sub.wait()


def kicked():
    version_5(lambda: ctl("client", "disconnect", "anna", "reason", "0x97"),
              "client disconnected " + PEER + "cause administrator reason 0x97",
              "session ended anna cause administrator")


def session_deleted():
    Peer("anna", clean=False).close()
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 0 session new expiry never",
          "client disconnected " + PEER + "cause network")
    ctl("session", "del", "anna")
    hears(text, jsn, "session ended anna cause administrator")


def session_expires():
    ctl("limit", "set", "persistent_client_expiration", "1")
    Peer("anna", clean=False).close()
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 0 session new expiry 1.0s",
          "client disconnected " + PEER + "cause network",
          "session ended anna cause expired")
    ctl("limit", "set", "persistent_client_expiration", "0")


def listener_down():
    """First it goes, then those who came by it."""
    peer = Peer("anna")
    hears(text, jsn, "client connected " + PEER +
          "version 3.1.1 keepalive 0 session new expiry 0")
    ctl("listener", "del", "lan")
    hears(text, jsn, "listener down 127.0.0.1:1883 name lan",
          event="listener-down", address="127.0.0.1", name="lan")
    hears(text, jsn, "client disconnected " + PEER + "cause listener",
          "session ended anna cause listener")
    peer.close()
    listener_up()


def device():
    """It has no identifier, and no session that could be seen."""
    with open("/dev/mqtt", "rb"):
        got = text.line(), json.loads(jsn.line())
    assert re.fullmatch(r"client connected - index \d+ /dev/mqtt", got[0]), got
    assert got[1]["transport"] == "device" and "id" not in got[1], got
    got = text.line()
    assert re.fullmatch(r"client disconnected - index \d+ /dev/mqtt cause client",
                        got), got
    assert json.loads(jsn.line())["cause"] == "client"


def odd_identifier():
    """What a terminal should not see is escaped; what is long is cut."""
    peer = Peer("x\\ y" + "z" * 2000)
    got = text.line(), json.loads(jsn.line())
    assert got[0].startswith("client connected x\\x5c\\x20yzzz"), got[0]
    assert " ... id-length 2004 " in got[0], got[0][-200:]
    assert got[1]["id_length"] == 2004 and len(got[1]["id"]) == 1024
    peer.subscribe("f/" * 100 + "g" * 5000)
    got = text.line(), json.loads(jsn.line())
    assert got[1]["filter_length"] == 5200 and len(got[1]["filter"]) == 4096
    peer.close()
    for _ in range(2):
        assert text.line() and jsn.line()


def limit_lines(name, patience=mq.PATIENCE):
    """The next event that a limit was hit, between all others."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        got = json.loads(jsn.line(patience) or "null")
        assert text.line()
        if got and got.get("limit") == name:
            return got
    raise AssertionError(f"nothing about {name}")


def drain():
    """Nothing comes any more from either."""
    for one in (text, jsn, text, jsn):
        while one.line(0.5):
            pass


def limits():
    """Each limit that can be hit from here is told by its name."""
    drain()
    ctl("limit", "set", "max_subscriptions", "1")
    with Peer("anna") as peer:
        assert peer.subscribe("a", "b") == [0, 0x80]
        assert limit_lines("max_subscriptions")["id"] == "anna"
    ctl("limit", "set", "max_subscriptions", "1000000")
    ctl("limit", "set", "max_packet_size", "100")
    with Peer("anna") as peer:
        peer.send(mq.publish("a", b"x" * 200))
        peer.cut()
        assert limit_lines("max_packet_size")["count"] == 1
    ctl("limit", "set", "max_packet_size", "2000000")
    ctl("limit", "set", "max_keepalive", "10")
    with Peer() as peer:
        peer.send(mq.connect("anna", keepalive=11))
        peer.expect(mq.CONNACK)
        limit_lines("max_keepalive")
    ctl("limit", "set", "max_keepalive", "0")
    ctl("limit", "set", "max_connections", "1")
    with Peer("anna"):
        try:
            Peer("berta")
            raise AssertionError("a second one was let in")
        except (mq.Closed, OSError):
            pass
        limit_lines("max_connections")
    ctl("limit", "set", "max_connections", "1000")
    ctl("limit", "set", "connect_timeout", "1")
    with Peer():
        limit_lines("connect_timeout")
    ctl("limit", "set", "connect_timeout", "60")
    drain()


def limits_speak_seldom():
    """A limit that is hit all the time is told of with how often it was."""
    ctl("limit", "set", "max_queued_messages", "1")
    with Peer("absent", clean=False) as peer:
        peer.subscribe("q", qos=1)
    told, counts, sent = 0, 0, 0
    with Peer("publisher") as peer:
        end = time.monotonic() + mq.PATIENCE
        while told < 3:
            assert time.monotonic() < end, f"told {told} times"
            for pid in range(1, 201):
                peer.send(mq.publish("q", b"x", qos=1, pid=pid))
                peer.expect(mq.PUBACK)
            sent += 200
            while True:
                line = jsn.line(0.05)
                if not line:
                    break
                event = json.loads(line)
                if event.get("limit") == "max_queued_messages":
                    assert event["id"] == "absent"
                    told, counts = told + 1, counts + event["count"]
    # One was queued, all others were dropped; the last may not be told yet.
    assert counts < sent, f"{counts} of {sent}"
    assert counts > told * 10, f"{counts} drops in {told} events"
    ctl("session", "del", "absent")
    ctl("limit", "set", "max_queued_messages", "1000")
    drain()


def only_some():
    some = Monitor("listener", "session")
    with Peer("berta") as peer:
        peer.subscribe("b")
    ctl("listener", "add", "127.0.0.1:1884", "name", "other", "anonymous", "on")
    ctl("listener", "del", "other")
    got = [some.line() for _ in range(3)]
    assert got == ["session ended berta cause network",
                   "listener up 127.0.0.1:1884 name other",
                   "listener down 127.0.0.1:1884 name other"], got
    assert some.end() == 0, "SIGINT is no failure"
    drain()


def stamps():
    long, short = Monitor("-t", "listener"), Monitor("-ts", "listener")
    ctl("listener", "add", "127.0.0.1:1884", "name", "other", "anonymous", "on")
    date = r"\d{4}-\d\d-\d\dT"
    clock = r"\d\d:\d\d:\d\d\.\d{6}\] listener up 127.0.0.1:1884 name other"
    assert re.fullmatch(r"\[" + date + clock, long.line())
    assert re.fullmatch(r"\[" + clock, short.line())
    assert long.end() == 0 and short.end(signal.SIGTERM) == 0
    ctl("listener", "del", "other")
    drain()


def namespaces():
    """Who listens in one hears nothing of another."""
    subprocess.run(["ip", "netns", "add", "apart"], check=True)
    try:
        apart = Monitor(netns="apart")
        ctl("-n", "apart", "listener", "add", "127.0.0.1:1883", "name", "lan")
        ctl("listener", "add", "127.0.0.1:1884", "name", "here", "anonymous", "on")
        assert apart.line() == UP
        assert text.line() == "listener up 127.0.0.1:1884 name here"
        assert apart.line(0.5) is None
        ctl("listener", "del", "here")
        apart.end()
    finally:
        subprocess.run(["ip", "netns", "del", "apart"], check=True)
    drain()


def nobody():
    done = subprocess.run(
        ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
         "--inh-caps=-all", "--bounding-set=-all", "mqttkctl", "monitor"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    assert "monitor: Operation not permitted" in done.stderr, done
    assert "CAP_NET_ADMIN" in done.stderr and not done.stdout, done


def wrong_words():
    done = subprocess.run(["mqttkctl", "monitor", "weather"], timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 2 and "weather" in done.stderr, done


def deaf():
    """One that does not read harms nobody, is told that it lost, and goes on."""
    # They would have to read all that, too.
    assert text.end() == 0 and jsn.end() == 0
    one = Monitor("subscription", options=["-j"])
    one.proc.send_signal(signal.SIGSTOP)
    with Peer("carla") as peer:
        for _ in range(3):
            peer.send(subscribe(*(f"c/{i}" for i in range(4000))))
            peer.expect(mq.SUBACK)
        peer.ping()
        with Peer("dora") as other:
            other.subscribe("works")
        one.proc.send_signal(signal.SIGCONT)
        seen, lost = 0, 0
        while not lost:
            event = json.loads(one.line() or "null")
            assert event, f"{seen} events, and no loss told: {one.fate()}"
            seen += event["event"] == "subscription-new"
            lost += event["event"] == "lost"
        peer.subscribe("after")
        while event.get("filter") != "after":
            event = json.loads(one.line() or "null")
            assert event, f"nothing more after the loss: {one.fate()}"
    one.end()
    print(f"# {seen} before the loss")


def unloaded():
    """The module goes although somebody listens, who learns of it."""
    ctl("reset")
    one = Monitor()
    subprocess.run(["modprobe", "-r", "mqttk"], check=True, timeout=60)
    assert one.proc.wait(mq.PATIENCE) == 1
    assert b"unloaded" in one.proc.stderr.read()


text, jsn = Monitor(), Monitor(options=["-j"])
tap("a listener comes", listener_up)
tap("a client comes", connects)
tap("it subscribes, changes, unsubscribes", subscribes)
tap("it is taken over", taken_over)
tap("it begins anew", begun_anew)
tap("it says DISCONNECT", says_disconnect)
tap("it is gone without a word", come_and_go, lambda peer: peer.close(), "network")
tap("it breaks the protocol", come_and_go, lambda peer: peer.send(b"\xf0\0"),
    "protocol")
tap("it is silent for too long", lambda: come_and_go(
    lambda peer: None, "keepalive", keepalive=1))
tap("an administrator has it leave", kicked)
tap("its session is deleted", session_deleted)
tap("its session expires", session_expires)
tap("its listener goes", listener_down)
tap("a file of the device", device)
tap("identifiers and filters that are odd, and long", odd_identifier)
tap("limits that are hit", limits)
tap("a limit that is hit all the time", limits_speak_seldom)
tap("only what was asked for", only_some)
tap("with the time", stamps)
tap("of one's own network namespace", namespaces)
tap("nobody may listen", nobody)
tap("words that make no sense", wrong_words)
tap("one that does not read", deaf)
tap("the module goes", unloaded)
sys.exit(1 if tap.failed else 0)
