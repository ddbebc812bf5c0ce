"""Rounds of work with breaks between them, by the real daemon and its real timers."""
import re
import time

import dbus
import pytest

from rig import Lulld, wait_for
from test_schedule import zone_where_it_is

pytestmark = pytest.mark.realtime
SECOND = 1000000
FAR = "[pomodoro]\nwork = 25m\nbreak = 5m\n"


@pytest.fixture
def begin(bus):
    """Start lulld with a lull.conf."""
    def run(text):
        lulld = Lulld(bus)
        lulld.configure(text)
        return lulld.start()

    return run


def short(work=1, rest=1, long=1, every=4):
    return f"[pomodoro]\nwork = {work}s\nbreak = {rest}s\nlong = {long}s\nevery = {every}\n"


def start(user, rounds=0):
    return user.lull("StartPomodoro", "u", dbus.UInt32(rounds))


def where(user):
    p = user.get("Pomodoro")
    return f"{p['phase']} {p['round']} of {p['rounds']}" if p else None


def wait_where(user, phase):
    wait_for(lambda: where(user) == phase, phase)


def tokens(user):
    return [(str(t["kind"]), str(t["name"])) for t in user.get("Tokens")]


def test_each_round_holds_and_each_break_releases(begin, bus, sender, user):
    lulld = begin(short(work=2, rest=2))
    display = lulld.knows(bus.display())
    sender.notify("before")
    display.wait_summary("before")
    status = start(user, 3)
    assert status["Focus"] and "EndedPomodoro" not in status
    for round in (1, 2, 3):
        wait_where(user, f"work {round} of 3")
        assert user.get("Focus") and tokens(user) == [("pomodoro", f"work {round} of 3")]
        ends = int(user.get("Pomodoro")["ends"])
        assert user.get("Until") == ends == user.get("NextRelease") == user.get("NextChange")
        sender.notify(f"m{round}")
        assert user.get("Held") == 1
        display.wait_summary(f"m{round}")
        assert 0 <= time.time() * 1e6 - ends < 2 * SECOND
        assert where(user) == (f"break {round} of 3" if round < 3 else None)
        assert not user.get("Focus") and tokens(user) == [] and user.get("NextRelease") == 0
        assert user.get("NextChange") == (user.get("Pomodoro")["ends"] if round < 3 else 0)
        if round < 3:
            sender.notify(f"b{round}")
            display.wait_summary(f"b{round}")
    assert display.summaries() == ["before", "m1", "b1", "m2", "b2", "m3"]
    assert user.get("NextBlock") == ""


def test_after_every_so_many_rounds_the_break_is_a_long_one(begin, user):
    begin(short(long=40, every=2))
    start(user, 3)
    begun = int(user.get("Pomodoro")["since"])
    wait_where(user, "long break 2 of 3")
    p = user.get("Pomodoro")
    # Late wake-ups don't add up.
    assert abs(int(p["since"]) - begun - 3 * SECOND) < 1000 and int(p["ends"] - p["since"]) == 40 * SECOND


def test_without_a_number_there_are_as_many_rounds_as_the_settings_say(begin, user):
    begin(FAR + "every = 6\n")
    start(user)
    assert where(user) == "work 1 of 6"
    start(user, 99)
    assert where(user) == "work 1 of 99"
    for rounds in (100, 0xffffffff):
        assert user.lull_error("StartPomodoro", "u", dbus.UInt32(rounds)) == \
            ("org.lull.Lull1.Error.InvalidOption", "a pomodoro has from 1 to 99 rounds")
    assert where(user) == "work 1 of 99"


def test_in_a_break_a_manual_block_goes_on_and_nothing_is_released(begin, bus, sender, user):
    lulld = begin(short(work=1, rest=40))
    lulld.knows(bus.display())
    user.focus()
    start(user)
    id = sender.notify("later")
    assert tokens(user) == [("manual", ""), ("pomodoro", "work 1 of 4")]
    wait_where(user, "break 1 of 4")
    assert tokens(user) == [("manual", "")] and user.get("Focus") and user.item_ids("held") == [id]
    # What changes next is the break's end, though nothing is released then.
    assert user.get("NextChange") == user.get("Pomodoro")["ends"] < user.get("Until") == user.get("NextRelease")


