# SPDX-License-Identifier: GPL-2.0
#
# mqttk: what people type. The module itself is described in Kbuild, the tools
# in tools/Makefile; everything that needs a guest is in selftests/.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
PREFIX ?= /usr
VERSION := $(shell sed -n 's/^PACKAGE_VERSION=//p' dkms.conf | tr -d '"')

all: modules tools

modules:
	@test -e $(KDIR)/Makefile || { \
		echo "There are no kernel headers at $(KDIR): install linux-headers-$$(uname -r)," >&2; \
		echo "name others by KDIR=, or use 'make run', which needs none." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools PREFIX=$(PREFIX)

# A broker in a virtual machine, on 127.0.0.1:1883, until Ctrl-C.
run:
	@selftests/vm/up -k $(KERNEL)

# mqttkctl in that machine: make ctl ARGS='client show'
ctl:
	@selftests/vm/ctl "mqttkctl $(ARGS)"

check:
	@selftests/run $(T)

check-fast:
	@selftests/run -f $(T)

# Instructions a message, beside other brokers: ROWS='fan-100 pairs', or all.
bench:
	@selftests/bench/run -k $(KERNEL) $(ROWS)

# Lines of memory that processors share, for each message: CPUS='2 4'.
sharing:
	@for cpus in $(or $(CPUS),2 4); do \
		selftests/bench/sharing -k $(KERNEL) -s $$cpus || exit 1; done

# For all inputs up to a length; FULL=1: longer ones, an hour.
proof:
	@selftests/proof/run $(if $(FULL),-f)
	@selftests/proof/run -m

# libFuzzer, SECONDS= for each of TARGETS='wire props topic proto'.
fuzz:
	@selftests/fuzz/run $(or $(SECONDS),60) $(TARGETS)

# Every allocation of the module, failed one by one: half an hour.
faults:
	@for kind in failslab fail_page_alloc; do \
		selftests/uml/run -t 10800 -m 768 \
			"STRIDE=1 KIND=$$kind /selftests/faults/all.sh" || exit 1; done

# What of the module's code the tests run: an hour.
coverage:
	@selftests/coverage/run $(T)

# HTML in Documentation/output/html; installs what it needs.
docs:
	@Documentation/build

install:
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) selftests/lib/install install $(VERSION)

uninstall:
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) selftests/lib/install uninstall $(VERSION)

clean:
	@test ! -e $(KDIR)/Makefile || $(MAKE) -s -C $(KDIR) M=$(CURDIR) clean
	@test ! -e tools/Makefile || $(MAKE) -s -C tools clean
	@for dir in selftests/*/Makefile; do \
		test ! -e $$dir || $(MAKE) -s -C $${dir%/Makefile} clean; done
	@rm -rf Documentation/output

help:
	@echo "make             the module (KDIR=) and the tools"
	@echo "make run         a broker in a virtual machine (KERNEL=6.12 or 7.3)"
	@echo "make ctl         mqttkctl in that machine (ARGS='client show')"
	@echo "make check       every test (T=NAME: one); make check-fast: three minutes' worth"
	@echo "make bench       beside other brokers, in instructions (ROWS='fan-100 pairs', KERNEL=)"
	@echo "make proof       the wire format's code, for all short inputs (FULL=1: longer ones)"
	@echo "make fuzz        longer ones, and the core of the broker (SECONDS=, TARGETS=)"
	@echo "make faults      each allocation of the module failed, one by one; half an hour"
	@echo "make coverage    which of the module's code the tests run; an hour (T=uml/tests/NAME.sh)"
	@echo "make docs        the documentation and the manual as HTML"
	@echo "make install     module by DKMS, and tools; make uninstall"
	@echo "make clean"

.PHONY: all modules tools run ctl check check-fast bench sharing proof fuzz faults coverage docs install uninstall clean help
