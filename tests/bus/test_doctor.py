"""`lull doctor`: each thing that can be wrong is found, with its remedy, and nothing is changed or started."""
import json
import os
import pty
import shutil
import signal

import pytest

import rig

# A server that owns names and answers as the desktop's would; argv: the names.
OWNER = """
import sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.SessionBus(mainloop=DBusGMainLoop())
for name in sys.argv[1].split(","):
    bus.request_name(name)
print("up", flush=True)
GLib.MainLoop().run()
"""

# systemd as far as the doctor asks it; argv: LoadState ActiveState UnitFileState.
SYSTEMD = """
import sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.SessionBus(mainloop=DBusGMainLoop())
UNIT = "/org/freedesktop/systemd1/unit/lulld_2eservice"
class Manager(dbus.service.Object):
    @dbus.service.method("org.freedesktop.systemd1.Manager", in_signature="s", out_signature="o")
    def LoadUnit(self, name):
        assert name == "lulld.service"
        return dbus.ObjectPath(UNIT)
class Unit(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return dict(zip(("LoadState", "ActiveState", "UnitFileState"), sys.argv[1:]))
kept = Manager(bus, "/org/freedesktop/systemd1"), Unit(bus, UNIT)
bus.request_name("org.freedesktop.systemd1")
print("up", flush=True)
GLib.MainLoop().run()
"""

# lulld as far as the doctor and `lull status` ask it; argv: its status, as JSON.
LULLD = """
import json, sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.SessionBus(mainloop=DBusGMainLoop())
status = json.loads(sys.argv[1])
class Lull(dbus.service.Object):
    @dbus.service.method("org.lull.Lull1", out_signature="a{sv}")
    def GetStatus(self):
        return {k: dbus.Dictionary(v, signature="sv") if isinstance(v, dict) else v
                for k, v in status.items()}
kept = Lull(bus, "/org/lull/Lull1")
bus.request_name("org.lull.Lull1")
print("up", flush=True)
GLib.MainLoop().run()
"""

RESET = "systemctl --user reset-failed lulld; systemctl --user start lulld"
UNSHIMMED = "stop it and start it as: lull-shim "


def spawn(bus, code, *args):
    p = bus.python(code, *args)
    assert p.stdout.readline() == "up\n"
    return p


class FakeLulld:
    def __init__(self, bus, **status):
        status = {"Focus": False, "InFront": False, "Journal": "disk", **status}
        self.pid = spawn(bus, LULLD, json.dumps(status)).pid


class Findings:
    def __init__(self, bus, *options, **env):
        env = [f"{k}={v}" for k, v in env.items()]
        r = bus.run("env", *env, rig.BUILD / "lull", "doctor", "--json", *options)
        assert r.stderr == ""
        self.status = r.returncode
        answer = json.loads(r.stdout)
        assert set(answer) == {"ok", "findings"}
        self.all = answer["findings"]
        for f in self.all:
            assert set(f) == {"check", "state", "text", "remedy"}
            assert f["state"] in ("ok", "attention", "broken")
            assert f["text"] and (f["state"] == "ok" or f["remedy"]), f
        assert answer["ok"] is not any(f["state"] == "broken" for f in self.all)
        assert self.status == (0 if answer["ok"] else 1)

    def of(self, check, state=None):
        return [f for f in self.all if f["check"] == check and state in (None, f["state"])]

    def one(self, check, state):
        found = self.of(check, state)
        assert len(found) == 1, (check, state, self.all)
        return found[0]

    def states(self):
        return {f["state"] for f in self.all}


def service(bus, name, **lines):
    path = bus.tmp_path / "share/dbus-1/services" / f"{name}.service"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[D-BUS Service]\nName={name}\n" + "".join(f"{k}={v}\n" for k, v in lines.items()))
    return path


def enabled(bus):
    """The record of a 'lull enable' that was there before."""
    record = bus.tmp_path / "state/lull/enabled.json"
    record.parent.mkdir(mode=0o700, exist_ok=True)
    record.write_text("{}")
    record.chmod(0o600)


