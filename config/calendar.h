/*
 * calendar: days of the week, times of day and dates, as people write them in lull.conf.
 *
 * Pure, and without a zone: a day is counted from 1970-01-01, a time of day in minutes since midnight.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>
#include <stdint.h>

#define CALENDAR_DAILY 0x7fU        /* every day of the week; bit 0 is Sunday */
#define CALENDAR_NONE (-1)          /* a time of day that isn't given */
#define CALENDAR_DAY_ENDS (24 * 60) /* as a time of day: midnight, when a day is over */

/** No date is given: before all, and after all of them. */
#define CALENDAR_EVER INT32_MIN
#define CALENDAR_FOREVER INT32_MAX

/** What fits into a line of lull.conf. */
#define CLOCKS_MAX 32
#define DATES_MAX 24

/** Times of day, the earliest first. */
struct clocks {
	size_t n;
	int32_t minutes[CLOCKS_MAX];
};

/** Dates, the earliest first. */
struct dates {
	size_t n;
	int32_t days[DATES_MAX];
};

#define BLOCK_NAME_MAX 32 /* bytes */
#define BLOCKS_MAX 64

/** A focus block that comes back: [block NAME]. */
struct block {
	char name[BLOCK_NAME_MAX + 1];
	unsigned days;       /* on which it opens */
	int32_t start;       /* minutes; CALENDAR_NONE: not given */
	int32_t end;         /* at or before start: on the day after */
	int32_t from, until; /* the first and the last day on which it opens */
	struct dates except; /* but not on these */
	int64_t lead_us;     /* holding starts that much earlier */
};

/** calendar_day() - the number of a date; it may be one that isn't there, as February 30 */
int32_t calendar_day(int year, int month, int day);

/** calendar_weekday() - 0: Sunday, ..., 6: Saturday */
unsigned calendar_weekday(int32_t day);

/**
 * calendar_parse_days() - read days of the week
 * @text: "mon-fri", "mon, wed", "sat-mon", "daily", "weekdays", "weekend"; names may be written out, and case
 *        doesn't matter
 * @ret_wrong, @ret_wrong_len: on -EINVAL, the word that isn't a day; may be empty
 *
 * Return: 0 or -EINVAL.
 */
LULL_MUSTCHECK int calendar_parse_days(const char *text, unsigned *ret, const char **ret_wrong,
				       size_t *ret_wrong_len);

/** calendar_day_word() - what may stand for days: "mon", ..., "daily", ...; NULL after the last */
const char *calendar_day_word(size_t i);

/** calendar_parse_clock() - read "9:00" or "09:00". Return: 0 or -EINVAL. */
LULL_MUSTCHECK int calendar_parse_clock(const char *text, int32_t *ret);

/** calendar_parse_end() - the same for what ends: "24:00" is CALENDAR_DAY_ENDS. Return: 0 or -EINVAL. */
LULL_MUSTCHECK int calendar_parse_end(const char *text, int32_t *ret);

/** calendar_parse_clocks() - read "09:00, 12:30"; "" is none. Return: 0 or -EINVAL. */
LULL_MUSTCHECK int calendar_parse_clocks(const char *text, struct clocks *ret);

/** calendar_parse_date() - read "2026-12-24". Return: 0, or -EINVAL also for one that isn't there. */
LULL_MUSTCHECK int calendar_parse_date(const char *text, int32_t *ret);

/** calendar_parse_dates() - read "2026-12-24, 2026-12-31"; "" is none. Return: 0 or -EINVAL. */
LULL_MUSTCHECK int calendar_parse_dates(const char *text, struct dates *ret);

/** Room for every text that the following make. */
#define CALENDAR_TEXT_MAX 320

/* Each writes what its parser reads. */
void calendar_write_days(unsigned days, char buf[static CALENDAR_TEXT_MAX]);
void calendar_write_clock(int32_t minutes, char buf[static CALENDAR_TEXT_MAX]);
void calendar_write_clocks(const struct clocks *clocks, char buf[static CALENDAR_TEXT_MAX]);
void calendar_write_date(int32_t day, char buf[static CALENDAR_TEXT_MAX]);
void calendar_write_dates(const struct dates *dates, char buf[static CALENDAR_TEXT_MAX]);