def test_a_round_begins_during_a_manual_block_and_goes_on_after_it(begin, sender, user):
    begin(short(work=40, rest=1))
    start(user)
    user.focus(duration=dbus.Int64(SECOND // 2))
    id = sender.notify("later")
    wait_for(lambda: tokens(user) == [("pomodoro", "work 1 of 4")], "the manual one ends")
    assert user.get("Focus") and user.item_ids("held") == [id]


def test_until_counts_a_round_that_begins_before_the_manual_block_ends(begin, user):
    begin(FAR)
    start(user, 3)
    begun = int(user.get("Pomodoro")["since"])

    def until(minutes):
        at = begun + int(minutes * 60 * SECOND)
        return (int(user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(at)})["Until"]) - begun) / SECOND / 60

    # Into the first break, the second round, the second break, the last round; and after it.
    assert [until(m) for m in (26, 31, 56, 61, 100)] == [26, 55, 56, 85, 100]


def test_in_a_break_lulld_waits_for_its_end_alone(begin, bus, sender, user):
    """The timers as the kernel has them: by boot time for the end of the break, by wall time for nothing."""
    lulld = begin(short(work=1, rest=300))
    lulld.knows(bus.display())
    start(user)
    sender.notify("m")
    wait_where(user, "break 1 of 4")

    def left():
        timers = lulld.timers()
        return timers[time.CLOCK_BOOTTIME] > 290 and timers

    timers = wait_for(left, "what else there was to do is done")
    ends = int(user.get("Pomodoro")["ends"]) / 1e6
    assert timers == {time.CLOCK_BOOTTIME: pytest.approx(ends - time.time(), abs=1), time.CLOCK_REALTIME: 0}


# --- starting anew, ending ---

def test_to_start_again_is_to_start_anew(begin, user):
    begin(FAR)
    start(user)
    first = user.get("Pomodoro")
    status = start(user, 2)
    assert status["EndedPomodoro"] == "work 1 of 4"
    assert where(user) == "work 1 of 2" and user.get("Pomodoro")["since"] > first["since"]
    assert len(tokens(user)) == 1
    assert "EndedPomodoro" not in user.lull("GetStatus")


def test_end_ends_a_pomodoro_and_everything_else(begin, bus, sender, user):
    lulld = begin(FAR)
    display = lulld.knows(bus.display())
    start(user)
    user.focus()
    sender.notify("later")
    assert user.lull("EndFocus")["EndedPomodoro"] == "work 1 of 4"
    assert not user.get("Focus") and where(user) is None and user.get("NextChange") == 0
    display.wait_summary("later")
    assert user.lull_error("EndFocus")[0] == "org.lull.Lull1.Error.NoFocus"


def test_end_ends_a_pomodoro_in_a_break_also_over_a_restart(begin, user):
    lulld = begin(short(rest=300))
    start(user)
    wait_where(user, "break 1 of 4")
    assert not user.get("Focus")
    assert user.lull("EndFocus")["EndedPomodoro"] == "break 1 of 4"
    assert where(user) is None
    assert user.lull_error("EndFocus")[0] == "org.lull.Lull1.Error.NoFocus"
    lulld.restart()
    assert where(user) is None and lulld.timers()[time.CLOCK_BOOTTIME] == 0


def test_toggle_ends_a_round_and_in_a_break_adds_a_manual_block(begin, user):
    begin(short(work=2, rest=300))
    start(user)
    assert user.lull("ToggleFocus", "a{sv}", {})["EndedPomodoro"] == "work 1 of 4"
    assert where(user) is None
    start(user)
    wait_where(user, "break 1 of 4")
    assert "EndedPomodoro" not in user.lull("ToggleFocus", "a{sv}", {})
    assert where(user) == "break 1 of 4" and tokens(user) == [("manual", "")]


def test_a_block_and_a_pomodoro_do_not_end_each_other(begin, bus, user):
    """A block that is on all day, and then isn't in lull.conf any more."""
    block = "[block all]\nstart = 00:00\nend = 00:00\n"
    lulld = begin(short(rest=300) + block)
    wait_for(lambda: user.get("Focus"), "the block is on")
    start(user)
    assert tokens(user) == [("schedule", "all"), ("pomodoro", "work 1 of 4")]
    wait_where(user, "break 1 of 4")
    assert tokens(user) == [("schedule", "all")]
    start(user)
    lulld.configure(FAR)
    user.lull("Reload")
    assert tokens(user) == [("pomodoro", "work 1 of 4")] and user.get("Focus")


