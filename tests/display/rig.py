"""A desktop session for a test: a private bus, a screen, real programs, and eyes on all of them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import dbus
import dbus.bus

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import dbus_broker  # noqa: E402

BUILD = os.path.abspath(os.environ.get("LULL_BUILD", "build"))
FDN = "org.freedesktop.Notifications"
FDN_PATH = "/org/freedesktop/Notifications"
BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
PYTHON = "/usr/bin/python3"
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

# This bus starts nothing by itself, unless a test writes a service file into its directory.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <servicedir>{directory}/services</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
# Every message on the bus, one line of JSON each.
MONITOR = """
import json, sys
import dbus, dbus.bus
from dbus.lowlevel import HANDLER_RESULT_HANDLED
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

def on_message(connection, m):
    print(json.dumps({"type": m.get_type(), "from": m.get_sender(), "to": m.get_destination(),
                      "member": m.get_member(), "serial": m.get_serial(),
                      "reply_to": m.get_reply_serial(),
                      "args": m.get_args_list(byte_arrays=True)}, default=repr), flush=True)
    return HANDLER_RESULT_HANDLED

bus = dbus.bus.BusConnection(sys.argv[1], mainloop=DBusGMainLoop())
bus.add_message_filter(on_message)
bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Monitoring",
                  "BecomeMonitor", "asu", ([], 0))
