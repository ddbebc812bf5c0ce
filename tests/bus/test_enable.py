"""The files that `lull enable` and `lull disable` change, without a systemd, and that they are put back."""
import json
import os
import pathlib
import shutil
import stat

import pytest

from accounts import (DUNST, OF_LULL, OTHER, OURS, RECORD, a_link_into_a_repository, a_name_that_is_taken,
                      a_server_by_another_name, a_server_of_ones_own, nothing, two_servers)
from rig import BUILD, LULL, NAME


def test_everything_is_put_back_to_the_byte(state):
    before = state.snapshot()
    state.run("enable")
    during = state.snapshot()
    assert during != before and f"Exec={BUILD}/lulld\n" in state.read(OURS)
    assert [p.name for p in (state.home / OURS).parent.glob("*.service")
            if f"Name={NAME}\n" in p.read_text()] == [f"{NAME}.service"]
    state.run("disable")
    assert state.snapshot() == before


def test_a_dry_run_changes_nothing_at_all(state):
    before = state.snapshot(all=True)
    would = state.steps("enable", "--dry-run")
    assert state.snapshot(all=True) == before and state.lulld_pid() is None
    assert {s for _, s, _ in would} <= {"would", "note"}
    # And then what it said is done.
    did = state.steps("enable")
    changed = [text.replace("would ", "") for _, s, text in would if s == "would"]
    done = [text for _, s, text in did if s == "done"]
    assert [t.split(" ", 1)[1] for t in changed if "/" in t] == [t.split(" ", 1)[1] for t in done if "/" in t]
    state.end_lulld()
    before = state.snapshot(all=True)
    would = state.steps("disable", "--dry-run")
    assert state.snapshot(all=True) == before
    did = state.steps("disable")
    paths = [text.split()[-1] for _, s, text in would if s == "would" and "if it is empty" not in text and "/" in text]
    assert paths and paths == [text.split()[-1] for _, s, text in did
                               if s == "done" and "empty again" not in text and "/" in text]


def test_a_second_enable_does_nothing(state):
    state.run("enable")
    before, pid = state.snapshot(), state.lulld_pid()
    steps = state.steps("enable")
    assert {s for _, s, _ in steps} <= {"already", "note"}, steps
    assert state.snapshot() == before and state.lulld_pid() == pid


def test_what_starts_lulld_already_is_left_alone_also_by_disable(account):
    account.write(OURS, f"[D-BUS Service]\nExec={BUILD}/lulld\nName={NAME}\n")
    account.write(OF_LULL, f"[D-BUS Service]\nExec={BUILD}/lulld\nName={LULL}\n")
    before = account.snapshot()
    account.run("enable")
    assert account.snapshot() == before
    account.run("disable")
    assert account.snapshot() == before


def test_lulls_own_name_needs_no_file_where_it_is_installed(account):
    system = account.bus.tmp_path / "share/dbus-1/services"
    system.mkdir(parents=True)
    (system / f"{LULL}.service").write_text(f"[D-BUS Service]\nName={LULL}\nExec={BUILD}/lulld\n")
    account.run("enable")
    assert (account.home / OURS).exists() and not (account.home / OF_LULL).exists()


def test_what_was_edited_since_is_not_touched(account):
    account.write(OTHER, DUNST)
    account.run("enable")
    (account.home / OURS).write_text("edited")
    (account.home / OTHER).write_text("new")
    again = account.steps("enable")
    assert any("was edited since" in text and s == "note" for _, s, text in again)
    assert account.read(OURS) == "edited"
    texts = [text for _, _, text in account.steps("disable")]
    assert any(f"{OURS} was edited since" in t for t in texts)
    assert any(f"stays beside it as {account.home / OTHER}.before-lull" in t for t in texts)
    assert account.read(OURS) == "edited" and account.read(OTHER) == "new"
    assert account.read(OTHER + ".before-lull") == DUNST
    assert not (account.home / OF_LULL).exists() and not (account.home / RECORD).exists()


def test_a_link_in_the_place_of_our_file_is_not_touched(account):
    account.run("enable")
    text = account.read(OURS)
    (account.home / OURS).unlink()
    account.write("dotfiles/mine", text)
    account.link(OURS, account.home / "dotfiles/mine")
    account.run("disable")
    assert account.read(OURS) == text


def test_an_upgrade_updates_our_files_and_keeps_what_was_first_set_aside(account):
    account.write(OURS, DUNST, 0o600)
    before = account.snapshot()
    account.run("enable")
    elsewhere = account.bus.tmp_path / "another place"
    elsewhere.mkdir()
    for program in ("lull", "lulld", "lull-shim"):
        shutil.copy(BUILD / program, elsewhere)
    answer = json.loads(account.run("enable", "--json", build=elsewhere).stdout)
    steps = [(s["state"], s["text"]) for s in answer["steps"]]
    assert [t for s, t in steps if s == "done"][0].startswith("updated ")
    assert f"Exec='{elsewhere}/lulld'\n" in account.read(OURS)
    assert account.read(OURS + ".before-lull") == DUNST
    account.run("disable")
    assert account.snapshot() == before


