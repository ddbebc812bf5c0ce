"""What the next login starts: autostart entries, service files, systemd; what `lull enable` says of them."""
import pytest

from accounts import DUNST, named_server, systemd
from rig import BUILD, NAME


def test_an_autostart_entry_of_the_server_is_named_and_left_as_it_is(bare):
    entry = bare.write(".config/autostart/notify.desktop",
                          "[Desktop Entry]\nType=Application\nExec=dunst -print\n")
    named_server(bare, "dunst")
    before = bare.snapshot()
    steps = bare.steps("enable")
    assert [t for step, _, t in steps if step == "autostart" and str(entry) in t]
    bare.run("disable")
    assert bare.snapshot() == before


@pytest.mark.parametrize("line", ["Hidden=true", "OnlyShowIn=LXQt;MATE;", "NotShowIn=XFCE;", "Exec=other"])
def test_an_autostart_entry_that_starts_nothing_here_is_not_named(bare, line):
    bare.bus.env["XDG_CURRENT_DESKTOP"] = "XFCE"
    bare.write(".config/autostart/notify.desktop", f"[Desktop Entry]\nExec=dunst\n{line}\n")
    named_server(bare, "dunst")
    assert not [t for step, _, t in bare.steps("enable") if step == "autostart"]


def test_a_hidden_entry_of_the_users_hides_the_systems(bare):
    system = bare.bus.tmp_path / "xdg/autostart"
    system.mkdir(parents=True)
    (system / "notify.desktop").write_text("[Desktop Entry]\nExec=dunst\n")
    named_server(bare, "dunst")
    assert [t for step, _, t in bare.steps("enable") if step == "autostart"]
    bare.write(".config/autostart/notify.desktop", "[Desktop Entry]\nExec=dunst\nHidden=true\n")
    assert not [t for step, _, t in bare.steps("enable") if step == "autostart"]


def test_a_service_file_that_comes_before_the_users_is_named(account):
    path = account.bus.tmp_path / "run/dbus-1/services" / f"{NAME}.service"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DUNST)
    assert [t for _, s, t in account.steps("enable") if s == "note" and f"{path} comes before your own" in t]
    assert path.read_text() == DUNST


def test_without_systemd_it_says_so_and_that_the_session_may_start_lulld(account):
    steps = account.steps("enable")
    assert [t for step, s, t in steps if step == "service" and "no systemd" in t and "lulld" in t]
    assert steps[-1][:2] == ("result", "note") and "at login the session has to start lulld" in steps[-1][2]
    assert steps[-1][2].endswith(f"{BUILD}/lulld")
    assert "at login" in account.steps("enable", "--dry-run")[-1][2]


def test_a_masked_unit_is_told_with_its_remedy_before_anything_is_changed(account):
    systemd(account, "masked", "inactive")
    before = account.snapshot(all=True)
    for args in ((), ("--dry-run",)):
        r = account.run("enable", *args, status=1)
        assert r.stderr == "lull: lulld.service is masked; systemctl --user unmask lulld, then: lull enable\n"
        assert r.stdout == ""
    assert account.snapshot(all=True) == before and account.lulld_pid() is None


def test_a_unit_that_was_started_too_often_is_started_after_a_reset(account):
    p = systemd(account, "loaded", "failed")
    account.run("enable")
    assert account.lulld_pid()
    p.kill()
    assert p.stdout.read().split() == ["Reload", "ResetFailedUnit", "StartUnit"]
