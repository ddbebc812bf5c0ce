#include "daemon/engine/engine.h"

#include "config/duration.h"
#include "daemon/core/forecast.h"
#include "daemon/engine/arrival.h"
#include "daemon/engine/delivery.h"
#include "daemon/engine/handle.h"
#include "daemon/engine/hold.h"
#include "daemon/engine/inhibit.h"
#include "daemon/engine/listing.h"
#include "daemon/engine/outlook.h"
#include "daemon/engine/pass.h"
#include "daemon/engine/probe.h"
#include "daemon/engine/relay.h"
#include "daemon/engine/release.h"
#include "daemon/engine/rulebook.h"
#include "daemon/engine/snooze.h"
#include "daemon/engine/timetable.h"
#include "daemon/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the display acknowledges is made durable with the next answer, or after this long. */
#define LAZY_COMMIT_US (1 * USEC_PER_SEC)
/* A lulld that follows another one after no more than this is taken for the same one. */
#define AWAY_BRIEFLY_US (10 * USEC_PER_SEC)
/* What was missed longer ago isn't looked for. */
#define MISSED_WITHIN_US (INT64_C(366) * 86400 * USEC_PER_SEC)
/* How often the disk is tried while it fails. */
#define RECOVER_US (5 * USEC_PER_SEC)

struct engine {
	struct pass pass;
	struct focus focus;
	struct timetable timetable;
	struct outlook outlook;
	struct delivery delivery;
	struct release release;
	struct relay relay;
	struct snooze snooze;
	struct hold hold;
	struct rulebook rulebook;
	struct probe probe;
	struct arrival arrival;
	char *bus_guid;
	char boot_id[sizeof(((struct journal_token *)0)->boot_id)];
	int64_t lazy_boot_us;    /* commit at the latest then; INSTANT_NEVER */
	int64_t recover_boot_us; /* try the disk then; INSTANT_NEVER */
	bool is_failure_told;
	bool has_changed; /* what status shows */
};

/* --- starting and ending --- */

/* Unique names of another bus belong to somebody else: each bus gets a number of its own. */
static int load_bus(struct engine *e)
{
	struct pass *pass = &e->pass;
	const char *guid = e->bus_guid;
	autofree(str) char *last = journal_meta(pass->journal, "bus_guid");
	autofree(str) char *number = journal_meta(pass->journal, "bus_number");
	char text[24];
	int r;

	pass->bus = number ? strtoll(number, NULL, 10) : 0;
	if (last && strcmp(last, guid) == 0)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)++pass->bus);
	r = journal_put_meta(pass->journal, "bus_guid", guid);
	if (r == 0)
		r = journal_put_meta(pass->journal, "bus_number", text);
	return r;
}

static void load_focus(struct engine *e)
{
	struct journal_token tokens[FOCUS_TOKENS_MAX];
	size_t n = journal_tokens(e->pass.journal, tokens, ARRAY_SIZE(tokens));
	size_t i;

	for (i = 0; i < n; i++) {
		bool is_same_boot = *e->boot_id && strcmp(tokens[i].boot_id, e->boot_id) == 0;

		if (focus_restore(&e->focus, &tokens[i].token, is_same_boot, e->pass.now) !=
		    FOCUS_OK)
			log_warn("a reason for focus was lost: there are more than %d",
				 FOCUS_TOKENS_MAX);
	}
}

/* What is held until focus is over; what deliveries release is theirs, unless there are none any more. */
#define TAKES_BLOCK (BATCH_TAKES(HOLD_BLOCK) | BATCH_TAKES(HOLD_NEXT))
#define TAKES_DELIVERY (TAKES_BLOCK | BATCH_TAKES(HOLD_DELIVERY))
#define TAKES_STRANDED (BATCH_TAKES(HOLD_BLOCK) | BATCH_TAKES(HOLD_DELIVERY))

