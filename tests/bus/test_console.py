"""`lull console`, the real one, on a bus of its own."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import time

import dbus
import dbus.lowlevel
import pytest

BUILD = pathlib.Path(os.environ.get("LULL_BUILD", "build")).resolve()
NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
CONFIG = """<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


class Sender:
    """An application: sends, and remembers every message that the bus brings it."""

    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address)
        self.bus.set_exit_on_disconnect(False)
        self.name = self.bus.get_unique_name()

    def call(self, member, *args, signature="", destination=NAME):
        return self.bus.call_blocking(destination, PATH, NAME, member, signature, args, timeout=5)

    def notify(self, summary="New message", body="", actions=(), hints=None, timeout=-1, replaces=0,
               app="mail"):
        return int(self.call("Notify", app, replaces, "", summary, body, actions, hints or {}, timeout,
                             signature="susssasa{sv}i"))

    def close(self):
        self.bus.close()


class Listener:
    """Signals as `dbus-monitor` sees them, unicast ones too, with their destination."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            ["dbus-monitor", "--address", address, f"type='signal',interface='{NAME}'"],
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.signals = []
        self.text = ""
        time.sleep(0.3)

    def wait_for(self, n, seconds=5):
        """The first n signals: (member, destination, first argument, second argument)."""
        end = time.monotonic() + seconds
        pattern = re.compile(r"^signal .*destination=(\S+) .*member=(\w+)\n   uint32 (\d+)\n"
                             r"   (?:uint32|string) \"?([^\"\n]*)\"?\n", re.M)
        while time.monotonic() < end:
            found = [(m[2], m[1], int(m[3]), m[4]) for m in pattern.finditer(self.text)
                     if m[2] not in ("NameAcquired", "NameLost")]
            if len(found) >= n:
                return found
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                self.text += os.read(self.process.stdout.fileno(), 65536).decode()
        raise AssertionError(f"{n} signals expected, seen: {self.text}")

    def stop(self):
        self.process.terminate()
        self.process.wait(5)
        self.process.stdout.close()


class Console:
    def __init__(self, address, *args, stdin=subprocess.PIPE):
        self.process = subprocess.Popen(
            [BUILD / "lull", "console", *args], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0, env={"DBUS_SESSION_BUS_ADDRESS": address})
        self.text = b""

    def line(self, seconds=5):
        end = time.monotonic() + seconds
        while b"\n" not in self.text:
            left = end - time.monotonic()
            assert left > 0, f"a line expected, seen: {self.text}"
            if select.select([self.process.stdout], [], [], left)[0]:
                more = os.read(self.process.stdout.fileno(), 65536)
                assert more, "the console ended"
                self.text += more
        line, self.text = self.text.split(b"\n", 1)
        return line.decode()

    def event(self):
        return json.loads(self.line())

    def error(self):
        return self.process.stderr.readline().decode()

    def type(self, text):
        self.process.stdin.write(text.encode())

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        return status


@pytest.fixture
def address(tmp_path):
    config = tmp_path / "bus.conf"
    config.write_text(CONFIG)
    daemon = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
                              stdout=subprocess.PIPE, text=True)
    yield daemon.stdout.readline().strip()
    daemon.terminate()
    daemon.wait(5)
    daemon.stdout.close()


@pytest.fixture
def sender(address):
    s = Sender(address)
    yield s
    s.close()


@pytest.fixture
def listener(address):
    seen = Listener(address)
    yield seen
    seen.stop()


@pytest.fixture
def start(address, sender):
    """Starts a console and waits until it stands in the queue."""
    started = []

    def begin(*args, **kwargs):
        c = Console(address, *args, **kwargs)
        started.append(c)
        before = len(queue(sender))
        end = time.monotonic() + 5
        while len(queue(sender)) == before and time.monotonic() < end:
            time.sleep(0.01)
        return c

    yield begin
    for c in started:
        c.stop()


def queue(sender):
    try:
        return sender.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "ListQueuedOwners", "s", (NAME,))
    except dbus.DBusException:
        return []


def test_a_notification_is_printed_on_one_line(start, sender):
    console = start()
    assert sender.notify("New message from Ada", "body text",
                         ["reply", "Reply", "default", "Open"]) == 1
    assert console.line() == \
        "#1 mail: New message from Ada - body text  [reply: Reply] [default: Open]"
    assert sender.notify("Next") == 2
    assert console.line() == "#2 mail: Next"


def test_nothing_in_a_notification_reaches_the_terminal_raw(start, sender):
    console = start()
    sender.notify("a\x1b[2J\nb", "c\u009b31m\u202ed\x7f", ["k\x07", "l\r"], app="\u2066m")
    assert console.line() == \
        "#1 \\u2066m: a\\x1b[2J\\nb - c\\u009b31m\\u202ed\\x7f  [k\\x07: l\\r]"


def test_json_has_one_object_a_line(start, sender):
    console = start("--json")
    sender.notify("Hi\nthere\u202e", "b", ["reply", "Reply"], {"urgency": dbus.Byte(2)})
    line = console.line()
    assert "\u202e" not in line
    assert json.loads(line) == {
        "event": "show", "id": 1, "app": "mail", "summary": "Hi\nthere\u202e", "body": "b",
        "actions": {"reply": "Reply"}, "urgency": 2, "replaces": 0, "sender": sender.name}
    console.type("press 1 reply\n")
    assert console.event() == {"event": "pressed", "id": 1, "key": "reply"}
    assert console.event() == {"event": "closed", "id": 1, "reason": 2}


def test_it_stands_in_line_behind_an_owner_and_answers_there(start, sender):
    sender.bus.request_name(NAME)
    console = start("--json")
    owners = queue(sender)
    assert owners[0] == sender.name and len(owners) == 2
    sender.call("Notify", "mail", 0, "", "queued", "", [], {}, -1, signature="susssasa{sv}i",
                destination=owners[1])
    assert console.event()["summary"] == "queued"
    sender.bus.release_name(NAME)
    assert queue(sender) == [owners[1]]


def test_it_gives_the_name_to_one_that_replaces_it_and_stays_queued(start, sender):
    start()
    own = queue(sender)[0]
    assert sender.bus.request_name(NAME, dbus.bus.NAME_FLAG_REPLACE_EXISTING) == 1
    assert queue(sender) == [sender.name, own]


def test_a_replacement_keeps_the_id_and_an_unknown_one_gets_its_own(start, sender):
    console = start("--json")
    assert sender.notify("one", timeout=0) == 1
    assert sender.notify("two", replaces=1, timeout=0) == 1
    assert sender.notify("three", replaces=4711, timeout=0) == 2
    assert [(e["id"], e["summary"], e["replaces"]) for e in (console.event() for _ in range(3))] == \
        [(1, "one", 0), (1, "two", 1), (2, "three", 4711)]
    console.type("list\n")
    assert console.event() == {"event": "list", "ids": [1, 2]}


def test_it_expires_when_the_sender_says_and_tells_the_sender_alone(start, sender, listener):
    console = start()
    begin = time.monotonic()
    sender.notify(timeout=300)
    console.line()
    assert console.line() == "#1 closed (expired)"
    assert 0.29 < time.monotonic() - begin < 2
    assert listener.wait_for(1) == [("NotificationClosed", sender.name, 1, "1")]


def test_zero_and_critical_never_expire_and_the_default_is_five_seconds(start, sender):
    console = start("--json")
    begin = time.monotonic()
    sender.notify(timeout=0)
    sender.notify(timeout=100, hints={"urgency": dbus.Byte(2)})
    sender.notify(timeout=-1)
    for _ in range(3):
        console.line()
    assert json.loads(console.line(seconds=8)) == {"event": "closed", "id": 3, "reason": 1}
    assert 4.9 < time.monotonic() - begin < 7
    console.type("list\n")
    assert console.event()["ids"] == [1, 2]


def test_a_replacement_starts_its_own_time(start, sender):
    console = start("--json")
    sender.notify(timeout=200)
    sender.notify(timeout=0, replaces=1)
    time.sleep(0.5)
    console.type("list\n")
    assert [console.event()["event"] for _ in range(2)] == ["show", "show"]
    assert console.event() == {"event": "list", "ids": [1]}


def test_a_press_sends_token_action_and_closed_in_this_order(start, sender, listener):
    console = start()
    sender.notify(actions=["default", "Open"])
    console.type("press 1\n")
    console.line()
    assert [console.line(), console.line()] == ["#1 pressed default", "#1 closed (dismissed)"]
    signals = listener.wait_for(3)
    assert [s[:3] for s in signals] == [("ActivationToken", sender.name, 1),
                                        ("ActionInvoked", sender.name, 1),
                                        ("NotificationClosed", sender.name, 1)]
    assert signals[0][3] and [s[3] for s in signals[1:]] == ["default", "2"]


def test_a_resident_one_stays_when_it_is_pressed(start, sender, listener):
    console = start()
    sender.notify(actions=["play", "Play"], hints={"resident": True}, timeout=0)
    console.type("press #1 play\nclose 1\n")
    console.line()
    assert [console.line(), console.line()] == ["#1 pressed play", "#1 closed (dismissed)"]
    assert [s[0] for s in listener.wait_for(3)] == ["ActivationToken", "ActionInvoked",
                                                    "NotificationClosed"]


def test_press_presses_by_itself_what_has_that_button(start, sender):
    console = start("--json", "--press", "reply", "--press", "default")
    begin = time.monotonic()
    sender.notify(actions=["default", "Open"], timeout=0)
    sender.notify(actions=["other", "Other"], timeout=0)
    sender.notify(actions=["default", "Open", "reply", "Reply"], timeout=0)
    for _ in range(3):
        assert console.event()["event"] == "show"
    assert console.event() == {"event": "pressed", "id": 1, "key": "default"}
    assert time.monotonic() - begin >= 0.45
    assert console.event()["event"] == "closed"
    assert console.event() == {"event": "pressed", "id": 3, "key": "reply"}
    assert console.event()["event"] == "closed"


def test_a_sender_can_withdraw_it_once(start, sender, listener):
    console = start()
    sender.notify(timeout=0)
    sender.call("CloseNotification", dbus.UInt32(1), signature="u")
    console.line()
    assert console.line() == "#1 closed (withdrawn)"
    assert listener.wait_for(1) == [("NotificationClosed", sender.name, 1, "3")]
    with pytest.raises(dbus.DBusException) as caught:
        sender.call("CloseNotification", dbus.UInt32(1), signature="u")
    assert caught.value.get_dbus_name() == NAME + ".Error.NotFound"


def test_it_tells_what_it_is_and_can(start, sender):
    start()
    assert list(sender.call("GetCapabilities")) == ["actions", "body", "persistence"]
    name, vendor, _, spec = sender.call("GetServerInformation")
    assert (name, vendor, spec) == ("lull console", "lull", "1.2")
    xml = sender.bus.call_blocking(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "", ())
    for word in ("Notify", "CloseNotification", "a{sv}", "ActivationToken"):
        assert f'"{word}"' in xml


def test_wrong_arguments_get_an_error_and_do_no_harm(start, sender):
    console = start()
    for signature, args in (("s", ("x",)), ("", ()),
                            ("susssasa{sv}s", ("", 0, "", "", "", ["a"], {"a": 1}, "")),
                            ("ususssasa{sv}i", (0, "", 0, "", "", "", ["a"], {"a": 1}, 0))):
        with pytest.raises(dbus.DBusException) as caught:
            sender.call("Notify", *args, signature=signature)
        assert caught.value.get_dbus_name() == "org.freedesktop.DBus.Error.InvalidArgs"
    with pytest.raises(dbus.DBusException) as caught:
        sender.call("Nonsense")
    assert caught.value.get_dbus_name() == "org.freedesktop.DBus.Error.UnknownMethod"
    assert sender.notify("still here", actions=["odd"], hints={"urgency": "high", "x": dbus.UInt64(1)}) == 1
    assert console.line() == "#1 mail: still here"


def test_wrong_commands_are_answered_on_stderr_in_one_line(start, sender):
    console = start()
    sender.notify(actions=["reply", "Reply"], timeout=0)
    console.line()
    for command in ("press 1", "press 2 reply", "press", "press x", "close 7", "close -1", "dance \x1b[2J",
                    "close 99999999999", "x" * 5000):
        console.type(command + "\n")
        error = console.error()
        assert error.startswith("lull: ") and "\x1b" not in error, command
    console.type("\n \nlist\n")
    assert console.line() == "#1 mail: New message  [reply: Reply]"


def test_it_runs_on_without_commands_when_stdin_ends(start, sender):
    with open("/dev/null", "rb") as null:
        console = start(stdin=null)
    sender.notify("after the end")
    assert console.line() == "#1 mail: after the end"


def test_a_terminal_may_hang_up_without_ending_it(start, sender):
    parent, child = pty.openpty()
    console = start(stdin=child)
    os.close(child)
    os.close(parent)
    sender.notify("after the end")
    assert console.line() == "#1 mail: after the end"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(start, sender, number):
    console = start()
    console.process.send_signal(number)
    assert console.process.wait(5) == 0
    assert console.process.stderr.read() == b""
    assert queue(sender) == []


def test_it_ends_when_its_bus_goes(address, tmp_path):
    daemon = subprocess.Popen(["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork",
                               "--print-address"], stdout=subprocess.PIPE, text=True)
    own = daemon.stdout.readline().strip()
    console = Console(own)
    other = Sender(own)
    while not queue(other):
        time.sleep(0.01)
    other.close()
    daemon.kill()
    daemon.wait(5)
    daemon.stdout.close()
    assert console.process.wait(5) == 3
    assert console.error().startswith("lull: ")
    console.stop()


def test_it_sleeps_while_nothing_happens(start, sender):
    console = start()
    sender.notify(timeout=0)
    console.line()

    def switches():
        status = pathlib.Path(f"/proc/{console.process.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.M)[1])

    time.sleep(0.2)
    before = switches()
    time.sleep(1)
    assert switches() == before


def test_a_flood_is_shown_completely_and_in_order(start, sender):
    console = start("--json")
    for i in range(2000):
        message = dbus.lowlevel.MethodCallMessage(NAME, PATH, NAME, "Notify")
        message.append("mail", 0, "", str(i), "", [], {}, 0, signature="susssasa{sv}i")
        message.set_no_reply(True)
        sender.bus.send_message(message)
    sender.bus.flush()
    assert [console.event()["summary"] for _ in range(2000)] == [str(i) for i in range(2000)]
