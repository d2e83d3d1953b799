#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Access control lists. Usage: acl.py [GROUP...]"""
import errno
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../conformance"))

import mq
import mqtt
from control import Control, NESTED, Refused, attr, listener
from mqtt import PUBACK, PUBLISH, PUBREC, Peer, publish

tap = mq.Tap()
control = Control()
HERE = "127.0.0.1"
PORT, MOUNTED, OTHER = 1001, 1002, 1004

# As in uapi/linux/mqttk_netlink.h.
ENFORCED, SOURCE, RULE, RULES = 1, 2, 3, 4
WHOM, ACCESS, USER, FILTER = 1, 2, 3, 4
ANONYMOUS, NAMED, EVERYBODY = range(3)
READ, WRITE, SUBSCRIBE, DENY = 1, 2, 4, 8
ACL_SET = 26


def ctl(*words, given=None):
    done = subprocess.run(["mqttkctl", *words], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, input=given, text=True)
    assert not done.returncode, f"{words}: {done.stderr}"
    return done.stdout


def load(*lines):
    """Puts a list into force."""
    ctl("acl", "load", "-", given="\n".join(lines) + "\n")


def peer(client, user=None, v=5, port=PORT, properties=None, **how):
    p = Peer((HERE, port), v)
    connack = p.open(client, properties, user=user, **how)
    assert not connack.reason, f"CONNACK {connack.reason:#x}"
    return p


def gets(p, *texts):
    """The next messages are these, and there are no more."""
    got = [p.message().payload.decode() for _ in texts]
    assert got == list(texts), f"{got} for {texts}"
    p.nothing()


def used():
    return next(x["used"] for x in json.loads(ctl("-j", "limit", "show"))
                if x["name"] == "client_memory")


# -- what is said ----------------------------------------------------------------

def codes():
    load("topic read in/#", "topic write out/#")
    p, old = peer("p"), peer("old", v=4)
    for topic, code in (("out/1", 0x10), ("in/1", 0x87), ("else", 0x87), ("$x", 0x87)):
        for qos in (1, 2):
            got = p.publish(topic, "x", qos)
            assert got == code, f"{topic} at QoS {qos}: {got:#x}"
            # Nothing can be said there: what is denied is forgotten.
            assert old.publish(topic, "x", qos) == 0
        p.publish(topic, "x", 0)
    for filters, codes_ in ((("in/1", "in/+", "in/#", "#", "+/1"), [0] * 5),
                            (("out/1", "out/#", "$SYS/#"), [0x87] * 3),
                            (("$share/g/in/#", "$share/g/out/#", "in/#/x"), [0, 0x87, 0x8f])):
        got = p.subscribe(*filters)
        assert got == codes_, [hex(c) for c in got]
        got = old.subscribe(*filters)
        assert got == [0x80 if c else 0 for c in codes_], [hex(c) for c in got]
    assert p.unsubscribe("out/1") == [0x11]
    p.ping()


def empty():
    """An empty list denies everything"""
    load("# nothing")
    p = peer("p", "u")
    assert p.subscribe("#", "a") == [0x87, 0x87]
    assert p.publish("a", "x", 1) == 0x87
    assert p.publish("a", "x", 1, retain=True) == 0x87
    assert json.loads(ctl("-j", "acl", "show")) == {"enforced": True, "rules": []}
    ctl("acl", "del")
    assert p.subscribe("#") == [0]
    p.publish("a", "x", 1)
    gets(p, "x")


def names():
    """Client identifiers and user names with wildcards or slashes in patterns"""
    load("user god", "topic readwrite #", "pattern readwrite id/%c/#",
         "pattern readwrite user/%u/#", "pattern readwrite all")
    god = peer("god", "god")
    topics = ("id/a", "id/a/b", "id/a/b/c", "user/a", "user/a/b", "all", "id/#"[:-1], "id")
    for client, user, may in (
            ("a", None, {"id/a", "id/a/b", "id/a/b/c", "all"}),
            ("x", "a", {"user/a", "user/a/b", "all"}),
            ("x", "", {"all"}), ("x", "A", {"all"}),
            ("a/b", None, {"all"}), ("x", "a/b", {"all"}), ("/", "/", {"all"}),
            ("+", None, set()), ("#", None, set()), ("a/#", None, set()), ("a+", None, set()),
            ("x", "+", set()), ("x", "#", set()), ("x", "a/+", set()), ("a", "#", set()),
            ("%c", "%u", {"all"})):
        p = peer(client, user)
        wrote = {t for t in topics if p.publish(t, "x", 1) != 0x87}
        assert wrote == may, f"{client}, {user} wrote {wrote}"
        p.subscribe("#")
        for t in topics:
            god.publish(t, t, 1)
        god.ping()
        p.ping()
        p.ping()
        read = {m.topic for m in p.inbox}
        assert read == may, f"{client}, {user} read {read}"
        p.leave()


