# Common to the tools: where things are, and how to compile them.
TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
BUILD := $(TOP)/build
LIBCDM := $(BUILD)/lib/libcdm.a

.DEFAULT_GOAL := all

CC ?= gcc
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -MMD -MP \
	  -D_GNU_SOURCE -I$(TOP)/tools/lib -I$(BUILD)/include
LDLIBS += -lbpf -lelf -lz -lcap -lm

# The driver's interface comes with the kernel series, not with the system's headers.
UAPI := $(BUILD)/include/linux/cdm.h
DRIVER_PATCH := $(wildcard $(TOP)/kernel-patches/6.12/*-misc-add-cdm-reference-driver*.patch)

$(UAPI): $(DRIVER_PATCH)
	@mkdir -p $(@D)
	sed -n '\|^+++ b/include/uapi/linux/cdm.h|,\|^diff |{ /^+++/d; s/^+//p }' $< > $@.new
	mv $@.new $@
