#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""mqttkctl top on a terminal: what it draws, what keys and signals do, and that
it leaves the terminal as it was. Prints `ok - ...` or `not ok - ...`; there
must be clients `busy`, who publishes, and `quiet`, who does not."""
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60
failed = False


def report(good, what):
    global failed
    print(('ok - ' if good else 'not ok - ') + what)
    failed = failed or not good


class Terminal:
    """A terminal with a program on it; what it was sent is in `text`."""

    def __init__(self, args, rows=24, cols=80):
        self.master, self.slave = os.openpty()
        self.resize(rows, cols, None)
        self.before = termios.tcgetattr(self.slave)
        self.text = ''

        def controlling():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        self.program = subprocess.Popen(args, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, preexec_fn=controlling)

    def resize(self, rows, cols, program):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, cols, 0, 0))
        if program:
            program.send_signal(signal.SIGWINCH)

    def read(self, seconds=0.1):
        if select.select([self.master], [], [], seconds)[0]:
            self.text += os.read(self.master, 65536).decode()

    def picture(self):
        """The lines of the last whole picture."""
        pictures = re.findall('\033\\[H((?:(?!\033\\[H).)*)\033\\[J', self.text, re.S)
        if not pictures:
            return []
        return [re.sub('\033\\[[0-9;?]*[A-Za-z]', '', line).rstrip()
                for line in pictures[-1].split('\r\n')]

    def shows(self, what, condition):
        """From now on comes a picture of which that is true."""
        self.text = ''
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            lines = self.picture()
            if lines and condition(lines):
                report(True, what)
                return
        report(False, what)
        for line in self.picture():
            print('# ' + line)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def ends(self, status, what):
        end = time.monotonic() + PATIENCE
        while self.program.poll() is None and time.monotonic() < end:
            self.read()
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        report(self.program.poll() == status,
               '%s: status %s' % (what, self.program.poll()))
        self.restored(what)

    def restored(self, what):
        report(self.text.rfind('\033[?1049l') > self.text.rfind('\033[?1049h') and
               self.text.rfind('\033[?25h') > self.text.rfind('\033[?25l') and
               self.text.rfind('\033[?7h') > self.text.rfind('\033[?7l') and
               termios.tcgetattr(self.slave) == self.before,
               what + ': the terminal is as it was')


def names(lines):
    """The clients, from above."""
    title = [i for i, line in enumerate(lines) if line.startswith(('CLIENT', 'TOPIC'))]
    return [line.split()[0] for line in lines[title[0] + 1:] if line] if title else []


def clients():
    t = Terminal(['mqttkctl', 'top', '-d', '0.5'])
    t.shows('clients, the busy one first', lambda l: names(l)[:1] == ['busy'] or
            'busy' in names(l)[:2])
    t.shows('no line is wider than the terminal, no picture higher',
            lambda l: len(l) <= 24 and all(len(line) <= 80 for line in l))
    t.type('n')
    t.shows('n sorts by name', lambda l: names(l) == sorted(names(l)))
    t.type('r')
    t.shows('r turns it round', lambda l: names(l) == sorted(names(l), reverse=True))
    t.type('ri')
    t.shows('i sorts by what comes in', lambda l: names(l)[0] == 'busy')
    t.type('h')
    t.shows('h tells the keys', lambda l: any('q quit' in line for line in l))
    t.type('h')
    t.shows('and again: it does not', lambda l: not any('q quit' in line for line in l))
    t.resize(30, 140, t.program)
    t.shows('wider, there are addresses', lambda l: any(
        re.match('CLIENT +ADDRESS +IN/s', line) for line in l) and
        any('127.0.0.1:' in line for line in l))
    t.resize(6, 50, t.program)
    t.shows('lower, there are fewer lines', lambda l: len(l) <= 6 and len(names(l)) == 2)
    first = names(t.picture())
    t.type('\033[B')
    t.shows('the arrow goes down', lambda l: names(l)[0] == first[1])
    t.type('\033[A')
    t.shows('and up', lambda l: names(l)[0] == first[0])
    t.resize(24, 80, t.program)
    t.type('\x1a')
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        t.read()
        with open('/proc/%d/stat' % t.program.pid) as f:
            if f.read().rsplit(')', 1)[1].split()[0] == 'T':
                break
    t.read()
    t.restored('Ctrl-Z')
    t.program.send_signal(signal.SIGCONT)
    t.shows('and back', lambda l: 'busy' in names(l))
    t.type('q')
    t.ends(0, 'q')


def signals():
    for keys, number, status in (('\x03', None, 0), ('\x1c', None, -signal.SIGQUIT),
                                 ('', signal.SIGTERM, -signal.SIGTERM),
                                 ('', signal.SIGHUP, -signal.SIGHUP)):
        t = Terminal(['mqttkctl', 'top', '-d', '60'])
        t.shows('a first picture comes soon', lambda l: 'quiet' in names(l))
        if keys:
            t.type(keys)
        else:
            t.program.send_signal(number)
        t.ends(status, repr(keys) if keys else number.name)


def topics():
    t = Terminal(['mqttkctl', 'top', 'topic', '2', '-d', '0.5'])
    t.shows('topics', lambda l: names(l)[:1] == ['busy/a/#'])
    t.type('q')
    t.ends(0, 'topics: q')


def broken():
    """What goes wrong is said on a terminal that is as it was."""
    t = Terminal(['mqttkctl', 'top', '-d', '0.2'])
    t.shows('a picture', lambda l: 'busy' in names(l))
    subprocess.check_call(['modprobe', '-r', '-w', '30000', 'mqttk'])
    t.ends(1, 'the module goes away')
    said = t.text.rsplit('\033[?1049l', 1)[-1]
    report('top: ' in said, 'the module goes away: ' + said.strip())


{'clients': clients, 'signals': signals, 'topics': topics,
 'broken': broken}[sys.argv[1]]()
sys.exit(failed)
