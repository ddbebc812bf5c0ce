/*
 * rulebook: the rules in force, what they have counted, and what the journal remembers of both.
 *
 * Each set of rules is kept once, so that `lull why` can tell weeks later which rule was asked, whatever lull.conf
 * says by then.
 */
#pragma once
#include "daemon/core/policy.h"
#include "daemon/engine/pass.h"

struct rulebook {
	struct tally tally;
	int64_t set;            /* number of the set in force; 0: it couldn't be written down */
	struct verdict verdict; /* the last one: too large for the stack of a deep call */
};

/** rulebook_load() - at start: what was counted, and which set it is */
void rulebook_load(struct rulebook *b, struct pass *pass);

/** rulebook_changed() - there are other settings */
void rulebook_changed(struct rulebook *b, struct pass *pass);

/** rulebook_policy() - the rules, for policy.h */
struct policy rulebook_policy(const struct pass *pass);

/** rulebook_decide() - the verdict on @n; valid until the next one */
const struct verdict *rulebook_decide(struct rulebook *b, struct pass *pass,
				      const struct notification *n,
				      const struct policy_context *context);

/** rulebook_refill() - a block or a time between deliveries is over: budgets are whole again */
void rulebook_refill(struct rulebook *b, struct pass *pass);
