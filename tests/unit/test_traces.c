/*
 * The engine, with the real journal, in a time that is simulated: random traces of some days, in which everything
 * happens that can, and after every turn of which what the engine promises must hold (world.h). LULL_TRACES says
 * how many, LULL_SEED with which to begin.
 */
#include "daemon/core/digest.h"
#include "daemon/journal/journal.h"
#include "daemon/log.h"
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#define TRACES 300
#define OPS_MAX 160
#define REPLAYED_EVERY 8

/* --- what can happen --- */

enum op_kind {
	OP_PASS,
	OP_SLEEP,
	OP_STEP,
	OP_RESTART,
	OP_KILL,
	OP_REBOOT,
	OP_IN_A_TURN, /* those below may share a turn with the one before */
	OP_NOTIFY,
	OP_CLOSE,
	OP_IDENTIFIED,
	OP_LEAVE,
	OP_FOCUS,
	OP_FOCUS_UNTIL,
	OP_EXTEND,
	OP_END,
	OP_POMODORO,
	OP_INHIBIT,
	OP_UNINHIBIT,
	OP_RELEASE,
	OP_RELEASE_ALL,
	OP_DISMISS,
	OP_SNOOZE,
	OP_ACT,
	OP_UP,
	OP_DOWN,
	OP_DISPLAY,
	OP_PRESENTER,
	OP_CLICK,
	OP_DISPLAY_CLOSES,
	OP_RELOAD,
	OP_ZONE,
	N_OPS,
};

static const char *const op_names[N_OPS] = {
	"pass",    "sleep",     "step",      "restart",     "kill",    "reboot", "-",    "notify",
	"close",   "identify",  "leave",     "focus",       "until",   "extend", "end",  "pomodoro",
	"inhibit", "uninhibit", "release",   "release-all", "dismiss", "snooze", "act",  "up",
	"down",    "display",   "presenter", "click",       "closes",  "reload", "zone",
};

/* How often, among a thousand or so. */
static const unsigned weights[N_OPS] = {
	[OP_PASS] = 300,      [OP_SLEEP] = 12,    [OP_STEP] = 16,       [OP_RESTART] = 10,
	[OP_KILL] = 10,       [OP_REBOOT] = 6,    [OP_NOTIFY] = 400,    [OP_CLOSE] = 20,
	[OP_IDENTIFIED] = 12, [OP_LEAVE] = 6,     [OP_FOCUS] = 40,      [OP_FOCUS_UNTIL] = 10,
	[OP_EXTEND] = 10,     [OP_END] = 16,      [OP_POMODORO] = 8,    [OP_INHIBIT] = 10,
	[OP_UNINHIBIT] = 10,  [OP_RELEASE] = 10,  [OP_RELEASE_ALL] = 4, [OP_DISMISS] = 10,
	[OP_SNOOZE] = 14,     [OP_ACT] = 6,       [OP_UP] = 16,         [OP_DOWN] = 8,
	[OP_DISPLAY] = 8,     [OP_PRESENTER] = 6, [OP_CLICK] = 8,       [OP_DISPLAY_CLOSES] = 8,
	[OP_RELOAD] = 16,     [OP_ZONE] = 6,
};

struct op {
	enum op_kind kind;
	bool joins; /* the turn of the one before */
	uint32_t a, b, c;
	int64_t us;
};

struct trace {
	uint64_t config; /* of the settings at the start */
	struct op ops[OPS_MAX];
	size_t n;
};

static const char *const apps[] = {"Mail", "Slack", "Web", "power", "Chat 2", ""};
static const char *const categories[] = {"", "", "email", "call.incoming", "im.received"};
static const char *const tags[] = {"", "", "", "", "volume"};

/* --- settings --- */

struct configuring {
	struct settings *settings;
	uint64_t chance;
	bool is_told; /* printed */
};

static uint32_t any(struct configuring *c, uint32_t n)
{
	return world_chance(&c->chance, n);
}

static void put(struct configuring *c, const char *section, const char *key, const char *value)
{
	autofree(str) char *error = NULL;

	if (c->is_told)
		print_error("      [%s] %s = %s\n", section, key, value);
	if (settings_set(c->settings, section, key, value, &error) < 0)
		fail_msg("[%s] %s = %s: %s", section, key, value, error);
}

#define PUT_ANY(c, section, key, ...)                                               \
	do {                                                                        \
		static const char *const values[] = {__VA_ARGS__};                  \
		put(c, section, key, values[any(c, (uint32_t)ARRAY_SIZE(values))]); \
	} while (0)

