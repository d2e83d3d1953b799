# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of mqttkctl for bash: objects, verbs and options, the names of
# listeners and limits, and who is connected.

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

_mqttkctl_client()
{
	local n=$1 verb=$2

	case $n.$verb in
	1.*)	_mqttkctl_words show disconnect help ;;
	2.show|2.disconnect) _mqttkctl_offer < <(_mqttkctl_names client) ;;
	3.*)	[[ $prev != id ]] || _mqttkctl_offer < <(_mqttkctl_names client) ;;
	esac
}

_mqttkctl_limit()
{
	local n=$1 verb=$2

	case $n.$verb in
	1.*)	_mqttkctl_words show set help ;;
	2.show|2.set) _mqttkctl_offer < <(_mqttkctl_names limit) ;;
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
			_mqttkctl_words listener client limit stats sub pub reset help
		fi
	else
		case ${words[i]} in
		listener|client|limit)
			"_mqttkctl_${words[i]}" $((${#words[@]} - 1 - i)) "${words[i + 1]}"
			;;
		sub)	_mqttkctl_words -t -q -v -C -W -F -N -R --retained-only --help ;;
		pub)
			if [[ $prev == -f ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			else
				_mqttkctl_words -t -m -f -l -n -q -r --help
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
