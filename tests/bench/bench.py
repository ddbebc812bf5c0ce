#!/usr/bin/python3
"""lulld beside a floor that stores nothing: the same work, the same machine, in turn.

Prints one table and writes bench.json into the build directory. Nothing here passes or fails by its
time; the exit status is 0 unless something couldn't be run. README.md says how to read it.
"""
import argparse
import contextlib
import json
import os
import platform
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("LULL_BUILD", "build"))
SUBJECTS = ("floor", "normal", "full")
READY_S = 10
CONNECTIONS, DEPTH = 8, 32
PACE_US = 500
WARM_UP = 200


class Failure(Exception):
    """Something couldn't be run, or didn't do the work that was to be measured."""


def program(name):
    return os.path.join(BUILD, name)


def run(argv, env, what):
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failure(f"{what}: '{' '.join(argv)}' exited {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def started(argv, env, **more):
    """A child that is ended by its pid, whatever happens."""
    child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, **more)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


def first_line(child, what):
    if not select.select([child.stdout], [], [], READY_S)[0]:
        raise Failure(f"{what} isn't ready after {READY_S} s")
    line = child.stdout.readline().strip()
    if not line:
        raise Failure(f"{what} exited {child.wait()} before it was ready")
    return line


# --- one server on one bus --------------------------------------------------------------------------


def make_env(home):
    """A session of its own: no screen, so nothing shows; no service files, so nothing is activated."""
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TZ")}
    env["HOME"] = home
    for key in ("STATE", "CONFIG", "DATA", "CACHE"):
        env[f"XDG_{key}_HOME"] = os.path.join(home, key.lower())
        os.makedirs(env[f"XDG_{key}_HOME"], mode=0o700)
    env["XDG_RUNTIME_DIR"] = os.path.join(home, "run")
    env["XDG_DATA_DIRS"] = os.path.join(home, "data")
    os.makedirs(env["XDG_RUNTIME_DIR"], mode=0o700)
    return env


def status(env):
    done = subprocess.run([program("lull"), "status", "--json"], env=env, capture_output=True,
                          text=True, timeout=READY_S)
    try:
        return json.loads(done.stdout) if done.returncode == 0 else {}
    except json.JSONDecodeError:
        return {}


def wait_in_front(child, env):
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(f"lulld exited {child.returncode} before it was in front")
        if status(env).get("in_front") is True:
            return
        time.sleep(0.05)
    raise Failure(f"lulld isn't in front after {READY_S} s")


@contextlib.contextmanager
def server(subject, home, env):
    if subject == "floor":
        with started([program("bench-floor")], env, stdout=subprocess.PIPE, text=True) as child:
            first_line(child, "bench-floor")
            yield child
        return
    config = os.path.join(env["XDG_CONFIG_HOME"], "lull")
    os.makedirs(config)
    with open(os.path.join(config, "lull.conf"), "w", encoding="utf-8") as f:
        f.write(f"[journal]\ndurability = {subject}\n")
    with open(os.path.join(home, "lulld.log"), "w", encoding="utf-8") as log:
        with started([program("lulld")], env, stdout=log, stderr=log) as child:
            try:
                wait_in_front(child, env)
            except Failure as e:
                with open(log.name, encoding="utf-8", errors="replace") as said:
                    raise Failure(f"{e}\n{said.read()[-2000:]}") from e
            run([program("lull"), "focus", "1h"], env, "focus")
            yield child


# --- measuring --------------------------------------------------------------------------------------


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M).group(1))


def fdatasync_us(directory):
    """The disk's own share of an answer in durability full: 500 bytes appended and synced."""
    took = []
    path = os.path.join(directory, "fdatasync")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(200):
            start = time.monotonic_ns()
            os.write(fd, b"x" * 500)
            os.fdatasync(fd)
            took.append((time.monotonic_ns() - start) / 1000)
    finally:
        os.close(fd)
        os.unlink(path)
    took.sort()
    return {"p50_us": statistics.median(took), "p99_us": took[197]}