static void put_block(struct configuring *c, const char *section)
{
	PUT_ANY(c, section, "start", "09:00", "10:30", "11:00", "22:30", "00:00", "02:15");
	PUT_ANY(c, section, "end", "10:30", "12:00", "17:00", "07:00", "00:00", "03:00");
	if (any(c, 2))
		PUT_ANY(c, section, "days", "mon-fri", "sat, sun", "daily", "tue");
	if (any(c, 3) == 0)
		PUT_ANY(c, section, "lead", "10m", "1h");
}

static void put_rule(struct configuring *c, const char *section, uint32_t n_blocks)
{
	if (any(c, 3) > 0)
		PUT_ANY(c, section, "app", "Mail", "Slack", "!Web", "Web, Chat*", "*");
	if (any(c, 4) == 0)
		PUT_ANY(c, section, "urgency", "low", "normal", "critical", "!low");
	if (any(c, 6) == 0)
		PUT_ANY(c, section, "category", "email", "im*");
	if (any(c, 6) == 0)
		PUT_ANY(c, section, "desktop-entry", "org.example.*");
	if (any(c, 8) == 0)
		PUT_ANY(c, section, "sandboxed", "yes", "no");
	if (any(c, 2))
		PUT_ANY(c, section, "when", "always", "focus", "09:00-10:00", "22:00-07:00",
			"08:00-20:00 mon-fri", "01:30-02:30");
	else if (n_blocks > 0 && any(c, 2))
		put(c, section, "when", "block b0");
	if (any(c, 6) > 0)
		PUT_ANY(c, section, "verdict", "hold", "hold", "hold", "deliver", "drop");
	if (any(c, 2))
		PUT_ANY(c, section, "due", "1s", "15m", "2h", "2d", "block-end", "next", "next");
	if (any(c, 5) == 0)
		PUT_ANY(c, section, "as", "low", "normal", "critical");
	if (any(c, 5) == 0)
		PUT_ANY(c, section, "repeat", "2 in 3m", "3 in 1h");
	if (any(c, 4) == 0)
		PUT_ANY(c, section, "budget", "0", "1", "3 per block");
	if (any(c, 4) == 0)
		PUT_ANY(c, section, "digest", "each", "count", "hide");
}

static struct settings *configure(uint64_t seed, bool is_told)
{
	struct configuring c = {settings_new(NULL), seed, is_told};
	uint32_t n_blocks = any(&c, 3), n_rules = any(&c, 5);
	char section[32];

	assert_non_null(c.settings);
	for (uint32_t i = 0; i < n_blocks; i++) {
		snprintf(section, sizeof(section), "block b%u", i);
		put_block(&c, section);
	}
	for (uint32_t i = 0; i < n_rules; i++) {
		snprintf(section, sizeof(section), "rule r%u", i);
		put_rule(&c, section, n_blocks);
	}
	if (any(&c, 3) == 0)
		PUT_ANY(&c, "deliver", "at", "12:30", "09:00, 12:30, 17:00", "11:00, 02:30");
	if (any(&c, 4) == 0)
		PUT_ANY(&c, "deliver", "days", "mon-fri", "sun");
	if (any(&c, 3) == 0)
		PUT_ANY(&c, "hold", "longest", "1m", "30m", "7d");
	if (any(&c, 3) == 0)
		PUT_ANY(&c, "release", "digest_above", "0", "1", "10");
	return c.settings;
}

/* --- making one --- */

/* As likely seconds as hours. */
static int64_t any_time(uint64_t *chance, int64_t max_us)
{
	int64_t us = max_us >> world_chance(chance, 16);

	return us / 2 + us / 2 * world_chance(chance, 1000) / 1000 + 1;
}

static enum op_kind any_kind(uint64_t *chance)
{
	unsigned sum = 0, at;
	int kind;

	for (kind = 0; kind < N_OPS; kind++)
		sum += weights[kind];
	at = world_chance(chance, sum);
	for (kind = 0; at >= weights[kind]; kind++)
		at -= weights[kind];
	return (enum op_kind)kind;
}

