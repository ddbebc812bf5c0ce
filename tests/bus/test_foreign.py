"""Other interfaces on the name are the display's: calls and property changes pass through, both ways.

Sandboxed programs send notifications, and reach nothing else: they get here through xdg-dbus-proxy, which
flatpak runs where there is a /.flatpak-info.
"""
import os

import dbus
import dbus.lowlevel
import pytest

from rig import (EXAMPLE, EXAMPLE_PATH, FAKE, LULL, LULL_PATH, NAME, PATH, PROPERTIES, Sender,
                 wait_for)

ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
UNKNOWN = "org.freedesktop.DBus.Error.Unknown"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
on_both_paths = pytest.mark.parametrize("path", [PATH, EXAMPLE_PATH])


def foreign(peer, member, *args, path=PATH, interface=EXAMPLE, **kwargs):
    return peer.call(member, *args, path=path, interface=interface, **kwargs)


# --- there and back ---------------------------------------------------------------------------------


@on_both_paths
@pytest.mark.parametrize("value", [
    dbus.Int32(7), dbus.String("ünïcode"),
    dbus.Dictionary({"a": dbus.Array([1, 2], signature="i")}, signature="sv"),
    dbus.Array([], signature="s"), dbus.String("x" * (1 << 20)),
], ids=["number", "text", "nested", "empty", "1 MiB"])
def test_a_call_passes_to_the_display_and_its_answer_back(lulld, display, sender, path, value):
    assert foreign(sender, "Echo", "v", value, path=path) == value
    assert display.log.of("Echo")[-1]["sender"] == sender.owner(), "it comes from lulld"


@on_both_paths
def test_the_displays_error_comes_back_with_its_text(lulld, display, sender, path):
    assert sender.error("Fail", path=path, interface=EXAMPLE) == ("org.example.Error.Broken", "as you wish")
    assert sender.error("Explode", path=path, interface=EXAMPLE)[0] == UNKNOWN + "Method"


@on_both_paths
def test_properties_of_the_displays_interface_are_the_displays(lulld, display, sender, path):
    def get():
        return foreign(sender, "Get", "ss", EXAMPLE, "Paused", path=path, interface=PROPERTIES)

    assert not get()
    foreign(sender, "Set", "ssv", EXAMPLE, "Paused", True, path=path, interface=PROPERTIES)
    assert get()
    assert foreign(sender, "GetAll", "s", EXAMPLE, path=path, interface=PROPERTIES) == {"Paused": True}
    assert sender.error("Get", "ss", EXAMPLE, "Nothing", path=path, interface=PROPERTIES) == (
        UNKNOWN + "Property", "no Nothing")


def test_lulls_own_properties_stay_lulls(lulld, display, sender):
    assert foreign(sender, "GetAll", "s", NAME, interface=PROPERTIES) == {"Inhibited": False}
    assert sender.error("Set", "ssv", NAME, "Inhibited", True, interface=PROPERTIES)[0].startswith(
        "org.freedesktop.DBus.Error.")
    assert not foreign(sender, "Get", "ss", NAME, "Inhibited", interface=PROPERTIES)


@on_both_paths
def test_changes_of_the_displays_properties_are_said_in_the_owners_name(lulld, display, bus, sender, path):
    listener = bus.peer()
    listener.listen(f"type='signal',sender='{NAME}',interface='{PROPERTIES}',path='{path}'")
    foreign(sender, "Set", "ssv", EXAMPLE, "Paused", True, path=path, interface=PROPERTIES)
    wait_for(lambda: [s for s in listener.heard if s["interface"] == PROPERTIES], "the change")
    change, = [s for s in listener.heard if s["interface"] == PROPERTIES]
    assert change["sender"] == sender.owner() and change["to"] is None
    assert change["args"] == [EXAMPLE, {"Paused": True}, []]


def test_what_the_display_says_of_inhibited_is_not_passed_on(lulld, display, bus, sender):
    listener = bus.peer()
    listener.listen(f"type='signal',sender='{NAME}',interface='{PROPERTIES}'")
    display.tell("Changed", "s", NAME)
    display.tell("Changed", "s", EXAMPLE)
    wait_for(lambda: [s for s in listener.heard if s["interface"] == PROPERTIES], "the change")
    assert [s["args"][0] for s in listener.heard if s["interface"] == PROPERTIES] == [EXAMPLE]