/* Nothing is there any more that would release it: only what is due by itself may wait. */
static void release_stranded(struct engine *e)
{
	release_begin(&e->release, &e->pass, TAKES_STRANDED,
		      (struct due){e->pass.now.wall_us, DUE_BLOCK_END}, 0);
}

/* Go on where the journal left off. */
static int take_up(struct engine *e)
{
	struct schedule schedule;
	int r = load_bus(e);

	if (r < 0)
		return r;
	if (!focus_is_on(&e->focus))
		load_focus(e);
	timetable_load(&e->timetable, &e->pass);
	snooze_find(&e->snooze, &e->pass);
	hold_load(&e->hold, &e->pass, e->boot_id);
	rulebook_load(&e->rulebook, &e->pass);
	probe_load(&e->probe, &e->pass);
	release_load(&e->release, &e->pass);
	/* A block that ended without its release having been written down, and none that is on instead. */
	schedule = timetable_schedule(&e->timetable, &e->pass);
	if (!focus_is_on(&e->focus) && !timetable_is_delivering(&e->pass) &&
	    schedule_free_at(&schedule, e->pass.now.wall_us) == e->pass.now.wall_us)
		release_stranded(e);
	return 0;
}

/* For `lull audit`: what was due while lulld wasn't running couldn't go. The latest ones are enough. */
#define STARTS_MAX 64

static void note_start(struct pass *pass)
{
	autofree(str) char *before = journal_meta(pass->journal, "starts");
	autofree(str) char *text = NULL;
	const char *rest = before ? before : "";
	size_t n = 0;

	for (const char *s = rest; *s; s++)
		n += *s == '\n';
	for (; n >= STARTS_MAX; n--)
		rest = strchr(rest, '\n') + 1;
	if (asprintf(&text, "%s%lld\n", rest, (long long)pass->now.wall_us) < 0)
		text = NULL;
	if (!text || journal_put_meta(pass->journal, "starts", text) < 0)
		log_error("out of memory: `lull audit` won't know of this start");
}

/* One that has crashed couldn't say when; it is started again at once. */
static bool was_away_briefly(struct pass *pass)
{
	autofree(str) char *stopped = journal_meta(pass->journal, "stopped");
	int64_t then_us = stopped && *stopped ? strtoll(stopped, NULL, 10) : pass->now.wall_us;

	if (journal_put_meta(pass->journal, "stopped", "") < 0)
		log_error("out of memory: how long lulld was away isn't known the next time");
	return then_us <= pass->now.wall_us && pass->now.wall_us - then_us <= AWAY_BRIEFLY_US;
}

struct engine *engine_new(struct journal *journal, const struct settings *settings,
			  const struct civil_zone *zone, const struct engine_ports *ports,
			  void *data, const char *bus_guid, const char *boot_id, struct instant now)
{
	autofree(engine) struct engine *e = calloc(1, sizeof(*e));

	if (!e) {
		journal_free(journal);
		return NULL;
	}
	e->pass = (struct pass){
		.journal = journal,
		.settings = settings,
		.ports = ports,
		.data = data,
		.now = now,
	};
	e->timetable.zone = zone;
	e->lazy_boot_us = e->recover_boot_us = INSTANT_NEVER;
	snprintf(e->boot_id, sizeof(e->boot_id), "%s", boot_id);
	delivery_init(&e->delivery);
	e->delivery.last_seq = journal_last_seq(journal);
	e->arrival = (struct arrival){.pass = &e->pass,
				      .delivery = &e->delivery,
				      .release = &e->release,
				      .probe = &e->probe,
				      .rulebook = &e->rulebook,
				      .hold = &e->hold};
	e->bus_guid = strdup(bus_guid);
	if (!e->bus_guid || take_up(e) < 0)
		return NULL;
	note_start(&e->pass);
	e->delivery.was_away_briefly = was_away_briefly(&e->pass);
	return take(e);
}

