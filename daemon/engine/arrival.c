#include "daemon/engine/arrival.h"

#include "daemon/core/trace.h"
#include "daemon/log.h"
#include <errno.h>
#include <string.h>

/* The row of @id, if it is live. Return: 0, -ENOENT, or a fault. */
static int get_live(struct arrival *a, uint32_t id, struct ping **ret)
{
	autofree(ping) struct ping *p = NULL;
	int r = id ? journal_get(a->pass->journal, id, &p) : -ENOENT;

	if (r < 0)
		return r;
	if (p->state >= PING_LIVE_STATES)
		return -ENOENT;
	*ret = take(p);
	return 0;
}

/* Does status say how many are in this state? */
static bool is_counted(enum ping_state state)
{
	return state == PING_HELD || state == PING_RELEASING || state == PING_SNOOZED ||
	       state == PING_ANNOUNCED || state == PING_QUARANTINED;
}

/* May @sender change or close it? Its own sender may, and anybody once that one has left. */
static bool is_owner(struct arrival *a, const struct ping *p, const char *sender)
{
	if (p->kind == PING_OWN)
		return false;
	/* A namesake on another bus is somebody else. */
	return (p->bus == a->pass->bus && strcmp(p->sender, sender) == 0) ||
	       !pass_owner(a->pass, p);
}

/*
 * The id that an arrival gets: the one it replaces, when that is its own, was its sender's who has left, or
 * was never given to anybody (some clients make ids up); that of the application's one with its synchronous
 * tag, whichever of its processes sent that; else a new one. A probe takes nobody's place.
 */
static int choose_id(struct arrival *a, const struct ticket *from, uint32_t replaces_id,
		     const struct notification *n, struct ping **ret_old, uint32_t *ret)
{
	autofree(ping) struct ping *old = NULL, *tagged = NULL;
	int r = replaces_id && replaces_id <= INT32_MAX && !n->is_probe
			? journal_get(a->pass->journal, replaces_id, &old)
			: -ENODATA;

	if (r == -ENOENT || (r == 0 && is_owner(a, old, from->sender))) {
		*ret = replaces_id;
		*ret_old = take(old);
		return 0;
	}
	if (*n->tag && !n->is_probe &&
	    journal_by_tag(a->pass->journal, n->app, n->tag, &tagged) == 0) {
		*ret = tagged->id;
		*ret_old = take(tagged);
		return 0;
	}
	return journal_next_id(a->pass->journal, ret);
}

/* While there is no display, what isn't urgent queues up as a batch, so that it is paced afterwards. */
static int64_t delivery_batch(struct arrival *a, const struct notification *n,
			      const struct verdict *verdict)
{
	struct batch batch = {.form = BATCH_EACH,
			      .stage = BATCH_TOLD,
			      .formed_us = a->pass->now.wall_us};

	if (a->delivery->has_display || verdict->is_breakthrough || n->is_probe ||
	    verdict->urgency == URGENCY_CRITICAL)
		return 0;
	if (a->absent_batch == 0 && journal_put_batch(a->pass->journal, &batch) == 0)
		a->absent_batch = batch.number;
	return a->absent_batch;
}

static struct ping new_ping(struct arrival *a, const char *sender, const struct notification *n)
{
	return (struct ping){
		.kind = n->is_probe ? PING_PROBE : PING_NOTIFICATION,
		.urgency = n->urgency,
		.arrived_us = a->pass->now.wall_us,
		.changed_us = a->pass->now.wall_us,
		.bus = a->pass->bus,
		.pid = n->pid,
		.sender = sender,
		.app = n->app,
		.desktop_entry = n->desktop_entry,
		.category = n->category,
		.tag = n->tag,
		.summary = n->summary,
		.trace = "",
		.wire = n->wire,
		.wire_bytes = n->wire_bytes,
	};
}

static void apply_verdict(struct arrival *a, struct ping *p, const struct notification *n,
			  const struct verdict *verdict)
{
	p->rule = verdict->rule;
	p->urgency = verdict->urgency;
	/* Of one that isn't held there are none. */
	p->due = verdict->bound;
	p->until = verdict->until;
	switch (verdict->kind) {
	case VERDICT_HOLD:
		p->state = PING_HELD;
		p->digest = verdict->digest;
		break;
	case VERDICT_DELIVER:
		p->state = PING_RELEASING;
		p->batch = delivery_batch(a, n, verdict);
		break;
	case VERDICT_DROP: p->state = PING_DROPPED; break;
	}
}

