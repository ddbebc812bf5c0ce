/*
 * The manual of lull.conf is what the table of settings says, and values are written as they are read.
 *
 * After a change of the table: build/unit-manual --write
 */
#include "config/manual.h"

#include "config/duration.h"
#include "config/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char manual_path[] = "docs/lull.conf.5.scd";

static void shipped_manual_is_what_the_table_writes(void **state LULL_UNUSED)
{
	autofree(str) char *written = NULL, *shipped = NULL;
	size_t size = 0, shipped_size = 0;
	FILE *out = open_memstream(&written, &size), *f = fopen(manual_path, "re");

	assert_non_null(out);
	manual_write(out);
	assert_int_equal(fclose(out), 0);
	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", manual_path,
			 strerror(errno));
	assert_true(getdelim(&shipped, &shipped_size, '\0', f) > 0);
	fclose(f);
	assert_string_equal(written, shipped);
}

static void values_are_written_as_they_are_typed(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = settings_new(NULL);
	autofree(str) char *error = NULL;
	struct settings_entry e;
	size_t n = 0, n_rows = 0, count;
	const struct setting *table = settings_table(&count);

	assert_non_null(s);
	/* A block has every row of its section; a rule has what it sets, and those here are built in. */
	assert_int_equal(settings_open_section(s, "block work", 7, &error), 0);
	for (size_t i = 0; i < count; i++)
		n_rows += table[i].scope != SETTING_IN_RULE;
	for (size_t i = 0; settings_entry(s, i, &e); i++) {
		autofree(str) char *value = settings_value(&e);

		assert_int_equal(e.line, 0);
		assert_true(e.is_built_in == (e.row->scope == SETTING_IN_RULE));
		if (e.is_built_in)
			continue;
		assert_string_equal(value, e.row->default_text);
		n++;
	}
	assert_int_equal(n, n_rows);
}

static void a_written_duration_is_read_as_the_same(void **state LULL_UNUSED)
{
	static const int64_t seconds[] = {1, 59, 60, 61, 3600, 5400, 86399, 86400, 93784, 31622400};
	char buf[DURATION_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		int64_t us = 0;

		duration_write(seconds[i] * USEC_PER_SEC, buf);
		assert_int_equal(duration_parse(buf, &us), 0);
		assert_true(us == seconds[i] * USEC_PER_SEC);
	}
	duration_write(5400 * USEC_PER_SEC, buf);
	assert_string_equal(buf, "1h30m");
	duration_write(0, buf);
	assert_string_equal(buf, "0s");
	duration_write(INT64_MAX, buf);
	assert_string_equal(buf, "106751991d4h54s");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_manual_is_what_the_table_writes),
		cmocka_unit_test(values_are_written_as_they_are_typed),
		cmocka_unit_test(a_written_duration_is_read_as_the_same),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		FILE *out = fopen(manual_path, "we");

		if (!out)
			return 1;
		manual_write(out);
		return fclose(out) == 0 ? 0 : 1;
	}
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
