# SPDX-License-Identifier: GPL-2.0
# A tool with its manuals and completion, and how they are installed. Before including it:
# NAME, MANUALS, LIBS that it alone needs, and MAN1, what writes the scdoc text of NAME.1
# ($< is NAME.1.scd).
include $(dir $(lastword $(MAKEFILE_LIST)))rules.mk

OUT := $(BUILD)/$(NAME)
OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard *.c */*.c))
MAN1 ?= cat $<
CFLAGS += -I$(TOP)/tools/$(NAME)
PREFIX ?= /usr/local
INSTALLED := $(DESTDIR)$(PREFIX)

.PHONY: all install clean FORCE
all: $(NAME) $(MANUALS:%=$(OUT)/%)

$(NAME): $(OBJS) $(LIBCDM)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(OUT)/%.o: %.c ../rules.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

# Parts of it come from the tables that the program's outputs are made from.
$(OUT)/%.1: %.1.scd $(NAME)
	@mkdir -p $(@D)
	{ $(MAN1); } > $@.scd
	scdoc < $@.scd > $@.new
	mv $@.new $@

$(OUT)/%.5: %.5.scd
	@mkdir -p $(@D)
	scdoc < $< > $@.new
	mv $@.new $@

$(LIBCDM): FORCE
	@$(MAKE) -s -C $(TOP)/tools/lib

install: all
	install -D -m 755 $(NAME) $(INSTALLED)/bin/$(NAME)
	for manual in $(MANUALS); do install -D -m 644 $(OUT)/$$manual \
		$(INSTALLED)/share/man/man$${manual##*.}/$$manual || exit; done
	install -D -m 644 ../completion/$(NAME).bash \
		$(INSTALLED)/share/bash-completion/completions/$(NAME)

clean:
	rm -rf $(NAME) $(OUT)

-include $(OBJS:.o=.d)
