/*
 * oplog: what was written since the last commit, as images that can be written again elsewhere.
 */
#pragma once
#include "daemon/journal/store.h"

struct oplog {
	struct op *ops; /* oldest first */
	size_t n_ops;
	size_t capacity;
};

/** oplog_clear() - forget everything */
void oplog_clear(struct oplog *log);

/** oplog_done() - free; the log is empty and usable afterwards */
void oplog_done(struct oplog *log);

/* Each remembers a copy of what it is given. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int oplog_ping(struct oplog *log, const struct ping *p);
LULL_MUSTCHECK int oplog_batch(struct oplog *log, const struct batch *batch);
LULL_MUSTCHECK int oplog_meta(struct oplog *log, const char *key, const char *value);

/** oplog_replay() - write it all to @s, in order. Return: 0, or the first fault. */
LULL_MUSTCHECK int oplog_replay(const struct oplog *log, struct store *s);
