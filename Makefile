# health-insight: one file, no recursion. `make` builds build/bin/hi-*, `make
# check` runs the tests; nothing here installs packages (scripts/check does).

VERSION = 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion
HARDEN ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
LDHARDEN ?= -pie -Wl,-z,relro,-z,now
SAN ?=

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DHI_VERSION='"$(VERSION)"' -Ilib -MMD -MP $(WARN) $(HARDEN) $(SAN) $(CFLAGS) $(PKG_CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) $(SAN) $(LDFLAGS)

# The library in layer order: lib/LAYERS says what each layer is.
LAYERS = $(shell sed -e 's/\#.*//' -e '/^ *$$/d' lib/LAYERS)
LIB_SRC = $(foreach l,$(LAYERS),$(sort $(wildcard lib/$(l)/*.c)))
LIB_OBJ = $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB = $(BUILD)/libhi.a

# Who needs what: every tool links libhi.a and, through its operands, these.
PKGS = libzstd zlib sqlite3 uuid
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS))
LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)) -lcsv -lm

TOOLS = $(patsubst cmd/%.c,%,$(sort $(wildcard cmd/hi-*.c)))
BIN = $(TOOLS:%=$(BUILD)/bin/%)
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))

all: $(BIN) $(LIB)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

$(BUILD)/bin/%: $(BUILD)/cmd/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS) $(shell $(PKG_CONFIG) --libs check)

unit: $(UNIT)

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJ:.o=.d) $(wildcard $(BUILD)/cmd/*.d $(BUILD)/tests/unit/*.d)
.PHONY: all unit clean
.SECONDARY:
