#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""storm.py ROUNDS: in each round a network namespace with readers, writers,
pollers and subscribers busy on its /dev/mqtt ends. Fails unless all of them
see ENODEV soon."""

import errno
import os
import random
import select
import sys
import threading
import time

from device import File, Failed, in_new_netns
from records import UPTO, Binary, record

ALLOWED = (errno.EAGAIN, errno.ENODEV, errno.ENOENT, errno.ENOBUFS,
           errno.EDQUOT)


def read(f):
    os.read(f.fd, 1 << 16)


def write(f):
    os.write(f.fd, b"retain;s/%d x\ns/y %s\nqos=1;s/z \n" %
             (random.randrange(20), b"z" * 2000))


def read_records(f):
    """Most of them are never acknowledged."""
    os.read(f.fd, 1 << 16)
    if not random.randrange(10):
        f.ack(0, UPTO)


def write_records(f):
    os.write(f.fd, b"".join(record(b"s/y", b"z" * random.randrange(9000),
                                   random.randrange(3)) for _ in range(4)))


def info(f):
    f.info()


def poll(f):
    if f.poll(50) & select.POLLHUP:
        raise OSError(errno.ENODEV, "hung up")


def subscribe(f):
    filter_ = random.choice((b"#", b"s/+", b"s/y", b"+/z"))
    f.subscribe(filter_, qos=random.randrange(3))
    f.unsubscribe(filter_)


def until_gone(work, f, deadline, failures):
    while time.monotonic() < deadline:
        try:
            work(f)
        except OSError as e:
            if e.errno == errno.ENODEV:
                return
            if e.errno not in ALLOWED:
                failures.append(f"{work.__name__}: {e}")
                return
        time.sleep(0)
    failures.append(f"{work.__name__}: not told")


def round_():
    files, keep = in_new_netns(lambda: (File(os.O_RDWR, [b"s/#"]),
                                        File(os.O_RDWR | os.O_NONBLOCK),
                                        Binary(os.O_RDWR, client=b"s1",
                                               filters=[b"s/#"], qos=2),
                                        Binary(client=b"s2", qos=1, expiry=0,
                                               filters=[b"s/#", b"$share/g/#"]),
                                        *(File(filters=[b"s/#", b"s/+"])
                                          for _ in range(20))))
    blocking, shared, client, brief, *idle = files
    failures = []
    deadline = time.monotonic() + 60
    threads = [threading.Thread(target=until_gone,
                                args=(work, f, deadline, failures))
               for work, f in ((read, blocking), (write, blocking),
                               (poll, blocking), (subscribe, blocking),
                               (read, shared), (write, shared),
                               (poll, shared), (subscribe, shared),
                               (read_records, client), (poll, client),
                               (write_records, client), (info, client),
                               (read_records, brief), (subscribe, brief))]
    for t in threads:
        t.start()
    time.sleep(random.random() / 20)
    # The namespace ends when it will: some files are closed at that moment.
    os.close(keep)
    time.sleep(random.random() / 100)
    for f in idle:
        f.__exit__()
    for t in threads:
        t.join()
    blocking.__exit__()
    shared.__exit__()
    client.__exit__()
    brief.__exit__()
    if failures:
        raise Failed("; ".join(failures))


def main():
    try:
        for _ in range(int(sys.argv[1])):
            round_()
    except Failed as e:
        sys.exit(f"storm: {e}")


if __name__ == "__main__":
    main()
