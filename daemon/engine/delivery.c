#include "daemon/engine/delivery.h"
#include "daemon/engine/relay.h"

#include "daemon/log.h"
#include <errno.h>
#include <string.h>

/* How long a display may take to answer before it is asked whether it is alive. */
#define LATE_US (5 * USEC_PER_SEC)
/* After a failure of our own (no memory). */
#define RETRY_US (1 * USEC_PER_SEC)
/* Shown for less than this when the display went away: the user can't have seen it, so once more. */
#define UNSEEN_US (10 * USEC_PER_SEC)
/* A display that dies this soon after it took something may have died of that. */
#define SUSPECT_US (2 * USEC_PER_SEC)
/* Refused, or the display died of it, this often: kept, not sent again. */
#define TRIES_MAX 2

void delivery_init(struct delivery *d)
{
	*d = (struct delivery){.next_try_boot_us = INSTANT_NEVER};
}

/* Breakthroughs and what comes while focus is off first, then released batches, each in order. */
static int next_to_show(const struct delivery *d, struct pass *pass, struct ping **ret)
{
	const struct ping_query direct = {.state = PING_RELEASING};
	const struct ping_query batched = {
		.state = PING_RELEASING,
		.batch = 1,
		.after_seq = -1,
		.last_batch = INT64_MAX,
	};
	int r = -ENOENT;

	if (journal_count(pass->journal, PING_RELEASING) == 0)
		return -ENOENT;
	r = journal_next(pass->journal, &direct, ret);
	if (r == -ENOENT && !d->is_stopping && batch_may_show(journal_count_open(pass->journal)))
		r = journal_next(pass->journal, &batched, ret);
	return r;
}

static void quarantine(struct pass *pass, struct ping *p, const char *why)
{
	struct ping_change change = ping_change_of(p);

	log_warn("notification %u isn't sent to the display any more: %s", p->id, why);
	/* Nobody has lost anything; the client tells it. */
	if (p->kind == PING_PROBE) {
		pass_close(pass, p, PING_DROPPED, CLOSE_UNDEFINED, false);
		return;
	}
	change.state = PING_QUARANTINED;
	change.display_id = 0;
	change.changed_us = pass->now.wall_us;
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: %u stays in the queue", p->id);
	pass->ports->changed(pass->data);
}

/* Return: true when one is in flight, or the next try is set. */
static bool reattach_next(struct delivery *d, struct pass *pass)
{
	while (d->is_reattaching) {
		autofree(ping) struct ping *p = NULL;

		if (!d->has_display ||
		    journal_next_displayed(pass->journal, d->reattached, &p) < 0) {
			d->is_reattaching = false;
			return false;
		}
		d->reattached = p->display_id;
		if (p->state != PING_SHOWN || p->seq > d->last_seq ||
		    pass->ports->show(pass->data, p, false, true) < 0)
			continue;
		d->in_flight = p->id;
		d->asked_boot_us = pass->now.boot_us;
		d->is_probing = false;
		d->is_stale = false;
		d->is_reattach = true;
		return true;
	}
	return false;
}

void delivery_pump(struct delivery *d, struct pass *pass)
{
	if (!d->is_paused && d->in_flight == 0 && reattach_next(d, pass))
		return;
	while (!d->is_paused && d->in_flight == 0 && d->next_try_boot_us == INSTANT_NEVER) {
		autofree(ping) struct ping *p = NULL;
		int r = next_to_show(d, pass, &p);

		if (r == -ENOENT)
			return;
		if (r == 0 && !d->has_display) {
			pass->ports->need_display(pass->data);
			return;
		}
		if (r == 0) {
			/* What the one before became is on disk first: a crash repeats one at most. */
			journal_commit(pass->journal);
			r = pass->ports->show(pass->data, p, p->tries > 0,
					      p->kind == PING_PROBE ||
						      (p->batch > 0 &&
						       p->batch == d->sounded_batch));
		}
		if (r == 0) {
			d->in_flight = p->id;
			d->asked_boot_us = pass->now.boot_us;
			d->is_probing = false;
			d->is_stale = false;
			if (p->batch > 0)
				d->sounded_batch = p->batch;
		} else if (r == -EBADMSG && p) {
			quarantine(pass, p, "its record is damaged");
		} else {
			log_warn("cannot deliver: %s; trying again", strerror(-r));
			d->next_try_boot_us = pass->now.boot_us + RETRY_US;
		}
	}
}

