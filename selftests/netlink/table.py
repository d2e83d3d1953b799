#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""table.py SPEC: the operations and attributes of a netlink specification, as C
tables for fuzz.c, on standard output."""
import sys

import yaml

TYPES = {'u8': 'U8', 'u16': 'U16', 'u32': 'U32', 'u64': 'U64', 's32': 'S32',
         'uint': 'UINT', 'string': 'STRING', 'flag': 'FLAG', 'nest': 'NEST'}


def upper(name):
    return name.upper().replace('-', '_')


def lower(name):
    return name.lower().replace('-', '_')


class Table:
    def __init__(self, spec):
        self.spec = spec
        self.family = spec['name']
        self.consts = {d['name']: d['value'] for d in spec['definitions']
                       if d['type'] == 'const'}
        self.sets = {s['name']: s for s in spec['attribute-sets']}
        self.pools = {}

    def number(self, checks, key, default):
        value = checks.get(key, default)
        return self.consts.get(value, value)

    def attribute(self, owner, attr):
        """One attribute of a set, with all that its parent says of it."""
        parent = self.sets[owner].get('subset-of', owner)
        whole = next(a for a in self.sets[parent]['attributes']
                     if a['name'] == attr['name'])
        whole = {**whole, **attr}
        checks = whole.get('checks', {})
        fields = {
            'name': '"%s"' % whole['name'],
            'nr': '%s_A_%s_%s' % tuple(map(upper, (self.family, parent,
                                                   whole['name']))),
            'type': 'T_' + TYPES.get(whole['type'], 'BINARY'),
            'min': self.number(checks, 'min', 0),
            'max': self.number(checks, 'max', 0),
            'exact': self.number(checks, 'exact-len', 0),
            'most': self.number(checks, 'max-len', 0),
            'big_endian': int(whole.get('byte-order') == 'big-endian'),
            'multi': int(whole.get('multi-attr', False)),
        }
        pool = self.pools.setdefault((parent, whole['name']), len(self.pools))
        fields['pool'] = pool
        if whole['type'] == 'nest':
            fields['nested'] = '&set_' + lower(whole['nested-attributes'])
        return ', '.join('.%s = %s' % f for f in fields.items() if f[1])

    def attr_set(self, name):
        attrs = self.sets[name]['attributes']
        print('static const struct attr attrs_%s[] = {' % lower(name))
        for attr in attrs:
            print('\t{ %s },' % self.attribute(name, attr))
        print('};\n')
        print('const struct attr_set set_%s = { "%s", attrs_%s, %d };\n' %
              (lower(name), name, lower(name), len(attrs)))

    def request(self, op, kind):
        """The attributes of a request, as positions in their set."""
        names = op.get(kind, {}).get('request', {}).get('attributes', [])
        order = [a['name'] for a in self.sets[op['attribute-set']]['attributes']]
        return [order.index(n) for n in names]

    def operations(self):
        print('const struct op ops[] = {')
        ops = [o for o in self.spec['operations']['list']
               if 'do' in o or 'dump' in o]
        for op in ops:
            print('\t{\n\t\t.name = "%s",\n\t\t.cmd = %s_CMD_%s,' %
                  (op['name'], upper(self.family), upper(op['name'])))
            print('\t\t.set = &set_%s,' % lower(op['attribute-set']))
            print('\t\t.admin = %d,' % ('uns-admin-perm' in op.get('flags', [])))
            for kind in 'do', 'dump':
                if kind not in op:
                    continue
                ids = self.request(op, kind)
                print('\t\t.has_%s = true,\n\t\t.nr_%s = %d,' %
                      (kind, kind, len(ids)))
                if ids:
                    print('\t\t.%s = (const unsigned char[]){ %s },' %
                          ({'do': 'do_'}.get(kind, kind),
                           ', '.join(map(str, ids))))
            print('\t},')
        print('};\n\nconst unsigned int nr_ops = %d, nr_pools = %d;' %
              (len(ops), len(self.pools)))

    def write(self):
        print('/* Made by table.py. */\n#include "fuzz.h"\n')
        for name in self.sets:
            print('extern const struct attr_set set_%s;' % lower(name))
        print()
        for name in self.sets:
            self.attr_set(name)
        self.operations()


with open(sys.argv[1], encoding='utf-8') as file:
    Table(yaml.safe_load(file)).write()
