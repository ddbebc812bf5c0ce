"""What is held, what breaks through, and how what was held comes out again."""
import subprocess
import time

import dbus
import dbus.lowlevel
import pytest

from rig import FIRST_ID, wait_for

OPEN_MAX = 3


def states(user):
    return {str(i["summary"]): str(i["state"]) for i in user.items()}


def test_without_focus_a_ping_is_delivered_as_it_came(lulld, display, sender):
    id = sender.notify("Hello", "a <b>body</b>", ["default", "Open", "mute", "Mute"],
                       {"urgency": dbus.Byte(0), "category": "im.received", "x-own": "kept"},
                       timeout=7000, app="chat", icon="mail-unread")
    n = display.wait_shown()[0]
    assert id >= FIRST_ID
    assert (n["app"], n["icon"], n["summary"], n["body"]) == ("chat", "mail-unread", "Hello", "a <b>body</b>")
    assert n["actions"] == ["default", "Open", "mute", "Mute"] and n["timeout"] == 7000
    assert n["hints"]["urgency"] == 0 and n["hints"]["category"] == "im.received"
    assert n["hints"]["x-own"] == "kept"
    assert n["replaces"] == 0


def test_with_focus_a_ping_is_held_and_nothing_is_shown(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}", hints={"urgency": dbus.Byte(i % 2)}) for i in range(4)]
    assert user.get("Held") == 4
    assert user.item_ids("held") == ids
    # The one that breaks through comes after them: had they been forwarded, they would be there first.
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"]
    assert sender.signals() == []


@pytest.mark.parametrize("hints", [
    {"urgency": dbus.Byte(2)},
    {"urgency": dbus.UInt32(2)},
    {"urgency": dbus.Int32(9)},
    {"category": "call"},
    {"category": "call.incoming"},
    {"category": "alarm"},
    {"category": "alarm.timer"},
    {"x-canonical-private-synchronous": "volume"},
    {"synchronous": "volume"},
    {"private-synchronous": "volume"},
    {"x-dunst-stack-tag": "volume"},
    {"value": dbus.Int32(40)},
    {"value": dbus.UInt32(40)},
    {"x-kde-user-action-feedback": dbus.Boolean(True)},
], ids=lambda h: "-".join(f"{k}={v}" for k, v in h.items()))
def test_what_must_not_wait_breaks_through(lulld, display, sender, user, hints):
    user.focus()
    sender.notify("now", hints=hints)
    display.wait_summary("now")
    assert user.get("Held") == 0


@pytest.mark.parametrize("hints", [
    {},
    {"urgency": dbus.Byte(0)},
    {"urgency": dbus.Byte(1)},
    {"urgency": "2"},
    {"category": "call.ended"},
    {"category": "caller"},
    {"category": "email.arrived"},
    {"category": dbus.Int32(1)},
], ids=lambda h: "-".join(f"{k}={v}" for k, v in h.items()) or "none")
def test_what_can_wait_is_held(lulld, display, sender, user, hints):
    user.focus()
    id = sender.notify("later", hints=hints)
    assert user.item_ids("held") == [id]
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["now"]


def test_ids_are_lulls_own_and_never_the_displays(lulld, display, sender, user):
    ids = [sender.notify("a"), sender.notify("b")]
    user.focus()
    ids += [sender.notify("c"), sender.notify("d")]
    assert all(FIRST_ID <= id <= 0x7fffffff for id in ids) and len(set(ids)) == 4


def test_an_id_that_was_never_issued_is_adopted_for_its_sender(lulld, display, sender, user):
    user.focus()
    assert sender.notify("made up", replaces=77) == 77
    assert sender.notify("made up again", replaces=77) == 77
    assert user.item_ids("held") == [77]
    assert states(user) == {"made up again": "held"}


def test_an_adopted_id_is_not_issued_again(lulld, sender, user):
    user.focus()
    first = sender.notify("first")
    assert sender.notify("ahead", replaces=first + 3) == first + 3
    others = [sender.notify(f"m{i}") for i in range(5)]
    assert first + 3 not in others and len(set(others)) == 5


def test_an_id_of_another_living_sender_is_not_taken_over(lulld, bus, sender, user):
    user.focus()
    mine = sender.notify("mine")
    theirs = bus.sender().notify("theirs", replaces=mine)
    assert theirs != mine
    assert states(user) == {"mine": "held", "theirs": "held"}


