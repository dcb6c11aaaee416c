# SPDX-License-Identifier: GPL-2.0
# A tool's manuals and completion, made from the tables that its outputs are made from, and
# how it is installed. Before including it: TOP, NAME, OUT, MANUALS, and MAN1, what writes the
# scdoc text of NAME.1 but for the options ($< is NAME.1.scd).
MAN1 ?= cat $<
PREFIX ?= /usr/local
INSTALLED := $(DESTDIR)$(PREFIX)
# By its first line a manual says that it has tables.
PREPROCESSED := sed "1s/^/'\\\\\" t\\n/"
SHELLS := $(OUT)/bash $(OUT)/zsh

.PHONY: install
documents: $(MANUALS:%=$(OUT)/%) $(SHELLS)

$(OUT)/options: $(NAME) ../options.sh
	@mkdir -p $(@D)
	../options.sh ./$(NAME) > $@.new
	mv $@.new $@

$(OUT)/%.1: %.1.scd $(OUT)/options ../man-options.awk
	{ $(MAN1); } > $@.text
	awk -f ../man-options.awk $(OUT)/options $@.text > $@.scd
	scdoc < $@.scd | $(PREPROCESSED) > $@.new
	mv $@.new $@

$(OUT)/%.5: %.5.scd
	@mkdir -p $(@D)
	scdoc < $< | $(PREPROCESSED) > $@.new
	mv $@.new $@

$(SHELLS): $(OUT)/%: ../completion/%.in ../completion/make.sh $(OUT)/options
	../completion/make.sh $* $(NAME) < $(OUT)/options > $@.new
	mv $@.new $@

install: all
	install -D -m 755 $(NAME) $(INSTALLED)/bin/$(NAME)
	for manual in $(MANUALS); do install -D -m 644 $(OUT)/$$manual \
		$(INSTALLED)/share/man/man$${manual##*.}/$$manual || exit; done
	install -D -m 644 $(OUT)/bash $(INSTALLED)/share/bash-completion/completions/$(NAME)
	install -D -m 644 $(OUT)/zsh $(INSTALLED)/share/zsh/vendor-completions/_$(NAME)
