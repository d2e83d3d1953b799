#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What /dev/mqtt promises to programs that use records, acknowledge, or are
clients with an identifier: each function here proves what its first line says.
Output and arguments as device.py's. The module must be loaded and idle."""

import array
import ctypes
import errno
import fcntl
import mmap
import os
import select
import struct
import sys
import threading
import time

from device import (DEVICE, SUBSCRIBE, UNSUBSCRIBE, Failed, File, expect,
                    expect_error, in_new_netns, ioctl_number, parse, run)

OPTIONS, CLIENT, ACK, INFO = 3, 4, 5, 6
BINARY_READ, BINARY_WRITE, WANT_ACK = 1, 2, 4
BINARY = BINARY_READ | BINARY_WRITE
CLEAN, FOR_EVER = 1, 0xffffffff
UPTO = 1
RETAIN, DUP, EXPIRES = 1, 2, 4
NO_LOCAL, AS_PUBLISHED = 4, 8
HEADER = struct.Struct("=IHHIIHBBIIIQQ")
INFO_STRUCT = struct.Struct("=IIIIIIQQQQ")
FIONREAD = 0x541b


class Record:
    """A record taken apart."""

    def __init__(self, buf, at=0):
        (self.len, self.header_len, topic, props, payload, self.flags,
         self.qos, reserved, self.expiry, self.token, self.lost, self.seq,
         self.usec) = HEADER.unpack_from(buf, at)
        expect((self.header_len, reserved, self.len % 8), (48, 0, 0), "header")
        end = at + 48 + topic + props + payload
        expect(-(at + 48 + topic + props + payload) % 8,
               at + self.len - end, "padding")
        expect(bytes(buf[end:at + self.len]), b"\0" * (at + self.len - end))
        at += 48
        self.topic = bytes(buf[at:at + topic])
        self.props = bytes(buf[at + topic:at + topic + props])
        self.payload = bytes(buf[at + topic + props:end])

    def what(self):
        return (self.topic, self.payload)


def records(buf):
    got, at = [], 0
    while at < len(buf):
        got.append(Record(buf, at))
        at += got[-1].len
    return got