def test_replaced_while_held_keeps_its_id_and_its_place(lulld, display, sender, user):
    user.focus()
    a, b = sender.notify("a1"), sender.notify("b")
    assert sender.notify("a2", replaces=a) == a
    assert user.item_ids("held") == [a, b]
    user.lull("EndFocus")
    display.wait_shown(2)
    assert display.summaries() == ["a2", "b"]
    assert sender.signals() == []


def test_replaced_by_an_urgent_one_while_held_it_breaks_through(lulld, display, sender, user):
    user.focus()
    id = sender.notify("calm")
    assert sender.notify("urgent", replaces=id, hints={"urgency": dbus.Byte(2)}) == id
    display.wait_summary("urgent")
    assert display.summaries() == ["urgent"] and user.get("Held") == 0


def test_replaced_while_shown_is_replaced_on_the_display(lulld, display, sender):
    id = sender.notify("50 %")
    first = display.wait_shown()[0]["id"]
    assert sender.notify("60 %", replaces=id) == id
    assert display.wait_shown(2)[1]["replaces"] == first


def test_replaced_while_shown_during_focus_leaves_the_display_and_is_held(lulld, display, sender, user):
    id = sender.notify("before")
    shown = display.wait_shown()[0]["id"]
    user.focus()
    assert sender.notify("during", replaces=id) == id
    wait_for(lambda: display.log.of("CloseNotification"), "the old version goes")
    assert display.log.of("CloseNotification")[0]["id"] == shown
    assert states(user) == {"during": "held"}
    user.lull("EndFocus")
    display.wait_summary("during")
    assert sender.signals() == [], "its sender hears nothing of that"


def test_a_closed_one_is_never_shown(lulld, display, sender, user):
    user.focus()
    gone, kept = sender.notify("gone"), sender.notify("kept")
    sender.close_notification(gone)
    assert user.item_ids() == [kept]
    wait_for(lambda: sender.signals() == [("NotificationClosed", gone, 3)], "Closed(3), once")
    user.lull("EndFocus")
    display.wait_summary("kept")
    assert display.summaries() == ["kept"]


def test_closing_what_is_not_there_is_an_error_without_text(lulld, sender):
    for id in (0, 12345, 0x7fffffff, 0xffffffff):
        assert sender.error("CloseNotification", "u", dbus.UInt32(id)) == (
            "org.freedesktop.Notifications.Error.NotFound", "")
    assert sender.signals() == []


def test_closing_what_another_living_sender_owns_is_refused(lulld, bus, sender, user):
    user.focus()
    id = sender.notify("mine")
    name, _ = bus.sender().error("CloseNotification", "u", id)
    assert name == "org.freedesktop.DBus.Error.InvalidArgs"
    assert user.item_ids("held") == [id]


def test_an_item_of_the_list_says_what_is_held(lulld, sender, user):
    until = int(user.focus()["Until"])
    id = sender.notify("Résumé", app="", hints={"desktop-entry": "org.example.Mail", "urgency": dbus.Byte(0)})
    item, = user.items()
    assert {k: type(v) for k, v in item.items()} == {
        "id": dbus.UInt32, "app": dbus.String, "summary": dbus.String, "urgency": dbus.Byte,
        "arrived": dbus.Int64, "due": dbus.Int64, "due_reason": dbus.String, "state": dbus.String, "seq": dbus.UInt64}
    assert (item["id"], item["app"], item["summary"], item["urgency"], item["state"]) == (
        id, "org.example.Mail", "Résumé", 0, "held")
    assert abs(item["due"] - until) < 1000000 and 0 < item["arrived"] < item["due"]


def test_the_client_lists_what_the_bus_lists(lulld, sender, user):
    user.focus()
    sender.notify("first", app="chat")
    sender.notify("second\x1b[31m", hints={"urgency": dbus.Byte(0)})
    listed = lulld.client_json("list")
    assert [(i["id"], i["app"], i["summary"], i["arrived"], i["state"]) for i in listed] == [
        (i["id"], i["app"], i["summary"], i["arrived"], i["state"]) for i in user.items()]
    assert [i["urgency"] for i in listed] == ["normal", "low"]
    assert all(i["due"] > i["arrived"] for i in listed)
    text = lulld.client("list").stdout
    assert "chat" in text and "first" in text and "\x1b" not in text


