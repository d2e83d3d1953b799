#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
ynl.py DIR: everything that the specification of the family offers, by the
kernel source's cli.py, which finds its way by the specification alone. DIR
holds the kernel's tools/net/ynl and Documentation/netlink, and there the
specification.

Each operation must have a case here for each of its modes: do, dump, event.
cli.py runs in this process, because a Python that has to start and to read the
specification for each of them takes minutes where every instruction is
emulated.
"""
import contextlib
import copy
import errno
import functools
import io
import json
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
top = sys.argv[1]
sys.path.insert(0, f'{top}/tools/net/ynl')

import yaml  # noqa: E402
import cli  # noqa: E402
from lib import NlError, YnlFamily  # noqa: E402
from refusals import REFUSALS  # noqa: E402

SPEC = f'{top}/Documentation/netlink/specs/mqttk.yaml'
parse = functools.lru_cache(yaml.safe_load)


def safe_load(stream):
    """As yaml's, which takes seconds for the same text each time."""
    return copy.deepcopy(parse(stream if isinstance(stream, str)
                               else stream.read()))


yaml.safe_load = safe_load


def run_cli(*args):
    """cli.py's status and what it printed, JSON if it could be done."""
    out = io.StringIO()
    sys.argv = ['cli.py', '--spec', SPEC, '--output-json', *args]
    status = 0
    with contextlib.redirect_stdout(out):
        try:
            cli.main()
        except SystemExit as e:
            status = e.code
    return status, out.getvalue()


schema = []


def ynl(mode, op, attrs=None, ok=True):
    """The answer to a request; with ok=False that of a refusal, as text."""
    status, out = run_cli(*schema, f'--{mode}', op,
                          '--json', json.dumps(attrs or {}))
    # The schema was held against the specification once.
    schema[:] = ['--no-schema']
    if ok != (status == 0):
        raise AssertionError(f'status {status}: {out}')
    return json.loads(out) if ok else out


def shell(command, **kwargs):
    done = subprocess.run(command, shell=True, check=False, timeout=60,
                          capture_output=True, text=True, **kwargs)
    assert not done.returncode, f'{command}: {done.stderr}'
    return done.stdout


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, 'it did not come'
        time.sleep(0.1)


def there(client):
    status, _ = run_cli('--no-schema', '--do', 'client-get',
                        '--json', json.dumps({'id': client}))
    return status == 0


def same(got, expected):
    """What is expected is there; more may be."""
    wrong = {k: got.get(k) for k in expected if got.get(k) != expected[k]}
    assert not wrong, f'{wrong} where {expected} is expected: {got}'


CASES = {}


def case(op, mode):
    def register(fn):
        CASES[op, mode] = fn
        return fn
    return register


# In this order: each finds what those before it left.

LISTENER = {'name': 'one', 'ipv4': 0x7f000001, 'port': 1883, 'anonymous': 1,
            'max-connections': 50}
clients = []


@case('listener-new', 'do')
def listener_new():
    ynl('do', 'listener-new', LISTENER)
    ynl('do', 'listener-new', {'name': 'six', 'ipv6': '0' * 31 + '1',
                               'port': 1884})
    refusal = ynl('do', 'listener-new', LISTENER, ok=False)
    assert 'bad-attr' in refusal, refusal


@case('listener-get', 'do')
def listener_get():
    same(ynl('do', 'listener-get', {'name': 'one'}),
         {'name': 'one', 'ipv4': '127.0.0.1', 'port': 1883, 'anonymous': 1,
          'max-connections': 50, 'connections': 0, 'accepted': 0,
          'refused': 0})
    same(ynl('do', 'listener-get', {'name': 'six'}),
         {'ipv6': '::1', 'anonymous': 0})


@case('listener-get', 'dump')
def listener_dump():
    names = [ln['name'] for ln in ynl('dump', 'listener-get')]
    assert names == ['one', 'six'], names


