# SPDX-License-Identifier: GPL-2.0
# A tool of libcdm. Before including it: NAME, LIBS that it alone needs, and what doc.mk has.
include $(dir $(lastword $(MAKEFILE_LIST)))rules.mk

OUT := $(BUILD)/$(NAME)
OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard *.c */*.c))
CFLAGS += -I$(TOP)/tools/$(NAME)

.PHONY: all clean FORCE
all: $(NAME) documents

$(NAME): $(OBJS) $(LIBCDM)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

$(OUT)/%.o: %.c ../rules.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(LIBCDM): FORCE
	@$(MAKE) -s -C $(TOP)/tools/lib

clean:
	rm -rf $(NAME) $(OUT)

include $(TOP)/tools/doc.mk
-include $(OBJS:.o=.d)
