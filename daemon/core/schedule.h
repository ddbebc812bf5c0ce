/*
 * schedule: which blocks hold at an instant, when that changes, and when the next delivery is.
 *
 * Pure. An occurrence of a block belongs to the day on which it opens, also when it ends on the day after. One
 * that a change of the clocks leaves nothing of doesn't take place. Starts and ends follow civil.h.
 */
#pragma once
#include "config/calendar.h"
#include "daemon/core/civil.h"
#include "daemon/core/instant.h"
#include <stdbool.h>

/** Somebody has ended what was on of a block; an occurrence that spans the instant is over. */
struct schedule_end {
	char name[BLOCK_NAME_MAX + 1];
	int64_t wall_us;
};

/** What there is to answer from. Everything is borrowed. */
struct schedule {
	const struct civil_zone *zone;
	const struct block *blocks;
	size_t n_blocks; /* BLOCKS_MAX at most */
	const struct schedule_end *ends;
	size_t n_ends;
	const struct clocks *deliver_at; /* none: no deliveries */
	unsigned deliver_days;
};

struct schedule_hold {
	const struct block *block;
	int64_t ends_us;
};

/** What holds at an instant. */
struct schedule_now {
	struct schedule_hold holds[BLOCKS_MAX]; /* in the order of the blocks */
	size_t n_holds;
	int64_t next_us; /* it is the same until then; INSTANT_NEVER: nothing changes in the next year */
};

/**
 * schedule_hours_at() - is it between two times of the clock?
 * @b: its days, start and end count; it needs no name
 * @ret_ends_us: when that is over; written only on true
 */
bool schedule_hours_at(const struct civil_zone *zone, const struct block *b, int64_t wall_us,
		       int64_t *ret_ends_us);

/** schedule_at() - what holds at @wall_us, and until when that is so */
void schedule_at(const struct schedule *s, int64_t wall_us, struct schedule_now *ret);

/**
 * schedule_next_start() - when the next block begins to hold
 * @ret: which one; NULL when there is none
 *
 * Return: an instant after @wall_us, or INSTANT_NEVER.
 */
int64_t schedule_next_start(const struct schedule *s, int64_t wall_us, const struct block **ret);

/**
 * schedule_free_at() - when blocks let go of what may go at @wall_us
 *
 * Return: @wall_us when no block holds then, else the end of the blocks that hold one after the other;
 * INSTANT_NEVER when they do so for more than a year.
 */
int64_t schedule_free_at(const struct schedule *s, int64_t wall_us);

/**
 * schedule_next_delivery() - the next delivery after @wall_us; one that falls into a block comes at its end
 *
 * Return: an instant, or INSTANT_NEVER.
 */
int64_t schedule_next_delivery(const struct schedule *s, int64_t wall_us);
