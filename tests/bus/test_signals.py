"""What the display says comes to the sender, with the sender's id, and to nobody else."""
import dbus
import dbus.lowlevel
import pytest

from rig import FIRST_ID, NAME, PATH, wait_for

ALL = f"type='signal',interface='{NAME}'"


@pytest.fixture
def bystander(bus):
    """Hears what is broadcast, as a program with a match rule of no sender does."""
    p = bus.peer()
    p.listen(ALL)
    return p


def from_lulld(peer, lulld_unique):
    return [s for s in peer.heard if s["interface"] == NAME and s["sender"] == lulld_unique]


def show(display, sender, summary="Hello"):
    """A ping that is on the display: the sender's id and the display's."""
    id = sender.notify(summary, actions=["default", "Open", "inline-reply", "Reply"])
    shown = display.wait_summary(summary)["id"]
    assert shown != id
    # A second ping goes out only after the display's id of the first one is known.
    sender.notify(f"after {summary}")
    display.wait_summary(f"after {summary}")
    return id, shown


@pytest.mark.parametrize("reason", [1, 2, 3, 4])
def test_closed_comes_with_the_senders_id_and_the_displays_reason(lulld, display, sender, reason):
    id, shown = show(display, sender)
    display.close_shown(shown, reason)
    wait_for(lambda: sender.signals() == [("NotificationClosed", id, reason)], "Closed")
    assert sender.heard[-1]["to"] == sender.unique
    assert sender.heard[-1]["sender"] == sender.owner()


@pytest.mark.parametrize("reason", [0, 5, 4294967295])
def test_a_reason_that_does_not_exist_becomes_undefined(lulld, display, sender, reason):
    id, shown = show(display, sender)
    display.close_shown(shown, reason)
    wait_for(lambda: sender.signals() == [("NotificationClosed", id, 4)], "Closed(4)")


def test_closed_comes_once_though_the_display_says_it_twice(lulld, display, sender):
    id, shown = show(display, sender)
    display.close_shown(shown)
    display.close_shown(shown)
    other, other_shown = show(display, sender, "other")
    display.invoke(other_shown, "default")
    wait_for(lambda: ("ActionInvoked", other, "default") in sender.signals(), "the action that came after")
    assert sender.signals().count(("NotificationClosed", id, 2)) == 1


def test_an_action_comes_with_the_senders_id(lulld, display, sender):
    id, shown = show(display, sender)
    display.invoke(shown, "default")
    wait_for(lambda: sender.signals() == [("ActionInvoked", id, "default")], "the action")
    assert sender.heard[-1]["to"] == sender.unique


def test_the_activation_token_comes_directly_before_its_action(lulld, display, sender):
    id, shown = show(display, sender)
    display.invoke(shown, "default", "token-1")
    display.close_shown(shown)
    wait_for(lambda: len(sender.signals()) == 3, "token, action, closed")
    assert sender.signals() == [("ActivationToken", id, "token-1"), ("ActionInvoked", id, "default"),
                                ("NotificationClosed", id, 2)]


def test_a_token_of_another_notification_is_not_given_to_an_action(lulld, display, sender):
    a, a_shown = show(display, sender, "a")
    b, b_shown = show(display, sender, "b")
    display.tell("Invoke", "uss", a_shown, "default", "token-a")
    display.invoke(b_shown, "default")
    wait_for(lambda: len(sender.signals()) == 3, "token, action, action")
    assert sender.signals() == [("ActivationToken", a, "token-a"), ("ActionInvoked", a, "default"),
                                ("ActionInvoked", b, "default")]


def test_a_reply_comes_with_the_senders_id(lulld, display, sender):
    id, shown = show(display, sender)
    display.tell("Reply", "us", shown, "On my way, ünïcode")
    wait_for(lambda: sender.signals() == [("NotificationReplied", id, "On my way, ünïcode")], "the reply")
    assert sender.heard[-1]["to"] == sender.unique


def test_signals_go_to_the_sender_of_that_notification_only(lulld, display, bus, bystander):
    one, two = bus.sender(), bus.sender()
    one_id, one_shown = show(display, one, "one")
    two_id, two_shown = show(display, two, "two")
    lulld_unique = one.owner()
    display.invoke(one_shown, "default", "t1")
    display.close_shown(one_shown)
    display.invoke(two_shown, "default")
    wait_for(lambda: two.signals(), "the last one")
    wait_for(lambda: len(one.signals()) == 3, "the first ones")
    assert one.signals() == [("ActivationToken", one_id, "t1"), ("ActionInvoked", one_id, "default"),
                             ("NotificationClosed", one_id, 2)]
    assert two.signals() == [("ActionInvoked", two_id, "default")]
    assert from_lulld(bystander, lulld_unique) == []


def test_when_the_sender_has_left_signals_are_broadcast(lulld, display, bus, bystander):
    sender = bus.sender()
    id, shown = show(display, sender)
    unique = sender.unique
    sender.close()
    wait_for(lambda: not bystander.driver("NameHasOwner", "s", unique), "the sender has left")
    display.invoke(shown, "default", "t")
    display.close_shown(shown)
    lulld_unique = bystander.owner()
    wait_for(lambda: len(from_lulld(bystander, lulld_unique)) == 3, "three broadcasts")
    assert [(s["member"], s["to"], s["args"][0]) for s in from_lulld(bystander, lulld_unique)] == [
        ("ActivationToken", None, id), ("ActionInvoked", None, id), ("NotificationClosed", None, id)]


