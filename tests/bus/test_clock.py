"""The real daemon under a wall clock that somebody sets, in zones that change theirs.

stepped_clock.c is that clock: only this lulld sees it, and its timers follow as the kernel has them follow. Times
are UTC.
"""
import calendar
import os
import pathlib
import signal
import struct
import subprocess
import time

import dbus
import pytest

from rig import Lulld, wait_for
from test_idle import settle

pytestmark = pytest.mark.realtime
HERE = pathlib.Path(__file__).resolve().parent
SECOND = 1000000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
WORK = "[block work]\nstart = 09:00\nend = 10:00\n"


def at(utc):
    """Microseconds since 1970 at a time such as "2026-03-02 09:30", with seconds or without."""
    utc += ":00" * (2 - utc.count(":"))
    return calendar.timegm(time.strptime(utc, "%Y-%m-%d %H:%M:%S")) * SECOND


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("clock") / "stepped_clock.so"
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC",
                    "-o", path, HERE / "stepped_clock.c"], check=True)
    return path


class SteppedLulld(Lulld):
    """lulld with a wall clock of its own."""

    def __init__(self, bus, library):
        super().__init__(bus)
        self.library = library
        self.clock = bus.tmp_path / "clock"

    def spawn(self):
        # AddressSanitizer wants to be the first library, but that is only for those that it would replace.
        options = self.bus.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        before = self.bus.env
        self.bus.env = {**before, "LD_PRELOAD": str(self.library), "STEPPED_CLOCK": str(self.clock),
                        "ASAN_OPTIONS": options.lstrip(":")}
        try:
            return super().spawn()
        finally:
            self.bus.env = before

    def ahead(self):
        return struct.unpack("=q", self.clock.read_bytes())[0]

    def now(self):
        return time.time_ns() // 1000 + self.ahead()

    def set(self, utc):
        """Somebody sets the clock."""
        with open(self.clock, "r+b" if self.clock.exists() else "wb") as f:
            f.write(struct.pack("=q", at(utc) - time.time_ns() // 1000))
        if self.process and self.process.poll() is None:
            os.kill(self.pid, signal.SIGRTMAX)


@pytest.fixture
def begin(bus, library):
    """Start lulld with a lull.conf, in a zone, at a time."""
    def run(text, utc, zone="UTC"):
        bus.env["TZ"] = zone
        lulld = SteppedLulld(bus, library)
        lulld.configure(text)
        lulld.set(utc)
        return lulld.start()

    return run


def tokens(user):
    return [str(t["kind"]) for t in user.get("Tokens")]


def on(user):
    wait_for(lambda: user.get("Focus"), "focus is on")


def off(user):
    wait_for(lambda: not user.get("Focus"), "focus is off")


# --- blocks ---

def test_a_clock_set_into_a_block_begins_it_and_set_over_its_end_releases(begin, bus, sender, user):
    lulld = begin(WORK, "2026-03-02 08:00")
    display = lulld.knows(bus.display())
    assert not user.get("Focus") and user.get("NextChange") == at("2026-03-02 09:00")
    lulld.set("2026-03-02 09:30")
    on(user)
    assert user.get("Until") == at("2026-03-02 10:00") == user.get("NextRelease")
    assert abs(int(user.get("Tokens")[0]["since"]) - lulld.now()) < 10 * SECOND
    sender.notify("later")
    assert user.get("Held") == 1
    lulld.set("2026-03-02 10:30")
    display.wait_summary("later")
    assert not user.get("Focus") and user.get("NextChange") == at("2026-03-03 09:00")


def test_a_clock_set_back_to_before_a_block_ends_it_and_it_comes_again(begin, bus, sender, user):
    lulld = begin(WORK, "2026-03-02 09:30")
    display = lulld.knows(bus.display())
    on(user)
    sender.notify("later")
    settle(lulld.pid)
    lulld.set("2026-03-02 08:59:58")
    display.wait_summary("later")
    assert not user.get("Focus")
    on(user)
    assert user.get("Until") == at("2026-03-02 10:00")
    assert 0 <= int(user.get("Tokens")[0]["since"]) - at("2026-03-02 09:00") < SECOND


def test_a_clock_set_within_a_block_changes_nothing(begin, sender, user):
    lulld = begin(WORK, "2026-03-02 09:30")
    on(user)
    id = sender.notify("later")
    since = user.get("Tokens")[0]["since"]
    for utc in ("2026-03-02 09:50", "2026-03-02 09:01", "2026-03-02 09:59"):
        lulld.set(utc)
        wait_for(lambda: abs(int(user.lull("GetItem", "u", sender.notify("now"))["arrived"]) - at(utc)) < 10 * SECOND,
                 "lulld sees the clock")
        assert user.get("Until") == at("2026-03-02 10:00") and user.get("Tokens")[0]["since"] == since
    assert id in user.item_ids("held")


@pytest.mark.parametrize("utc", ["2026-03-02 09:59:58", "2026-03-05 09:59:58", "2026-02-27 09:59:58"])
def test_after_a_step_the_timers_are_right(begin, bus, sender, user, utc):
    """By itself, with lulld at rest: the end comes two seconds after the clock was set to just before it."""
    lulld = begin(WORK, "2026-03-02 09:10")
    display = lulld.knows(bus.display())
    on(user)
    sender.notify("later")
    settle(lulld.pid)
    lulld.set(utc)
    # Between the second of March and the fifth there was an end, at which this was due.
    if utc == "2026-03-05 09:59:58":
        display.wait_summary("later")
        sender.notify("after the step")
        display.wait_summary("after the step")
    else:
        display.wait_summary("later")
    assert 0 <= lulld.now() - at(utc[:10] + " 10:00") < 2 * SECOND


def test_a_step_over_many_blocks_is_one_release(begin, bus, sender, user):
    lulld = begin(WORK, "2026-03-02 09:30")
    display = lulld.knows(bus.display())
    on(user)
    for i in range(3):
        sender.notify(f"m{i}")
    lulld.set("2026-06-02 12:00")
    display.wait_shown(3)
    assert display.summaries() == ["m0", "m1", "m2"] and not user.get("Focus")
    assert user.get("NextChange") == at("2026-06-03 09:00")


def test_a_step_into_the_block_of_another_day_releases_what_was_due_and_goes_on_holding(begin, bus, sender, user):
    lulld = begin(WORK, "2026-03-02 09:30")
    display = lulld.knows(bus.display())
    on(user)
    sender.notify("due on the second")
    lulld.set("2026-03-09 09:15")
    wait_for(lambda: user.get("Until") == at("2026-03-09 10:00"), "it is another day's")
    display.wait_summary("due on the second")
    id = sender.notify("later")
    assert user.get("Focus") and user.item_ids("held") == [id]


def test_what_was_ended_by_hand_stays_so_when_the_clock_is_set_back(begin, user):
    lulld = begin(WORK, "2026-03-02 09:30")
    on(user)
    user.lull("EndFocus")
    lulld.set("2026-03-02 09:10")
    wait_for(lambda: user.get("NextChange") == at("2026-03-03 09:00"), "the next one is tomorrow's")
    assert not user.get("Focus")
    lulld.restart()
    assert not user.get("Focus") and user.get("NextChange") == at("2026-03-03 09:00")
    lulld.set("2026-03-03 09:10")
    on(user)


def test_listeners_hear_of_a_step(begin, user):
    lulld = begin(WORK, "2026-03-02 08:00")
    user.listen("type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'")

    def told():
        return [s[2] for s in user.signals("org.freedesktop.DBus.Properties")
                if s[2].get("Focus") and s[2]["Until"] == at("2026-03-02 10:00")]

    lulld.set("2026-03-02 09:30")
    wait_for(told, "it is told")


# --- durations, times of day, rounds ---

@pytest.mark.parametrize("utc", ["2026-03-02 20:00", "2026-03-01 20:00"])
def test_a_duration_and_a_round_last_as_long_whatever_the_clock_says(begin, bus, sender, user, utc):
    lulld = begin("[pomodoro]\nwork = 2s\nbreak = 2s\n", "2026-03-02 12:00")
    display = lulld.knows(bus.display())
    began = time.monotonic()
    user.focus(duration=dbus.Int64(6 * SECOND))
    user.lull("StartPomodoro", "u", dbus.UInt32(2))
    sender.notify("later")
    lulld.set(utc)
    wait_for(lambda: abs(int(user.get("Until")) - at(utc)) < 10 * SECOND, "the end moves with the clock")
    left = [(int(t["ends"]) - lulld.now()) / SECOND + time.monotonic() - began for t in user.get("Tokens")]
    assert left == [pytest.approx(6, abs=0.5), pytest.approx(2, abs=0.5)]
    wait_for(lambda: user.get("Pomodoro").get("phase") == "break", "the round is over")
    assert time.monotonic() - began >= 2 and tokens(user) == ["manual"]
    assert abs(int(user.get("NextChange")) - at(utc)) < 10 * SECOND
    wait_for(lambda: len(tokens(user)) == 2, "the second round")
    display.wait_summary("later")
    assert 6 <= time.monotonic() - began < 9


def test_a_time_of_day_follows_the_clock(begin, bus, sender, user):
    lulld = begin("", "2026-03-02 12:00")
    display = lulld.knows(bus.display())
    user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(at("2026-03-02 13:00"))})
    ids = [sender.notify("later"), sender.notify("snoozed")]
    user.lull("Snooze", "aux", [ids[1]], dbus.Int64(at("2026-03-02 14:00")))
    lulld.set("2026-03-02 11:00")
    assert user.get("Until") == at("2026-03-02 13:00") and user.item_ids("held") == [ids[0]]
    lulld.set("2026-03-02 13:00:01")
    display.wait_summary("later")
    assert not user.get("Focus") and user.item_ids("snoozed") == [ids[1]]
    lulld.set("2026-03-02 13:59:59")
    display.wait_summary("snoozed")
    assert lulld.now() >= at("2026-03-02 14:00")


