# Builds ./node and ./sim; everything longer than a few lines is in scripts/.
#
#   make help                    the targets
#   make CC=clang SAN=address    another compiler, a sanitizer (address, undefined, thread,
#                                or several with commas): each has its own folder in build/
#   make CFLAGS="-O0 -g"         other options; what they concern is built again

SAN =
PREFIX = /usr/local
CFLAGS = -O2 -g

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
  -Wwrite-strings -Wundef -Wconversion -Wformat=2 -Wvla -Wnull-dereference

# Sanitizers confuse the flow analysis behind some warnings, so there they are no errors.
ifeq ($(SAN),)
  WARNINGS += -Werror
else
  SANITIZE = -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

empty =
space = $(empty) $(empty)
comma = ,
BUILD = build/$(subst $(space),-,$(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN))))
export CC

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Icore $(WARNINGS) $(CFLAGS) $(SANITIZE) $(CPPFLAGS)
COMPILE = $(CC) $(ALL_CFLAGS) -MMD -MP
LINK = $(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS)
SYSTEM_LIBS = -lm -ldl -lpthread

LIBRARY = $(BUILD)/libhearsay.a
OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(filter-out core/main/%,$(wildcard core/*/*.c)))
TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/c/test_*.c))
TEST_HELPERS = $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/c/test_%,$(wildcard tests/c/*.c)))
FUZZERS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))
SPECS = $(sort $(shell find tests -name '*_spec.lua' 2>/dev/null))

# What tests can make fail: tests/c/failing_alloc.h, tests/c/failing_calls.h.
FAILING_ALLOC = malloc calloc realloc strdup
FAILING_CALLS = read write poll ppoll pipe2 fork fcntl waitpid getrandom
TEST_LINK = $(addprefix -Wl$(comma)--wrap=,$(FAILING_ALLOC) $(FAILING_CALLS))

# Builds on all processors, unless told otherwise. These targets call make again for what
# they need once the packages are there; two of them at once would build the same files.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
  MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN || echo 2)
endif
ifneq ($(filter demo test test-c test-lua test-page test-threads check lint,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

.DELETE_ON_ERROR:
.PHONY: all FORCE help man deps docs demo test test-c test-lua test-threads test-page test-programs \
  check fuzz fuzz-programs atlas survive crash soak twice valgrind bench bench-guard bench-steady lint \
  format install uninstall clean

all: node sim ## build ./node and ./sim (the default)
	@[ -L "node challenges" ] || ln -s challenges "node challenges"

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# ./node and ./sim are what was built last: one file with the one in the build folder.
node sim: %: $(BUILD)/% FORCE
	@[ $@ -ef $< ] || ln -f $< $@ 2>/dev/null || cp $< $@

# The library and Lua need each other, hence the group.
$(BUILD)/node $(BUILD)/sim: $(BUILD)/%: $(BUILD)/core/main/%.o $(LIBRARY) $(BUILD)/lua.libs
	@echo "  link    $@"
	@$(LINK) -o $@ $< -Wl,--start-group $(LIBRARY) @$(BUILD)/lua.libs -Wl,--end-group $(SYSTEM_LIBS)

$(LIBRARY): $(OBJECTS) $(BUILD)/objects
	@rm -f $@
	@$(AR) rcs $@ $(OBJECTS)

$(BUILD)/core/%.o: core/%.c $(BUILD)/options $(BUILD)/lua.cflags
	@mkdir -p $(@D)
	@echo "  compile $<"
	@$(COMPILE) @$(BUILD)/lua.cflags -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c $(BUILD)/options $(BUILD)/lua.cflags $(BUILD)/cmocka.cflags
	@mkdir -p $(@D)
	@echo "  compile $<"
	@$(COMPILE) -Itests/c @$(BUILD)/lua.cflags @$(BUILD)/cmocka.cflags -c -o $@ $<

$(TESTS): %: %.o $(TEST_HELPERS) $(LIBRARY) $(BUILD)/lua.libs $(BUILD)/cmocka.libs
	@$(LINK) $(TEST_LINK) -o $@ $< $(TEST_HELPERS) -Wl,--start-group $(LIBRARY) \
	  @$(BUILD)/lua-test.libs -Wl,--end-group @$(BUILD)/cmocka.libs $(SYSTEM_LIBS)

$(FUZZERS): %: %.o $(BUILD)/tests/c/fake_platform.o $(LIBRARY) $(BUILD)/lua.libs
	@$(LINK) -fsanitize=fuzzer -o $@ $< $(BUILD)/tests/c/fake_platform.o -Wl,--start-group $(LIBRARY) \
	  @$(BUILD)/lua.libs -Wl,--end-group $(SYSTEM_LIBS)

# Where the libraries are. One run of the script writes both files.
$(BUILD)/lua.cflags $(BUILD)/cmocka.cflags: $(BUILD)/%.cflags: scripts/libs scripts/env
	@scripts/libs write $* $(BUILD)

$(BUILD)/lua.libs $(BUILD)/cmocka.libs: %.libs: %.cflags ;

# Files that change when what they say changes: the options, the list of objects.
$(BUILD)/options: SAYS = $(COMPILE) $(LINK)
$(BUILD)/objects: SAYS = $(OBJECTS)
$(BUILD)/options $(BUILD)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(SAYS)' | cmp -s - $@ || echo '$(SAYS)' >$@

deps: ## get every package that building, testing and lint need (DEPS=unpack: into vendor/local)
	@scripts/deps build test lint
	@echo "deps: everything is there"

demo: ## 25 nodes broadcast over a slow and partitioned network
	@scripts/deps build
	@$(MAKE) -s all
	./sim test -w broadcast --bin "./node challenges/broadcast_3e.lua" --node-count 25 --time-limit 20 --rate 100 --latency 100 --nemesis partition

test: ## run all tests (ONLY=text: those with the text in their names)
	@scripts/deps build test
	@$(MAKE) -s all test-programs
	@scripts/test $(BUILD) $(TESTS) $(SPECS)

test-c: ## run the unit tests of the C code
	@scripts/deps build test
	@$(MAKE) -s test-programs
	@scripts/test $(BUILD) $(TESTS)

test-lua: ## run the busted specs: Lua modules, challenges, command lines, simulations
	@scripts/deps build test
	@$(MAKE) -s all
	@scripts/test $(BUILD) $(SPECS)

test-page: ## look at the pages in a headless Chromium (ONLY=text)
	@scripts/deps build page
	@$(MAKE) -s all
	@python3 tests/page/main.py "$(ONLY)"

# Specs of what runs threads: sweeps over seeds, logs that a thread syncs, worlds of processes.
THREADED = $(wildcard $(addsuffix _spec.lua,$(addprefix tests/, cli/sim_explore cli/sim_compare \
  cli/node_data cli/node_cluster lua/explore_worker lua/durable lua/segments lua/sync sim/real_time)))

# These have no threads, and ThreadSanitizer is not for them: it holds signals back from code that
# calls nothing, as the loops that a clock is to end; and at its pace the last two take minutes.
UNTHREADED = $(addprefix $(BUILD)/tests/c/test_,runaway strings segments tables)

test-threads: ## run the unit tests and the specs of what has threads (for SAN=thread)
	@scripts/deps build test
	@$(MAKE) -s all test-programs
	@scripts/test $(BUILD) $(filter-out $(UNTHREADED),$(TESTS)) $(THREADED)

test-programs: $(TESTS)

lint: ## check style, layers and common faults
	@scripts/deps build test lint
	@$(MAKE) -s $(LIBRARY) $(BUILD)/cmocka.cflags
	@scripts/lint $(BUILD)

format: ## bring the C code into style
	clang-format -i $(wildcard core/*/*.[ch] tests/c/*.[ch])

check: lint test ## lint and test

SECONDS = 60

fuzz: ## feed each parser and the challenges hostile input (SECONDS=60 for each fuzzer; ONLY=text)
	@scripts/deps build test ci
	@$(MAKE) -s CC=clang SAN=fuzzer-no-link,address,undefined fuzz-programs
	@scripts/fuzz build/clang-fuzzer-no-link-address-undefined $(SECONDS)

fuzz-programs: $(FUZZERS)

docs: all ## write lua/README.md and lua/types from the doc comments
	@./node --lua scripts/docs.lua

BENCH_PROGRAMS = $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/floor

$(BENCH_PROGRAMS): %: %.o $(LIBRARY)
	@$(LINK) -o $@ $< $(LIBRARY) -lm

bench: ## run the benchmarks, each beside its baseline (ONLY=text); 1 to 2 minutes
	@scripts/deps build test
	@$(MAKE) -s all $(BENCH_PROGRAMS)
	@./node --lua tests/bench/main.lua $(BUILD) "$(ONLY)"

bench-guard: ## count instructions a message, beside the committed figures (UPDATE=1: commit new)
	@scripts/deps build
	@$(MAKE) -s all
	@./node --lua tests/bench/guard.lua $(BUILD) "$(CC)" $(if $(UPDATE),update)

bench-steady: ## see that memory stays the same over ten million messages
	@scripts/deps build
	@$(MAKE) -s all $(BENCH_PROGRAMS)
	@./node --lua tests/bench/steady.lua $(BUILD)

atlas: ## run every solution calm and under faults, and write challenges/README.md (SEEDS=5; 7 minutes)
	@scripts/deps build
	@$(MAKE) -s all
	@./node --lua scripts/atlas.lua "$(SEEDS)" "$(ONLY)"

survive: ## run every right node under mixes of the faults it survives (SEEDS=100; TOGETHER=1: all at once)
	@scripts/deps build
	@$(MAKE) -s all
	@./node --lua tests/sim/survive.lua $(SEEDS)

ROUNDS = 100

crash: ## kill -9 real nodes under load, and see that they keep what they acknowledged (ROUNDS=100)
	@scripts/deps build
	@$(MAKE) -s all
	@trap '' PIPE; ./node --lua tests/crash/main.lua $(ROUNDS)

MB = 2000

soak: ## feed gigabytes to a node: all answered, and memory stays the same (MB=2000)
	@scripts/deps build
	@$(MAKE) -s all
	@trap '' PIPE; ./node --lua tests/soak/main.lua $(MB)

twice: ## run the same seeds in other processes, address layouts, threads and builds, and compare
	@scripts/deps build
	@$(MAKE) -s all
	+@scripts/twice $(BUILD)

valgrind: ## run a selection of tests, nodes and runs of the bench under memcheck
	@scripts/deps build test lint
	@$(MAKE) -s all test-programs
	@scripts/valgrind $(BUILD)

# Challenges start the node as ../node, seen from their folder; so share/ has a link to it.
SHARE = $(DESTDIR)$(PREFIX)/share/hearsay

MAN = $(DESTDIR)$(PREFIX)/share/man/man1
COMPLETIONS = bash-completion/completions zsh/site-functions fish/vendor_completions.d

man: all ## write the manual pages and shell completions into build/man
	@./node --lua scripts/man.lua build/man

install: all man ## install below PREFIX (DESTDIR: below another root)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)" "$(MAN)" $(COMPLETIONS:%="$(DESTDIR)$(PREFIX)/share/%")
	install -m 755 node sim "$(DESTDIR)$(PREFIX)/bin"
	install -m 644 build/man/man1/*.1 "$(MAN)"
	install -m 644 build/man/completions/sim "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -m 644 build/man/completions/_sim "$(DESTDIR)$(PREFIX)/share/zsh/site-functions"
	install -m 644 build/man/completions/sim.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	rm -rf "$(SHARE)/lua" "$(SHARE)/challenges"
	cp -R lua challenges "$(SHARE)"
	ln -sfn ../../bin/node "$(SHARE)/node"

uninstall: ## remove what install put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/node" "$(DESTDIR)$(PREFIX)/bin/sim" "$(MAN)/node.1" "$(MAN)/sim.1" "$(MAN)"/sim-*.1
	rm -f "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sim" \
	  "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sim" \
	  "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sim.fish"
	rm -rf "$(SHARE)"

clean: ## remove everything the build made
	rm -rf build node sim "node challenges"

-include $(wildcard $(BUILD)/core/*/*.d $(BUILD)/tests/*/*.d)
