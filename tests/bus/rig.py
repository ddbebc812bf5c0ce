"""What the bus tests are made of: a private bus, the real lulld, a display that does as it is told, senders.

Nothing here sleeps for a fixed time: wait_for() polls, and lets the messages of this process's own
connections come in meanwhile.
"""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time

import dbus
import dbus.lowlevel
import dbus_broker
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

BUILD = pathlib.Path(os.environ.get("LULL_BUILD", "build")).resolve()
WRAPPER = shlex.split(os.environ.get("LULL_WRAPPER", ""))
PYTHON = "/usr/bin/python3"
HERE = pathlib.Path(__file__).resolve().parent
# A wrapper such as valgrind makes lulld slow.
PATIENCE_S = 60 if WRAPPER else 10

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
DRIVER = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
LULL = "org.lull.Lull1"
LULL_PATH = "/org/lull/Lull1"
FAKE = "org.lull.FakeDisplay"
EXAMPLE = "org.example.Display1"
EXAMPLE_PATH = "/org/example/Display"
PROPERTIES = "org.freedesktop.DBus.Properties"
FIRST_ID = 0x40000000
MINUTE = 60 * 1000000

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">1000000000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
"""

LOOP = DBusGMainLoop()


def pump():
    """Dispatch what has come in for the connections of this process."""
    context = GLib.MainContext.default()
    while context.pending():
        context.iteration(False)


def wait_for(condition, what, seconds=None):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + (seconds or PATIENCE_S)
    while True:
        pump()
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.005)


def end_process(p, sig=signal.SIGTERM):
    """End one that we have started; it may have been stopped by a signal."""
    if p.poll() is None:
        p.send_signal(sig)
        p.send_signal(signal.SIGCONT)
        try:
            p.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    for f in (p.stdin, p.stdout, p.stderr):
        if f:
            f.close()
    return p.returncode



class Bus:
    """A bus of our own that starts nothing by itself, and everything that runs on it."""

    def __init__(self, tmp_path, program="dbus-daemon"):
        self.tmp_path = tmp_path
        self.program = program
        self.sockets = []
        self.finalizers = []
        for name in ("home", "state", "config", "run"):
            (tmp_path / name).mkdir(mode=0o700)
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("DBUS_", "XDG_", "LULL_")) and k not in
                    ("DISPLAY", "WAYLAND_DISPLAY", "NOTIFY_SOCKET", "INVOCATION_ID")}
        # Of hundreds of processes that end under load one hangs in LeakSanitizer, which stops all threads for its
        # look. Leaks are looked for in the unit tests, and of lulld on the bus by valgrind.
        self.env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
        self.env.update(HOME=str(tmp_path / "home"), XDG_STATE_HOME=str(tmp_path / "state"),
                        XDG_CONFIG_HOME=str(tmp_path / "config"),
                        XDG_RUNTIME_DIR=str(tmp_path / "run"), PYTHONDONTWRITEBYTECODE="1")
        self.process = None
        self.address = f"unix:path={tmp_path}/run/bus"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self.start()

    def start(self):
        (self.tmp_path / "run/bus.conf").write_text(BUS_CONFIG.format(socket=self.tmp_path / "run/bus"))
        (self.tmp_path / "run/bus").unlink(missing_ok=True)
        if self.program == "dbus-broker":
            argv, bus_socket, self.sockets = dbus_broker.prepare(self.tmp_path / "run")
            self.process = subprocess.Popen(argv, env=self.env, stdin=bus_socket, stderr=subprocess.DEVNULL)
            return
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.tmp_path}/run/bus.conf", "--nofork", "--nopidfile",
             "--print-address"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline(), "dbus-daemon doesn't start"

    def kill(self):
        end_process(self.process, signal.SIGKILL)

    def at_end(self, function):
        self.finalizers.append(function)

    def peer(self, cls=None, **kwargs):
        p = (cls or Peer)(self.address, **kwargs)
        self.at_end(p.close)
        return p

    def sender(self):
        return self.peer(Sender)

    def display(self, *args, **kwargs):
        d = FakeDisplay(self, *args, **kwargs)
        self.at_end(d.close)
        return d

    def run(self, *argv, **kwargs):
        """Run a program on this bus to its end."""
        kwargs.setdefault("timeout", 30)
        return subprocess.run([str(a) for a in argv], env=self.env, text=True, capture_output=True,
                              **kwargs)

    def popen(self, *argv, **kwargs):
        p = subprocess.Popen([str(a) for a in argv], env=self.env, **kwargs)
        self.at_end(lambda: end_process(p))
        return p

    def python(self, code, *args, **kwargs):
        return self.popen(PYTHON, "-c", code, *args, stdout=subprocess.PIPE, stdin=subprocess.PIPE,
                          text=True, **kwargs)

    def close(self):
        errors = []
        for function in reversed(self.finalizers):
            try:
                function()
            except AssertionError as e:
                errors.append(e)
        end_process(self.process)
        for s in self.sockets:
            s.close()
        if errors:
            raise errors[0]


class Peer:
    """A connection of its own that remembers every signal that the bus brings it, in order."""

    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address, mainloop=LOOP)
        self.bus.set_exit_on_disconnect(False)
        self.bus.add_message_filter(self._heard)
        self.unique = str(self.bus.get_unique_name())
        self.heard = []
        self.is_open = True

    def _heard(self, _connection, message):
        if message.get_type() == 4:
            self.heard.append({
                "member": message.get_member(), "interface": message.get_interface(),
                "sender": message.get_sender(), "to": message.get_destination(),
                "args": list(message.get_args_list())})
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED

    def listen(self, rule):
        """Hear broadcasts, too."""
        self.bus.call_blocking(*DRIVER, "AddMatch", "s", (rule,))

    def signals(self, interface=NAME):
        """(member, argument, ...) of each signal so far, ours or broadcast."""
        pump()
        return [(s["member"], *map(simple, s["args"])) for s in self.heard
                if s["interface"] == interface]

    def call(self, member, signature="", *args, to=NAME, path=PATH, interface=NAME, timeout=None):
        return self.bus.call_blocking(to, path, interface, member, signature, args,
                                      timeout=timeout or PATIENCE_S)

    def error(self, member, signature="", *args, **kwargs):
        """The name and text of the error that a call ends in."""
        try:
            self.call(member, signature, *args, **kwargs)
        except dbus.DBusException as e:
            name, text = e.get_dbus_name(), e.get_dbus_message()
            # libdbus puts the name where there is no text.
            return name, "" if text == name else text
        raise AssertionError(f"{member} was answered")

    def driver(self, member, signature="", *args):
        return self.bus.call_blocking(*DRIVER, member, signature, args)

    def owner(self, name=NAME):
        try:
            return str(self.driver("GetNameOwner", "s", name))
        except dbus.DBusException:
            return None

    def queue(self, name=NAME):
        try:
            return [str(n) for n in self.driver("ListQueuedOwners", "s", name)]
        except dbus.DBusException:
            return []

    # --- lull's own interface ---

    def lull(self, member, signature="", *args, seconds=None):
        return self.call(member, signature, *args, to=LULL, path=LULL_PATH, interface=LULL, timeout=seconds)

    def lull_error(self, member, signature="", *args, seconds=None):
        return self.error(member, signature, *args, to=LULL, path=LULL_PATH, interface=LULL, timeout=seconds)

    def get(self, name):
        return self.call("Get", "ss", LULL, name, to=LULL, path=LULL_PATH, interface=PROPERTIES)

    def focus(self, **options):
        options.setdefault("duration", dbus.Int64(60 * MINUTE))
        return self.lull("StartFocus", "a{sv}", options)

    def items(self, page=500):
        found, after = [], 0
        while True:
            items, after = self.lull("ListItems", "tu", after, page)
            found += items
            if after == 0:
                return found

    def item_ids(self, state=None):
        return [int(i["id"]) for i in self.items() if state in (None, i["state"])]

    def close(self):
        if self.is_open:
            self.is_open = False
            self.bus.close()
            pump()


class Sender(Peer):
    """An application."""

    def notify(self, summary="New message", body="", actions=(), hints=None, timeout=-1, replaces=0,
               app="mail", icon=""):
        return int(self.call("Notify", "susssasa{sv}i", app, replaces, icon, summary, body,
                             dbus.Array(actions, signature="s"),
                             dbus.Dictionary(hints or {}, signature="sv"), timeout))

    def notify_later(self, answered, failed, summary="New message", hints=None, actions=(), body=""):
        """Without waiting for the answer."""
        self.bus.call_async(NAME, PATH, NAME, "Notify", "susssasa{sv}i",
                            ("mail", 0, "", summary, body, dbus.Array(actions, signature="s"),
                             dbus.Dictionary(hints or {}, signature="sv"), -1),
                            answered, failed, timeout=PATIENCE_S * 3)

    def close_notification(self, id):
        self.call("CloseNotification", "u", id)


def simple(value):
    if isinstance(value, int):
        return int(value)
    return str(value) if isinstance(value, str) else value


class FakeDisplay:
    """fake_display.py, running."""

    def __init__(self, bus, *args, shimmed=False, log=None, python=PYTHON):
        self.bus = bus
        self.log = Log(log or bus.tmp_path / f"display-{len(bus.finalizers)}.log")
        n_before = len(self.log.of("up"))
        argv = [python, HERE / "fake_display.py", self.log.path, *args]
        if shimmed:
            argv.insert(0, BUILD / "lull-shim")
        self.process = subprocess.Popen([str(a) for a in argv], env=bus.env)
        self.control = bus.peer()
        up = wait_for(lambda: self.log.of("up")[n_before:], "the display is up")[-1]
        self.unique, self.pid = up["unique"], up["pid"]

    def tell(self, member, signature="", *args):
        self.control.call(member, signature, *args, to=self.unique, interface=FAKE)

    def close_shown(self, shown, reason=2):
        self.tell("Close", "uu", shown, reason)

    def invoke(self, shown, key, token=""):
        self.tell("Invoke", "uss", shown, key, token)

    def shown(self):
        """Every Notify so far."""
        return self.log.of("Notify")

    def summaries(self):
        return [n["summary"] for n in self.shown()]

    def wait_shown(self, n=1):
        return wait_for(lambda: len(self.shown()) >= n and self.shown(), f"{n} shown, {self.summaries()}")

    def wait_summary(self, summary):
        return wait_for(lambda: [n for n in self.shown() if n["summary"] == summary],
                        f"'{summary}' on the display")[-1]

    def open(self):
        """The ids of what it was given and nobody has closed."""
        closed = [c["id"] for c in self.log.of("CloseNotification")]
        return [n["id"] for n in self.shown() if n["id"] and n["id"] not in closed]

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def stop(self):
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def close(self):
        end_process(self.process)


class Log:
    """The lines of JSON that a fake display, or several one after the other, have written."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def of(self, event):
        return [line for line in self.lines() if line["event"] == event]


