/*
 * journal_pings: writing rows of pings, finding them, and walking over them.
 */
#include "daemon/journal/journal_parts.h"

#include "daemon/journal/numbers.h"
#include "daemon/journal/store.h"
#include <errno.h>

/* --- writing --- */

static int write_ping(struct journal *j, const struct ping *p)
{
	int r = 1;

	j->is_dirty = true;
	if (journal_on_disk(j)) {
		r = journal_disk_answer(j, store_put(j->disk, p));
		if (r == 0)
			return oplog_ping(&j->log, p);
	}
	return r > 0 ? store_put(j->memory, p) : r;
}

int journal_put(struct journal *j, struct ping *p, const struct ping *old)
{
	int r;

	if (p->seq == 0) {
		r = numbers_next_seq(j, &p->seq);
		if (r < 0)
			return r;
	}
	r = numbers_meet(j, p->id);
	if (r < 0)
		return r;
	r = write_ping(j, p);
	if (r < 0)
		return r;
	if (old)
		numbers_count(j, old, -1);
	numbers_count(j, p, 1);
	return 0;
}

struct ping_change ping_change_of(const struct ping *p)
{
	return (struct ping_change){
		.state = p->state,
		.reason = p->reason,
		.batch = p->batch,
		.display_id = p->display_id,
		.tries = p->tries,
		.due = p->due,
		.until = p->until,
		.released_us = p->released_us,
		.changed_us = p->changed_us,
	};
}

int journal_change(struct journal *j, struct ping *p, const struct ping_change *change)
{
	struct ping changed = *p;
	int r = 1;

	changed.state = change->state;
	changed.reason = change->reason;
	changed.batch = change->batch;
	changed.display_id = change->display_id;
	changed.tries = change->tries;
	changed.due = change->due;
	changed.until = change->until;
	changed.released_us = change->released_us;
	changed.changed_us = change->changed_us;
	j->is_dirty = true;
	if (journal_on_disk(j)) {
		r = journal_disk_answer(j, store_change(j->disk, p->id, change));
		if (r == 0)
			r = oplog_ping(&j->log, &changed);
	}
	if (r > 0)
		r = store_put(j->memory, &changed);
	if (r < 0)
		return r;
	numbers_count(j, p, -1);
	numbers_count(j, &changed, 1);
	*p = changed;
	return 0;
}

/* --- reading: what is in memory hides what has the same id in the file --- */

int journal_get(struct journal *j, uint32_t id, struct ping **ret)
{
	int r = j->memory ? store_get(j->memory, id, ret) : -ENOENT;

	return r == -ENOENT && j->disk ? store_get(j->disk, id, ret) : r;
}

static bool is_hidden(struct journal *j, uint32_t id)
{
	autofree(ping) struct ping *p = NULL;

	return j->memory && store_get(j->memory, id, &p) == 0;
}

/* What the file answered: @r, and @found with 0, which is taken. */
static int unless_hidden(struct journal *j, int r, struct ping *found, struct ping **ret)
{
	autofree(ping) struct ping *p = r == 0 ? found : NULL;

	if (r < 0)
		return r;
	if (is_hidden(j, p->id))
		return -ENOENT;
	*ret = take(p);
	return 0;
}

int journal_by_display(struct journal *j, uint32_t display_id, struct ping **ret)
{
	struct ping *found = NULL;
	int r = j->memory ? store_by_display(j->memory, display_id, ret) : -ENOENT;

	if (r != -ENOENT || !j->disk)
		return r;
	r = store_by_display(j->disk, display_id, &found);
	return unless_hidden(j, r, found, ret);
}

int journal_by_tag(struct journal *j, const char *app, const char *tag, struct ping **ret)
{
	struct ping *found = NULL;
	int r = j->memory ? store_by_tag(j->memory, app, tag, ret) : -ENOENT;

	if (r != -ENOENT || !j->disk)
		return r;
	r = store_by_tag(j->disk, app, tag, &found);
	return unless_hidden(j, r, found, ret);
}

