"""lull-present, run without lulld: a socket pair, a private bus and a small notification server."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

BUILD = os.path.abspath(os.environ.get("LULL_BUILD", "build"))
PRESENT = os.path.join(BUILD, "lull-present")
WAIT_S = 10

# No service directories: nothing on this bus is started by itself.
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
</busconfig>
"""

# argv[1]: the capabilities, as JSON; argv[2]: "accept" or "refuse". One line of JSON per Notify.
SERVER = """
import json, sys
import dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

IFACE = "org.freedesktop.Notifications"
caps, mode = json.loads(sys.argv[1]), sys.argv[2]

class Server(dbus.service.Object):
    @dbus.service.method(IFACE, out_signature="as")
    def GetCapabilities(self):
        return dbus.Array(caps, signature="s")

    @dbus.service.method(IFACE, out_signature="ssss")
    def GetServerInformation(self):
        return "small", "lull tests", "1", "1.2"

    @dbus.service.method(IFACE, in_signature="u")
    def CloseNotification(self, closed_id):
        print(json.dumps({"closed": int(closed_id)}), flush=True)

    @dbus.service.method(IFACE, in_signature="susssasa{sv}i", out_signature="u", sender_keyword="sender",
                         async_callbacks=("reply", "error"))
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout, reply, error, sender):
        print(json.dumps({"sender": sender, "app": app, "replaces": int(replaces), "icon": icon,
                          "summary": summary, "body": body, "actions": list(actions),
                          "hints": {k: v if isinstance(v, str) else int(v) for k, v in hints.items()},
                          "timeout": int(timeout)}), flush=True)
        if mode == "accept":
            reply(dbus.UInt32(7))
        else:
            error(dbus.DBusException("no room\\nleft", name="org.example.Full"))

DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
server = Server(bus, "/org/freedesktop/Notifications")
name = dbus.service.BusName(IFACE, bus)
print(json.dumps("ready"), flush=True)
GLib.MainLoop().run()
"""

ALL_CAPS = ["actions", "body", "body-markup"]


def end(process):
    process.kill()
    process.wait(WAIT_S)


class Bus:
    def __init__(self, directory):
        path = os.path.join(directory, "bus")
        config = os.path.join(directory, "bus.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(BUS_CONFIG.format(socket=path))
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + config, "--print-address"],
            stdout=subprocess.PIPE, text=True)
        self.address = self.daemon.stdout.readline().strip()
        assert self.address
        self.env = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=self.address, G_DEBUG="fatal-criticals")
        self.servers = []

    def serve(self, caps=tuple(ALL_CAPS), mode="accept"):
        server = subprocess.Popen(["/usr/bin/python3", "-c", SERVER, json.dumps(caps), mode],
                                  stdout=subprocess.PIPE, text=True,
                                  env=dict(self.env, G_DEBUG=""))
        self.servers.append(server)
        assert json.loads(server.stdout.readline()) == "ready"
        return server

    def close(self):
        for process in [*self.servers, self.daemon]:
            end(process)
            process.stdout.close()


class Presenter:
    """One lull-present; its descriptor 3 is the other end of our socket, as lulld makes it."""

    def __init__(self, env):
        ours, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        ours.settimeout(WAIT_S)
        self.socket = ours

        fd = os.dup(theirs.fileno())  # never 3 itself, so that dup2 clears CLOEXEC
        theirs.close()
        self.process = subprocess.Popen([sys.executable, "-c", RUN_AT_3, str(fd), PRESENT],
                                        env=env, pass_fds=[fd])
        os.close(fd)

    def receive(self):
        packet = self.socket.recv(65536)
        if packet == b"":
            return None
        assert packet.endswith(b"\0")
        return packet[:-1].decode().split("\0")

    def send(self, *strings):
        self.socket.send(b"".join(s.encode() + b"\0" for s in strings))

    def hello(self):
        word, name = self.receive()
        assert word == "hello" and name.startswith(":")
        return name

    def wait(self):
        return self.process.wait(WAIT_S)

    def close(self):
        self.socket.close()
        end(self.process)


