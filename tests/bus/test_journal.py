"""Answered means stored: kill -9, restarts and a full disk lose nothing."""
import stat
import subprocess
import time

import dbus
import pytest

from rig import BUILD, FIRST_ID, MINUTE, NAME, WRAPPER, wait_for

# Sends with 64 calls under way, and writes down "ID SUMMARY" for each that was answered.
FLOOD = f"""
import os, sys, dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"], mainloop=DBusGMainLoop())
bus.set_exit_on_disconnect(False)
out = open(sys.argv[1], "a")
prefix, limit = sys.argv[2], int(sys.argv[3])
loop = GLib.MainLoop()
sent = answered = 0
def send():
    global sent
    if sent == limit: return
    summary = f"{{prefix}} {{sent}}"
    sent += 1
    def done(id):
        global answered
        out.write(f"{{int(id)}} {{summary}}\\n"); out.flush()
        answered += 1
        if answered == limit: loop.quit()
        send()
    bus.call_async("{NAME}", "/org/freedesktop/Notifications", "{NAME}", "Notify", "susssasa{{sv}}i",
        ("flood", 0, "", summary, "x" * 300, dbus.Array([], signature="s"), dbus.Dictionary({{}}, signature="sv"), -1),
        done, lambda e: loop.quit(), timeout=60)
for _ in range(64): send()
loop.run()
"""


@pytest.fixture
def shimmed(bus, lulld):
    """A display that lets a lulld that comes back in front again."""
    return lulld.knows(bus.display("--flags", "4", shimmed=True))


def acknowledged(path):
    if not path.exists():
        return {}
    text = path.read_text()
    return {int(line.split(" ", 1)[0]): line.split(" ", 1)[1]
            for line in text[:text.rfind("\n") + 1].splitlines()}


def listed(user):
    return {int(i["id"]): str(i["summary"]) for i in user.items()}


def prlimit(lulld, size):
    subprocess.run(["prlimit", "--pid", str(lulld.pid), f"--fsize={size}:unlimited"], check=True)


def journal_place(user):
    return str(user.lull("GetStatus")["Journal"])


def test_kill_9_in_a_flood_loses_nothing_that_was_answered(lulld, bus, user):
    path = bus.tmp_path / "acknowledged"
    user.focus()
    for i in range(3):
        before = len(acknowledged(path))
        p = bus.python(FLOOD, str(path), f"round {i}", "1000000")
        wait_for(lambda: len(acknowledged(path)) > before + 400 * (i + 1), "a flood", 60)
        lulld.kill()
        p.wait(20)
        lulld.start()
        assert user.get("Focus")
        held, answered = listed(user), acknowledged(path)
        assert {k: held.get(k) for k in answered} == answered
        # A ping may have been stored and not answered; the flood had 64 under way.
        assert len(held) - len(answered) <= 64 * (i + 1)
    assert len(set(acknowledged(path))) == len(path.read_text().splitlines()), "no id was given twice"


def test_what_was_held_before_kill_9_can_be_released_with_its_id(lulld, shimmed, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}", actions=["ok", "OK"]) for i in range(3)]
    lulld.kill()
    lulld.start()
    lulld.knows(shimmed)
    user.lull("EndFocus")
    shown = shimmed.wait_shown(3)
    assert [n["summary"] for n in shown] == ["m0", "m1", "m2"]
    wait_for(lambda: user.items() == [], "all are shown")
    for n in shown:
        shimmed.invoke(n["id"], "ok")
    wait_for(lambda: len(sender.signals()) == 3, "the buttons")
    assert sender.signals() == [("ActionInvoked", id, "ok") for id in ids]


def test_ids_are_never_given_twice_over_restarts(lulld, sender, user):
    ids = []
    for i in range(6):
        if i % 2:
            user.focus()
        ids += [sender.notify(f"{i} {k}") for k in range(5)]
        sender.close_notification(ids[-1])
        if i % 3 == 2:
            lulld.restart()
        else:
            lulld.kill()
            lulld.start()
    assert len(set(ids)) == len(ids) and min(ids) >= FIRST_ID


RELEASED = [f"m{i}" for i in range(8)]


def release_and_kill(lulld, shimmed, sender, user, after):
    """Release eight, kill lulld when `after` have come to the display, start it: what came to it in all."""
    user.focus()
    ids = [sender.notify(n) for n in RELEASED]
    shimmed.tell("Delay", "u", 60)
    closed = set()

    def close_what_is_shown():
        for n in shimmed.shown():
            if n["id"] not in closed:
                closed.add(n["id"])
                # Not before the display has answered.
                wait_for(lambda: time.monotonic() > n["t"] + 0.07, "the answer is out")
                shimmed.close_shown(n["id"])

    user.lull("Release", "au", ids)

    def has_shown(n):
        if len(shimmed.shown()) >= n:
            return True
        close_what_is_shown()

    wait_for(lambda: has_shown(after), "in the middle")
    lulld.kill()
    lulld.start()

    def is_over():
        close_what_is_shown()
        return set(RELEASED) <= set(shimmed.summaries()) and user.items() == []

    wait_for(is_over, "all are shown", 20)
    return shimmed.summaries()


