"""Who owns org.freedesktop.Notifications, and when."""
import os
import signal
import subprocess

import pytest

from rig import BUILD, HERE, LULL, LULL_PATH, NAME, PYTHON, Log, Lulld, end_process, wait_for

PRIMARY, IN_QUEUE, EXISTS = 1, 2, 3


def test_lulld_is_in_front_and_says_so(lulld, user):
    assert user.owner() is not None and user.get("InFront")
    assert lulld.client_json("status")["in_front"] is True


@pytest.mark.parametrize("flags, answer", [(0, IN_QUEUE), (2, IN_QUEUE), (3, IN_QUEUE), (6, EXISTS), (4, EXISTS)])
def test_nobody_can_replace_lulld(lulld, bus, user, flags, answer):
    owner = user.owner()
    other = bus.peer()
    assert other.driver("RequestName", "su", NAME, flags) == answer
    assert user.owner() == owner and user.get("InFront")


def test_when_lulld_is_killed_the_display_owns_the_name_at_once(lulld, display, owners, sender):
    front = sender.owner()
    lulld.kill()
    assert owners() == [(front, display.unique)]
    assert sender.notify("to the display itself") == 1
    assert display.summaries() == ["to the display itself"]


def test_when_lulld_ends_by_a_signal_the_display_owns_the_name_at_once(lulld, display, owners, sender):
    front = sender.owner()
    lulld.stop()
    assert owners() == [(front, display.unique)]


def test_lulld_comes_back_in_front_of_a_shimmed_display_that_stays(lulld, bus, owners, user, sender):
    display = lulld.knows(bus.display("--flags", "4", shimmed=True))
    first = user.owner()
    lulld.kill()
    assert user.owner() == display.unique
    lulld.start()
    lulld.knows(display)
    assert user.get("InFront")
    second = user.owner()
    assert owners() == [(first, display.unique), (display.unique, second)]
    assert user.queue() == [second, display.unique]
    sender.notify("through lull again")
    display.wait_summary("through lull again")
    assert display.process.poll() is None


def test_lulld_started_after_a_shimmed_display_is_in_front(bus, user, sender):
    display = bus.display("--flags", "4", shimmed=True)
    assert user.owner() == display.unique
    lulld = Lulld(bus).start()
    lulld.knows(display)
    assert user.get("InFront")
    sender.notify("Hello")
    display.wait_summary("Hello")


def test_lulld_comes_back_in_front_of_its_own_console(lulld, bus, user, sender):
    console = bus.popen(BUILD / "lull", "console", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL)
    os.set_blocking(console.stdout.fileno(), False)
    wait_for(lambda: user.get("Display")["how"] == "queued", "lulld knows the console")
    lulld.kill()
    wait_for(lambda: user.owner() is not None, "the console has the name")
    lulld.start()
    assert user.get("InFront")
    wait_for(lambda: user.get("Display")["how"] == "queued", "lulld knows the console")
    user.focus()
    sender.notify("shown by the console")
    user.lull("EndFocus")
    seen = b""

    def is_seen():
        nonlocal seen
        seen += console.stdout.read() or b""
        return b"shown by the console" in seen

    wait_for(is_seen, "the console prints it")
    assert console.poll() is None


def test_behind_another_server_lulld_waits_says_so_and_is_promoted(bus, user, sender):
    display = bus.display()
    lulld = Lulld(bus).start()
    assert user.owner() == display.unique
    assert not user.get("InFront") and "not in front" in lulld.stderr()
    assert lulld.client_json("status")["in_front"] is False
    assert "owns org.freedesktop.Notifications, so notifications bypass lull" in lulld.client("status").stdout
    assert display.process.poll() is None, "it wasn't replaced"
    assert sender.notify("past lull") == 1
    end_process(display.process)
    wait_for(lambda: user.get("InFront"), "lulld is promoted")
    user.focus()
    id = sender.notify("held")
    assert user.item_ids("held") == [id]


