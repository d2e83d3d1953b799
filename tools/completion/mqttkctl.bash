# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of mqttkctl for bash: objects, verbs and options, the names of
# listeners and limits and what these can be set to, who is connected, and who
# has a session.

# _mqttkctl_names OBJECT: the first, or for listeners the name's, word of each
# line that `mqttkctl OBJECT show` prints. Words with escapes cannot be typed
# as they are shown.
_mqttkctl_names()
{
	local object=$1 line words

	mqttkctl "${netns[@]}" "$object" show 2>/dev/null |
		while IFS= read -r line; do
			read -r -a words <<<"$line"
			case $object in
			# ADDR:PORT name NAME ...
			listener)	set -- "${words[2]}" ;;
			*)		set -- "${words[0]}" ;;
			esac
			case $1 in
			-|*\\*)	;;
			*)	printf '%s\n' "$1" ;;
			esac
		done
}

# Only what begins with the word being typed, quoted for the shell.
_mqttkctl_offer()
{
	local word

	while IFS= read -r word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
	done
}

_mqttkctl_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_mqttkctl_listener()
{
	local n=$1 verb=$2

	case $n.$verb in
	1.*)		_mqttkctl_words show add del help ;;
	2.show|2.del)	_mqttkctl_offer < <(_mqttkctl_names listener) ;;
	2.add)		_mqttkctl_words 127.0.0.1:1883 :1883 '[::1]:1883' ;;
	*.add)
		case $prev in
		anonymous)	_mqttkctl_words on off ;;
		bind-device)	_mqttkctl_offer < <(ls /sys/class/net) ;;
		name|max-connections) ;;
		*)	_mqttkctl_words name anonymous max-connections bind-device ;;
		esac
		;;
	esac
}

# _mqttkctl_id OBJECT N: the Nth of the words that name a client: ID, id ID or
# index N.
_mqttkctl_id()
{
	[[ $2 = 1 || $prev = id ]] && _mqttkctl_offer < <(_mqttkctl_names "$1")
}

_mqttkctl_client()
{
	local n=$1 verb=$2

	case $n.$verb.$prev in
	1.*)	_mqttkctl_words show disconnect help ;;
	# What an administrator may have to say.
	*.disconnect.reason)
		_mqttkctl_words 0x83 0x87 0x89 0x8b 0x96 0x97 0x98 0x9c 0x9d 0x9f 0xa0
		;;
	3.disconnect.id|3.disconnect.index) _mqttkctl_id client 2 ;;
	3.disconnect.*) _mqttkctl_words reason ;;
	4.disconnect.*)
		case ${words[-3]} in
		id|index) _mqttkctl_words reason ;;
		esac
		;;
	2.show.*|2.disconnect.*|3.show.*) _mqttkctl_id client $((n - 1)) ;;
	esac
}

_mqttkctl_session()
{
	local n=$1 verb=$2

	case $n.$verb in
	1.*)	_mqttkctl_words show del help ;;
	[23].show|[23].del) _mqttkctl_id session $((n - 1)) ;;
	esac
}

_mqttkctl_limit()
{
	local n=$1 verb=$2 unit

	case $n.$verb in
	1.*)	_mqttkctl_words show set help ;;
	2.show|2.set) _mqttkctl_offer < <(_mqttkctl_names limit) ;;
	3.set)
		read -r _ _ unit _ < <(mqttkctl "${netns[@]}" limit show "$prev" 2>/dev/null)
		case $unit in
		boolean)	_mqttkctl_words true false ;;
		strategy)	_mqttkctl_words round-robin least-inflight same-topic ;;
		esac
		;;
	esac
}

_mqttkctl()
{
	# A client's identifier or an address may contain what readline breaks
	# words at: go by our own idea of words.
	local cur prev words=() netns=() i line=${COMP_LINE:0:COMP_POINT}

	read -r -a words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	cur=${words[-1]} prev=${words[-2]} COMPREPLY=()

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		-n|--netns)
			if ((i == ${#words[@]} - 2)); then
				_mqttkctl_offer < <(ls /run/netns 2>/dev/null)
				return
			fi
			netns=(-n "${words[++i]}")
			;;
		-*)	;;
		*)	break ;;
		esac
	done
	if ((i == ${#words[@]} - 1)); then
		if [[ $cur == -* ]]; then
			_mqttkctl_words -j --json -p --pretty -n --netns -V --version -h --help
		else
			_mqttkctl_words listener client session limit stats sub pub reset help
		fi
	else
		case ${words[i]} in
		listener|client|session|limit)
			"_mqttkctl_${words[i]}" $((${#words[@]} - 1 - i)) "${words[i + 1]}"
			;;
		sub)	_mqttkctl_words -t -q -v -C -W -F -N -R -i -c -x --retained-only \
				--retain-as-published --help ;;
		pub)
			if [[ $prev == -f ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			else
				_mqttkctl_words -t -m -f -l -s -n -q -r --help
			fi
			;;
		esac
	fi
	# Readline replaces only what follows its last word break.
	local broken=${cur%"${COMP_WORDS[COMP_CWORD]}"}
	[[ -z $broken || $cur == "${COMP_WORDS[COMP_CWORD]}" ]] ||
		COMPREPLY=("${COMPREPLY[@]#"$broken"}")
}

complete -F _mqttkctl mqttkctl
