#include "daemon/core/batch.h"

#include "daemon/core/instant.h"

enum batch_form batch_form(int64_t n_items, int64_t digest_above)
{
	return n_items > digest_above ? BATCH_DIGEST : BATCH_EACH;
}

static bool is_nearly_due(const struct ping *p, int64_t at_us)
{
	bool is_duration = p->due.reason == DUE_LONGEST || p->due.reason == DUE_RULE;
	int64_t early_us = is_duration ? usec_sub(p->due.wall_us, p->arrived_us) / 4 : 0;

	early_us = MAX(MIN(early_us, BATCH_EARLY_MAX_US), 0);
	return p->due.wall_us > 0 && usec_sub(p->due.wall_us, early_us) <= at_us;
}

bool batch_takes(const struct batch *batch, const struct ping *p)
{
	if (batch->takes & BATCH_TAKES_DUE)
		return is_nearly_due(p, batch->formed_us);
	return p->seq <= batch->last_seq && (batch->takes & BATCH_TAKES(p->until));
}

bool batch_may_show(int64_t n_open)
{
	return n_open < BATCH_OPEN_MAX;
}
