# SPDX-License-Identifier: GPL-2.0
"""MQTT 3.1 and 3.1.1 by hand, for tests that send what no library would."""
import os
import socket
import time

HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "1883"))
PATIENCE = float(os.environ.get("PATIENCE", "20"))

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK,
 UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT) = range(1, 15)


class Closed(Exception):
    """The broker closed the connection."""


class Late(Exception):
    """Nothing came for PATIENCE seconds."""


def string(s):
    if isinstance(s, str):
        s = s.encode()
    return len(s).to_bytes(2, "big") + s


def varint(n):
    out = b""
    while True:
        out += bytes([n & 0x7f | (0x80 if n > 0x7f else 0)])
        n >>= 7
        if not n:
            return out


def packet(kind, flags, body=b""):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def connect(client="", flags=None, keepalive=0, level=4, name=None, will=None,
            user=None, password=None, clean=True, will_retain=False):
    """A CONNECT; flags are made from what is given unless said."""
    if flags is None:
        flags = ((2 if clean else 0) | (4 if will else 0) |
                 (0x20 if will_retain else 0) |
                 (0x80 if user is not None else 0) |
                 (0x40 if password is not None else 0))
    if name is None:
        name = "MQIsdp" if level == 3 else "MQTT"
    body = string(name) + bytes([level, flags]) + keepalive.to_bytes(2, "big")
    body += string(client)
    if will:
        body += string(will[0]) + string(will[1])
    if user is not None:
        body += string(user)
    if password is not None:
        body += string(password)
    return packet(CONNECT, 0, body)


def publish(topic, payload=b"", qos=0, pid=1, retain=False, dup=False):
    if isinstance(payload, str):
        payload = payload.encode()
    return packet(PUBLISH, (8 if dup else 0) | qos << 1 | retain,
                  string(topic) + (pid.to_bytes(2, "big") if qos else b"") + payload)


def subscribe(*filters, qos=0, pid=1):
    return packet(SUBSCRIBE, 2, pid.to_bytes(2, "big") +
                  b"".join(string(f) + bytes([qos]) for f in filters))


def unsubscribe(*filters, pid=1):
    return packet(UNSUBSCRIBE, 2, pid.to_bytes(2, "big") +
                  b"".join(string(f) for f in filters))


def ack(kind, pid, flags=None):
    return packet(kind, (2 if kind == PUBREL else 0) if flags is None else flags,
                  pid.to_bytes(2, "big"))


class Peer:
    """A connection; with a client id, one that has done CONNECT."""

    def __init__(self, client=None, host=HOST, port=PORT, **how):
        self.buf = b""
        self.early = []
        self.sock = socket.create_connection((host, port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if client is not None:
            self.send(connect(client, **how))
            self.connack = self.expect(CONNACK)[1]
            if self.connack:
                raise Closed(f"CONNACK {self.connack}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed(str(e)) from e
        except socket.timeout as e:
            raise Late("sending") from e

    def _more(self):
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionResetError as e:
            raise Closed(str(e)) from e
        except socket.timeout as e:
            raise Late("receiving") from e
        if not data:
            raise Closed("end")
        return data

    def read(self, patience=None):
        """The next packet: kind, flags, body."""
        self.sock.settimeout(PATIENCE if patience is None else patience)
        while True:
            n, shift = 0, 0
            for i in range(1, min(5, len(self.buf))):
                n |= (self.buf[i] & 0x7f) << shift
                shift += 7
                if not self.buf[i] & 0x80:
                    if len(self.buf) < i + 1 + n:
                        break
                    head, body = self.buf[0], self.buf[i + 1:i + 1 + n]
                    self.buf = self.buf[i + 1 + n:]
                    return head >> 4, head & 15, body
            self.buf += self._more()

    def expect(self, kind):
        got, _, body = self.read()
        if got != kind:
            raise AssertionError(f"a packet of type {got} where {kind} is due")
        return body

    def message(self, patience=None):
        """The next PUBLISH: topic, payload, flags."""
        kind, flags, body = self.early.pop(0) if self.early else self.read(patience)
        if kind != PUBLISH:
            raise AssertionError(f"a packet of type {kind} where PUBLISH is due")
        n = int.from_bytes(body[:2], "big")
        return body[2:2 + n].decode("utf-8", "replace"), body[2 + n + (2 if flags & 6 else 0):], flags

    def subscribe(self, *filters, **how):
        """The codes of the SUBACK. What matches may come before it."""
        self.send(subscribe(*filters, **how))
        got = self.read()
        while got[0] == PUBLISH:
            self.early.append(got)
            got = self.read()
        assert got[0] == SUBACK, f"a packet of type {got[0]} where SUBACK is due"
        return list(got[2][2:])

    def ping(self):
        """Everything sent before has been dealt with once this returns."""
        self.send(packet(PINGREQ, 0))
        self.expect(PINGRESP)

    def silent(self, seconds=0.5):
        """Whether nothing comes for so long."""
        if self.early:
            return False
        try:
            self.read(seconds)
        except Late:
            return True
        return False

    def cut(self, patience=PATIENCE):
        """Seconds until the broker closes; fails if it answers otherwise."""
        start = time.monotonic()
        try:
            got = self.read(patience)
        except Closed:
            return time.monotonic() - start
        raise AssertionError(f"an answer of type {got[0]}, not the end")


class Tap:
    """Test results in TAP; lib.sh numbers them."""
    failed = 0

    def __call__(self, what, test, *args):
        """Runs a test: it fails by an exception, or by returning False."""
        try:
            if test(*args) is False:
                raise AssertionError("not so")
            print(f"ok - {what}", flush=True)
        except Exception as e:  # a failed test is no reason to skip the others
            self.failed += 1
            print(f"# {type(e).__name__}: {e}\nnot ok - {what}", flush=True)
