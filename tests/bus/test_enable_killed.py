"""`lull enable` and `lull disable`, killed at each change that they make."""
import signal
import subprocess

import pytest

from accounts import DUNST, OTHER, OURS, RECORD, two_servers
from rig import BUILD

CHANGES = ("mkdir", "unlink", "rename", "renameat2", "rmdir")


def crash(account, verb, call, n):
    """Kill `lull verb` at its nth system call of that name. False when it has not so many."""
    r = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=KILL:when={n}", BUILD / "lull", verb],
                       env={**account.bus.env, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True, text=True,
                       timeout=60, check=False)
    assert r.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), (r.returncode, r.stderr)
    return r.returncode != 0


def crash_everywhere(account, verb, prepare, check):
    """At each change of a file that @verb makes: returns how many there were."""
    n_all = 0
    for call in CHANGES:
        n = 1
        prepare()
        while crash(account, verb, call, n):
            check(f"killed at {call} {n}")
            n += 1
            n_all += 1
            prepare()
        account.run("disable")
        account.end_lulld()
    return n_all


@pytest.mark.parametrize("then", ["put back", "finished"])
def test_enable_that_was_killed_anywhere_can_be(account, then):
    two_servers(account)
    before = account.snapshot()

    def check(where):
        if then == "finished":
            account.run("enable")
            assert f"Exec={BUILD}/lulld\n" in account.read(OURS) and not (account.home / OTHER).exists()
            account.end_lulld()
        account.run("disable")
        assert account.snapshot() == before, where

    # Two directories, two files set aside, two written, the record before each of them and at the end.
    assert crash_everywhere(account, "enable", lambda: None, check) >= 2 + 2 + 2 + 5


def test_disable_that_was_killed_anywhere_can_be_finished(account):
    two_servers(account)
    before = account.snapshot()

    def check(where):
        account.run("disable")
        assert account.snapshot() == before, where

    # Two files removed and two put back, the record.
    assert crash_everywhere(account, "disable", lambda: account.run("enable"), check) >= 2 + 2 + 1


def test_a_record_of_changes_that_were_never_made_undoes_nothing(account):
    account.run("enable")
    record = account.read(RECORD)
    account.run("disable")
    account.write(OURS, DUNST)
    account.write(RECORD, record, 0o600)
    assert any("was edited since" in t for _, _, t in account.steps("disable"))
    assert account.read(OURS) == DUNST
