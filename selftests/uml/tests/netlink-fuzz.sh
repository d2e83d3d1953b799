#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Requests that no specification knows, to every operation, harm nothing: under
# KASAN 5,000 random ones, the same in every run, half of them with attributes
# that are almost right; the broker works afterwards.
# time: 400
# shellcheck source=selftests/lib/ktap.sh
. "$(dirname "$0")/../../lib/ktap.sh"

cat >"$ktap_tmp/fuzz.py" <<'PY'
import random, socket, struct, sys

GENERIC, REQUEST, ACK, DUMP = 16, 1, 4, 0x300
rnd = random.Random(int(sys.argv[1]))
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
sock.bind((0, 0))
sock.settimeout(60)
seq = 0

def attr(kind, data, length=None):
    head = struct.pack('=HH', len(data) + 4 if length is None else length, kind)
    return head + data + b'\0' * (-len(data) % 4)

def ask(family, cmd, flags, body):
    """Sends a request, reads all of the answer; its error, or None."""
    global seq
    seq += 1
    body = struct.pack('=BBH', cmd, 1, 0) + body
    sock.send(struct.pack('=IHHII', len(body) + 16, family, REQUEST | flags,
                          seq, 0) + body)
    answers = []
    while True:
        data = sock.recv(1 << 18)
        while data:
            length, kind, _, number, _ = struct.unpack_from('=IHHII', data)
            if number == seq:
                if kind in (2, 3):
                    return struct.unpack_from('=i', data, 16)[0], answers
                answers.append(data[20:length])
            data = data[(length + 3) & ~3:]

def family_id(name):
    error, answers = ask(16, 3, ACK, attr(2, name + b'\0'))
    assert not error, error
    data = answers[0]
    while data:
        length, kind = struct.unpack_from('=HH', data)
        if kind == 1:
            return struct.unpack_from('=H', data, 4)[0]
        data = data[(length + 3) & ~3:]

def noise(most):
    return rnd.randbytes(rnd.choice([0, 1, 2, 3, 4, 5, 8, 15, 16, 17,
                                     rnd.randrange(most)]))

def value():
    return rnd.choice([
        lambda: noise(300),
        lambda: b'x' * rnd.randrange(70) + b'\0',
        lambda: b'max_packet_size\0',
        lambda: bytes([rnd.choice([0, 1, 2, 255])]),
        lambda: struct.pack('=H', rnd.choice([0, 1883, 65535])),
        lambda: struct.pack('=I', rnd.choice([0, 1, 2**31, 2**32 - 1])),
        lambda: struct.pack('=Q', rnd.choice([0, 4096, 2**63, 2**64 - 1])),
        lambda: b'\x7f\0\0\1',
        lambda: b'\0' * 15 + b'\1',
        lambda: b'y' * 60000,
    ])()

def body():
    if rnd.random() < .1:
        return noise(4000)
    out = b''
    for _ in range(rnd.randrange(9)):
        kind = rnd.choice([rnd.randrange(24), rnd.randrange(1 << 16)])
        data = value()
        length = rnd.randrange(1 << 16) if rnd.random() < .05 else None
        out += attr(kind, data, length)
        if len(out) > 100000:
            break
    return out

mqttk = family_id(b'mqttk')
done = 0
for _ in range(5000):
    cmd = rnd.randrange(0, 12)
    # A reset waits for grace periods: now and then.
    if cmd == 9 and rnd.random() < .95:
        cmd = 1
    error, _ = ask(mqttk, cmd, rnd.choice([ACK, ACK, DUMP]), body())
    done += error == 0
print('%d of 5000 were granted' % done)
# Both kinds must have come by, or this proves nothing.
assert 50 < done < 4950, done
PY
load
mqttkctl listener add 127.0.0.1:1999 name works anonymous on
check 'random requests' timeout 300 python3 "$ktap_tmp/fuzz.py" 1
mqttkctl reset
check 'the broker works afterwards: control' \
	mqttkctl listener add 127.0.0.1:1883 anonymous on
check 'the broker works afterwards: a message' mosquitto_pub -h 127.0.0.1 -t a -m b
check 'and it unloads' modprobe -r mqttk
finish
