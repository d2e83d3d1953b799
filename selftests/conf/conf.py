#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What `mqttkctl apply` understands of a configuration file: no kernel needed.

A file with an error is never shown to the kernel, so each one here ends in a
key that there is not.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
UNKNOWN = 'no_such_key'
count = failed = 0


def report(good, what, why=''):
    global count, failed
    count += 1
    failed += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', count, what))
    if not good:
        print('# ' + str(why).replace('\n', '\n# '))


def read(data, *options, name='m.conf'):
    """Messages about a file, without the one that keeps the kernel out."""
    if isinstance(data, str):
        data = data.encode()
    with open(name, 'wb') as f:
        f.write(data + b'\n' + UNKNOWN.encode() + b' 1\n')
    run = subprocess.run(['mqttkctl', '-j', 'apply', name, *options],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = json.loads(run.stdout)
    assert run.returncode == 1 and not said['applied'], said
    assert said['errors'] == sum(m['error'] for m in said['messages']), said
    assert len(run.stderr.splitlines()) == len(said['messages']) + 1
    return [m for m in said['messages'] if m.get('key') != UNKNOWN]


def errors(data, *options):
    return [m for m in read(data, *options) if m['error']]


def about(messages, line):
    return [m for m in messages if m.get('line') == line]


def named(messages):
    """The keys of the one warning about what makes no difference."""
    text = [m['text'] for m in messages if 'no difference' in m['text']]
    assert len(text) <= 1, text
    return text[0].split(': ')[1].split(', ') if text else []


def effect(messages, line, key):
    said = about(messages, line)
    if len(said) > 1:
        return 'several: %s' % said
    if said:
        if said[0]['error']:
            hint = '--ignore-unsupported' in said[0]['text']
            return 'unsupported' if hint else 'error: ' + said[0]['text']
        return 'differs'
    return 'no-difference' if key in named(messages) else 'applied'


def lines_of_keys():
    with open(os.path.join(HERE, 'keys')) as f:
        for line in f:
            if line[0] != '#':
                yield line.rstrip('\n').split('\t')


def test_keys():
    """Each key where it belongs, by itself, with and without the option."""
    names = set()
    for place, want, line in lines_of_keys():
        key = re.sub('^(plugin|auth)_opt_.*', r'\1_opt_*', line.split()[0])
        names.add(key)
        before = {'structure': '', 'general': '', 'own': '',
                  'bridge': 'connection b\n'}.get(place, 'listener 1\n')
        at = before.count('\n') + 1
        got = effect(read(before + line), at, key)
        good = got == ('applied' if want == 'silent' else want)
        if want == 'unsupported':
            got += ', ignored: ' + effect(
                read(before + line, '--ignore-unsupported'), at, key)
            good = got == 'unsupported, ignored: differs'
        if not good:
            report(False, 'key: ' + line, 'is %s, not %s' % (got, want))
    known = json.loads(subprocess.check_output(
        ['mqttkctl', '-j', 'apply', '--keys']))
    known = {k['key'] for k in known}
    report(names == known, '%d keys, each with its effect' % len(names),
           'not known: %s, not tested: %s' % (names - known, known - names))


BAD = '''\
listener | what value
listener abc | PORT
listener 0 | from 1 to 65535
listener 65536 | PORT
listener -1 | PORT
listener 1883x | PORT
listener 99999999999999999999 | PORT
listener 0 /run/socket | Unix sockets
port 0 | must be 1 to 65535
port 1883.5 | a number
mount_point a | must follow
listener 1\\nmount_point a/# | without + and #
listener 1\\nmount_point a/+/b | without + and #
listener 1\\nmount_point a\\nmount_point b | before
listener 1\\nmount_point {1024} | longer than 1023
listener 1\\nmax_qos 3 | must be 0 to 2
max_qos -1 | must be 0 to 2
socket_domain ipx | ipv4 ipv6
socket_domain ipv | ipv4 ipv6
protocol mqttsn | mqtt websockets
allow_anonymous | what value
allow_anonymous True | true or false
allow_anonymous yes | true or false
max_connections many | a number
max_inflight_messages 65536 | must be 0 to 65535
max_inflight_messages -1 | must be 0 to 65535
max_keepalive 99999 | must be 0 to 65535
max_packet_size 19 | must be 20 at least
max_packet_size 99999999999999999999 | a number
max_queued_messages 1e6 | a number
max_topic_alias 65536 | must be 0 to 65535
sys_interval -5 | must be 0 to 65535
persistent_client_expiration h | h, d, w, m
persistent_client_expiration 2q | h, d, w, m
auto_id_prefix a\\nauto_id_prefix b | before
clientid_prefixes {64} | longer than 63
allow_anonymous true\\nper_listener_settings true | must stand before
topic # both | must follow "connection"
client_memory 1T | K, M and G
shared_strategy most | same-topic
LISTENER 1883 | no such key
listener1883 | no such key
include_dir no/such/directory | No such file
bind_interface {16} | longer than 15
{5000} 1 | longer than 4096
'''


def test_bad_values():
    for row in BAD.splitlines():
        text, want = row.split(' | ')
        text = re.sub(r'\{(\d+)\}', lambda m: 'x' * int(m[1]), text)
        text = text.replace('\\n', '\n')
        got = [m for m in errors(text) if want in m['text']]
        if len(got) != 1 or got[0]['line'] != text.count('\n') + 1:
            report(False, 'refused: ' + row, errors(text))
    report(True, '%d bad values' % len(BAD.splitlines()))


def test_syntax():
    same = 'listener 1883\nallow_anonymous true\nmax_queued_messages 5'
    for what, data in (
            ('CRLF', same.replace('\n', '\r\n')),
            ('tabs', same.replace(' ', '\t')),
            ('many spaces', same.replace(' ', '   ').replace('\n', ' \n  ')),
            ('empty lines', same.replace('\n', '\n\n \n\t\n')),
            ('a byte order mark', '\ufeff' + same),
            ('comments', '#\n# x 1\n' + same.replace('\n', '\n#y\n  # z\n')),
            ('comments behind numbers', same.replace('\n', ' # c\n')),
            ('nothing', ''),
            ('UTF-8', 'listener 1\nmount_point \u00e4/ \u4e2d')):
        said = read(data)
        report(not said, 'taken: ' + what, said)
    said = read('max_queued_messages 5 6\nallow_anonymous true x')
    report([m['error'] for m in said] == [False, False],
           'more than a value: a warning', said)
    said = errors(b'listener 1883\nmax_\0qos 1')
    report(len(said) == 1 and said[0]['line'] == 2, 'a byte 0', said)
    said = errors('a\033[2Jb 1\n\033[1mallow_anonymous 1')
    report(len(said) == 2 and all(m['key'].startswith(('a\\x1b', '\\x1b'))
                                  for m in said),
           'what would drive a terminal does not', said)
    with open('m.conf', 'w') as f:
        f.write('x 1\n' * 1000)
    run = subprocess.run(['mqttkctl', 'apply', 'm.conf'],
                         stderr=subprocess.PIPE, universal_newlines=True)
    said = run.stderr.splitlines()
    report(len(said) == 201 and '1000 errors' in said[-1],
           'a thousand errors: the first ones', len(said))


def test_files():
    def run(*words, **more):
        return subprocess.run(['mqttkctl', 'apply', *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, **more)

    for what, words, want in (
            ('no such file', ['missing.conf'],
             'apply: missing.conf: No such file or directory'),
            ('a directory', ['.'], 'apply: .: Is a directory')):
        got = run(*words)
        report(got.returncode == 1 and want in got.stderr.splitlines(), what,
               got.stderr)
    with open('large.conf', 'w') as f:
        f.write('#' * (1 << 20) + '\n')
    got = run('large.conf')
    report(got.returncode == 1 and 'larger' in got.stderr, 'a huge file',
           got.stderr)
    got = run('-', input='x 1\n')
    report('apply: standard input:1: x: there is no such key' in got.stderr,
           'standard input', got.stderr)
    for words in ([], ['a', 'b'], ['--check'], ['a', '--chec'], ['--keys', 'a']):
        report(run(*words).returncode == 2, 'usage: ' + ' '.join(words))


def test_include():
    os.makedirs('d/sub.conf', exist_ok=True)
    os.rmdir('d/sub.conf')
    for name in ('b.conf', 'A.conf', '01.conf', 'a.conf', 'B.conf', '00.conf',
                 'c.conf.bak', '.conf', 'conf'):
        with open('d/' + name, 'w') as f:
            f.write('in_%s 1\n' % name)
    got = [m['key'] for m in errors('first 1\ninclude_dir d\nlast 1')]
    report(got == ['first', 'in_00.conf', 'in_01.conf', 'in_A.conf',
                   'in_a.conf', 'in_B.conf', 'in_b.conf', 'last'],
           'a directory, in order', got)
    os.mkdir('e')
    with open('e/x.conf', 'w') as f:
        f.write('include_dir d\nmount_point x\ntopic a\n')
    said = read('connection b\nlistener 1\ninclude_dir e\nmount_point y')
    got = [(m['file'], m['line'], m.get('key')) for m in said if m['error']]
    report(got == [('m.conf', 1, 'connection'), ('e/x.conf', 2, 'mount_point'),
                   ('e/x.conf', 3, 'topic')],
           'an included file begins anew, and includes nothing', said)
    report(any(m['file'] == 'e/x.conf' and not m['error'] and
               m['key'] == 'include_dir' for m in said),
           'an included file: that is said', said)


def test_unsupported():
    said = errors('listener 1\ncafile a\ncertfile b\nkeyfile c\n'
                  'listener 2\ncertfile b\n')
    report([m['line'] for m in said] == [2, 6],
           'one reason, one error for each listener', said)
    said = read('log_type all\nlog_type none\nuser a\nlog_dest x\nlog_type all')
    report(named(said) == ['log_type', 'user', 'log_dest'],
           'one warning for what makes no difference', said)


def test_shipped(path):
    """mosquitto's own example: as it is, and with every line of it in use."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    said = read(text)
    report(not said, 'the shipped example', said)
    keys = sorted(set(re.findall(r'^#([a-z][a-z0-9_.]*)(?: \S.*)?$', text,
                                 re.M)))
    text = '\n'.join(k + ' 1' for k in keys)
    unknown = [m['key'] for m in errors(text) if 'no such key' in m['text']]
    report(len(keys) > 80 and not unknown,
           'the shipped example: %d keys, all known' % len(keys), unknown)


def test_real():
    want = {
        'chirpstack': [], 'zigbee2mqtt': [],
        'chirpstack-tls': ['cafile', 'acl_file'],
        'home-assistant-addon': ['persistence', 'auth_plugin', 'protocol',
                                 'cafile', 'protocol', 'cafile'],
        'home-assistant-container': ['persistence'],
        'zigbee2mqtt-password': ['persistence', 'password_file'],
    }
    real = os.path.join(HERE, 'real')
    for name in sorted(os.listdir(real)):
        with open(os.path.join(real, name)) as f:
            text = f.read()
        name = name.replace('.conf', '')
        got = [m['key'] for m in errors(text)]
        report(got == want[name], 'real: %s: says what it cannot' % name, got)
        got = errors(text, '--ignore-unsupported')
        report(not got, 'real: %s: goes on without' % name, got)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        test_keys()
        test_bad_values()
        test_syntax()
        test_files()
        test_include()
        test_unsupported()
        test_real()
        if len(sys.argv) > 1:
            test_shipped(sys.argv[1])
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
