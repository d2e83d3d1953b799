# SPDX-License-Identifier: GPL-2.0
"""Test cases, what they prove, and what each is given to work with."""
import importlib
import os
import re
import threading

import mqtt
from mqtt import Peer

NAMES = {"3.1": 3, "3.1.1": 4, "5.0": 5}
VERSIONS = {v: name for name, v in NAMES.items()}
CHAPTERS = ("transport", "connect", "session", "will", "publish", "qos", "subscribe",
            "properties", "shared", "flow", "errors", "limits")
CASES = []


class Case:
    """A function to be run as a client of one version."""

    def __init__(self, function, v, name, doc, tags, slow=False, needs=None):
        self.function, self.v, self.name, self.doc = function, v, name, doc
        self.tags, self.slow, self.needs = tags, slow, needs

    def __str__(self):
        return f"{self.name} {VERSIONS[self.v]}: {self.doc}"


def expand(tag):
    """5.0:MQTT-3.1.2-4,5 is short for two, 5.0:MQTT-3.1.2-4..6 for three."""
    version, numbers = tag.split(":")
    head, _, tails = numbers.rpartition("-")
    if version not in ("5.0", "3.1.1") or not re.fullmatch(r"\d+((,|\.\.)\d+)*", tails):
        return [(version, numbers)]
    out = []
    for tail in tails.split(","):
        first, _, last = tail.partition("..")
        out += [(version, f"{head}-{n}") for n in range(int(first), int(last or first) + 1)]
    return out


def add(chapter, name, doc, tags, function, versions=(), **how):
    """One case for each version that the tags speak of, and for versions."""
    by_version = {NAMES[v]: [] for v in versions}
    for tag in tags:
        for version, number in expand(tag):
            by_version.setdefault(NAMES[version], []).append(f"{version}:{number}")
    for v, found in sorted(by_version.items()):
        CASES.append(Case(function, v, f"{chapter}.{name}", doc, found, **how))


def load():
    """All cases."""
    for chapter in CHAPTERS:
        importlib.import_module(chapter)
    names = {(c.name, c.v) for c in CASES}
    assert len(names) == len(CASES), "two cases have the same name"
    return CASES


def proves(*tags, also=(), **how):
    """A case named after its function, which proves these statements; versions
    of which it proves nothing by number are given as also."""
    def register(function):
        add(function.__module__, function.__name__, " ".join(function.__doc__.split()),
            tags, function, also, **how)
        return function
    return register


class Context:
    """What a case gets: names of its own, clients, and the end of all that."""

    address = users_address = None
    broker = os.environ.get("BROKER", "mqttk")
    silent = False	# the broker is known to end connections without a reason
    count = 0
    lock = threading.Lock()

    def __init__(self, case, patience=mqtt.PATIENCE):
        with self.lock:
            Context.count += 1
            self.unique = f"{os.getpid():x}x{Context.count:x}"
        self.v, self.case, self.patience = case.v, case, patience
        self.peers, self.sessions, self.retained = [], set(), set()

    def id(self, name):
        return f"{name}x{self.unique}"

    def topic(self, name="t"):
        return f"c{self.unique}/{name}"

    def retain(self, name="t"):
        """A topic that is cleaned up afterwards."""
        topic = self.topic(name)
        self.retained.add(topic)
        return topic

    def raw(self, v=None, address=None):
        """A connection that has sent nothing."""
        peer = Peer(address or self.address, v or self.v, self.patience)
        self.peers.append(peer)
        return peer

    def peer(self, name="a", v=None, expiry=None, properties=None, **how):
        """A client that is connected; with an expiry, its session stays so
        long (before 5.0: if it is not 0, without clean session)."""
        peer = self.raw(v)
        client = how.pop("client", self.id(name))
        if expiry is not None:
            how.setdefault("clean", False)
            self.sessions.add(client)
            if peer.v == 5:
                properties = dict(properties or {}, session_expiry=expiry)
        connack = peer.open(client, properties, **how)
        assert not connack.reason, f"CONNACK {connack.reason:#x}"
        return peer

    def clean_up(self):
        for peer in self.peers:
            peer.close()
        try:
            for client in self.sessions:
                with_it = Peer(self.address, 5, self.patience)
                with_it.open(client)
                with_it.leave()
            if self.retained:
                peer = Peer(self.address, 5, self.patience)
                peer.open(self.id("cleaner"))
                for topic in self.retained:
                    peer.publish(topic, retain=True)
                peer.leave()
        except OSError:
            pass

    # What several chapters ask.

    def gone(self, peer, *reasons):
        """The broker ends the connection: in 5.0 by DISCONNECT with one of
        these reasons (CONNACK, if CONNECT has not been answered), before 5.0
        and without reasons by nothing."""
        refused = peer.connack is None
        got = peer.ended()
        if peer.v < 5 or not reasons or self.silent and not got:
            assert not got, f"{', '.join(map(str, got))} before the end"
            return
        want = "CONNACK" if refused else "DISCONNECT"
        assert len(got) == 1 and str(got[0]) == want, \
            f"{', '.join(map(str, got)) or 'nothing'} before the end, not {want}"
        assert got[0].reason in reasons, \
            f"{want} {got[0].reason:#x}, not {' or '.join(map(hex, reasons))}"


class Canary:
    """Somebody else, who must not notice anything."""

    def __init__(self, address):
        self.peer = Peer(address, 5)
        self.topic = f"canary/{os.getpid()}"
        connack = self.peer.open(f"canary{os.getpid()}")
        assert not connack.reason
        self.peer.subscribe(self.topic)
        self.count = 0

    def check(self):
        self.count += 1
        payload = str(self.count).encode()
        self.peer.send(mqtt.publish(5, self.topic, payload))
        got = self.peer.message()
        assert (got.topic, got.payload) == (self.topic, payload), "the canary got something else"
