/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tells the plugin in sharing.c that it is time: `start`, or `stop` with -Dmark=2.
 * Static, without a library, so that it runs in any guest.
 */
	.globl _start
_start:
	.byte 0x0f, 0x1f, 0x80, mark, 'T', 'Q', 'M'
	movl $60, %eax		/* exit */
	xorl %edi, %edi
	syscall
	.section .note.GNU-stack, "", @progbits
