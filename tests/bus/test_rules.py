"""Rules, due instants and their reasons, by the real daemon and its client."""
import json
import re
import sqlite3
import time

import dbus
import pytest

from rig import Lulld, Sender, wait_for
from test_clock import SECOND, HOUR, MINUTE, at, begin, library  # noqa: F401 (fixtures)

CHAT = "[rule chat]\napp = Slack\nverdict = hold\ndue = 1s\n"


@pytest.fixture
def lulld_with(bus):
    def run(text):
        lulld = Lulld(bus)
        lulld.configure(text)
        return lulld.start()

    return run


def by_rule(user, id):
    return str(user.lull("GetItem", "u", id)["rule"])


def state(user, id):
    return str(user.lull("GetItem", "u", id)["state"])


def shows(display, summary):
    return display.wait_summary(summary)


def is_silent_about(display, summary):
    return summary not in [n["summary"] for n in display.log.of("Notify")]


# --- verdicts ---

def test_what_a_rule_delivers_comes_through_focus_and_what_it_drops_never_does(bus, lulld_with, sender, user):
    lulld = lulld_with("[rule anna]\nsummary = Anna*\nverdict = deliver\n"
                       "[rule spam]\nwhen = always\nsummary = /\\bsale\\b/i\nverdict = drop\n")
    display = lulld.knows(bus.display())
    user.lull("StartFocus", "a{sv}", {})
    shown = sender.notify("Anna wrote")
    held = sender.notify("Bert wrote")
    dropped = sender.notify("Big SALE")
    shows(display, "Anna wrote")
    assert (by_rule(user, shown), by_rule(user, held), by_rule(user, dropped)) == ("anna", "focus", "spam")
    assert state(user, dropped) == "dropped" and state(user, held) == "held"
    # Its sender needn't wait for ever for the end of what is never shown.
    wait_for(lambda: ("NotificationClosed", dropped, 1) in sender.signals(), "it has expired")
    user.lull("EndFocus", "")
    shows(display, "Bert wrote")
    assert is_silent_about(display, "Big SALE")
    assert lulld.client_json("history", "--grep", "SALE")[0]["state"] == "dropped"


def test_an_urgency_that_a_rule_changes_is_what_the_display_gets(bus, lulld_with, sender, user):
    lulld = lulld_with("[rule loud]\napp = *\nurgency = critical\nwhen = always\nas = low\n")
    display = lulld.knows(bus.display())
    sender.notify("calm down", hints={"urgency": 2})
    assert shows(display, "calm down")["hints"]["urgency"] == 0
    sender.notify("as it came")
    assert "urgency" not in shows(display, "as it came")["hints"]
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("held", hints={"urgency": 2})
    assert by_rule(user, id) == "focus", "it is no critical one any more"


def test_who_insists_comes_through_and_a_budget_is_used_up_also_over_a_restart(bus, lulld_with, sender, user):
    lulld = lulld_with("[rule insist]\nsummary = again*\nrepeat = 2 in 3m\n")
    lulld.knows(bus.display(shimmed=True))
    user.lull("StartFocus", "a{sv}", {})
    ids = [sender.notify(f"critical {i}", hints={"urgency": 2}) for i in range(2)]
    lulld.restart()
    ids += [sender.notify(f"critical {i}", hints={"urgency": 2}) for i in range(2, 5)]
    assert [by_rule(user, i) for i in ids] == ["critical"] * 3 + ["focus"] * 2
    assert by_rule(user, sender.notify("again 1")) == "focus"
    assert by_rule(user, sender.notify("again 2")) == "insist"
    user.lull("EndFocus", "")
    user.lull("StartFocus", "a{sv}", {})
    assert by_rule(user, sender.notify("critical 6", hints={"urgency": 2})) == "critical", "a new block"


def test_a_one_time_code_comes_through(bus, lulld_with, sender, user):
    display = lulld_with("").knows(bus.display())
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("Google", "G-482913 is your Google verification code.")
    shows(display, "Google")
    assert by_rule(user, id) == "one-time-code"


