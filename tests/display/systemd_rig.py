"""lull, installed into a prefix, under a real user systemd with its own bus: nothing here touches the machine's own.

The namespaces need root; for somebody else, everything in them is run with sudo.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from rig import BUILD, BUS, BUS_PATH, FDN

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = HERE + "/systemd_rig.sh"
SUDO = [] if os.getuid() == 0 else ["sudo", "-n"]
PATIENCE_S = 20

# How long a callback may take in the tests; lulld itself says 10 s.
GUARD_MS = 700

# Said by no rule of the unit: where to log to, the hook for a callback that never ends, and that this machine's D-Bus
# services, among them display servers, are not to be found.
TEST_DROP_IN = f"""[Service]
Environment=LULL_TEST_STUCK=1 LULL_TEST_GUARD_MS={GUARD_MS} XDG_DATA_DIRS={{home}}/no-data
StandardError=append:{{home}}/lulld.log
"""
# The leak checker stops the threads of its process as a debugger does; the sanitizers reserve memory as no rule allows.
SANITIZER_DROP_IN = "SystemCallFilter=\n"


def install(directory):
    """`make install` without DESTDIR. What was built stays as it is: lulld is linked anew, elsewhere."""
    build, prefix = os.path.join(directory, "build"), os.path.join(directory, "prefix")
    shutil.copytree(BUILD, build, ignore=shutil.ignore_patterns("asan", "valgrind", "clang", "unit-*"))
    subprocess.run(["make", "-s", "install", f"BUILD={build}", f"PREFIX={prefix}", "DESTDIR=",
                    f"SYSTEMDUSERUNITDIR={prefix}/share/systemd/user"],
                   check=True, cwd=os.path.dirname(os.path.dirname(HERE)), stdout=subprocess.DEVNULL)
    shutil.rmtree(build)
    return prefix


class UserSystemd:
    def __init__(self, prefix):
        self.prefix = prefix
        self.home = tempfile.mkdtemp(prefix="lull-systemd-")
        self.env = {"PATH": f"{prefix}/bin:/usr/bin:/bin", "HOME": self.home, "LANG": "C.UTF-8",
                    "XDG_RUNTIME_DIR": self.home + "/run", "XDG_DATA_HOME": prefix + "/share"}
        self.started = []
        self.namespaces = None
        self.pid = None  # of systemd, as this process sees it

    def open(self):
        os.mkdir(self.env["XDG_RUNTIME_DIR"], 0o700)
        drop_in = TEST_DROP_IN.format(home=self.home)
        with open(self.prefix + "/bin/lulld", "rb") as f:
            if b"__asan_init" in f.read():
                drop_in += SANITIZER_DROP_IN
        self.write(".config/systemd/user/lulld.service.d/test.conf", drop_in)
        # Where dbus-broker is installed it is the user's bus, and it needs more of systemd than is in here.
        shutil.copy("/usr/lib/systemd/user/dbus.service", self.home + "/.config/systemd/user")
        self.namespaces = subprocess.Popen(
            [*SUDO, "env", "-i", *self.assignments(), "unshare", "--mount", "--pid", "--fork",
             "--mount-proc", SCRIPT, self.home])
        self.wait_for(lambda: os.path.exists(self.home + "/systemd.pid"), "the namespaces")
        self.pid = self.wait_for(self.find_systemd, "systemd's process")
        self.wait_for(lambda: self.systemctl("is-system-running", check=False).stdout.strip() == "running",
                      "systemd is up")

    def close(self):
        if self.namespaces:
            self.end_namespaces(signal.SIGTERM)
            try:
                self.namespaces.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.end_namespaces(signal.SIGKILL)
                self.namespaces.wait()
        for p in self.started:
            p.wait()
            if p.stdout:
                p.stdout.close()
        subprocess.run([*SUDO, "rm", "-rf", self.home], check=True)

    def first_process(self):
        """Process 1 of the namespaces, whose end is the end of all that is in them."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
                    if f.read().split("\0")[1:3] == [SCRIPT, self.home]:
                        return pid
            except OSError:
                pass  # it has ended
        return None

    def find_systemd(self):
        first = self.first_process()
        try:
            with open(f"/proc/{first}/task/{first}/children", encoding="ascii") as f:
                child = f.read().split()[0]
            with open(f"/proc/{child}/comm", encoding="ascii") as f:
                return child if f.read() == "systemd\n" else None
        except (OSError, IndexError):
            return None

    def end_namespaces(self, number):
        first = self.first_process()
        if first:
            subprocess.run([*SUDO, "kill", f"-{number:d}", first], check=False)

    # --- in the namespaces ---

    def assignments(self):
        return [f"{name}={value}" for name, value in self.env.items()]

    def inside(self, argv):
        return [*SUDO, "nsenter", "--target", self.pid, "--mount", "--pid", "--cgroup", "--wd=/",
                "env", "-i", *self.assignments(), *argv]

    def outside(self, pid):
        """The pid, as this process sees it, of one in the namespaces."""
        for found in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{found}/status", encoding="utf-8") as f:
                    ids = next(line for line in f if line.startswith("NSpid:")).split()[1:]
                if len(ids) > 1 and int(ids[-1]) == pid and self.is_inside(found):
                    return int(found)
            except (OSError, StopIteration):
                pass  # it has ended
        raise AssertionError(f"there is no process {pid} in there")

    def is_inside(self, pid):
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{self.pid}/ns/pid")

    def run(self, *argv, check=True):
        return subprocess.run(self.inside(argv), check=check, capture_output=True, text=True,
                              timeout=PATIENCE_S)

    def start(self, *argv, **kwargs):
        p = subprocess.Popen(self.inside(argv), **kwargs)
        self.started.append(p)
        return p

    def systemctl(self, *args, check=True):
        return self.run("systemctl", "--user", *args, check=check)

    def unit(self, name, unit="lulld.service"):
        """A property of a unit."""
        return self.systemctl("show", "--value", f"--property={name}", unit).stdout.strip()

    def units(self, pattern):
        out = self.systemctl("list-units", "--plain", "--no-legend", pattern).stdout
        return [line.split()[0] for line in out.splitlines()]

    def write(self, path, text):
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def log(self):
        try:
            with open(self.home + "/lulld.log", encoding="utf-8") as f:
                return f.read()
        except OSError:
            return ""

    def wait_for(self, ask, what, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        while not (answer := ask()):
            assert time.monotonic() < end, f"waited in vain: {what}; lulld said:\n{self.log()}"
            time.sleep(0.03)
        return answer

    # --- the bus ---

    def ask_bus(self, method, name):
        answer = self.run("busctl", "--user", "--json=short", "call", BUS, BUS_PATH, BUS, method, "s", name,
                          check=False)
        return json.loads(answer.stdout)["data"][0] if answer.returncode == 0 else None

    def queue(self):
        """The pids, as systemd sees them, of those who own or wait for the notifications' name."""
        return [int(self.ask_bus("GetConnectionUnixProcessID", name) or 0)
                for name in self.ask_bus("ListQueuedOwners", FDN) or []]

    # --- lull ---

    def lull(self, *args, check=True):
        return self.run(self.prefix + "/bin/lull", *args, check=check)

    def status(self):
        return json.loads(self.lull("status", "--json").stdout)

    def history(self):
        return json.loads(self.lull("history", "--json").stdout)

    def held(self):
        return [item["summary"] for item in json.loads(self.lull("list", "--json").stdout)]

    def notify(self, summary):
        self.run("notify-send", "--app-name=test", summary, "a body")

    def main_pid(self):
        return int(self.unit("MainPID"))

    def wait_restarted(self, old_pid):
        """Wait until systemd has a new lulld, and that is ready."""
        self.wait_for(lambda: self.main_pid() not in (0, old_pid) and self.unit("ActiveState") == "active",
                      "lulld was started again")
