/*
 * store_pings: the rows of pings.
 */
#include "daemon/journal/store_parts.h"

#include "daemon/journal/sql.h"
#include <errno.h>
#include <string.h>

/* The columns of a row, in the order in which they are bound and read. */
#define COLUMNS                                                                                 \
	"id, seq, state, kind, batch, announces, display_id, reason, tries, urgency, arrived, " \
	"due, changed, bus, pid, sender, app, desktop_entry, category, tag, summary, rule, "    \
	"due_reason, until, released, digest, ruleset, trace, wire"

static const char *const texts[N_PING_SQL] = {
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
	[SQL_BEFORE] = "SELECT " COLUMNS " FROM ping WHERE id < ?1 ORDER BY id DESC LIMIT 1",
	[SQL_BY_TAG] =
		"SELECT " COLUMNS " FROM ping WHERE app=?1 AND tag=?2 AND tag <> '' AND state < 8"
		" LIMIT 1",
	/* Named, or SQLite looks at each ?1 whether an index of one state would do, and compiles anew. */
	[SQL_NEXT] = "SELECT " COLUMNS " FROM ping INDEXED BY live WHERE state=?1 AND state < 8"
		     " AND (batch, seq) > (?2, ?3) AND batch <= ?4 ORDER BY batch, seq LIMIT 1",
	[SQL_NEXT_SNOOZED] = "SELECT " COLUMNS " FROM ping WHERE state=5 AND (due, id) > (?1, ?2)"
			     " ORDER BY due, id LIMIT 1",
	[SQL_NEXT_HELD] = "SELECT " COLUMNS " FROM ping WHERE state=0 AND due > 0"
			  " AND (due, id) > (?1, ?2) ORDER BY due, id LIMIT 1",
	[SQL_COUNT] = "SELECT count(*), count(nullif(batch, 0)) FROM ping INDEXED BY live"
		      " WHERE state=?1 AND state < 8",
	[SQL_COUNT_HELD] = "SELECT until, count(*) FROM ping WHERE state=0 GROUP BY until",
	[SQL_EACH_PING] = "SELECT " COLUMNS " FROM ping",
};

int store_prepare_pings(struct store *s)
{
	return sql_prepare(s->db, texts, ARRAY_SIZE(texts), s->pings);
}

int store_put(struct store *s, const struct ping *p)
{
	sqlite3_stmt *stmt = s->pings[SQL_PUT];
	int r = store_begin(s);

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
	sql_bind_text(stmt, 16, p->sender);
	sql_bind_text(stmt, 17, p->app);
	sql_bind_text(stmt, 18, p->desktop_entry);
	sql_bind_text(stmt, 19, p->category);
	sql_bind_text(stmt, 20, p->tag);
	sql_bind_text(stmt, 21, p->summary);
	sql_bind_text(stmt, 22, p->rule);
	sqlite3_bind_int(stmt, 23, (int)p->due.reason);
	sqlite3_bind_int(stmt, 24, (int)p->until);
	sqlite3_bind_int64(stmt, 25, p->released_us);
	sqlite3_bind_int(stmt, 26, (int)p->digest);
	sqlite3_bind_int64(stmt, 27, p->ruleset);
	sql_bind_text(stmt, 28, p->trace);
	sqlite3_bind_blob64(stmt, 29, p->wire ? p->wire : "", p->wire_bytes, SQLITE_STATIC);
	return sql_done(stmt);
}

int store_change(struct store *s, uint32_t id, const struct ping_change *change)
{
	sqlite3_stmt *stmt = s->pings[SQL_CHANGE];
	int r = store_begin(s);

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
	return sql_done(stmt);
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
		.sender = sql_text(stmt, 15),
		.app = sql_text(stmt, 16),
		.desktop_entry = sql_text(stmt, 17),
		.category = sql_text(stmt, 18),
		.tag = sql_text(stmt, 19),
		.summary = sql_text(stmt, 20),
		.rule = sql_text(stmt, 21),
		.due.reason = (enum due_reason)sqlite3_column_int(stmt, 22),
		.until = (enum hold_until)sqlite3_column_int(stmt, 23),
		.released_us = sqlite3_column_int64(stmt, 24),
		.digest = (enum rule_digest)sqlite3_column_int(stmt, 25),
		.ruleset = sqlite3_column_int64(stmt, 26),
		.trace = sql_text(stmt, 27),
		.wire = sqlite3_column_blob(stmt, 28),
		.wire_bytes = (size_t)sqlite3_column_bytes(stmt, 28),
	};
}

