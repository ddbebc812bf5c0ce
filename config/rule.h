/*
 * rule: [rule NAME], what the user says about some notifications.
 *
 * Pure. What a rule asks for must all be there for it to match; policy.c in the core decides that. Its text
 * values are read and written here.
 */
#pragma once
#include "config/calendar.h"
#include "config/pattern.h"
#include <stdbool.h>

#define RULES_MAX 512
#define RULE_HINTS_MAX 8
#define RULE_REPEAT_MAX 20
#define RULE_BUDGET_NONE (-1)

enum rule_when_kind {
	RULE_WHEN_FOCUS,  /* while notifications are held: in a focus block, or until a delivery */
	RULE_WHEN_ALWAYS, /* at any time */
	RULE_WHEN_BLOCK,  /* while one [block NAME] is on */
	RULE_WHEN_HOURS,  /* between two times of the clock */
};

struct rule_when {
	enum rule_when_kind kind;
	char block[BLOCK_NAME_MAX + 1];
	int32_t start, end; /* minutes; an end that isn't after the start is on the day after */
	unsigned days;      /* on which it begins */
};

enum rule_verdict {
	RULE_NO_VERDICT, /* it changes something, and the rules after it decide */
	RULE_DELIVER,
	RULE_HOLD,
	RULE_DROP,
};

enum rule_due_kind {
	RULE_DUE_DEFAULT,
	RULE_DUE_AFTER,     /* so long after it came in */
	RULE_DUE_BLOCK_END, /* at the end of the focus block */
	RULE_DUE_NEXT,      /* at the next release, whichever it is */
};

struct rule_due {
	enum rule_due_kind kind;
	int64_t after_us;
};

enum rule_as {
	RULE_AS_IS,
	RULE_AS_LOW, /* minus one is the urgency */
	RULE_AS_NORMAL,
	RULE_AS_CRITICAL,
};

/** How often, within how long; n 0: not asked for. */
struct rule_repeat {
	int64_t n;
	int64_t within_us;
};

/** What the digest makes of it. */
enum rule_digest {
	RULE_DIGEST_DEFAULT, /* with its summary */
	RULE_DIGEST_EACH,    /* not in the digest, but shown by itself */
	RULE_DIGEST_COUNT,   /* counted, without its summary */
	RULE_DIGEST_HIDE,    /* not told of */
};

enum rule_asks {
	RULE_ASKS_NOTHING,
	RULE_ASKS_YES,
	RULE_ASKS_NO,
};

/** hint KEY = PATTERNS */
struct rule_hint {
	char *key;
	struct patterns value;
	unsigned line;
};

struct rule {
	char name[BLOCK_NAME_MAX + 1];
	bool is_built_in; /* the file may change it */
	/* What it asks for. */
	struct patterns app, desktop_entry, category, urgency, summary, body;
	struct rule_hint hints[RULE_HINTS_MAX];
	size_t n_hints;
	enum rule_asks sandboxed, osd, one_time_code;
	struct rule_when when;
	/* What it says. */
	enum rule_verdict verdict;
	struct rule_due due;
	enum rule_as as;
	struct rule_repeat repeat;
	int64_t budget; /* for each application and block; RULE_BUDGET_NONE */
	enum rule_digest digest;
};

/** rule_done() - release what it owns */
void rule_done(struct rule *r);

/* Each reads a value of lull.conf. Return: 0 or -EINVAL; @ret is written only on 0. */
LULL_MUSTCHECK int rule_parse_when(const char *text, struct rule_when *ret);
LULL_MUSTCHECK int rule_parse_due(const char *text, struct rule_due *ret);
/** "2 in 3m" */
LULL_MUSTCHECK int rule_parse_repeat(const char *text, struct rule_repeat *ret);
/** "3 per block", "3"; "" and "none" are RULE_BUDGET_NONE */
LULL_MUSTCHECK int rule_parse_budget(const char *text, int64_t *ret);

/** Room for what these write. */
#define RULE_TEXT_MAX (CALENDAR_TEXT_MAX + 64)

/* Each writes what its parser reads; "" where nothing is asked for. */
void rule_write_when(const struct rule_when *when, char buf[static RULE_TEXT_MAX]);
void rule_write_due(const struct rule_due *due, char buf[static RULE_TEXT_MAX]);
void rule_write_repeat(const struct rule_repeat *repeat, char buf[static RULE_TEXT_MAX]);
void rule_write_budget(int64_t budget, char buf[static RULE_TEXT_MAX]);