@case('client-get', 'do')
def client_get():
    clients.append(subprocess.Popen(
        ['mosquitto_sub', '-V', '5', '-i', 'c1', '-c', '-x', '3600', '-k', '33',
         '-q', '1', '-t', 'a/+', '-t', '$share/g/a/#', '--retain-as-published'],
        stdout=subprocess.PIPE, text=True))
    wait_for(lambda: there('c1'))
    wait_for(lambda: ynl('do', 'client-get',
                         {'id': 'c1'})['subscriptions'] == 2)
    for qos in range(3):
        shell(f'mosquitto_pub -i p -V 5 -q {qos} -t a/b -m {qos}')
    for _ in range(6):
        clients[0].stdout.readline()
    wait_for(lambda: ynl('do', 'client-get',
                         {'id': 'c1'})['messages-inflight'] == 0)
    got = ynl('do', 'client-get', {'id': 'c1'})
    same(got, {'id': 'c1', 'transport': 'tcp', 'listener': 'one',
               'ipv4': '127.0.0.1', 'protocol-level': 5, 'keepalive': 33,
               'expiry-interval': 3600, 'messages-sent': 6, 'qos0-sent': 2,
               'qos1-sent': 4, 'qos2-sent': 0, 'messages-dropped': 0,
               'messages-queued': 0, 'messages-received': 0,
               'messages-expired': 0, 'bytes-queued': 0})
    for key in 'index', 'port', 'bytes-received', 'bytes-sent', 'connected-msec':
        assert got[key] > 0, f'{key} of {got}'


@case('client-get', 'dump')
def client_dump():
    ids = [c['id'] for c in ynl('dump', 'client-get')]
    assert ids == ['c1'], ids


@case('session-get', 'do')
def session_get():
    index = ynl('do', 'client-get', {'id': 'c1'})['index']
    same(ynl('do', 'session-get', {'index': index}),
         {'id': 'c1', 'connected': 1, 'subscriptions': 2, 'messages-sent': 6,
          'expiry-interval': 3600})


@case('session-get', 'dump')
def session_dump():
    ids = [s['id'] for s in ynl('dump', 'session-get')]
    assert ids == ['c1'], ids


@case('subscription-get', 'dump')
def subscription_dump():
    every = ynl('dump', 'subscription-get')
    assert [s['filter'] for s in every] == ['a/+', '$share/g/a/#'], every
    same(every[0], {'client-id': 'c1', 'qos': 1, 'no-local': 0,
                    'retain-as-published': 1, 'retain-handling': 0})
    assert ynl('dump', 'subscription-get', {'client-id': 'c1'}) == every
    index = every[0]['index']
    assert ynl('dump', 'subscription-get', {'index': index}) == every
    shared = ynl('dump', 'subscription-get', {'filter': '$share/g/a/#'})
    assert shared == every[1:], shared
    assert ynl('dump', 'subscription-get', {'filter': 'a/#'}) == []
    refusal = ynl('dump', 'subscription-get',
                  {'filter': 'a/#', 'client-id': 'c1'}, ok=False)
    assert 'bad-attr' in refusal, refusal


@case('retained-set', 'do')
def retained_set():
    for topic in 'a/b', 'a/c', 'd':
        ynl('do', 'retained-set', {'topic': topic, 'qos': 1,
                                   'payload': b'hello'.hex()})
    got = clients[0].stdout.readline()
    assert got == 'hello\n', got
    ynl('do', 'retained-set', {'topic': 'd'})


@case('retained-get', 'do')
def retained_get():
    got = ynl('do', 'retained-get', {'topic': 'a/b'})
    same(got, {'topic': 'a/b', 'qos': 1, 'payload': b'hello'.hex(),
               'payload-length': 5, 'offset': 0})
    piece = ynl('do', 'retained-get', {'topic': 'a/b', 'offset': 2})
    same(piece, {'payload': b'llo'.hex(), 'serial': got['serial']})
    assert 'bad-attr' in ynl('do', 'retained-get', {'topic': 'd'}, ok=False)


@case('retained-get', 'dump')
def retained_dump():
    topics = {m['topic'] for m in ynl('dump', 'retained-get')}
    assert topics == {'a/b', 'a/c'}, topics
    topics = [m['topic'] for m in ynl('dump', 'retained-get',
                                      {'filter': '+/c'})]
    assert topics == ['a/c'], topics


@case('retained-del', 'do')
def retained_del():
    assert ynl('do', 'retained-del', {'filter': 'a/#'}) == {'count': 2}
    assert ynl('dump', 'retained-get') == []


@case('limit-get', 'do')
def limit_get():
    got = ynl('do', 'limit-get', {'name': 'max_queued_messages'})
    same(got, {'unit': 'messages', 'value': got['default']})