def test_the_client_says_the_status_of_the_bus(lulld, display, sender, user):
    s = lulld.client_json("status")
    assert (s["focus"], s["until"], s["tokens"], s["held"], s["next_release"], s["in_front"]) == (
        False, None, [], 0, None, True)
    assert s["display"] == {"name": "fake-display", "how": "queued", "unique": display.unique}
    lulld.client("focus", "25m", "--label", "writing")
    sender.notify("later")
    s = lulld.client_json("status")
    assert s["focus"] is True and s["held"] == 1 and s["journal"] == "disk"
    assert abs(s["next_release"] - s["until"]) < 1000000
    assert abs(s["until"] - s["tokens"][0]["since"] - 25 * 60 * 1000000) < 1000000
    assert (s["tokens"][0]["kind"], s["tokens"][0]["label"]) == ("manual", "writing")


def test_up_to_three_are_released_one_by_one_in_order(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}", actions=["ok", "OK"], timeout=3000 + i) for i in range(3)]
    user.lull("EndFocus")
    shown = display.wait_shown(3)
    assert [(n["app"], n["summary"], n["timeout"], n["actions"]) for n in shown] == [
        ("mail", f"m{i}", 3000 + i, ["ok", "OK"]) for i in range(3)]
    wait_for(lambda: user.items() == [], "nothing waits any more")
    # Their buttons work, under the ids that the sender knows.
    for id, n in zip(ids, shown):
        display.invoke(n["id"], "ok")
    wait_for(lambda: len(sender.signals()) == 3, "three actions")
    assert sender.signals() == [("ActionInvoked", id, "ok") for id in ids]


def test_above_three_one_digest_announces_them(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}", app="chat" if i else "mail & co") for i in range(4)]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    assert "4 notifications from 2 apps" in digest["summary"]
    assert "chat (3): m3" in digest["body"] and "mail &amp; co (1)" in digest["body"]
    assert "show-all" in digest["actions"] and digest["timeout"] == 0
    assert digest["hints"]["category"] == "x-lull.digest"
    wait_for(lambda: user.item_ids("announced") == ids, "the items are announced")
    assert user.get("Held") == 0
    # One more ping comes after: nothing else of the batch went out before it.
    sender.notify("next")
    display.wait_summary("next")
    assert len(display.shown()) == 2


def test_the_digest_is_there_once_and_has_an_id_of_lulls_own(lulld, display, sender, user):
    user.focus()
    for i in range(5):
        sender.notify(f"m{i}")
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    assert sender.notify("next") > FIRST_ID
    display.wait_summary("next")
    assert len([n for n in display.shown() if n["hints"].get("category") == "x-lull.digest"]) == 1
    assert digest["sender"] == lulld.peer.owner(), "it goes through the front, as every ping"


def test_who_merely_looks_like_the_digest_is_held(lulld, display, sender, user):
    """A digest is known by the unique name of the presenter, by nothing that others can write."""
    user.focus()
    id = sender.notify("3 notifications", app="lull", actions=["show-all", "Show all"],
                       hints={"category": "x-lull.digest", "desktop-entry": "lull"})
    assert user.item_ids("held") == [id]


def test_show_all_delivers_paced_three_open_and_the_next_after_a_closed_one(lulld, display, sender, user):
    user.focus()
    names = [f"m{i}" for i in range(7)]
    ids = [sender.notify(n) for n in names]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    display.invoke(digest["id"], "show-all")
    display.close_shown(digest["id"])
    shown = display.wait_shown(1 + OPEN_MAX)[1:]
    for n in range(OPEN_MAX, 7):
        # A ping of its own isn't paced: it comes at once, and none of the batch before it.
        sender.notify(f"probe {n}")
        display.wait_summary(f"probe {n}")
        batch = [x for x in display.shown() if x["summary"] in names]
        assert [x["summary"] for x in batch] == names[:n]
        display.close_shown(batch[n - OPEN_MAX]["id"])
        display.wait_summary(names[n])
    closed = [s for s in sender.signals() if s[0] == "NotificationClosed"]
    assert closed == [("NotificationClosed", id, 2) for id in ids[:4]]
    assert len(shown) == OPEN_MAX


def test_one_notify_is_in_flight_at_a_time(lulld, display, sender, user):
    display.tell("Delay", "u", 120)
    user.focus()
    for i in range(3):
        sender.notify(f"m{i}")
    user.lull("EndFocus")
    for i in range(3):
        sender.notify(f"direct {i}")
    shown = display.wait_shown(6)
    gaps = [b["t"] - a["t"] for a, b in zip(shown, shown[1:])]
    assert min(gaps) >= 0.1, gaps


