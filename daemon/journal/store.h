/*
 * store: one SQLite database with lull's tables, in a file or in memory.
 *
 * Knows SQL and nothing of what rows mean. All functions return 0, -ENOENT where it says so, -ENOMEM, or
 * another negative errno for what SQLite answered (-ENOSPC, -EROFS, -EIO, -EBUSY, -EBADMSG for a
 * corrupt file); store_error() says it in words.
 */
#pragma once
#include "daemon/journal/journal.h"

struct store;

/**
 * store_open() - open or make one
 * @path: a file, or NULL for one in memory
 * @ret_error: on failure, why in words; the caller frees it (may be NULL when out of memory)
 *
 * Return: 0; -EBADMSG when it isn't ours or is corrupt; -EPROTO when a newer lull wrote it; a fault.
 */
LULL_MUSTCHECK int store_open(const char *path, struct store **ret, char **ret_error);

/** store_free() - roll back what isn't committed and close; NULL is fine. Return: NULL. */
struct store *store_free(struct store *s);
DEFINE_AUTOFREE(store)

/** store_error() - what the last failure was, in words; valid until the next call */
const char *store_error(const struct store *s);

LULL_MUSTCHECK int store_sync(struct store *s, bool is_full);

/** store_commit() - end the transaction that the first write began; nothing to do is fine */
LULL_MUSTCHECK int store_commit(struct store *s);
void store_rollback(struct store *s);

/** store_tidy() - checkpoint when more than @pages are in the write-ahead log */
void store_tidy(struct store *s, int pages);

LULL_MUSTCHECK int store_put(struct store *s, const struct ping *p);
LULL_MUSTCHECK int store_change(struct store *s, uint32_t id, const struct ping_change *change);
LULL_MUSTCHECK int store_get(struct store *s, uint32_t id, struct ping **ret);
LULL_MUSTCHECK int store_by_display(struct store *s, uint32_t display_id, struct ping **ret);
LULL_MUSTCHECK int store_by_tag(struct store *s, const char *app, const char *tag,
				struct ping **ret);
LULL_MUSTCHECK int store_before(struct store *s, uint32_t id, struct ping **ret);
LULL_MUSTCHECK int store_next_displayed(struct store *s, uint32_t after, struct ping **ret);
LULL_MUSTCHECK int store_next(struct store *s, const struct ping_query *query, struct ping **ret);
/**
 * store_next_due() - in order of (due, id), the first one above (@after_due_us, @after_id) that has a due
 * @state: PING_SNOOZED or PING_HELD
 */
LULL_MUSTCHECK int store_next_due(struct store *s, enum ping_state state, int64_t after_due_us,
				  uint32_t after_id, struct ping **ret);
LULL_MUSTCHECK int store_count(struct store *s, enum ping_state state, int64_t *ret_count,
			       int64_t *ret_batched);
LULL_MUSTCHECK int store_count_held(struct store *s, int64_t ret_counts[static N_HOLD_UNTIL]);

LULL_MUSTCHECK int store_put_tokens(struct store *s, const struct journal_token *tokens,
				    size_t n_tokens);
LULL_MUSTCHECK int store_tokens(struct store *s, struct journal_token *tokens, size_t max,
				size_t *ret_count);

LULL_MUSTCHECK int store_put_batch(struct store *s, const struct batch *batch);
LULL_MUSTCHECK int store_batch(struct store *s, int64_t number, struct batch *ret);

/** store_unfinished_batch() - the first whose stage isn't BATCH_TOLD and whose number is above @after */
LULL_MUSTCHECK int store_unfinished_batch(struct store *s, int64_t after, struct batch *ret);
LULL_MUSTCHECK int store_last_batch(struct store *s, int64_t *ret_number);

LULL_MUSTCHECK int store_put_meta(struct store *s, const char *key, const char *value);
LULL_MUSTCHECK int store_meta(struct store *s, const char *key, char **ret);

/** store_copy() - write every ping, batch and meta of @from to @to, in place of those with the same key */
LULL_MUSTCHECK int store_copy(struct store *from, struct store *to);
