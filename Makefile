# CDM toolkit. `make` alone says what there is.

SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
KERNEL := kernel-patches/kernel.sh

# lib first: the others link it.
TOOLS := lib $(filter-out lib,$(patsubst tools/%/Makefile,%,$(wildcard tools/*/Makefile)))

.PHONY: help deps kernel kernel-tree kernel-refresh kernel-deb kernel-stock \
	tools demo check check-debug hmm-baseline bench bench-events bench-refresh bench-startup \
	bench-overhead fuzz install clean

help:
	@echo 'make kernel          build the kernel with DEVICE_HOST memory (DEBUG=1: debug kernel)'
	@echo 'make kernel-tree     git tree of the source with the series, in build/linux'
	@echo 'make kernel-refresh  write the commits of that tree back as patches'
	@echo 'make kernel-deb      installable packages (BASE_CONFIG=/boot/config-...)'
	@echo 'make tools           build the tools'
	@echo 'make demo            cdmtop on real programs in a VM (REPLAY=1: from a recording)'
	@echo 'make install         tools, man pages and completion, PREFIX=/usr/local'
	@echo 'make check           all tests; make check-debug: all of them on the debug kernel'
	@echo 'make bench           instructions per operation, against the unpatched kernel'
	@echo 'make bench-events    cost of an event: cdmtrace, bpftrace, perf; on this kernel'
	@echo 'make bench-refresh   cost of a refresh with 10,000 processes: cdmtop, top, htop'
	@echo 'make bench-startup   time until the first result; make bench-overhead: pages a'
	@echo '                     second of a migrating program under each tool, in a VM'
	@echo 'make deps            install what the above need (they do it by themselves)'

deps:
	$(SUDO) scripts/deps.sh kernel vm tools test

kernel kernel-tree kernel-refresh:
	@$(SUDO) scripts/deps.sh kernel
	@DEBUG=$(DEBUG) BASE_CONFIG=$(BASE_CONFIG) $(KERNEL) $(if $(filter kernel,$@),build,$(@:kernel-%=%))

kernel-deb:
	@$(SUDO) scripts/deps.sh kernel deb
	@BASE_CONFIG=$(BASE_CONFIG) $(KERNEL) deb

kernel-stock:
	@$(SUDO) scripts/deps.sh kernel
	@$(KERNEL) stock

tools:
	@$(SUDO) scripts/deps.sh vm tools
	@for tool in $(TOOLS); do $(MAKE) -s -C tools/$$tool || exit; done

ifdef REPLAY
demo:
	@$(SUDO) scripts/deps.sh tools
	@$(MAKE) -s -C tools/lib && $(MAKE) -s -C tools/cdmtop
	@tests/vm/demo.sh
else
demo: kernel tools
	@$(SUDO) scripts/deps.sh demo
	@tests/vm/demo.sh
endif

check: kernel tools
	@$(SUDO) scripts/deps.sh demo test
	@$(MAKE) -s kernel DEBUG=1
	@tests/run.sh

check-debug: tools
	@$(SUDO) scripts/deps.sh demo test
	@$(MAKE) -s kernel DEBUG=1
	@tests/run.sh debug

# What upstream's hmm-tests say of the unpatched kernel; check compares with it.
hmm-baseline: kernel-stock tools
	@tests/vm/hmm-tests.sh --baseline

bench: kernel kernel-stock tools
	@tests/bench/kernel-cost.sh

bench-events bench-refresh bench-startup: tools
	@$(SUDO) scripts/deps.sh bench
	@$(SUDO) tests/bench/$(@:bench-%=%).sh
	$(if $(filter bench-events,$@),@$(SUDO) tests/bench/printers.sh)

bench-overhead: kernel tools
	@$(SUDO) scripts/deps.sh bench
	@tests/bench/overhead.sh

fuzz: tools
	@$(SUDO) scripts/deps.sh test
	@$(MAKE) -s -C tests/fuzz fuzz

PREFIX ?= /usr/local
install: tools
	@for tool in $(filter cdmtop cdmtrace cdmctl,$(TOOLS)); do \
		$(MAKE) -s -C tools/$$tool install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) || exit; \
	done

clean:
	rm -rf build
	@for tool in $(TOOLS); do $(MAKE) -s -C tools/$$tool clean; done
