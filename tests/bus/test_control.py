"""org.lull.Lull1, as docs/org.lull.Lull1.md describes it."""
import re
import time
import xml.etree.ElementTree as ElementTree

import dbus
import pytest

from rig import BUILD, HERE, LULL, LULL_PATH, MINUTE, PROPERTIES, Lulld, wait_for

INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
ERROR = LULL + ".Error."
INT64_MAX = 0x7fffffffffffffff
DAY = 24 * 60 * MINUTE

DOC = (HERE.parent.parent / "docs/org.lull.Lull1.md").read_text()
TICKED = re.compile(r"`([^`]+)`")


def rows(heading):
    """The first table below a heading of the document, as lists of cells."""
    section = DOC.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    cells = [[c.strip() for c in line.strip("|").split("|")]
             for line in section.splitlines() if line.startswith("| `")]
    return [[TICKED.match(c[0])[1], *c[1:]] for c in cells]


def signature(cell):
    return "".join(TICKED.findall(cell))


METHODS = {name: (signature(in_), signature(out)) for name, in_, out, *_ in rows("Methods")}
SIGNATURES = {name: type_.split()[0].rstrip(",") for name, type_, *_ in rows("Properties")}
TYPES = {"Focus": dbus.Boolean, "Until": dbus.Int64, "Tokens": dbus.Array, "Held": dbus.UInt32,
         "NextRelease": dbus.Int64, "NextChange": dbus.Int64, "NextBlock": dbus.String, "NextDelivery": dbus.Int64,
         "InFront": dbus.Boolean, "Display": dbus.Dictionary, "Version": dbus.String}


def now_us():
    return int(time.time() * 1000000)


def introspect(user, path=LULL_PATH):
    return ElementTree.fromstring(user.call("Introspect", to=LULL, path=path, interface=INTROSPECTABLE))


def close_to(a, b, us=2000000):
    return abs(int(a) - int(b)) < us


@pytest.fixture
def listener(bus):
    """Collects PropertiesChanged."""
    p = bus.peer()
    p.listen(f"type='signal',path='{LULL_PATH}',interface='{PROPERTIES}',member='PropertiesChanged'")

    def changes():
        p.driver("GetId")
        p.signals()
        return [s["args"] for s in p.heard if s["member"] == "PropertiesChanged"]

    return changes


def test_introspection_has_every_method_with_its_signature(lulld, user):
    interface = introspect(user).find(f"interface[@name='{LULL}']")
    found = {}
    for m in interface.findall("method"):
        sides = {"in": "", "out": ""}
        for a in m.findall("arg"):
            sides[a.get("direction", "in")] += a.get("type")
            assert a.get("name")
        found[m.get("name")] = sides["in"], sides["out"]
    assert found == METHODS
    assert {"StartFocus", "ExtendFocus", "EndFocus", "ToggleFocus", "GetStatus", "ListItems", "Release"} <= set(found)


def test_introspection_has_every_property_read_only(lulld, user):
    interface = introspect(user).find(f"interface[@name='{LULL}']")
    found = {p.get("name"): p.get("type") for p in interface.findall("property")}
    assert {k: found.get(k) for k in SIGNATURES} == SIGNATURES
    assert set(TYPES) <= set(SIGNATURES)
    assert {p.get("access") for p in interface.findall("property")} == {"read"}


def test_introspection_names_the_standard_interfaces(lulld, user):
    names = {i.get("name") for i in introspect(user).findall("interface")}
    assert {LULL, PROPERTIES, INTROSPECTABLE} <= names


def test_the_object_is_found_from_the_root(lulld, user):
    path = "/"
    for name in ("org", "lull", "Lull1"):
        assert name in [n.get("name") for n in introspect(user, path).findall("node")]
        path = path.rstrip("/") + "/" + name


def test_properties_have_their_types(lulld, user):
    every = user.call("GetAll", "s", LULL, to=LULL, path=LULL_PATH, interface=PROPERTIES)
    assert {k: type(every[k]) for k in TYPES} == TYPES
    for name in TYPES:
        assert type(user.get(name)) is TYPES[name]
        if name not in ("Until", "NextRelease"):
            assert user.get(name) == every[name]


def test_properties_before_focus_say_none(lulld, user):
    assert (user.get("Focus"), user.get("Until"), user.get("Held"), user.get("NextRelease")) == (0, 0, 0, 0)
    assert user.get("Tokens") == [] and user.get("Version")
    assert dict(user.get("Display")) == {"name": "", "how": "none", "unique": "", "program": "", "pid": 0}


