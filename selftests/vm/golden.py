#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""golden.py GOT WANTED [UPDATED]: compare what mqttkctl printed with what it
should have, and see that no command is left out; used by tests/golden.sh.

GOT has for each scene NAME.txt, a transcript, and NAME.json, the output of the
JSON form; WANTED the same, as they shall be; GOT/ran the words of each command
that was run, GOT/commands those that must have been. With UPDATED, what they
are now is written there. What differs from run to run is made the same first:

- in text: durations become TIME; indexes and ports from 32768 on become N, and so
  does every number of a limit that depends on the machine's memory, and in tables
  of figures (stats, top);
- in JSON: numbers under the keys in VOLATILE and those same figures become 0, and
  the digits of clocks; keys, and what is a number, stay.
"""
import json
import os
import re
import sys

VOLATILE = re.compile(r'(_ms|_rate|_usec)$|^(index|usec|time|tst|interval|used|'
                      'overflows)$')
# In these everything that is a number is.
FIGURES = ('stats', 'top')
MEMORY = re.compile(r'_memory$|^max_connections$|^max_queued_bytes$')
DURATION = r'\d+\.\ds|\d+m\d\ds|\d+h\d\dm|\d+d\d\dh'


def text(name, lines):
    out = []
    for line in lines:
        if not line.startswith('$ '):
            line = re.sub(r'\b(connected|away|age|ends-in|expires-in) (%s)' % DURATION,
                          r'\1 TIME', line)
            line = re.sub(r'\bindex \d+', 'index N', line)
            line = re.sub(r'(127\.0\.0\.1|\[::1\]):(3[2-9]|[4-6]\d)\d{3}\b', r'\1:N', line)
            if (name.startswith('limit-') or name.startswith('show')) and \
                    MEMORY.search(line.split(' ')[0].lstrip('#')):
                line = re.sub(r'\d+', 'N', line)
            if name.startswith('limit-'):
                line = re.sub(r'\b(used|overflows) \d+', r'\1 N', line)
            if name.startswith(FIGURES) and 'LEVELS' not in line:
                line = re.sub(r'(?<!\S)[\d.]+[KMGT]?(?=[\s/,]|$)', 'N', line)
                line = re.sub(r' +', ' ', line)
        out.append(line)
    return '\n'.join(out)


def value(name, v, within=None):
    if isinstance(v, dict):
        memory = MEMORY.search(str(v.get('name', '')))
        figures = memory or name.startswith(FIGURES)
        return {k: 0 if isinstance(x, (int, float)) and not isinstance(x, bool) and
                (figures or VOLATILE.search(k) or (k == 'port' and x >= 32768) or
                 (within == 'limits' and MEMORY.search(k)))
                else re.sub(r'\d', '0', x) if k in ('tst', 'time') and isinstance(x, str)
                else value(name, x, k) for k, x in v.items()}
    if isinstance(v, list):
        return [value(name, x) for x in v]
    return v


def json_text(name, data):
    """Each object of the output, pretty; keys stay in their order."""
    out, at, decoder = [], 0, json.JSONDecoder()
    data = data.strip()
    while at < len(data):
        v, at = decoder.raw_decode(data, at)
        while at < len(data) and data[at].isspace():
            at += 1
        out.append(json.dumps(value(name, v), indent=1, ensure_ascii=False))
    return ''.join(o + '\n' for o in out)


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def differ(got, wanted):
    """The first line that differs, and some after it."""
    got, wanted = got.split('\n'), wanted.split('\n')
    for i in range(max(len(got), len(wanted))):
        if got[i:i + 1] != wanted[i:i + 1]:
            print('# line %d should be:' % (i + 1))
            for line in wanted[i:i + 6]:
                print('#   ' + line)
            print('# but is:')
            for line in got[i:i + 6]:
                print('#   ' + line)
            return


def main(got_dir, wanted_dir, updated_dir=None):
    failed = False
    names = set()
    for file in sorted(os.listdir(got_dir)):
        name, kind = os.path.splitext(file)
        if kind not in ('.txt', '.json'):
            continue
        names.add(file)
        raw = read(os.path.join(got_dir, file))
        try:
            got = text(name, raw.split('\n')) if kind == '.txt' else json_text(name, raw)
        except ValueError as e:
            print('not ok - %s: not JSON: %s: %r' % (file, e, raw[:400]))
            failed = True
            continue
        if updated_dir:
            with open(os.path.join(updated_dir, file), 'w', encoding='utf-8') as f:
                f.write(got)
        path = os.path.join(wanted_dir, file)
        wanted = read(path) if os.path.exists(path) else None
        if updated_dir or got == wanted:
            print('ok - ' + file)
            continue
        failed = True
        print('not ok - ' + file + ('' if wanted is not None else ': there is none'))
        differ(got, wanted or '')
    for file in sorted(set(os.listdir(wanted_dir)) - names):
        print('not ok - %s: nothing is compared with it' % file)
        failed = True
    ran = [line.split() for line in read(os.path.join(got_dir, 'ran')).split('\n')]
    for line in read(os.path.join(got_dir, 'commands')).splitlines():
        words = line.split()
        good = any(r[:len(words)] == words for r in ran)
        print(('ok' if good else 'not ok') + ' - is run: mqttkctl ' + line)
        failed = failed or not good
    sys.exit(failed)


main(*sys.argv[1:])
