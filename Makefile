# lull: `make deps demo` shows it working, `make test-deps check` tests it. `make help` lists the rest.
#
# Everything is built in $(BUILD), out of the tree. Source lists are explicit: what a program is made of,
# and what a unit test may link, is written here and nowhere else.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/lull
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/lull
# Where systemd and the bus look below this prefix. They search /usr, /usr/local and ~/.local, there in share only.
in_prefix = $(or $(patsubst /usr/%,$(PREFIX)/%,$(shell $(PKG_CONFIG) --silence-errors --variable=$(1))),$(PREFIX)/$(2))
SYSTEMDUSERUNITDIR ?= $(if $(filter $(HOME)/%,$(PREFIX)),$(PREFIX)/share/systemd/user,$(call \
	in_prefix,systemduserunitdir systemd,lib/systemd/user))
DBUSSERVICEDIR ?= $(call in_prefix,session_bus_services_dir dbus-1,share/dbus-1/services)
BUILD ?= build
VERSION := 0.1.0

CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
HARDEN ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDHARDEN ?= -pie -Wl,-z,relro,-z,now
WARN := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wundef -Wwrite-strings
ifneq ($(WERROR),)
WARN += -Werror
endif
ifneq ($(SANITIZE),)
HARDEN := -fPIE
SANFLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
BASE_CFLAGS = -std=gnu17 $(WARN) -I. -D_GNU_SOURCE -DLULL_VERSION='"$(VERSION)"' \
	-DLULL_LIBEXECDIR='"$(LIBEXECDIR)"' $(HARDEN) $(SANFLAGS)
BASE_LDFLAGS = $(LDHARDEN) $(SANFLAGS)

# --- what each program is made of ------------------------------------------------------------------

# Pure: no library at all. Unit tests link these and cmocka, so the linker proves it.
CORE_SRC := config/duration.c config/calendar.c config/guess.c config/utf8.c config/fold.c config/pattern.c config/rule.c \
	config/default_rules.c config/settings.c config/settings_table.c config/settings_value.c config/settings_text.c \
	config/settings_check.c config/settings_template.c \
	daemon/core/text.c daemon/core/notification.c daemon/core/policy.c daemon/core/tally.c daemon/core/trace.c \
	daemon/core/focus.c daemon/core/batch.c daemon/core/digest.c daemon/core/desktop.c \
	daemon/core/civil.c daemon/core/schedule.c daemon/core/pomodoro.c daemon/core/forecast.c daemon/core/ledger.c \
	daemon/core/plain.c daemon/core/code_forms.c daemon/core/code_words.c daemon/core/code_wordings.c \
	daemon/core/one_time_code.c

BUS_SRC := daemon/bus/bus.c daemon/bus/bus_loop.c daemon/bus/value.c daemon/bus/hints.c daemon/bus/wire.c daemon/bus/wire_stored.c daemon/bus/senders.c \
	daemon/bus/front.c daemon/bus/abilities.c daemon/bus/foreign.c daemon/bus/identity.c daemon/bus/files.c daemon/bus/role.c daemon/bus/display.c \
	daemon/bus/control.c daemon/bus/control_answer.c daemon/bus/control_focus.c daemon/bus/control_items.c \
	daemon/bus/control_status.c \
	daemon/bus/finder.c daemon/bus/peer.c daemon/bus/units.c daemon/bus/launch.c daemon/bus/starter.c \
	daemon/bus/adopt.c daemon/bus/takeover.c
# Files of the user's that daemon and client both read.
FILES_SRC := config/load.c config/regex_pcre2.c config/xdg.c config/command.c config/services.c config/adopted.c
ENGINE_SRC := daemon/engine/engine.c daemon/engine/engine_focus.c daemon/engine/engine_calls.c daemon/engine/engine_view.c daemon/engine/arrival.c daemon/engine/delivery.c \
	daemon/engine/release.c daemon/engine/snooze.c daemon/engine/hold.c daemon/engine/rulebook.c daemon/engine/timetable.c daemon/engine/outlook.c daemon/engine/inhibit.c daemon/engine/handle.c \
	daemon/engine/listing.c daemon/engine/probe.c daemon/engine/relay.c daemon/engine/pass.c daemon/engine/outbox.c
