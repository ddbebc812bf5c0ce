"""The verbs of `lull`, against the real daemon."""
import json
import pathlib
import re
import sqlite3
import subprocess
import time

import pytest

from rig import BUILD, wait_for
from test_doctor import FakeLulld

ROOT = pathlib.Path(__file__).resolve().parents[2]
NASTY = "x\x1b[31m\n\u202ey"


def refused(bus, *args, status=1):
    """The one line that is on stderr, and nothing else anywhere."""
    r = bus.run(BUILD / "lull", *args)
    assert r.returncode == status, (args, r.stdout, r.stderr)
    assert r.stdout == "" and re.fullmatch(r"lull: [^\n]*\n", r.stderr), (r.stdout, r.stderr)
    return r.stderr[6:-1]


@pytest.fixture
def lull(bus):
    def run(*args):
        r = bus.run(BUILD / "lull", *args)
        assert r.returncode == 0 and r.stderr == "", (args, r.returncode, r.stdout, r.stderr)
        return json.loads(r.stdout) if "--json" in args else r.stdout

    return run


@pytest.fixture
def conf(bus):
    path = bus.tmp_path / "config/lull/lull.conf"
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.fixture
def held(lulld, sender, lull):
    """Makes a notification that is held."""
    lull("focus", "50m")
    return lambda *args, **kwargs: sender.notify(*args, **kwargs)


# --- help and manual ---

def overview():
    text = subprocess.run([BUILD / "lull", "--help"], text=True, capture_output=True).stdout
    return [line.split()[0] for line in text.splitlines() if re.match(r"  [a-z]", line)]


@pytest.mark.parametrize("verb", overview())
def test_each_verb_has_help_with_an_example_and_is_in_the_manual(bus, verb):
    text = bus.run(BUILD / "lull", verb, "--help").stdout
    assert text.startswith(f"Usage: lull {verb}") and re.search(rf"^  lull( help)? {verb}\b", text, re.M)
    manual = (ROOT / "docs/lull.1.scd").read_text()
    sections = dict(re.findall(r"^## (\S+).*?\n(.*?)(?=^#)", manual, re.M | re.S))
    for option in re.findall(r"^  --(\S+)", text, re.M):
        assert f"*--{option}*" in sections[verb]


def test_manual_has_no_verb_that_there_is_not():
    manual = (ROOT / "docs/lull.1.scd").read_text()
    assert re.findall(r"^## (\S+)", manual, re.M) == overview()


# --- configuration ---

def test_check_config_finds_nothing_or_prints_each_mistake(bus, lull, conf):
    assert "not there" in lull("check-config")
    conf.write_text("[focus]\ndefault = 25m\n")
    assert lull("check-config") == f"{conf}: no mistakes\n"
    assert lull("check-config", "--json") == {"file": str(conf), "mistakes": [], "warnings": []}
    other = bus.tmp_path / "other.conf"
    other.write_text("[focus]\ndefalt = 25m\n\n[release]\ndigest_above = \x1b[31m\n")
    r = bus.run(BUILD / "lull", "check-config", other)
    assert (r.returncode, r.stdout) == (1, "") and "\x1b" not in r.stderr
    lines = r.stderr.splitlines()
    assert lines[0] == f"{other}:2: unknown key 'defalt' in [focus]; did you mean 'default'?"
    assert lines[1].startswith(f"{other}:5: ") and len(lines) == 2
    assert "no file" in refused(bus, "check-config", "/nowhere/lull.conf")


def test_config_says_where_each_value_comes_from(bus, lull, conf):
    assert re.search(r"^focus\.default = 50m +default$", lull("config"), re.M)
    conf.write_text("# mine\n[focus]\ndefault = 90\n[display]\ncommand = dunst -x\n")
    text = lull("config")
    assert text.startswith(f"{conf}\n")
    assert re.search(rf"^focus\.default = 1h30m +{re.escape(str(conf))}:3$", text, re.M)
    assert re.search(rf"^display\.command = dunst -x +{re.escape(str(conf))}:5$", text, re.M)
    got = lull("config", "--json")
    assert got["file"] == str(conf) and got["exists"]
    assert got["settings"]["focus.default"] == {"value": 5400000000, "line": 3, "from": "file"}
    assert got["settings"]["journal.durability"] == {"value": "full", "line": None, "from": "default"}
    conf.write_text("[focus]\ndefault = never\n")
    assert f"{conf}:2: " in refused(bus, "config")


