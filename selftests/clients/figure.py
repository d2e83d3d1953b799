#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""figure.py NAME [KEY]: prints a figure from mqttkctl's JSON on standard
input: the value of NAME, or KEY of the object whose name is NAME."""
import json
import sys


def same(a, b):
    return str(a).replace("-", "_") == b.replace("-", "_")


def find(data, name, key):
    if isinstance(data, list):
        return next((v for v in (find(x, name, key) for x in data) if v is not None), None)
    if not isinstance(data, dict):
        return None
    if key and any(same(data.get(k), name) for k in ("name", "key", "limit", "budget")):
        return data.get(key)
    for k, v in data.items():
        if same(k, name):
            if key and isinstance(v, dict):
                return v.get(key)
            if not key:
                return v
    return find(list(data.values()), name, key)


value = find(json.load(sys.stdin), sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
if value is None:
    sys.exit(f"no {' '.join(sys.argv[1:])}")
print(value)
