#include "client/call.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The most that lulld gives at once. */
#define PAGE_ITEMS 500

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

static const char *text_of(const json_t *item, const char *name)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text ? text : "";
}

static json_int_t number_of(const json_t *item, const char *name)
{
	return json_integer_value(json_object_get(item, name));
}

static const char *urgency_name(json_int_t urgency)
{
	return urgency <= 0 ? "low" : urgency == 1 ? "normal" : "critical";
}

static int add_row(struct sink *to, const json_t *item)
{
	json_int_t due_us = number_of(item, "due");
	char id[24];
	char age[WHEN_TEXT_MAX];
	char due[WHEN_TEXT_MAX] = "-";
	const char *cells[] = {id, age, text_of(item, "app"), text_of(item, "summary"), due};

	snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, number_of(item, "id"));
	when_format_age(number_of(item, "arrived"), to->now_us, age);
	if (due_us > to->now_us)
		when_format(due_us, to->now_us, due);
	else if (due_us > 0)
		snprintf(due, sizeof(due), "now");
	return print_table_add(to->table, cells);
}

static int add_json(struct sink *to, const json_t *item)
{
	json_int_t due_us = number_of(item, "due");
	autofree(json) json_t *out =
		json_pack("{s:I, s:s, s:s, s:s, s:I, s:o, s:s}", "id", number_of(item, "id"), "app",
			  text_of(item, "app"), "summary", text_of(item, "summary"), "urgency",
			  urgency_name(number_of(item, "urgency")), "arrived",
			  number_of(item, "arrived"), "due",
			  due_us > 0 ? json_integer(due_us) : json_null(), "state",
			  text_of(item, "state"));

	fputs(to->n_items > 0 ? ",\n" : "\n", to->json);
	return print_json(to->json, out);
}

/* Asks for every page. Answers grow with what is held, so each page is let go before the next. */
static enum outcome fetch(struct call *c, struct sink *to)
{
	json_int_t after = 0;

	for (;;) {
		autofree(json) json_t *reply = NULL;
		const json_t *items;
		json_t *item;
		json_int_t next;
		enum outcome r;
		size_t i;

		r = call_method(c, "ListItems", "tu", json_pack("[I, i]", after, PAGE_ITEMS),
				CALL_RUNNING_ONLY, &reply);
		if (r != OUTCOME_DONE)
			return r;
		items = json_array_get(reply, 0);
		if (!json_is_array(items) || !json_is_integer(json_array_get(reply, 1)))
			return call_not_understood();
		json_array_foreach(items, i, item)
		{
			if ((to->table ? add_row(to, item) : add_json(to, item)) < 0)
				return call_no_memory();
			to->n_items++;
		}
		next = json_integer_value(json_array_get(reply, 1));
		if (next == 0)
			return OUTCOME_DONE;
		/* A page that doesn't lead on would be asked for for ever. */
		if (next <= after)
			return call_not_understood();
		after = next;
	}
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
	r = fetch(c, &to);
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
	r = fetch(c, &to);
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

/* Decimal, 1 to 2147483647, nothing else; 0 when it isn't one. */
static json_int_t read_id(const char *text)
{
	json_int_t id = 0;

	for (const char *s = text; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return 0;
		id = id * 10 + (*s - '0');
		if (id > INT32_MAX)
			return 0;
	}
	return id;
}

enum outcome release_run(const struct args *a)
{
	autofree(json) json_t *ids = json_array();
	autofree(json) json_t *reply = NULL;
	autofree(call) struct call *c = NULL;
	enum outcome r;
	json_int_t n;

	for (size_t i = 0; i < a->words.n_items; i++) {
		json_int_t id = read_id(a->words.items[i]);

		if (id == 0) {
			print_failure("'%s' isn't an id; 'lull list' shows the ids of what is held",
				      a->words.items[i]);
			return OUTCOME_USAGE;
		}
		if (json_array_append_new(ids, json_integer(id)) < 0)
			return call_no_memory();
	}
	r = call_open(&c);
	if (r != OUTCOME_DONE)
		return r;
	r = call_method(c, "Release", "au", json_pack("[O]", ids), CALL_RUNNING_ONLY, &reply);
	if (r != OUTCOME_DONE)
		return r;
	if (!json_is_integer(json_array_get(reply, 0)))
		return call_not_understood();
	n = json_integer_value(json_array_get(reply, 0));
	if (n == 0 && a->words.n_items > 0) {
		print_failure("none of these is held; 'lull list' shows what is");
		return OUTCOME_REFUSED;
	}
	printf(a->is_json ? "{\"released\":%" JSON_INTEGER_FORMAT "}\n"
			  : "released %" JSON_INTEGER_FORMAT "\n",
	       n);
	return OUTCOME_DONE;
}
