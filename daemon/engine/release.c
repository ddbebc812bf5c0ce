#include "daemon/engine/release.h"

#include "daemon/engine/handle.h"
#include "daemon/log.h"
#include <errno.h>
#include <string.h>

/* Items that one step moves. */
#define STEP_ITEMS 128
/* Ids are nearly in the order of arrival: so many older ones in a row, and the block has begun after all others. */
#define OLDER_ITEMS 64
/* Items that are looked at, at most, to tell what form a batch has. */
#define LOOK_ITEMS 4096

void release_done(struct release *r)
{
	r->digest = digest_free(r->digest);
	free(r->presenter);
	*r = (struct release){0};
}

void release_load(struct release *r, struct pass *pass)
{
	struct batch batch;

	r->has_work = journal_unfinished_batch(pass->journal, 0, &batch) == 0;
}

static void put_batch(struct release *r, struct pass *pass, struct batch *batch)
{
	r->has_work = true;
	if (journal_put_batch(pass->journal, batch) < 0)
		log_error("out of memory: cannot write down how far the release is");
}

/* The next one that @batch may take. Those that it takes leave the row; the others are passed over. */
static int next_held(struct pass *pass, const struct batch *batch,
		     const struct release_place *after, struct ping **ret)
{
	const struct ping_query query = {.state = PING_HELD, .after_seq = after->seq};

	if (batch->takes & BATCH_TAKES_DUE)
		return journal_next_due(pass->journal, PING_HELD, after->due_us, after->id, ret);
	return journal_next(pass->journal, &query, ret);
}

static struct release_place place_of(const struct ping *p)
{
	return (struct release_place){p->seq, p->due.wall_us, p->id};
}

/* Is there none that @batch takes from @p on? */
static bool is_past(const struct batch *batch, const struct ping *p)
{
	if (batch->takes & BATCH_TAKES_DUE)
		return usec_sub(p->due.wall_us, BATCH_EARLY_MAX_US) > batch->formed_us;
	return p->seq > batch->last_seq;
}

/*
 * How many it takes that a digest would tell of, as far as that matters for its form.
 * @ret_any: it takes some, whatever the digest makes of them
 */
static int64_t count_taken(struct pass *pass, const struct batch *batch, int64_t enough,
			   bool *ret_any)
{
	struct release_place after = {0};
	int64_t n = 0;
	int i;

	*ret_any = false;
	/* What is held apart from the rest is rare; should it be much, there is a digest. */
	for (i = 0; n < enough && i < LOOK_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;

		if (next_held(pass, batch, &after, &p) < 0 || is_past(batch, p))
			return n;
		if (batch_takes(batch, p)) {
			*ret_any = true;
			n += p->digest != RULE_DIGEST_EACH;
		}
		after = place_of(p);
	}
	if (n == enough || i < LOOK_ITEMS)
		return n;
	*ret_any = true;
	return enough;
}

void release_begin(struct release *r, struct pass *pass, unsigned what, struct due due,
		   int64_t block_us)
{
	int64_t digest_above = pass->settings->digest_above, n;
	bool is_any;
	struct batch batch = {
		.stage = BATCH_FORMING,
		.last_seq = journal_last_seq(pass->journal),
		.formed_us = pass->now.wall_us,
		.waited_us = block_us,
		.takes = what,
		.due = due,
	};

	if (journal_count(pass->journal, PING_HELD) == 0)
		return;
	n = count_taken(pass, &batch, digest_above + 1, &is_any);
	if (!is_any)
		return;
	batch.form = batch_form(n, digest_above);
	put_batch(r, pass, &batch);
	if (batch.form == BATCH_DIGEST)
		log_info("releasing held notifications as a digest");
	else
		log_info("releasing held notifications one by one");
}

/* The digest that was being counted isn't right any more. */
static void forget_digest(struct release *r, int64_t batch)
{
	if (r->digest_batch != batch)
		return;
	r->digest = digest_free(r->digest);
	r->digest_batch = 0;
}

/* Return: what becomes of a batch when focus begins; its own stage: nothing. */
static enum batch_stage stopped(const struct release *r, const struct batch *batch)
{
	/* The end of a block, a delivery or the user has let the others go, not the longest that they may wait. */
	bool is_due = batch->takes & BATCH_TAKES_DUE;

