"""Idle means idle."""
import time
from pathlib import Path

import dbus

from rig import MINUTE, Bus, Lulld, wait_for


def switches(pid):
    """How often the threads of a process have gone to sleep: once for each time that they woke."""
    n = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                n += int(line.split()[1])
    return n


def settle(pid):
    """Wait until nothing has happened for 3.5 s: longer than any of lulld's short timers."""
    last = [switches(pid), time.monotonic()]

    def is_settled():
        n = switches(pid)
        if n != last[0]:
            last[:] = n, time.monotonic()
        return time.monotonic() - last[1] > 3.5

    wait_for(is_settled, "lulld comes to rest", 20)


def test_nothing_wakes_lulld_while_nothing_is_due(tmp_path):
    """Twice at the same time: with focus, a block to come, held pings and a display; and without any of them."""
    buses = []
    try:
        for name in ("busy", "bare"):
            (tmp_path / name).mkdir()
            buses.append(Bus(tmp_path / name))
        busy, bare = (Lulld(b) for b in buses)
        hour = time.localtime().tm_hour
        busy.configure(f"[block later]\nstart = {(hour + 3) % 24}:00\nend = {(hour + 5) % 24}:00\nlead = 5m\n")
        busy.start()
        bare.start()
        display = busy.knows(buses[0].display())
        sender = buses[0].sender()
        sender.notify("shown")
        display.wait_shown()
        busy.peer.focus(duration=dbus.Int64(60 * MINUTE))
        busy.peer.lull("StartFocus", "a{sv}", {"until": dbus.Int64((int(time.time()) + 7200) * 1000000)})
        sender.notify("held")
        settle(busy.pid)
        settle(bare.pid)
        before = switches(busy.pid), switches(bare.pid)
        time.sleep(5)  # the time that is measured
        assert (switches(busy.pid), switches(bare.pid)) == before
        # The measure measures: one call is seen.
        busy.status()
        wait_for(lambda: switches(busy.pid) > before[0], "a call wakes it")
    finally:
        for b in buses:
            b.close()
