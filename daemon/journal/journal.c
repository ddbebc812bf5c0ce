#include "daemon/journal/journal.h"

#include "daemon/journal/oplog.h"
#include "daemon/journal/place.h"
#include "daemon/journal/store.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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
#define LOG_PAGES_MAX 1000

struct journal {
	char *path;
	int lock_fd;
	bool is_full;
	struct store *disk;   /* NULL while the file can't be used at all */
	struct store *memory; /* lies over the file; NULL while there is nothing in it */
	char *why;            /* NULL while commits go to disk */
	char *notice;         /* where a damaged file was put; NULL: there was none */
	bool is_dirty;
	struct oplog log;
	struct journal_token tokens[FOCUS_TOKENS_MAX]; /* as they are or should be in the file */
	size_t n_tokens;

	uint32_t next_id;
	uint32_t reserved_id; /* first one that isn't reserved */
	bool may_meet_ids;    /* next_id may run into live ones: it wrapped, or one was adopted */
	int64_t next_seq;
	int64_t reserved_seq;
	int64_t last_batch;
	int64_t counts[PING_LIVE_STATES];
	int64_t n_open; /* shown, of a batch */
};

/* --- opening and closing --- */

static void set_why(struct journal *j, const char *why)
{
	free(j->why);
	j->why = strdup(why ? why : "out of memory");
}

static int open_disk(struct journal *j)
{
	autofree(str) char *error = NULL;
	/* SQLite gives the log and the index the mode of the file. */
	mode_t mask = umask(077);
	int r;

	place_protect(j->path);
	r = store_open(j->path, &j->disk, &error);

	if (r == -EBADMSG) {
		free(j->notice);
		j->notice = place_put_aside(j->path);
		free(error);
		error = NULL;
		r = store_open(j->path, &j->disk, &error);
	}
	umask(mask);
	if (r == 0)
		r = store_sync(j->disk, j->is_full);
	if (r < 0) {
		j->disk = store_free(j->disk);
		set_why(j, error ? error : strerror(-r));
	}
	return r;
}

static int need_memory(struct journal *j)
{
	return j->memory ? 0 : store_open(NULL, &j->memory, &(char *){NULL});
}

static int64_t meta_number(struct journal *j, const char *key, int64_t fallback)
{
	autofree(str) char *text = journal_meta(j, key);

	return text ? strtoll(text, NULL, 10) : fallback;
}

static void count_rows(struct journal *j)
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
	if (store_last_batch(j->disk, &j->last_batch) < 0)
		j->last_batch = 0;
}

static void load_numbers(struct journal *j)
{
	int64_t id = meta_number(j, "reserved_id", FIRST_ID);

	if (id < FIRST_ID || id > LAST_ID)
		id = FIRST_ID;
	j->next_id = j->reserved_id = (uint32_t)id;
	j->may_meet_ids = j->may_meet_ids || meta_number(j, "may_meet_ids", 0) != 0;
	j->next_seq = j->reserved_seq = MAX(meta_number(j, "reserved_seq", 1), j->next_seq);
}

static void choose_blind_numbers(struct journal *j)
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

/* What is kept beside the file so that nothing has to be counted later. */
static void load_counters(struct journal *j)
{
	if (!j->disk) {
		choose_blind_numbers(j);
		return;
	}
	load_numbers(j);
	count_rows(j);
	if (store_tokens(j->disk, j->tokens, ARRAY_SIZE(j->tokens), &j->n_tokens) < 0)
		j->n_tokens = 0;
}

int journal_open(const char *dir, bool is_full, struct journal **ret, const char **ret_notice,
		 int *ret_holder)
{
	autofree(journal) struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	j->lock_fd = -1;
	j->is_full = is_full;
	if (asprintf(&j->path, "%s/journal.db", dir) < 0) {
		j->path = NULL;
		return -ENOMEM;
	}
	r = place_make(dir);
	if (r == 0)
		r = place_lock(dir, &j->lock_fd, ret_holder);
	if (r == -EBUSY || r == -ENOMEM)
		return r;
	if (r == 0)
		r = open_disk(j);
	else
		set_why(j, strerror(-r));
	if (r < 0) {
		r = need_memory(j);
		if (r < 0)
			return r;
	}
	load_counters(j);
	*ret_notice = j->why ? j->why : j->notice;
	*ret = take(j);
	return 0;
}

struct journal *journal_free(struct journal *j)
{
	if (!j)
		return NULL;
	journal_commit(j);
	if (j->memory)
		journal_recover(j);
	if (j->disk)
		store_tidy(j->disk, 0);
	oplog_done(&j->log);
	store_free(j->memory);
	store_free(j->disk);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	free(j->path);
	free(j->why);
	free(j->notice);
	free(j);
	return NULL;
}