@pytest.mark.parametrize("after", [1, 2, 4, 7])
def test_a_release_survives_kill_9_complete_and_in_order(lulld, shimmed, sender, user, after):
    shown = release_and_kill(lulld, shimmed, sender, user, after)
    assert list(dict.fromkeys(shown)) == RELEASED
    assert max(shown.count(n) for n in RELEASED) <= 2, shown


@pytest.mark.parametrize("after", [1, 2, 4])
def test_kill_9_in_a_release_shows_at_most_one_twice(lulld, shimmed, sender, user, after):
    shown = release_and_kill(lulld, shimmed, sender, user, after)
    assert len(shown) - len(RELEASED) <= 1, shown


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_digest_that_was_shown_is_not_shown_again_after_a_restart(lulld, shimmed, sender, user, how):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(5)]
    user.lull("EndFocus")
    digest = shimmed.wait_shown()[0]
    sender.notify("next")
    shimmed.wait_summary("next")
    # What the display says alone is stored at most a second later.
    wait_for(lambda: time.monotonic() > shimmed.shown()[1]["t"] + 1.3, "it is stored")
    getattr(lulld, how)()
    lulld.start()
    lulld.knows(shimmed)
    sender.notify("last")
    shimmed.wait_summary("last")
    assert user.item_ids("announced") == ids
    assert len([n for n in shimmed.shown() if "notifications from" in n["summary"]]) == 1
    shimmed.invoke(digest["id"], "show-all")
    shimmed.wait_summary("m0")


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_focus_and_its_end_survive_a_restart(lulld, sender, user, how):
    until = int(user.focus(duration=dbus.Int64(25 * MINUTE), label="deep work")["Until"])
    getattr(lulld, how)()
    lulld.start()
    assert user.get("Focus")
    assert abs(int(user.get("Until")) - until) < 1000000
    assert user.get("Tokens")[0]["label"] == "deep work"
    id = sender.notify("later")
    assert user.item_ids("held") == [id]


def test_focus_until_a_time_survives_a_restart_to_the_microsecond(lulld, user):
    until = int(time.time() + 3600) * 1000000
    user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(until)})
    lulld.kill()
    lulld.start()
    assert user.get("Until") == until


def test_a_block_that_ended_while_lulld_was_down_is_released_at_start(lulld, bus, sender, user):
    until = int(user.focus(duration=dbus.Int64(1000000))["Until"])
    sender.notify("later")
    lulld.kill()
    wait_for(lambda: time.time() * 1000000 > until + 10000, "its end")
    lulld.start()
    display = bus.display()
    display.wait_summary("later")
    assert not user.get("Focus") and user.get("Held") == 0


def test_a_block_that_was_answered_is_stored(lulld, user):
    """As for pings: stored first, then answered. Tried often, for it is a matter of microseconds."""
    for i in range(12):
        until = int(time.time() + 3600 + i) * 1000000
        user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(until)})
        lulld.kill()
        lulld.start()
        assert user.get("Until") == until, f"attempt {i}"


def test_ended_focus_stays_off_after_a_restart(lulld, user):
    user.focus()
    user.lull("EndFocus")
    lulld.kill()
    lulld.start()
    assert not user.get("Focus")


def test_the_journal_is_private(lulld, sender, user):
    user.focus()
    sender.notify("secret")
    assert stat.S_IMODE(lulld.state.stat().st_mode) == 0o700
    files = list(lulld.state.iterdir())
    assert lulld.state / "journal.db" in files
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_a_full_disk_holds_in_memory_tells_once_and_recovers(lulld, shimmed, sender, user):
    display = shimmed
    user.focus()
    before = sender.notify("before")
    prlimit(lulld, 0)
    during = [sender.notify(f"during {i}") for i in range(3)]
    notice = display.wait_summary("lull can't write to its journal")
    assert notice["app"] == "lull"
    assert lulld.client_json("status")["journal"].startswith("memory")
    assert user.item_ids("held") == [before, *during]
    during.append(sender.notify("during 3"))
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries().count("lull can't write to its journal") == 1
    # What the file has can be changed, too.
    assert sender.notify("before, replaced", replaces=before) == before
    assert listed(user)[before] == "before, replaced"
    assert len(set([before, *during])) == 5
    prlimit(lulld, "unlimited")
    wait_for(lambda: journal_place(user) == "disk", "it writes again", 30)
    after = sender.notify("after")
    assert lulld.client_json("status")["journal"] == "disk"
    lulld.kill()
    lulld.start()
    assert listed(user) == {before: "before, replaced", after: "after",
                            **{id: f"during {i}" for i, id in enumerate(during)}}


