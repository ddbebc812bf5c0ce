/*
 * engine: the one place where things happen, in this order: journal, reply, show.
 *
 * Adapters call it between engine_wake() and engine_settle(). What it answers is staged and leaves only once
 * the journal has what it promises. It never waits and never asks the time.
 */
#pragma once
#include "daemon/engine/ports.h"

struct civil_zone;
struct engine;
struct journal;
struct settings;

/**
 * engine_new() - an engine that goes on where the journal left off
 * @journal: taken, also on failure
 * @settings: borrowed; engine_set_settings() changes them
 * @zone: borrowed; engine_zone_changed() says that it is another one
 * @bus_guid: identity of the bus: unique names are valid on the same one only
 * @boot_id: identity of this boot: boot times are valid within the same one only
 *
 * Return: a new value, or NULL when out of memory.
 */
struct engine *engine_new(struct journal *journal, const struct settings *settings,
			  const struct civil_zone *zone, const struct engine_ports *ports,
			  void *data, const char *bus_guid, const char *boot_id,
			  struct instant now);

/** engine_stop() - lulld is about to end, at @now: for the next one to know */
void engine_stop(struct engine *e, struct instant now);

/** engine_free() - commit what is open and free; NULL is fine. Return: NULL. */
struct engine *engine_free(struct engine *e);
DEFINE_AUTOFREE(engine)

/** engine_wake() - a turn of the loop begins, at @now */
void engine_wake(struct engine *e, struct instant now);

/**
 * engine_pause() - send nothing more to the display, or go on; what comes in is taken as ever
 *
 * For a successor, so that nothing is on its way to the display when that takes over.
 */
void engine_pause(struct engine *e, bool is_paused);

/**
 * engine_may_end() - is everything that was acknowledged on disk?
 *
 * Tries the disk anew where it failed before.
 */
bool engine_may_end(struct engine *e);

/** engine_is_quiet() - does the display owe no answer? */
bool engine_is_quiet(const struct engine *e);

/** engine_settle() - it ends: commit, send, deliver, arm the timers */
void engine_settle(struct engine *e);

/* --- from senders --- */

/**
 * engine_notify() - a ping; the answer goes to @from after the commit
 *
 * Return: the id that it got; 0 when it was refused.
 */
uint32_t engine_notify(struct engine *e, const struct ticket *from, uint32_t replaces_id,
		       const struct notification *n);

/**
 * engine_identified() - who sent @id, as the system says
 * @app: application id, "" when it isn't known
 */
void engine_identified(struct engine *e, uint32_t id, const char *app, uint32_t pid,
		       enum sandboxed sandboxed);

/** engine_own() - a notification of lull's own, never held; see ports.compose */
void engine_own(struct engine *e, const struct notification *n, int64_t announces);

/** engine_close() - CloseNotification */
void engine_close(struct engine *e, const struct ticket *from, uint32_t id);

/**
 * engine_inhibit() - an application asks for focus, for as long as it likes and lives
 *
 * Return: a cookie for engine_uninhibit(), 0 when there are too many.
 */
uint32_t engine_inhibit(struct engine *e, const char *sender, const char *reason);

/** engine_uninhibit() - Return: false when @sender holds no such cookie */
bool engine_uninhibit(struct engine *e, const char *sender, uint32_t cookie);

/** engine_senders_changed() - some have left the bus, or it is known who is there */
void engine_senders_changed(struct engine *e);

/* --- from the display --- */

/** engine_display_up() - one is there; @identity differs for each unique name and bus */
void engine_display_up(struct engine *e, const char *identity);
/* @is_told_to: lulld itself has ended it, so it didn't die of anything. */
void engine_display_down(struct engine *e, bool is_told_to);
/** engine_display_resend() - for it, what an earlier lulld has sent belongs to that one; see delivery_reattach() */
void engine_display_resend(struct engine *e);

void engine_shown(struct engine *e, uint32_t display_id);
void engine_refused(struct engine *e, const char *error);
void engine_display_alive(struct engine *e);

/* Its signals, by its own ids; those that lull doesn't know are passed on as they are. */
void engine_display_closed(struct engine *e, uint32_t display_id, uint32_t reason);
void engine_display_action(struct engine *e, uint32_t display_id, const char *key);
void engine_display_token(struct engine *e, uint32_t display_id, const char *token);
void engine_display_replied(struct engine *e, uint32_t display_id, const char *text);

/* --- from the presenter --- */

void engine_presenter(struct engine *e, const char *unique_name);
void engine_presented(struct engine *e, const char *error);

/* --- from the user --- */

