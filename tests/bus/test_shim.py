"""lull-shim on a real dbus-daemon: transparent, but for the name it makes its command queue for."""

import array
import os
import signal
import socket
import stat
import subprocess
import textwrap
import time

import pytest

SHIM = os.path.abspath(os.path.join(os.environ.get("LULL_BUILD", "build"), "lull-shim"))
FDN = "org.freedesktop.Notifications"
PYTHON = "/usr/bin/python3"
PRELUDE = """
import os, sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
FDN = "org.freedesktop.Notifications"
bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
say = lambda *a: print(*a, flush=True)
"""


def wait_for(is_so, what, seconds=10):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


class Bus:
    """A private bus and everything that was started on it."""

    def __init__(self, tmp_path):
        self.started = []
        self.runtime = tmp_path / "run"
        self.runtime.mkdir(mode=0o700)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.runtime))
        self.env.pop("DBUS_STARTER_ADDRESS", None)
        daemon = self.start(
            ["dbus-daemon", "--session", "--nofork", "--print-address",
             f"--address=unix:path={self.runtime}/the%20bus"], stdout=subprocess.PIPE)
        self.address = daemon.stdout.readline().decode().strip()
        assert self.address
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self.address

    def start(self, argv, **kwargs):
        p = subprocess.Popen(argv, env=self.env, **kwargs)
        self.started.append(p)
        return p

    def python(self, code, shimmed=False):
        """Run Python code with `bus`, `say` and friends, behind the shim or on the bus itself."""
        argv = [PYTHON, "-c", PRELUDE + textwrap.dedent(code)]
        return self.start(([SHIM] if shimmed else []) + argv, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True)

    def call(self, code):
        """The lines that some Python code on the bus itself says."""
        out, _ = self.python(code).communicate(timeout=30)
        return out.splitlines()

    def run(self, *argv, **kwargs):
        return subprocess.run([SHIM, *argv], env=self.env, timeout=30, text=True,
                              capture_output=True, **kwargs)

    def leftovers(self):
        return [n for n in os.listdir(self.runtime) if n.startswith("lull-shim")]

    def close(self):
        for p in reversed(self.started):
            if p.poll() is None:
                p.terminate()
        for p in reversed(self.started):
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            for f in (p.stdin, p.stdout):
                if f:
                    f.close()


@pytest.fixture
def bus(tmp_path):
    b = Bus(tmp_path)
    yield b
    b.close()


OWNER = """
say(bus.request_name(FDN, {flags}))
for line in sys.stdin: exec(line)
"""

# What a display server does: it asks with DO_NOT_QUEUE and reports what it hears of its name.
SERVER = """
def heard(*args, member=None): say(member, args[0])
for m in ("NameLost", "NameAcquired"):
    bus.add_signal_receiver(heard, m, "org.freedesktop.DBus", member_keyword="member", arg0=FDN)
say(bus.get_unique_name())
say(bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                      "RequestName", "su", (FDN, {flags})))
GLib.io_add_watch(sys.stdin, GLib.IO_IN, lambda *a: exec(sys.stdin.readline()) or True)
GLib.MainLoop().run()
"""
QUEUE = """
o = bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus")
for name in o.ListQueuedOwners(FDN): say(name)
"""


def tell(p, line):
    p.stdin.write(line + "\n")
    p.stdin.flush()


@pytest.mark.parametrize("flags", [0, 4, 2, 7])
def test_a_server_behind_an_owner_believes_it_owns_the_name_and_gets_it(bus, flags):
    owner = bus.python(OWNER.format(flags=0))
    assert owner.stdout.readline() == "1\n"
    server = bus.python(SERVER.format(flags=flags), shimmed=True)
    unique = server.stdout.readline().strip()
    assert server.stdout.readline() == "1\n"
    assert bus.call(QUEUE)[1:] == [unique]
    owner.terminate()
    assert server.stdout.readline() == f"NameAcquired {FDN}\n"
    assert bus.call(QUEUE) == [unique]


@pytest.mark.parametrize("flags", [0, 4])
def test_a_replaced_server_stays_queued_and_never_hears_of_it(bus, flags):
    server = bus.python(SERVER.format(flags=flags), shimmed=True)
    unique = server.stdout.readline().strip()
    # The bus sends NameAcquired before the answer, but it is dispatched after it.
    assert server.stdout.readline() == "1\n"
    assert server.stdout.readline() == f"NameAcquired {FDN}\n"
    owner = bus.python(OWNER.format(flags=2))
    assert owner.stdout.readline() == "1\n"
    assert bus.call(QUEUE)[1:] == [unique]
    owner.terminate()
    assert server.stdout.readline() == f"NameAcquired {FDN}\n"
    assert server.poll() is None


