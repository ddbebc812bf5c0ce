"""A lulld that takes the place of another one: nothing lost, nobody without an answer, no moment without an owner."""
import os
import re
import signal
import subprocess

import dbus
import pytest

from rig import BUILD, LULL, NAME, PATIENCE_S, WRAPPER, Bus, Lulld, Sender, wait_for


@pytest.fixture(params=["dbus-daemon", pytest.param("dbus-broker", marks=pytest.mark.desktop)])
def bus(request, tmp_path):
    """Either of the two: they differ in how they replace an owner."""
    b = Bus(tmp_path, request.param)
    yield b
    b.close()


class Successor(Lulld):
    """`lulld --replace`."""

    arguments = ("--replace",)


def succeed(bus, lulld):
    """A new lulld takes over from this one, which ends by itself."""
    old = lulld.peer.owner()
    successor = Successor(bus)
    successor.spawn()
    assert lulld.process.wait(PATIENCE_S) == 0
    wait_for(lambda: successor.peer.owner(LULL) is not None and successor.peer.owner() not in (None, old),
             "the successor is in front")
    assert successor.process.poll() is None
    return successor


def test_name_goes_from_the_old_to_the_new_without_a_gap(bus, display, lulld, owners):
    old = lulld.peer.owner()
    successor = succeed(bus, lulld)
    assert owners() == [(old, successor.peer.owner())]
    assert successor.peer.queue() == [successor.peer.owner(), display.unique]
    assert successor.status()["InFront"]


def test_held_items_ids_and_the_running_block_go_on(bus, display, lulld, user, sender):
    user.focus(label="the report")
    ids = [sender.notify(f"held {i}") for i in range(2)]
    until = user.get("Until")
    successor = succeed(bus, lulld)
    assert user.item_ids("held") == ids
    assert user.get("Until") == until
    assert [str(t["label"]) for t in user.get("Tokens")] == ["the report"]
    assert sender.notify("one more") > ids[-1]
    user.lull("EndFocus")
    for summary in ("held 0", "held 1", "one more"):
        display.wait_summary(summary)
    assert successor.process.poll() is None


def test_an_open_button_works_as_before(bus, display, lulld, user, sender):
    id = sender.notify("asks", actions=["yes", "Yes"])
    shown = display.wait_summary("asks")["id"]
    wait_for(lambda: user.lull("GetItem", "u", id)["state"] == "shown", "it is shown")
    successor = succeed(bus, lulld)
    successor.knows(display)
    display.tell("Invoke", "uss", shown, "yes", "token")
    wait_for(lambda: ("ActionInvoked", id, "yes") in sender.signals(), "the sender hears of it")
    assert [n["summary"] for n in display.log.of("Notify")].count("asks") == 1


def test_pings_sent_all_the_while_are_all_answered_and_all_on_record(bus, display, lulld, user):
    """Ten senders, each with twenty calls under way, through three takeovers."""
    user.focus()
    senders = [bus.peer(Sender) for _ in range(10)]
    answered, failed, sent = [], [], 0

    def send_some(n):
        nonlocal sent
        for _ in range(n):
            for s in senders:
                s.notify_later(lambda id: answered.append(int(id)), failed.append, summary=f"ping {sent}")
                sent += 1

    for _ in range(3):
        send_some(20)
        successor = Successor(bus)
        successor.spawn()
        while lulld.process.poll() is None:
            send_some(1)
            wait_for(lambda: len(answered) + len(failed) > sent - 400, "not too many are under way")
        lulld = successor
    wait_for(lambda: len(answered) + len(failed) == sent, "every call is answered", seconds=60)
    assert failed == []
    assert len(set(answered)) == sent
    wait_for(lambda: lulld.peer.owner(LULL) is not None, "the last one is there")
    assert sorted(user.item_ids("held")) == sorted(answered)


