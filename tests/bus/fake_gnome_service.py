"""GNOME Shell's process for the notifications' name, as far as its names go: LOG fdn-first|own-first GAP_S QUIT_S.

It asks for both names, GAP_S apart, and ends QUIT_S after it has lost its own.
"""
import json
import os
import sys
import time

import dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME, OWN = "org.freedesktop.Notifications", "org.gnome.Shell.Notifications"
REPLACE, ALLOW_REPLACEMENT = 2, 1


def main():
    path, order, gap, quits = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    DBusGMainLoop(set_as_default=True)
    log = open(path, "a", buffering=1)
    bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    loop = GLib.MainLoop()

    def lost(name):
        if name == OWN:
            GLib.timeout_add(int(quits * 1000), loop.quit)

    bus.add_signal_receiver(lost, "NameLost", "org.freedesktop.DBus")
    for i, name in enumerate((NAME, OWN) if order == "fdn-first" else (OWN, NAME)):
        if i:
            time.sleep(gap)
        bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                          "su", (name, REPLACE if name == NAME else REPLACE | ALLOW_REPLACEMENT))
    log.write(json.dumps({"event": "up", "unique": str(bus.get_unique_name()), "pid": os.getpid()}) + "\n")
    loop.run()


if __name__ == "__main__":
    main()