def test_a_hint_and_a_sandbox_can_be_asked_for(bus, lulld_with, sender, user):
    lulld_with("[rule ci]\nhint x-origin = *lab*\nverdict = deliver\n"
               "[rule outside]\nsandboxed = no\nsummary = from outside\nverdict = deliver\n")
    user.lull("StartFocus", "a{sv}", {})
    assert by_rule(user, sender.notify("a", hints={"x-origin": "GitLab"})) == "ci"
    assert by_rule(user, sender.notify("b", hints={"x-origin": "GitHub"})) == "focus"
    assert by_rule(user, sender.notify("c")) == "focus"
    # Who sends is known only after the first one: that is decided about once more.
    newcomer = bus.sender()
    id = newcomer.notify("from outside")
    wait_for(lambda: by_rule(user, id) == "outside", "it is known who sent it")
    wait_for(lambda: state(user, id) != "held", "and it comes through")


def test_nothing_is_dropped_before_it_is_known_whether_an_earlier_rule_saves_it(bus, lulld_with, user):
    lulld_with("[rule host]\nsandboxed = no\nsummary = keep*\nverdict = deliver\n"
               "[rule spam]\nsummary = keep*, spam*\nverdict = drop\nwhen = always\n")
    user.lull("StartFocus", "a{sv}", {})
    first, other = bus.sender(), bus.sender()
    kept, dropped = first.notify("keep it"), other.notify("spam")
    wait_for(lambda: by_rule(user, kept) == "host", "it is known who sent it")
    assert state(user, dropped) == "dropped", "nothing could save that one"


def test_a_rule_about_sandboxes_leaves_budgets_as_they_are(bus, lulld_with, user):
    lulld_with("[rule box]\nsandboxed = yes\napp = Other\nverdict = deliver\n[rule critical]\nbudget = 1\n")
    user.lull("StartFocus", "a{sv}", {})
    ids = [bus.sender().notify(f"c {i}", hints={"urgency": 2}) for i in range(4)]
    assert [by_rule(user, i) for i in ids] == ["critical"] + ["focus"] * 3


def test_who_sends_is_known_of_each_of_a_newcomers_burst(bus, lulld_with, user):
    lulld_with("[rule outside]\nsandboxed = no\nsummary = out*\nverdict = deliver\n")
    user.lull("StartFocus", "a{sv}", {})
    newcomer, ids = bus.sender(), []
    for i in range(5):
        newcomer.notify_later(ids.append, ids.append, f"out {i}")
    wait_for(lambda: len(ids) == 5, "all are answered")
    wait_for(lambda: [by_rule(user, i) for i in ids] == ["outside"] * 5, "each is decided about once more")


def test_what_is_to_be_dropped_waits_until_it_is_known_who_sends(bus, lulld_with, user):
    lulld_with("[rule spam]\nwhen = always\ndesktop-entry = !org.example.*\nsummary = sale*\nverdict = drop\n")
    newcomer = bus.sender()
    id = newcomer.notify("sale")
    wait_for(lambda: ("NotificationClosed", id, 1) in newcomer.signals(), "nobody that it is meant for")
    assert (state(user, id), by_rule(user, id)) == ("dropped", "spam")
    app = bus.peer(Sender)
    assert state(user, newcomer.notify("sale again")) == "dropped"
    assert state(user, app.notify("sale", hints={"desktop-entry": "org.example.App"})) != "dropped"


# --- due ---

def test_what_is_due_in_the_middle_of_a_block_goes_and_the_rest_stays(bus, lulld_with, sender, user):
    lulld = lulld_with(CHAT)
    display = lulld.knows(bus.display())
    user.lull("StartFocus", "a{sv}", {})
    rest = bus.sender().notify("rest", app="Mail")
    id = sender.notify("soon", app="Slack")
    item = user.lull("GetItem", "u", id)
    assert item["due"] == item["arrived"] + SECOND and item["due_reason"] == "rule"
    assert user.get("NextRelease") == item["due"]
    shows(display, "soon")
    late = user.lull("GetItem", "u", id)["released"] - item["due"]
    assert 0 <= late < SECOND
    assert state(user, rest) == "held" and user.get("Focus")
    assert lulld.client("audit").stdout.startswith("2 held notifications on record so far: none was late")


