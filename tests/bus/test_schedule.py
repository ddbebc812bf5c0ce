"""Blocks that come back and delivery times, by the real daemon and its real timers.

Nothing waits for a minute to pass: lulld gets a zone of its own in which it is the time of day that a test needs.
"""
import contextlib
import os
import sqlite3
import time

import dbus
import pytest

from rig import Lulld, wait_for

DAY_S = 86400
HOUR = 3600 * 1000000


def zone_where_it_is(hour, minute, second=0):
    """A zone, as TZ says it, in which the clock shows this now."""
    ahead = (hour * 3600 + minute * 60 + second - int(time.time()) + DAY_S // 2) % DAY_S - DAY_S // 2
    west = abs(ahead)
    return f"TST{'-' if ahead > 0 else '+'}{west // 3600}:{west // 60 % 60:02}:{west % 60:02}"


@pytest.fixture
def begin(bus):
    """Start lulld with a lull.conf, at a time of day."""
    def run(text, hour, minute, second=0):
        bus.env["TZ"] = zone_where_it_is(hour, minute, second)
        lulld = Lulld(bus)
        lulld.configure(text)
        lulld.start()
        return lulld

    return run


def tokens(user):
    return [(str(t["kind"]), str(t["name"])) for t in user.get("Tokens")]


def off(user):
    return wait_for(lambda: not user.get("Focus"), "focus is off")


def rules(user):
    return [str(user.lull("GetItem", "u", id)["rule"]) for id in user.item_ids("held")]


WORK = "[block work]\nstart = 09:00\nend = 10:00\n"


# --- blocks ---

def test_a_block_that_is_on_when_lulld_starts_holds(begin, sender, user):
    begin(WORK, 9, 30)
    wait_for(lambda: user.get("Focus"), "focus is on")
    assert tokens(user) == [("schedule", "work")]
    left = int(user.get("Until")) / 1e6 - time.time()
    assert 1790 < left <= 1800
    assert user.get("NextRelease") == user.get("Until") == user.get("NextChange")
    assert user.get("NextBlock") == ""
    id = sender.notify("later")
    assert user.item_ids("held") == [id] and rules(user) == ["focus"]


def test_a_block_begins_by_itself(begin, bus, sender, user):
    lulld = begin(WORK, 8, 59, 58)
    display = lulld.knows(bus.display())
    begins = int(user.get("NextChange"))
    assert not user.get("Focus") and user.get("NextBlock") == "work"
    wait_for(lambda: user.get("Focus"), "the block begins")
    since = int(user.get("Tokens")[0]["since"])
    assert 0 <= since - begins < 1000000
    sender.notify("later")
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"]


def test_holding_begins_before_a_block_with_a_lead(begin, user):
    begin(WORK + "lead = 10m\n", 8, 49, 58)
    assert not user.get("Focus")
    wait_for(lambda: user.get("Focus"), "the lead begins")
    assert tokens(user) == [("schedule", "work")]
    assert 4100 < int(user.get("Until")) / 1e6 - time.time() < 4201


def test_what_a_block_held_is_released_at_its_end(begin, bus, sender, user):
    lulld = begin(WORK, 9, 59, 57)
    display = lulld.knows(bus.display())
    ids = [sender.notify(f"m{i}") for i in range(2)]
    assert user.item_ids("held") == ids
    ends = int(user.get("Until"))
    display.wait_shown(2)
    assert display.summaries() == ["m0", "m1"]
    assert 0 <= time.time() * 1e6 - ends < 2000000
    assert not user.get("Focus") and user.get("NextBlock") == "work"


def test_a_manual_block_goes_on_when_a_block_ends(begin, bus, sender, user):
    lulld = begin(WORK, 9, 59, 58)
    lulld.knows(bus.display())
    user.focus()
    id = sender.notify("later")
    assert tokens(user) == [("schedule", "work"), ("manual", "")]
    wait_for(lambda: tokens(user) == [("manual", "")], "the block ends")
    assert user.get("Focus") and user.item_ids("held") == [id]


def test_a_block_goes_on_when_a_manual_one_ends(begin, sender, user):
    begin(WORK, 9, 30)
    user.focus(duration=dbus.Int64(300000))
    id = sender.notify("later")
    wait_for(lambda: tokens(user) == [("schedule", "work")], "the manual one ends")
    assert user.get("Focus") and user.item_ids("held") == [id]


def test_to_extend_a_block_is_to_go_on_by_hand_after_it(begin, user):
    begin(WORK, 9, 30)
    ends = int(user.get("Until"))
    user.lull("ExtendFocus", "x", dbus.Int64(HOUR))
    assert tokens(user) == [("schedule", "work"), ("manual", "")]
    assert user.get("Until") == ends + HOUR and user.get("Tokens")[0]["ends"] == ends


def test_end_ends_this_occurrence_also_over_a_restart_and_not_tomorrows(begin, bus, sender, user):
    lulld = begin(WORK + "[block other]\nstart = 09:15\nend = 11:00\n", 9, 30)
    display = lulld.knows(bus.display())
    user.focus()
    begun = int(user.get("Tokens")[0]["ends"]) - HOUR
    sender.notify("later")
    user.lull("EndFocus")
    assert not user.get("Focus") and tokens(user) == []
    display.wait_summary("later")
    assert user.get("NextChange") == begun + 24 * HOUR and user.get("NextBlock") == "work"
    lulld.kill()
    lulld.start()
    lulld.knows(display)
    sender.notify("at once")
    display.wait_summary("at once")
    assert not user.get("Focus") and user.get("NextChange") == begun + 24 * HOUR


def test_a_restart_in_a_block_keeps_the_token_and_what_is_held(begin, sender, user):
    lulld = begin(WORK, 9, 30)
    id = sender.notify("later")
    since = user.get("Tokens")[0]["since"]
    lulld.restart()
    assert user.get("Tokens")[0]["since"] == since
    assert tokens(user) == [("schedule", "work")] and user.item_ids("held") == [id]


def test_a_block_that_ended_while_lulld_was_away_is_over(begin, bus, sender, user):
    lulld = begin(WORK, 9, 30)
    sender.notify("later")
    lulld.stop()
    bus.env["TZ"] = zone_where_it_is(10, 30)
    lulld.start()
    display = lulld.knows(bus.display())
    display.wait_summary("later")
    assert not user.get("Focus")


def test_reload_keeps_what_still_holds_and_ends_what_does_not(begin, bus, sender, user):
    lulld = begin(WORK, 9, 30)
    display = lulld.knows(bus.display())
    id = sender.notify("later")
    since = user.get("Tokens")[0]["since"]
    lulld.configure(WORK.replace("10:00", "11:00"))
    assert list(user.lull("Reload")) == []
    assert user.get("Tokens")[0]["since"] == since and user.item_ids("held") == [id]
    assert 5300 < int(user.get("Until")) / 1e6 - time.time() < 5401
    lulld.configure(WORK + "lead = 13h\n")
    assert len(user.lull("Reload")) == 1
    assert user.get("Focus"), "with a mistake, the old settings stay"
    lulld.configure("")
    assert list(user.lull("Reload")) == []
    assert not user.get("Focus")
    display.wait_summary("later")


def test_focus_goes_on_where_one_block_follows_another(begin, bus, sender, user):
    lulld = begin(WORK + "[block next]\nstart = 10:05\nend = 12:00\nlead = 5m\n", 9, 59, 58)
    display = lulld.knows(bus.display())
    sender.notify("later")
    until = int(user.get("Until"))
    assert 7200 < until / 1e6 - time.time() < 7203, "the release comes after the second one"
    wait_for(lambda: tokens(user) == [("schedule", "next")], "the next block begins")
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"] and user.get("Until") == until


def test_another_time_zone_counts_at_once(bus, sender, user, tmp_path):
    """The link is put in its place as timedatectl does it, by a rename; and once by hand."""
    def become(name, by_hand=False):
        new = tmp_path / "zone/new"
        if by_hand:
            (tmp_path / "zone/localtime").unlink()
            (tmp_path / "zone/localtime").symlink_to(f"/usr/share/zoneinfo/Etc/{name}")
            return
        new.symlink_to(f"/usr/share/zoneinfo/Etc/{name}")
        os.rename(new, tmp_path / "zone/localtime")

    (tmp_path / "zone").mkdir()
    become("UTC")
    bus.env["TZ"] = f":{tmp_path}/zone/localtime"
    hour = time.gmtime().tm_hour
    lulld = Lulld(bus)
    # On in a zone that is three hours ahead, whose name says the opposite.
    lulld.configure(f"[block work]\nstart = {(hour + 3) % 24}:00\nend = {(hour + 5) % 24}:00\n")
    lulld.start()
    display = lulld.knows(bus.display())
    assert not user.get("Focus")
    become("GMT-3")
    wait_for(lambda: user.get("Focus"), "the block is on in this zone")
    sender.notify("later")
    become("UTC", by_hand=True)
    off(user)
    display.wait_summary("later")


def test_what_waited_for_a_delivery_that_is_off_now_waits_for_the_block_that_is_on(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 17:00\n", 9, 30)
    id = sender.notify("later")
    lulld.stop()
    lulld.configure(WORK)
    lulld.start()
    display = lulld.knows(bus.display())
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"] and user.item_ids("held") == [id]


# --- deliveries ---

def test_between_deliveries_pings_wait_and_what_must_not_wait_does_not(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 12:30\n", 12, 29, 57)
    display = lulld.knows(bus.display())
    sender.notify("later")
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"] and rules(user) == ["delivery"]
    assert not user.get("Focus")
    due = int(user.get("NextDelivery"))
    assert user.get("NextRelease") == due == user.items()[0]["due"]
    display.wait_summary("later")
    assert 0 <= time.time() * 1e6 - due < 2000000
    assert user.get("NextDelivery") == due + 24 * HOUR
    # And the next one waits again.
    id = sender.notify("tomorrow")
    assert user.item_ids("held") == [id]


def test_a_delivery_that_lulld_was_away_for_comes_when_it_is_back(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 12:30\n", 12, 29)
    sender.notify("later")
    wait_for(lambda: user.get("NextDelivery") > 0, "a delivery is planned")
    lulld.stop()
    # A minute ago, as if it had been away for longer.
    with contextlib.closing(sqlite3.connect(lulld.state / "journal.db")) as db, db:
        assert db.execute("UPDATE meta SET value = ? WHERE key = 'delivery_due'",
                          (str(int((time.time() - 60) * 1e6)),)).rowcount == 1
    lulld.start()
    lulld.knows(bus.display()).wait_summary("later")
    assert user.get("NextDelivery") / 1e6 > time.time()


def test_a_delivery_inside_of_a_block_comes_at_its_end(begin, bus, sender, user):
    lulld = begin(WORK + "[deliver]\nat = 09:30\n", 9, 59, 57)
    display = lulld.knows(bus.display())
    sender.notify("later")
    assert user.get("NextRelease") == user.get("Until") == user.get("NextDelivery")
    display.wait_summary("later")
    assert not user.get("Focus")


def test_at_the_end_of_a_block_pings_go_on_waiting_for_the_delivery(begin, bus, sender, user):
    lulld = begin(WORK + "[deliver]\nat = 17:00\n", 9, 59, 58)
    display = lulld.knows(bus.display())
    id = sender.notify("later")
    off(user)
    assert user.item_ids("held") == [id]
    assert 25000 < int(user.get("NextRelease")) / 1e6 - time.time() < 25201
    # To end a block by hand is to ask for them.
    user.focus()
    user.lull("EndFocus")
    display.wait_summary("later")


def test_a_delivery_in_a_manual_block_waits_for_its_end(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 12:30\n", 12, 29, 58)
    display = lulld.knows(bus.display())
    user.focus(duration=dbus.Int64(4 * 1000000))
    until = int(user.get("Until"))
    sender.notify("later")
    assert user.get("NextRelease") == until
    due = int(user.get("NextDelivery"))
    wait_for(lambda: time.time() * 1e6 > due + 200000, "the time of the delivery")
    assert user.get("Focus") and user.get("Held") == 1
    display.wait_summary("later")
    assert time.time() * 1e6 >= until


def test_without_deliveries_any_more_nothing_goes_on_waiting(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 17:00\n", 9, 30)
    display = lulld.knows(bus.display())
    sender.notify("later")
    lulld.configure("")
    user.lull("Reload")
    display.wait_summary("later")
    assert user.get("NextDelivery") == 0 == user.get("NextRelease")


def test_a_snoozed_one_comes_at_its_own_time_and_alone(begin, bus, sender, user):
    lulld = begin("[deliver]\nat = 17:00\n", 9, 30)
    display = lulld.knows(bus.display())
    ids = [sender.notify("snoozed"), sender.notify("later")]
    user.lull("Snooze", "aux", [ids[0]], dbus.Int64(int(time.time() * 1e6) + 500000))
    display.wait_summary("snoozed")
    assert user.item_ids("held") == [ids[1]] and display.summaries() == ["snoozed"]


# --- the client ---

def lines(lulld):
    return dict(line.split(maxsplit=1) for line in lulld.client("status").stdout.splitlines())


def test_status_says_what_comes_next_while_focus_is_off(begin):
    lulld = begin(WORK + "[deliver]\nat = 12:30\n", 8, 30)
    s = lines(lulld)
    assert s["Focus"] == "off until 9:00 (work), holding until 12:30 (delivery)"
    assert s["Tokens"] == "none" and s["Next"] == "9:00, work begins"
    assert s["Held"] == "0, next release 12:30 (delivery)"
    j = lulld.client_json("status")
    assert j["next_block"] == "work" and j["next_change"] < j["next_delivery"] == j["next_release"]
    assert j["focus"] is False and j["tokens"] == []


def test_status_shows_each_token_and_which_one_ends_next(begin, user):
    lulld = begin(WORK, 9, 30)
    lulld.client("focus", "2h", "--label", "writing")
    s = lines(lulld)
    assert s["Focus"].startswith("on until 11:30 (2 h left) · schedule work · writing")
    assert s["Tokens"] == "schedule work until 10:00, manual until 11:30 (writing)"
    assert s["Next"] == "10:00, schedule work ends" and s["Held"] == "0, next release 11:30"
    assert lulld.client("end").stdout == "focus is off until tomorrow 9:00 (work)\n"
    j = lulld.client_json("status")
    assert (j["focus"], j["next_release"], j["next_delivery"], j["next_block"]) == (False, None, None, "work")


def test_status_without_blocks_says_that_nothing_changes_by_itself(begin):
    s = lines(begin("", 9, 30))
    assert (s["Focus"], s["Tokens"], s["Next"], s["Held"]) == ("off", "none", "nothing changes by itself", "0")