/* What a new version takes over from the one that it replaces. */
static void inherit(struct arrival *a, struct ping *p, const struct ping *old)
{
	if (!old)
		return;
	p->display_id = old->display_id;
	/* Also of one that was closed while it was on its way. */
	delivery_replaced(a->delivery, p->id);
	if (old->state >= PING_LIVE_STATES)
		return;
	p->seq = old->seq;
	/* Held again, though an older version is on the display: that one goes, without a word. */
	if (p->state != PING_RELEASING && old->display_id != 0)
		a->pass->ports->close(a->pass->data, old->display_id);
}

static bool is_probe(const struct arrival *a, const struct ticket *from,
		     const struct notification *n)
{
	return n->claims_probe && probe_is_expected(a->probe, a->pass, from->sender);
}

/* A digest of lull's own, by way of the presenter. */
static void be_own(struct ping *p, int64_t announces)
{
	p->kind = PING_OWN;
	p->announces = announces;
	p->rule = "own";
	p->state = PING_RELEASING;
}

/* @ret_trace: what p->trace is; to be freed when @p isn't used any more. */
static void decide(struct arrival *a, const struct policy_context *context,
		   const struct notification *n, struct ping *p, char **ret_trace)
{
	const struct verdict *v = rulebook_decide(a->rulebook, a->pass, n, context);

	apply_verdict(a, p, n, v);
	*ret_trace = n->is_probe ? NULL : trace_write(v, n, context);
	/* Without memory for that, nobody will know why; it's a notification all the same. */
	if (*ret_trace) {
		p->trace = *ret_trace;
		p->ruleset = a->rulebook->set;
	}
}

/* It will never be shown, and its sender may wait for its end. */
static void tell_dropped(struct arrival *a, const char *to, uint32_t id)
{
	pass_stage(a->pass, &(struct effect){.kind = EFFECT_CLOSED,
					     .to = to,
					     .id = id,
					     .code = CLOSE_EXPIRED});
}

bool arrival_notify(struct arrival *a, const struct policy_context *context,
		    const struct ticket *from, uint32_t replaces_id,
		    const struct notification *came, uint32_t *ret_id)
{
	struct notification seen = *came;
	const struct notification *n = &seen;
	const int64_t announces = release_is_digest(a->release, from->sender);
	autofree(ping) struct ping *old = NULL;
	autofree(str) char *trace = NULL;
	struct ping p;
	int r;

	*ret_id = 0;
	seen.is_probe = is_probe(a, from, came);
	p = new_ping(a, from->sender, n);
	r = choose_id(a, from, replaces_id, n, &old, &p.id);
	if (r == 0) {
		if (old && old->state == PING_HELD)
			seen.owed = old->due;
		if (announces > 0)
			be_own(&p, announces);
		else
			decide(a, context, n, &p, &trace);
		inherit(a, &p, old);
		r = journal_put(a->pass->journal, &p, old);
	}
	if (r < 0) {
		log_error("cannot take a notification: %s", strerror(-r));
		if (!from->is_silent)
			pass_stage(a->pass, &(struct effect){.kind = EFFECT_REPLY_REFUSAL,
							     .to = from->sender,
							     .serial = from->serial,
							     .code = REFUSAL_OUT_OF_MEMORY});
		return false;
	}
	if (p.state == PING_HELD)
		hold_add(a->hold, &p);
	if (announces > 0)
		release_told(a->release, a->pass, announces);
	if (p.kind == PING_PROBE)
		probe_came(a->probe, a->pass, p.id);
	a->pass->outbox.is_promise = true;
	if (old)
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_DROP_FILES, .id = p.id});
	/* Before the answer: a script deletes its picture as soon as it has that. */
	if (p.state == PING_HELD && n->has_files)
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_KEEP_FILES, .id = p.id});
	if (!from->is_silent)
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_REPLY_ID,
						     .to = from->sender,
						     .serial = from->serial,
						     .id = p.id});
	if (p.state == PING_DROPPED)
		tell_dropped(a, from->sender, p.id);
	*ret_id = p.id;
	if (p.kind == PING_PROBE)
		return false;
	return is_counted(p.state) ? !old || old->state != p.state : old && is_counted(old->state);
}