def record(topic, payload=b"", qos=0, flags=0, props=b"", expiry=0, length=None,
           header=48, extra=b"", reserved=0):
    size = header + len(topic) + len(props) + len(payload)
    padded = -(-size // 8) * 8
    head = HEADER.pack(padded if length is None else length, header,
                       len(topic), len(props), len(payload), flags, qos,
                       reserved, expiry, 77, 88, 99, 111)
    return (head + extra + topic + props + payload).ljust(padded, b"\0")


class Binary(File):
    """An open device that reads and writes records."""

    def __init__(self, flags=os.O_RDWR | os.O_NONBLOCK, filters=(), opts=BINARY,
                 receive_max=0, queued=0, queued_bytes=0, client=None,
                 clean=False, expiry=FOR_EVER, qos=0):
        super().__init__(flags)
        self.options(opts, receive_max, queued, queued_bytes)
        self.present = None
        if client is not None:
            self.present = self.client(client, clean, expiry)
        for f in filters:
            self.subscribe(f, qos=qos)

    def call(self, nr, data):
        return fcntl.ioctl(self.fd, ioctl_number(nr, len(data)), data)

    def options(self, flags, receive_max=0, queued=0, queued_bytes=0,
                reserved=0):
        self.call(OPTIONS, struct.pack("=IIIIQ", flags, receive_max, queued,
                                       reserved, queued_bytes))

    def client(self, id_, clean=False, expiry=FOR_EVER, flags=None,
               reserved=0, length=None):
        buf = ctypes.create_string_buffer(id_, len(id_) + 1)
        # A mutable argument has fcntl give the ioctl's result.
        arg = bytearray(struct.pack(
            "=QIIII", ctypes.addressof(buf),
            len(id_) if length is None else length,
            int(clean) if flags is None else flags, expiry, reserved))
        return fcntl.ioctl(self.fd, ioctl_number(CLIENT, len(arg)), arg)

    def ack(self, token, flags=0):
        self.call(ACK, struct.pack("=II", token, flags))

    def info(self, size=56):
        buf = bytearray(b"\xff" * size)
        fcntl.ioctl(self.fd, 2 << 30 | size << 16 | 0xbc << 8 | INFO, buf)
        names = ("flags", "receive_max", "queued", "inflight", "next_size",
                 "subscriptions", "queued_bytes", "seq", "lost", "expired")
        expect(bytes(buf[56:]), b"\0" * (size - 56), "tail")
        return dict(zip(names, INFO_STRUCT.unpack_from(buf)))

    def next_size(self):
        buf = array.array("i", [-1])
        fcntl.ioctl(self.fd, FIONREAD, buf)
        return buf[0]

    def get(self, count=None, size=1 << 20, seconds=20):
        """Reads until count records came, or as many as there are at once."""
        got = []
        end = time.monotonic() + seconds
        while count is None or len(got) < count:
            try:
                got += records(self.read(size))
            except BlockingIOError:
                if count is None:
                    break
                if time.monotonic() > end:
                    raise Failed(f"{len(got)} of {count} records") from None
                select.select([self.fd], [], [], 0.5)
        return got


def round_trip():
    """what is written as a record is read as one, whatever its size"""
    with Binary(filters=[b"#"], qos=2) as f:
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        for size in (0, 1, 7, 8, 9, 64, 1023, 1024, 1025, 4095, 4096, 4097,
                     65536, 1000003):
            data = os.urandom(size)
            f.write(record(b"r/" + b"t" * (size % 11), data, size % 3))
            got, = f.get(1, 2 << 20)
            expect(got.what(), (b"r/" + b"t" * (size % 11), data))
            expect((got.qos, got.flags, got.props, got.token, got.lost),
                   (size % 3, 0, b"", 0, 0))
        after = time.clock_gettime(time.CLOCK_BOOTTIME)
        expect(before - 1e-5 <= got.usec / 1e6 <= after + 1e-5, True, "time")
        expect(got.seq, 13, "number")


def many_at_once():
    """a read gives as many whole records as fit"""
    with Binary(filters=[b"m"]) as f:
        one = len(record(b"m", b"0123"))
        many = b"".join(record(b"m", b"%04d" % i) for i in range(100))
        expect(f.write(many), len(many), "written")
        expect(len(f.read(3 * one - 1)), 2 * one, "two of three")
        expect(len(f.read(3 * one)), 3 * one, "exactly three")
        got = f.get()
        expect([int(m.payload) for m in got], list(range(5, 100)))
        expect([m.seq for m in got], list(range(5, 100)), "numbers")
        expect(f.poll() & select.POLLIN, 0, "readable")


def too_small():
    """where not even one fits: EINVAL, and two ways to learn what is needed"""
    with Binary(filters=[b"s"]) as f:
        expect(f.next_size(), 0, "nothing there")
        f.write(record(b"s", b"x" * 1000) + record(b"s", b"y"))
        size = f.next_size()
        expect(size, -(-(48 + 1 + 1000) // 8) * 8, "next size")
        expect(f.info()["next_size"], size, "next size")
        expect_error(errno.EINVAL, f.read, size - 1)
        expect(f.poll() & select.POLLIN, select.POLLIN, "readable")
        expect(len(f.read(size)), size, "bytes")
        expect(f.next_size(), len(record(b"s", b"y")), "next size")
        expect(len(f.get(1)), 1)
    with Binary(filters=[b"s"], opts=0) as f:
        expect_error(errno.ENOTTY, f.next_size)
        expect(f.info()["next_size"], 0, "text")


def huge():
    """a record of many megabytes, into memory that is not there yet"""
    size = 24 << 20
    os.system(f"mqttkctl limit set max_packet_size {size + 1000}")
    try:
        with Binary(filters=[b"h"]) as f:
            out = mmap.mmap(-1, size + 4096)
            out[:] = record(b"h", b"x" * size).ljust(size + 4096, b"\0")[:size + 4096]
            n = os.writev(f.fd, [memoryview(out)[:len(record(b"h", b"")) - 8]] +
                          [memoryview(out)[len(record(b"h", b"")) - 8:
                                           struct.unpack_from("=I", out)[0]]])
            expect(n, struct.unpack_from("=I", out)[0], "written")
            into = mmap.mmap(-1, size + 8192)
            n = os.readv(f.fd, [memoryview(into)[:100],
                                memoryview(into)[100:]])
            expect(n, struct.unpack_from("=I", out)[0], "read")
            expect(into[48:n] == out[48:n], True, "the same")
    finally:
        os.system("mqttkctl limit set max_packet_size 2000000")


def properties():
    """properties are checked, told as they came, and expiry counts"""
    ctype = b"\x03\0\x04text"
    user = b"\x26\0\1k\0\1v"
    with Binary() as f:
        f.subscribe(b"p", id_=300)
        f.write(record(b"p", b"1", props=ctype + user))
        got, = f.get(1)
        expect(got.props, b"\x0b\xac\x02" + ctype + user)
        # Back as it was read: identifiers of subscriptions are left out.
        f.write(record(b"p", b"2", props=got.props, flags=DUP))
        expect(f.get(1)[0].props, got.props)
        f.write(record(b"p", b"3", props=b"\x02\0\0\0\x0a"))
        f.write(record(b"p", b"4", flags=EXPIRES, expiry=100))
        a, b = f.get(2)
        expect((a.flags, a.expiry, b.flags, b.expiry), (4, 10, 4, 100))
        for props in (b"\x02\0\0\0\1\x02\0\0\0\1", b"\x7f", b"\x03\0\2\xff\xfe",
                      b"\x23\0\1", b"\x03\0", b"\x11\0\0\0\1", b"\x08\0\1#"):
            expect_error(errno.EBADMSG, f.write, record(b"p", props=props))
        expect_error(errno.EBADMSG, f.write,
                     record(b"p", props=b"\x02\0\0\0\1", flags=4, expiry=1))
        # Expired in the queue, and in the hands of the file.
        f.write(record(b"p", b"5", flags=EXPIRES, expiry=1) * 3 +
                record(b"p", b"6"))
        f.info()
        time.sleep(1.2)
        expect([m.payload for m in f.get()], [b"6"])
        expect(f.info()["expired"], 3, "expired")


def subscription_options():
    """No Local and Retain As Published are as in MQTT 5.0"""
    with Binary() as f, Binary() as g:
        f.subscribe(b"o", flags=NO_LOCAL)
        g.subscribe(b"o", flags=NO_LOCAL | AS_PUBLISHED)
        f.write(record(b"o", b"f", flags=RETAIN))
        g.write(record(b"o", b"g", flags=RETAIN))
        expect([(m.payload, m.flags) for m in f.get()], [(b"g", 0)])
        expect([(m.payload, m.flags) for m in g.get()], [(b"f", RETAIN)])
        with Binary(filters=[b"o"]) as h:
            expect([(m.payload, m.flags) for m in h.get()], [(b"g", RETAIN)])
        f.write(record(b"o", flags=RETAIN))


def shared():
    """a share gives each message to one file; who leaves passes on his"""
    with Binary(filters=[b"$share/g/sh"]) as f:
        with Binary(filters=[b"$share/g/sh"]) as g:
            f.write(b"".join(record(b"sh", b"%d" % i) for i in range(40)))
            a = [int(m.payload) for m in f.get()]
            first = g.read(100)
            b = [int(m.payload) for m in records(first)]
        b += [int(m.payload) for m in f.get()]
        expect(sorted(a + b), list(range(40)))


def bad_records():
    """a write that is not whole, valid records publishes nothing at all"""
    good = record(b"g", b"x")
    with Binary(filters=[b"#"]) as f:
        for bad in (b"x", good[:-1], good[:40], good + good[:47],
                    record(b"", b"x"), record(b"+", b"x"), record(b"a\0"),
                    record(b"a", qos=3), record(b"a", reserved=1),
                    record(b"a", flags=8), record(b"a", expiry=1),
                    record(b"a", length=56 + 8), record(b"a", length=48),
                    record(b"a", length=0), record(b"a", length=57),
                    record(b"a", length=0xfffffff8),
                    record(b"a", header=40, length=48),
                    HEADER.pack(48, 48, 0xffff, 0xffffffff, 0xffffffff, 0, 0,
                                0, 0, 0, 0, 0, 0)):
            expect_error(errno.EINVAL, f.write, bad)
            expect_error(errno.EINVAL, f.write, good + bad)
        expect_error(errno.EPERM, f.write, good + record(b"$SYS/x"))
        expect_error(errno.E2BIG, f.write,
                     good + record(b"a", header=56, extra=b"\0" * 7 + b"\1"))
        expect_error(errno.EMSGSIZE, f.write, good + record(b"a", b"x" * 2000000))
        expect_error(errno.EMSGSIZE, f.write,
                     good + record(b"a" * 60000, props=b"\x26\0\1a\0\1b" * 12000))
        expect(f.get(), [], "published")
        f.write(good + record(b"a", b"later", header=56, extra=b"\0" * 8))
        expect([m.what() for m in f.get(2)], [(b"g", b"x"), (b"a", b"later")])


def text_claimed():
    """a payload said to be text may be checked for it"""
    with Binary(filters=[b"x"]) as f:
        os.system("mqttkctl limit set check_payload_format 1")
        try:
            expect_error(errno.EILSEQ, f.write,
                         record(b"x", b"\xff" * 3000, props=b"\x01\1"))
            f.write(record(b"x", "ä".encode() * 3000, props=b"\x01\1"))
        finally:
            os.system("mqttkctl limit set check_payload_format 0")
        expect(len(f.get()), 1)


def lost():
    """who reads too late is told how many were lost, and where"""
    with Binary(filters=[b"l"], queued=10) as f:
        f.write(b"".join(record(b"l", b"%d" % i) for i in range(30)))
        got = f.get()
        f.write(record(b"l", b"next"))
        got += f.get()
        expect([(int(m.payload) if m.payload != b"next" else 30, m.lost)
                for m in got], [(i, 0) for i in range(10)] + [(30, 20)])
        expect(got[-1].seq, 30, "number")
        expect(f.info()["lost"], 20, "lost")
        f.options(BINARY, queued_bytes=100)
        f.write(b"".join(record(b"l", b"x" * 60) for i in range(3)))
        expect(len(f.get()), 1)


def faults():
    """a buffer that is not there, or half, loses no message"""
    libc = ctypes.CDLL(None, use_errno=True)
    size = 10 * 4096
    area = libc.mmap
    area.restype = ctypes.c_void_p
    at = area(None, ctypes.c_size_t(3 * 4096), 3, 0x22, -1, 0)
    libc.munmap(ctypes.c_void_p(at + 4096), ctypes.c_size_t(2 * 4096))
    with Binary(filters=[b"x"], qos=1) as f:
        for data in (b"1", b"2" * 2000, b"3" * size):
            f.write(record(b"x", data))
            for buf in (8, at + 4096 - 50, at + 4095):
                expect(libc.read(f.fd, ctypes.c_void_p(buf), 100000), -1)
                expect(ctypes.get_errno(), errno.EFAULT, "errno")
            expect(f.poll() & select.POLLIN, select.POLLIN, "readable")
            expect([m.payload for m in f.get(1)], [data])
            expect(libc.write(f.fd, ctypes.c_void_p(at + 4070), 100), -1)
            expect(ctypes.get_errno(), errno.EFAULT, "errno")
            cut = record(b"x", b"4" * size)[:4096]
            ctypes.memmove(at, cut, 4096)
            expect(libc.write(f.fd, ctypes.c_void_p(at),
                              len(record(b"x", b"4" * size))), -1)
            expect(ctypes.get_errno(), errno.EFAULT, "errno")
        # Two fit before memory ends: those two are read, and no more.
        f.write(record(b"x", b"a" * 10) * 3)
        n = libc.read(f.fd, ctypes.c_void_p(at + 4096 - 150), 100000)
        expect(n, 2 * len(record(b"x", b"a" * 10)), "bytes")
        expect(len(f.get()), 1, "left")


def acknowledged():
    """unacknowledged messages hold the window, acknowledged ones free it"""
    with Binary(filters=[b"a"], opts=BINARY | WANT_ACK, receive_max=3,
                qos=2) as f:
        f.write(b"".join(record(b"a", b"%d" % i, 1 + i % 2) for i in range(8)))
        f.write(record(b"a", b"8", 0))
        got = f.get()
        expect([int(m.payload) for m in got], [0, 1, 2])
        expect(all(m.token for m in got) and
               len({m.token for m in got}) == 3, True, "tokens")
        expect(f.poll() & select.POLLIN, 0, "readable")
        i = f.info()
        expect((i["inflight"], i["receive_max"], i["queued"]), (3, 3, 6))
        f.ack(got[1].token)
        expect_error(errno.ENOENT, f.ack, got[1].token)
        expect(f.poll() & select.POLLIN, select.POLLIN, "readable")
        got += f.get()
        expect([int(m.payload) for m in got], [0, 1, 2, 3])
        f.ack(got[2].token, UPTO)
        expect(f.info()["inflight"], 1, "in flight")
        got = f.get()
        expect([int(m.payload) for m in got], [4, 5])
        f.ack(0, UPTO)
        expect(f.info()["inflight"], 0, "in flight")
        got = f.get()
        expect([(int(m.payload), m.token != 0) for m in got],
               [(6, True), (7, True), (8, False)])
        expect([m.qos for m in got], [1, 2, 0])
        expect_error(errno.ENOENT, f.ack, 60000)
        f.ack(0, UPTO)
        expect((f.info()["inflight"], f.info()["lost"]), (0, 0))


def ack_not_held():
    """what the file holds but was not read is not acknowledged"""
    with Binary(filters=[b"n"], opts=BINARY | WANT_ACK, qos=1) as f:
        f.write(b"".join(record(b"n", b"%d" % i, 1) for i in range(6)))
        a, = f.get(1, 60)
        f.ack(0, UPTO)
        expect(f.info()["queued"], 5, "queued")
        for token in range(1, 21):
            expect_error(errno.ENOENT, f.ack, token)
        expect(len(f.get()), 5)


def ack_overflow():
    """a window that stays full loses messages as a queue does, and says so"""
    with Binary(filters=[b"v"], opts=BINARY | WANT_ACK, receive_max=2,
                queued=5, qos=1) as f:
        f.write(b"".join(record(b"v", b"%d" % i, 1) for i in range(20)))
        got = f.get()
        expect(len(got), 2)
        f.write(record(b"v", b"x", 1))
        f.ack(0, UPTO)
        while True:
            more = f.get()
            if not more:
                break
            got += more
            f.ack(0, UPTO)
        expect([(m.payload, m.lost) for m in got],
               [(b"%d" % i, 0) for i in range(5)] + [(b"x", 15)])
        expect(got[-1].seq, 20, "number")


def client():
    """a client's messages outlive its file, and come again if they must"""
    args = {"opts": BINARY, "client": b"client 1", "qos": 2}
    with Binary(filters=[b"c/#"], **args) as f:
        expect(f.present, 0, "present")
        f.write(b"".join(record(b"c/%d" % i, b"%d" % i, 1 + i % 2)
                         for i in range(4)))
        got = f.get()
        expect([m.flags for m in got], [0] * 4, "flags")
        f.ack(got[1].token)
    with Binary(filters=[b"nothing"]) as other:
        other.write(record(b"c/4", b"4", 1) + record(b"c/5", b"5", 0) +
                    record(b"c/6", b"6", 2))
    with Binary(**args) as f:
        expect(f.present, 1, "present")
        expect(f.poll() & select.POLLIN, select.POLLIN, "readable")
        got = f.get()
        expect([(int(m.payload), m.flags) for m in got],
               [(0, DUP), (2, DUP), (3, DUP), (4, 0), (6, 0)])
        f.ack(got[0].token)
        # Read in part: what was not read comes again, too.
    with Binary(**args) as f:
        got = f.get(1, 70)
        expect([m.payload for m in got], [b"2"])
        f.ack(got[0].token)
    with Binary(**args) as f:
        expect([m.payload for m in f.get()], [b"3", b"4", b"6"])
        f.ack(0, UPTO)
    with Binary(**{**args, "opts": 0}) as f:
        f.subscribe(b"c/#", qos=1)
        f.write(b"qos=1;c/t text\n")
        expect(len(f.read()) > 0, True)
    with Binary(**{**args, "opts": 0}) as f:
        m, = [parse(l) for l in f.read().splitlines(keepends=True)]
        expect((m.payload, m.flags), (b"text", "d"))
    with Binary(clean=True, expiry=0, **args) as f:
        expect(f.present, 0, "present")
        expect(f.get(), [])
    with Binary(expiry=0, **args) as f:
        expect(f.present, 0, "present")


def takeover():
    """who is taken over hangs up with ESTALE, who takes over has it all"""
    with Binary(client=b"t", filters=[b"t"], qos=1) as f:
        f.write(record(b"t", b"1", 1) + record(b"t", b"2", 1))
        a, = f.get(1, 56)
        errors = []
        g = Binary(os.O_RDONLY, client=b"u", filters=[b"u"])

        def reader():
            try:
                g.read()
            except OSError as e:
                errors.append(e.errno)

        t = threading.Thread(target=reader)
        t.start()
        with Binary(client=b"t") as h, Binary(client=b"u"):
            expect(h.present, 1, "present")
            t.join(20)
            expect(errors, [errno.ESTALE], "error of a read that slept")
            expect(f.poll() & (select.POLLHUP | select.POLLIN),
                   select.POLLHUP, "events")
            for call, arg in ((f.read, 1000), (f.write, record(b"t")),
                              (f.ack, a.token), (f.subscribe, b"x")):
                expect_error(errno.ESTALE, call, arg)
            expect_error(errno.ESTALE, f.info)
            expect([(m.payload, m.flags) for m in h.get()],
                   [(b"1", DUP), (b"2", DUP)])
            g.__exit__()
            h.client  # still the owner when the others have gone
            h.write(record(b"t", b"3", 1))
            expect([m.payload for m in h.get(1)], [b"3"])
    with Binary(client=b"t", expiry=0) as f, Binary(client=b"u", expiry=0):
        expect(f.present, 1, "present")


def kicked():
    """an administrator can have a file hang up; what a client has is kept"""
    def index_of(id_):
        return f"mqttkctl client disconnect id {id_} >/dev/null"

    with Binary(client=b"kick", filters=[b"k"], qos=1) as f:
        expect(os.system(index_of("kick")), 0, "kicked")
        expect_error(errno.ECONNABORTED, f.read)
        expect(f.poll() & select.POLLHUP, select.POLLHUP, "events")
        with Binary() as g:
            g.write(record(b"k", b"kept", 1))
        with Binary(client=b"kick", expiry=0) as h:
            expect((h.present, [m.payload for m in h.get()]), (1, [b"kept"]))
    with Binary(client=b"kick", filters=[b"k"], expiry=0) as f:
        expect(os.system(index_of("kick")), 0, "kicked")
        expect_error(errno.ECONNABORTED, f.read)


def when_allowed():
    """options and identifiers come before the first subscription"""
    with Binary(filters=[b"w"]) as f:
        expect_error(errno.EBUSY, f.client, b"x")
        expect_error(errno.EBUSY, f.options, BINARY | WANT_ACK)
        expect_error(errno.EBUSY, f.options, BINARY, 5)
        expect_error(errno.EINVAL, f.ack, 0, UPTO)
        f.options(0)
        f.write(b"w text\n")
        f.options(BINARY)
        expect([m.payload for m in f.get(1)], [b"text"])
        f.write(record(b"w", b"2"))
        f.options(BINARY_WRITE)
        expect(parse(f.read()).payload, b"2")
    with Binary() as f:
        for args in ((8,), (BINARY, 65536), (BINARY, 0, 0, 0, 1)):
            expect_error(errno.EINVAL, f.options, *args)
        for args in ({"id_": b"\xff"}, {"id_": b"x", "flags": 2},
                     {"id_": b"x", "reserved": 1}, {"id_": b"", "length": 0},
                     {"id_": b"x", "length": 65536}):
            expect_error(errno.EINVAL, lambda a=args: f.client(**a))
        f.options(BINARY | WANT_ACK, 5)
        f.options(BINARY | WANT_ACK, 7)
        expect_error(errno.EBUSY, f.options, BINARY)
        expect(f.client(b"wa", expiry=0), 0, "present")
        expect(f.info()["receive_max"], 7, "receive max")
        expect_error(errno.EBUSY, f.client, b"wb")
        f.options(BINARY, 7)
        expect(f.info()["flags"], BINARY | WANT_ACK, "flags")
        for args in ((0, 0), (1, 2), (0, 3)):
            expect_error(errno.EINVAL, f.ack, *args)
        expect(f.info(80)["receive_max"], 7, "receive max")
        expect_error(errno.EINVAL, f.info, 40)
        expect_error(errno.E2BIG, f.call, ACK, struct.pack("=III", 1, 0, 1))
        expect_error(errno.EINVAL, f.call, ACK, b"\0" * 4)


def splice():
    """records can be spliced out of the device and into it"""
    with Binary(filters=[b"y"]) as f:
        f.write(record(b"y", b"1" * 5000) + record(b"y", b"2" * 9))
        r, w = os.pipe()
        n = os.splice(f.fd, w, 32768)
        expect([m.payload for m in records(os.read(r, n))],
               [b"1" * 5000, b"2" * 9])
        out = record(b"y", b"3") + record(b"y", b"4" * 3000)
        os.write(w, out)
        expect(os.splice(r, f.fd, len(out)), len(out))
        expect([m.payload for m in f.get(2)], [b"3", b"4" * 3000])
        os.close(r)
        os.close(w)


def netns_end():
    """a namespace that ends takes unread and unacknowledged messages with it"""
    def make():
        f = Binary(client=b"n", filters=[b"#"], qos=2)
        f.write(b"".join(record(b"n/%d" % i, b"x" * 3000, i % 3)
                         for i in range(60)))
        expect(len(f.get(3, 10000)) >= 3, True, "some")
        return f

    f, keep = in_new_netns(make)
    with f:
        os.close(keep)
        p = select.poll()
        p.register(f.fd, 0)
        expect(p.poll(20000), [(f.fd, select.POLLHUP | select.POLLERR)])
        expect_error(errno.ENODEV, f.read)
        expect_error(errno.ENODEV, f.info)
        expect_error(errno.ENODEV, f.client, b"x")
        expect_error(errno.ENODEV, f.options, 0)
        expect_error(errno.ENODEV, f.ack, 1)


TESTS = (round_trip, many_at_once, too_small, huge, properties,
         subscription_options, shared, bad_records, text_claimed, lost, faults,
         acknowledged, ack_not_held, ack_overflow, client, takeover, kicked,
         when_allowed, splice, netns_end)


if __name__ == "__main__":
    run(TESTS)
