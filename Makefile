# Kartka.  `make run` is all one needs; `make help` lists the rest.
#
#	make CC=clang			another compiler
#	make CRASH=1			with the places where tests kill the process, in build/crash
#	make ASAN=1			address and undefined-behaviour sanitizers, in build/asan
#	make BUILD=/tmp/k		another build folder
#	make MYSQL=mysqlclient		Oracle's client library instead of MariaDB's
#
# Building holds a lock on $(BUILD)/.lock, running does not: any number of `make run`
# may be started side by side with their own KARTKA_VAR and HTTP_LISTEN.

ifeq ($(origin CC),default)
CC := gcc
endif
ASAN ?=
CRASH ?=
FUZZ ?=
MYSQL ?= mariadb
BUILD ?= build$(if $(ASAN),/asan)$(if $(CRASH),/crash)
# Beside it, for the tests: the same under sanitizers and with crash points, and the fuzzers.
ASAN_BUILD := $(if $(ASAN),$(BUILD),$(BUILD)/asan)
CRASH_BUILD := $(if $(CRASH),$(BUILD),$(BUILD)/crash)
FUZZ_BUILD := $(BUILD)/fuzz
PREFIX ?= /usr/local
DESTDIR ?=
UNITDIR ?= $(PREFIX)/lib/systemd/system

PROGRAMS := telegram portmone admin worker kartka
BIN := $(BUILD)/bin
export BUILD CC ASAN CRASH

# ---- flags ----

, := ,
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wno-format-nonliteral \
	-Wvla -Werror
