/*
 * focus: why pings are held, and until when.
 *
 * Pure. Focus is on while at least one hold token is there; it ends when the last one goes. A token that was
 * given a duration ends by boot time, so that suspend counts and a clock that is set doesn't matter; one
 * that was given a time of day ends by wall time; one that an application holds ends with a word of it.
 */
#pragma once
#include "daemon/core/instant.h"
#include <stdbool.h>

#define FOCUS_TOKENS_MAX 64
#define FOCUS_LABEL_MAX 200 /* bytes; longer ones are refused */

enum token_kind {
	TOKEN_MANUAL = 0,
	TOKEN_INHIBIT = 1, /* held by an application */
};

enum token_clock {
	TOKEN_BY_BOOT = 0, /* a duration */
	TOKEN_BY_WALL = 1, /* a time of day */
	TOKEN_OPEN = 2,    /* until it is given back */
};

struct token {
	enum token_kind kind;
	enum token_clock clock;
	char name[64]; /* tells it from others of its kind; "" for manual */
	char label[FOCUS_LABEL_MAX + 1];
	int64_t since_wall_us;
	int64_t ends_wall_us;
	int64_t ends_boot_us; /* TOKEN_BY_BOOT: within this boot */
};

struct focus {
	struct token tokens[FOCUS_TOKENS_MAX];
	size_t n_tokens;
};

enum focus_outcome {
	FOCUS_OK = 0,
	FOCUS_IS_OFF,    /* nothing to extend or end */
	FOCUS_NOT_LATER, /* the end would not be in the future */
	FOCUS_TOO_LONG,  /* the end would be more than DURATION_MAX_US away */
	FOCUS_LABEL_TOO_LONG,
	FOCUS_TOO_MANY,
	FOCUS_NO_SUCH_TOKEN,
};

/** What is asked for: exactly one of duration and until is greater than 0. */
struct focus_request {
	int64_t duration_us;
	int64_t until_wall_us;
	const char *label; /* NULL: none, or the one that is there */
};

/**
 * focus_start() - take the manual token, or move the end of the one that is held
 *
 * Return: FOCUS_OK, or why not; then nothing has changed.
 */
LULL_MUSTCHECK enum focus_outcome focus_start(struct focus *f, const struct focus_request *request,
					      struct instant now);

/**
 * focus_extend() - move the end of the manual token by @duration_us, on the clock that it ends by
 *
 * Return: FOCUS_OK, or why not; then nothing has changed.
 */
LULL_MUSTCHECK enum focus_outcome focus_extend(struct focus *f, int64_t duration_us,
					       struct instant now);

/**
 * focus_inhibit() - take a token for an application
 * @name: tells it from others of its kind; shorter than token.name
 * @label: why; cut to FOCUS_LABEL_MAX bytes, on a code point
 *
 * Return: FOCUS_OK or FOCUS_TOO_MANY.
 */
LULL_MUSTCHECK enum focus_outcome focus_inhibit(struct focus *f, const char *name,
						const char *label, struct instant now);

/** focus_uninhibit() - give it back. Return: FOCUS_OK or FOCUS_NO_SUCH_TOKEN. */
LULL_MUSTCHECK enum focus_outcome focus_uninhibit(struct focus *f, const char *name);

/** focus_end() - give back every token. Return: FOCUS_OK or FOCUS_IS_OFF. */
LULL_MUSTCHECK enum focus_outcome focus_end(struct focus *f);

/**
 * focus_tick() - give back the tokens whose end has come
 *
 * Return: how many went.
 */
size_t focus_tick(struct focus *f, struct instant now);

/**
 * focus_restore() - take a token that was written down before a restart
 * @is_same_boot: boot times are still valid; otherwise the wall time says how long is left
 *
 * A token whose end has passed is taken too: the next focus_tick() ends it as usual.
 *
 * Return: FOCUS_OK, or FOCUS_TOO_MANY.
 */
LULL_MUSTCHECK enum focus_outcome focus_restore(struct focus *f, const struct token *token,
						bool is_same_boot, struct instant now);

static inline bool focus_is_on(const struct focus *f)
{
	return f->n_tokens > 0;
}

/** focus_next() - when focus_tick() has something to do next */
struct wake focus_next(const struct focus *f);

/** token_ends() - when a token ends, as a wall time, as far as is known at @now; 0: nobody knows */
int64_t token_ends(const struct token *t, struct instant now);

/** focus_ends() - when the last token ends, as a wall time; 0 when focus is off or nobody knows */
int64_t focus_ends(const struct focus *f, struct instant now);

/** focus_since() - when the oldest token was taken, as a wall time; 0 when focus is off */
int64_t focus_since(const struct focus *f);

/** token_kind_name() - "manual", ... */
const char *token_kind_name(enum token_kind kind);
