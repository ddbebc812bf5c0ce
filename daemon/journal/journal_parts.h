/*
 * journal_parts: what the files of journal share: the object, and where writes go.
 */
#pragma once
#include "daemon/journal/journal.h"
#include "daemon/journal/oplog.h"
#include <stdbool.h>

struct store;

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

	/* Changed by numbers.c. */
	uint32_t next_id;
	uint32_t reserved_id; /* first one that isn't reserved */
	bool may_meet_ids;    /* next_id may run into live ones: it wrapped, or one was adopted */
	int64_t next_seq;
	int64_t reserved_seq;
	int64_t last_batch; /* journal_put_batch() counts it up */
	int64_t counts[PING_LIVE_STATES];
	int64_t n_held[N_HOLD_UNTIL];
	int64_t n_open; /* shown, of a batch */
};

/** journal_on_disk() - do writes go to the file? */
bool journal_on_disk(const struct journal *j);

/**
 * journal_disk_answer() - a write to the file has answered @r
 *
 * Return: 0 when it is done; 1 when it is to be done in memory instead, which has all that came before; a
 * fault.
 */
LULL_MUSTCHECK int journal_disk_answer(struct journal *j, int r);
