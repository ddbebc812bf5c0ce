#include "client/call.h"
#include "client/items.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct print_column columns[] = {
	{.title = "ID", .is_number = true},
	{.title = "AGE"},
	{.title = "APP", .max_width = 20},
	{.title = "SUMMARY", .max_width = 60, .is_elastic = true},
	{.title = "DUE"},
};

/* Where the items of all pages go; exactly one of the two is set. */
struct sink {
	struct print_table *table;
	FILE *json;
	int64_t now_us;
	size_t n_items;
};

static int add_row(struct sink *to, const json_t *item)
{
	json_int_t due_us = call_number(item, "due");
	char id[24];
	char age[WHEN_TEXT_MAX];
	char due[WHEN_TEXT_MAX] = "-";
	const char *cells[] = {id, age, call_text(item, "app"), call_text(item, "summary"), due};

	snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, call_number(item, "id"));
	when_format_age(call_number(item, "arrived"), to->now_us, age);
	if (due_us > to->now_us)
		when_format(due_us, to->now_us, due);
	else if (due_us > 0)
		snprintf(due, sizeof(due), "now");
	else if (strcmp(call_text(item, "state"), "held") != 0)
		snprintf(due, sizeof(due), "%s", call_text(item, "state"));
	return print_table_add(to->table, cells);
}

static int add_json(struct sink *to, const json_t *item)
{
	json_int_t due_us = call_number(item, "due");
	autofree(json) json_t *out =
		json_pack("{s:I, s:s, s:s, s:s, s:I, s:o, s:s}", "id", call_number(item, "id"),
			  "app", call_text(item, "app"), "summary", call_text(item, "summary"),
			  "urgency", items_urgency(call_number(item, "urgency")), "arrived",
			  call_number(item, "arrived"), "due",
			  due_us > 0 ? json_integer(due_us) : json_null(), "state",
			  call_text(item, "state"));

	fputs(to->n_items > 0 ? ",\n" : "\n", to->json);
	return print_json(to->json, out);
}

static int add_item(void *data, const json_t *item)
{
	struct sink *to = data;
	int r = to->table ? add_row(to, item) : add_json(to, item);

	to->n_items++;
	return r;
}

/* Nothing is printed before all of it is there: half a list isn't JSON. */
static enum outcome list_json(struct call *c)
{
	autofree(str) char *text = NULL;
	size_t size = 0;
	struct sink to = {.json = open_memstream(&text, &size)};
	enum outcome r;

	if (!to.json)
		return call_no_memory();
	r = items_each(c, add_item, &to);
	if (fclose(to.json) != 0 && r == OUTCOME_DONE)
		return call_no_memory();
	if (r == OUTCOME_DONE)
		printf("[%s%s]\n", text, to.n_items > 0 ? "\n" : "");
	return r;
}

static enum outcome list_table(struct call *c)
{
	autofree(print_table) struct print_table *table =
		print_table_new(columns, ARRAY_SIZE(columns));
	struct sink to = {.table = table, .now_us = when_now()};
	enum outcome r;

	if (!table)
		return call_no_memory();
	r = items_each(c, add_item, &to);
	if (r != OUTCOME_DONE)
		return r;
	if (to.n_items == 0)
		puts("nothing is held");
	else
		print_table_write(table, stdout);
	return OUTCOME_DONE;
}

enum outcome list_run(const struct args *a)
{
	autofree(call) struct call *c = NULL;
	enum outcome r;

	r = call_open(&c);
	if (r != OUTCOME_DONE)
		return r;
	return a->is_json ? list_json(c) : list_table(c);
}