def works(count):
    """Figure, arguments of bench-load, calls."""
    lone = max(count // 10, 200)
    return (("lone", [], lone),
            ("paced", ["--pace", str(PACE_US)], max(lone // 4, 100)),
            ("flood", ["--connections", str(CONNECTIONS), "--depth", str(DEPTH)], count))


def load(env, arguments, count):
    argv = [program("bench-load"), "--json", "--count", str(count)] + arguments
    return json.loads(run(argv, env, "load"))


def measure(subject, count, scratch):
    with contextlib.ExitStack() as stack:
        home = tempfile.mkdtemp(prefix=f"{subject}-", dir=scratch)
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        env = make_env(home)
        # Its words about file descriptor limits are of no interest; that it doesn't start is.
        bus = stack.enter_context(started(
            ["dbus-daemon", "--session", "--nofork", "--print-address"], env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        env["DBUS_SESSION_BUS_ADDRESS"] = first_line(bus, "dbus-daemon")
        child = stack.enter_context(server(subject, home, env))

        result = {"fdatasync": fdatasync_us(env["XDG_STATE_HOME"])}
        sent = WARM_UP
        load(env, [], WARM_UP)
        for name, arguments, n in works(count):
            before = cpu_seconds(child.pid)
            result[name] = load(env, arguments, n)
            result[name]["cpu_us_per_ping"] = (cpu_seconds(child.pid) - before) * 1e6 / n
            sent += n
        result["rss_kib"] = rss_kib(child.pid)
        if subject != "floor":
            held = status(env).get("held", sent)
            if held != sent:
                raise Failure(f"{sent} pings were sent, but {held} are held: that isn't the work to measure")
        if child.poll() is not None:
            raise Failure(f"{subject}: the server exited {child.returncode}")
        return result


# --- the table --------------------------------------------------------------------------------------


def rows():
    """Figure, unit, floor and lulld as functions of a repeat, goal, is lower better?"""
    def value(subject, work, key):
        return lambda r: r[subject][work][key]

    def synced(work, key):
        return lambda r: r["floor"][work][key] + r["full"]["fdatasync"]["p50_us"]

    def rss(subject):
        return lambda r: r[subject]["rss_kib"]

    for mode, goal in (("normal", 1.5), ("full", 1.25)):
        base = synced if mode == "full" else lambda work, key: value("floor", work, key)
        yield f"lone p50, {mode}", "us", base("lone", "p50_us"), value(mode, "lone", "p50_us"), goal, True
        yield f"lone p99, {mode}", "us", base("lone", "p99_us"), value(mode, "lone", "p99_us"), 2.0, True
        yield f"paced p50, {mode}", "us", base("paced", "p50_us"), value(mode, "paced", "p50_us"), None, True
    for mode, goal in (("normal", 0.65), ("full", 0.50)):
        yield (f"throughput, {mode}", "/s", value("floor", "flood", "per_second"),
               value(mode, "flood", "per_second"), goal, False)
        yield f"flood p99, {mode}", "us", value("floor", "flood", "p99_us"), value(mode, "flood", "p99_us"), None, True
    for mode in ("normal", "full"):
        for work in ("lone", "flood"):
            yield (f"CPU a ping, {work}, {mode}", "us", value("floor", work, "cpu_us_per_ping"),
                   value(mode, work, "cpu_us_per_ping"), None, True)
        yield f"RSS at the end, {mode}", "KiB", rss("floor"), rss(mode), None, True


def summarise(repeats):
    table = []
    for figure, unit, floor, lulld, goal, is_lower_better in rows():
        floors, lullds = [floor(r) for r in repeats], [lulld(r) for r in repeats]
        ratios = [b / a for a, b in zip(floors, lullds) if a > 0]
        ratio = statistics.median(ratios) if ratios else None
        is_met = None
        if goal is not None and ratio is not None:
            is_met = ratio <= goal if is_lower_better else ratio >= goal
        table.append({"figure": figure, "unit": unit, "floor": statistics.median(floors),
                      "lulld": statistics.median(lullds), "ratio": ratio,
                      "ratio_min": min(ratios, default=None), "ratio_max": max(ratios, default=None),
                      "goal": goal, "goal_is": "at most" if is_lower_better else "at least",
                      "is_met": is_met})
    return table


def print_table(table, sync_us):
    print(f"{'figure':26} {'unit':>4} {'floor':>9} {'lulld':>9} {'ratio':>6} {'(range)':>13}  goal")
    for t in table:
        ratio = spread = "-"
        if t["ratio"] is not None:
            ratio, spread = f"{t['ratio']:.2f}", f"({t['ratio_min']:.2f}-{t['ratio_max']:.2f})"
        goal = ""
        if t["goal"] is not None:
            sign = "<=" if t["goal_is"] == "at most" else ">="
            goal = f"{sign} {t['goal']:.2f} {'met' if t['is_met'] else 'missed'}"
        print(f"{t['figure']:26} {t['unit']:>4} {t['floor']:9.0f} {t['lulld']:9.0f} "
              f"{ratio:>6} {spread:>13}  {goal}")
    print(f"One appending fdatasync takes {sync_us:.0f} us here; in the 'full' latency rows it is part of the floor.")


# --- where ------------------------------------------------------------------------------------------


def said(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout.strip()
    except OSError:
        return ""


def machine(directory):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(),
            "file_system": said(["findmnt", "-n", "-o", "FSTYPE", "-T", directory])}


def versions():
    found = {name: said(["pkg-config", "--modversion", name]) for name in ("dbus-1", "sqlite3", "libevent")}
    found["dbus-daemon"] = said(["dbus-daemon", "--version"]).partition("\n")[0]
    found["commit"] = said(["git", "-C", os.path.dirname(os.path.abspath(__file__)), "rev-parse", "--verify", "-q", "HEAD"])
    return found


def write_json(path, value):
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(value, f, indent=1)
        f.write("\n")
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="rounds of floor, normal, full (5)")
    parser.add_argument("--count", type=int, default=40000, help="calls of a flood; lone runs take a tenth (40000)")
    parser.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    options = parser.parse_args()
    if options.repeats < 1 or options.count < 1:
        parser.error("--repeats and --count are at least 1")
    if options.quick:
        options.repeats, options.count = 1, min(options.count, 4000)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    missing = [p for p in ("lulld", "lull", "bench-floor", "bench-load") if not os.path.exists(program(p))]
    if missing:
        raise Failure(f"{BUILD} has no {', '.join(missing)}: run make bench")
    where = machine(BUILD)
    if where["file_system"] == "tmpfs":
        print(f"bench: {BUILD} is on tmpfs, where a sync costs nothing: 'full' says little", file=sys.stderr)

    repeats = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as scratch:
        for i in range(options.repeats):
            first = i % len(SUBJECTS)
            print(f"round {i + 1} of {options.repeats}", file=sys.stderr)
            # Each goes first in turn, so that a machine that gets slower is slower for all.
            repeats.append({s: measure(s, options.count, scratch)
                            for s in SUBJECTS[first:] + SUBJECTS[:first]})

    table = summarise(repeats)
    sync_us = statistics.median(r["full"]["fdatasync"]["p50_us"] for r in repeats)
    commands = {name: ["bench-load", "--json", "--count", str(n)] + arguments
                for name, arguments, n in works(options.count)}
    write_json(program("bench.json"),
               {"machine": where, "versions": versions(), "options": vars(options), "argv": sys.argv,
                "commands": commands, "fdatasync_us": sync_us, "table": table, "repeats": repeats})
    print(f"{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, {where['file_system']}; "
          f"medians of {options.repeats}")
    print_table(table, sync_us)
    print(f"All numbers: {program('bench.json')}")


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.TimeoutExpired) as e:
        sys.exit(f"bench: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