def test_an_application_and_a_pomodoro_do_not_end_each_other(begin, sender, user):
    begin(short(rest=300))
    start(user)
    cookie = sender.call("Inhibit", "ssa{sv}", "app", "a talk", {})
    wait_where(user, "break 1 of 4")
    assert [k for k, _ in tokens(user)] == ["inhibit"] and user.get("Focus")
    sender.call("UnInhibit", "u", cookie)
    wait_for(lambda: not user.get("Focus"), "the application gives it back")
    assert where(user) == "break 1 of 4"


# --- restarts and settings ---

def test_a_restart_in_a_round_changes_nothing(begin, sender, user):
    lulld = begin(FAR)
    start(user, 7)
    id = sender.notify("later")
    before = user.get("Pomodoro"), user.get("Tokens")
    for end in (lulld.stop, lulld.kill):
        end()
        lulld.start()
        assert (user.get("Pomodoro"), user.get("Tokens")) == before
    assert user.item_ids("held") == [id]


def test_a_restart_in_a_break_keeps_the_break_and_the_next_round_comes(begin, bus, sender, user):
    lulld = begin(short(work=1, rest=4))
    display = lulld.knows(bus.display())
    start(user)
    wait_where(user, "break 1 of 4")
    before = user.get("Pomodoro")
    lulld.restart()
    assert user.get("Pomodoro") == before and not user.get("Focus") and tokens(user) == []
    lulld.knows(display)
    sender.notify("in the break")
    display.wait_summary("in the break")
    wait_where(user, "work 2 of 4")
    assert user.get("Focus") and user.get("Pomodoro")["since"] == before["ends"]


def test_what_was_missed_is_left_out(begin, bus, sender, user):
    """lulld is away from the first round until the third; what was due in a break meanwhile comes at once."""
    lulld = begin(short(work=2))
    display = lulld.knows(bus.display(shimmed=True))
    start(user)
    begun = int(user.get("Pomodoro")["since"])
    sender.notify("m1")
    lulld.stop()
    wait_for(lambda: time.time() * 1e6 > begun + 6.2 * SECOND, "the third round")
    lulld.start()
    assert where(user) == "work 3 of 4"
    assert abs(int(user.get("Pomodoro")["since"]) - begun - 6 * SECOND) < 1000
    display.wait_summary("m1")
    lulld.knows(display)
    sender.notify("m2")
    display.wait_summary("m2")
    assert where(user) == "break 3 of 4"


def test_a_pomodoro_that_ended_while_lulld_was_away_is_over(begin, bus, sender, user):
    lulld = begin(short())
    start(user, 1)
    begun = int(user.get("Pomodoro")["since"])
    sender.notify("later")
    lulld.stop()
    wait_for(lambda: time.time() * 1e6 > begun + SECOND, "the round is over")
    lulld.start()
    lulld.knows(bus.display()).wait_summary("later")
    assert where(user) is None and not user.get("Focus")


def test_reload_counts_from_the_next_phase_on(begin, user):
    lulld = begin(short(work=2, rest=5))
    start(user, 4)
    ends = user.get("Pomodoro")["ends"]
    lulld.configure(short(work=20, rest=1, every=1, long=2))
    assert list(user.lull("Reload")) == []
    assert user.get("Pomodoro")["ends"] == ends
    wait_where(user, "long break 1 of 4")
    wait_where(user, "work 2 of 4")
    p = user.get("Pomodoro")
    assert abs(int(p["since"] - ends) - 2 * SECOND) < 1000 and p["ends"] - p["since"] == 20 * SECOND


def test_between_deliveries_a_break_releases_nothing_by_itself(begin, bus, sender, user):
    """As at the end of any block: what was held goes on waiting for the delivery, unless the user ends it."""
    hour = time.localtime().tm_hour
    lulld = begin(short(rest=300) + f"[deliver]\nat = {(hour + 2) % 24:02}:00\n")
    display = lulld.knows(bus.display())
    start(user)
    id = sender.notify("later")
    wait_where(user, "break 1 of 4")
    assert user.item_ids("held") == [id] and user.get("NextRelease") == user.get("NextDelivery") > 0
    start(user)
    user.lull("EndFocus")
    display.wait_summary("later")


