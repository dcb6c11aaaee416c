# SPDX-License-Identifier: GPL-2.0
# CDM toolkit. `make` alone says what there is.

SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
KERNEL := kernel-patches/kernel.sh
INSTALL := @scripts/deps.sh
CHECK := @scripts/deps.sh --check

# lib first: the others link it.
TOOLS := lib $(filter-out lib,$(patsubst tools/%/Makefile,%,$(wildcard tools/*/Makefile)))

.PHONY: help deps kernel kernel-tree kernel-refresh kernel-mail kernel-check kernel-bisect \
	kernel-deb kernel-stock kernel-debian \
	tools demo check check-debug soak hmm-baseline bench bench-table bench-kernel bench-locks bench-events bench-refresh bench-startup \
	bench-overhead bench-scale fuzz lint install deb check-packages check-kernel-packages ci clean

help:
	@echo 'make deps            install the packages that kernel, tools and tests need'
	@echo 'make kernel          build the kernel with DEVICE_HOST memory (DEBUG=1: debug kernel,'
	@echo '                     DEBUG=kcsan: one that looks for data races; BASE=7.3: on that one)'
	@echo 'make kernel-tree     git tree of the source with the series, in build/linux'
	@echo 'make kernel-refresh  write the commits of that tree back as patches'
	@echo 'make kernel-mail     write the series as postings for the lists, to build/mail; sends nothing'
	@echo 'make kernel-check    what W=1, sparse, coccinelle and compilers for arm64 and ppc64 say of it'
	@echo 'make kernel-bisect   build and boot it patch by patch (PATCHES="7 8": those), hours'
	@echo 'make kernel-deb      installable packages in build/kernel-deb (BASE_CONFIG=/boot/config-...)'
	@echo 'make kernel-debian   unpack the kernel of Debian, without the series (DEBIAN=6.1: that)'
	@echo 'make tools           build the tools'
	@echo 'make install         tools, man pages and completion, PREFIX=/usr/local'
	@echo 'make deb             package of the tools, in build/deb'
	@echo
	@echo 'These install the packages that they need by themselves:'
	@echo 'make demo            cdmtop on real programs in a VM (STOCK=1: on the kernel of Debian,'
	@echo '                     none is built; REPLAY=1: from a recording)'
	@echo 'make check           all tests; QUICK=1: those of the tools that take no VM, in 3 minutes'
	@echo 'make check-debug     all of them on the debug kernel'
	@echo 'make check-packages  the package in a fresh Debian 12 and 13: install, upgrade, purge, serve'
	@echo 'make check-kernel-packages  those of the kernel: install, build a module, boot, purge'
	@echo 'make ci              make check QUICK=1 of the last commit in a fresh Debian 12 and 13'
	@echo 'make soak            what takes hours: 300,000 processes, storms, requests at random,'
	@echo '                     failing allocations, other tests with their memory on devices, a'
	@echo '                     device that comes and goes UNPLUG=1000 times'
	@echo 'make bench           all of these, and one table: build/bench/table.txt, .json, .svg'
	@echo 'make bench-table     that of what was measured before'
	@echo 'make bench-kernel    instructions per operation, against the unpatched kernel'
	@echo 'make bench-locks     locks that are waited for while 16 CPUs migrate at once'
	@echo 'make bench-events    cost of an event to who reads it and to who makes it: cdmtrace,'
	@echo '                     bpftrace, perf; on this kernel'
	@echo 'make bench-refresh   cost of a refresh with 10,000 processes: cdmtop, top, htop'
	@echo 'make bench-startup   time until the first result'
	@echo 'make bench-scale     up to 100,000 processes and 10,000 cgroups; how many events a second'
	@echo '                     are read without loss (QUICK=1: a little of it, to try it)'
	@echo 'make bench-overhead  pages a second of a migrating program under each tool, in a VM'
	@echo 'make fuzz            the reader of recordings under libFuzzer'
	@echo 'make lint            cppcheck, sparse and clang-tidy on the tools'

deps:
	$(INSTALL) kernel debian vm tools demo test deb

kernel kernel-tree kernel-refresh:
	$(CHECK) kernel
	@DEBUG=$(DEBUG) BASE=$(BASE) BASE_CONFIG=$(BASE_CONFIG) $(KERNEL) $(if $(filter kernel,$@),build,$(@:kernel-%=%))

kernel-mail: kernel-tree
	@AUTHOR="$(AUTHOR)" /usr/bin/python3 -B kernel-patches/mail.py kernel-patches/6.12 \
		kernel-patches/mail build/linux build/mail

kernel-check:
	$(INSTALL) kernel kernel-check
	@tests/kernel/check.sh

kernel-bisect:
	$(CHECK) kernel vm tools
	@$(MAKE) -s tools
	@$(MAKE) -s -C tests/vm
	@tests/kernel/bisect.sh $(PATCHES)

kernel-deb:
	$(CHECK) kernel deb
	@BASE_CONFIG=$(BASE_CONFIG) $(KERNEL) deb

kernel-stock:
	$(CHECK) kernel
	@BASE=$(BASE) $(KERNEL) stock

kernel-debian:
	$(CHECK) debian
	@DEBIAN=$(DEBIAN) $(KERNEL) debian

tools:
	$(CHECK) tools
	@for tool in $(TOOLS); do $(MAKE) -s -C tools/$$tool || exit; done

ifdef REPLAY
demo:
	$(INSTALL) tools
	@$(MAKE) -s -C tools/lib && $(MAKE) -s -C tools/cdmtop
	@tests/vm/demo.sh
else ifdef STOCK
demo:
	$(INSTALL) debian vm tools demo
	@$(MAKE) -s -j2 kernel-debian tools
	@$(MAKE) -s -C tests/vm
	@tests/vm/demo.sh
else
demo:
	$(INSTALL) kernel vm tools demo
	@$(MAKE) -s kernel tools
	@tests/vm/demo.sh
endif

ifdef BASE
check: deps
	@$(MAKE) -s kernel tools
	@BASE=$(BASE) tests/run.sh
else ifdef QUICK
check:
	$(INSTALL) tools test deb
	@$(MAKE) -s tools
	@tests/run.sh quick
else
check: deps
	@$(MAKE) -s kernel tools
	@$(MAKE) -s kernel DEBUG=1
	-@$(MAKE) -s kernel-debian
	-@$(MAKE) -s kernel-debian DEBIAN=6.1
	@tests/run.sh
endif

check-debug: deps
	@$(MAKE) -s tools
	@$(MAKE) -s kernel DEBUG=1
	@tests/run.sh debug

# What takes hours
soak: deps
	@$(MAKE) -s kernel kernel-tree tools
	@$(MAKE) -s kernel DEBUG=1
	@$(MAKE) -s kernel DEBUG=kcsan
	-@$(MAKE) -s kernel-debian
	-@$(MAKE) -s kernel-debian DEBIAN=6.1
	@tests/run.sh soak

# What upstream's hmm-tests say of the unpatched kernel; check compares with it.
hmm-baseline: kernel-stock tools
	@BASE=$(BASE) tests/vm/hmm-tests.sh --baseline

# All of them, and one table; on a machine that has nothing else to do.
bench:
	@$(MAKE) -s bench-kernel
	@$(MAKE) -s bench-locks
	@$(MAKE) -s bench-overhead
	@$(MAKE) -s bench-startup
	@$(MAKE) -s bench-refresh
	@$(MAKE) -s bench-events
	@$(MAKE) -s bench-scale
	@$(MAKE) -s bench-table

# Of what was measured last, by whichever of them
bench-table:
	@tests/bench/table.py build/bench

bench-kernel: deps
	@$(MAKE) -s kernel kernel-stock tools
	@tests/bench/kernel-cost.sh

bench-locks: deps
	@$(MAKE) -s kernel tools
	@tests/bench/locks.sh

bench-events bench-refresh bench-startup:
	$(INSTALL) tools bench
	@$(MAKE) -s tools
	@$(SUDO) tests/bench/$(@:bench-%=%).sh
	$(if $(filter bench-events,$@),@$(SUDO) tests/bench/printers.sh)
	$(if $(filter bench-events,$@),@$(SUDO) tests/bench/faults.sh)

bench-scale:
	$(INSTALL) tools bench
	@$(MAKE) -s tools
	@$(SUDO) env QUICK=$(QUICK) tests/bench/scale.sh
	@$(SUDO) env QUICK=$(QUICK) tests/bench/ceiling.sh

bench-overhead: deps
	$(INSTALL) bench
	@$(MAKE) -s kernel tools
	@tests/bench/overhead.sh
	@tests/bench/holders.sh

fuzz:
	$(INSTALL) tools test
	@$(MAKE) -s tools
	@$(MAKE) -s -C tests/fuzz fuzz

lint:
	$(INSTALL) tools lint
	@$(MAKE) -s tools
	@scripts/lint.sh

PREFIX ?= /usr/local
install: tools
	@for tool in $(filter-out lib,$(TOOLS)); do \
		$(MAKE) -s -C tools/$$tool install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) || exit; \
	done

deb:
	$(CHECK) tools deb
	@scripts/deb.sh

check-packages:
	$(INSTALL) tools deb chroot
	@$(SUDO) tests/packages.sh

check-kernel-packages:
	$(INSTALL) kernel deb vm tools chroot
	@$(MAKE) -s kernel
	@$(SUDO) tests/kernel/packages.sh

ci:
	$(INSTALL) chroot
	@$(SUDO) scripts/ci.sh

clean:
	rm -rf build
	@for tool in $(TOOLS); do $(MAKE) -s -C tools/$$tool clean; done
