#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a file publishes is charged to the memory cgroup of who opened it, even
when it is written from outside: at its limit the writer gets ENOMEM, and the
OOM killer is not called. Budgets of the netns must be larger than LIMIT."""

import errno
import os
import sys

ROOT = "/sys/fs/cgroup"
GROUP = ROOT + "/mqttk-test"
LIMIT = 8 << 20
SIZE = 60000


def put(path, text):
    with open(path, "w") as f:
        f.write(text)


def get(path):
    with open(path) as f:
        return f.read()


def main():
    if not os.path.exists(ROOT + "/cgroup.controllers"):
        os.system("mount -t cgroup2 cgroup2 " + ROOT)
    put(ROOT + "/cgroup.subtree_control", "+memory")
    os.mkdir(GROUP)
    put(GROUP + "/memory.max", str(LIMIT))
    put(GROUP + "/cgroup.procs", str(os.getpid()))
    fd = os.open("/dev/mqtt", os.O_WRONLY)
    put(ROOT + "/cgroup.procs", str(os.getpid()))
    error = 0
    for i in range(2 * LIMIT // SIZE):
        try:
            os.write(fd, b"retain;cg/%d " % i + b"x" * SIZE + b"\n")
        except OSError as e:
            error = e.errno
            break
    charged = int(get(GROUP + "/memory.current"))
    events = dict(l.split() for l in get(GROUP + "/memory.events").splitlines())
    print(f"{i} messages, error {error}, charged {charged}, {events}")
    for j in range(i):
        os.write(fd, b"retain;cg/%d \n" % j)
    os.close(fd)
    if error != errno.ENOMEM or charged < LIMIT // 2 or \
       int(events["oom_kill"]) or int(events["oom"]):
        sys.exit("not charged to the opener's group, or not gently")


if __name__ == "__main__":
    main()
