"""Applications never wait for the display; and nothing is lost by what the display does."""
import dbus
import pytest

from rig import FIRST_ID, NAME, PROPERTIES, wait_for

PEER = "org.freedesktop.DBus.Peer"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


@pytest.fixture(params=["stopped", "mute", "absent", "killed"])
def no_answer(request, lulld, bus):
    """A lulld whose display doesn't answer."""
    if request.param == "absent":
        return None
    display = lulld.knows(bus.display())
    if request.param == "stopped":
        display.stop()
    elif request.param == "mute":
        display.tell("Mute", "b", True)
    else:
        display.kill()
    return display


def test_every_call_is_answered_while_the_display_does_not(no_answer, sender):
    id = sender.notify("delivered")
    assert id >= FIRST_ID
    assert {"actions", "body"} <= set(sender.call("GetCapabilities"))
    assert sender.call("GetServerInformation")[0] in ("fake-display", "lull")
    assert sender.call("GetServerInformation")[3] == "1.2"
    assert NAME in sender.call("Introspect", interface=INTROSPECTABLE)
    sender.call("Ping", interface=PEER)
    assert len(sender.call("GetMachineId", interface=PEER)) == 32
    assert sender.call("Get", "ss", NAME, "Inhibited", interface=PROPERTIES) == False  # noqa: E712
    assert set(sender.call("GetAll", "s", NAME, interface=PROPERTIES)) == {"Inhibited"}
    sender.close_notification(id)
    wait_for(lambda: sender.signals() == [("NotificationClosed", id, 3)], "Closed")


def test_the_capabilities_are_the_displays_and_are_remembered(lulld, display, sender):
    wait_for(lambda: "x-lull-fake" in sender.call("GetCapabilities"), "the display's own")
    display.kill()
    lulld.restart()
    assert "x-lull-fake" in sender.call("GetCapabilities")


def test_inhibited_says_whether_focus_is_on(lulld, sender, user):
    user.focus()
    assert sender.call("Get", "ss", NAME, "Inhibited", interface=PROPERTIES) == True  # noqa: E712


def test_deliveries_wait_for_a_stopped_display_and_go_out_once_when_it_goes_on(lulld, display, sender):
    display.stop()
    names = [f"m{i}" for i in range(8)]
    for n in names:
        sender.notify(n)
    display.go_on()
    display.wait_summary("m7")
    sender.notify("last")
    display.wait_summary("last")
    assert display.summaries() == [*names, "last"]


def test_a_display_that_was_stopped_for_longer_than_the_patience_still_gets_each_once(lulld, display, sender):
    display.stop()
    sender.notify("m0")
    wait_for(lambda: "hasn't answered" in lulld.stderr(), "lulld notices", 20)
    sender.notify("m1")
    display.go_on()
    display.wait_summary("m1")
    sender.notify("last")
    display.wait_summary("last")
    assert display.summaries() == ["m0", "m1", "last"]


def test_a_display_that_never_answers_one_gets_it_once_more_and_then_the_others(
        lulld, display, sender, user):
    display.tell("Mute", "b", True)
    id = sender.notify("unanswered", hints={"category": "im"})
    sender.notify("next")
    wait_for(lambda: display.summaries() == ["unanswered"] * 2, "once more", 20)
    assert "category" not in display.shown()[1]["hints"]
    display.tell("Mute", "b", False)
    wait_for(lambda: "next" in display.summaries(), "the next one", 20)
    assert {int(i["id"]): str(i["state"]) for i in user.items()} == {id: "quarantined"}


def test_when_the_display_is_killed_deliveries_wait_for_the_next_one(lulld, display, bus, sender, user):
    display.kill()
    wait_for(lambda: user.get("Display")["how"] == "none", "lulld knows")
    ids = [sender.notify(f"m{i}") for i in range(3)]
    assert user.item_ids("releasing") == ids
    other = bus.display()
    other.wait_shown(3)
    assert other.summaries() == ["m0", "m1", "m2"]
    wait_for(lambda: user.items() == [], "nothing waits any more")