static int64_t time_for(enum op_kind kind, uint64_t *chance)
{
	static const int64_t steps_us[] = {SECOND, 30 * SECOND, HOUR, DAY, 5 * DAY};

	switch (kind) {
	case OP_PASS: return any_time(chance, 14 * HOUR);
	case OP_SLEEP:
	case OP_RESTART:
	case OP_KILL:
	case OP_REBOOT: return any_time(chance, 20 * HOUR);
	case OP_STEP:
		return (world_chance(chance, 2) ? 1 : -1) *
		       any_time(chance, steps_us[world_chance(chance, ARRAY_SIZE(steps_us))]);
	case OP_FOCUS:
	case OP_FOCUS_UNTIL:
	case OP_EXTEND: return any_time(chance, 6 * HOUR);
	case OP_SNOOZE: return any_time(chance, DAY);
	default: return 0;
	}
}

static void make_trace(struct trace *t, uint64_t seed)
{
	uint64_t chance = seed * 1000003;

	t->config = chance ^ 0x5555;
	t->n = 40 + world_chance(&chance, OPS_MAX - 40);
	for (size_t i = 0; i < t->n; i++) {
		struct op *op = &t->ops[i];

		*op = (struct op){
			.kind = any_kind(&chance),
			.a = world_chance(&chance, 1U << 31),
			.b = world_chance(&chance, 1U << 31),
			.c = world_chance(&chance, 1U << 31),
		};
		op->us = time_for(op->kind, &chance);
		op->joins = world_chance(&chance, 4) == 0;
	}
}

/* --- playing one --- */

/* One that was answered, the latest ones more often; 0: there is none. */
static uint32_t some_id(const struct world *w, uint32_t a)
{
	size_t within = a & 0x40000000 ? MIN(w->n_items, 8) : w->n_items;

	return within == 0 ? 0 : w->items[w->n_items - 1 - a % within].id;
}

static void play_notify(struct world *w, const struct op *op)
{
	const struct notification n = {
		.app = apps[op->a % ARRAY_SIZE(apps)],
		.desktop_entry = op->a % 7 == 0 ? "org.example.Mail" : "",
		.category = categories[op->b % ARRAY_SIZE(categories)],
		.tag = tags[op->b / 8 % ARRAY_SIZE(tags)],
		.body = op->b % 37 == 0 ? "Your code is 482913" : "",
		.urgency = (enum urgency)(op->c % 8 == 0   ? 2
					  : op->c % 8 == 1 ? 0
							   : 1),
		.is_osd = op->c % 31 == 0,
		.is_unidentified = op->c % 3 == 0,
	};
	unsigned sender = op->b % WORLD_SENDERS;
	uint32_t replaces_id = 0;
	uint32_t n_more = op->c % 29 == 0 ? 1 + op->b % 8 : 0;

	if (op->c / 64 % 8 == 0)
		replaces_id = some_id(w, op->a);
	else if (op->c / 64 % 64 == 1)
		replaces_id = 7 + op->a % 3;
	world_notify(w, sender, replaces_id, &n, op->c / 4096 % 16 == 1);
	while (n_more-- > 0)
		world_notify(w, sender, 0, &n, false);
}

static void play_inhibit(struct world *w, const struct op *op)
{
	unsigned sender = op->a % WORLD_SENDERS;
	uint32_t cookie;

	if (w->n_cookies == WORLD_COOKIES_MAX || !w->is_here[sender])
		return;
	cookie = engine_inhibit(w->engine, w->senders[sender], "because");
	w->cookies[w->n_cookies].sender = sender;
	w->cookies[w->n_cookies++].cookie = cookie;
}

static void play_uninhibit(struct world *w, const struct op *op)
{
	size_t i;

	if (w->n_cookies == 0)
		return;
	i = op->a % w->n_cookies;
	/* The user may have ended it meanwhile. */
	engine_uninhibit(w->engine, w->senders[w->cookies[i].sender], w->cookies[i].cookie);
	w->cookies[i] = w->cookies[--w->n_cookies];
}

static void play_control(struct world *w, const struct op *op, uint32_t id)
{
	enum control_outcome outcome = CONTROL_OK;
	int64_t n;

	w->has_moved = true;
	switch (op->kind) {
	case OP_FOCUS:
		outcome = engine_start_focus(w->engine,
					     &(struct focus_options){.duration_us = op->us});
		break;
	case OP_FOCUS_UNTIL:
		outcome = engine_start_focus(w->engine,
					     &(struct focus_options){
						     .until_wall_us = w->now.wall_us + op->us});
		break;
	case OP_EXTEND: outcome = engine_extend_focus(w->engine, op->us); break;
	case OP_END: outcome = engine_end_focus(w->engine); break;
	case OP_POMODORO: outcome = engine_start_pomodoro(w->engine, op->a % 6); break;
	case OP_RELEASE: outcome = engine_release(w->engine, &id, 1, &n); break;
	case OP_RELEASE_ALL: outcome = engine_release(w->engine, NULL, 0, &n); break;
	case OP_DISMISS:
		world_ended(w, id);
		outcome = engine_dismiss(w->engine, &id, 1, &n);
		break;
	case OP_SNOOZE:
		outcome = engine_snooze(w->engine, &id, 1, w->now.wall_us + op->us, &n);
		break;
	case OP_ACT:
		world_ended(w, id);
		outcome = engine_act(w->engine, id, "default");
		break;
	default: break;
	}
	if (outcome == CONTROL_NO_MEMORY)
		world_fail(w, "no memory");
}

