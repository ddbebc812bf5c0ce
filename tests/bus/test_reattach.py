"""A display that tells only the sender of a notification what becomes of it, as dunst: lulld is another sender after
each start, and buttons go on to work all the same."""
import sqlite3
import time

import pytest

from rig import wait_for


@pytest.fixture
def dunst(bus, lulld):
    return lulld.knows(bus.display("--name", "dunst", "--unicast", shimmed=True))


@pytest.fixture
def shown(lulld, dunst, user, sender):
    """One with a button, on the display and on record as such: its id for its sender, and for the display."""
    id = sender.notify("asks", actions=["yes", "Yes"], hints={"sound-name": "bell"})
    on_display = dunst.wait_summary("asks")["id"]
    wait_for(lambda: lulld.client_json("history")[0]["state"] == "shown", "the journal has it as shown")
    return id, on_display


def sent(dunst, summary="asks"):
    return [n for n in dunst.log.of("Notify") if n["summary"] == summary]


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_button_works_after_lulld_was_away_for_a_moment(lulld, dunst, user, sender, shown, how):
    id, on_display = shown
    getattr(lulld, how)()
    lulld.start()
    lulld.knows(dunst)
    wait_for(lambda: len(sent(dunst)) == 2, "it is sent anew")
    again = sent(dunst)[1]
    assert again["replaces"] == on_display == again["id"], "in its place"
    assert again["hints"]["suppress-sound"] is True
    dunst.invoke(on_display, "yes")
    wait_for(lambda: ("ActionInvoked", id, "yes") in sender.signals(), "the sender hears of it")
    dunst.close_shown(on_display)
    wait_for(lambda: ("NotificationClosed", id, 2) in sender.signals(), "and of its end")
    assert user.lull("GetItem", "u", id)["state"] == "closed"


def test_what_was_shown_long_before_does_not_come_up_again(bus, lulld, dunst, user, shown, sender):
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        n = db.execute("UPDATE meta SET value = ? WHERE key = 'stopped'",
                       (str(int((time.time() - 60) * 1000000)),)).rowcount
    db.close()
    assert n == 1
    lulld.start()
    lulld.knows(dunst)
    sender.notify("a later one")
    dunst.wait_summary("a later one")
    assert len(sent(dunst)) == 1


def test_what_is_closed_before_a_restart_does_not_come_up_again(lulld, dunst, user, shown, sender):
    id, on_display = shown
    dunst.close_shown(on_display)
    wait_for(lambda: user.lull("GetItem", "u", id)["state"] == "closed", "it is closed")
    lulld.restart()
    lulld.knows(dunst)
    sender.notify("a later one")
    dunst.wait_summary("a later one")
    assert len(sent(dunst)) == 1


def test_what_its_sender_withdraws_while_it_is_sent_anew_goes(lulld, dunst, user, shown, sender):
    id, on_display = shown
    dunst.tell("Delay", "u", 500)
    lulld.restart()
    lulld.knows(dunst)
    wait_for(lambda: len(sent(dunst)) == 2, "it is sent anew")
    sender.close_notification(id)
    wait_for(lambda: on_display in [c["id"] for c in dunst.log.of("CloseNotification")], "it is closed")
    wait_for(lambda: ("NotificationClosed", id, 3) in sender.signals(), "its sender hears of that")


def test_a_display_that_tells_everybody_gets_nothing_anew(bus, lulld, user, sender):
    display = lulld.knows(bus.display(shimmed=True))
    sender.notify("asks")
    display.wait_summary("asks")
    wait_for(lambda: lulld.client_json("history")[0]["state"] == "shown", "the journal has it as shown")
    lulld.restart()
    lulld.knows(display)
    sender.notify("a later one")
    display.wait_summary("a later one")
    assert len(sent(display)) == 1


def test_new_pings_follow_those_that_are_sent_anew(lulld, dunst, user, sender):
    ids = [sender.notify(f"open {i}", actions=["yes", "Yes"]) for i in range(3)]
    for i in range(3):
        dunst.wait_summary(f"open {i}")
    wait_for(lambda: user.lull("GetItem", "u", ids[2])["state"] == "shown", "all are shown")
    lulld.restart()
    sender.notify("a later one")
    dunst.wait_summary("a later one")
    summaries = [n["summary"] for n in dunst.log.of("Notify")]
    assert sorted(summaries) == sorted([f"open {i}" for i in range(3)] * 2 + ["a later one"])
