"""Corners that a review found: an instant that passes, a display that goes at the wrong moment, a journal that is away."""
import os
import time

import dbus

from rig import FIRST_ID, HERE, PYTHON, FakeDisplay, Log, Lulld, wait_for

# fake_display.py LOG, with one habit more.
ODD = """
import os, sys
sys.path.insert(0, os.environ["FAKE_DISPLAY_IN"])
import dbus, fake_display
from gi.repository import GLib
log = fake_display.FakeDisplay.log
def logged(self, event, **fields):
    log(self, event, **fields)
    if event == "Notify":
        on_notify(self, fields["id"], fields["summary"])
fake_display.FakeDisplay.log = logged
def on_notify(display, shown, summary):
    pass
{habit}
fake_display.main()
"""
DIES_AFTER_ITS_ANSWER = """
def on_notify(display, shown, summary):
    if summary == "deadly":
        GLib.timeout_add(50, lambda: os._exit(42))
"""
CLOSES_BEFORE_ITS_ANSWER = """
def on_notify(display, shown, summary):
    if summary == "unwanted":
        display.NotificationClosed(shown, 4)
"""
ASKS_FOR_THE_NAME_LATE = """
request_name = dbus.bus.BusConnection.request_name
def later(bus, name, flags=0):
    GLib.timeout_add(7000, lambda: request_name(bus, name, flags) and False)
    return 0
dbus.bus.BusConnection.request_name = later
"""


class OddDisplay(FakeDisplay):
    def __init__(self, bus, habit, log="odd.log"):
        self.bus = bus
        self.log = Log(bus.tmp_path / log)
        n_before = len(self.log.of("up"))
        bus.env["FAKE_DISPLAY_IN"] = str(HERE)
        self.process = bus.popen(PYTHON, "-c", ODD.format(habit=habit), self.log.path)
        up = wait_for(lambda: self.log.of("up")[n_before:], "the display is up")[-1]
        self.unique, self.pid = up["unique"], up["pid"]


def ids(*numbers):
    return dbus.Array(numbers, signature="u")


def snooze(user, id, seconds):
    """Returns the instant."""
    instant = time.time() + seconds
    user.lull("Snooze", "aux", ids(id), dbus.Int64(int(instant * 1e6)))
    return instant


def pass_by(instant):
    wait_for(lambda: time.time() >= instant, "the instant is over")


def quiet(seconds):
    """Long enough for what must not come."""
    pass_by(time.time() + seconds)


def states(user):
    return {str(i["summary"]): str(i["state"]) for i in user.items()}


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def closed(peer):
    return [s for s in peer.signals() if s[0] == "NotificationClosed"]


# --- snoozed ------------------------------------------------------------------------------------------


def test_one_that_was_dismissed_while_snoozed_keeps_nobody_awake_after_its_instant(lulld, sender, user):
    user.focus()
    id = sender.notify("snoozed")
    instant = snooze(user, id, 1.2)
    user.lull("Dismiss", "au", ids(id))
    pass_by(instant + 0.1)
    before = cpu_s(lulld.pid)
    quiet(1.5)
    assert cpu_s(lulld.pid) - before < 0.3


def test_one_snoozed_for_an_hour_stays_snoozed_when_an_earlier_dismissed_one_comes_due(lulld, sender, user):
    user.focus()
    early, late = sender.notify("early"), sender.notify("late")
    instant = snooze(user, early, 1.2)
    snooze(user, late, 3600)
    user.lull("Dismiss", "au", ids(early))
    assert states(user) == {"late": "snoozed"}
    pass_by(instant + 0.5)
    assert states(user) == {"late": "snoozed"}


# --- in flight ----------------------------------------------------------------------------------------


def test_one_that_is_closed_and_sent_again_with_its_id_while_in_flight_is_shown_anew(lulld, display, sender):
    display.tell("Delay", "u", 500)
    id = sender.notify("old")
    display.wait_summary("old")
    sender.close_notification(id)
    assert sender.notify("new", replaces=id) == id
    display.wait_summary("new")
    assert display.summaries() == ["old", "new"]
    assert closed(sender) == [("NotificationClosed", id, 3)]


def test_one_after_whose_answer_the_display_dies_twice_is_quarantined(lulld, bus, sender, user):
    for n in (1, 2):
        display = OddDisplay(bus, DIES_AFTER_ITS_ANSWER)
        if n == 1:
            lulld.knows(display)
            sender.notify("deadly")
        assert display.process.wait(10) == 42
    wait_for(lambda: states(user) == {"deadly": "quarantined"}, "it is quarantined")
    display = lulld.knows(OddDisplay(bus, DIES_AFTER_ITS_ANSWER))
    sender.notify("harmless")
    display.wait_summary("harmless")
    assert display.summaries() == ["deadly", "deadly", "harmless"]
    assert states(user)["deadly"] == "quarantined"


