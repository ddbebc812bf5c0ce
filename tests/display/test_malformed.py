"""Pings that are wrong in every way, through lulld to real servers: these survive, and each is answered."""

import json

import dbus
import pytest

from rig import FDN, FDN_PATH
from servers import Dunst, Xfce

MARKUP_BOMB = "<b>" * 5000 + "x" + "</b>" * 5000
UNCLOSED = "<b><i><u><a href=\"" + "<" * 2000


def image(width, height, rowstride, alpha, bits, channels, data):
    return dbus.Struct((dbus.Int32(width), dbus.Int32(height), dbus.Int32(rowstride), dbus.Boolean(alpha),
                        dbus.Int32(bits), dbus.Int32(channels), dbus.ByteArray(data)), signature="iiibiiay")


def nested(depth):
    value = dbus.String("deep")
    for _ in range(depth):
        value = dbus.Array([value], signature="v")
    return value


# What differs from a good ping: hints, or the other arguments by their names.
MALFORMED = {
    "urgency is a text": {"hints": {"urgency": "critical"}},
    "urgency is 255": {"hints": {"urgency": dbus.Byte(255)}},
    "urgency is a 64-bit number": {"hints": {"urgency": dbus.Int64(-2**63)}},
    "urgency is an array": {"hints": {"urgency": dbus.Array([1], signature="y")}},
    "category is a number": {"hints": {"category": dbus.Int32(1)}},
    "desktop-entry is an array": {"hints": {"desktop-entry": dbus.Array(["a"], signature="s")}},
    "desktop-entry climbs": {"hints": {"desktop-entry": "../../../../etc/passwd"}},
    "transient is a text": {"hints": {"transient": "yes"}},
    "resident is a structure": {"hints": {"resident": dbus.Struct((1, "a"))}},
    "value is not a number": {"hints": {"value": dbus.Double(float("nan"))}},
    "value is huge": {"hints": {"value": dbus.UInt64(2**64 - 1)}},
    "value is negative": {"hints": {"value": dbus.Int32(-2**31)}},
    "x and y are texts": {"hints": {"x": "1", "y": "2"}},
    "a large image of 10 bytes": {"hints": {"image-data": image(1000, 1000, 3000, False, 8, 3, b"0123456789")}},
    "an old image of 10 bytes": {"hints": {"icon_data": image(1000, 1000, 3000, False, 8, 3, b"0123456789")}},
    "an image whose size overflows": {
        "hints": {"image-data": image(0x7fffffff, 0x7fffffff, 0x7fffffff, True, 8, 4, bytes(64))}},
    "an image of negative size": {"hints": {"image-data": image(-1, -1, -3, False, 8, 3, bytes(64))}},
    "an image without rows": {"hints": {"image_data": image(1, 0, 3, False, 8, 3, b"")}},
    "an image of 1 bit": {"hints": {"image-data": image(8, 8, 8, False, 1, 1, bytes(64))}},
    "an image that is a text": {"hints": {"image-data": "image.png"}},
    "an image path to a device": {"hints": {"image-path": "file:///dev/null"}},
    "an icon that is a directory": {"icon": "/"},
    "an icon of 100,000 bytes": {"icon": "i" * 100000},
    "one action": {"actions": ["default"]},
    "three actions": {"actions": ["default", "Open", "half"]},
    "200 actions": {"actions": ["a", "b"] * 200},
    "actions of empty texts": {"actions": ["", "", "", ""]},
    "a summary of 1 MiB": {"summary": "s" * (1 << 20)},
    "a body of 2 MiB": {"body": "b " * (1 << 20)},
    "no text at all": {"summary": "", "body": ""},
    "a summary of markup": {"summary": "<b>&bad;</i>"},
    "a markup bomb": {"body": MARKUP_BOMB},
    "markup that never ends": {"body": UNCLOSED},
    "entities": {"body": "&lol;&#0;&#x110000;&amp;amp;&" * 100},
    "control characters": {"summary": "\x01\x1b[31m\u202e", "body": "\x7f\x08\x0b" * 50},
    "one long word": {"body": "\U0001f469\u200d" * 20000},
    "nested variants": {"hints": {"x-deep": nested(15)}},
    "200 unknown hints": {"hints": {f"x-{i}": "v" * 1000 for i in range(200)}},
    "an empty key": {"hints": {"": dbus.Array([], signature="(iiv)")}},
    "a timeout before now": {"timeout": -2**31},
    "a timeout of 24 days": {"timeout": 2**31 - 1},
    "an application without a name": {"app": "", "hints": {"desktop-entry": ""}},
    "a tag that is a number": {"hints": {"x-canonical-private-synchronous": dbus.Int32(1)}},
    "a tag of 100,000 bytes": {"hints": {"x-dunst-stack-tag": "t" * 100000}},
    "a sound that is a number": {"hints": {"sound-file": dbus.Int32(1), "sound-name": dbus.Byte(2)}},
    "a replacement of the largest id": {"replaces": 2**32 - 1},
}


