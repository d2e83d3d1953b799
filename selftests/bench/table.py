#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""table.py ROWS RESULTS [--write DIR --kernel SERIES]: makes a table of what
selftests/bench/guest has measured, RESULTS, by the descriptions in ROWS. With
--write also the page, the figures as JSON, and plots."""
import argparse
import json
import os

BROKERS = {'mqttk': 'mqttk', 'mosquitto': 'mosquitto', 'nats': 'nats-server',
           'floor': 'floor', 'batch': 'batching floor'}


def read_rows(path):
    rows = []
    with open(path) as f:
        for line in f:
            if line.startswith('#') or not line.strip():
                continue
            words = [word.strip() for word in line.rstrip('\n').split(';')]
            rows.append(dict(zip(('id', 'title', 'command', 'against',
                                  'of_mosquitto', 'of_floor'), words)))
    return rows


def read_results(path):
    results, versions = {}, {}
    with open(path) as f:
        for line in f:
            r = json.loads(line)
            if 'versions' in r:
                versions = r['versions']
            else:
                results[r['row'], r['broker']] = r
    return results, versions


def value(r):
    """What one of the row's units costs, or None."""
    if not r or 'result' not in r or r['result'].get('lost'):
        return None
    return r['result'].get('each')


def is_marked(r):
    result = (r or {}).get('result', {})
    return result.get('backlog_drops', 0) + result.get('retransmitted', 0) > 0


def shown(r):
    """Thousands of instructions, as many digits as make sense."""
    if not r:
        return ''
    v = value(r)
    if v is None:
        return '–'
    return f'{v / 1000:.{2 if v < 10000 else 1}f}' + ('†' if is_marked(r) else '')


def ratio(v, of):
    return v / of if v and of else None


def judge(row, get):
    """What the row is by the bar: the ratios, the bar, and whether it holds."""
    own = value(get('mqttk'))
    parts = {'mosquitto': ratio(own, value(get('mosquitto'))), 'floor': None,
             'bar': [], 'holds': None}
    bar_floor = row.get('of_floor', '')
    floor = 'batch' if bar_floor.startswith('b') or 'b' in row['against'] else 'floor'
    parts['floor'] = ratio(own, value(get(floor)))
    bars = []
    word = row.get('of_mosquitto', '')
    if word.startswith('='):
        bars.append((own, float(word[1:]), f'{word[1:]} instructions'))
    elif word:
        bars.append((parts['mosquitto'], float(word), f'{word} of mosquitto'))
    if bar_floor:
        bars.append((parts['floor'], float(bar_floor[1:]), f'{bar_floor[1:]} of floor'))
    parts['bar'] = [text for _, _, text in bars]
    if bars and all(got is not None for got, _, _ in bars):
        parts['holds'] = all(got <= most for got, most, _ in bars)
    return parts


def table(rows, results):
    shown_brokers = [b for b in BROKERS if any(broker == b for _, broker in results)]
    head = ['work'] + [BROKERS[b] for b in shown_brokers] + \
        ['of mosquitto', 'of floor', 'bar', 'holds']
    lines = ['| ' + ' | '.join(head) + ' |',
             '| --- |' + ' ---: |' * (len(shown_brokers) + 2) + ' --- | --- |']
    data = []
    for row in rows:
        def get(broker, row=row):
            return results.get((row['id'], broker))
        if not any(get(b) for b in BROKERS):
            continue
        j = judge(row, get)
        cells = [f"`{row['id']}` {row['title']}"] + [shown(get(b)) for b in shown_brokers]
        cells += [f'{r:.3f}' if r else '' for r in (j['mosquitto'], j['floor'])]
        cells += [', '.join(j['bar']),
                  {True: 'yes', False: '**no**', None: ''}[j['holds']]]
        lines.append('| ' + ' | '.join(cells) + ' |')
        data.append({'id': row['id'], 'title': row['title'],
                     'command': 'mqttk-bench ' + row['command'],
                     'instructions': {b: value(get(b)) for b in BROKERS if get(b)},
                     'of_mosquitto': j['mosquitto'], 'of_floor': j['floor'],
                     'bar': j['bar'], 'holds': j['holds']})
    return '\n'.join(lines) + '\n', data


def notes(rows, results):
    lines = []
    for (row, broker), r in sorted(results.items()):
        if 'error' in r:
            lines.append(f'- {row}, {BROKERS[broker]}: {r["error"]}')
        elif r['result'].get('lost'):
            lines.append(f'- {row}, {BROKERS[broker]}: lost {r["result"]["lost"]}'
                         f' of {r["result"]["published"]} messages')
        elif is_marked(r):
            lines.append(f'- † {row}, {BROKERS[broker]}: {r["result"]["backlog_drops"]}'
                         f' backlog drops, {r["result"]["retransmitted"]}'
                         ' segments sent again')
    return '\n'.join(lines) + '\n' if lines else ''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('rows')
    parser.add_argument('results')
    parser.add_argument('--write')
    parser.add_argument('--kernel')
    args = parser.parse_args()
    rows = read_rows(args.rows)
    results, versions = read_results(args.results)
    text, data = table(rows, results)
    print('Thousands of guest instructions for each delivered message (or'
          ' connection), everything included:\n')
    print(text)
    print(notes(rows, results))
    if args.write:
        import page
        page.write(args.write, args.kernel, versions, text, data,
                   notes(rows, results), results)


if __name__ == '__main__':
    main()