def test_the_client_finds_a_lulld_at_any_time(bus, display, lulld):
    """And each answers: calls that come between the two wait for the new one."""
    p = bus.peer()
    p.listen(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{LULL}'")
    successor = Successor(bus)
    successor.spawn()
    asked = 0
    while lulld.process.poll() is None or asked < 20:
        assert p.lull("GetStatus")["Version"]
        asked += 1
    wait_for(lambda: [s for s in p.heard if s["member"] == "NameOwnerChanged"], "the name changes hands")
    assert "" not in [str(s["args"][2]) for s in p.heard if s["member"] == "NameOwnerChanged"]
    assert successor.process.poll() is None


def test_nothing_is_shown_twice_when_it_was_on_its_way(bus, display, lulld, user, sender):
    display.tell("Delay", "u", 200)
    sender.notify("slow")
    wait_for(lambda: display.log.of("Notify"), "it is on its way")
    successor = succeed(bus, lulld)
    successor.knows(display)
    display.tell("Delay", "u", 0)
    sender.notify("after it")
    display.wait_summary("after it")
    assert [n["summary"] for n in display.log.of("Notify")] == ["slow", "after it"]


def test_a_second_lulld_says_who_the_first_is_and_ends(bus, lulld):
    r = bus.run(*WRAPPER, BUILD / "lulld")
    assert r.returncode == 1
    assert f"another lulld is running already: pid {lulld.pid}" in r.stderr
    assert "--replace" in r.stderr
    assert lulld.process.poll() is None


def test_a_second_lulld_with_another_journal_says_so_too(bus, lulld):
    env = {**bus.env, "XDG_STATE_HOME": str(bus.tmp_path / "other")}
    r = subprocess.run([*WRAPPER, str(BUILD / "lulld")], env=env, text=True, capture_output=True, timeout=30)
    assert r.returncode == 1
    assert f"another lulld is running already: pid {lulld.pid}" in r.stderr
    assert not (bus.tmp_path / "other").exists()


def test_replace_without_a_first_one_is_a_plain_start(bus):
    lulld = Successor(bus).start()
    assert lulld.status()["InFront"]


def test_one_that_hangs_is_ended(bus, display, lulld, user, sender):
    user.focus()
    id = sender.notify("held")
    os.kill(lulld.pid, signal.SIGSTOP)
    successor = Successor(bus)
    successor.spawn()
    wait_for(lambda: lulld.process.poll() is not None, "it is killed", seconds=40)
    assert lulld.process.returncode == -signal.SIGKILL
    wait_for(lambda: successor.peer.owner(LULL) is not None, "the successor is there")
    assert user.item_ids("held") == [id]
    lulld.process = None


def test_one_behind_another_server_is_replaced_behind_it(bus, user):
    display = bus.display()
    lulld = Lulld(bus).start()
    successor = Successor(bus)
    successor.spawn()
    assert lulld.process.wait(PATIENCE_S) == 0
    wait_for(lambda: successor.peer.owner(LULL) is not None, "the successor is there")
    wait_for(lambda: user.owner() == display.unique and len(user.queue()) == 2, "both are in line")
    assert display.process.poll() is None, "it wasn't replaced"
    assert not user.get("InFront")


def test_a_successor_that_does_not_come_changes_nothing(bus, display, lulld, user, sender):
    assert user.lull("HandOver") is not None
    sender.notify("waits for the successor")
    assert not display.log.of("Notify")
    display.wait_summary("waits for the successor")
    assert user.owner() is not None and lulld.process.poll() is None
    stranger = bus.peer()
    assert stranger.driver("RequestName", "su", NAME, 2) == 2, "it can't be replaced any more"


def test_only_one_can_take_over_at_a_time(bus, display, lulld, user):
    assert user.lull("HandOver")
    name, text = user.lull_error("HandOver")
    assert name.endswith("Error.Busy") and "already" in text


def test_a_second_successor_leaves_the_first_alone(bus, display, lulld, user, sender):
    user.focus()
    id = sender.notify("held")
    first, second = Successor(bus), Successor(bus)
    second.stderr_path = bus.tmp_path / "second.stderr"
    first.spawn()
    second.spawn()
    lulld.process.wait(PATIENCE_S)
    wait_for(lambda: (first.process.poll() is None) != (second.process.poll() is None), "one of them is left")
    wait_for(lambda: user.get("InFront"), "in front")
    assert user.item_ids("held") == [id]


def test_one_that_was_asked_to_restart_starts_one_successor(bus, display, lulld, user):
    user.lull("Restart")
    try:
        user.lull("Restart")
    except dbus.DBusException as e:
        assert "Failed" in e.get_dbus_name() or "NoReply" in e.get_dbus_name()
    assert lulld.process.wait(PATIENCE_S) == 0
    wait_for(lambda: user.owner(LULL) and user.owner() != display.unique, "its successor is in front")
    pid = int(user.driver("GetConnectionUnixProcessID", "s", LULL))
    assert pid == int(user.driver("GetConnectionUnixProcessID", "s", NAME))
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: user.owner(LULL) is None, "it has ended")


def test_one_whose_journal_is_in_memory_does_not_hand_over(bus, display, lulld, user, sender):
    """What is held there would be lost."""
    user.focus()
    subprocess.run(["prlimit", "--pid", str(lulld.pid), "--fsize=0:unlimited"], check=True)
    id = sender.notify("held in memory")
    assert str(user.get("Journal")).startswith("memory")
    successor = Successor(bus)
    successor.spawn()
    assert successor.process.wait(PATIENCE_S) == 1
    assert "can't hand over" in successor.stderr() and "memory" in successor.stderr()
    assert lulld.process.poll() is None and user.item_ids("held") == [id]
    subprocess.run(["prlimit", "--pid", str(lulld.pid), "--fsize=unlimited:unlimited"], check=True)


def test_the_log_tells_of_both_sides(bus, display, lulld):
    successor = succeed(bus, lulld)
    assert "making way for another lulld" in lulld.stderr()
    assert re.search(rf"took over from the lulld that ran before \(pid {lulld.pid}\)", successor.stderr())