def test_a_match_on_the_well_known_name_hears_the_broadcasts(lulld, display, bus):
    listener = bus.peer()
    listener.listen(ALL + f",sender='{NAME}'")
    sender = bus.sender()
    id, shown = show(display, sender)
    sender.close()
    wait_for(lambda: not listener.driver("NameHasOwner", "s", sender.unique), "the sender has left")
    display.invoke(shown, "default")
    wait_for(lambda: ("ActionInvoked", id, "default") in listener.signals(), "the broadcast")


def test_what_the_display_says_of_ids_that_lull_does_not_know_is_passed_on_unchanged(
        lulld, display, bystander):
    display.invoke(4242, "default", "t")
    display.tell("Reply", "us", 4243, "text")
    display.close_shown(4244, 2)
    lulld_unique = bystander.owner()
    wait_for(lambda: len(from_lulld(bystander, lulld_unique)) == 4, "four broadcasts")
    assert [(s["member"], s["to"], *map(str, s["args"])) for s in from_lulld(bystander, lulld_unique)] == [
        ("ActivationToken", None, "4242", "t"), ("ActionInvoked", None, "4242", "default"),
        ("NotificationReplied", None, "4243", "text"), ("NotificationClosed", None, "4244", "2")]


def test_signals_from_anybody_but_the_display_are_ignored(lulld, display, bus, sender, bystander):
    """Nobody can press somebody else's button by saying so on the bus."""
    id, shown = show(display, sender)
    liar = bus.peer()
    lulld_unique = sender.owner()
    for to in (None, lulld_unique):
        for number in (id, shown, 4242):
            for member, *args in (("ActionInvoked", "default"), ("ActivationToken", "t"),
                                  ("NotificationReplied", "text"), ("NotificationClosed", dbus.UInt32(2))):
                m = dbus.lowlevel.SignalMessage(PATH, NAME, member)
                if to:
                    m.set_destination(to)
                m.append(dbus.UInt32(number), *args)
                liar.bus.send_message(m)
    liar.bus.flush()
    liar.driver("GetId")
    display.invoke(shown, "default")
    wait_for(lambda: sender.signals(), "the true one")
    assert sender.signals() == [("ActionInvoked", id, "default")]
    assert from_lulld(bystander, lulld_unique) == []


def test_closing_a_shown_one_closes_it_on_the_display_and_is_told_once(lulld, display, sender):
    id, shown = show(display, sender)
    sender.close_notification(id)
    wait_for(lambda: display.log.of("CloseNotification"), "closed on the display")
    assert [c["id"] for c in display.log.of("CloseNotification")] == [shown]
    other, other_shown = show(display, sender, "other")
    display.invoke(other_shown, "default")
    wait_for(lambda: ("ActionInvoked", other, "default") in sender.signals(), "what came after")
    assert sender.signals() == [("NotificationClosed", id, 3), ("ActionInvoked", other, "default")]


def test_closed_while_it_is_on_its_way_it_is_closed_when_its_display_id_arrives(lulld, display, sender):
    display.tell("Delay", "u", 300)
    id = sender.notify("on its way")
    shown = display.wait_shown()[0]["id"]
    sender.close_notification(id)
    wait_for(lambda: display.log.of("CloseNotification"), "closed on the display")
    assert display.log.of("CloseNotification")[0]["id"] == shown
    display.tell("Delay", "u", 0)
    other, other_shown = show(display, sender, "other")
    display.invoke(other_shown, "default")
    wait_for(lambda: ("ActionInvoked", other, "default") in sender.signals(), "what came after")
    assert sender.signals() == [("NotificationClosed", id, 3), ("ActionInvoked", other, "default")]


def test_replaced_while_it_is_on_its_way_the_newer_version_follows(lulld, display, sender):
    display.tell("Delay", "u", 200)
    id = sender.notify("old")
    shown = display.wait_shown()[0]["id"]
    assert sender.notify("new", replaces=id) == id
    n = display.wait_summary("new")
    assert n["replaces"] == shown
    display.tell("Delay", "u", 0)
    sender.notify("next")
    display.wait_summary("next")
    assert display.summaries() == ["old", "new", "next"]
    display.invoke(n["id"], "default")
    wait_for(lambda: sender.signals() == [("ActionInvoked", id, "default")], "its button works")


def test_the_answer_comes_before_closed(lulld, sender, user):
    user.focus()
    id = sender.notify("held")
    order = []
    sender.bus.add_message_filter(lambda _, m: order.append(m.get_type()) or
                                  dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED)
    done = []
    sender.bus.call_async(NAME, PATH, NAME, "CloseNotification", "u", (id,), lambda: done.append(1),
                          lambda e: done.append(e))
    wait_for(lambda: done and len(order) >= 1 and sender.signals(), "answer and signal")
    assert done == [1] and sender.signals() == [("NotificationClosed", id, 3)]


def test_buttons_of_what_was_shown_before_a_restart_still_work(lulld, display, sender):
    id, shown = show(display, sender)
    lulld.restart()
    lulld.knows(display)
    display.invoke(shown, "default", "t")
    display.close_shown(shown)
    wait_for(lambda: len(sender.signals()) == 3, "token, action, closed")
    assert sender.signals() == [("ActivationToken", id, "t"), ("ActionInvoked", id, "default"),
                                ("NotificationClosed", id, 2)]
    assert len(display.shown()) == 2, "nothing is shown twice"


def test_when_another_display_comes_what_was_just_shown_is_shown_again(lulld, display, bus, sender):
    id, shown = show(display, sender)
    display.kill()
    other = lulld.knows(bus.display())
    n = other.wait_summary("Hello")
    other.invoke(n["id"], "default")
    wait_for(lambda: ("ActionInvoked", id, "default") in sender.signals(), "its button works there")
    assert not [s for s in sender.signals() if s[0] == "NotificationClosed"]
    assert id >= FIRST_ID
