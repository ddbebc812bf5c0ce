/*
 * duration: lengths of time as people write them.
 *
 * Pure. The same text is understood in lull.conf and on the command line.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>
#include <stdint.h>

/** Longest duration that is accepted: 366 days. More is a typing mistake. */
#define DURATION_MAX_US (INT64_C(366) * 24 * 3600 * USEC_PER_SEC)

/** Room for every text that duration_format() makes. */
#define DURATION_TEXT_MAX 32

/**
 * duration_parse() - read a duration
 * @text: "25" (minutes), "25m", "1h30", "1h30m", "1h 30m", "90s", "2d"; case and blanks don't matter
 * @ret_us: microseconds, greater than 0
 *
 * Return: 0, -EINVAL when it isn't a duration, -ERANGE when it is zero or above DURATION_MAX_US.
 */
LULL_MUSTCHECK int duration_parse(const char *text, int64_t *ret_us);

/**
 * duration_format() - write a duration for people
 * @us: microseconds; negative counts as 0
 * @buf: receives "1 h 30 min", "25 min", "45 s", "2 d 3 h": at most two units, the smaller cut off
 */
void duration_format(int64_t us, char buf[static DURATION_TEXT_MAX]);

/**
 * duration_write() - write a duration so that duration_parse() reads the same
 * @us: microseconds, not negative; what is less than a second is cut off
 * @buf: receives "1h30m", "50m", "1d2h3m4s", "0s"
 */
void duration_write(int64_t us, char buf[static DURATION_TEXT_MAX]);
