#include "daemon/engine/outlook.h"

#include "daemon/core/forecast.h"

static int64_t next_change(const struct schedule *s, const struct focus *f, struct instant now,
			   const struct block **ret_block)
{
	int64_t next_us = schedule_next_start(s, now.wall_us, ret_block);
	size_t i;

	for (i = 0; i < f->n_tokens; i++) {
		int64_t ends_us = token_ends(&f->tokens[i], now);

		if (ends_us > 0 && ends_us < next_us) {
			next_us = ends_us;
			*ret_block = NULL;
		}
	}
	if (pomodoro_is_break(&f->pomodoro) && instant_wall(f->pomodoro.ends, now) < next_us) {
		next_us = instant_wall(f->pomodoro.ends, now);
		*ret_block = NULL;
	}
	return next_us == INSTANT_NEVER ? 0 : next_us;
}

/* Of what ends by boot time the wall time is known as well as the two clocks go together. */
#define DRIFT_US USEC_PER_MSEC
/* What is further away needn't be remembered for longer. */
#define KEEP_US (INT64_C(3600) * USEC_PER_SEC)

/* The first of these that is still to come. */
static void limit(struct outlook *o, int64_t us)
{
	if (us > o->seen.wall_us)
		o->valid_us = MIN(o->valid_us, us);
}

void outlook_begin(struct outlook *o, struct instant now)
{
	int64_t drift_us = usec_sub(usec_sub(now.wall_us, o->seen.wall_us),
				    usec_sub(now.boot_us, o->seen.boot_us));

	if (now.wall_us < o->seen.wall_us || now.wall_us >= o->valid_us || drift_us >= DRIFT_US ||
	    drift_us <= -DRIFT_US)
		o->is_known = false;
}

void outlook_see(struct outlook *o, const struct timetable *t, const struct focus *f,
		 const struct pass *pass)
{
	const struct schedule s = timetable_schedule(t, pass);
	const struct block *block;
	struct forecast forecast;

	if (o->is_known)
		return;
	o->is_known = true;
	forecast = forecast_see(&s, f, &pass->settings->pomodoro, pass->now, t->due_us);
	o->until_us = forecast.until_us;
	o->release_us = forecast.release_us;
	o->change_us = next_change(&s, f, pass->now, &block);
	o->block = block ? block->name : "";
	o->seen = pass->now;
	o->valid_us = usec_add(pass->now.wall_us, KEEP_US);
	limit(o, o->until_us);
	limit(o, o->release_us);
	limit(o, o->change_us);
	limit(o, t->due_us);
	/* A delivery that is waited for is always now. */
	if (o->release_us > 0 && o->release_us <= pass->now.wall_us)
		o->valid_us = pass->now.wall_us;
}
