# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of mqttkctl for bash: objects, verbs and options, names of listeners
# and limits and what these can be set to, who is connected, who has a session,
# filters that somebody is subscribed to, and topics with retained messages.
#
# Identifiers and topics are anybody's: none of them is ever taken for code, and
# those with control characters are left out (they can be named by their index).

# _mqttkctl_names OBJECT COLUMN [WORD...]: offers what `mqttkctl OBJECT show` has
# in a column of its lines, or behind a word there; the first thousand that begin
# with what was typed.
_mqttkctl_names()
{
	local object=$1 column=$2 begin=$value name

	shift 2
	# As it is shown.
	begin=${begin//\\/\\x5c}
	begin=${begin// /\\x20}
	while IFS= read -r name; do
		printf -v name %b "$name"
		[[ $name == *[[:cntrl:]]* ]] || _mqttkctl_offer "$name"
	done < <(mqttkctl "${netns[@]}" "$object" show "$@" 2>/dev/null |
		BEGIN=$begin COLUMN=$column awk '{
			at = ENVIRON["COLUMN"]
			if (at !~ /^[0-9]+$/) {
				for (i = 1; i < NF && $i != at; i++)
					;
				at = i + 1
			}
			# "-" is a reader of /dev/mqtt; "..." follows what is cut.
			if ($at == "-" || $(at + 1) == "..." || seen[$at]++ ||
			    index($at, ENVIRON["BEGIN"]) != 1)
				next
			print $at
			if (++n == 1000)
				exit
		}')
}

# _mqttkctl_offer WORD...: those that begin with what was typed, quoted as it is.
_mqttkctl_offer()
{
	local word

	for word; do
		[[ $word == "$value"* ]] || continue
		case $quote in
		\')	[[ $word == *\'* ]] && continue ;;
		\")	word=${word//\\/\\\\}
			word=${word//\"/\\\"}
			word=${word//\$/\\\$}
			word=${word//\`/\\\`}
			;;
		*)	printf -v word %q "$word" ;;
		esac
		COMPREPLY+=("$word")
	done
}

_mqttkctl_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$value")
}

_mqttkctl_devices()
{
	local device

	for device in /sys/class/net/*; do
		_mqttkctl_offer "${device##*/}"
	done
}

# unquote WORD: sets $quote to what it is in, and $value to what it means.
_mqttkctl_unquote()
{
	local rest=$1

	quote='' value=''
	case $rest in
	[\'\"]*)	quote=${rest:0:1} rest=${rest:1} ;;
	esac
	if [[ $quote == \' ]]; then
		value=$rest
		return
	fi
	while [[ $rest == *\\?* ]]; do
		value+=${rest%%\\*}
		rest=${rest#*\\}
		value+=${rest:0:1}
		rest=${rest:1}
	done
	value+=$rest
}

# _mqttkctl_who OBJECT N: the Nth of the words that name a client: ID, id ID or
# index N.
_mqttkctl_who()
{
	[[ $2 = 1 || $prev = id ]] && _mqttkctl_names "$1" 1
	[[ $2 = 1 ]] && _mqttkctl_offer id index
}

_mqttkctl_listener()
{
	case $1.$2 in
	1.*)		_mqttkctl_offer show add del help ;;
	2.show|2.del)	_mqttkctl_names listener name ;;
	2.add)		_mqttkctl_offer 127.0.0.1:1883 :1883 '[::1]:1883' ;;
	*[13579].add)
		_mqttkctl_offer name anonymous max-connections bind-device \
			mount-point max-qos client-id-prefix auto-id-prefix \
			zero-length-id coalesce-usecs
		;;
	*.add)
		case $prev in
		anonymous|zero-length-id) _mqttkctl_offer on off ;;
		bind-device)	_mqttkctl_devices ;;
		max-qos)	_mqttkctl_offer 0 1 2 ;;
		esac
		;;
	esac
}

_mqttkctl_client()
{
	case $1.$2.$prev in
	1.*)	_mqttkctl_offer show disconnect help ;;
	# What an administrator may have to say.
	*.disconnect.reason)
		_mqttkctl_offer 0x83 0x87 0x89 0x8b 0x96 0x97 0x98 0x9c 0x9d 0x9f 0xa0
		;;
	3.disconnect.id|3.disconnect.index) _mqttkctl_who client 2 ;;
	3.disconnect.*)	_mqttkctl_offer reason ;;
	4.disconnect.*)
		case ${words[-3]} in
		id|index) _mqttkctl_offer reason ;;
		esac
		;;
	2.show.*|2.disconnect.*|3.show.*) _mqttkctl_who client $(($1 - 1)) ;;
	esac
}

_mqttkctl_session()
{
	case $1.$2 in
	1.*)	_mqttkctl_offer show del help ;;
	[23].show|[23].del) _mqttkctl_who session $(($1 - 1)) ;;
	esac
}

_mqttkctl_subscription()
{
	case $1.$prev in
	1.*)	_mqttkctl_offer show help ;;
	*.filter) _mqttkctl_names subscription filter ;;
	*.client) _mqttkctl_who session 1 ;;
	*.id)	_mqttkctl_who session 2 ;;
	*.index) ;;
	*)	_mqttkctl_offer client filter ;;
	esac
}

