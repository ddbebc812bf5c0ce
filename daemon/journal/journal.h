/*
 * journal: everything that was acknowledged, on disk; in memory while the disk fails.
 *
 * Writes gather in one transaction until journal_commit(). What was written since the last commit is also
 * remembered as operations: when the disk refuses a write or the commit, they are done again in memory, and
 * from then on memory lies over the file like a sheet of tracing paper: a row in memory hides the row with
 * the same id in the file. journal_recover() moves it back once the disk takes writes again.
 *
 * So a write never fails because of the disk. The only error that a caller sees is -ENOMEM (and -EIO, when
 * SQLite can't even keep a row in memory).
 */
#pragma once
#include "daemon/core/batch.h"
#include "daemon/core/focus.h"
#include "daemon/core/notification.h"
#include <stdbool.h>

struct journal;

enum journal_place {
	JOURNAL_ON_DISK = 0,
	JOURNAL_IN_MEMORY = 1, /* the last commit went to memory */
};

/**
 * journal_open() - open or make the journal
 * @dir: made, 0700, if it isn't there; journal.db and its lock live in it
 * @is_full: fsync before every commit returns (synchronous=FULL)
 * @ret_notice: one line that the user should know, or NULL: why the file can't be used (the journal then
 *              works in memory), or where a damaged one was put (owned by the journal)
 *
 * Return: 0; -EBUSY when another lulld has it (@ret_holder is its pid); -ENOMEM.
 */
LULL_MUSTCHECK int journal_open(const char *dir, bool is_full, struct journal **ret,
				const char **ret_notice, int *ret_holder);

/** journal_free() - commit, checkpoint and close; NULL is fine. Return: NULL. */
struct journal *journal_free(struct journal *j);
DEFINE_AUTOFREE(journal)

/** journal_set_durability() - from the next commit on */
void journal_set_durability(struct journal *j, bool is_full);

/** journal_place() - where commits go now */
enum journal_place journal_place(const struct journal *j);

/** journal_is_blind() - the file couldn't be opened: what it holds isn't known */
bool journal_is_blind(const struct journal *j);

/** journal_why() - one line: why commits go to memory; NULL while they go to disk */
const char *journal_why(const struct journal *j);

/**
 * journal_commit() - make everything since the last commit durable
 *
 * On return it is either on disk as far as the durability promises, or in memory: never lost while lulld
 * lives. Look at journal_place() for which.
 */
void journal_commit(struct journal *j);

/** journal_is_dirty() - has anything been written since the last commit? */
bool journal_is_dirty(const struct journal *j);

/**
 * journal_tidy() - checkpoint the write-ahead log when it has grown
 *
 * May take milliseconds; called when every answer is out.
 */
void journal_tidy(struct journal *j);

/**
 * journal_recover() - try to move what is in memory back to the file
 *
 * When it was blind, the file's tokens are kept if there are none in memory; the caller then takes up what the
 * file holds as at a start.
 *
 * Return: true when commits go to disk (again).
 */
bool journal_recover(struct journal *j);

/* --- pings --- */

/**
 * journal_next_id() - an id that no live ping has and that won't come again after a crash
 *
 * From 0x40000000 up to 0x7fffffff, then from the start. 1,024 are reserved at a time.
 */
LULL_MUSTCHECK int journal_next_id(struct journal *j, uint32_t *ret);

/**
 * journal_put() - write a row; one with the same id gives way
 * @p: seq 0 makes it the newest, and is set
 * @old: the row that gives way, NULL when there is none
 */
LULL_MUSTCHECK int journal_put(struct journal *j, struct ping *p, const struct ping *old);

/** What changes when a ping goes on; the rest of its row stays. */
struct ping_change {
	enum ping_state state;
	enum close_reason reason;
	int64_t batch;
	uint32_t display_id;
	unsigned tries;
	struct due due;
	enum hold_until until;
	int64_t released_us;
	int64_t changed_us;
};

/** ping_change_of() - a change that changes nothing yet */
struct ping_change ping_change_of(const struct ping *p);

