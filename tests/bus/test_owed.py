"""What a holding proxy owes its senders: dbus-facts.md, section 4, where no other file has it already."""
import pathlib
import signal
import sqlite3
import subprocess
import zlib

import dbus
import dbus.lowlevel
import pytest

from rig import FIRST_ID, NAME, PATH, PROPERTIES, simple, wait_for

MINUTE_US = 60 * 1000000
NOT_FOUND = ("org.freedesktop.Notifications.Error.NotFound", "")
INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"
CRITICAL = {"urgency": dbus.Byte(2)}
BUTTON = ["default", "Open"]
TAGS = ["x-canonical-private-synchronous", "private-synchronous", "synchronous", "x-dunst-stack-tag"]


def states(user):
    return {str(i["summary"]): str(i["state"]) for i in user.items()}


def settle(display, sender, name="settled"):
    """What lulld had to say to the display so far is there, and answered."""
    for part in ("one", "two"):
        sender.notify(f"{name} {part}")
        display.wait_summary(f"{name} {part}")


def show(display, sender, summary, **kwargs):
    """A ping that is on the display: the sender's id and the display's."""
    id = sender.notify(summary, actions=BUTTON, **kwargs)
    shown = display.wait_summary(summary)["id"]
    settle(display, sender, f"after {summary}")
    return id, shown


def closed(peer, id):
    return [s[2] for s in peer.signals() if s[0] == "NotificationClosed" and s[1] == id]


def leave(peer, watcher):
    peer.close()
    wait_for(lambda: not watcher.driver("NameHasOwner", "s", peer.unique), "it has left")


@pytest.fixture
def shimmed(bus, lulld):
    """A display behind which lulld comes back in front."""
    return lulld.knows(bus.display(shimmed=True))


@pytest.fixture
def bystander(bus):
    p = bus.peer()
    p.listen(f"type='signal',interface='{NAME}',sender='{NAME}'")
    return p


def notify_send(bus, *args):
    r = bus.run("notify-send", "--print-id", *args)
    assert r.returncode == 0, r.stderr
    return int(r.stdout)


# --- replaced ---------------------------------------------------------------------------------------


def test_notify_send_replaces_what_another_process_sent_while_it_is_held(lulld, display, bus, user):
    user.focus()
    first = notify_send(bus, "10 %")
    between = notify_send(bus, "between")
    assert notify_send(bus, "-r", str(first), "20 %") == first
    assert user.item_ids("held") == [first, between], "it keeps its place"
    user.lull("EndFocus")
    display.wait_summary("between")
    assert display.summaries() == ["20 %", "between"]


def test_notify_send_replaces_what_another_process_sent_while_it_is_shown(lulld, display, bus, sender):
    first = notify_send(bus, "10 %")
    shown = display.wait_summary("10 %")["id"]
    settle(display, sender)
    assert notify_send(bus, "-r", str(first), "20 %") == first
    assert display.wait_summary("20 %")["replaces"] == shown


def test_notify_send_replaces_what_another_process_sent_while_it_is_in_flight(lulld, display, bus, sender):
    display.tell("Delay", "u", 500)
    first = notify_send(bus, "10 %")
    shown = display.wait_summary("10 %")["id"]
    assert notify_send(bus, "-r", str(first), "20 %") == first
    assert display.wait_summary("20 %")["replaces"] == shown
    display.tell("Delay", "u", 0)
    settle(display, sender)
    assert display.summaries()[:2] == ["10 %", "20 %"]


def test_the_button_of_a_replacement_goes_to_who_replaced(lulld, display, bus, user):
    first = notify_send(bus, "old")
    display.wait_summary("old")
    p = bus.popen("notify-send", "-r", str(first), "--wait", "--action=yes=Yes", "new",
                  stdout=subprocess.PIPE, text=True)
    shown = display.wait_summary("new")["id"]
    settle(display, bus.sender())
    display.invoke(shown, "yes")
    display.close_shown(shown)
    assert p.stdout.readline() == "yes\n"
    assert p.wait(10) == 0


@pytest.mark.parametrize("when", ["held", "shown", "in flight"])
def test_an_id_of_another_living_sender_is_not_taken_over_in_any_state(
        lulld, display, bus, sender, user, when):
    if when == "held":
        user.focus()
    if when == "in flight":
        display.tell("Delay", "u", 500)
    mine = sender.notify("mine", actions=BUTTON)
    if when != "held":
        display.wait_summary("mine")
    if when == "shown":
        settle(display, sender)
    other = bus.sender()
    theirs = other.notify("theirs", replaces=mine, actions=BUTTON)
    assert theirs != mine and theirs >= FIRST_ID
    if when == "held":
        user.lull("EndFocus")
    shown = display.wait_summary("theirs")
    display.tell("Delay", "u", 0)
    assert shown["replaces"] == 0
    settle(display, sender)
    assert display.summaries().count("mine") == 1
    display.invoke(display.wait_summary("mine")["id"], "default")
    display.invoke(shown["id"], "default")
    wait_for(lambda: sender.signals() and other.signals(), "both buttons work")
    assert sender.signals() == [("ActionInvoked", mine, "default")]
    assert other.signals() == [("ActionInvoked", theirs, "default")]


