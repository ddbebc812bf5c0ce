/*
 * Does what the engine promises hold?
 */
#include "tests/unit/world.h"

#include "daemon/core/trace.h"
#include "daemon/journal/journal.h"
#include <inttypes.h>
#include <string.h>

/* A clock that is set by less isn't followed: not when it comes in, and not later. */
#define OFF_US (2 * CLOCK_SET_US)

void world_look_for_refill(struct world *w)
{
	struct engine_status status;

	engine_status(w->engine, &status);
	if (status.is_focus_on != w->was_on)
		w->n_spent = 0;
	w->was_on = status.is_focus_on;
}

static struct spent *find_spent(struct world *w, const char *rule, const char *app)
{
	struct spent *s = w->spent;

	for (size_t i = 0; i < w->n_spent; i++, s++)
		if (strcmp(s->rule, rule) == 0 && strcmp(s->app, app) == 0)
			return s;
	if (w->n_spent == WORLD_SPENT_MAX)
		abort();
	w->n_spent++;
	*s = (struct spent){0};
	snprintf(s->app, sizeof(s->app), "%s", app);
	snprintf(s->rule, sizeof(s->rule), "%s", rule);
	return s;
}

/* A budget is used up once it was used, and no sooner; an end of focus makes it whole. */
void world_look_at_budgets(struct world *w, uint32_t id)
{
	autofree(ping) struct ping *p = NULL;
	struct trace t;

	if (journal_get(w->journal, id, &p) < 0 || trace_read(p->trace, &t) < 0)
		return;
	for (size_t i = 0; i < t.n_asked; i++) {
		const struct rule *r = &w->settings->rules[i];
		struct spent *s;

		if (r->budget == RULE_BUDGET_NONE)
			continue;
		s = find_spent(w, r->name, p->app);
		if (t.outcomes[i] == RULE_SPENT && s->n < r->budget)
			world_fail(w, "[rule %s] has let through %lld of %s, and says it was %lld",
				   r->name, (long long)s->n, p->app, (long long)r->budget);
		s->n += t.kind == VERDICT_DELIVER && t.is_breakthrough &&
			strcmp(p->rule, r->name) == 0;
	}
	free(t.tokens);
}

struct ping *world_get(struct world *w, uint32_t id)
{
	struct ping *p = NULL;

	if (engine_item(w->engine, id, &p) < 0)
		world_fail(w, "%u is lost", id);
	return p;
}

/* In hours since the world began. */
static double hours(int64_t wall_us)
{
	return (double)(wall_us - WORLD_MIDNIGHT) / (double)HOUR;
}

static bool is_duration(enum due_reason reason)
{
	return reason == DUE_LONGEST || reason == DUE_RULE;
}

/* When will it go? There is always an answer. */
static void look_at_told(struct world *w, const struct ping *p, const struct ping *told)
{
	if (told->due.wall_us == 0)
		world_fail(w, "%u is held (until %d) and has no due", p->id, (int)p->until);
	if (told->due.wall_us > 0 &&
	    (told->due.reason <= DUE_NONE || told->due.reason >= N_DUE_REASONS))
		world_fail(w, "%u is due for no reason", p->id);
	if (p->due.wall_us > 0 && p->due.wall_us <= w->now.wall_us)
		world_fail(w, "%u is held, and was due (%d) %.3f s ago", p->id, (int)p->due.reason,
			   (double)(w->now.wall_us - p->due.wall_us) / (double)SECOND);
	if (told->due.wall_us > 0 && told->due.wall_us + CLOCK_SET_US <= w->now.wall_us)
		world_fail(w, "%u is held, and was told to be due (%d) %.3f s ago", p->id,
			   (int)told->due.reason,
			   (double)(w->now.wall_us - told->due.wall_us) / (double)SECOND);
}

