# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a guest's kernel may not say. To be sourced.

# Every report of the kernel's own checks; 'not ok' is a KUnit case.
KLOG_BAD='BUG:|WARNING:|INFO: task|INFO: possible|INFO: trying to register'
KLOG_BAD+='|INFO: rcu.*stall|not ok [0-9]|possible (recursive|circular|irq)'
KLOG_BAD+='|possible deadlock|inconsistent lock state|suspicious RCU'
KLOG_BAD+='|sleeping function called|ODEBUG|KASAN:|UBSAN:|KCSAN:|Oops'
KLOG_BAD+='|Call Trace|unreferenced object|Kernel panic|general protection'
KLOG_BAD+='|refcount_t:|list_(add|del) corruption|Out of memory:'
KLOG_BAD+='|segfault at|workqueue lockup|invalid opcode'

# klog_first FILE: the number of the first line that complains, if any does.
klog_first()
{
	grep -anm1 -E "$KLOG_BAD" "$1" | cut -d: -f1 || :
}

# What the lines of a complaint begin with: selftests/run shows them whole,
# before everything else a failed test has to say.
KLOG_MARK='! '

# klog_show FILE LINES: the first complaint, which everything after it may have
# come from, as long as lockdep's may be, and as many LINES of the log's end as
# were not among it.
klog_show()
{
	local first last=0 total

	total=$(wc -l <"$1")
	first=$(klog_first "$1")
	if [ -n "$first" ]; then
		last=$((first + 119))
		{
			echo "mqttk: the guest's kernel complained:"
			sed -n "$((first > 4 ? first - 4 : 1)),${last}p" "$1"
		} | tr -d '\r' | sed "s/^/$KLOG_MARK/"
	fi
	[ "$2" -le $((total - last)) ] || set -- "$1" $((total - last))
	[ "$2" -gt 0 ] || return 0
	echo "mqttk: the end of the guest's kernel log:"
	tail -n "$2" "$1" | tr -d '\r'
}

# klog_check FILE: fails, with what there is to see on standard error, if the
# kernel complained.
klog_check()
{
	[ -n "$(klog_first "$1")" ] || return 0
	klog_show "$1" 20 >&2
	return 1
}

# klog_tail FILE: the same for a guest that died or hung, complaint or not.
klog_tail()
{
	klog_show "$1" 50 >&2
}
