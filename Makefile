# health-insight: one file, no recursion. `make` builds build/bin/hi-*, `make
# check` runs the tests; nothing here installs packages (scripts/check does).

VERSION = 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/health-insight
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
DESTDIR ?=
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion
HARDEN ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
LDHARDEN ?= -pie -Wl,-z,relro,-z,now
SAN ?=

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DHI_VERSION='"$(VERSION)"' -Ilib -MMD -MP $(WARN) \
	$(HARDEN) $(SAN) $(CFLAGS) $(PKG_CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) $(SAN) $(LDFLAGS)

# The library in layer order: lib/LAYERS says what each layer is.
LAYERS := $(shell sed -e 's/\#.*//' -e '/^ *$$/d' lib/LAYERS)
# What a machine without librdkafka is built without.
HAVE_KAFKA := $(shell $(PKG_CONFIG) --exists rdkafka && echo yes)
LEFT_OUT := $(if $(HAVE_KAFKA),,lib/bridge/kafka_%.c cmd/hi-kafka-bridge.c tests/unit/test_kafka_%.c)
LIB_SRC := $(filter-out $(LEFT_OUT),$(foreach l,$(LAYERS),$(sort $(wildcard lib/$(l)/*.c))))
LIB_HDR := $(foreach l,$(LAYERS),$(sort $(wildcard lib/$(l)/*.h)))
LIB_OBJ = $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB = $(BUILD)/libhi.a

# What reads records opens .gz and .zst files and stores (zlib, libzstd, SQLite);
# libuuid makes the ids of alerts, libcsv reads CSV.
PKGS = libzstd zlib sqlite3 uuid
MISSING := $(shell for p in $(PKGS); do $(PKG_CONFIG) --exists $$p || echo $$p; done; \
	$(CC) $(CPPFLAGS) -E -include csv.h -x c /dev/null >/dev/null 2>&1 || echo libcsv)
ifneq ($(MISSING),)
ifeq ($(filter clean uninstall dist,$(MAKECMDGOALS)),)
$(error missing: $(MISSING). On Debian and Ubuntu: scripts/packages install)
endif
endif
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS))
LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)) -lm
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)

KAFKA_LIBS = $(if $(HAVE_KAFKA),$(shell $(PKG_CONFIG) --libs rdkafka))

TOOLS = $(patsubst cmd/%.c,%,$(filter-out $(LEFT_OUT),$(sort $(wildcard cmd/hi-*.c))))
BIN = $(TOOLS:%=$(BUILD)/bin/%)
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(filter-out $(LEFT_OUT),\
	$(sort $(wildcard tests/unit/test_*.c))))
MAN = $(sort $(wildcard man/*.[1-8]))
UNIT_FILE = hi-pipeline@.service

all: $(BUILD)/layers $(LIB) $(BIN) $(BUILD)/bin/hi-pipeline
ifneq ($(HAVE_KAFKA),yes)
	@echo "left out: hi-kafka-bridge; missing: librdkafka-dev" >&2
endif

$(BUILD)/layers: lib/LAYERS scripts/layers $(LIB_SRC) $(LIB_HDR)
	@scripts/layers
	@mkdir -p $(@D) && touch $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Text files compiled in: a quoted line a line.
$(BUILD)/%.inc: %
	@mkdir -p $(@D)
	sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@

$(BUILD)/lib/rule/seed.o: $(BUILD)/lib/rule/seed.rules.inc
$(BUILD)/lib/rule/seed.o: ALL_CFLAGS += -I$(BUILD)/lib

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

link = $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB)

# Who needs what.
$(BUILD)/bin/hi-gen: $(BUILD)/cmd/hi-gen.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS)
$(BUILD)/bin/hi-csv: $(BUILD)/cmd/hi-csv.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS) -lcsv
$(BUILD)/bin/hi-detect: $(BUILD)/cmd/hi-detect.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS)
$(BUILD)/bin/hi-store: $(BUILD)/cmd/hi-store.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS) -lcsv
$(BUILD)/bin/hi-cat: $(BUILD)/cmd/hi-cat.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS) -lcsv
$(BUILD)/bin/hi-agg: $(BUILD)/cmd/hi-agg.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS)
$(BUILD)/bin/hi-report: $(BUILD)/cmd/hi-report.o $(LIB) | $(BUILD)/bin/
	$(link) $(LIBS)

$(BUILD)/bin/hi-kafka-bridge: $(BUILD)/cmd/hi-kafka-bridge.o $(BUILD)/cmd/kafka_consume.o \
		$(BUILD)/cmd/kafka_produce.o $(LIB) | $(BUILD)/bin/
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(KAFKA_LIBS)

$(BUILD)/bin/hi-pipeline: scripts/hi-pipeline Makefile | $(BUILD)/bin/
	sed -e 's|@VERSION@|$(VERSION)|' $< >$@
	chmod 755 $@

$(BUILD)/tests/test_kafka_%: $(BUILD)/tests/unit/test_kafka_%.o $(LIB) | $(BUILD)/tests/
	$(link) $(LIBS) -lcsv $(KAFKA_LIBS) $(CHECK_LIBS)
# Brokers without a JVM, for tests/service.
$(BUILD)/tests/mock_cluster: $(BUILD)/tests/service/mock_cluster.o | $(BUILD)/tests/
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(KAFKA_LIBS)
$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(LIB) | $(BUILD)/tests/
	$(link) $(LIBS) -lcsv $(CHECK_LIBS)

$(BUILD)/bin/ $(BUILD)/tests/:
	@mkdir -p $@

unit: $(UNIT) $(if $(HAVE_KAFKA),$(BUILD)/tests/mock_cluster)

# Every test; ends with "N passed, N failed".
check: all unit
	@BUILD=$(BUILD) tests/run

# Speed beside the peers that are installed (scripts/bench --install-peers fetches them).
bench: all
	@BUILD=$(BUILD) scripts/bench

# Instructions a reading by callgrind: repeatable.
bench-count: all
	@BUILD=$(BUILD) scripts/bench-count

# Lengths of functions and files, nesting, parameters, tests a line.
figures:
	@scripts/figures

lint: all
	@CC=$(CC) scripts/lint

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(DATADIR)
	$(INSTALL) -m 755 $(BIN) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(BUILD)/bin/hi-pipeline $(DESTDIR)$(BINDIR)
	sed -e 's|@BINDIR@|$(BINDIR)|' 'share/$(UNIT_FILE).in' >'$(BUILD)/$(UNIT_FILE)'
	$(INSTALL) -D -m 644 '$(BUILD)/$(UNIT_FILE)' '$(DESTDIR)$(SYSTEMDUNITDIR)/$(UNIT_FILE)'
	$(INSTALL) -D -m 644 share/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/health-insight.conf
	for f in share/pipelines/*; do \
		$(INSTALL) -D -m 644 $$f $(DESTDIR)$(DATADIR)/pipelines/$${f##*/} || exit 1; done
	$(INSTALL) -m 644 $(LIB) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 644 lib/rule/seed.rules $(DESTDIR)$(DATADIR)
	for h in $(LIB_HDR:lib/%=%); do \
		$(INSTALL) -D -m 644 lib/$$h $(DESTDIR)$(INCLUDEDIR)/health-insight/$$h || exit 1; done
	for m in $(MAN); do \
		$(INSTALL) -D -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/} || exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' lib/hi.pc.in >$(BUILD)/hi.pc
	$(INSTALL) -m 644 $(BUILD)/hi.pc $(DESTDIR)$(LIBDIR)/pkgconfig/hi.pc

uninstall:
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) $(DESTDIR)$(BINDIR)/hi-pipeline
	rm -f $(DESTDIR)$(LIBDIR)/libhi.a '$(DESTDIR)$(SYSTEMDUNITDIR)/$(UNIT_FILE)'
	rm -f $(DESTDIR)$(LIBDIR)/pkgconfig/hi.pc
	rm -f $(DESTDIR)$(SYSUSERSDIR)/health-insight.conf
	rm -rf $(DESTDIR)$(INCLUDEDIR)/health-insight $(DESTDIR)$(DATADIR)
	for m in $(MAN); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/}; done

