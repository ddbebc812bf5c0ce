/*
 * world: what the engine needs around it, in a time that is simulated.
 *
 * The engine and the journal are the real ones. Senders, the display and the presenter do what a test says, and
 * lulld is woken by what happens and at the instants that it has armed, at no others. After every turn the world
 * looks whether what the engine promises holds; the first thing that doesn't is in `error`.
 */
#pragma once
#include "config/settings.h"
#include "daemon/core/civil.h"
#include "daemon/core/notification.h"
#include "daemon/engine/engine.h"
#include <stdio.h>

#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* 2026-03-27, a Friday, 00:00 UTC; daylight saving begins two days later, at 01:00 UTC. */
#define WORLD_MIDNIGHT INT64_C(1774569600000000)
#define AT(hour, minute) (WORLD_MIDNIGHT + (hour)*HOUR + (minute)*MINUTE)

#define WORLD_SENDERS 5
#define WORLD_OPEN_MAX 512
#define WORLD_COOKIES_MAX 16
#define WORLD_SPENT_MAX 64

enum display_mode {
	DISPLAY_QUICK,
	DISPLAY_SLOW,
	DISPLAY_REFUSES,
	DISPLAY_SILENT, /* alive, but it doesn't answer */
	DISPLAY_DEAD,   /* it doesn't even say that it is alive */
	N_DISPLAY_MODES,
};

enum presenter_mode {
	PRESENTER_WORKS,
	PRESENTER_FAILS,
	PRESENTER_IS_MISSING,
	N_PRESENTER_MODES,
};

/** One Notify. */
struct sent {
	struct notification n;
	char summary[16];
	uint32_t wire; /* its place in the world, and one */
	uint32_t id;   /* what it was answered */
	int n_answers;
	bool was_shown; /* the display was asked to */
};

/** What is known of an id that was answered. */
struct item {
	uint32_t id;
	size_t sent; /* the latest one with it */
	enum ping_state state;
	bool is_waiting; /* held or snoozed, at the last look; then also: */
	struct due bound, told;
	enum hold_until until;
	int64_t due_boot_us; /* a duration: when it is over; else 0 */
	char rule[40];       /* which decided */
	size_t ended_at; /* by its sender or the user, when so many had been sent; 0: it wasn't */
	bool was_late;   /* it was released too late, and there was a reason */
	bool is_seen;
};

/** What a rule with a budget has let through of an application, since focus has begun or ended. */
struct spent {
	char rule[40], app[40];
	int64_t n;
};

/** On the display. */
struct open {
	uint32_t display_id;
	uint32_t wire;
	int64_t closes_boot_us;
};

struct world {
	char base[64], dir[96];
	int n_dirs;
	struct engine *engine;
	struct journal *journal; /* the engine's */
	struct settings *settings;
	struct civil_zone zone;
	int32_t ahead_s;
	struct instant now, turn; /* turn: when the last one began */
	struct wake armed;
	bool wants_turn, is_muted;
	int64_t away_step_us; /* the wall clock is set by that while lulld isn't running the next time */
	int n_boots, n_generations;
	uint64_t chance;

	struct sent *sent;
	size_t n_sent, sent_capacity;
	struct item *items;
	size_t n_items, item_capacity;
	char senders[WORLD_SENDERS][16];
	bool is_here[WORLD_SENDERS];
	uint32_t serial;
	struct {
		unsigned sender;
		uint32_t cookie;
	} cookies[WORLD_COOKIES_MAX];
	size_t n_cookies;

	bool has_display;
	enum display_mode mode;
	int n_displays;
	uint32_t next_display_id;
	uint32_t asked_wire;     /* in flight; 0: nothing */
	int64_t answers_boot_us; /* INSTANT_NEVER: it doesn't */
	int64_t alive_boot_us;
	struct open open[WORLD_OPEN_MAX];
	size_t n_open;
	int64_t open_us; /* how long one stays open */

	enum presenter_mode presenter;
	int64_t presents_boot_us;

	struct spent spent[WORLD_SPENT_MAX];
	size_t n_spent;
	bool was_on; /* focus */

