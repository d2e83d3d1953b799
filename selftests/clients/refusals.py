# SPDX-License-Identifier: GPL-2.0
"""
What each operation refuses, for ynl.py: mode, operation, attributes, error,
what the kernel says, and the attribute that it points at or misses.
"""
import errno

E = errno
V4 = {'ipv4': 0x7f000001}
BIG = '61' * 60000

LISTENER = [
    ({**V4}, E.EINVAL, 'a port is needed', 'port'),
    ({'port': 1}, E.EINVAL, 'an address is needed', 'ipv6'),
    ({**V4, 'ipv6': '0' * 32, 'port': 1}, E.EINVAL, 'one address', 'ipv6'),
    ({**V4, 'scope-id': 1, 'port': 1}, E.EINVAL, 'scope', 'scope-id'),
    ({**V4, 'port': 2000, 'name': 'one'}, E.EEXIST, 'name exists', 'name'),
    ({**V4, 'port': 1883}, E.EADDRINUSE, 'in use', 'port'),
    ({'ipv6': 'fe80' + '0' * 27 + '1', 'port': 2000}, E.EINVAL,
     'IFACE', None),
    ({**V4, 'port': 2000, 'bind-ifindex': 12345}, E.ENODEV, 'no such device',
     'bind-ifindex'),
    ({**V4, 'port': 2000, 'anonymous': 2}, E.ERANGE, '', 'anonymous'),
    ({**V4, 'port': 2000, 'name': 'n' * 64}, E.EINVAL, '', 'name'),
    ({**V4, 'port': 2000, 'max-qos': 3}, E.ERANGE, '', 'max-qos'),
]

NAMED_LISTENER = [
    ({}, E.EINVAL, 'a name is needed', 'name'),
    ({'name': 'none'}, E.ENOENT, 'no.*listener', 'name'),
]

NAMED_LIMIT = [
    ({}, E.EINVAL, 'a name is needed', 'name'),
    ({'name': 'none'}, E.ENOENT, 'no such limit', 'name'),
]


def client(what):
    """Who is named by identifier or by index."""
    return [
        ({}, E.EINVAL, 'either', 'id'),
        ({'id': 'x', 'index': 1}, E.EINVAL, 'either', 'id'),
        ({'id': 'nobody'}, E.ENOENT, what, 'id'),
        ({'index': 12345}, E.ENOENT, what, 'index'),
    ]


def needs_filter(missing):
    bad = [({'filter': text}, E.EINVAL, 'not a topic filter', 'filter')
           for text in ('', 'a/#/b', 'a+', 'x' * 10 + '/##')]
    return bad + ([({}, E.EINVAL, 'a filter is needed', 'filter')]
                  if missing else [])


TOPIC = [
    ({}, E.EINVAL, 'a topic is needed', 'topic'),
    ({'topic': ''}, E.EINVAL, 'not a topic name', 'topic'),
    ({'topic': 'a/+'}, E.EINVAL, 'not a topic name', 'topic'),
]

REFUSALS = {
    ('listener-new', 'do'): LISTENER,
    ('listener-del', 'do'): NAMED_LISTENER,
    ('listener-get', 'do'): NAMED_LISTENER,
    ('client-get', 'do'): client('no such client'),
    ('client-disconnect', 'do'): client('no such client') + [
        ({'id': 'nobody', 'reason': 0}, E.EINVAL, 'reason', 'reason'),
        ({'id': 'nobody', 'reason': 255}, E.EINVAL, 'reason', 'reason'),
    ],
    ('session-get', 'do'): client('no such session'),
    ('session-del', 'do'): client('no such session'),
    ('subscription-get', 'dump'): needs_filter(False) + [
        ({'filter': '$share/g'}, E.EINVAL, 'not a topic filter', 'filter'),
        ({'filter': '$share/g/a/#/b'}, E.EINVAL, 'not a topic', 'filter'),
        ({'filter': 'a', 'index': 1}, E.EINVAL, 'either', 'filter'),
        ({'client-id': 'x', 'index': 1}, E.EINVAL, 'either', 'client-id'),
        ({'client-id': 'nobody'}, E.ENOENT, 'no such client', 'client-id'),
        ({'index': 12345}, E.ENOENT, 'no such client', 'index'),
    ],
    ('retained-get', 'do'): TOPIC + [
        ({'topic': 'none'}, E.ENOENT, 'nothing is retained', 'topic'),
    ],
    ('retained-get', 'dump'): needs_filter(False) + [
        ({'filter': '$share/g/a'}, E.EINVAL, 'shares', 'filter'),
    ],
    ('retained-set', 'do'): TOPIC + [
        ({'topic': '$SYS/x'}, E.EPERM, 'broker', 'topic'),
        ({'topic': '$SYS'}, E.EPERM, 'broker', 'topic'),
        ({'topic': 'a', 'qos': 3}, E.ERANGE, '', 'qos'),
        ({'topic': 'a', 'payload': BIG}, E.EMSGSIZE, 'max_packet_size',
         'payload'),
    ],
    ('retained-del', 'do'): needs_filter(True) + [
        ({'filter': '$SYS/#'}, E.EPERM, 'broker', 'filter'),
        ({'filter': '$SYS/+/x'}, E.EPERM, 'broker', 'filter'),
    ],
    ('limit-get', 'do'): NAMED_LIMIT,
    ('limit-set', 'do'): NAMED_LIMIT + [
        ({'name': 'max_keepalive'}, E.EINVAL, 'value', 'value'),
        ({'name': 'max_keepalive', 'value': 1 << 40}, E.ERANGE,
         'must be 0 to', 'value'),
    ],
    ('acl-set', 'do'): [
        ({'rule': [{'whom': 0, 'access': 1, 'filter': 'a'}]}, E.EINVAL,
         'none', None),
        ({'source': '/a'}, E.EINVAL, 'none', None),
        ({'enforced': True, 'rule': [{'whom': 0, 'access': 1}]}, E.EINVAL,
         'for whom', None),
        ({'enforced': True, 'rule': [{'whom': 0, 'access': 9, 'filter': 'a'}]},
         E.EINVAL, 'permits or denies', None),
        ({'enforced': True, 'rule': [{'whom': 0, 'access': 1, 'filter': 'a+'}]},
         E.EINVAL, 'topic filter', None),
        ({'enforced': True, 'rule': [{'whom': 1, 'access': 1, 'filter': 'a'}]},
         E.EINVAL, 'user', None),
    ],
    ('config-set', 'do'): [
        ({'limit': [{'name': 'none', 'value': 1}]}, E.ENOENT,
         'none: no such limit', None),
        ({'limit': [{'name': 'max_keepalive', 'value': 1 << 40}]}, E.ERANGE,
         'must be 0 to', None),
        ({'listener': [{**V4, 'port': 0}]}, E.EINVAL, 'port 0', None),
    ],
}