def mounted():
    """Rules have the mount point in them"""
    load("topic readwrite m/a", "topic readwrite b")
    p = peer("in", port=MOUNTED)
    assert [p.publish(t, "x", 1) for t in ("a", "b", "m/a")] == [0x10, 0x87, 0x87]
    assert p.subscribe("a", "b", "$share/g/a") == [0, 0x87, 0]
    p.unsubscribe("$share/g/a")
    peer("out").publish("m/a", "y", 1)
    gets(p, "y")


def shares():
    """A member of a shared subscription that may not read is passed over"""
    load("user ann", "topic readwrite #", "user bob", "topic read s/1", "topic read s/no")
    ann, bob, god = peer("a", "ann"), peer("b", "bob"), peer("g", "ann")
    for p in (ann, bob):
        assert p.subscribe(("$share/g/s/+", 1)) == [1]
    for i in range(20):
        god.publish("s/2", str(i), i % 2)
    gets(ann, *map(str, range(20)))
    bob.nothing(god)
    ann.leave()
    # Nobody is left who may.
    god.publish("s/2", "x", 1)
    bob.nothing(god)
    god.publish("s/1", "y", 1)
    gets(bob, "y")
    load("user ann", "topic readwrite #")
    god.publish("s/1", "z", 1)
    bob.nothing(god)


def device():
    """Who opened /dev/mqtt may read and write everything"""
    load("topic read from/dev")
    with open("/dev/mqtt", "rb+", buffering=0) as f:
        os.set_blocking(f.fileno(), False)
        p = peer("p")
        p.subscribe("from/dev", "#")
        f.write(b"from/dev hello\n")
        f.write(b"else x\n")
        gets(p, "hello")
    load("topic write to/#")
    with subprocess.Popen(["mqttkctl", "sub", "-t", "to/dev", "-C", "1", "-W", "60"],
                          stdout=subprocess.PIPE, text=True) as sub:
        w = peer("w")
        while not any(s["filter"] == "to/dev" for s in
                      json.loads(ctl("-j", "subscription", "show"))):
            time.sleep(0.05)
        w.publish("to/dev", "there", 1)
        assert sub.stdout.read().strip() == "there"


# -- what changes ----------------------------------------------------------------

def change():
    """A change holds at once for who is connected, and the subscription stays"""
    p, w = peer("p", "u"), peer("w", "god")
    god = ("user god", "topic readwrite #")
    load(*god, "user u", "topic readwrite t/#")
    assert p.subscribe(("t/#", 1), "other") == [1, 0x87]
    for qos in (0, 1, 2):
        w.publish("t/1", "a", qos)
    gets(p, "a", "a", "a")
    load(*god, "user u", "topic readwrite other")
    for qos in (0, 1, 2):
        w.publish("t/1", "b", qos)
        w.publish("t/1", "b" * 5000, qos)
    p.nothing(w)
    assert p.publish("t/1", "x", 1) == 0x87
    assert p.subscribe("t/1") == [0x87]
    load(*god, "user u", "topic readwrite t/#")
    w.publish("t/1", "c", 1)
    gets(p, "c")
    assert p.publish("t/1", "d", 1) == 0
    gets(p, "d")
    ctl("acl", "del")
    assert p.subscribe("other") == [0]
    w.publish("other", "e", 1)
    gets(p, "e")


def again():
    """What is remembered of a topic that comes again does not go round the list"""
    w, p = peer("w"), peer("p")
    p.subscribe("t")
    load("topic readwrite t")
    burst = b"".join(publish(5, "t", f"{i:03}") for i in range(50))
    w.send(burst)
    w.ping()
    gets(p, *(f"{i:03}" for i in range(50)))
    for line in ("topic read t", "topic write t"):
        load(line)
        w.send(burst)
        p.nothing(w)
        load("topic readwrite t")
        w.send(burst)
        w.ping()
        gets(p, *(f"{i:03}" for i in range(50)))


