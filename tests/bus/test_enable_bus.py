"""`lull enable` and `lull disable` on a bus: who is put in line, who has the name after, what is held."""
import json
import subprocess
import time

import rig
from accounts import RECORD, named_server
from rig import BUILD, NAME, wait_for


def test_a_bare_notification_starts_lulld_also_one_that_was_stopped(bare):
    bare.run("enable")
    for _ in range(2):
        bare.end_lulld()
        bare.bus.sender().notify("hello")
        assert bare.lulld_pid()
        assert bare.peer.lull("GetStatus")["InFront"]


def test_the_server_that_runs_is_put_behind_lull_and_has_the_name_after_disable(bare):
    _, log = named_server(bare, "dunst")
    before, n_before = bare.snapshot(), len(bare.owners())
    steps = bare.steps("enable")
    assert any(step == "adoption" and s == "done" and "fake_display.py" in text for step, s, text in steps)
    assert steps[-2] == ("result", "note", "lull is in front, fake-display displays")
    assert "" not in bare.owners()[n_before:]
    second = log.of("up")[1]
    assert bare.peer.queue() == [bare.peer.owner(NAME), second["unique"]]
    assert (bare.home / ".local/state/lull/adopted").exists()
    n_before = len(bare.owners())
    out = bare.run("disable").stdout
    assert "dunst has the notifications now; it runs under lull-shim" in out and "what lull has kept" in out
    assert bare.owners()[n_before:] == [second["unique"]]
    assert bare.lulld_pid() is None and bare.snapshot() == before


def test_enable_waits_for_a_display_that_lulld_is_about_to_find(bare):
    enable = bare.bus.popen(BUILD / "lull", "enable", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: bare.peer.owner(NAME), "lulld is in front")
    time.sleep(4)
    bare.bus.display(shimmed=True)
    out = enable.communicate(timeout=rig.PATIENCE_S)[0]
    assert "lull is in front, fake-display displays" in out and "nothing displays" not in out


def test_a_dry_run_says_which_server_it_would_put_in_line(bare):
    process, _ = named_server(bare, "dunst")
    would = bare.steps("enable", "--dry-run")
    assert ("adoption", "would", f"would put in line dunst (pid {process.pid}), behind lulld") in would
    assert process.poll() is None and bare.lulld_pid() is None


def test_gnome_shell_is_called_so_and_not_by_the_helper_that_has_the_name_for_it(bare):
    process, _ = named_server(bare, "gjs-console", "--second-name", "org.gnome.Shell.Notifications")
    would = bare.steps("enable", "--dry-run")
    assert ("adoption", "note", f"GNOME Shell (pid {process.pid}) has the notifications; lulld takes over from it "
            "while it runs") in would
    assert not any("gjs-console" in text for _, _, text in would)
    bare.write(RECORD, json.dumps({"version": 1, "changes": []}), 0o600)
    bare.bus.popen(BUILD / "lulld", stderr=subprocess.DEVNULL)
    wait_for(bare.lulld_pid, "lulld is there")
    out = bare.run("disable").stdout
    assert "GNOME Shell has the notifications now" in out and "gjs-console" not in out


def test_where_lull_cannot_stand_in_front_nothing_is_changed(bare):
    named_server(bare, "plasmashell")
    before = bare.snapshot(all=True)
    for args in ((), ("--dry-run",), ("--json",)):
        r = bare.run("enable", *args, status=1)
        assert "Plasma" in r.stderr and "nothing was changed" in r.stderr and r.stderr.count("\n") == 1
        assert r.stdout == ""
    assert bare.snapshot(all=True) == before and bare.lulld_pid() is None


def test_a_server_that_lull_does_not_adopt_makes_it_fail_with_the_reason(bare):
    display = bare.bus.display()
    r = bare.run("enable", status=1)
    assert r.stderr.startswith("lull: ") and r.stderr.count("\n") == 1
    assert "lull isn't in front; 'lull doctor' says why" in r.stdout
    assert bare.peer.queue()[0] == display.unique
    bare.run("disable")


def test_disable_refuses_before_it_changes_anything_while_notifications_are_held(account):
    account.run("enable")
    account.run("focus", "10m")
    sender = account.bus.sender()
    sender.notify("one")
    before, pid = account.snapshot(), account.lulld_pid()
    r = account.run("disable", status=1)
    assert r.stderr == ("lull: 1 notification is held; 'lull end' or 'lull release' lets it go, then: lull disable\n")
    assert r.stdout == ""
    sender.notify("two")
    text = "2 notifications are held; 'lull end' or 'lull release' lets them go, then: lull disable"
    assert account.steps("disable", status=1) == [("lulld", "failed", text)]
    assert ("lulld", "note", text) in account.steps("disable", "--dry-run")
    assert account.snapshot() == before and account.lulld_pid() == pid
    account.run("end")
    account.run("disable")
    assert account.lulld_pid() is None and not (account.home / RECORD).exists()


def test_disable_waits_for_what_is_on_its_way_and_says_what_does_not_arrive(bare):
    bare.run("enable", "--json")
    bare.run("focus", "10m")
    bare.bus.sender().notify("one")
    bare.run("end")
    steps = bare.steps("disable")
    assert ("lulld", "note", "1 notification is on the way to the display; it stays in the journal, and isn't shown"
            ) in steps


def test_disable_after_a_release_leaves_no_ping_unshown(bare):
    display = bare.bus.display(shimmed=True)
    bare.run("enable")
    bare.run("focus", "10m")
    bare.bus.sender().notify("one")
    bare.run("end")
    steps = bare.steps("disable")
    assert not any("journal, and isn't shown" in text for _, _, text in steps)
    assert "one" in display.summaries()


def test_disable_says_that_what_is_snoozed_stays_in_the_journal(account):
    account.run("enable")
    account.run("focus", "10m")
    n = account.bus.sender().notify("one")
    account.run("snooze", str(n), "1h")
    account.run("end")
    texts = [text for _, s, text in account.steps("disable") if s == "note"]
    assert "1 notification is snoozed; it stays in the journal, and isn't shown" in texts
    assert account.lulld_pid() is None
