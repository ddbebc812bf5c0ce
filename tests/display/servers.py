"""The real display servers, each with how to set it up and how a person would press its buttons, and their screens."""

import os
import re
import subprocess

from pointer import Pointer
from rig import BUS, BUS_PATH

XFCE = "/usr/lib/x86_64-linux-gnu/xfce4"

WIDTH, HEIGHT = 1280, 800
# Where nothing is that could notice the pointer.
PARKED = 5, HEIGHT - 10

# A click on a popup runs its action, and nothing goes away by itself.
DUNSTRC = """
[global]
width = 400
origin = top-right
offset = 20x40
mouse_left_click = do_action, close_current
[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
"""


class Server:
    """What holds for most of them."""

    argv = []
    session = "x_session"  # the fixture

    @staticmethod
    def prepare(session):
        pass

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        """Choose this action of the only popup, which is in this box; so many others have a button after its own."""
        raise NotImplementedError

    @staticmethod
    def dismiss(session, box, display_id):
        session.close_on_display(display_id)


class Dunst(Server):
    """Left click: the default action, or the only one."""

    argv = ["/usr/bin/dunst"]

    @staticmethod
    def prepare(session):
        session.write(".config/dunst/dunstrc", DUNSTRC)

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        session.click(x + width // 2, y + height // 2)


class Xfce(Server):
    """Each action, the default one too, has a button along the lower edge."""

    argv = [XFCE + "/notifyd/xfce4-notifyd"]

    @staticmethod
    def prepare(session):
        # It keeps its settings there. A session's bus would start it, but dbus-broker does so only through systemd.
        session.start([XFCE + "/xfconf/xfconfd"])
        session.wait_for(lambda: session.call(BUS, BUS_PATH, BUS, "NameHasOwner", "s", "org.xfce.Xfconf"), "xfconfd")
        for name in ("do-fadeout", "do-slideout"):
            session.run(["xfconf-query", "-c", "xfce4-notifyd", "-p", "/" + name, "-n", "-t", "bool", "-s",
                         "false"])

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        session.click(x + width - 55 - 92 * n_after, y + height - 30)


class Mate(Server):
    """A click beside the text is the default action; others have buttons at the lower right."""

    argv = ["/usr/lib/mate-notification-daemon/mate-notification-daemon"]

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        if key == "default":
            session.click(x + width // 2, y + height // 2)
        else:
            session.click(x + width - 60, y + height - 27)


class NotificationDaemon(Server):
    """As MATE's. One popup at a time, which CloseNotification doesn't take from the screen: its cross does."""

    argv = ["/usr/lib/notification-daemon/notification-daemon"]

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        if key == "default":
            session.click(x + width // 2, y + height // 2)
        else:
            session.click(x + width - 85, y + height - 37)

    @staticmethod
    def dismiss(session, box, display_id):
        x, y, width, _ = box
        session.click(x + width - 23, y + 27)


class Lxqt(Server):
    """Each action, the default one too, has a button along the lower edge."""

    argv = ["/usr/bin/lxqt-notificationd"]

    @staticmethod
    def prepare(session):
        session.write(".config/lxqt/notifications.conf", "[General]\nplacement=top-right\n")

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        session.click(x + width - 75, y + height - 33)


class Mako(Server):
    """Left click: the default action. Others are in a menu that is a program of the user's, which asks mako for them."""

    argv = ["/usr/bin/mako"]
    session = "sway_session"

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        if key == "default":
            session.click(x + width // 2, y + height // 2)
        else:
            session.call(session.display(), "/fr/emersion/Mako", "fr.emersion.Mako", "InvokeAction", "us",
                         display_id, key)
            session.close_on_display(display_id)


class Swaync(Server):
    """A click on the text is the default action; others have buttons along the lower edge."""

    argv = ["/usr/bin/swaync"]
    session = "sway_session"

    @staticmethod
    def press(session, box, display_id, key, n_after=0):
        x, y, width, height = box
        session.click(x + width // 2, y + 30 if key == "default" else y + height - 30)


ON_X11 = [Dunst, Xfce, Mate, NotificationDaemon, Lxqt]
ON_SWAY = [Mako, Swaync]


# --- screens -------------------------------------------------------------------------------------------


def start_x(session):
    read_fd, write_fd = os.pipe()
    session.start(["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"],
                  pass_fds=[write_fd], stderr=subprocess.DEVNULL)
    os.close(write_fd)
    with os.fdopen(read_fd) as f:
        session.env["DISPLAY"] = ":" + f.readline().strip()
    assert session.env["DISPLAY"] != ":"
    session.shoot_argv = ["import", "-window", "root", "png:-"]

    def click(x, y):
        session.run(["xdotool", "mousemove", str(x), str(y), "click", "1", "mousemove", *map(str, PARKED)])

    session.click = click


def start_sway(session):
    session.write("sway.conf", f"output * resolution {WIDTH}x{HEIGHT}\n")
    session.env.update(WLR_BACKENDS="headless", WLR_RENDERER="pixman", WLR_LIBINPUT_NO_DEVICES="1")
    session.start(["sway", "-c", session.dir + "/sway.conf"], stderr=subprocess.DEVNULL)

    def sockets():
        return [n for n in os.listdir(session.dir) if re.fullmatch(r"wayland-\d+", n)]

    session.env["WAYLAND_DISPLAY"] = session.wait_for(sockets, "sway's socket")[0]
    session.shoot_argv = ["grim", "-"]
    session.pointer = Pointer(f"{session.dir}/{session.env['WAYLAND_DISPLAY']}", WIDTH, HEIGHT)

    def click(x, y):
        session.pointer.click(x, y)
        session.pointer.move(*PARKED)

    session.click = click
    session.pointer.move(*PARKED)