	switch (batch->stage) {
	case BATCH_FORMING:
		if (is_due)
			break;
		return batch->form == BATCH_DIGEST ? BATCH_RECALLING : BATCH_STOPPING;
	case BATCH_TELLING:
		/* What the presenter is at is as good as told. */
		if (is_due || (r->is_presenting && r->digest_batch == batch->number))
			break;
		return BATCH_RECALLING;
	case BATCH_OPENING:
		/* The digest has gone with the click. */
		return BATCH_RECALLING;
	case BATCH_TOLD:
		/* In a digest it was announced when it was due, and opened since. */
		if (is_due && batch->form == BATCH_EACH)
			break;
		return BATCH_STOPPING;
	case BATCH_DELAYING:
	case BATCH_DISMISSING:
	case BATCH_STOPPING:
	case BATCH_RECALLING: break;
	}
	return batch->stage;
}

static void stop(struct release *r, struct pass *pass, struct batch *batch)
{
	enum batch_stage stage = stopped(r, batch);

	if (stage == batch->stage)
		return;
	batch->stage = stage;
	put_batch(r, pass, batch);
	forget_digest(r, batch->number);
	r->is_stopping = true;
}

void release_stop(struct release *r, struct pass *pass)
{
	struct ping_query query = {.state = PING_RELEASING,
				   .batch = 1,
				   .after_seq = -1,
				   .last_batch = INT64_MAX};
	struct batch batch;
	int64_t after = 0;

	r->opens_all = false;
	while (journal_unfinished_batch(pass->journal, after, &batch) == 0) {
		after = batch.number;
		stop(r, pass, &batch);
	}
	/* And those that are told, and wait for their turn on the display: from one such batch to the next. */
	for (;;) {
		autofree(ping) struct ping *p = NULL;

		if (journal_next(pass->journal, &query, &p) < 0)
			break;
		query.batch = p->batch;
		query.after_seq = INT64_MAX;
		if (journal_batch(pass->journal, p->batch, &batch) == 0)
			stop(r, pass, &batch);
	}
	if (r->is_stopping)
		log_info("focus has begun: what was being released is held again");
}

/* @due: NULL: as it is */
static void answer(struct release *r, struct pass *pass, int64_t number, enum batch_stage stage,
		   const struct due *due)
{
	struct batch batch;

	if (journal_batch(pass->journal, number, &batch) < 0)
		return;
	batch.stage = stage;
	if (due)
		batch.due = *due;
	put_batch(r, pass, &batch);
}

void release_open(struct release *r, struct pass *pass, int64_t number)
{
	answer(r, pass, number, BATCH_OPENING, NULL);
}

void release_delay(struct release *r, struct pass *pass, int64_t number, bool is_focus_on)
{
	struct due due = {0};

	if (!is_focus_on)
		due = (struct due){usec_add(pass->now.wall_us, BATCH_LATER_US), DUE_SNOOZED};
	answer(r, pass, number, BATCH_DELAYING, &due);
}

void release_dismiss(struct release *r, struct pass *pass, int64_t number)
{
	answer(r, pass, number, BATCH_DISMISSING, NULL);
}

void release_open_all(struct release *r, struct pass *pass)
{
	r->opens_all = journal_count(pass->journal, PING_ANNOUNCED) > 0;
}

/* @due: of one that is held until now, when it was to be released; NULL for others. */
static void move(struct pass *pass, struct ping *p, enum ping_state state, int64_t batch,
		 const struct due *due)
{
	struct ping_change change = ping_change_of(p);

	change.state = state;
	change.batch = batch;
	change.changed_us = pass->now.wall_us;
	if (due) {
		change.released_us = pass->now.wall_us;
		/* Its own due instant, when that was earlier. */
		if (due->wall_us > 0 && (p->due.wall_us == 0 || due->wall_us < p->due.wall_us))
			change.due = *due;
	}
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: %u isn't released yet", p->id);
}

/* A replaced item keeps its place in the order, so it may be counted when it isn't the latest. */
static void count_in_digest(struct release *r, const struct ping *p)
{
	const struct digest_item item = {
		.app = p->app,
		.category = p->category,
		.summary = p->digest == RULE_DIGEST_COUNT ? "" : p->summary,
		.arrived_us = p->arrived_us,
	};

	if (!r->digest)
		r->digest = digest_new();
	if (p->digest != RULE_DIGEST_HIDE && (!r->digest || digest_add(r->digest, &item) < 0))
		log_warn("out of memory: the digest doesn't name every notification");
	r->digest_after = p->seq;
}

/* Move up to a step's items of @query to @state. Return: true when there may be more. */
static bool move_some(struct pass *pass, const struct ping_query *query, int64_t last_seq,
		      enum ping_state state, int64_t batch)
{
	int i;

