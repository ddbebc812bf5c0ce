/*
 * forecast: when focus will be over, and when what is held will be released, as far as is known now.
 *
 * Pure.
 */
#pragma once
#include "daemon/core/focus.h"

/** Wall times; 0: never, or nobody knows. */
struct forecast {
	int64_t until_us;   /* focus goes off; blocks that follow without a gap count */
	int64_t release_us; /* held ones are released */
};

/**
 * forecast_see() - from what is on now
 * @plan: of the pomodoro
 * @delivery_us: the next delivery; in the past: it waits for the end of focus; INSTANT_NEVER: there are none
 */
struct forecast forecast_see(const struct schedule *s, const struct focus *f,
			     const struct pomodoro_plan *plan, struct instant now,
			     int64_t delivery_us);