/* A duration lasts as long as it is, whatever becomes of the wall clock; after another boot that is all there is. */
static void look_at_duration(struct world *w, struct item *item, const struct ping *p)
{
	int64_t offset_us = w->now.wall_us - w->now.boot_us, off_us;

	if (!is_duration(p->due.reason) || p->due.wall_us == 0) {
		item->due_boot_us = 0;
		return;
	}
	if (!item->is_waiting || item->due_boot_us == 0 || w->was_booted ||
	    item->bound.reason != p->due.reason || item->until != p->until ||
	    strcmp(item->rule, p->rule) != 0)
		item->due_boot_us = p->due.wall_us - offset_us;
	off_us = p->due.wall_us - offset_us - item->due_boot_us;
	if (off_us < -OFF_US || off_us > OFF_US)
		world_fail(w, "%u was to be held for a time; that is off by %.3f s", p->id,
			   (double)off_us / (double)SECOND);
}

/* What is due first. */
struct first {
	int64_t held_us, snoozed_us;
};

static void look_at_waiting(struct world *w, const struct ping *p, struct first *first)
{
	struct item *item = world_item(w, p->id);
	autofree(ping) struct ping *told = world_get(w, p->id);

	if (!told || !item)
		return;
	if (p->batch != 0)
		world_fail(w, "%u waits and is of batch %lld", p->id, (long long)p->batch);
	if (p->state == PING_SNOOZED) {
		if (p->due.wall_us <= w->now.wall_us)
			world_fail(w, "%u is still snoozed", p->id);
		first->snoozed_us = MIN(first->snoozed_us, p->due.wall_us);
	} else {
		look_at_told(w, p, told);
		if (told->due.wall_us > 0)
			first->held_us = MIN(first->held_us, told->due.wall_us);
	}
	look_at_duration(w, item, p);
	if (item->is_waiting && item->state == p->state && !w->has_moved && !w->has_gap &&
	    item->told.wall_us > 0 &&
	    (told->due.wall_us == 0 || told->due.wall_us > item->told.wall_us))
		world_fail(w, "%u was due at %+.3f h (%d), and now at %+.3f h (%d), for no reason",
			   p->id, hours(item->told.wall_us), (int)item->told.reason,
			   hours(told->due.wall_us), (int)told->due.reason);
	if (item->is_waiting && item->state == PING_HELD && p->state == PING_HELD && w->has_gap &&
	    !w->has_moved && item->told.wall_us > 0 &&
	    item->told.wall_us + CLOCK_SET_US < w->now.wall_us)
		world_fail(w,
			   "%u was due at %+.3f h (%d), which has passed, and now at %+.3f h (%d)",
			   p->id, hours(item->told.wall_us), (int)item->told.reason,
			   hours(told->due.wall_us), (int)told->due.reason);
	item->is_seen = true;
	item->is_waiting = true;
	item->state = p->state;
	item->bound = p->due;
	item->until = p->until;
	item->told = told->due;
	snprintf(item->rule, sizeof(item->rule), "%s", p->rule);
	item->was_late = false;
}

static struct due earlier(struct due a, struct due b)
{
	if (a.wall_us == 0 || b.wall_us == 0)
		return a.wall_us ? a : b;
	return b.wall_us < a.wall_us ? b : a;
}

/* `lull audit` says so of a notification that was started for. */
static bool was_not_running(struct world *w, int64_t due_us, int64_t released_us)
{
	autofree(str) char *starts = journal_meta(w->journal, "starts");
	int64_t start_us;
	int length;

	for (const char *s = starts; s && sscanf(s, "%" SCNd64 "\n%n", &start_us, &length) == 1;
	     s += length)
		if (start_us > due_us && start_us <= released_us &&
		    released_us - start_us < 10 * SECOND)
			return true;
	return false;
}

