"""The doctor's test notification: it goes the way of every ping, tells where it ended, and leaves nothing behind."""
import dbus
import pytest

import rig
from test_doctor import FakeLulld, Findings

CLAIM = {"x-lull-probe": dbus.Boolean(True)}
SUMMARY = "lull doctor"


class Doctor(rig.Sender):
    """Somebody who sends one as the doctor does, in steps."""

    def announce(self):
        self.lull("Probe")

    def send(self, summary="test", **kwargs):
        return self.notify(summary, hints=CLAIM, **kwargs)

    def item(self, id):
        return self.lull("GetItem", "u", id)


@pytest.fixture
def doctor(bus):
    return bus.peer(Doctor)


def counts(lulld):
    status = lulld.status()
    return {int(status[name]) for name in ("Held", "Snoozed", "Announced", "Quarantined", "Releasing")}


def check_no_trace(lulld):
    assert counts(lulld) == {0}
    assert lulld.client_json("list") == []
    assert lulld.client_json("history") == []


# --- the whole way ---


def test_the_probe_goes_the_whole_way_and_nothing_stays_open(bus, lulld, display):
    found = Findings(bus)
    probe = found.one("probe", "ok")
    assert found.status == 0
    assert f"lulld (as {rig.FIRST_ID}, on disk), to fake-display as 1 and back in " in probe["text"]
    assert display.summaries() == [SUMMARY]
    rig.wait_for(lambda: display.open() == [], "it is closed on the display")
    check_no_trace(lulld)


def test_the_probe_is_as_quiet_as_can_be_and_would_go_by_itself(bus, lulld, display):
    Findings(bus)
    shown, = display.shown()
    assert shown["hints"]["urgency"] == 0
    assert shown["hints"]["transient"] is True and shown["hints"]["suppress-sound"] is True
    assert 0 < shown["timeout"] <= 3000
    assert "test" in shown["body"]


def test_the_probe_goes_through_focus_and_ends_nothing(bus, lulld, display, sender):
    lulld.peer.focus()
    held = sender.notify("held")
    assert Findings(bus).one("probe", "ok")
    assert display.summaries() == [SUMMARY]
    assert lulld.status()["Focus"]
    assert lulld.peer.item_ids() == [held] and lulld.status()["Held"] == 1


def test_a_journal_in_memory_is_said_to_be_where_the_probe_was(bus, tmp_path):
    (tmp_path / "state/lull").write_text("in the way")
    lulld = rig.Lulld(bus).start()
    lulld.knows(bus.display())
    assert "in memory" in Findings(bus).one("probe", "ok")["text"]


def test_without_the_probe_nothing_is_sent(bus, lulld, display):
    found = Findings(bus, "--no-probe")
    assert found.status == 0 and found.of("probe") == []
    assert display.shown() == []


def test_get_item_tells_how_far_a_probe_is(lulld, display, doctor):
    lulld.peer.focus()
    doctor.announce()
    id = doctor.send()
    display.wait_summary("test")
    item = rig.wait_for(lambda: doctor.item(id)["state"] == "shown" and doctor.item(id), "it is shown")
    assert (item["kind"], item["rule"], item["display_id"]) == ("probe", "probe", 1)
    doctor.close_notification(id)
    assert ("NotificationClosed", id, 3) in rig.wait_for(doctor.signals, "it is told")
    rig.wait_for(lambda: doctor.item(id)["display_id"] == 0, "the display has closed it")
    assert doctor.item(id)["state"] == "closed"


def test_get_item_tells_the_kinds_apart(lulld, display, sender):
    id = sender.notify("ordinary")
    assert lulld.peer.lull("GetItem", "u", id)["kind"] == "notification"


# --- nobody else gets through focus by it ---


def test_an_application_that_calls_itself_a_probe_is_held(bus, lulld, display, doctor):
    lulld.peer.focus()
    spoofer = bus.sender()
    first = spoofer.notify("before", hints=CLAIM)
    doctor.announce()
    second = spoofer.notify("meanwhile", hints=CLAIM)
    assert lulld.peer.item_ids("held") == [first, second]
    doctor.send()
    assert display.wait_summary("test")
    assert display.summaries() == ["test"]
    assert doctor.item(second)["kind"] == "notification"


