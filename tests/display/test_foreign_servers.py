"""The servers' own tools, which speak to whoever owns the name, work through lulld."""

import subprocess

import pytest

from servers import Dunst, Mako


def start(session, server):
    server.prepare(session)
    session.start_monitor()
    session.start_shimmed(*server.argv)
    session.wait_for(lambda: len(session.queue()) == 1, "the server has the name")
    session.start_lulld()
    session.wait_in_front()


def output(session, *argv):
    return session.run(list(argv), stdout=subprocess.PIPE, text=True).stdout.strip()


def test_dunstctl_pauses_counts_and_closes_through_lulld(x_session):
    start(x_session, Dunst)
    assert output(x_session, "dunstctl", "is-paused") == "false"
    assert output(x_session, "dunstctl", "count", "displayed") == "0"

    x_session.notify_send("one")
    x_session.wait_shown("one")
    x_session.wait_for(lambda: output(x_session, "dunstctl", "count", "displayed") == "1", "one on the screen")

    output(x_session, "dunstctl", "set-paused", "true")
    assert output(x_session, "dunstctl", "is-paused") == "true"
    x_session.notify_send("while dunst is paused")
    x_session.wait_shown("while dunst is paused")
    x_session.wait_for(lambda: output(x_session, "dunstctl", "count", "waiting") != "0", "dunst keeps it")
    output(x_session, "dunstctl", "set-paused", "toggle")
    assert output(x_session, "dunstctl", "is-paused") == "false"
    x_session.wait_for(lambda: output(x_session, "dunstctl", "count", "displayed") == "2", "both on the screen")

    output(x_session, "dunstctl", "close-all")
    x_session.wait_for(lambda: output(x_session, "dunstctl", "count", "displayed") == "0", "an empty screen")
    assert len(output(x_session, "dunstctl", "debug")) > 0
    # lull hears what dunstctl did: nothing is open any more, and what comes next is shown.
    x_session.notify_send("next")
    x_session.wait_shown("next")


def test_dunstctl_presses_the_button_of_a_waiting_notify_send(x_session):
    start(x_session, Dunst)
    sender = x_session.notify_send_and_wait("--wait", "--action=default=Press me", "asks", "something")
    x_session.wait_shown("asks")
    x_session.wait_for(lambda: output(x_session, "dunstctl", "count", "displayed") == "1", "the popup")
    output(x_session, "dunstctl", "action", "0")
    x_session.wait_for(lambda: "ActionInvoked" in [m.get("member") for m in x_session.messages()], "the action")
    output(x_session, "dunstctl", "close-all")
    x_session.wait_for(lambda: sender.poll() is not None, "notify-send hears of it")
    assert sender.stdout.read().split()[1:] == ["default"]


@pytest.mark.desktop
def test_makoctl_lists_modes_and_dismisses_through_lulld(sway_session):
    session = sway_session
    start(session, Mako)
    assert "one" not in output(session, "makoctl", "list")
    session.notify_send("one")
    session.wait_shown("one")
    assert "one" in output(session, "makoctl", "list")
    output(session, "makoctl", "reload")
    output(session, "makoctl", "dismiss", "--all")
    session.wait_for(lambda: "one" not in output(session, "makoctl", "list"), "it is dismissed")
    session.notify_send("two")
    session.wait_shown("two")
    assert "two" in output(session, "makoctl", "list")
