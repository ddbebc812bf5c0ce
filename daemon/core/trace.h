/*
 * trace: how a verdict came about, as a text that is kept with the notification.
 *
 * Pure. It says what each rule came to by the place of the rule in the set that was in force; that set is kept
 * once, apart. So weeks later the answer is the same, whatever lull.conf says by then.
 */
#pragma once
#include "daemon/core/policy.h"

/** What was so when it was decided. */
struct trace {
	bool is_focus_on;
	bool is_batching;
	enum verdict_kind kind;
	bool is_breakthrough;
	struct due due;    /* what was known then */
	enum urgency came; /* the urgency that the sender gave it */
	char *tokens;      /* "manual, schedule:work"; "" when focus was off */
	size_t n_asked;
	unsigned char outcomes[RULES_MAX];
};

/** trace_write() - a text for the journal; the caller frees it. Return: NULL when out of memory. */
char *trace_write(const struct verdict *v, const struct notification *n,
		  const struct policy_context *context);

/**
 * trace_read() - what trace_write() has made
 * @ret: its tokens are the caller's to free
 *
 * Return: 0; -EINVAL when it isn't one (as for what an older lull has stored); -ENOMEM.
 */
LULL_MUSTCHECK int trace_read(const char *text, struct trace *ret);

/** trace_is_unsure() - did it depend on what wasn't known yet: RULE_UNSURE? */
bool trace_is_unsure(const char *text);
