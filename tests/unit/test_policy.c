/*
 * Policy: the table in tests/cases/policy.txt, and what holds whatever a notification says.
 *
 * The table's file is an argument, or tests/cases/policy.txt from the top of the tree.
 */
#include "daemon/core/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *table_path = "tests/cases/policy.txt";

static const struct notification plain = {
	.app = "Chat",
	.desktop_entry = "org.example.Chat",
	.category = "",
	.tag = "",
	.summary = "Hello",
	.body = "",
	.urgency = URGENCY_NORMAL,
};

/* One line of the table, cut at its tabs. */
struct row {
	char *focus, *urgency, *category, *what, *verdict, *rule;
};

static bool cut_row(char *line, struct row *ret)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return false;
	ret->focus = strsep(&line, "\t");
	ret->urgency = strsep(&line, "\t");
	ret->category = strsep(&line, "\t");
	ret->what = strsep(&line, "\t");
	ret->verdict = strsep(&line, "\t");
	ret->rule = strsep(&line, "\t");
	return true;
}

/* Where in @words, which are in the order of an enum from 0, is @word? */
static int place_of(int line, const char *word, const char *const *words, int n_words)
{
	for (int i = 0; i < n_words; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	fail_msg("line %d: what is '%s'?", line, word);
	return 0;
}

static void check_row(int line, const struct row *row)
{
	/* "batch": focus is off, and deliveries are on; "both": both are. */
	static const char *const switches[] = {"off", "on", "batch", "both"};
	static const char *const whats[] = {"no", "osd", "claim", "probe"};
	static const char *const urgencies[] = {"low", "normal", "critical"};
	static const char *const verdicts[] = {"deliver", "hold", "drop", "break"};
	int on = place_of(line, row->focus, switches, 4);
	struct policy_context context = {.is_focus_on = on & 1, .is_batching = on & 2};
	struct notification n = plain;
	int expected = place_of(line, row->verdict, verdicts, 4);
	bool is_breakthrough = expected == 3;
	struct verdict v;

	n.urgency = (enum urgency)place_of(line, row->urgency, urgencies, 3);
	n.category = strcmp(row->category, "-") == 0 ? "" : row->category;
	place_of(line, row->what, whats, 4);
	n.is_osd = strcmp(row->what, "osd") == 0;
	n.claims_probe = strcmp(row->what, "claim") == 0 || strcmp(row->what, "probe") == 0;
	n.is_probe = strcmp(row->what, "probe") == 0;
	v = policy_decide(&n, &context);
	if ((int)v.kind != (is_breakthrough ? VERDICT_DELIVER : expected) ||
	    v.is_breakthrough != is_breakthrough || strcmp(v.rule, row->rule) != 0)
		fail_msg("line %d: '%s' was decided %s%s by %s", line, row->category,
			 verdicts[v.kind], v.is_breakthrough ? ", breaking through," : "", v.rule);
}

static void verdicts_are_those_of_the_table(void **state LULL_UNUSED)
{
	FILE *f = fopen(table_path, "re");
	autofree(str) char *line = NULL;
	size_t size = 0;
	int n = 0, n_rows = 0;
	struct row row;

	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", table_path,
			 strerror(errno));
	while (getline(&line, &size, f) >= 0) {
		n++;
		if (!cut_row(line, &row))
			continue;
		if (!row.rule)
			fail_msg("line %d: six fields are needed", n);
		check_row(n, &row);
		n_rows++;
	}
	fclose(f);
	assert_in_range(n_rows, 40, 1000);
}

static void every_verdict_names_its_rule(void **state LULL_UNUSED)
{
	for (int bits = 0; bits < 24; bits++) {
		struct policy_context context = {.is_focus_on = bits & 1};
		struct notification n = plain;
		struct verdict v;

		n.is_osd = bits & 2;
		n.is_probe = bits & 4;
		n.urgency = (enum urgency)(bits / 8);
		v = policy_decide(&n, &context);
		assert_non_null(v.rule);
		assert_int_not_equal(v.rule[0], '\0');
		assert_true(v.kind == VERDICT_DELIVER || v.kind == VERDICT_HOLD);
		if (v.is_breakthrough)
			assert_true(context.is_focus_on && v.kind == VERDICT_DELIVER);
	}
}

static void text_and_names_do_not_matter_to_the_default_rules(void **state LULL_UNUSED)
{
	const struct policy_context focus = {.is_focus_on = true};
	struct notification n = plain;

	n.app = n.desktop_entry = n.tag = n.summary = n.body = "call.incoming";
	n.is_transient = true;
	assert_int_equal(policy_decide(&n, &focus).kind, VERDICT_HOLD);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_those_of_the_table),
		cmocka_unit_test(every_verdict_names_its_rule),
		cmocka_unit_test(text_and_names_do_not_matter_to_the_default_rules),
	};

	if (argc > 1)
		table_path = argv[1];
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
