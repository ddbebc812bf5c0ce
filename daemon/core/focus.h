/*
 * focus: why pings are held, and until when.
 *
 * Pure. Focus is on while at least one hold token is there; it ends when the last one goes. A token that was
 * given a duration ends by boot time, so that suspend counts and a clock that is set doesn't matter; one
 * that was given a time of day ends by wall time, as does one of a block that comes back; one that an
 * application holds ends with a word of it. A pomodoro has a token in each round of work, and none in its
 * breaks. No kind of token moves or ends another one: the manual one goes on when a block ends, and a block
 * when the manual one does. Everything that happens to tokens happens in focus_apply().
 */
#pragma once
#include "daemon/core/pomodoro.h"
#include "daemon/core/schedule.h"
#include <stdbool.h>

/* Applications can't take the room of the user, of the pomodoro and of the blocks. */
#define FOCUS_INHIBITS_MAX 62
#define FOCUS_TOKENS_MAX (BLOCKS_MAX + FOCUS_INHIBITS_MAX + 2)
#define FOCUS_LABEL_MAX 200 /* bytes; longer ones are refused */

enum token_kind {
	TOKEN_MANUAL = 0,
	TOKEN_INHIBIT = 1,  /* held by an application */
	TOKEN_SCHEDULE = 2, /* a [block NAME] is on */
	TOKEN_POMODORO = 3, /* a round of work is on: its name is what pomodoro_write() writes */
};

enum token_clock {
	TOKEN_BY_BOOT = 0, /* a duration */
	TOKEN_BY_WALL = 1, /* a time of day */
	TOKEN_OPEN = 2,    /* until it is given back */
};

struct token {
	enum token_kind kind;
	enum token_clock clock;
	char name[64]; /* tells it from others of its kind; "" for manual; of a block, its own */
	char label[FOCUS_LABEL_MAX + 1];
	int64_t since_wall_us;
	int64_t ends_wall_us;
	int64_t ends_boot_us; /* TOKEN_BY_BOOT: within this boot */
};

struct focus {
	struct token tokens[FOCUS_TOKENS_MAX];
	size_t n_tokens;
	struct pomodoro pomodoro; /* its token is there while it is in POMODORO_WORK */
};

enum focus_outcome {
	FOCUS_OK = 0,
	FOCUS_IS_OFF,    /* nothing to extend or end */
	FOCUS_NOT_LATER, /* the end would not be in the future */
	FOCUS_TOO_LONG,  /* the end would be more than DURATION_MAX_US away */
	FOCUS_LABEL_TOO_LONG,
	FOCUS_TOO_MANY,
	FOCUS_NO_SUCH_TOKEN,
	FOCUS_WRONG_ROUNDS, /* fewer than one, or more than POMODORO_ROUNDS_MAX */
};

/** What is asked for: exactly one of duration and until is greater than 0. */
struct focus_request {
	int64_t duration_us;
	int64_t until_wall_us;
	const char *label; /* NULL: none, or the one that is there */
};

enum focus_event_kind {
	FOCUS_START,     /* take the manual token, or move its end */
	FOCUS_EXTEND,    /* move the last end that is known; the manual token takes it over */
	FOCUS_END,       /* give back every token, and end the pomodoro */
	FOCUS_POMODORO,  /* start one, in place of the one that is on */
	FOCUS_INHIBIT,   /* take one for an application */
	FOCUS_UNINHIBIT, /* and give it back */
	/* These two also bring the pomodoro to where it is by now, so that focus isn't off in between. */
	FOCUS_SCHEDULE, /* those of the blocks become the ones that hold now */
	FOCUS_TICK,     /* give back those whose end has come; and follow a clock that was set */
};

struct focus_event {
	enum focus_event_kind kind;
	struct focus_request request; /* FOCUS_START */
	int64_t duration_us;          /* FOCUS_EXTEND */
	const char *name;             /* FOCUS_INHIBIT, FOCUS_UNINHIBIT; shorter than token.name */
	const char *label;            /* FOCUS_INHIBIT; cut to FOCUS_LABEL_MAX, on a code point */
	const struct schedule_now *schedule; /* FOCUS_SCHEDULE */
	int64_t n_rounds;                    /* FOCUS_POMODORO */
	const struct pomodoro_plan *plan;    /* and FOCUS_SCHEDULE, FOCUS_TICK while one is on */
};

/** What an event has changed. */
struct focus_change {
	bool is_changed;  /* a token came, went, or has another end; or the phase of the pomodoro */
	bool has_begun;   /* focus was off, and is on */
	bool is_over;     /* focus was on, and is off */
	size_t n_gone;    /* tokens that went */
	int64_t since_us; /* when the oldest token had been taken, before; 0: there was none */
};

/**
 * focus_apply() - the one function in which tokens come and go
 * @ret: written in any case
 *
 * Return: FOCUS_OK, or why not; then nothing has changed, except that FOCUS_SCHEDULE takes what there is room
 * for.
 */
LULL_MUSTCHECK enum focus_outcome focus_apply(struct focus *f, const struct focus_event *event,
					      struct instant now, struct focus_change *ret);

/**
 * focus_restore() - take a token that was written down before a restart
 * @is_same_boot: boot times are still valid; otherwise the wall time says how long is left
 *
 * A token whose end has passed is taken too: the next FOCUS_TICK ends it as usual. One of focus_break() is a
 * break again.
 *
 * Return: FOCUS_OK, or FOCUS_TOO_MANY.
 */
LULL_MUSTCHECK enum focus_outcome focus_restore(struct focus *f, const struct token *token,
						bool is_same_boot, struct instant now);

/**
 * focus_break() - in a break of a pomodoro: what is to be written down beside the tokens, for focus_restore()
 *
 * There is room for it among FOCUS_TOKENS_MAX.
 *
 * Return: false when no break is on; then @ret isn't written.
 */
bool focus_break(const struct focus *f, struct token *ret);

static inline bool focus_is_on(const struct focus *f)
{
	return f->n_tokens > 0;
}

/** focus_next() - when FOCUS_TICK has something to do next */
struct wake focus_next(const struct focus *f);

/** token_ends() - when a token ends, as a wall time, as far as is known at @now; 0: nobody knows */
int64_t token_ends(const struct token *t, struct instant now);

/** focus_ends() - when the last token ends, as a wall time; 0 when focus is off or nobody knows */
int64_t focus_ends(const struct focus *f, struct instant now);

/** focus_since() - when the oldest token was taken, as a wall time; 0 when focus is off */
int64_t focus_since(const struct focus *f);

/** token_kind_name() - "manual", ... */
const char *token_kind_name(enum token_kind kind);
