/*
 * timetable: what the settings say about today, looked up when it may have changed and not before.
 *
 * Between two edges there is nothing to do: a look says until when it is true. A clock that was set, another
 * zone and other settings make it look again.
 */
#pragma once
#include "daemon/core/schedule.h"
#include "daemon/engine/pass.h"

struct timetable {
	const struct civil_zone *zone;
	struct schedule_end ends[BLOCKS_MAX]; /* what was ended by hand; also in the journal */
	size_t n_ends;
	bool is_fresh;   /* what follows was looked up */
	int64_t seen_us; /* at this instant, */
	int64_t next_us; /* and is true until this one */
	/*
	 * The next delivery, also in the journal; one that is past waits for the end of focus. INSTANT_NEVER:
	 * there are none.
	 */
	int64_t due_us;
};

/** timetable_load() - at start: what the journal remembers */
void timetable_load(struct timetable *t, struct pass *pass);

/** timetable_forget() - the settings or the zone are others: look again */
void timetable_forget(struct timetable *t);

/**
 * timetable_look() - what holds now?
 *
 * Return: false when that is as it was at the last look; then @ret isn't written.
 */
bool timetable_look(struct timetable *t, struct pass *pass, struct schedule_now *ret);

/** timetable_end() - the occurrences that are on are over: those of @f's tokens */
void timetable_end(struct timetable *t, struct pass *pass, const struct focus *f);

/** timetable_is_delivering() - do pings wait for deliveries? */
bool timetable_is_delivering(const struct pass *pass);

/** timetable_is_due() - has the time of a delivery come? */
bool timetable_is_due(const struct timetable *t, const struct pass *pass);

/** timetable_delivered() - it has been made; look for the next one */
void timetable_delivered(struct timetable *t, struct pass *pass);

/** timetable_next() - when there is something to do next, as a wall time */
int64_t timetable_next(const struct timetable *t, const struct pass *pass);

/** timetable_schedule() - to ask the schedule itself */
struct schedule timetable_schedule(const struct timetable *t, const struct pass *pass);
