#include "daemon/core/forecast.h"

/*
 * When everything that comes and goes by itself lets go of what may go at @wall_us: blocks and rounds of work
 * that follow one another without a gap. INSTANT_NEVER: blocks don't.
 */
static int64_t free_at(const struct schedule *s, const struct focus *f,
		       const struct pomodoro_plan *plan, struct instant now, int64_t wall_us)
{
	int64_t asked_us;

	/* It comes to an end: there are so many rounds, and a schedule that has let go does so. */
	do {
		asked_us = wall_us;
		wall_us = schedule_free_at(s, wall_us);
		if (wall_us == INSTANT_NEVER)
			return INSTANT_NEVER;
		wall_us = pomodoro_free_at(&f->pomodoro, plan, now, wall_us);
	} while (wall_us != asked_us);
	return wall_us;
}

struct forecast forecast_see(const struct schedule *s, const struct focus *f,
			     const struct pomodoro_plan *plan, struct instant now,
			     int64_t delivery_us)
{
	int64_t ends_us = focus_ends(f, now), due_us = MAX(delivery_us, now.wall_us);
	struct forecast c = {0};

	if (ends_us > 0)
		ends_us = free_at(s, f, plan, now, ends_us);
	c.until_us = ends_us == INSTANT_NEVER ? 0 : ends_us;
	c.release_us = c.until_us;
	if (s->deliver_at->n == 0)
		return c;
	c.release_us = 0;
	if (due_us == INSTANT_NEVER || (focus_is_on(f) && c.until_us == 0))
		return c;
	due_us = free_at(s, f, plan, now, MAX(c.until_us, due_us));
	c.release_us = due_us == INSTANT_NEVER ? 0 : due_us;
	return c;
}
