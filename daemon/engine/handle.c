#include "daemon/engine/handle.h"

#include <errno.h>

/* One that waits or is shown. */
static int get(struct pass *pass, uint32_t id, struct ping **ret)
{
	autofree(ping) struct ping *p = NULL;
	int r = journal_get(pass->journal, id, &p);

	if (r < 0)
		return r;
	if (p->state >= PING_LIVE_STATES || p->kind != PING_NOTIFICATION)
		return -ENOENT;
	*ret = take(p);
	return 0;
}

int64_t handle_release(struct pass *pass, const uint32_t *ids, size_t n_ids)
{
	struct batch batch = {.form = BATCH_EACH,
			      .stage = BATCH_TOLD,
			      .formed_us = pass->now.wall_us};
	int64_t n_found = 0;
	size_t i;

	for (i = 0; i < n_ids; i++) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		if (get(pass, ids[i], &p) < 0 || p->state == PING_SHOWN)
			continue;
		/* On its way anyhow, or named twice. */
		if (p->state == PING_RELEASING && (p->batch == 0 || p->batch == batch.number))
			continue;
		if (batch.number == 0 && journal_put_batch(pass->journal, &batch) < 0)
			break;
		change = ping_change_of(p);
		change.state = PING_RELEASING;
		/* One that waits for its turn, and is asked for again, has waited enough. */
		change.batch = p->state == PING_RELEASING ? 0 : batch.number;
		if (p->state == PING_HELD || p->state == PING_SNOOZED) {
			change.due = (struct due){pass->now.wall_us, DUE_ASKED};
			change.released_us = pass->now.wall_us;
		}
		/* What the display couldn't take goes without its hints, and gets one more try. */
		change.tries = p->tries > 0 ? 1 : 0;
		change.changed_us = pass->now.wall_us;
		if (journal_change(pass->journal, p, &change) == 0)
			n_found++;
	}
	return n_found;
}

void handle_close(struct pass *pass, struct ping *p, enum ping_state state)
{
	bool is_on_display = p->display_id != 0;

	if (is_on_display)
		pass->ports->close(pass->data, p->display_id);
	pass_close(pass, p, state, CLOSE_DISMISSED, is_on_display);
}

int64_t handle_dismiss(struct pass *pass, const uint32_t *ids, size_t n_ids)
{
	int64_t n_found = 0;
	size_t i;

	for (i = 0; i < n_ids; i++) {
		autofree(ping) struct ping *p = NULL;

		if (get(pass, ids[i], &p) < 0)
			continue;
		handle_close(pass, p, PING_DISMISSED);
		n_found++;
	}
	return n_found;
}

int64_t handle_snooze(struct pass *pass, const uint32_t *ids, size_t n_ids, int64_t until_wall_us)
{
	int64_t n_found = 0;
	size_t i;

	for (i = 0; i < n_ids; i++) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		if (get(pass, ids[i], &p) < 0)
			continue;
		/* Off the display without a word to its sender: it comes back. */
		if (p->display_id != 0)
			pass->ports->close(pass->data, p->display_id);
		change = ping_change_of(p);
		change.state = PING_SNOOZED;
		change.batch = 0;
		change.due = (struct due){until_wall_us, DUE_SNOOZED};
		change.released_us = 0;
		change.changed_us = pass->now.wall_us;
		if (journal_change(pass->journal, p, &change) == 0)
			n_found++;
	}
	return n_found;
}

int64_t handle_act(struct pass *pass, uint32_t id, const char *key)
{
	autofree(ping) struct ping *p = NULL;

	if (get(pass, id, &p) < 0)
		return 0;
	pass_stage(pass, &(struct effect){
				 .kind = EFFECT_ACTION,
				 .to = pass_owner(pass, p),
				 .id = p->id,
				 .text = key,
			 });
	handle_close(pass, p, PING_CLOSED);
	return 1;
}