def test_nobody_but_the_display_can_say_that_something_has_changed(lulld, display, bus, sender):
    listener = bus.peer()
    listener.listen(f"type='signal',sender='{NAME}',interface='{PROPERTIES}'")
    for to in (None, sender.owner()):
        m = dbus.lowlevel.SignalMessage(PATH, PROPERTIES, "PropertiesChanged")
        if to:
            m.set_destination(to)
        m.append(EXAMPLE, {"Lie": True}, [], signature="sa{sv}as")
        sender.bus.send_message(m)
    sender.driver("GetId")
    display.tell("Changed", "s", EXAMPLE)
    wait_for(lambda: [s for s in listener.heard if s["interface"] == PROPERTIES], "the change")
    assert ["Lie" in s["args"][1] for s in listener.heard if s["interface"] == PROPERTIES] == [False]


def test_introspection_of_other_paths_is_the_displays(lulld, display, sender):
    text = sender.call("Introspect", path=EXAMPLE_PATH, interface=INTROSPECTABLE)
    assert EXAMPLE in text and "Echo" in text
    own = sender.call("Introspect", interface=INTROSPECTABLE)
    assert NAME in own and "Inhibit" in own


def test_descriptors_pass(lulld, display, sender):
    r, w = os.pipe()
    before = len(os.listdir(f"/proc/{lulld.pid}/fd"))
    fd = foreign(sender, "Descriptor", "h", dbus.types.UnixFd(w)).take()
    os.write(fd, b"hello")
    assert os.read(r, 5) == b"hello"
    for f in (r, w, fd):
        os.close(f)
    sender.call("GetCapabilities")
    wait_for(lambda: len(os.listdir(f"/proc/{lulld.pid}/fd")) == before, "lulld has closed them")


def test_a_call_without_reply_passes_and_is_not_answered(lulld, display, sender):
    heard = []
    sender.bus.add_message_filter(lambda _, m: heard.append(m.get_type()) or
                                  dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED)
    for member, args in (("Echo", ("quiet",)), ("Fail", ()), ("Explode", ())):
        m = dbus.lowlevel.MethodCallMessage(NAME, PATH, EXAMPLE, member)
        m.append(*args, signature="v" if args else "")
        m.set_no_reply(True)
        sender.bus.send_message(m)
    wait_for(lambda: [e for e in display.log.of("Echo") if e["value"] == "quiet"], "it came through")
    assert foreign(sender, "Echo", "v", "loud") == "loud"
    assert [t for t in heard if t in (2, 3)] == []


def test_many_callers_at_once_get_each_their_own_answer(lulld, display, bus):
    answers = {}
    senders = [bus.sender() for _ in range(8)]
    for n, s in enumerate(senders):
        for i in range(25):
            s.bus.call_async(NAME, PATH, EXAMPLE, "Echo", "v", (dbus.Int32(100 * n + i),),
                             lambda v, k=(n, i): answers.__setitem__(k, int(v)),
                             lambda e, k=(n, i): answers.__setitem__(k, e))
    wait_for(lambda: len(answers) == 200, "all answers", 30)
    assert answers == {(n, i): 100 * n + i for n in range(8) for i in range(25)}


def test_notify_does_not_wait_for_a_foreign_call(lulld, display, sender, bus):
    answers = []
    sender.bus.call_async(NAME, PATH, EXAMPLE, "Later", "", (), answers.append, answers.append)
    wait_for(lambda: display.log.of("Later"), "it is at the display")
    sender.notify("meanwhile")
    display.wait_summary("meanwhile")
    assert answers == []
    foreign(bus.peer(), "Answer")
    wait_for(lambda: answers == ["at last"], "the late answer")


# --- when somebody leaves ---------------------------------------------------------------------------


def test_without_a_display_a_foreign_call_is_an_error(lulld, sender):
    assert sender.error("Echo", "v", 1, interface=EXAMPLE)[0].startswith("org.freedesktop.DBus.Error.")
    assert sender.error("Introspect", path=EXAMPLE_PATH, interface=INTROSPECTABLE)[0].startswith(
        "org.freedesktop.DBus.Error.")
    sender.notify("lulld is well")


def test_a_display_that_dies_meanwhile_is_an_error(lulld, display, bus, sender):
    answers = []
    sender.bus.call_async(NAME, PATH, EXAMPLE, "Later", "", (), answers.append, answers.append)
    wait_for(lambda: display.log.of("Later"), "it is at the display")
    display.kill()
    wait_for(lambda: answers, "an error")
    assert isinstance(answers[0], dbus.DBusException)
    assert answers[0].get_dbus_name() in ("org.freedesktop.DBus.Error.NoReply",
                                          "org.freedesktop.DBus.Error.ServiceUnknown")
    lulld.knows(bus.display())
    assert foreign(sender, "Echo", "v", "again") == "again"