def test_a_living_notify_send_keeps_its_notification(lulld, display, bus, user):
    user.focus()
    bus.popen("notify-send", "--wait", "alive", stdout=subprocess.DEVNULL)
    id, = wait_for(lambda: user.item_ids("held"), "it is held")
    assert notify_send(bus, "-r", str(id), "another") != id
    assert states(user) == {"alive": "held", "another": "held"}


@pytest.mark.parametrize("id", [1, 77, 0x3fffffff, 0x7fffffff])
def test_an_adopted_id_is_the_senders_own_and_works(lulld, display, sender, id):
    """Electron makes ids up; and the display's own ids are something else."""
    other, other_shown = show(display, sender, "other")
    assert sender.notify("made up", replaces=id, actions=BUTTON) == id
    n = display.wait_summary("made up")
    assert n["replaces"] == 0, "the display has never heard of that id"
    settle(display, sender)
    display.invoke(other_shown, "default")
    display.invoke(n["id"], "default")
    wait_for(lambda: len(sender.signals()) == 2, "both actions")
    assert sender.signals() == [("ActionInvoked", other, "default"), ("ActionInvoked", id, "default")]


@pytest.mark.parametrize("id", [0x80000000, 0xffffffff])
def test_an_id_that_notify_send_could_not_read_is_not_adopted(lulld, display, sender, id):
    got = sender.notify("far", replaces=dbus.UInt32(id))
    assert FIRST_ID <= got <= 0x7fffffff
    display.wait_summary("far")


@pytest.mark.parametrize("id", [77, None], ids=["adopted", "issued"])
@pytest.mark.parametrize("by", ["its sender", "the display"])
def test_an_id_is_used_again_after_it_was_closed(lulld, display, sender, id, by):
    id, shown = show(display, sender, "first", replaces=id or 0)
    if by == "its sender":
        sender.close_notification(id)
    else:
        display.close_shown(shown)
    wait_for(lambda: closed(sender, id), "closed")
    assert sender.notify("second", replaces=id, actions=BUTTON) == id
    n = display.wait_summary("second")
    settle(display, sender)
    assert len(closed(sender, id)) == 1, "the second one is open"
    display.invoke(n["id"], "default")
    wait_for(lambda: ("ActionInvoked", id, "default") in sender.signals(), "its button works")
    display.close_shown(n["id"])
    wait_for(lambda: len(closed(sender, id)) == 2, "closed again")


def test_an_adopted_id_that_was_closed_while_held_is_held_anew_at_the_end(lulld, display, sender, user):
    user.focus()
    sender.notify("made up", replaces=77)
    kept = sender.notify("kept")
    sender.close_notification(77)
    assert sender.notify("made up again", replaces=77) == 77
    assert user.item_ids("held") == [kept, 77]
    user.lull("EndFocus")
    display.wait_shown(2)
    assert display.summaries() == ["kept", "made up again"]


def test_closed_and_sent_again_in_one_breath_is_open(lulld, display, sender):
    id, shown = show(display, sender, "first")
    raw = Raw(sender)
    raw.close(id)
    raw.notify("second", replaces=id)
    n = display.wait_summary("second")
    settle(display, sender)
    assert closed(sender, id) == [3]
    display.invoke(n["id"], "default")
    wait_for(lambda: ("ActionInvoked", id, "default") in sender.signals(), "its button works")
    assert closed(sender, id) == [3]


# --- closed -----------------------------------------------------------------------------------------


def test_a_closed_one_cannot_be_closed_again(lulld, display, sender, user):
    a, a_shown = show(display, sender, "a")
    b, b_shown = show(display, sender, "b")
    user.focus()
    c = sender.notify("c")
    sender.close_notification(a)
    display.close_shown(b_shown)
    wait_for(lambda: closed(sender, b), "closed by the display")
    sender.close_notification(c)
    for id in (a, b, c):
        assert sender.error("CloseNotification", "u", id) == NOT_FOUND
    assert (closed(sender, a), closed(sender, b), closed(sender, c)) == ([3], [2], [3])


def test_closed_while_it_waits_for_a_display_it_is_never_shown(lulld, bus, sender, user):
    id = sender.notify("gone")
    sender.notify("kept")
    assert states(user) == {"gone": "releasing", "kept": "releasing"}
    sender.close_notification(id)
    wait_for(lambda: closed(sender, id) == [3], "Closed(3)")
    display = bus.display()
    display.wait_summary("kept")
    assert display.summaries() == ["kept"]
    assert closed(sender, id) == [3]


