#include "daemon/journal/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x4c554c4c /* "LULL" */

/* The columns of a row, in the order in which they are bound and read. */
#define COLUMNS                                                                                 \
	"id, seq, state, kind, batch, announces, display_id, reason, tries, urgency, arrived, " \
	"due, changed, bus, pid, sender, app, desktop_entry, category, tag, summary, rule, "    \
	"due_reason, until, released, digest, ruleset, trace, wire"

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
static const char *const migrations[STORE_VERSION] = {
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

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_PUT,
	SQL_CHANGE,
	SQL_GET,
	SQL_BY_DISPLAY,
	SQL_NEXT_DISPLAYED,
	SQL_BY_TAG,
	SQL_NEXT,
	SQL_NEXT_SNOOZED,
	SQL_NEXT_HELD,
	SQL_COUNT,
	SQL_EACH_PING,
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
	N_STATEMENTS,
};

#define BATCH_COLUMNS "number, form, stage, last_seq, formed, waited, takes, due, due_reason"

static const char *const statements[N_STATEMENTS] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_PUT] =
		"INSERT OR REPLACE INTO ping(" COLUMNS ") VALUES"
		"(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,"
		"?24,?25,?26,?27,?28,?29)",
	[SQL_CHANGE] = "UPDATE ping SET state=?2, reason=?3, batch=?4, display_id=?5, tries=?6,"
		       " due=?7, changed=?8, due_reason=?9, until=?10, released=?11 WHERE id=?1",
	[SQL_GET] = "SELECT " COLUMNS " FROM ping WHERE id=?1",
	[SQL_BY_DISPLAY] = "SELECT " COLUMNS " FROM ping WHERE display_id=?1 AND display_id <> 0",
	[SQL_NEXT_DISPLAYED] =
		"SELECT " COLUMNS " FROM ping WHERE display_id > ?1 AND display_id <> 0"
		" ORDER BY display_id LIMIT 1",
	[SQL_BY_TAG] =
		"SELECT " COLUMNS " FROM ping WHERE app=?1 AND tag=?2 AND tag <> '' AND state < 8"
		" LIMIT 1",
	[SQL_NEXT] = "SELECT " COLUMNS " FROM ping WHERE state=?1 AND state < 8"
		     " AND (batch, seq) > (?2, ?3) AND batch <= ?4 ORDER BY batch, seq LIMIT 1",
	[SQL_NEXT_SNOOZED] = "SELECT " COLUMNS " FROM ping WHERE state=5 AND (due, id) > (?1, ?2)"
			     " ORDER BY due, id LIMIT 1",
	[SQL_NEXT_HELD] = "SELECT " COLUMNS " FROM ping WHERE state=0 AND due > 0"
			  " AND (due, id) > (?1, ?2) ORDER BY due, id LIMIT 1",
	[SQL_COUNT] =
		"SELECT count(*), count(nullif(batch, 0)) FROM ping WHERE state=?1 AND state < 8",
	[SQL_EACH_PING] = "SELECT " COLUMNS " FROM ping",
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

struct store {
	sqlite3 *db;
	sqlite3_stmt *prepared[N_STATEMENTS];
	int log_pages; /* in the write-ahead log after the last commit */
};

static int to_errno(int code)
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