@pytest.fixture
def services(bus):
    """The service files of a machine on which lull is installed and comes first, and no others."""
    bus.env["XDG_DATA_DIRS"] = str(bus.tmp_path / "share")
    for name in (rig.LULL, rig.NAME):
        service(bus, name, Exec=rig.BUILD / "lulld", SystemdService="lulld.service")


def test_everything_is_ok_with_a_console_behind_lulld(bus, services):
    lulld = rig.Lulld(bus).start()
    console = bus.popen(rig.BUILD / "lull", "console", stdin=-1, stdout=-3)
    rig.wait_for(lambda: lulld.status()["Display"]["unique"], "lulld knows the console")
    found = Findings(bus)
    assert found.states() == {"ok"}, found.all
    assert {f["check"] for f in found.all} == {"bus", "daemon", "unit", "front", "display", "probe",
                                               "activation", "journal", "configuration", "bypass"}
    assert f"lull console (pid {console.pid}" in found.one("front", "ok")["text"]
    assert f"pid {lulld.pid}" in found.one("daemon", "ok")["text"]
    assert str(os.getpid()) in found.one("unit", "ok")["text"]
    assert "All is well." in lulld.client("doctor").stdout


def test_a_server_under_the_shim_is_named_by_its_own_name(bus, lulld):
    display = bus.display(shimmed=True)
    lulld.knows(display)
    assert "under lull-shim" in Findings(bus).one("front", "ok")["text"]


def test_lulld_that_does_not_run_is_a_finding_and_is_not_started(tmp_path, monkeypatch):
    services = tmp_path / "share/dbus-1/services"
    monkeypatch.setattr(rig, "BUS_CONFIG", rig.BUS_CONFIG.replace(
        "  <policy", f"  <servicedir>{services}</servicedir>\n  <policy", 1))
    services.mkdir(parents=True)
    started = tmp_path / "started"
    for name in (rig.LULL, rig.NAME, "org.freedesktop.systemd1"):
        (services / f"{name}.service").write_text(
            f"[D-BUS Service]\nName={name}\nExec=/usr/bin/touch {started}\n")
    bus = rig.Bus(tmp_path)
    try:
        assert rig.LULL in bus.peer().driver("ListActivatableNames")
        found = Findings(bus)
        assert found.status == 1
        assert "isn't running" in found.one("daemon", "broken")["text"]
        assert found.of("display") == []
        assert not started.exists()
    finally:
        bus.close()


def test_a_server_under_the_shim_alone_is_only_to_look_at(bus):
    display = bus.display(shimmed=True)
    assert Findings(bus).one("front", "attention")["remedy"] == "lull enable"
    enabled(bus)
    assert Findings(bus).one("front", "attention")["remedy"] == "run lulld in the session"
    # And without lulld nobody is disturbed.
    assert display.shown() == []


def test_a_stand_alone_server_in_front_is_broken_and_the_remedy_is_the_shim(bus):
    display = bus.display()
    rig.Lulld(bus).start()
    found = Findings(bus)
    front = found.one("front", "broken")
    assert f"pid {display.pid}" in front["text"] and "python3" in front["text"]
    assert front["remedy"].startswith(UNSHIMMED + "/usr/bin/python3 ")
    assert found.of("display") == []


def test_gnome_that_was_not_taken_over_sends_the_user_to_lullds_messages(bus):
    spawn(bus, OWNER, f"{rig.NAME},org.gnome.Shell.Notifications")
    found = Findings(bus).one("front", "attention")
    assert "GNOME Shell" in found["text"] and found["remedy"] == "lull enable"
    enabled(bus)
    assert Findings(bus).one("front", "attention")["remedy"] == "run lulld in the session"
    lulld = FakeLulld(bus, Display={"name": "gnome-shell", "how": "owner", "unique": ":1.0"})
    front = Findings(bus).one("front", "broken")
    assert "GNOME Shell" in front["text"] and "takes it over" in front["text"]
    assert "lulld's messages" in front["remedy"] and f"kill {lulld.pid}" in front["remedy"]


