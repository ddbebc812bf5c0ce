/*
 * Durations: the table in tests/cases/durations.txt, and what must hold for any text.
 *
 * The table's file is an argument, or tests/cases/durations.txt from the top of the tree.
 */
#include "config/duration.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *table_path = "tests/cases/durations.txt";

/* One line of the table, cut at its tabs. */
struct row {
	char *text, *expected, *formatted;
};

static bool cut_row(char *line, struct row *ret)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#')
		return false;
	ret->text = strsep(&line, "\t");
	ret->expected = strsep(&line, "\t");
	ret->formatted = strsep(&line, "\t");
	if (!ret->formatted)
		return false;
	for (char *p = ret->text; *p; p++)
		*p = *p == '~' ? '\t' : *p;
	return true;
}

static void check_row(int line, const struct row *row)
{
	char formatted[DURATION_TEXT_MAX];
	int64_t us = -1;
	int r = duration_parse(row->text, &us);

	if (strcmp(row->expected, "EINVAL") == 0 || strcmp(row->expected, "ERANGE") == 0) {
		int expected = row->expected[1] == 'I' ? -EINVAL : -ERANGE;

		if (r != expected || us != -1)
			fail_msg("line %d: '%s' gave %d and %" PRId64, line, row->text, r, us);
		return;
	}
	if (r != 0 || us != strtoll(row->expected, NULL, 10))
		fail_msg("line %d: '%s' gave %d and %" PRId64, line, row->text, r, us);
	duration_format(us, formatted);
	if (strcmp(formatted, row->formatted) != 0)
		fail_msg("line %d: '%s' is written '%s'", line, row->text, formatted);
}

static void durations_are_read_and_written_as_the_table_says(void **state LULL_UNUSED)
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
		check_row(n, &row);
		n_rows++;
	}
	fclose(f);
	assert_in_range(n_rows, 80, 1000);
}

static void extreme_values_fit_the_buffer(void **state LULL_UNUSED)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{INT64_MIN, "0 s"},
		{-1, "0 s"},
		{0, "0 s"},
		{USEC_PER_SEC - 1, "0 s"},
		{INT64_MAX, "106751991 d 4 h"},
		{INT64_MAX - INT64_C(5) * 3600 * USEC_PER_SEC, "106751990 d 23 h"},
	};
	char buf[DURATION_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		duration_format(cases[i].us, buf);
		assert_string_equal(buf, cases[i].text);
	}
}

static void what_is_written_can_be_read_again(void **state LULL_UNUSED)
{
	char first[DURATION_TEXT_MAX], second[DURATION_TEXT_MAX];
	int64_t us;

	for (int64_t s = 1; s <= DURATION_MAX_US / USEC_PER_SEC; s += 1 + s / 50) {
		duration_format(s * USEC_PER_SEC, first);
		assert_int_equal(duration_parse(first, &us), 0);
		assert_in_range(us, 1, s * USEC_PER_SEC);
		duration_format(us, second);
		assert_string_equal(first, second);
	}
}

static void any_text_of_five_characters_is_refused_or_in_range(void **state LULL_UNUSED)
{
	static const char alphabet[] = "09 dhms-\xc2";
	const size_t n = sizeof(alphabet) - 1;
	size_t total = 1;
	char text[6] = "";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		total *= n;
	for (size_t i = 0; i < total; i++) {
		size_t rest = i;
		int64_t us = 0;
		int r;

		for (size_t j = 0; j < sizeof(text) - 1; j++, rest /= n)
			text[j] = alphabet[rest % n];
		r = duration_parse(text, &us);
		if (r == 0 ? us <= 0 || us > DURATION_MAX_US : us != 0)
			fail_msg("'%s' gave %d and %" PRId64, text, r, us);
		if (r != 0 && r != -EINVAL && r != -ERANGE)
			fail_msg("'%s' gave %d", text, r);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_and_written_as_the_table_says),
		cmocka_unit_test(extreme_values_fit_the_buffer),
		cmocka_unit_test(what_is_written_can_be_read_again),
		cmocka_unit_test(any_text_of_five_characters_is_refused_or_in_range),
	};

	if (argc > 1)
		table_path = argv[1];
	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