void engine_stop(struct engine *e, struct instant now)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)now.wall_us);
	if (journal_put_meta(e->pass.journal, "stopped", text) < 0)
		log_error("out of memory: how long lulld is away won't be known");
}

struct engine *engine_free(struct engine *e)
{
	if (!e)
		return NULL;
	journal_commit(e->pass.journal);
	outbox_flush(&e->pass.outbox, e->pass.ports, e->pass.data);
	outbox_done(&e->pass.outbox);
	release_done(&e->release);
	relay_done(&e->relay);
	probe_done(&e->probe);
	free(e->bus_guid);
	journal_free(e->pass.journal);
	free(e);
	return NULL;
}

/* --- focus --- */

static void save_focus(struct engine *e)
{
	struct journal_token tokens[FOCUS_TOKENS_MAX];
	size_t n = e->focus.n_tokens, i;
	struct token rest;

	for (i = 0; i < n; i++)
		tokens[i].token = e->focus.tokens[i];
	if (focus_break(&e->focus, &rest))
		tokens[n++].token = rest;
	for (i = 0; i < n; i++)
		memcpy(tokens[i].boot_id, e->boot_id, sizeof(tokens[i].boot_id));
	if (journal_put_tokens(e->pass.journal, tokens, n) < 0)
		log_error("out of memory: focus will not survive a restart");
	e->outlook.is_known = false;
	e->has_changed = true;
}

/* A delivery whose time has come, unless focus is on: then it comes at its end. */
static void deliver_if_due(struct engine *e)
{
	if (focus_is_on(&e->focus) || !timetable_is_due(&e->timetable, &e->pass))
		return;
	release_begin(&e->release, &e->pass, TAKES_DELIVERY,
		      (struct due){e->timetable.due_us, DUE_DELIVERY}, 0);
	timetable_delivered(&e->timetable, &e->pass);
	rulebook_refill(&e->rulebook, &e->pass);
	e->outlook.is_known = false;
	e->has_changed = true;
}

/* With deliveries, what was held goes on waiting for the next one, unless the user has ended the block. */
static void end_block(struct engine *e, const struct focus_change *change, int64_t ended_us,
		      bool is_by_user)
{
	const int64_t now_us = e->pass.now.wall_us;
	bool is_due = timetable_is_due(&e->timetable, &e->pass);
	bool has_all = is_by_user || is_due || !timetable_is_delivering(&e->pass);
	struct due due = {ended_us > 0 ? MIN(ended_us, now_us) : now_us, DUE_BLOCK_END};

	log_info("focus is over");
	if (is_by_user)
		due = (struct due){now_us, DUE_ASKED};
	release_begin(&e->release, &e->pass, has_all ? TAKES_DELIVERY : TAKES_BLOCK, due,
		      now_us - change->since_us);
	rulebook_refill(&e->rulebook, &e->pass);
	if (is_due)
		timetable_delivered(&e->timetable, &e->pass);
	e->outlook.is_known = false;
}

/*
 * What follows from a change of the tokens.
 * @ended_us: when focus was to end, if that was known
 */
static void follow(struct engine *e, const struct focus_change *change, int64_t ended_us,
		   bool is_by_user)
{
	if (!change->is_changed)
		return;
	save_focus(e);
	if (change->has_begun) {
		log_info("focus is on");
		rulebook_refill(&e->rulebook, &e->pass);
	}
	if (change->is_over)
		end_block(e, change, ended_us, is_by_user);
}

/* @ends_us: when focus is to end */
static enum focus_outcome apply_until(struct engine *e, const struct focus_event *event,
				      int64_t ends_us)
{
	struct focus_change change;
	enum focus_outcome outcome = focus_apply(&e->focus, event, e->pass.now, &change);

	follow(e, &change, ends_us, event->kind == FOCUS_END);
	return outcome;
}

static enum focus_outcome apply(struct engine *e, const struct focus_event *event)
{
	return apply_until(e, event, focus_ends(&e->focus, e->pass.now));
}