@pytest.mark.parametrize("program, text, remedy", [
    ("dunst", "wasn't started under lull-shim", "lull enable; or by hand: " + UNSHIMMED),
    ("cinnamon", "Cinnamon owns", "start lulld before it"),
    ("plasmashell", "Plasma shows notifications itself", "none yet"),
])
def test_the_remedy_for_another_server_in_front_is_that_of_its_kind(bus, program, text, remedy):
    server = bus.tmp_path / program
    shutil.copy(os.path.realpath(rig.PYTHON), server)
    p = bus.popen(server, "-c", OWNER, rig.NAME, stdout=-1, text=True)
    assert p.stdout.readline() == "up\n"
    rig.Lulld(bus).start()
    front = Findings(bus, "--no-probe").one("front", "broken")
    assert text in front["text"] and f"pid {p.pid}" in front["text"]
    assert front["remedy"].startswith("lull enable" if program == "dunst" else remedy)
    enabled(bus)
    assert Findings(bus, "--no-probe").one("front", "broken")["remedy"].startswith(remedy)
    if program == "plasmashell":
        assert "can't stand in front of it yet: lulld stays in line, touches nothing" in front["text"]



def test_no_display_is_broken(bus, lulld):
    display = Findings(bus).one("display", "broken")
    assert "no display server" in display["text"] and "lull-shim" in display["remedy"]


@pytest.mark.parametrize("shimmed", [False, True])
def test_a_display_that_hangs_is_broken_and_the_remedy_names_its_process(bus, lulld, shimmed):
    display = lulld.knows(bus.display(shimmed=shimmed))
    display.stop()
    try:
        found = Findings(bus).one("display", "broken")
    finally:
        display.go_on()
    assert "hangs" in found["text"] and f"kill -9 {display.pid};" in found["remedy"]
    assert Findings(bus).one("display", "ok")


def test_a_display_outside_the_queue_is_to_look_at(bus):
    display = bus.display()
    FakeLulld(bus, InFront=True, Display={"name": "lxqt", "how": "unqueued", "unique": display.unique})
    found = Findings(bus, "--no-probe")
    assert "found beside the queue" in found.one("display", "ok")["text"]
    assert "would be lost" in found.one("display", "attention")["text"]
    assert found.one("display", "attention")["remedy"].startswith("lull enable")


def test_a_desktop_that_hangs_is_not_to_be_killed(bus):
    shell = bus.tmp_path / "gnome-shell"
    shutil.copy(os.path.realpath(rig.PYTHON), shell)
    code = "import dbus, sys; print(dbus.SessionBus().get_unique_name(), flush=True); sys.stdin.read()"
    p = bus.popen(shell, "-c", code, stdin=-1, stdout=-1, text=True)
    FakeLulld(bus, InFront=True, Display={"name": "gnome-shell", "how": "queued",
                                          "unique": p.stdout.readline().strip()})
    found = Findings(bus, "--no-probe").one("display", "broken")
    assert "hangs" in found["text"] and found["remedy"] == "log out and in again"


def test_lulld_that_hangs_is_broken(bus, lulld, display):
    os.kill(lulld.pid, signal.SIGSTOP)
    try:
        found = Findings(bus)
    finally:
        os.kill(lulld.pid, signal.SIGCONT)
    assert f"kill -9 {lulld.pid}" in found.one("daemon", "broken")["remedy"]
    assert found.one("front", "ok")


def test_a_mistake_in_the_configuration_is_broken_until_it_is_mended_and_read(bus, lulld, display):
    lulld.configure("[focus]\ndefault = forever\n[nonsense]\n")
    found = Findings(bus).one("configuration", "broken")
    assert "lull.conf:2: " in found["text"] and "1 more" in found["text"]
    assert "lull check-config" in found["remedy"]
    lulld.restart()
    assert Findings(bus).one("configuration", "broken")
    lulld.configure("[focus]\ndefault = 50m\n")
    assert Findings(bus).one("configuration", "attention")["remedy"] == "lull reload"
    lulld.peer.lull("Reload")
    assert Findings(bus).one("configuration", "ok")


def test_a_state_directory_that_others_may_enter_is_to_look_at(bus, lulld, display):
    lulld.state.chmod(0o755)
    found = Findings(bus)
    assert found.one("journal", "attention")["remedy"] == f"chmod 700 '{lulld.state}'"
    assert found.status == 0