	/* Since the last look. */
	bool has_moved; /* something was done that may move what is due */
	bool has_gap; /* lulld couldn't be woken: it wasn't running, it slept, or a clock was set */
	bool was_away;    /* ... it wasn't running */
	bool was_booted;  /* ... and only the wall clock knows for how long */
	bool was_stepped; /* the wall clock was set */
	int64_t gap_us;   /* how long it couldn't */
	unsigned n_looks;
	int64_t n_turns;
	int64_t n_released, n_late;

	void (*on_error)(
		const char *error); /* for the one who wants to know at once; may be NULL */
	FILE *log;                  /* what came of it, for comparing; may be NULL */
	const char *promise;        /* which one it is about */
	char error[512];
};

/** world_new() - at AT(8, 0), with the display up. The journal is in a directory of its own. */
struct world *world_new(FILE *log);
struct world *world_free(struct world *w);
DEFINE_AUTOFREE(world)

/** world_fail() - the first one counts */
void world_fail(struct world *w, const char *format, ...) LULL_PRINTF(2, 3);

/** world_chance() - from 0 to @n - 1 */
uint32_t world_chance(uint64_t *state, uint32_t n);

/* --- time --- */

/** world_pass() - so long */
void world_pass(struct world *w, int64_t us);
/** world_go() - until a wall time */
void world_go(struct world *w, int64_t wall_us);
/** world_sleep() - suspended so long */
void world_sleep(struct world *w, int64_t us);
/** world_step() - the wall clock is set, forwards or back */
void world_step(struct world *w, int64_t by_us);

/** world_begin(), world_end() - a turn, for what is done in it */
void world_begin(struct world *w);
void world_end(struct world *w);

/** world_restart() - lulld stops, and starts so long after */
void world_restart(struct world *w, int64_t away_us);
/** world_kill() - without a word, from what is on disk at that moment */
void world_kill(struct world *w, int64_t away_us);
/** world_reboot() - another boot, another bus */
void world_reboot(struct world *w, int64_t away_us, bool is_killed);

/* --- what is done in a turn --- */

/** world_notify() - of @n the strings must be literals. Return: which one it is. */
size_t world_notify(struct world *w, unsigned sender, uint32_t replaces_id,
		    const struct notification *n, bool is_silent);
/** world_ping() - one of @app, in a turn of its own. Return: its id. */
uint32_t world_ping(struct world *w, const char *app);
void world_close(struct world *w, unsigned sender, uint32_t id);
void world_identified(struct world *w, uint32_t id, const char *app, enum sandboxed sandboxed);
void world_leave(struct world *w, unsigned sender);
void world_display_up(struct world *w, bool is_another);
void world_display_down(struct world *w);
/** world_display_closes() - the one that was opened as the @i-th of those that are */
void world_display_closes(struct world *w, size_t i, uint32_t reason);
/** world_use() - settings from now on; taken */
void world_use(struct world *w, struct settings *settings);
/** world_set() - one key more, and they are used; in a turn of its own */
void world_set(struct world *w, const char *section, const char *key, const char *value);
void world_zone(struct world *w, int32_t ahead_s);

/* --- what there is to see --- */

/** world_ended() - it is over, by its sender or the user: what had come by now needn't be shown */
void world_ended(struct world *w, uint32_t id);

struct item *world_item(struct world *w, uint32_t id);
/** world_get() - as engine_item(); it fails when there is none */
struct ping *world_get(struct world *w, uint32_t id);
/** world_look() - do the engine's promises hold? After every turn. */
void world_look(struct world *w);
/** world_count() - are there as many of each state as status says? */
void world_count(struct world *w);
/** world_close_up() - at the end: is each one where it should be, and what does an audit say? */
void world_close_up(struct world *w);

/* --- between its files --- */

extern const struct engine_ports world_ports;
extern const struct notification world_plain;

/** world_note() - into the log */
void world_note(struct world *w, const char *format, ...) LULL_PRINTF(2, 3);
struct sent *world_add_sent(struct world *w, const struct notification *n);
/** world_take_item() - an id that is new, or has a newer version now */
void world_take_item(struct world *w, uint32_t id, size_t sent);
bool world_is_ended(const struct item *item);
void world_forget_open(struct world *w, size_t i);
void world_forget_display(struct world *w);
void world_meet(struct world *w, unsigned sender);
void world_advance(struct world *w, int64_t us);
int64_t world_until_armed(const struct world *w);
void world_look_for_refill(struct world *w);
void world_look_at_budgets(struct world *w, uint32_t id);
