#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Lets the first allocation fail, then the second, and so on, in everything a
file of the device does. Each must end in an error that says so, or in success;
what was allocated is freed again, which the kernel's leak detector checks. Needs
a kernel with fault injection."""

import errno
import os
import sys

from device import DEVICE, File, publish
from records import BINARY, UPTO, Binary, record

ALLOWED = (errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN)
FAIL_NTH = "/proc/thread-self/fail-nth"


def left(fd):
    """How far the countdown is; 0: it has failed one, or was not set."""
    return int(os.pread(fd, 32, 0).rstrip(b"\0\n") or b"0")


def session():
    with File() as f:
        f.poll()
        f.subscribe(b"x/#", qos=1)
        f.subscribe(b"x/1")
        f.write(b"retain;x/1 %s\nx/2 y\n" % (b"z" * 3000))
        f.read()
        f.unsubscribe(b"x/#")


def client():
    with Binary(client=b"fn", filters=[b"x/#"], qos=2) as f:
        f.poll()
        f.write(record(b"x/1", b"z" * 3000, 2, props=b"\x03\0\1t") +
                record(b"x/2", b"y", 1))
        f.subscribe(b"$share/g/x/#", qos=1, id_=5)
        f.read()
        f.info()
        f.options(BINARY, queued=100)
        f.ack(0, UPTO)
        f.write(record(b"x/3", b"kept", 1))


def count(work, fd):
    """Returns how many allocations work needs and how often it failed."""
    failed = 0
    for n in range(1, 2000):
        os.write(fd, b"%d" % n)
        try:
            work()
        except OSError as e:
            if e.errno not in ALLOWED:
                raise
            failed += 1
        rest = left(fd)
        os.write(fd, b"0")
        if rest:
            return n - 1, failed
    sys.exit("no end of allocations")


def main():
    if not os.path.exists(FAIL_NTH):
        sys.exit("no fault injection in this kernel")
    for knob, value in (("ignore-gfp-wait", "N"), ("verbose", "0")):
        with open(f"/sys/kernel/debug/failslab/{knob}", "w") as f:
            f.write(value)
    fd = os.open(FAIL_NTH, os.O_RDWR)
    for work in (session, client):
        n, failed = count(work, fd)
        # The interpreter's own allocations fail seldom and are none of ours.
        print(f"{work.__name__}: {n} allocations, {failed} errors on {DEVICE}")
        if not failed:
            sys.exit("nothing failed")
    publish(b"retain;x/1 \n")
    Binary(client=b"fn", clean=True, expiry=0).__exit__()


if __name__ == "__main__":
    main()
