#include "daemon/engine/hold.h"

#include "daemon/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Those that are due now should be gone by then; some are still there when there was no memory to let them go. */
#define AGAIN_US (60 * USEC_PER_SEC)
#define OFFSET_KEY "clock_offset"
/* "BOOT-ID OFFSET" */
#define OFFSET_MAX 96

static void find_first(struct hold *h, struct pass *pass)
{
	autofree(ping) struct ping *p = NULL;

	h->next_wall_us = INSTANT_NEVER;
	if (journal_next_due(pass->journal, PING_HELD, 0, 0, &p) == 0)
		h->next_wall_us = p->due.wall_us;
}

static bool is_duration(enum due_reason reason)
{
	return reason == DUE_LONGEST || reason == DUE_RULE;
}

/* Rare, so it may take as long as there are rows. */
static void shift(struct pass *pass, int64_t by_us)
{
	struct ping_query query = {.state = PING_HELD};

	for (;;) {
		autofree(ping) struct ping *p = NULL;
		struct ping_change change;

		if (journal_next(pass->journal, &query, &p) < 0)
			return;
		query.after_seq = p->seq;
		if (!is_duration(p->due.reason) || p->due.wall_us == 0)
			continue;
		change = ping_change_of(p);
		change.due.wall_us = MAX(usec_add(p->due.wall_us, by_us), 1);
		if (journal_change(pass->journal, p, &change) < 0) {
			log_error("out of memory: some that are held may go too early or too late");
			return;
		}
	}
}

static void save_offset(struct hold *h, struct pass *pass, const char *boot_id, int64_t offset_us)
{
	char text[OFFSET_MAX];

	h->offset_us = offset_us;
	snprintf(text, sizeof(text), "%s %" PRId64, *boot_id ? boot_id : "-", offset_us);
	if (journal_put_meta(pass->journal, OFFSET_KEY, text) < 0)
		log_error("out of memory: a clock that is set while lulld isn't running goes "
			  "unnoticed");
}

static int64_t offset_of(const struct pass *pass)
{
	return usec_sub(pass->now.wall_us, pass->now.boot_us);
}

/* Has the clock been set? Return: true when instants have moved. */
static bool follow_clock(struct hold *h, struct pass *pass, const char *boot_id)
{
	int64_t offset_us = offset_of(pass), by_us = usec_sub(offset_us, h->offset_us);

	if (by_us > -CLOCK_SET_US && by_us < CLOCK_SET_US)
		return false;
	shift(pass, by_us);
	save_offset(h, pass, boot_id, offset_us);
	return true;
}

void hold_load(struct hold *h, struct pass *pass, const char *boot_id)
{
	autofree(str) char *text = journal_meta(pass->journal, OFFSET_KEY);
	size_t length = strlen(boot_id);
	int64_t offset_us;

	/* After another boot the wall clock is all that there is. */
	if (text && length > 0 && strncmp(text, boot_id, length) == 0 &&
	    sscanf(text + length, " %" SCNd64, &offset_us) == 1) {
		h->offset_us = offset_us;
		follow_clock(h, pass, boot_id);
	} else {
		save_offset(h, pass, boot_id, offset_of(pass));
	}
	find_first(h, pass);
}

void hold_add(struct hold *h, const struct ping *p)
{
	if (p->due.wall_us > 0)
		h->next_wall_us = MIN(h->next_wall_us, p->due.wall_us);
}

/* When the first one goes that isn't on its way already; INSTANT_NEVER: there is none. */
static int64_t first_to_come(const struct pass *pass)
{
	autofree(ping) struct ping *p = NULL;

	if (journal_next_due(pass->journal, PING_HELD, pass->now.wall_us, UINT32_MAX, &p) < 0)
		return INSTANT_NEVER;
	return p->due.wall_us;
}

bool hold_wake(struct hold *h, struct pass *pass, struct release *release, const char *boot_id)
{
	const int64_t now_us = pass->now.wall_us;
	bool has_moved = follow_clock(h, pass, boot_id);

	if (has_moved)
		find_first(h, pass);
	if (h->next_wall_us > now_us)
		return has_moved;
	/* The one that the timer was set for may have gone meanwhile. */
	find_first(h, pass);
	if (h->next_wall_us > now_us)
		return has_moved;
	release_begin(release, pass, BATCH_TAKES_DUE, (struct due){h->next_wall_us, DUE_NONE}, 0);
	/* Until that batch is formed, its items are still the first ones. */
	h->next_wall_us = MIN(first_to_come(pass), usec_add(now_us, AGAIN_US));
	return true;
}

int64_t hold_next_release(const struct pass *pass, const struct policy_context *context)
{
	int64_t next_us = first_to_come(pass);

	for (enum hold_until until = 0; until < N_HOLD_UNTIL; until++) {
		const struct due due = policy_due(until, (struct due){0}, context);

		if (due.wall_us > 0 && journal_count_held(pass->journal, until) > 0)
			next_us = MIN(next_us, due.wall_us);
	}
	return next_us == INSTANT_NEVER ? 0 : next_us;
}

int64_t hold_next(const struct hold *h, const struct pass *pass)
{
	/* One that was held and went in time leaves its instant behind. */
	return journal_count(pass->journal, PING_HELD) > 0 ? h->next_wall_us : INSTANT_NEVER;
}