/* --- walking: over both at once, in one order --- */

/* Where a walk is; it goes on above that, as far as its order looks at it. */
struct position {
	enum ping_state state;
	int64_t last_batch;
	int64_t batch;
	int64_t seq;
	int64_t due_us;
	uint32_t id;
	uint32_t display_id;
};

struct order {
	int (*next)(struct store *s, const struct position *after, struct ping **ret);
	bool (*is_before)(const struct ping *a, const struct ping *b);
};

static void pass(struct position *at, const struct ping *p)
{
	at->batch = p->batch;
	at->seq = p->seq;
	at->due_us = p->due.wall_us;
	at->id = p->id;
	at->display_id = p->display_id;
}

static int next_of(struct journal *j, const struct order *order, const struct position *after,
		   struct ping **ret)
{
	autofree(ping) struct ping *on_file = NULL, *above = NULL;
	struct position at = *after;
	int r = -ENOENT;

	while (j->disk) {
		r = order->next(j->disk, &at, &on_file);
		if (r < 0 || !is_hidden(j, on_file->id))
			break;
		pass(&at, on_file);
		on_file = ping_free(on_file);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (j->memory) {
		r = order->next(j->memory, after, &above);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	if (!on_file && !above)
		return -ENOENT;
	if (on_file && (!above || order->is_before(on_file, above)))
		*ret = take(on_file);
	else
		*ret = take(above);
	return 0;
}

static int next_displayed(struct store *s, const struct position *after, struct ping **ret)
{
	return store_next_displayed(s, after->display_id, ret);
}

static bool is_displayed_before(const struct ping *a, const struct ping *b)
{
	return a->display_id < b->display_id;
}

int journal_next_displayed(struct journal *j, uint32_t after, struct ping **ret)
{
	static const struct order order = {next_displayed, is_displayed_before};

	return next_of(j, &order, &(struct position){.display_id = after}, ret);
}

static int next_before(struct store *s, const struct position *after, struct ping **ret)
{
	return store_before(s, after->id, ret);
}

static bool is_id_above(const struct ping *a, const struct ping *b)
{
	return a->id > b->id;
}

int journal_before(struct journal *j, uint32_t id, struct ping **ret)
{
	static const struct order order = {next_before, is_id_above};

	return next_of(j, &order, &(struct position){.id = id}, ret);
}

static int next_arrived(struct store *s, const struct position *after, struct ping **ret)
{
	const struct ping_query query = {
		.state = after->state,
		.batch = after->batch,
		.after_seq = after->seq,
		.last_batch = after->last_batch,
	};

	return store_next(s, &query, ret);
}

static bool is_arrived_before(const struct ping *a, const struct ping *b)
{
	return a->batch != b->batch ? a->batch < b->batch : a->seq < b->seq;
}

int journal_next(struct journal *j, const struct ping_query *query, struct ping **ret)
{
	static const struct order order = {next_arrived, is_arrived_before};
	const struct position after = {
		.state = query->state,
		.batch = query->batch,
		.seq = query->after_seq,
		.last_batch = query->last_batch,
	};

	return next_of(j, &order, &after, ret);
}

static int next_due(struct store *s, const struct position *after, struct ping **ret)
{
	return store_next_due(s, after->state, after->due_us, after->id, ret);
}

static bool is_due_before(const struct ping *a, const struct ping *b)
{
	return a->due.wall_us != b->due.wall_us ? a->due.wall_us < b->due.wall_us : a->id < b->id;
}

int journal_next_due(struct journal *j, enum ping_state state, int64_t after_due_us,
		     uint32_t after_id, struct ping **ret)
{
	static const struct order order = {next_due, is_due_before};
	const struct position after = {.state = state, .due_us = after_due_us, .id = after_id};

	return journal_count(j, state) > 0 ? next_of(j, &order, &after, ret) : -ENOENT;
}
