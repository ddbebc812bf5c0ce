#include "daemon/core/forecast.h"
#include "daemon/engine/engine_parts.h"
#include "daemon/engine/inhibit.h"
#include "daemon/log.h"
#include <string.h>

/* What is held until focus is over; what deliveries release is theirs, unless there are none any more. */
#define TAKES_BLOCK (BATCH_TAKES(HOLD_BLOCK) | BATCH_TAKES(HOLD_NEXT))
#define TAKES_DELIVERY (TAKES_BLOCK | BATCH_TAKES(HOLD_DELIVERY))
#define TAKES_STRANDED (BATCH_TAKES(HOLD_BLOCK) | BATCH_TAKES(HOLD_DELIVERY))
/* What was missed longer ago isn't looked for. */
#define MISSED_WITHIN_US (INT64_C(366) * 86400 * USEC_PER_SEC)

/* Nothing is there any more that would release it: only what is due by itself may wait. */
void engine_release_stranded(struct engine *e)
{
	release_begin(&e->release, &e->pass, TAKES_STRANDED,
		      (struct due){e->pass.now.wall_us, DUE_BLOCK_END}, 0);
}

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
		/* What was due before that, and couldn't go, isn't what a break has let go. */
		if (!e->is_catching_up)
			release_stop(&e->release, &e->pass);
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

/* Those that come back are held like any other, or go with nothing to hold them. */
void engine_wake_snoozed(struct engine *e)
{
	bool is_on = focus_is_on(&e->focus), is_delivering = timetable_is_delivering(&e->pass);
	bool is_free = !is_on && !is_delivering, goes_at_once = !is_on && is_delivering;
	const struct policy policy = rulebook_policy(&e->pass);
	struct policy_context context;
	enum hold_until until;
	struct due due;

	if (e->snooze.next_wall_us > e->pass.now.wall_us)
		return;
	context = engine_context(e);
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
void engine_follow_time(struct engine *e)
{
	/* Whichever token goes last here, it was to end with the one that had the latest end. */
	int64_t ends_us = focus_ends(&e->focus, e->pass.now);

	outlook_begin(&e->outlook, e->pass.now);
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
void engine_catch_up(struct engine *e, struct instant now)
{
	e->is_catching_up = false;
	for (int i = 0; i < 2; i++) {
		int64_t missed_us = find_missed(e, now);

		if (missed_us == INSTANT_NEVER)
			return;
		e->is_catching_up = true;
		/* What ends by boot time has ended then, too. */
		missed_us = MIN(missed_us + CLOCK_SET_US, now.wall_us);
		e->pass.now = (struct instant){missed_us, now.boot_us - (now.wall_us - missed_us)};
		engine_follow_time(e);
	}
}

/* What still holds goes on. */
void engine_look_anew(struct engine *e)
{
	timetable_forget(&e->timetable);
	look_at_timetable(e);
	deliver_if_due(e);
}