def test_what_is_in_memory_can_be_released(lulld, shimmed, sender, user):
    user.focus()
    sender.notify("from the file")
    prlimit(lulld, 0)
    sender.notify("from memory")
    shimmed.wait_summary("lull can't write to its journal")
    user.lull("EndFocus")
    shimmed.wait_summary("from memory")
    wait_for(lambda: user.items() == [], "nothing waits")
    assert [s for s in shimmed.summaries() if s.startswith("from")] == ["from the file", "from memory"]


def test_a_disk_that_was_full_and_a_stop_lose_nothing_once_there_is_room(lulld, sender, user):
    user.focus()
    first = sender.notify("first")
    prlimit(lulld, 0)
    second = sender.notify("second")
    assert journal_place(user).startswith("memory")
    prlimit(lulld, "unlimited")
    lulld.restart()
    assert user.item_ids("held") == [first, second]


def test_a_journal_that_cannot_be_made_does_not_keep_lulld_from_working(lulld, bus, sender, user):
    lulld.stop()
    for f in lulld.state.iterdir():
        f.unlink()
    lulld.state.rmdir()
    lulld.state.write_text("not a directory")
    lulld.start()
    user.focus()
    id = sender.notify("held in memory")
    assert user.item_ids("held") == [id]
    assert journal_place(user).startswith("memory")
    display = bus.display()
    display.wait_summary("lull can't write to its journal")
    user.lull("EndFocus")
    display.wait_summary("held in memory")


def test_a_damaged_journal_is_put_aside_and_lulld_works(lulld, sender, user):
    lulld.stop()
    db = lulld.state / "journal.db"
    db.write_bytes(b"this is no database" * 1000)
    lulld.start()
    user.focus()
    id = sender.notify("held")
    assert user.item_ids("held") == [id]
    assert [f for f in lulld.state.iterdir() if f.read_bytes().startswith(b"this is no database")]


def test_a_second_lulld_refuses_and_names_the_first(lulld, bus, sender, user):
    r = bus.run(*WRAPPER, BUILD / "lulld")
    assert r.returncode == 1
    assert f"pid {lulld.pid}" in r.stderr and r.stderr.count("\n") == 1
    user.focus()
    id = sender.notify("held")
    assert user.item_ids("held") == [id]


def test_unique_names_of_another_bus_are_strangers(lulld, bus, sender, user, tmp_path):
    """A sender's name on this bus may be somebody else's on the next one."""
    user.focus()
    id = sender.notify("of the first bus")
    lulld.stop()
    for p in (sender, user, lulld.peer):
        p.close()
    bus.kill()
    bus.start()
    lulld.peer = bus.peer()
    lulld.start()
    others = [bus.sender() for _ in range(8)]
    same = [o for o in others if o.unique == sender.unique]
    assert lulld.peer.item_ids("held") == [id]
    display = lulld.knows(bus.display())
    lulld.peer.lull("EndFocus")
    shown = display.wait_summary("of the first bus")
    listener = bus.peer()
    listener.listen(f"type='signal',interface='{NAME}',member='NotificationClosed'")
    display.close_shown(shown["id"])
    wait_for(lambda: [s for s in listener.heard if s["args"][0] == id], "it is broadcast")
    assert [s["to"] for s in listener.heard if s["args"][0] == id] == [None]
    assert all(s["to"] is None for o in same for s in o.heard if s["interface"] == NAME)


def test_what_is_held_in_memory_is_due_as_well_and_says_why_once_it_is_on_disk(bus, lulld, sender, user):
    lulld.stop()
    lulld.configure("[rule chat]\napp = Slack\nverdict = hold\ndue = 1s\n[rule mail]\napp = Mail\nverdict = hold\n")
    lulld.start()
    display = lulld.knows(bus.display())
    user.focus()
    disk = sender.notify("disk", app="Slack")
    prlimit(lulld, 0)
    lulld.configure("[rule chat]\napp = Slack\nverdict = hold\ndue = 1s\n")
    lulld.client("reload")
    memory = sender.notify("memory", app="Slack")
    rest = sender.notify("rest", app="Mail")
    display.wait_summary("disk")
    display.wait_summary("memory")
    assert user.item_ids("held") == [rest]
    assert journal_place(user).startswith("memory")
    r = lulld.client("why", str(memory), status=1)
    assert "can't write to its journal" in r.stderr
    prlimit(lulld, "unlimited")
    wait_for(lambda: journal_place(user) == "disk", "it writes again", 30)
    assert lulld.client_json("why", str(memory))["due_reason"] == "rule"
    assert [r["name"] for r in lulld.client_json("why", str(rest))["rules"]][:2] == ["chat", "osd"]
    assert [r["name"] for r in lulld.client_json("why", str(disk))["rules"]] == ["chat"]