def test_a_display_that_stopped_and_is_killed_loses_nothing(lulld, display, bus, sender):
    display.stop()
    for i in range(3):
        sender.notify(f"m{i}")
    display.kill()
    other = bus.display()
    other.wait_shown(3)
    assert sorted(other.summaries()) == ["m0", "m1", "m2"]


def test_a_refused_one_is_sent_again_without_hints(lulld, display, sender, user):
    display.tell("Refuse", "u", 1)
    sender.notify("fragile", "body", ["ok", "OK"],
                  {"urgency": dbus.Byte(0), "category": "im", "x-odd": dbus.Struct((1, 2))}, timeout=4000)
    first, second = display.wait_shown(2)
    assert set(first["hints"]) >= {"urgency", "category", "x-odd"}
    assert second["hints"] == {"urgency": 0}
    assert (second["summary"], second["body"], second["actions"], second["timeout"]) == (
        "fragile", "body", ["ok", "OK"], 4000)
    wait_for(lambda: user.items() == [], "it is shown")


def test_one_refused_twice_is_kept_and_listed_and_blocks_nothing(lulld, display, sender, user):
    display.tell("RefuseSummary", "s", "bad")
    bad = sender.notify("bad")
    sender.notify("good")
    display.wait_summary("good")
    assert display.summaries() == ["bad", "bad", "good"]
    assert {int(i["id"]): str(i["state"]) for i in user.items()} == {bad: "quarantined"}
    assert sender.signals() == []
    # It isn't tried again by itself, but can be asked for.
    lulld.restart()
    lulld.knows(display)
    assert user.item_ids("quarantined") == [bad]
    display.tell("RefuseSummary", "s", "")
    assert user.lull("Release", "au", [bad]) == 1
    wait_for(lambda: display.summaries() == ["bad", "bad", "good", "bad"], "asked for")
    wait_for(lambda: user.items() == [], "shown")


def test_one_that_kills_the_display_twice_is_kept_and_blocks_nothing(lulld, bus, sender, user):
    log = bus.tmp_path / "displays.log"
    bad = sender.notify("deadly")
    for _ in range(2):
        display = bus.display("--dies-on", "deadly", log=log)
        display.process.wait(10)
        assert display.process.returncode == 42
        wait_for(lambda: user.get("Display")["how"] == "none", "lulld knows")
    other = bus.display("--dies-on", "deadly", log=log)
    sender.notify("harmless")
    other.wait_summary("harmless")
    assert other.summaries().count("deadly") == 2
    assert {int(i["id"]): str(i["state"]) for i in user.items()} == {bad: "quarantined"}


def test_the_pings_that_waited_behind_a_deadly_one_come_out(lulld, bus, sender, user):
    log = bus.tmp_path / "displays.log"
    display = lulld.knows(bus.display("--dies-on", "deadly", log=log))
    user.focus()
    for name in ("first", "deadly", "third"):
        sender.notify(name)
    user.lull("EndFocus")
    display.process.wait(10)
    wait_for(lambda: user.get("Display")["how"] == "none", "lulld knows")
    bus.display("--dies-on", "deadly", log=log).process.wait(10)
    wait_for(lambda: user.get("Display")["how"] == "none", "lulld knows")
    other = bus.display("--dies-on", "deadly", log=log)
    other.wait_summary("third")
    wait_for(lambda: [str(i["state"]) for i in user.items()] == ["quarantined"], "one is kept")


def test_a_second_display_in_the_queue_takes_over_when_the_first_dies(lulld, display, bus, sender):
    second = bus.display()
    display.kill()
    lulld.knows(second)
    sender.notify("for the second")
    second.wait_summary("for the second")



def test_a_hung_display_does_not_delay_pings_of_a_flood(lulld, display, sender, user):
    display.stop()
    answered = []
    for i in range(500):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 500, "all are answered")
    assert len(set(map(int, answered))) == 500
    display.go_on()
    display.wait_summary("m499")
    assert display.summaries() == [f"m{i}" for i in range(500)]
