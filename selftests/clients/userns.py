#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What somebody does who is root in a user namespace of their own; run there.

userns.py limits: tries to exceed every ceiling.
userns.py blind: sees nothing of another namespace, which has "secret" things.
userns.py fill: stores as much as the broker takes.
"""
import json
import subprocess
import sys

import mq

SESSIONS = 12
MESSAGES = 7
SIZE = 160000


def ctl(*words):
    return subprocess.run(["mqttkctl", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def limits():
    return {l["name"]: l for l in json.loads(ctl("-j", "limit", "show").stdout)}


def try_limits():
    before = limits()
    failed = 0
    for name, l in before.items():
        for value in (l["maximum"] + 1, (1 << 64) - 1):
            got = ctl("limit", "set", name, str(value))
            if not got.returncode:
                print(f"{name} {value}: {got.stdout}")
                failed += 1
    for name, l in limits().items():
        if l["value"] != before[name]["value"]:
            print(f"{name} is {l['value']} now, it was {before[name]['value']}")
            failed += 1
    for line in (f"max_connections {before['max_connections']['maximum'] + 1}",
                 f"max_queued_messages {before['max_queued_messages']['maximum'] + 1}",
                 f"max_topic_alias {before['max_topic_alias']['maximum'] + 1}"):
        with open("/tmp/userns.conf", "w", encoding="ascii") as f:
            f.write(f"allow_anonymous true\nlistener 1884 127.0.0.1\n{line}\n")
        ctl("apply", "/tmp/userns.conf")
    ctl("reset")
    for name, l in limits().items():
        if l["value"] > before[name]["maximum"] or l["maximum"] != before[name]["maximum"]:
            print(f"{name} is {l['value']}, its ceiling was {before[name]['maximum']}")
            failed += 1
    return failed


def try_look():
    failed = 0
    for what in ("listener", "client", "session", "subscription", "retained"):
        got = ctl("-j", what, "show")
        if got.returncode or json.loads(got.stdout):
            print(f"{what} show: {got.stdout}")
            failed += 1
    for words in (("retained", "get", "secret/topic"), ("session", "del", "secret-session"),
                  ("listener", "del", "secret-listener"),
                  ("client", "disconnect", "secret-session")):
        got = ctl(*words)
        if not got.returncode:
            print(f"{' '.join(words)}: {got.stdout}")
            failed += 1
    stats = json.loads(ctl("-j", "stats").stdout)
    if stats["sessions"] or any(stats["counters"].values()):
        print(stats)
        failed += 1
    return failed


def fill():
    """Sessions that stay, each with more in its queue than it may have."""
    closed = 0
    for i in range(SESSIONS):
        try:
            with mq.Peer(f"away-{i}", clean=False) as p:
                p.subscribe(f"full/{i}", qos=1)
            with mq.Peer("publisher") as p:
                for n in range(MESSAGES):
                    p.send(mq.publish(f"full/{i}", b"x" * SIZE, qos=1, pid=n + 1))
                    p.expect(mq.PUBACK)
        except (mq.Closed, OSError):
            closed += 1
    print(f"full, {closed} times refused", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit({"limits": try_limits, "blind": try_look, "fill": fill}[sys.argv[1]]())
