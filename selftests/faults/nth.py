#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
nth.py [-s STRIDE] [-o OFFSET] [-k KIND] [-l] [STEP...]: lets the first
allocation that the module makes in a step fail, then the second, and so on until
the step is over before as many were made; whoever makes it: a process, a work
item, softirq. With a stride every so many are taken, from OFFSET on.

What the step's clients get then is up to the broker, but whatever they get is
well-formed, whoever is connected is answered or disconnected, another client is
served all the while, and budgets and objects are afterwards as they were before.
What the kernel has to say is the harness's to look for.

A step that fails nothing is as it should be: no error, nothing lost.
"""
import argparse
import glob
import os
import select
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{here}/../conformance", f"{here}/../dev"]

import mqtt  # noqa: E402
from fault import Fault, Sites  # noqa: E402

PORT = 1883
SLOW = 120	# seconds that only something broken needs
QUIET = 0.25	# seconds to wait for what failed memory may have swallowed

armed = None	# the fault that may come, or has


class Lost(AssertionError):
    """A connection that is neither served nor ended."""


class Peer(mqtt.Peer):
    """A connection that does not wait for what may never come."""

    def __init__(self, v, port=PORT):
        super().__init__(("127.0.0.1", port), v, SLOW)
        step.peers.append(self)

    def _fill(self):
        end = time.monotonic() + SLOW
        quiet = None
        while not select.select([self.sock], [], [], 0.05)[0]:
            now = time.monotonic()
            if armed and armed.fired():
                quiet = quiet or now
                if now > quiet + QUIET:
                    raise mqtt.Late("nothing came")
            if now > end:
                raise Lost("nothing came, although nothing failed")
        super()._fill()

    def open(self, client="", properties=None, **how):
        if client:
            step.clients.add(client)
        return super().open(client, properties, **how)

    def publish(self, topic, payload=b"", qos=0, **how):
        if how.get("retain"):
            step.topics.add(topic)
        return super().publish(topic, payload, qos, **how)

    def settled(self):
        """It is served, or ends."""
        if self.connack is None or self.connack.reason or self.sock.fileno() < 0:
            return
        end = time.monotonic() + SLOW
        self.sock.settimeout(1)
        got = b""
        try:
            self.sock.sendall(mqtt.PING)
            while mqtt.packet(mqtt.PINGRESP, 0) not in got:
                try:
                    data = self.sock.recv(1 << 16)
                except TimeoutError:
                    if time.monotonic() > end:
                        raise Lost(f"{self.id} is neither served nor ended") from None
                    continue
                if not data:
                    return
                got = got[-1:] + data
        except OSError:
            return


class Step:
    """What a run of a step leaves to be cleaned up."""

    def __init__(self):
        self.peers, self.clients, self.topics = [], set(), set()
        self.after = []

    def connect(self, client, v=5, port=PORT, properties=None, **how):
        p = Peer(v, port)
        c = p.open(client, properties, **how)
        if c.reason:
            raise mqtt.Closed(f"refused: {c.reason:#x}")
        return p

    def clean(self):
        for p in self.peers:
            p.close()
        # A file whose constructor fails is nobody's to close.
        for fd in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{fd}") == "/dev/mqtt":
                    os.close(int(fd))
            except OSError:
                pass
        for undo in self.after:
            undo()


step = Step()


def ctl(*words, stdin=None):
    """mqttkctl; what it printed. It may fail only if memory did."""
    done = subprocess.run(["mqttkctl", *words], input=stdin, timeout=SLOW,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode:
        if done.returncode not in (1, 2) or not armed or not armed.fired():
            raise Lost(f"mqttkctl {' '.join(words)}: {done.returncode}: {done.stdout}")
        raise mqtt.Closed(f"mqttkctl: {done.stdout}")
    return done.stdout


class Watch:
    """What is there: objects and budgets, as debugfs tells them."""

    def __init__(self):
        self.dir = f"/sys/kernel/debug/mqttk/{os.stat('/proc/self/ns/net').st_ino}"

    def state(self):
        out = {}
        for name in ("index", "budgets", "deadlines"):
            with open(f"{self.dir}/{name}") as f:
                for line in f:
                    words = line.split()
                    # Tables' sizes follow what was in them, in their own time.
                    if "buckets" in words or words[0] == "cpu":
                        if "entries" in words:
                            out[words[0]] = words[2]
                    elif "used" in words:
                        out[words[0]] = words[words.index("used") + 1]
                    else:
                        out[words[0]] = words[1]
        return out

    def rest(self):
        """The state once it no longer changes."""
        last = None
        while True:
            now = self.state()
            if now == last:
                return now
            last = now
            time.sleep(0.3)


class Control:
    """The client that is served all the while."""

    def __init__(self):
        self.peer = mqtt.Peer(("127.0.0.1", PORT), 5, SLOW)
        self.peer.open("control")
        self.peer.subscribe("control/#", qos=1)
        self.n = 0

    def check(self):
        self.n += 1
        word = b"%d" % self.n
        self.peer.publish("control/x", word, 1)
        got = self.peer.message()
        if got.payload != word:
            raise Lost(f"the other client got {got.payload}, not {word}")


def forget(clients, topics):
    """Sessions and retained messages that a step has left."""
    if not clients and not topics:
        return
    p = mqtt.Peer(("127.0.0.1", PORT), 5, SLOW)
    p.open("forget")
    for t in topics:
        p.publish(t, b"", retain=True)
    p.leave()
    for c in clients:
        p = mqtt.Peer(("127.0.0.1", PORT), 5, SLOW)
        p.open(c)
        p.leave()


def same(watch, before):
    """Wait until all is as it was; what is not."""
    end = time.monotonic() + SLOW
    while True:
        now = watch.state()
        if now == before:
            return None
        if time.monotonic() > end:
            return {k: (before.get(k), now.get(k)) for k in before | now
                    if before.get(k) != now.get(k)}
        time.sleep(0.05)


def once(work, fault, n, control, watch, before):
    """One run of a step in which the n-th allocation fails; whether it did."""
    global step, armed
    step, armed = Step(), fault
    excuse = None
    fault.arm(n)
    try:
        work()
    except (mqtt.Malformed, Lost):
        raise
    except (AssertionError, OSError, EOFError) as e:
        excuse = e
    fired = fault.fired()
    fault.disarm()
    armed = None
    if excuse and not fired:
        raise excuse
    control.check()
    for p in step.peers:
        p.settled()
    step.clean()
    forget(step.clients, step.topics)
    differs = same(watch, before)
    if differs:
        raise Lost(f"afterwards (before, now): {differs}")
    return fired


def main():
    import steps
    args = argparse.ArgumentParser()
    args.add_argument("-s", type=int, default=1, dest="stride")
    args.add_argument("-o", type=int, default=1, dest="offset")
    args.add_argument("-k", default="failslab", dest="kind")
    args.add_argument("-l", action="store_true", dest="list")
    args.add_argument("steps", nargs="*")
    args = args.parse_args()
    wanted = {name: work for name, work in steps.ALL.items()
              if not args.steps or name in args.steps}
    if args.list:
        print(*wanted, sep="\n")
        return 0
    fault, sites = Fault(args.kind), Sites()
    watch, control = Watch(), Control()
    failed, total = 0, 0
    for name, work in wanted.items():
        # First without a failure, which shows that the step itself is right.
        n = 0
        try:
            before = watch.rest()
            once(work, fault, 0, control, watch, before)
            n = min(args.offset, args.stride)
            started = time.monotonic()
            while once(work, fault, n, control, watch, before):
                total += 1
                sites.collect()
                n += args.stride
            print(f"ok - {name}: fewer than {n} allocations"
                  f" ({time.monotonic() - started:.0f} s)", flush=True)
        except Exception as e:	# pylint: disable=broad-except
            failed = 1
            fault.disarm()
            print(f"not ok - {name}, allocation {n}: {type(e).__name__}: {e}")
            for line in traceback.format_exc().splitlines()[-12:]:
                print("#", line)
            for frames in sites.collect()[-1:]:
                print("# failed:", *frames)
            sys.stdout.flush()
            try:
                step.clean()
                subprocess.run(["mqttkctl", "reset"], check=False, timeout=SLOW)
                subprocess.run(["mqttkctl", "listener", "add", f"127.0.0.1:{PORT}",
                                "anonymous", "on"], check=True, timeout=SLOW)
                ctl("limit", "set", "sys_interval", "0")
                control = Control()
            except Exception as e2:	# pylint: disable=broad-except
                print(f"# the broker cannot be made new: {e2}")
                return 1
    control.peer.leave()
    print(f"# {total} allocations failed by {args.kind}")
    if args.kind == "failslab":
        sites.report(glob.glob("/usr/lib/modules/*/updates/mqttk.ko")[0], full=args.stride == 1)
    return failed


if __name__ == "__main__":
    sys.modules["nth"] = sys.modules["__main__"]
    sys.exit(main())
