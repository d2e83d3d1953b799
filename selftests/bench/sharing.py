#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""sharing.py NAME MISSES SYMBOLS MESSAGES: what sharing.c counted, by function."""

import bisect
import collections
import sys


def read_symbols(path):
    """Addresses and names, sorted; a function of the module as mqttk:NAME."""
    symbols = []
    with open(path, encoding='ascii') as lines:
        for line in lines:
            address, kind, name, *module = line.split()
            if kind not in 'tTwW':
                continue
            ours = module == ['[mqttk]']
            symbols.append((int(address, 16), 'mqttk:' + name if ours else name))
    symbols.sort()
    return symbols


def is_ours(function):
    return function.startswith('mqttk:')


def main():
    name, misses, symbols, messages = sys.argv[1:]
    messages = int(messages)
    symbols = read_symbols(symbols)
    addresses = [address for address, _ in symbols]
    functions = collections.Counter()
    lines = collections.defaultdict(collections.Counter)
    lost = 0
    with open(misses, encoding='ascii') as rows:
        for row in rows:
            fields = row.split()
            if fields[0] == 'lost':
                lost = int(fields[1])
                continue
            at = bisect.bisect(addresses, int(fields[0], 16)) - 1
            function = symbols[at][1] if at >= 0 else '?'
            functions[function] += int(fields[3])
            lines[fields[1]][function] += int(fields[3])
    ours = sum(nr for function, nr in functions.items() if is_ours(function))
    # What the kernel does for the module, a lock for one, may be the module's, too.
    near = collections.Counter()
    for by in lines.values():
        if any(is_ours(function) for function in by):
            near.update({function: nr for function, nr in by.items()
                         if not is_ours(function)})
    shared = sum(near.values())
    every = sum(functions.values())
    print(f'{name}: {messages} messages; {every / messages:.3f} lines of another '
          f'processor for each: {ours / messages:.3f} in the module, '
          f'{shared / messages:.3f} in the kernel on lines that the module shares, too, '
          f'{(every - ours - shared) / messages:.3f} elsewhere'
          + (f'; {lost} not counted' if lost else ''))
    for function, nr in functions.most_common():
        share = nr / messages
        also = near[function] / messages
        if share >= (0.001 if is_ours(function) else 0.02) or also >= 0.005:
            print(f'  {share:8.4f}  {function}'
                  + (f' ({also:.4f} on such lines)' if also >= 0.0001 else ''))


main()