void journal_set_durability(struct journal *j, bool is_full)
{
	j->is_full = is_full;
	/* A failure is the disk's, and shows in the next commit. */
	if (j->disk && store_sync(j->disk, is_full) < 0)
		return;
}

enum journal_place journal_place(const struct journal *j)
{
	return j->why ? JOURNAL_IN_MEMORY : JOURNAL_ON_DISK;
}

bool journal_is_blind(const struct journal *j)
{
	return !j->disk;
}

const char *journal_why(const struct journal *j)
{
	return j->why;
}

bool journal_is_dirty(const struct journal *j)
{
	return j->is_dirty;
}

/* --- writing: to the file while it takes it, else to memory --- */

/* From now on in memory, with all that the file didn't get. */
static int fall_back(struct journal *j, const char *why)
{
	int r;

	set_why(j, why);
	store_rollback(j->disk);
	r = need_memory(j);
	if (r == 0)
		r = oplog_replay(&j->log, j->memory);
	oplog_clear(&j->log);
	return r;
}

/*
 * After a write to the file answered @r: 0 when it is done; 1 when it must be done in memory instead;
 * a fault.
 */
static int disk_answer(struct journal *j, int r)
{
	if (r == 0)
		return 0;
	r = fall_back(j, store_error(j->disk));
	return r < 0 ? r : 1;
}

static bool on_disk(const struct journal *j)
{
	return journal_place(j) == JOURNAL_ON_DISK;
}

void journal_commit(struct journal *j)
{
	if (!j->is_dirty)
		return;
	j->is_dirty = false;
	if (on_disk(j) && disk_answer(j, store_commit(j->disk)) == 0) {
		oplog_clear(&j->log);
		return;
	}
	/* Memory has no disk to fail. */
	if (j->memory && store_commit(j->memory) < 0)
		set_why(j, store_error(j->memory));
}

void journal_tidy(struct journal *j)
{
	if (on_disk(j))
		store_tidy(j->disk, LOG_PAGES_MAX);
}

static int write_ping(struct journal *j, const struct ping *p)
{
	int r = 1;

	j->is_dirty = true;
	if (on_disk(j)) {
		r = disk_answer(j, store_put(j->disk, p));
		if (r == 0)
			return oplog_ping(&j->log, p);
	}
	return r > 0 ? store_put(j->memory, p) : r;
}

static void count(struct journal *j, enum ping_state state, int64_t batch, int by)
{
	if (state < PING_LIVE_STATES)
		j->counts[state] += by;
	if (state == PING_SHOWN && batch > 0)
		j->n_open += by;
}

int journal_put_meta(struct journal *j, const char *key, const char *value)
{
	int r = 1;

	j->is_dirty = true;
	if (on_disk(j)) {
		r = disk_answer(j, store_put_meta(j->disk, key, value));
		if (r == 0)
			return oplog_meta(&j->log, key, value);
	}
	return r > 0 ? store_put_meta(j->memory, key, value) : r;
}

static int put_meta_number(struct journal *j, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return journal_put_meta(j, key, text);
}

/* --- pings --- */

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

static int next_seq(struct journal *j, int64_t *ret)
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

int journal_put(struct journal *j, struct ping *p, const struct ping *old)
{
	int r;

	if (p->seq == 0) {
		r = next_seq(j, &p->seq);
		if (r < 0)
			return r;
	}
	/* An id that lull didn't choose, ahead of those that it will choose. */
	if (p->id >= j->next_id && !j->may_meet_ids) {
		r = put_meta_number(j, "may_meet_ids", 1);
		if (r < 0)
			return r;
		j->may_meet_ids = true;
	}
	r = write_ping(j, p);
	if (r < 0)
		return r;
	if (old)
		count(j, old->state, old->batch, -1);
	count(j, p->state, p->batch, 1);
	return 0;
}

struct ping_change ping_change_of(const struct ping *p)
{
	return (struct ping_change){
		.state = p->state,
		.reason = p->reason,
		.batch = p->batch,
		.display_id = p->display_id,
		.tries = p->tries,
		.due = p->due,
		.until = p->until,
		.released_us = p->released_us,
		.changed_us = p->changed_us,
	};
}

