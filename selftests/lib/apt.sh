# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Getting things from Debian: the machine's own mirror, trixie's packages. To
# be sourced after common.sh.

suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Whatever the machine's apt takes Debian from.
mirror()
{
	# shellcheck disable=SC2016 # apt's variables, not the shell's
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' | sed -n 's/^Debian|Debian|//p' | head -n 1
}

# bootstrap DIR OPTIONS...: mmdebstrap of trixie with backports, by the
# machine's mirror and its ways of getting there (proxies and the like).
bootstrap()
{
	local dir=$1 uri

	shift
	uri=$(mirror)
	if [ -z "$uri" ]; then
		apt-get -o DPkg::Lock::Timeout=300 -q update
		uri=$(mirror)
	fi
	[ -n "$uri" ] || { echo "apt on this machine knows no Debian mirror"; return 1; }
	apt-config dump Acquire |
		grep -iE '^Acquire::(https?|Retries|Check-)' >"$dir.apt" || :
	mmdebstrap --mode=root "$@" --aptopt="$dir.apt" \
		--aptopt='APT::Install-Recommends "false"' \
		"$suite" "$dir" - <<-EOF
		deb [signed-by=$keyring] $uri $suite main
		deb [signed-by=$keyring] $uri $suite-updates main
		deb [signed-by=$keyring] $uri $suite-backports main
		EOF
	rm -f "$dir.apt"
}