def test_properties_are_read_only_and_unknown_ones_are_errors(lulld, user):
    on = dict(to=LULL, path=LULL_PATH, interface=PROPERTIES)
    name, text = user.error("Set", "ssv", LULL, "Focus", True, **on)
    assert name == "org.freedesktop.DBus.Error.PropertyReadOnly" and text
    assert user.error("Get", "ss", LULL, "Nonsense", **on)[0] == "org.freedesktop.DBus.Error.UnknownProperty"
    assert user.error("Get", "ss", "org.example.X", "Focus", **on)[0].startswith("org.freedesktop.DBus.Error.")
    assert not user.get("Focus")


def test_status_is_the_properties_in_one_value_and_the_journal(lulld, display, user):
    user.focus()
    status = user.lull("GetStatus")
    assert set(SIGNATURES) <= set(status)
    assert status["Journal"] == "disk"
    for name in ("Focus", "Held", "InFront", "Display", "Version"):
        assert status[name] == user.get(name)
    assert lulld.client_json("status")["version"] == status["Version"]


def test_start_focus_with_a_duration_ends_after_it(lulld, user):
    status = user.lull("StartFocus", "a{sv}", {"duration": dbus.Int64(25 * MINUTE)})
    assert status["Focus"] and close_to(status["Until"], now_us() + 25 * MINUTE)
    assert close_to(status["NextRelease"], status["Until"])


def test_start_focus_until_an_instant_ends_at_it(lulld, user):
    until = now_us() + 90 * MINUTE
    status = user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(until)})
    assert status["Until"] == until == status["NextRelease"]


def test_start_focus_without_options_takes_the_default(bus, user):
    lulld = Lulld(bus)
    lulld.configure("[focus]\ndefault = 7m\n")
    lulld.start()
    status = user.lull("StartFocus", "a{sv}", dbus.Dictionary({}, signature="sv"))
    assert close_to(status["Until"], now_us() + 7 * MINUTE)


def test_a_token_says_why_focus_is_on(lulld, user):
    user.focus(label="the report")
    token, = user.get("Tokens")
    assert {k: type(v) for k, v in token.items()} == {
        "kind": dbus.String, "name": dbus.String, "label": dbus.String, "since": dbus.Int64, "ends": dbus.Int64}
    assert (token["kind"], token["name"], token["label"]) == ("manual", "", "the report")
    assert close_to(token["since"], now_us()) and close_to(token["ends"], now_us() + 60 * MINUTE)


def test_start_focus_again_replaces_the_end_and_keeps_the_label(lulld, user):
    user.focus(label="the report")
    user.focus(duration=dbus.Int64(10 * MINUTE))
    token, = user.get("Tokens")
    assert close_to(user.get("Until"), now_us() + 10 * MINUTE) and token["label"] == "the report"
    user.focus(label="other")
    token, = user.get("Tokens")
    assert token["label"] == "other"


def test_extend_focus_moves_the_end(lulld, user):
    until = int(user.focus()["Until"])
    assert close_to(user.lull("ExtendFocus", "x", 10 * MINUTE)["Until"], until + 10 * MINUTE)
    assert close_to(user.lull("ExtendFocus", "x", 30 * MINUTE)["Until"], until + 40 * MINUTE)


def test_extend_focus_moves_an_end_that_was_given_as_an_instant(lulld, user):
    until = now_us() + 60 * MINUTE
    user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(until)})
    assert user.lull("ExtendFocus", "x", 10 * MINUTE)["Until"] == until + 10 * MINUTE


def test_toggle_focus_starts_and_ends(lulld, user):
    status = user.lull("ToggleFocus", "a{sv}", {"duration": dbus.Int64(5 * MINUTE), "label": "short"})
    assert status["Focus"] and close_to(status["Until"], now_us() + 5 * MINUTE)
    assert status["Tokens"][0]["label"] == "short"
    status = user.lull("ToggleFocus", "a{sv}", dbus.Dictionary({}, signature="sv"))
    assert not status["Focus"] and status["Until"] == 0


def test_without_focus_there_is_nothing_to_end_or_extend(lulld, user):
    assert user.lull_error("EndFocus")[0] == ERROR + "NoFocus"
    assert user.lull_error("ExtendFocus", "x", MINUTE)[0] == ERROR + "NoFocus"


