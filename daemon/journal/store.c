#include "daemon/journal/store.h"

#include "daemon/journal/layout.h"
#include "daemon/journal/sql.h"
#include "daemon/journal/store_parts.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

static const char *const texts[N_TRANSACTION_SQL] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
};

const char *store_error(const struct store *s)
{
	return sqlite3_errmsg(s->db);
}

static int remember_log_pages(void *data, sqlite3 *db, const char *name, int pages)
{
	struct store *s = data;

	(void)db;
	(void)name;
	s->log_pages = pages;
	return SQLITE_OK;
}

static int prepare(struct store *s, bool is_file)
{
	bool is_new = false;
	int version = LAYOUT_VERSION;
	int r;

	r = layout_check(s->db, &is_new, &version);
	/* secure_delete before the first write; WAL so that readers never stop us nor we them. */
	if (r == 0)
		r = sql_run(s->db, "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
				   "PRAGMA cache_size=-1024; PRAGMA trusted_schema=OFF;");
	if (r == 0 && is_file)
		r = sql_run(s->db, "PRAGMA journal_mode=WAL;");
	if (r == 0)
		r = is_new ? layout_make(s->db) : layout_migrate(s->db, version);
	if (r == 0)
		r = sql_prepare(s->db, texts, ARRAY_SIZE(texts), s->transaction);
	if (r == 0)
		r = store_prepare_pings(s);
	if (r == 0)
		r = store_prepare_records(s);
	/* Instead of SQLite's own checkpoints, which would fall into a commit. */
	sqlite3_wal_hook(s->db, remember_log_pages, s);
	return r;
}

static void finalize(sqlite3_stmt **statements, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sqlite3_finalize(statements[i]);
}

int store_open(const char *path, struct store **ret, char **ret_error)
{
	autofree(store) struct store *s = calloc(1, sizeof(*s));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	int r;

	if (!s)
		return -ENOMEM;
	r = sql_errno(sqlite3_open_v2(path ? path : ":memory:", &s->db, flags, NULL));
	if (r == 0)
		r = prepare(s, path != NULL);
	if (r == -EPROTO) {
		if (asprintf(ret_error, "a newer version of lull wrote %s", path) < 0)
			*ret_error = NULL;
	} else if (r < 0) {
		if (asprintf(ret_error, "%s: %s", path ? path : "memory",
			     r == -EBADMSG ? "not a journal of lull, or damaged"
					   : sqlite3_errmsg(s->db)) < 0)
			*ret_error = NULL;
	}
	if (r < 0)
		return r;
	*ret = take(s);
	return 0;
}

struct store *store_free(struct store *s)
{
	if (!s)
		return NULL;
	finalize(s->transaction, ARRAY_SIZE(s->transaction));
	finalize(s->pings, ARRAY_SIZE(s->pings));
	finalize(s->records, ARRAY_SIZE(s->records));
	sqlite3_close(s->db);
	free(s);
	return NULL;
}

int store_sync(struct store *s, bool is_full)
{
	return sql_run(s->db, is_full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

int store_begin(struct store *s)
{
	return sqlite3_get_autocommit(s->db) ? sql_done(s->transaction[SQL_BEGIN]) : 0;
}

int store_commit(struct store *s)
{
	return sqlite3_get_autocommit(s->db) ? 0 : sql_done(s->transaction[SQL_COMMIT]);
}

void store_rollback(struct store *s)
{
	sql_rollback(s->db);
}

void store_tidy(struct store *s, int pages)
{
	if (s->log_pages <= pages || !sqlite3_get_autocommit(s->db))
		return;
	/* A failure shows in the next commit, where it is dealt with. */
	sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	s->log_pages = 0;
}

int store_copy_rows(sqlite3_stmt *stmt, int (*copy)(sqlite3_stmt *row, struct store *to),
		    struct store *to)
{
	int error = 0;
	int r = SQLITE_ROW;

	while (error == 0 && (r = sqlite3_step(stmt)) == SQLITE_ROW)
		error = copy(stmt, to);
	sqlite3_reset(stmt);
	return error < 0 ? error : sql_errno(r);
}

int store_copy(struct store *from, struct store *to)
{
	int r = store_copy_pings(from, to);

	return r == 0 ? store_copy_records(from, to) : r;
}
