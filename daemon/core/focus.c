#include "daemon/core/focus.h"

#include "config/duration.h"
#include "daemon/core/text.h"
#include <string.h>

static struct token *find(struct focus *f, enum token_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == kind && strcmp(f->tokens[i].name, name) == 0)
			return &f->tokens[i];
	return NULL;
}

/* In a break the room of the token that comes after it is kept. */
static bool is_full(const struct focus *f)
{
	return f->n_tokens + pomodoro_is_break(&f->pomodoro) >= FOCUS_TOKENS_MAX;
}

/* Return: a new one without an end; NULL when there are too many. */
static struct token *add(struct focus *f, enum token_kind kind, const char *name,
			 struct instant now)
{
	struct token *t;

	if (is_full(f))
		return NULL;
	t = &f->tokens[f->n_tokens++];
	*t = (struct token){.kind = kind, .clock = TOKEN_OPEN, .since_wall_us = now.wall_us};
	memcpy(t->name, name, strnlen(name, sizeof(t->name) - 1));
	return t;
}

int64_t token_ends(const struct token *t, struct instant now)
{
	switch (t->clock) {
	case TOKEN_BY_BOOT:
		return instant_wall((struct instant){t->ends_wall_us, t->ends_boot_us}, now);
	case TOKEN_BY_WALL: return t->ends_wall_us;
	case TOKEN_OPEN: return 0;
	}
	return t->ends_wall_us;
}

static bool has_ended(const struct token *t, struct instant now)
{
	switch (t->clock) {
	case TOKEN_BY_BOOT: return t->ends_boot_us <= now.boot_us;
	case TOKEN_BY_WALL: return t->ends_wall_us <= now.wall_us;
	case TOKEN_OPEN: return false;
	}
	return true;
}

static enum focus_outcome check_end(int64_t left_us)
{
	if (left_us <= 0)
		return FOCUS_NOT_LATER;
	if (left_us > DURATION_MAX_US)
		return FOCUS_TOO_LONG;
	return FOCUS_OK;
}

static void set_end(struct token *t, enum token_clock clock, int64_t left_us, struct instant now)
{
	t->clock = clock;
	t->ends_wall_us = now.wall_us + left_us;
	t->ends_boot_us = now.boot_us + left_us;
}

static enum focus_outcome start(struct focus *f, const struct focus_request *request,
				struct instant now)
{
	struct token *t = find(f, TOKEN_MANUAL, "");
	bool is_duration = request->duration_us > 0;
	enum focus_outcome outcome;
	int64_t left_us;

	left_us =
		is_duration ? request->duration_us : usec_sub(request->until_wall_us, now.wall_us);
	outcome = check_end(left_us);
	if (outcome != FOCUS_OK)
		return outcome;
	if (request->label && strlen(request->label) > FOCUS_LABEL_MAX)
		return FOCUS_LABEL_TOO_LONG;
	if (!t)
		t = add(f, TOKEN_MANUAL, "", now);
	if (!t)
		return FOCUS_TOO_MANY;
	set_end(t, is_duration ? TOKEN_BY_BOOT : TOKEN_BY_WALL, left_us, now);
	if (request->label)
		strcpy(t->label, request->label);
	return FOCUS_OK;
}

/* The token that ends last, of those whose end is known. */
static const struct token *find_last(const struct focus *f, struct instant now)
{
	const struct token *last = NULL;
	size_t i;

	for (i = 0; i < f->n_tokens; i++) {
		const struct token *t = &f->tokens[i];

		if (t->clock != TOKEN_OPEN && (!last || token_ends(t, now) > token_ends(last, now)))
			last = t;
	}
	return last;
}

static enum focus_outcome extend(struct focus *f, int64_t duration_us, struct instant now)
{
	const struct token *last = find_last(f, now);
	struct token *t = find(f, TOKEN_MANUAL, "");
	enum focus_outcome outcome;
	enum token_clock clock;
	int64_t left_us;

