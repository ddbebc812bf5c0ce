"""How lulld comes to stand in front: who is found, who is started, who is left alone."""
import os
import shutil
import signal
import time

import dbus
import pytest

from rig import BUILD, HERE, LULL, NAME, PYTHON, FakeDisplay, Log, Lulld, wait_for

GNOME_SHELL = "org.gnome.Shell"
DO_NOT_QUEUE, REPLACE = 4, 2


@pytest.fixture
def server(bus):
    """server("mako", ...): a display whose program file has that name, as far as /proc can tell."""
    def start(name, *args, **kwargs):
        return NamedDisplay(bus, name, *args, **kwargs)

    return start


def python_named(bus, name):
    """A copy of python, for what counts is the file that runs."""
    python = bus.tmp_path / "bin" / name
    python.parent.mkdir(exist_ok=True)
    if not python.exists():
        shutil.copy(os.path.realpath(PYTHON), python)
    return python


class NamedDisplay(FakeDisplay):
    def __init__(self, bus, name, *args, **kwargs):
        super().__init__(bus, *args, python=python_named(bus, name), **kwargs)
        bus.at_end(self.close)


def service_file(bus, file, command, unit=None):
    """A D-Bus service file below a data directory that lulld is told of."""
    path = bus.tmp_path / "share/dbus-1/services" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[D-BUS Service]\nName={NAME}\nExec={command}\n" + (f"SystemdService={unit}\n" if unit else ""))
    bus.env["XDG_DATA_DIRS"] = str(bus.tmp_path / "share")


