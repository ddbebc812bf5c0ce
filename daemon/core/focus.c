#include "daemon/core/focus.h"

#include "config/duration.h"
#include "daemon/core/text.h"
#include <string.h>

static struct token *find(struct focus *f, enum token_kind kind)
{
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == kind)
			return &f->tokens[i];
	return NULL;
}

int64_t token_ends(const struct token *t, struct instant now)
{
	int64_t ends_us = usec_add(now.wall_us, usec_sub(t->ends_boot_us, now.boot_us));
	int64_t step_us = usec_sub(ends_us, t->ends_wall_us);

	switch (t->clock) {
	case TOKEN_BY_BOOT:
		/* The two clocks aren't read at once: only a clock that was set moves the end. */
		return step_us > -USEC_PER_SEC && step_us < USEC_PER_SEC ? t->ends_wall_us
									 : ends_us;
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

enum focus_outcome focus_start(struct focus *f, const struct focus_request *request,
			       struct instant now)
{
	struct token *t = find(f, TOKEN_MANUAL);
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
	if (!t) {
		if (f->n_tokens == FOCUS_TOKENS_MAX)
			return FOCUS_TOO_MANY;
		t = &f->tokens[f->n_tokens++];
		*t = (struct token){.kind = TOKEN_MANUAL, .since_wall_us = now.wall_us};
	}
	t->clock = is_duration ? TOKEN_BY_BOOT : TOKEN_BY_WALL;
	t->ends_wall_us = now.wall_us + left_us;
	t->ends_boot_us = now.boot_us + left_us;
	if (request->label)
		strcpy(t->label, request->label);
	return FOCUS_OK;
}

enum focus_outcome focus_extend(struct focus *f, int64_t duration_us, struct instant now)
{
	struct token *t = find(f, TOKEN_MANUAL);
	enum focus_outcome outcome;
	int64_t left_us;

	if (!t)
		return FOCUS_IS_OFF;
	if (duration_us <= 0)
		return FOCUS_NOT_LATER;
	if (duration_us > DURATION_MAX_US)
		return FOCUS_TOO_LONG;
	left_us = usec_add(usec_sub(token_ends(t, now), now.wall_us), duration_us);
	outcome = check_end(left_us);
	if (outcome != FOCUS_OK)
		return outcome;
	t->ends_wall_us = now.wall_us + left_us;
	t->ends_boot_us = now.boot_us + left_us;
	return FOCUS_OK;
}

static struct token *find_inhibit(struct focus *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == TOKEN_INHIBIT && strcmp(f->tokens[i].name, name) == 0)
			return &f->tokens[i];
	return NULL;
}

enum focus_outcome focus_inhibit(struct focus *f, const char *name, const char *label,
				 struct instant now)
{
	struct token *t = find_inhibit(f, name);

	if (!t) {
		if (f->n_tokens == FOCUS_TOKENS_MAX)
			return FOCUS_TOO_MANY;
		t = &f->tokens[f->n_tokens++];
	}
	*t = (struct token){
		.kind = TOKEN_INHIBIT,
		.clock = TOKEN_OPEN,
		.since_wall_us = now.wall_us,
	};
	memcpy(t->name, name, strnlen(name, sizeof(t->name) - 1));
	memcpy(t->label, label, utf8_cut(label, strlen(label), FOCUS_LABEL_MAX));
	return FOCUS_OK;
}

enum focus_outcome focus_uninhibit(struct focus *f, const char *name)
{
	struct token *t = find_inhibit(f, name);

	if (!t)
		return FOCUS_NO_SUCH_TOKEN;
	*t = f->tokens[--f->n_tokens];
	return FOCUS_OK;
}

enum focus_outcome focus_end(struct focus *f)
{
	if (!focus_is_on(f))
		return FOCUS_IS_OFF;
	f->n_tokens = 0;
	return FOCUS_OK;
}

size_t focus_tick(struct focus *f, struct instant now)
{
	size_t kept = 0, i, n_gone;

	for (i = 0; i < f->n_tokens; i++) {
		if (has_ended(&f->tokens[i], now))
			continue;
		if (kept != i)
			f->tokens[kept] = f->tokens[i];
		kept++;
	}
	n_gone = f->n_tokens - kept;
	f->n_tokens = kept;
	return n_gone;
}

enum focus_outcome focus_restore(struct focus *f, const struct token *token, bool is_same_boot,
				 struct instant now)
{
	struct token *t;

	if (f->n_tokens == FOCUS_TOKENS_MAX)
		return FOCUS_TOO_MANY;
	t = &f->tokens[f->n_tokens++];
	*t = *token;
	t->name[sizeof(t->name) - 1] = '\0';
	t->label[sizeof(t->label) - 1] = '\0';
	if (!is_same_boot)
		t->ends_boot_us = usec_add(now.boot_us, usec_sub(t->ends_wall_us, now.wall_us));
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
	}
	return "unknown";
}