def retained():
    """Retained messages, before and after a permission was revoked"""
    load("user god", "topic readwrite #", "user u", "topic read r/#", "topic write w")
    god, p = peer("g", "god"), peer("p", "u")
    for t in ("r/1", "r/2", "w"):
        god.publish(t, t, 1, retain=True)
    p.subscribe("#")
    assert {p.message().topic for _ in range(2)} == {"r/1", "r/2"}
    p.nothing()
    assert p.publish("r/1", "mine", 1, retain=True) == 0x87
    assert p.publish("r/1", "", 1, retain=True) == 0x87
    load("user god", "topic readwrite #", "user u", "topic read r/2")
    p.unsubscribe("#")
    p.subscribe("r/+")
    gets(p, "r/2")
    assert p.subscribe("r/1") == [0x87]
    old = peer("old", "u", 4)
    old.subscribe("#")
    gets(old, "r/2")
    ctl("acl", "del")
    p.subscribe("r/1")
    gets(p, "r/1")


def wills():
    """A will that may not be published when it is due is not"""
    god, p = ("user god", "topic readwrite #"), peer("p", "god")
    p.subscribe("w/#")

    def dies(user, topic, *before):
        q = peer("dies", user, will={"topic": topic, "payload": topic})
        if before:
            load(*before)
        q.cut()

    load(*god, "topic deny w/never", "user u", "topic write w/1")
    p.subscribe("w/#")
    dies("u", "w/1")
    gets(p, "w/1")
    dies("u", "w/2")
    dies(None, "w/1")
    dies("u", "w/1", *god)
    p.nothing()
    # It came in without it: a permission that comes later changes nothing.
    dies("u", "w/3", *god, "user u", "topic write w/#")
    p.nothing()
    dies("u", "w/4")
    gets(p, "w/4")


def names_of_sessions():
    """What waits for one user is not for another"""
    long = {"session_expiry": 600}
    load("user god", "topic readwrite #", "user ann", "topic read ann/#", "user bob",
         "topic read bob/#")
    god = peer("g", "god")
    ann = peer("s", "ann", clean=False, properties=long)
    ann.subscribe(("ann/#", 1))
    ann.cut()
    god.publish("ann/1", "secret", 1)
    bob = peer("s", "bob", clean=False, properties=long)
    assert not bob.connack.session_present
    bob.nothing(god)
    bob.cut()
    bob = peer("s", "bob", clean=False, properties=long)
    assert bob.connack.session_present
    bob.cut()
    assert not peer("s", clean=False, properties=long).connack.session_present


# -- by netlink ------------------------------------------------------------------

def rule(whom, access, filt, user=None):
    body = b""
    for kind, number in ((WHOM, whom), (ACCESS, access)):
        if number is not None:
            body += attr(kind, struct.pack("=I", number))
    for kind, text in ((USER, user), (FILTER, filt)):
        if text is not None:
            body += attr(kind, text.encode("latin1") + b"\0")
    return attr(RULE | NESTED, body)


def acl_set(*rules, enforced=True):
    control._ask(control.family, ACL_SET,
                 (attr(ENFORCED, b"") if enforced else b"") + b"".join(rules))


def hostile():
    """What is no list leaves the one in force as it was"""
    acl_set(rule(ANONYMOUS, READ, "kept"))
    before, bytes_ = ctl("-j", "acl", "show"), used()
    good = rule(EVERYBODY, READ | WRITE, "a/%c/#")
    for bad, error in (
            (rule(3, READ, "a"), errno.ERANGE), (rule(0xffffffff, READ, "a"), errno.ERANGE),
            (rule(ANONYMOUS, 0, "a"), errno.EINVAL), (rule(ANONYMOUS, 16, "a"), errno.EINVAL),
            (rule(ANONYMOUS, READ | DENY, "a"), errno.EINVAL),
            (rule(None, READ, "a"), errno.EINVAL), (rule(ANONYMOUS, None, "a"), errno.EINVAL),
            (rule(ANONYMOUS, READ, None), errno.EINVAL), (rule(ANONYMOUS, READ, ""), errno.EINVAL),
            (rule(ANONYMOUS, READ, "a/#/b"), errno.EINVAL), (rule(ANONYMOUS, READ, "a+"), errno.EINVAL),
            (rule(ANONYMOUS, READ, "\xff"), errno.EINVAL), (rule(ANONYMOUS, READ, "/" * 300), errno.EINVAL),
            (rule(ANONYMOUS, READ, "x" * 4096), errno.EINVAL),
            (rule(NAMED, READ, "a"), errno.EINVAL), (rule(NAMED, READ, "a", ""), errno.EINVAL),
            (rule(NAMED, READ, "a", "u" * 1024), errno.EINVAL),
            (rule(EVERYBODY, READ, "a", "u"), errno.EINVAL)):
        try:
            acl_set(good, bad, good)
        except Refused as e:
            assert e.error == error, f"{bad[:40].hex()}: {e}"
            assert e.path[:1] == [(RULE, 1)], e
            assert e.text, e
        else:
            raise AssertionError(f"{bad[:40].hex()} was taken")
        assert ctl("-j", "acl", "show") == before
    try:
        acl_set(good, enforced=False)
    except Refused as e:
        assert e.error == errno.EINVAL, e
    else:
        raise AssertionError("rules of no list were taken")
    # More that begin alike than a check should have to look at.
    alike = [rule(ANONYMOUS, READ, f"a/+/{i}") for i in range(1025)]
    try:
        acl_set(*alike)
    except Refused as e:
        assert (e.error, e.path[:1]) == (errno.E2BIG, [(RULE, 1024)]), e
    else:
        raise AssertionError("too many that are alike were taken")
    acl_set(*alike[:1024])
    acl_set(rule(ANONYMOUS, READ, "kept"))
    assert ctl("-j", "acl", "show") == before
    assert used() == bytes_, f"{used()} of client_memory, not {bytes_}"
    p = peer("p")
    assert p.subscribe("kept", "a/p/x") == [0, 0x87]


