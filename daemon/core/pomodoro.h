/*
 * pomodoro: rounds of work with a break between each two; which phase is on at an instant, and until when.
 *
 * Pure, and by boot time: suspend counts, and a clock that is set doesn't matter. A phase that has begun keeps
 * its end; the plan says how long those are that follow. After the last round it is over, without a break.
 */
#pragma once
#include "config/settings.h"
#include "daemon/core/instant.h"

enum pomodoro_phase {
	POMODORO_OFF = 0,
	POMODORO_WORK,
	POMODORO_BREAK,
	POMODORO_LONG_BREAK,
};

struct pomodoro {
	enum pomodoro_phase phase;
	unsigned round; /* from 1; in a break the one before it */
	unsigned n_rounds;
	int64_t since_wall_us; /* when the phase began */
	struct instant ends;   /* and when it ends */
};

/** pomodoro_start() - the first of @n_rounds rounds begins; at least one */
struct pomodoro pomodoro_start(const struct pomodoro_plan *plan, unsigned n_rounds,
			       struct instant now);

/** pomodoro_at() - what has become of @p: phases that are over by @now are left out */
struct pomodoro pomodoro_at(const struct pomodoro *p, const struct pomodoro_plan *plan,
			    struct instant now);

/**
 * pomodoro_free_at() - when work lets go of what may go at @wall_us, which isn't before @now
 *
 * Return: @wall_us when no work is on then, else the end of that round.
 */
int64_t pomodoro_free_at(const struct pomodoro *p, const struct pomodoro_plan *plan,
			 struct instant now, int64_t wall_us);

static inline bool pomodoro_is_break(const struct pomodoro *p)
{
	return p->phase == POMODORO_BREAK || p->phase == POMODORO_LONG_BREAK;
}

/** pomodoro_phase_name() - "work", "break", "long break"; "" when it is off */
const char *pomodoro_phase_name(enum pomodoro_phase phase);

/** Room for what pomodoro_write() writes. */
#define POMODORO_TEXT_MAX 48

/** pomodoro_write() - "work 2 of 4"; a break is called by the round before it */
void pomodoro_write(const struct pomodoro *p, char buf[static POMODORO_TEXT_MAX]);

/** pomodoro_read() - the phase and the rounds of what was written. Return: false when it isn't that. */
bool pomodoro_read(const char *text, struct pomodoro *ret);
