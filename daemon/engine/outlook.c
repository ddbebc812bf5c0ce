#include "daemon/engine/outlook.h"

static int64_t focus_over_at(const struct schedule *s, const struct focus *f, struct instant now)
{
	int64_t ends_us = focus_ends(f, now);

	if (ends_us == 0)
		return 0;
	ends_us = schedule_free_at(s, ends_us);
	return ends_us == INSTANT_NEVER ? 0 : ends_us;
}

static int64_t next_release(const struct timetable *t, const struct focus *f,
			    const struct pass *pass, int64_t over_us)
{
	int64_t due_us = MAX(t->due_us, pass->now.wall_us);

	if (!timetable_is_delivering(pass))
		return over_us;
	if (due_us == INSTANT_NEVER || (focus_is_on(f) && over_us == 0))
		return 0;
	return focus_is_on(f) ? MAX(over_us, due_us) : due_us;
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
	o->until_us = focus_over_at(&s, f, pass->now);
	o->release_us = next_release(t, f, pass, o->until_us);
	o->change_us = next_change(&s, f, pass->now, &block);
	o->block = block ? block->name : "";
}
