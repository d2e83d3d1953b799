#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tries a broker against the numbered statements of the MQTT standards.

run.py [-k PATTERN] [-l] [-n] [-t] [-u PORT] [-s KEY=VALUE | -S] HOST PORT

prints KTAP, a line for each case. -k: only those whose name matches; -l: only
list them, with what they prove; -n: results without numbers, for a script that
numbers its own; -t: how long each took; -u: another port of the broker, whose
listener lets nobody in without a user name; -s: the cases that need this setting
of the broker, which was made already; -S: only list such settings.
BROKER=mosquitto in the environment: what that one is
known to do differently is no failure. MQTTK_PATIENCE multiplies all patience."""
import argparse
import concurrent.futures
import os
import re
import sys
import time

import case
import mqtt

HERE = os.path.dirname(os.path.abspath(__file__))


def deviations(broker):
    """What a broker is known to do otherwise: by name and version, why."""
    known = {}
    try:
        with open(f"{HERE}/deviations-{broker}", encoding="utf-8") as f:
            for line in f:
                if not line.startswith("#"):
                    name, version, why = line.rstrip("\n").split(" ", 2)
                    known[name, version] = why
    except FileNotFoundError:
        pass
    return known


def run(c, known):
    """None, or why it failed."""
    context = case.Context(c, min(mqtt.PATIENCE, 1) if known else mqtt.PATIENCE)
    try:
        c.function(context)
    except Exception as e:  # one that fails must not stop the others
        where = e.__traceback__
        lines = []
        while where:
            name = os.path.basename(where.tb_frame.f_code.co_filename)
            lines.append(f"{name}:{where.tb_lineno}")
            where = where.tb_next
        return f"{type(e).__name__}: {e} ({' '.join(lines[1:])})"
    finally:
        try:
            context.clean_up()
        except Exception as e:
            print(f"# cleaning up after {c.name}: {e}", flush=True)
    return None


class Report:
    def __init__(self, cases, numbers, broker):
        self.failed, self.count, self.numbers, self.broker = 0, 0, numbers, broker
        print(f"KTAP version 1\n1..{len(cases)}" if numbers else "# conformance", flush=True)

    def __call__(self, c, why, known, skip=None):
        self.count += 1
        number = f"{self.count} " if self.numbers else ""
        tail = ""
        if skip:
            tail = f" # SKIP {skip}"
        elif why and known:
            tail = f" # XFAIL {self.broker}: {known}"
        elif known:
            print(f"# no longer fails: {c}")
        if why:
            print(f"# {why}")
        if why and not known:
            self.failed += 1
            print(f"not ok {number}- {c}", flush=True)
        else:
            print(f"ok {number}- {c}{tail}", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-k", default="")
    parser.add_argument("-l", action="store_true")
    parser.add_argument("-n", action="store_true")
    parser.add_argument("-t", action="store_true")
    parser.add_argument("-s")
    parser.add_argument("-S", action="store_true")
    parser.add_argument("-u", type=int)
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", type=int, default=1883)
    args = parser.parse_args()
    cases = [c for c in case.load() if re.search(args.k, str(c))]
    if args.S:
        print(*dict.fromkeys(c.needs for c in cases if c.needs and c.needs != "users"), sep="\n")
        return 0
    if not args.l:
        cases = [c for c in cases if c.needs in ((args.s,) if args.s else (None, "users"))]
    if args.l:
        for c in cases:
            print(c, *c.tags, sep="\n\t")
        return 0
    if not cases:
        print("1..0 # SKIP no such case" if not args.n else "ok - nothing # SKIP no such case")
        return 0
    case.Context.address = (args.host, args.port)
    case.Context.users_address = (args.host, args.u) if args.u else None
    report = Report(cases, not args.n, case.Context.broker)
    listed = deviations(case.Context.broker)
    case.Context.silent = ("*", "5.0") in listed
    known = {c: listed.get((c.name, case.VERSIONS[c.v])) for c in cases}
    canary = case.Canary(case.Context.address)
    # Those that wait for time to pass do so beside the others.
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        slow = {c: pool.submit(run, c, known[c]) for c in cases if c.slow and not c.needs}
        for c in cases:
            if c.needs == "users" and not args.u:
                report(c, None, None, "no listener for users only")
            elif c not in slow:
                start = time.monotonic()
                why = run(c, known[c])
                try:
                    canary.check()
                except Exception as e:
                    why = f"{why or 'the case'}; then somebody else: {type(e).__name__}: {e}"
                    canary = case.Canary(case.Context.address)
                if args.t:
                    print(f"# {time.monotonic() - start:.2f} s")
                report(c, why, known[c])
        for c, future in slow.items():
            report(c, future.result(), known[c])
    return report.failed > 0


sys.exit(main())