def test_an_announcement_is_good_for_one_notification(lulld, display, doctor):
    lulld.peer.focus()
    doctor.announce()
    doctor.send("first")
    second = doctor.send("second")
    assert lulld.peer.item_ids("held") == [second]
    display.wait_summary("first")
    assert display.summaries() == ["first"]


def test_an_announced_notification_without_the_hint_is_held(lulld, display, doctor):
    lulld.peer.focus()
    doctor.announce()
    plain = doctor.notify("plain")
    assert lulld.peer.item_ids("held") == [plain]


def test_a_probe_takes_nobodys_place(lulld, display, doctor):
    lulld.peer.focus()
    held = doctor.notify("held", hints={"x-dunst-stack-tag": ""})
    doctor.announce()
    assert doctor.send(replaces=held) != held
    assert lulld.peer.item_ids("held") == [held]


def test_a_probe_is_not_for_others_to_replace_or_close(bus, lulld, display, doctor):
    lulld.peer.focus()
    doctor.announce()
    id = doctor.send()
    display.wait_summary("test")
    other = bus.sender()
    assert other.notify("mine", replaces=id) != id
    assert other.error("CloseNotification", "u", id)[0] == "org.freedesktop.DBus.Error.InvalidArgs"


def test_one_probe_at_a_time(bus, lulld, display, doctor):
    doctor.announce()
    other = bus.peer(Doctor)
    busy = "org.lull.Lull1.Error.Busy"
    assert other.lull_error("Probe")[0] == busy
    id = doctor.send()
    display.wait_summary("test")
    assert other.lull_error("Probe")[0] == busy
    doctor.close_notification(id)
    other.announce()


def test_a_second_doctor_waits_for_the_first(bus, lulld, display, doctor):
    doctor.announce()
    second = bus.popen(rig.BUILD / "lull", "doctor", "--json", stdout=-3)
    id = doctor.send()
    display.wait_summary("test")
    doctor.close_notification(id)
    assert second.wait(30) == 0
    assert display.summaries() == ["test", SUMMARY]


# --- where it ends ---


def test_a_display_that_refuses_the_probe_is_named_and_nothing_is_kept_aside(bus, lulld, display, sender):
    display.tell("RefuseSummary", "s", SUMMARY)
    found = Findings(bus)
    assert "fake-display refused it" in found.one("probe", "broken")["text"]
    assert found.of("quarantine") == []
    check_no_trace(lulld)
    # And it was tried once.
    assert display.summaries() == [SUMMARY]
    sender.notify("next")
    display.wait_summary("next")


def test_a_display_that_dies_of_the_probe_is_named_and_the_next_one_is_spared(bus, lulld, sender):
    lulld.knows(bus.display("--dies-on", SUMMARY))
    found = Findings(bus)
    assert "died of it" in found.one("probe", "broken")["text"]
    display = lulld.knows(bus.display())
    sender.notify("next")
    display.wait_summary("next")
    assert display.summaries() == ["next"]
    assert counts(lulld) == {0}


def test_a_display_that_never_answers_is_named_and_the_probe_is_taken_back(bus, lulld, display):
    display.tell("Mute", "b", True)
    probe = Findings(bus).one("probe", "broken")
    assert "fake-display hasn't shown it" in probe["text"]
    assert f"kill -9 {display.pid};" in probe["remedy"]
    check_no_trace(lulld)


def test_a_display_that_hangs_is_named(bus, lulld, display):
    display.stop()
    try:
        found = Findings(bus)
    finally:
        display.go_on()
    assert "hasn't shown it" in found.one("probe", "broken")["text"]
    # What it is sent late is closed as soon as it says what it is called there.
    display.wait_summary(SUMMARY)
    rig.wait_for(lambda: display.open() == [], "it is closed on the display")
    assert Findings(bus).one("probe", "ok")