HARDENING := -fstack-protector-strong -fPIE $(if $(ASAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZE := $(if $(ASAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) \
	$(if $(FUZZ),-fsanitize=fuzzer-no-link)
OPTIMIZE := $(if $(ASAN),-O1,-O2) -g

PKG_LIBS := json-c libcurl $(if $(filter mysqlclient,$(MYSQL)),mysqlclient,libmariadb) libcrypto expat \
	libqrencode liboath
pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)

# Only what compiles asks pkg-config: `make clean` works without the libraries.
ifneq ($(filter .build,$(MAKECMDGOALS)),)
PKG_CFLAGS := $(call pkg,--cflags,$(PKG_LIBS))
PKG_LDLIBS := -lfcgi $(call pkg,--libs,$(PKG_LIBS)) -lm
SANDBOX_LIBS := $(call pkg,--libs,libmicrohttpd libcurl json-c sqlite3 libcrypto) -lpthread -lm
endif

CPPFLAGS := -I. -D_GNU_SOURCE $(if $(CRASH),-DKARTKA_CRASH_POINTS) $(PKG_CFLAGS)
CFLAGS := -std=c17 $(OPTIMIZE) $(WARNINGS) $(HARDENING) $(SANITIZE)
LDFLAGS := -pie -Wl,--as-needed -Wl,-z,relro -Wl,-z,now $(SANITIZE)

# ---- what there is ----

SHARED_SRC := $(wildcard shared/*.c shared/*/*.c shared/*/*/*.c)
program_src = $(wildcard fcgi/$(1)/*.c fcgi/$(1)/*/*.c)
SANDBOX_SRC := $(wildcard tests/sandbox/*.c)
TEST_SRC := $(wildcard tests/unit/test_*.c tests/db/test_*.c)
TEST_HELP_SRC := $(filter-out $(TEST_SRC),$(wildcard tests/unit/*.c tests/db/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_HELP_SRC := tests/bench/bench.c
BENCH_SRC := $(filter-out $(BENCH_HELP_SRC),$(wildcard tests/bench/*.c))
ALL_SRC := $(SHARED_SRC) $(foreach p,$(PROGRAMS),$(call program_src,$(p))) $(SANDBOX_SRC) $(TEST_SRC) \
	$(TEST_HELP_SRC) $(FUZZ_SRC) $(BENCH_SRC) $(BENCH_HELP_SRC)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB := $(BUILD)/lib/libkartka.a
# A program whose main.c is not there is left out; everything of it but main.c is a library for tests.
HAVE := $(foreach p,$(PROGRAMS),$(if $(wildcard fcgi/$(p)/main.c),$(p)))
PROGRAM_LIBS := $(patsubst %,$(BUILD)/lib/%.a,$(HAVE))
TEST_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

# ---- what a user calls ----

.PHONY: all sandbox tests benches sanitized crashing fuzzers run test test-all bench lint fuzz mutants storm \
	soak scan valgrind test-galera test-mysql install clean deps deps-build deps-test deps-all deps-scan \
	help .build
.DEFAULT_GOAL := all
# Only what is built is built in parallel.
ifeq ($(filter .build,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

jobs = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
# $(call locked,THINGS): build them while holding the lock.
locked = $(call locked_in,$(BUILD),WHAT="$(1)")
# $(call locked_in,FOLDER,WHAT="THINGS" AND OTHER VARIABLES)
locked_in = @mkdir -p $(1) && flock $(1)/.lock $(MAKE) --no-print-directory $(jobs) .build BUILD=$(1) $(2)

all: deps-build
	$(call locked,programs)

sandbox: deps
	$(call locked,sandbox)

tests: deps-test
	$(call locked,programs sandbox tests)

benches: deps-test
	$(call locked,programs sandbox benches)

# The last command of the recipe replaces the shell, so that make's child is the supervisor itself.
run: deps
	$(call locked,programs sandbox)
	@bin=$(abspath $(BIN)); token=$$($$bin/kartka config get BOT_TOKEN) || exit 1; \
	KARTKA_VAR=$$($$bin/kartka config get KARTKA_VAR); export KARTKA_VAR; \
	if [ -n "$$token" ]; then exec $$bin/kartka run --stop-with-parent; fi; \
	exec tests/sandbox/start.sh $$bin

sanitized: deps-test
	$(call locked_in,$(ASAN_BUILD),ASAN=1 WHAT="programs sandbox tests")

fuzzers: deps-test
	$(call locked_in,$(FUZZ_BUILD),CC=clang ASAN=1 FUZZ=1 WHAT=fuzzers)

# With the places where tests kill the process.
crashing: deps-test
	$(call locked_in,$(CRASH_BUILD),CRASH=1 WHAT="programs sandbox")

test: tests sanitized crashing fuzzers
	@ASAN_BUILD=$(ASAN_BUILD) CRASH_BUILD=$(CRASH_BUILD) FUZZ_BUILD=$(FUZZ_BUILD) exec tests/run

test-all: deps-all benches tests sanitized crashing fuzzers
	@ASAN_BUILD=$(ASAN_BUILD) CRASH_BUILD=$(CRASH_BUILD) FUZZ_BUILD=$(FUZZ_BUILD) exec tests/run-all

bench: benches
	@exec tests/bench/run

lint: deps-test
	@exec tests/lint/run

fuzz: fuzzers
	@BUILD=$(FUZZ_BUILD) exec tests/fuzz/run

mutants: tests
	@exec tests/mutants/run

storm: crashing
	@CRASH_BUILD=$(CRASH_BUILD) exec tests/faults/storm

soak: tests
	@exec tests/faults/soak

valgrind: tests
	@exec tests/faults/valgrind

test-galera: tests crashing
	@fcgi/deps.sh galera
	@CRASH_BUILD=$(CRASH_BUILD) exec tests/faults/galera

# It builds in a system of its own.
test-mysql:
	@fcgi/deps.sh mysql
	@exec tests/faults/mysql

scan: deps-scan tests
	@exec tests/scan/run

deps:
	@fcgi/deps.sh run sandbox

deps-build:
	@fcgi/deps.sh build

deps-test:
	@fcgi/deps.sh run sandbox test

deps-all:
	@fcgi/deps.sh run sandbox test axe

deps-scan:
	@fcgi/deps.sh run sandbox test scan

clean:
	rm -rf build

help:
	@echo 'make run        the shop; without BOT_TOKEN the sandbox with its demo'
	@echo 'make            build/bin/{telegram,portmone,admin,worker,kartka}'
	@echo 'make test       the tests (up to 15 minutes); test-all: every bounded one'
	@echo 'make lint fuzz mutants bench storm soak scan valgrind test-galera test-mysql'
	@echo 'make install    DESTDIR= PREFIX=/usr/local'
	@echo 'make deps       what is missing, from Debian'

# ---- building (under the lock) ----

ifneq ($(filter .build,$(MAKECMDGOALS)),)

programs := $(patsubst %,$(BIN)/%,$(HAVE))
sandbox := $(if $(SANDBOX_SRC),$(BIN)/sandbox)
tests := $(TEST_PROGRAMS)
benches := $(BENCH_PROGRAMS)
fuzzers := $(FUZZ_PROGRAMS)

.build: $(foreach what,$(WHAT),$($(what)))
	@:

# Objects are made anew when the compiler or a flag changes.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(shell mkdir -p $(BUILD); echo '$(FLAGS)' | cmp -s - $(BUILD)/flags || echo '$(FLAGS)' > $(BUILD)/flags)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Its own object alone is made anew when the version changes.
$(BUILD)/obj/shared/base/version.o: CPPFLAGS += '-DKARTKA_VERSION="$(shell cat VERSION)"'
$(BUILD)/obj/shared/base/version.o: VERSION

# A source file that is gone must leave the archive too, hence the list.
define archive
$(1): $(call obj,$(2)) $(1).list
	@mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $(call obj,$(2))
$$(shell mkdir -p $(dir $(1)); echo '$(2)' | cmp -s - $(1).list || echo '$(2)' > $(1).list)
endef
$(eval $(call archive,$(LIB),$(SHARED_SRC)))
$(foreach p,$(HAVE),$(eval $(call archive,$(BUILD)/lib/$(p).a,$(filter-out fcgi/$(p)/main.c,$(call program_src,$(p))))))

# $(call link,LIBRARIES): also when the target is running, because it is replaced, not overwritten.
link = @mkdir -p $(@D) && echo "  LD   $@" && \
	$(CC) $(LDFLAGS) -o $@.new $(filter %.o,$^) $(1) && mv -f $@.new $@

$(BIN)/%: $(BUILD)/obj/fcgi/%/main.o $(BUILD)/lib/%.a $(LIB)
	$(call link,$(BUILD)/lib/$*.a $(LIB) $(PKG_LDLIBS))

$(BIN)/sandbox: $(call obj,$(SANDBOX_SRC))
	$(call link,$(SANDBOX_LIBS))

TEST_LIBS := $(PROGRAM_LIBS) $(LIB)
$(TEST_PROGRAMS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call obj,$(TEST_HELP_SRC)) $(TEST_LIBS)
	$(call link,$(TEST_LIBS) -lcmocka $(PKG_LDLIBS) -lpthread)

$(BENCH_PROGRAMS): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(call obj,$(BENCH_HELP_SRC)) $(LIB)
	$(call link,$(LIB) $(PKG_LDLIBS) -lpthread)

$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(TEST_LIBS)
	$(call link,-fsanitize=fuzzer $(TEST_LIBS) $(PKG_LDLIBS))

.SECONDARY:
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(ALL_SRC))
endif

# ---- installing ----

SHARE := $(DESTDIR)$(PREFIX)/share/kartka
UNITS := $(wildcard fcgi/*/*.socket fcgi/*/*.service)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(PREFIX)/lib/sysusers.d
	for p in $(filter-out kartka,$(HAVE)); do \
		install -m 0755 $(BIN)/$$p $(DESTDIR)$(PREFIX)/bin/kartka-$$p || exit 1; done
	install -m 0755 $(BIN)/kartka $(DESTDIR)$(PREFIX)/bin/kartka
	rm -rf $(patsubst %,$(SHARE)/%,templates sql nginx admin-ui)
	cp -R templates sql nginx admin-ui $(SHARE)/
	chmod -R u=rwX,go=rX $(SHARE)
	sed 's|@PREFIX@|$(PREFIX)|g' nginx/kartka.conf.example > $(SHARE)/nginx/kartka.conf.example
	for u in $(UNITS); do sed 's|@PREFIX@|$(PREFIX)|g' $$u > $(DESTDIR)$(UNITDIR)/$${u##*/} || exit 1; done
	install -m 0644 fcgi/kartka/kartka.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/kartka.conf