/* One that is decided about once more. */
struct anew {
	struct arrival *arrival;
	const struct policy_context *context;
	const struct ping *old;
	struct ping *p;
	enum sandboxed sandboxed;
	char *trace; /* what p->trace is */
};

static void decide_anew(void *data, const struct notification *kept)
{
	struct anew *anew = data;
	struct notification n = *kept;

	n.app = anew->p->app;
	n.desktop_entry = anew->p->desktop_entry;
	n.sandboxed = anew->sandboxed;
	n.is_again = true;
	decide(anew->arrival, anew->context, &n, anew->p, &anew->trace);
	/* As before: then it counts from when it came in, and not from now. */
	if (anew->p->state == PING_HELD && anew->p->until == anew->old->until &&
	    anew->p->due.reason == anew->old->due.reason &&
	    strcmp(anew->p->rule, anew->old->rule) == 0)
		anew->p->due = anew->old->due;
}

bool arrival_identified(struct arrival *a, const struct policy_context *context, uint32_t id,
			const char *app, uint32_t pid, enum sandboxed sandboxed)
{
	autofree(ping) struct ping *old = NULL;
	struct ping p;
	struct anew anew = {a, context, NULL, &p, sandboxed, NULL};
	bool is_named, has_changed;

	if (get_live(a, id, &old) < 0 || old->kind == PING_OWN)
		return false;
	is_named = !*old->desktop_entry && *app;
	p = *old;
	anew.old = old;
	if (is_named)
		p.desktop_entry = app;
	if (!*p.app)
		p.app = p.desktop_entry;
	if (p.pid == 0)
		p.pid = pid;
	if (p.state == PING_HELD && trace_is_unsure(p.trace) &&
	    a->pass->ports->read(a->pass->data, &p, decide_anew, &anew) < 0)
		log_warn("cannot decide about %u once more", id);
	else if (!is_named && p.pid == old->pid && !anew.trace)
		return false;
	if (journal_put(a->pass->journal, &p, old) < 0)
		log_warn("out of memory: the journal doesn't know whose %u is", id);
	if (p.state == PING_HELD)
		hold_add(a->hold, &p);
	has_changed = p.state != old->state;
	if (p.state == PING_DROPPED) {
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_DROP_FILES, .id = id});
		tell_dropped(a, pass_owner(a->pass, &p), id);
	}
	free(anew.trace);
	return has_changed;
}

void arrival_own(struct arrival *a, const struct notification *n, int64_t announces)
{
	struct ping p = new_ping(a, "", n);
	int r;

	p.kind = PING_OWN;
	p.state = PING_RELEASING;
	p.announces = announces;
	p.rule = "own";
	r = journal_next_id(a->pass->journal, &p.id);
	if (r == 0)
		r = journal_put(a->pass->journal, &p, NULL);
	if (r < 0) {
		log_error("cannot send a notification of lull's own: %s", strerror(-r));
		return;
	}
	if (announces > 0)
		release_told(a->release, a->pass, announces);
	a->pass->outbox.is_promise = true;
}

static void refuse(struct arrival *a, const struct ticket *to, enum refusal why)
{
	if (!to->is_silent)
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_REPLY_REFUSAL,
						     .to = to->sender,
						     .serial = to->serial,
						     .code = why});
}

bool arrival_close(struct arrival *a, const struct ticket *from, uint32_t id)
{
	autofree(ping) struct ping *p = NULL;
	bool is_on_display, was_counted;

	if (get_live(a, id, &p) < 0) {
		refuse(a, from, REFUSAL_NO_SUCH_ID);
		return false;
	}
	if (!is_owner(a, p, from->sender)) {
		refuse(a, from, REFUSAL_NOT_YOURS);
		return false;
	}
	if (!from->is_silent)
		pass_stage(a->pass, &(struct effect){.kind = EFFECT_REPLY_DONE,
						     .to = from->sender,
						     .serial = from->serial});
	a->pass->outbox.is_promise = true;
	is_on_display = p->display_id != 0;
	/* One in flight is closed there when the display's id arrives. */
	if (is_on_display)
		a->pass->ports->close(a->pass->data, p->display_id);
	was_counted = p->kind != PING_PROBE && is_counted(p->state);
	pass_close(a->pass, p, p->state == PING_SHOWN ? PING_CLOSED : PING_WITHDRAWN, CLOSE_BY_CALL,
		   is_on_display);
	return was_counted;
}

void arrival_display_up(struct arrival *a)
{
	a->absent_batch = 0;
}