/* Tokens of the blocks, if it may be others that hold. */
static void look_at_timetable(struct engine *e)
{
	struct schedule_now schedule;

	if (!timetable_look(&e->timetable, &e->pass, &schedule))
		return;
	/* There is a new edge or delivery to show, whatever holds. */
	e->outlook.is_known = false;
	e->has_changed = true;
	if (apply(e, &(struct focus_event){.kind = FOCUS_SCHEDULE,
					   .schedule = &schedule,
					   .plan = &e->pass.settings->pomodoro}) != FOCUS_OK)
		log_error("a block doesn't hold: there are too many reasons for focus");
}

static enum control_outcome to_control(enum focus_outcome outcome)
{
	switch (outcome) {
	case FOCUS_OK: return CONTROL_OK;
	case FOCUS_IS_OFF: return CONTROL_NO_FOCUS;
	case FOCUS_NOT_LATER: return CONTROL_NOT_LATER;
	case FOCUS_TOO_LONG: return CONTROL_TOO_LONG;
	case FOCUS_LABEL_TOO_LONG: return CONTROL_LABEL_TOO_LONG;
	case FOCUS_TOO_MANY: return CONTROL_TOO_MANY;
	case FOCUS_NO_SUCH_TOKEN: return CONTROL_NOT_FOUND;
	case FOCUS_WRONG_ROUNDS: return CONTROL_WRONG_ROUNDS;
	}
	return CONTROL_TOO_MANY;
}

enum control_outcome engine_start_focus(struct engine *e, const struct focus_options *options)
{
	struct focus_event event = {.kind = FOCUS_START,
				    .request = {
					    .duration_us = options->duration_us,
					    .until_wall_us = options->until_wall_us,
					    .label = options->label,
				    }};

	if (event.request.duration_us == 0 && event.request.until_wall_us == 0)
		event.request.duration_us = e->pass.settings->focus_default_us;
	return to_control(apply(e, &event));
}

enum control_outcome engine_extend_focus(struct engine *e, int64_t duration_us)
{
	return to_control(
		apply(e, &(struct focus_event){.kind = FOCUS_EXTEND, .duration_us = duration_us}));
}

enum control_outcome engine_end_focus(struct engine *e)
{
	enum focus_outcome outcome;

	timetable_end(&e->timetable, &e->pass, &e->focus);
	outcome = apply(e, &(struct focus_event){.kind = FOCUS_END});
	look_at_timetable(e);
	return to_control(outcome);
}

enum control_outcome engine_start_pomodoro(struct engine *e, uint32_t n_rounds)
{
	const struct pomodoro_plan *plan = &e->pass.settings->pomodoro;

	return to_control(
		apply(e, &(struct focus_event){.kind = FOCUS_POMODORO,
					       .plan = plan,
					       .n_rounds = n_rounds > 0 ? n_rounds : plan->every}));
}

uint32_t engine_inhibit(struct engine *e, const char *sender, const char *reason)
{
	struct focus_change change;
	uint32_t cookie = inhibit_take(&e->focus, &e->pass, sender, reason, &change);

	if (cookie > 0)
		follow(e, &change, 0, false);
	return cookie;
}

bool engine_uninhibit(struct engine *e, const char *sender, uint32_t cookie)
{
	struct focus_change change;

	if (!inhibit_give_back(&e->focus, &e->pass, sender, cookie, &change))
		return false;
	follow(e, &change, 0, false);
	return true;
}

void engine_senders_changed(struct engine *e)
{
	struct focus_change change;

	while (inhibit_drop_gone(&e->focus, &e->pass, &change))
		follow(e, &change, 0, false);
	probe_senders_changed(&e->probe, &e->pass);
}

/* --- the turn --- */

static const struct outlook *look_ahead(struct engine *e)
{
	outlook_see(&e->outlook, &e->timetable, &e->focus, &e->pass);
	return &e->outlook;
}