def budget():
    """A list has to fit into client_memory, and gives it back"""
    before = used()
    load(*(f"topic read a/{i}" for i in range(5000)))
    assert used() > before + 5000 * 24, used()
    shown = ctl("acl", "show")
    ctl("limit", "set", "client_memory", str(used() + 1000))
    done = subprocess.run(["mqttkctl", "acl", "load", "-"], check=False, text=True,
                          input=shown + "topic read more\n", stderr=subprocess.PIPE)
    assert done.returncode and "client_memory" in done.stderr, done
    assert ctl("acl", "show") == shown
    ctl("acl", "del")
    assert used() == before, f"{used()}, not {before}"


def namespace():
    """A namespace that goes takes its list with it"""
    for i in range(3):
        name = f"acl{i}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        ctl("-n", name, "acl", "load", "-", given="topic read a\npattern deny b/%c\n")
        assert "topic read a" in ctl("-n", name, "acl", "show")
        assert not json.loads(ctl("-j", "acl", "show"))["enforced"]
        subprocess.run(["ip", "netns", "del", name], check=True)


# -- beside mosquitto -------------------------------------------------------------

class Mosquitto:
    """Debian's, with the same list."""

    def __init__(self, path):
        self.path, self.conf = path, path + ".conf"
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"listener {OTHER} {HERE}\nallow_anonymous true\nacl_file {path}\n"
                    "user root\n")
        self.run = subprocess.Popen(["mosquitto", "-c", self.conf],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection((HERE, OTHER), 5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

    def load(self, marker):
        """Says when the list, with which only marker can come, is in force."""
        self.run.send_signal(signal.SIGHUP)
        p = peer("marker", "marker", 4, OTHER)
        p.subscribe(marker)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            p.publish(marker, "x", 1)
            p.ping()
            if p.inbox:
                p.leave()
                return
        raise AssertionError("mosquitto does not load the list")

    def end(self):
        self.run.terminate()
        self.run.wait(60)


WORDS = ("a", "b", "c")
IDS = ("a", "b", "+", "#", "x#")
USERS = (None, "a", "b", "+")


def random_list(rng):
    def filt(percent):
        words = WORDS + ("+",) + (("%c", "%u") if percent else ())
        levels = [rng.choice(words) for _ in range(rng.randint(1, 3))]
        if not rng.randrange(3):
            levels[-1] = "#"
        if not rng.randrange(8):
            levels[0] = "$x"
        return "/".join(levels)

    def access():
        return rng.choice(("", "read ", "write ", "readwrite ", "deny "))

    lines = [f"topic {access()}{filt(False)}" for _ in range(rng.randrange(4))]
    for user in ("a", "b", "+"):
        lines.append(f"user {user}")
        lines += [f"topic {access()}{filt(False)}" for _ in range(rng.randrange(4))]
    lines += [f"pattern {access()}{filt(True)}" for _ in range(rng.randrange(6))]
    return lines + ["user god", "topic readwrite #", "topic readwrite $x/#"]


TOPICS = ["/".join((x, y, z)[:n]) for n in (1, 2, 3) for x in WORDS + ("$x",)
          for y in WORDS[:2] for z in WORDS[1:]
          if n == 3 or (z == WORDS[1] and (n == 2 or y == WORDS[0]))]


def messages(p):
    """Who and what came to it until now."""
    # Twice, because an answer may overtake messages.
    p.ping()
    p.ping()
    got = [(m.topic, m.payload.decode()) for m in p.inbox]
    p.inbox.clear()
    return got


def allowed(god, port, user):
    """What clients of a user name may write and read: sets of identifier, user
    name and topic."""
    clients = [peer(c, user, 4, port) for c in IDS]
    god.subscribe("#", "$x/#")
    for p in clients:
        # Whether it may is not said by all brokers in the same way.
        p.subscribe("#", "$x/#")
        p.send(*(mqtt.publish(4, t, p.id) for t in TOPICS))
        p.ping()
    wrote = {(c, user, t) for t, c in messages(god)}
    for p in clients:
        messages(p)
    god.send(*(mqtt.publish(4, t, "x") for t in TOPICS))
    messages(god)
    god.unsubscribe("#", "$x/#")
    read = {(p.id, user, t) for p in clients for t, _ in messages(p)}
    for p in clients:
        p.leave()
    return wrote, read


def both(ours, theirs):
    """What either permits."""
    got = []
    for god, port in ((ours, PORT), (theirs, OTHER)):
        all_ = [allowed(god, port, user) for user in USERS]
        got.append([set().union(*sets) for sets in zip(*all_)])
    return zip(("write", "read"), *got)


def beside():
    """Lists made at random permit what they do with mosquitto"""
    seed = int(os.environ.get("SEED", "7"))
    rng, nr, permitted = random.Random(seed), int(os.environ.get("LISTS", "6")), 0
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "acl")
        with open(path, "w", encoding="utf-8") as f:
            f.write("user god\ntopic readwrite #\n")
        mosquitto = Mosquitto(path)
        ours, theirs = peer("god", "god", 4), peer("god", "god", 4, OTHER)
        for i in range(nr):
            lines = random_list(rng)
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(lines + ["user marker", f"topic readwrite gen/{i}"]) + "\n")
            mosquitto.load(f"gen/{i}")
            ctl("acl", "load", path)
            for what, a, b in both(ours, theirs):
                assert a == b, (f"seed {seed}, list {i}, {what}: mqttk alone {sorted(a - b, key=str)}, "
                                f"mosquitto alone {sorted(b - a, key=str)}: {lines}")
                permitted += len(a)
        mosquitto.end()
    print(f"# {nr} lists, {permitted} permitted")
    assert permitted > 500, permitted


