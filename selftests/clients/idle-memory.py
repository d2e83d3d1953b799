#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
idle-memory.py [-a FEW] [-b MANY] [-p PID] [-P PORT] [-j]: what an idle
connection with one subscription costs the kernel, in bytes, by slab cache.

Connects FEW clients, then MANY, and divides the difference. So does it with
bare connections, whose other end a process accepts and holds. What both take is
the sockets' own, at both ends; files of the bare other end are not held against
anybody. What is left is the broker's. With PID, that process's own memory is
counted, too: for brokers in user space.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.sysconf("SC_PAGE_SIZE")
# What is a process's, a file's or the page cache's.
NOT_OURS = ("MemFree", "Buffers", "Cached", "AnonPages", "Slab", "KernelStack",
            "PageTables", "SecPageTables", "Percpu", "VmallocUsed")


def meminfo():
    with open("/proc/meminfo", encoding="ascii") as f:
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in f}


def cpu_lists():
    """Free pages that a processor keeps for itself."""
    with open("/proc/zoneinfo", encoding="ascii") as f:
        return sum(int(n) for n in re.findall(r"^\s+count:\s+(\d+)", f.read(), re.M)) * PAGE


def slabs():
    """Bytes of each cache, whole slabs."""
    found = {}
    with open("/proc/slabinfo", encoding="ascii") as f:
        for line in list(f)[2:]:
            field = line.split()
            found[field[0]] = int(field[-2]) * int(field[5]) * PAGE
    return found


def private(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        text = f.read()
    return sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", text, re.M)) * 1024


def snapshot(pid):
    info = meminfo()
    now = slabs()
    now["(per-CPU)"] = info["Percpu"]
    now["(vmalloc)"] = info["VmallocUsed"]
    now["(pages)"] = info["MemTotal"] - cpu_lists() - sum(info.get(k, 0) for k in NOT_OURS)
    if pid:
        now["(process)"] = private(pid)
    return now


def settle():
    """What ended connections have left is freed, after grace periods."""
    time.sleep(2)


def with_clients(nr, args, bare):
    command = [os.path.join(HERE, "idle"), "-n", str(nr), "-k", "3600", "-t", "900",
               "-P", "19999" if bare else args.port] + (["-b"] if bare else [])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as idle:
        if idle.stdout.readline() != "ready\n":
            sys.exit("idle-memory: not all clients came in")
        settle()
        now = snapshot(args.pid)
        idle.send_signal(signal.SIGTERM)
        idle.communicate()
    settle()
    return now


def each(args, bare):
    few = with_clients(args.few, args, bare)
    many = with_clients(args.many, args, bare)
    clients = args.many - args.few
    return {name: (many[name] - few.get(name, 0)) / clients for name in many}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-a", dest="few", type=int, default=2000)
    parser.add_argument("-b", dest="many", type=int, default=10000)
    parser.add_argument("-p", dest="pid", type=int)
    parser.add_argument("-P", dest="port", default="1883")
    parser.add_argument("-j", dest="json", action="store_true")
    args = parser.parse_args()
    # Page tables and caches of programs are there before anything is counted.
    with_clients(10, args, False)
    bare = each(args, True)
    ours = each(args, False)
    sockets = sum(bare.values())
    beyond = {n: max(v - bare.get(n, 0), 0) for n, v in ours.items()}
    beyond = {n: v for n, v in beyond.items() if v >= 1}
    total = sum(beyond.values())
    if args.json:
        print(json.dumps({"bytes": round(total), "sockets": round(sockets),
                          "caches": {n: round(v, 1) for n, v in beyond.items()}}))
        return
    print(f"{'bytes for each connection':32} {'bare':>9} {'broker':>9} {'beyond':>9}")
    for name in sorted(set(bare) | set(ours), key=lambda n: -ours.get(n, 0)):
        pair = bare.get(name, 0), ours.get(name, 0)
        if max(pair) >= 1:
            print(f"{name:32} {pair[0]:9.1f} {pair[1]:9.1f} {beyond.get(name, 0):9.1f}")
    print(f"{'sum':32} {sockets:9.1f} {sum(ours.values()):9.1f} {total:9.1f}")


if __name__ == "__main__":
    main()