static struct policy_context context_of(struct engine *e)
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

/* Those that come back are held like any other, or go with nothing to hold them. */
static void wake_snoozed(struct engine *e, bool goes_at_once, bool is_free)
{
	const struct policy policy = rulebook_policy(&e->pass);
	const struct policy_context context = context_of(e);
	enum hold_until until;
	struct due due;

	if (e->snooze.next_wall_us > e->pass.now.wall_us)
		return;
	due = policy_hold(&policy, &context, &until);
	if (is_free) {
		until = HOLD_BLOCK;
		due = (struct due){e->pass.now.wall_us, DUE_SNOOZED};
	}
	if (!snooze_wake(&e->snooze, &e->pass, until, due, goes_at_once))
		return;
	e->has_changed = true;
	if (is_free)
		release_begin(&e->release, &e->pass, BATCH_TAKES(HOLD_BLOCK), due, 0);
	else if (due.wall_us > 0)
		e->hold.next_wall_us = MIN(e->hold.next_wall_us, due.wall_us);
}

/* Blocks, rounds and deliveries, as they are now. */
static void follow_time(struct engine *e)
{
	/* Whichever token goes last here, it was to end with the one that had the latest end. */
	int64_t ends_us = focus_ends(&e->focus, e->pass.now);

	e->outlook.is_known = false;
	/* First, so that focus goes on where a block begins as something else ends. */
	look_at_timetable(e);
	ends_us = MAX(ends_us, focus_ends(&e->focus, e->pass.now));
	if (apply_until(e,
			&(struct focus_event){.kind = FOCUS_TICK,
					      .plan = &e->pass.settings->pomodoro},
			ends_us) != FOCUS_OK)
		log_error("the end of a block was missed");
	deliver_if_due(e);
}

/* When focus was to go off, or the delivery was to be, if that is past; else INSTANT_NEVER. */
static int64_t find_missed(struct engine *e, struct instant now)
{
	bool is_on = focus_is_on(&e->focus);
	int64_t due_us = is_on ? focus_ends(&e->focus, now) : e->timetable.due_us;
	/* As it was seen when nothing of it was past. */
	const struct instant back = {now.wall_us - MISSED_WITHIN_US,
				     now.boot_us - MISSED_WITHIN_US};
	struct schedule schedule;
	struct forecast f;

	if (due_us <= 0 || due_us >= now.wall_us)
		return INSTANT_NEVER;
	schedule = timetable_schedule(&e->timetable, &e->pass);
	f = forecast_see(&schedule, &e->focus, &e->pass.settings->pomodoro, back,
			 e->timetable.due_us);
	due_us = is_on ? f.until_us : f.release_us;
	return due_us > 0 && due_us < now.wall_us ? due_us : INSTANT_NEVER;
}

/*
 * What was to be released while lulld couldn't, because it wasn't running or the computer slept, goes before
 * what has begun since takes hold of it: the end of focus first, then the delivery that has waited for it.
 */
static void catch_up(struct engine *e, struct instant now)
{
	for (int i = 0; i < 2; i++) {
		int64_t missed_us = find_missed(e, now);

		if (missed_us == INSTANT_NEVER)
			return;
		/* What ends by boot time has ended then, too. */
		missed_us = MIN(missed_us + CLOCK_SET_US, now.wall_us);
		e->pass.now = (struct instant){missed_us, now.boot_us - (now.wall_us - missed_us)};
		follow_time(e);
	}
}

void engine_wake(struct engine *e, struct instant now)
{
	bool is_on, is_delivering = timetable_is_delivering(&e->pass);

	catch_up(e, now);
	e->pass.now = now;
	follow_time(e);
	is_on = focus_is_on(&e->focus);
	wake_snoozed(e, !is_on && is_delivering, !is_on && !is_delivering);
	if (hold_wake(&e->hold, &e->pass, &e->release, e->boot_id))
		e->has_changed = true;
	delivery_tick(&e->delivery, &e->pass);
}

