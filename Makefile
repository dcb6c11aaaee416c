# CDM toolkit. `make` alone says what there is.

SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
KERNEL := kernel-patches/kernel.sh

.PHONY: help deps kernel kernel-tree kernel-refresh kernel-deb kernel-stock \
	tools demo check check-debug hmm-baseline bench clean

help:
	@echo 'make kernel          build the kernel with DEVICE_HOST memory (DEBUG=1: debug kernel)'
	@echo 'make kernel-tree     git tree of the source with the series, in build/linux'
	@echo 'make kernel-refresh  write the commits of that tree back as patches'
	@echo 'make kernel-deb      installable packages (BASE_CONFIG=/boot/config-...)'
	@echo 'make tools           build the tools'
	@echo 'make demo            watch a program'\''s heap move to a device and back, in a VM'
	@echo 'make check           all tests; make check-debug: all of them on the debug kernel'
	@echo 'make bench           instructions per operation, against the unpatched kernel'
	@echo 'make deps            install what the above need (they do it by themselves)'

deps:
	$(SUDO) scripts/deps.sh kernel vm test

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
	@$(SUDO) scripts/deps.sh vm
	@$(MAKE) -s -C tools/cdm-vm

demo: kernel tools
	@$(SUDO) scripts/deps.sh test
	@tests/vm/demo.sh

check: kernel tools
	@$(SUDO) scripts/deps.sh test
	@$(MAKE) -s kernel DEBUG=1
	@tests/run.sh

check-debug: tools
	@$(SUDO) scripts/deps.sh test
	@$(MAKE) -s kernel DEBUG=1
	@tests/run.sh debug

# What upstream's hmm-tests say of the unpatched kernel; check compares with it.
hmm-baseline: kernel-stock tools
	@tests/vm/hmm-tests.sh --baseline

bench: kernel kernel-stock tools
	@tests/bench/kernel-cost.sh

clean:
	rm -rf build
	@$(MAKE) -s -C tools/cdm-vm clean