def test_other_names_are_left_alone(bus):
    owner = bus.python("""
        say(bus.request_name("org.example.A", 0))
        say(bus.request_name("org.example.B", 1))
        sys.stdin.read()
    """)
    assert owner.stdout.readline() + owner.stdout.readline() == "1\n1\n"
    server = bus.python("""
        c = lambda n, f: say(bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "RequestName", "su", (n, f)))
        bus.add_signal_receiver(lambda n: (say("lost", n), os._exit(0)), "NameLost",
                                "org.freedesktop.DBus")
        c("org.example.A", 4); c("org.example.A", 0); c("org.example.B", 3)
        bus.release_name("org.example.B")
        GLib.MainLoop().run()
    """, shimmed=True)
    out, _ = server.communicate(timeout=10)
    assert out.split() == ["3", "2", "1", "lost", "org.example.B"]


FD_SERVICE = """
class S(dbus.service.Object):
    @dbus.service.method("t.T", in_signature="hhs", out_signature="hh")
    def Swap(self, a, b, text):
        a, b = a.take(), b.take()
        answer = dbus.types.UnixFd(b), dbus.types.UnixFd(a)
        os.close(a); os.close(b)
        return answer
    @dbus.service.method("t.T", in_signature="ay", out_signature="ay", byte_arrays=True)
    def Echo(self, data):
        return dbus.ByteArray(data)
s = S(bus, "/t")
bus.request_name("t.T")
say("ready")
GLib.MainLoop().run()
"""
FD_CLIENT = """
def make(text):
    r, w = os.pipe(); os.write(w, text); os.close(w); return r
o = bus.get_object("t.T", "/t")
for i in range(200):
    a, b = make(b"a%d" % i), make(b"b%d" % i)
    x, y = o.Swap(dbus.types.UnixFd(a), dbus.types.UnixFd(b), "x" * i * 50, dbus_interface="t.T")
    os.close(a); os.close(b)
    x, y = x.take(), y.take()
    assert (os.read(x, 9), os.read(y, 9)) == (b"b%d" % i, b"a%d" % i)
    os.close(x); os.close(y)
say("ok")
"""
BIG_CLIENT = """
data = os.urandom(1 << 20) * 20
o = bus.get_object("t.T", "/t")
say(bytes(o.Echo(dbus.ByteArray(data), dbus_interface="t.T", byte_arrays=True)) == data)
"""


@pytest.mark.parametrize("shimmed", ["service", "client"])
def test_descriptors_pass_in_both_directions(bus, shimmed):
    service = bus.python(FD_SERVICE, shimmed=shimmed == "service")
    assert service.stdout.readline() == "ready\n"
    client = bus.python(FD_CLIENT, shimmed=shimmed == "client")
    assert client.communicate(timeout=30)[0] == "ok\n"
    shim = service if shimmed == "service" else None
    if shim:
        # Listener, lock, epoll and the like, and one connection; nothing that was passed.
        assert len(os.listdir(f"/proc/{shim.pid}/fd")) < 16


@pytest.mark.parametrize("shimmed", ["service", "client"])
def test_a_message_of_20_mib_passes_with_bounded_memory(bus, shimmed):
    service = bus.python(FD_SERVICE, shimmed=shimmed == "service")
    assert service.stdout.readline() == "ready\n"
    client = bus.python(BIG_CLIENT, shimmed=shimmed == "client")
    assert client.communicate(timeout=60)[0] == "True\n"
    if shimmed == "service":
        with open(f"/proc/{service.pid}/status") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        # A sanitizer's shadow memory isn't ours.
        assert "asan" in SHIM or peak < 8 * 1024