_mqttkctl_retained()
{
	case $1.$2.$prev in
	1.*)	_mqttkctl_offer show get set del help ;;
	*.set.-f) _mqttkctl_files ;;
	*.set.-q) _mqttkctl_offer 0 1 2 ;;
	2.show.*|2.get.*|2.set.*|2.del.*)
		if [[ $value == \$* ]]; then
			_mqttkctl_names retained 1 '$SYS/#'
		else
			_mqttkctl_names retained 1
		fi
		;;
	*.set.*) _mqttkctl_offer -f -q ;;
	esac
}

_mqttkctl_limit()
{
	local unit

	case $1.$2 in
	1.*)	_mqttkctl_offer show set help ;;
	2.show|2.set) _mqttkctl_names limit 1 ;;
	3.set)
		read -r _ _ unit _ < <(mqttkctl "${netns[@]}" limit show "$prev" 2>/dev/null)
		case $unit in
		boolean)	_mqttkctl_offer true false ;;
		strategy)	_mqttkctl_offer round-robin least-inflight same-topic ;;
		esac
		;;
	esac
}

_mqttkctl_top()
{
	case $1.$2.$prev in
	*.-t)	_mqttkctl_names subscription filter ;;
	*.topic.-o) _mqttkctl_offer name messages_rate bytes_rate messages bytes ;;
	*.-o)	_mqttkctl_offer name messages_received_rate messages_sent_rate \
			bytes_received_rate bytes_sent_rate messages_dropped_rate \
			messages_queued messages_inflight
		;;
	*.-[dn]) ;;
	1.*)	_mqttkctl_offer client topic -d -n -b -o -r --help ;;
	*.topic.*) _mqttkctl_offer -t -d -n -b -o -r ;;
	*)	_mqttkctl_offer -d -n -b -o -r ;;
	esac
}

# The Nth word behind the object; the verb; see _mqttkctl() for the rest.
_mqttkctl_object()
{
	case $object in
	listener|client|session|subscription|retained|limit|top)
		"_mqttkctl_$object" "$1" "$2"
		;;
	monitor)
		_mqttkctl_offer client session subscription limit listener -t -ts
		;;
	acl)
		case $1.$2 in
		1.*)	_mqttkctl_offer show load del help ;;
		2.load)	_mqttkctl_files ;;
		esac
		;;
	apply)
		if [[ $value == -* ]]; then
			_mqttkctl_offer --check --ignore-unsupported --keys --help
		else
			_mqttkctl_files
		fi
		;;
	sub)
		case $prev in
		-t)	_mqttkctl_names subscription filter ;;
		-q)	_mqttkctl_offer 0 1 2 ;;
		-[CWFix]) ;;
		*)	_mqttkctl_offer -t -q -v -C -W -F -N -R -i -c -x \
				--retained-only --retain-as-published --help
			;;
		esac
		;;
	pub)
		case $prev in
		-t)	_mqttkctl_names retained 1 ;;
		-q)	_mqttkctl_offer 0 1 2 ;;
		-f)	_mqttkctl_files ;;
		-m)	;;
		*)	_mqttkctl_offer -t -m -f -l -s -n -q -r --help ;;
		esac
		;;
	esac
}

_mqttkctl()
{
	local objects='listener client session subscription retained limit stats
		top monitor acl apply show sub pub reset help'
	local rest=${COMP_LINE:0:COMP_POINT} word words=() netns=() i
	local quote value prev object

	# Identifiers and addresses may contain what readline breaks words at,
	# ":" for example: what no blank divides is one word.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i = 0 || $rest == [[:space:]]* ]]; then
			words+=('')
			rest=${rest#"${rest%%[![:space:]]*}"}
		fi
		[[ $rest == "$word"* ]] || word=$rest
		words[-1]+=$word
		rest=${rest#"$word"}
	done
	COMPREPLY=()
	_mqttkctl_unquote "${words[-1]}"
	prev=${words[-2]}

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		-n|--netns)
			if ((i == ${#words[@]} - 2)); then
				for word in /run/netns/*; do
					_mqttkctl_offer "${word##*/}"
				done
				return
			fi
			netns=(-n "${words[++i]}")
			;;
		-*)	;;
		*)	break ;;
		esac
	done
	object=${words[i]}
	# shellcheck disable=SC2086 # a list of words
	if ((i < ${#words[@]} - 1)); then
		if [[ $object == help ]]; then
			_mqttkctl_offer $objects
		else
			_mqttkctl_object $((${#words[@]} - 1 - i)) "${words[i + 1]}"
		fi
	elif [[ $value == -* ]]; then
		_mqttkctl_offer -j --json -p --pretty -s --statistics -n --netns \
			-V --version -h --help
	else
		_mqttkctl_offer $objects
	fi
	# Readline replaces only what follows its last word break, but in quotes;
	# that break too if it is "@".
	word=${words[-1]}
	if [[ -z $quote && $COMP_WORDBREAKS == *:* ]]; then
		word=${word%"${word##*[:=]}"}
		rest=${words[-1]#"$word"}
		[[ $rest == *@* ]] && word+=${rest%@*}
		COMPREPLY=("${COMPREPLY[@]#"$word"}")
	fi
}

complete -F _mqttkctl mqttkctl
