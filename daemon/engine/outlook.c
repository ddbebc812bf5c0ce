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
}
