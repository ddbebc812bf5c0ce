"""The main job in front of real, unmodified display servers, with real notify-send and real clicks."""

import json
import os
import signal
import time

import pytest

from rig import Screen
from servers import ON_SWAY, ON_X11, Dunst, Mako, Xfce

SERVER_FIRST, LULLD_FIRST, BY_LULLD = "server first", "lulld first", "started by lulld"


def desktop(*values):
    return pytest.param(*values, marks=pytest.mark.desktop)


every_server = pytest.mark.parametrize("server", [*ON_X11, *map(desktop, ON_SWAY)])
# Where it is lull that is looked at, and the server hardly matters.
some_servers = pytest.mark.parametrize("server", [Dunst, Xfce, desktop(Mako)])
in_every_order = pytest.mark.parametrize("server,order", [
    (Dunst, BY_LULLD),
    *((server, order) for server in ON_X11 for order in (SERVER_FIRST, LULLD_FIRST)),
    *(desktop(server, order) for server in ON_SWAY for order in (SERVER_FIRST, LULLD_FIRST)),
])
on_dbus_broker = pytest.mark.parametrize("bus_program", [desktop("dbus-broker")])


@pytest.fixture
def session(request, server, bus_program):
    return request.getfixturevalue(server.session)


@pytest.fixture
def screen(session, tmp_path):
    screen = Screen(session, tmp_path)
    screen.remember_empty()
    return screen


def start(session, server, order=LULLD_FIRST):
    """lulld in front of the server."""
    assert os.access(server.argv[0], os.X_OK)
    server.prepare(session)
    session.start_monitor()
    if order == SERVER_FIRST:
        session.start_shimmed(*server.argv)
        session.wait_for(lambda: len(session.queue()) == 1, "the server has the name")
    if order == BY_LULLD:
        session.write(".config/lull/lull.conf",
                      f"[display]\ncommand = {os.path.basename(server.argv[0])}\n")
    session.start_lulld()
    if order == LULLD_FIRST:
        session.wait_for(lambda: len(session.queue()) == 1, "lulld has the name")
        session.start_shimmed(*server.argv)
    session.wait_in_front()
    assert session.status()["display"]["how"] == ("started" if order == BY_LULLD else "queued")


def block_ends_by_itself(session):
    session.lull("focus", "1s")
    session.wait_for(lambda: not session.status()["focus"], "the end of the block")


def check_hold_and_release(session, screen, server):
    session.notify_send("while focus is off", "comes at once")
    _, display_id, _ = session.wait_shown("while focus is off")
    server.dismiss(session, screen.wait_popups("direct"), display_id)
    screen.wait_empty()

    session.lull("focus", "50m")
    session.notify_send("held one", "comes after the block")
    assert session.held() == ["held one"]
    screen.check_empty("held")
    session.notify_send("--urgency=critical", "fire", "breaks through")
    _, display_id, _ = session.wait_shown("fire")
    box = screen.wait_popups("critical")
    assert session.forwarded() == ["while focus is off", "fire"]
    assert session.held() == ["held one"]
    server.dismiss(session, box, display_id)
    screen.wait_empty()

    block_ends_by_itself(session)
    _, display_id, _ = session.wait_shown("held one")
    assert display_id > 0
    screen.wait_popups("released")
    assert session.forwarded() == ["while focus is off", "fire", "held one"]
    assert session.held() == []


@in_every_order
def test_held_ping_is_shown_after_the_block_and_a_critical_one_during_it(session, screen, server, order):
    start(session, server, order)
    check_hold_and_release(session, screen, server)


@on_dbus_broker
@pytest.mark.parametrize("order", [SERVER_FIRST, LULLD_FIRST])
@pytest.mark.parametrize("server", ON_X11)
def test_held_ping_is_shown_after_the_block_on_dbus_broker_too(session, screen, server, order):
    start(session, server, order)
    check_hold_and_release(session, screen, server)