int journal_change(struct journal *j, struct ping *p, const struct ping_change *change)
{
	struct ping changed = *p;
	int r = 1;

	changed.state = change->state;
	changed.reason = change->reason;
	changed.batch = change->batch;
	changed.display_id = change->display_id;
	changed.tries = change->tries;
	changed.due = change->due;
	changed.until = change->until;
	changed.released_us = change->released_us;
	changed.changed_us = change->changed_us;
	j->is_dirty = true;
	if (on_disk(j)) {
		r = disk_answer(j, store_change(j->disk, p->id, change));
		if (r == 0)
			r = oplog_ping(&j->log, &changed);
	}
	if (r > 0)
		r = store_put(j->memory, &changed);
	if (r < 0)
		return r;
	count(j, p->state, p->batch, -1);
	count(j, changed.state, changed.batch, 1);
	*p = changed;
	return 0;
}

int journal_get(struct journal *j, uint32_t id, struct ping **ret)
{
	int r = j->memory ? store_get(j->memory, id, ret) : -ENOENT;

	return r == -ENOENT && j->disk ? store_get(j->disk, id, ret) : r;
}

/* Does a row in memory hide the one with the same id in the file? */
static bool is_hidden(struct journal *j, uint32_t id)
{
	autofree(ping) struct ping *p = NULL;

	return j->memory && store_get(j->memory, id, &p) == 0;
}

int journal_by_display(struct journal *j, uint32_t display_id, struct ping **ret)
{
	autofree(ping) struct ping *p = NULL;
	int r = j->memory ? store_by_display(j->memory, display_id, ret) : -ENOENT;

	if (r != -ENOENT || !j->disk)
		return r;
	r = store_by_display(j->disk, display_id, &p);
	if (r < 0)
		return r;
	if (is_hidden(j, p->id))
		return -ENOENT;
	*ret = take(p);
	return 0;
}

int journal_by_tag(struct journal *j, const char *app, const char *tag, struct ping **ret)
{
	autofree(ping) struct ping *p = NULL;
	int r = j->memory ? store_by_tag(j->memory, app, tag, ret) : -ENOENT;

	if (r != -ENOENT || !j->disk)
		return r;
	r = store_by_tag(j->disk, app, tag, &p);
	if (r < 0)
		return r;
	if (is_hidden(j, p->id))
		return -ENOENT;
	*ret = take(p);
	return 0;
}