static int read_number(struct store *s, const char *sql, int *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(stmt);
	if (r == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return to_errno(r);
}

static int run(struct store *s, const char *sql)
{
	return to_errno(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

/* Is it ours, and can we read it? Nothing is written before that is known. */
static int check_layout(struct store *s, bool *ret_is_new, int *ret_version)
{
	int version = 0, id = 0, n_tables = 0;
	int r;

	r = read_number(s, "PRAGMA user_version", &version);
	if (r == 0)
		r = read_number(s, "PRAGMA application_id", &id);
	if (r == 0)
		r = read_number(s, "SELECT count(*) FROM sqlite_schema", &n_tables);
	if (r < 0)
		return r;
	if (n_tables > 0 && id != APPLICATION_ID)
		return -EBADMSG;
	if (version > STORE_VERSION)
		return -EPROTO;
	*ret_is_new = n_tables == 0;
	*ret_version = version;
	return 0;
}

static int make_layout(struct store *s)
{
	char pragmas[96];
	int r;

	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 APPLICATION_ID, STORE_VERSION);
	r = run(s, "BEGIN IMMEDIATE");
	if (r == 0)
		r = run(s, schema);
	if (r == 0)
		r = run(s, pragmas);
	if (r == 0)
		r = run(s, "COMMIT");
	return r;
}

/* Each step is whole or not done at all. */
static int migrate(struct store *s, int version)
{
	int r = 0;

	for (; r == 0 && version < STORE_VERSION; version++) {
		if (version < 1)
			return -EBADMSG;
		r = run(s, "BEGIN IMMEDIATE");
		if (r == 0)
			r = run(s, migrations[version]);
		if (r == 0)
			r = run(s, "COMMIT");
		if (r < 0)
			store_rollback(s);
	}
	return r;
}

static int store_prepare(struct store *s, bool is_file)
{
	bool is_new = false;
	int version = STORE_VERSION;
	size_t i;
	int r;

	r = check_layout(s, &is_new, &version);
	/* secure_delete before the first write; WAL so that readers never stop us nor we them. */
	if (r == 0)
		r = run(s,
			"PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-1024;"
			"PRAGMA trusted_schema=OFF;");
	if (r == 0 && is_file)
		r = run(s, "PRAGMA journal_mode=WAL;");
	if (r == 0)
		r = is_new ? make_layout(s) : migrate(s, version);
	for (i = 0; r == 0 && i < N_STATEMENTS; i++)
		r = to_errno(sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
						&s->prepared[i], NULL));
	/* Instead of SQLite's own checkpoints, which would fall into a commit. */
	sqlite3_wal_hook(s->db, remember_log_pages, s);
	return r;
}

int store_open(const char *path, struct store **ret, char **ret_error)
{
	autofree(store) struct store *s = calloc(1, sizeof(*s));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	int r;

	if (!s)
		return -ENOMEM;
	r = to_errno(sqlite3_open_v2(path ? path : ":memory:", &s->db, flags, NULL));
	if (r == 0)
		r = store_prepare(s, path != NULL);
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
	size_t i;

	if (!s)
		return NULL;
	for (i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(s->prepared[i]);
	sqlite3_close(s->db);
	free(s);
	return NULL;
}

int store_sync(struct store *s, bool is_full)
{
	return run(s, is_full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

/* Run a statement that gives no rows. */
static int done(sqlite3_stmt *stmt)
{
	int r = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return to_errno(r);
}

/* The first write begins the transaction. */
static int begin(struct store *s)
{
	return sqlite3_get_autocommit(s->db) ? done(s->prepared[SQL_BEGIN]) : 0;
}

int store_commit(struct store *s)
{
	return sqlite3_get_autocommit(s->db) ? 0 : done(s->prepared[SQL_COMMIT]);
}

void store_rollback(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

void store_tidy(struct store *s, int pages)
{
	if (s->log_pages <= pages || !sqlite3_get_autocommit(s->db))
		return;
	/* A failure shows in the next commit, where it is dealt with. */
	sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	s->log_pages = 0;
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *s)
{
	sqlite3_bind_text(stmt, at, s, -1, SQLITE_STATIC);
}

int store_put(struct store *s, const struct ping *p)
{
	sqlite3_stmt *stmt = s->prepared[SQL_PUT];
	int r = begin(s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, p->id);
	sqlite3_bind_int64(stmt, 2, p->seq);
	sqlite3_bind_int(stmt, 3, (int)p->state);
	sqlite3_bind_int(stmt, 4, (int)p->kind);
	sqlite3_bind_int64(stmt, 5, p->batch);
	sqlite3_bind_int64(stmt, 6, p->announces);
	sqlite3_bind_int64(stmt, 7, p->display_id);
	sqlite3_bind_int(stmt, 8, (int)p->reason);
	sqlite3_bind_int64(stmt, 9, p->tries);
	sqlite3_bind_int(stmt, 10, (int)p->urgency);
	sqlite3_bind_int64(stmt, 11, p->arrived_us);
	sqlite3_bind_int64(stmt, 12, p->due.wall_us);
	sqlite3_bind_int64(stmt, 13, p->changed_us);
	sqlite3_bind_int64(stmt, 14, p->bus);
	sqlite3_bind_int64(stmt, 15, p->pid);
	bind_text(stmt, 16, p->sender);
	bind_text(stmt, 17, p->app);
	bind_text(stmt, 18, p->desktop_entry);
	bind_text(stmt, 19, p->category);
	bind_text(stmt, 20, p->tag);
	bind_text(stmt, 21, p->summary);
	bind_text(stmt, 22, p->rule);
	sqlite3_bind_int(stmt, 23, (int)p->due.reason);
	sqlite3_bind_int(stmt, 24, (int)p->until);
	sqlite3_bind_int64(stmt, 25, p->released_us);
	sqlite3_bind_int(stmt, 26, (int)p->digest);
	sqlite3_bind_int64(stmt, 27, p->ruleset);
	bind_text(stmt, 28, p->trace);
	sqlite3_bind_blob64(stmt, 29, p->wire ? p->wire : "", p->wire_bytes, SQLITE_STATIC);
	return done(stmt);
}

int store_change(struct store *s, uint32_t id, const struct ping_change *change)
{
	sqlite3_stmt *stmt = s->prepared[SQL_CHANGE];
	int r = begin(s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int(stmt, 2, (int)change->state);
	sqlite3_bind_int(stmt, 3, (int)change->reason);
	sqlite3_bind_int64(stmt, 4, change->batch);
	sqlite3_bind_int64(stmt, 5, change->display_id);
	sqlite3_bind_int64(stmt, 6, change->tries);
	sqlite3_bind_int64(stmt, 7, change->due.wall_us);
	sqlite3_bind_int64(stmt, 8, change->changed_us);
	sqlite3_bind_int(stmt, 9, (int)change->due.reason);
	sqlite3_bind_int(stmt, 10, (int)change->until);
	sqlite3_bind_int64(stmt, 11, change->released_us);
	return done(stmt);
}

static const char *column_text(sqlite3_stmt *stmt, int at)
{
	const char *s = (const char *)sqlite3_column_text(stmt, at);

	return s ? s : "";
}

/* Borrowed: valid until the statement moves on. */
static struct ping read_ping(sqlite3_stmt *stmt)
{
	return (struct ping){
		.id = (uint32_t)sqlite3_column_int64(stmt, 0),
		.seq = sqlite3_column_int64(stmt, 1),
		.state = (enum ping_state)sqlite3_column_int(stmt, 2),
		.kind = (enum ping_kind)sqlite3_column_int(stmt, 3),
		.batch = sqlite3_column_int64(stmt, 4),
		.announces = sqlite3_column_int64(stmt, 5),
		.display_id = (uint32_t)sqlite3_column_int64(stmt, 6),
		.reason = (enum close_reason)sqlite3_column_int(stmt, 7),
		.tries = (unsigned)sqlite3_column_int64(stmt, 8),
		.urgency = (enum urgency)sqlite3_column_int(stmt, 9),
		.arrived_us = sqlite3_column_int64(stmt, 10),
		.due.wall_us = sqlite3_column_int64(stmt, 11),
		.changed_us = sqlite3_column_int64(stmt, 12),
		.bus = sqlite3_column_int64(stmt, 13),
		.pid = (uint32_t)sqlite3_column_int64(stmt, 14),
		.sender = column_text(stmt, 15),
		.app = column_text(stmt, 16),
		.desktop_entry = column_text(stmt, 17),
		.category = column_text(stmt, 18),
		.tag = column_text(stmt, 19),
		.summary = column_text(stmt, 20),
		.rule = column_text(stmt, 21),
		.due.reason = (enum due_reason)sqlite3_column_int(stmt, 22),
		.until = (enum hold_until)sqlite3_column_int(stmt, 23),
		.released_us = sqlite3_column_int64(stmt, 24),
		.digest = (enum rule_digest)sqlite3_column_int(stmt, 25),
		.ruleset = sqlite3_column_int64(stmt, 26),
		.trace = column_text(stmt, 27),
		.wire = sqlite3_column_blob(stmt, 28),
		.wire_bytes = (size_t)sqlite3_column_bytes(stmt, 28),
	};
}

/* Step to the only row and copy it. */
static int one_ping(sqlite3_stmt *stmt, struct ping **ret)
{
	int r = sqlite3_step(stmt);
	int error = to_errno(r);

	if (r == SQLITE_DONE) {
		error = -ENOENT;
	} else if (r == SQLITE_ROW) {
		struct ping p = read_ping(stmt);

		*ret = ping_copy(&p);
		error = *ret ? 0 : -ENOMEM;
	}
	sqlite3_reset(stmt);
	return error;
}

int store_get(struct store *s, uint32_t id, struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_GET];

	sqlite3_bind_int64(stmt, 1, id);
	return one_ping(stmt, ret);
}

int store_by_display(struct store *s, uint32_t display_id, struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_BY_DISPLAY];

	sqlite3_bind_int64(stmt, 1, display_id);
	return one_ping(stmt, ret);
}

int store_by_tag(struct store *s, const char *app, const char *tag, struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_BY_TAG];
	int r;

	bind_text(stmt, 1, app);
	bind_text(stmt, 2, tag);
	r = one_ping(stmt, ret);
	sqlite3_clear_bindings(stmt);
	return r;
}

int store_next_displayed(struct store *s, uint32_t after, struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_NEXT_DISPLAYED];

	sqlite3_bind_int64(stmt, 1, after);
	return one_ping(stmt, ret);
}

int store_next(struct store *s, const struct ping_query *query, struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_NEXT];

	sqlite3_bind_int(stmt, 1, (int)query->state);
	sqlite3_bind_int64(stmt, 2, query->batch);
	sqlite3_bind_int64(stmt, 3, query->after_seq);
	sqlite3_bind_int64(stmt, 4, query->last_batch);
	return one_ping(stmt, ret);
}

int store_next_due(struct store *s, enum ping_state state, int64_t after_due_us, uint32_t after_id,
		   struct ping **ret)
{
	sqlite3_stmt *stmt = s->prepared[state == PING_SNOOZED ? SQL_NEXT_SNOOZED : SQL_NEXT_HELD];

	sqlite3_bind_int64(stmt, 1, after_due_us);
	sqlite3_bind_int64(stmt, 2, after_id);
	return one_ping(stmt, ret);
}

int store_count(struct store *s, enum ping_state state, int64_t *ret_count, int64_t *ret_batched)
{
	sqlite3_stmt *stmt = s->prepared[SQL_COUNT];
	int r;

	sqlite3_bind_int(stmt, 1, (int)state);
	r = sqlite3_step(stmt);
	if (r == SQLITE_ROW) {
		*ret_count = sqlite3_column_int64(stmt, 0);
		*ret_batched = sqlite3_column_int64(stmt, 1);
	}
	sqlite3_reset(stmt);
	return to_errno(r);
}

int store_put_tokens(struct store *s, const struct journal_token *tokens, size_t n_tokens)
{
	sqlite3_stmt *stmt = s->prepared[SQL_PUT_TOKEN];
	size_t i;
	int r = begin(s);

	if (r == 0)
		r = done(s->prepared[SQL_DROP_TOKENS]);
	for (i = 0; r == 0 && i < n_tokens; i++) {
		const struct token *t = &tokens[i].token;

		sqlite3_bind_int(stmt, 1, (int)t->kind);
		sqlite3_bind_int(stmt, 2, (int)t->clock);
		bind_text(stmt, 3, t->name);
		bind_text(stmt, 4, t->label);
		sqlite3_bind_int64(stmt, 5, t->since_wall_us);
		sqlite3_bind_int64(stmt, 6, t->ends_wall_us);
		sqlite3_bind_int64(stmt, 7, t->ends_boot_us);
		bind_text(stmt, 8, tokens[i].boot_id);
		r = done(stmt);
	}
	return r;
}

int store_tokens(struct store *s, struct journal_token *tokens, size_t max, size_t *ret_count)
{
	sqlite3_stmt *stmt = s->prepared[SQL_TOKENS];
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
		snprintf(t->token.name, sizeof(t->token.name), "%s", column_text(stmt, 2));
		snprintf(t->token.label, sizeof(t->token.label), "%s", column_text(stmt, 3));
		snprintf(t->boot_id, sizeof(t->boot_id), "%s", column_text(stmt, 7));
	}
	sqlite3_reset(stmt);
	if (to_errno(r) == 0)
		*ret_count = n;
	return to_errno(r);
}