@case('limit-get', 'dump')
def limit_dump():
    names = [limit['name'] for limit in ynl('dump', 'limit-get')]
    assert 'client_memory' in names, names


@case('limit-set', 'do')
def limit_set():
    ynl('do', 'limit-set', {'name': 'max_queued_messages', 'value': 77})
    same(ynl('do', 'limit-get', {'name': 'max_queued_messages'}),
         {'value': 77})
    refusal = ynl('do', 'limit-set', {'name': 'max_queued_messages',
                                      'value': 1 << 60}, ok=False)
    assert 'bad-attr' in refusal, refusal


@case('stats-get', 'do')
def stats_get():
    got = ynl('do', 'stats-get')
    same(got, {'sessions': 1, 'subscriptions': 2})
    assert got['counters']['messages-received'] >= 3, got


@case('client-disconnect', 'do')
def client_disconnect():
    def gone():
        return ynl('do', 'stats-get')['counters']['clients-disconnected']

    before = gone()
    ynl('do', 'client-disconnect', {'id': 'c1', 'reason': 0x98})
    wait_for(lambda: gone() > before)
    # It would come again and again.
    clients[0].kill()
    wait_for(lambda: ynl('do', 'session-get', {'id': 'c1'})['connected'] == 0)


@case('session-del', 'do')
def session_del():
    ynl('do', 'session-del', {'id': 'c1'})
    assert ynl('dump', 'session-get') == []


def happen():
    """One event of each kind."""
    shell('mqttkctl limit set max_subscriptions 1')
    shell('mqttkctl listener add 127.0.0.1:1885 name ev anonymous on')
    shell('timeout 30 mosquitto_sub -p 1885 -i e1 -t e/1 -t e/2 -E')
    shell('timeout 30 mosquitto_sub -p 1885 -i e1 -t e/1 -U e/1 -E')
    shell('mqttkctl listener del ev')
    shell('mqttkctl limit set max_subscriptions 1000')


@functools.lru_cache
def events():
    # It would sleep for a number of seconds.
    cli.time.sleep = lambda seconds: happen()
    status, out = run_cli('--no-schema', '--subscribe', 'events', '--sleep', '1')
    assert status == 0, out
    return json.loads(out)


def event(op, expected):
    def check():
        of_op = [e['msg'] for e in events() if e['name'] == op]
        assert of_op, f'not among {[e["name"] for e in events()]}'
        same(of_op[0], expected)
    CASES[op, 'event'] = check


event('client-connected-ntf', {'client-id': 'e1', 'transport': 'tcp',
                               'listener': 'ev', 'ipv4': '127.0.0.1',
                               'protocol-level': 4, 'session-present': 0})
event('client-disconnected-ntf', {'client-id': 'e1', 'cause': 'client'})
event('session-ended-ntf', {'client-id': 'e1', 'cause': 'client'})
event('subscription-new-ntf', {'client-id': 'e1', 'filter': 'e/1', 'qos': 0})
event('subscription-del-ntf', {'client-id': 'e1', 'filter': 'e/1'})
event('limit-hit-ntf', {'limit': 'max_subscriptions', 'client-id': 'e1'})
event('listener-up-ntf', {'listener': 'ev', 'ipv4': '127.0.0.1', 'port': 1885})
event('listener-down-ntf', {'listener': 'ev'})


@case('config-set', 'do')
def config_set():
    before = ynl('dump', 'listener-get')
    config = {'listener': [LISTENER],
              'limit': [{'name': 'max_keepalive', 'value': 55}]}
    ynl('do', 'config-set', {**config, 'check': True})
    assert ynl('dump', 'listener-get') == before
    ynl('do', 'config-set', config)
    names = [ln['name'] for ln in ynl('dump', 'listener-get')]
    assert names == ['one'], names
    same(ynl('do', 'limit-get', {'name': 'max_keepalive'}), {'value': 55})


RULES = [{'whom': 'user', 'access': {'read', 'write'}, 'user': 'hub',
          'filter': '#'},
         {'whom': 'everybody', 'access': {'deny'}, 'filter': 'a/%c'}]


@case('acl-set', 'do')
def acl_set():
    ynl('do', 'acl-set', {'enforced': True, 'source': '/etc/acl', 'rule': [
        {'whom': 1, 'access': 3, 'user': 'hub', 'filter': '#'},
        {'whom': 2, 'access': 8, 'filter': 'a/%c'}]})


