"""lulld as what it is for its users: a service of their systemd, installed with `make install`."""

import json
import os
import shutil
import subprocess
import time

import pytest

import rig
import systemd_rig

DUNSTRC = "[global]\n[urgency_normal]\ntimeout = 0\n"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return systemd_rig.install(str(tmp_path_factory.mktemp("install")))


@pytest.fixture
def session(prefix):
    session = systemd_rig.UserSystemd(prefix)
    try:
        session.open()
        yield session
    finally:
        session.close()


def start_with_two_held(session):
    session.systemctl("start", "lulld.service")
    session.lull("focus", "1h")
    session.notify("first")
    session.notify("second")
    assert session.held() == ["first", "second"]


def start_x(session):
    server = session.start("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp",
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    session.env["DISPLAY"] = ":" + server.stdout.readline().strip()
    assert session.env["DISPLAY"] != ":"
    session.systemctl("import-environment", "DISPLAY")


def start_with_display(session, command="dunst"):
    """lulld, and dunst as lulld has started it. Returns dunst's unit."""
    start_x(session)
    session.write(".config/dunst/dunstrc", DUNSTRC)
    session.write(".config/lull/lull.conf", f"[display]\ncommand = {command}\n")
    session.systemctl("start", "lulld.service")
    session.wait_for(lambda: session.status()["display"]["name"] == "dunst", "lulld knows its display")
    units = session.units("lull-display-*")
    assert len(units) == 1
    return units[0]


def focus_minutes(session):
    """Start a focus block as long as the configuration says, and see how long that is."""
    session.lull("focus")
    return round((session.status()["until"] / 1e6 - time.time()) / 60)


def test_it_is_active_once_its_role_is_decided(session):
    session.systemctl("start", "lulld.service")
    assert session.unit("ActiveState") == "active"
    assert session.queue() == [session.main_pid()]
    assert session.status()["in_front"]


def test_it_is_active_also_when_it_only_waits_in_line(session):
    squatter = ("import dbus, dbus.bus, time; b = dbus.bus.BusConnection(dbus.bus.BUS_SESSION); "
                f"b.request_name('{rig.FDN}'); time.sleep(600)")
    session.start("/usr/bin/python3", "-c", squatter)
    owner = session.wait_for(session.queue, "another server")
    session.systemctl("start", "lulld.service")
    assert session.unit("ActiveState") == "active"
    assert session.queue() == [*owner, session.main_pid()]
    assert "not in front" in session.unit("StatusText")


def test_its_state_can_be_read_in_systemctl_status(session):
    session.systemctl("start", "lulld.service")
    assert session.unit("StatusText") == "focus off, 0 held"
    session.lull("focus", "1h")
    session.wait_for(lambda: session.unit("StatusText") == "focus on, 0 held", "focus in the status text")
    session.notify("first")
    session.wait_for(lambda: session.unit("StatusText") == "focus on, 1 held", "the count in the status text")


def test_a_flood_changes_the_status_text_at_most_a_few_times(session):
    session.systemctl("start", "lulld.service")
    session.lull("focus", "1h")
    trace = session.home + "/strace"
    strace = session.start("strace", "-qq", "-e", "trace=sendmsg", "-s", "200", "-o", trace,
                           "-p", str(session.main_pid()), stderr=subprocess.DEVNULL)
    session.wait_for(lambda: os.path.exists(trace), "strace")
    session.run("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do "
                "for j in 1 2 3 4; do notify-send -a test $i.$j & done; wait; done")
    session.wait_for(lambda: session.unit("StatusText") == "focus on, 64 held", "the count of all")
    session.systemctl("stop", "lulld.service")
    strace.wait()
    with open(trace, encoding="utf-8", errors="replace") as f:
        told = [line for line in f if "STATUS=" in line]
    assert 1 <= len(told) <= 20


def test_a_new_configuration_is_in_force_after_reload(session):
    session.systemctl("start", "lulld.service")
    session.write(".config/lull/lull.conf", "[focus]\ndefault = 7m\n")
    session.systemctl("reload", "lulld.service")
    assert focus_minutes(session) == 7


def test_a_broken_configuration_is_refused_and_the_old_one_stays(session):
    session.write(".config/lull/lull.conf", "[focus]\ndefault = 7m\n")
    session.systemctl("start", "lulld.service")
    pid = session.main_pid()
    session.write(".config/lull/lull.conf", "[focus]\ndefault = soon\n")
    assert session.systemctl("reload", "lulld.service", check=False).returncode != 0
    assert session.lull("reload", check=False).returncode == 1
    assert session.unit("ActiveState") == "active"
    assert session.main_pid() == pid
    assert focus_minutes(session) == 7


def test_it_is_back_after_kill_9_with_all_that_was_held(session):
    start_with_two_held(session)
    pid = session.main_pid()
    session.systemctl("kill", "--kill-who=main", "--signal=KILL", "lulld.service")
    session.wait_restarted(pid)
    assert session.held() == ["first", "second"]
    assert session.status()["focus"]


def test_a_loop_stuck_in_a_callback_is_ended_and_started_again(session):
    start_with_two_held(session)
    pid = session.main_pid()
    session.systemctl("kill", "--kill-who=main", "--signal=USR2", "lulld.service")
    session.wait_restarted(pid)
    assert session.held() == ["first", "second"]
    assert session.unit("NRestarts") == "1"
    assert not [name for name in os.listdir(session.home) if name.startswith("core")]


def test_an_idle_or_working_one_is_left_alone_by_the_guard(session):
    start_with_two_held(session)
    pid = session.main_pid()
    session.run("sleep", str(systemd_rig.GUARD_MS * 2 / 1000))
    assert session.held() == ["first", "second"]
    assert session.main_pid() == pid


def test_stop_hands_the_name_to_the_display_and_keeps_what_is_held(session):
    start_with_display(session)
    session.lull("focus", "1h")
    session.notify("first")
    display = session.queue()[1]
    session.systemctl("stop", "lulld.service")
    assert session.queue() == [display]
    assert session.unit("Result") == "success"
    assert session.unit("ExecMainStatus") == "0"
    session.systemctl("start", "lulld.service")
    assert session.held() == ["first"]


def test_a_display_that_it_started_survives_all_that_becomes_of_it(session):
    unit = start_with_display(session)
    lulld, display = session.queue()
    assert session.unit("ActiveState", unit) == "active"
    assert session.unit("ControlGroup", unit) != session.unit("ControlGroup")
    assert session.unit("MainPID", unit) == str(display)

    def display_is_behind(what):
        session.wait_for(lambda: session.queue() == [session.main_pid(), display], what)
        assert session.unit("ActiveState", unit) == "active"
        assert session.units("lull-display-*") == [unit], "another display was started"

    session.systemctl("kill", "--kill-who=main", "--signal=KILL", "lulld.service")
    session.wait_restarted(lulld)
    display_is_behind("lulld is in front again after kill -9")
    session.systemctl("restart", "lulld.service")
    display_is_behind("lulld is in front again after a restart")
    session.systemctl("kill", "--kill-who=main", "--signal=USR2", "lulld.service")
    session.wait_for(lambda: session.unit("NRestarts") == "1", "the guard has ended it")
    display_is_behind("lulld is in front again after it was stuck")
    session.systemctl("stop", "lulld.service")
    assert session.queue() == [display]
    session.notify("shown without lull")
    session.systemctl("start", "lulld.service")
    display_is_behind("lulld is in front again after a stop")


def test_a_display_gets_its_command_and_the_session_as_they_are(session):
    session.write("told", "")
    session.write("bin/server", "#!/bin/sh\n"
                  f"printf '%s|' \"$@\" \"$PWD\" \"$DISPLAY\" \"$XDG_DATA_HOME\" \"$UNSET\" >{session.home}/told\n"
                  "exec dunst\n")
    os.chmod(session.home + "/bin/server", 0o755)
    unit = start_with_display(session, f"{session.home}/bin/server '$HOME' 50%h 'two words'")
    with open(session.home + "/told", encoding="utf-8") as f:
        told = f.read()
    assert told == f"$HOME|50%h|two words|{session.home}|{session.env['DISPLAY']}|{session.prefix}/share||"
    assert "two words" in session.unit("Description", unit)


@pytest.mark.parametrize("desktop,program", [("sway:wlroots", "dunst"), ("MATE", "mate-notification-daemon")])
def test_the_server_for_this_desktop_is_started_once_the_screen_is_known(session, desktop, program):
    """lulld is there before the graphical session; its servers are those that D-Bus has on this machine."""
    session.write(".config/systemd/user/lulld.service.d/zz.conf", "[Service]\nEnvironment=XDG_DATA_DIRS=/usr/share\n")
    session.systemctl("daemon-reload")
    session.systemctl("start", "lulld.service")
    session.notify("before there is a screen")
    assert session.status()["display"]["how"] == "none"
    session.env["XDG_CURRENT_DESKTOP"] = desktop
    session.systemctl("import-environment", "XDG_CURRENT_DESKTOP")
    start_x(session)
    session.notify("after it")
    session.wait_for(lambda: session.status()["display"]["how"] == "started", "a display server")
    assert session.queue()[0] == session.main_pid() and len(session.queue()) == 2
    # What is behind the shim has the shim's process on the bus.
    with open(f"/proc/{session.outside(session.queue()[1])}/cmdline", encoding="utf-8") as f:
        shim, command = f.read().split("\0")[:2]
    assert (os.path.basename(shim), os.path.basename(command)) == ("lull-shim", program)
    assert len(session.units("lull-display-*")) == 1
    session.wait_for(lambda: [h["state"] for h in session.history()] == ["shown", "shown"], "both are shown")


def test_a_display_that_has_ended_leaves_no_unit_behind(session):
    unit = start_with_display(session)
    lulld, display = session.queue()
    session.run("kill", str(display))
    session.wait_for(lambda: unit not in session.units("lull-display-*"), "the unit has gone")
    session.wait_for(lambda: len(session.queue()) == 2, "lulld has started another one")
    assert session.main_pid() == lulld


def test_a_digest_is_shown_by_the_installed_presenter(session):
    start_with_display(session)
    session.lull("focus", "1h")
    for summary in ("first", "second", "third", "fourth"):
        session.notify(summary)
    session.lull("end")
    session.wait_for(lambda: session.status()["announced"] == 4, "the digest")
    dunst = session.status()["display"]["unique"]
    session.wait_for(lambda: session.run("busctl", "--user", "get-property", dunst, rig.FDN_PATH,
                                         "org.dunstproject.cmd0", "displayedLength").stdout == "u 1\n",
                     "dunst shows it")
    assert "lull-present" not in session.log(), "lulld complains of it"


def test_an_upgraded_program_takes_over_within_the_service(session):
    unit = start_with_display(session)
    session.lull("focus", "1h")
    session.notify("first")
    session.notify("second")
    old, display = session.queue()
    program = session.prefix + "/bin/lulld"
    # As a package manager does it: the file that runs is a deleted one from here on.
    shutil.copy(program, program + ".new")
    os.rename(program + ".new", program)
    owners = session.start("busctl", "--user", "--json=short", "monitor", "--match",
                           f"type='signal',sender='{rig.BUS}',member='NameOwnerChanged',arg0='{rig.FDN}'",
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "Monitoring" in owners.stdout.readline()
    r = session.run("lulld", "--replace")
    assert "was replaced as that" in r.stderr
    new = session.main_pid()
    assert new not in (0, old)
    assert session.unit("ActiveState") == "active" and session.unit("NRestarts") == "0"
    assert session.queue() == [new, display], "the name went from the one to the other"
    assert json.loads(owners.stdout.readline())["payload"]["data"][2] != "", "and was never nobody's"
    assert session.held() == ["first", "second"] and session.status()["focus"]
    assert session.unit("StatusText") == "focus on, 2 held"
    assert session.unit("ActiveState", unit) == "active"
    session.systemctl("stop", "lulld.service")
    assert session.queue() == [display]
    assert session.unit("Result") == "success"


def test_another_lulld_that_replaces_the_service_ends_it_in_peace(session):
    session.systemctl("start", "lulld.service")
    other = session.home + "/bin/lulld"
    os.makedirs(os.path.dirname(other))
    shutil.copy(session.prefix + "/bin/lulld", other)
    old = session.main_pid()
    p = session.start(other, "--replace", stderr=subprocess.PIPE, text=True)
    session.wait_for(lambda: session.unit("ActiveState") == "inactive", "the service has ended")
    assert session.unit("Result") == "success" and session.unit("NRestarts") == "0"
    session.wait_for(lambda: session.status()["in_front"], "the other one is in front")
    assert session.queue() != [old]
    session.run("pkill", "-f", other)
    assert p.wait() == 0


def test_focus_starts_it_by_activation(session):
    assert session.unit("ActiveState") == "inactive"
    session.lull("focus", "5m")
    assert session.unit("ActiveState") == "active"
    assert session.status()["focus"]


def test_enabled_it_comes_with_the_session(session):
    session.systemctl("enable", "lulld.service")
    assert "lulld.service" in session.systemctl("list-dependencies", "--plain", "default.target").stdout


def test_a_command_line_that_is_wrong_is_not_tried_again(session):
    session.write(".config/systemd/user/lulld.service.d/wrong.conf",
                  f"[Service]\nExecStart=\nExecStart={session.prefix}/bin/lulld --no-such-option\n")
    session.systemctl("daemon-reload")
    assert session.systemctl("start", "lulld.service", check=False).returncode != 0
    assert session.unit("NRestarts") == "0"
    assert session.unit("ActiveState") == "failed"


def test_the_unit_is_understood_to_the_last_line(session):
    verified = session.run("systemd-analyze", "--user", "verify",
                           session.prefix + "/share/systemd/user/lulld.service", check=False)
    mine = [line for line in verified.stderr.splitlines() if "lull" in line and "Command 'man" not in line]
    assert mine == []