static void look_at_released(struct world *w, struct item *item, const struct ping *p)
{
	struct due due = earlier(item->told, item->bound);
	int64_t late_us = w->turn.wall_us - due.wall_us;
	int64_t boot_late_us = w->turn.boot_us - item->due_boot_us;
	/* With others that are due, a duration may be a little shorter. */
	int64_t early_us =
		is_duration(p->due.reason)
			? MAX(MIN((p->due.wall_us - p->arrived_us) / 4, BATCH_EARLY_MAX_US), 0)
			: 0;

	/* Decided about once more, when it was known who has sent it. */
	if (p->released_us == 0 && p->due.wall_us == 0 && w->has_moved)
		return;
	w->n_released++;
	if (p->released_us < w->turn.wall_us || p->released_us > w->now.wall_us)
		world_fail(w, "%u was released at %+.3f h, says the journal, and it wasn't", p->id,
			   hours(p->released_us));
	if (due.wall_us == 0)
		return;
	if (!w->has_gap && late_us > SECOND)
		world_fail(w, "%u was released %.3f s late", p->id,
			   (double)late_us / (double)SECOND);
	if (!w->has_gap && !w->has_moved && late_us < -SECOND - early_us)
		world_fail(w, "%u was told to be due (%d) at %+.3f h, and was released before",
			   p->id, (int)item->told.reason, hours(item->told.wall_us));
	/* Nobody but the clock released it. */
	if (is_duration(p->due.reason) && item->due_boot_us > 0 && !w->was_booted) {
		if (boot_late_us < -OFF_US - early_us || boot_late_us > SECOND + OFF_US + w->gap_us)
			world_fail(w, "%u was held for %.3f s more than its time", p->id,
				   (double)boot_late_us / (double)SECOND);
	}
	item->was_late = p->released_us - p->due.wall_us > SECOND;
	/* Where its due hasn't moved, the journal says what was seen. One that was snoozed is held anew. */
	if (due.reason != DUE_SNOOZED && !w->has_moved && !w->was_stepped &&
	    (p->due.wall_us == 0 ||
	     (p->released_us > due.wall_us && p->due.wall_us > due.wall_us + CLOCK_SET_US) ||
	     item->was_late != (p->released_us - due.wall_us > SECOND)))
		world_fail(w, "%u was due (%d) at %+.3f h, and (%d) at %+.3f h, says the journal",
			   p->id, (int)due.reason, hours(due.wall_us), (int)p->due.reason,
			   hours(p->due.wall_us));
	if (!item->was_late)
		return;
	w->n_late++;
	if (!w->has_gap)
		world_fail(w, "an audit says that %u was late, and it wasn't", p->id);
	if (w->was_away && w->gap_us > 0 && !w->was_stepped && due.wall_us < w->turn.wall_us &&
	    due.wall_us > w->turn.wall_us - w->gap_us &&
	    !was_not_running(w, p->due.wall_us, p->released_us))
		world_fail(w, "an audit doesn't see that lulld wasn't running for %u", p->id);
}

/* It waited at the last look, and doesn't now. */
static void look_at_gone(struct world *w, struct item *item)
{
	autofree(ping) struct ping *p = world_get(w, item->id);
	const char *summary = w->sent[item->sent].summary;

	item->is_waiting = false;
	if (!p)
		return;
	item->state = p->state;
	if (strcmp(p->summary, summary) != 0) {
		world_fail(w, "%u is '%s', and was answered as '%s'", p->id, p->summary, summary);
		return;
	}
	switch (p->state) {
	case PING_RELEASING:
	case PING_SHOWN:
	case PING_ANNOUNCED:
	case PING_QUARANTINED: look_at_released(w, item, p); break;
	case PING_CLOSED:
	case PING_WITHDRAWN:
	case PING_DISMISSED:
		if (!world_is_ended(item))
			world_fail(w, "%u is gone, and nobody has closed it", p->id);
		break;
	case PING_DROPPED: break; /* decided about once more */
	case PING_HELD:
	case PING_SNOOZED:
	case PING_LIVE_STATES: world_fail(w, "%u waits, and isn't found", p->id); break;
	}
}

static void look_at_state(struct world *w, enum ping_state state, struct first *first)
{
	struct ping_query query = {.state = state, .last_batch = INT64_MAX};

	for (;;) {
		autofree(ping) struct ping *p = NULL;

		if (journal_next(w->journal, &query, &p) < 0)
			return;
		query.batch = p->batch;
		query.after_seq = p->seq;
		look_at_waiting(w, p, first);
	}
}

/* Is it woken when it has to be, and not before now? */
static void look_at_armed(struct world *w, int64_t first_us)
{
	int64_t wall_us = w->armed.wall_us, boot_us = w->armed.boot_us;

	if (wall_us <= w->now.wall_us || boot_us <= w->now.boot_us)
		world_fail(w, "it is to be woken at once, and has nothing to do");
	if (first_us != INSTANT_NEVER &&
	    world_until_armed(w) > first_us - w->now.wall_us + CLOCK_SET_US)
		world_fail(w, "one is due in %.3f s, and nothing wakes it up",
			   (double)(first_us - w->now.wall_us) / (double)SECOND);
}

