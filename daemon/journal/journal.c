#include "daemon/journal/journal.h"

#include "daemon/journal/journal_parts.h"
#include "daemon/journal/numbers.h"
#include "daemon/journal/oplog.h"
#include "daemon/journal/place.h"
#include "daemon/journal/store.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_PAGES_MAX 1000

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

static void load(struct journal *j)
{
	if (!j->disk) {
		numbers_choose_blind(j);
		return;
	}
	numbers_load(j);
	numbers_count_rows(j);
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
	load(j);
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

int journal_disk_answer(struct journal *j, int r)
{
	if (r == 0)
		return 0;
	r = fall_back(j, store_error(j->disk));
	return r < 0 ? r : 1;
}

bool journal_on_disk(const struct journal *j)
{
	return journal_place(j) == JOURNAL_ON_DISK;
}

void journal_commit(struct journal *j)
{
	if (!j->is_dirty)
		return;
	j->is_dirty = false;
	if (journal_on_disk(j) && journal_disk_answer(j, store_commit(j->disk)) == 0) {
		oplog_clear(&j->log);
		return;
	}
	/* Memory has no disk to fail. */
	if (j->memory && store_commit(j->memory) < 0)
		set_why(j, store_error(j->memory));
}

void journal_tidy(struct journal *j)
{
	if (journal_on_disk(j))
		store_tidy(j->disk, LOG_PAGES_MAX);
}

/* --- back to the file --- */

bool journal_recover(struct journal *j)
{
	bool was_blind = !j->disk;
	int r = 0;

	if (journal_on_disk(j))
		return true;
	journal_commit(j);
	if (was_blind && (j->lock_fd < 0 || open_disk(j) < 0))
		return false;
	if (was_blind && j->memory)
		r = numbers_keep(j);
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
		numbers_count_rows(j);
		numbers_load(j);
	}
	return true;
}
