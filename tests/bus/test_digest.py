"""The buttons of a digest, and what becomes of what it announces."""
import sqlite3
import time

import dbus
import pytest

from rig import MINUTE, wait_for

BUTTONS = ["show-all", "Show all", "later", "Later", "dismiss", "Dismiss"]
HALF_AN_HOUR = 30 * MINUTE


def digest_of(display):
    """The newest one that it was given."""
    found = wait_for(lambda: [n for n in display.shown() if n["hints"].get("category") == "x-lull.digest"],
                     "a digest")
    return found[-1]


def announced(display, sender, user, names=("m0", "m1", "m2", "m3")):
    """A batch that a digest announces: the ids and the digest."""
    user.focus()
    ids = [sender.notify(n) for n in names]
    user.lull("EndFocus")
    digest = digest_of(display)
    wait_for(lambda: user.item_ids("announced") == ids, "they are announced")
    return ids, digest


def is_closed(display, digest):
    return digest["id"] not in display.open()


def states(user):
    return {str(i["summary"]): str(i["state"]) for i in user.items()}


def test_it_has_three_buttons_and_a_click_on_it_shows_all(display, sender, user):
    _, digest = announced(display, sender, user)
    assert digest["actions"] == ["default", "Open", *BUTTONS]
    display.invoke(digest["id"], "default")
    display.wait_summary("m2")
    assert is_closed(display, digest)


def test_a_display_without_actions_gets_none(lulld, bus, sender, user):
    display = lulld.knows(bus.display("--no-actions"))
    _, digest = announced(display, sender, user)
    assert digest["actions"] == []


def test_with_open_nothing_only_the_buttons_count(lulld, bus, sender, user):
    display = lulld.knows(bus.display())
    ids, before = announced(display, sender, user)
    lulld.configure("[digest]\nopen = nothing\n")
    lulld.client("reload")
    # One that was shown before.
    display.invoke(before["id"], "default")
    user.focus()
    sender.notify("n0")
    for i in range(1, 4):
        sender.notify(f"n{i}")
    user.lull("EndFocus")
    digest = wait_for(lambda: digest_of(display)["id"] != before["id"] and digest_of(display), "another digest")
    assert digest["actions"] == BUTTONS
    display.invoke(digest["id"], "default")
    sender.notify("next")
    display.wait_summary("next")
    assert not is_closed(display, before) and not is_closed(display, digest)
    assert set(states(user).values()) == {"announced"} and len(states(user)) == 8
    display.invoke(digest["id"], "show-all")
    display.wait_summary("n2")


def test_dismiss_tells_each_sender_that_it_was_clicked_away(lulld, display, sender, user):
    ids, digest = announced(display, sender, user)
    display.invoke(digest["id"], "dismiss")
    wait_for(lambda: sender.signals() == [("NotificationClosed", id, 2) for id in ids], "Closed(2) to each")
    assert is_closed(display, digest)
    assert user.items() == []
    assert [i["state"] for i in lulld.client_json("history")][-4:] == ["dismissed"] * 4


def test_dismiss_leaves_another_batch_and_what_is_held_alone(display, sender, user):
    other, _ = announced(display, sender, user, ["a0", "a1", "a2", "a3"])
    user.focus()
    for i in range(4):
        sender.notify(f"b{i}")
    user.lull("EndFocus")
    wait_for(lambda: len(user.item_ids("announced")) == 8, "both are announced")
    digest = wait_for(lambda: [n for n in display.shown() if n["summary"].startswith("4 ")][1:], "the second")[0]
    user.focus()
    held = sender.notify("held")
    display.invoke(digest["id"], "dismiss")
    wait_for(lambda: len(user.items()) == 5, "the four are gone")
    assert user.item_ids("announced") == other and user.item_ids("held") == [held]


