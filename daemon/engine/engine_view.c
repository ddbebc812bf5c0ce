#include "daemon/engine/engine_parts.h"
#include "daemon/engine/listing.h"

static const struct outlook *look_ahead(struct engine *e)
{
	outlook_see(&e->outlook, &e->timetable, &e->focus, &e->pass);
	return &e->outlook;
}

struct policy_context engine_context(struct engine *e)
{
	const struct outlook *outlook = look_ahead(e);
	bool is_batching = timetable_is_delivering(&e->pass);

	return (struct policy_context){
		.now = e->pass.now,
		.zone = e->timetable.zone,
		.focus = &e->focus,
		.is_batching = is_batching,
		.focus_ends_us = outlook->until_us,
		.delivery_us = is_batching ? outlook->release_us : 0,
		.planned_us = is_batching && e->timetable.due_us != INSTANT_NEVER
				      ? e->timetable.due_us
				      : 0,
	};
}

/* With nothing held: when what comes now would go. */
static int64_t next_release(struct engine *e, const struct outlook *outlook)
{
	const struct policy_context context = engine_context(e);

	if (journal_count(e->pass.journal, PING_HELD) == 0)
		return outlook->release_us;
	return hold_next_release(&e->pass, &context);
}

void engine_status(struct engine *e, struct engine_status *ret)
{
	const struct outlook *outlook = look_ahead(e);

	*ret = (struct engine_status){
		.now = e->pass.now,
		.focus = &e->focus,
		.is_focus_on = focus_is_on(&e->focus),
		.until_us = outlook->until_us,
		.next_change_us = outlook->change_us,
		.next_block = outlook->block,
		.next_delivery_us = e->timetable.due_us == INSTANT_NEVER ? 0 : e->timetable.due_us,
		.n_held = journal_count(e->pass.journal, PING_HELD),
		.n_snoozed = journal_count(e->pass.journal, PING_SNOOZED),
		.n_announced = journal_count(e->pass.journal, PING_ANNOUNCED),
		.n_releasing = journal_count(e->pass.journal, PING_RELEASING) -
			       probe_is_releasing(&e->probe, &e->pass),
		.n_quarantined = journal_count(e->pass.journal, PING_QUARANTINED),
		.next_release_us = next_release(e, outlook),
		.journal_why = journal_why(e->pass.journal),
	};
}

uint64_t engine_list(struct engine *e, uint64_t cursor, size_t max,
		     bool (*item)(void *data, const struct ping *p), void *data)
{
	const struct policy_context context = engine_context(e);

	return listing_walk(e->pass.journal, &context, cursor, max, item, data);
}

int engine_item(struct engine *e, uint32_t id, struct ping **ret)
{
	const struct policy_context context = engine_context(e);
	int r = journal_get(e->pass.journal, id, ret);

	if (r == 0 && (*ret)->state == PING_HELD)
		(*ret)->due = policy_due((*ret)->until, (*ret)->due, &context);
	return r;
}