int store_put_batch(struct store *s, const struct batch *batch)
{
	sqlite3_stmt *stmt = s->prepared[SQL_PUT_BATCH];
	int r = begin(s);

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
	return done(stmt);
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
	return r == SQLITE_DONE ? -ENOENT : to_errno(r);
}

int store_batch(struct store *s, int64_t number, struct batch *ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_BATCH];

	sqlite3_bind_int64(stmt, 1, number);
	return one_batch(stmt, ret);
}

int store_unfinished_batch(struct store *s, int64_t after, struct batch *ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_UNFINISHED_BATCH];

	sqlite3_bind_int64(stmt, 1, after);
	return one_batch(stmt, ret);
}

int store_last_batch(struct store *s, int64_t *ret_number)
{
	sqlite3_stmt *stmt = s->prepared[SQL_LAST_BATCH];
	int r = sqlite3_step(stmt);

	if (r == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return to_errno(r);
}

int store_put_meta(struct store *s, const char *key, const char *value)
{
	sqlite3_stmt *stmt = s->prepared[SQL_PUT_META];
	int r = begin(s);

	if (r < 0)
		return r;
	bind_text(stmt, 1, key);
	bind_text(stmt, 2, value);
	return done(stmt);
}

int store_meta(struct store *s, const char *key, char **ret)
{
	sqlite3_stmt *stmt = s->prepared[SQL_META];
	int r, error;

	bind_text(stmt, 1, key);
	r = sqlite3_step(stmt);
	error = r == SQLITE_DONE ? -ENOENT : to_errno(r);
	if (r == SQLITE_ROW) {
		*ret = strdup(column_text(stmt, 0));
		error = *ret ? 0 : -ENOMEM;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return error;
}

static int copy_ping(sqlite3_stmt *row, struct store *to)
{
	struct ping p = read_ping(row);

	return store_put(to, &p);
}

static int copy_batch(sqlite3_stmt *row, struct store *to)
{
	struct batch batch = read_batch(row);

	return store_put_batch(to, &batch);
}

static int copy_meta(sqlite3_stmt *row, struct store *to)
{
	return store_put_meta(to, column_text(row, 0), column_text(row, 1));
}

static int copy_each(sqlite3_stmt *stmt, int (*copy)(sqlite3_stmt *row, struct store *to),
		     struct store *to)
{
	int error = 0;
	int r = SQLITE_ROW;

	while (error == 0 && (r = sqlite3_step(stmt)) == SQLITE_ROW)
		error = copy(stmt, to);
	sqlite3_reset(stmt);
	return error < 0 ? error : to_errno(r);
}

int store_copy(struct store *from, struct store *to)
{
	int r = copy_each(from->prepared[SQL_EACH_PING], copy_ping, to);

	if (r == 0)
		r = copy_each(from->prepared[SQL_EACH_BATCH], copy_batch, to);
	if (r == 0)
		r = copy_each(from->prepared[SQL_EACH_META], copy_meta, to);
	return r;
}
