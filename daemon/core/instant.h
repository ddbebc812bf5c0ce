/*
 * instant: a moment on both clocks that matter, and the next moment to wake up at.
 *
 * Wall time (CLOCK_REALTIME) is what schedules and people mean; boot time (CLOCK_BOOTTIME) counts through
 * suspend and is never set. Both are read once per wake-up, by clock.c, and handed down.
 */
#pragma once
#include "config/base.h"
#include <stdint.h>

#define INSTANT_NEVER INT64_MAX

struct instant {
	int64_t wall_us; /* since 1970-01-01 UTC */
	int64_t boot_us; /* since boot */
};

/** When to wake up, on each clock; INSTANT_NEVER where there is nothing. */
struct wake {
	int64_t wall_us;
	int64_t boot_us;
};

#define WAKE_NEVER ((struct wake){INSTANT_NEVER, INSTANT_NEVER})

/** The two clocks aren't read at once, and the wall clock is slewed: only what is more than this has set it. */
#define CLOCK_SET_US (USEC_PER_SEC / 4)

/* Sums of instants that came from outside: at the end of the range they stay there. */
static inline int64_t usec_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

static inline int64_t usec_sub(int64_t a, int64_t b)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return b < 0 ? INT64_MAX : INT64_MIN;
	return difference;
}

/**
 * instant_wall() - when @planned comes, which was written down on both clocks, as a wall time at @now
 *
 * Only a clock that was set moves it.
 */
static inline int64_t instant_wall(struct instant planned, struct instant now)
{
	int64_t wall_us = usec_add(now.wall_us, usec_sub(planned.boot_us, now.boot_us));
	int64_t step_us = usec_sub(wall_us, planned.wall_us);

	return step_us > -CLOCK_SET_US && step_us < CLOCK_SET_US ? planned.wall_us : wall_us;
}

/** wake_earlier() - the earlier one on each clock */
static inline struct wake wake_earlier(struct wake a, struct wake b)
{
	return (struct wake){MIN(a.wall_us, b.wall_us), MIN(a.boot_us, b.boot_us)};
}