def notify(session, summary="a summary", body="a body", app="test", icon="", actions=(), hints=None,
           timeout=1000, replaces=0):
    return int(session.call(FDN, FDN_PATH, FDN, "Notify", "susssasa{sv}i", app, dbus.UInt32(replaces), icon,
                            summary, body, dbus.Array(actions, signature="s"),
                            dbus.Dictionary(hints or {}, signature="sv"), timeout))


def start(session, server):
    server.prepare(session)
    session.start_monitor()
    shim = session.start_shimmed(*server.argv)
    session.wait_for(lambda: len(session.queue()) == 1, "the server has the name")
    session.start_lulld()
    session.wait_in_front()
    return shim, session.display()


@pytest.mark.parametrize("server", [Dunst, Xfce])
def test_malformed_pings_harm_neither_server_nor_lulld_and_are_shown(x_session, server):
    session = x_session
    shim, display = start(session, server)
    not_shown = []
    for n, (name, odd) in enumerate(MALFORMED.items()):
        assert notify(session, **odd) > 0, name
        # Deliveries keep their order: once this one is on the display, the odd one has had its turn.
        follower = f"after {n}"
        notify(session, follower)
        shown = session.wait_shown(follower)
        assert (shim.poll(), session.queue()[1:]) == (None, [display]), f"the server died of: {name}"
        if len(session.shown()) != 2 * (n + 1) - len(not_shown):
            not_shown.append(name)
        for _, display_id, _ in session.shown()[-2:]:
            session.close_on_display(display_id)
        assert shown[1] > 0
    # dunst answers 0 to what would be an empty popup.
    assert not_shown in ([], ["no text at all"])
    assert session.lulld.poll() is None
    notify(session, "a good one")
    session.wait_shown("a good one")


@pytest.mark.parametrize("server", [Dunst, Xfce])
def test_malformed_pings_that_were_held_come_out_and_harm_nobody(x_session, server):
    session = x_session
    shim, display = start(session, server)
    session.lull("focus", "50m")
    at_once = ("urgency", "value", "tag")
    held = [name for name in MALFORMED if not any(word in name for word in at_once)]
    ids = [notify(session, **MALFORMED[name]) for name in held]
    assert len(session.held()) == len(ids) == len(set(ids))
    for name, id_ in zip(held, ids):
        session.lull("release", str(id_))
        notify(session, f"after {name}", hints={"urgency": dbus.Byte(2), "category": "call.incoming"})
        session.wait_shown(f"after {name}")
        session.wait_for(lambda: not [i for i in json.loads(session.lull("list", "--json")) if i["id"] == id_ and
                                      i["state"] == "releasing"], f"its turn: {name}")
        for _, display_id, _ in session.shown()[-3:]:
            session.close_on_display(display_id)
        assert (shim.poll(), session.queue()[1:]) == (None, [display]), f"the server died of: {name}"
    assert session.lulld.poll() is None


@pytest.mark.parametrize("server", [Dunst, Xfce])
def test_a_body_of_many_lines_does_not_keep_the_server_busy(x_session, server):
    session = x_session
    start(session, server)
    notify(session, body="b\n" * (1 << 15))
    notify(session, "after it")
    session.wait_shown("after it")
