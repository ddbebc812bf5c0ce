#include "daemon/engine/engine.h"

#include "daemon/engine/engine_parts.h"
#include "daemon/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the display acknowledges is made durable with the next answer, or after this long. */
#define LAZY_COMMIT_US (1 * USEC_PER_SEC)
/* A lulld that follows another one after no more than this is taken for the same one. */
#define AWAY_BRIEFLY_US (10 * USEC_PER_SEC)
/* How often the disk is tried while it fails. */
#define RECOVER_US (5 * USEC_PER_SEC)

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
		engine_release_stranded(e);
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

/* --- the turn --- */

void engine_wake(struct engine *e, struct instant now)
{
	engine_catch_up(e, now);
	e->pass.now = now;
	engine_follow_time(e);
	e->is_catching_up = false;
	engine_wake_snoozed(e);
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
	context = engine_context(e);
	turn = (struct release_turn){
		.has_display = e->delivery.has_display,
		.is_focus_on = focus_is_on(&e->focus),
		.next_us = context.delivery_us,
		.zone = e->timetable.zone,
		.in_flight = e->delivery.in_flight,
	};
	turn.due = policy_hold(&policy, &context, &turn.until);
	has_more = release_work(&e->release, &e->pass, &turn);
	e->delivery.is_stopping = e->release.is_stopping;
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

void engine_set_settings(struct engine *e, const struct settings *settings)
{
	bool was_delivering = timetable_is_delivering(&e->pass);

	e->pass.settings = settings;
	journal_set_durability(e->pass.journal, settings->durability == DURABILITY_FULL);
	rulebook_changed(&e->rulebook, &e->pass);
	engine_look_anew(e);
	/* There is no delivery to wait for any more. */
	if (was_delivering && !timetable_is_delivering(&e->pass) && !focus_is_on(&e->focus))
		engine_release_stranded(e);
}

void engine_zone_changed(struct engine *e)
{
	engine_look_anew(e);
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
