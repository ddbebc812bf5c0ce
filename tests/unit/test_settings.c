/*
 * Settings: the table, what it accepts, and what it says about the rest.
 *
 * After a change of the table: build/unit-settings --write
 */
#include "config/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXPECTED_SECTIONS                                                                                                     \
	"expected one of [focus], [pomodoro], [block NAME], [rule NAME], [hold], [deliver], [release], [digest], [display], " \
	"[journal]"

static const char *conf_path = "config/lull.conf";

static struct settings *defaults(void)
{
	struct settings *s = settings_new(NULL);

	assert_non_null(s);
	return s;
}

static void defaults_are_those_of_the_design(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = defaults();

	assert_true(s->focus_default_us == INT64_C(50) * 60 * USEC_PER_SEC);
	assert_true(s->digest_above == 3);
	assert_true(s->digest_open == DIGEST_OPEN_SHOW_ALL);
	assert_string_equal(s->display_command, "");
	assert_int_equal(s->durability, DURABILITY_FULL);
	assert_int_equal(s->n_blocks, 0);
	assert_int_equal(s->deliver_at.n, 0);
	assert_int_equal(s->deliver_days, CALENDAR_DAILY);
}

static void a_mistake_makes_no_block(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = defaults();
	autofree(str) char *error = NULL;

	assert_int_equal(settings_set(s, "block work", "start", "9", &error), -EINVAL);
	assert_int_equal(s->n_blocks, 0);
	assert_int_equal(settings_set(s, "block work", "start", "9:00", &error), 0);
	assert_int_equal(settings_set(s, "block work", "end", "10:00", &error), 0);
	assert_int_equal(s->n_blocks, 1);
	assert_int_equal(s->blocks[0].start, 540);
	assert_int_equal(s->blocks[0].end, 600);
}

/* What is written differently in other programs, and how the message says it. */
static void what_is_meant_is_told(void **state LULL_UNUSED)
{
	static const struct {
		const char *section, *key, *value, *meant; /* NULL: not clear */
	} cases[] = {
		{"block w", "start", "9", "'09:00'"},
		{"block w", "start", "9.30", "'09:30'"},
		{"block w", "start", "9h", "'09:00'"},
		{"block w", "start", "0930", "'09:30'"},
		{"block w", "start", "900", "'09:00'"},
		{"block w", "start", "09:30:00", "'09:30'"},
		{"block w", "start", "9:30 am", "'09:30'"},
		{"block w", "start", "12AM", "'00:00'"},
		{"block w", "start", "12 pm", "'12:00'"},
		{"block w", "end", "5pm", "'17:00'"},
		{"block w", "end", "noon", "'12:00'"},
		{"block w", "end", "Midnight", "'00:00'"},
		{"block w", "start", "24:00", "'00:00'"},
		{"block w", "end", "24:01", NULL},
		{"block w", "end", "25:00", NULL},
		{"block w", "end", "9:5", NULL},
		{"block w", "end", "13pm", NULL},
		{"block w", "end", "0am", NULL},
		{"block w", "end", "09:30:15", NULL},
		{"block w", "end", "9-17", NULL},
		{"block w", "end", "99999999999", NULL},
		{"block w", "end", "", NULL},
		{"block w", "days", "mon tue", "'mon, tue'"},
		{"block w", "days", "Mon-Fri; sun", "'mon-fri, sun'"},
		{"block w", "days", "mon, wed,", "'mon, wed'"},
		{"block w", "days", ",", NULL},
		{"block w", "from", "2026-1-9", "'2026-01-09'"},
		{"block w", "from", "2026/12/24", "'2026-12-24'"},
		{"block w", "from", "24.12.2026", "'2026-12-24'"},
		{"block w", "from", "24/12/2026", "'2026-12-24'"},
		{"block w", "from", "12/24/2026", "'2026-12-24'"},
		{"block w", "from", "3/4/2026", NULL},
		{"block w", "from", "2026-02-30", "'2026-02-28'"},
		{"block w", "from", "2026-13-01", NULL},
		{"block w", "from", "2026-00-00", NULL},
		{"block w", "from", "2026-12", NULL},
		{"block w", "from", "2026-12/24", NULL},
		{"block w", "from", "26-12-24", NULL},
		{"block w", "except", "2026-12-24 2026-12-25", "'2026-12-24, 2026-12-25'"},
		{"block w", "except", "2026-12-24, xmas", NULL},
		{"deliver", "at", "9, 12:30", "'09:00, 12:30'"},
		{"deliver", "at", "9:00 12:30", "'09:00, 12:30'"},
		{"deliver", "at", "9 am; 5 pm", "'09:00, 17:00'"},
		{"deliver", "at", "12:00, 24:00", "'12:00, 00:00'"},
		{"deliver", "at", "hourly", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(settings) struct settings *s = defaults();
		autofree(str) char *error = NULL;
		const char *meant;

		assert_int_equal(settings_set(s, cases[i].section, cases[i].key, cases[i].value,
					      &error),
				 -EINVAL);
		meant = strstr(error, "; did you mean ");
		if (!cases[i].meant != !meant ||
		    (meant && (strncmp(meant + strlen("; did you mean "), cases[i].meant,
				       strlen(cases[i].meant)) != 0 ||
			       strcmp(meant + strlen("; did you mean ") + strlen(cases[i].meant),
				      "?") != 0)))
			fail_msg("%s", error);
	}
}

static void a_block_may_end_when_the_day_does(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = defaults();
	autofree(str) char *error = NULL;

	assert_int_equal(settings_set(s, "block late", "start", "18:00", &error), 0);
	assert_int_equal(settings_set(s, "block late", "end", "24:00", &error), 0);
	assert_int_equal(s->blocks[0].end, CALENDAR_DAY_ENDS);
}

static void dates_may_be_empty_as_their_default_is(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = defaults();
	autofree(str) char *error = NULL;

	assert_int_equal(settings_set(s, "block late", "from", "2026-01-01", &error), 0);
	assert_int_equal(settings_set(s, "block late", "from", "", &error), 0);
	assert_int_equal(settings_set(s, "block late", "until", "", &error), 0);
	assert_int_equal(s->blocks[0].from, CALENDAR_EVER);
	assert_int_equal(s->blocks[0].until, CALENDAR_FOREVER);
}

static void rows_are_whole_and_sections_stand_together(void **state LULL_UNUSED)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		const struct setting *row = &table[i];

		assert_in_range(strlen(row->section), 1, 49); /* inih cuts longer ones */
		assert_in_range(strlen(row->key), 1, 48);
		assert_non_null(row->default_text);
		assert_in_range(strlen(row->help), 20, 1000);
		assert_true(row->help[strlen(row->help) - 1] == '.');
		assert_true((row->type == SETTING_CHOICE) == (row->choices != NULL));
		assert_true(row->min <= row->max);
		assert_true((row->scope != SETTING_IN_FILE) == (row->example != NULL));
		for (size_t j = i + 1; j < count; j++) {
			bool same = strcmp(table[j].section, row->section) == 0;

			assert_false(same && strcmp(table[j].key, row->key) == 0);
			if (same)
				assert_string_equal(table[j - 1].section, row->section);
		}
	}
}