def test_an_ignored_digest_leaves_its_items_and_release_shows_them(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(5)]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    display.close_shown(digest["id"], 1)
    wait_for(lambda: user.item_ids("announced") == ids, "they are still there")
    assert [i["state"] for i in lulld.client_json("list")] == ["announced"] * 5
    assert "released 5" in lulld.client("release").stdout
    for i in range(5):
        n = display.wait_summary(f"m{i}")
        display.close_shown(n["id"])
    assert display.summaries()[1:] == [f"m{i}" for i in range(5)]
    wait_for(lambda: user.items() == [], "nothing waits any more")


def test_an_announced_item_can_be_released_by_its_id(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    display.wait_shown()
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    assert user.lull("Release", "au", [ids[2]]) == 1
    display.wait_summary("m2")
    assert user.item_ids("announced") == [ids[0], ids[1], ids[3]]


def test_held_ones_are_released_by_id_while_focus_goes_on(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(3)]
    lulld.client("release", str(ids[1]))
    display.wait_summary("m1")
    assert user.item_ids("held") == [ids[0], ids[2]] and user.get("Focus")
    assert lulld.client("release", "7", status=1).stderr.count("\n") == 1


def test_release_without_ids_lets_everything_go_while_focus_goes_on(lulld, display, sender, user):
    user.focus()
    for i in range(3):
        sender.notify(f"m{i}")
    assert user.lull("Release", "au", dbus.Array([], signature="u")) == 3
    display.wait_shown(3)
    assert user.get("Focus") and user.get("Held") == 0


def test_what_comes_after_the_release_is_not_part_of_the_batch(lulld, display, sender, user):
    user.focus()
    for i in range(4):
        sender.notify(f"m{i}")
    user.lull("EndFocus")
    display.wait_shown()
    user.focus()
    id = sender.notify("in the next block")
    assert user.item_ids("held") == [id]
    assert "4 notifications" in display.shown()[0]["summary"]


def test_the_block_ends_by_itself_and_releases(lulld, display, sender, user):
    user.focus(duration=dbus.Int64(300000))
    sender.notify("later")
    display.wait_summary("later")
    assert not user.get("Focus") and user.get("Held") == 0 and user.get("Until") == 0


@pytest.mark.parametrize("by", ["duration", "until"])
def test_a_block_ends_at_its_time_and_not_before(lulld, display, sender, user, by):
    now = int(time.time() * 1000000)
    options = {"duration": dbus.Int64(1000000)} if by == "duration" else {"until": dbus.Int64(now + 1000000)}
    user.lull("StartFocus", "a{sv}", options)
    start = time.monotonic()
    sender.notify("later")
    n = display.wait_summary("later")
    assert n["t"] - start > 0.9


def test_a_real_notify_send_is_held_and_its_button_works_afterwards(lulld, display, bus, user):
    lulld.client("focus", "25m")
    p = bus.popen("notify-send", "--app-name=real", "--wait", "--action=yes=Yes", "Really?",
                  stdout=subprocess.PIPE, text=True)
    wait_for(lambda: user.get("Held") == 1, "it is held")
    assert user.items()[0]["app"] == "real"
    lulld.client("end")
    shown = display.wait_summary("Really?")
    display.invoke(shown["id"], "yes")
    display.close_shown(shown["id"])
    assert p.stdout.readline() == "yes\n"
    assert p.wait(10) == 0


def test_digest_above_is_a_setting(lulld, bus, sender, user):
    lulld.stop()
    lulld.configure("[release]\ndigest_above = 0\n")
    lulld.start()
    display = lulld.knows(bus.display())
    user.focus()
    sender.notify("the only one")
    user.lull("EndFocus")
    assert "1 notification from 1 app" in display.wait_shown()[0]["summary"]


def test_without_a_display_what_is_released_waits_for_one(lulld, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(3)]
    user.lull("EndFocus")
    wait_for(lambda: user.item_ids("releasing") == ids, "they wait")
    display = bus.display()
    display.wait_shown(3)
    assert display.summaries() == ["m0", "m1", "m2"]


def test_without_a_display_a_digest_waits_for_one(lulld, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(6)]
    user.lull("EndFocus")
    wait_for(lambda: user.item_ids("announced") == ids, "they wait")
    display = bus.display()
    assert "6 notifications" in display.wait_shown()[0]["summary"]


def test_what_came_without_a_display_goes_out_paced(lulld, bus, sender):
    for i in range(6):
        sender.notify(f"m{i}")
    display = bus.display()
    display.wait_shown(OPEN_MAX)
    sender.notify("now", hints={"urgency": dbus.Byte(2)})
    display.wait_summary("now")
    assert display.summaries() == ["m0", "m1", "m2", "now"]
    display.close_shown(display.shown()[0]["id"])
    display.wait_summary("m3")


def test_no_reply_is_sent_to_who_wants_none(lulld, sender, user):
    user.focus()
    message = dbus.lowlevel.MethodCallMessage("org.freedesktop.Notifications", "/org/freedesktop/Notifications",
                                              "org.freedesktop.Notifications", "Notify")
    message.set_no_reply(True)
    message.append("mail", dbus.UInt32(0), "", "silent", "", dbus.Array([], signature="s"),
                   dbus.Dictionary({}, signature="sv"), -1, signature="susssasa{sv}i")
    sender.bus.send_message(message)
    wait_for(lambda: states(user) == {"silent": "held"}, "it is held")


def test_a_full_batch_of_2000_is_one_digest(lulld, display, sender, user):
    user.focus()
    answered = []
    for i in range(2000):
        sender.notify_later(answered.append, lambda e: answered.append(e), f"m{i}")
    wait_for(lambda: len(answered) == 2000, "all are answered")
    assert user.get("Held") == 2000
    user.lull("EndFocus")
    assert "2000 notifications" in display.wait_shown()[0]["summary"]
    wait_for(lambda: len(user.item_ids("announced")) == 2000, "all are announced")


def test_two_digests_open_each_its_own_items(lulld, display, sender, user):
    for block in "ab":
        user.focus()
        for i in range(4):
            sender.notify(f"{block}{i}")
        user.lull("EndFocus")
        wait_for(lambda: len([n for n in display.shown() if "4 notifications" in n["summary"]]) == "ab".index(block) + 1,
                 "its digest")
    digests = display.shown()
    display.invoke(digests[1]["id"], "default")
    display.wait_summary("b2")
    assert display.summaries()[2:] == ["b0", "b1", "b2"]
    wait_for(lambda: [str(i["summary"]) for i in user.items() if i["state"] == "announced"] ==
             ["a0", "a1", "a2", "a3"], "the other ones stay announced")


def test_an_announced_one_can_be_closed_by_its_sender(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    sender.close_notification(ids[1])
    wait_for(lambda: sender.signals() == [("NotificationClosed", ids[1], 3)], "Closed(3)")
    display.invoke(digest["id"], "show-all")
    display.wait_summary("m3")
    assert display.summaries()[1:] == ["m0", "m2", "m3"]


def test_an_announced_one_that_is_replaced_is_delivered_once(lulld, display, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    digest = display.wait_shown()[0]
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    assert sender.notify("newer", replaces=ids[1]) == ids[1]
    display.wait_summary("newer")
    assert user.item_ids("announced") == [ids[0], ids[2], ids[3]]
    display.invoke(digest["id"], "show-all")
    display.close_shown(digest["id"])
    display.wait_summary("m3")
    assert display.summaries()[1:] == ["newer", "m0", "m2", "m3"]


def test_a_digest_is_shown_again_when_another_display_comes(lulld, display, bus, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    display.wait_shown()
    wait_for(lambda: user.item_ids("announced") == ids, "announced")
    display.kill()
    other = bus.display()
    digest = other.wait_shown()[0]
    assert "4 notifications" in digest["summary"]
    other.invoke(digest["id"], "show-all")
    other.wait_summary("m2")


def test_a_digest_that_the_display_refuses_leaves_its_items_listed(lulld, display, sender, user):
    display.tell("Refuse", "u", 2)
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(4)]
    user.lull("EndFocus")
    display.wait_shown(2)
    sender.notify("next")
    display.wait_summary("next")
    assert user.item_ids("announced") == ids
    assert user.lull("Release", "au", dbus.Array([], signature="u")) == 4
    display.wait_summary("m2")


def test_a_held_one_whose_sender_left_can_be_replaced_by_a_script(lulld, display, bus, user):
    user.focus()
    first = bus.run("notify-send", "--print-id", "10 %")
    id = int(first.stdout)
    second = bus.run("notify-send", "--print-id", f"--replace-id={id}", "20 %")
    assert int(second.stdout) == id
    assert states(user) == {"20 %": "held"}