def test_config_shows_each_block_under_its_name(lull, conf):
    conf.write_text("[block deep-work]\ndays = weekdays\nstart = 9:00\nend = 11:30\n\n"
                    "[block night]\nstart = 22:00\nend = 6:00\nlead = 15\n[deliver]\nat = 17:00, 9:00\n")
    text = lull("config")
    assert re.search(rf"^block\.deep-work\.days = mon-fri +{re.escape(str(conf))}:2$", text, re.M)
    assert re.search(r"^block\.deep-work\.lead = 0s +default$", text, re.M)
    assert re.search(rf"^block\.night\.start = 22:00 +{re.escape(str(conf))}:7$", text, re.M)
    got = lull("config", "--json")["settings"]
    assert got["block.night.lead"] == {"value": 900000000, "line": 9, "from": "file"}
    assert got["block.night.until"] == {"value": "", "line": None, "from": "default"}
    assert got["deliver.at"] == {"value": "09:00, 17:00", "line": 11, "from": "file"}
    assert "block.start" not in got


def test_reload_takes_a_good_file_and_refuses_a_bad_one(bus, lulld, lull, conf):
    conf.write_text("[focus]\ndefault = 7m\n")
    assert lull("reload") == "configuration reloaded\n"
    lull("focus")
    assert "7 min left" in lull("status")
    conf.write_text("[focus]\ndefault = soon\nlength = 3\n")
    r = bus.run(BUILD / "lull", "reload")
    assert (r.returncode, r.stdout) == (1, "")
    assert [line.startswith(f"{conf}:{n}: ") for line, n in zip(r.stderr.splitlines(), (2, 3))] == [True, True]
    assert "lull.conf has mistakes; see `lull check-config`" in lull("status")
    assert len(lull("status", "--json")["config_errors"]) == 2
    conf.write_text("")
    r = bus.run(BUILD / "lull", "config")
    assert r.returncode == 0 and "lull reload" in r.stderr
    assert lull("reload", "--json") == {"errors": []}
    assert "mistakes" not in lull("status")


# --- what waits ---

def test_show_tells_everything_and_escapes_it(held, lull):
    id = held("Sum " + NASTY, "Body " + NASTY, actions=["default", "Open", "r\n", "Re" + NASTY])
    text = lull("show", id)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert r"Sum x\x1b[31m\n\u202ey" in text and "Body x\\x1b[31m\n\\u202ey\n" in text
    assert re.search(r"^Buttons +default: Open$", text, re.M) and r"r\n: Rex\x1b[31m" in text
    assert re.search(r"^State +held since \S+(, due .*)?$", text, re.M)
    assert re.search(r"^Rule +focus \(", text, re.M)
    got = lull("show", id, "--json")
    assert got["id"] == id and got["state"] == "held" and got["summary"] == "Sum " + NASTY
    assert got["actions"][0] == {"key": "default", "label": "Open"}
    assert abs(got["arrived"] / 1e6 - time.time()) < 60


def test_show_and_handling_of_what_is_not_there_is_refused(bus, lulld):
    assert "id" in refused(bus, "show", "77")
    assert "id" in refused(bus, "dismiss", "77")
    assert "id" in refused(bus, "snooze", "77", "20m")
    assert "id" in refused(bus, "act", "77")
    assert "isn't an id" in refused(bus, "show", "x", status=2)


def test_dismiss_closes_and_says_how_many(held, lull, sender):
    ids = [held("a"), held("b"), held("c")]
    assert lull("dismiss", ids[0]) == "dismissed 1\n"
    assert lull("dismiss", ids[0], ids[1]) == "dismissed 1 of 2\n"
    assert lull("dismiss", ids[2], "--json") == {"dismissed": 1}
    wait_for(lambda: ("NotificationClosed", ids[2], 2) in sender.signals(), "the sender hears of it")
    assert re.search(r"^State +dismissed since", lull("show", ids[0]), re.M)


def test_snooze_takes_a_duration_or_a_time(held, lull):
    a, b = held("a"), held("b")
    got = lull("snooze", a, b, "20m", "--json")
    assert got["snoozed"] == 2 and abs(got["until"] / 1e6 - time.time() - 1200) < 60
    got = lull("snooze", a, "20", "min", "--json")
    assert got["snoozed"] == 1 and abs(got["until"] / 1e6 - time.time() - 1200) < 60
    assert lull("snooze", a, "tomorrow", "9:00") == "snoozed 1 until tomorrow 9:00\n"
    assert lull("snooze", a, "tomorrow") == "snoozed 1 until tomorrow 9:00\n"
    assert re.match(r"snoozed 2 until ", lull("snooze", a, b, "monday"))
    assert re.search(r"^Snoozed +2$", lull("status"), re.M)
    assert lull("status", "--json")["snoozed"] == 2
    assert re.search(r"^State +snoozed since \S+, due tomorrow 9:00$",
                     (lull("snooze", a, "tomorrow 9:00"), lull("show", a))[1], re.M)