static void valid_values_are_taken(void **state LULL_UNUSED)
{
	static const struct {
		const char *section, *key, *value;
	} cases[] = {
		{"focus", "default", "1s"},          {"focus", "default", "24h"},
		{"focus", "default", "90"},          {"release", "digest_above", "0"},
		{"release", "digest_above", "1000"}, {"release", "digest_above", "0007"},
		{"release", "digest_above", "-0"},   {"display", "command", ""},
		{"display", "command", "dünst -x"},  {"display", "command", "sh -c 'a;b' \"\\\" #"},
		{"journal", "durability", "normal"}, {"journal", "durability", "full"},
	};
	autofree(settings) struct settings *s = defaults();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *error = NULL;
		int r = settings_set(s, cases[i].section, cases[i].key, cases[i].value, &error);

		if (r != 0)
			fail_msg("%s = %s: %s", cases[i].key, cases[i].value, error);
	}
	assert_true(s->focus_default_us == INT64_C(90) * 60 * USEC_PER_SEC);
	assert_true(s->digest_above == 0);
	assert_string_equal(s->display_command, "sh -c 'a;b' \"\\\" #");
	assert_int_equal(s->durability, DURABILITY_FULL);
}

static void mistakes_are_explained_and_change_nothing(void **state LULL_UNUSED)
{
	static const struct {
		const char *section, *key, *value, *error;
	} cases[] = {
		{"release", "digest_above", "lots",
		 "[release] digest_above = lots: expected a number from 0 to 1000"},
		{"release", "digest_above", "",
		 "[release] digest_above is empty: expected a number from 0 to 1000"},
		{"release", "digest_above", "-",
		 "[release] digest_above = -: expected a number from 0 to 1000"},
		{"release", "digest_above", "-1",
		 "[release] digest_above = -1: expected a number from 0 to 1000"},
		{"release", "digest_above", "1001",
		 "[release] digest_above = 1001: expected a number from 0 to 1000"},
		{"release", "digest_above", "+3",
		 "[release] digest_above = +3: expected a number from 0 to 1000"},
		{"release", "digest_above", "3 # three",
		 "[release] digest_above = 3 # three: expected a number from 0 to 1000"},
		{"release", "digest_above", "9223372036854775808",
		 "[release] digest_above = 9223372036854775808: expected a number from 0 to 1000"},
		{"release", "digest_above", "-9223372036854775808",
		 "[release] digest_above = -9223372036854775808: expected a number from 0 to 1000"},
		{"release", "digest_above", "-9223372036854775809",
		 "[release] digest_above = -9223372036854775809: expected a number from 0 to 1000"},
		{"release", "digest_above", "18446744073709551617",
		 "[release] digest_above = 18446744073709551617: expected a number from 0 to 1000"},
		{"focus", "default", "soon",
		 "[focus] default = soon: expected a duration from 1 s to 1 d"},
		{"focus", "default", "0",
		 "[focus] default = 0: expected a duration from 1 s to 1 d"},
		{"focus", "default", "25h",
		 "[focus] default = 25h: expected a duration from 1 s to 1 d"},
		{"focus", "default", "400d",
		 "[focus] default = 400d: expected a duration from 1 s to 1 d"},
		{"journal", "durability", "fulll",
		 "[journal] durability = fulll: expected full or normal; did you mean 'full'?"},
		{"journal", "durability", "Normal",
		 "[journal] durability = Normal: expected full or normal; did you mean 'normal'?"},
		{"journal", "durability", "none",
		 "[journal] durability = none: expected full or normal"},
		{"display", "command", "a\tb",
		 "[display] command has the control character \\u{9}: expected plain text"},
		{"display", "command",
		 "a\xc2\x9b"
		 "31m",
		 "[display] command has the control character \\u{9b}: expected plain text"},
		{"display", "command", "\xff",
		 "[display] command has the byte 0xff: expected valid UTF-8"},
		{"display", "command", "\xed\xa0\x80", /* half a surrogate pair */
		 "[display] command has the byte 0xed: expected valid UTF-8"},
		{"release", "digest_abov", "3",
		 "unknown key 'digest_abov' in [release]; did you mean 'digest_above'?"},
		{"release", "Digest-Above", "3",
		 "unknown key 'Digest-Above' in [release]; did you mean 'digest_above'?"},
		{"release", "digset_above", "3",
		 "unknown key 'digset_above' in [release]; did you mean 'digest_above'?"},
		{"release", "durabilty", "full",
		 "unknown key 'durabilty' in [release]; did you mean 'durability' in [journal]?"},
		{"release", "durability", "full",
		 "'durability' belongs in [journal], not in [release]"},
		{"release", "colour", "red",
		 "unknown key 'colour' in [release]; it has 'digest_above'"},
		{"release", "", "3", "unknown key '' in [release]; it has 'digest_above'"},
		{"relese", "digest_above", "3",
		 "unknown section [relese]; did you mean [release]?"},
		{"Focus", "default", "5m", "unknown section [Focus]; did you mean [focus]?"},
		{"colours", "x", "y", "unknown section [colours]; " EXPECTED_SECTIONS},
		{"", "durability", "full",
		 "'durability' stands before the first section; it belongs in [journal]"},
		{"", "x", "y", "'x' stands before the first section"},
	};
	autofree(settings) struct settings *s = defaults();
	struct settings before = *s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(str) char *error = NULL;
		int r = settings_set(s, cases[i].section, cases[i].key, cases[i].value, &error);

		assert_int_equal(r, -EINVAL);
		assert_string_equal(error, cases[i].error);
		assert_memory_equal(s, &before, sizeof(before));
	}
}