static void play_in_a_turn(struct world *w, const struct op *op)
{
	uint32_t id = some_id(w, op->a);

	switch (op->kind) {
	case OP_NOTIFY: play_notify(w, op); break;
	case OP_CLOSE: world_close(w, op->b % WORLD_SENDERS, id); break;
	case OP_IDENTIFIED:
		w->has_moved = true;
		world_identified(w, id, op->b % 2 ? "org.example.App" : "",
				 (enum sandboxed)(op->b % 3));
		break;
	case OP_LEAVE: world_leave(w, op->a % WORLD_SENDERS); break;
	case OP_INHIBIT:
		w->has_moved = true;
		play_inhibit(w, op);
		break;
	case OP_UNINHIBIT:
		w->has_moved = true;
		play_uninhibit(w, op);
		break;
	case OP_UP: world_display_up(w, op->a % 2); break;
	case OP_DOWN: world_display_down(w); break;
	case OP_DISPLAY:
		w->mode = op->a % 2 ? DISPLAY_QUICK : (enum display_mode)(op->b % N_DISPLAY_MODES);
		w->open_us = op->c % 2 ? 10 * SECOND : INSTANT_NEVER;
		break;
	case OP_PRESENTER: w->presenter = (enum presenter_mode)(op->a % N_PRESENTER_MODES); break;
	case OP_CLICK:
		if (w->n_open > 0)
			engine_display_action(w->engine, w->open[op->a % w->n_open].display_id,
					      DIGEST_KEY_SHOW_ALL);
		break;
	case OP_DISPLAY_CLOSES:
		if (w->n_open > 0)
			world_display_closes(w, op->a % w->n_open, CLOSE_DISMISSED);
		break;
	case OP_RELOAD: world_use(w, configure(op->a, false)); break;
	case OP_ZONE: world_zone(w, ((int32_t)(op->a % 25) - 12) * 3600); break;
	default: play_control(w, op, id); break;
	}
}

/* A kill that comes before the turn has ended: what came in wasn't answered. */
static void play_kill(struct world *w, const struct op *op)
{
	if (op->a % 2) {
		struct op notify = *op;

		notify.c = 1 << 6;
		world_begin(w);
		play_notify(w, &notify);
	}
	world_kill(w, op->us);
}

/* Return: how many were played: those that share a turn at once. */
static size_t play(struct world *w, const struct op *ops, size_t n)
{
	size_t i = 0;

	if (ops->kind >= OP_RESTART && ops->kind <= OP_REBOOT && ops->c % 4 == 0)
		w->away_step_us = ((int64_t)(ops->b % 200) - 100) * MINUTE;
	switch (ops->kind) {
	case OP_PASS: world_pass(w, ops->us); return 1;
	case OP_SLEEP: world_sleep(w, ops->us); return 1;
	case OP_STEP: world_step(w, ops->us); return 1;
	case OP_RESTART: world_restart(w, ops->us); return 1;
	case OP_KILL: play_kill(w, ops); return 1;
	case OP_REBOOT: world_reboot(w, ops->us, ops->a % 2); return 1;
	default: break;
	}
	world_begin(w);
	do
		play_in_a_turn(w, &ops[i++]);
	while (i < n && ops[i].joins && ops[i].kind > OP_IN_A_TURN);
	world_end(w);
	return i;
}

/* Nothing holds any more: everything must come out. */
static void finish(struct world *w)
{
	world_begin(w);
	w->mode = DISPLAY_QUICK;
	w->presenter = PRESENTER_WORKS;
	w->open_us = 10 * SECOND;
	world_display_down(w);
	world_display_up(w, true);
	for (unsigned i = 0; i < WORLD_SENDERS; i++)
		world_leave(w, i);
	world_use(w, settings_new(NULL));
	world_end(w);
	world_begin(w);
	play_control(w, &(struct op){.kind = OP_END}, 0);
	world_end(w);
	world_pass(w, 9 * DAY);
	world_close_up(w);
}

