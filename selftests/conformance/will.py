# SPDX-License-Identifier: GPL-2.0
"""Wills: what is published when a client is gone, and when it is not."""
import time

from case import proves
from mqtt import DISCONNECT, connect, ending


def watched(t, qos=2, retain=False, **how):
    """A client with a will, and one who is subscribed to it."""
    watcher = t.peer("w")
    topic = t.retain("will") if retain else t.topic("will")
    watcher.subscribe(topic, qos=2)
    will = {"topic": topic, "payload": "gone", "qos": qos, "retain": retain,
            "properties": how.pop("will_properties", None)}
    return watcher, t.peer(will=will, **how), topic


@proves("5.0:MQTT-3.1.2-7,8,10,14", "3.1.1:MQTT-3.1.2-8,9,10,16", also=["3.1"])
def published(t):
    """at the end of the connection the will is published, once, with its QoS,
    not retained"""
    for qos in (0, 1, 2):
        watcher, peer, topic = watched(t, qos)
        peer.cut()
        got = watcher.message()
        assert (got.topic, got.payload, got.qos, got.retain) == (topic, b"gone", qos, 0)
        # It is forgotten: the next connection has none.
        t.peer().cut()
        watcher.nothing()
        late = t.peer("l")
        late.subscribe(topic)
        late.nothing()


@proves("5.0:MQTT-3.1.2-15", "3.1.1:MQTT-3.1.2-17", also=["3.1"])
def retained(t):
    """a will with Will Retain is retained"""
    watcher, peer, topic = watched(t, retain=True)
    peer.cut()
    assert watcher.message().retain == 0
    late = t.peer("l")
    late.subscribe(topic, qos=2)
    got = late.message()
    assert (got.payload, got.retain, got.qos) == (b"gone", 1, 2)


@proves("5.0:MQTT-3.14.4-3", "5.0:MQTT-3.1.2-8,10", "3.1.1:MQTT-3.14.4-3", "3.1.1:MQTT-3.1.2-10",
        also=["3.1"])
def deleted(t):
    """DISCONNECT deletes the will"""
    watcher, peer, _ = watched(t)
    peer.leave()
    t.peer().cut()
    watcher.nothing()


@proves("3.1.1:MQTT-3.1.2-12", also=["5.0", "3.1"])
def none(t):
    """without a will nothing is published"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("#"))
    t.peer().cut()
    watcher.nothing()


@proves("5.0:MQTT-3.1.2-8")
def with_will(t):
    """DISCONNECT with a code that is not 0 publishes the will"""
    for reason in (4, 0x80, 0x82):
        watcher, peer, _ = watched(t)
        peer.send(ending(DISCONNECT, reason))
        peer.ended()
        assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8")
def after_error(t):
    """a client that is thrown out for an error has its will published"""
    watcher, peer, _ = watched(t)
    peer.send(b"\0\0")
    t.gone(peer, 0x81, 0x82)
    assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8")
def taken_over(t):
    """a client whose id is taken over by a clean start has its will published"""
    watcher, _, _ = watched(t)
    t.peer()
    assert watcher.message().payload == b"gone"
    watcher.nothing()


@proves("5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8")
def taken_over_resumed(t):
    """a takeover that resumes the session publishes a will without a delay"""
    watcher, _, _ = watched(t, expiry=60)
    t.peer(expiry=60)
    assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.2-8,10", slow=True)
def delayed(t):
    """a will with a delay is published when that has passed"""
    watcher, peer, _ = watched(t, expiry=60, will_properties={"will_delay": 1})
    start = time.monotonic()
    peer.cut()
    assert watcher.message().payload == b"gone"
    assert time.monotonic() - start > 0.9, "too early"
    watcher.nothing()


@proves("5.0:MQTT-3.1.3-9", slow=True)
def cancelled(t):
    """a new connection to the session within the delay cancels the will"""
    for delay in (1, 3, 9):
        watcher, peer, _ = watched(t, expiry=60, will_properties={"will_delay": delay})
        start = time.monotonic()
        peer.cut()
        peer = t.peer(expiry=60)
        assert peer.connack.session_present
        # On a busy machine that may have been too late.
        if time.monotonic() - start < 0.8 * delay:
            break
    time.sleep(delay + 1.5)
    watcher.nothing()
    # Nor is it remembered for the next time that nobody is there.
    peer.leave()
    time.sleep(1)
    watcher.nothing()


@proves("5.0:MQTT-3.1.3-9")
def cancelled_by_takeover(t):
    """so does a takeover"""
    watcher, old, _ = watched(t, expiry=60, will_properties={"will_delay": 600})
    t.peer(expiry=60)
    t.gone(old, 0x8e)
    watcher.nothing()


@proves("5.0:MQTT-3.1.2-8")
def session_ends(t):
    """when the session ends first, the will does not wait for its delay"""
    watcher, peer, _ = watched(t, will_properties={"will_delay": 600})
    peer.cut()
    assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.2-8")
def clean_start_ends(t):
    """a clean start ends the session, so its will does not wait any longer"""
    watcher, peer, _ = watched(t, expiry=60, will_properties={"will_delay": 600})
    peer.cut()
    watcher.nothing()
    t.peer(clean=True)
    assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.2-8", slow=True)
def session_expires(t):
    """when the session expires first, the will does not wait for its delay"""
    watcher, peer, _ = watched(t, expiry=1, will_properties={"will_delay": 600})
    peer.cut()
    assert watcher.message().payload == b"gone"


@proves("5.0:MQTT-3.1.3-10", "5.0:MQTT-3.1.2-9")
def properties(t):
    """a will's properties are forwarded, user properties in their order"""
    user = [("b", "1"), ("a", "2"), ("b", "0"), ("", "")]
    given = {"payload_format": 1, "message_expiry": 1000, "content_type": "text",
             "response_topic": "r/t", "correlation": b"\0\1", "user": user}
    watcher, peer, _ = watched(t, will_properties=given)
    peer.cut()
    got = watcher.message().props
    assert 990 < got.pop("message_expiry") <= 1000
    del given["message_expiry"]
    assert got == given, got


@proves("5.0:MQTT-3.1.2-7", "3.1.1:MQTT-3.1.2-8")
def not_if_refused(t):
    """a CONNECT that is refused leaves no will"""
    watcher = t.peer("w")
    watcher.subscribe(t.topic("will"))
    will = {"topic": t.topic("will"), "payload": "x"}
    peer = t.raw()
    if t.v == 5:
        peer.send(connect(5, t.id("a"), properties={"auth_method": "none"}, will=will))
    else:
        peer.send(connect(4, "", clean=False, will=will))
    peer.ended()
    watcher.nothing()


@proves("5.0:MQTT-3.1.2-7", "3.1.1:MQTT-3.1.2-9")
def empty(t):
    """a will without payload is published; retained, it clears"""
    topic = t.retain("will")
    watcher = t.peer("w")
    watcher.publish(topic, "old", retain=True)
    watcher.subscribe((topic, 0))
    assert watcher.message().payload == b"old"
    t.peer(will={"topic": topic, "payload": "", "retain": True}).cut()
    assert watcher.message().payload == b""
    late = t.peer("l")
    late.subscribe(topic)
    late.nothing()
