#include "daemon/engine/listing.h"

/*
 * The list goes by state, the oldest first: what was announced, what is on its way, what is held. A cursor is
 * the place in that list, batch and seq of the last item: 4, 20 and 40 bits.
 */
static const enum ping_state listed_states[] = {
	PING_QUARANTINED, PING_ANNOUNCED, PING_RELEASING, PING_HELD, PING_SNOOZED,
};

#define SEQ_BITS 40
#define BATCH_BITS 20
#define LOW_BITS(n) ((UINT64_C(1) << (n)) - 1)

static uint64_t to_cursor(size_t at, const struct ping *p)
{
	return (uint64_t)at << (BATCH_BITS + SEQ_BITS) |
	       ((uint64_t)p->batch & LOW_BITS(BATCH_BITS)) << SEQ_BITS |
	       ((uint64_t)p->seq & LOW_BITS(SEQ_BITS));
}

uint64_t listing_walk(struct journal *journal, const struct policy_context *context,
		      uint64_t cursor, size_t max, bool (*item)(void *data, const struct ping *p),
		      void *data)
{
	size_t at = (size_t)(cursor >> (BATCH_BITS + SEQ_BITS));
	struct ping_query query = {
		.batch = (int64_t)(cursor >> SEQ_BITS & LOW_BITS(BATCH_BITS)),
		.after_seq = (int64_t)(cursor & LOW_BITS(SEQ_BITS)),
		.last_batch = INT64_MAX,
	};
	size_t n = 0;

	for (; at < ARRAY_SIZE(listed_states); at++, query.batch = query.after_seq = 0) {
		query.state = listed_states[at];
		while (n < max) {
			autofree(ping) struct ping *p = NULL;

			if (journal_next(journal, &query, &p) < 0)
				break;
			query.batch = p->batch;
			query.after_seq = p->seq;
			cursor = to_cursor(at, p);
			if (p->kind != PING_NOTIFICATION)
				continue;
			if (p->state == PING_HELD)
				p->due = policy_due(p->until, p->due, context);
			n++;
			if (!item(data, p))
				return cursor;
		}
		if (n == max)
			return cursor;
	}
	return 0;
}