def test_more_than_a_few_that_are_due_at_once_are_one_digest(bus, lulld_with, sender, user):
    lulld = lulld_with(CHAT)
    display = lulld.knows(bus.display())
    user.lull("StartFocus", "a{sv}", {})
    ids = [sender.notify(f"soon {i}", app="Slack") for i in range(6)]
    rest = sender.notify("rest", app="Mail")
    wait_for(lambda: all(state(user, i) == "announced" for i in ids), "all of them went")
    assert display.wait_shown(1)[0]["summary"] == "6 notifications from 1 app"
    assert state(user, rest) == "held"


def test_a_due_that_passes_while_lulld_is_away_is_kept_at_its_start_and_audit_says_why(bus, lulld_with, sender, user):
    lulld = lulld_with(CHAT)
    display = lulld.knows(bus.display(shimmed=True))
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("soon", app="Slack")
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        assert db.execute("UPDATE ping SET due = due - 60000000 WHERE state = 0").rowcount == 1
    db.close()
    lulld.start()
    lulld.knows(display)
    shows(display, "soon")
    r = lulld.client("audit", "--json", status=1)
    late = json.loads(r.stdout)["late"]
    assert [(one["id"], one["cause"]) for one in late] == [(id, "not-running")]
    assert "lulld wasn't running" in lulld.client("audit", status=1).stdout


def test_nothing_is_held_past_the_longest_also_when_focus_has_no_end(begin, bus, sender, user):
    begin("[hold]\nlongest = 30m\n", "2026-03-02 09:00")
    user.call("Inhibit", "ssa{sv}", "x", "y", {})
    id = sender.notify("long")
    item = user.lull("GetItem", "u", id)
    assert (item["due"] - item["arrived"], item["due_reason"]) == (30 * MINUTE, "longest")


def test_a_duration_holds_when_the_clock_is_set_and_a_time_of_the_clock_does_too(begin, bus, sender, user):
    lulld = begin("[rule mail]\napp = Mail\nverdict = hold\ndue = 20m\n"
                  "[rule night]\napp = Night\nwhen = 09:00-10:00\nverdict = hold\n", "2026-03-02 09:30")
    display = lulld.knows(bus.display())
    night = sender.notify("night", app="Night")
    user.lull("StartFocus", "a{sv}", {"duration": dbus.Int64(8 * HOUR)})
    mail = sender.notify("mail", app="Mail")
    lulld.set("2026-03-02 09:10")
    wait_for(lambda: abs(user.lull("GetItem", "u", mail)["due"] - at("2026-03-02 09:30")) < 10 * SECOND,
             "twenty minutes are twenty minutes")
    assert user.lull("GetItem", "u", night)["due"] == at("2026-03-02 10:00")
    lulld.set("2026-03-02 10:00:01")
    shows(display, "night")
    assert state(user, mail) == "held"


def test_a_rule_that_holds_lets_nothing_go_in_the_middle_of_a_block(begin, bus, sender, user):
    begin("[rule mail]\napp = Mail\nwhen = 09:00-10:00\nverdict = hold\n"
          "[rule end]\napp = End\nverdict = hold\ndue = block-end\n", "2026-03-02 09:30")
    user.lull("StartFocus", "a{sv}", {"until": dbus.Int64(at("2026-03-02 17:00"))})
    mail, end = sender.notify("a", app="Mail"), sender.notify("b", app="End")
    # What the user says himself isn't cut by the longest; what hours hold is no sooner than without the rule.
    assert user.lull("GetItem", "u", end)["due"] == at("2026-03-02 17:00")
    item = user.lull("GetItem", "u", mail)
    assert item["due"] == item["arrived"] + 4 * HOUR and item["due_reason"] == "longest"


def test_what_hours_hold_stays_when_a_block_ends_and_over_a_restart(begin, bus, sender, user):
    lulld = begin("[rule night]\napp = Night\nwhen = 09:00-10:00\nverdict = hold\n", "2026-03-02 09:30")
    display = lulld.knows(bus.display(shimmed=True))
    night = sender.notify("night", app="Night")
    assert user.lull("GetItem", "u", night)["due_reason"] == "hours"
    user.lull("StartFocus", "a{sv}", {})
    sender.notify("day")
    user.lull("EndFocus", "")
    shows(display, "day")
    assert state(user, night) == "held"
    lulld.restart()
    lulld.knows(display)
    sender.notify("after")
    shows(display, "after")
    assert state(user, night) == "held"
    lulld.set("2026-03-02 10:00:01")
    shows(display, "night")