struct result {
	const char *promise; /* the one that was broken; NULL: none */
	char error[600];     /* how, and after which op */
	int64_t n_released;
};

/* Return: false when something is wrong. */
static bool play_trace(const struct trace *t, FILE *log, struct result *ret)
{
	autofree(world) struct world *w = world_new(log);
	size_t at = 0;

	world_begin(w);
	world_use(w, configure(t->config, false));
	world_end(w);
	while (at < t->n && !*w->error)
		at += play(w, &t->ops[at], t->n - at);
	if (!*w->error) {
		at = t->n;
		finish(w);
	}
	ret->n_released = w->n_released;
	ret->promise = w->promise;
	snprintf(ret->error, sizeof(ret->error), "op %zu: %s", at, w->error);
	return !w->promise;
}

/* The least that is still wrong: whoever has to find out why is thankful. */
static void shrink(struct trace *t, struct result *result)
{
	for (size_t size = t->n / 2; size > 0; size = size == 1 ? 0 : size / 2) {
		for (size_t at = 0; at + size <= t->n;) {
			struct trace *less = calloc(1, sizeof(*less));
			struct result now;

			assert_non_null(less);
			*less = *t;
			memmove(&less->ops[at], &less->ops[at + size],
				(t->n - at - size) * sizeof(less->ops[0]));
			less->n -= size;
			if (!play_trace(less, NULL, &now) && now.promise == result->promise) {
				*t = *less;
				*result = now;
			} else {
				at += size;
			}
			free(less);
		}
	}
}

static void tell(const struct trace *t)
{
	settings_free(configure(t->config, true));
	for (size_t i = 0; i < t->n; i++) {
		const struct op *op = &t->ops[i];

		print_error("  %3zu%c %-12s %12.3f s  %u %u %u\n", i + 1, op->joins ? '+' : ' ',
			    op_names[op->kind], (double)op->us / (double)SECOND, op->a, op->b,
			    op->c);
		if (op->kind == OP_RELOAD)
			settings_free(configure(op->a, true));
	}
}

static void fail_trace(struct trace *t, uint64_t seed, struct result result)
{
	struct result least = result;

	print_error("seed %" PRIu64 ", %s\n", seed, result.error);
	shrink(t, &least);
	print_error("the least of it, %s\n", least.error);
	tell(t);
	fail_msg("seed %" PRIu64 ", %s", seed, result.error);
}

/* Once more, in another directory: to the byte the same comes of it. */
static void play_twice(struct trace *t, uint64_t seed, struct result *result)
{
	autofree(str) char *first = NULL;
	autofree(str) char *second = NULL;
	size_t first_size = 0, second_size = 0;
	FILE *out = open_memstream(&first, &first_size);

	assert_non_null(out);
	if (!play_trace(t, out, result)) {
		fclose(out);
		fail_trace(t, seed, *result);
	}
	fclose(out);
	out = open_memstream(&second, &second_size);
	assert_non_null(out);
	play_trace(t, out, result);
	fclose(out);
	if (first_size != second_size || memcmp(first, second, first_size) != 0) {
		tell(t);
		fail_msg("seed %" PRIu64 ": another time something else comes of it", seed);
	}
}

static int64_t number_of(const char *variable, int64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoll(text, NULL, 10) : otherwise;
}

static void what_the_engine_promises_holds_whatever_happens(void **state LULL_UNUSED)
{
	struct trace *t = calloc(1, sizeof(*t));
	int64_t n = number_of("LULL_TRACES", TRACES), first = number_of("LULL_SEED", 1);
	struct result result;
	int64_t n_released = 0;

	assert_non_null(t);
	for (int64_t seed = first; seed < first + n; seed++) {
		make_trace(t, (uint64_t)seed);
		if (seed % REPLAYED_EVERY == 0)
			play_twice(t, (uint64_t)seed, &result);
		else if (!play_trace(t, NULL, &result))
			fail_trace(t, (uint64_t)seed, result);
		n_released += result.n_released;
	}
	print_message("%" PRId64 " traces, %" PRId64 " releases\n", n, n_released);
	assert_true(n_released > n);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_engine_promises_holds_whatever_happens),
	};

	log_open(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("traces", tests, NULL, NULL);
}
