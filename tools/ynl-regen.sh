#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ynl-regen.sh KERNELSRC [OUTDIR]: generates the netlink code from
# Documentation/netlink/specs/mqttk.yaml by the ynl-gen-c.py of an unpacked
# kernel source, into the tree, or below OUTDIR for comparison.
# Needs python3-yaml and python3-jsonschema.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
src=${1:?usage: ynl-regen.sh KERNELSRC [OUTDIR]}
out=${2:-$top}
spec=Documentation/netlink/specs/mqttk.yaml

# Before 6.13, and since.
for gen in "$src/tools/net/ynl/ynl-gen-c.py" \
	   "$src/tools/net/ynl/pyynl/ynl_gen_c.py" ''; do
	[ ! -f "$gen" ] || break
done
[ -n "$gen" ] || { echo "ynl-regen.sh: no ynl-gen-c.py in $src" >&2; exit 1; }

# The generator looks for the schema beside the spec, and for the root of a
# kernel tree above it: it gets a directory that has just those.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/Documentation/netlink/specs" "$out/mqttk" "$out/uapi/linux"
cp "$src"/Documentation/netlink/*.yaml "$tmp/Documentation/netlink/"
cp "$top/$spec" "$tmp/$spec"
: >"$tmp/MAINTAINERS"

generate()
{
	# The output's name counts (the source includes its header by it), and
	# a generator that fails must not leave half a file behind.
	python3 "$gen" --mode "$1" "--$2" --spec "$tmp/$spec" \
		-o "$tmp/${3##*/}"
	cp "$tmp/${3##*/}" "$out/$3"
}

generate uapi header uapi/linux/mqttk_netlink.h
generate kernel header mqttk/netlink-gen.h
generate kernel source mqttk/netlink-gen.c