def test_a_held_one_that_is_brought_up_to_date_is_due_when_it_was(bus, lulld_with, sender, user):
    lulld_with("[rule chat]\napp = Slack\nverdict = hold\ndue = 15m\n")
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("one", app="Slack")
    due = user.lull("GetItem", "u", id)["due"]
    assert sender.notify("two", app="Slack", replaces=id) == id
    item = user.lull("GetItem", "u", id)
    assert (item["summary"], item["due"]) == ("two", due)


def test_what_waits_for_a_delivery_has_a_due_also_when_focus_has_no_end(bus, lulld_with, sender, user):
    lulld_with("[deliver]\nat = 09:00, 17:00\n")
    user.call("Inhibit", "ssa{sv}", "x", "y", {})
    item = user.lull("GetItem", "u", sender.notify("x"))
    assert item["due_reason"] == "longest" and item["due"] >= item["arrived"] + 4 * HOUR


def test_what_is_held_without_focus_is_due_at_the_end_of_a_block_that_begins(bus, lulld_with, sender, user):
    lulld_with("[rule news]\nwhen = always\napp = News\nverdict = hold\n")
    id = sender.notify("one", app="News")
    assert user.lull("GetItem", "u", id)["due_reason"] == "longest"
    user.lull("StartFocus", "a{sv}", {})
    assert user.lull("GetItem", "u", id)["due_reason"] == "block-end"


def test_the_next_release_is_that_of_what_is_still_held(bus, lulld_with, sender, user):
    lulld_with("[rule chat]\napp = Slack\nverdict = hold\ndue = 15m\n")
    user.lull("StartFocus", "a{sv}", {})
    soon, rest = sender.notify("soon", app="Slack"), sender.notify("rest")
    assert user.get("NextRelease") == user.lull("GetItem", "u", soon)["due"]
    sender.close_notification(soon)
    assert user.get("NextRelease") == user.lull("GetItem", "u", rest)["due"]


def test_a_digest_that_waits_for_a_display_keeps_nothing_else_from_being_released(bus, lulld_with, sender, user):
    lulld = lulld_with(CHAT + "[rule mail]\napp = Mail\nverdict = hold\ndue = 4s\n")
    user.lull("StartFocus", "a{sv}", {})
    chat = [sender.notify(f"chat {i}", app="Slack") for i in range(6)]
    mail = [sender.notify(f"mail {i}", app="Mail") for i in range(2)]
    lulld.kill()
    time.sleep(1.1)
    lulld.start()
    wait_for(lambda: all(state(user, i) == "announced" for i in chat), "what was due meanwhile is in a digest")
    wait_for(lambda: all(state(user, i) == "releasing" for i in mail), "the rest is released in its turn")
    assert all(one["id"] in chat for one in json.loads(lulld.client("audit", "--json", status=None).stdout)["late"])
    display = lulld.knows(bus.display())
    assert sorted(n["summary"] for n in display.wait_shown(3)) == ["6 notifications from 1 app", "mail 0", "mail 1"]


def test_a_picture_of_one_that_is_dropped_a_moment_later_is_not_kept(bus, lulld_with, user):
    lulld = lulld_with("[rule outside]\nsandboxed = no\nsummary = bad\nverdict = drop\n")
    user.lull("StartFocus", "a{sv}", {})
    picture = bus.tmp_path / "x.png"
    picture.write_bytes(b"\x89PNG")
    newcomer = bus.sender()
    id = newcomer.notify("bad", hints={"image-path": str(picture)})
    wait_for(lambda: ("NotificationClosed", id, 1) in newcomer.signals(), "its sender is told")
    wait_for(lambda: not list((lulld.state / "pictures").glob("*")), "nothing is left of it")


# --- digests ---

def digest_of(bus, lulld_with, sender, user, how, n, n_mails):
    """A block with n of an application whose rule says so, and some others: what the display gets, and their ids."""
    lulld = lulld_with(f"[rule news]\napp = News\ndigest = {how}\n")
    display = lulld.knows(bus.display())
    user.lull("StartFocus", "a{sv}", {})
    ids = [sender.notify(f"news {i}", app="News") for i in range(n)]
    ids += [sender.notify(f"mail {i}", app="Mail") for i in range(n_mails)]
    user.lull("EndFocus", "")
    return display, ids


