"""`lull enable` and `lull disable` without a systemd: what they do to a home directory, and that it is put back."""
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import time

import dbus
import pytest

import rig
from rig import BUILD, DRIVER, HERE, LULL, NAME, PYTHON, wait_for

OURS = f".local/share/dbus-1/services/{NAME}.service"
OTHER = ".local/share/dbus-1/services/org.knopwob.dunst.service"
OF_LULL = f".local/share/dbus-1/services/{LULL}.service"
RECORD = ".local/state/lull/enabled.json"
DUNST = f"[D-BUS Service]\nName={NAME}\nExec=/usr/bin/dunst\n"
LONG_AGO = 1_000_000_000 * 10**9
# systemd as far as enable asks it; argv: LoadState ActiveState of lulld.service, lulld. What changes something is told,
# and a unit that has failed is started only after a reset.
SYSTEMD = """
import subprocess, sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.SessionBus(mainloop=DBusGMainLoop())
UNIT = "/org/freedesktop/systemd1/unit/lulld_2eservice"
state = {"Id": "lulld.service", "LoadState": sys.argv[1], "ActiveState": sys.argv[2]}
def method(i, o):
    return dbus.service.method("org.freedesktop.systemd1.Manager", in_signature=i, out_signature=o)
class Manager(dbus.service.Object):
    @method("s", "o")
    def LoadUnit(self, name):
        return dbus.ObjectPath(UNIT)
    @method("s", "s")
    def GetUnitFileState(self, name):
        return "enabled"
    @method("", "")
    def Reload(self):
        print("Reload", flush=True)
    @method("s", "")
    def ResetFailedUnit(self, name):
        print("ResetFailedUnit", flush=True)
        state["ActiveState"] = "inactive"
    @method("ss", "o")
    def StartUnit(self, name, mode):
        print("StartUnit", flush=True)
        if state["ActiveState"] == "failed":
            raise dbus.DBusException("start request repeated too quickly")
        subprocess.Popen([sys.argv[3]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return dbus.ObjectPath("/org/freedesktop/systemd1/job/1")
class Unit(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return state
kept = Manager(bus, "/org/freedesktop/systemd1"), Unit(bus, UNIT)
bus.request_name("org.freedesktop.systemd1")
print("up", flush=True)
GLib.MainLoop().run()
"""
# What lulld keeps, which stays.
KEPT = ("journal.db", "journal.db-wal", "journal.db-shm", "lock")