def test_a_snoozed_one_can_be_closed_by_its_sender(lulld, display, sender, user):
    user.focus()
    id = sender.notify("snoozed")
    sender.notify("kept")
    lulld.client("snooze", str(id), "1h")
    assert states(user) == {"snoozed": "snoozed", "kept": "held"}
    name, _ = bus_error_of_a_stranger(lulld, id)
    assert name == INVALID_ARGS
    sender.close_notification(id)
    wait_for(lambda: closed(sender, id) == [3], "Closed(3)")
    assert states(user) == {"kept": "held"}
    assert sender.error("CloseNotification", "u", id) == NOT_FOUND


def bus_error_of_a_stranger(lulld, id):
    return lulld.bus.sender().error("CloseNotification", "u", id)


def test_a_quarantined_one_can_be_closed_by_its_sender(lulld, display, sender, user):
    display.tell("RefuseSummary", "s", "bad")
    id = sender.notify("bad")
    wait_for(lambda: states(user) == {"bad": "quarantined"}, "quarantined")
    sender.close_notification(id)
    wait_for(lambda: closed(sender, id) == [3], "Closed(3)")
    assert user.items() == []


@pytest.mark.parametrize("when", ["held", "shown", "in flight", "announced"])
def test_what_another_living_sender_owns_cannot_be_closed_in_any_state(
        lulld, display, bus, sender, user, when):
    if when in ("held", "announced"):
        user.focus()
    if when == "in flight":
        display.tell("Delay", "u", 500)
    id = sender.notify("mine")
    if when == "announced":
        for i in range(4):
            sender.notify(f"m{i}")
        user.lull("EndFocus")
        wait_for(lambda: states(user).get("mine") == "announced", "announced")
    if when in ("shown", "in flight"):
        display.wait_summary("mine")
    if when == "shown":
        settle(display, sender)
    assert bus_error_of_a_stranger(lulld, id)[0] == INVALID_ARGS
    display.tell("Delay", "u", 0)
    sender.close_notification(id)
    wait_for(lambda: closed(sender, id) == [3], "its own sender may")


@pytest.mark.parametrize("when", ["held", "shown"])
def test_what_its_sender_left_behind_can_be_closed_by_anybody_and_is_broadcast(
        lulld, display, bus, user, bystander, when):
    gone = bus.sender()
    if when == "held":
        user.focus()
        id = gone.notify("left behind")
    else:
        id, shown = show(display, gone, "left behind")
    leave(gone, user)
    bus.sender().close_notification(id)
    wait_for(lambda: closed(bystander, id) == [3], "Closed(3) to everybody")
    if when == "held":
        assert user.items() == []
    else:
        wait_for(lambda: [c["id"] for c in display.log.of("CloseNotification")] == [shown], "gone")


def test_lulls_own_digest_is_nobodys(lulld, display, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    after = sender.notify("after")
    own = [id for id in range(ids[0], after) if id not in ids]
    assert own, "the digest's id"
    for id in own:
        assert sender.error("CloseNotification", "u", dbus.UInt32(id))[0] in (INVALID_ARGS, NOT_FOUND[0])
        assert sender.notify("taken over", replaces=id) != id
    assert display.log.of("CloseNotification") == []
    display.invoke(digest["id"], "show-all")
    display.wait_summary("m0")


# --- the order on the wire --------------------------------------------------------------------------


class Raw:
    """Calls whose answers are seen as they come, in one order with the signals."""

    def __init__(self, sender):
        self.sender = sender
        self.seen = []
        sender.bus.add_message_filter(self._heard)

    def _heard(self, _connection, m):
        if m.get_type() in (2, 3):
            self.seen.append(("answer" if m.get_type() == 2 else "error", m.get_reply_serial()))
        elif m.get_type() == 4 and m.get_interface() == NAME:
            self.seen.append((m.get_member(), *map(simple, m.get_args_list())))
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED

    def _call(self, member, signature, *args):
        m = dbus.lowlevel.MethodCallMessage(NAME, PATH, NAME, member)
        m.append(*args, signature=signature)
        return self.sender.bus.send_message(m)

    def notify(self, summary, replaces=0):
        return self._call("Notify", "susssasa{sv}i", "mail", replaces, "", summary, "", BUTTON, {}, -1)

    def close(self, id):
        return self._call("CloseNotification", "u", id)


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "delivered"])
def test_each_answer_comes_before_its_closed_which_comes_once(lulld, display, sender, user, is_held):
    """Everything is sent before any answer is read."""
    if is_held:
        user.focus()
    raw, expected = Raw(sender), []
    for id in range(100, 130):
        notify, close, again = raw.notify(f"m{id}", replaces=id), raw.close(id), raw.close(id)
        expected += [("answer", notify), ("answer", close), ("NotificationClosed", id, 3), ("error", again)]
    sender.bus.flush()
    wait_for(lambda: len(raw.seen) >= len(expected), "all answers")
    user.focus()
    sender.notify("last", hints=CRITICAL)
    display.wait_summary("last")
    sender.call("GetCapabilities")
    assert raw.seen == expected