def test_a_delivery_that_falls_into_a_round_comes_at_its_end(bus, begin, user):
    """In the break before it status says so."""
    bus.env["TZ"] = zone_where_it_is(12, 20)
    rest = "[deliver]\nat = 12:30\n"
    lulld = begin(short(work=1, rest=300) + rest)
    start(user)
    lulld.configure(short(work=3600) + rest)
    user.lull("Reload")
    wait_where(user, "break 1 of 4")
    assert user.get("NextDelivery") - int(time.time() * 1e6) < 600 * SECOND
    assert user.get("NextRelease") == user.get("Pomodoro")["ends"] + 3600 * SECOND


# --- the client ---

def lines(lulld):
    return dict(line.split(maxsplit=1) for line in lulld.client("status").stdout.splitlines())


def test_the_client_starts_one_and_says_where_it_is(begin, user):
    lulld = begin(FAR)
    out = lulld.client("pomodoro").stdout
    at = time.strftime("%-H:%M", time.localtime(int(user.get("Pomodoro")["ends"]) / 1e6))
    assert re.fullmatch(r"focus is on until .* \(25 min left\) · pomodoro work 1 of 4\n", out)
    s = lines(lulld)
    when = s["Pomodoro"].removeprefix("work 1 of 4, until ")
    assert when in (at, f"tomorrow {at}")
    assert s["Tokens"] == f"pomodoro work 1 of 4 until {when}"
    assert s["Next"] == f"{when}, pomodoro work 1 of 4 ends" and s["Held"] == f"0, next release {when}"
    j = lulld.client_json("status")
    assert j["pomodoro"] == {"phase": "work", "round": 1, "rounds": 4, "since": j["tokens"][0]["since"],
                             "ends": j["until"]}
    assert lulld.client("pomodoro", "8").stdout.startswith("the pomodoro begins anew, it was in work 1 of 4; focus is on")
    assert lulld.client_json("pomodoro", "1")["pomodoro"]["rounds"] == 1
    assert lulld.client("end").stdout == "the pomodoro has ended in work 1 of 1; focus is off\n"
    assert "Pomodoro" not in lines(lulld) and lulld.client_json("status")["pomodoro"] is None


def test_the_client_says_when_the_break_ends_and_ends_the_pomodoro_in_it(begin, user):
    lulld = begin(short(rest=7200))
    lulld.client("pomodoro", "3")
    wait_where(user, "break 1 of 3")
    s = lines(lulld)
    when = s["Pomodoro"].removeprefix("break until ")
    assert s["Focus"] == f"off until {when} (work 2 of 3)"
    assert s["Tokens"] == "none" and s["Next"] == f"{when}, work 2 of 3 begins" and s["Held"] == "0"
    lulld.client("focus", "1h", "--label", "writing")
    s = lines(lulld)
    assert s["Focus"].endswith(" · writing") and s["Pomodoro"] == f"break until {when}"
    assert lulld.client("end").stdout == "the pomodoro has ended in break 1 of 3; focus is off\n"
    assert lulld.client("end", status=1).stderr == "lull: focus is off\n"


@pytest.mark.parametrize("word", ["0", "100", "-1", "1.5", "25m", "", "99999999999999999999"])
def test_a_number_of_rounds_that_is_none_is_explained(begin, user, word):
    r = begin("").client("pomodoro", "--", word, status=2)
    assert r.stderr == f"lull: '{word}' isn't a number of rounds; write one from 1 to 99\n"
    assert where(user) is None


def test_listeners_hear_of_each_phase(begin, user):
    begin(short(rest=1))
    user.listen("type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'")
    start(user, 2)

    def phases():
        told = [s[2] for s in user.signals("org.freedesktop.DBus.Properties") if "Pomodoro" in s[2]]
        return [str(t["Pomodoro"]["phase"]) if t["Pomodoro"] else "" for t in told]

    wait_for(lambda: phases()[-1:] == [""], "it is over")
    assert [p for i, p in enumerate(phases()) if i == 0 or phases()[i - 1] != p] == ["work", "break", "work", ""]