class Lulld:
    """The daemon under test. start() returns when it has decided whether it is in front."""

    arguments = ()

    def __init__(self, bus):
        self.bus = bus
        self.process = None
        self.stderr_path = bus.tmp_path / "lulld.stderr"
        self.state = bus.tmp_path / "state/lull"
        self.peer = bus.peer()
        bus.at_end(self.close)

    def configure(self, text):
        path = self.bus.tmp_path / "config/lull/lull.conf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def spawn(self):
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen([*WRAPPER, str(BUILD / "lulld"), *self.arguments], env=self.bus.env,
                                            stderr=stderr, stdin=subprocess.DEVNULL)
        return self.process

    def start(self):
        from_here = len(self.stderr())
        p = self.spawn()

        def is_ready():
            assert p.poll() is None, f"lulld ended: {self.stderr()[from_here:]}"
            return (re.search("in front", self.stderr()[from_here:]) and
                    self.peer.owner(LULL) is not None)

        wait_for(is_ready, "lulld is ready")
        return self

    @property
    def pid(self):
        return self.process.pid

    def timers(self):
        """Each clock's timer: what is left of it, in seconds; 0 when it isn't armed."""
        left = {}
        for path in pathlib.Path(f"/proc/{self.pid}/fdinfo").iterdir():
            text = path.read_text()
            clock = re.search(r"^clockid: (\d+)", text, re.M)
            if clock:
                s, ns = re.search(r"^it_value: \((\d+), (\d+)\)", text, re.M).groups()
                left[int(clock[1])] = int(s) + int(ns) / 1e9
        return left

    def stderr(self):
        try:
            return self.stderr_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def status(self):
        return self.peer.lull("GetStatus")

    def kill(self):
        self.process.kill()
        self.process.wait()
        wait_for(lambda: self.peer.owner(LULL) is None, "the bus knows that lulld is gone")

    def stop(self):
        self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        assert status == 0, f"lulld ended with {status}: {self.stderr()}"
        wait_for(lambda: self.peer.owner(LULL) is None, "the bus knows that lulld is gone")

    def restart(self):
        self.stop()
        return self.start()

    def knows(self, display):
        wait_for(lambda: self.status()["Display"]["unique"] == display.unique, "lulld knows the display")
        return display

    def client(self, *args, status=0):
        """Run `lull`; status None: however it ends."""
        r = self.bus.run(BUILD / "lull", *args)
        assert status in (None, r.returncode), (args, r.returncode, r.stdout, r.stderr)
        return r

    def client_json(self, *args):
        return json.loads(self.client(*args, "--json").stdout)

    def close(self):
        """Every test ends with a lulld that is still well, or that it has ended itself."""
        if self.process is None:
            return
        was_running = self.process.poll() is None
        status = end_process(self.process)
        if was_running:
            assert status == 0, f"lulld ended with {status}: {self.stderr()}"
        for sign in ("Sanitizer", "runtime error", "Assertion", "out of memory"):
            assert sign not in self.stderr(), self.stderr()
