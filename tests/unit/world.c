/*
 * Turns, time, and what is done.
 */
#include "tests/unit/world.h"

#include <stdarg.h>
#include <string.h>

/* A timer may be late by a little. */
#define TIMER_LATE_US (30 * USEC_PER_MSEC)
/* Turns one after the other without anything to wait for. */
#define TURNS_MAX 64

#define PRESENTER_NAME ":1.99999"

void world_fail(struct world *w, const char *format, ...)
{
	va_list args;
	size_t n;

	if (*w->error)
		return;
	w->promise = format;
	n = (size_t)snprintf(w->error, sizeof(w->error), "%+.3f h (boot %.3f h): ",
			     (double)(w->now.wall_us - WORLD_MIDNIGHT) / (double)HOUR,
			     (double)w->now.boot_us / (double)HOUR);
	va_start(args, format);
	vsnprintf(w->error + n, sizeof(w->error) - n, format, args);
	va_end(args);
	if (w->on_error)
		w->on_error(w->error);
}

uint32_t world_chance(uint64_t *state, uint32_t n)
{
	/* splitmix64 (Steele, Lea, Flood) */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) % n);
}

/* --- turns --- */

void world_begin(struct world *w)
{
	w->turn = w->now;
	w->wants_turn = false;
	engine_wake(w->engine, w->now);
}

static void settle(struct world *w)
{
	int n;

	engine_settle(w->engine);
	for (n = 0; w->wants_turn && n < TURNS_MAX; n++) {
		w->wants_turn = false;
		w->now.wall_us += USEC_PER_MSEC;
		w->now.boot_us += USEC_PER_MSEC;
		engine_wake(w->engine, w->now);
		engine_settle(w->engine);
	}
	if (n == TURNS_MAX)
		world_fail(w, "%d turns one after the other, and no end", n);
	w->n_turns++;
}

void world_end(struct world *w)
{
	settle(w);
	world_look(w);
}

static void turn(struct world *w)
{
	world_begin(w);
	world_end(w);
}

/* --- the display and the presenter --- */

static void answer(struct world *w)
{
	uint32_t wire = w->asked_wire;

	w->answers_boot_us = w->alive_boot_us = INSTANT_NEVER;
	w->asked_wire = 0;
	if (w->mode == DISPLAY_REFUSES) {
		engine_refused(w->engine, "it won't");
		return;
	}
	if (w->n_open < WORLD_OPEN_MAX)
		w->open[w->n_open++] = (struct open){++w->next_display_id, wire,
						     usec_add(w->now.boot_us, w->open_us)};
	engine_shown(w->engine, w->next_display_id);
}

void world_display_closes(struct world *w, size_t i, uint32_t reason)
{
	uint32_t display_id = w->open[i].display_id;

	world_forget_open(w, i);
	engine_display_closed(w->engine, display_id, reason);
}

static void present_now(struct world *w)
{
	w->presents_boot_us = INSTANT_NEVER;
	if (w->presenter == PRESENTER_WORKS) {
		const struct ticket from = {.sender = PRESENTER_NAME, .is_silent = true};

		engine_presenter(w->engine, PRESENTER_NAME);
		engine_notify(w->engine, &from, 0, &world_add_sent(w, &world_plain)->n);
	}
	engine_presented(w->engine, w->presenter == PRESENTER_WORKS ? NULL : "it won't");
}

static size_t first_to_close(const struct world *w)
{
	size_t first = 0;

	for (size_t i = 1; i < w->n_open; i++)
		if (w->open[i].closes_boot_us < w->open[first].closes_boot_us)
			first = i;
	return first;
}

static int64_t next_event(const struct world *w)
{
	int64_t next_us = MIN(w->presents_boot_us, MIN(w->answers_boot_us, w->alive_boot_us));

	if (w->n_open > 0)
		next_us = MIN(next_us, w->open[first_to_close(w)].closes_boot_us);
	return next_us;
}

/* What is due of the world. */
static void happen(struct world *w)
{
	if (w->answers_boot_us <= w->now.boot_us) {
		answer(w);
	} else if (w->alive_boot_us <= w->now.boot_us) {
		w->alive_boot_us = INSTANT_NEVER;
		w->asked_wire = 0;
		engine_display_alive(w->engine);
	} else if (w->presents_boot_us <= w->now.boot_us) {
		present_now(w);
	} else {
		world_display_closes(w, first_to_close(w), CLOSE_EXPIRED);
	}
}

void world_forget_display(struct world *w)
{
	w->has_display = false;
	w->asked_wire = 0;
	w->answers_boot_us = w->alive_boot_us = INSTANT_NEVER;
	w->n_open = 0;
}

void world_display_up(struct world *w, bool is_another)
{
	char identity[32];

	if (w->has_display)
		return;
	w->n_displays += is_another;
	w->has_display = true;
	snprintf(identity, sizeof(identity), ":1.%d %d", 1000 + w->n_displays, w->n_boots);
	engine_display_up(w->engine, identity);
}

void world_display_down(struct world *w)
{
	if (!w->has_display)
		return;
	world_forget_display(w);
	engine_display_down(w->engine, false);
}

/* --- time --- */

void world_advance(struct world *w, int64_t us)
{
	w->now.wall_us += us;
	w->now.boot_us += us;
}

