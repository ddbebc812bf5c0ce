#include "config/duration.h"
#include "daemon/engine/engine_parts.h"
#include "daemon/engine/handle.h"

uint32_t engine_notify(struct engine *e, const struct ticket *from, uint32_t replaces_id,
		       const struct notification *n)
{
	const struct policy_context context = engine_context(e);
	uint32_t id;

	if (arrival_notify(&e->arrival, &context, from, replaces_id, n, &id))
		e->pass.ports->changed(e->pass.data);
	return id;
}

void engine_identified(struct engine *e, uint32_t id, const char *app, uint32_t pid,
		       enum sandboxed sandboxed)
{
	const struct policy_context context = engine_context(e);

	e->has_changed |= arrival_identified(&e->arrival, &context, id, app, pid, sandboxed);
}

void engine_own(struct engine *e, const struct notification *n, int64_t announces)
{
	arrival_own(&e->arrival, n, announces);
}

void engine_close(struct engine *e, const struct ticket *from, uint32_t id)
{
	e->has_changed |= arrival_close(&e->arrival, from, id);
}

void engine_display_up(struct engine *e, const char *identity)
{
	delivery_up(&e->delivery, &e->pass, identity);
	arrival_display_up(&e->arrival);
	e->has_changed = true;
}

void engine_display_resend(struct engine *e)
{
	delivery_reattach(&e->delivery);
}

void engine_display_down(struct engine *e, bool is_told_to)
{
	delivery_down(&e->delivery, &e->pass, is_told_to);
	e->has_changed = true;
}

void engine_shown(struct engine *e, uint32_t display_id)
{
	delivery_shown(&e->delivery, &e->pass, display_id);
}

void engine_refused(struct engine *e, const char *error)
{
	delivery_refused(&e->delivery, &e->pass, error);
}

void engine_display_alive(struct engine *e)
{
	delivery_alive(&e->delivery, &e->pass);
}

void engine_display_closed(struct engine *e, uint32_t display_id, uint32_t reason)
{
	autofree(ping) struct ping *p = NULL;

	if (journal_by_display(e->pass.journal, display_id, &p) < 0 &&
	    delivery_closed_early(&e->delivery, display_id, reason))
		return;
	relay_closed(&e->pass, display_id, reason);
}

void engine_display_action(struct engine *e, uint32_t display_id, const char *key)
{
	int64_t batch = 0;

	switch (relay_action(&e->relay, &e->pass, display_id, key, &batch)) {
	case DIGEST_NO_ANSWER: break;
	case DIGEST_SHOW_ALL: release_open(&e->release, &e->pass, batch); break;
	case DIGEST_LATER:
		release_delay(&e->release, &e->pass, batch, focus_is_on(&e->focus));
		break;
	case DIGEST_DISMISS: release_dismiss(&e->release, &e->pass, batch); break;
	}
}

void engine_display_token(struct engine *e, uint32_t display_id, const char *token)
{
	relay_token(&e->relay, display_id, token);
}

void engine_display_replied(struct engine *e, uint32_t display_id, const char *text)
{
	relay_replied(&e->pass, display_id, text);
}

void engine_presenter(struct engine *e, const char *unique_name)
{
	release_presenter(&e->release, unique_name);
}

void engine_presented(struct engine *e, const char *error)
{
	release_presented(&e->release, &e->pass, error);
}

static enum control_outcome found(struct engine *e, int64_t n_found)
{
	e->has_changed |= n_found > 0;
	return n_found > 0 ? CONTROL_OK : CONTROL_NOT_FOUND;
}

enum control_outcome engine_dismiss(struct engine *e, const uint32_t *ids, size_t n_ids,
				    int64_t *ret_count)
{
	*ret_count = handle_dismiss(&e->pass, ids, n_ids);
	return found(e, *ret_count);
}

enum control_outcome engine_snooze(struct engine *e, const uint32_t *ids, size_t n_ids,
				   int64_t until_wall_us, int64_t *ret_count)
{
	if (until_wall_us <= e->pass.now.wall_us)
		return CONTROL_NOT_LATER;
	if (usec_sub(until_wall_us, e->pass.now.wall_us) > DURATION_MAX_US)
		return CONTROL_TOO_LONG;
	*ret_count = handle_snooze(&e->pass, ids, n_ids, until_wall_us);
	snooze_find(&e->snooze, &e->pass);
	return found(e, *ret_count);
}

enum control_outcome engine_act(struct engine *e, uint32_t id, const char *key)
{
	return found(e, handle_act(&e->pass, id, key));
}

enum control_outcome engine_announce_probe(struct engine *e, const char *sender)
{
	int r = probe_announce(&e->probe, &e->pass, sender);

	if (r < 0)
		return CONTROL_NO_MEMORY;
	return r == PROBE_BUSY ? CONTROL_BUSY : CONTROL_OK;
}

enum control_outcome engine_release(struct engine *e, const uint32_t *ids, size_t n_ids,
				    int64_t *ret_count)
{
	struct journal *journal = e->pass.journal;

	if (n_ids > 0) {
		*ret_count = handle_release(&e->pass, ids, n_ids);
		return found(e, *ret_count);
	}
	e->has_changed = true;
	*ret_count = journal_count(journal, PING_HELD) + journal_count(journal, PING_ANNOUNCED);
	release_open_all(&e->release, &e->pass);
	release_begin(&e->release, &e->pass, BATCH_TAKES_ALL,
		      (struct due){e->pass.now.wall_us, DUE_ASKED}, 0);
	return CONTROL_OK;
}
