# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every script of the harness shares: where things are, saying what is
# going on, and making each cached thing once. To be sourced, by bash.

set -euo pipefail

MQTTK_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
MQTTK_LIB=$MQTTK_TOP/selftests/lib
MQTTK_CACHE=${MQTTK_CACHE:-/var/cache/mqttk}
export MQTTK_TOP MQTTK_LIB MQTTK_CACHE

# say WORDS: progress, for people, on standard error; silent when MQTTK_QUIET
# is set (a runner that wants a guest's output and nothing else).
say()
{
	[ -n "${MQTTK_QUIET:-}" ] || printf '%s\n' "mqttk: $*" >&2
}

die()
{
	printf '%s\n' "mqttk: $*" >&2
	exit 125
}

# hash_of FILE...: a short key for what the files (or '-') contain.
hash_of()
{
	cat "$@" | sha256sum | cut -c1-16
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "this needs root (it mounts, and installs Debian packages)"
}

# need_packages NAME...: Debian packages on this machine. Asks dpkg first, so
# that nothing goes to the network when they are there.
need_packages()
{
	local p missing=()

	for p; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]} (apt-get, about a minute)"
	{
		apt-get -o DPkg::Lock::Timeout=300 -q update &&
		DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			-o DPkg::Lock::Timeout=300 \
			install --no-install-recommends "${missing[@]}"
	} >"$MQTTK_CACHE/apt.log" 2>&1 </dev/null || {
		tail -n 20 "$MQTTK_CACHE/apt.log" >&2
		die "could not install ${missing[*]}"
	}
}

# claim DIR: succeeds if this cached thing is there; then it stays for an hour.
claim()
{
	[ -e "$1" ] || return 1
	(
		# Shared by all users; who removes it has the lock alone.
		exec 9>>"$1.lock"
		flock -s 9
		[ -e "$1" ] && touch "$1"
	)
}

# hold DIR...: what was claimed stays until this process and those that it
# starts have ended.
hold()
{
	local dir fd

	for dir; do
		exec {fd}>>"$dir.lock"
		flock -s "$fd"
	done
}

# prune KIND KEEP: of the cached things called KIND-HASH removes those that were
# not used for two weeks, and all but KEEP unless they were in the last hour;
# none that somebody makes or holds.
prune()
{
	local kind=$1 keep=$2 n=0 now used name dir

	now=$(date +%s)
	# Others remove and rename there, too.
	{ find "$MQTTK_CACHE" -maxdepth 1 -name "$kind-*" -printf '%T@ %f\n' \
		2>/dev/null || :; } |
		sed -nE "s/^([0-9]+)[.0-9]* ($kind-[0-9a-f]{16})(\.[a-z]+)*\$/\1 \2/p" |
		sort -rn | awk '!seen[$2]++' |
	while read -r used name; do
		n=$((n + 1))
		if [ $n -le "$keep" ] && [ $((now - used)) -le 1209600 ]; then
			continue
		fi
		dir=$MQTTK_CACHE/$name
		(
			exec 9>>"$dir.lock"
			flock -n 9 || exit 0
			# Somebody may have claimed it since it was listed.
			[ ! -e "$dir" ] ||
				[ $((now - $(stat -c %Y "$dir"))) -gt 3600 ] || exit 0
			[ $((now - used)) -gt 3600 ] || exit 0
			rm -rf --one-file-system "$dir" "$dir.tmp" \
				"$dir.tmp.cpio" "$dir.log" "$dir.lock"
		)
	done
}

# cached NAME COMMAND...: make $MQTTK_CACHE/NAME once. COMMAND gets a fresh
# directory as its last argument, which is renamed to NAME when it succeeds;
# others who want the same thing wait for it. Its output goes to NAME.log. What
# NAME replaces is removed some time.
cached()
{
	# COMMAND's functions see these names instead of its script's own.
	local name=$1 dir=$MQTTK_CACHE/$1 tmp rc cached_most=1000 cached_tries=0

	shift
	until claim "$dir"; do
		# It may be pruned before it was claimed, but hardly again.
		cached_tries=$((cached_tries + 1))
		[ $cached_tries -le 3 ] || die "$name was made and is not there"
		mkdir -p "$MQTTK_CACHE"
		(
			exec 9>"$dir.lock"
			flock -n 9 || { say "waiting for someone else's $name"; flock 9; }
			[ ! -e "$dir" ] || exit 0
			tmp=$dir.tmp
			rm -rf --one-file-system "$tmp"
			mkdir -p "$tmp"
			# Not in a condition: that would switch errexit off in it.
			set +e
			(set -e; "$@" "$tmp") >"$dir.log" 2>&1 </dev/null 9>&-
			rc=$?
			set -e
			if [ $rc != 0 ]; then
				rm -rf --one-file-system "$tmp" "$tmp.cpio"
				tail -n 25 "$dir.log" >&2
				die "making $name failed; all of it is in $dir.log"
			fi
			mv "$tmp" "$dir"
		)
		rc=$?
		# Where errexit is not in force.
		[ $rc = 0 ] || return $rc
		# Builds come with every change of a source.
		[[ $name != build-* ]] || cached_most=20
		prune "${name%-*}" "$cached_most"
	done
}

mkdir -p "$MQTTK_CACHE"
