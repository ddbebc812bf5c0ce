#include "daemon/engine/snooze.h"

void snooze_find(struct snooze *s, struct pass *pass)
{
	autofree(ping) struct ping *p = NULL;

	s->next_wall_us = INSTANT_NEVER;
	if (journal_next_due(pass->journal, PING_SNOOZED, 0, 0, &p) == 0)
		s->next_wall_us = p->due.wall_us;
}

bool snooze_wake(struct snooze *s, struct pass *pass, enum hold_until until, struct due due,
		 bool goes_at_once)
{
	struct batch batch = {.form = BATCH_EACH,
			      .stage = BATCH_TOLD,
			      .formed_us = pass->now.wall_us};
	bool has_woken = false;

	if (s->next_wall_us > pass->now.wall_us)
		return false;
	for (;;) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		/* The one that the timer was set for may have gone meanwhile. */
		s->next_wall_us = INSTANT_NEVER;
		if (journal_next_due(pass->journal, PING_SNOOZED, 0, 0, &p) < 0)
			break;
		s->next_wall_us = p->due.wall_us;
		if (s->next_wall_us > pass->now.wall_us)
			break;
		change = ping_change_of(p);
		change.state = PING_HELD;
		if (goes_at_once &&
		    (batch.number > 0 || journal_put_batch(pass->journal, &batch) == 0)) {
			change.state = PING_RELEASING;
			change.batch = batch.number;
			change.released_us = pass->now.wall_us;
		} else {
			change.until = until;
			/* With nothing that holds it, it is due when it was to come back. */
			change.due = due.reason == DUE_SNOOZED ? p->due : due;
		}
		change.changed_us = pass->now.wall_us;
		if (journal_change(pass->journal, p, &change) < 0) {
			/* No memory: not at once again. */
			s->next_wall_us = pass->now.wall_us + USEC_PER_SEC;
			break;
		}
		has_woken = true;
	}
	return has_woken;
}