@pytest.mark.parametrize("options", [
    {"duration": dbus.Int64(367 * DAY)},
    {"duration": dbus.Int64(INT64_MAX)},
    {"until": dbus.Int64(1)},
    {"until": dbus.Int64(INT64_MAX)},
    {"until": dbus.Int64(1000000000000000)},
], ids=str)
def test_a_block_that_cannot_be_is_an_invalid_duration(lulld, user, options):
    name, text = user.lull_error("StartFocus", "a{sv}", options)
    assert name == ERROR + "InvalidDuration" and text
    assert user.lull_error("ToggleFocus", "a{sv}", options)[0] == name
    assert not user.get("Focus")


@pytest.mark.parametrize("us", [0, -MINUTE, -61 * MINUTE, -INT64_MAX - 1, INT64_MAX, 366 * DAY])
def test_an_extension_that_cannot_be_changes_nothing(lulld, user, us):
    until = user.focus()["Until"]
    assert user.lull_error("ExtendFocus", "x", dbus.Int64(us))[0] == ERROR + "InvalidDuration"
    assert close_to(user.get("Until"), until) and user.get("Focus")


@pytest.mark.parametrize("options", [
    {"nonsense": dbus.Int64(1)},
    {"duration": "25m"},
    {"duration": dbus.Int32(60000000)},
    {"until": dbus.Double(1.5)},
    {"label": dbus.Int64(1)},
    {"label": "x" * 201},
    {"duration": dbus.Int64(MINUTE), "until": dbus.Int64(now_us() + DAY)},
], ids=lambda o: ",".join(f"{k}:{type(v).__name__}" for k, v in o.items()))
def test_bad_options_are_errors_and_change_nothing(lulld, user, options):
    name, text = user.lull_error("StartFocus", "a{sv}", options)
    assert name == ERROR + "InvalidOption"
    assert text and "\n" not in text
    assert not user.get("Focus")


def test_negative_times_are_errors(lulld, user):
    for key in ("duration", "until"):
        name, _ = user.lull_error("StartFocus", "a{sv}", {key: dbus.Int64(-1)})
        assert name in (ERROR + "InvalidDuration", ERROR + "InvalidOption")
    assert not user.get("Focus")


def test_a_label_of_200_bytes_is_kept_whole(lulld, user):
    user.focus(label="ü" * 100)
    lulld.restart()
    assert user.get("Tokens")[0]["label"] == "ü" * 100


def test_releasing_what_is_not_there_is_not_found(lulld, sender, user):
    for ids in ([7], [0], [0xffffffff, 1]):
        name, text = user.lull_error("Release", "au", [dbus.UInt32(i) for i in ids])
        assert name == ERROR + "NotFound" and text


def test_release_counts_what_it_found_once_each(lulld, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(3)]
    assert user.lull("Release", "au", [ids[0], ids[0], 7, ids[2]]) == 2
    assert user.item_ids("held") == [ids[1]]
    assert user.lull("Release", "au", dbus.Array([], signature="u")) == 1


def test_release_of_nothing_held_is_0(lulld, user):
    assert user.lull("Release", "au", dbus.Array([], signature="u")) == 0


@pytest.mark.parametrize("member, signature, args", [
    ("StartFocus", "s", ("25m",)),
    ("StartFocus", "", ()),
    ("EndFocus", "s", ("now",)),
    ("ListItems", "uu", (dbus.UInt32(0), dbus.UInt32(1))),
    ("Release", "ai", ([1],)),
])
def test_wrong_arguments_are_invalid_args(lulld, user, member, signature, args):
    assert user.lull_error(member, signature, *args)[0] == "org.freedesktop.DBus.Error.InvalidArgs"


def test_an_unknown_method_is_an_error(lulld, user):
    assert user.lull_error("Explode")[0] == "org.freedesktop.DBus.Error.UnknownMethod"


def test_changes_are_announced_with_their_values(lulld, sender, user, listener):
    user.focus(label="announced")
    wait_for(lambda: any(c[1].get("Focus") for c in listener()), "Focus is announced")
    interface, changed, invalidated = listener()[-1]
    assert interface == LULL and invalidated == []
    assert close_to(changed["Until"], now_us() + 60 * MINUTE)
    assert changed["Tokens"][0]["label"] == "announced"
    sender.notify("held")
    wait_for(lambda: listener()[-1][1].get("Held") == 1, "Held is announced")
    user.lull("EndFocus")
    wait_for(lambda: listener()[-1][1].get("Focus") == 0 and listener()[-1][1].get("Held") == 0, "the end")
    assert listener()[-1][1]["Until"] == 0 and listener()[-1][1]["Tokens"] == []


