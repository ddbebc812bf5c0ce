/*
 * policy: deliver now, or hold?
 *
 * Pure. The first rule that matches decides; a verdict names it. The default rules are a table.
 */
#pragma once
#include "daemon/core/notification.h"

enum verdict_kind {
	VERDICT_DELIVER,
	VERDICT_HOLD,
	VERDICT_DROP,
};

struct verdict {
	enum verdict_kind kind;
	const char *rule;     /* name of the rule that decided; static */
	bool is_breakthrough; /* delivered although others are held */
};

/** What policy may know besides the notification. */
struct policy_context {
	bool is_focus_on;
	bool is_batching; /* pings wait for the next delivery, outside of blocks, too */
};

/** policy_decide() - the verdict on @n */
struct verdict policy_decide(const struct notification *n, const struct policy_context *context);
