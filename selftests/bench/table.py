#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""table.py ROWS RESULTS [--write DIR --kernel SERIES --commit ID]: makes a table of what
selftests/bench/run has measured, RESULTS, by the descriptions in ROWS. With
--write also the page, the figures as JSON, and plots."""
import argparse
import json

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


def unit(row):
    """What is counted: instructions, bytes of memory, or nanoseconds."""
    return {'idle': 'B', 'native': 'ns'}.get(row['command'].split()[0], 'instructions')


def value(r):
    """What one of the row's units costs, or None."""
    result = (r or {}).get('result', {})
    if result.get('lost'):
        return None
    for key in ('each', 'beyond_sockets', 'ns'):
        if key in result:
            return result[key]
    return None


def is_marked(r):
    result = (r or {}).get('result', {})
    return result.get('backlog_drops', 0) + result.get('retransmitted', 0) > 0


def is_stalled(r):
    """Nobody had anything to do for a tenth of the time: a timer had to end it."""
    result = (r or {}).get('result', {})
    idle = result.get('idle', 0)
    return idle > 0.1 * (idle + result.get('instructions', 0))


def shown(row, r):
    """Thousands of instructions, as many digits as make sense."""
    if not r:
        return ''
    v = value(r)
    if v is None:
        return '–'
    if unit(row) != 'instructions':
        return f'{v:,.0f} {unit(row)}'
    return f'{v / 1000:.{2 if v < 10000 else 1}f}' + \
        ('†' if is_marked(r) else '') + ('‡' if is_stalled(r) else '')


def ratio(v, of):
    return v / of if v and of else None


def judge(row, get):
    """What the row is by the bar: the ratios, the bar, and whether it holds."""
    own = value(get('mqttk'))
    bar, bar_floor = row.get('of_mosquitto', ''), row.get('of_floor', '')
    of_mosquitto = ratio(own, value(get('mosquitto')))
    floor = 'batch' if bar_floor.startswith('b') else 'floor'
    of_floor = ratio(own, value(get(floor)))
    if unit(row) == 'B':
        of_floor = None
    bars = []
    if bar.startswith('='):
        bars.append((own, float(bar[1:]), f'{bar[1:]} {unit(row)}'))
    elif bar:
        bars.append((of_mosquitto, float(bar), f'{bar} of mosquitto'))
    if bar_floor:
        bars.append((of_floor, float(bar_floor[1:]), f'{bar_floor[1:]} of floor'))
    if unit(row) == 'ns' and own:
        fewer = get('mqttk')['result']['ns_among_1000']
        bars.append((ratio(own, fewer), 2, f'twice that among 1,000 ({fewer} ns)'))
    holds = None
    if bars and all(got is not None for got, _, _ in bars):
        holds = all(got <= most for got, most, _ in bars)
    return of_mosquitto, of_floor, [text for _, _, text in bars], holds


def cells_of(row, results, brokers):
    def get(broker):
        return results.get((row['id'], broker))

    of_mosquitto, of_floor, bar, holds = judge(row, get)
    cells = [f"`{row['id']}` {row['title']}"] + [shown(row, get(b)) for b in brokers]
    cells += [f'{r:.3f}' if r else '' for r in (of_mosquitto, of_floor)]
    cells += [', '.join(bar), {True: 'yes', False: '**no**', None: ''}[holds]]
    return cells, {'id': row['id'], 'title': row['title'],
                   'command': 'mqttk-bench ' + row['command'], 'unit': unit(row),
                   'figures': {b: value(get(b)) for b in BROKERS if get(b)},
                   'of_mosquitto': of_mosquitto, 'of_floor': of_floor,
                   'bar': bar, 'holds': holds}


def table(rows, results):
    """The table in Markdown, and the same as data."""
    brokers = [b for b in BROKERS if any(broker == b for _, broker in results)]
    head = ['work'] + [BROKERS[b] for b in brokers]
    head += ['of mosquitto', 'of floor', 'bar: at most', 'holds']
    lines = ['| ' + ' | '.join(head) + ' |',
             '| --- |' + ' ---: |' * (len(brokers) + 2) + ' --- | --- |']
    data = []
    for row in rows:
        if any((row['id'], b) in results for b in BROKERS):
            cells, figures = cells_of(row, results, brokers)
            lines.append('| ' + ' | '.join(cells) + ' |')
            data.append(figures)
    return '\n'.join(lines) + '\n', data


def notes(results):
    lines = []
    for (row, broker), r in results.items():
        what = f'{row}, {BROKERS[broker]}'
        result = r.get('result', {})
        if 'error' in r:
            lines.append(f'- – {what}: {r["error"]}')
        elif result.get('lost'):
            lines.append(f'- – {what}: lost {result["lost"]} deliveries')
        elif is_stalled(r):
            lines.append(f'- ‡ {what}: waited {result["idle"] / 1e6:,.0f} ms for timers'
                         f' in {result["units"]:,} deliveries')
        elif is_marked(r):
            lines.append(f'- † {what}: {result["backlog_drops"]} backlog drops,'
                         f' {result["retransmitted"]} segments sent again')
    return '\n'.join(lines) + '\n' if lines else ''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('rows')
    parser.add_argument('results')
    parser.add_argument('--write')
    parser.add_argument('--kernel')
    parser.add_argument('--commit')
    args = parser.parse_args()
    results, versions = read_results(args.results)
    text, data = table(read_rows(args.rows), results)
    print('Thousands of guest instructions for each delivered message (or'
          ' connection), everything included:\n')
    print(text)
    print(notes(results))
    if args.write:
        import page
        page.write(args.write, args.kernel, args.commit, versions, text, notes(results), data)


if __name__ == '__main__':
    main()
