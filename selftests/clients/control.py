# SPDX-License-Identifier: GPL-2.0
"""Control of mqttk by netlink as it is, for tests of what mqttkctl does not
say: which attribute was at fault, several threads at once."""
import ipaddress
import socket
import struct

# As in uapi/linux/mqttk_netlink.h.
LISTENER_NEW, LISTENER_DEL, RESET, CONFIG_SET = 1, 2, 9, 16
LISTENER = {"name": 1, "ipv4": 2, "ipv6": 3, "scope_id": 4, "port": 5, "bind_ifindex": 6,
            "max_connections": 7, "anonymous": 8, "mount_point": 12, "max_qos": 13,
            "zero_length_id": 14, "client_id_prefix": 15, "auto_id_prefix": 16,
            "coalesce_usecs": 17}
SIZES = {"max_connections": "=I", "anonymous": "=B", "max_qos": "=B", "zero_length_id": "=B",
         "coalesce_usecs": "=I",
         "scope_id": "=i", "bind_ifindex": "=i", "port": ">H"}
LIMIT_NAME, LIMIT_VALUE = 1, 3
CONFIG_LISTENER, CONFIG_LIMIT, CONFIG_CHECK = 1, 2, 3
NESTED = 0x8000


class Refused(Exception):
    """An error: its number, the kernel's words, and the path of attributes to
    the one at fault."""

    def __init__(self, error, text, path):
        super().__init__(f"{error}: {text} at {path}")
        self.error, self.text, self.path = error, text, path


def attr(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def attrs(data, start=0):
    """Offset, type without flags, payload."""
    while len(data) - start >= 4:
        length, kind = struct.unpack_from("=HH", data, start)
        yield start, kind & 0x3fff, kind & NESTED, data[start + 4:start + length]
        start += length + 3 & ~3


def value(key, v):
    if key in SIZES:
        return struct.pack(SIZES[key], v)
    if key in ("ipv4", "ipv6"):
        return ipaddress.ip_address(v).packed
    return v.encode() + b"\0"


def listener(where=None, **how):
    """The attributes of a listener; where is ADDRESS:PORT."""
    if where:
        host, port = where.rsplit(":", 1)
        host = host.strip("[]")
        how["ipv6" if ":" in host else "ipv4"] = host
        how["port"] = int(port)
    return b"".join(attr(LISTENER[k], value(k, v)) for k, v in how.items() if v is not None)


def limit(name, number):
    return attr(LIMIT_NAME, name.encode() + b"\0") + attr(LIMIT_VALUE, struct.pack("=Q", number))


class Control:
    """A netlink socket."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.sock.setsockopt(270, 11, 1)	# NETLINK_EXT_ACK
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        self.seq = 0
        # CTRL_CMD_GETFAMILY; its answer comes before the acknowledgment.
        answer = self._ask(16, 3, attr(2, b"mqttk\0"))
        self.family = next(struct.unpack("=H", a[:2])[0]
                           for _, kind, _, a in attrs(answer, 4) if kind == 1)

    def send(self, family, cmd, body):
        self.seq += 1
        body = struct.pack("=BBH", cmd, 1, 0) + body
        self.sock.send(struct.pack("=IHHII", len(body) + 16, family, 5, self.seq, 0) + body)
        return body

    def _ask(self, family, cmd, body):
        body = self.send(family, cmd, body)
        answer = None
        while True:
            data = self.sock.recv(1 << 20)
            while data:
                length, kind, flags, number, _ = struct.unpack_from("=IHHII", data)
                message, data = data[16:length], data[length + 3 & ~3:]
                if number != self.seq:
                    continue
                if kind != 2:
                    answer = message
                    continue
                error = -struct.unpack_from("=i", message)[0]
                if not error:
                    return answer
                self._refuse(error, body, message, flags)

    @staticmethod
    def _refuse(error, body, message, flags):
        text, offset = "", None
        if flags & 0x200:	# NLM_F_ACK_TLVS: behind the request
            size = struct.unpack_from("=I", message, 4)[0]
            for _, kind, _, a in attrs(message, 4 + (size + 3 & ~3)):
                if kind == 1:
                    text = a.rstrip(b"\0").decode()
                elif kind == 2:
                    offset = struct.unpack("=I", a)[0]
        path, start, inside = [], 4, True
        while offset is not None and inside:
            inside = False
            number = {}
            for at, kind, nested, a in attrs(body, start):
                n = number[kind] = number.get(kind, -1) + 1
                if at + 16 <= offset < at + 16 + max(len(a) + 4, 4):
                    path.append((kind, n))
                    inside = nested and at + 16 != offset
                    body, start = body[:at + 4 + len(a)], at + 4
                    break
        raise Refused(error, text, path)

    def listener_new(self, where=None, **how):
        self._ask(self.family, LISTENER_NEW, listener(where, **how))

    def listener_del(self, name):
        self._ask(self.family, LISTENER_DEL, attr(LISTENER["name"], name.encode() + b"\0"))

    def reset(self):
        self._ask(self.family, RESET, b"")

    @staticmethod
    def config(listeners=(), limits=(), check=False):
        body = b"".join(attr(CONFIG_LISTENER | NESTED, x) for x in listeners)
        body += b"".join(attr(CONFIG_LIMIT | NESTED, limit(*x)) for x in limits)
        return body + (attr(CONFIG_CHECK, b"") if check else b"")

    def config_set(self, listeners=(), limits=(), check=False):
        self._ask(self.family, CONFIG_SET, self.config(listeners, limits, check))