int64_t world_until_armed(const struct world *w)
{
	int64_t wall_us = w->armed.wall_us == INSTANT_NEVER
				  ? INSTANT_NEVER
				  : MAX(w->armed.wall_us - w->now.wall_us, 0);
	int64_t boot_us = w->armed.boot_us == INSTANT_NEVER
				  ? INSTANT_NEVER
				  : MAX(w->armed.boot_us - w->now.boot_us, 0);

	return MIN(wall_us, boot_us);
}

/* Idle means idle: what wakes it does something. */
#define WAKES_MAX 4096

void world_pass(struct world *w, int64_t us)
{
	int64_t until_us = w->now.boot_us + us;
	int n_wakes;

	for (n_wakes = 0; !*w->error && n_wakes < WAKES_MAX; n_wakes++) {
		int64_t event_us = next_event(w), timer_us = world_until_armed(w);
		int64_t left_us = until_us - w->now.boot_us;

		event_us = event_us == INSTANT_NEVER ? INSTANT_NEVER
						     : MAX(event_us - w->now.boot_us, 0);
		if (MIN(event_us, timer_us) > left_us)
			break;
		if (event_us <= timer_us) {
			world_advance(w, event_us);
			world_begin(w);
			happen(w);
			world_end(w);
		} else {
			world_advance(w, timer_us + world_chance(&w->chance, TIMER_LATE_US));
			turn(w);
		}
	}
	if (n_wakes == WAKES_MAX)
		world_fail(w, "it was woken %d times in %.1f s", n_wakes,
			   (double)us / (double)SECOND);
	world_advance(w, MAX(until_us - w->now.boot_us, 0));
}

void world_go(struct world *w, int64_t wall_us)
{
	world_pass(w, MAX(wall_us - w->now.wall_us, 0));
}

/* Both clocks go on; a timer that has passed wakes it, and so does the wall clock, which may have been set. */
void world_sleep(struct world *w, int64_t us)
{
	bool is_armed = w->armed.wall_us != INSTANT_NEVER;

	world_advance(w, us);
	w->has_gap = true;
	w->gap_us += us;
	if (is_armed || w->armed.boot_us <= w->now.boot_us)
		turn(w);
}

void world_step(struct world *w, int64_t by_us)
{
	w->now.wall_us = MAX(w->now.wall_us + by_us, DAY);
	w->has_gap = w->has_moved = w->was_stepped = true;
	if (w->armed.wall_us != INSTANT_NEVER)
		turn(w);
}

/* --- what is done in a turn --- */

size_t world_notify(struct world *w, unsigned sender, uint32_t replaces_id,
		    const struct notification *n, bool is_silent)
{
	const size_t at = w->n_sent;
	struct sent *sent = world_add_sent(w, n);
	uint32_t id;
	const struct ticket from = {
		.sender = w->senders[sender],
		.serial = (uint32_t)at,
		.is_silent = is_silent,
	};

	if (!w->is_here[sender])
		world_meet(w, sender);
	sent->n_answers = is_silent;
	world_look_for_refill(w);
	id = engine_notify(w->engine, &from, replaces_id, &sent->n);
	world_look_at_budgets(w, id);
	if (is_silent)
		world_take_item(w, id, at);
	return at;
}

uint32_t world_ping(struct world *w, const char *app)
{
	struct notification n = world_plain;
	size_t at;

	n.app = app;
	world_begin(w);
	at = world_notify(w, 0, 0, &n, false);
	world_end(w);
	return w->sent[at].id;
}

void world_close(struct world *w, unsigned sender, uint32_t id)
{
	/* One that isn't its own is refused, and nothing is lost. */
	world_ended(w, id);
	engine_close(w->engine, &(struct ticket){.sender = w->senders[sender]}, id);
}

void world_identified(struct world *w, uint32_t id, const char *app, enum sandboxed sandboxed)
{
	autofree(ping) struct ping *before = NULL;
	autofree(ping) struct ping *after = NULL;

	w->has_moved = true;
	if (engine_item(w->engine, id, &before) < 0)
		return;
	world_look_for_refill(w);
	engine_identified(w->engine, id, app, 7, sandboxed);
	after = world_get(w, id);
	/* It was decided about once more. */
	if (after && strcmp(after->trace, before->trace) != 0)
		world_look_at_budgets(w, id);
}

void world_leave(struct world *w, unsigned sender)
{
	w->is_here[sender] = false;
	for (size_t i = w->n_cookies; i-- > 0;)
		if (w->cookies[i].sender == sender)
			w->cookies[i] = w->cookies[--w->n_cookies];
	w->has_moved = true;
	engine_senders_changed(w->engine);
}

void world_use(struct world *w, struct settings *settings)
{
	struct settings *before = w->settings;

	w->settings = settings;
	w->has_moved = true;
	if (w->engine)
		engine_set_settings(w->engine, settings);
	settings_free(before);
}

void world_set(struct world *w, const char *section, const char *key, const char *value)
{
	autofree(str) char *error = NULL;

	/* The engine reads it as soon as it is changed: as if it was another one. */
	if (settings_set(w->settings, section, key, value, &error) < 0) {
		world_fail(w, "%s", error);
		return;
	}
	world_begin(w);
	w->has_moved = true;
	engine_set_settings(w->engine, w->settings);
	world_end(w);
}

void world_zone(struct world *w, int32_t ahead_s)
{
	w->ahead_s = ahead_s;
	w->has_moved = true;
	engine_zone_changed(w->engine);
}
