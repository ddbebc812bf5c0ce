#include "daemon/core/civil.h"

#define SEC_PER_HOUR INT64_C(3600)
#define SEC_PER_DAY INT64_C(86400)

/* A reading of the clock is a number of seconds, as if it showed UTC: equal readings are equal numbers. */
static int64_t reading_at(const struct civil_zone *zone, int64_t wall_s)
{
	return wall_s + zone->offset_s(zone->data, wall_s);
}

static int64_t floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

struct civil_time civil_local(const struct civil_zone *zone, int64_t wall_us)
{
	int64_t reading = reading_at(zone, floor_div(wall_us, USEC_PER_SEC));
	int64_t day = floor_div(reading, SEC_PER_DAY);

	return (struct civil_time){
		.day = (int32_t)day,
		.second = (int32_t)(reading - day * SEC_PER_DAY),
	};
}

/* The clock reads less than @reading at @before and more at @after, and leaves it out in between. */
static int64_t end_of_gap(const struct civil_zone *zone, int64_t reading, int64_t before,
			  int64_t after)
{
	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (reading_at(zone, middle) < reading)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/*
 * No zone is so far from UTC that the instant lies outside of these bounds, and none changes twice within
 * them: the offsets at both ends are the two that there can be.
 */
int64_t civil_wall(const struct civil_zone *zone, struct civil_time time, enum civil_which which)
{
	int64_t reading = time.day * SEC_PER_DAY + time.second;
	int64_t before = reading - 16 * SEC_PER_HOUR, after = reading + 16 * SEC_PER_HOUR;
	int64_t a = reading - zone->offset_s(zone->data, before);
	int64_t b = reading - zone->offset_s(zone->data, after);
	int64_t first = which == CIVIL_FIRST ? MIN(a, b) : MAX(a, b);
	int64_t other = which == CIVIL_FIRST ? MAX(a, b) : MIN(a, b);

	if (reading_at(zone, first) == reading)
		return first * USEC_PER_SEC;
	if (reading_at(zone, other) == reading)
		return other * USEC_PER_SEC;
	return end_of_gap(zone, reading, before, after) * USEC_PER_SEC;
}