def test_a_journal_that_others_may_read_is_to_look_at(bus, lulld, display):
    (lulld.state / "journal.db").chmod(0o644)
    assert "journal.db" in Findings(bus).one("journal", "attention")["text"]


def test_a_damaged_journal_that_was_put_aside_is_to_look_at(bus, lulld, display):
    lulld.stop()
    for f in lulld.state.glob("journal.db*"):
        f.write_bytes(b"this is no database" * 1000)
    lulld.start()
    lulld.knows(display)
    found = Findings(bus).one("journal", "attention")
    assert "1 damaged journal " in found["text"]


def test_a_journal_in_memory_is_broken(bus, tmp_path):
    (tmp_path / "state/lull").write_text("in the way")
    rig.Lulld(bus).start()
    found = Findings(bus).one("journal", "broken")
    assert "in memory only" in found["text"]


def test_a_service_file_that_starts_another_server_is_to_look_at(bus, services):
    path = service(bus, rig.NAME, Exec="/usr/bin/dunst", SystemdService="dunst.service")
    assert Findings(bus).one("activation", "attention")["remedy"] == "lull enable"
    enabled(bus)
    found = Findings(bus).one("activation", "attention")
    assert "dunst.service" in found["text"] and str(path) in found["text"]
    # What the remedy says makes it right.
    assert bus.run("sh", "-c", found["remedy"]).returncode == 0
    assert not Findings(bus).of("activation", "attention")


@pytest.mark.parametrize("states, expected, remedy", [
    (("loaded", "active", "enabled"), "ok", None),
    (("loaded", "active", "disabled"), "attention", "systemctl --user enable lulld"),
    (("loaded", "inactive", "enabled"), "attention", "systemctl --user start lulld"),
    (("loaded", "inactive", "masked"), "attention", "systemctl --user unmask lulld"),
    (("loaded", "failed", "enabled"), "broken", RESET),
    (("not-found", "inactive", ""), "attention", "make install"),
])
def test_the_unit_is_judged_by_what_systemd_says(bus, lulld, display, states, expected, remedy):
    enabled(bus)
    spawn(bus, SYSTEMD, *states)
    found = Findings(bus).of("unit", expected)
    assert found
    assert states[1] != "failed" or not Findings(bus).of("unit", "ok")
    if remedy:
        assert any(remedy in f["remedy"] for f in found), found


@pytest.mark.parametrize("states, remedy, remedy_enabled", [
    (("masked", "inactive", "masked"), "systemctl --user unmask lulld, then: lull enable",
     "systemctl --user unmask lulld; systemctl --user start lulld"),
    (("loaded", "failed", "enabled"), RESET, RESET),
    (("loaded", "inactive", "disabled"), "lull enable", "systemctl --user start lulld"),
])
def test_the_first_remedy_for_a_lulld_that_does_not_run_is_the_one_that_works(bus, services, states, remedy,
                                                                              remedy_enabled):
    spawn(bus, SYSTEMD, *states)
    found = Findings(bus)
    assert next(f["remedy"] for f in found.all if f["state"] != "ok") == remedy
    assert bool(found.of("activation", "ok")) is (states[0] != "masked")
    assert bool(found.of("activation", "attention")) is (states[0] == "masked")
    enabled(bus)
    assert Findings(bus).one("daemon", "broken")["remedy"] == remedy_enabled


def test_before_enable_it_is_the_remedy_of_everything_that_it_does(bus):
    bus.env["XDG_DATA_DIRS"] = str(bus.tmp_path / "share")
    service(bus, rig.NAME, Exec="/usr/bin/dunst")
    spawn(bus, SYSTEMD, "loaded", "inactive", "disabled")
    server = bus.tmp_path / "dunst"
    shutil.copy(os.path.realpath(rig.PYTHON), server)
    p = bus.popen(server, "-c", OWNER, rig.NAME, stdout=-1, text=True)
    assert p.stdout.readline() == "up\n"
    found = [f for f in Findings(bus).all if f["state"] != "ok"]
    assert [(f["check"], f["remedy"]) for f in found] == [
        (check, "lull enable") for check in ("daemon", "unit", "front", "activation", "activation")]


