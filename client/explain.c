#include "client/explain.h"

#include "client/call.h"
#include "client/print.h"
#include "client/when.h"
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH_MAX 24

const char *explain_verdict_name(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_DELIVER: return "deliver";
	case VERDICT_HOLD: return "hold";
	case VERDICT_DROP: return "drop";
	}
	return "";
}

json_t *explain_instant(int64_t us)
{
	return us > 0 ? json_integer(us) : json_null();
}

json_t *explain_tokens(const char *tokens)
{
	autofree(str) char *copy = strdup(tokens);
	json_t *all = copy ? json_array() : NULL;
	char *rest = copy, *token;

	while (all && (token = strsep(&rest, ","))) {
		token += strspn(token, " ");
		if (*token)
			json_array_append_new(all, json_string(token));
	}
	return all;
}

/* "key = value", one after the other behind tabs, as an object. */
static json_t *read_keys(char *rest)
{
	json_t *keys = json_object();
	char *field;

	while (keys && (field = strsep(&rest, "\t"))) {
		char *value = strstr(field, " = ");

		if (!value)
			continue;
		*value = '\0';
		json_object_set_new(keys, field, json_string(value + strlen(" = ")));
	}
	return keys;
}

/* "NAME\tLINE\tkey = value..."; the line is used up. */
static json_t *read_rule(char *line, enum rule_outcome outcome)
{
	char *name = strsep(&line, "\t"), *number = strsep(&line, "\t");
	long at = number ? strtol(number, NULL, 10) : 0;

	return json_pack("{s:s, s:o, s:s, s:s, s:o}", "name", name, "line",
			 at > 0 ? json_integer(at) : json_null(), "outcome",
			 rule_outcome_name(outcome), "text", rule_outcome_text(outcome), "keys",
			 read_keys(line));
}

json_t *explain_rules(const char *rules, const unsigned char *outcomes, size_t n_outcomes)
{
	autofree(str) char *copy = strdup(rules);
	json_t *all = json_array();
	char *rest = copy, *line;
	size_t n = 0;

	while (all && n < n_outcomes && (line = strsep(&rest, "\n")) && *line) {
		enum rule_outcome outcome = (enum rule_outcome)outcomes[n++];

		if (json_array_append_new(all, read_rule(line, outcome)) < 0)
			break;
	}
	if (copy && n == n_outcomes && json_array_size(all) == n)
		return all;
	json_decref(all);
	return NULL;
}

static void print_place(const char *path, json_int_t line)
{
	if (line > 0) {
		print_text(stdout, path);
		printf(":%" JSON_INTEGER_FORMAT, line);
	} else {
		fputs("built in", stdout);
	}
}

/* The rule that decided, among those that were asked; NULL: it was none of them. */
static const json_t *find_decider(const json_t *rules, const char *name)
{
	const json_t *last = json_array_get(rules, json_array_size(rules) - 1);

	return json_array_size(rules) > 0 && strcmp(call_text(last, "name"), name) == 0 ? last
											: NULL;
}

static void print_keys(const json_t *rule)
{
	json_t *keys = json_object_get(rule, "keys"), *value;
	const char *key, *comma = " ";

	json_object_foreach(keys, key, value)
	{
		fputs(comma, stdout);
		print_text(stdout, key);
		fputs(" = ", stdout);
		print_text(stdout, json_string_value(value));
		comma = "; ";
	}
}

static void print_rule(const json_t *rule, const char *path, size_t width)
{
	const char *outcome = call_text(rule, "outcome"), *name = call_text(rule, "name");
	bool has_matched = strcmp(outcome, "decided") == 0 || strcmp(outcome, "insisted") == 0 ||
			   strcmp(outcome, "changed") == 0 || strcmp(outcome, "budget") == 0 ||
			   strcmp(outcome, "repeat") == 0;

	fputs("  ", stdout);
	print_text(stdout, name);
	printf("%*s  ", (int)(width > print_width(name) ? width - print_width(name) : 0), "");
	print_text(stdout, call_text(rule, "text"));
	if (has_matched) {
		putchar(':');
		print_keys(rule);
	}
	fputs(" (", stdout);
	print_place(path, call_number(rule, "line"));
	fputs(")\n", stdout);
}

static void print_rules(const json_t *rules, const char *path)
{
	size_t width = 0, i;
	json_t *rule;

	json_array_foreach(rules, i, rule) width =
		MAX(width, MIN(print_width(call_text(rule, "name")), NAME_WIDTH_MAX));
	json_array_foreach(rules, i, rule)
	{
		print_rule(rule, path, width);
	}
}

static const char *verdict_word(const json_t *it)
{
	const char *verdict = call_text(it, "verdict");
	bool breaks = json_is_true(json_object_get(it, "breakthrough"));

	if (strcmp(verdict, "hold") == 0)
		return "held";
	if (strcmp(verdict, "drop") == 0)
		return "dropped";
	return breaks ? "delivered at once, through focus" : "delivered at once";
}

static void print_by(const json_t *it, const char *path)
{
	const char *rule = call_text(it, "rule");
	const json_t *decider = find_decider(json_object_get(it, "rules"), rule);

	if (decider) {
		fputs(", by [rule ", stdout);
		print_text(stdout, rule);
		fputs("] (", stdout);
		print_place(path, call_number(decider, "line"));
		putchar(')');
	} else if (strcmp(rule, "focus") == 0) {
		fputs(", because focus is on and no rule lets it through", stdout);
	} else if (strcmp(rule, "delivery") == 0) {
		fputs(", because it waits for the next delivery and no rule lets it through",
		      stdout);
	} else if (strcmp(rule, "no-focus") == 0) {
		fputs(", because nothing is held", stdout);
	} else {
		fputs(", by ", stdout);
		print_text(stdout, rule);
	}
}

static void print_tokens(const json_t *tokens)
{
	json_t *token;
	size_t i;

	printf("%-10s", "Focus");
	json_array_foreach(tokens, i, token)
	{
		fputs(i > 0 ? ", " : "", stdout);
		print_text(stdout, json_string_value(token));
	}
	if (json_array_size(tokens) == 0)
		fputs("off", stdout);
}

void explain_print(const json_t *it, const char *path, int64_t now_us)
{
	json_int_t due = call_number(it, "due");
	char when[WHEN_TEXT_MAX];

	printf("%-10s%s", "Verdict", verdict_word(it));
	print_by(it, path);
	putchar('\n');
	if (due > 0) {
		when_format(due, now_us, when);
		printf("%-10s%s: ", "Due", when);
		print_text(stdout, call_text(it, "due_text"));
		putchar('\n');
	}
	print_tokens(json_object_get(it, "tokens"));
	fputs(json_is_true(json_object_get(it, "batching")) ? "; between deliveries\n" : "\n",
	      stdout);
	if (strcmp(call_text(it, "urgency"), call_text(it, "came")) != 0) {
		printf("%-10s", "Urgency");
		print_text(stdout, call_text(it, "urgency"));
		fputs(", came as ", stdout);
		print_text(stdout, call_text(it, "came"));
		putchar('\n');
	}
	if (json_array_size(json_object_get(it, "rules")) > 0) {
		puts("Rules");
		print_rules(json_object_get(it, "rules"), path);
	}
}