def test_a_digest_counts_what_it_is_not_to_name(bus, lulld_with, sender, user):
    display, _ = digest_of(bus, lulld_with, sender, user, "count", 4, 1)
    text = display.wait_shown(1)[0]["body"]
    assert text.startswith("News (4)\nMail (1): mail 0\n")


def test_what_is_shown_by_itself_does_not_make_a_digest_of_the_rest(bus, lulld_with, sender, user):
    display, ids = digest_of(bus, lulld_with, sender, user, "each", 3, 1)
    assert sorted(n["summary"] for n in display.wait_shown(3)) == ["news 0", "news 1", "news 2"]
    assert state(user, ids[-1]) == "releasing", "the mail is the next one"


def test_what_no_digest_tells_of_stays_announced_and_can_be_released(bus, lulld_with, sender, user):
    display, ids = digest_of(bus, lulld_with, sender, user, "hide", 5, 0)
    wait_for(lambda: all(state(user, i) == "announced" for i in ids), "all are on record")
    assert user.get("Announced") == 5 and sorted(user.item_ids("announced")) == sorted(ids)
    user.lull("Release", "au", ids[:1])
    assert display.wait_shown(1)[0]["summary"] == "news 0"


# --- why ---

def test_why_is_the_same_weeks_later_whatever_the_file_says_by_then(bus, lulld_with, sender, user):
    lulld = lulld_with("\n\n[rule boss]\napp = Mail\nsummary = Anna*\nverdict = deliver\n" + CHAT)
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("soon", app="Slack")
    before = lulld.client("why", str(id)).stdout
    assert re.search(r"^Verdict +held, by \[rule chat\] \(.*lull\.conf:7\)$", before, re.M)
    assert re.search(r"^Due +.*: the rule's due$", before, re.M)
    assert re.search(r"^Focus +manual$", before, re.M)
    assert re.search(r"^  boss +another app \(.*lull\.conf:3\)$", before, re.M)
    wait_for(lambda: state(user, id) == "releasing", "it is due")
    lulld.configure("[focus]\ndefault = 7m\n")
    lulld.client("reload")
    lulld.stop()
    after = lulld.client("why", str(id)).stdout
    assert after.split("State")[0] == before.split("State")[0]
    got = lulld.client_json("why", str(id))
    assert (got["verdict"], got["rule"], got["due_reason"], got["tokens"]) == ("hold", "chat", "rule", ["manual"])
    assert [(r["name"], r["line"], r["outcome"]) for r in got["rules"]] == [("boss", 3, "app"), ("chat", 7, "decided")]


def test_rules_that_come_back_are_written_down_once(lulld_with):
    lulld = lulld_with("[rule a]\napp = x\nverdict = hold\n")
    for i in range(6):
        lulld.configure(f"[rule a]\napp = x{i % 2}\nverdict = hold\n")
        lulld.client("reload")
    lulld.restart()
    lulld.stop()
    with sqlite3.connect(lulld.state / "journal.db") as db:
        assert db.execute("SELECT count(*) FROM meta WHERE key LIKE 'ruleset%'").fetchone() == (3,)
    db.close()


def test_why_says_what_is_wrong_with_its_argument(lulld_with):
    lulld = lulld_with("")
    assert "no notification 7" in lulld.client("why", "7", status=1).stderr
    assert lulld.client("why", status=2).stderr and lulld.client("why", "x", status=2).stderr


def test_explain_says_what_the_daemon_then_does(bus, lulld_with, sender, user):
    lulld = lulld_with("[rule boss]\napp = Mail\nsummary = Anna*\nverdict = deliver\n" + CHAT +
                       "[rule tray]\nhint x-tray = yes\nverdict = drop\nwhen = always\n")
    user.lull("StartFocus", "a{sv}", {})
    for text, args in [("app=Mail summary=Anna wrote", ("Anna wrote", "", "Mail")),
                       ("app=Mail summary=Bert", ("Bert", "", "Mail")),
                       ("app=Slack summary=x", ("x", "", "Slack")),
                       ("app=Bank summary=Code body=\"Your code is 482913\"", ("Code", "Your code is 482913", "Bank"))]:
        told = lulld.client_json("check-config", "--explain", text, "--focus")
        id = sender.notify(args[0], args[1], app=args[2])
        got = lulld.client_json("why", str(id))
        assert [told[k] for k in ("verdict", "rule", "tokens", "rules")] == \
            [got[k] for k in ("verdict", "rule", "tokens", "rules")]