@case('acl-get', 'dump')
def acl_dump():
    rules = [r for reply in ynl('dump', 'acl-get') for r in reply['rule']]
    for rule in rules:
        rule['access'] = set(rule['access'])
    assert rules == RULES, rules


@case('acl-get', 'do')
def acl_get():
    same(ynl('do', 'acl-get'), {'enforced': True, 'source': '/etc/acl',
                                'rules': 2})
    ynl('do', 'acl-set', {})
    assert 'enforced' not in (ynl('do', 'acl-get') or {})


@case('listener-del', 'do')
def listener_del():
    ynl('do', 'listener-del', {'name': 'one'})
    assert 'bad-attr' in ynl('do', 'listener-del', {'name': 'one'}, ok=False)


@case('reset', 'do')
def reset():
    ynl('do', 'reset')
    assert ynl('dump', 'listener-get') == []


def refusal(family, op, mode, what):
    """Refused with an error, a word why, and the attribute that is to blame."""
    attrs, error, says, blamed = what
    try:
        getattr(family, mode)(op, attrs)
    except NlError as e:
        got = e.nl_msg.extack or {}
        assert e.error == error, f'error {e.error}, {got}'
        assert re.search(says, got.get('msg', '')) and got.get('msg'), got
        name = got.get('bad-attr', '.' + str(got.get('miss-type', '')))
        assert blamed is None or name == '.' + blamed, got
        return
    raise AssertionError('it was done')


def settings(family):
    """What a refusal may not change."""
    return ([ln['name'] for ln in family.dump('listener-get', {})],
            {li['name']: li['value'] for li in family.dump('limit-get', {})},
            family.dump('retained-get', {}))


def refusals(operations):
    """Each operation's, and that they left nothing behind."""
    shell('mqttkctl listener add 127.0.0.1:1883 name one')
    shell('mqttkctl limit set max_packet_size 50000')
    family = YnlFamily(SPEC, '')
    before = settings(family)
    asked = {(op['name'], mode) for op in operations for mode in ('do', 'dump')
             if 'request' in op.get(mode, {})}
    report('what can be refused is known of every operation',
           lambda: same({}, dict.fromkeys(asked - REFUSALS.keys(), 'known')))
    for (op, mode), every in REFUSALS.items():
        for what in every:
            report(f'{op} ({mode}) refuses {str(what[0])[:60]}',
                   functools.partial(refusal, family, op, mode, what))
    report('nothing has changed by that',
           lambda: same({'now': settings(family)}, {'now': before}))
    for limit, size in ('message_memory', 40000), ('retained_memory', 1000):
        report(f'a retained message over {limit} is refused',
               functools.partial(fill, family, limit, size))


def fill(family, limit, size):
    """Retains messages of so many bytes until there is no more room."""
    shell(f'mqttkctl limit set {limit} 65536')
    payload = '61' * size
    for i in range(200):
        try:
            family.do('retained-set', {'topic': f'{limit}/{i}',
                                       'payload': payload})
        except NlError as e:
            got = e.nl_msg.extack
            assert limit in got['msg'] and got['bad-attr'] == '.payload', got
            assert e.error == errno.ENOBUFS, e
            break
    else:
        raise AssertionError('there is always room')
    family.do('retained-del', {'filter': '#'})
    shell(f'mqttkctl limit set {limit} {1 << 22}')


def report(what, run):
    try:
        run()
        print(f'ok - {what}', flush=True)
    except Exception as e:  # pylint: disable=broad-except
        print(f'not ok - {what}')
        for line in f'{type(e).__name__}: {e}'.splitlines():
            print(f'# {line[:2000]}', flush=True)


def main():
    with open(SPEC, encoding='utf-8') as spec:
        operations = yaml.safe_load(spec)['operations']['list']
    offered = {(op['name'], mode) for op in operations
               for mode in ('do', 'dump', 'event') if mode in op}
    for op, mode in sorted(offered - CASES.keys()):
        print(f'not ok - {op} ({mode}) has a case')
    for (op, mode), run in CASES.items():
        if (op, mode) not in offered:
            print(f'not ok - {op} ({mode}) is in the specification')
            continue
        report(f'{op} ({mode})', run)
    refusals(operations)


try:
    main()
finally:
    for client in clients:
        client.kill()