def test_closed_by_the_display_and_by_the_sender_at_once_is_told_once(lulld, display, sender):
    ids = []
    for i in range(10):
        id, shown = show(display, sender, f"m{i}")
        display.control.bus.call_async(display.unique, PATH, "org.lull.FakeDisplay", "Close", "uu",
                                       (shown, 2), lambda: None, lambda e: None)
        Raw(sender).close(id)
        ids.append(id)
    display.tell("Close", "uu", 4242, 2)
    settle(display, sender)
    wait_for(lambda: all(closed(sender, id) for id in ids), "all are closed")
    assert [len(closed(sender, id)) for id in ids] == [1] * 10


# --- one item per (application, tag) ----------------------------------------------------------------


@pytest.mark.parametrize("key", TAGS)
def test_the_same_tag_is_the_same_notification(lulld, display, sender, key):
    first = sender.notify("10 %", hints={key: "volume"})
    shown = display.wait_summary("10 %")["id"]
    settle(display, sender)
    assert sender.notify("20 %", hints={key: "volume"}) == first
    assert display.wait_summary("20 %")["replaces"] == shown
    assert closed(sender, first) == []


def test_the_same_tag_in_flight_is_the_same_notification(lulld, display, sender):
    display.tell("Delay", "u", 300)
    first = sender.notify("10 %", hints={TAGS[0]: "volume"})
    shown = display.wait_summary("10 %")["id"]
    for percent in (20, 30, 40):
        assert sender.notify(f"{percent} %", hints={TAGS[0]: "volume"}) == first
    assert display.wait_summary("40 %")["replaces"] == shown
    assert len(display.shown()) <= 3, "not every version is shown"


def test_another_tag_or_another_application_is_another_notification(lulld, display, sender, user):
    ids = [sender.notify(f"{app} {tag}", app=app, hints={TAGS[0]: tag})
           for app in ("mixer", "screen") for tag in ("volume", "brightness")]
    ids += [sender.notify(f"no tag {i}", app="mixer", hints={TAGS[0]: ""}) for i in range(2)]
    ids.append(sender.notify("no hint", app="mixer"))
    assert len(set(ids)) == 7
    display.wait_summary("no hint")
    assert [n["replaces"] for n in display.shown()] == [0] * 7


def test_while_there_is_no_display_only_the_latest_of_a_tag_waits(lulld, bus, sender, user):
    ids = [sender.notify(f"{i} %", hints={"x-dunst-stack-tag": "volume"}) for i in range(5)]
    other = sender.notify("other")
    assert set(ids) == {ids[0]}
    assert user.item_ids("releasing") == [ids[0], other]
    display = bus.display()
    display.wait_summary("other")
    assert sorted(display.summaries()) == ["4 %", "other"]


@pytest.mark.parametrize("by", ["its sender", "the display"])
def test_a_tag_whose_notification_was_closed_starts_anew(lulld, display, sender, by):
    first, shown = show(display, sender, "10 %", hints={TAGS[0]: "volume"})
    if by == "its sender":
        sender.close_notification(first)
    else:
        display.close_shown(shown)
    wait_for(lambda: closed(sender, first), "closed")
    second = sender.notify("20 %", hints={TAGS[0]: "volume"}, actions=BUTTON)
    n = display.wait_summary("20 %")
    settle(display, sender)
    display.invoke(n["id"], "default")
    wait_for(lambda: ("ActionInvoked", second, "default") in sender.signals(), "its button works")
    assert len(closed(sender, first)) == 1


def test_scripts_with_a_tag_have_one_notification(lulld, display, bus, sender):
    def volume(percent):
        return notify_send(bus, "-a", "volume.sh", "-h", "string:x-canonical-private-synchronous:volume",
                           "-h", f"int:value:{percent}", "-t", "1000", f"{percent} %")

    first = volume(10)
    shown = display.wait_summary("10 %")["id"]
    settle(display, sender)
    assert volume(20) == first
    assert display.wait_summary("20 %")["replaces"] == shown


def test_a_tag_survives_a_restart(lulld, shimmed, sender):
    first, shown = show(shimmed, sender, "10 %", hints={TAGS[0]: "volume"})
    lulld.restart()
    lulld.knows(shimmed)
    assert sender.notify("20 %", hints={TAGS[0]: "volume"}) == first
    assert shimmed.wait_summary("20 %")["replaces"] == shown