@pytest.mark.parametrize("end,hint", [
    (["20", "minuts"], "20m"), (["5pm"], "17:00"), (["tomorow", "9:00"], "tomorrow 9:00"),
    (["1073741826", "20", "minuts"], "'20 minuts' is neither a duration nor a time; did you mean '20m'?"),
    (["1073741826", "20", "x"], "'20 x'"), (["yesterday"], "over"), (["400d"], "366 days"), (["soon"], "20m"), ([], "needs more"),
    (["1073741900"], "missing"),
])
def test_snooze_until_what_is_no_time_is_explained(bus, end, hint):
    assert hint in refused(bus, "snooze", "1073741825", *end, status=2)


def test_act_presses_the_button_that_is_meant(bus, held, lull, sender):
    default = held("a", actions=["default", "Open", "reply", "Reply"])
    single = held("b", actions=["reply", "Reply"])
    several = held("c", actions=["yes", "Yes", "no", "N" + NASTY])
    none = held("d")
    assert lull("act", default) == "pressed default\n"
    assert lull("act", single) == "pressed reply\n"
    assert refused(bus, "act", several).endswith(r"name one of: yes (Yes), no (Nx\x1b[31m\n\u202ey)")
    assert "no button 'maybe'" in refused(bus, "act", several, "maybe")
    assert lull("act", several, "no", "--json") == {"id": several, "key": "no"}
    assert "no buttons" in refused(bus, "act", none)
    expected = [(default, "default"), (single, "reply"), (several, "no")]
    wait_for(lambda: [s[1:] for s in sender.signals() if s[0] == "ActionInvoked"] == expected, "pressed")
    assert refused(bus, "act", default)


def test_release_of_an_application_leaves_the_others(bus, held, lull, display):
    held("a", app="Mail")
    held("b", app="Chat")
    assert lull("release", "--app", "mail", "--json") == {"released": 1}
    display.wait_summary("a")
    assert [i["summary"] for i in lull("list", "--json")] == ["b"]
    assert "'nobody'" in refused(bus, "release", "--app", "nobody")
    assert "leave one out" in refused(bus, "release", "1", "--app", "x", status=2)


def test_release_of_an_application_finds_it_on_every_page(held, lull, sender, lulld):
    """lulld gives 500 at a time; what waits for the display goes as one batch all the same."""
    answered = []
    for i in range(2100):
        sender.notify_later(answered.append, answered.append, f"m{i}")
    wait_for(lambda: len(answered) == 2100, "all are answered")
    held("first of others", app="Mailbox")
    held("last", app="MAIL")
    assert lull("release", "--app", "Mail", "--json") == {"released": 2101}
    items = lulld.peer.items()
    assert [str(i["summary"]) for i in items if i["state"] == "held"] == ["first of others"]
    assert len(items) == 2102
    with sqlite3.connect(f"file:{lulld.state}/journal.db?mode=ro", uri=True) as db:
        batches = db.execute("SELECT DISTINCT batch FROM ping WHERE released > 0").fetchall()
    assert len(batches) == 1


@pytest.mark.parametrize("kind, text", [
    ("standalone", "no, Title (pid 12) was there first, .* 'lull enable' puts it behind lull"),
    ("takeover", "no, Title (pid 12) has the notifications and lulld hasn't taken it over"),
    ("lines-up", "no, Title (pid 12) was there before lulld"),
    ("unsupported", "no, Title (pid 12) shows notifications itself and lull can't stand in front of it yet; "
                    "lulld stays in line, touches nothing and holds nothing"),
    ("unknown", "no, Title (pid 12) owns org.freedesktop.Notifications"),
])
def test_status_says_who_is_in_front_and_what_that_means(bus, lull, kind, text):
    owner = {"program": "title", "title": "Title", "pid": 12, "kind": kind}
    FakeLulld(bus, Owner=owner)
    assert re.search("In front +" + text.replace("(", "[(]").replace(")", "[)]"), lull("status"))
    assert lull("status", "--json")["owner"] == owner


def test_status_of_a_lulld_that_does_not_say_who_is_in_front_has_no_owner(bus, lull):
    FakeLulld(bus)
    assert "another program owns org.freedesktop.Notifications" in lull("status")
    assert lull("status", "--json")["owner"] is None


def test_status_tells_of_what_a_digest_announced(lulld, display, held, lull):
    for n in range(5):
        held(f"n{n}")
    lull("end")
    wait_for(lambda: lull("status", "--json")["announced"] == 5, "announced")
    assert "5, not shown yet: 'lull release' shows them" in lull("status")


# --- history ---