def test_the_record_is_for_its_user_alone(account):
    account.bus.run("sh", "-c", f"umask 0; {BUILD}/lull enable")
    record = account.home / RECORD
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700


def test_a_record_that_is_not_understood_stops_both(account):
    account.write(RECORD, "{")
    before = account.snapshot(all=True)
    for verb in ("enable", "disable"):
        r = account.run(verb, status=1)
        assert RECORD in r.stderr and "isn't understood" in r.stderr and r.stderr.count("\n") == 1
    assert account.snapshot(all=True) == before


def test_what_cannot_be_written_is_told_with_its_place_and_can_be_put_back(account):
    account.write(".local/share/dbus-1", "in the way")
    before = account.snapshot()
    r = account.run("enable", status=1)
    assert f"{OURS} can't be written: Not a directory; see what is in the way" in r.stderr
    assert r.stderr.count("\n") == 1 and account.lulld_pid() is None
    account.run("disable")
    assert account.snapshot() == before


def test_disable_without_enable_says_that_there_is_nothing(account):
    before = account.snapshot(all=True)
    assert "nothing to put back" in account.run("disable").stdout
    assert account.snapshot(all=True) == before


@pytest.mark.parametrize("prepare", [nothing, a_server_of_ones_own, two_servers, a_name_that_is_taken,
                                     a_server_by_another_name, a_link_into_a_repository])
def test_disable_without_its_record_puts_back_what_says_that_enable_wrote_it(account, prepare):
    prepare(account)
    (account.home / OURS).parent.mkdir(parents=True, exist_ok=True)
    before = account.snapshot()
    account.run("enable")
    account.end_lulld()
    shutil.rmtree(account.home / ".local/state")
    # A drop-in of a server's unit, and one that is somebody else's.
    drop_in = account.write(".config/systemd/user/dunst.service.d/lull.conf",
                            "# Written by 'lull enable', removed by 'lull disable'. The server stands\n[Service]\n")
    account.write(".config/systemd/user/dunst.service.d/lull.conf.before-lull", "mine")
    mine = account.write(".config/systemd/user/mako.service.d/lull.conf", "[Service]\n")
    during = account.snapshot(all=True)
    would = [text for _, s, text in account.steps("disable", "--dry-run") if s == "would"]
    assert account.snapshot(all=True) == during
    did = account.steps("disable")
    for path in (account.home / OURS, account.home / OF_LULL, drop_in):
        assert ("files", "done", f"removed {path}") in did and f"would remove {path}" in would
    assert drop_in.read_text() == "mine" and mine.exists()
    shutil.rmtree(account.home / ".config")
    assert account.snapshot() == before
    assert "nothing to put back" in account.run("disable").stdout


def test_disable_without_its_record_stops_lulld_and_refuses_while_it_holds(account):
    account.run("enable")
    (account.home / RECORD).unlink()
    account.run("focus", "10m")
    account.bus.sender().notify("one")
    before = account.snapshot()
    assert "1 notification is held" in account.run("disable", status=1).stderr
    assert account.snapshot() == before
    account.run("end")
    assert "stopped lulld" in account.run("disable").stdout
    assert account.lulld_pid() is None and not (account.home / OURS).exists()


def test_without_a_bus_files_are_put_back_and_nothing_is_enabled(state):
    before = state.snapshot()
    state.run("enable")
    state.end_lulld()
    during = state.snapshot()
    state.bus.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={state.bus.tmp_path}/nothing"
    r = state.run("enable", status=3)
    assert "session bus" in r.stderr and state.snapshot() == during
    assert "no session bus" in state.run("disable").stdout
    assert state.snapshot() == before


@pytest.mark.parametrize("home", ["\x1b[31mred", "zwei Wörter"])
def test_paths_are_harmless_on_a_terminal_and_may_have_spaces(account, home):
    account.home = account.home / home
    account.bus.env.update(XDG_DATA_HOME=str(account.home / "data"), XDG_STATE_HOME=str(account.home / "state"))
    out = account.run("enable", "--dry-run").stdout
    assert "\x1b" not in out and "data/dbus-1" in out


def test_a_path_that_is_not_utf8_is_refused_before_anything_is_changed(account):
    account.bus.env["XDG_DATA_HOME"] = os.fsdecode(bytes(account.home) + b"/\xff")
    r = account.run("enable", status=1)
    assert "has to be UTF-8" in r.stderr
    assert [p for p in account.home.rglob("*") if "\udcff" in str(p)] == []


def test_programs_that_are_not_whole_change_nothing(account):
    lonely = account.bus.tmp_path / "lonely"
    lonely.mkdir()
    shutil.copy(BUILD / "lull", lonely)
    before = account.snapshot(all=True)
    assert "install lull whole" in account.run("enable", status=1, build=pathlib.Path(lonely)).stderr
    assert account.snapshot(all=True) == before