# --- released ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout, expected", [(-1, -1), (0, 0), (1, 1), (2147483647, 2147483647), (-7, -1)])
def test_a_released_one_has_the_timeout_that_was_sent(lulld, display, sender, user, timeout, expected):
    user.focus()
    id = sender.notify("held", timeout=timeout, actions=BUTTON)
    user.lull("EndFocus")
    n = display.wait_summary("held")
    assert n["timeout"] == expected
    settle(display, sender)
    display.close_shown(n["id"], 1)
    wait_for(lambda: sender.signals() == [("NotificationClosed", id, 1)], "the id is unchanged")


def test_a_batch_makes_one_sound_at_most(lulld, display, sender, user):
    user.focus()
    for i in range(3):
        sender.notify(f"m{i}", hints={"sound-name": "message-new-instant"})
    user.lull("EndFocus")
    shown = display.wait_shown(3)
    assert [n["hints"].get("suppress-sound", False) for n in shown] == [False, True, True]


def test_show_all_makes_one_sound_at_most(lulld, display, sender, user):
    user.focus()
    for i in range(4):
        sender.notify(f"m{i}")
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    display.invoke(digest["id"], "show-all")
    display.wait_summary("m2")
    shown = [n for n in display.shown() if n["summary"].startswith("m")]
    assert len([n for n in shown if not n["hints"].get("suppress-sound")]) <= 1


def png():
    """One red pixel."""
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes((0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0))) +
            chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b""))


@pytest.mark.parametrize("is_at_once", [False, True], ids=["later", "at once"])
@pytest.mark.parametrize("form", ["{}", "file://{}"], ids=["path", "uri"])
@pytest.mark.parametrize("where", ["image-path", "app_icon"])
def test_an_image_that_its_sender_deletes_is_still_there_after_a_hold(
        lulld, display, sender, user, tmp_path, where, form, is_at_once):
    """Chromium deletes its files when it hears Closed; a script, when notify-send has ended."""
    path = tmp_path / "icon.png"
    path.write_bytes(png())
    user.focus()
    if where == "image-path":
        sender.notify("with an icon", hints={where: form.format(path)})
    else:
        sender.notify("with an icon", icon=form.format(path))
    if not is_at_once:
        sender.call("GetCapabilities")
    path.unlink()
    user.lull("EndFocus")
    n = display.wait_summary("with an icon")
    given = n["hints"].get("image-path", n["icon"])
    assert pathlib.Path(given.removeprefix("file://")).read_bytes() == png()


def test_a_missing_image_is_not_named_to_the_display(lulld, display, sender, user, tmp_path):
    user.focus()
    sender.notify("without an icon", hints={"image-path": f"file://{tmp_path}/none.png"}, icon="mail-unread")
    user.lull("EndFocus")
    n = display.wait_summary("without an icon")
    assert "image-path" not in n["hints"] and n["icon"] == "mail-unread"


# --- the display restarts ---------------------------------------------------------------------------


def make_old(lulld, *ids):
    """As if these had been on the display for an hour."""
    lulld.stop()
    db = sqlite3.connect(lulld.state / "journal.db")
    for id in ids:
        cursor = db.execute("UPDATE ping SET arrived = arrived - ?1, changed = changed - ?1 WHERE id = ?2",
                            (60 * MINUTE_US, id))
        assert cursor.rowcount == 1
    db.commit()
    db.close()


@pytest.mark.parametrize("away", [False, True], ids=["lulld sees it", "lulld is away"])
def test_after_a_display_restart_old_ones_are_closed_and_recent_and_critical_ones_shown_again(
        lulld, shimmed, bus, sender, user, away):
    old, _ = show(shimmed, sender, "old")
    critical, _ = show(shimmed, sender, "critical", hints=CRITICAL)
    recent, _ = show(shimmed, sender, "recent")
    make_old(lulld, old, critical)
    if not away:
        lulld.start()
        lulld.knows(shimmed)
    shimmed.kill()
    other = bus.display(shimmed=True)
    if away:
        lulld.start()
    n = other.wait_summary("recent")
    wait_for(lambda: closed(sender, old), "Closed for the old one")
    other.wait_summary("critical")
    assert closed(sender, old) == [4]
    assert closed(sender, recent) == closed(sender, critical) == []
    assert "old" not in other.summaries()
    assert n["replaces"] == 0, "the ids of the one before are void"
    settle(other, sender)
    for name, id in (("critical", critical), ("recent", recent)):
        other.invoke(other.wait_summary(name)["id"], "default", f"token of {name}")
        wait_for(lambda: ("ActionInvoked", id, "default") in sender.signals(), "its button works")
    assert sender.error("CloseNotification", "u", old) == NOT_FOUND