def fake_command(bus, name):
    """A command that runs the fake display under a program's name, and its log."""
    python, log = python_named(bus, name), Log(bus.tmp_path / f"{name}.log")

    def end():
        for up in log.of("up"):
            try:
                os.kill(up["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    bus.at_end(end)
    return f"{python} {HERE}/fake_display.py {log.path} --flags {DO_NOT_QUEUE}", log


# --- those that line up by themselves -----------------------------------------------------------------


@pytest.mark.parametrize("flags", [REPLACE, 0], ids=["as Cinnamon does", "as awesome does"])
def test_a_desktop_that_lines_up_behind_lulld_shows_for_it(lulld, server, user, sender, flags):
    display = server("cinnamon" if flags else "awesome", "--flags", flags)
    lulld.knows(display)
    assert user.get("InFront") and user.get("Display")["how"] == "queued"
    user.focus()
    id = sender.notify("held")
    assert user.item_ids("held") == [id]
    user.lull("EndFocus")
    display.wait_summary("held")


def test_a_desktop_that_was_there_first_is_named_with_what_to_do(bus, server, user):
    display = server("cinnamon")
    lulld = Lulld(bus).start()
    assert dict(user.get("Owner")) == {"program": "cinnamon", "title": "Cinnamon", "kind": "lines-up",
                                       "pid": display.pid}
    assert "log in anew" in lulld.stderr()
    name, text = user.lull_error("Adopt")
    assert name.endswith("CannotAdopt") and "Cinnamon was there before lulld" in text
    assert display.process.poll() is None


# --- one that is on the bus without standing in line --------------------------------------------------


@pytest.mark.parametrize("is_first", [True, False], ids=["lulld first", "lulld last"])
def test_lxqt_1_2_is_found_on_its_unique_name(bus, server, user, sender, is_first):
    squatter = None if is_first else bus.peer()
    lulld = Lulld(bus)
    if is_first:
        lulld.start()
    else:
        squatter.driver("RequestName", "su", NAME, 0)
    # It asks without queueing, is refused, and stays.
    display = server("lxqt-notificationd", "--flags", DO_NOT_QUEUE, "--stays")
    if not is_first:
        squatter.close()
        lulld.start()
    lulld.knows(display)
    assert user.get("InFront") and user.get("Display")["how"] == "unqueued"
    assert user.queue() == [user.owner()]
    sender.notify("shown by it")
    display.wait_summary("shown by it")


def test_a_server_in_line_comes_before_one_that_is_not(lulld, server, user):
    queued = lulld.knows(server("awesome"))
    unqueued = server("lxqt-notificationd", "--flags", DO_NOT_QUEUE, "--stays")
    assert user.get("Display")["unique"] == queued.unique
    queued.kill()
    lulld.knows(unqueued)


def test_an_ordinary_program_on_the_bus_is_no_display(lulld, server, user, bus):
    bystander = server("gedit", "--flags", DO_NOT_QUEUE, "--stays")
    joined = bus.peer()
    joined.driver("GetId")
    assert user.get("Display")["how"] == "none"
    assert bystander.log.of("GetServerInformation") == []


# --- GNOME Shell, as its two names behave --------------------------------------------------------------


def test_a_shell_that_is_not_ready_yet_gets_nothing_until_it_is(lulld, bus, user, sender):
    shell = FakeDisplay(bus, "--bus-name", GNOME_SHELL, "--not-ready")
    bus.at_end(shell.close)
    id = sender.notify("early")
    wait_for(lambda: shell.log.of("NotReady"), "lulld asks whether it is ready")
    assert user.get("Display")["how"] == "none"
    shell.tell("Ready")
    shell.wait_summary("early")
    assert user.get("Display")["how"] == "gnome"
    hints = shell.log.of("Notify")[0]["hints"]
    assert hints["sender-pid"] == os.getpid() and hints["x-shell-sender-pid"] == os.getpid()
    assert user.lull("GetItem", "u", id)["state"] in ("shown", "releasing")


def test_an_application_cannot_claim_to_be_another_on_gnome(lulld, bus, sender):
    shell = FakeDisplay(bus, "--bus-name", GNOME_SHELL)
    bus.at_end(shell.close)
    lulld.knows(shell)
    sender.notify("liar", hints={"sender-pid": dbus.Int64(1), "x-shell-sender-pid": dbus.UInt32(1),
                                 "x-shell-sender": ":1.999"})
    hints = shell.wait_summary("liar")["hints"]
    assert (hints["sender-pid"], hints["x-shell-sender-pid"]) == (os.getpid(), os.getpid())
    assert "x-shell-sender" not in hints


# --- one that D-Bus would have started ------------------------------------------------------------------


def test_a_shadowed_server_is_started_under_the_shim_for_what_waits(bus, user, sender):
    command, log = fake_command(bus, "dunst")
    service_file(bus, "a.service", command)
    bus.env["DISPLAY"] = ":99"
    lulld = Lulld(bus).start()
    sender.notify("waits for it")
    up = wait_for(lambda: log.of("up"), "it is started")[0]
    assert up["answer"] == 1, "the shim tells it that it owns the name"
    wait_for(lambda: "waits for it" in [n["summary"] for n in log.of("Notify")], "it shows")
    assert user.get("Display")["how"] == "started" and user.queue() == [user.owner(), up["unique"]]
    assert lulld.status()["Display"]["program"] == "dunst"


def test_a_shadowed_server_is_started_also_when_nothing_waits(bus, user):
    command, log = fake_command(bus, "dunst")
    service_file(bus, "a.service", command)
    bus.env["WAYLAND_DISPLAY"] = "wayland-99"
    Lulld(bus).start()
    wait_for(lambda: log.of("up"), "it is started")
    wait_for(lambda: user.get("Display")["how"] == "started", "lulld knows it")


def test_nothing_is_started_while_there_is_no_screen(bus, user, sender):
    command, log = fake_command(bus, "dunst")
    service_file(bus, "a.service", command)
    lulld = Lulld(bus).start()
    sender.notify("waits")
    bus.peer().driver("GetId")
    display = lulld.knows(bus.display())
    display.wait_summary("waits")
    assert log.of("up") == []


def test_the_server_of_this_desktop_is_started(bus, user, sender):
    other, other_log = fake_command(bus, "mate-notification-daemon")
    right, right_log = fake_command(bus, "xfce4-notifyd")
    anywhere, anywhere_log = fake_command(bus, "dunst")
    for i, command in enumerate((other, anywhere, right)):
        service_file(bus, f"{i}.service", command)
    bus.env.update(DISPLAY=":99", XDG_CURRENT_DESKTOP="XFCE")
    Lulld(bus).start()
    sender.notify("shown by the right one")
    wait_for(lambda: right_log.of("Notify"), "it shows")
    assert other_log.of("up") == anywhere_log.of("up") == []


def test_lulls_own_service_file_is_no_display(bus, user, sender):
    command, log = fake_command(bus, "dunst")
    service_file(bus, "a.service", command)
    own = bus.tmp_path / "home/.local/share/dbus-1/services" / f"{NAME}.service"
    own.parent.mkdir(parents=True)
    own.write_text(f"[D-BUS Service]\nName={NAME}\nExec={BUILD}/lulld\nSystemdService=lulld.service\n")
    bus.env["DISPLAY"] = ":99"
    Lulld(bus).start()
    sender.notify("waits")
    wait_for(lambda: log.of("Notify"), "the other one is started")


def test_a_configured_command_comes_before_what_d_bus_would_start(bus, user, sender):
    command, log = fake_command(bus, "dunst")
    configured, configured_log = fake_command(bus, "mako")
    service_file(bus, "a.service", command)
    bus.env["DISPLAY"] = ":99"
    lulld = Lulld(bus)
    # A line of lull.conf has a limit.
    script = bus.tmp_path / "start"
    script.write_text(f"#!/bin/sh\nexec {configured}\n")
    script.chmod(0o755)
    lulld.configure(f"[display]\ncommand = {script}\n")
    lulld.start()
    sender.notify("waits")
    wait_for(lambda: configured_log.of("Notify"), "the configured one is started")
    assert log.of("up") == []


def test_on_gnome_nothing_else_is_started(bus, user, sender):
    command, log = fake_command(bus, "dunst")
    service_file(bus, "a.service", command)
    bus.env.update(DISPLAY=":99", XDG_CURRENT_DESKTOP="ubuntu:GNOME")
    Lulld(bus).start()
    sender.notify("waits for the shell")
    shell = FakeDisplay(bus, "--bus-name", GNOME_SHELL)
    bus.at_end(shell.close)
    shell.wait_summary("waits for the shell")
    assert log.of("up") == []


# --- adopting -------------------------------------------------------------------------------------------


@pytest.fixture
def standalone(bus):
    """dunst without the shim, as a session starts it, which ends when it can't have the name."""
    command, log = fake_command(bus, "dunst")
    process = bus.popen(*command.split())
    up = wait_for(lambda: log.of("up"), "it is up")[0]
    return process, log, up


def adopted(bus):
    return (bus.tmp_path / "state/lull/adopted").read_text().splitlines()


def test_adopt_puts_a_standalone_server_behind_lull_without_a_gap(bus, standalone, user, sender, owners):
    process, log, first = standalone
    Lulld(bus).start()
    assert user.get("Owner")["kind"] == "standalone"
    command = user.lull("Adopt")
    assert "fake_display.py" in command and command == adopted(bus)[0]
    second = log.of("up")[1]
    assert [new for _, new in owners()] == [user.owner()], "it went to lulld, and was never nobody's"
    assert user.queue() == [user.owner(), second["unique"]] and user.get("InFront")
    assert process.wait(10) is not None
    sender.notify("behind lull")
    wait_for(lambda: "behind lull" in [n["summary"] for n in log.of("Notify")], "it shows")


def test_adopt_does_nothing_when_lull_is_in_front_already(display, lulld, user):
    assert user.lull("Adopt") == ""
    assert display.process.poll() is None
    assert not (lulld.state / "adopted").exists()


def test_an_adopted_server_that_comes_first_at_a_later_login_is_put_right_without_asking(
        bus, standalone, user, owners):
    _, log, _ = standalone
    lulld = Lulld(bus).start()
    user.lull("Adopt")
    lulld.stop()
    for up in log.of("up"):
        try:
            os.kill(up["pid"], signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_for(lambda: user.queue() == [], "the end of the session")
    command, _ = fake_command(bus, "dunst")
    bus.popen(*command.split())
    wait_for(lambda: user.owner(), "the server is there before lulld")
    n_before = len(owners())
    lulld.start()
    wait_for(lambda: user.get("InFront") and user.get("Display")["how"] == "started", "lulld put it right")
    assert "" not in [new for _, new in owners()[n_before:]]


def test_a_server_that_nobody_adopted_is_left_alone(bus, standalone, user):
    process, _, up = standalone
    lulld = Lulld(bus).start()
    assert "lull enable" in lulld.stderr()
    assert user.queue()[0] == up["unique"] and process.poll() is None


def test_an_adopted_server_is_started_when_none_comes(bus, standalone, user, sender):
    process, log, _ = standalone
    lulld = Lulld(bus).start()
    user.lull("Adopt")
    lulld.stop()
    os.kill(log.of("up")[1]["pid"], signal.SIGKILL)
    wait_for(lambda: user.queue() == [], "the end of the session")
    bus.env["DISPLAY"] = ":99"
    lulld.start()
    sender.notify("at a later login")
    wait_for(lambda: len(log.of("up")) == 3, "it is started")
    wait_for(lambda: "at a later login" in [n["summary"] for n in log.of("Notify")], "it shows")


def test_a_server_that_does_not_end_is_told_and_stays_in_front(bus, server, user):
    stubborn = server("dunst", "--ignores-term")
    Lulld(bus).start()
    name, text = user.lull_error("Adopt", seconds=30)
    assert name.endswith("CannotAdopt") and "doesn't end" in text
    assert user.owner() == stubborn.unique
    stubborn.kill()


def test_a_program_that_lull_does_not_know_is_not_stopped(bus, user):
    display = bus.display()
    Lulld(bus).start()
    name, text = user.lull_error("Adopt")
    assert name.endswith("CannotAdopt") and "isn't a notification server that lull knows" in text
    assert display.process.poll() is None


def test_an_unqueued_server_is_put_in_line_by_adopt(bus, user, sender):
    command, log = fake_command(bus, "lxqt-notificationd")
    lulld = Lulld(bus).start()
    bus.popen(*command.split(), "--stays")
    wait_for(lambda: user.get("Display")["how"] == "unqueued", "lulld has found it")
    assert user.lull("Adopt")
    wait_for(lambda: user.get("Display")["how"] == "started", "it is in line")
    assert len(user.queue()) == 2 and lulld.process.poll() is None


def test_adopt_while_lulld_puts_the_server_right_by_itself_is_answered_with_that(bus, user):
    command, log = fake_command(bus, "dunst")
    (bus.tmp_path / "state/lull").mkdir(mode=0o700)
    (bus.tmp_path / "state/lull/adopted").write_text(command + "\n")
    bus.popen(*command.split())
    wait_for(lambda: log.of("up"), "the server is there first")
    Lulld(bus).spawn()
    wait_for(lambda: user.owner(LULL), "lulld")
    assert user.lull("Adopt") in ("", command)
    wait_for(lambda: user.get("Display")["how"] == "started", "it is in line")


def test_what_the_server_showed_last_is_not_held_against_it_when_lulld_ends_the_server(bus, user, sender):
    """Twice, as at two logins: it isn't quarantined."""
    command, log = fake_command(bus, "dunst")
    lulld = Lulld(bus)
    (bus.tmp_path / "state/lull").mkdir(mode=0o700)
    (bus.tmp_path / "state/lull/adopted").write_text(command + "\n")
    id = None
    for login in range(1, 3):
        bus.popen(*command.split())
        wait_for(lambda: len(log.of("up")) == 2 * login - 1, "the server is there first")
        lulld.start()
        wait_for(lambda: len(log.of("up")) == 2 * login and user.get("Display")["how"] == "started", "put right")
        id = id or sender.notify("important", hints={"urgency": dbus.Byte(2)})
        wait_for(lambda: user.lull("GetItem", "u", id)["state"] == "shown", "it is shown")
        lulld.stop()
        os.kill(log.of("up")[-1]["pid"], signal.SIGKILL)
        wait_for(lambda: user.queue() == [], "the end of the session")
    lulld.start()
    assert user.lull("GetItem", "u", id)["state"] != "quarantined"


def test_a_server_started_by_a_relative_path_is_found_again(bus, user):
    command, log = fake_command(bus, "dunst")
    bus.popen("./dunst", *command.split()[1:], cwd=bus.tmp_path / "bin")
    wait_for(lambda: log.of("up"), "it is up")
    Lulld(bus).start()
    assert user.lull("Adopt").startswith(str(bus.tmp_path / "bin/dunst"))


@pytest.mark.parametrize("where", ["services", "adopted"])
def test_a_file_that_would_keep_its_reader_waiting_is_passed_over(bus, sender, where):
    if where == "services":
        directory = bus.tmp_path / "share/dbus-1/services"
        directory.mkdir(parents=True)
        os.mkfifo(directory / "x.service")
        bus.env["XDG_DATA_DIRS"] = str(bus.tmp_path / "share")
    else:
        (bus.tmp_path / "state/lull").mkdir(mode=0o700)
        os.mkfifo(bus.tmp_path / "state/lull/adopted")
    command, log = fake_command(bus, "dunst")
    service_file(bus, "y.service", command)
    bus.env["DISPLAY"] = ":99"
    Lulld(bus).start()
    sender.notify("waits")
    wait_for(lambda: log.of("Notify"), "what can be read was")


def test_a_server_that_dies_soon_is_not_started_for_ever(bus, sender):
    code = bus.tmp_path / "dying"
    log = bus.tmp_path / "starts"
    code.write_text(f"#!/bin/sh\necho x >>{log}\nexec {PYTHON} -c \"import dbus, os, time; "
                    f"b = dbus.bus.BusConnection(os.environ['DBUS_SESSION_BUS_ADDRESS']); "
                    f"b.request_name('{NAME}'); time.sleep(0.3)\"\n")
    code.chmod(0o755)
    lulld = Lulld(bus)
    lulld.configure(f"[display]\ncommand = {code}\n")
    lulld.start()

    def starts():
        return len(log.read_text().split()) if log.exists() else 0

    wait_for(lambda: starts() == 5, "it is tried some times")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert starts() == 5, "and not again at once"


# --- Plasma ----------------------------------------------------------------------------------------------


def test_behind_plasma_lulld_stays_in_line_and_touches_nothing(bus, server, user):
    plasma = server("plasmashell", "--flags", REPLACE | DO_NOT_QUEUE)
    lulld = Lulld(bus).start()
    assert not user.get("InFront")
    assert dict(user.get("Owner")) == {"program": "plasmashell", "title": "Plasma", "kind": "unsupported",
                                       "pid": plasma.pid}
    assert "can't stand in front of it yet" in lulld.stderr()
    name, text = user.lull_error("Adopt")
    assert name.endswith("CannotAdopt") and "Plasma" in text
    assert plasma.process.poll() is None and user.owner() == plasma.unique


@pytest.mark.parametrize("sign", ["environment", "session manager"])
def test_plasmas_shell_gets_the_name_also_when_lulld_was_first(bus, server, user, sign):
    if sign == "environment":
        bus.env["XDG_CURRENT_DESKTOP"] = "KDE"
    lulld = Lulld(bus).start()
    assert user.get("InFront")
    if sign == "session manager":
        bus.peer().driver("RequestName", "su", "org.kde.ksmserver", 0)
        wait_for(lambda: "Plasma" in lulld.stderr(), "lulld has seen it")
    plasma = server("plasmashell", "--flags", REPLACE | DO_NOT_QUEUE)
    wait_for(lambda: user.owner() == plasma.unique, "Plasma has the name")
    wait_for(lambda: user.get("Owner")["kind"] == "unsupported", "lulld says so")
    assert not user.get("InFront")


def test_plasmas_shell_gets_the_name_also_when_its_session_manager_was_before_lulld(bus, server, user):
    bus.peer().driver("RequestName", "su", "org.kde.ksmserver", 0)
    Lulld(bus).start()
    plasma = server("plasmashell", "--flags", REPLACE | DO_NOT_QUEUE)
    wait_for(lambda: user.owner() == plasma.unique, "Plasma has the name")
    plasma.kill()
    wait_for(lambda: user.get("InFront"), "lulld has it while the shell is away")
    plasma = server("plasmashell", "--flags", REPLACE | DO_NOT_QUEUE)
    wait_for(lambda: user.owner() == plasma.unique, "and gives it back")


def test_elsewhere_nobody_can_replace_lulld(lulld, bus, user):
    assert bus.peer().driver("RequestName", "su", NAME, REPLACE | 1) == 2
    assert user.get("InFront")