	for (i = 0; i < STEP_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;

		/* Those that were moved are no longer found: always the first one. */
		if (journal_next(pass->journal, query, &p) < 0 || p->seq > last_seq)
			return false;
		move(pass, p, state, batch ? batch : p->batch, NULL);
		if (p->state != state)
			return false;
	}
	return true;
}

/* One that was let go is held again: until the end of focus or @turn->due, or, unless 0, until @until_us. */
static void hold_again(struct pass *pass, struct ping *p, int64_t until_us,
		       struct release_turn *turn)
{
	struct ping_change change = ping_change_of(p);
	bool is_snoozed = until_us > 0;

	change.state = is_snoozed ? PING_SNOOZED : PING_HELD;
	change.batch = 0;
	change.until = turn->until;
	change.due = is_snoozed ? (struct due){until_us, DUE_SNOOZED} : turn->due;
	change.released_us = 0;
	change.changed_us = pass->now.wall_us;
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: %u isn't held again", p->id);
	else if (is_snoozed)
		turn->snoozed_us = MIN(turn->snoozed_us, until_us);
	else if (turn->due.wall_us > 0)
		turn->held_us = MIN(turn->held_us, turn->due.wall_us);
}

/* Up to a step's items of what a digest announced, after its button. Return: true when there may be more. */
static bool answer_some(struct pass *pass, const struct batch *batch, struct release_turn *turn)
{
	const struct ping_query announced = {.state = PING_ANNOUNCED,
					     .batch = batch->number,
					     .last_batch = batch->number};
	int i;

	for (i = 0; i < STEP_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;

		if (journal_next(pass->journal, &announced, &p) < 0)
			return false;
		if (batch->stage == BATCH_DISMISSING)
			handle_close(pass, p, PING_DISMISSED);
		else
			hold_again(pass, p, batch->due.wall_us, turn);
		if (p->state == PING_ANNOUNCED)
			return false;
	}
	return true;
}

/* Up to a step's items of one that is stopped. Return: true when there may be more. */
static bool recall_some(struct pass *pass, const struct batch *batch, enum ping_state state,
			struct release_turn *turn)
{
	struct ping_query query = {.state = state,
				   .batch = batch->number,
				   .last_batch = batch->number};
	int i;

	for (i = 0; i < STEP_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;

		if (journal_next(pass->journal, &query, &p) < 0)
			return false;
		query.after_seq = p->seq;
		if (p->id == turn->in_flight)
			continue;
		hold_again(pass, p, 0, turn);
		/* No memory: it goes after all. */
		if (p->state == state)
			return false;
	}
	return true;
}

/* Return: how far it has got with that. */
static enum batch_stage recall(struct pass *pass, const struct batch *batch,
			       struct release_turn *turn)
{
	bool is_recalling = batch->stage == BATCH_RECALLING;

	/* Focus is over already: what is left goes after all. */
	if (!turn->is_focus_on)
		return is_recalling ? BATCH_TELLING : BATCH_TOLD;
	if (recall_some(pass, batch, PING_RELEASING, turn) ||
	    (is_recalling && recall_some(pass, batch, PING_ANNOUNCED, turn)))
		return batch->stage;
	return BATCH_TOLD;
}

/* Up to a step's items of those that are held. Return: true when there may be more. */
static bool form_some(struct release *r, struct pass *pass, const struct batch *batch)
{
	bool is_due = batch->takes & BATCH_TAKES_DUE;
	int i;

	if (r->forming != batch->number) {
		r->forming = batch->number;
		r->forming_after = (struct release_place){0};
	}
	for (i = 0; i < STEP_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;
		bool is_told;

		if (next_held(pass, batch, &r->forming_after, &p) < 0 || is_past(batch, p))
			return false;
		if (!batch_takes(batch, p)) {
			r->forming_after = place_of(p);
			continue;
		}
		is_told = batch->form == BATCH_DIGEST && p->digest != RULE_DIGEST_EACH;
		move(pass, p, is_told ? PING_ANNOUNCED : PING_RELEASING, batch->number,
		     is_due ? &p->due : &batch->due);
		if (p->state == PING_HELD)
			return false;
	}
	return true;
}