def test_what_is_held_does_not_care_about_display_restarts(lulld, display, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(3)]
    display.kill()
    other = lulld.knows(bus.display())
    assert user.item_ids("held") == ids and sender.signals() == []
    user.lull("EndFocus")
    other.wait_shown(3)
    assert other.summaries() == ["m0", "m1", "m2"]


def test_a_replacement_after_a_display_restart_does_not_name_a_void_id(lulld, display, bus, sender):
    id, shown = show(display, sender, "first")
    display.kill()
    wait_for(lambda: lulld.status()["Display"]["how"] == "none", "lulld knows")
    assert sender.notify("second", replaces=id) == id
    other = bus.display()
    assert other.wait_summary("second")["replaces"] == 0
    assert "first" not in other.summaries()


# --- lulld restarts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_after_a_restart_held_ones_are_still_their_senders(lulld, shimmed, bus, sender, user, how):
    user.focus()
    id = sender.notify("mine", actions=BUTTON)
    getattr(lulld, how)()
    lulld.start()
    lulld.knows(shimmed)
    stranger = bus.sender()
    assert stranger.error("CloseNotification", "u", id)[0] == INVALID_ARGS
    assert stranger.notify("theirs", replaces=id) != id
    assert sender.notify("newer", replaces=id, actions=BUTTON) == id
    user.lull("EndFocus")
    n = shimmed.wait_summary("newer")
    shimmed.wait_summary("theirs")
    settle(shimmed, sender)
    shimmed.invoke(n["id"], "default")
    wait_for(lambda: sender.signals(), "the action")
    assert sender.signals() == [("ActionInvoked", id, "default")]
    assert sender.heard[-1]["to"] == sender.unique


def test_after_a_restart_what_its_sender_left_is_known_as_left(lulld, shimmed, bus, sender, user):
    user.focus()
    gone = bus.sender()
    id = gone.notify("left behind")
    lulld.kill()
    leave(gone, user)
    lulld.start()
    assert sender.notify("taken over", replaces=id) == id
    assert states(user) == {"taken over": "held"}


def test_a_real_notify_send_waits_through_a_restart(lulld, shimmed, bus, user):
    user.focus()
    p = bus.popen("notify-send", "--wait", "--action=yes=Yes", "Really?", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: user.get("Held") == 1, "it is held")
    lulld.stop()
    lulld.start()
    lulld.knows(shimmed)
    user.lull("EndFocus")
    shown = shimmed.wait_summary("Really?")["id"]
    settle(shimmed, bus.sender())
    shimmed.invoke(shown, "yes")
    shimmed.close_shown(shown)
    assert p.stdout.readline() == "yes\n"
    assert p.wait(10) == 0


def new_bus(lulld, bus, *peers):
    """The session ends, and the next one begins, with the same journal."""
    lulld.stop()
    for p in (*peers, lulld.peer):
        p.close()
    bus.kill()
    bus.start()
    lulld.peer = bus.peer()
    lulld.start()


def namesake(bus, unique):
    """A program that has by chance the name that another one had on the bus before."""
    for _ in range(40):
        peer = bus.sender()
        if peer.unique == unique:
            return peer
    raise AssertionError(f"nobody is called {unique}")


def test_on_a_new_bus_the_senders_are_strangers(lulld, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}", actions=BUTTON) for i in range(3)]
    new_bus(lulld, bus, sender, user)
    same_name = namesake(bus, sender.unique)
    bystander = bus.peer()
    bystander.listen(f"type='signal',interface='{NAME}',sender='{NAME}'")
    assert lulld.peer.item_ids("held") == ids
    display = lulld.knows(bus.display())
    lulld.peer.lull("EndFocus")
    display.wait_summary("m2")
    settle(display, bus.sender())
    display.invoke(display.wait_summary("m1")["id"], "default", "token")
    wait_for(lambda: len(bystander.signals()) == 2, "the button is broadcast")
    assert bystander.signals() == [("ActivationToken", ids[1], "token"), ("ActionInvoked", ids[1], "default")]
    assert [s["to"] for s in bystander.heard if s["interface"] == NAME] == [None, None]
    assert same_name.signals() == []


@pytest.mark.parametrize("has_same_name", [False, True], ids=["another name", "the same name"])
def test_on_a_new_bus_anybody_may_replace_and_close_what_is_left(lulld, bus, sender, user, has_same_name):
    user.focus()
    a, b = sender.notify("a"), sender.notify("b")
    new_bus(lulld, bus, sender, user)
    same_name = namesake(bus, sender.unique)
    script = same_name if has_same_name else bus.sender()
    assert script.notify("newer", replaces=a) == a
    script.close_notification(b)
    assert states(lulld.peer) == {"newer": "held"}
    # Now it is that one's own.
    assert bus.sender().notify("another", replaces=a) != a


