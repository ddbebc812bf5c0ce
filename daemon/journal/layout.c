#include "daemon/journal/layout.h"

#include "daemon/journal/sql.h"
#include <errno.h>
#include <stdio.h>

static const char schema[] =
	"CREATE TABLE ping("
	" id INTEGER PRIMARY KEY," /* what the sender knows */
	" seq INTEGER NOT NULL,"   /* order of arrival */
	" state INTEGER NOT NULL, kind INTEGER NOT NULL, batch INTEGER NOT NULL,"
	" announces INTEGER NOT NULL, display_id INTEGER NOT NULL, reason INTEGER NOT NULL,"
	" tries INTEGER NOT NULL, urgency INTEGER NOT NULL, arrived INTEGER NOT NULL,"
	" due INTEGER NOT NULL, changed INTEGER NOT NULL, bus INTEGER NOT NULL,"
	" pid INTEGER NOT NULL,"
	" sender TEXT NOT NULL, app TEXT NOT NULL, desktop_entry TEXT NOT NULL,"
	" category TEXT NOT NULL, tag TEXT NOT NULL, summary TEXT NOT NULL, rule TEXT NOT NULL,"
	" due_reason INTEGER NOT NULL, until INTEGER NOT NULL, released INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, ruleset INTEGER NOT NULL, trace TEXT NOT NULL,"
	" wire BLOB NOT NULL);"
	/* What release walks along; a row leaves it when it is closed. */
	"CREATE INDEX live ON ping(state, batch, seq) WHERE state < 8;"
	/* Only what is on the display now has a display_id. */
	"CREATE INDEX on_display ON ping(display_id) WHERE display_id <> 0;"
	"CREATE INDEX snoozed ON ping(due, id) WHERE state = 5;"
	"CREATE INDEX held ON ping(due, id) WHERE state = 0;"
	"CREATE INDEX tagged ON ping(app, tag) WHERE tag <> '' AND state < 8;"
	"CREATE TABLE token(kind INTEGER NOT NULL, clock INTEGER NOT NULL, name TEXT NOT NULL,"
	" label TEXT NOT NULL, since_wall INTEGER NOT NULL, ends_wall INTEGER NOT NULL,"
	" ends_boot INTEGER NOT NULL, boot_id TEXT NOT NULL);"
	"CREATE TABLE batch(number INTEGER PRIMARY KEY, form INTEGER NOT NULL,"
	" stage INTEGER NOT NULL, last_seq INTEGER NOT NULL, formed INTEGER NOT NULL,"
	" waited INTEGER NOT NULL, takes INTEGER NOT NULL, due INTEGER NOT NULL,"
	" due_reason INTEGER NOT NULL);"
	"CREATE INDEX unfinished ON batch(number) WHERE stage <> 2;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

/* From each layout to the next one. What was held without a due gets the one that it would have now. */
static const char *const migrations[LAYOUT_VERSION] = {
	[1] = "ALTER TABLE ping ADD COLUMN due_reason INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE ping ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE ping ADD COLUMN released INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE ping ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE ping ADD COLUMN ruleset INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE ping ADD COLUMN trace TEXT NOT NULL DEFAULT '';"
	      "CREATE INDEX held ON ping(due, id) WHERE state = 0;"
	      "UPDATE ping SET due = arrived + 14400000000, due_reason = 3 WHERE state = 0;"
	      "UPDATE ping SET due_reason = 7 WHERE state = 5;"
	      "ALTER TABLE batch ADD COLUMN takes INTEGER NOT NULL DEFAULT 15;"
	      "ALTER TABLE batch ADD COLUMN due INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE batch ADD COLUMN due_reason INTEGER NOT NULL DEFAULT 0;"
	      "PRAGMA user_version=2;",
};

int layout_check(sqlite3 *db, bool *ret_is_new, int *ret_version)
{
	int version = 0, id = 0, n_tables = 0;
	int r;

	r = sql_number(db, "PRAGMA user_version", &version);
	if (r == 0)
		r = sql_number(db, "PRAGMA application_id", &id);
	if (r == 0)
		r = sql_number(db, "SELECT count(*) FROM sqlite_schema", &n_tables);
	if (r < 0)
		return r;
	if (n_tables > 0 && id != LAYOUT_APPLICATION_ID)
		return -EBADMSG;
	if (version > LAYOUT_VERSION)
		return -EPROTO;
	*ret_is_new = n_tables == 0;
	*ret_version = version;
	return 0;
}

int layout_make(sqlite3 *db)
{
	char pragmas[96];
	int r;

	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 LAYOUT_APPLICATION_ID, LAYOUT_VERSION);
	r = sql_run(db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = sql_run(db, schema);
	if (r == 0)
		r = sql_run(db, pragmas);
	if (r == 0)
		r = sql_run(db, "COMMIT");
	return r;
}

int layout_migrate(sqlite3 *db, int version)
{
	int r = 0;

	for (; r == 0 && version < LAYOUT_VERSION; version++) {
		if (version < 1)
			return -EBADMSG;
		r = sql_run(db, "BEGIN IMMEDIATE");
		if (r == 0)
			r = sql_run(db, migrations[version]);
		if (r == 0)
			r = sql_run(db, "COMMIT");
		if (r < 0)
			sql_rollback(db);
	}
	return r;
}