int journal_next_displayed(struct journal *j, uint32_t after, struct ping **ret)
{
	autofree(ping) struct ping *on_file = NULL, *above = NULL;
	uint32_t file_after = after;
	int r = -ENOENT;

	while (j->disk) {
		r = store_next_displayed(j->disk, file_after, &on_file);
		if (r < 0 || !is_hidden(j, on_file->id))
			break;
		file_after = on_file->display_id;
		on_file = ping_free(on_file);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (j->memory) {
		r = store_next_displayed(j->memory, after, &above);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	if (!on_file && !above)
		return -ENOENT;
	if (on_file && (!above || on_file->display_id < above->display_id))
		*ret = take(on_file);
	else
		*ret = take(above);
	return 0;
}

static bool is_before(const struct ping *a, const struct ping *b)
{
	return a->batch != b->batch ? a->batch < b->batch : a->seq < b->seq;
}

int journal_next(struct journal *j, const struct ping_query *query, struct ping **ret)
{
	autofree(ping) struct ping *on_file = NULL, *above = NULL;
	struct ping_query q = *query;
	int r = -ENOENT;

	while (j->disk) {
		r = store_next(j->disk, &q, &on_file);
		if (r < 0 || !is_hidden(j, on_file->id))
			break;
		q.batch = on_file->batch;
		q.after_seq = on_file->seq;
		on_file = ping_free(on_file);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (j->memory) {
		r = store_next(j->memory, query, &above);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	if (!on_file && !above)
		return -ENOENT;
	if (on_file && (!above || is_before(on_file, above)))
		*ret = take(on_file);
	else
		*ret = take(above);
	return 0;
}

static bool is_due_before(const struct ping *a, const struct ping *b)
{
	return a->due.wall_us != b->due.wall_us ? a->due.wall_us < b->due.wall_us : a->id < b->id;
}

int journal_next_due(struct journal *j, enum ping_state state, int64_t after_due_us,
		     uint32_t after_id, struct ping **ret)
{
	autofree(ping) struct ping *on_file = NULL, *above = NULL;
	int64_t file_due_us = after_due_us;
	uint32_t file_id = after_id;
	int r = -ENOENT;

	if (journal_count(j, state) == 0)
		return -ENOENT;
	while (j->disk) {
		r = store_next_due(j->disk, state, file_due_us, file_id, &on_file);
		if (r < 0 || !is_hidden(j, on_file->id))
			break;
		file_due_us = on_file->due.wall_us;
		file_id = on_file->id;
		on_file = ping_free(on_file);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (j->memory) {
		r = store_next_due(j->memory, state, after_due_us, after_id, &above);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	if (!on_file && !above)
		return -ENOENT;
	if (on_file && (!above || is_due_before(on_file, above)))
		*ret = take(on_file);
	else
		*ret = take(above);
	return 0;
}

int64_t journal_count(const struct journal *j, enum ping_state state)
{
	return state < PING_LIVE_STATES ? j->counts[state] : 0;
}

int64_t journal_count_open(const struct journal *j)
{
	return j->n_open;
}

int64_t journal_last_seq(const struct journal *j)
{
	return j->next_seq - 1;
}

/* --- tokens, batches, meta --- */

int journal_put_tokens(struct journal *j, const struct journal_token *tokens, size_t n_tokens)
{
	int r;

	assert(n_tokens <= ARRAY_SIZE(j->tokens));
	if (n_tokens > 0)
		memcpy(j->tokens, tokens, n_tokens * sizeof(*tokens));
	j->n_tokens = n_tokens;
	j->is_dirty = true;
	if (!on_disk(j))
		return 0;
	r = disk_answer(j, store_put_tokens(j->disk, tokens, n_tokens));
	return MIN(r, 0);
}

size_t journal_tokens(struct journal *j, struct journal_token *tokens, size_t max)
{
	size_t n = MIN(max, j->n_tokens);

	memcpy(tokens, j->tokens, n * sizeof(*tokens));
	return n;
}

int journal_put_batch(struct journal *j, struct batch *batch)
{
	int r = 1;

	if (batch->number == 0)
		batch->number = ++j->last_batch;
	j->is_dirty = true;
	if (on_disk(j)) {
		r = disk_answer(j, store_put_batch(j->disk, batch));
		if (r == 0)
			return oplog_batch(&j->log, batch);
	}
	return r > 0 ? store_put_batch(j->memory, batch) : r;
}

int journal_batch(struct journal *j, int64_t number, struct batch *ret)
{
	int r = j->memory ? store_batch(j->memory, number, ret) : -ENOENT;

	return r == -ENOENT && j->disk ? store_batch(j->disk, number, ret) : r;
}

int journal_unfinished_batch(struct journal *j, struct batch *ret)
{
	struct batch on_file = {0}, above = {0};
	int64_t after = 0;
	int r;

	if (j->memory && store_unfinished_batch(j->memory, 0, &above) < 0)
		above.number = 0;
	while (j->disk) {
		struct batch newer;

		r = store_unfinished_batch(j->disk, after, &on_file);
		if (r < 0) {
			on_file.number = 0;
			break;
		}
		if (!j->memory || store_batch(j->memory, on_file.number, &newer) < 0)
			break;
		after = on_file.number;
	}
	if (on_file.number == 0 && above.number == 0)
		return -ENOENT;
	*ret = above.number == 0 || (on_file.number > 0 && on_file.number < above.number) ? on_file
											  : above;
	return 0;
}

char *journal_meta(struct journal *j, const char *key)
{
	char *value = NULL;

	if (j->memory && store_meta(j->memory, key, &value) == 0)
		return value;
	if (j->disk && store_meta(j->disk, key, &value) == 0)
		return value;
	return NULL;
}

/* --- back to the file --- */

/* The file's own numbers go on: those of the time without it aren't in its way. */
static int keep_numbers(struct journal *j)
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

bool journal_recover(struct journal *j)
{
	bool was_blind = !j->disk;
	int r = 0;

	if (on_disk(j))
		return true;
	journal_commit(j);
	if (was_blind && (j->lock_fd < 0 || open_disk(j) < 0))
		return false;
	if (was_blind && j->memory)
		r = keep_numbers(j);
	if (r == 0 && was_blind && j->n_tokens == 0)
		r = store_tokens(j->disk, j->tokens, ARRAY_SIZE(j->tokens), &j->n_tokens);
	if (r == 0 && j->memory)
		r = store_copy(j->memory, j->disk);
	if (r == 0)
		r = store_put_tokens(j->disk, j->tokens, j->n_tokens);
	if (r == 0)
		r = store_commit(j->disk);
	if (r < 0) {
		set_why(j, store_error(j->disk));
		store_rollback(j->disk);
		if (was_blind)
			j->disk = store_free(j->disk);
		return false;
	}
	j->memory = store_free(j->memory);
	free(j->why);
	j->why = NULL;
	if (was_blind) {
		count_rows(j);
		load_numbers(j);
	}
	return true;
}
