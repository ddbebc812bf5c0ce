/*
 * when: clock times as people write and read them, in the time zone of the process.
 *
 * Never asks the time, except in when_now(): callers pass it.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>
#include <stdint.h>

/** Room for every text that this module makes. */
#define WHEN_TEXT_MAX 48

/** when_now() - microseconds since 1970-01-01 UTC */
int64_t when_now(void);

/** Longest text that is a time, in bytes. */
#define WHEN_WORDS_MAX 64

/**
 * when_day_name() - the days that have a name
 *
 * Return: "today", "tomorrow", "yesterday", "sunday", ..., "saturday"; NULL after the last.
 */
const char *when_day_name(size_t i);

/**
 * when_parse() - read a time that is still to come
 * @text: "11:30": the next time a clock shows it, after @now_us; "today 11:30", "tomorrow 9:00", "monday 9:00"
 *        and "mon 9:00": the first such one; "2025-06-22 9:00". Without a time a day means 9:00
 * @ret_us: an instant after @now_us
 *
 * A time that a clock shows twice (when daylight saving ends) means the first one that is still to come. A
 * time that it leaves out means the moment of the jump.
 *
 * Return: 0; -EINVAL when it isn't a time; -ERANGE when it is over.
 */
LULL_MUSTCHECK int when_parse(const char *text, int64_t now_us, int64_t *ret_us);

/**
 * when_parse_past() - read a time that is over
 * @text: as for when_parse(), but the last such time, and without a time a day means its beginning; also
 *        "yesterday 17:00"; also a duration: "2h" is two hours ago
 * @ret_us: an instant, @now_us at the latest
 *
 * Return: 0; -EINVAL when it isn't a time or a duration; -ERANGE when it is still to come or too long ago.
 */
LULL_MUSTCHECK int when_parse_past(const char *text, int64_t now_us, int64_t *ret_us);

/**
 * when_format() - write an instant
 * @buf: receives "11:30" today, "tomorrow 9:00", "yesterday 9:00", "Mon 9:00" within a week, else
 *       "2025-03-30 09:00"
 */
void when_format(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX]);

/** when_format_age() - write how long ago: "now", "45 s", "12 min", "3 h", "2 d"; one unit, cut off */
void when_format_age(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX]);

/** when_format_left() - write what is left: "45 s", or from a minute on full minutes, rounded up */
void when_format_left(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX]);