print("{}", flush=True)
GLib.MainLoop().run()
"""


class Session:
    """A private bus in a directory of its own. `wrap` goes in front of everything that is run on it."""

    def __init__(self, directory, programs=BUILD, wrap=()):
        self.started = []
        self.sockets = []
        self.wrap = list(wrap)
        self.dir = directory
        self.bin = programs
        self.lulld = None
        self.monitor = None
        self.bus = None
        self.shoot_argv = None  # writes a PNG to stdout
        self.click = None  # clicks at (x, y) on the screen, and leaves the pointer far from the popups
        self.pointer = None
        # Leaks: see the rig of the bus tests.
        self.env = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0", "HOME": directory, "XDG_RUNTIME_DIR": directory,
                    "LANG": "C.UTF-8", "NO_AT_BRIDGE": "1", "GSETTINGS_BACKEND": "memory"}

    def open(self, bus_program="dbus-daemon"):
        self.write("bus.conf", BUS_CONFIG.format(directory=self.dir))
        os.mkdir(self.dir + "/services")
        os.mkdir(self.dir + "/no-data")
        {"dbus-daemon": self.start_dbus_daemon, "dbus-broker": self.start_dbus_broker}[bus_program]()
        self.bus = self.connect()

    def start_dbus_daemon(self):
        daemon = self.start(["dbus-daemon", "--nofork", "--nopidfile", "--print-address",
                             f"--config-file={self.dir}/bus.conf"], stdout=subprocess.PIPE, text=True)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        assert self.env["DBUS_SESSION_BUS_ADDRESS"]

    def start_dbus_broker(self):
        argv, bus_socket, self.sockets = dbus_broker.prepare(self.dir)
        self.start(argv, stdin=bus_socket)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.dir}/bus"

    # --- programs ---

    def write(self, path, text):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def start(self, argv, env=(), **kwargs):
        p = subprocess.Popen(self.wrap + argv, env={**self.env, **dict(env)}, cwd=self.dir, **kwargs)
        self.started.append(p)
        return p

    def run(self, argv, **kwargs):
        return subprocess.run(self.wrap + argv, env=self.env, cwd=self.dir, timeout=30, check=True,
                              **kwargs)

    def start_shimmed(self, *argv):
        return self.start([os.path.join(self.bin, "lull-shim"), *argv])

    def children(self):
        """The pids of whatever runs here, also of what others than we have started."""
        mark = f"HOME={self.dir}".encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if mark in f.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                pass  # it has ended
        return found

    def close(self):
        if self.bus:
            self.bus.close()
        if self.pointer:
            self.pointer.close()
        for p in reversed(self.started):
            if p.poll() is None:
                p.terminate()
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            for f in (p.stdin, p.stdout):
                if f:
                    f.close()
        for pid in self.children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for s in self.sockets:
            s.close()

    # --- the bus ---

    def connect(self):
        connection = dbus.bus.BusConnection(self.env["DBUS_SESSION_BUS_ADDRESS"])
        connection.set_exit_on_disconnect(False)
        return connection

    def call(self, dest, path, interface, method, signature="", *args):
        return self.bus.call_blocking(dest, path, interface, method, signature, args, timeout=20)

    def queue(self):
        """The unique names in the queue for the name, its owner first."""
        try:
            return [str(n) for n in self.call(BUS, BUS_PATH, BUS, "ListQueuedOwners", "s", FDN)]
        except dbus.DBusException:
            return []

    def pid_of(self, name):
        try:
            return int(self.call(BUS, BUS_PATH, BUS, "GetConnectionUnixProcessID", "s", name))
        except dbus.DBusException:
            return None

    def notify(self, name, summary="a summary", expires_ms=5000):
        """Notify straight to a name of the bus. Returns the id."""
        return int(self.call(name, FDN_PATH, FDN, "Notify", "susssasa{sv}i", "test", 0, "", summary,
                             "a body", [], {}, expires_ms))

    def wait_for(self, ask, what, seconds=15):
        """Ask until the answer isn't empty; returns it."""
        end = time.monotonic() + seconds
        while not (answer := ask()):
            assert time.monotonic() < end, f"waited in vain: {what}; {self.describe()}"
            time.sleep(0.03)
        return answer

    def describe(self):
        try:
            with open(self.dir + "/lulld.log", encoding="utf-8") as f:
                log = f.read()
        except FileNotFoundError:
            log = ""
        shown = self.shown() if self.monitor else None
        return f"the queue is {self.queue()}, the display was given {shown}, and lulld said:\n{log}"

    # --- what goes over it ---

    def start_monitor(self):
        self.monitor = self.dir + "/monitor.json"
        with open(self.monitor, "w", encoding="utf-8") as out:
            self.start([PYTHON, "-c", MONITOR, self.env["DBUS_SESSION_BUS_ADDRESS"]], stdout=out)
        self.wait_for(self.messages, "the monitor")

    def messages(self):
        with open(self.monitor, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    # --- lull ---

    def start_lulld(self, *args, data_dirs=None):
        """By default it finds none of this machine's D-Bus services, for it may start a display server among them."""
        env = {"XDG_DATA_DIRS": ":".join(data_dirs or [self.dir + "/no-data"])}
        with open(self.dir + "/lulld.log", "a", encoding="utf-8") as log:
            self.lulld = self.start([os.path.join(self.bin, "lulld"), "--debug", *args], env, stderr=log)

    def lull(self, *args):
        return self.run([os.path.join(self.bin, "lull"), *args], stdout=subprocess.PIPE, text=True).stdout

    def status(self):
        return json.loads(self.lull("status", "--json"))

    def held(self):
        """The summaries of what waits, oldest first."""
        return [item["summary"] for item in json.loads(self.lull("list", "--json"))]

    def history(self):
        return json.loads(self.lull("history", "--json"))

    def wait_in_front(self):
        """Wait until lulld owns the name and knows its display, joining the bus as rarely as can be."""
        self.wait_for(lambda: len(self.queue()) == 2 and self.pid_of(self.queue()[0]) == self.lulld.pid,
                      "lulld and a display in the queue")
        self.wait_for(lambda: self.status()["in_front"] and self.status()["display"]["name"],
                      "lulld knows its display")

    def display(self):
        """The display server's unique name: the one in the queue that isn't lulld."""
        pid = self.lulld.pid if self.lulld and self.lulld.poll() is None else None
        return next((name for name in self.queue() if self.pid_of(name) != pid), None)

    # --- notifications ---

    def notify_send(self, *args):
        """A real application: sends, prints the id, and is gone. Returns the id."""
        out = self.run(["notify-send", "--print-id", *args], stdout=subprocess.PIPE, text=True).stdout
        return int(out)

    def notify_send_and_wait(self, *args):
        return self.start(["notify-send", "--print-id", *args], stdout=subprocess.PIPE, text=True)

    def answered(self):
        """Each Notify that the display has answered with an id, and that answer, in their order."""
        display = self.display()
        asked, pairs = {}, []
        for m in self.messages()[1:]:
            if m["member"] == "Notify" and m["type"] == 1:
                asked[m["from"], m["serial"]] = m
            elif m["type"] == 2 and m["from"] == display and m["args"]:
                call = asked.pop((m["to"], m["reply_to"]), None)
                if call:
                    pairs.append((call, m))
        return pairs

    def shown(self):
        """What the display has taken: (summary, the display's id, actions)."""
        return [(call["args"][3], answer["args"][0], call["args"][5]) for call, answer in self.answered()]

    def forwarded(self):
        """The summaries of all that was sent to the display's own connection, whatever became of it."""
        display = self.display()
        return [m["args"][3] for m in self.messages()[1:]
                if m["member"] == "Notify" and m["type"] == 1 and m["to"] == display]

    def wait_shown(self, summary):
        """Wait until the display has taken a notification whose summary begins so; returns it."""
        return self.wait_for(lambda: next((n for n in self.shown() if n[0].startswith(summary)), None),
                             f"'{summary}' on the display")

    def most_open(self, summaries):
        """How many of these were on the display at the same time, at most."""
        opened = {(a["from"], a["to"], a["serial"]): a["args"][0] for call, a in self.answered()
                  if call["args"][3] in summaries}
        display, is_open, most = self.display(), set(), 0
        for m in self.messages()[1:]:
            if (m["from"], m["to"], m["serial"]) in opened and m["type"] == 2:
                is_open.add(m["args"][0])
            elif m["member"] == "NotificationClosed" and m["from"] == display:
                is_open.discard(m["args"][0])
            most = max(most, len(is_open))
        return most

    def close_on_display(self, display_id):
        self.call(self.display(), FDN_PATH, FDN, "CloseNotification", "u", display_id)


class Screen:
    """Screenshots, which stay in `keep` for people, and where they differ."""

    def __init__(self, session, keep):
        self.session = session
        self.keep = str(keep)
        self.n = 0
        self.empty = None

    def shoot(self, name):
        path = f"{self.keep}/{name}.png"
        with open(path, "wb") as f:
            self.session.run(self.session.shoot_argv, stdout=f)
        return path

    @staticmethod
    def difference(a, b):
        """The box (x, y, width, height) in which two screenshots differ; None when they don't."""
        out = subprocess.run(["convert", a, b, "-compose", "difference", "-composite", "-threshold", "3%",
                              "-format", "%[fx:maxima] %@", "info:"], check=True, capture_output=True,
                             text=True).stdout
        maximum, box = out.split()
        if float(maximum) == 0:
            return None
        width, height, x, y = map(int, re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", box).groups())
        return x, y, width, height

    def remember_empty(self):
        self.empty = self.shoot("0-empty")

    def popups(self):
        """Where the screen differs from the empty one."""
        return self.difference(self.empty, self.shoot("now"))

    def wait_popups(self, name):
        """Wait until something stands still in the upper right corner; returns its box, keeps a picture."""
        self.n += 1
        path = f"{self.keep}/{self.n}-{name}.png"

        def settled():
            shutil.copy(self.shoot("now"), path)
            box = self.popups()
            return box if box and self.difference(path, self.shoot("now")) is None else None

        x, y, width, height = self.session.wait_for(settled, f"a popup on the screen ({name})")
        assert width > 100 and height > 20, "that is no popup"
        assert x + width > 700 and y < 200, "it isn't where popups are"
        return x, y, width, height

    def wait_empty(self):
        self.session.wait_for(lambda: self.popups() is None, "an empty screen")

    def check_empty(self, name):
        self.n += 1
        assert self.difference(self.empty, self.shoot(f"{self.n}-{name}")) is None, "the screen changed"
