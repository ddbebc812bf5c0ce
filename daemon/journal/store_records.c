/*
 * store_records: the rows of tokens, batches and meta.
 */
#include "daemon/journal/store_parts.h"

#include "daemon/journal/sql.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BATCH_COLUMNS "number, form, stage, last_seq, formed, waited, takes, due, due_reason"

static const char *const texts[N_RECORD_SQL] = {
	[SQL_EACH_BATCH] = "SELECT " BATCH_COLUMNS " FROM batch",
	[SQL_EACH_META] = "SELECT key, value FROM meta",
	[SQL_DROP_TOKENS] = "DELETE FROM token",
	[SQL_PUT_TOKEN] =
		"INSERT INTO token(kind, clock, name, label, since_wall, ends_wall, ends_boot,"
		" boot_id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[SQL_TOKENS] = "SELECT kind, clock, name, label, since_wall, ends_wall, ends_boot, boot_id"
		       " FROM token ORDER BY rowid",
	[SQL_PUT_BATCH] = "INSERT OR REPLACE INTO batch(" BATCH_COLUMNS
			  ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[SQL_BATCH] = "SELECT " BATCH_COLUMNS " FROM batch WHERE number=?1",
	[SQL_UNFINISHED_BATCH] =
		"SELECT " BATCH_COLUMNS " FROM batch WHERE stage <> 2 AND number > ?1"
		" ORDER BY number LIMIT 1",
	[SQL_LAST_BATCH] = "SELECT ifnull(max(number), 0) FROM batch",
	[SQL_PUT_META] = "INSERT OR REPLACE INTO meta(key, value) VALUES(?1,?2)",
	[SQL_META] = "SELECT value FROM meta WHERE key=?1",
};

int store_prepare_records(struct store *s)
{
	return sql_prepare(s->db, texts, ARRAY_SIZE(texts), s->records);
}

int store_put_tokens(struct store *s, const struct journal_token *tokens, size_t n_tokens)
{
	sqlite3_stmt *stmt = s->records[SQL_PUT_TOKEN];
	size_t i;
	int r = store_begin(s);

	if (r == 0)
		r = sql_done(s->records[SQL_DROP_TOKENS]);
	for (i = 0; r == 0 && i < n_tokens; i++) {
		const struct token *t = &tokens[i].token;

		sqlite3_bind_int(stmt, 1, (int)t->kind);
		sqlite3_bind_int(stmt, 2, (int)t->clock);
		sql_bind_text(stmt, 3, t->name);
		sql_bind_text(stmt, 4, t->label);
		sqlite3_bind_int64(stmt, 5, t->since_wall_us);
		sqlite3_bind_int64(stmt, 6, t->ends_wall_us);
		sqlite3_bind_int64(stmt, 7, t->ends_boot_us);
		sql_bind_text(stmt, 8, tokens[i].boot_id);
		r = sql_done(stmt);
	}
	return r;
}