def test_gdbus_and_sd_bus_clients_connect_and_get_answers(bus):
    r = bus.run("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path",
                "/org/freedesktop/DBus", "--method", "org.freedesktop.DBus.GetId")
    assert r.returncode == 0 and r.stdout.startswith("('")
    r = bus.run("busctl", "--user", "list")
    assert r.returncode == 0 and "org.freedesktop.DBus" in r.stdout
    r = bus.run("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                "org.freedesktop.DBus", "RequestName", "su", FDN, "0")
    assert r.stdout == "u 1\n"


def test_each_connection_has_its_own_on_the_bus(bus):
    p = bus.python("""
        other = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        names = {str(bus.get_unique_name()), str(other.get_unique_name())}
        say(len(names), names <= set(map(str, other.list_names())))
        other.close()
        say(len(bus.list_names()))
    """, shimmed=True)
    assert p.communicate(timeout=10)[0].splitlines() == ["2 True", "2"]


def raw_server(bus, tmp_path):
    """A bus that answers nothing: the shim's far side, byte for byte."""
    path = str(tmp_path / "raw")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    bus.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:abstract=lull-none-{os.getpid()};unix:guid=1,path={path}"
    return listener


def test_descriptors_stay_with_their_message_when_several_come_at_once(bus, tmp_path):
    """GDBus reads message by message, and takes what descriptors come with those bytes."""
    listener = raw_server(bus, tmp_path)
    code = textwrap.dedent("""
        import socket, os, struct, array, sys
        def message(fds):
            fields = b"\\x09\\x01u\\x00" + struct.pack("<I", fds) if fds else b""
            return b"l\\x04\\x00\\x01" + struct.pack("<III", 8, 1, len(fields)) + fields + b"12345678"
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].split("=", 1)[1].replace("%20", " "))
        r, w = os.pipe()
        fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [r, w]))]
        s.sendall(b"\\0AUTH EXTERNAL\\r\\nBEGIN\\r\\n" + message(0) + message(0))
        s.sendmsg([message(2)[:5]], fds)
        s.sendall(message(2)[5:] + message(0))
        s.sendmsg([message(0) + message(2)], fds)
        sys.stdin.read()
    """)
    bus.start([SHIM, PYTHON, "-c", code], stdin=subprocess.PIPE)
    s, _ = listener.accept()
    s.settimeout(10)
    lines = b"\0AUTH EXTERNAL\r\nBEGIN\r\n"
    assert s.recv(len(lines), socket.MSG_WAITALL) == lines
    got = []
    for size in (24, 24, 32, 24, 24, 32):
        data, control, _, _ = s.recvmsg(size, 4096)
        while len(data) < size:
            more, c, _, _ = s.recvmsg(size - len(data), 4096)
            data, control = data + more, control + c
        fds = array.array("i")
        for _, _, raw in control:
            fds.frombytes(raw)
        for fd in fds:
            os.close(fd)
        got.append(len(fds))
    assert got == [0, 0, 2, 0, 0, 2]
    s.close()
    listener.close()


def test_what_a_client_sent_before_it_closed_still_arrives(bus, tmp_path):
    listener = raw_server(bus, tmp_path)
    code = textwrap.dedent("""
        import socket, os
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].split("=", 1)[1].replace("%20", " "))
        s.sendall(b"\\0BEGIN\\r\\n" + b"l\\1\\0\\1" + b"\\0\\0\\x30\\0" + bytes(8) + bytes(0x300000) + b"l\\1")
    """)
    shim = bus.start([SHIM, PYTHON, "-c", code])
    s, _ = listener.accept()
    s.settimeout(10)
    time.sleep(0.3)
    assert shim.poll() is None, "the connection isn't flushed yet"
    n = 0
    while chunk := s.recv(65536):
        n += len(chunk)
    assert n == 8 + 16 + 0x300000 + 2
    s.close()
    listener.close()
    assert shim.wait(10) == 0


def test_when_the_bus_closes_the_client_is_closed(bus, tmp_path):
    listener = raw_server(bus, tmp_path)
    code = textwrap.dedent("""
        import socket, os
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"].split("=", 1)[1].replace("%20", " "))
        s.sendall(b"\\0AUTH\\r\\n")
        n = 0
        while chunk := s.recv(65536): n += len(chunk)
        print(n, flush=True)
    """)
    shim = bus.start([SHIM, PYTHON, "-c", code], stdout=subprocess.PIPE, text=True)
    s, _ = listener.accept()
    s.recv(100)
    s.sendall(b"REJECTED\r\n" + bytes(1000000))
    s.close()
    listener.close()
    assert shim.communicate(timeout=10)[0] == "1000010\n"


def test_a_second_shim_on_the_same_bus_says_who_is_first(bus):
    first = bus.start([SHIM, "sleep", "100"])
    wait_for(bus.leftovers, "the first shim's socket")
    wait_for(lambda: len(bus.leftovers()) == 2, "lock and socket")
    r = bus.run("true")
    assert r.returncode == 1
    assert r.stderr == ("lull-shim: another display server is already behind the shim on this bus: "
                        f"pid {first.pid} (sleep); stop it first\n")
    first.terminate()
    assert first.wait(5) == 128 + signal.SIGTERM
    assert bus.run("true").returncode == 0
    assert bus.leftovers() == []


def test_a_killed_shim_leaves_no_lock_behind(bus):
    first = bus.start([SHIM, "sleep", "2"])
    wait_for(lambda: len(bus.leftovers()) == 2, "lock and socket")
    first.kill()
    first.wait()
    assert bus.run("true").returncode == 0


@pytest.mark.parametrize("command, status", [
    ("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("kill -PIPE $$", 141)])
def test_the_exit_status_is_that_of_the_command(bus, command, status):
    assert bus.run("sh", "-c", command).returncode == status
    assert bus.leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_go_on_to_the_command(bus, number):
    code = ("import signal, sys, time\n"
            f"signal.signal({int(number)}, lambda *a: sys.exit(42))\n"
            "print('ready', flush=True)\ntime.sleep(30)")
    shim = bus.start([SHIM, PYTHON, "-c", code], stdout=subprocess.PIPE)
    assert shim.stdout.readline() == b"ready\n"
    shim.send_signal(number)
    assert shim.wait(10) == 42


def test_the_command_starts_with_clean_signals_and_descriptors(bus):
    r = bus.run("sh", "-c", "ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status",
                stdin=subprocess.DEVNULL)
    *fds, blocked, ignored = r.stdout.splitlines()
    assert fds == ["0", "1", "2", "3"]
    assert int(blocked.split()[1], 16) == 0
    assert int(ignored.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0


def test_the_shim_lives_until_the_last_connection_has_closed(bus):
    # The command ends when it is told to; its child stays connected until there is a file "go".
    code = PRELUDE + textwrap.dedent("""
        import time
        say("up")
        while not os.path.exists(os.environ["XDG_RUNTIME_DIR"] + "/go"): time.sleep(0.02)
        say(len(bus.list_names()))
    """)
    shim = bus.start([SHIM, "sh", "-c", f"{PYTHON} -c \"$0\" </dev/null & read x; exit 3", code],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert shim.stdout.readline() == "up\n"
    tell(shim, "")
    wait_for(lambda: len(bus.leftovers()) == 1, "the lock goes with the command")
    assert bus.run("true").returncode == 0
    assert shim.poll() is None
    (bus.runtime / "go").touch()
    assert shim.stdout.readline() == "2\n"
    assert shim.wait(5) == 3
    assert bus.leftovers() == []


def test_the_socket_is_private_and_its_path_is_escaped(bus):
    r = bus.run("sh", "-c", 'echo "$DBUS_SESSION_BUS_ADDRESS"; stat -c %a "$XDG_RUNTIME_DIR"/lull-shim.*')
    address, mode = r.stdout.split()
    assert address.startswith(f"unix:path={bus.runtime}/lull-shim.") and mode == "700"
    odd = bus.runtime / "a b,c"
    odd.mkdir(mode=0o700)
    bus.env["XDG_RUNTIME_DIR"] = str(odd)
    r = bus.run("busctl", "--user", "list")
    assert r.returncode == 0, r.stderr
    assert "/a%20b%2cc/" in bus.run("sh", "-c", 'echo "$DBUS_SESSION_BUS_ADDRESS"').stdout


def test_without_an_address_the_runtime_directory_is_asked(bus, tmp_path):
    os.symlink(bus.runtime / "the bus", bus.runtime / "bus")
    del bus.env["DBUS_SESSION_BUS_ADDRESS"]
    assert bus.run("busctl", "--user", "list").returncode == 0
    bus.env["DBUS_SESSION_BUS_ADDRESS"] = "tcp:host=localhost,port=1"
    r = bus.run("true")
    assert r.returncode == 1 and r.stderr.count("\n") == 1 and "no session bus" in r.stderr


@pytest.mark.parametrize("argv, status, text", [
    ([], 2, "lull-shim: no command given; see lull-shim --help\n"),
    (["--"], 2, "lull-shim: no command given; see lull-shim --help\n"),
    (["-x"], 2, "lull-shim: unknown option -x; see lull-shim --help\n"),
    (["no-such-command"], 127, "lull-shim: cannot run no-such-command: command not found\n"),
    (["/etc/passwd"], 126, "lull-shim: cannot run /etc/passwd: Permission denied\n")])
def test_what_is_wrong_is_said_in_one_line(bus, argv, status, text):
    r = bus.run(*argv)
    assert (r.returncode, r.stdout, r.stderr) == (status, "", text)
    assert bus.leftovers() == []


def test_help_and_version_need_no_bus(bus):
    bus.env.pop("DBUS_SESSION_BUS_ADDRESS")
    assert bus.run("--help").stdout.startswith("usage: lull-shim ")
    assert bus.run("--version").stdout.startswith("lull-shim ")