JOURNAL_SRC := daemon/journal/journal.c daemon/journal/journal_pings.c daemon/journal/journal_records.c \
	daemon/journal/numbers.c daemon/journal/oplog.c daemon/journal/place.c daemon/journal/store.c \
	daemon/journal/store_pings.c daemon/journal/store_records.c daemon/journal/layout.c daemon/journal/sql.c

lulld_SRC := daemon/main.c daemon/standing.c daemon/ports.c daemon/configuration.c daemon/log.c daemon/clock.c daemon/zone.c daemon/guard.c daemon/spawn.c $(BUS_SRC) $(ENGINE_SRC) \
	$(JOURNAL_SRC) daemon/present/presenter.c $(FILES_SRC)
lulld_PKG := libevent_core dbus-1 sqlite3 inih libsystemd libpcre2-8

lull_SRC := client/main.c client/verbs.c client/call.c client/message.c client/print.c client/when.c client/suggest.c client/words.c \
	client/status.c client/focus.c client/list.c client/items.c client/show.c client/why.c client/explain.c client/ask.c client/handle.c \
	client/history.c client/archive.c client/stored.c client/conf.c client/console.c \
	client/server.c client/shelf.c client/doctor.c client/doctor_checks.c client/doctor_front.c \
	client/doctor_files.c client/doctor_peer.c client/doctor_probe.c client/probe.c client/enable.c \
	client/enable_login.c client/enable_files.c client/enable_record.c client/enable_report.c \
	client/enable_bus.c client/enable_found.c client/disable.c client/units.c client/dropin.c client/autostart.c client/disk.c \
	$(FILES_SRC)
lull_PKG := dbus-1 jansson sqlite3 inih libpcre2-8

lull-present_SRC := daemon/present/lull_present.c
lull-present_PKG := libnotify

lull-shim_SRC := daemon/shim/main.c daemon/shim/relay.c daemon/shim/framing.c
lull-shim_PKG := libevent_core

PROGRAMS := lulld lull lull-present lull-shim

# --- what is installed besides ----------------------------------------------------------------------

