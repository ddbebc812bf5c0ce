"""GNOME Shell has two names for notifications, and they come and go in every order."""
import os
import signal

import pytest

import rig
from rig import HERE, PYTHON, Log, Lulld, wait_for

SHELL, OWN = "org.gnome.Shell", "org.gnome.Shell.Notifications"


@pytest.fixture
def bus(tmp_path, monkeypatch):
    """One that starts the shell's process for the name."""
    services, log = tmp_path / "services", tmp_path / "service.log"
    services.mkdir()
    (services / f"{OWN}.service").write_text(
        f"[D-BUS Service]\nName={OWN}\nExec={PYTHON} {HERE}/fake_gnome_service.py {log} own-first 0 0.05\n")
    monkeypatch.setattr(rig, "BUS_CONFIG",
                        rig.BUS_CONFIG.replace("<policy", f"<servicedir>{services}</servicedir>\n<policy"))
    b = rig.Bus(tmp_path)
    b.service_log = Log(log)

    def end():
        for up in b.service_log.of("up"):
            try:
                os.kill(up["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    b.at_end(end)
    yield b
    b.close()


def start_service(bus, order="own-first", gap=0.0, quits=0.1):
    return bus.popen(PYTHON, HERE / "fake_gnome_service.py", bus.service_log.path, order, str(gap), str(quits))


def start_shell(bus):
    return bus.display("--bus-name", SHELL)


def test_a_running_shell_is_taken_over_and_its_process_comes_back_in_line(bus, user, owners):
    start_service(bus)
    wait_for(lambda: bus.service_log.of("up"), "it has both names")
    shell = start_shell(bus)
    lulld = Lulld(bus).start()
    lulld.knows(shell)
    assert user.get("InFront") and user.get("Display")["how"] == "gnome"
    wait_for(lambda: len(user.queue()) == 2, "its process is in line")
    assert user.queue()[1] == user.owner(OWN)
    assert "" not in [new for _, new in owners()]


def test_lulld_that_comes_between_its_two_names_takes_over_once_it_has_both(bus, user):
    start_service(bus, "fdn-first", 0.3)
    wait_for(lambda: user.owner(), "it has the first")
    start_shell(bus)
    Lulld(bus).start()
    wait_for(lambda: user.get("InFront"), "lulld is in front")
    wait_for(lambda: user.get("Display")["how"] == "gnome", "and knows the shell")


@pytest.mark.parametrize("order", ["fdn-first", "own-first"])
def test_its_process_is_never_taken_for_the_display(bus, user, order):
    lulld = Lulld(bus).start()
    start_service(bus, order, 0.3)
    wait_for(lambda: len(user.queue()) == 2 or user.owner(OWN), "it has the first")
    shell = start_shell(bus)
    lulld.knows(shell)
    assert user.get("Display")["how"] == "gnome"


def test_it_comes_back_when_lulld_ends_amid_the_takeover(bus, user):
    start_service(bus, quits=0.5)
    wait_for(lambda: bus.service_log.of("up"), "it has both names")
    start_shell(bus)
    lulld = Lulld(bus)
    lulld.spawn()
    wait_for(lambda: "taking over from GNOME Shell" in lulld.stderr(), "the takeover begins")
    lulld.process.terminate()
    assert lulld.process.wait(10) == 0
    wait_for(lambda: len(bus.service_log.of("up")) == 2, "it was started again")
    wait_for(lambda: user.owner(), "and has the name")


def test_it_is_started_by_the_next_lulld_when_one_was_killed_amid_the_takeover(bus, user):
    start_service(bus, quits=0.2)
    wait_for(lambda: bus.service_log.of("up"), "it has both names")
    start_shell(bus)
    lulld = Lulld(bus)
    lulld.spawn()
    wait_for(lambda: "taking over from GNOME Shell" in lulld.stderr(), "the takeover begins")
    lulld.process.kill()
    lulld.process.wait()
    wait_for(lambda: user.owner() is None, "nobody has the name")
    lulld.start()
    wait_for(lambda: len(user.queue()) == 2 and user.get("InFront"), "it is in line behind the next")
