"""`lull enable` and `lull disable` for a user of systemd whose session runs dunst as dunst.service."""

import glob
import json
import os
import stat
import subprocess

import pytest

import systemd_rig
from rig import FDN

DROP_IN = ".config/systemd/user/dunst.service.d/lull.conf"
WANTED = ".config/systemd/user/default.target.wants/lulld.service"
ACTIVATION = f".local/share/dbus-1/services/{FDN}.service"
# Not enable's: what a rig needs, and what programs that ran have left.
OTHERS = (".config/systemd/user/lulld.service.d", ".config/systemd/user/dbus.service", ".config/dunst", "run",
          ".cache", ".dbus", ".config/dconf")

LISTENER = f"""
import sys, dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
bus = dbus.SessionBus(mainloop=DBusGMainLoop())
bus.add_signal_receiver(lambda name, old, new: print(repr(str(new)), flush=True), "NameOwnerChanged",
                        "org.freedesktop.DBus", arg0="{FDN}")
print("up", flush=True)
GLib.MainLoop().run()
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return systemd_rig.install(str(tmp_path_factory.mktemp("install")))


class Session(systemd_rig.UserSystemd):
    """One in which lull is installed for all users, and the home directory is the user's own."""

    def __init__(self, prefix):
        super().__init__(prefix)
        os.makedirs(self.home + "/.config/systemd/user")
        self.hide_other_servers()
        self.env.update(XDG_DATA_HOME=self.home + "/.local/share", XDG_DATA_DIRS=f"{prefix}/share:/usr/share")

    def hide_other_servers(self):
        """So that systemd doesn't take one of their units instead of dunst's, whose BusName= they have, too."""
        for path in glob.glob("/usr/lib/systemd/user/*.service"):
            with open(path, encoding="utf-8") as f:
                if f"BusName={FDN}\n" in f.read() and not path.endswith("/dunst.service"):
                    os.symlink("/dev/null", f"{self.home}/.config/systemd/user/{os.path.basename(path)}")

    def start_dunst(self):
        server = self.start("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp",
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.env["DISPLAY"] = ":" + server.stdout.readline().strip()
        self.systemctl("import-environment", "DISPLAY")
        self.write(".config/dunst/dunstrc", "[global]\n[urgency_normal]\ntimeout = 0\n")
        self.systemctl("start", "dunst.service")
        self.wait_for(self.queue, "dunst has the name")
        assert self.queue() == [self.main_pid("dunst.service")]

    def main_pid(self, unit="lulld.service"):
        return int(self.unit("MainPID", unit))

    def program(self, unit="dunst.service"):
        """What systemd has started as a unit."""
        return self.run("readlink", f"/proc/{self.main_pid(unit)}/exe").stdout.strip()

    def lull(self, *args, check=True):
        r = super().lull(*args, check=False)
        assert not check or r.returncode == 0, "\n".join((*args, r.stdout, r.stderr, self.log()))
        return r

    def steps(self, *args):
        answer = json.loads(self.lull(*args, "--json").stdout)
        assert answer["ok"], answer
        return [(s["step"], s["state"], s["text"]) for s in answer["steps"]]

    def listen(self):
        """The file to which the name's owners are written, in order."""
        log = open(self.home + "/run/owners", "w+", encoding="utf-8")
        self.start("/usr/bin/python3", "-c", LISTENER, stdout=log)
        self.wait_for(lambda: self.owners(), "the listener")

    def owners(self):
        with open(self.home + "/run/owners", encoding="utf-8") as f:
            return f.read().splitlines()

    def snapshot(self):
        found = {}
        for top, dirs, files in os.walk(self.home):
            dirs[:] = [d for d in dirs if os.path.relpath(os.path.join(top, d), self.home) not in OTHERS]
            for path in (os.path.join(top, name) for name in dirs + files):
                rest = os.path.relpath(path, self.home)
                st = os.lstat(path)
                if rest in OTHERS or rest in ("systemd.pid", "systemd.log", "lulld.log"):
                    continue
                about = [stat.filemode(st.st_mode)]
                if stat.S_ISLNK(st.st_mode):
                    about.append(os.readlink(path))
                elif stat.S_ISREG(st.st_mode):
                    with open(path, "rb") as f:
                        about += [st.st_mtime_ns, st.st_ino, f.read()]
                found[rest] = about
        for kept in ("", "/lull", "/lull/journal.db", "/lull/journal.db-wal", "/lull/journal.db-shm", "/lull/lock"):
            found.pop(".local/state" + kept, None)
        if not any(path.startswith(".local/") for path in found):
            found.pop(".local", None)
        return found


@pytest.fixture
def session(prefix):
    session = Session(prefix)
    try:
        session.open()
        yield session
    finally:
        session.close()


def test_a_dunst_that_runs_is_put_behind_lull_without_a_gap_and_everything_is_put_back(session):
    session.start_dunst()
    before = session.snapshot()
    session.listen()
    steps = session.steps("enable")
    lulld, dunst = session.queue()
    assert lulld == session.main_pid() and dunst == session.main_pid("dunst.service")
    assert session.program() == session.prefix + "/bin/lull-shim"
    assert steps[-1] == ("result", "note", "lull is in front, dunst displays")
    assert session.owners()[0] == "up" and len(session.owners()) == 2, "it went to lulld at once"
    assert "''" not in session.owners()
    assert session.unit("UnitFileState") == "enabled"

    # What is so isn't done again.
    during = session.snapshot()
    assert {s for _, s, _ in session.steps("enable")} <= {"already", "note"}
    assert session.snapshot() == during and session.queue() == [lulld, dunst]

    # The next start of the unit, as at a login, needs nobody to put it right.
    session.systemctl("restart", "dunst.service")
    session.wait_for(lambda: session.queue() == [lulld, session.main_pid("dunst.service")], "dunst is in line")
    assert session.program() == session.prefix + "/bin/lull-shim"

    dunst = session.main_pid("dunst.service")
    said = session.lull("disable").stdout
    assert "dunst has the notifications now; it runs under lull-shim" in said
    assert session.queue() == [dunst] and session.unit("ActiveState") == "inactive"
    assert "''" not in session.owners()
    assert session.unit("UnitFileState") == "disabled"
    assert session.snapshot() == before
    session.systemctl("restart", "dunst.service")
    session.wait_for(session.queue, "dunst has the name")
    assert session.program().endswith("/dunst")


def test_a_dry_run_changes_nothing_at_all(session):
    session.start_dunst()
    before, queue = session.snapshot(), session.queue()
    would = session.steps("enable", "--dry-run")
    assert session.snapshot() == before and session.queue() == queue
    assert session.unit("ActiveState") == "inactive" and session.unit("UnitFileState") == "disabled"
    texts = " ".join(text for _, s, text in would if s == "would")
    assert DROP_IN in texts and ACTIVATION in texts and "lulld.service: it starts with the session" in texts
    assert "would put in line dunst" in texts
    session.lull("enable")
    before, queue = session.snapshot(), session.queue()
    texts = " ".join(text for _, s, text in session.steps("disable", "--dry-run") if s == "would")
    assert DROP_IN in texts and ACTIVATION in texts and WANTED in texts
    assert session.snapshot() == before and session.queue() == queue


def test_a_unit_that_was_enabled_before_stays_enabled(session):
    session.start_dunst()
    session.systemctl("enable", "lulld.service")
    before = session.snapshot()
    session.lull("enable")
    assert "was enabled before, and stays so" in session.lull("disable").stdout
    assert session.snapshot() == before and session.unit("UnitFileState") == "enabled"


def test_a_notification_starts_lulld_as_its_unit(session):
    session.start_dunst()
    session.lull("enable")
    session.systemctl("stop", "dunst.service")
    session.systemctl("stop", "lulld.service")
    session.notify("hello")
    assert session.unit("ActiveState") == "active" and session.queue()[0] == session.main_pid()


def test_a_service_file_of_the_users_gives_way_and_its_server_is_behind_the_shim(session):
    session.write(".local/share/dbus-1/services/mine.service",
                  f"[D-BUS Service]\nName={FDN}\nExec=/bin/false\nSystemdService=mine.service\n")
    session.write(".config/systemd/user/mine.service",
                  "[Service]\nExecStart=/usr/bin/dunst -print\n")
    session.systemctl("daemon-reload")
    session.start_dunst()
    before = session.snapshot()
    session.lull("enable")
    assert session.unit("Type", "mine.service") == "exec"
    assert session.unit("DropInPaths", "mine.service").endswith("mine.service.d/lull.conf")
    assert not os.path.exists(session.home + "/.local/share/dbus-1/services/mine.service")
    session.lull("disable")
    assert session.snapshot() == before


def test_a_drop_in_of_the_users_gives_way_and_it_is_said_under_which_name(session):
    session.write(DROP_IN, "[Service]\nNice=1\n")
    session.systemctl("daemon-reload")
    session.start_dunst()
    before = session.snapshot()
    path = f"{session.home}/{DROP_IN}"
    assert ("display", "done", f"set aside {path}, as {path}.before-lull") in session.steps("enable")
    session.lull("disable")
    assert session.snapshot() == before


def test_units_that_systemd_holds_to_be_in_conflict_are_put_right(session):
    session.start_dunst()
    # At a reload it takes the first that it comes upon, which is hardly ever dunst's.
    others = [f"other{i}.service" for i in range(30)]
    for name in others:
        session.write(f".config/systemd/user/{name}",
                      f"[Service]\nType=dbus\nBusName={FDN}\nExecStart=/usr/bin/dunst\n")
    session.write(".config/systemd/user/default.target.d/other.conf", f"[Unit]\nBefore={' '.join(others)}\n")
    session.systemctl("daemon-reload")
    session.lull("enable")
    assert session.unit("LoadState", "dunst.service") == "loaded"
    assert session.queue() == [session.main_pid(), session.main_pid("dunst.service")]


def test_a_server_gets_the_words_that_it_got_before(session):
    script = session.home + "/run/say words"
    session.write("run/say words", f"#!/bin/sh\nprintf '%s|' \"$@\" >>{session.home}/run/told\n"
                  f"echo >>{session.home}/run/told\n")
    os.chmod(script, 0o755)
    words = r'''"two words" 50%%h %u $HOME ${HOME}/x $$HOME "it's" 'say "so"' back\\slash ";" "tab\there" "" gr\xc3\xbcn'''
    session.write(".config/systemd/user/odd.service",
                  f'[Service]\nType=oneshot\nExecStart="{script}" {words}\n')
    session.write(".local/share/dbus-1/services/odd.service",
                  f"[D-BUS Service]\nName={FDN}\nExec=/bin/false\nSystemdService=odd.service\n")
    session.systemctl("daemon-reload")
    session.systemctl("start", "odd.service")
    session.start_dunst()
    session.lull("enable")
    # Not under the shim, which is dunst's at the moment: it is enough to see what systemd would give it.
    with open(f"{session.home}/.config/systemd/user/odd.service.d/lull.conf", encoding="utf-8") as f:
        drop_in = f.read()
    assert f"ExecStart={session.prefix}/bin/lull-shim " in drop_in
    session.write(".config/systemd/user/odd.service.d/zz.conf", "[Service]\nType=oneshot\n" + "".join(
        line.replace(session.prefix + "/bin/lull-shim ", "/usr/bin/env ") + "\n"
        for line in drop_in.splitlines() if line.startswith("ExecStart=")))
    session.systemctl("daemon-reload")
    session.systemctl("start", "odd.service")
    with open(session.home + "/run/told", encoding="utf-8") as f:
        plain, shimmed = f.read().splitlines()
    assert plain == shimmed and plain.startswith("two words|50%h|root|")


def test_a_masked_unit_is_left_masked_and_nothing_is_changed(session):
    session.start_dunst()
    session.systemctl("mask", "lulld.service")
    before = session.snapshot()
    for args in ((), ("--dry-run",)):
        r = session.lull("enable", *args, check=False)
        assert r.returncode == 1 and "systemctl --user unmask lulld, then: lull enable" in r.stderr
    assert session.unit("UnitFileState").startswith("masked")
    assert session.snapshot() == before and session.queue() == [session.main_pid("dunst.service")]


def test_without_an_installed_unit_it_says_so_and_goes_on(prefix):
    session = Session(prefix)
    session.env["XDG_DATA_DIRS"] = "/usr/share"
    try:
        session.open()
        session.start_dunst()
        said = session.lull("enable").stdout
        assert "systemd has no lulld.service" in said and "make install" in said
        assert "lull is in front, dunst displays" in said
        session.lull("disable")
        assert session.queue() == [session.main_pid("dunst.service")]
    finally:
        session.close()
