"""A block that begins while a release is running stops it."""
import sqlite3
import time

import dbus
import pytest

from rig import wait_for

NONE = dbus.Array([], signature="u")


def let_go(sender, user, names):
    user.focus()
    ids = [sender.notify(n) for n in names]
    user.lull("EndFocus")
    return ids


def digests(display):
    return [n for n in display.shown() if n["hints"].get("category") == "x-lull.digest"]


def passes(display, sender, name):
    """One that breaks through: what could have come before it has."""
    sender.notify(name, hints={"urgency": dbus.Byte(2)})
    display.wait_summary(name)


def opened(display, sender, user, n):
    """A digest that was opened: three of it are on the display, and the rest waits for its turn."""
    ids = let_go(sender, user, [f"m{i}" for i in range(n)])
    digest = wait_for(lambda: digests(display), "the digest")[0]
    wait_for(lambda: len(user.item_ids("announced")) == n, "all are announced")
    display.invoke(digest["id"], "show-all")
    display.wait_summary("m2")
    wait_for(lambda: len(user.item_ids("releasing")) == n - 3, "the rest waits")
    return ids


def test_what_waits_for_the_display_is_held_again_and_what_is_on_it_stays(lulld, display, sender, user):
    ids = opened(display, sender, user, 8)
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids[3:], "held again")
    assert {i["due"] for i in user.items()} == {int(user.get("Until"))}
    shown = [n for n in display.shown() if n["summary"] in ("m0", "m1", "m2")]
    for n in shown:
        assert n["id"] in display.open()
        display.close_shown(n["id"])
    passes(display, sender, "urgent")
    assert display.summaries()[1:] == ["m0", "m1", "m2", "urgent"], "nothing follows in the block"
    # Their end is that of the new block.
    user.lull("EndFocus")
    wait_for(lambda: len(digests(display)) == 2, "one more digest")
    assert "5 notifications" in digests(display)[1]["summary"]
    assert lulld.client("audit").returncode == 0


def test_one_that_the_display_has_and_has_not_acknowledged_is_not_taken_back(display, sender, user):
    display.tell("Mute", "b", True)
    ids = let_go(sender, user, ["m0", "m1", "m2"])
    display.wait_summary("m0")
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids[1:], "the others are held again")
    assert user.item_ids("releasing") == ids[:1]
    assert display.log.of("CloseNotification") == []


def test_what_was_announced_stays_announced(display, sender, user):
    ids = let_go(sender, user, ["m0", "m1", "m2", "m3"])
    digest = wait_for(lambda: digests(display), "the digest")[0]
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    user.focus()
    passes(display, sender, "urgent")
    assert user.item_ids("announced") == ids and digest["id"] in display.open()
    # The user may still open it: that isn't stopped.
    display.invoke(digest["id"], "show-all")
    display.wait_summary("m2")


def test_a_digest_that_is_not_told_yet_is_not_told(lulld, bus, sender, user):
    ids = let_go(sender, user, ["m0", "m1", "m2", "m3"])
    wait_for(lambda: user.item_ids("announced") == ids, "announced, as soon as there is a display")
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids, "held again")
    display = lulld.knows(bus.display())
    passes(display, sender, "urgent")
    assert display.summaries() == ["urgent"]
    user.lull("EndFocus")
    wait_for(lambda: digests(display), "the digest at the end of the new block")
    assert len(digests(display)) == 1 and "4 notifications" in digests(display)[0]["summary"]


def test_without_a_display_what_was_released_one_by_one_is_held_again(lulld, bus, sender, user):
    ids = let_go(sender, user, ["m0", "m1"])
    wait_for(lambda: user.item_ids("releasing") == ids, "they wait for a display")
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids, "held again")
    user.lull("EndFocus")
    display = bus.display()
    display.wait_summary("m1")
    assert display.summaries() == ["m0", "m1"]


def test_release_by_hand_in_a_block_is_stopped_by_the_next_one_only(display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(5)]
    assert user.lull("Release", "au", ids) == 5
    display.wait_summary("m2")
    # The same block, longer.
    user.focus()
    user.lull("ExtendFocus", "x", dbus.Int64(60000000))
    passes(display, sender, "urgent")
    assert user.item_ids("releasing") == ids[3:]
    display.close_shown(display.wait_summary("m0")["id"])
    display.wait_summary("m3")
    user.lull("EndFocus")
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids[4:], "another block")


def test_what_is_due_by_itself_goes_on_in_a_block(lulld, bus, sender, user):
    lulld.configure("[rule soon]\nsummary = m*\ndue = 1s\n")
    lulld.client("reload")
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(2)]
    wait_for(lambda: user.item_ids("releasing") == ids, "due, but there is no display")
    user.lull("EndFocus")
    user.focus()
    display = bus.display()
    display.wait_summary("m1")
    assert user.items() == []


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_restart_in_the_middle_goes_on(lulld, bus, sender, user, how):
    ids = let_go(sender, user, ["m0", "m1", "m2", "m3"])
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    user.focus()
    wait_for(lambda: user.item_ids("held") == ids, "held again")
    getattr(lulld, how)()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        # As if one step of several had been made.
        number = db.execute("SELECT max(number) FROM batch").fetchone()[0]
        db.execute("UPDATE batch SET stage = 7 WHERE number = ?", (number,))
        db.execute("UPDATE ping SET state = 3, batch = ? WHERE id = ?", (number, ids[2]))
        db.execute("UPDATE ping SET state = 1, batch = ? WHERE id = ?", (number, ids[3]))
    lulld.start()
    wait_for(lambda: user.item_ids("held") == ids, "held again")
    display = lulld.knows(bus.display())
    user.lull("EndFocus")
    wait_for(lambda: digests(display), "the digest")
    assert "4 notifications" in digests(display)[0]["summary"]


def test_a_block_that_is_over_before_all_are_held_again_loses_none(lulld, bus, sender, user):
    ids = let_go(sender, user, ["m0", "m1", "m2", "m3"])
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        db.execute("UPDATE batch SET stage = 7")
    lulld.start()
    display = lulld.knows(bus.display())
    wait_for(lambda: digests(display), "the digest")
    assert user.item_ids("announced") == ids


def test_ten_thousand_are_held_again_without_a_hold_up(lulld, display, sender, user):
    user.focus()
    answered = []
    for i in range(10000):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 10000, "all are answered", 60)
    user.lull("EndFocus")
    digest = wait_for(lambda: digests(display), "the digest", 60)[0]
    wait_for(lambda: user.get("Announced") == 10000, "all are announced", 60)
    display.invoke(digest["id"], "show-all")
    wait_for(lambda: user.get("Releasing") > 5000, "they are on their way", 60)
    began = time.monotonic()
    user.focus()
    assert time.monotonic() - began < 1
    while user.get("Held") < 9990 and time.monotonic() < began + 60:
        began_one = time.monotonic()
        sender.notify("meanwhile")
        assert time.monotonic() - began_one < 1
    assert user.get("Releasing") == 0 and user.get("Announced") == 0
    assert len([n for n in display.shown() if n["summary"].startswith("m")]) <= 3