def test_a_caller_that_leaves_meanwhile_hurts_nobody(lulld, display, bus, sender):
    for _ in range(10):
        caller = bus.sender()
        n = len(display.log.of("Later"))
        caller.bus.call_async(NAME, PATH, EXAMPLE, "Later", "", (), lambda *a: None, lambda e: None)
        wait_for(lambda: len(display.log.of("Later")) > n, "it is at the display")
        caller.close()
    foreign(sender, "Answer")
    assert foreign(sender, "Echo", "v", "well") == "well"
    sender.notify("lulld is well")
    display.wait_summary("lulld is well")


def test_a_caller_that_leaves_at_once_hurts_nobody(lulld, display, bus, sender):
    for _ in range(30):
        caller = bus.sender()
        caller.bus.call_async(NAME, PATH, EXAMPLE, "Echo", "v", (1,), lambda *a: None, lambda e: None)
        caller.bus.flush()
        caller.close()
    assert foreign(sender, "Echo", "v", "well") == "well"


def test_a_stopped_display_keeps_only_its_own_callers_waiting(lulld, display, bus, sender):
    answers = []
    display.stop()
    sender.bus.call_async(NAME, PATH, EXAMPLE, "Echo", "v", ("late",), answers.append, answers.append)
    bus.sender().notify("not late")
    display.go_on()
    wait_for(lambda: answers == ["late"], "the answer")


# --- sandboxed --------------------------------------------------------------------------------------


# bubblewrap wants / to be a mount point, which it isn't in a chroot: there it is bound to a directory first.
BOUND_ROOT = ("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", 'mount --rbind / "$0" && exec chroot "$0" "$@"')


def is_chroot():
    with open("/proc/self/mountinfo") as mounts:
        return all(line.split()[4] != "/" for line in mounts)


def sandboxed(bus, *argv, **kwargs):
    """Run a program with a /.flatpak-info, in a file system of its own."""
    before = ()
    if is_chroot():
        bound = bus.tmp_path / "root"
        bound.mkdir(exist_ok=True)
        before = (*BOUND_ROOT, bound)
    info = bus.tmp_path / "flatpak-info"
    info.write_text("[Application]\nname=org.example.App\n")
    root = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev",
            "--ro-bind", info, "/.flatpak-info", "--bind", bus.tmp_path, bus.tmp_path]
    for name in ("bin", "lib", "lib64", "sbin"):
        root += ["--symlink", f"usr/{name}", f"/{name}"]
    return bus.popen(*before, "bwrap", "--die-with-parent", *root, "--", *argv, **kwargs)


@pytest.fixture
def flatpak(bus):
    """An application in a sandbox: what reaches the bus from there is filtered, and marked."""
    socket = bus.tmp_path / "run/sandbox"
    sandboxed(bus, "xdg-dbus-proxy", bus.address, socket, "--filter", f"--talk={NAME}")
    wait_for(socket.exists, "xdg-dbus-proxy's socket")
    app = Sender(f"unix:path={socket}")
    bus.at_end(app.close)
    return app


def test_a_sandboxed_program_pings_and_hears_of_it(lulld, display, flatpak, user):
    id = flatpak.notify("from a sandbox", app="", actions=["default", "Open"],
                        hints={"desktop-entry": "org.example.App"})
    shown = display.wait_summary("from a sandbox")["id"]
    flatpak.notify("second")
    display.wait_summary("second")
    display.invoke(shown, "default", "token")
    display.close_shown(shown)
    wait_for(lambda: len(flatpak.signals()) == 3, "token, action, closed")
    assert flatpak.signals() == [("ActivationToken", id, "token"), ("ActionInvoked", id, "default"),
                                 ("NotificationClosed", id, 2)]
    user.focus()
    held = flatpak.notify("held")
    assert user.item_ids("held") == [held]
    flatpak.close_notification(held)
    assert {"actions", "body"} <= set(flatpak.call("GetCapabilities"))
    assert flatpak.call("GetServerInformation")[0] == "fake-display"
    assert flatpak.call("Get", "ss", NAME, "Inhibited", interface=PROPERTIES)


def test_one_that_says_no_name_is_not_dropped_for_not_having_it(lulld, display, flatpak):
    lulld.configure("[rule others]\nwhen = always\napp = !org.example.App\nverdict = drop\n")
    lulld.client("reload")
    flatpak.notify("the bus knows its name", app="")
    display.wait_summary("the bus knows its name")