@pytest.mark.parametrize("when,instant", [
    ("2026-10-25 02:30", "2026-10-25 00:30"), ("2027-10-31 02:30", "2027-10-31 00:30"),
    ("@1792891800", "2026-10-25 01:30"), ("2026-03-29 02:30", "2026-03-29 01:00"),
])
def test_a_date_means_the_same_whenever_it_is_asked_about(bus, lulld_with, when, instant):
    bus.env["TZ"] = "Europe/Berlin"
    lulld = lulld_with("")
    assert lulld.client_json("check-config", "--explain", "app=x", "--at", when)["at"] == at(instant)


def test_check_config_warns_of_what_can_be_in_force_but_hardly_as_meant(bus, lulld_with):
    lulld = lulld_with("")
    conf = bus.tmp_path / "config/lull/lull.conf"
    lulld.configure("[rule all]\napp = !Radio\nwhen = always\nverdict = hold\n[rule mail]\napp = Mail\nverdict = deliver\n")
    r = lulld.client("check-config")
    assert r.stderr == (f"{conf}:5: warning: [rule mail] is never reached: [rule all] in line 1 decides about all "
                        "that it could match; put it before that one\n")
    assert r.stdout == f"{conf}: no mistakes\n"
    assert lulld.client("reload").returncode == 0


@pytest.mark.parametrize("text,line,words", [
    ("[rule a]\nverdict = hold\nwhen = block wrok\n[block work]\nstart = 9:00\nend = 10:00\n", 3, "did you mean 'work'"),
    ("[rule a]\napp = x\n", 1, "says nothing"),
    ("[rule a]\nverdict = hodl\n", 2, "did you mean 'hold'"),
    ("[rule a]\nverdict = hold\nurgency = high\n", 3, "low, normal or critical"),
    ("[rule a]\nverdict = hold\nbody = /a(/\n", 3, "regular expression"),
    ("[rule a]\nverdict = hold\nap = x\n", 3, "did you mean 'app'"),
    ("[rule a]\nverdict = hold\nrepeat = 1 in 3m\n", 3, "2 in 3m"),
    ("[rule a]\nverdict = hold\nwhen = 25:00-26:00\n", 3, "22:00-07:00"),
    ("[rule a]\nverdict = hold\n[rule a]\nverdict = drop\n", 3, "two rules"),
    ("[rule]\nverdict = hold\n", 1, "has no name"),
    ("[rule a]\nverdict = hold\nhint = x\n", 3, "hint KEY"),
    ("[rule critcal]\nbudget = 1\n", 1, "did you mean [rule critical]"),
    ("[rule a]\ntitle = x\nverdict = hold\n", 2, "did you mean 'summary'"),
    ("[rule a]\napp = x\napp = y\nverdict = hold\n", 3, "with commas"),
    ("[rule a]\nverdict = hold\nwhen = Always\n", 3, "did you mean 'always'"),
    ("[rule a]\nverdict = hold\nwhen = 9am-5pm mon-fri\n", 3, "did you mean '09:00-17:00 mon-fri'"),
    ("[rule a]\nverdict = hold\nwhen = 9-17\n", 3, "did you mean '09:00-17:00'"),
    ("[rule a]\nverdict = hold\ndue = block end\n", 3, "did you mean 'block-end'"),
    ("[rule a]\nverdict = hold\nhint x:y = z\n", 3, "can't be asked for"),
    ("[rule a]\nverdict = hold\napp = /usr/bin/foo\n", 3, "put text that has such characters into quotes\n"),
])
def test_a_mistake_in_a_rule_is_told_with_its_line_and_a_suggestion(bus, lulld_with, text, line, words):
    lulld = lulld_with("")
    conf = bus.tmp_path / "config/lull/lull.conf"
    lulld.configure(text)
    r = lulld.client("check-config", status=1)
    assert r.stderr.startswith(f"{conf}:{line}: ") and words in r.stderr
    assert "warning" not in r.stderr, "a rule that lacks a line isn't what was meant"


