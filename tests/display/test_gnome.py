"""GNOME Shell, unmodified: lulld takes over while it runs, and it goes on to show, by itself should lulld die."""

import json
import os
import signal
import subprocess

import pytest

import gnome_rig
import rig
import servers
from gnome_rig import PANEL_PX, SHELL, SHELL_HELPER

pytestmark = pytest.mark.desktop

SHELL_FIRST, LULLD_FIRST = "shell first", "lulld first"
in_both_orders = pytest.mark.parametrize("order", [SHELL_FIRST, LULLD_FIRST])


@pytest.fixture
def session(tmp_path):
    session = gnome_rig.open_session(tmp_path)
    try:
        session.open_gnome()
        servers.start_x(session)
        session.shoot_argv = ["import", "-window", "root", "-crop", f"1280x{800 - PANEL_PX}+0+{PANEL_PX}",
                              "+repage", "png:-"]
        session.start_monitor()
        yield session
    finally:
        session.close()


@pytest.fixture
def screen(session, tmp_path):
    return rig.Screen(session, tmp_path)


def start(session, order=SHELL_FIRST):
    """lulld in front of the shell."""
    if order == SHELL_FIRST:
        session.start_shell()
        before = session.owner(SHELL)
        session.start_lulld()
    else:
        session.start_lulld()
        session.wait_for(session.queue, "lulld has the name")
        session.start_shell()
        before = session.owner(SHELL)
    session.wait_in_front()
    status = session.status()
    assert (status["display"]["how"], status["display"]["name"]) == ("gnome", "gnome-shell")
    assert status["display"]["unique"] == before == session.owner(SHELL), "it is the shell that was there"
    session.wait_for(lambda: session.queue()[1:] == [session.owner(SHELL_HELPER)], "its helper is in line")
    assert "" not in session.owners(), "the name was never nobody's"


@in_both_orders
def test_held_ping_is_shown_by_the_shell_after_the_block_and_a_click_reaches_its_sender(session, screen, order):
    start(session, order)
    screen.remember_empty()
    session.notify_send("while focus is off", "comes at once")
    session.wait_shown("while focus is off")
    screen.wait_popups("direct")
    session.close_all()
    screen.wait_empty()

    session.lull("focus", "50m")
    sender = session.notify_send_and_wait("--wait", "--action=default=Open", "asks", "something")
    session.wait_for(lambda: session.held() == ["asks"], "the ping is held")
    screen.check_empty("held")
    session.lull("end")
    session.wait_shown("asks")
    box = screen.wait_popups("released")
    gnome_rig.click(session, box)
    session.wait_for(lambda: sender.poll() is not None, "notify-send hears of the click")
    assert sender.stdout.read().split()[1] == "default"


def test_button_pressed_on_a_released_ping_reaches_the_waiting_sender(session, screen):
    start(session)
    screen.remember_empty()
    session.lull("focus", "50m")
    sender = session.notify_send_and_wait("--wait", "--action=reply=Press me", "asks", "something")
    session.wait_for(lambda: session.held() == ["asks"], "the ping is held")
    session.lull("end")
    session.wait_shown("asks")
    gnome_rig.click_button(session, screen, screen.wait_popups("released"))
    session.wait_for(lambda: sender.poll() is not None, "notify-send hears of the click")
    assert sender.stdout.read().split()[1] == "reply"


@in_both_orders
def test_name_falls_to_the_shell_when_lulld_is_killed_and_comes_back(session, screen, order):
    start(session, order)
    screen.remember_empty()
    session.lull("focus", "50m")
    session.notify_send("before the kill")
    session.lulld.send_signal(signal.SIGKILL)
    session.lulld.wait()
    session.wait_for(lambda: session.queue() == [session.owner(SHELL_HELPER)], "the shell's helper has the name")
    session.notify_send("while lulld is dead")
    session.wait_for(lambda: session.source_of("while lulld is dead"), "the shell has it")
    screen.wait_popups("without-lulld")
    session.close_all()
    screen.wait_empty()

    session.start_lulld()
    session.wait_in_front()
    assert session.held() == ["before the kill"] and session.status()["focus"]
    session.lull("end")
    session.wait_shown("before the kill")
    screen.wait_popups("released")
    assert "" not in session.owners()


