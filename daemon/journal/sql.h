/*
 * sql: SQLite's answers as ours, and its statements.
 */
#pragma once
#include "config/base.h"
#include <sqlite3.h>

/** sql_errno() - Return: 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE, else a negative errno. */
int sql_errno(int code);

/** sql_run() - run what gives no rows */
LULL_MUSTCHECK int sql_run(sqlite3 *db, const char *text);

/** sql_rollback() - end a transaction without it; none is fine */
void sql_rollback(sqlite3 *db);

/** sql_number() - the number that @text asks for */
LULL_MUSTCHECK int sql_number(sqlite3 *db, const char *text, int *ret);

/** sql_prepare() - statements that are used again and again; sqlite3_finalize() them, also after a failure */
LULL_MUSTCHECK int sql_prepare(sqlite3 *db, const char *const *texts, size_t n_texts,
			       sqlite3_stmt **ret);

/** sql_done() - run a statement that gives no rows; it is ready for the next time, also after a failure */
LULL_MUSTCHECK int sql_done(sqlite3_stmt *stmt);

/** sql_bind_text() - @s is borrowed until the statement has run */
void sql_bind_text(sqlite3_stmt *stmt, int at, const char *s);

/** sql_text() - a column of the row, "" for NULL; valid until the statement moves on */
const char *sql_text(sqlite3_stmt *stmt, int at);