@every_server
@pytest.mark.parametrize("key", ["default", "reply"])
def test_action_clicked_on_a_released_ping_reaches_the_waiting_sender(session, screen, server, key):
    start(session, server)
    session.lull("focus", "50m")
    # Where it expires, MATE draws how that comes nearer, and the screen never stands still.
    sender = session.notify_send_and_wait("--wait", "--expire-time=0", f"--action={key}=Press me", "asks",
                                          "something")
    session.wait_for(lambda: session.held() == ["asks"], "the ping is held")
    screen.check_empty("held")

    session.lull("end")
    _, display_id, actions = session.wait_shown("asks")
    assert actions == [key, "Press me"]
    box = screen.wait_popups("released")
    assert sender.poll() is None
    server.press(session, box, display_id, key)
    session.wait_for(lambda: sender.poll() is not None, "notify-send hears of the click")
    id_, pressed = sender.stdout.read().split()
    assert (int(id_) >= 0x40000000, pressed, sender.returncode) == (True, key, 0)


@some_servers
def test_digest_comes_first_and_a_click_on_it_lets_all_out_three_at_a_time(session, screen, server):
    start(session, server)
    pings = [f"ping {i}" for i in range(1, 6)]
    session.lull("focus", "50m")
    for ping in pings:
        session.notify_send("--expire-time=0", "--app-name=chat", ping, f"the text of {ping}")
    assert session.held() == pings
    screen.check_empty("held")

    block_ends_by_itself(session)
    _, digest_id, actions = session.wait_shown("5 notifications from 1 app")
    assert actions[0] == "default"
    assert "Show all" in actions
    box = screen.wait_popups("digest")
    assert len(session.forwarded()) == 1

    server.press(session, box, digest_id, "default", n_after=3)
    session.wait_shown("ping 3")
    screen.wait_popups("three-of-five")
    # If a fourth were coming, it would be on its way before what arrives only now.
    session.notify_send("overtakes", "while three are open")
    overtaker = session.wait_shown("overtakes")[1]
    assert session.forwarded()[1:] == [*pings[:3], "overtakes"]
    session.close_on_display(overtaker)
    for i, ping in enumerate(pings):
        session.close_on_display(session.wait_shown(ping)[1])
        if i + 3 < len(pings):
            session.wait_shown(pings[i + 3])
    screen.wait_empty()
    assert [s for s in session.forwarded() if s in pings] == pings
    assert session.most_open(pings) == 3


@pytest.mark.parametrize("key, n_after", [("later", 1), ("dismiss", 0)])
@pytest.mark.parametrize("server", [Xfce])
def test_buttons_of_a_digest_take_it_from_the_screen_and_what_it_announces_from_the_list(session, screen, server, key,
                                                                                         n_after):
    start(session, server)
    session.lull("focus", "50m")
    for i in range(4):
        session.notify_send("--app-name=chat", f"ping {i}")
    session.lull("end")
    digest_id = session.wait_shown("4 notifications from 1 app")[1]
    box = screen.wait_popups("buttons")
    server.press(session, box, digest_id, key, n_after)
    screen.wait_empty()
    session.wait_for(lambda: [s["state"] for s in json.loads(session.lull("list", "--json"))] ==
                     (["snoozed"] * 4 if key == "later" else []), key)
    assert len(session.forwarded()) == 1


def check_kill_and_return(session, screen, server):
    display = session.display()
    session.lull("focus", "50m")
    ids = [session.notify_send("before the kill"), session.notify_send("also before it")]
    screen.check_empty("held")

    session.lulld.send_signal(signal.SIGKILL)
    session.lulld.wait()
    session.wait_for(lambda: session.queue() == [display], "the server owns the name")
    given = session.notify_send("while lulld is dead")
    assert session.wait_shown("while lulld is dead")[1] == given
    server.dismiss(session, screen.wait_popups("without-lulld"), given)
    screen.wait_empty()

    session.start_lulld()
    session.wait_in_front()
    assert session.display() == display
    assert session.status()["focus"]
    assert session.held() == ["before the kill", "also before it"]
    screen.check_empty("held-again")

    session.lull("end")
    session.wait_shown("also before it")
    screen.wait_popups("released")
    assert session.forwarded()[-2:] == ["before the kill", "also before it"]
    assert session.forwarded().count("before the kill") == 1
    assert min(ids) >= 0x40000000