RUN_AT_3 = """
import os, sys
fd = int(sys.argv[1])
if fd != 3:
    os.dup2(fd, 3)
    os.close(fd)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(name="private_bus")
def private_bus_fixture(tmp_path):
    bus = Bus(str(tmp_path))
    yield bus
    bus.close()


@pytest.fixture(name="start")
def start_fixture(private_bus):
    started = []

    def start(env=None):
        started.append(Presenter(env or private_bus.env))
        return started[-1]

    yield start
    for presenter in started:
        presenter.close()


def notified(server):
    return json.loads(server.stdout.readline())


def test_hello_is_the_name_from_which_notify_comes(private_bus, start):
    server = private_bus.serve()
    presenter = start()
    name = presenter.hello()
    presenter.send("show", "12 notifications", "body")
    assert notified(server)["sender"] == name


def test_show_passes_everything_on(private_bus, start):
    server = private_bus.serve()
    presenter = start()
    presenter.hello()
    presenter.send("show", "Zwölf Nachrichten", "<b>Mail</b> 3 &amp; more",
                   "default", "Show all", "later", "Später")
    assert presenter.receive() == ["shown"]
    assert presenter.wait() == 0

    n = notified(server)
    assert n["app"] == "lull"
    assert n["replaces"] == 0
    assert n["summary"] == "Zwölf Nachrichten"
    assert n["body"] == "<b>Mail</b> 3 &amp; more"
    assert n["actions"] == ["default", "Show all", "later", "Später"]
    assert n["timeout"] == 0
    assert n["hints"]["desktop-entry"] == "lull"
    assert n["hints"]["category"] == "x-lull.digest"
    assert n["hints"]["urgency"] == 1


def test_ending_does_not_close_the_digest(private_bus, start):
    server = private_bus.serve()
    presenter = start()
    presenter.hello()
    presenter.send("show", "s", "b", "default", "")
    assert presenter.wait() == 0
    assert notified(server)["actions"] == ["default", "default"]

    second = start()
    second.hello()
    second.send("show", "next", "")
    assert second.wait() == 0
    assert notified(server).get("summary") == "next"  # and no CloseNotification before it


def test_server_without_actions_gets_none(private_bus, start):
    server = private_bus.serve(["body", "body-markup"])
    presenter = start()
    presenter.hello()
    presenter.send("show", "s", "b", "default", "Show all")
    assert presenter.receive() == ["shown"]
    assert notified(server)["actions"] == []


def test_body_is_shown_as_lulld_wrote_it(private_bus, start):
    server = private_bus.serve(["body"])
    presenter = start()
    presenter.hello()
    presenter.send("show", "s", "Tom &amp; Ann (2): <3")
    assert presenter.receive() == ["shown"]
    assert notified(server)["body"] == "Tom &amp; Ann (2): <3"


def test_refusal_is_reported_on_one_line(private_bus, start):
    private_bus.serve(mode="refuse")
    presenter = start()
    presenter.hello()
    presenter.send("show", "s", "b")
    assert presenter.receive() == ["failed", "no room left"]
    assert presenter.wait() == 1


def test_missing_server_is_reported_at_once(start):
    presenter = start()
    presenter.hello()
    started = time.monotonic()
    presenter.send("show", "s", "b")
    word, why = presenter.receive()
    assert word == "failed" and "org.freedesktop.Notifications" in why
    assert presenter.wait() == 1
    assert time.monotonic() - started < 5


def test_missing_bus_is_reported(private_bus, start, tmp_path):
    env = dict(private_bus.env, DBUS_SESSION_BUS_ADDRESS=f"unix:path={tmp_path}/none")
    presenter = start(env)
    word, why = presenter.receive()
    assert word == "failed" and why != ""
    assert presenter.wait() == 1


@pytest.mark.parametrize("packet", [b"show\0s", b"show\0s\0", b"show\0\0b\0", b"other\0s\0b\0", b"\0"])
def test_malformed_request_is_refused(private_bus, start, packet):
    private_bus.serve()
    presenter = start()
    presenter.hello()
    presenter.socket.send(packet)
    assert presenter.receive()[0] == "failed"
    assert presenter.wait() == 1


def test_invalid_utf8_is_mended(private_bus, start):
    server = private_bus.serve()
    presenter = start()
    presenter.hello()
    presenter.socket.send(b"show\0caf\xe9\0b\0")
    assert presenter.receive() == ["shown"]
    assert notified(server)["summary"] == "caf\ufffd"


def test_largest_packet_is_shown(private_bus, start):
    server = private_bus.serve()
    presenter = start()
    presenter.hello()
    body = "x" * (64 * 1024 - len("show\0s\0\0"))
    presenter.send("show", "s", body)
    assert notified(server)["body"] == body  # first: it fills the pipe from the server
    assert presenter.receive() == ["shown"]


def test_ends_when_lulld_goes_before_show(private_bus, start):
    private_bus.serve()
    presenter = start()
    presenter.hello()
    presenter.socket.close()
    assert presenter.wait() == 1


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_run_by_hand_it_says_who_runs_it(arguments):
    r = subprocess.run([PRESENT, *arguments], capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert r.returncode == 2
    assert r.stdout == ""
    assert r.stderr.count("\n") == 1 and "lulld runs this" in r.stderr
