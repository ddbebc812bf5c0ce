/*
 * The journal: what was committed is there again, whatever happens to the process or the disk.
 *
 * Real SQLite files in a directory of their own. A disk that refuses writes is RLIMIT_FSIZE; a crash is a
 * child that leaves without a word.
 */
#include "daemon/journal/journal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_ID 0x40000000u
#define LAST_ID 0x7fffffffu

/* 2026-01-01 12:00 UTC */
#define NOON INT64_C(1767268800000000)

struct fixture {
	char top[64];  /* made and removed */
	char dir[80];  /* the journal's, in it; not there at first */
	char copy[80]; /* of it */
	char db[96];
	struct journal *j;
};

/* --- the disk --- */

static void disk_refuses(bool is_refusing)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = is_refusing ? 512 : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->top, "/tmp/lull-journal-XXXXXX");
	if (!mkdtemp(f->top)) {
		free(f);
		return -1;
	}
	snprintf(f->dir, sizeof(f->dir), "%s/a/lull", f->top);
	snprintf(f->copy, sizeof(f->copy), "%s/copy", f->top);
	snprintf(f->db, sizeof(f->db), "%s/journal.db", f->dir);
	*state = f;
	return 0;
}

static int remove_fixture(void **state)
{
	struct fixture *f = *state;

	disk_refuses(false);
	f->j = journal_free(f->j);
	nftw(f->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static struct journal *open_anyhow(const char *dir, const char **ret_why)
{
	struct journal *j = NULL;
	int holder = 0;

	assert_int_equal(journal_open(dir, false, &j, ret_why, &holder), 0);
	assert_non_null(j);
	return j;
}

static struct journal *open_on_disk(const char *dir)
{
	const char *why = NULL;
	struct journal *j = open_anyhow(dir, &why);

	if (why)
		fail_msg("%s", why);
	assert_int_equal(journal_place(j), JOURNAL_ON_DISK);
	return j;
}

static void reopen(struct fixture *f)
{
	f->j = journal_free(f->j);
	f->j = open_on_disk(f->dir);
}

/* What another program would do to the file. */
static void edit(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The caller frees it. */
static char *read_file(const char *path, size_t *ret_bytes)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	long n;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	n = ftell(file);
	rewind(file);
	bytes = malloc((size_t)n + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)n, file), n);
	fclose(file);
	*ret_bytes = (size_t)n;
	return bytes;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void copy_one(const struct fixture *f, const char *name)
{
	autofree(str) char *bytes = NULL;
	char path[128];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	if (access(path, R_OK) < 0)
		return;
	bytes = read_file(path, &n);
	snprintf(path, sizeof(path), "%s/%s", f->copy, name);
	write_file(path, bytes, n);
}

/* --- rows --- */

static struct ping example(uint32_t id, enum ping_state state, int64_t batch, const char *summary)
{
	return (struct ping){
		.id = id,
		.state = state,
		.batch = batch,
		.urgency = URGENCY_NORMAL,
		.arrived_us = NOON,
		.sender = ":1.7",
		.app = "Chat",
		.desktop_entry = "",
		.category = "",
		.tag = "",
		.summary = summary,
		.rule = "focus",
		.trace = "",
		.wire = "wire",
		.wire_bytes = 4,
	};
}

static uint32_t next_id(struct journal *j)
{
	uint32_t id = 0;

	assert_int_equal(journal_next_id(j, &id), 0);
	return id;
}

static void put_at(struct journal *j, uint32_t id, enum ping_state state, int64_t batch,
		   const char *summary)
{
	struct ping p = example(id, state, batch, summary);

	assert_int_equal(journal_put(j, &p, NULL), 0);
	assert_true(p.seq > 0);
	assert_int_equal(p.seq, journal_last_seq(j));
}

static uint32_t put(struct journal *j, enum ping_state state, int64_t batch, const char *summary)
{
	uint32_t id = next_id(j);

	put_at(j, id, state, batch, summary);
	return id;
}

static void change(struct journal *j, uint32_t id, enum ping_state state, int64_t batch,
		   uint32_t display_id)
{
	autofree(ping) struct ping *p = NULL;
	struct ping_change c;

	assert_int_equal(journal_get(j, id, &p), 0);
	c = ping_change_of(p);
	c.state = state;
	c.batch = batch;
	c.display_id = display_id;
	assert_int_equal(journal_change(j, p, &c), 0);
	assert_int_equal(p->state, state);
	assert_int_equal(p->display_id, display_id);
}

static void assert_row(struct journal *j, uint32_t id, enum ping_state state, const char *summary)
{
	autofree(ping) struct ping *p = NULL;

	assert_int_equal(journal_get(j, id, &p), 0);
	assert_int_equal(p->id, id);
	assert_int_equal(p->state, state);
	assert_string_equal(p->summary, summary);
}

/* The summaries of a state, in the order in which they are walked. */
static void assert_order(struct journal *j, enum ping_state state, const char *expected)
{
	struct ping_query q = {.state = state, .last_batch = INT64_MAX};
	char found[256] = "";
	int r = 0;

	while (r == 0) {
		autofree(ping) struct ping *p = NULL;

		r = journal_next(j, &q, &p);
		if (r != 0)
			break;
		assert_int_equal(p->state, state);
		q.batch = p->batch;
		q.after_seq = p->seq;
		if (found[0])
			strncat(found, " ", sizeof(found) - strlen(found) - 1);
		strncat(found, p->summary, sizeof(found) - strlen(found) - 1);
	}
	assert_int_equal(r, -ENOENT);
	assert_string_equal(found, expected);
}

static void assert_displayed(struct journal *j, uint32_t display_id, const char *summary)
{
	autofree(ping) struct ping *p = NULL;
	int r = journal_by_display(j, display_id, &p);

	assert_int_equal(r, summary ? 0 : -ENOENT);
	if (summary)
		assert_string_equal(p->summary, summary);
}

/* The display_ids from 1 on, separated by spaces. */
static void assert_all_displayed(struct journal *j, const char *expected)
{
	char found[256] = "";
	uint32_t after = 0;
	int r = 0;

	while (r == 0) {
		autofree(ping) struct ping *p = NULL;
		char one[16];

		r = journal_next_displayed(j, after, &p);
		if (r != 0)
			break;
		after = p->display_id;
		snprintf(one, sizeof(one), found[0] ? " %u" : "%u", after);
		strncat(found, one, sizeof(found) - strlen(found) - 1);
	}
	assert_int_equal(r, -ENOENT);
	assert_string_equal(found, expected);
}

/* The summaries of all that is on record, from the highest id down. */
static void assert_back(struct journal *j, const char *expected)
{
	char found[256] = "";
	uint32_t before = UINT32_MAX;
	int r = 0;

	while (r == 0) {
		autofree(ping) struct ping *p = NULL;

		r = journal_before(j, before, &p);
		if (r != 0)
			break;
		assert_true(p->id < before);
		before = p->id;
		if (found[0])
			strncat(found, " ", sizeof(found) - strlen(found) - 1);
		strncat(found, p->summary, sizeof(found) - strlen(found) - 1);
	}
	assert_int_equal(r, -ENOENT);
	assert_string_equal(found, expected);
}

static struct journal_token token_until(int64_t ends_us, const char *label)
{
	struct journal_token t = {
		.token.clock = TOKEN_BY_WALL,
		.token.since_wall_us = NOON,
		.token.ends_wall_us = ends_us,
		.token.ends_boot_us = 5,
		.boot_id = "00000000-0000-0000-0000-000000000001",
	};

	snprintf(t.token.label, sizeof(t.token.label), "%s", label);
	return t;
}

static void assert_tokens(struct journal *j, size_t n, const char *first_label)
{
	struct journal_token tokens[FOCUS_TOKENS_MAX];

	assert_int_equal(journal_tokens(j, tokens, ARRAY_SIZE(tokens)), n);
	if (n > 0)
		assert_string_equal(tokens[0].token.label, first_label);
}

/* --- opening --- */

static void only_the_user_may_read_it(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm",
					    "lock"};
	mode_t mask = umask(0);
	struct stat st;
	char path[128];

	f->j = open_on_disk(f->dir);
	put(f->j, PING_HELD, 0, "a");
	journal_commit(f->j);
	umask(mask);
	assert_int_equal(stat(f->dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void a_second_process_is_told_who_has_it(void **state)
{
	struct fixture *f = *state;
	int status = 0, own_pid = getpid();
	pid_t child;

	f->j = open_on_disk(f->dir);
	child = fork();
	if (child == 0) {
		struct journal *j = NULL;
		const char *why = NULL;
		int holder = 0;
		int r = journal_open(f->dir, false, &j, &why, &holder);

		_exit(r != -EBUSY ? 1 : holder != own_pid ? 2 : j ? 3 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	put(f->j, PING_HELD, 0, "a");
	journal_commit(f->j);
	assert_int_equal(journal_place(f->j), JOURNAL_ON_DISK);
}

static void loose_modes_are_tightened_at_start(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	reopen(f);
	put(f->j, PING_HELD, 0, "a");
	f->j = journal_free(f->j);
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(chmod(f->db, 0644), 0);
	f->j = open_on_disk(f->dir);
	assert_int_equal(stat(f->dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(f->db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_order(f->j, PING_HELD, "a");
}

static void a_damaged_file_is_put_aside(void **state)
{
	struct fixture *f = *state;
	static const char garbage[] =
		"This is no database, and it is longer than a header of SQLite's"
		" which is a hundred bytes long, all in all; so it is read.";
	autofree(str) char *kept = NULL;
	char pattern[128];
	const char *notice = NULL;
	glob_t found;
	size_t n = 0;

	reopen(f);
	f->j = journal_free(f->j);
	write_file(f->db, garbage, sizeof(garbage));
	f->j = open_anyhow(f->dir, &notice);
	assert_int_equal(journal_place(f->j), JOURNAL_ON_DISK);
	snprintf(pattern, sizeof(pattern), "%s/journal.db.damaged-*", f->dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_non_null(notice);
	assert_string_equal(notice, found.gl_pathv[0]);
	kept = read_file(found.gl_pathv[0], &n);
	globfree(&found);
	assert_int_equal(n, sizeof(garbage));
	assert_memory_equal(kept, garbage, n);
	put(f->j, PING_HELD, 0, "a");
	reopen(f);
	assert_order(f->j, PING_HELD, "a");
}

static void a_journal_from_a_newer_lull_is_not_touched(void **state)
{
	struct fixture *f = *state;
	autofree(str) char *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	const char *why = NULL;
	uint32_t id;

	reopen(f);
	put(f->j, PING_HELD, 0, "a");
	f->j = journal_free(f->j);
	edit(f->db, "PRAGMA user_version=99");
	before = read_file(f->db, &n_before);
	f->j = open_anyhow(f->dir, &why);
	assert_non_null(why);
	assert_non_null(strstr(why, "newer"));
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	id = put(f->j, PING_HELD, 0, "b");
	journal_commit(f->j);
	assert_false(journal_recover(f->j));
	assert_row(f->j, id, PING_HELD, "b");
	f->j = journal_free(f->j);
	after = read_file(f->db, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_after);
}

/* Not even its header: the newer one may have had a reason for another journal mode. */
static void a_newer_journal_in_another_mode_is_not_converted(void **state)
{
	struct fixture *f = *state;
	autofree(str) char *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	const char *why = NULL;

	reopen(f);
	f->j = journal_free(f->j);
	edit(f->db, "PRAGMA journal_mode=DELETE; PRAGMA user_version=99");
	before = read_file(f->db, &n_before);
	f->j = open_anyhow(f->dir, &why);
	assert_non_null(why);
	f->j = journal_free(f->j);
	after = read_file(f->db, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_after);
}

/* --- ids --- */

static void ids_begin_at_the_first_and_1024_are_reserved_at_a_time(void **state)
{
	struct fixture *f = *state;
	int n_writes = 0;

	f->j = open_on_disk(f->dir);
	for (uint32_t i = 0; i < 4096; i++) {
		journal_commit(f->j);
		assert_int_equal(next_id(f->j), FIRST_ID + i);
		n_writes += journal_is_dirty(f->j);
	}
	assert_int_equal(n_writes, 4);
}

static void ids_do_not_come_again_after_a_restart(void **state)
{
	struct fixture *f = *state;
	uint32_t last = 0;

	for (int i = 0; i < 5; i++) {
		reopen(f);
		for (int k = 0; k < 700; k++) {
			uint32_t id = next_id(f->j);

			assert_true(id > last);
			last = id;
		}
	}
}

static void ids_do_not_come_again_in_a_copy_of_the_files(void **state)
{
	struct fixture *f = *state;
	struct journal *copy;
	uint32_t id = 0, first;

	f->j = open_on_disk(f->dir);
	for (int i = 0; i < 1500; i++)
		id = put(f->j, PING_HELD, 0, "x");
	journal_commit(f->j);
	assert_int_equal(mkdir(f->copy, 0700), 0);
	copy_one(f, "journal.db");
	copy_one(f, "journal.db-wal");
	copy = open_on_disk(f->copy);
	first = next_id(copy);
	assert_int_equal(journal_count(copy, PING_HELD), 1500);
	assert_true(journal_last_seq(copy) >= journal_last_seq(f->j));
	journal_free(copy);
	assert_true(first > id);
}

static void what_was_committed_survives_a_crash(void **state)
{
	struct fixture *f = *state;
	uint32_t given = 0;
	int status = 0, fds[2];
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		struct journal *j = open_on_disk(f->dir);
		struct journal_token t = token_until(NOON + 1, "Report");

		for (int i = 0; i < 2000; i++) {
			given = put(j, PING_HELD, 0, "kept");
			if (i % 100 == 99)
				journal_commit(j);
		}
		assert_int_equal(journal_put_tokens(j, &t, 1), 0);
		journal_commit(j);
		given = put(j, PING_HELD, 0, "not committed");
		_exit(write(fds[1], &given, sizeof(given)) != sizeof(given));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], &given, sizeof(given)), sizeof(given));
	close(fds[0]);
	close(fds[1]);
	f->j = open_on_disk(f->dir);
	assert_int_equal(journal_count(f->j, PING_HELD), 2000);
	for (uint32_t i = 0; i < 2000; i++)
		assert_row(f->j, FIRST_ID + i, PING_HELD, "kept");
	assert_tokens(f->j, 1, "Report");
	assert_true(next_id(f->j) > given);
}

static void after_the_last_id_those_of_live_ones_are_left_out(void **state)
{
	struct fixture *f = *state;

	reopen(f);
	put(f->j, PING_HELD, 0, "a");
	put(f->j, PING_SHOWN, 0, "b");
	put(f->j, PING_CLOSED, 0, "c");
	put(f->j, PING_QUARANTINED, 0, "d");
	f->j = journal_free(f->j);
	edit(f->db, "UPDATE meta SET value='2147483646' WHERE key='reserved_id'");
	f->j = open_on_disk(f->dir);
	assert_int_equal(next_id(f->j), LAST_ID - 1);
	assert_int_equal(next_id(f->j), LAST_ID);
	assert_int_equal(next_id(f->j), FIRST_ID + 2);
	assert_int_equal(next_id(f->j), FIRST_ID + 4);
	put_at(f->j, FIRST_ID + 1500, PING_HELD, 0, "e");
	reopen(f);
	for (uint32_t id = 0; id < FIRST_ID + 3000;) {
		id = next_id(f->j);
		assert_int_not_equal(id, FIRST_ID + 1500);
	}
}

static void the_very_last_id_is_given_once(void **state)
{
	struct fixture *f = *state;

	reopen(f);
	put(f->j, PING_HELD, 0, "a");
	f->j = journal_free(f->j);
	edit(f->db, "UPDATE meta SET value='2147483647' WHERE key='reserved_id'");
	f->j = open_on_disk(f->dir);
	assert_int_equal(put(f->j, PING_HELD, 0, "last"), LAST_ID);
	assert_int_equal(next_id(f->j), FIRST_ID + 1);
	reopen(f);
	assert_in_range(next_id(f->j), FIRST_ID + 2, FIRST_ID + 2000);
	assert_row(f->j, LAST_ID, PING_HELD, "last");
}

static void an_id_that_lull_did_not_choose_is_not_given_while_it_lives(void **state)
{
	struct fixture *f = *state;

	f->j = open_on_disk(f->dir);
	put_at(f->j, FIRST_ID + 1, PING_HELD, 0, "adopted");
	put_at(f->j, FIRST_ID + 1500, PING_HELD, 0, "adopted too");
	put_at(f->j, 5, PING_HELD, 0, "of another kind");
	assert_int_equal(next_id(f->j), FIRST_ID);
	assert_int_equal(next_id(f->j), FIRST_ID + 2);
	reopen(f);
	for (uint32_t id = 0; id < FIRST_ID + 3000;) {
		id = next_id(f->j);
		assert_int_not_equal(id, FIRST_ID + 1500);
	}
}

/* --- rows --- */

static void a_row_comes_back_as_it_was_put(void **state)
{
	struct fixture *f = *state;
	static const char wire[] = "l\0\1\xff\0";
	autofree(ping) struct ping *q = NULL;
	struct ping p = {
		.id = FIRST_ID + 9,
		.state = PING_ANNOUNCED,
		.kind = PING_OWN,
		.batch = INT64_MAX,
		.announces = 12,
		.display_id = UINT32_MAX,
		.reason = CLOSE_BY_CALL,
		.tries = 2,
		.urgency = URGENCY_CRITICAL,
		.arrived_us = INT64_MIN,
		.due = {NOON, DUE_RULE},
		.until = HOLD_NEXT,
		.released_us = NOON - 1,
		.digest = RULE_DIGEST_COUNT,
		.ruleset = 7,
		.trace = "1;10;0;0;1;b;manual",
		.changed_us = NOON + 1,
		.bus = 3,
		.sender = ":1.99",
		.app = "Käse",
		.desktop_entry = "org.example",
		.category = "im.received",
		.tag = "volume",
		.summary = "'); DROP TABLE ping; --",
		.rule = "critical",
		.wire = wire,
		.wire_bytes = sizeof(wire),
	};

	f->j = open_on_disk(f->dir);
	assert_int_equal(journal_put(f->j, &p, NULL), 0);
	reopen(f);
	assert_int_equal(journal_get(f->j, p.id, &q), 0);
	assert_int_equal(q->seq, p.seq);
	assert_int_equal(q->state, p.state);
	assert_int_equal(q->kind, p.kind);
	assert_int_equal(q->batch, p.batch);
	assert_int_equal(q->announces, p.announces);
	assert_int_equal(q->display_id, p.display_id);
	assert_int_equal(q->reason, p.reason);
	assert_int_equal(q->tries, p.tries);
	assert_int_equal(q->urgency, p.urgency);
	assert_true(q->arrived_us == p.arrived_us);
	assert_int_equal(q->due.wall_us, p.due.wall_us);
	assert_int_equal(q->due.reason, p.due.reason);
	assert_int_equal(q->until, p.until);
	assert_int_equal(q->released_us, p.released_us);
	assert_int_equal(q->digest, p.digest);
	assert_int_equal(q->ruleset, p.ruleset);
	assert_string_equal(q->trace, p.trace);
	assert_int_equal(q->changed_us, p.changed_us);
	assert_int_equal(q->bus, p.bus);
	assert_string_equal(q->sender, p.sender);
	assert_string_equal(q->app, p.app);
	assert_string_equal(q->desktop_entry, p.desktop_entry);
	assert_string_equal(q->category, p.category);
	assert_string_equal(q->tag, p.tag);
	assert_string_equal(q->summary, p.summary);
	assert_string_equal(q->rule, p.rule);
	assert_int_equal(q->wire_bytes, sizeof(wire));
	assert_memory_equal(q->wire, wire, sizeof(wire));
	assert_displayed(f->j, UINT32_MAX, p.summary);
	assert_all_displayed(f->j, "4294967295");
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	autofree(ping) struct ping *p = NULL;
	struct batch batch;

	f->j = open_on_disk(f->dir);
	put(f->j, PING_HELD, 0, "a");
	assert_int_equal(journal_get(f->j, 1, &p), -ENOENT);
	assert_int_equal(journal_by_display(f->j, 0, &p), -ENOENT);
	assert_int_equal(journal_next_displayed(f->j, 0, &p), -ENOENT);
	assert_int_equal(journal_batch(f->j, 1, &batch), -ENOENT);
	assert_int_equal(journal_unfinished_batch(f->j, 0, &batch), -ENOENT);
	assert_null(journal_meta(f->j, "nothing"));
	assert_null(p);
}

static void a_replaced_row_keeps_its_place(void **state)
{
	struct fixture *f = *state;
	autofree(ping) struct ping *old = NULL;
	struct ping p;
	uint32_t id;

	f->j = open_on_disk(f->dir);
	put(f->j, PING_HELD, 0, "a");
	id = put(f->j, PING_HELD, 0, "b");
	put(f->j, PING_HELD, 0, "c");
	assert_int_equal(journal_get(f->j, id, &old), 0);
	p = example(id, PING_HELD, 0, "B");
	p.seq = old->seq;
	assert_int_equal(journal_put(f->j, &p, old), 0);
	assert_order(f->j, PING_HELD, "a B c");
	assert_int_equal(journal_count(f->j, PING_HELD), 3);
	reopen(f);
	assert_order(f->j, PING_HELD, "a B c");
	assert_int_equal(journal_count(f->j, PING_HELD), 3);
}

static void rows_are_walked_by_state_batch_and_arrival(void **state)
{
	struct fixture *f = *state;
	struct ping_query q = {.state = PING_RELEASING, .batch = 1, .last_batch = 1};
	autofree(ping) struct ping *p = NULL, *none = NULL;
	uint32_t moved;

	f->j = open_on_disk(f->dir);
	put(f->j, PING_RELEASING, 2, "late");
	put(f->j, PING_RELEASING, 1, "a");
	put(f->j, PING_HELD, 0, "held");
	put(f->j, PING_RELEASING, 0, "alone");
	moved = put(f->j, PING_HELD, 0, "moved");
	put(f->j, PING_CLOSED, 1, "gone");
	put(f->j, PING_RELEASING, 1, "b");
	assert_order(f->j, PING_RELEASING, "alone a b late");
	assert_order(f->j, PING_HELD, "held moved");
	assert_order(f->j, PING_CLOSED, "");
	change(f->j, moved, PING_RELEASING, 1, 0);
	assert_order(f->j, PING_RELEASING, "alone a moved b late");
	reopen(f);
	assert_order(f->j, PING_RELEASING, "alone a moved b late");
	/* Only of the first batch, after its last one. */
	assert_int_equal(journal_next(f->j, &q, &p), 0);
	assert_string_equal(p->summary, "a");
	q.after_seq = journal_last_seq(f->j);
	assert_int_equal(journal_next(f->j, &q, &none), -ENOENT);
}

static void rows_are_counted_by_state(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b;

	f->j = open_on_disk(f->dir);
	a = put(f->j, PING_HELD, 0, "a");
	b = put(f->j, PING_HELD, 0, "b");
	put(f->j, PING_SHOWN, 0, "c");
	put(f->j, PING_SHOWN, 4, "d");
	change(f->j, a, PING_SHOWN, 4, 7);
	change(f->j, b, PING_WITHDRAWN, 0, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(journal_count(f->j, PING_HELD), 0);
		assert_int_equal(journal_count(f->j, PING_SHOWN), 3);
		assert_int_equal(journal_count(f->j, PING_WITHDRAWN), 0);
		assert_int_equal(journal_count_open(f->j), 2);
		reopen(f);
	}
	change(f->j, a, PING_CLOSED, 4, 7);
	assert_int_equal(journal_count(f->j, PING_SHOWN), 2);
	assert_int_equal(journal_count_open(f->j), 1);
}

static void what_the_display_has_is_found_by_its_id(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b;

	f->j = open_on_disk(f->dir);
	a = put(f->j, PING_RELEASING, 0, "a");
	b = put(f->j, PING_RELEASING, 0, "b");
	put(f->j, PING_HELD, 0, "c");
	change(f->j, a, PING_SHOWN, 0, 9);
	change(f->j, b, PING_SHOWN, 0, 3);
	assert_displayed(f->j, 9, "a");
	assert_displayed(f->j, 4, NULL);
	assert_all_displayed(f->j, "3 9");
	change(f->j, b, PING_CLOSED, 0, 3);
	assert_all_displayed(f->j, "3 9");
	assert_back(f->j, "c b a");
	change(f->j, b, PING_CLOSED, 0, 0);
	assert_all_displayed(f->j, "9");
	assert_displayed(f->j, 0, NULL);
}

static void tokens_batches_and_meta_come_back(void **state)
{
	struct fixture *f = *state;
	struct journal_token tokens[3] = {token_until(NOON, "first"), token_until(NOON, "second"),
					  token_until(INT64_MAX, "third")};
	struct journal_token read_back[FOCUS_TOKENS_MAX];
	struct batch one = {.form = BATCH_DIGEST, .stage = BATCH_TELLING, .last_seq = 9}, two = {0};
	struct batch found = {0};
	autofree(str) char *value = NULL;

	f->j = open_on_disk(f->dir);
	assert_int_equal(journal_put_tokens(f->j, tokens, 3), 0);
	assert_int_equal(journal_put_batch(f->j, &one), 0);
	assert_int_equal(journal_put_batch(f->j, &two), 0);
	assert_int_equal(one.number, 1);
	assert_int_equal(two.number, 2);
	assert_int_equal(journal_put_meta(f->j, "key", "old"), 0);
	assert_int_equal(journal_put_meta(f->j, "key", "new"), 0);
	reopen(f);
	assert_int_equal(journal_tokens(f->j, read_back, ARRAY_SIZE(read_back)), 3);
	assert_memory_equal(read_back, tokens, sizeof(tokens));
	assert_int_equal(journal_tokens(f->j, read_back, 1), 1);
	assert_int_equal(journal_unfinished_batch(f->j, 0, &found), 0);
	assert_int_equal(found.number, 1);
	assert_int_equal(found.last_seq, 9);
	assert_int_equal(found.form, BATCH_DIGEST);
	one.stage = BATCH_TOLD;
	assert_int_equal(journal_put_batch(f->j, &one), 0);
	assert_int_equal(journal_unfinished_batch(f->j, 0, &found), 0);
	assert_int_equal(found.number, 2);
	found = (struct batch){0};
	assert_int_equal(journal_put_batch(f->j, &found), 0);
	assert_int_equal(found.number, 3);
	value = journal_meta(f->j, "key");
	assert_non_null(value);
	assert_string_equal(value, "new");
	assert_int_equal(journal_put_tokens(f->j, tokens, 0), 0);
	reopen(f);
	assert_tokens(f->j, 0, NULL);
}

/* --- a disk that refuses --- */

static void nothing_is_lost_when_a_commit_fails(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b, c;

	f->j = open_on_disk(f->dir);
	a = put(f->j, PING_HELD, 0, "a");
	b = put(f->j, PING_HELD, 0, "b");
	journal_commit(f->j);
	c = put(f->j, PING_HELD, 0, "c");
	change(f->j, a, PING_SHOWN, 0, 7);
	disk_refuses(true);
	put(f->j, PING_HELD, 0, "d");
	journal_commit(f->j);
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	assert_non_null(journal_why(f->j));
	assert_false(journal_is_dirty(f->j));
	assert_row(f->j, a, PING_SHOWN, "a");
	assert_row(f->j, b, PING_HELD, "b");
	assert_row(f->j, c, PING_HELD, "c");
	assert_order(f->j, PING_HELD, "b c d");
	assert_order(f->j, PING_SHOWN, "a");
	assert_displayed(f->j, 7, "a");
	assert_int_equal(journal_count(f->j, PING_HELD), 3);
	assert_int_equal(journal_count(f->j, PING_SHOWN), 1);
	assert_false(journal_recover(f->j));
	assert_order(f->j, PING_HELD, "b c d");
	disk_refuses(false);
	assert_true(journal_recover(f->j));
	assert_int_equal(journal_place(f->j), JOURNAL_ON_DISK);
	assert_null(journal_why(f->j));
	for (int i = 0; i < 2; i++) {
		assert_order(f->j, PING_HELD, "b c d");
		assert_order(f->j, PING_SHOWN, "a");
		assert_int_equal(journal_count(f->j, PING_HELD), 3);
		assert_int_equal(journal_count(f->j, PING_SHOWN), 1);
		reopen(f);
	}
}

static void nothing_is_lost_when_a_write_fails_before_the_commit(void **state)
{
	struct fixture *f = *state;
	const size_t wire_bytes = 300000;
	autofree(str) char *wire = calloc(1, wire_bytes);
	uint32_t ids[12];

	assert_non_null(wire);
	f->j = open_on_disk(f->dir);
	journal_commit(f->j);
	disk_refuses(true);
	/* More than SQLite's cache: it must write in the middle of the transaction. */
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct ping p = example(next_id(f->j), PING_HELD, 0, "big");

		p.wire = wire;
		p.wire_bytes = wire_bytes;
		assert_int_equal(journal_put(f->j, &p, NULL), 0);
		ids[i] = p.id;
	}
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	journal_commit(f->j);
	disk_refuses(false);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(journal_count(f->j, PING_HELD), ARRAY_SIZE(ids));
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			autofree(ping) struct ping *p = NULL;

			assert_int_equal(journal_get(f->j, ids[i], &p), 0);
			assert_int_equal(p->wire_bytes, wire_bytes);
		}
		reopen(f);
	}
}

static void rows_in_memory_hide_those_in_the_file(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b, c, d, e;

	f->j = open_on_disk(f->dir);
	a = put(f->j, PING_RELEASING, 1, "a");
	b = put(f->j, PING_RELEASING, 1, "b");
	c = put(f->j, PING_RELEASING, 1, "c");
	d = put(f->j, PING_RELEASING, 2, "d");
	e = put(f->j, PING_HELD, 0, "e");
	change(f->j, a, PING_SHOWN, 1, 10);
	change(f->j, c, PING_SHOWN, 1, 20);
	journal_commit(f->j);
	disk_refuses(true);
	put(f->j, PING_RELEASING, 1, "new");
	journal_commit(f->j);
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	change(f->j, a, PING_CLOSED, 1, 0);
	change(f->j, b, PING_SHOWN, 1, 30);
	change(f->j, c, PING_SHOWN, 1, 5);
	change(f->j, e, PING_RELEASING, 1, 0);
	journal_commit(f->j);
	for (int i = 0; i < 4; i++) {
		assert_row(f->j, a, PING_CLOSED, "a");
		assert_row(f->j, b, PING_SHOWN, "b");
		assert_row(f->j, d, PING_RELEASING, "d");
		assert_order(f->j, PING_RELEASING, "e new d");
		assert_order(f->j, PING_SHOWN, "b c");
		assert_order(f->j, PING_HELD, "");
		assert_displayed(f->j, 10, NULL);
		assert_displayed(f->j, 20, NULL);
		assert_displayed(f->j, 5, "c");
		assert_displayed(f->j, 30, "b");
		assert_all_displayed(f->j, "5 30");
		assert_back(f->j, "new e d c b a");
		assert_int_equal(journal_count(f->j, PING_RELEASING), 3);
		assert_int_equal(journal_count(f->j, PING_SHOWN), 2);
		assert_int_equal(journal_count(f->j, PING_HELD), 0);
		assert_int_equal(journal_count_open(f->j), 2);
		disk_refuses(false);
		if (i == 1)
			assert_true(journal_recover(f->j));
		if (i == 2)
			reopen(f);
	}
}

static void of_those_due_at_once_the_lower_id_is_first_also_from_memory(void **state)
{
	struct fixture *f = *state;
	int64_t after_due_us = 0;
	uint32_t ids[3], after_id = 0;

	f->j = open_on_disk(f->dir);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct ping p = example(next_id(f->j), PING_HELD, 0, "due");

		p.due.wall_us = NOON;
		assert_int_equal(journal_put(f->j, &p, NULL), 0);
		ids[i] = p.id;
	}
	journal_commit(f->j);
	disk_refuses(true);
	change(f->j, ids[0], PING_HELD, 0, 1);
	change(f->j, ids[2], PING_HELD, 0, 2);
	journal_commit(f->j);
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		autofree(ping) struct ping *p = NULL;

		assert_int_equal(journal_next_due(f->j, PING_HELD, after_due_us, after_id, &p), 0);
		assert_int_equal(p->id, ids[i]);
		after_due_us = p->due.wall_us;
		after_id = p->id;
	}
	disk_refuses(false);
}

static void tokens_batches_and_meta_survive_a_refusal(void **state)
{
	struct fixture *f = *state;
	struct journal_token before = token_until(NOON, "before"),
			     after = token_until(NOON, "after");
	struct batch one = {.stage = BATCH_TELLING}, two = {.stage = BATCH_TELLING}, found;

	f->j = open_on_disk(f->dir);
	assert_int_equal(journal_put_tokens(f->j, &before, 1), 0);
	assert_int_equal(journal_put_batch(f->j, &one), 0);
	journal_commit(f->j);
	disk_refuses(true);
	assert_int_equal(journal_put_tokens(f->j, &after, 1), 0);
	assert_int_equal(journal_put_meta(f->j, "key", "value"), 0);
	one.stage = BATCH_TOLD;
	assert_int_equal(journal_put_batch(f->j, &one), 0);
	journal_commit(f->j);
	assert_int_equal(journal_put_batch(f->j, &two), 0);
	journal_commit(f->j);
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	for (int i = 0; i < 3; i++) {
		autofree(str) char *value = journal_meta(f->j, "key");

		assert_non_null(value);
		assert_string_equal(value, "value");
		assert_tokens(f->j, 1, "after");
		assert_int_equal(journal_unfinished_batch(f->j, 0, &found), 0);
		assert_int_equal(found.number, 2);
		assert_int_equal(journal_batch(f->j, 1, &found), 0);
		assert_int_equal(found.stage, BATCH_TOLD);
		disk_refuses(false);
		if (i == 0)
			assert_true(journal_recover(f->j));
		else
			reopen(f);
	}
}

static void ids_and_order_go_on_through_refusals(void **state)
{
	struct fixture *f = *state;
	uint32_t last = 0;

	f->j = open_on_disk(f->dir);
	for (int i = 0; i < 6; i++) {
		const char name[] = {(char)('0' + i), '\0'};

		disk_refuses(i % 2 == 1);
		for (int k = 0; k < 1100; k++) {
			uint32_t id = next_id(f->j);

			assert_true(id > last);
			last = id;
		}
		put(f->j, PING_HELD, 0, name);
		journal_commit(f->j);
		assert_int_equal(journal_place(f->j), i % 2);
		disk_refuses(false);
		assert_true(journal_recover(f->j));
	}
	reopen(f);
	assert_order(f->j, PING_HELD, "0 1 2 3 4 5");
	assert_true(next_id(f->j) > last);
}

/* --- no file at all --- */

/* A directory in the file's place, as long as @is_there. */
static void block_file(const struct fixture *f, bool is_there)
{
	char aside[128];

	snprintf(aside, sizeof(aside), "%s.aside", f->db);
	if (is_there) {
		assert_int_equal(rename(f->db, aside), 0);
		assert_int_equal(mkdir(f->db, 0700), 0);
	} else {
		assert_int_equal(rmdir(f->db), 0);
		assert_int_equal(rename(aside, f->db), 0);
	}
}

/* Start without the file, keep one notification, and get the file back. */
static uint32_t hold_blindly(struct fixture *f, const char *summary)
{
	const char *why = NULL;
	uint32_t id;

	f->j = journal_free(f->j);
	block_file(f, true);
	f->j = open_anyhow(f->dir, &why);
	assert_non_null(why);
	assert_int_equal(journal_place(f->j), JOURNAL_IN_MEMORY);
	id = put(f->j, PING_HELD, 0, summary);
	journal_commit(f->j);
	assert_false(journal_recover(f->j));
	assert_order(f->j, PING_HELD, summary);
	block_file(f, false);
	assert_true(journal_recover(f->j));
	return id;
}

static void what_was_held_without_a_file_joins_what_is_in_it(void **state)
{
	struct fixture *f = *state;

	reopen(f);
	put(f->j, PING_HELD, 0, "a");
	hold_blindly(f, "b");
	assert_order(f->j, PING_HELD, "a b");
	assert_int_equal(journal_count(f->j, PING_HELD), 2);
	put(f->j, PING_HELD, 0, "c");
	reopen(f);
	assert_order(f->j, PING_HELD, "a b c");
	assert_int_equal(journal_count(f->j, PING_HELD), 3);
}

static void two_starts_without_a_file_do_not_give_the_same_id(void **state)
{
	struct fixture *f = *state;
	uint32_t first, second;

	reopen(f);
	first = hold_blindly(f, "a");
	second = hold_blindly(f, "b");
	assert_int_equal(journal_count(f->j, PING_HELD), 2);
	assert_order(f->j, PING_HELD, "a b");
	assert_int_not_equal(first, second);
}

static void a_start_without_a_file_does_not_take_ids_back(void **state)
{
	struct fixture *f = *state;
	uint32_t high;

	reopen(f);
	put(f->j, PING_HELD, 0, "low");
	f->j = journal_free(f->j);
	edit(f->db, "UPDATE meta SET value='1879048192' WHERE key='reserved_id'");
	f->j = open_on_disk(f->dir);
	high = put(f->j, PING_HELD, 0, "high");
	hold_blindly(f, "blind");
	reopen(f);
	assert_true(next_id(f->j) > high);
}

static int ignore_limits(void **state LULL_UNUSED)
{
	/* A write beyond the limit shall fail, not kill. */
	return signal(SIGXFSZ, SIG_IGN) == SIG_ERR ? -1 : 0;
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, remove_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(only_the_user_may_read_it),
		JOURNAL_TEST(a_second_process_is_told_who_has_it),
		JOURNAL_TEST(loose_modes_are_tightened_at_start),
		JOURNAL_TEST(a_damaged_file_is_put_aside),
		JOURNAL_TEST(a_journal_from_a_newer_lull_is_not_touched),
		JOURNAL_TEST(a_newer_journal_in_another_mode_is_not_converted),
		JOURNAL_TEST(ids_begin_at_the_first_and_1024_are_reserved_at_a_time),
		JOURNAL_TEST(ids_do_not_come_again_after_a_restart),
		JOURNAL_TEST(ids_do_not_come_again_in_a_copy_of_the_files),
		JOURNAL_TEST(what_was_committed_survives_a_crash),
		JOURNAL_TEST(after_the_last_id_those_of_live_ones_are_left_out),
		JOURNAL_TEST(the_very_last_id_is_given_once),
		JOURNAL_TEST(an_id_that_lull_did_not_choose_is_not_given_while_it_lives),
		JOURNAL_TEST(a_row_comes_back_as_it_was_put),
		JOURNAL_TEST(what_is_not_there_is_not_found),
		JOURNAL_TEST(a_replaced_row_keeps_its_place),
		JOURNAL_TEST(rows_are_walked_by_state_batch_and_arrival),
		JOURNAL_TEST(rows_are_counted_by_state),
		JOURNAL_TEST(what_the_display_has_is_found_by_its_id),
		JOURNAL_TEST(tokens_batches_and_meta_come_back),
		JOURNAL_TEST(nothing_is_lost_when_a_commit_fails),
		JOURNAL_TEST(nothing_is_lost_when_a_write_fails_before_the_commit),
		JOURNAL_TEST(rows_in_memory_hide_those_in_the_file),
		JOURNAL_TEST(of_those_due_at_once_the_lower_id_is_first_also_from_memory),
		JOURNAL_TEST(tokens_batches_and_meta_survive_a_refusal),
		JOURNAL_TEST(ids_and_order_go_on_through_refusals),
		JOURNAL_TEST(what_was_held_without_a_file_joins_what_is_in_it),
		JOURNAL_TEST(two_starts_without_a_file_do_not_give_the_same_id),
		JOURNAL_TEST(a_start_without_a_file_does_not_take_ids_back),
	};

	return cmocka_run_group_tests_name("journal", tests, ignore_limits, NULL);
}
