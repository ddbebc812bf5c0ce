/*
 * policy: deliver, hold or drop; as what, until when, and why.
 *
 * Pure. Rules are asked in their order: those of lull.conf, then those that are built in. The first one that
 * matches and has a verdict decides. The same function answers for the daemon, for `lull check-config --explain`
 * and for a trace that is played back: with the same tally and the same pings it says the same.
 */
#pragma once
#include "config/rule.h"
#include "daemon/core/civil.h"
#include "daemon/core/focus.h"
#include "daemon/core/notification.h"
#include "daemon/core/tally.h"

enum verdict_kind {
	VERDICT_DELIVER,
	VERDICT_HOLD,
	VERDICT_DROP,
};

/** What a rule came to. Written down; a number keeps its meaning. */
enum rule_outcome {
	RULE_DECIDED = 0,
	RULE_CHANGED = 1, /* it matched and has no verdict: the next ones go on */
	RULE_NOT_NOW = 2, /* it isn't in force */
	RULE_NOT_APP = 3, /* what it asks for isn't so */
	RULE_NOT_DESKTOP_ENTRY = 4,
	RULE_NOT_CATEGORY = 5,
	RULE_NOT_URGENCY = 6,
	RULE_NOT_SUMMARY = 7,
	RULE_NOT_BODY = 8,
	RULE_NOT_HINT = 9,
	RULE_NOT_SANDBOXED = 10,
	RULE_NOT_OSD = 11,
	RULE_NOT_ONE_TIME_CODE = 12,
	RULE_NOT_INSISTED = 13, /* it matched, and would deliver one who insists */
	RULE_SPENT = 14,        /* it matched, and its budget is used up */
	RULE_GAVE_UP = 15,      /* its patterns were too much work */
	RULE_INSISTED = 16,     /* it decided, because of its repeat */
	RULE_UNSURE = 17, /* it may match: that depends on whose it is, which isn't known yet */
	N_RULE_OUTCOMES,
};

struct verdict {
	enum verdict_kind kind;
	const char *rule;     /* which decided; valid as long as the rules are */
	bool is_breakthrough; /* delivered although others are held */
	enum urgency urgency; /* what it is taken for */
	enum rule_digest digest;
	/* VERDICT_HOLD. */
	enum hold_until until;
	struct due due;   /* when it goes, as far as is known now */
	struct due bound; /* when it goes in any case */
	/* How it came to that: what each rule that was asked came to, in their order. */
	size_t n_asked;
	unsigned char outcomes[RULES_MAX];
};

/** The rules; borrowed. */
struct policy {
	const struct rule *rules;
	size_t n_rules;
	int64_t longest_us;
};

/** What policy may know besides the notification. */
struct policy_context {
	struct instant now;
	const struct civil_zone *zone;
	const struct focus *focus; /* the tokens */
	bool is_batching;          /* pings wait for the next delivery, outside of blocks, too */
	int64_t focus_ends_us;     /* when focus will be over; 0: it is off, or nobody knows */
	int64_t delivery_us; /* when the next delivery will really be; 0: none, or nobody knows */
	int64_t planned_us;  /* when it would be without focus; 0: there is none */
};

/** policy_decide() - the verdict on @n; counts in @tally */
void policy_decide(const struct policy *p, struct tally *tally, const struct notification *n,
		   const struct policy_context *context, struct verdict *ret);

/** policy_due() - when one that is held goes, as far as is known in @context */
struct due policy_due(enum hold_until until, struct due bound,
		      const struct policy_context *context);

/** policy_hold() - one comes back to be held that wasn't decided about: until when? */
struct due policy_hold(const struct policy *p, const struct policy_context *context,
		       enum hold_until *ret_until);

/** rule_outcome_text() - in words: "decided", "app is another one". */
const char *rule_outcome_text(enum rule_outcome outcome);

/** rule_outcome_name() - for scripts: "decided", "app" */
const char *rule_outcome_name(enum rule_outcome outcome);

/** due_reason_name() - for scripts and journals: "block-end", ...; "" for none */
const char *due_reason_name(enum due_reason reason);

/** due_reason_text() - in words: "the end of the block", ...; "" for none */
const char *due_reason_text(enum due_reason reason);