int store_tokens(struct store *s, struct journal_token *tokens, size_t max, size_t *ret_count)
{
	sqlite3_stmt *stmt = s->records[SQL_TOKENS];
	size_t n = 0;
	int r = SQLITE_DONE;

	while (n < max && (r = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct journal_token *t = &tokens[n++];

		*t = (struct journal_token){
			.token.kind = (enum token_kind)sqlite3_column_int(stmt, 0),
			.token.clock = (enum token_clock)sqlite3_column_int(stmt, 1),
			.token.since_wall_us = sqlite3_column_int64(stmt, 4),
			.token.ends_wall_us = sqlite3_column_int64(stmt, 5),
			.token.ends_boot_us = sqlite3_column_int64(stmt, 6),
		};
		snprintf(t->token.name, sizeof(t->token.name), "%s", sql_text(stmt, 2));
		snprintf(t->token.label, sizeof(t->token.label), "%s", sql_text(stmt, 3));
		snprintf(t->boot_id, sizeof(t->boot_id), "%s", sql_text(stmt, 7));
	}
	sqlite3_reset(stmt);
	if (sql_errno(r) == 0)
		*ret_count = n;
	return sql_errno(r);
}

int store_put_batch(struct store *s, const struct batch *batch)
{
	sqlite3_stmt *stmt = s->records[SQL_PUT_BATCH];
	int r = store_begin(s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, batch->number);
	sqlite3_bind_int(stmt, 2, (int)batch->form);
	sqlite3_bind_int(stmt, 3, (int)batch->stage);
	sqlite3_bind_int64(stmt, 4, batch->last_seq);
	sqlite3_bind_int64(stmt, 5, batch->formed_us);
	sqlite3_bind_int64(stmt, 6, batch->waited_us);
	sqlite3_bind_int64(stmt, 7, batch->takes);
	sqlite3_bind_int64(stmt, 8, batch->due.wall_us);
	sqlite3_bind_int(stmt, 9, (int)batch->due.reason);
	return sql_done(stmt);
}

static struct batch read_batch(sqlite3_stmt *stmt)
{
	return (struct batch){
		.number = sqlite3_column_int64(stmt, 0),
		.form = (enum batch_form)sqlite3_column_int(stmt, 1),
		.stage = (enum batch_stage)sqlite3_column_int(stmt, 2),
		.last_seq = sqlite3_column_int64(stmt, 3),
		.formed_us = sqlite3_column_int64(stmt, 4),
		.waited_us = sqlite3_column_int64(stmt, 5),
		.takes = (unsigned)sqlite3_column_int64(stmt, 6),
		.due.wall_us = sqlite3_column_int64(stmt, 7),
		.due.reason = (enum due_reason)sqlite3_column_int(stmt, 8),
	};
}

static int one_batch(sqlite3_stmt *stmt, struct batch *ret)
{
	int r = sqlite3_step(stmt);

	if (r == SQLITE_ROW)
		*ret = read_batch(stmt);
	sqlite3_reset(stmt);
	return r == SQLITE_DONE ? -ENOENT : sql_errno(r);
}

int store_batch(struct store *s, int64_t number, struct batch *ret)
{
	sqlite3_stmt *stmt = s->records[SQL_BATCH];

	sqlite3_bind_int64(stmt, 1, number);
	return one_batch(stmt, ret);
}

int store_unfinished_batch(struct store *s, int64_t after, struct batch *ret)
{
	sqlite3_stmt *stmt = s->records[SQL_UNFINISHED_BATCH];

	sqlite3_bind_int64(stmt, 1, after);
	return one_batch(stmt, ret);
}

int store_last_batch(struct store *s, int64_t *ret_number)
{
	sqlite3_stmt *stmt = s->records[SQL_LAST_BATCH];
	int r = sqlite3_step(stmt);

	if (r == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return sql_errno(r);
}

int store_put_meta(struct store *s, const char *key, const char *value)
{
	sqlite3_stmt *stmt = s->records[SQL_PUT_META];
	int r = store_begin(s);

	if (r < 0)
		return r;
	sql_bind_text(stmt, 1, key);
	sql_bind_text(stmt, 2, value);
	return sql_done(stmt);
}

int store_meta(struct store *s, const char *key, char **ret)
{
	sqlite3_stmt *stmt = s->records[SQL_META];
	int r, error;

	sql_bind_text(stmt, 1, key);
	r = sqlite3_step(stmt);
	error = r == SQLITE_DONE ? -ENOENT : sql_errno(r);
	if (r == SQLITE_ROW) {
		*ret = strdup(sql_text(stmt, 0));
		error = *ret ? 0 : -ENOMEM;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return error;
}

static int copy_batch(sqlite3_stmt *row, struct store *to)
{
	struct batch batch = read_batch(row);

	return store_put_batch(to, &batch);
}

static int copy_meta(sqlite3_stmt *row, struct store *to)
{
	return store_put_meta(to, sql_text(row, 0), sql_text(row, 1));
}

int store_copy_records(struct store *from, struct store *to)
{
	int r = store_copy_rows(from->records[SQL_EACH_BATCH], copy_batch, to);

	if (r == 0)
		r = store_copy_rows(from->records[SQL_EACH_META], copy_meta, to);
	return r;
}