def test_the_rest_of_a_batch_comes_out_when_the_shown_ones_were_closed_while_lulld_was_away(bus, sender, user):
    lulld = Lulld(bus)
    lulld.configure("[release]\ndigest_above = 10\n")
    lulld.start()
    display = lulld.knows(bus.display(shimmed=True))
    user.focus()
    for n in range(5):
        sender.notify(f"n{n}")
    user.lull("EndFocus")
    display.wait_shown(3)
    wait_for(lambda: list(states(user).values()).count("releasing") == 2, "three are delivered")
    lulld.kill()
    for n in display.shown():
        display.close_shown(n["id"])
    lulld.start()
    lulld.knows(display)
    for n in range(5):
        display.wait_summary(f"n{n}")


def test_one_that_the_display_closes_before_its_answer_is_over_and_its_sender_hears_it_once(lulld, bus, sender, user):
    display = lulld.knows(OddDisplay(bus, CLOSES_BEFORE_ITS_ANSWER))
    id = sender.notify("unwanted")
    assert id >= FIRST_ID
    wait_for(lambda: closed(sender), "it is closed")
    sender.notify("after")
    display.wait_summary("after")
    quiet(0.3)
    assert closed(sender) == [("NotificationClosed", id, 4)]
    assert sender.error("CloseNotification", "u", id)[0], "it is over"
    assert "unwanted" not in states(user)


# --- a journal that is away ---------------------------------------------------------------------------


def test_focus_and_what_was_held_go_on_when_a_journal_that_was_unreadable_at_start_is_back(bus, sender, user):
    lulld = Lulld(bus).start()
    user.focus()
    for n in range(2):
        sender.notify(f"n{n}")
    lulld.stop()
    journal, aside = lulld.state / "journal.db", bus.tmp_path / "aside"
    journal.rename(aside)
    journal.mkdir()
    lulld.start()
    journal.rmdir()
    aside.rename(journal)
    display = bus.display()
    wait_for(lambda: "writing to disk again" in lulld.stderr(), "the journal is back", 25)
    assert user.get("Focus")
    assert user.get("Held") == 2
    assert states(user) == {"n0": "held", "n1": "held"}
    told = ["lull can't write to its journal"]
    display.wait_summary(*told)
    assert display.summaries() == told
    user.lull("EndFocus")
    display.wait_shown(3)
    assert display.summaries() == [*told, "n0", "n1"]


# --- the digest ---------------------------------------------------------------------------------------


def test_a_digest_counts_what_is_still_there(lulld, bus, sender, user):
    user.focus()
    items = [sender.notify(f"n{n}") for n in range(6)]
    user.lull("EndFocus")
    for id in items[:2]:
        sender.close_notification(id)
    display = bus.display()
    display.wait_shown()
    assert display.summaries()[0].startswith("4 notifications from 1 app")
    assert "mail (4)" in display.shown()[0]["body"]


def test_when_all_of_a_digest_are_withdrawn_before_it_is_shown_there_is_none(lulld, bus, sender, user):
    user.focus()
    items = [sender.notify(f"n{n}") for n in range(5)]
    user.lull("EndFocus")
    for id in items:
        sender.close_notification(id)
    display = lulld.knows(bus.display())
    sender.notify("after")
    display.wait_summary("after")
    quiet(1)
    assert display.summaries() == ["after"]


def test_behind_another_server_a_digest_is_there_once(bus, sender, user):
    lulld = Lulld(bus).start()
    user.focus()
    for n in range(5):
        sender.notify(f"n{n}")
    lulld.stop()
    display = bus.display()
    lulld.start()
    assert not user.get("InFront")
    user.lull("EndFocus")
    display.wait_shown()
    quiet(2)
    assert [s.split(" from ")[0] for s in display.summaries()] == ["5 notifications"]


# --- the queue for the name ---------------------------------------------------------------------------


def test_a_display_that_asks_for_the_name_long_after_it_joined_is_found_while_a_ping_waits(lulld, bus, sender):
    display = OddDisplay(bus, ASKS_FOR_THE_NAME_LATE)
    sender.notify("waits")
    wait_for(lambda: display.summaries() == ["waits"], "the ping is shown", 30)