# --- deliveries ---

def test_a_delivery_that_the_clock_is_set_over_comes_and_set_back_comes_again(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 12:30, 17:00\n", "2026-03-02 12:00")
    display = lulld.knows(bus.display())
    sender.notify("first")
    assert user.get("NextDelivery") == at("2026-03-02 12:30")
    lulld.set("2026-03-02 16:00")
    display.wait_summary("first")
    assert user.get("NextDelivery") == at("2026-03-02 17:00")
    sender.notify("second")
    lulld.set("2026-03-02 12:00")
    wait_for(lambda: user.get("NextDelivery") == at("2026-03-02 12:30"), "it is to come again")
    assert user.get("Held") == 1
    lulld.set("2026-03-02 12:29:59")
    display.wait_summary("second")
    assert lulld.now() >= at("2026-03-02 12:30")


# --- daylight saving: Berlin, 2026-03-29 01:00 and 2026-10-25 01:00 ---

def test_in_spring_a_start_that_is_left_out_is_the_moment_of_the_change(begin, sender, user):
    lulld = begin("[block night]\nstart = 02:30\nend = 04:00\n", "2026-03-29 00:59:58", "Europe/Berlin")
    assert user.get("NextChange") == at("2026-03-29 01:00") and not user.get("Focus")
    on(user)
    assert 0 <= lulld.now() - at("2026-03-29 01:00") < 5 * SECOND
    assert user.get("Until") == at("2026-03-29 02:00")


def test_in_spring_an_end_that_is_left_out_is_the_moment_of_the_change(begin, bus, sender, user):
    lulld = begin("[block night]\nstart = 01:00\nend = 02:30\n", "2026-03-29 00:59:57", "Europe/Berlin")
    display = lulld.knows(bus.display())
    on(user)
    sender.notify("later")
    display.wait_summary("later")
    assert 0 <= lulld.now() - at("2026-03-29 01:00") < 5 * SECOND
    assert user.get("NextChange") == at("2026-03-29 23:00")


def test_in_autumn_a_block_begins_at_the_first_and_ends_at_the_second(begin, bus, sender, user):
    lulld = begin("[block night]\nstart = 02:10\nend = 02:30\n", "2026-10-25 00:09:58", "Europe/Berlin")
    display = lulld.knows(bus.display())
    assert not user.get("Focus")
    on(user)
    assert 0 <= lulld.now() - at("2026-10-25 00:10") < 5 * SECOND and user.get("Until") == at("2026-10-25 01:30")
    id = sender.notify("later")
    # The first half past two, and the moment of the change: it goes on.
    for utc in ("2026-10-25 00:30:01", "2026-10-25 01:00:01"):
        lulld.set(utc)
        assert user.get("Focus") and user.item_ids("held") == [id]
    lulld.set("2026-10-25 01:29:58")
    display.wait_summary("later")
    assert 0 <= lulld.now() - at("2026-10-25 01:30") < 5 * SECOND and not user.get("Focus")


def test_in_autumn_a_clock_set_back_by_an_hour_by_hand_is_followed(begin, user):
    """A machine whose owner doesn't trust it: between the two, back to the first half past two."""
    lulld = begin("[block night]\nstart = 01:00\nend = 02:30\n", "2026-10-25 01:40", "Europe/Berlin")
    assert not user.get("Focus")
    lulld.set("2026-10-25 00:40")
    on(user)
    assert user.get("Until") == at("2026-10-25 01:30")
    lulld.set("2026-10-25 01:40")
    off(user)
    assert user.get("NextChange") == at("2026-10-26 00:00")


def test_a_delivery_on_the_day_of_a_change_comes_once(begin, bus, sender, user):
    """Half past two comes twice in autumn: the first counts."""
    lulld = begin("[deliver]\nat = 02:30\n", "2026-10-25 00:29:58", "Europe/Berlin")
    display = lulld.knows(bus.display())
    sender.notify("first")
    display.wait_summary("first")
    assert user.get("NextDelivery") == at("2026-10-26 01:30")
    id = sender.notify("second")
    lulld.set("2026-10-25 01:30:01")
    assert user.item_ids("held") == [id] and user.get("NextDelivery") == at("2026-10-26 01:30")
