#include "daemon/journal/numbers.h"

#include "daemon/journal/journal_parts.h"
#include "daemon/journal/store.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define FIRST_ID 0x40000000u
#define LAST_ID 0x7fffffffu
/*
 * Where numbers start while the file can't be read: far from those that it may hold, and from those of the
 * last time.
 */
#define BLIND_ID 0x60000000u
#define BLIND_ID_MASK 0x0fffffffu
#define BLIND_SEQ (INT64_C(1) << 38)
#define BLIND_SEQS_A_SECOND 1024
#define BLIND_BATCH (INT64_C(1) << 19)
#define BLIND_BATCH_MASK 0x3ffffu
#define RESERVED 1024 /* ids and seqs that one write sets aside */

static int64_t meta_number(struct journal *j, const char *key, int64_t fallback)
{
	autofree(str) char *text = journal_meta(j, key);

	return text ? strtoll(text, NULL, 10) : fallback;
}

void numbers_load(struct journal *j)
{
	int64_t id = meta_number(j, "reserved_id", FIRST_ID);

	if (id < FIRST_ID || id > LAST_ID)
		id = FIRST_ID;
	j->next_id = j->reserved_id = (uint32_t)id;
	j->may_meet_ids = j->may_meet_ids || meta_number(j, "may_meet_ids", 0) != 0;
	j->next_seq = j->reserved_seq = MAX(meta_number(j, "reserved_seq", 1), j->next_seq);
}

void numbers_choose_blind(struct journal *j)
{
	struct timespec now;
	uint32_t chance = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance = (uint32_t)now.tv_nsec;
	j->next_id = j->reserved_id = BLIND_ID + (chance & BLIND_ID_MASK);
	j->may_meet_ids = true;
	/* Later ones come after earlier ones. */
	j->next_seq = j->reserved_seq = BLIND_SEQ +
					(now.tv_sec % (INT64_C(1) << 28)) * BLIND_SEQS_A_SECOND +
					now.tv_nsec / (INT64_C(1000000000) / BLIND_SEQS_A_SECOND);
	j->last_batch = BLIND_BATCH + (chance & BLIND_BATCH_MASK);
}

int numbers_keep(struct journal *j)
{
	static const char *const keys[] = {"reserved_id", "reserved_seq", "bus_guid", "bus_number"};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		autofree(str) char *value = NULL;

		if (store_meta(j->disk, keys[i], &value) == 0)
			r = store_put_meta(j->memory, keys[i], value);
	}
	if (r == 0)
		r = store_put_meta(j->memory, "may_meet_ids", "1");
	return r;
}

static int put_meta_number(struct journal *j, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return journal_put_meta(j, key, text);
}

static bool is_live(struct journal *j, uint32_t id)
{
	autofree(ping) struct ping *p = NULL;

	return journal_get(j, id, &p) == 0 && p->state < PING_LIVE_STATES;
}

int journal_next_id(struct journal *j, uint32_t *ret)
{
	uint32_t id;
	int r;

	do {
		id = j->next_id;
		if (id == LAST_ID) {
			j->next_id = j->reserved_id = FIRST_ID;
			j->may_meet_ids = true;
			r = put_meta_number(j, "may_meet_ids", 1);
			if (r < 0)
				return r;
		} else {
			j->next_id++;
		}
		if (j->next_id >= j->reserved_id) {
			j->reserved_id = MIN(j->next_id + RESERVED, LAST_ID);
			r = put_meta_number(j, "reserved_id", j->reserved_id);
			if (r < 0)
				return r;
		}
	} while (j->may_meet_ids && is_live(j, id));
	*ret = id;
	return 0;
}

int numbers_next_seq(struct journal *j, int64_t *ret)
{
	int r;

	if (j->next_seq >= j->reserved_seq) {
		r = put_meta_number(j, "reserved_seq", j->next_seq + RESERVED);
		if (r < 0)
			return r;
		j->reserved_seq = j->next_seq + RESERVED;
	}
	*ret = j->next_seq++;
	return 0;
}

int numbers_meet(struct journal *j, uint32_t id)
{
	int r;

	/* One that lull didn't choose, ahead of those that it will choose. */
	if (id >= j->next_id && !j->may_meet_ids) {
		r = put_meta_number(j, "may_meet_ids", 1);
		if (r < 0)
			return r;
		j->may_meet_ids = true;
	}
	return 0;
}

/* --- how many --- */

void numbers_count_rows(struct journal *j)
{
	int state;

	for (state = 0; state < PING_LIVE_STATES; state++) {
		int64_t n = 0, n_batched = 0;

		if (store_count(j->disk, (enum ping_state)state, &n, &n_batched) < 0)
			continue;
		j->counts[state] = n;
		if (state == PING_SHOWN)
			j->n_open = n_batched;
	}
	if (store_count_held(j->disk, j->n_held) < 0)
		memset(j->n_held, 0, sizeof(j->n_held));
	if (store_last_batch(j->disk, &j->last_batch) < 0)
		j->last_batch = 0;
}

void numbers_count(struct journal *j, const struct ping *p, int by)
{
	if (p->state < PING_LIVE_STATES)
		j->counts[p->state] += by;
	if (p->state == PING_HELD && p->until < N_HOLD_UNTIL)
		j->n_held[p->until] += by;
	if (p->state == PING_SHOWN && p->batch > 0)
		j->n_open += by;
}

int64_t journal_count(const struct journal *j, enum ping_state state)
{
	return state < PING_LIVE_STATES ? j->counts[state] : 0;
}

int64_t journal_count_held(const struct journal *j, enum hold_until until)
{
	return j->n_held[until];
}

int64_t journal_count_open(const struct journal *j)
{
	return j->n_open;
}

int64_t journal_last_seq(const struct journal *j)
{
	return j->next_seq - 1;
}