/* Tell once that what comes now would not survive a crash. */
static void tell_failure(struct engine *e)
{
	static const char *const no_actions[] = {NULL};
	struct pass *pass = &e->pass;
	struct own_notice notice = {
		.summary = "lull can't write to its journal",
		.body = "Notifications are kept in memory until it can. `lull status` says why.",
		.actions = no_actions,
		.category = "x-lull.fault",
	};

	if (e->is_failure_told)
		return;
	e->is_failure_told = true;
	e->has_changed = true;
	log_error("journal: %s; keeping notifications in memory", journal_why(pass->journal));
	if (pass->ports->compose(pass->data, &notice, 0) < 0)
		log_error("cannot tell the user so");
}

static void look_after_journal(struct engine *e)
{
	struct pass *pass = &e->pass;
	bool was_blind = journal_is_blind(pass->journal);

	if (journal_place(pass->journal) == JOURNAL_ON_DISK)
		return;
	tell_failure(e);
	if (e->recover_boot_us == INSTANT_NEVER) {
		e->recover_boot_us = pass->now.boot_us + RECOVER_US;
	} else if (e->recover_boot_us <= pass->now.boot_us) {
		e->recover_boot_us = pass->now.boot_us + RECOVER_US;
		if (!journal_recover(pass->journal))
			return;
		log_info("journal: writing to disk again");
		if (was_blind && take_up(e) < 0)
			log_error("out of memory: what the journal holds waits for a restart");
		e->recover_boot_us = INSTANT_NEVER;
		e->is_failure_told = false;
		e->has_changed = true;
	}
}

/* Durable before it is answered; what the display says alone can wait a little. */
static void commit_and_send(struct engine *e)
{
	struct pass *pass = &e->pass;

	if (pass->outbox.is_promise || e->has_changed || e->lazy_boot_us <= pass->now.boot_us)
		journal_commit(pass->journal);
	else if (journal_is_dirty(pass->journal) && e->lazy_boot_us == INSTANT_NEVER)
		e->lazy_boot_us = pass->now.boot_us + LAZY_COMMIT_US;
	if (!journal_is_dirty(pass->journal))
		e->lazy_boot_us = INSTANT_NEVER;
	outbox_flush(&pass->outbox, pass->ports, pass->data);
	pass->ports->copy_files(pass->data);
}

void engine_commit(struct engine *e)
{
	journal_commit(e->pass.journal);
}

static struct wake next_wake(const struct engine *e)
{
	struct wake next = wake_earlier(focus_next(&e->focus), delivery_next(&e->delivery));

	next.boot_us = MIN(next.boot_us, e->lazy_boot_us);
	next.boot_us = MIN(next.boot_us, e->recover_boot_us);
	next.wall_us = MIN(next.wall_us, e->snooze.next_wall_us);
	next.wall_us = MIN(next.wall_us, hold_next(&e->hold, &e->pass));
	next.wall_us = MIN(next.wall_us, timetable_next(&e->timetable, &e->pass));
	return next;
}

/* One step of what was released, or is held again. Return: true when there is more. */
static bool work_on_release(struct engine *e)
{
	const struct policy policy = rulebook_policy(&e->pass);
	struct policy_context context;
	struct release_turn turn;
	bool has_more;

	if (!release_has_work(&e->release))
		return false;
	context = context_of(e);
	turn = (struct release_turn){
		.has_display = e->delivery.has_display,
		.is_focus_on = focus_is_on(&e->focus),
		.next_us = context.delivery_us,
		.zone = e->timetable.zone,
	};
	turn.due = policy_hold(&policy, &context, &turn.until);
	has_more = release_work(&e->release, &e->pass, &turn);
	e->hold.next_wall_us = MIN(e->hold.next_wall_us, turn.held_us);
	e->snooze.next_wall_us = MIN(e->snooze.next_wall_us, turn.snoozed_us);
	return has_more;
}