/**
 * journal_change() - change a row
 * @p: as it is in the journal; updated when 0 is returned
 */
LULL_MUSTCHECK int journal_change(struct journal *j, struct ping *p,
				  const struct ping_change *change);

/** journal_get() - a row by its id. Return: 0, -ENOENT, or a fault. */
LULL_MUSTCHECK int journal_get(struct journal *j, uint32_t id, struct ping **ret);

/**
 * journal_by_display() - the row that the display knows as @display_id
 *
 * A row that was closed here keeps its display_id until the display says that it is gone.
 *
 * Return: 0, -ENOENT, or a fault.
 */
LULL_MUSTCHECK int journal_by_display(struct journal *j, uint32_t display_id, struct ping **ret);

/** journal_by_tag() - the live row of @app with the synchronous tag @tag. Return: as above. */
LULL_MUSTCHECK int journal_by_tag(struct journal *j, const char *app, const char *tag,
				  struct ping **ret);

/** journal_next_displayed() - the one with the next higher display_id. Return: as above. */
LULL_MUSTCHECK int journal_next_displayed(struct journal *j, uint32_t after, struct ping **ret);

/** journal_before() - the one with the next lower id, live or not: mostly the one that came before. Return: as above. */
LULL_MUSTCHECK int journal_before(struct journal *j, uint32_t id, struct ping **ret);

/** Which rows: those of a state with (batch, seq) above (batch, after_seq) and batch up to last_batch. */
struct ping_query {
	enum ping_state state;
	int64_t batch;
	int64_t after_seq;
	int64_t last_batch;
};

/** journal_next() - the first such row, in order of (batch, seq). Return: 0, -ENOENT, or a fault. */
LULL_MUSTCHECK int journal_next(struct journal *j, const struct ping_query *query,
				struct ping **ret);

/**
 * journal_next_due() - in order of (due, id), the first one above (@after_due_us, @after_id) that has a due
 * @state: PING_SNOOZED or PING_HELD
 *
 * Return: as above.
 */
LULL_MUSTCHECK int journal_next_due(struct journal *j, enum ping_state state, int64_t after_due_us,
				    uint32_t after_id, struct ping **ret);

/** journal_count() - how many rows are in a live state; O(1) */
int64_t journal_count(const struct journal *j, enum ping_state state);

/** journal_count_held() - how many are held until that; O(1) */
int64_t journal_count_held(const struct journal *j, enum hold_until until);

/** journal_count_open() - how many rows that belong to a batch are shown; O(1) */
int64_t journal_count_open(const struct journal *j);

/** journal_last_seq() - the seq of the newest row */
int64_t journal_last_seq(const struct journal *j);

/* --- tokens, batches, and the rest --- */

struct journal_token {
	struct token token;
	char boot_id[40];
};

/** journal_put_tokens() - write down why focus is on, in place of what was there; FOCUS_TOKENS_MAX at most */
LULL_MUSTCHECK int journal_put_tokens(struct journal *j, const struct journal_token *tokens,
				      size_t n_tokens);

/** journal_tokens() - read them; at most @max. Return: how many. */
size_t journal_tokens(struct journal *j, struct journal_token *tokens, size_t max);

/** journal_put_batch() - write a batch down; its number 0 makes it the next one, and is set */
LULL_MUSTCHECK int journal_put_batch(struct journal *j, struct batch *batch);

/** journal_batch() - read one. Return: 0, -ENOENT, or a fault. */
LULL_MUSTCHECK int journal_batch(struct journal *j, int64_t number, struct batch *ret);

/** journal_unfinished_batch() - the first one above @after that isn't told. Return: 0, -ENOENT, or a fault. */
LULL_MUSTCHECK int journal_unfinished_batch(struct journal *j, int64_t after, struct batch *ret);

/** journal_put_meta() - remember a text under a name */
LULL_MUSTCHECK int journal_put_meta(struct journal *j, const char *key, const char *value);

/** journal_meta() - what was remembered; the caller frees it. Return: NULL when there is nothing. */
char *journal_meta(struct journal *j, const char *key);
