#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coalesce.py PORT NOW: a listener with coalesce-usecs at PORT, one without at
NOW: fewer segments for the same messages, none of them lost or out of order;
what is enough for a send does not wait for more; and the end of a connection waits for nothing.
coalesce.py PORT leave|unload: leaves, or unloads the module, while something
waits."""
import ctypes
import os
import select
import socket
import struct
import sys

import mq

COUNT = 60
ENOUGH = 32  # messages that do not wait for more
DELETE_MODULE = 176
tap = mq.Tap()
port = int(sys.argv[1])


def segments(peer):
    """Those with data that came for it: tcpi_data_segs_in."""
    info = peer.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return struct.unpack_from("=I", info, 152)[0]


def take(where, now):
    """Segments that COUNT messages came in, one published after the other."""
    with mq.Peer("sub", port=where) as sub, mq.Peer("pub", port=now) as pub:
        sub.subscribe("c")
        before = segments(sub)
        for i in range(COUNT):
            pub.send(mq.publish("c", str(i), qos=1, pid=i + 1))
            pub.expect(mq.PUBACK)
        got = [int(sub.message()[1]) for _ in range(COUNT)]
        assert got == list(range(COUNT)), got
        return segments(sub) - before


def fewer(now):
    on, off = take(port, now), take(now, now)
    print(f"# {COUNT} messages: {on} segments, {off} without")
    assert on < off / 2, (on, off)


def enough(now):
    """What does not wait overtakes what was there first, and does. All that
    waits is sent at the same time, and what was there first is sent first."""
    few, many = mq.Peer("few", port=port), mq.Peer("many", port=port)
    with few, many, mq.Peer("pub", port=now) as pub:
        few.subscribe("few")
        many.subscribe("many")
        burst = mq.publish("few") + b"".join(mq.publish("many", str(i))
                                             for i in range(ENOUGH))
        early = False
        # On a busy machine both may be here when we look.
        for _ in range(500):
            pub.send(burst)
            select.select([many.sock], [], [], mq.PATIENCE)
            early = not select.select([few.sock], [], [], 0)[0]
            got = [int(many.message()[1]) for _ in range(ENOUGH)]
            assert got == list(range(ENOUGH)), got
            few.message()
            if early:
                break
        assert early


def acknowledged():
    """Nobody's answers get lost, whatever they wait for."""
    with mq.Peer("pub", port=port) as pub:
        pub.subscribe("d", qos=1)
        for i in range(1, COUNT):
            pub.send(mq.publish("d", str(i), qos=1, pid=i))
        acks = messages = 0
        while acks < COUNT - 1 or messages < COUNT - 1:
            kind, _, body = pub.read()
            acks += kind == mq.PUBACK
            if kind == mq.PUBLISH:
                messages += 1
                pub.send(mq.ack(mq.PUBACK, int.from_bytes(body[3:5], "big")))
        pub.ping()


def closed():
    """A message that waits is sent before the connection is closed."""
    for _ in range(10):
        with mq.Peer("self", port=port) as peer:
            peer.subscribe("e")
            # What no client may send twice.
            peer.send(mq.publish("e", "last") + mq.connect("self"))
            assert peer.message()[1] == b"last"
            peer.cut()


def go(how):
    """The end comes a few microseconds after the message."""
    peers = [mq.Peer(f"peer{i}", port=port) for i in range(8)]
    for peer in peers:
        peer.subscribe("f")
    peers[0].send(mq.publish("f", "never seen"))
    if how == "leave":
        os._exit(0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(DELETE_MODULE, b"mqttk", os.O_NONBLOCK):
        sys.exit(os.strerror(ctypes.get_errno()))


if not sys.argv[2].isdigit():
    go(sys.argv[2])
else:
    tap("fewer segments", fewer, int(sys.argv[2]))
    tap("what is enough for a send does not wait", enough, int(sys.argv[2]))
    tap("acknowledgments and PINGRESP come", acknowledged)
    tap("the end of a connection does not wait", closed)
    sys.exit(tap.failed > 0)
