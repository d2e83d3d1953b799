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


def main():
    if not os.path.exists(FAIL_NTH):
        sys.exit("no fault injection in this kernel")
    for knob, value in (("ignore-gfp-wait", "N"), ("verbose", "0")):
        with open(f"/sys/kernel/debug/failslab/{knob}", "w") as f:
            f.write(value)
    fd = os.open(FAIL_NTH, os.O_RDWR)
    failed = 0
    for n in range(1, 2000):
        os.write(fd, b"%d" % n)
        try:
            session()
        except OSError as e:
            if e.errno not in ALLOWED:
                raise
            failed += 1
        rest = left(fd)
        os.write(fd, b"0")
        if rest:
            break
    else:
        sys.exit("no end of allocations")
    # The interpreter's own allocations fail seldom and are none of ours.
    publish(b"retain;x/1 \n")
    print(f"{n - 1} allocations, {failed} errors on {DEVICE}")
    if not failed:
        sys.exit("nothing failed")


if __name__ == "__main__":
    main()
