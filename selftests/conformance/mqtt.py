# SPDX-License-Identifier: GPL-2.0
"""MQTT 3.1, 3.1.1 and 5.0 by hand: packets to send, well formed or not, and a
decoder that lets nothing pass which the standard does not allow a server to
send. Peer, a connection, checks in addition what concerns several packets."""
import os
import socket

PATIENCE = 20 * float(os.environ.get("MQTTK_PATIENCE", "1"))

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK,
 UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH) = range(1, 16)
KINDS = ("type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL",
         "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ",
         "PINGRESP", "DISCONNECT", "AUTH")
NEVER = 0xffffffff

# Subscription options beside the QoS.
NO_LOCAL, AS_PUBLISHED, IF_NEW, NO_RETAINED = 4, 8, 0x10, 0x20

# Every property: its identifier, its type, the packets it may be on (a will's
# are under "will") and whether more than once.
PROPERTIES = {
    "payload_format": (0x01, "u8", {PUBLISH, "will"}),
    "message_expiry": (0x02, "u32", {PUBLISH, "will"}),
    "content_type": (0x03, "string", {PUBLISH, "will"}),
    "response_topic": (0x08, "string", {PUBLISH, "will"}),
    "correlation": (0x09, "binary", {PUBLISH, "will"}),
    "subscription_id": (0x0b, "varint", {PUBLISH, SUBSCRIBE}),
    "session_expiry": (0x11, "u32", {CONNECT, CONNACK, DISCONNECT}),
    "assigned_id": (0x12, "string", {CONNACK}),
    "server_keepalive": (0x13, "u16", {CONNACK}),
    "auth_method": (0x15, "string", {CONNECT, CONNACK, AUTH}),
    "auth_data": (0x16, "binary", {CONNECT, CONNACK, AUTH}),
    "request_problem": (0x17, "u8", {CONNECT}),
    "will_delay": (0x18, "u32", {"will"}),
    "request_response": (0x19, "u8", {CONNECT}),
    "response_info": (0x1a, "string", {CONNACK}),
    "server_reference": (0x1c, "string", {CONNACK, DISCONNECT}),
    "reason_string": (0x1f, "string", {CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK,
                                       UNSUBACK, DISCONNECT, AUTH}),
    "receive_max": (0x21, "u16", {CONNECT, CONNACK}),
    "alias_max": (0x22, "u16", {CONNECT, CONNACK}),
    "alias": (0x23, "u16", {PUBLISH}),
    "max_qos": (0x24, "u8", {CONNACK}),
    "retain_available": (0x25, "u8", {CONNACK}),
    "user": (0x26, "pair", {CONNECT, CONNACK, PUBLISH, "will", PUBACK, PUBREC, PUBREL, PUBCOMP,
                            SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH}),
    "max_packet": (0x27, "u32", {CONNECT, CONNACK}),
    "wildcard_available": (0x28, "u8", {CONNACK}),
    "subid_available": (0x29, "u8", {CONNACK}),
    "shared_available": (0x2a, "u8", {CONNACK}),
}
BY_ID = {p[0]: (name, *p[1:]) for name, p in PROPERTIES.items()}
# What a server may not set although the packet can carry it.
CLIENTS_ONLY = {(DISCONNECT, "session_expiry")}
NOT_ZERO = {"receive_max", "max_packet", "alias", "subscription_id"}
BOOLEAN = {"payload_format", "max_qos", "retain_available", "wildcard_available",
           "subid_available", "shared_available"}