static void found_text_is_escaped_and_shortened(void **state LULL_UNUSED)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{"\x1b[31m", " = \\u{1b}[31m: "},
		{"a\nb\x7f", " = a\\u{a}b\\u{7f}: "},
		{"\xe2\x80\xae", " = \\u{202e}: "},
		{"3\xc2\xa0", " = 3\\u{a0}: "},
		{"\xc3(\xf5", " = \\xc3(\\xf5: "},
		{"\xf0\x9f\x94\x94", " = \xf0\x9f\x94\x94: "},
		{"1234567890123456789012345678901234567890123456789012345678901",
		 " = 123456789012345678901234567890123456789012345678901234567890...: "},
	};
	autofree(settings) struct settings *s = defaults();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(str) char *error = NULL, *key_error = NULL, *section_error = NULL;
		const char *value = cases[i].value;

		assert_int_equal(settings_set(s, "release", "digest_above", value, &error),
				 -EINVAL);
		if (!strstr(error, cases[i].shown))
			fail_msg("expected '%s' in '%s'", cases[i].shown, error);
		assert_int_equal(settings_set(s, "release", value, "", &key_error), -EINVAL);
		assert_int_equal(settings_set(s, value, "x", "", &section_error), -EINVAL);
		assert_int_equal(settings_clean_length(key_error, strlen(key_error)),
				 strlen(key_error));
		assert_int_equal(settings_clean_length(section_error, strlen(section_error)),
				 strlen(section_error));
	}
}

