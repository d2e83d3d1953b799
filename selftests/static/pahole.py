#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
pahole.py KO TABLE: compares the sizes of structures with the table; with
UPDATE=1 in the environment writes the table anew. See pahole.sh.
"""
import os
import re
import subprocess
import sys

LINE = 64

# Members that publishers read all the time, and members of the same structure
# that others write: by cache line they have nothing in common.
APART = {
    "mqttk_limits": (("value", "store", "net"), ("used", "overflow", "hits")),
    "mqttk_listener": (("mn", "terms", "memcg", "saved"),
                       ("list", "work", "nr_conns", "accepted", "refused", "ref")),
    "mqttk_net": (("net", "stats", "dying"),
                  ("sub_mutex", "conns", "conns_lock", "nr_conns", "nr_live", "nr_objects",
                   "retained", "clock", "sys", "ctl_mutex")),
    "mqttk_conn": (("sk", "ln"), ("flags", "rx_node", "tx_node", "turn_node", "ref")),
}


def layout(module, name):
    """The size, the bytes of holes, and {member: (offset, size)}."""
    text = subprocess.run(["pahole", "-C", name, module], capture_output=True, text=True,
                          check=False).stdout
    size = re.search(r"/\* size: (\d+), cachelines: \d+", text)
    if not size:
        return None
    holes = re.search(r"sum holes: (\d+)", text)
    padding = re.search(r"^\s*/\* padding: (\d+)", text, re.M)
    waste = sum(int(m.group(1)) for m in (holes, padding) if m)
    members = {}
    for line in text.splitlines():
        found = re.match(r"\t\S.*?(\w+)(?:\[\w*\])*(?: __attribute__\(.*\))?;\s*"
                         r"/\*\s*(\d+)\s+(\d+) \*/", line)
        if found:
            members[found.group(1)] = int(found.group(2)), int(found.group(3))
    return int(size.group(1)), waste, members


def lines(members, names):
    used = {}
    for name in names:
        offset, size = members[name]
        for line in range(offset // LINE, (offset + max(size, 1) - 1) // LINE + 1):
            used[line] = name
    return used


def read_table(path):
    with open(path, encoding="ascii") as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def write_table(path, sizes):
    with open(path, encoding="ascii") as f:
        head = [line for line in f if line.startswith("#")]
    with open(path, "w", encoding="ascii") as f:
        f.writelines(head)
        for name, (size, waste) in sizes.items():
            f.write(f"{name:20} {size:5} {waste:3}\n")


def main():
    module, path = sys.argv[1:]
    table = read_table(path)
    count = failed = 0

    def result(good, what):
        nonlocal count, failed
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {what}")

    sizes = {}
    for name, wanted in table.items():
        found = layout(module, name)
        if not found:
            result(False, f"struct {name} is not in {os.path.basename(module)}")
            continue
        sizes[name] = found[:2]
        if sizes[name] != wanted and "UPDATE" not in os.environ:
            print(f"# struct {name} has {found[0]} bytes, {found[1]} of them unused; "
                  f"pahole.table says {wanted[0]} and {wanted[1]}.\n"
                  f"# If that is meant: UPDATE=1 selftests/static/pahole.sh")
        result(sizes[name] == wanted or "UPDATE" in os.environ, f"struct {name}")
    for name, (read, written) in APART.items():
        members = layout(module, name)[2]
        shared = lines(members, read).keys() & lines(members, written).keys()
        for line in shared:
            print(f"# cache line {line} of struct {name}: {lines(members, read)[line]}, which "
                  f"every message reads, and {lines(members, written)[line]}, which is written")
        result(not shared, f"struct {name}: what is read and what is written lie apart")
    if "UPDATE" in os.environ:
        write_table(path, sizes)
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
