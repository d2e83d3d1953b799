#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
report.py DIR: adds up what tests counted, one directory of DIR each, and prints
a table by file. The notes of the compiler and the sources are in /build, as the
module was built there. A line counts as run if any test ran it; a branch is one
way out of a decision that the compiler saw in the source.
"""
import collections
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = "/build/mqttk"


def gcov(counts, work):
    """What one test counted, as gcov's JSON, a document for each object."""
    for notes in glob.glob(f"{SOURCE}/*.gcno"):
        base = os.path.basename(notes)[:-5]
        data = f"{counts}/{base}.gcda"
        if not os.path.exists(data) or not os.path.getsize(data):
            continue
        shutil.copy(notes, work)
        shutil.copy(data, work)
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities", f"{work}/{base}.gcda"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/build", check=False)
        for line in done.stdout.splitlines():
            yield json.loads(line)


def add(totals, document):
    """Only the module's own lines: not what headers of the kernel expand to."""
    for file in document["files"]:
        name = os.path.basename(file["file"])
        if os.path.dirname(file["file"]) not in ("mqttk", SOURCE):
            continue
        f = totals[name]
        for line in file["lines"]:
            n = line["line_number"]
            f["lines"][n] += line["count"]
            where = line.get("function_name", ""), n
            for i, branch in enumerate(line["branches"]):
                if not branch.get("throw"):
                    f["branches"][(*where, i)] += branch["count"]
        for function in file["functions"]:
            f["functions"][function["name"]] += function["execution_count"]


def ratio(counts):
    return sum(1 for v in counts.values() if v), len(counts)


def percent(have, of):
    return f"{100 * have / of:.1f}" if of else "-"


def table(totals):
    print("| file | lines | of | % | branches | of | % |\n"
          "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    sums = [0, 0, 0, 0]
    for name in sorted(totals):
        figures = [*ratio(totals[name]["lines"]), *ratio(totals[name]["branches"])]
        sums = [a + b for a, b in zip(sums, figures)]
        row(f"`{name}`", figures)
    row("all", sums)


def row(name, f):
    print(f"| {name} | {f[0]} | {f[1]} | {percent(*f[:2])} |"
          f" {f[2]} | {f[3]} | {percent(*f[2:])} |")


def ranges(numbers):
    """Runs of lines, as 3-5, 9."""
    out = []
    for n in sorted(numbers):
        if out and n <= out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in out)


def main():
    totals = collections.defaultdict(lambda: {
        "lines": collections.Counter(), "branches": collections.Counter(),
        "functions": collections.Counter()})
    tests = sorted(d for d in glob.glob(f"{sys.argv[1]}/*") if os.path.isdir(d))
    for counts in tests:
        with tempfile.TemporaryDirectory() as work:
            for document in gcov(counts, work):
                add(totals, document)
    # Generated, or what the kernel's macros make of a list of tracepoints.
    for name in ("netlink-gen.c", "netlink-gen.h", "trace.h"):
        totals.pop(name, None)
    print(f"{len(tests)} tests\n")
    table(totals)
    print("\nNever run:")
    for name in sorted(totals):
        missed = {n for n, count in totals[name]["lines"].items() if not count}
        if missed:
            print(f"{name}: {ranges(missed)}")


if __name__ == "__main__":
    main()