	if (!last)
		return FOCUS_IS_OFF;
	if (duration_us <= 0)
		return FOCUS_NOT_LATER;
	if (duration_us > DURATION_MAX_US)
		return FOCUS_TOO_LONG;
	left_us = usec_add(usec_sub(token_ends(last, now), now.wall_us), duration_us);
	outcome = check_end(left_us);
	if (outcome != FOCUS_OK)
		return outcome;
	clock = last->clock;
	if (!t)
		t = add(f, TOKEN_MANUAL, "", now);
	if (!t)
		return FOCUS_TOO_MANY;
	set_end(t, clock, left_us, now);
	return FOCUS_OK;
}

static enum focus_outcome inhibit(struct focus *f, const char *name, const char *label,
				  struct instant now)
{
	struct token *t = find(f, TOKEN_INHIBIT, name);
	size_t n_inhibits = 0, i;

	for (i = 0; i < f->n_tokens; i++)
		n_inhibits += f->tokens[i].kind == TOKEN_INHIBIT;
	if (!t && n_inhibits < FOCUS_INHIBITS_MAX)
		t = add(f, TOKEN_INHIBIT, name, now);
	if (!t)
		return FOCUS_TOO_MANY;
	t->since_wall_us = now.wall_us;
	memset(t->label, 0, sizeof(t->label));
	memcpy(t->label, label, utf8_cut(label, strlen(label), FOCUS_LABEL_MAX));
	return FOCUS_OK;
}

static enum focus_outcome uninhibit(struct focus *f, const char *name)
{
	struct token *t = find(f, TOKEN_INHIBIT, name);

	if (!t)
		return FOCUS_NO_SUCH_TOKEN;
	*t = f->tokens[--f->n_tokens];
	return FOCUS_OK;
}

static enum focus_outcome end(struct focus *f)
{
	if (!focus_is_on(f) && f->pomodoro.phase == POMODORO_OFF)
		return FOCUS_IS_OFF;
	f->n_tokens = 0;
	f->pomodoro = (struct pomodoro){0};
	return FOCUS_OK;
}

/* --- the pomodoro --- */

static struct token *find_pomodoro(struct focus *f)
{
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == TOKEN_POMODORO)
			return &f->tokens[i];
	return NULL;
}

static struct token token_of(const struct pomodoro *p)
{
	struct token t = {
		.kind = TOKEN_POMODORO,
		.clock = TOKEN_BY_BOOT,
		.since_wall_us = p->since_wall_us,
		.ends_wall_us = p->ends.wall_us,
		.ends_boot_us = p->ends.boot_us,
	};

	_Static_assert(POMODORO_TEXT_MAX <= sizeof(t.name), "a phase is the name of its token");
	pomodoro_write(p, t.name);
	return t;
}

bool focus_break(const struct focus *f, struct token *ret)
{
	if (!pomodoro_is_break(&f->pomodoro))
		return false;
	*ret = token_of(&f->pomodoro);
	return true;
}

/* Its token comes, goes, or is another one. Return: false when there is no room; then nothing has changed. */
static bool set_pomodoro(struct focus *f, const struct pomodoro *p)
{
	struct token *t = find_pomodoro(f);

	if (p->phase == POMODORO_WORK && !t) {
		if (f->n_tokens == FOCUS_TOKENS_MAX)
			return false;
		t = &f->tokens[f->n_tokens++];
	}
	f->pomodoro = *p;
	if (p->phase == POMODORO_WORK)
		*t = token_of(p);
	else if (t)
		*t = f->tokens[--f->n_tokens];
	return true;
}

static enum focus_outcome start_pomodoro(struct focus *f, const struct pomodoro_plan *plan,
					 int64_t n_rounds, struct instant now)
{
	struct pomodoro p;

	if (n_rounds < 1 || n_rounds > POMODORO_ROUNDS_MAX)
		return FOCUS_WRONG_ROUNDS;
	p = pomodoro_start(plan, (unsigned)n_rounds, now);
	return set_pomodoro(f, &p) ? FOCUS_OK : FOCUS_TOO_MANY;
}