# The reason codes that a server may send.
REASONS = {
    CONNACK: {0, *range(0x80, 0x8b), 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f},
    PUBACK: {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    PUBREC: {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    PUBREL: {0, 0x92},
    PUBCOMP: {0, 0x92},
    SUBACK: {0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2},
    UNSUBACK: {0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91},
    DISCONNECT: {0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93,
                 *range(0x94, 0xa3)},
    AUTH: {0, 0x18},
}


class Malformed(AssertionError):
    """The broker sent what it must not."""


class Closed(AssertionError):
    """The broker closed the connection."""


class Late(AssertionError):
    """Nothing came for as long as one could wait."""


# Packets to send.

def u16(n):
    return n.to_bytes(2, "big")


def u32(n):
    return n.to_bytes(4, "big")


def string(s):
    if isinstance(s, str):
        s = s.encode()
    return u16(len(s)) + s


def varint(n):
    out = b""
    while True:
        out += bytes([n & 0x7f | (0x80 if n > 0x7f else 0)])
        n >>= 7
        if not n:
            return out


def prop(name, value):
    """One property; whatever value is, bytes go as they are."""
    number, kind, _ = PROPERTIES[name]
    head = bytes([number])
    if kind == "pair":
        return head + string(value[0]) + string(value[1])
    if kind in ("string", "binary"):
        return head + string(value)
    if isinstance(value, bytes):
        return head + value
    return head + {"u8": lambda n: bytes([n]), "u16": u16, "u32": u32, "varint": varint}[kind](value)


def props(given):
    """A property list with its length: of a dict, or of bytes."""
    if not isinstance(given, bytes):
        out = b""
        for name, values in (given or {}).items():
            for value in values if isinstance(values, list) else [values]:
                out += prop(name, value)
        given = out
    return varint(len(given)) + given


def packet(kind, flags, body=b""):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def connect(v, client="", clean=True, keepalive=0, will=None, user=None, password=None,
            properties=None, flags=None, name=None, level=None):
    """A CONNECT; its flags are made from what is given, unless said. A will is
    a dict of topic, payload, qos, retain, properties."""
    if flags is None:
        flags = ((2 if clean else 0) | (0x80 if user is not None else 0) |
                 (0x40 if password is not None else 0))
        if will:
            flags |= 4 | will.get("qos", 0) << 3 | (0x20 if will.get("retain") else 0)
    if name is None:
        name = "MQIsdp" if v == 3 else "MQTT"
    body = string(name) + bytes([v if level is None else level, flags]) + u16(keepalive)
    if v == 5:
        body += props(properties)
    body += string(client)
    if will:
        if v == 5:
            body += props(will.get("properties"))
        body += string(will["topic"]) + string(will.get("payload", b""))
    for s in (user, password):
        if s is not None:
            body += string(s)
    return packet(CONNECT, 0, body)


def publish(v, topic, payload=b"", qos=0, pid=1, retain=False, dup=False, properties=None):
    if isinstance(payload, str):
        payload = payload.encode()
    return packet(PUBLISH, (8 if dup else 0) | qos << 1 | bool(retain),
                  string(topic) + (u16(pid) if qos else b"") +
                  (props(properties) if v == 5 else b"") + payload)


def subscribe(v, *filters, qos=0, pid=1, properties=None, flags=2):
    """Each filter may be a pair of filter and options, otherwise qos goes."""
    body = u16(pid) + (props(properties) if v == 5 else b"")
    for f in filters:
        f, options = f if isinstance(f, tuple) else (f, qos)
        body += string(f) + bytes([options])
    return packet(SUBSCRIBE, flags, body)


def unsubscribe(v, *filters, pid=1, properties=None, flags=2):
    return packet(UNSUBSCRIBE, flags, u16(pid) + (props(properties) if v == 5 else b"") +
                  b"".join(string(f) for f in filters))


def ack(kind, pid, reason=None, properties=None, flags=None):
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""
    body = u16(pid) + (b"" if reason is None else bytes([reason]))
    if properties is not None:
        body += props(properties)
    return packet(kind, (2 if kind == PUBREL else 0) if flags is None else flags, body)


def ending(kind, reason=None, properties=None, flags=0):
    """DISCONNECT or AUTH."""
    body = b"" if reason is None else bytes([reason])
    if properties is not None:
        body += props(properties)
    return packet(kind, flags, body)


PING = packet(PINGREQ, 0)
BYE = packet(DISCONNECT, 0)


# Packets that came.

class Cursor:
    def __init__(self, data):
        self.data = data

    def take(self, n):
        if n > len(self.data):
            raise Malformed("a field is longer than what is left")
        head, self.data = self.data[:n], self.data[n:]
        return head

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def varint(self):
        n = 0
        for i in range(4):
            b = self.number(1)
            n |= (b & 0x7f) << 7 * i
            if not b & 0x80:
                if i and not b:
                    raise Malformed("a variable integer longer than needed")
                return n
        raise Malformed("a variable integer of more than four bytes")

    def binary(self):
        return self.take(self.number(2))

    def string(self):
        raw = self.binary()
        try:
            s = raw.decode("utf-8", "strict")
        except UnicodeDecodeError as e:
            raise Malformed(f"a string that is not UTF-8: {raw!r}") from e
        if "\0" in s:
            raise Malformed(f"a string with U+0000: {raw!r}")
        return s

    def properties(self, kind):
        """A dict; of lists for what may be there more than once."""
        inner, got = Cursor(self.take(self.varint())), {}
        while inner.data:
            number = inner.varint()
            if number not in BY_ID:
                raise Malformed(f"unknown property {number:#x}")
            name, form, packets = BY_ID[number]
            if kind not in packets or (kind, name) in CLIENTS_ONLY:
                raise Malformed(f"property {name} on a server's {KINDS[kind]}")
            value = {"u8": lambda: inner.number(1), "u16": lambda: inner.number(2),
                     "u32": lambda: inner.number(4), "varint": inner.varint,
                     "string": inner.string, "binary": inner.binary,
                     "pair": lambda: (inner.string(), inner.string())}[form]()
            if name in NOT_ZERO and not value or name in BOOLEAN and value > 1:
                raise Malformed(f"property {name} is {value}")
            if name in ("user", "subscription_id"):
                got.setdefault(name, []).append(value)
            elif name in got:
                raise Malformed(f"property {name} twice")
            else:
                got[name] = value
        if set("+#") & set(got.get("response_topic", "")):
            raise Malformed("a response topic with wildcards")
        return got


class Packet:
    """What a server sent, decoded: its fields are attributes."""

    def __init__(self, v, head, body, size):
        self.kind, self.flags, self.body, self.size = head >> 4, head & 15, body, size
        self.props, self.pid, self.reason = {}, 0, 0
        cursor = Cursor(body)
        decode = self.DECODE.get(self.kind)
        if not decode or self.kind == AUTH and v < 5:
            raise Malformed(f"a server sends no {KINDS[self.kind]}")
        if self.kind != PUBLISH and self.flags != (2 if self.kind == PUBREL else 0):
            raise Malformed(f"{self} with flags {self.flags:#x}")
        decode(self, v, cursor)
        if cursor.data:
            raise Malformed(f"{self} with {len(cursor.data)} bytes after its end")
        if v == 5:
            for code in getattr(self, "codes", [self.reason]):
                if self.kind in REASONS and code not in REASONS[self.kind]:
                    raise Malformed(f"{self} with reason {code:#x}")

    def __str__(self):
        return KINDS[self.kind]

    def connack(self, v, c):
        flags = c.number(1)
        if flags & (0xfe if v > 3 else 0xff):
            raise Malformed(f"CONNACK with acknowledge flags {flags:#x}")
        self.session_present = bool(flags & 1)
        self.reason = c.number(1)
        if v == 5:
            self.props = c.properties(CONNACK)
        elif self.reason > 5:
            raise Malformed(f"CONNACK {self.reason}")
        if self.reason and self.session_present:
            raise Malformed("a refusal with session present")

    def publish(self, v, c):
        self.dup, self.qos, self.retain = bool(self.flags & 8), self.flags >> 1 & 3, self.flags & 1
        if self.qos == 3 or self.dup and not self.qos:
            raise Malformed(f"PUBLISH with flags {self.flags:#x}")
        self.topic = c.string()
        if set("+#") & set(self.topic):
            raise Malformed(f"PUBLISH to {self.topic}")
        if self.qos:
            self.pid = self.identifier(c)
        if v == 5:
            self.props = c.properties(PUBLISH)
        if not self.topic and "alias" not in self.props:
            raise Malformed("PUBLISH without a topic")
        self.payload = c.take(len(c.data))

    def identifier(self, c):
        pid = c.number(2)
        if not pid:
            raise Malformed(f"{self} with packet id 0")
        return pid

    def ack(self, v, c):
        self.pid = self.identifier(c)
        if v == 5 and c.data:
            self.reason = c.number(1)
            if c.data:
                self.props = c.properties(self.kind)

    def suback(self, v, c):
        self.pid = self.identifier(c)
        if v == 5:
            self.props = c.properties(self.kind)
        self.codes = list(c.take(len(c.data)))
        if not self.codes:
            raise Malformed("SUBACK without a code")
        for code in self.codes:
            if v < 5 and code not in ((0, 1, 2, 0x80) if v == 4 else (0, 1, 2, 0x80)):
                raise Malformed(f"SUBACK with code {code:#x}")

    def unsuback(self, v, c):
        self.pid = self.identifier(c)
        self.codes = []
        if v == 5:
            self.props = c.properties(self.kind)
            self.codes = list(c.take(len(c.data)))
            if not self.codes:
                raise Malformed("UNSUBACK without a code")

    def pingresp(self, v, c):
        pass

    def ending(self, v, c):
        if v < 5:
            raise Malformed(f"{self} from a server before 5.0")
        if c.data:
            self.reason = c.number(1)
            if c.data:
                self.props = c.properties(self.kind)

    DECODE = {CONNACK: connack, PUBLISH: publish, PUBACK: ack, PUBREC: ack, PUBREL: ack,
              PUBCOMP: ack, SUBACK: suback, UNSUBACK: unsuback, PINGRESP: pingresp,
              DISCONNECT: ending, AUTH: ending}


class Peer:
    """A connection, of version v. What it checks by itself of a server, besides
    each packet's form: one CONNACK, which comes first; nothing above the maxima
    that open() announced (packet size, topic alias, unacknowledged messages);
    no message again but in a resumed session; no packet id twice."""

    def __init__(self, address, v, patience=PATIENCE):
        self.v, self.patience = v, patience
        self.buf = b""
        self.inbox = []		# what came while something else was awaited
        self.aliases = {}	# the server's
        self.pending = {}	# packet id: "publish", or "rel" after PUBREC
        self.connack = None
        self.max_packet, self.alias_max, self.receive_max = 1 << 28, 0, 65535
        self.last_pid = 0
        self.over = False
        self.sock = socket.create_connection(address, patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # Bytes.

    def send(self, *data):
        """Errors are no matter here: what the broker did is there to be read."""
        try:
            self.sock.settimeout(self.patience)
            self.sock.sendall(b"".join(data))
        except socket.timeout as e:
            raise Late("the broker does not read") from e
        except OSError:
            pass

    def close(self):
        self.sock.close()

    def _fill(self):
        try:
            self.sock.settimeout(self.patience)
            data = self.sock.recv(1 << 18)
        except socket.timeout as e:
            raise Late("nothing came") from e
        except OSError as e:
            raise Closed(f"the connection ended: {e}") from e
        if not data:
            if self.buf:
                raise Malformed(f"the connection ended within a packet: {self.buf[:20].hex()}")
            raise Closed("the connection ended")
        self.buf += data

    def _raw(self):
        while True:
            n = 0
            for i in range(1, len(self.buf)):
                n |= (self.buf[i] & 0x7f) << 7 * (i - 1)
                if not self.buf[i] & 0x80:
                    if i > 1 and not self.buf[i]:
                        raise Malformed("a remaining length longer than needed")
                    if len(self.buf) < i + 1 + n:
                        break
                    head, body = self.buf[0], self.buf[i + 1:i + 1 + n]
                    self.buf = self.buf[i + 1 + n:]
                    return head, body, i + 1 + n
                if i == 4:
                    raise Malformed("a remaining length of more than four bytes")
            self._fill()

    # Packets.

    def read(self):
        """The next packet."""
        head, body, size = self._raw()
        p = Packet(self.v, head, body, size)
        if self.over:
            raise Malformed(f"{p} after a refusal or DISCONNECT")
        if (p.kind == CONNACK) != (self.connack is None) and p.kind != AUTH:
            raise Malformed(f"{p} {'before' if self.connack is None else 'after'} CONNACK")
        if size > self.max_packet:
            raise Malformed(f"{p} of {size} bytes")
        if p.kind == CONNACK:
            self.connack = p
            self.over = p.reason != 0
        elif p.kind == DISCONNECT:
            self.over = True
        elif p.kind == PUBLISH:
            self._message(p)
        elif p.kind == PUBREL and self.pending.get(p.pid) == "publish":
            raise Malformed("PUBREL without a PUBREC")
        return p

    def _message(self, p):
        alias = p.props.get("alias")
        if alias:
            if alias > self.alias_max:
                raise Malformed(f"topic alias {alias} of {self.alias_max}")
            if p.topic:
                self.aliases[alias] = p.topic
            elif alias not in self.aliases:
                raise Malformed(f"topic alias {alias} for nothing")
            else:
                p.topic = self.aliases[alias]
        if p.dup and not self.connack.session_present and self.v != 3:
            raise Malformed("PUBLISH again, although nothing was resumed")
        if p.qos:
            if p.pid in self.pending:
                raise Malformed(f"packet id {p.pid} is in use")
            self.pending[p.pid] = "publish"
            if len(self.pending) > self.receive_max:
                raise Malformed(f"{len(self.pending)} of {self.receive_max} unacknowledged messages")

    def wait(self, *kinds):
        """The next packet of these kinds; messages before it are kept."""
        for i, p in enumerate(self.inbox):
            if p.kind in kinds:
                return self.inbox.pop(i)
        while True:
            p = self.read()
            if p.kind in kinds:
                return p
            if p.kind not in (PUBLISH, PUBREL):
                raise AssertionError(f"{p}{f' {p.reason:#x}' if p.reason else ''} where " +
                                     f"{' or '.join(KINDS[k] for k in kinds)} is due")
            self.inbox.append(p)

    def open(self, client="", properties=None, **how):
        """CONNECT; returns the CONNACK, whatever its code."""
        if self.v == 5 and isinstance(properties, dict):
            self.max_packet = properties.get("max_packet", self.max_packet)
            self.alias_max = properties.get("alias_max", 0)
            self.receive_max = properties.get("receive_max", 65535)
        self.id = client
        self.send(connect(self.v, client, properties=properties, **how))
        return self.wait(CONNACK)

    def ended(self):
        """What came before the broker closed the connection."""
        got = list(self.inbox)
        try:
            while True:
                got.append(self.read())
        except Closed:
            self.close()
            return got

    def ended_or(self, kind):
        """The next packet, if it is of this kind; None if the broker closed,
        in 5.0 because of a malformed packet, an error or a bad filter."""
        try:
            p = self.wait(kind, DISCONNECT) if self.v == 5 else self.wait(kind)
        except Closed:
            if self.v == 5:
                raise
            return None
        if p.kind == kind:
            return p
        self.ended()
        if p.reason not in (0x81, 0x82, 0x8f):
            raise AssertionError(f"DISCONNECT {p.reason:#x}")
        return None

    def leave(self, reason=None, properties=None):
        """DISCONNECT, and the broker has closed."""
        self.send(ending(DISCONNECT, reason, properties))
        self.ended()

    def cut(self):
        """The end without DISCONNECT; the broker has noticed."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return self.ended()

    def pid(self):
        self.last_pid += 1
        return self.last_pid

    def ping(self):
        self.send(PING)
        self.wait(PINGRESP)

    def nothing(self, *publishers):
        """Nothing comes, after what these publishers did has been done."""
        for other in publishers:
            other.ping()
        # Twice, because an answer may overtake messages.
        for _ in range(2):
            self.ping()
            if self.inbox:
                p = self.inbox[0]
                raise AssertionError(f"{p} {getattr(p, 'topic', '')} came")

    def publish(self, topic, payload=b"", qos=0, **how):
        """A PUBLISH and what its QoS makes of it; the first answer's reason.
        At QoS 0 it has been processed when this returns."""
        pid = how.pop("pid", None) or (self.pid() if qos else 0)
        self.send(publish(self.v, topic, payload, qos, pid, **how))
        if not qos:
            self.ping()
            return 0
        first = self.expect(PUBACK if qos == 1 else PUBREC, pid)
        if qos == 2 and first.reason < 0x80:
            self.send(ack(PUBREL, pid))
            self.expect(PUBCOMP, pid)
        return first.reason

    def expect(self, kind, pid, reason=None):
        p = self.wait(kind)
        if p.pid != pid:
            raise AssertionError(f"{p} of {p.pid}, not {pid}")
        if reason is not None and p.reason != reason:
            raise AssertionError(f"{p} with {p.reason:#x}, not {reason:#x}")
        return p

    def subscribe(self, *filters, **how):
        """The codes of the SUBACK."""
        pid = how.pop("pid", None) or self.pid()
        self.send(subscribe(self.v, *filters, pid=pid, **how))
        p = self.expect(SUBACK, pid)
        if len(p.codes) != len(filters):
            raise AssertionError(f"SUBACK has {len(p.codes)} codes for {len(filters)} filters")
        return p.codes

    def unsubscribe(self, *filters, **how):
        pid = how.pop("pid", None) or self.pid()
        self.send(unsubscribe(self.v, *filters, pid=pid, **how))
        p = self.expect(UNSUBACK, pid)
        if self.v == 5 and len(p.codes) != len(filters):
            raise AssertionError(f"UNSUBACK has {len(p.codes)} codes for {len(filters)} filters")
        return p.codes

    def answer(self, kind, p, reason=None):
        """Acknowledges a message, with the bookkeeping."""
        if kind == PUBREC and not (reason or 0) & 0x80:
            self.pending[p.pid] = "rel"
        else:
            self.pending.pop(p.pid, None)
        self.send(ack(kind, p.pid, reason))

    def message(self, acknowledge=True):
        """The next message, which is acknowledged, unless that is not wanted."""
        p = self.wait(PUBLISH)
        if p.qos == 1 and acknowledge:
            self.answer(PUBACK, p)
        elif p.qos == 2 and acknowledge:
            self.answer(PUBREC, p)
            self.released(p.pid)
        return p

    def released(self, pid):
        """PUBREL comes, and gets its PUBCOMP."""
        p = self.expect(PUBREL, pid)
        self.answer(PUBCOMP, p)
