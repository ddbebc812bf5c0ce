#include "client/archive.h"

#include "client/stored.h"
#include "daemon/journal/layout.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#define BUSY_TIMEOUT_MS 1000

struct archive {
	sqlite3 *db;
	char *path;
};

static int to_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW: return 0;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return -EBADMSG;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH: return -EACCES;
	default: return -EIO;
	}
}

/* The same place as lulld's. */
static char *journal_path(void)
{
	const char *dir = getenv("XDG_STATE_HOME"), *rest = "/lull/journal.db";
	char *path;

	if (!dir || dir[0] != '/') {
		dir = getenv("HOME");
		rest = "/.local/state/lull/journal.db";
	}
	return asprintf(&path, "%s%s", dir ? dir : "", rest) < 0 ? NULL : path;
}

static int read_number(sqlite3 *db, const char *sql, int *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(stmt);
	if (r == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return to_errno(r);
}

/* Return: 0; -EBADMSG when it isn't ours; -EPROTO when another lull wrote it; a fault. */
static int check_layout(sqlite3 *db)
{
	int id = 0, version = 0;
	int r = read_number(db, "PRAGMA application_id", &id);

	if (r == 0)
		r = read_number(db, "PRAGMA user_version", &version);
	if (r < 0)
		return r;
	return id != LAYOUT_APPLICATION_ID ? -EBADMSG : version != LAYOUT_VERSION ? -EPROTO : 0;
}

static void explain(const struct archive *a, int r, char **ret_error)
{
	const char *why = a->db ? sqlite3_errmsg(a->db) : strerror(-r);

	if (r == -EBADMSG)
		why = "not a journal of lull, or damaged";
	else if (r == -EPROTO)
		why = "another version of lull wrote it";
	else if (r == -EBUSY)
		why = "lulld is busy with it; try again";
	if (asprintf(ret_error, "%s: %s", a->path, why) < 0)
		*ret_error = NULL;
}

static int open_database(struct archive *a, bool is_still)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE;
	autofree(str) char *uri = NULL;
	size_t bytes = strlen(a->path) * 3 + sizeof("file:?immutable=1");
	char *at;
	int r;

	sqlite3_close(a->db);
	a->db = NULL;
	uri = at = malloc(bytes);
	if (!uri)
		return -ENOMEM;
	at = stpcpy(at, "file:");
	for (const char *p = a->path; *p; p++)
		at += sprintf(at, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strcpy(at, is_still ? "?immutable=1" : "");
	r = to_errno(sqlite3_open_v2(uri, &a->db, flags, NULL));
	if (r == 0)
		r = to_errno(sqlite3_busy_timeout(a->db, BUSY_TIMEOUT_MS));
	if (r == 0)
		r = to_errno(sqlite3_exec(a->db,
					  "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;",
					  NULL, NULL, NULL));
	return r == 0 ? check_layout(a->db) : r;
}

/* Nobody writes into it: then it has no log. */
static bool has_log(const struct archive *a)
{
	autofree(str) char *log = NULL;

	if (asprintf(&log, "%s-wal", a->path) < 0) {
		log = NULL;
		return true;
	}
	return access(log, F_OK) == 0;
}

int archive_open(struct archive **ret, char **ret_error)
{
	autofree(archive) struct archive *a = NULL;
	autofree(str) char *path = journal_path();
	int r;

	if (path && access(path, F_OK) < 0 && errno == ENOENT)
		return -ENOENT;
	a = path ? calloc(1, sizeof(*a)) : NULL;
	if (!a)
		return -ENOMEM;
	a->path = take(path);
	r = open_database(a, false);
	/* The index of the log can't be made where nothing may be written; without a log none is needed. */
	if (r < 0 && r != -EPROTO && r != -EBADMSG && !has_log(a))
		r = open_database(a, true);
	if (r < 0) {
		explain(a, r, ret_error);
		return r;
	}
	*ret = take(a);
	return 0;
}

struct archive *archive_free(struct archive *a)
{
	if (!a)
		return NULL;
	sqlite3_close(a->db);
	free(a->path);
	free(a);
	return NULL;
}

/* --- matching --- */

/* In lower case; NULL when out of memory. What isn't text in the locale is taken byte by byte. */
static wchar_t *fold(const char *text)
{
	size_t len = strlen(text), n = 0;
	wchar_t *out = calloc(len + 1, sizeof(*out));
	mbstate_t state = {0};

	while (out && len > 0) {
		wchar_t c = 0;
		size_t bytes = mbrtowc(&c, text, len, &state);

		if (bytes == 0 || bytes > len) {
			c = (wchar_t)(unsigned char)*text;
			bytes = 1;
			memset(&state, 0, sizeof(state));
		}
		out[n++] = (wchar_t)towlower((wint_t)c);
		text += bytes;
		len -= bytes;
	}
	return out;
}

/* Return: 1 or 0, -ENOMEM. */
static int contains(const char *text, const wchar_t *folded)
{
	wchar_t *here = fold(text);
	int found = here ? wcsstr(here, folded) != NULL : -ENOMEM;

	free(here);
	return found;
}

static int equals(const char *text, const wchar_t *folded)
{
	wchar_t *here = fold(text);
	int found = here ? wcscmp(here, folded) == 0 : -ENOMEM;

	free(here);
	return found;
}

/* --- walking --- */

struct walk {
	sqlite3_stmt *ids, *row;
	wchar_t *app, *text; /* folded; NULL: any */
	int (*ping)(void *data, const struct ping *p, const char *body);
	void *data;
	size_t n_found;
};

static const char *column_text(sqlite3_stmt *stmt, int at)
{
	const char *s = (const char *)sqlite3_column_text(stmt, at);

	return s ? s : "";
}

static struct ping read_ping(sqlite3_stmt *stmt)
{
	return (struct ping){
		.id = (uint32_t)sqlite3_column_int64(stmt, 0),
		.seq = sqlite3_column_int64(stmt, 1),
		.state = (enum ping_state)sqlite3_column_int(stmt, 2),
		.reason = (enum close_reason)sqlite3_column_int(stmt, 3),
		.urgency = (enum urgency)sqlite3_column_int(stmt, 4),
		.arrived_us = sqlite3_column_int64(stmt, 5),
		.due.wall_us = sqlite3_column_int64(stmt, 6),
		.changed_us = sqlite3_column_int64(stmt, 7),
		.sender = "",
		.app = column_text(stmt, 8),
		.desktop_entry = column_text(stmt, 9),
		.category = column_text(stmt, 10),
		.tag = "",
		.summary = column_text(stmt, 11),
		.rule = column_text(stmt, 12),
		.trace = "",
	};
}

/* The row of w->row. Return: 0, or a negative errno. */
static int visit(struct walk *w)
{
	struct ping p = read_ping(w->row);
	autofree(str) char *body = NULL;
	const void *wire;
	int r = 1;

	if (w->app)
		r = equals(p.app, w->app);
	if (r <= 0)
		return r;
	wire = sqlite3_column_blob(w->row, 13);
	body = stored_body(wire, (size_t)sqlite3_column_bytes(w->row, 13));
	if (!body)
		return -ENOMEM;
	if (w->text) {
		r = contains(p.summary, w->text);
		if (r == 0)
			r = contains(body, w->text);
	}
	if (r <= 0)
		return r;
	w->n_found++;
	return w->ping(w->data, &p, body);
}

static int walk_rows(struct walk *w, size_t limit, bool *ret_is_journal)
{
	int r = SQLITE_ROW, error = 0;

	while (error == 0 && w->n_found < limit && (r = sqlite3_step(w->ids)) == SQLITE_ROW) {
		sqlite3_bind_int64(w->row, 1, sqlite3_column_int64(w->ids, 0));
		r = sqlite3_step(w->row);
		if (r == SQLITE_ROW)
			error = visit(w);
		sqlite3_reset(w->row);
		if (to_errno(r) < 0)
			break;
	}
	*ret_is_journal = error == 0;
	return error < 0 ? error : to_errno(r);
}

/* --- one of them, and those that were held --- */

#define HELD_COLUMNS                                                                            \
	"id, seq, state, reason, urgency, arrived, due, changed, app, desktop_entry, category," \
	" summary, rule, due_reason, until, released, digest, ruleset, trace"

static struct ping read_held(sqlite3_stmt *stmt)
{
	struct ping p = read_ping(stmt);

	p.due.reason = (enum due_reason)sqlite3_column_int(stmt, 13);
	p.until = (enum hold_until)sqlite3_column_int(stmt, 14);
	p.released_us = sqlite3_column_int64(stmt, 15);
	p.digest = (enum rule_digest)sqlite3_column_int(stmt, 16);
	p.ruleset = sqlite3_column_int64(stmt, 17);
	p.trace = column_text(stmt, 18);
	return p;
}

void archive_item_done(struct archive_item *item)
{
	item->ping = ping_free(item->ping);
	free(item->rules);
	item->rules = NULL;
}

char *archive_remembered(struct archive *a, const char *key)
{
	sqlite3_stmt *stmt = NULL;
	char *value = NULL;
	int r = sqlite3_prepare_v2(a->db, "SELECT value FROM meta WHERE key = ?1", -1, &stmt, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	if (r == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		value = strdup(column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return value;
}

int archive_find(struct archive *a, uint32_t id, struct archive_item *ret, char **ret_error)
{
	static const char sql[] = "SELECT " HELD_COLUMNS " FROM ping WHERE id = ?1 AND kind = 0";
	struct archive_item item = {0};
	sqlite3_stmt *stmt = NULL;
	char key[40];
	int r = to_errno(sqlite3_prepare_v2(a->db, sql, -1, &stmt, NULL));

	if (r == 0)
		r = to_errno(sqlite3_bind_int64(stmt, 1, id));
	if (r == 0) {
		int step = sqlite3_step(stmt);

		r = step == SQLITE_DONE ? -ENOENT : to_errno(step);
		if (step == SQLITE_ROW) {
			struct ping p = read_held(stmt);

			item.ping = ping_copy(&p);
			r = item.ping ? 0 : -ENOMEM;
		}
	}
	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		explain(a, r, ret_error);
	sqlite3_finalize(stmt);
	if (r < 0)
		return r;
	snprintf(key, sizeof(key), "ruleset:%lld", (long long)item.ping->ruleset);
	item.rules = archive_remembered(a, key);
	*ret = item;
	return 0;
}

int archive_held(struct archive *a, int (*ping)(void *data, const struct ping *p), void *data,
		 char **ret_error)
{
	static const char sql[] = "SELECT " HELD_COLUMNS " FROM ping WHERE kind = 0 AND due > 0"
				  " AND (released > 0 OR state = 0) ORDER BY seq";
	sqlite3_stmt *stmt = NULL;
	int error = 0, r = sqlite3_prepare_v2(a->db, sql, -1, &stmt, NULL);

	while (error == 0 && (r == SQLITE_OK || r == SQLITE_ROW)) {
		r = sqlite3_step(stmt);
		if (r == SQLITE_ROW) {
			struct ping p = read_held(stmt);

			error = ping(data, &p);
		}
	}
	if (error == 0 && to_errno(r) < 0) {
		error = to_errno(r);
		explain(a, error, ret_error);
	}
	sqlite3_finalize(stmt);
	return error;
}

int archive_each(struct archive *a, const struct archive_query *query,
		 int (*ping)(void *data, const struct ping *p, const char *body), void *data,
		 char **ret_error)
{
	/* The rows are sorted by number alone: their messages may be large. */
	static const char ids_sql[] =
		"SELECT id FROM ping WHERE kind = 0 AND arrived >= ?1 ORDER BY seq DESC, id DESC";
	static const char row_sql[] =
		"SELECT id, seq, state, reason, urgency, arrived, due, changed, app, desktop_entry,"
		" category, summary, rule, wire FROM ping WHERE id = ?1";
	struct walk w = {.ping = ping, .data = data};
	bool is_journal = true;
	int r;

	w.app = query->app ? fold(query->app) : NULL;
	w.text = query->text ? fold(query->text) : NULL;
	r = (query->app && !w.app) || (query->text && !w.text) ? -ENOMEM : 0;
	/* One transaction: a row that is gone in between would be no fault, but would be missed. */
	if (r == 0)
		r = to_errno(sqlite3_exec(a->db, "BEGIN", NULL, NULL, NULL));
	if (r == 0)
		r = to_errno(sqlite3_prepare_v2(a->db, ids_sql, -1, &w.ids, NULL));
	if (r == 0)
		r = to_errno(sqlite3_prepare_v2(a->db, row_sql, -1, &w.row, NULL));
	if (r == 0)
		r = to_errno(sqlite3_bind_int64(w.ids, 1, query->since_us));
	if (r == 0)
		r = walk_rows(&w, query->limit, &is_journal);
	if (r < 0 && is_journal)
		explain(a, r, ret_error);
	sqlite3_finalize(w.ids);
	sqlite3_finalize(w.row);
	sqlite3_exec(a->db, "ROLLBACK", NULL, NULL, NULL);
	free(w.app);
	free(w.text);
	return r;
}