dist:
	git archive --prefix=health-insight-$(VERSION)/ -o health-insight-$(VERSION).tar.gz HEAD

# The whole suite under AddressSanitizer and UndefinedBehaviorSanitizer.
asan:
	$(MAKE) BUILD=build-asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" \
		HARDEN= LDHARDEN= CFLAGS="-O1 -g" check

# Fuzzers, FUZZ_SECONDS each, half of them with AddressSanitizer and half without, side by
# side: with it every block is new memory, without it what an earlier read has left lies
# behind the input.
# What they find new stays in build-fuzz/corpus; tests/fuzz/corpus holds a small set that
# covers the same code.
FUZZ_CC ?= clang-19
FUZZ_SECONDS ?= 60
FUZZ = $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_MAKE = $(MAKE) CC=$(FUZZ_CC) HARDEN= LDHARDEN= CFLAGS="-O1 -g -Wno-pass-failed"
FUZZ_SAN = -fsanitize=fuzzer-no-link,undefined -fno-sanitize-recover=all

fuzz:
	$(FUZZ_MAKE) BUILD=build-fuzz SAN="$(FUZZ_SAN) -fsanitize=address" $(FUZZ:%=build-fuzz/%)
	$(FUZZ_MAKE) BUILD=build-fuzz/plain SAN="$(FUZZ_SAN)" $(FUZZ:%=build-fuzz/plain/%)
	s=0; for f in $(FUZZ); do mkdir -p build-fuzz/corpus/$$f tests/fuzz/corpus/$$f; p=; \
		for build in build-fuzz build-fuzz/plain; do \
			$$build/$$f -max_total_time=$$(($(FUZZ_SECONDS) / 2)) -max_len=8192 \
				-verbosity=0 -print_funcs=0 -print_final_stats=1 -artifact_prefix=build-fuzz/ \
				build-fuzz/corpus/$$f tests/fuzz/corpus/$$f >$$build/$$f.log 2>&1 & \
			p="$$p $$!"; done; \
		for i in $$p; do wait $$i || s=1; done; \
		cat build-fuzz/$$f.log build-fuzz/plain/$$f.log; done; exit $$s

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/lines.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS) -lcsv -ljansson

clean:
	rm -rf $(BUILD) build-asan build-fuzz

-include $(LIB_OBJ:.o=.d) $(wildcard $(BUILD)/cmd/*.d $(BUILD)/tests/unit/*.d $(BUILD)/tests/fuzz/*.d \
	$(BUILD)/tests/service/*.d)
.PHONY: all unit check bench bench-count figures asan fuzz lint install uninstall dist clean
.SECONDARY:
