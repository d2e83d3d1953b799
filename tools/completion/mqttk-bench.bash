# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of mqttk-bench for bash: kinds of work, options, host names.

_mqttk_bench()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
	local works='pairs fan pingpong connect match device idle floor' given=''

	COMPREPLY=()
	case $before in
	-H|--host)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$word")
		return
		;;
	-q|--qos)
		mapfile -t COMPREPLY < <(compgen -W '0 1 2' -- "$word")
		return
		;;
	-[pnsbwtmWFfTIuP]|--port|--clients|--size|--burst|--window|--time|--messages| \
	--warm-up|--filters|--first|--timeout|--prefix|--user|--password|--pid)
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--host --port --user
			--password --clients --size --qos --burst --window
			--time --messages --warm-up --filters --first --lazy
			--settle --batch --timeout --prefix --pid --instructions --json
			--version --help' -- "$word")
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ " $works " != *" ${COMP_WORDS[i]} "* ]] || given=1
	done
	[ -n "$given" ] ||
		mapfile -t COMPREPLY < <(compgen -W "$works" -- "$word")
}

complete -F _mqttk_bench mqttk-bench
