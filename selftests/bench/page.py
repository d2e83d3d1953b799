# SPDX-License-Identifier: GPL-2.0
"""What `make bench` leaves in Documentation/performance: a page with the table,
its figures as JSON, and plots."""
import json
import os

import matplotlib
matplotlib.use('svg')
import matplotlib.pyplot as plt

NAMES = {'mqttk': 'mqttk', 'mosquitto': 'mosquitto', 'nats': 'nats-server',
         'floor': 'floor', 'batch': 'floor, batching'}
COLOURS = {'mqttk': '#0072b2', 'mosquitto': '#d55e00', 'nats': '#e69f00',
           'floor': '#999999', 'batch': '#bbbbbb'}

PAGE = '''# Beside other brokers, Linux {kernel}

Made by `make bench{option}`; [how it is measured](bench.md). Linux {linux}, mqttk
{mqttk} ({commit}), mosquitto {mosquitto}, nats-server {nats}, the brokers as Debian 13 has
them.

Thousands of guest instructions for each delivered message (or connection), load
generator, broker and both ends of every TCP connection included, and where a unit
stands there, that. Less is better. The ratio to the floor is to the one that
batches where the bar says bursts.

{text}
{notes}
![Messages to several receivers]({prefix}-fan.svg)

![By kind of work]({prefix}-work.svg)

![By size of the payload]({prefix}-size.svg)

One row again, in two or three minutes, with the ratios of that run:

    make bench{option} ROWS=fan-100

The figures are in [{prefix}.json]({prefix}.json), too.
'''


def figure(data, row, broker):
    for d in data:
        if d['id'] == row:
            return d['figures'].get(broker)
    return None


def save(fig, path):
    fig.savefig(path, format='svg', metadata={'Date': None, 'Creator': None},
                bbox_inches='tight')
    plt.close(fig)


def lines(data, path, points, label):
    """One line a broker; points are rows and where they are on the x axis."""
    fig, ax = plt.subplots(figsize=(7, 4))
    for broker, name in NAMES.items():
        xy = [(x, figure(data, row, broker)) for row, x in points]
        xy = [(x, y / 1000) for x, y in xy if y]
        if len(xy) > 1:
            ax.plot(*zip(*xy), marker='o', label=name, color=COLOURS[broker])
    ax.set_xscale('log')
    ax.set_xticks([x for _, x in points], [f'{x:,}' for _, x in points])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set_xlabel(label)
    ax.set_ylabel('thousands of instructions a delivery')
    ax.grid(axis='y', linewidth=0.3)
    ax.legend(frameon=False)
    save(fig, path)


def bars(data, path):
    """All that is counted in instructions, on a logarithmic axis."""
    rows = [d for d in data if d['unit'] == 'instructions' and len(d['figures']) > 1]
    fig, ax = plt.subplots(figsize=(8, 0.55 * len(rows) + 1))
    step = 0.8 / len(NAMES)
    for n, (broker, name) in enumerate(NAMES.items()):
        at = [(i + (n - 2) * step, d['figures'][broker] / 1000)
              for i, d in enumerate(rows) if d['figures'].get(broker)]
        if at:
            ax.barh([y for y, _ in at], [x for _, x in at], height=step,
                    label=name, color=COLOURS[broker])
    ax.set_yticks(range(len(rows)), [d['title'] for d in rows])
    ax.invert_yaxis()
    ax.set_xscale('log')
    ax.set_xlim(left=0.5)
    ax.set_xticks([1, 10, 100], ['1', '10', '100'])
    ax.set_xlabel('thousands of instructions for each delivery or connection')
    ax.grid(axis='x', linewidth=0.3)
    ax.legend(frameon=False, loc='lower center', bbox_to_anchor=(0.3, 1), ncols=5)
    save(fig, path)


def write(out, kernel, commit, versions, text, notes, data):
    prefix = f'bench-{kernel}'
    path = os.path.join(out, prefix)
    # The same figures give the same files.
    plt.rcParams['svg.hashsalt'] = 'mqttk'
    plt.rcParams['font.size'] = 9
    with open(path + '.json', 'w') as f:
        json.dump({'versions': versions, 'commit': commit, 'rows': data}, f, indent=1,
                  ensure_ascii=False)
        f.write('\n')
    with open(path + '.md', 'w') as f:
        f.write(PAGE.format(kernel=kernel, text=text, notes=notes, prefix=prefix,
                            commit=commit, option='' if kernel == '6.12' else f' KERNEL={kernel}',
                            **versions))
    lines(data, path + '-fan.svg', [('fan-1', 1), ('fan-10', 10), ('fan-100', 100),
                                    ('fan-1000', 1000)], 'receivers (64 B, one in flight)')
    lines(data, path + '-size.svg', [('fan-100', 64), ('fan-100-1k', 1024),
                                     ('fan-100-16k', 16384)], 'bytes of payload (1→100)')
    bars(data, path + '-work.svg')