def test_without_a_display_the_probe_is_intercepted_and_never_shown(bus, lulld, sender):
    probe = Findings(bus).one("probe", "broken")
    assert "there is no display server" in probe["text"] and "lull-shim" in probe["remedy"]
    check_no_trace(lulld)
    display = lulld.knows(bus.display())
    sender.notify("next")
    display.wait_summary("next")
    assert display.summaries() == ["next"]


def test_a_display_that_closes_the_probe_at_once_does_not_show_it(bus, lulld, display, doctor):
    display.tell("Delay", "u", 100)
    run = bus.popen(rig.BUILD / "lull", "doctor", stdout=-1, text=True)
    display.wait_summary(SUMMARY)
    # Before its answer.
    display.close_shown(1, 4)
    out = run.communicate(timeout=30)[0]
    assert run.returncode == 1
    assert "closed it at once without showing it" in out


def test_another_server_in_front_is_named_and_takes_the_probe_back(bus):
    display = bus.display()
    rig.Lulld(bus).start()
    found = Findings(bus)
    probe = found.one("probe", "broken")
    assert found.status == 1
    assert "pings bypass lull: python3" in probe["text"] and f"(pid {display.pid})" in probe["text"]
    assert "lull-shim" in probe["remedy"]
    assert display.summaries() == [SUMMARY] and display.open() == []


def test_a_lulld_that_does_not_know_probes_is_of_another_version(bus):
    display = bus.display()
    FakeLulld(bus, InFront=True, Display={"name": "fake", "how": "queued", "unique": display.unique})
    assert "of another version" in Findings(bus).one("probe", "broken")["text"]
    assert display.shown() == []


@pytest.mark.parametrize("name, remedy", [
    ("dunst", "dunstctl set-paused false"),
    ("mako", "makoctl mode -r do-not-disturb"),
    ("SwayNotificationCenter", "swaync-client --dnd-off"),
    ("Xfce Notify Daemon", "xfconf-query -c xfce4-notifyd -p /do-not-disturb -s false"),
])
def test_a_display_that_is_told_not_to_disturb_is_not_ok(bus, lulld, name, remedy):
    display = lulld.knows(bus.display("--name", name))
    assert Findings(bus).one("probe", "ok")
    display.tell("Quiet", "b", True)
    found = Findings(bus)
    probe = found.one("probe", "broken")
    assert found.status == 1
    assert name in probe["text"] and "shows nothing" in probe["text"] and probe["remedy"] == remedy
    assert rig.wait_for(lambda: display.open() == [], "it is closed on the display")


# --- what stays of it ---


def test_a_probe_on_its_way_is_on_no_list_and_not_for_the_user_to_handle(lulld, display, doctor):
    display.tell("Mute", "b", True)
    doctor.announce()
    id = doctor.send()
    display.wait_summary("test")
    assert doctor.item(id)["state"] == "releasing"
    check_no_trace(lulld)
    for member, args in (("Release", ("au", [id])), ("Dismiss", ("au", [id])),
                         ("Snooze", ("aux", [id], dbus.Int64(1 << 52)))):
        assert doctor.lull_error(member, *args)[0] in ("org.lull.Lull1.Error.NotFound",
                                                       "org.lull.Lull1.Error.InvalidDuration")
    assert doctor.lull("Release", "au", dbus.Array([], signature="u")) == 0


def test_a_digest_does_not_count_a_probe(bus, lulld, display, sender):
    lulld.peer.focus()
    for n in range(5):
        sender.notify(f"held {n}")
    assert Findings(bus).one("probe", "ok")
    lulld.peer.lull("EndFocus")
    digest = rig.wait_for(lambda: [n for n in display.shown() if n["app"] == "lull" and n["summary"] != SUMMARY],
                          "the digest")[0]
    assert digest["summary"].startswith("5 ") and SUMMARY not in digest["body"]


