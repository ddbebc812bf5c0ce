"""A display server that does as it is told: fake_display.py LOG [--flags N] [--dies-on SUMMARY] [--name NAME] ...

It asks for org.freedesktop.Notifications, writes every call to LOG, a line of JSON each, and never closes
anything by itself. It is told over org.lull.FakeDisplay on its own unique name, which is in the first line.
With --bus-name it has that name instead, as GNOME Shell. As dunst and mako do, it has an interface of its own,
too: org.example.Display1, on two paths. Asked whether it is told not to disturb, it answers as dunst, mako, swaync
and xfce4-notifyd do.
"""
import argparse
import json
import os
import signal
import sys
import time

import dbus
import dbus.lowlevel
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
CONTROL = "org.lull.FakeDisplay"
EXAMPLE = "org.example.Display1"
EXAMPLE_PATH = "/org/example/Display"
PROPERTIES = "org.freedesktop.DBus.Properties"
CAPABILITIES = ["actions", "body", "body-markup", "persistence", "x-lull-fake"]


def plain(value):
    """JSON for what comes over the bus; long arrays by their length only."""
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, dbus.Byte):
        return int(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return len(value) if len(value) > 64 else [plain(v) for v in value]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


class NotReady(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.DBus.Error.UnknownMethod"


class Refused(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.DBus.Error.Failed"


class Broken(dbus.DBusException):
    _dbus_error_name = "org.example.Error.Broken"


class UnknownProperty(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.DBus.Error.UnknownProperty"


class Example(dbus.service.Object):
    """What a display offers besides notifications."""

    def __init__(self, bus, path, log_file):
        super().__init__(bus, path)
        self.log_file = log_file
        self.paused = False
        self.is_quiet = False
        self.late = []

    def log(self, event, **fields):
        self.log_file.write(json.dumps({"event": event, "t": time.monotonic(), **fields}) + "\n")

    @dbus.service.method(EXAMPLE, in_signature="v", out_signature="v", sender_keyword="sender")
    def Echo(self, value, sender=None):
        self.log("Echo", value=plain(value), sender=sender)
        return value

    @dbus.service.method(EXAMPLE, sender_keyword="sender")
    def Fail(self, sender=None):
        raise Broken("as you wish")

    @dbus.service.method(EXAMPLE, in_signature="h", out_signature="h")
    def Descriptor(self, fd):
        return fd

    @dbus.service.method(EXAMPLE, out_signature="s", async_callbacks=("answer", "refuse"))
    def Later(self, answer, refuse):
        """Answered when Answer is called."""
        self.late.append(answer)
        self.log("Later")

    @dbus.service.method(EXAMPLE)
    def Answer(self):
        for answer in self.late:
            answer("at last")
        self.late = []

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        if (interface, name) != (EXAMPLE, "Paused"):
            raise UnknownProperty(f"no {name}")
        return dbus.Boolean(self.paused, variant_level=1)

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        if interface == "org.dunstproject.cmd0":
            return {"paused": dbus.Boolean(self.is_quiet)}
        return {"Paused": dbus.Boolean(self.paused)} if interface == EXAMPLE else {}

    @dbus.service.method(PROPERTIES, in_signature="ssv")
    def Set(self, interface, name, value):
        self.Get(interface, name)
        self.paused = bool(value)
        self.PropertiesChanged(EXAMPLE, {"Paused": dbus.Boolean(self.paused)}, [])

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


class Mako(dbus.service.Object):
    def __init__(self, bus, display):
        super().__init__(bus, "/fr/emersion/Mako")
        self.display = display

    @dbus.service.method("fr.emersion.Mako", out_signature="as")
    def ListModes(self):
        return ["default", "do-not-disturb"] if self.display.is_quiet else ["default"]


class Swaync(dbus.service.Object):
    def __init__(self, bus, display):
        super().__init__(bus, "/org/erikreider/swaync/cc")
        self.display = display

    @dbus.service.method("org.erikreider.swaync.cc", out_signature="b")
    def GetDnd(self):
        return self.display.is_quiet


class Xfconf(dbus.service.Object):
    def __init__(self, bus, display):
        super().__init__(bus, "/org/xfce/Xfconf")
        self.display = display

    @dbus.service.method("org.xfce.Xfconf", in_signature="ss", out_signature="v")
    def GetProperty(self, channel, name):
        assert (channel, name) == ("xfce4-notifyd", "/do-not-disturb")
        return self.display.is_quiet


class FakeDisplay(Example):
    def __init__(self, bus, log, name, dies_on, is_ready, is_unicast):
        super().__init__(bus, PATH, open(log, "a", buffering=1))
        self.is_ready = is_ready
        self.is_unicast = is_unicast
        self.senders = {}
        self.bus = bus
        self.example = Example(bus, EXAMPLE_PATH, self.log_file)
        self.others = Mako(bus, self), Swaync(bus, self), Xfconf(bus, self)
        self.name = name
        self.dies_on = dies_on
        self.last_id = 0
        self.refusals = 0
        self.refused_summary = None
        self.is_mute = False
        self.delay_ms = 0
        self.capabilities = CAPABILITIES

    # --- as lulld sees it ---

    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u",
                         async_callbacks=("answer", "refuse"), sender_keyword="sender")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout, answer, refuse, sender=None):
        if self.refusals > 0 or summary == self.refused_summary:
            self.refusals = max(0, self.refusals - 1)
            shown = 0
        elif replaces:
            shown = int(replaces)
        else:
            self.last_id += 1
            shown = self.last_id
        self.senders[shown] = sender
        self.log("Notify", app=str(app), replaces=int(replaces), icon=str(icon), summary=str(summary),
                 body=str(body), actions=plain(actions), hints=plain(hints), timeout=int(timeout),
                 id=shown, sender=sender, mute=self.is_mute)
        if summary == self.dies_on:
            os._exit(42)
        if self.is_mute:
            return
        if shown == 0:
            refuse(Refused("not this one"))
        elif self.delay_ms:
            GLib.timeout_add(self.delay_ms, lambda: answer(shown))
        else:
            answer(shown)

    @dbus.service.method(NAME, in_signature="u", sender_keyword="sender")
    def CloseNotification(self, shown, sender=None):
        self.log("CloseNotification", id=int(shown), sender=sender)
        self.NotificationClosed(shown, 3)

    @dbus.service.method(NAME, out_signature="as")
    def GetCapabilities(self):
        return self.capabilities

    @dbus.service.method(NAME, out_signature="ssss")
    def GetServerInformation(self):
        if not self.is_ready:
            self.log("NotReady")
            raise NotReady("no such object yet")
        return self.name, "lull", "1", "1.2"

    @dbus.service.signal(NAME, signature="uu")
    def NotificationClosed(self, shown, reason):
        pass

    @dbus.service.signal(NAME, signature="us")
    def ActionInvoked(self, shown, key):
        pass

    @dbus.service.signal(NAME, signature="us")
    def ActivationToken(self, shown, token):
        pass

    @dbus.service.signal(NAME, signature="us")
    def NotificationReplied(self, shown, text):
        pass

    # --- as the test sees it ---

    @dbus.service.method(CONTROL, in_signature="uu")
    def Close(self, shown, reason):
        if self.is_unicast:
            self.unicast("NotificationClosed", shown, "uu", shown, reason)
            return
        self.NotificationClosed(shown, reason)

    @dbus.service.method(CONTROL, in_signature="uss")
    def Invoke(self, shown, key, token):
        if self.is_unicast:
            self.unicast("ActionInvoked", shown, "us", shown, key)
            return
        if token:
            self.ActivationToken(shown, token)
        self.ActionInvoked(shown, key)

    @dbus.service.method(CONTROL, in_signature="us")
    def Reply(self, shown, text):
        self.NotificationReplied(shown, text)

    @dbus.service.method(CONTROL, in_signature="s")
    def Changed(self, interface):
        self.PropertiesChanged(interface, {"Inhibited": dbus.Boolean(True)}, [])

    def unicast(self, member, shown, signature, *args):
        """As dunst does: to the connection that the notification came from."""
        message = dbus.lowlevel.SignalMessage(PATH, NAME, member)
        message.set_destination(self.senders[int(shown)])
        message.append(*args, signature=signature)
        self.bus.send_message(message)

    @dbus.service.method(CONTROL)
    def Ready(self):
        self.is_ready = True

    @dbus.service.method(CONTROL, in_signature="u")
    def Refuse(self, n):
        self.refusals = n

    @dbus.service.method(CONTROL, in_signature="s")
    def RefuseSummary(self, summary):
        self.refused_summary = summary

    @dbus.service.method(CONTROL, in_signature="s")
    def DieOn(self, summary):
        self.dies_on = summary

    @dbus.service.method(CONTROL, in_signature="b")
    def Mute(self, is_mute):
        self.is_mute = is_mute

    @dbus.service.method(CONTROL, in_signature="b")
    def Quiet(self, is_quiet):
        self.is_quiet = bool(is_quiet)

    @dbus.service.method(CONTROL, in_signature="u")
    def Delay(self, ms):
        self.delay_ms = ms


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--flags", type=int, default=0)
    parser.add_argument("--dies-on")
    parser.add_argument("--name", default="fake-display", help="what it says of itself")
    parser.add_argument("--bus-name", default=NAME, help="the name to ask for")
    parser.add_argument("--second-name", help="one more name to ask for")
    parser.add_argument("--not-ready", action="store_true", help="until told to be")
    parser.add_argument("--stays", action="store_true", help="on the bus, also without the name")
    parser.add_argument("--no-actions", action="store_true", help="it has no buttons")
    parser.add_argument("--ignores-term", action="store_true")
    parser.add_argument("--unicast", action="store_true", help="signals go to the sender of a notification only")
    args = parser.parse_args()
    DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    if args.ignores_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    display = FakeDisplay(bus, args.log, args.name, args.dies_on, not args.not_ready, args.unicast)
    if args.no_actions:
        display.capabilities = [c for c in CAPABILITIES if c != "actions"]
    for name, other in (("SwayNotificationCenter", "org.erikreider.swaync.cc"), ("Xfce Notify Daemon", "org.xfce.Xfconf")):
        if args.name == name:
            bus.request_name(other)
    if args.second_name:
        bus.request_name(args.second_name)
    try:
        got = bus.request_name(args.bus_name, args.flags)
    except dbus.NameExistsException:
        got = 3
    if args.flags & 4 and got != 1 and not args.stays:
        sys.exit(1)
    display.log("up", unique=str(bus.get_unique_name()), pid=os.getpid(), answer=int(got))
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
