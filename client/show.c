/*
 * One notification whole.
 */
#include "client/items.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include "client/words.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *instant(json_int_t us)
{
	return us > 0 ? json_integer(us) : json_null();
}

static const char *reason_name(json_int_t reason)
{
	static const char *const names[] = {NULL, "expired", "dismissed", "closed by its sender",
					    "undefined"};

	return reason > 0 && reason < (json_int_t)ARRAY_SIZE(names) ? names[reason] : NULL;
}

static enum outcome show_json(const json_t *item)
{
	autofree(json) json_t *out = json_deep_copy(item);
	json_t *actions = json_array();
	const json_t *from = json_object_get(item, "actions");

	for (size_t i = 0; i + 1 < json_array_size(from); i += 2)
		json_array_append_new(actions,
				      json_pack("{s:O, s:O}", "key", json_array_get(from, i),
						"label", json_array_get(from, i + 1)));
	json_object_del(out, "seq");
	if (json_object_set_new(out, "actions", actions) < 0 ||
	    json_object_set_new(out, "urgency",
				json_string(items_urgency(call_number(item, "urgency")))) < 0 ||
	    json_object_set_new(out, "due", instant(call_number(item, "due"))) < 0 ||
	    print_json(stdout, out) < 0)
		return call_no_memory();
	putchar('\n');
	return OUTCOME_DONE;
}

static void print_field(const char *name, const char *text)
{
	if (!text[0])
		return;
	printf("%-10s", name);
	print_text(stdout, text);
	putchar('\n');
}

static void print_state(const json_t *item, int64_t now_us)
{
	const char *state = call_text(item, "state");
	const char *reason = reason_name(call_number(item, "reason"));
	json_int_t due = call_number(item, "due");
	char text[WHEN_TEXT_MAX];

	printf("%-10s", "State");
	print_text(stdout, state);
	if (reason && strcmp(reason, state) != 0)
		printf(" (%s)", reason);
	if (call_number(item, "changed") > 0) {
		when_format(call_number(item, "changed"), now_us, text);
		printf(" since %s", text);
	}
	if (due > 0 && (strcmp(state, "held") == 0 || strcmp(state, "snoozed") == 0)) {
		const char *reason_of_due =
			strcmp(state, "held") == 0 ? call_text(item, "due_reason") : "";

		when_format(due, now_us, text);
		printf(", due %s%s%s%s", text, *reason_of_due ? " (" : "", reason_of_due,
		       *reason_of_due ? ")" : "");
	}
	putchar('\n');
}

static void print_actions(const json_t *actions)
{
	for (size_t i = 0; i + 1 < json_array_size(actions); i += 2) {
		const char *key = json_string_value(json_array_get(actions, i));
		const char *label = json_string_value(json_array_get(actions, i + 1));

		printf("%-10s", i == 0 ? "Buttons" : "");
		print_text(stdout, key ? key : "");
		fputs(": ", stdout);
		print_text(stdout, label ? label : "");
		putchar('\n');
	}
}

/* Its line breaks are its own; whatever else is in it is escaped. */
static void print_body(const char *body)
{
	while (*body) {
		size_t length = strcspn(body, "\n");
		autofree(str) char *line = strndup(body, length);

		if (line)
			print_text(stdout, line);
		putchar('\n');
		body += length;
		body += *body == '\n';
	}
}

/* What each rule came to is a verb of its own. */
static void print_rule(const json_t *item)
{
	const char *rule = call_text(item, "rule");

	if (!*rule)
		return;
	printf("%-10s", "Rule");
	print_text(stdout, rule);
	printf(" ('lull why %" JSON_INTEGER_FORMAT "' says more)\n", call_number(item, "id"));
}

static void show_text(const json_t *item)
{
	int64_t now = when_now();
	bool has_colour = print_has_colour(stdout);
	json_int_t expire = call_number(item, "expire");
	char when[WHEN_TEXT_MAX];
	char age[WHEN_TEXT_MAX];

	fputs(has_colour ? "\033[1m" : "", stdout);
	print_text(stdout, call_text(item, "summary"));
	puts(has_colour ? "\033[0m" : "");
	print_body(call_text(item, "body"));
	putchar('\n');
	printf("%-10s%" JSON_INTEGER_FORMAT "\n", "Id", call_number(item, "id"));
	print_field("App", call_text(item, "app"));
	when_format(call_number(item, "arrived"), now, when);
	when_format_age(call_number(item, "arrived"), now, age);
	if (strcmp(age, "now") == 0)
		printf("%-10s%s (just now)\n", "Arrived", when);
	else
		printf("%-10s%s (%s ago)\n", "Arrived", when, age);
	print_state(item, now);
	print_rule(item);
	print_field("Urgency", items_urgency(call_number(item, "urgency")));
	print_actions(json_object_get(item, "actions"));
	print_field("Category", call_text(item, "category"));
	print_field("Desktop", call_text(item, "desktop_entry"));
	print_field("Icon", call_text(item, "icon"));
	if (expire == 0)
		print_field("Timeout", "never");
	else if (expire > 0)
		printf("%-10s%" JSON_INTEGER_FORMAT " ms\n", "Timeout", expire);
	print_field("Sender", call_text(item, "sender"));
}

enum outcome show_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	autofree(json) json_t *reply = NULL;
	autofree(call) struct call *c = NULL;
	const json_t *item;
	enum outcome r;

	r = words_ids(&a->words, 1, &ids);
	if (r == OUTCOME_DONE)
		r = call_open(&c);
	if (r == OUTCOME_DONE)
		r = call_method(c, "GetItem", "u", take(ids), CALL_RUNNING_ONLY, &reply);
	if (r != OUTCOME_DONE)
		return r;
	item = json_array_get(reply, 0);
	if (!json_is_integer(json_object_get(item, "id")) ||
	    !json_is_array(json_object_get(item, "actions")))
		return call_not_understood();
	if (a->is_json)
		return show_json(item);
	show_text(item);
	return OUTCOME_DONE;
}
