"""GNOME Shell under Xvfb, on a bus that starts its helper for notifications, and a system bus of mocks for it."""

import json
import os
import shutil
import subprocess

import rig
from rig import FDN, FDN_PATH, PYTHON

SHELL = "org.gnome.Shell"
SHELL_HELPER = "org.gnome.Shell.Notifications"

SYSTEM_BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={directory}/system-bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
# What of the system the shell can't do without.
MOCKS = ("logind", "upower", "networkmanager")

# An application with a window, for only by that does the shell know whose process it is. Sends each line that it
# reads, with nothing in it that says who sends.
APP = """
import sys
import gi
gi.require_version("Gtk", "3.0")
from gi.repository import Gio, GLib, Gtk

def send(source, condition):
    summary = sys.stdin.readline().strip()
    if not summary:
        Gtk.main_quit()
        return False
    notification = GLib.Variant("(susssasa{sv}i)", ("", 0, "", summary, "a body", [], {}, -1))
    bus.call_sync("org.freedesktop.Notifications", "/org/freedesktop/Notifications",
                  "org.freedesktop.Notifications", "Notify", notification, None, Gio.DBusCallFlags.NONE, 20000, None)
    print("sent", flush=True)
    return True

GLib.set_prgname(sys.argv[1])
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
Gtk.Window(title="an application", default_width=200, default_height=100).show_all()
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, send)
Gtk.main()
"""

# The panel with its clock is no part of the pictures.
PANEL_PX = 34


class GnomeSession(rig.Session):
    def open_gnome(self):
        """The bus, the screen and what the shell needs; start_shell() starts it."""
        self.open()
        shutil.copy(f"/usr/share/dbus-1/services/{SHELL_HELPER}.service", self.dir + "/services")
        self.call(rig.BUS, rig.BUS_PATH, rig.BUS, "ReloadConfig")
        self.write("system-bus.conf", SYSTEM_BUS_CONFIG.format(directory=self.dir))
        daemon = self.start(["dbus-daemon", "--nofork", "--nopidfile", "--print-address",
                             f"--config-file={self.dir}/system-bus.conf"], stdout=subprocess.PIPE, text=True)
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        self.env.update(XDG_CURRENT_DESKTOP="GNOME", LIBGL_ALWAYS_SOFTWARE="1", XDG_DATA_DIRS="/usr/share")
        for template in MOCKS:
            self.start([PYTHON, "-m", "dbusmock", "--system", "--template", template],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for(self.mocks_are_there, "the mocks of system services")

    def mocks_are_there(self):
        names = self.run(["busctl", "--system", "list", "--no-pager", "--no-legend"], stdout=subprocess.PIPE,
                         text=True).stdout
        return all(name in names for name in ("login1", "UPower", "NetworkManager"))

    def start_shell(self):
        """Returns when it takes notifications."""
        with open(self.dir + "/shell.log", "w", encoding="utf-8") as log:
            # Unsafe mode is what lets a test look into it.
            self.start(["gnome-shell", "--x11", "--sm-disable", "--unsafe-mode"], stdout=log, stderr=log)
        self.wait_for(lambda: self.owner(SHELL) and self.is_ready(), "the shell", seconds=40)
        self.wait_for(lambda: self.owner(SHELL_HELPER), "its helper for notifications")
        # A screen that moves is no background for anything: no overview, no animations, no word about root.
        self.wait_for(lambda: not self.look("Main.layoutManager._startingUp"), "the end of its start")
        self.look("imports.gi.St.Settings.get().inhibit_animations(), Main.overview.hide(), true")
        self.wait_for(lambda: not self.look("Main.overview.visible"), "the desktop")
        self.look("Main.messageTray.getSources().forEach(s => s.destroy()), true")
        self.wait_for(lambda: self.look("Main.messageTray._banner === null"), "a desktop without a banner")

    def owner(self, name):
        try:
            return str(self.call(rig.BUS, rig.BUS_PATH, rig.BUS, "GetNameOwner", "s", name))
        except rig.dbus.DBusException:
            return None

    def is_ready(self):
        try:
            return self.call(SHELL, FDN_PATH, FDN, "GetServerInformation")
        except rig.dbus.DBusException:
            return False

    def display(self):
        return self.owner(SHELL)

    def look(self, script):
        """Run a piece of the shell's own JavaScript; returns its value."""
        is_done, answer = self.call(SHELL, "/org/gnome/Shell", SHELL, "Eval", "s", script)
        assert is_done, answer
        return json.loads(str(answer)) if answer else None

    def sources(self):
        """Whose notifications the shell has: title, application and pid, and the notifications' titles."""
        return self.look("Main.messageTray.getSources().map(s => ({title: s.title, app: s.app ? s.app.get_id() : null,"
                         " pid: Number(s.pid), notifications: s.notifications.map(n => n.title)}))")

    def source_of(self, summary):
        return next((s for s in self.sources() if summary in s["notifications"]), None)

    def start_app(self, app_id):
        """A program that the shell knows as this application, ready to send."""
        app = self.start([PYTHON, "-c", APP, app_id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait_for(lambda: app_id + ".desktop" in self.look(
            "imports.gi.Shell.AppSystem.get_default().get_running().map(a => a.get_id())"), "the application's window")
        return app

    def close_all(self):
        for name in self.look("Object.keys(Main.notificationDaemon._fdoNotificationDaemon._notifications)"):
            self.call(SHELL, FDN_PATH, FDN, "CloseNotification", "u", int(name))

    def owners(self):
        """Who has had the notifications' name since the monitor runs, in order; "" is nobody."""
        return [m["args"][2] for m in self.messages()[1:] if m["member"] == "NameOwnerChanged" and m["args"][0] == FDN]


def click(session, box):
    """Choose the default action of the popup in this box."""
    x, y, width, height = box
    session.run(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2 + PANEL_PX), "click", "1"])


def click_button(session, screen, box):
    """Choose the other action of the popup in this box: its button appears when the pointer is there."""
    x, y, width, height = box
    session.run(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2 + PANEL_PX)])
    session.wait_for(lambda: session.look("Main.messageTray._banner && Main.messageTray._banner.expanded"), "the button")
    x, y, width, height = screen.wait_popups("with-button")
    session.run(["xdotool", "mousemove", str(x + width // 2), str(y + height - 25 + PANEL_PX), "click", "1"])


def open_session(directory):
    os.chmod(directory, 0o700)
    session = GnomeSession(str(directory))
    return session