UNITS := lulld.service org.lull.Lull1.service display-shim.conf
MAN := $(patsubst docs/%.scd,%,$(wildcard docs/*.scd))

# --- tests and benchmarks --------------------------------------------------------------------------

UNIT_TESTS := duration settings pattern text policy one_time_code tally focus pomodoro schedule batch digest ledger desktop command services dropin framing print when load journal timetable engine traces wire manual identity
unit-framing_SRC := daemon/shim/framing.c
unit-print_SRC := client/print.c
unit-print_PKG := jansson
unit-when_SRC := client/when.c
unit-load_SRC := config/load.c config/xdg.c config/regex_pcre2.c
unit-load_PKG := inih libpcre2-8
unit-pattern_SRC := config/regex_pcre2.c
unit-pattern_PKG := libpcre2-8
unit-policy_SRC := config/load.c config/xdg.c config/regex_pcre2.c
unit-policy_PKG := inih libpcre2-8
unit-command_SRC := config/command.c
unit-services_SRC := config/services.c config/command.c config/xdg.c
unit-journal_SRC := $(JOURNAL_SRC)
unit-journal_PKG := sqlite3
unit-timetable_SRC := daemon/engine/timetable.c daemon/log.c $(JOURNAL_SRC)
unit-timetable_PKG := sqlite3
WORLD_SRC := tests/unit/world.c tests/unit/world_ports.c tests/unit/world_life.c tests/unit/world_look.c
unit-engine_SRC := $(WORLD_SRC) $(ENGINE_SRC) daemon/log.c $(JOURNAL_SRC)
unit-engine_PKG := sqlite3
unit-traces_SRC := $(unit-engine_SRC)
unit-traces_PKG := sqlite3
unit-dropin_SRC := client/dropin.c
unit-manual_SRC := config/manual.c
unit-identity_SRC := daemon/bus/identity.c
unit-identity_PKG := dbus-1
unit-wire_SRC := daemon/bus/wire.c daemon/bus/wire_stored.c daemon/bus/hints.c daemon/bus/value.c daemon/bus/bus.c daemon/bus/files.c
unit-wire_PKG := dbus-1

# These have a real bus of their own.
BUS_TESTS := loop
bus-test-loop_SRC := daemon/bus/bus_loop.c daemon/bus/bus.c daemon/bus/wire.c daemon/bus/wire_stored.c daemon/bus/hints.c \
	daemon/bus/value.c tests/bus/test_bus_loop.c daemon/bus/files.c
bus-test-loop_PKG := libevent_core dbus-1 cmocka

bench-floor_SRC := tests/bench/floor.c
bench-floor_PKG := dbus-1
bench-load_SRC := tests/bench/load.c
bench-load_PKG := dbus-1
bench-decisions_SRC := tests/bench/decisions.c config/load.c config/xdg.c config/regex_pcre2.c
bench-decisions_PKG := inih libpcre2-8
BENCH_PROGRAMS := bench-floor bench-load bench-decisions

# --- building --------------------------------------------------------------------------------------

.PHONY: all FORCE install uninstall check-install help deps test-deps desktop-deps demo check check-unit check-bus check-display \
	check-desktops bench bench-programs asan valgrind format format-check cppcheck clean
.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAMS:%=$(BUILD)/%) $(UNITS:%=$(BUILD)/%) $(MAN:%=$(BUILD)/%) ## the four programs, in build/

Q := $(if $(V),,@)
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/obj/core/%.o)
# With -j, too, nothing is built before its packages are there: `make -j deps demo`.
DEP_GOALS := $(filter deps test-deps desktop-deps,$(MAKECMDGOALS))
$(BUILD)/obj/core/%.o: %.c | $(DEP_GOALS)
	@mkdir -p $(@D)
	$(Q)echo "  CC    $<"
	$(Q)$(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
-include $(CORE_OBJ:.o=.d)

# A program's own objects are kept apart, because each is compiled with its own packages' flags.
# $(1): name; $(2): objects that it shares
define program
$(BUILD)/$(1): $$($(1)_SRC:%.c=$(BUILD)/obj/$(1)/%.o) $(2)
	$$(Q)echo "  LINK  $$@"
	$$(Q)$$(CC) $$(BASE_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(if $$($(1)_PKG),$$$$($$(PKG_CONFIG) --libs $$($(1)_PKG)))
$(BUILD)/obj/$(1)/%.o: %.c | $(DEP_GOALS)
	@mkdir -p $$(@D)
	$$(Q)echo "  CC    $$<"
	$$(Q)$$(CC) $$(BASE_CFLAGS) $$(if $$($(1)_PKG),$$$$($$(PKG_CONFIG) --cflags $$($(1)_PKG))) $$(CPPFLAGS) \
		$$(CFLAGS) -MMD -MP -c -o $$@ $$<
-include $$($(1)_SRC:%.c=$(BUILD)/obj/$(1)/%.d)
endef
$(foreach p,lulld lull bench-decisions $(BUS_TESTS:%=bus-test-%),$(eval $(call program,$(p),$(CORE_OBJ))))
$(foreach p,lull-present lull-shim $(filter-out bench-decisions,$(BENCH_PROGRAMS)),$(eval $(call program,$(p))))

# $(1): a line. The target is newer only when that line is another one than last time.
define write_if_changed
@mkdir -p $(@D)
@echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
endef

define unit_test
unit-$(1)_SRC += tests/unit/test_$(1).c
unit-$(1)_PKG += cmocka
$$(eval $$(call program,unit-$(1),$$(CORE_OBJ)))
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test,$(t))))

# Only this one knows a path that is chosen when it is built.
$(BUILD)/obj/lulld/daemon/spawn.o: $(BUILD)/libexecdir
$(BUILD)/libexecdir: FORCE
	$(call write_if_changed,$(LIBEXECDIR))

$(BUILD)/bindir: FORCE
	$(call write_if_changed,$(BINDIR))
$(UNITS:%=$(BUILD)/%): $(BUILD)/%: systemd/%.in $(BUILD)/bindir
	$(Q)echo "  GEN   $@"
	$(Q)sed 's|@BINDIR@|$(BINDIR)|g' $< >$@

$(MAN:%=$(BUILD)/%): $(BUILD)/%: docs/%.scd | $(DEP_GOALS)
	@mkdir -p $(@D)
	$(Q)echo "  MAN   $@"
	$(Q)scdoc <$< >$@

FORCE:

help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

# --- packages --------------------------------------------------------------------------------------

DEPS := build-essential pkg-config libevent-dev libdbus-1-dev libnotify-dev libinih-dev libsqlite3-dev \
	libsystemd-dev libjansson-dev libpcre2-dev dbus libnotify-bin scdoc
TEST_DEPS := $(DEPS) libcmocka-dev python3 python3-pytest python3-dbus python3-gi python3-dbusmock \
	dunst xfce4-notifyd xfconf mate-notification-daemon notification-daemon lxqt-notificationd \
	xvfb xdotool imagemagick x11-utils strace clang clang-format \
	libclang-rt-14-dev cppcheck valgrind sqlite3 systemd dbus-user-session xdg-dbus-proxy \
	bubblewrap
DESKTOP_DEPS := $(TEST_DEPS) dbus-broker sway mako-notifier sway-notification-center grim gnome-shell gjs gir1.2-gtk-3.0 \
	chromium chromium-driver

SUDO = $(if $(filter 0,$(shell id -u)),,sudo)
# Only what is missing is installed, so that a second run needs neither the network nor a password.
define install_packages
@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
if ! command -v apt-get >/dev/null; then \
	echo "This is not a Debian system. Install what these Debian 12 packages contain, then go on:"; \
	echo "  $(1)"; exit 1; \
elif [ -n "$$missing" ]; then \
	echo "installing:" $$missing; \
	$(SUDO) apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
fi
endef

deps: ## install what building and the demo need (Debian 12)
	$(call install_packages,$(DEPS))
test-deps: ## install what the tests need
	$(call install_packages,$(TEST_DEPS))
desktop-deps: ## install the heavier display servers
	$(call install_packages,$(DESKTOP_DEPS))

# --- using it --------------------------------------------------------------------------------------

demo: all ## the main job, end to end, on a private bus
	@LULL_BUILD=$(BUILD) tests/demo/demo.sh

check: check-unit check-install check-bus check-display ## all tests

check-unit: $(UNIT_TESTS:%=$(BUILD)/unit-%)
	@set -e; for t in $(UNIT_TESTS); do echo "== unit: $$t"; $(BUILD)/unit-$$t; done
	@echo "== unit: schedule, against brute force"
	@/usr/bin/python3 tests/cases/schedule_oracle.py >$(BUILD)/schedules.txt
	@$(BUILD)/unit-schedule $(BUILD)/schedules.txt

BUS_TESTS_TO_RUN := not desktop
PYTEST = LULL_BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider
check-bus: all $(BUS_TESTS:%=$(BUILD)/bus-test-%)
	@set -e; for t in $(BUS_TESTS); do echo "== bus: $$t"; $(BUILD)/bus-test-$$t; done
	$(PYTEST) tests/bus -m '$(BUS_TESTS_TO_RUN)'
check-display: all
	$(PYTEST) tests/display -m 'not desktop'
check-desktops: all
	$(PYTEST) tests/bus -m desktop
	$(PYTEST) tests/display -m desktop

# What takes minutes of waiting for the time to pass is in unit tests with simulated time, too.
asan: ## unit and bus tests, with AddressSanitizer and UBSan
	$(MAKE) BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' \
		BUS_TESTS_TO_RUN='not desktop and not realtime' check-unit check-bus

VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
	--errors-for-leak-kinds=definite --child-silent-after-fork=yes
valgrind: all $(UNIT_TESTS:%=$(BUILD)/unit-%) ## the unit tests, and lulld in the bus tests, under valgrind
	@set -e; for t in $(UNIT_TESTS); do echo "== valgrind: $$t"; LULL_TRACES=5 $(VALGRIND) $(BUILD)/unit-$$t; done
	LULL_WRAPPER='$(VALGRIND)' $(PYTEST) tests/bus/test_hold.py

bench-programs: $(BENCH_PROGRAMS:%=$(BUILD)/%)
bench: all bench-programs ## lulld beside a floor that stores nothing
	$(BUILD)/bench-decisions
	LULL_BUILD=$(BUILD) /usr/bin/python3 tests/bench/bench.py

C_FILES = $(wildcard daemon/*.[ch] daemon/*/*.[ch] client/*.[ch] config/*.[ch] tests/*/*.[ch])
format: ## format the C files in place
	clang-format -i $(C_FILES)
format-check: ## fail when a C file isn't formatted
	clang-format --dry-run --Werror $(C_FILES)
# It doesn't know the cleanup attribute, so leaks are left to ASan and valgrind.
cppcheck: ## static analysis
	cppcheck --suppress=memleak --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
		-D__GNUC__ -I. daemon client config

# --- installing ------------------------------------------------------------------------------------

# What `install` puts where, as mode:file:directory. `uninstall` removes the same.
INSTALLED := $(foreach p,lulld lull lull-shim,755:$(BUILD)/$(p):$(BINDIR)) \
	755:$(BUILD)/lull-present:$(LIBEXECDIR) \
	644:$(BUILD)/lulld.service:$(SYSTEMDUSERUNITDIR) \
	644:$(BUILD)/org.lull.Lull1.service:$(DBUSSERVICEDIR) \
	644:config/lull.conf:$(DOCDIR) \
	644:$(BUILD)/display-shim.conf:$(DOCDIR) \
	$(foreach m,$(MAN),644:$(BUILD)/$(m):$(MANDIR)/man$(lastword $(subst ., ,$(m))))
field = $(word $(1),$(subst :, ,$(2)))
define newline


endef
INSTALL_DIRS = $(sort $(foreach i,$(INSTALLED),$(call field,3,$(i))))

install: all ## install into $(DESTDIR)$(PREFIX)
	$(foreach i,$(INSTALLED),$(Q)install -D -m $(call field,1,$(i)) $(call field,2,$(i)) \
		'$(DESTDIR)$(call field,3,$(i))/$(notdir $(call field,2,$(i)))'$(newline))
# An account for which it is enabled would be without any notifications. Below DESTDIR nobody runs anything.
define refuse_while_enabled
@check() { \
	[ ! -e "$$2/lull/enabled.json" ] || \
		{ echo "lull is still enabled for $$1: run 'lull disable' first" >&2; exit 1; }; \
}; \
check "$$(id -un)" "$${XDG_STATE_HOME:-$$HOME/.local/state}"; \
home=$$([ -z "$$SUDO_USER" ] || getent passwd -- "$$SUDO_USER" | cut -d: -f6); \
[ -z "$$home" ] || check "$$SUDO_USER" "$$home/.local/state"
endef

uninstall: ## remove what install has put there
	$(if $(DESTDIR),,$(refuse_while_enabled))
	$(foreach i,$(INSTALLED),$(Q)rm -f \
		'$(DESTDIR)$(call field,3,$(i))/$(notdir $(call field,2,$(i)))'$(newline))
# Below DESTDIR every directory is install's.
ifeq ($(DESTDIR),)
	$(Q)for d in $(LIBEXECDIR) $(DOCDIR); do [ ! -d $$d ] || rmdir --ignore-fail-on-non-empty $$d; done
else
	$(Q)for d in $(INSTALL_DIRS); do [ ! -d '$(DESTDIR)'$$d ] || \
		(cd '$(DESTDIR)' && rmdir -p --ignore-fail-on-non-empty $${d#/}); done
endif
check-install: all ## install, compare with tests/install.list, uninstall
	+$(Q)MAKE='$(MAKE)' BUILD='$(BUILD)' PREFIX='$(PREFIX)' UNITDIR='$(SYSTEMDUSERUNITDIR)' tests/install.sh

clean: ## remove everything that was built
	rm -rf $(BUILD)
