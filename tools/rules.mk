# SPDX-License-Identifier: GPL-2.0
# Common to the tools: where things are, and how to compile them.
TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
BUILD := $(TOP)/build
LIBCDM := $(BUILD)/lib/libcdm.a

.DEFAULT_GOAL := all

CC ?= gcc
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -MMD -MP \
	  -D_GNU_SOURCE -I$(TOP)/tools/lib -I$(TOP)/tools/include
LDLIBS += -lbpf -ldw -lelf -lz -lcap -lm