static void text_may_have_4096_bytes_and_no_more(void **state LULL_UNUSED)
{
	autofree(settings) struct settings *s = defaults();
	autofree(str) char *error = NULL;
	char text[SETTING_TEXT_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[SETTING_TEXT_MAX + 1] = '\0';
	assert_int_equal(settings_set(s, "display", "command", text, &error), -EINVAL);
	assert_string_equal(error, "[display] command has 4097 bytes: expected at most 4096");
	assert_string_equal(s->display_command, "");

	text[SETTING_TEXT_MAX] = '\0';
	assert_int_equal(settings_set(s, "display", "command", text, &error), 0);
	assert_string_equal(s->display_command, text);
}

static void clean_length_stops_at_the_first_bad_byte(void **state LULL_UNUSED)
{
	static const struct {
		const char *text;
		size_t len, clean;
	} cases[] = {
		{"", 0, 0},
		{"abc", 3, 3},
		{"a\0c", 3, 1},
		{"a\tc", 3, 1},
		{"\xc3\xa4z", 3, 3},
		{"x\xc3", 2, 1},            /* cut short */
		{"x\xc0\x80", 3, 1},        /* longer than need be */
		{"\xe0\x9f\xbf", 3, 0},     /* the same */
		{"\xef\xbf\xbf", 3, 3},     /* U+FFFF is valid, if useless */
		{"\xf4\x8f\xbf\xbf", 4, 4}, /* the last code point */
		{"\xf4\x90\x80\x80", 4, 0}, /* and one more */
		{"\xf8\x88\x80\x80\x80", 5, 0},
		{"\x80", 1, 0},
		{"z\xc2\x85", 3, 1}, /* NEL, a C1 control */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* A copy on the heap, so that a sanitizer sees a read beyond the end. */
		char *copy = malloc(cases[i].len ? cases[i].len : 1);

		assert_non_null(copy);
		memcpy(copy, cases[i].text, cases[i].len);
		assert_int_equal(settings_clean_length(copy, cases[i].len), cases[i].clean);
		free(copy);
	}
}

static void known_sections_are_known_and_others_are_not(void **state LULL_UNUSED)
{
	autofree(str) char *error = NULL;
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].scope == SETTING_IN_FILE)
			assert_int_equal(settings_check_section(table[i].section, &error), 0);
	}
	assert_int_equal(settings_check_section("block work", &error), 0);
	assert_int_equal(settings_check_section("", &error), -EINVAL);
	assert_string_equal(error, "unknown section []; " EXPECTED_SECTIONS);
}

static void shipped_lull_conf_is_what_the_table_writes(void **state LULL_UNUSED)
{
	autofree(str) char *written = NULL, *shipped = NULL;
	size_t size = 0, shipped_size = 0;
	FILE *out = open_memstream(&written, &size), *f = fopen(conf_path, "re");

	assert_non_null(out);
	settings_write_template(out);
	assert_int_equal(fclose(out), 0);
	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", conf_path,
			 strerror(errno));
	assert_true(getdelim(&shipped, &shipped_size, '\0', f) > 0);
	fclose(f);
	assert_string_equal(written, shipped);

	for (const char *p = written; *p; p += strcspn(p, "\n") + 1)
		assert_in_range(strcspn(p, "\n"), 0, 80);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_design),
		cmocka_unit_test(a_mistake_makes_no_block),
		cmocka_unit_test(what_is_meant_is_told),
		cmocka_unit_test(a_block_may_end_when_the_day_does),
		cmocka_unit_test(dates_may_be_empty_as_their_default_is),
		cmocka_unit_test(rows_are_whole_and_sections_stand_together),
		cmocka_unit_test(valid_values_are_taken),
		cmocka_unit_test(mistakes_are_explained_and_change_nothing),
		cmocka_unit_test(found_text_is_escaped_and_shortened),
		cmocka_unit_test(text_may_have_4096_bytes_and_no_more),
		cmocka_unit_test(clean_length_stops_at_the_first_bad_byte),
		cmocka_unit_test(known_sections_are_known_and_others_are_not),
		cmocka_unit_test(shipped_lull_conf_is_what_the_table_writes),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		FILE *out = fopen(conf_path, "we");

		if (!out)
			return 1;
		settings_write_template(out);
		return fclose(out) == 0 ? 0 : 1;
	}
	if (argc > 1)
		conf_path = argv[1];
	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