void delivery_tick(struct delivery *d, struct pass *pass)
{
	if (d->next_try_boot_us <= pass->now.boot_us)
		d->next_try_boot_us = INSTANT_NEVER;
	if (d->in_flight == 0 || d->is_probing || pass->now.boot_us < d->asked_boot_us + LATE_US)
		return;
	log_warn("the display hasn't answered for %d s; deliveries wait for it",
		 (int)(LATE_US / USEC_PER_SEC));
	d->is_probing = true;
	pass->ports->probe(pass->data);
}

struct wake delivery_next(const struct delivery *d)
{
	struct wake next = {INSTANT_NEVER, d->next_try_boot_us};

	if (d->in_flight != 0 && !d->is_probing)
		next.boot_us = MIN(next.boot_us, d->asked_boot_us + LATE_US);
	return next;
}

/* The one in flight, which stays in flight when it can't be loaded. */
static int load_in_flight(struct delivery *d, struct pass *pass, uint32_t display_id,
			  struct ping **ret)
{
	int r = d->in_flight ? journal_get(pass->journal, d->in_flight, ret) : -ENOENT;
	size_t i;

	d->in_flight = 0;
	d->is_probing = false;
	d->is_reattach = false;
	/* What isn't about this one is about one that was shown without lull. */
	for (i = 0; i < d->n_early; i++)
		if (d->early[i].display_id != display_id)
			pass_stage(pass, &(struct effect){.kind = EFFECT_CLOSED,
							  .id = d->early[i].display_id,
							  .code = d->early[i].reason});
	return r;
}

static void change_or_log(struct pass *pass, struct ping *p, const struct ping_change *change)
{
	if (journal_change(pass->journal, p, change) < 0)
		log_error("out of memory: the journal has an old state of %u", p->id);
}

/* The display it was on has gone: may it be shown by the next one? */
static bool may_show_again(const struct pass *pass, const struct ping *p)
{
	if (p->kind != PING_NOTIFICATION)
		return p->kind == PING_OWN;
	return p->urgency == URGENCY_CRITICAL || pass->now.wall_us - p->changed_us <= UNSEEN_US;
}

/* The display's ids mean nothing any more. */
static void void_displayed(struct pass *pass)
{
	uint32_t after = 0;

	for (;;) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		if (journal_next_displayed(pass->journal, after, &p) < 0)
			return;
		after = p->display_id;
		if (p->state == PING_SHOWN && !may_show_again(pass, p)) {
			pass_close(pass, p, PING_CLOSED, CLOSE_UNDEFINED, false);
			continue;
		}
		change = ping_change_of(p);
		change.display_id = 0;
		if (p->state == PING_SHOWN) {
			change.state = PING_RELEASING;
			change.changed_us = pass->now.wall_us;
		}
		change_or_log(pass, p, &change);
	}
}

/* What was closed while lulld was away wasn't heard of: it mustn't hold up the rest of its batch. */
static void forget_open(struct pass *pass)
{
	uint32_t after = 0;

	while (journal_count_open(pass->journal) > 0) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		if (journal_next_displayed(pass->journal, after, &p) < 0)
			return;
		after = p->display_id;
		change = ping_change_of(p);
		change.batch = 0;
		if (p->state == PING_SHOWN && p->batch > 0)
			change_or_log(pass, p, &change);
	}
}

/* One more death or refusal to its account. Not for a version that was replaced meanwhile. */
static void count_try(struct delivery *d, struct pass *pass, struct ping *p, const char *why)
{
	struct ping_change change = ping_change_of(p);

	if (d->is_stale)
		return;
	change.tries++;
	change_or_log(pass, p, &change);
	if (p->tries >= TRIES_MAX || p->kind == PING_PROBE)
		quarantine(pass, p, why);
}

void delivery_up(struct delivery *d, struct pass *pass, const char *identity)
{
	autofree(str) char *last = journal_meta(pass->journal, "display");

	d->has_display = true;
	d->in_flight = 0;
	d->is_probing = false;
	if (last && strcmp(last, identity) == 0) {
		forget_open(pass);
		return;
	}
	/* Nothing of an earlier lulld is on this one. */
	d->was_away_briefly = false;
	void_displayed(pass);
	if (journal_put_meta(pass->journal, "display", identity) < 0)
		log_error("out of memory: a restart will deliver again what is on the display now");
}

void delivery_reattach(struct delivery *d)
{
	if (!d->was_away_briefly)
		return;
	d->was_away_briefly = false;
	d->is_reattaching = true;
	d->reattached = 0;
}