/* Return: whether it is in another phase. */
static bool follow_pomodoro(struct focus *f, const struct pomodoro_plan *plan, struct instant now)
{
	struct pomodoro p;

	if (f->pomodoro.phase == POMODORO_OFF || now.boot_us < f->pomodoro.ends.boot_us)
		return false;
	p = pomodoro_at(&f->pomodoro, plan, now);
	/* The room that a break has kept is free. */
	return set_pomodoro(f, &p);
}

/* --- blocks, and what is over --- */

static bool holds(const struct schedule_now *now, const char *name)
{
	size_t i;

	for (i = 0; i < now->n_holds; i++)
		if (strcmp(now->holds[i].block->name, name) == 0)
			return true;
	return false;
}

/* Those that go, go before others come; but focus isn't off in between. */
static enum focus_outcome follow(struct focus *f, const struct schedule_now *schedule,
				 struct instant now, bool *ret_is_changed)
{
	enum focus_outcome outcome = FOCUS_OK;
	size_t kept = 0, i;

	for (i = 0; i < f->n_tokens; i++) {
		if (f->tokens[i].kind == TOKEN_SCHEDULE && !holds(schedule, f->tokens[i].name))
			continue;
		if (kept != i)
			f->tokens[kept] = f->tokens[i];
		kept++;
	}
	*ret_is_changed = kept < f->n_tokens;
	f->n_tokens = kept;
	for (i = 0; i < schedule->n_holds; i++) {
		const struct schedule_hold *hold = &schedule->holds[i];
		struct token *t = find(f, TOKEN_SCHEDULE, hold->block->name);

		if (!t)
			t = add(f, TOKEN_SCHEDULE, hold->block->name, now);
		if (!t) {
			outcome = FOCUS_TOO_MANY;
			continue;
		}
		if (t->clock == TOKEN_BY_WALL && t->ends_wall_us == hold->ends_us)
			continue;
		*ret_is_changed = true;
		set_end(t, TOKEN_BY_WALL, usec_sub(hold->ends_us, now.wall_us), now);
	}
	return outcome;
}

/*
 * After another boot there is only the wall time of an end: where the clock was set, it is another one now.
 *
 * Return: whether an end has moved.
 */
static bool follow_clock(struct focus *f, struct instant now)
{
	int64_t ends_us = instant_wall(f->pomodoro.ends, now);
	bool has_moved = false;

	if (f->pomodoro.phase != POMODORO_OFF && ends_us != f->pomodoro.ends.wall_us) {
		f->pomodoro.ends.wall_us = ends_us;
		has_moved = true;
	}
	for (size_t i = 0; i < f->n_tokens; i++) {
		struct token *t = &f->tokens[i];

		ends_us = token_ends(t, now);
		if (t->clock != TOKEN_BY_BOOT || ends_us == t->ends_wall_us)
			continue;
		t->ends_wall_us = ends_us;
		has_moved = true;
	}
	return has_moved;
}

static void tick(struct focus *f, struct instant now)
{
	size_t kept = 0, i;

	for (i = 0; i < f->n_tokens; i++) {
		if (has_ended(&f->tokens[i], now))
			continue;
		if (kept != i)
			f->tokens[kept] = f->tokens[i];
		kept++;
	}
	f->n_tokens = kept;
}

enum focus_outcome focus_apply(struct focus *f, const struct focus_event *event, struct instant now,
			       struct focus_change *ret)
{
	const size_t n_before = f->n_tokens;
	const int64_t since_us = focus_since(f);
	enum focus_outcome outcome = FOCUS_OK;
	bool is_changed = true, has_gone_on = false;

