#include "daemon/journal/oplog.h"

#include <errno.h>
#include <string.h>

enum op_kind { OP_PING, OP_BATCH, OP_META };

struct op {
	enum op_kind kind;
	union {
		struct ping *ping;
		struct batch batch;
		char *meta; /* key, NUL, value, NUL */
	};
};

void oplog_clear(struct oplog *log)
{
	size_t i;

	for (i = 0; i < log->n_ops; i++) {
		struct op *op = &log->ops[i];

		switch (op->kind) {
		case OP_PING: ping_free(op->ping); break;
		case OP_META: free(op->meta); break;
		case OP_BATCH: break;
		}
	}
	log->n_ops = 0;
}

void oplog_done(struct oplog *log)
{
	oplog_clear(log);
	free(log->ops);
	*log = (struct oplog){0};
}

/* The next free place; it counts once n_ops is raised. */
static struct op *next_op(struct oplog *log)
{
	struct op *ops;

	if (log->n_ops == log->capacity) {
		size_t capacity = MAX(2 * log->capacity, 64);

		ops = realloc(log->ops, capacity * sizeof(*ops));
		if (!ops)
			return NULL;
		log->ops = ops;
		log->capacity = capacity;
	}
	return &log->ops[log->n_ops];
}

int oplog_ping(struct oplog *log, const struct ping *p)
{
	struct op *op = next_op(log);

	if (!op)
		return -ENOMEM;
	*op = (struct op){.kind = OP_PING, .ping = ping_copy(p)};
	if (!op->ping)
		return -ENOMEM;
	log->n_ops++;
	return 0;
}

int oplog_batch(struct oplog *log, const struct batch *batch)
{
	struct op *op = next_op(log);

	if (!op)
		return -ENOMEM;
	*op = (struct op){.kind = OP_BATCH, .batch = *batch};
	log->n_ops++;
	return 0;
}

int oplog_meta(struct oplog *log, const char *key, const char *value)
{
	struct op *op = next_op(log);
	size_t key_bytes = strlen(key) + 1, value_bytes = strlen(value) + 1;

	if (!op)
		return -ENOMEM;
	*op = (struct op){.kind = OP_META, .meta = malloc(key_bytes + value_bytes)};
	if (!op->meta)
		return -ENOMEM;
	memcpy(op->meta, key, key_bytes);
	memcpy(op->meta + key_bytes, value, value_bytes);
	log->n_ops++;
	return 0;
}

int oplog_replay(const struct oplog *log, struct store *s)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < log->n_ops; i++) {
		const struct op *op = &log->ops[i];

		switch (op->kind) {
		case OP_PING: r = store_put(s, op->ping); break;
		case OP_BATCH: r = store_put_batch(s, &op->batch); break;
		case OP_META:
			r = store_put_meta(s, op->meta, op->meta + strlen(op->meta) + 1);
			break;
		}
	}
	return r;
}