/* Counted only now: while there was no display, some may have been closed. Return: true: there is more. */
static bool count_some(struct release *r, struct pass *pass, int64_t batch)
{
	int i;

	if (r->digest_batch != batch) {
		r->digest = digest_free(r->digest);
		r->digest_batch = batch;
		r->digest_after = 0;
		r->digest_before = UINT32_MAX;
		r->n_digest_older = 0;
		r->is_digest_whole = false;
	}
	for (i = 0; i < STEP_ITEMS; i++) {
		const struct ping_query query = {
			.state = PING_ANNOUNCED,
			.batch = batch,
			.after_seq = r->digest_after,
			.last_batch = batch,
		};
		autofree(ping) struct ping *p = NULL;

		if (journal_next(pass->journal, &query, &p) < 0)
			return false;
		count_in_digest(r, p);
	}
	return true;
}

/* What came meanwhile, and isn't among what is released. */
static void count_meanwhile(struct release *r, const struct ping *p)
{
	bool was_held = p->due.wall_us > 0 || p->released_us > 0 || p->batch > 0;

	/* The answer to a key that was pressed is no interruption. */
	if (p->kind != PING_NOTIFICATION || strcmp(p->rule, "osd") == 0)
		return;
	switch (p->state) {
	case PING_RELEASING:
	case PING_SHOWN:
	case PING_QUARANTINED:
	case PING_CLOSED:
	case PING_DISMISSED:
		if (!was_held && digest_add_through(r->digest, p->app) < 0)
			log_warn("out of memory: the digest doesn't tell all that came through");
		break;
	case PING_WITHDRAWN:
		if (was_held)
			digest_add_withdrawn(r->digest);
		break;
	case PING_HELD:
	case PING_ANNOUNCED:
	case PING_SNOOZED:
	case PING_LIVE_STATES:
	case PING_DROPPED: break;
	}
}

/* Back to where the block began, by the primary key. Return: true: there is more. */
static bool look_back(struct release *r, struct pass *pass, const struct batch *batch)
{
	int64_t began_us = usec_sub(batch->formed_us, batch->waited_us);
	int i;

	if (r->is_digest_whole || batch->waited_us <= 0 || !r->digest)
		return false;
	for (i = 0; i < STEP_ITEMS && r->n_digest_older < OLDER_ITEMS; i++) {
		autofree(ping) struct ping *p = NULL;

		if (journal_before(pass->journal, r->digest_before, &p) < 0) {
			r->n_digest_older = OLDER_ITEMS;
			break;
		}
		r->digest_before = p->id;
		r->n_digest_older = p->arrived_us < began_us ? r->n_digest_older + 1 : 0;
		if (p->arrived_us >= began_us && p->arrived_us <= batch->formed_us)
			count_meanwhile(r, p);
	}
	r->is_digest_whole = r->n_digest_older >= OLDER_ITEMS;
	return !r->is_digest_whole;
}

static int tell(struct release *r, struct pass *pass, const struct batch *batch, bool by_presenter)
{
	static const char *const no_actions[] = {NULL};
	bool has_actions = pass->ports->has_actions(pass->data);
	const struct digest_view view = {
		.now_us = pass->now.wall_us,
		.is_markup = pass->ports->has_markup(pass->data),
		.next_us = r->next_us,
		.zone = r->zone,
	};
	autofree(str) char *summary = digest_summary(r->digest, batch->waited_us);
	autofree(str) char *body = digest_body(r->digest, &view);
	struct own_notice notice = {
		.summary = summary,
		.body = body,
		.actions = has_actions ? digest_actions(pass->settings->digest_open) : no_actions,
		.category = "x-lull.digest",
	};

	if (!summary || !body)
		return -ENOMEM;
	if (by_presenter)
		return pass->ports->present(pass->data, &notice);
	return pass->ports->compose(pass->data, &notice, batch->number);
}

/* Every failure ends in delivering: without a digest, the items themselves. */
static void tell_plainly(struct release *r, struct pass *pass, struct batch *batch)
{
	int error = tell(r, pass, batch, false);

	if (error == 0)
		return;
	log_error("cannot send a digest (%s); releasing its notifications instead",
		  strerror(-error));
	batch->stage = BATCH_OPENING;
	put_batch(r, pass, batch);
}

static void start_telling(struct release *r, struct pass *pass, struct batch *batch)
{
	int error;

	if (!r->digest || digest_count(r->digest) == 0) {
		/* All of them were withdrawn meanwhile. */
		batch->stage = BATCH_TOLD;
		put_batch(r, pass, batch);
		return;
	}
	error = tell(r, pass, batch, true);
	if (error == 0) {
		r->is_presenting = true;
		return;
	}
	log_warn("cannot run lull-present: %s; sending a plain digest", strerror(-error));
	tell_plainly(r, pass, batch);
}

/*
 * The first batch that something can be done for. One whose digest can't be shown yet doesn't keep those that were
 * formed after it from going.
 */