def test_a_display_that_joins_later_is_found(lulld, bus, user, sender):
    assert user.get("Display")["how"] == "none"
    sender.notify("waits")
    display = lulld.knows(bus.display())
    wait_for(lambda: user.get("Display")["pid"] == display.pid, "its program is known")
    assert dict(user.get("Display")) == {"name": "fake-display", "how": "queued", "unique": display.unique,
                                         "program": os.path.basename(os.readlink(f"/proc/{display.pid}/exe")),
                                         "pid": display.pid}
    display.wait_summary("waits")
    end_process(display.process)
    wait_for(lambda: user.get("Display")["how"] == "none", "it has gone")
    assert user.get("Display")["unique"] == ""


@pytest.fixture
def started(bus):
    """A lulld that starts a display by [display] command: that exits where it isn't the owner."""
    lulld = Lulld(bus)
    log = Log(bus.tmp_path / "started.log")
    lulld.configure(f"[display]\ncommand = {PYTHON} {HERE}/fake_display.py '{log.path}' --flags 4\n")
    lulld.log = log

    def end():
        lulld.close()
        for up in log.of("up"):
            try:
                os.kill(up["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    bus.at_end(end)
    return lulld.start()


def test_the_display_command_is_started_under_the_shim_and_shows(started, user, sender):
    up = wait_for(lambda: started.log.of("up"), "it is started")[0]
    assert up["answer"] == PRIMARY, "the shim tells it that it owns the name"
    wait_for(lambda: user.get("Display")["unique"] == up["unique"], "lulld knows it")
    assert user.get("Display")["how"] == "started"
    assert user.queue() == [user.owner(), up["unique"]] and user.get("InFront")
    sender.notify("Hello")
    wait_for(lambda: started.log.of("Notify"), "it shows")
    assert len(started.log.of("up")) == 1


def test_a_started_display_that_dies_is_started_again(started, user, sender):
    first = wait_for(lambda: started.log.of("up"), "it is started")[0]
    wait_for(lambda: user.get("Display")["unique"] == first["unique"], "lulld knows it")
    os.kill(first["pid"], signal.SIGKILL)
    second = wait_for(lambda: started.log.of("up")[1:], "it is started again")[0]
    wait_for(lambda: user.get("Display")["unique"] == second["unique"], "lulld knows it")
    sender.notify("to the second")
    wait_for(lambda: "to the second" in [n["summary"] for n in started.log.of("Notify")], "it shows")


def test_a_started_display_outlives_lulld_and_is_found_again(started, user, sender):
    up = wait_for(lambda: started.log.of("up"), "it is started")[0]
    wait_for(lambda: user.get("Display")["unique"] == up["unique"], "lulld knows it")
    started.kill()
    assert user.owner() == up["unique"]
    started.start()
    wait_for(lambda: user.get("Display")["unique"] == up["unique"], "lulld knows it")
    assert user.get("InFront") and len(started.log.of("up")) == 1


def test_a_display_that_is_there_is_not_started_twice(bus, user):
    display = bus.display("--flags", "4", shimmed=True)
    lulld = Lulld(bus)
    lulld.configure("[display]\ncommand = false\n")
    lulld.start()
    lulld.knows(display)
    assert "started the display server" not in lulld.stderr()


def test_a_display_command_that_fails_hurts_nobody(bus, user, sender):
    lulld = Lulld(bus)
    lulld.configure("[display]\ncommand = /nonexistent/display --now\n")
    lulld.start()
    sender.notify("waits")
    wait_for(lambda: "display" in lulld.stderr().split("in front", 1)[1], "it is tried")
    display = lulld.knows(bus.display())
    display.wait_summary("waits")


def test_lulls_own_interface_is_on_another_connection(lulld, user):
    front, control = user.owner(NAME), user.owner(LULL)
    assert front and control and front != control
    for to in (NAME, front):
        name, _ = user.error("GetStatus", to=to, path=LULL_PATH, interface=LULL)
        assert name.startswith("org.freedesktop.DBus.Error.Unknown")
        name, _ = user.error("GetStatus", to=to, interface=LULL)
        assert name.startswith("org.freedesktop.DBus.Error.Unknown")
    name, _ = user.error("GetCapabilities", to=LULL)
    assert name.startswith("org.freedesktop.DBus.Error.Unknown")


def test_without_a_bus_lulld_ends_with_1_and_says_why(bus):
    bus.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus.tmp_path}/nowhere"
    r = bus.run(BUILD / "lulld")
    assert r.returncode == 1
    assert "cannot reach the session bus" in r.stderr and r.stderr.count("\n") == 1