void delivery_down(struct delivery *d, struct pass *pass, bool is_told_to)
{
	static const char *const why = "the display has died of it twice";
	autofree(ping) struct ping *p = NULL, *last = NULL;

	d->has_display = false;
	d->was_away_briefly = false;
	d->is_reattaching = false;
	if (load_in_flight(d, pass, 0, &p) == 0) {
		if (p->state == PING_RELEASING && !is_told_to)
			count_try(d, pass, p, why);
	} else if (!is_told_to && d->last_shown != 0 &&
		   pass->now.boot_us - d->last_boot_us < SUSPECT_US &&
		   journal_get(pass->journal, d->last_shown, &last) == 0 &&
		   last->state == PING_SHOWN) {
		d->is_stale = false;
		count_try(d, pass, last, why);
	}
	d->last_shown = 0;
	d->n_early = 0;
	void_displayed(pass);
	if (journal_put_meta(pass->journal, "display", "") < 0)
		log_error("out of memory: a restart may take ids of another display for its own");
}

void delivery_replaced(struct delivery *d, uint32_t id)
{
	if (d->in_flight == id)
		d->is_stale = true;
}

/* The display has nothing under this one's id any more. */
static void forget_displayed(struct pass *pass, struct ping *p)
{
	struct ping_change change = ping_change_of(p);

	if (p->state == PING_SHOWN) {
		pass_close(pass, p, PING_CLOSED, CLOSE_UNDEFINED, false);
		return;
	}
	change.display_id = 0;
	change_or_log(pass, p, &change);
}

/* It was closed before its id was known. */
static void close_early(struct delivery *d, struct pass *pass, struct ping *p)
{
	size_t i;

	for (i = 0; i < d->n_early; i++)
		if (d->early[i].display_id == p->display_id)
			relay_closed(pass, p->display_id, d->early[i].reason);
	d->n_early = 0;
}

void delivery_shown(struct delivery *d, struct pass *pass, uint32_t display_id)
{
	autofree(ping) struct ping *p = NULL, *before = NULL;
	struct ping_change change;
	bool is_reattach = d->is_reattach;

	if (load_in_flight(d, pass, display_id, &p) < 0)
		return;
	/* It stays what it was, unless something became of it meanwhile. */
	if (is_reattach && display_id == p->display_id) {
		if (p->state != PING_SHOWN && p->state != PING_RELEASING)
			pass->ports->close(pass->data, display_id);
		close_early(d, pass, p);
		return;
	}
	/* dunst does so for one without any text: there is nothing to show. */
	if (display_id == 0) {
		d->n_early = 0;
		if (p->state == PING_RELEASING && !d->is_stale)
			pass_close(pass, p, PING_CLOSED, CLOSE_UNDEFINED, false);
		return;
	}
	/* A display that gives an id again has replaced what had it. */
	if (journal_by_display(pass->journal, display_id, &before) == 0 && before->id != p->id)
		forget_displayed(pass, before);
	change = ping_change_of(p);
	change.display_id = display_id;
	change.changed_us = pass->now.wall_us;
	if (p->state != PING_RELEASING && !(is_reattach && p->state == PING_SHOWN))
		pass->ports->close(pass->data, display_id); /* withdrawn or held meanwhile */
	else if (!d->is_stale)
		change.state = PING_SHOWN;
	change_or_log(pass, p, &change);
	d->last_shown = p->id;
	d->last_boot_us = pass->now.boot_us;
	close_early(d, pass, p);
}

void delivery_refused(struct delivery *d, struct pass *pass, const char *error)
{
	autofree(ping) struct ping *p = NULL;
	int r = load_in_flight(d, pass, 0, &p);

	d->n_early = 0;
	if (r < 0 || p->state != PING_RELEASING)
		return;
	count_try(d, pass, p, error);
	if (p->state == PING_RELEASING)
		log_info("the display refused notification %u (%s); trying without its hints",
			 p->id, error);
}

bool delivery_closed_early(struct delivery *d, uint32_t display_id, uint32_t reason)
{
	if (d->in_flight == 0 || d->n_early == EARLY_MAX)
		return false;
	d->early[d->n_early++] = (struct early_close){display_id, reason};
	return true;
}

void delivery_alive(struct delivery *d, struct pass *pass)
{
	/* It lives and has nothing to say about what is in flight. */
	if (d->in_flight != 0 && d->is_probing)
		delivery_refused(d, pass, "no answer");
}
