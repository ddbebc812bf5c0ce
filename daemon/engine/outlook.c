#include "daemon/engine/outlook.h"

/*
 * When everything that comes and goes by itself lets go of what may go at @wall_us: blocks and rounds of work
 * that follow one another without a gap. INSTANT_NEVER: blocks don't.
 */
static int64_t free_at(const struct schedule *s, const struct focus *f, const struct pass *pass,
		       int64_t wall_us)
{
	int64_t asked_us;

	/* It comes to an end: there are so many rounds, and a schedule that has let go does so. */
	do {
		asked_us = wall_us;
		wall_us = schedule_free_at(s, wall_us);
		if (wall_us == INSTANT_NEVER)
			return INSTANT_NEVER;
		wall_us = pomodoro_free_at(&f->pomodoro, &pass->settings->pomodoro, pass->now,
					   wall_us);
	} while (wall_us != asked_us);
	return wall_us;
}

static int64_t focus_over_at(const struct schedule *s, const struct focus *f,
			     const struct pass *pass)
{
	int64_t ends_us = focus_ends(f, pass->now);

	if (ends_us == 0)
		return 0;
	ends_us = free_at(s, f, pass, ends_us);
	return ends_us == INSTANT_NEVER ? 0 : ends_us;
}

static int64_t next_release(const struct schedule *s, const struct timetable *t,
			    const struct focus *f, const struct pass *pass, int64_t over_us)
{
	int64_t due_us = MAX(t->due_us, pass->now.wall_us);

	if (!timetable_is_delivering(pass))
		return over_us;
	if (due_us == INSTANT_NEVER || (focus_is_on(f) && over_us == 0))
		return 0;
	due_us = free_at(s, f, pass, MAX(over_us, due_us));
	return due_us == INSTANT_NEVER ? 0 : due_us;
}

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

	if (o->is_known)
		return;
	o->is_known = true;
	o->until_us = focus_over_at(&s, f, pass);
	o->release_us = next_release(&s, t, f, pass, o->until_us);
	o->change_us = next_change(&s, f, pass->now, &block);
	o->block = block ? block->name : "";
}