class Account:
    """A user's home directory on a private bus that starts what the service files in it say."""

    def __init__(self, bus):
        self.bus = bus
        self.home = bus.tmp_path / "home"
        bus.env.update(XDG_DATA_HOME=str(self.home / ".local/share"), XDG_CONFIG_HOME=str(self.home / ".config"),
                       XDG_STATE_HOME=str(self.home / ".local/state"), XDG_DATA_DIRS=str(bus.tmp_path / "share"),
                       XDG_CONFIG_DIRS=str(bus.tmp_path / "xdg"))
        # The bus is another one with these.
        bus.kill()
        bus.start()
        self.peer = bus.peer()
        self.peer.listen(f"type='signal',sender='{DRIVER[0]}',member='NameOwnerChanged',arg0='{NAME}'")
        bus.at_end(self.end_lulld)

    def end_lulld(self):
        pid = self.lulld_pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: self.lulld_pid() is None, "lulld has gone")

    def lulld_pid(self):
        try:
            return int(self.peer.driver("GetConnectionUnixProcessID", "s", LULL))
        except dbus.DBusException:
            return None

    def owners(self):
        """Who got the notifications' name, in order; "" for nobody."""
        self.peer.driver("GetId")
        rig.pump()
        return [str(s["args"][2]) for s in self.peer.heard if s["member"] == "NameOwnerChanged"]

    def write(self, path, text, mode=0o644):
        path = self.home / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        return path

    def link(self, path, to):
        path = self.home / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(to)

    def read(self, path):
        return (self.home / path).read_text()

    def snapshot(self, all=False):
        """Every file with its mode, time, target and bytes; what lulld keeps is left out unless @all."""
        found = {}
        for path in sorted(self.home.rglob("*")):
            st = path.lstat()
            about = [stat.filemode(st.st_mode)]
            if stat.S_ISLNK(st.st_mode):
                about += [st.st_mtime_ns, os.readlink(path)]
            elif stat.S_ISREG(st.st_mode):
                about += [st.st_mtime_ns, st.st_ino, path.read_bytes()]
            found[str(path.relative_to(self.home))] = about
        if not all:
            for name in KEPT:
                found.pop(f".local/state/lull/{name}", None)
            if not any(path.startswith(".local/state/lull/") for path in found):
                for path in (".local/state/lull", ".local/state"):
                    found.pop(path, None)
            if not any(path.startswith(".local/") for path in found):
                found.pop(".local", None)
        return found

    def run(self, *args, status=0, build=BUILD):
        r = self.bus.run(*(build / "lull", *args))
        assert r.returncode == status, (args, r.returncode, r.stdout, r.stderr)
        return r

    def steps(self, *args, status=0):
        """(step, state, text) of each step, as --json has them."""
        answer = json.loads(self.run(*args, "--json", status=status).stdout)
        assert answer["ok"] is (status == 0)
        return [(s["step"], s["state"], s["text"]) for s in answer["steps"]]


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An account in which nothing displays."""
    monkeypatch.setattr(rig, "BUS_CONFIG", rig.BUS_CONFIG.replace(
        "  <policy", "  <standard_session_servicedirs/>\n  <policy", 1))
    bus = rig.Bus(tmp_path)
    try:
        yield Account(bus)
    finally:
        bus.close()


@pytest.fixture
def account(bare):
    """One in which a display server runs behind lull-shim, so that nothing has to be moved."""
    bare.bus.display(shimmed=True)
    return bare


def nothing(account):
    pass


def a_server_of_ones_own(account):
    account.write(OURS, DUNST, 0o600)


def a_link_into_a_repository(account):
    account.write("dotfiles/notifications.service", DUNST)
    account.link(OURS, "../../../../dotfiles/notifications.service")


def a_link_to_nothing(account):
    account.link(OURS, "/nowhere/at/all")


def a_linked_directory(account):
    account.write("dotfiles/services/readme", "mine")
    account.link(".local/share/dbus-1/services", "../../../dotfiles/services")


def a_server_by_another_name(account):
    account.write(OTHER, DUNST, 0o640)


def two_servers(account):
    account.write(OURS, DUNST.replace("dunst", "mako"))
    account.write(OTHER, DUNST)


def a_name_that_is_taken(account):
    account.write(OURS, DUNST)
    account.write(OURS + ".before-lull", "somebody else's")


def empty_directories(account):
    (account.home / OURS).parent.mkdir(parents=True)
    (account.home / ".config/systemd/user").mkdir(parents=True)


STATES = [nothing, a_server_of_ones_own, a_link_into_a_repository, a_link_to_nothing, a_linked_directory,
          a_server_by_another_name, two_servers, a_name_that_is_taken, empty_directories]


@pytest.fixture(params=STATES, ids=[s.__name__ for s in STATES])
def state(request, account):
    request.param(account)
    return account


def named_server(account, name, *args):
    """A server whose program file has that name, and its log; ended at the end, however it was started."""
    python, log = account.bus.tmp_path / "bin" / name, rig.Log(account.bus.tmp_path / f"{name}.log")
    python.parent.mkdir(exist_ok=True)
    shutil.copy(os.path.realpath(PYTHON), python)

    def end():
        for up in log.of("up"):
            try:
                os.kill(up["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    account.bus.at_end(end)
    process = account.bus.popen(python, HERE / "fake_display.py", log.path, *args)
    wait_for(lambda: log.of("up"), "the server is up")
    return process, log


# --- files ----------------------------------------------------------------------------------------------


def test_everything_is_put_back_to_the_byte(state):
    before = state.snapshot()
    state.run("enable")
    during = state.snapshot()
    assert during != before and f"Exec={BUILD}/lulld\n" in state.read(OURS)
    assert [p.name for p in (state.home / OURS).parent.glob("*.service")
            if f"Name={NAME}\n" in p.read_text()] == [f"{NAME}.service"]
    state.run("disable")
    assert state.snapshot() == before


def test_a_dry_run_changes_nothing_at_all(state):
    before = state.snapshot(all=True)
    would = state.steps("enable", "--dry-run")
    assert state.snapshot(all=True) == before and state.lulld_pid() is None
    assert {s for _, s, _ in would} <= {"would", "note"}
    # And then what it said is done.
    did = state.steps("enable")
    changed = [text.replace("would ", "") for _, s, text in would if s == "would"]
    done = [text for _, s, text in did if s == "done"]
    assert [t.split(" ", 1)[1] for t in changed if "/" in t] == [t.split(" ", 1)[1] for t in done if "/" in t]
    state.end_lulld()
    before = state.snapshot(all=True)
    would = state.steps("disable", "--dry-run")
    assert state.snapshot(all=True) == before
    did = state.steps("disable")
    paths = [text.split()[-1] for _, s, text in would if s == "would" and "if it is empty" not in text and "/" in text]
    assert paths and paths == [text.split()[-1] for _, s, text in did
                               if s == "done" and "empty again" not in text and "/" in text]


def test_a_second_enable_does_nothing(state):
    state.run("enable")
    before, pid = state.snapshot(), state.lulld_pid()
    steps = state.steps("enable")
    assert {s for _, s, _ in steps} <= {"already", "note"}, steps
    assert state.snapshot() == before and state.lulld_pid() == pid


def test_what_starts_lulld_already_is_left_alone_also_by_disable(account):
    account.write(OURS, f"[D-BUS Service]\nExec={BUILD}/lulld\nName={NAME}\n")
    account.write(OF_LULL, f"[D-BUS Service]\nExec={BUILD}/lulld\nName={LULL}\n")
    before = account.snapshot()
    account.run("enable")
    assert account.snapshot() == before
    account.run("disable")
    assert account.snapshot() == before


def test_lulls_own_name_needs_no_file_where_it_is_installed(account):
    system = account.bus.tmp_path / "share/dbus-1/services"
    system.mkdir(parents=True)
    (system / f"{LULL}.service").write_text(f"[D-BUS Service]\nName={LULL}\nExec={BUILD}/lulld\n")
    account.run("enable")
    assert (account.home / OURS).exists() and not (account.home / OF_LULL).exists()


def test_what_was_edited_since_is_not_touched(account):
    account.write(OTHER, DUNST)
    account.run("enable")
    (account.home / OURS).write_text("edited")
    (account.home / OTHER).write_text("new")
    again = account.steps("enable")
    assert any("was edited since" in text and s == "note" for _, s, text in again)
    assert account.read(OURS) == "edited"
    texts = [text for _, _, text in account.steps("disable")]
    assert any(f"{OURS} was edited since" in t for t in texts)
    assert any(f"stays beside it as {account.home / OTHER}.before-lull" in t for t in texts)
    assert account.read(OURS) == "edited" and account.read(OTHER) == "new"
    assert account.read(OTHER + ".before-lull") == DUNST
    assert not (account.home / OF_LULL).exists() and not (account.home / RECORD).exists()


def test_a_link_in_the_place_of_our_file_is_not_touched(account):
    account.run("enable")
    text = account.read(OURS)
    (account.home / OURS).unlink()
    account.write("dotfiles/mine", text)
    account.link(OURS, account.home / "dotfiles/mine")
    account.run("disable")
    assert account.read(OURS) == text


def test_an_upgrade_updates_our_files_and_keeps_what_was_first_set_aside(account):
    account.write(OURS, DUNST, 0o600)
    before = account.snapshot()
    account.run("enable")
    elsewhere = account.bus.tmp_path / "another place"
    elsewhere.mkdir()
    for program in ("lull", "lulld", "lull-shim"):
        shutil.copy(BUILD / program, elsewhere)
    answer = json.loads(account.run("enable", "--json", build=elsewhere).stdout)
    steps = [(s["state"], s["text"]) for s in answer["steps"]]
    assert [t for s, t in steps if s == "done"][0].startswith("updated ")
    assert f"Exec='{elsewhere}/lulld'\n" in account.read(OURS)
    assert account.read(OURS + ".before-lull") == DUNST
    account.run("disable")
    assert account.snapshot() == before


def test_the_record_is_for_its_user_alone(account):
    account.bus.run("sh", "-c", f"umask 0; {BUILD}/lull enable")
    record = account.home / RECORD
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700


def test_a_record_that_is_not_understood_stops_both(account):
    account.write(RECORD, "{")
    before = account.snapshot(all=True)
    for verb in ("enable", "disable"):
        r = account.run(verb, status=1)
        assert RECORD in r.stderr and "isn't understood" in r.stderr and r.stderr.count("\n") == 1
    assert account.snapshot(all=True) == before


def test_what_cannot_be_written_is_told_with_its_place_and_can_be_put_back(account):
    account.write(".local/share/dbus-1", "in the way")
    before = account.snapshot()
    r = account.run("enable", status=1)
    assert f"{OURS} can't be written: Not a directory; see what is in the way" in r.stderr
    assert r.stderr.count("\n") == 1 and account.lulld_pid() is None
    account.run("disable")
    assert account.snapshot() == before


def test_disable_without_enable_says_that_there_is_nothing(account):
    before = account.snapshot(all=True)
    assert "nothing to put back" in account.run("disable").stdout
    assert account.snapshot(all=True) == before


@pytest.mark.parametrize("prepare", [nothing, a_server_of_ones_own, two_servers, a_name_that_is_taken,
                                     a_server_by_another_name, a_link_into_a_repository])
def test_disable_without_its_record_puts_back_what_says_that_enable_wrote_it(account, prepare):
    prepare(account)
    (account.home / OURS).parent.mkdir(parents=True, exist_ok=True)
    before = account.snapshot()
    account.run("enable")
    account.end_lulld()
    shutil.rmtree(account.home / ".local/state")
    # A drop-in of a server's unit, and one that is somebody else's.
    drop_in = account.write(".config/systemd/user/dunst.service.d/lull.conf",
                            "# Written by 'lull enable', removed by 'lull disable'. The server stands\n[Service]\n")
    account.write(".config/systemd/user/dunst.service.d/lull.conf.before-lull", "mine")
    mine = account.write(".config/systemd/user/mako.service.d/lull.conf", "[Service]\n")
    during = account.snapshot(all=True)
    would = [text for _, s, text in account.steps("disable", "--dry-run") if s == "would"]
    assert account.snapshot(all=True) == during
    did = account.steps("disable")
    for path in (account.home / OURS, account.home / OF_LULL, drop_in):
        assert ("files", "done", f"removed {path}") in did and f"would remove {path}" in would
    assert drop_in.read_text() == "mine" and mine.exists()
    shutil.rmtree(account.home / ".config")
    assert account.snapshot() == before
    assert "nothing to put back" in account.run("disable").stdout


def test_disable_without_its_record_stops_lulld_and_refuses_while_it_holds(account):
    account.run("enable")
    (account.home / RECORD).unlink()
    account.run("focus", "10m")
    account.bus.sender().notify("one")
    before = account.snapshot()
    assert "1 notification is held" in account.run("disable", status=1).stderr
    assert account.snapshot() == before
    account.run("end")
    assert "stopped lulld" in account.run("disable").stdout
    assert account.lulld_pid() is None and not (account.home / OURS).exists()


def test_without_a_bus_files_are_put_back_and_nothing_is_enabled(state):
    before = state.snapshot()
    state.run("enable")
    state.end_lulld()
    during = state.snapshot()
    state.bus.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={state.bus.tmp_path}/nothing"
    r = state.run("enable", status=3)
    assert "session bus" in r.stderr and state.snapshot() == during
    assert "no session bus" in state.run("disable").stdout
    assert state.snapshot() == before


@pytest.mark.parametrize("home", ["\x1b[31mred", "zwei Wörter"])
def test_paths_are_harmless_on_a_terminal_and_may_have_spaces(account, home):
    account.home = account.home / home
    account.bus.env.update(XDG_DATA_HOME=str(account.home / "data"), XDG_STATE_HOME=str(account.home / "state"))
    out = account.run("enable", "--dry-run").stdout
    assert "\x1b" not in out and "data/dbus-1" in out


def test_a_path_that_is_not_utf8_is_refused_before_anything_is_changed(account):
    account.bus.env["XDG_DATA_HOME"] = os.fsdecode(bytes(account.home) + b"/\xff")
    r = account.run("enable", status=1)
    assert "has to be UTF-8" in r.stderr
    assert [p for p in account.home.rglob("*") if "\udcff" in str(p)] == []


# --- crashes --------------------------------------------------------------------------------------------


CHANGES = ("mkdir", "unlink", "rename", "renameat2", "rmdir")


def crash(account, verb, call, n):
    """Kill `lull verb` at its nth system call of that name. False when it has not so many."""
    r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=KILL:when={n}", BUILD / "lull", verb],
                       env={**account.bus.env, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True, text=True,
                       timeout=60, check=False)
    assert r.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), (r.returncode, r.stderr)
    return r.returncode != 0


def crash_everywhere(account, verb, prepare, check):
    """At each change of a file that @verb makes: returns how many there were."""
    n_all = 0
    for call in CHANGES:
        n = 1
        prepare()
        while crash(account, verb, call, n):
            check(f"killed at {call} {n}")
            n += 1
            n_all += 1
            prepare()
        account.run("disable")
        account.end_lulld()
    return n_all


@pytest.mark.parametrize("then", ["put back", "finished"])
def test_enable_that_was_killed_anywhere_can_be(account, then):
    two_servers(account)
    before = account.snapshot()

    def check(where):
        if then == "finished":
            account.run("enable")
            assert f"Exec={BUILD}/lulld\n" in account.read(OURS) and not (account.home / OTHER).exists()
            account.end_lulld()
        account.run("disable")
        assert account.snapshot() == before, where

    # Two directories, two files set aside, two written, the record before each of them and at the end.
    assert crash_everywhere(account, "enable", lambda: None, check) >= 2 + 2 + 2 + 5


def test_disable_that_was_killed_anywhere_can_be_finished(account):
    two_servers(account)
    before = account.snapshot()

    def check(where):
        account.run("disable")
        assert account.snapshot() == before, where

    # Two files removed and two put back, the record.
    assert crash_everywhere(account, "disable", lambda: account.run("enable"), check) >= 2 + 2 + 1


def test_a_record_of_changes_that_were_never_made_undoes_nothing(account):
    account.run("enable")
    record = account.read(RECORD)
    account.run("disable")
    account.write(OURS, DUNST)
    account.write(RECORD, record, 0o600)
    assert any("was edited since" in t for _, _, t in account.steps("disable"))
    assert account.read(OURS) == DUNST


# --- the bus --------------------------------------------------------------------------------------------


def test_a_bare_notification_starts_lulld_also_one_that_was_stopped(bare):
    bare.run("enable")
    for _ in range(2):
        bare.end_lulld()
        bare.bus.sender().notify("hello")
        assert bare.lulld_pid()
        assert bare.peer.lull("GetStatus")["InFront"]


def test_the_server_that_runs_is_put_behind_lull_and_has_the_name_after_disable(bare):
    _, log = named_server(bare, "dunst")
    before, n_before = bare.snapshot(), len(bare.owners())
    steps = bare.steps("enable")
    assert any(step == "adoption" and s == "done" and "fake_display.py" in text for step, s, text in steps)
    assert steps[-2] == ("result", "note", "lull is in front, fake-display displays")
    assert "" not in bare.owners()[n_before:]
    second = log.of("up")[1]
    assert bare.peer.queue() == [bare.peer.owner(NAME), second["unique"]]
    assert (bare.home / ".local/state/lull/adopted").exists()
    n_before = len(bare.owners())
    out = bare.run("disable").stdout
    assert "dunst has the notifications now; it runs under lull-shim" in out and "what lull has kept" in out
    assert bare.owners()[n_before:] == [second["unique"]]
    assert bare.lulld_pid() is None and bare.snapshot() == before


def test_enable_waits_for_a_display_that_lulld_is_about_to_find(bare):
    enable = bare.bus.popen(BUILD / "lull", "enable", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: bare.peer.owner(NAME), "lulld is in front")
    time.sleep(4)
    bare.bus.display(shimmed=True)
    out = enable.communicate(timeout=rig.PATIENCE_S)[0]
    assert "lull is in front, fake-display displays" in out and "nothing displays" not in out


def test_a_dry_run_says_which_server_it_would_put_in_line(bare):
    process, _ = named_server(bare, "dunst")
    would = bare.steps("enable", "--dry-run")
    assert ("adoption", "would", f"would put in line dunst (pid {process.pid}), behind lulld") in would
    assert process.poll() is None and bare.lulld_pid() is None


def test_gnome_shell_is_called_so_and_not_by_the_helper_that_has_the_name_for_it(bare):
    process, _ = named_server(bare, "gjs-console", "--second-name", "org.gnome.Shell.Notifications")
    would = bare.steps("enable", "--dry-run")
    assert ("adoption", "note", f"GNOME Shell (pid {process.pid}) has the notifications; lulld takes over from it "
            "while it runs") in would
    assert not any("gjs-console" in text for _, _, text in would)
    bare.write(RECORD, json.dumps({"version": 1, "changes": []}), 0o600)
    bare.bus.popen(BUILD / "lulld", stderr=subprocess.DEVNULL)
    wait_for(bare.lulld_pid, "lulld is there")
    out = bare.run("disable").stdout
    assert "GNOME Shell has the notifications now" in out and "gjs-console" not in out


def test_where_lull_cannot_stand_in_front_nothing_is_changed(bare):
    named_server(bare, "plasmashell")
    before = bare.snapshot(all=True)
    for args in ((), ("--dry-run",), ("--json",)):
        r = bare.run("enable", *args, status=1)
        assert "Plasma" in r.stderr and "nothing was changed" in r.stderr and r.stderr.count("\n") == 1
        assert r.stdout == ""
    assert bare.snapshot(all=True) == before and bare.lulld_pid() is None


def test_a_server_that_lull_does_not_adopt_makes_it_fail_with_the_reason(bare):
    display = bare.bus.display()
    r = bare.run("enable", status=1)
    assert r.stderr.startswith("lull: ") and r.stderr.count("\n") == 1
    assert "lull isn't in front; 'lull doctor' says why" in r.stdout
    assert bare.peer.queue()[0] == display.unique
    bare.run("disable")


def test_disable_refuses_before_it_changes_anything_while_notifications_are_held(account):
    account.run("enable")
    account.run("focus", "10m")
    sender = account.bus.sender()
    sender.notify("one")
    before, pid = account.snapshot(), account.lulld_pid()
    r = account.run("disable", status=1)
    assert r.stderr == ("lull: 1 notification is held; 'lull end' or 'lull release' lets it go, then: lull disable\n")
    assert r.stdout == ""
    sender.notify("two")
    text = "2 notifications are held; 'lull end' or 'lull release' lets them go, then: lull disable"
    assert account.steps("disable", status=1) == [("lulld", "failed", text)]
    assert ("lulld", "note", text) in account.steps("disable", "--dry-run")
    assert account.snapshot() == before and account.lulld_pid() == pid
    account.run("end")
    account.run("disable")
    assert account.lulld_pid() is None and not (account.home / RECORD).exists()


def test_disable_waits_for_what_is_on_its_way_and_says_what_does_not_arrive(bare):
    bare.run("enable", "--json")
    bare.run("focus", "10m")
    bare.bus.sender().notify("one")
    bare.run("end")
    steps = bare.steps("disable")
    assert ("lulld", "note", "1 notification is on the way to the display; it stays in the journal, and isn't shown"
            ) in steps


def test_disable_after_a_release_leaves_no_ping_unshown(bare):
    display = bare.bus.display(shimmed=True)
    bare.run("enable")
    bare.run("focus", "10m")
    bare.bus.sender().notify("one")
    bare.run("end")
    steps = bare.steps("disable")
    assert not any("journal, and isn't shown" in text for _, _, text in steps)
    assert "one" in display.summaries()


def test_disable_says_that_what_is_snoozed_stays_in_the_journal(account):
    account.run("enable")
    account.run("focus", "10m")
    n = account.bus.sender().notify("one")
    account.run("snooze", str(n), "1h")
    account.run("end")
    texts = [text for _, s, text in account.steps("disable") if s == "note"]
    assert "1 notification is snoozed; it stays in the journal, and isn't shown" in texts
    assert account.lulld_pid() is None


def test_an_autostart_entry_of_the_server_is_named_and_left_as_it_is(bare):
    entry = bare.write(".config/autostart/notify.desktop",
                          "[Desktop Entry]\nType=Application\nExec=dunst -print\n")
    named_server(bare, "dunst")
    before = bare.snapshot()
    steps = bare.steps("enable")
    assert [t for step, _, t in steps if step == "autostart" and str(entry) in t]
    bare.run("disable")
    assert bare.snapshot() == before


@pytest.mark.parametrize("line", ["Hidden=true", "OnlyShowIn=LXQt;MATE;", "NotShowIn=XFCE;", "Exec=other"])
def test_an_autostart_entry_that_starts_nothing_here_is_not_named(bare, line):
    bare.bus.env["XDG_CURRENT_DESKTOP"] = "XFCE"
    bare.write(".config/autostart/notify.desktop", f"[Desktop Entry]\nExec=dunst\n{line}\n")
    named_server(bare, "dunst")
    assert not [t for step, _, t in bare.steps("enable") if step == "autostart"]


def test_a_hidden_entry_of_the_users_hides_the_systems(bare):
    system = bare.bus.tmp_path / "xdg/autostart"
    system.mkdir(parents=True)
    (system / "notify.desktop").write_text("[Desktop Entry]\nExec=dunst\n")
    named_server(bare, "dunst")
    assert [t for step, _, t in bare.steps("enable") if step == "autostart"]
    bare.write(".config/autostart/notify.desktop", "[Desktop Entry]\nExec=dunst\nHidden=true\n")
    assert not [t for step, _, t in bare.steps("enable") if step == "autostart"]


def test_a_service_file_that_comes_before_the_users_is_named(account):
    path = account.bus.tmp_path / "run/dbus-1/services" / f"{NAME}.service"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DUNST)
    assert [t for _, s, t in account.steps("enable") if s == "note" and f"{path} comes before your own" in t]
    assert path.read_text() == DUNST


def test_without_systemd_it_says_so_and_that_the_session_may_start_lulld(account):
    steps = account.steps("enable")
    assert [t for step, s, t in steps if step == "service" and "no systemd" in t and "lulld" in t]
    assert steps[-1][:2] == ("result", "note") and "at login the session has to start lulld" in steps[-1][2]
    assert steps[-1][2].endswith(f"{BUILD}/lulld")
    assert "at login" in account.steps("enable", "--dry-run")[-1][2]


def systemd(account, *states):
    p = account.bus.python(SYSTEMD, *states, str(BUILD / "lulld"))
    assert p.stdout.readline() == "up\n"
    return p


def test_a_masked_unit_is_told_with_its_remedy_before_anything_is_changed(account):
    systemd(account, "masked", "inactive")
    before = account.snapshot(all=True)
    for args in ((), ("--dry-run",)):
        r = account.run("enable", *args, status=1)
        assert r.stderr == "lull: lulld.service is masked; systemctl --user unmask lulld, then: lull enable\n"
        assert r.stdout == ""
    assert account.snapshot(all=True) == before and account.lulld_pid() is None


def test_a_unit_that_was_started_too_often_is_started_after_a_reset(account):
    p = systemd(account, "loaded", "failed")
    account.run("enable")
    assert account.lulld_pid()
    p.kill()
    assert p.stdout.read().split() == ["Reload", "ResetFailedUnit", "StartUnit"]


def test_programs_that_are_not_whole_change_nothing(account):
    lonely = account.bus.tmp_path / "lonely"
    lonely.mkdir()
    shutil.copy(BUILD / "lull", lonely)
    before = account.snapshot(all=True)
    assert "install lull whole" in account.run("enable", status=1, build=pathlib.Path(lonely)).stderr
    assert account.snapshot(all=True) == before
