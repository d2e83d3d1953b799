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

# klog_check FILE: fails, with the first report and the log's end on standard
# error, if the kernel complained.
klog_check()
{
	local first

	first=$(grep -anm1 -E "$KLOG_BAD" "$1" | cut -d: -f1) || :
	[ -n "$first" ] || return 0
	echo "mqttk: the guest's kernel complained:" >&2
	sed -n "$((first > 3 ? first - 3 : 1)),$((first + 60))p" "$1" | tr -d '\r' >&2
	return 1
}

# klog_tail FILE: the end of a log, for a guest that died or hung.
klog_tail()
{
	echo "mqttk: the end of the guest's kernel log:" >&2
	tail -n 60 "$1" | tr -d '\r' >&2
}