void engine_settle(struct engine *e)
{
	struct pass *pass = &e->pass;
	bool has_more = work_on_release(e);

	/* A step's items are `releasing` on disk before the first of them is sent. */
	e->has_changed |= has_more;
	commit_and_send(e);
	look_after_journal(e);
	if (pass->outbox.is_promise)
		commit_and_send(e);
	delivery_pump(&e->delivery, pass);
	if (e->has_changed) {
		e->has_changed = false;
		pass->ports->changed(pass->data);
	}
	journal_tidy(pass->journal);
	pass->ports->arm(pass->data, next_wake(e));
	if (has_more)
		pass->ports->turn_again(pass->data);
}

void engine_pause(struct engine *e, bool is_paused)
{
	e->delivery.is_paused = is_paused;
}

bool engine_may_end(struct engine *e)
{
	struct journal *journal = e->pass.journal;

	if (journal_place(journal) != JOURNAL_ON_DISK) {
		e->recover_boot_us = e->pass.now.boot_us;
		look_after_journal(e);
	}
	return journal_place(journal) == JOURNAL_ON_DISK;
}

bool engine_is_quiet(const struct engine *e)
{
	return e->delivery.in_flight == 0;
}

/* --- pings --- */

uint32_t engine_notify(struct engine *e, const struct ticket *from, uint32_t replaces_id,
		       const struct notification *n)
{
	const struct policy_context context = context_of(e);
	uint32_t id;

	if (arrival_notify(&e->arrival, &context, from, replaces_id, n, &id))
		e->pass.ports->changed(e->pass.data);
	return id;
}

void engine_identified(struct engine *e, uint32_t id, const char *app, uint32_t pid,
		       enum sandboxed sandboxed)
{
	const struct policy_context context = context_of(e);

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

/* --- the display --- */

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

/* --- the presenter --- */

void engine_presenter(struct engine *e, const char *unique_name)
{
	release_presenter(&e->release, unique_name);
}

void engine_presented(struct engine *e, const char *error)
{
	release_presented(&e->release, &e->pass, error);
}

/* --- the user --- */

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

/* With nothing held: when what comes now would go. */
static int64_t next_release(struct engine *e, const struct outlook *outlook)
{
	const struct policy_context context = context_of(e);

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
	const struct policy_context context = context_of(e);

	return listing_walk(e->pass.journal, &context, cursor, max, item, data);
}

int engine_item(struct engine *e, uint32_t id, struct ping **ret)
{
	const struct policy_context context = context_of(e);
	int r = journal_get(e->pass.journal, id, ret);

	if (r == 0 && (*ret)->state == PING_HELD)
		(*ret)->due = policy_due((*ret)->until, (*ret)->due, &context);
	return r;
}

/* What still holds goes on. */
static void look_anew(struct engine *e)
{
	timetable_forget(&e->timetable);
	look_at_timetable(e);
	deliver_if_due(e);
}

void engine_set_settings(struct engine *e, const struct settings *settings)
{
	bool was_delivering = timetable_is_delivering(&e->pass);

	e->pass.settings = settings;
	journal_set_durability(e->pass.journal, settings->durability == DURABILITY_FULL);
	rulebook_changed(&e->rulebook, &e->pass);
	look_anew(e);
	/* There is no delivery to wait for any more. */
	if (was_delivering && !timetable_is_delivering(&e->pass) && !focus_is_on(&e->focus))
		release_stranded(e);
}

void engine_zone_changed(struct engine *e)
{
	look_anew(e);
}

void engine_remember(struct engine *e, const char *key, const char *value)
{
	if (journal_put_meta(e->pass.journal, key, value) < 0)
		log_error("out of memory: cannot remember the %s", key);
	/* Rare, so it needn't wait for company. */
	e->pass.outbox.is_promise = true;
}

char *engine_remembered(struct engine *e, const char *key)
{
	return journal_meta(e->pass.journal, key);
}
