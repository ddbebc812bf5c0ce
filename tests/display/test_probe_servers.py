"""`lull doctor` with real display servers: its test notification gets to them, and they say when they are quiet."""

import json
import os
import subprocess

import pytest

from rig import Screen
from servers import Dunst, Mako, Xfce

XFCE_DND = ["xfconf-query", "-c", "xfce4-notifyd", "-p", "/do-not-disturb", "-n", "-t", "bool", "-s"]


def start(session, server):
    server.prepare(session)
    session.start_monitor()
    session.start_shimmed(*server.argv)
    session.wait_for(lambda: len(session.queue()) == 1, "the server has the name")
    session.start_lulld()
    session.wait_in_front()


def doctor(session):
    """The exit status, and the finding of the check "probe"."""
    argv = session.wrap + [os.path.join(session.bin, "lull"), "doctor", "--json"]
    r = subprocess.run(argv, env=session.env, cwd=session.dir, timeout=30, stdout=subprocess.PIPE, text=True)
    probe, = [f for f in json.loads(r.stdout)["findings"] if f["check"] == "probe"]
    return r.returncode, probe


def check_ok(session, name):
    status, probe = doctor(session)
    assert (status, probe["state"]) == (0, "ok"), probe
    assert "went to lulld (as " in probe["text"] and f"to {name}" in probe["text"]


def check_quiet(session, name, remedy):
    status, probe = doctor(session)
    assert (status, probe["state"]) == (1, "broken"), probe
    assert name in probe["text"] and "shows nothing" in probe["text"]
    # What the remedy says makes it right.
    session.run(["sh", "-c", probe["remedy"]])
    assert probe["remedy"] == remedy
    check_ok(session, name)


def test_dunst_takes_the_test_notification_unless_it_is_paused(x_session, tmp_path):
    start(x_session, Dunst)
    screen = Screen(x_session, tmp_path)
    screen.remember_empty()
    x_session.lull("focus", "50m")
    check_ok(x_session, "dunst")
    assert x_session.shown()[-1][0] == "lull doctor"
    screen.wait_empty()
    x_session.run(["dunstctl", "set-paused", "true"])
    check_quiet(x_session, "dunst", "dunstctl set-paused false")
    x_session.wait_for(lambda: x_session.run(["dunstctl", "count", "displayed"], stdout=subprocess.PIPE,
                                             text=True).stdout.strip() == "0", "nothing stays open")
    assert x_session.held() == []


def test_xfce_takes_the_test_notification_unless_it_is_told_not_to_disturb(x_session, tmp_path):
    start(x_session, Xfce)
    screen = Screen(x_session, tmp_path)
    screen.remember_empty()
    check_ok(x_session, "Xfce Notify Daemon")
    screen.wait_empty()
    x_session.run(XFCE_DND + ["true"])
    check_quiet(x_session, "Xfce Notify Daemon", "xfconf-query -c xfce4-notifyd -p /do-not-disturb -s false")


@pytest.mark.desktop
def test_mako_takes_the_test_notification_unless_its_mode_says_not_to(sway_session):
    start(sway_session, Mako)
    check_ok(sway_session, "mako")
    sway_session.run(["makoctl", "mode", "-a", "do-not-disturb"])
    check_quiet(sway_session, "mako", "makoctl mode -r do-not-disturb")