static int find_work(struct release *r, struct pass *pass, bool may_tell, struct batch *ret)
{
	struct batch batch;
	int64_t after = 0;
	bool has_found = false;

	r->has_work = r->is_stopping = false;
	while (journal_unfinished_batch(pass->journal, after, &batch) == 0) {
		after = batch.number;
		r->has_work = true;
		/* Before any other: until then nothing of it may be sent. */
		r->is_stopping = batch.stage == BATCH_STOPPING || batch.stage == BATCH_RECALLING;
		if (r->is_stopping || (!has_found && (batch.stage != BATCH_TELLING || may_tell))) {
			*ret = batch;
			has_found = true;
		}
		if (r->is_stopping)
			break;
	}
	return has_found ? 0 : -ENOENT;
}

bool release_has_work(const struct release *r)
{
	return r->has_work || r->opens_all;
}

bool release_work(struct release *r, struct pass *pass, struct release_turn *turn)
{
	bool may_tell = turn->has_display && !r->is_presenting;
	struct batch batch;

	turn->held_us = turn->snoozed_us = INSTANT_NEVER;
	r->next_us = turn->next_us;
	r->zone = turn->zone;
	if (r->opens_all) {
		const struct ping_query announced = {.state = PING_ANNOUNCED,
						     .batch = 1,
						     .after_seq = -1,
						     .last_batch = INT64_MAX};

		r->opens_all = move_some(pass, &announced, INT64_MAX, PING_RELEASING, 0);
		return true;
	}
	if (!r->has_work || find_work(r, pass, may_tell, &batch) < 0)
		return false;
	switch (batch.stage) {
	case BATCH_FORMING:
		if (form_some(r, pass, &batch))
			return true;
		batch.stage = batch.form == BATCH_DIGEST ? BATCH_TELLING : BATCH_TOLD;
		put_batch(r, pass, &batch);
		return true;
	case BATCH_TELLING:
		if (count_some(r, pass, batch.number) || look_back(r, pass, &batch))
			return true;
		start_telling(r, pass, &batch);
		/* Also when it is told now: others may go meanwhile. */
		return true;
	case BATCH_OPENING: {
		const struct ping_query announced = {.state = PING_ANNOUNCED,
						     .batch = batch.number,
						     .last_batch = batch.number};

		if (move_some(pass, &announced, INT64_MAX, PING_RELEASING, batch.number))
			return true;
		batch.stage = BATCH_TOLD;
		put_batch(r, pass, &batch);
		return true;
	}
	case BATCH_DELAYING:
		/* What was to be held until the end of focus, and that has come: the break is now. */
		if (batch.due.wall_us == 0 && !turn->is_focus_on)
			batch.stage = BATCH_TELLING;
		else if (!answer_some(pass, &batch, turn))
			batch.stage = BATCH_TOLD;
		if (batch.stage != BATCH_DELAYING)
			put_batch(r, pass, &batch);
		return true;
	case BATCH_DISMISSING:
		if (answer_some(pass, &batch, turn))
			return true;
		batch.stage = BATCH_TOLD;
		put_batch(r, pass, &batch);
		return true;
	case BATCH_STOPPING:
	case BATCH_RECALLING: {
		enum batch_stage stage = recall(pass, &batch, turn);

		if (stage != batch.stage) {
			batch.stage = stage;
			put_batch(r, pass, &batch);
		}
		return true;
	}
	case BATCH_TOLD: break;
	}
	return false;
}

void release_presenter(struct release *r, const char *unique_name)
{
	free(r->presenter);
	r->presenter = strdup(unique_name);
}

int64_t release_is_digest(const struct release *r, const char *sender)
{
	if (!r->is_presenting || !r->presenter || strcmp(r->presenter, sender) != 0)
		return 0;
	return r->digest_batch;
}

void release_told(struct release *r, struct pass *pass, int64_t number)
{
	struct batch batch;

	if (journal_batch(pass->journal, number, &batch) == 0) {
		batch.stage = BATCH_TOLD;
		put_batch(r, pass, &batch);
	}
	forget_digest(r, number);
}

void release_presented(struct release *r, struct pass *pass, const char *error)
{
	struct batch batch;

	r->is_presenting = false;
	free(r->presenter);
	r->presenter = NULL;
	if (r->digest_batch == 0)
		return;
	log_warn("lull-present didn't show the digest (%s); sending a plain one",
		 error ? error : "it says that it did");
	if (journal_batch(pass->journal, r->digest_batch, &batch) == 0)
		tell_plainly(r, pass, &batch);
}
