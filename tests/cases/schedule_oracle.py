#!/usr/bin/python3
"""Random schedules around changes of the clocks, and what holds by brute force: a table like schedules.txt.

It shares no code and no method with lull: a day is looked through minute by minute for what its clock shows, as
Python's zoneinfo says, and every answer comes from a list of all that happens within some days. `make check-unit`
compares; schedule_oracle.py SEED [CONFIGURATIONS] makes another table.
"""
import random
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAY = 1440
DAYS = 10  # before and after a change: how far the brute force looks
EPOCH = datetime(1970, 1, 1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# A minute (UTC) at which the clocks change, or an ordinary one.
CHANGES = [
    ("Europe/Berlin", "2026-03-29 01:00"), ("Europe/Berlin", "2026-10-25 01:00"),
    ("America/New_York", "2026-03-08 07:00"), ("America/New_York", "2026-11-01 06:00"),
    ("Australia/Lord_Howe", "2026-04-04 15:00"), ("Australia/Lord_Howe", "2026-10-03 15:30"),
    ("America/Santiago", "2026-04-05 03:00"), ("America/Santiago", "2026-09-06 04:00"),
    ("Africa/Cairo", "2026-04-23 22:00"), ("Africa/Cairo", "2026-10-29 21:00"),
    ("America/Havana", "2026-03-08 05:00"), ("America/Havana", "2026-11-01 05:00"),
    ("Africa/Casablanca", "2026-02-15 02:00"), ("Africa/Casablanca", "2026-03-22 02:00"),
    ("America/Sao_Paulo", "2018-11-04 03:00"), ("America/Sao_Paulo", "2019-02-17 02:00"),
    ("Antarctica/Troll", "2026-03-29 01:00"), ("Antarctica/Troll", "2026-10-25 01:00"),
    ("Pacific/Apia", "2011-12-30 10:00"), ("Asia/Kathmandu", "2026-03-02 00:00"),
]


def text(minute):
    return (EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M")


class Clock:
    """What the clock of a zone shows: minutes since 1970, as if it showed UTC."""

    def __init__(self, zone, change):
        info = ZoneInfo(zone)
        self.change = (datetime.fromisoformat(change) - EPOCH) // timedelta(minutes=1)
        self.begins = self.change - DAYS * DAY
        self.shows = []
        self.first, self.last = {}, {}
        for minute in range(self.begins, self.change + DAYS * DAY):
            utc = (EPOCH + timedelta(minutes=minute)).replace(tzinfo=timezone.utc)
            shown = (utc.astimezone(info).replace(tzinfo=None) - EPOCH) // timedelta(minutes=1)
            self.shows.append(shown)
            self.first.setdefault(shown, minute)
            self.last[shown] = minute
        self.jumps = [i for i in range(1, len(self.shows)) if self.shows[i] > self.shows[i - 1] + 1]
        self.today = self.shows[self.change - self.begins] // DAY

    def minute(self, day, time, is_end):
        """When it shows a time of day; a time in a gap is the moment of the change."""
        shown = day * DAY + time
        if shown in self.first:
            return self.last[shown] if is_end else self.first[shown]
        for i in self.jumps:
            if self.shows[i - 1] < shown < self.shows[i]:
                return self.begins + i
        return None


class Plan:
    """All that happens around a change."""

    def __init__(self, clock, blocks, at, days):
        nearby = range(clock.today - DAYS + 2, clock.today + DAYS - 2)
        self.blocks = [(b["name"], self.occurrences(clock, b, nearby)) for b in blocks]
        self.all = [o for _, those in self.blocks for o in those]
        self.edges = sorted({edge for o in self.all for edge in o})
        due = [clock.minute(day, time, False) for day in nearby for time in at
               if (EPOCH.date() + timedelta(days=day)).weekday() in days]
        self.deliveries = sorted(self.free(minute) for minute in due if minute is not None)

    @staticmethod
    def occurrences(clock, block, nearby):
        found = []
        for day in nearby:
            opens = EPOCH.date() + timedelta(days=day)
            if opens.weekday() not in block["days"] or opens in block["except"]:
                continue
            if not block["from"] <= opens <= block["until"]:
                continue
            start = clock.minute(day, block["start"], False)
            end = clock.minute(day + (block["end"] <= block["start"]), block["end"], True)
            if start is not None and end is not None and start < end:
                found.append((start - block["lead"], end))
        return found

    def holds(self, now):
        ends = [(name, [e for s, e in those if s <= now < e]) for name, those in self.blocks]
        return [(name, max(e)) for name, e in ends if e]

    def free(self, now):
        """The first minute from now on at which no block holds."""
        while holding := self.holds(now):
            now = max(end for _, end in holding)
        return now

    def next_change(self, now):
        return next((e for e in self.edges if e > now and self.holds(e) != self.holds(now)), None)

    def next_delivery(self, now):
        return next((d for d in self.deliveries if d > now), None)


def some_time(rng, clock):
    """Often one near the change."""
    shown = clock.shows[clock.change - clock.begins - 1] + 1
    near = (-90, -31, -30, -15, -1, 0, 1, 15, 29, 30, 31, 45, 60, 61, 90, 119, 120, 121, 180)
    return rng.choice([rng.randrange(DAY), (shown + rng.choice(near)) % DAY,
                       (shown + rng.choice(near)) % DAY, rng.choice((0, 1, 30, 1380, 1439))])


def some_days(rng):
    return rng.choice([range(7), range(7), range(5), (5, 6), sorted(rng.sample(range(7), rng.randrange(2, 7)))])


def some_block(rng, clock, name):
    def day():
        return EPOCH.date() + timedelta(days=clock.today + rng.randrange(-3, 4))

    start, end = some_time(rng, clock), some_time(rng, clock)
    return {
        "name": name, "days": some_days(rng), "start": start, "end": end or rng.choice((0, DAY)),
        "lead": rng.choice((0, 0, 0, 1, 10, 30, 60, rng.randrange(720))),
        "from": day() if rng.random() < .2 else date.min, "until": day() if rng.random() < .2 else date.max,
        "except": {day() for _ in range(rng.choice((0, 0, 1, 2)))},
    }


def clock_text(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


def block_text(block):
    words = [block["name"], "days=" + ",".join(WEEK[d] for d in block["days"]),
             f"start={clock_text(block['start'])} end={clock_text(block['end'])}"]
    words += [f"lead={block['lead']}m"] if block["lead"] else []
    words += [f"from={block['from']}"] if block["from"] > date.min else []
    words += [f"until={block['until']}"] if block["until"] < date.max else []
    words += ["except=" + ",".join(map(str, sorted(block["except"])))] if block["except"] else []
    return " ".join(words)


def write_rows(rng, zone, clock):
    blocks = [some_block(rng, clock, name) for name in "abc"[:rng.randrange(4)]]
    n_times = rng.choice((0, 1, 3)) if blocks else 2
    at = sorted({some_time(rng, clock) for _ in range(n_times)})
    days = some_days(rng)
    plan = Plan(clock, blocks, at, days)
    sections = [block_text(b) for b in blocks]
    if at:
        sections.append("deliver at=" + ",".join(map(clock_text, at)) + " days=" +
                        ",".join(WEEK[d] for d in days))
    near = [m for m in plan.edges + plan.deliveries if abs(m - clock.change) < 3 * DAY]
    asked = {clock.change + rng.randrange(-2 * DAY, 2 * DAY) for _ in range(4)}
    for minute in rng.sample(near, min(len(near), 5)):
        asked |= {minute, minute - 1}
    for now in sorted(asked):
        change, delivery = plan.next_change(now), plan.next_delivery(now)
        # Beyond what the brute force looks through, it doesn't know.
        horizon = clock.change + (DAYS - 4) * DAY
        if any(m is None or m > horizon for m in [change] * bool(blocks) + [delivery] * bool(at)):
            continue
        holds = ", ".join(f"{name} {text(end)}" for name, end in plan.holds(now)) or "-"
        print(zone, text(now), "; ".join(sections), holds, "-" if change is None else text(change),
              "-" if delivery is None else text(delivery), sep="\t")


def main(seed="1", configurations="30"):
    rng = random.Random(int(seed))
    for zone, change in CHANGES:
        clock = Clock(zone, change)
        for _ in range(int(configurations)):
            write_rows(rng, zone, clock)


main(*sys.argv[1:])