def test_a_display_that_comes_and_goes_is_announced(lulld, bus, user, listener):
    display = bus.display()
    wait_for(lambda: [c for c in listener() if c[1].get("Display", {}).get("name") == "fake-display"], "it came")
    display.kill()
    wait_for(lambda: listener()[-1][1]["Display"]["how"] == "none", "it went")


def test_a_flood_of_held_ones_is_announced_at_most_four_times_a_second(lulld, sender, user, listener):
    user.focus()
    start = time.monotonic()
    answered = []
    for i in range(600):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 600, "all are answered")
    wait_for(lambda: listener()[-1:] and listener()[-1][1].get("Held") == 600, "the last count")
    assert len(listener()) <= 4 * (time.monotonic() - start) + 2


@pytest.mark.parametrize("page", [0, 1000, 500, 499, 33])
def test_paging_over_1200_items_has_no_gaps_and_no_duplicates(lulld, sender, user, page):
    user.focus()
    answered = []
    for i in range(1200):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 1200, "all are answered")
    found, after, n_pages = [], 0, 0
    while True:
        items, after = user.lull("ListItems", "tu", after, page)
        assert len(items) <= (page if 0 < page < 500 else 500)
        found += items
        n_pages += 1
        if after == 0:
            break
    assert [int(i["id"]) for i in found] == list(map(int, answered))
    assert [str(i["summary"]) for i in found] == [f"m{i}" for i in range(1200)]
    assert n_pages >= 3
    if page == 0:
        assert len(lulld.client_json("list")) == 1200


def test_paging_goes_on_where_it_was_though_items_come_and_go(lulld, sender, user):
    user.focus()
    ids = [sender.notify(f"m{i}") for i in range(20)]
    first, after = user.lull("ListItems", "tu", 0, 10)
    sender.close_notification(ids[3])
    sender.close_notification(ids[9])
    sender.close_notification(ids[15])
    last = sender.notify("new")
    rest = []
    while after:
        items, after = user.lull("ListItems", "tu", after, 4)
        rest += items
    assert [int(i["id"]) for i in first] == ids[:10]
    assert [int(i["id"]) for i in rest] == [*ids[10:15], *ids[16:], last]


@pytest.mark.parametrize("after", [1, 2**40, 2**60, 2**62, 2**63, 2**64 - 1])
def test_a_page_after_nonsense_is_answered(lulld, sender, user, after):
    user.focus()
    sender.notify("held")
    items, _ = user.lull("ListItems", "tu", dbus.UInt64(after), dbus.UInt32(0xffffffff))
    assert len(items) <= 1


def test_the_client_starts_extends_toggles_and_ends(lulld, user):
    lulld.client("focus", "25m")
    assert close_to(user.get("Until"), now_us() + 25 * MINUTE)
    lulld.client("extend", "10m")
    assert close_to(user.get("Until"), now_us() + 35 * MINUTE)
    lulld.client("toggle")
    assert not user.get("Focus")
    lulld.client("toggle", "1h")
    assert close_to(user.get("Until"), now_us() + 60 * MINUTE)
    lulld.client("end")
    assert not user.get("Focus")
    at = time.localtime(time.time() + 3 * 3600)
    lulld.client("focus", "--until", time.strftime("%H:%M", at))
    assert int(user.get("Until")) // 1000000 % 60 == 0
    assert close_to(user.get("Until"), now_us() + 180 * MINUTE, 61 * 1000000)


def test_the_client_says_refusals_in_one_line_and_its_status(lulld, bus):
    for argv, status in ((("end",), 1), (("extend", "10m"), 1), (("focus", "nonsense"), 2),
                         (("release", "12"), 1), (("nonsense",), 2)):
        r = lulld.client(*argv, status=status)
        assert r.stdout == "" and r.stderr.count("\n") == 1, argv
    lulld.stop()
    for argv in (("status",), ("list",), ("release",), ("end",), ("focus", "25m")):
        r = bus.run(BUILD / "lull", *argv)
        assert r.returncode == 3 and r.stderr.count("\n") == 1, argv