@pytest.mark.parametrize("text", [
    "[rule critical]\nverdict = hold\n", "[rule critical]\nbudget = 1\n[rule call]\nverdict = hold\n",
    "[rule volume]\nosd = yes\nverdict = hold\n", "[rule a]\napp = x\nverdict = hold\n[rule b]\napp = !x\nverdict = drop\n",
    "[rule a]\nsummary = *#general*\nverdict = deliver\n",
    "[block a]\nstart = 9:00\nend = 17:00\n[block b]\nstart = 10:00\nend = 11:00\n"
    "[rule x]\napp = x\nwhen = block b\nverdict = drop\n",
    "[rule a]\napp = /slack/\nverdict = hold\n[rule b]\napp = slack\nverdict = deliver\n",
    "[rule critical]\nverdict =\n",
])
def test_a_sensible_file_is_without_a_warning(bus, lulld_with, text):
    lulld = lulld_with("")
    lulld.configure(text)
    assert lulld.client("check-config").stderr == ""


@pytest.mark.parametrize("text,line,words", [
    ("[rule a]\napp = x, !x\nverdict = hold\n", 2, "never match"),
    ("[rule a]\napp = x\nverdict = deliver\ndue = 5m\n", 4, "due has no effect"),
    ("[rule a]\napp = x\nverdict = hold\nbudget = 2\n", 4, "budget"),
    ("[rule a]\napp = x # y\nverdict = hold\n", 2, "line of its own"),
    ("[rule a]\napp = x; y\nverdict = hold\n", 2, "separated by commas"),
    ("[rule a]\napp = x|y\nverdict = hold\n", 2, "separated by commas"),
    ("[rule a]\nverdict = hold\n", 1, "(osd, call, alarm, one-time-code, battery, critical)"),
    ("[rule a]\napp = x*\nverdict = hold\n[rule b]\napp = xy\nverdict = drop\n", 4, "never reached"),
    ("[block a]\nstart = 9:00\nend = 17:00\n[block b]\nstart = 10:00\nend = 11:00\n", 4, "lies within"),
    ("[block a]\ndays = mon\nstart = 9:00\nend = 17:00\nfrom = 2026-03-03\nuntil = 2026-03-05\n", 1, "never begins"),
])
def test_a_warning_is_told_with_its_line(bus, lulld_with, text, line, words):
    lulld = lulld_with("")
    conf = bus.tmp_path / "config/lull/lull.conf"
    lulld.configure(text)
    r = lulld.client("check-config")
    assert r.stderr.startswith(f"{conf}:{line}: warning: ") and words in r.stderr


def test_a_built_in_rule_without_a_verdict_is_switched_off(bus, lulld_with, sender, user):
    lulld_with("[rule critical]\nverdict =\n")
    user.lull("StartFocus", "a{sv}", {})
    assert by_rule(user, sender.notify("x", hints={"urgency": 2})) == "focus"


# --- the journal of an earlier lull ---

def test_a_journal_of_the_first_layout_is_taken_over_and_what_it_holds_gets_a_due(bus, lulld_with, sender, user):
    lulld = lulld_with("")
    user.lull("StartFocus", "a{sv}", {})
    id = sender.notify("old")
    lulld.stop()
    path = lulld.state / "journal.db"
    with sqlite3.connect(path) as db:
        new = [r[1] for r in db.execute("PRAGMA table_info(ping)")]
        db.execute("DROP INDEX held")
        for column in ("due_reason", "until", "released", "digest", "ruleset", "trace"):
            db.execute(f"ALTER TABLE ping DROP COLUMN {column}")
        for column in ("takes", "due", "due_reason"):
            db.execute(f"ALTER TABLE batch DROP COLUMN {column}")
        db.execute("UPDATE ping SET due = 0")
        db.execute("PRAGMA user_version = 1")
    db.close()
    lulld.start()
    item = user.lull("GetItem", "u", id)
    assert item["state"] == "held" and item["summary"] == "old"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        assert sorted(r[1] for r in db.execute("PRAGMA table_info(ping)")) == sorted(new)
        due, arrived, reason = db.execute("SELECT due, arrived, due_reason FROM ping WHERE id = ?", (id,)).fetchone()
    db.close()
    assert due == arrived + 4 * HOUR and reason == 3
    assert "doesn't know why" in lulld.client("why", str(id), status=1).stderr