# -- no memory ---------------------------------------------------------------------

def no_memory():
    """Every allocation of a list fails once"""
    for kind in ("failslab", "fail_page_alloc"):
        for knob, v in (("ignore-gfp-wait", "N"), ("verbose", "0")):
            with open(f"/sys/kernel/debug/{kind}/{knob}", "w", encoding="ascii") as f:
                f.write(v)
    acl_set(rule(ANONYMOUS, READ, "old"))
    before = ctl("-j", "acl", "show")
    new = [rule(EVERYBODY, READ, f"new/%c/{i}") for i in range(50)]
    knob, failed = os.open("/proc/thread-self/fail-nth", os.O_RDWR), 0
    for n in range(1, 200):
        os.write(knob, b"%d" % n)
        try:
            acl_set(*new)
        except (Refused, OSError) as e:
            error = e.errno if isinstance(e, OSError) else e.error
        else:
            error = 0
        left = int(os.pread(knob, 32, 0).rstrip(b"\0\n") or b"0")
        os.write(knob, b"0")
        if left:
            break
        failed += error != 0
        if ctl("-j", "acl", "show") != before:
            acl_set(rule(ANONYMOUS, READ, "old"))
        else:
            assert error in (errno.ENOMEM, errno.ENOBUFS), error
    else:
        raise AssertionError("no end of allocations")
    os.close(knob)
    print(f"# {n - 1} allocations, {failed} errors")
    assert failed, "nothing failed"


GROUPS = {
    "said": (codes, empty, names, mounted, shares, device),
    "change": (change, again, retained, wills, names_of_sessions),
    "netlink": (hostile, budget, namespace),
    "beside": (beside,),
    "memory": (no_memory,),
}

for group in sys.argv[1:] or ("said", "change", "netlink"):
    for test in GROUPS[group]:
        control.config_set([listener(f"{HERE}:{PORT}", anonymous=1),
                            listener(f"{HERE}:{MOUNTED}", anonymous=1, mount_point="m/")])
        tap(f"{group}: {(test.__doc__ or test.__name__.replace('_', ' ')).rstrip('.')}", test)
        control.reset()
sys.exit(tap.failed > 0)