def test_a_sandboxed_program_gets_access_denied_for_what_is_foreign(lulld, display, flatpak, sender):
    for member, signature, args, path, interface in (
            ("Echo", "v", (1,), PATH, EXAMPLE),
            ("Echo", "v", (1,), EXAMPLE_PATH, EXAMPLE),
            ("Get", "ss", (EXAMPLE, "Paused"), PATH, PROPERTIES),
            ("GetAll", "s", (EXAMPLE,), PATH, PROPERTIES),
            ("Set", "ssv", (EXAMPLE, "Paused", True), EXAMPLE_PATH, PROPERTIES),
            ("Introspect", "", (), EXAMPLE_PATH, INTROSPECTABLE),
            ("Introspect", "", (), "/", INTROSPECTABLE),
            ("GetStatus", "", (), LULL_PATH, LULL),
            ("EndFocus", "", (), LULL_PATH, LULL),
            ("GetStatus", "", (), PATH, LULL),
            ("Close", "uu", (1, 2), PATH, FAKE),
            ("Notify", "", (), EXAMPLE_PATH, NAME)):
        name, _ = flatpak.error(member, signature, *args, path=path, interface=interface)
        assert name == ACCESS_DENIED, (member, path, interface)
    assert display.log.of("Echo") == []
    assert not foreign(sender, "Get", "ss", EXAMPLE, "Paused", path=EXAMPLE_PATH, interface=PROPERTIES)


def test_a_sandboxed_program_cannot_sneak_in_without_asking_for_a_reply(lulld, display, flatpak, sender):
    for _ in range(5):
        m = dbus.lowlevel.MethodCallMessage(NAME, PATH, EXAMPLE, "Echo")
        m.append("sneaked in", signature="v")
        m.set_no_reply(True)
        flatpak.bus.send_message(m)
    flatpak.error("Echo", "v", 1, interface=EXAMPLE)
    assert foreign(sender, "Echo", "v", "well") == "well"
    assert [e["value"] for e in display.log.of("Echo")] == ["well"]


def test_a_sandboxed_program_reaches_nothing_else(lulld, display, flatpak, user):
    user.focus()
    front, control = user.owner(), user.owner(LULL)
    for to in (LULL, control, front):
        for path, interface in ((LULL_PATH, LULL), (PATH, LULL), (LULL_PATH, PROPERTIES)):
            args = ("s", LULL) if interface == PROPERTIES else ("",)
            member = "GetAll" if interface == PROPERTIES else "EndFocus"
            name, _ = flatpak.error(member, *args, to=to, path=path, interface=interface)
            assert name.startswith("org.freedesktop.DBus.Error."), (to, path, interface)
    assert flatpak.error("Echo", "v", 1, to=front, interface=EXAMPLE)[0].startswith(
        "org.freedesktop.DBus.Error.")
    assert flatpak.error("Echo", "v", 1, to=display.unique, interface=EXAMPLE)[0].startswith(
        "org.freedesktop.DBus.Error.")
    assert user.get("Focus") and display.log.of("Echo") == []


def test_lulls_own_interface_is_not_on_the_name_for_anybody(lulld, display, sender, user):
    user.focus()
    for to in (NAME, user.owner()):
        for path in (LULL_PATH, PATH):
            assert sender.error("EndFocus", to=to, path=path, interface=LULL)[0].startswith(UNKNOWN)
    assert user.get("Focus")


def test_a_caller_whose_process_has_left_is_not_trusted(lulld, display, bus, sender):
    """A connection outlives the process that made it in a child, and who that was cannot be seen any more."""
    result = bus.tmp_path / "result"
    maker = bus.python(f"""
import os, sys, time, dbus
bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
bus.set_exit_on_disconnect(False)
maker = os.getpid()
if os.fork():
    os._exit(0)
while os.path.exists(f"/proc/{{maker}}"):
    time.sleep(0.01)
try:
    outcome = str(bus.call_blocking("{NAME}", "{PATH}", "{EXAMPLE}", "Echo", "v", ("unseen",), timeout=20))
except dbus.DBusException as e:
    outcome = e.get_dbus_name()
with open(sys.argv[1] + ".new", "w") as f:
    f.write(outcome)
os.rename(sys.argv[1] + ".new", sys.argv[1])
""", result)
    maker.wait(10)
    wait_for(result.exists, "the outcome")
    assert result.read_text() == ACCESS_DENIED
    assert display.log.of("Echo") == []