def test_history_has_what_waits_and_what_is_over_newest_first(held, lull, lulld):
    first = held("First", "about Größe", app="Mail")
    second = held("Second " + NASTY, app="Chat")
    lull("dismiss", first)

    def check():
        rows = [line.split() for line in lull("history").splitlines()]
        assert rows[0] == ["ID", "TIME", "APP", "SUMMARY", "STATE"]
        assert [(r[0], r[2], r[-1]) for r in rows[1:]] == [
            (str(second), "Chat", "held"), (str(first), "Mail", "dismissed")]
        got = lull("history", "--json")
        assert [g["id"] for g in got] == [second, first]
        assert got[1]["body"] == "about Größe" and isinstance(got[1]["arrived"], int)
        assert "\x1b" not in lull("history")

    check()
    lulld.stop()
    check()


def test_history_is_filtered(bus, held, lull):
    ids = [held("One", "about GRÖSSE", app="Mail"), held("Two", app="Mail"), held("größe", app="Chat")]

    def found(*args):
        return [g["id"] for g in lull("history", *args, "--json")]

    assert found("--grep", "gröSSe") == [ids[0]]
    assert found("--grep", "GRÖßE") == [ids[2]]
    assert found("--app", "mail") == [ids[1], ids[0]]
    assert found("--limit", "1") == [ids[2]]
    assert found("--since", "2h") == ids[::-1]
    assert found("--since", "yesterday") == ids[::-1]
    assert found("--since", "1h", "--app", "MAIL", "--grep", "tw") == [ids[1]]
    assert "nothing on record matches" in refused(bus, "history", "--grep", "nowhere")
    for args, hint in (("--limit", "x"), "limit"), (("--since", "2 ours"), "2h"), (("--since", "tomorrow"), "come"):
        assert hint in refused(bus, "history", *args, status=2)


def test_history_leaves_out_what_lull_says_itself(lulld, display, held, lull):
    for n in range(5):
        held(f"n{n}")
    lull("end")
    display.wait_shown()
    assert sorted(g["summary"] for g in lull("history", "--json")) == [f"n{n}" for n in range(5)]


def test_history_without_a_journal_or_with_another_file(bus, lull):
    assert lull("history") == "nothing is on record\n"
    assert lull("history", "--json") == []
    path = bus.tmp_path / "state/lull/journal.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    assert "not a journal" in refused(bus, "history")
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE ping(id)").connection.close()
    assert "not a journal" in refused(bus, "history")


def test_history_of_a_journal_after_a_crash(held, lull, lulld):
    id = held("survives")
    lulld.kill()
    assert [g["id"] for g in lull("history", "--json")] == [id]


# --- durations and times ---

@pytest.mark.parametrize("words", [["25min"], ["25", "min"], ["1h", "30m"], ["until", "11:30"],
                                   ["until", "tomorrow", "9:00"], ["until", "monday"], ["--until", "tomorrow"]])
def test_focus_understands_what_people_write(lulld, lull, words):
    assert lull("focus", *words, "--json")["focus"]
    assert lull("extend", "5", "min", "--json")["focus"]


@pytest.mark.parametrize("words,hint", [
    (["5", "minuts"], "did you mean 5m?"), (["1.5h"], "did you mean 1h30m?"), (["11:30"], "until 11:30"),
    (["until", "11.30"], "'11:30'"), (["until", "5pm"], "'17:00'"), (["until", "20m"], "leave out"),
    (["until"], "11:30"), (["soon"], "25m"), (["0"], "zero"), (["until", "moday"], "'monday'"),
    (["until", NASTY], r"x\x1b[31m\n\u202ey"), (["--until", "tomorrow", "9:00"], "as one"),
])
def test_focus_explains_what_it_does_not_understand(bus, words, hint):
    assert hint in refused(bus, "focus", *words, status=2)


@pytest.mark.parametrize("args", [["reload"], ["show", "1"], ["dismiss", "1"], ["snooze", "1", "20m"], ["act", "1"],
                                  ["release", "--app", "x"]])
def test_verbs_that_need_lulld_say_that_it_is_not_running(bus, args):
    assert "lulld isn't running" in refused(bus, *args, status=3)


def test_what_starts_lulld_is_told_as_it_is_here(bus):
    def remedy():
        return refused(bus, "reload", status=3).strip().split("; ")[1]
    assert remedy() == "'lull enable' starts it, now and at every login"
    (bus.tmp_path / "state/lull").mkdir()
    (bus.tmp_path / "state/lull/enabled.json").write_text("{}")
    assert remedy() == "run lulld in the session"
    bus.peer().bus.request_name("org.freedesktop.systemd1")
    assert remedy() == "start it with 'systemctl --user start lulld'"


def test_history_and_config_need_no_bus(bus, lull):
    del bus.env["DBUS_SESSION_BUS_ADDRESS"]
    (bus.tmp_path / "run/bus").unlink()
    lull("history")
    lull("config")
    lull("check-config")
