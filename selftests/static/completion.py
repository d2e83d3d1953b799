#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""completion.py SHELL COMPLETION DIR: types into an interactive shell, with tab
keys, and sees what is run then. `mqttkctl` is a program in DIR that shows clients
and topics with nasty names, and writes down the words it was given."""
import json
import os
import pty
import select
import sys
import time

PATIENCE = 60
NAMES = [
    'sensor-1',
    'odd \\ "é',
    'a/b:c',
    'user@host=x',
    "it's",
    '$(touch pwned)',
    '`touch pwned`',
    '*',
    '~root',
    'x;touch pwned',
    'q!r',
    '-dash',
    '{a,b}',
    '=eq',
]
HIDDEN = ['tab\there', 'esc\x1b[2J', 'new\nline']

STUB = r'''#!/usr/bin/env python3
import json, sys
NAMES = %r
args = sys.argv[1:]
def shown(name):
    return ''.join('\\x%%02x' %% ord(c) if ord(c) <= 32 or ord(c) == 127 or c == '\\' else c
                   for c in name)
if args[:1] == ['-n']:
    args = args[2:]
if args[1:2] == ['show'] and (len(args) == 2 or args[2].startswith('$SYS')):
    if len(args) == 3:
        print('$SYS/broker/uptime qos 0 bytes 1 age 1.0s')
        sys.exit()
    print('- /dev/mqtt index 7 received 0')
    print('cut-off ... id-length 2000 index 8')
    for name in NAMES:
        word = shown(name)
        print({'client': '%%s 127.0.0.1:40000 listener lan',
               'session': '%%s away 1.0s expiry never',
               'subscription': 'somebody filter %%s qos 1',
               'retained': '%%s qos 0 bytes 1 age 1.0s',
               'listener': '127.0.0.1:1883 name %%s anonymous on',
               'limit': 'max_%%s 1 bytes'}[args[0]] %% word)
elif args[:2] == ['limit', 'show']:
    print('shared_strategy round-robin strategy default round-robin')
else:
    with open('ran', 'a') as f:
        f.write(json.dumps(sys.argv[1:]) + '\n')
''' % (NAMES + HIDDEN)

# What is typed, and the words that must come of it; a tab has only one way to go.
CASES = [
    ('cli\tdisc\tsens\t', ['client', 'disconnect', 'sensor-1']),
    ('client disconnect odd\t', ['client', 'disconnect', 'odd \\ "é']),
    ('client disconnect odd\\ \t', ['client', 'disconnect', 'odd \\ "é']),
    ("client disconnect 'odd \t", ['client', 'disconnect', 'odd \\ "é']),
    ('client disconnect "odd \t', ['client', 'disconnect', 'odd \\ "é']),
    ('client disconnect a/\t', ['client', 'disconnect', 'a/b:c']),
    ('client disconnect a/b:\t', ['client', 'disconnect', 'a/b:c']),
    ('client disconnect user@h\t', ['client', 'disconnect', 'user@host=x']),
    ('client disconnect it\t', ['client', 'disconnect', "it's"]),
    ("client disconnect '$(\t", ['client', 'disconnect', '$(touch pwned)']),
    ("client disconnect '`\t", ['client', 'disconnect', '`touch pwned`']),
    ("client disconnect '*\t", ['client', 'disconnect', '*']),
    ('client disconnect x\t', ['client', 'disconnect', 'x;touch pwned']),
    ('client disconnect q\t', ['client', 'disconnect', 'q!r']),
    ("client disconnect '~\t", ['client', 'disconnect', '~root']),
    ('client disconnect -\t', ['client', 'disconnect', '-dash']),
    ("client disconnect '{\t", ['client', 'disconnect', '{a,b}']),
    # What has control characters, is cut or has no name is not offered.
    ('client disconnect tab\t', ['client', 'disconnect', 'tab']),
    ('client disconnect esc\t', ['client', 'disconnect', 'esc']),
    ('client disconnect new\t', ['client', 'disconnect', 'new']),
    ('client disconnect cut\t', ['client', 'disconnect', 'cut']),
    ('client disconnect id sens\tre\t0xa\t',
     ['client', 'disconnect', 'id', 'sensor-1', 'reason', '0xa0']),
    ('client disconnect sensor-1 re\t0xa\t',
     ['client', 'disconnect', 'sensor-1', 'reason', '0xa0']),
    ('-j client disconnect sens\t', ['-j', 'client', 'disconnect', 'sensor-1']),
    ('sess\td\tsens\t', ['session', 'del', 'sensor-1']),
    ('subs\tsh\tfi\tsens\tcl\ta/\t',
     ['subscription', 'show', 'filter', 'sensor-1', 'client', 'a/b:c']),
    ('ret\tg\tsens\t', ['retained', 'get', 'sensor-1']),
    ("retained get '$SYS/\t", ['retained', 'get', '$SYS/broker/uptime']),
    ('retained set sens\t-q 1 x', ['retained', 'set', 'sensor-1', '-q', '1', 'x']),
    ('retained set t -f ./a\\ fi\t', ['retained', 'set', 't', '-f', './a file']),
    ('listener del sens\t', ['listener', 'del', 'sensor-1']),
    ('listener add 127\tano\ton\tmax-c\t5',
     ['listener', 'add', '127.0.0.1:1883', 'anonymous', 'on', 'max-connections', '5']),
    ('listener add :1883 bind\tlo\t', ['listener', 'add', ':1883', 'bind-device', 'lo']),
    ('limit set max_sens\t5', ['limit', 'set', 'max_sensor-1', '5']),
    ('limit set shared_strategy le\t', ['limit', 'set', 'shared_strategy', 'least-inflight']),
    ('to\tto\t2 -o messages_\t', ['top', 'topic', '2', '-o', 'messages_rate']),
    ('mon\tsubs\t', ['monitor', 'subscription']),
    ('app\t--ch\t./a\\ f\t', ['apply', '--check', './a file']),
    ('sub -t sens\t-q 1', ['sub', '-t', 'sensor-1', '-q', '1']),
    ('pub -t sens\t-m x', ['pub', '-t', 'sensor-1', '-m', 'x']),
    ('--pr\tstats', ['--pretty', 'stats']),
    ('help ses\t', ['help', 'session']),
]

START = {
    'bash': (['bash', '--norc', '--noprofile', '-i'],
             "PS1='> '; bind 'set enable-bracketed-paste off'; set +H; . %s\n"),
    'zsh': (['zsh', '-f', '-i'],
            "PS1='> '; unset zle_bracketed_paste; setopt nobanghist; "
            "fpath=(%s $fpath); autoload -Uz compinit; compinit -u -D\n"),
}


class Shell:
    def __init__(self, name, completion):
        args, setup = START[name]
        pid, self.fd = pty.fork()
        if not pid:
            os.environ.update(TERM='dumb', LC_ALL='C.UTF-8', HOME=os.getcwd(),
                              PATH=os.getcwd() + ':' + os.environ['PATH'])
            os.execvp(args[0], args)
        self.seen = ''
        where = completion if name == 'bash' else os.path.dirname(completion)
        self.type(setup % where)
        self.run('mqttkctl ready')

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            self.seen += os.read(self.fd, 65536).decode(errors='replace')

    def run(self, line):
        """The words that mqttkctl was run with, or None."""
        before = os.path.getsize('ran') if os.path.exists('ran') else 0
        for part in line.replace('\t', '\t\0').split('\0'):
            self.type(part)
            # A shell may look whether more was typed, and then complete less.
            if part.endswith('\t'):
                self.read(0.2)
                self.read(0.05)
        self.type('\n')
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read(0.02)
            if not os.path.exists('ran') or os.path.getsize('ran') == before:
                continue
            with open('ran', encoding='utf-8') as f:
                f.seek(before)
                last = f.read()
            if last.endswith('\n'):
                return json.loads(last)
        return None


def main(name, completion, where):
    os.chdir(where)
    with open('mqttkctl', 'w', encoding='utf-8') as f:
        f.write(STUB)
    os.chmod('mqttkctl', 0o755)
    open('a file', 'w').close()
    failed = False
    shell = Shell(name, completion)
    for typed, wanted in CASES:
        shell.seen = ''
        got = shell.run('mqttkctl ' + typed)
        good = got == wanted
        print('%s - %s: %s' % ('ok' if good else 'not ok', name, typed.replace('\t', '<TAB>')))
        if not good:
            print('#   should be %r' % wanted)
            print('#   but is    %r' % got)
            print('#   on screen %r' % shell.seen[-400:])
            failed = True
        if got is None:
            break
    good = not os.path.exists('pwned')
    print('%s - %s: no name was taken for code' % ('ok' if good else 'not ok', name))
    sys.exit(failed or not good)


main(*sys.argv[1:])