def test_on_a_new_bus_what_was_open_is_shown_again_or_closed(lulld, shimmed, bus, sender, user):
    old, _ = show(shimmed, sender, "old")
    recent, _ = show(shimmed, sender, "recent")
    make_old(lulld, old)
    for p in (sender, user, lulld.peer):
        p.close()
    bus.kill()
    shimmed.close()
    bus.start()
    lulld.peer = bus.peer()
    bystander = bus.peer()
    bystander.listen(f"type='signal',interface='{NAME}'")
    lulld.start()
    other = bus.display(shimmed=True)
    n = other.wait_summary("recent")
    assert "old" not in other.summaries() and n["replaces"] == 0
    wait_for(lambda: closed(bystander, old) == [4], "Closed(4)")
    settle(other, bus.sender())
    other.invoke(n["id"], "default")
    wait_for(lambda: ("ActionInvoked", recent, "default") in
             [(s["member"], *s["args"]) for s in bystander.heard if s["sender"] == bystander.owner()],
             "its button is broadcast")


# --- what the server is -----------------------------------------------------------------------------


def test_capabilities_before_any_display_are_those_that_applications_need(lulld, sender):
    assert sorted(map(str, sender.call("GetCapabilities"))) == [
        "actions", "body", "body-markup", "icon-static", "inhibitions", "persistence"]
    assert [str(s) for s in sender.call("GetServerInformation")][0] == "lull"
    assert sender.call("GetServerInformation")[3] == "1.2"


def test_capabilities_are_the_displays_merged_with_lulls(lulld, display, sender):
    wait_for(lambda: "x-lull-fake" in sender.call("GetCapabilities"), "the display's own")
    assert sorted(map(str, sender.call("GetCapabilities"))) == [
        "actions", "body", "body-markup", "inhibitions", "persistence", "x-lull-fake"]


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_capabilities_and_information_are_remembered_without_a_display(lulld, display, sender, how):
    wait_for(lambda: "x-lull-fake" in sender.call("GetCapabilities"), "the display's own")
    wait_for(lambda: sender.call("GetServerInformation")[0] == "fake-display", "its name")
    before = sender.call("GetCapabilities"), sender.call("GetServerInformation")
    display.kill()
    getattr(lulld, how)()
    lulld.start()
    assert (sender.call("GetCapabilities"), sender.call("GetServerInformation")) == before
    assert [str(s) for s in before[1]] == ["fake-display", "lull", "1", "1.2"]


# --- do not disturb, as applications see it ---------------------------------------------------------


def inhibit(peer, app="org.example.Slides", reason="A talk"):
    return int(peer.call("Inhibit", "ssa{sv}", app, reason, dbus.Dictionary({}, signature="sv")))


def is_inhibited(peer):
    return bool(peer.call("Get", "ss", NAME, "Inhibited", interface=PROPERTIES))


@pytest.fixture
def listener(bus):
    p = bus.peer()
    p.listen(f"type='signal',interface='{PROPERTIES}',path='{PATH}',sender='{NAME}'")
    return p


def told(listener):
    """What was said of Inhibited."""
    listener.signals()
    return [bool(s["args"][1]["Inhibited"]) for s in listener.heard
            if s["interface"] == PROPERTIES and s["args"][0] == NAME]


def test_an_inhibition_holds_until_it_is_given_back(lulld, display, sender, user, listener):
    talk = lulld.bus.peer()
    cookie = inhibit(talk)
    assert cookie > 0 and is_inhibited(sender) and user.get("Focus")
    id = sender.notify("during the talk")
    assert user.item_ids("held") == [id]
    token, = user.lull("GetStatus")["Tokens"]
    assert token["label"] == "A talk"
    talk.call("UnInhibit", "u", dbus.UInt32(cookie))
    display.wait_summary("during the talk")
    assert not is_inhibited(sender)
    wait_for(lambda: told(listener) == [True, False], "both edges are told")


def test_an_inhibition_ends_with_its_owner(lulld, display, sender, user, listener):
    talk = lulld.bus.peer()
    inhibit(talk)
    sender.notify("during the talk")
    assert display.summaries() == []
    leave(talk, user)
    display.wait_summary("during the talk")
    wait_for(lambda: told(listener) == [True, False], "both edges are told")
    assert not is_inhibited(sender)


def test_the_edges_of_every_block_are_told(lulld, sender, user, listener):
    assert not is_inhibited(sender)
    user.focus()
    wait_for(lambda: told(listener) == [True], "on")
    user.lull("ExtendFocus", "x", dbus.Int64(MINUTE_US))
    cookie = inhibit(sender)
    user.lull("EndFocus")
    wait_for(lambda: told(listener) == [True, False], "off")
    user.focus(duration=dbus.Int64(1000000))
    wait_for(lambda: told(listener) == [True, False, True, False], "on, and off by itself")
    assert cookie > 0


