/*
 * journal_records: what is kept beside the pings: tokens, batches, and texts under a name.
 */
#include "daemon/journal/journal_parts.h"

#include "daemon/journal/store.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

int journal_put_meta(struct journal *j, const char *key, const char *value)
{
	int r = 1;

	j->is_dirty = true;
	if (journal_on_disk(j)) {
		r = journal_disk_answer(j, store_put_meta(j->disk, key, value));
		if (r == 0)
			return oplog_meta(&j->log, key, value);
	}
	return r > 0 ? store_put_meta(j->memory, key, value) : r;
}

int journal_put_tokens(struct journal *j, const struct journal_token *tokens, size_t n_tokens)
{
	int r;

	assert(n_tokens <= ARRAY_SIZE(j->tokens));
	if (n_tokens > 0)
		memcpy(j->tokens, tokens, n_tokens * sizeof(*tokens));
	j->n_tokens = n_tokens;
	j->is_dirty = true;
	if (!journal_on_disk(j))
		return 0;
	r = journal_disk_answer(j, store_put_tokens(j->disk, tokens, n_tokens));
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
	if (journal_on_disk(j)) {
		r = journal_disk_answer(j, store_put_batch(j->disk, batch));
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

int journal_unfinished_batch(struct journal *j, int64_t after, struct batch *ret)
{
	struct batch on_file = {0}, above = {0};
	int r;

	if (j->memory && store_unfinished_batch(j->memory, after, &above) < 0)
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