void world_look(struct world *w)
{
	struct first first = {INSTANT_NEVER, INSTANT_NEVER};
	struct engine_status status;

	if (*w->error)
		return;
	engine_status(w->engine, &status);
	for (size_t i = 0; i < w->n_items; i++)
		w->items[i].is_seen = false;
	look_at_state(w, PING_HELD, &first);
	look_at_state(w, PING_SNOOZED, &first);
	for (size_t i = 0; i < w->n_items; i++)
		if (w->items[i].is_waiting && !w->items[i].is_seen)
			look_at_gone(w, &w->items[i]);
	world_look_for_refill(w);
	look_at_armed(w, MIN(first.held_us, first.snoozed_us));
	if (first.held_us == INSTANT_NEVER)
		first.held_us = 0;
	if (status.n_held > 0 && status.next_release_us != first.held_us)
		world_fail(
			w,
			"the next release is at %+.3f h, says status; the first is due at %+.3f h",
			hours(status.next_release_us), hours(first.held_us));
	for (size_t i = w->n_sent; i-- > 0 && w->n_sent - i < 32;)
		if (w->sent[i].n.app[0] && w->sent[i].n_answers == 0)
			world_fail(w, "'%s' isn't answered", w->sent[i].summary);
	if (w->n_looks++ % 16 == 0 || w->was_away)
		world_count(w);
	w->has_moved = w->has_gap = w->was_away = w->was_booted = w->was_stepped = false;
	w->gap_us = 0;
}

void world_count(struct world *w)
{
	int64_t n[PING_LIVE_STATES] = {0}, n_open = 0;
	struct engine_status status;

	for (int state = 0; state < PING_LIVE_STATES; state++) {
		struct ping_query query = {.state = (enum ping_state)state,
					   .last_batch = INT64_MAX};

		for (;;) {
			autofree(ping) struct ping *p = NULL;

			if (journal_next(w->journal, &query, &p) < 0)
				break;
			query.batch = p->batch;
			query.after_seq = p->seq;
			n[state]++;
			n_open += p->state == PING_SHOWN && p->batch > 0;
		}
	}
	engine_status(w->engine, &status);
	if (status.n_held != n[PING_HELD] || status.n_snoozed != n[PING_SNOOZED] ||
	    status.n_announced != n[PING_ANNOUNCED] || status.n_releasing != n[PING_RELEASING] ||
	    status.n_quarantined != n[PING_QUARANTINED] || journal_count_open(w->journal) != n_open)
		world_fail(w, "status doesn't count right");
}

void world_close_up(struct world *w)
{
	if (*w->error)
		return;
	world_count(w);
	for (size_t i = 0; i < w->n_items; i++) {
		struct item *item = &w->items[i];
		const struct sent *sent = &w->sent[item->sent];
		autofree(ping) struct ping *p = world_get(w, item->id);
		bool is_late;

		if (!p)
			return;
		world_note(
			w,
			"%u %s %d rule %s set %lld due %lld %d released %lld digest %d trace %s\n",
			p->id, p->summary, (int)p->state, p->rule, (long long)p->ruleset,
			(long long)p->due.wall_us, (int)p->due.reason, (long long)p->released_us,
			(int)p->digest, p->trace);
		if (p->state == PING_HELD || p->state == PING_RELEASING)
			world_fail(w, "%u isn't out (%s)", p->id, ping_state_name(p->state));
		if (strcmp(p->summary, sent->summary) != 0)
			world_fail(w, "%u is '%s', and not '%s'", p->id, p->summary, sent->summary);
		if ((p->state == PING_CLOSED || p->state == PING_SHOWN) && !sent->was_shown &&
		    !world_is_ended(item))
			world_fail(w, "%u was never shown", p->id);
		is_late = p->due.wall_us > 0 && p->released_us > 0 &&
			  p->released_us - p->due.wall_us > SECOND;
		if (is_late != item->was_late)
			world_fail(w, "an audit says that %u was %s, and it wasn't", p->id,
				   is_late ? "late" : "in time");
	}
}