def test_later_without_focus_is_half_an_hour(lulld, display, sender, user):
    ids, digest = announced(display, sender, user)
    pressed = time.time() * 1e6
    display.invoke(digest["id"], "later")
    wait_for(lambda: user.item_ids("snoozed") == ids, "they are snoozed")
    assert is_closed(display, digest)
    for item in user.items():
        assert pressed <= item["due"] - HALF_AN_HOUR <= time.time() * 1e6 and item["due_reason"] == "snoozed"
    assert sender.signals() == [], "its sender hears nothing: it comes back"
    # Half an hour is over. They come back as one digest.
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        db.execute("UPDATE ping SET due = ? WHERE state = 5", (int(time.time() * 1e6) + 1500000,))
    lulld.start()
    lulld.knows(display)
    again = wait_for(lambda: [n for n in display.shown() if n["summary"].startswith("4 ")][1:], "they are back")[0]
    wait_for(lambda: user.item_ids("announced") == ids, "as a digest")
    display.invoke(again["id"], "dismiss")
    wait_for(lambda: user.items() == [], "none waits")
    assert lulld.client("audit").returncode == 0


def test_later_is_over_at_the_end_of_the_block_that_is_on_then(lulld, display, sender, user):
    ids, digest = announced(display, sender, user)
    display.invoke(digest["id"], "later")
    wait_for(lambda: user.item_ids("snoozed") == ids, "they are snoozed")
    user.focus()
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        db.execute("UPDATE ping SET due = ? WHERE state = 5", (int(time.time() * 1e6) + 1000000,))
    lulld.start()
    lulld.knows(display)
    wait_for(lambda: user.item_ids("held") == ids, "held, as the block is on")
    user.lull("EndFocus")
    wait_for(lambda: user.item_ids("announced") == ids, "announced at its end")


def test_later_in_a_block_is_its_end_however_that_comes(lulld, display, sender, user):
    ids, digest = announced(display, sender, user)
    user.focus()
    ids.append(sender.notify("during"))
    display.invoke(digest["id"], "later")
    wait_for(lambda: user.item_ids("held") == ids, "they are held with what came in the block")
    assert is_closed(display, digest)
    user.lull("ExtendFocus", "x", dbus.Int64(20 * MINUTE))
    assert {int(i["due"]) for i in user.items()} == {int(user.get("Until"))}
    user.lull("EndFocus")
    both = wait_for(lambda: [n for n in display.shown() if n["summary"].startswith("5 ")], "one digest")[0]
    assert "m3" in both["body"] or "during" in both["body"]
    wait_for(lambda: user.item_ids("announced") == ids, "of all of them")


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("key, state", [("later", "snoozed"), ("dismiss", None), ("show-all", "shown")])
def test_its_buttons_work_after_a_restart(lulld, bus, sender, user, how, key, state):
    display = lulld.knows(bus.display(shimmed=True))
    ids, digest = announced(display, sender, user)
    getattr(lulld, how)()
    lulld.start()
    lulld.knows(display)
    wait_for(lambda: user.item_ids("announced") == ids, "they are still announced")
    digest = digest_of(display)
    display.invoke(digest["id"], key)
    if state == "shown":
        display.wait_summary("m2")
    else:
        wait_for(lambda: states(user) == ({f"m{i}": state for i in range(4)} if state else {}), state or "none")
    wait_for(lambda: is_closed(display, digest), "the digest is closed")


@pytest.mark.parametrize("key, stage, left", [("later", 4, "snoozed"), ("dismiss", 5, None)])
def test_what_a_restart_interrupts_goes_on(lulld, display, sender, user, key, stage, left):
    """As a crash between two steps leaves it: some have gone, and the batch says what becomes of the rest."""
    ids, _ = announced(display, sender, user)
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        due = int(time.time() * 1e6) + HALF_AN_HOUR
        assert db.execute("UPDATE batch SET stage = ?, due = ?, due_reason = 7 WHERE number ="
                          " (SELECT max(number) FROM batch)", (stage, due)).rowcount == 1
        db.execute("UPDATE ping SET state = ?, batch = 0, due = ?, due_reason = 7 WHERE id = ?",
                   (5 if left else 10, due, ids[0]))
    lulld.start()
    if left:
        wait_for(lambda: user.item_ids(left) == ids, "all are snoozed")
        assert user.get("Snoozed") == 4
    else:
        wait_for(lambda: user.items() == [], "all are closed")
    assert user.get("Announced") == 0


