"""What the tests of `lull enable` and `lull disable` are made of: a home directory, and what may be in it before."""
import json
import os
import shutil
import signal
import stat
import subprocess

import dbus

import rig
from rig import BUILD, DRIVER, HERE, LULL, NAME, PYTHON, wait_for

OURS = f".local/share/dbus-1/services/{NAME}.service"
OTHER = ".local/share/dbus-1/services/org.knopwob.dunst.service"
OF_LULL = f".local/share/dbus-1/services/{LULL}.service"
RECORD = ".local/state/lull/enabled.json"
DUNST = f"[D-BUS Service]\nName={NAME}\nExec=/usr/bin/dunst\n"
LONG_AGO = 1_000_000_000 * 10**9
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


def systemd(account, *states):
    """A systemd on the account's bus that knows lulld.service: LoadState and ActiveState."""
    p = account.bus.popen(PYTHON, HERE / "fake_systemd.py", *states, BUILD / "lulld", stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "up\n"
    return p
