#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""vm/ctl's half on the machine: sends a command by the guest's control socket
and passes on what comes back, up to the NUL and the status that end it."""
import base64
import socket
import sys

END = b"\0status "


def main():
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(600)
    link.connect(sys.argv[1])
    link.sendall(base64.b64encode(sys.argv[2].encode()) + b"\n")
    held = b""
    while True:
        data = link.recv(65536)
        if not data:
            sys.exit("the machine went away")
        held += data
        at = held.find(END)
        if at >= 0 and held.endswith(b"\n"):
            sys.stdout.buffer.write(held[:at])
            sys.exit(int(held[at + len(END):]))
        # Keep what could be the beginning of the end.
        keep = at if at >= 0 else max(held.rfind(b"\0"), 0)
        if at < 0 and b"\0" not in held:
            keep = len(held)
        sys.stdout.buffer.write(held[:keep])
        sys.stdout.buffer.flush()
        held = held[keep:]


main()
