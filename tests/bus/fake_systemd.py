"""systemd as far as `lull enable` asks it: LoadState ActiveState of lulld.service, lulld.

What changes something is told, and a unit that has failed is started only after a reset.
"""
import subprocess
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

UNIT = "/org/freedesktop/systemd1/unit/lulld_2eservice"
STATE = {"Id": "lulld.service", "LoadState": sys.argv[1], "ActiveState": sys.argv[2]}


def method(i, o):
    return dbus.service.method("org.freedesktop.systemd1.Manager", in_signature=i, out_signature=o)


class Manager(dbus.service.Object):
    @method("s", "o")
    def LoadUnit(self, name):
        return dbus.ObjectPath(UNIT)

    @method("s", "s")
    def GetUnitFileState(self, name):
        return "enabled"

    @method("", "")
    def Reload(self):
        print("Reload", flush=True)

    @method("s", "")
    def ResetFailedUnit(self, name):
        print("ResetFailedUnit", flush=True)
        STATE["ActiveState"] = "inactive"

    @method("ss", "o")
    def StartUnit(self, name, mode):
        print("StartUnit", flush=True)
        if STATE["ActiveState"] == "failed":
            raise dbus.DBusException("start request repeated too quickly")
        subprocess.Popen([sys.argv[3]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return dbus.ObjectPath("/org/freedesktop/systemd1/job/1")


class Unit(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return STATE


def main():
    bus = dbus.SessionBus(mainloop=DBusGMainLoop())
    kept = Manager(bus, "/org/freedesktop/systemd1"), Unit(bus, UNIT)
    bus.request_name("org.freedesktop.systemd1")
    print("up", flush=True)
    GLib.MainLoop().run()
    del kept


if __name__ == "__main__":
    main()
