/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's init, carried inside cdm-vm: one file to run and to install. */
	.section .rodata
	.global init_blob, init_blob_end
	.balign 16
init_blob:
	.incbin INIT_PATH
init_blob_end:
	.section .note.GNU-stack, "", @progbits