enum control_outcome {
	CONTROL_OK = 0,
	CONTROL_NO_FOCUS,
	CONTROL_NOT_LATER,
	CONTROL_TOO_LONG,
	CONTROL_LABEL_TOO_LONG,
	CONTROL_TOO_MANY,
	CONTROL_NOT_FOUND,
	CONTROL_BUSY,
	CONTROL_NO_MEMORY,
	CONTROL_WRONG_ROUNDS,
};

/** What StartFocus asks for; 0 and NULL: not said. At most one of duration and until. */
struct focus_options {
	int64_t duration_us;
	int64_t until_wall_us;
	const char *label;
};

LULL_MUSTCHECK enum control_outcome engine_start_focus(struct engine *e,
						       const struct focus_options *options);
LULL_MUSTCHECK enum control_outcome engine_extend_focus(struct engine *e, int64_t duration_us);
/**
 * engine_end_focus() - end everything that is on, of each block the rest of this occurrence, and the pomodoro
 * also in a break
 */
LULL_MUSTCHECK enum control_outcome engine_end_focus(struct engine *e);

/**
 * engine_start_pomodoro() - start one, or, when one is on, start it anew
 * @n_rounds: 0: as many as the settings say
 */
LULL_MUSTCHECK enum control_outcome engine_start_pomodoro(struct engine *e, uint32_t n_rounds);

/**
 * engine_release() - let these go, or, with none, everything that waits
 * @ret_count: how many were waiting
 */
LULL_MUSTCHECK enum control_outcome engine_release(struct engine *e, const uint32_t *ids,
						   size_t n_ids, int64_t *ret_count);

/**
 * engine_dismiss() - close these, as if the user had clicked them away: Closed(2) to their senders
 * @ret_count: how many there were
 */
LULL_MUSTCHECK enum control_outcome engine_dismiss(struct engine *e, const uint32_t *ids,
						   size_t n_ids, int64_t *ret_count);

/**
 * engine_snooze() - hold these until @until_wall_us, whatever focus does meanwhile
 *
 * When it has come they are released as a batch, or held with the block that is on then.
 */
LULL_MUSTCHECK enum control_outcome engine_snooze(struct engine *e, const uint32_t *ids,
						  size_t n_ids, int64_t until_wall_us,
						  int64_t *ret_count);

/** engine_act() - press a button of one, as if it was shown; then it is closed */
LULL_MUSTCHECK enum control_outcome engine_act(struct engine *e, uint32_t id, const char *key);

/** engine_announce_probe() - expect the Notify of a probe from @sender; probe.h */
LULL_MUSTCHECK enum control_outcome engine_announce_probe(struct engine *e, const char *sender);

/** engine_commit() - make what was done in this turn durable now; before it is answered */
void engine_commit(struct engine *e);

/* --- what there is to see --- */

struct focus;

struct engine_status {
	struct instant now;        /* of the turn: what the rest is true at */
	const struct focus *focus; /* borrowed */
	bool is_focus_on;
	int64_t until_us;         /* wall; 0: none */
	int64_t next_change_us;   /* the next token that comes or goes by itself; wall; 0: none */
	const char *next_block;   /* the block that begins then; "": none does */
	int64_t next_delivery_us; /* wall; in the past: at the end of focus; 0: deliveries are off */
	int64_t n_held;
	int64_t n_snoozed;
	int64_t n_announced;
	int64_t n_quarantined;
	int64_t n_releasing;     /* on their way to the display */
	int64_t next_release_us; /* wall; 0: none */
	const char *journal_why; /* NULL: on disk */
};

void engine_status(struct engine *e, struct engine_status *ret);

/**
 * engine_list() - what waits, oldest first
 * @cursor: 0, or what the last call returned
 * @item: called for each; due_us is filled in; stops when it returns false
 *
 * Return: the cursor to go on from, 0 when that was all.
 */
uint64_t engine_list(struct engine *e, uint64_t cursor, size_t max,
		     bool (*item)(void *data, const struct ping *p), void *data);

/** engine_item() - one that is on record, live or not; the caller frees it. Return: 0, -ENOENT, a fault. */
LULL_MUSTCHECK int engine_item(struct engine *e, uint32_t id, struct ping **ret);

/** engine_set_settings() - use these from now on; borrowed */
void engine_set_settings(struct engine *e, const struct settings *settings);

/** engine_zone_changed() - the clocks on the wall show something else from now on */
void engine_zone_changed(struct engine *e);

/** engine_remember() - a text that survives a restart, under @key */
void engine_remember(struct engine *e, const char *key, const char *value);

/** engine_remembered() - the caller frees it. Return: NULL when there is nothing. */
char *engine_remembered(struct engine *e, const char *key);
