/*
 * hold: nothing is held past its due instant.
 *
 * The instants are wall times in the journal. Those that came from a duration are moved when the clock is set, so
 * that the duration holds; what the user named as a time of the clock isn't.
 */
#pragma once
#include "daemon/core/policy.h"
#include "daemon/engine/release.h"

struct hold {
	int64_t next_wall_us; /* the first one is due then, or later; INSTANT_NEVER */
	int64_t offset_us; /* wall time minus boot time, as the instants in the journal take it */
};

/** hold_load() - at start: what is due first, and has the clock been set meanwhile? */
void hold_load(struct hold *h, struct pass *pass, const char *boot_id);

/** hold_add() - one more is held */
void hold_add(struct hold *h, const struct ping *p);

/**
 * hold_wake() - those whose instant has come begin to go
 *
 * Return: true when there were any, or the instants have moved with a clock that was set.
 */
bool hold_wake(struct hold *h, struct pass *pass, struct release *release, const char *boot_id);

/** hold_next_release() - when the first one goes, as far as is known in @context; wall; 0: nobody knows */
int64_t hold_next_release(const struct pass *pass, const struct policy_context *context);

/** hold_next() - when hold_wake() has something to do next, as a wall time */
int64_t hold_next(const struct hold *h, const struct pass *pass);
