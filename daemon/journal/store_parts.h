/*
 * store_parts: what the files of store share: the database and its statements.
 */
#pragma once
#include "daemon/journal/store.h"
#include <sqlite3.h>

enum ping_sql {
	SQL_PUT,
	SQL_CHANGE,
	SQL_GET,
	SQL_BY_DISPLAY,
	SQL_NEXT_DISPLAYED,
	SQL_BEFORE,
	SQL_BY_TAG,
	SQL_NEXT,
	SQL_NEXT_SNOOZED,
	SQL_NEXT_HELD,
	SQL_COUNT,
	SQL_COUNT_HELD,
	SQL_EACH_PING,
	N_PING_SQL,
};

enum record_sql {
	SQL_EACH_BATCH,
	SQL_EACH_META,
	SQL_DROP_TOKENS,
	SQL_PUT_TOKEN,
	SQL_TOKENS,
	SQL_PUT_BATCH,
	SQL_BATCH,
	SQL_UNFINISHED_BATCH,
	SQL_LAST_BATCH,
	SQL_PUT_META,
	SQL_META,
	N_RECORD_SQL,
};

enum transaction_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	N_TRANSACTION_SQL,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *transaction[N_TRANSACTION_SQL];
	sqlite3_stmt *pings[N_PING_SQL];
	sqlite3_stmt *records[N_RECORD_SQL];
	int log_pages; /* in the write-ahead log after the last commit */
};

/** store_begin() - before a write: the first one begins the transaction */
LULL_MUSTCHECK int store_begin(struct store *s);

/** store_copy_rows() - call @copy with each row that @stmt gives, until it fails */
LULL_MUSTCHECK int store_copy_rows(sqlite3_stmt *stmt,
				   int (*copy)(sqlite3_stmt *row, struct store *to),
				   struct store *to);

/* store_pings.c */
LULL_MUSTCHECK int store_prepare_pings(struct store *s);
LULL_MUSTCHECK int store_copy_pings(struct store *from, struct store *to);

/* store_records.c */
LULL_MUSTCHECK int store_prepare_records(struct store *s);
LULL_MUSTCHECK int store_copy_records(struct store *from, struct store *to);