@pytest.mark.parametrize("how", ["kill -9", "lulld --replace"])
def test_what_was_shown_before_is_still_there_with_its_buttons_after_lulld_is_another_process(session, screen, how):
    """The shell takes an application's notifications away when it leaves the bus, and it takes lulld for that."""
    session.write(".local/share/applications/org.example.Chat.desktop",
                  "[Desktop Entry]\nType=Application\nName=Example Chat\nExec=true\n")
    start(session)
    named = session.notify_send_and_wait("--wait", "--action=default=Open", "--hint=string:desktop-entry:org.example.Chat",
                                         "from a named one")
    session.wait_shown("from a named one")
    other = session.notify_send_and_wait("--wait", "--action=default=Open", "--app-name=Other", "from another")
    session.wait_shown("from another")
    session.wait_for(lambda: [h["state"] for h in session.history()] == ["shown", "shown"], "both are on record")
    old = session.lulld
    if how == "kill -9":
        old.send_signal(signal.SIGKILL)
        old.wait()
        session.wait_for(lambda: not session.source_of("from a named one"), "the shell has taken it away")
        session.start_lulld()
    else:
        session.start_lulld("--replace")
        assert old.wait(10) == 0
    session.wait_in_front()
    session.notify_send("--urgency=low", "the last one")
    session.wait_shown("the last one")
    source = session.source_of("from a named one")
    assert (source["app"], source["pid"]) == ("org.example.Chat.desktop", named.pid)
    assert len(session.source_of("from another")["notifications"]) == 1
    for summary, sender in (("from a named one", named), ("from another", other)):
        session.look("(() => { for (const s of Main.messageTray.getSources()) for (const n of s.notifications) "
                     f"if (n.title === '{summary}') n.activate(); return true; }})()")
        session.wait_for(lambda: sender.poll() is not None, "its sender hears of the click")
        assert sender.stdout.read().split()[1] == "default"


def test_stopped_it_hands_back_to_the_shell(session):
    start(session)
    session.lulld.terminate()
    assert session.lulld.wait(10) == 0
    session.wait_for(lambda: session.queue() == [session.owner(SHELL_HELPER)], "the shell's helper has the name")
    session.notify_send("without lull")
    session.wait_for(lambda: session.source_of("without lull"), "the shell has it")


@pytest.mark.parametrize("is_held", [False, True], ids=["passed through", "held"])
def test_an_application_keeps_its_identity(session, is_held):
    session.write(".local/share/applications/org.example.Chat.desktop",
                  "[Desktop Entry]\nType=Application\nName=Example Chat\nExec=true\n")
    start(session)
    if is_held:
        session.lull("focus", "50m")
    # They stay on the bus, as applications do; notify-send without --wait would be gone.
    named = session.notify_send_and_wait("--wait", "--action=a=A", "--hint=string:desktop-entry:org.example.Chat",
                                         "from a named one")
    other = session.notify_send_and_wait("--wait", "--action=a=A", "--app-name=Other", "from another")
    if is_held:
        session.wait_for(lambda: len(session.held()) == 2, "both are held")
        session.lull("end")
    source = session.wait_for(lambda: session.source_of("from a named one"), "the shell has the first")
    assert (source["title"], source["app"], source["pid"]) == ("Example Chat", "org.example.Chat.desktop", named.pid)
    source = session.wait_for(lambda: session.source_of("from another"), "the shell has the second")
    assert (source["title"], source["pid"]) == ("Other", other.pid)


@pytest.mark.parametrize("is_held", [False, True], ids=["passed through", "held"])
def test_an_application_that_says_nothing_of_itself_is_known_by_its_process(session, is_held):
    session.write(".local/share/applications/org.example.Notes.desktop",
                  "[Desktop Entry]\nType=Application\nName=Example Notes\nExec=true\n")
    start(session)
    app = session.start_app("org.example.Notes")
    if is_held:
        session.lull("focus", "50m")
    app.stdin.write("from a window\n")
    app.stdin.flush()
    assert app.stdout.readline() == "sent\n"
    if is_held:
        assert session.held() == ["from a window"]
        session.lull("end")
    source = session.wait_for(lambda: session.source_of("from a window"), "the shell has it")
    assert (source["title"], source["app"], source["pid"]) == ("Example Notes", "org.example.Notes.desktop", app.pid)


def test_one_whose_sender_has_left_is_shown_all_the_same(session):
    start(session)
    session.lull("focus", "50m")
    session.notify_send("--app-name=Gone", "says good-bye")
    session.lull("end")
    source = session.wait_for(lambda: session.source_of("says good-bye"), "the shell has it")
    assert source["title"] == "Gone" and source["pid"] > 0


def test_doctor_follows_a_ping_to_the_shell_and_names_what_bypasses_lull(session):
    start(session)
    out = session.run([os.path.join(session.bin, "lull"), "doctor", "--json"], stdout=subprocess.PIPE,
                      text=True).stdout
    found = {f["check"]: f for f in json.loads(out)["findings"] if f["check"] != "bypass"}
    assert found["probe"]["state"] == "ok" and "to gnome-shell" in found["probe"]["text"]
    bypasses = [f["text"] for f in json.loads(out)["findings"] if f["check"] == "bypass"]
    assert any("org.gtk.Notifications" in text for text in bypasses)
    assert session.source_of("lull doctor") is None, "it was taken back"