/* Step to the only row and copy it. */
static int one_ping(sqlite3_stmt *stmt, struct ping **ret)
{
	int r = sqlite3_step(stmt);
	int error = sql_errno(r);

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
	sqlite3_stmt *stmt = s->pings[SQL_GET];

	sqlite3_bind_int64(stmt, 1, id);
	return one_ping(stmt, ret);
}

int store_by_display(struct store *s, uint32_t display_id, struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[SQL_BY_DISPLAY];

	sqlite3_bind_int64(stmt, 1, display_id);
	return one_ping(stmt, ret);
}

int store_by_tag(struct store *s, const char *app, const char *tag, struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[SQL_BY_TAG];
	int r;

	sql_bind_text(stmt, 1, app);
	sql_bind_text(stmt, 2, tag);
	r = one_ping(stmt, ret);
	sqlite3_clear_bindings(stmt);
	return r;
}

int store_before(struct store *s, uint32_t id, struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[SQL_BEFORE];

	sqlite3_bind_int64(stmt, 1, id);
	return one_ping(stmt, ret);
}

int store_next_displayed(struct store *s, uint32_t after, struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[SQL_NEXT_DISPLAYED];

	sqlite3_bind_int64(stmt, 1, after);
	return one_ping(stmt, ret);
}

int store_next(struct store *s, const struct ping_query *query, struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[SQL_NEXT];

	sqlite3_bind_int(stmt, 1, (int)query->state);
	sqlite3_bind_int64(stmt, 2, query->batch);
	sqlite3_bind_int64(stmt, 3, query->after_seq);
	sqlite3_bind_int64(stmt, 4, query->last_batch);
	return one_ping(stmt, ret);
}

int store_next_due(struct store *s, enum ping_state state, int64_t after_due_us, uint32_t after_id,
		   struct ping **ret)
{
	sqlite3_stmt *stmt = s->pings[state == PING_SNOOZED ? SQL_NEXT_SNOOZED : SQL_NEXT_HELD];

	sqlite3_bind_int64(stmt, 1, after_due_us);
	sqlite3_bind_int64(stmt, 2, after_id);
	return one_ping(stmt, ret);
}

int store_count(struct store *s, enum ping_state state, int64_t *ret_count, int64_t *ret_batched)
{
	sqlite3_stmt *stmt = s->pings[SQL_COUNT];
	int r;

	sqlite3_bind_int(stmt, 1, (int)state);
	r = sqlite3_step(stmt);
	if (r == SQLITE_ROW) {
		*ret_count = sqlite3_column_int64(stmt, 0);
		*ret_batched = sqlite3_column_int64(stmt, 1);
	}
	sqlite3_reset(stmt);
	return sql_errno(r);
}

int store_count_held(struct store *s, int64_t ret_counts[static N_HOLD_UNTIL])
{
	sqlite3_stmt *stmt = s->pings[SQL_COUNT_HELD];
	int r;

	memset(ret_counts, 0, N_HOLD_UNTIL * sizeof(*ret_counts));
	while ((r = sqlite3_step(stmt)) == SQLITE_ROW) {
		int until = sqlite3_column_int(stmt, 0);

		if (until >= 0 && until < N_HOLD_UNTIL)
			ret_counts[until] = sqlite3_column_int64(stmt, 1);
	}
	sqlite3_reset(stmt);
	return sql_errno(r);
}

static int copy_ping(sqlite3_stmt *row, struct store *to)
{
	struct ping p = read_ping(row);

	return store_put(to, &p);
}

int store_copy_pings(struct store *from, struct store *to)
{
	return store_copy_rows(from->pings[SQL_EACH_PING], copy_ping, to);
}