	switch (event->kind) {
	case FOCUS_START: outcome = start(f, &event->request, now); break;
	case FOCUS_EXTEND: outcome = extend(f, event->duration_us, now); break;
	case FOCUS_END: outcome = end(f); break;
	case FOCUS_INHIBIT: outcome = inhibit(f, event->name, event->label, now); break;
	case FOCUS_UNINHIBIT: outcome = uninhibit(f, event->name); break;
	case FOCUS_POMODORO: outcome = start_pomodoro(f, event->plan, event->n_rounds, now); break;
	case FOCUS_SCHEDULE:
		has_gone_on = follow_pomodoro(f, event->plan, now);
		outcome = follow(f, event->schedule, now, &is_changed);
		break;
	case FOCUS_TICK:
		has_gone_on = follow_pomodoro(f, event->plan, now);
		is_changed = follow_clock(f, now);
		tick(f, now);
		is_changed |= f->n_tokens < n_before;
		break;
	}
	if (outcome != FOCUS_OK && event->kind != FOCUS_SCHEDULE)
		is_changed = false;
	*ret = (struct focus_change){
		.is_changed = is_changed || has_gone_on,
		.has_begun = n_before == 0 && focus_is_on(f),
		.is_over = n_before > 0 && !focus_is_on(f),
		.n_gone = n_before - MIN(n_before, f->n_tokens),
		.since_us = since_us,
	};
	return outcome;
}

static enum focus_outcome restore_pomodoro(struct focus *f, const struct token *t)
{
	struct pomodoro p;

	/* What can't be read holds to its end, as a round that is the last one. */
	if (!pomodoro_read(t->name, &p))
		p = (struct pomodoro){.phase = POMODORO_WORK, .round = 1, .n_rounds = 1};
	p.since_wall_us = t->since_wall_us;
	p.ends = (struct instant){t->ends_wall_us, t->ends_boot_us};
	if (pomodoro_is_break(&p) && f->n_tokens == FOCUS_TOKENS_MAX)
		return FOCUS_TOO_MANY;
	return set_pomodoro(f, &p) ? FOCUS_OK : FOCUS_TOO_MANY;
}

enum focus_outcome focus_restore(struct focus *f, const struct token *token, bool is_same_boot,
				 struct instant now)
{
	struct token t = *token;

	t.name[sizeof(t.name) - 1] = '\0';
	t.label[sizeof(t.label) - 1] = '\0';
	if (!is_same_boot)
		t.ends_boot_us = usec_add(now.boot_us, usec_sub(t.ends_wall_us, now.wall_us));
	if (t.kind == TOKEN_POMODORO)
		return restore_pomodoro(f, &t);
	if (is_full(f))
		return FOCUS_TOO_MANY;
	f->tokens[f->n_tokens++] = t;
	return FOCUS_OK;
}

struct wake focus_next(const struct focus *f)
{
	struct wake next = WAKE_NEVER;
	size_t i;

	for (i = 0; i < f->n_tokens; i++) {
		const struct token *t = &f->tokens[i];

		switch (t->clock) {
		case TOKEN_BY_BOOT: next.boot_us = MIN(next.boot_us, t->ends_boot_us); break;
		case TOKEN_BY_WALL: next.wall_us = MIN(next.wall_us, t->ends_wall_us); break;
		case TOKEN_OPEN: break;
		}
	}
	if (f->pomodoro.phase != POMODORO_OFF)
		next.boot_us = MIN(next.boot_us, f->pomodoro.ends.boot_us);
	return next;
}

int64_t focus_ends(const struct focus *f, struct instant now)
{
	int64_t ends_us = 0;
	size_t i;

	for (i = 0; i < f->n_tokens; i++) {
		if (f->tokens[i].clock == TOKEN_OPEN)
			return 0;
		ends_us = MAX(ends_us, token_ends(&f->tokens[i], now));
	}
	return ends_us;
}

int64_t focus_since(const struct focus *f)
{
	int64_t since_us = f->n_tokens > 0 ? f->tokens[0].since_wall_us : 0;
	size_t i;

	for (i = 1; i < f->n_tokens; i++)
		since_us = MIN(since_us, f->tokens[i].since_wall_us);
	return since_us;
}

const char *token_kind_name(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_MANUAL: return "manual";
	case TOKEN_INHIBIT: return "inhibit";
	case TOKEN_SCHEDULE: return "schedule";
	case TOKEN_POMODORO: return "pomodoro";
	}
	return "unknown";
}
