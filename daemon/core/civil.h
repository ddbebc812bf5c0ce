/*
 * civil: between the wall clock and what the clocks of a zone show.
 *
 * Pure: all that it knows of a zone is its offset from UTC at an instant. Where a clock is put forward, a time
 * that it leaves out means the first instant after the gap. Where it is put back, a time that it shows twice
 * means the first of the two for what begins, the second for what ends.
 */
#pragma once
#include "config/base.h"
#include <stdint.h>

/** A zone, as somebody outside of the core knows it. */
struct civil_zone {
	/* Seconds to add to UTC, at an instant in seconds since 1970-01-01 UTC. */
	int32_t (*offset_s)(void *data, int64_t wall_s);
	void *data;
};

/** What a clock with a calendar shows. */
struct civil_time {
	int32_t day;    /* since 1970-01-01; see calendar.h */
	int32_t second; /* since midnight */
};

enum civil_which {
	CIVIL_FIRST,  /* for what begins */
	CIVIL_SECOND, /* for what ends */
};

/** civil_local() - what the clocks of @zone show at @wall_us */
struct civil_time civil_local(const struct civil_zone *zone, int64_t wall_us);

/** civil_wall() - when they show @time: microseconds since 1970-01-01 UTC */
int64_t civil_wall(const struct civil_zone *zone, struct civil_time time, enum civil_which which);
