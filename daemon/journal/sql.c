#include "daemon/journal/sql.h"

#include <errno.h>

int sql_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW: return 0;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_READONLY: return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return -EBADMSG;
	case SQLITE_CANTOPEN: return -EACCES;
	case SQLITE_PERM:
	case SQLITE_AUTH: return -EPERM;
	default: return -EIO;
	}
}

int sql_run(sqlite3 *db, const char *text)
{
	return sql_errno(sqlite3_exec(db, text, NULL, NULL, NULL));
}

void sql_rollback(sqlite3 *db)
{
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int sql_number(sqlite3 *db, const char *text, int *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(stmt);
	if (r == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return sql_errno(r);
}

int sql_prepare(sqlite3 *db, const char *const *texts, size_t n_texts, sqlite3_stmt **ret)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n_texts; i++)
		r = sql_errno(sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
						 &ret[i], NULL));
	return r;
}

int sql_done(sqlite3_stmt *stmt)
{
	int r = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return sql_errno(r);
}

void sql_bind_text(sqlite3_stmt *stmt, int at, const char *s)
{
	sqlite3_bind_text(stmt, at, s, -1, SQLITE_STATIC);
}

const char *sql_text(sqlite3_stmt *stmt, int at)
{
	const char *s = (const char *)sqlite3_column_text(stmt, at);

	return s ? s : "";
}