def test_later_that_a_restart_interrupts_until_the_break_is_told_anew(lulld, display, sender, user):
    ids, _ = announced(display, sender, user)
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        db.execute("UPDATE batch SET stage = 4, due = 0, due_reason = 0")
    lulld.start()
    lulld.knows(display)
    wait_for(lambda: len([n for n in display.shown() if n["summary"].startswith("4 ")]) >= 2, "another digest")
    assert user.item_ids("announced") == ids


@pytest.mark.parametrize("key, state", [("later", "snoozed"), ("dismiss", None)])
def test_ten_thousand_are_no_hold_up(lulld, display, sender, user, key, state):
    user.focus()
    answered = []
    for i in range(10000):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 10000, "all are answered", 60)
    user.lull("EndFocus")
    digest = digest_of(display)
    wait_for(lambda: user.get("Announced") == 10000, "all are announced", 60)
    display.invoke(digest["id"], key)
    worst, end = 0, time.monotonic() + 60
    while user.get("Announced") > 0 and time.monotonic() < end:
        began = time.monotonic()
        sender.notify("meanwhile", hints={"transient": dbus.Boolean(True)})
        worst = max(worst, time.monotonic() - began)
    assert user.get("Announced") == 0
    assert worst < 1, f"a ping waited {worst:.3f} s"
    if state == "snoozed":
        assert user.get("Snoozed") == 10000
    else:
        wait_for(lambda: len([s for s in sender.signals() if s[0] == "NotificationClosed" and s[2] == 2]) == 10000,
                 "each sender was told", 60)


# --- what it says ---


def test_it_names_who_wrote_and_what_came_last(display, sender, user):
    user.focus()
    for who in ("Anna", "Bob", "Anna", "Anna"):
        sender.notify(who, app="Chat", hints={"category": "im.received"})
    sender.notify("Invoice", app="Mail")
    sender.notify("Lunch & <more>", app="Mail")
    user.lull("EndFocus")
    lines = digest_of(display)["body"].splitlines()
    assert lines[:2] == ["Chat (4): Anna (3) · Bob", "Mail (2): Lunch &amp; &lt;more&gt; · Invoice"]
    assert len(lines) == 3 and lines[2].startswith("The oldest waited ")


def test_it_says_when_the_next_delivery_is(lulld, bus, display, sender, user):
    at = time.localtime(time.time() + 3 * 3600)
    lulld.configure(f"[deliver]\nat = {at.tm_hour:02}:{at.tm_min:02}\n")
    lulld.client("reload")
    _, digest = announced(display, sender, user)
    tomorrow = "tomorrow " if at.tm_mday != time.localtime().tm_mday else ""
    assert digest["body"].endswith(f" Next delivery: {tomorrow}{at.tm_hour:02}:{at.tm_min:02}.")


def test_it_says_what_came_through_and_what_was_withdrawn_in_the_block(lulld, display, sender, user):
    sender.notify("before", app="Early")
    user.focus()
    sender.notify("volume", app="Sound", hints={"value": dbus.Int32(40), "x-canonical-private-synchronous": "v"})
    for who in ("Phone", "Phone", "Boss"):
        sender.notify("now!", app=who, hints={"urgency": dbus.Byte(2)})
    ids = [sender.notify(f"m{i}") for i in range(6)]
    for id in ids[4:]:
        sender.close_notification(id)
    # Asked for, so it has been seen.
    released = sender.notify("released", app="Asked")
    user.lull("Release", "au", [released])
    display.wait_summary("released")
    # Open ones would be in the way of it; and what became of them is no matter.
    display.close_shown(display.wait_summary("now!")["id"])
    user.lull("EndFocus")
    assert digest_of(display)["body"].splitlines()[:2] == [
        "mail (4): m3 · m2 · m1", "3 came through: Phone (2), Boss. 2 were withdrawn."]
    # What comes after it isn't in the next one, nor is what came before.
    sender.notify("between", app="Between")
    user.focus()
    for i in range(4):
        sender.notify(f"n{i}")
    user.lull("EndFocus")
    body = wait_for(lambda: [n for n in display.shown() if "n3" in n["body"]], "the next digest")[0]["body"]
    assert "came through" not in body and "withdrawn" not in body