def test_a_probe_goes_with_its_sender(lulld, display, doctor):
    listener = rig.Peer(lulld.bus.address)
    listener.listen(f"type='signal',interface='{rig.NAME}',member='NotificationClosed'")
    doctor.announce()
    id = doctor.send()
    rig.wait_for(lambda: doctor.item(id)["state"] == "shown", "it is shown")
    doctor.close()
    rig.wait_for(lambda: display.open() == [], "it is closed on the display")
    assert lulld.peer.lull("GetItem", "u", id)["state"] == "closed"
    # Nobody else hears of it from lulld.
    lullds = [s for s in listener.heard if s["sender"] == lulld.peer.owner()]
    listener.close()
    assert lullds == []


def test_a_probe_whose_sender_has_left_before_the_display_took_it_is_closed_there(lulld, display, doctor):
    display.tell("Delay", "u", 200)
    doctor.announce()
    doctor.send()
    display.wait_summary("test")
    doctor.close()
    rig.wait_for(lambda: display.open() == [], "it is closed on the display")


@pytest.mark.parametrize("is_mute, state", [(True, "releasing"), (False, "shown")])
def test_a_probe_is_not_shown_again_after_a_crash_of_lulld(bus, lulld, doctor, sender, is_mute, state):
    display = lulld.knows(bus.display(shimmed=True))
    display.tell("Mute", "b", is_mute)
    doctor.announce()
    id = doctor.send()
    display.wait_summary("test")
    rig.wait_for(lambda: doctor.item(id)["state"] == state, f"it is {state}")
    lulld.kill()
    display.tell("Mute", "b", False)
    lulld.start()
    rig.wait_for(lambda: lulld.status()["InFront"], "lulld is in front again")
    lulld.knows(display)
    assert doctor.item(id)["state"] == "closed"
    sender.notify("next")
    display.wait_summary("next")
    assert display.summaries() == ["test", "next"]
    assert [i["summary"] for i in lulld.client_json("history")] == ["next"]


@pytest.mark.parametrize("is_mute", [True, False])
def test_a_probe_is_not_shown_again_by_the_next_display(bus, lulld, display, doctor, sender, is_mute):
    display.tell("Mute", "b", is_mute)
    doctor.announce()
    id = doctor.send()
    display.wait_summary("test")
    rig.wait_for(lambda: doctor.item(id)["state"] == ("releasing" if is_mute else "shown"), "it is there")
    display.kill()
    after = lulld.knows(bus.display())
    sender.notify("next")
    after.wait_summary("next")
    assert after.summaries() == ["next"]
    assert counts(lulld) == {0}


def test_a_probe_that_was_not_the_last_one_is_not_shown_again_by_the_next_display_either(bus, lulld, display, doctor,
                                                                                        sender):
    doctor.announce()
    doctor.send()
    sender.notify("other")
    id = sender.notify("last")
    rig.wait_for(lambda: doctor.item(id)["state"] == "shown", "all are shown")
    display.kill()
    after = lulld.knows(bus.display())
    # What nobody can have seen yet comes again.
    after.wait_shown(2)
    sender.notify("next")
    after.wait_summary("next")
    assert sorted(after.summaries()) == ["last", "next", "other"]


def test_a_probe_does_not_take_the_sound_of_a_batch(bus, lulld, display, sender):
    lulld.peer.focus()
    sender.notify("one")
    sender.notify("two")
    assert Findings(bus).one("probe", "ok")
    lulld.peer.lull("EndFocus")
    one, two = display.wait_summary("one"), display.wait_summary("two")
    assert "suppress-sound" not in one["hints"] and two["hints"]["suppress-sound"] is True


def test_a_probe_that_waited_for_a_display_does_not_take_the_sound_either(bus, lulld, doctor, sender):
    doctor.announce()
    doctor.send()
    sender.notify("one")
    display = lulld.knows(bus.display())
    assert "suppress-sound" not in display.wait_summary("one")["hints"]
    # Though its sender forgot to say so.
    assert display.wait_summary("test")["hints"]["suppress-sound"] is True
