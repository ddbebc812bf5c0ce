/*
 * What is on record.
 */
#include "client/archive.h"
#include "client/call.h"
#include "client/items.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include "client/words.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000000

static const struct print_column columns[] = {
	{.title = "ID", .is_number = true},
	{.title = "TIME"},
	{.title = "APP", .max_width = 20},
	{.title = "SUMMARY", .max_width = 60, .is_elastic = true},
	{.title = "STATE"},
};

/* Exactly one of the two is set. */
struct sink {
	struct print_table *table;
	FILE *json;
	int64_t now_us;
	size_t n_items;
};

static int add_row(struct sink *to, const struct ping *p)
{
	char id[16];
	char when[WHEN_TEXT_MAX];
	const char *cells[] = {id, when, p->app, p->summary, ping_state_name(p->state)};

	snprintf(id, sizeof(id), "%u", p->id);
	when_format(p->arrived_us, to->now_us, when);
	return print_table_add(to->table, cells);
}

static json_t *instant(int64_t us)
{
	return us > 0 ? json_integer(us) : json_null();
}

static int add_json(struct sink *to, const struct ping *p, const char *body)
{
	json_int_t reason = p->state < PING_LIVE_STATES ? 0 : (json_int_t)p->reason;
	autofree(json) json_t *out =
		json_pack("{s:I, s:o, s:o, s:o, s:s, s:I, s:o, s:s, s:I, s:I, s:o}", "id",
			  (json_int_t)p->id, "app", print_json_text(p->app), "summary",
			  print_json_text(p->summary), "body", print_json_text(body), "urgency",
			  items_urgency((json_int_t)p->urgency), "arrived",
			  (json_int_t)p->arrived_us, "due", instant(p->due.wall_us), "state",
			  ping_state_name(p->state), "changed", (json_int_t)p->changed_us, "reason",
			  reason, "rule", print_json_text(p->rule));

	if (!out)
		return -ENOMEM;
	fputs(to->n_items > 0 ? ",\n" : "\n", to->json);
	return print_json(to->json, out);
}

static int add(void *data, const struct ping *p, const char *body)
{
	struct sink *to = data;
	int r = to->table ? add_row(to, p) : add_json(to, p, body);

	to->n_items++;
	return r;
}

static enum outcome read_limit(const char *text, size_t *ret)
{
	size_t n = 0;

	if (!text) {
		*ret = LIMIT_DEFAULT;
		return OUTCOME_DONE;
	}
	for (const char *s = text; *s && n <= LIMIT_MAX; s++) {
		if (*s < '0' || *s > '9') {
			n = 0;
			break;
		}
		n = n * 10 + (size_t)(*s - '0');
	}
	if (n == 0 || n > LIMIT_MAX) {
		print_failure("'%s' isn't a limit; write a number from 1 to %d", text, LIMIT_MAX);
		return OUTCOME_USAGE;
	}
	*ret = n;
	return OUTCOME_DONE;
}

/* Without a journal nothing is on record: that is no failure. */
static enum outcome read_archive(const struct archive_query *query, struct sink *to)
{
	autofree(archive) struct archive *archive = NULL;
	autofree(str) char *error = NULL;
	int r = archive_open(&archive, &error);

	if (r == 0)
		r = archive_each(archive, query, add, to, &error);
	if (r == -ENOMEM)
		return call_no_memory();
	if (r < 0 && r != -ENOENT) {
		print_failure("the journal can't be read: %s", error ? error : strerror(-r));
		return OUTCOME_REFUSED;
	}
	return OUTCOME_DONE;
}

static enum outcome history_json(const struct archive_query *query, struct sink *to)
{
	autofree(str) char *text = NULL;
	size_t size = 0;
	enum outcome r;

	to->json = open_memstream(&text, &size);
	if (!to->json)
		return call_no_memory();
	r = read_archive(query, to);
	if (fclose(to->json) != 0 && r == OUTCOME_DONE)
		return call_no_memory();
	if (r == OUTCOME_DONE)
		printf("[%s%s]\n", text, to->n_items > 0 ? "\n" : "");
	return r;
}

static enum outcome history_table(const struct archive_query *query, struct sink *to)
{
	autofree(print_table) struct print_table *table =
		print_table_new(columns, ARRAY_SIZE(columns));
	enum outcome r;

	if (!table)
		return call_no_memory();
	to->table = table;
	r = read_archive(query, to);
	if (r == OUTCOME_DONE && to->n_items > 0)
		print_table_write(table, stdout);
	return r;
}

enum outcome history_run(const struct args *a)
{
	struct archive_query query = {.app = a->app, .text = a->grep};
	struct sink to = {.now_us = when_now()};
	bool is_filtered = a->since || a->app || a->grep;
	enum outcome r;

	r = read_limit(a->limit, &query.limit);
	if (r == OUTCOME_DONE && a->since)
		r = words_since(a->since, &query.since_us);
	if (r == OUTCOME_DONE)
		r = a->is_json ? history_json(&query, &to) : history_table(&query, &to);
	if (r != OUTCOME_DONE || to.n_items > 0)
		return r;
	if (is_filtered) {
		print_failure("nothing on record matches");
		return OUTCOME_REFUSED;
	}
	if (!a->is_json)
		puts("nothing is on record");
	return OUTCOME_DONE;
}