def test_with_two_owners_the_last_one_ends_it(lulld, display, sender, user, listener):
    one, two = lulld.bus.peer(), lulld.bus.peer()
    a, b = inhibit(one), inhibit(two)
    assert a != b
    one.call("UnInhibit", "u", dbus.UInt32(a))
    assert is_inhibited(sender)
    sender.notify("held")
    assert states(user) == {"held": "held"}
    leave(two, user)
    display.wait_summary("held")
    wait_for(lambda: told(listener) == [True, False], "two edges only")


def test_one_owner_may_hold_two_cookies(lulld, sender, user):
    talk = lulld.bus.peer()
    a, b = inhibit(talk), inhibit(talk)
    assert a != b
    talk.call("UnInhibit", "u", dbus.UInt32(a))
    assert is_inhibited(sender)
    talk.call("UnInhibit", "u", dbus.UInt32(b))
    assert not is_inhibited(sender)


def test_a_cookie_of_another_sender_is_refused(lulld, sender, user):
    talk = lulld.bus.peer()
    cookie = inhibit(talk)
    for number in (cookie, 0, cookie + 1, 0xffffffff):
        assert sender.error("UnInhibit", "u", dbus.UInt32(number))[0] == INVALID_ARGS
    assert is_inhibited(sender)
    talk.call("UnInhibit", "u", dbus.UInt32(cookie))
    assert talk.error("UnInhibit", "u", dbus.UInt32(cookie))[0] == INVALID_ARGS


def test_lull_end_ends_an_inhibition(lulld, display, sender, user, listener):
    talk = lulld.bus.peer()
    inhibit(talk)
    sender.notify("held")
    lulld.client("end")
    display.wait_summary("held")
    assert not is_inhibited(sender)
    leave(talk, user)
    user.focus()
    sender.notify("held by hand")
    assert states(user) == {"held by hand": "held"}, "it takes nothing else with it when it leaves"
    wait_for(lambda: told(listener) == [True, False, True], "three edges")


def test_a_manual_block_outlives_an_inhibition(lulld, sender, user):
    talk = lulld.bus.peer()
    user.focus()
    cookie = inhibit(talk)
    talk.call("UnInhibit", "u", dbus.UInt32(cookie))
    assert is_inhibited(sender)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_inhibition_survives_a_restart_while_its_owner_lives(lulld, shimmed, sender, user, how):
    talk = lulld.bus.peer()
    cookie = inhibit(talk)
    id = sender.notify("held")
    getattr(lulld, how)()
    lulld.start()
    lulld.knows(shimmed)
    sender.notify("still held")
    assert is_inhibited(sender) and user.item_ids("held")[0] == id and len(user.item_ids("held")) == 2
    assert sender.error("UnInhibit", "u", dbus.UInt32(cookie))[0] == INVALID_ARGS
    talk.call("UnInhibit", "u", dbus.UInt32(cookie))
    shimmed.wait_shown(2)
    assert shimmed.summaries() == ["held", "still held"]


def test_an_inhibition_that_survived_a_restart_ends_with_its_owner(lulld, shimmed, sender, user):
    talk = lulld.bus.peer()
    inhibit(talk)
    sender.notify("held")
    lulld.kill()
    lulld.start()
    lulld.knows(shimmed)
    assert is_inhibited(sender)
    leave(talk, user)
    shimmed.wait_summary("held")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_inhibition_whose_owner_left_meanwhile_is_over(lulld, shimmed, sender, user, how):
    talk = lulld.bus.peer()
    inhibit(talk)
    sender.notify("held")
    getattr(lulld, how)()
    leave(talk, user)
    lulld.start()
    shimmed.wait_summary("held")
    wait_for(lambda: not is_inhibited(sender), "focus is off")


def test_an_inhibition_of_another_bus_is_over(lulld, bus, sender, user):
    inhibit(sender)
    id = sender.notify("held")
    new_bus(lulld, bus, sender, user)
    same_name = namesake(bus, sender.unique)
    wait_for(lambda: not is_inhibited(same_name), "focus is off")
    display = bus.display()
    assert display.wait_summary("held") and id


def test_an_inhibition_of_a_stopped_owner_goes_on(lulld, bus, sender, user):
    """It lives, though it doesn't answer."""
    p = bus.python("""
import os, sys, dbus
bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
o = dbus.Interface(bus.get_object("org.freedesktop.Notifications", "/org/freedesktop/Notifications"),
                   "org.freedesktop.Notifications")
print(o.Inhibit("a", "b", dbus.Dictionary({}, signature="sv")), flush=True)
sys.stdin.read()
""")
    assert int(p.stdout.readline()) > 0
    p.send_signal(signal.SIGSTOP)
    lulld.restart()
    assert is_inhibited(sender)
    p.send_signal(signal.SIGCONT)
    p.kill()
    p.wait()
    wait_for(lambda: not is_inhibited(sender), "focus is off")