def test_what_the_display_refuses_is_named_with_its_remedy(bus, lulld, display, sender):
    display.tell("RefuseSummary", "s", "bad")
    sender.notify("bad")
    rig.wait_for(lambda: Findings(bus).of("quarantine"), "it is kept aside")
    found = Findings(bus).one("quarantine", "attention")
    assert found["text"].startswith("1 notification")
    assert "lull release ID" in found["remedy"]


def test_what_bypasses_lull_is_named_where_it_is(bus, lulld, display):
    peer = bus.peer()
    assert "nothing that bypasses" in Findings(bus).one("bypass", "ok")["text"]
    peer.bus.request_name("org.freedesktop.portal.Desktop")
    assert Findings(bus).of("bypass", "attention") == []
    peer.bus.request_name("org.gtk.Notifications")
    assert "GNotification" in Findings(bus).one("bypass", "attention")["text"]


def test_what_bypasses_lull_on_gnome_is_told_by_the_shells_name(bus, lulld, display):
    peer = bus.peer()
    peer.bus.request_name("org.gnome.Shell")
    found = Findings(bus, XDG_CURRENT_DESKTOP="KDE").one("bypass", "attention")
    assert "GNotification" in found["text"] and "GNOME Shell" in found["text"]
    peer.bus.request_name("org.gtk.Notifications")
    peer.bus.request_name("org.freedesktop.portal.Desktop")
    found = Findings(bus).of("bypass", "attention")
    assert ["GNotification" in f["text"] for f in found] == [True, False]
    assert "portal" in found[1]["text"]


def test_a_portal_that_gnome_would_start_bypasses_lull_too(tmp_path, monkeypatch):
    services = tmp_path / "share/dbus-1/services"
    monkeypatch.setattr(rig, "BUS_CONFIG", rig.BUS_CONFIG.replace(
        "  <policy", f"  <servicedir>{services}</servicedir>\n  <policy", 1))
    services.mkdir(parents=True)
    (services / "org.freedesktop.portal.Desktop.service").write_text(
        "[D-BUS Service]\nName=org.freedesktop.portal.Desktop\nExec=/bin/false\n")
    bus = rig.Bus(tmp_path)
    try:
        bus.peer().bus.request_name("org.gnome.Shell")
        assert "portal" in Findings(bus).of("bypass", "attention")[1]["text"]
    finally:
        bus.close()


def test_no_bus_is_broken_and_files_are_looked_at_all_the_same(bus):
    found = Findings(bus, DBUS_SESSION_BUS_ADDRESS=f"unix:path={bus.tmp_path}/nothing")
    assert found.one("bus", "broken") and found.of("configuration")
    assert not found.of("daemon")


def test_text_from_other_programs_cannot_reach_the_terminal_raw(bus):
    script = bus.tmp_path / "server"
    script.write_text(OWNER)
    p = bus.popen(rig.PYTHON, script, rig.NAME, "\x1b[31mred\u202e\udcff", stdout=-1, text=True)
    assert p.stdout.readline() == "up\n"
    found = Findings(bus).one("front", "attention")
    assert "\x1b" not in found["remedy"] and "\u202e" not in found["remedy"]
    out = bus.run(rig.BUILD / "lull", "doctor").stdout
    assert "\x1b" not in out and "\u202e" not in out and "red" in out


@pytest.mark.parametrize("env, coloured", [({"TERM": "xterm"}, True),
                                           ({"TERM": "xterm", "NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_whose_users_want_them(bus, env, coloured):
    bus.env.pop("NO_COLOR", None)
    bus.env.update(env)
    outer, inner = pty.openpty()
    p = bus.popen(rig.BUILD / "lull", "doctor", stdout=inner)
    os.close(inner)
    out = b""
    try:
        while chunk := os.read(outer, 65536):
            out += chunk
    except OSError:
        pass
    os.close(outer)
    assert p.wait(rig.PATIENCE_S) == 1
    assert b"broken" in out and (b"\x1b[" in out) is coloured