@pytest.mark.parametrize("server,order", [
    (Dunst, BY_LULLD),
    (Dunst, LULLD_FIRST),
    *((server, SERVER_FIRST) for server in ON_X11 if server is not Dunst),
    *(desktop(server, SERVER_FIRST) for server in ON_SWAY),
])
def test_killed_lulld_leaves_the_name_to_the_server_and_comes_back_with_what_it_held(
        session, screen, server, order):
    start(session, server, order)
    check_kill_and_return(session, screen, server)


@on_dbus_broker
@pytest.mark.parametrize("server", ON_X11)
def test_killed_lulld_leaves_the_name_to_the_server_on_dbus_broker_too(session, screen, server):
    start(session, server, SERVER_FIRST)
    check_kill_and_return(session, screen, server)


@every_server
@pytest.mark.parametrize("how", ["kill -9", "lulld --replace"])
def test_button_of_what_was_shown_before_works_after_lulld_is_another_process(session, screen, server, how):
    start(session, server)
    sender = session.notify_send_and_wait("--wait", "--expire-time=0", "--action=reply=Press me", "asks", "something")
    _, display_id, _ = session.wait_shown("asks")
    screen.wait_popups("before")
    session.wait_for(lambda: [(h["summary"], h["state"]) for h in session.history()] == [("asks", "shown")],
                     "the journal has it as shown")
    old = session.lulld
    if how == "kill -9":
        old.send_signal(signal.SIGKILL)
        old.wait()
        session.start_lulld()
    else:
        session.start_lulld("--replace")
        assert old.wait(10) == 0
    session.wait_in_front()
    # What is sent anew, if need be, is sent before this.
    session.notify_send("follows", "when all is as it was")
    session.close_on_display(session.wait_shown("follows")[1])
    box = screen.wait_popups("after")
    assert sender.poll() is None
    server.press(session, box, display_id, "reply")
    session.wait_for(lambda: sender.poll() is not None, "notify-send hears of the click")
    assert sender.stdout.read().split()[1] == "reply"
    screen.wait_empty()


@every_server
def test_doctor_follows_a_test_notification_to_the_display_and_back(session, server):
    start(session, server)
    session.lull("focus", "50m")
    findings = json.loads(session.lull("doctor", "--json"))
    assert findings["ok"] is True
    probe = next(f for f in findings["findings"] if f["check"] == "probe")
    assert probe["state"] == "ok" and "and back in" in probe["text"]
    assert session.history() == []


@pytest.mark.parametrize("server", [Dunst])
def test_server_is_started_although_programs_keep_joining_the_bus(session, server):
    session.write(".config/lull/lull.conf", "[display]\ncommand = dunst\n")
    session.start_lulld()

    def join_and_look():
        session.connect().close()
        return len(session.queue()) == 2

    session.wait_for(join_and_look, "lulld and the display that it starts in the queue", seconds=8)


@pytest.mark.parametrize("server", [Dunst])
def test_every_forwarded_ping_has_a_serial_of_its_own(session, server):
    start(session, server)
    for i in range(3):
        session.notify_send(f"ping {i}")
        session.wait_shown(f"ping {i}")
    serials = [call["serial"] for call, _ in session.answered()]
    assert len(set(serials)) == 3, f"an answer that is late would be taken for another's: {serials}"


@pytest.mark.parametrize("server", [Dunst])
def test_lulld_without_a_display_asks_for_one_now_and_then_and_shows_what_waited(session, screen, server):
    session.start_monitor()
    session.start_lulld()
    session.wait_for(lambda: len(session.queue()) == 1, "lulld has the name")
    session.notify_send("waits for a display")

    def questions():
        return [m for m in session.messages()[1:]
                if m["member"] == "ListQueuedOwners" and m["from"] == session.queue()[0]]

    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert len(questions()) < 20, "lulld spins"
    server.prepare(session)
    session.start_shimmed(*server.argv)
    session.wait_in_front()
    session.wait_shown("waits for a display")
    screen.wait_popups("it-waited")
