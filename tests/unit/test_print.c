/*
 * What is printed is harmless, on one line, aligned, and still means the same.
 */
#include "client/print.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

struct escape_case {
	const char *text;
	size_t len; /* 0: up to the NUL */
	const char *escaped;
};

static void assert_escapes(const struct escape_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		char *escaped = print_escape(cases[i].text, len);

		assert_non_null(escaped);
		assert_string_equal(escaped, cases[i].escaped);
		free(escaped);
	}
}

static void ordinary_text_is_left_alone(void **state LULL_UNUSED)
{
	static const struct escape_case cases[] = {
		{"", 0, ""},
		{"New message from Ada", 0, "New message from Ada"},
		{"C:\\new \"quoted\" 100%", 0, "C:\\new \"quoted\" 100%"},
		{"Grüße, 日本語, Привет, שלום, مرحبا", 0, "Grüße, 日本語, Привет, שלום, مرحبا"},
		{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 0, /* joined with U+200D */
		 "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"},
		{"\xc2\xa0\xf4\x8f\xbf\xbf", 0, "\xc2\xa0\xf4\x8f\xbf\xbf"}, /* U+A0, U+10FFFF */
	};

	assert_escapes(cases, ARRAY_SIZE(cases));
}

static void control_characters_are_escaped(void **state LULL_UNUSED)
{
	static const struct escape_case cases[] = {
		{"two\nlines\r\n\tand a tab", 0, "two\\nlines\\r\\n\\tand a tab"},
		{"\033[2J\033]0;title\007", 0, "\\x1b[2J\\x1b]0;title\\x07"},
		{"a\0b", 3, "a\\x00b"},
		{"\001\037 \177", 0, "\\x01\\x1f \\x7f"},
		{"\xc2\x80\xc2\x9b"
		 "31m\xc2\x9f",
		 0, "\\u0080\\u009b31m\\u009f"},
	};

	assert_escapes(cases, ARRAY_SIZE(cases));
}

static void bidi_controls_and_line_separators_are_escaped(void **state LULL_UNUSED)
{
	static const struct escape_case cases[] = {
		{"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", 0,
		 "\\u202a\\u202b\\u202c\\u202d\\u202e"},
		{"\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", 0,
		 "\\u2066\\u2067\\u2068\\u2069"},
		{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", 0, "\\u200e\\u200f\\u061c"},
		{"\xe2\x80\xa8\xe2\x80\xa9", 0, "\\u2028\\u2029"},
		{"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", 0, /* their neighbours */
		 "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
	};

	assert_escapes(cases, ARRAY_SIZE(cases));
}

static void bytes_that_are_not_utf8_are_escaped(void **state LULL_UNUSED)
{
	static const struct escape_case cases[] = {
		{"\xff\xfe", 0, "\\xff\\xfe"},
		{"\x9b"
		 "31m",
		 0, "\\x9b31m"},                                 /* a bare C1 byte */
		{"\xc0\x8a", 0, "\\xc0\\x8a"},                   /* an overlong newline */
		{"\xe0\x80\x9b", 0, "\\xe0\\x80\\x9b"},          /* an overlong C1 */
		{"\xed\xa0\x80", 0, "\\xed\\xa0\\x80"},          /* a surrogate */
		{"\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
		{"\xe2\x80", 0, "\\xe2\\x80"},                   /* cut short */
		{"\xe2\x80\xae", 2, "\\xe2\\x80"},               /* cut short by its length */
		{"\xc3(", 0, "\\xc3("},
	};

	assert_escapes(cases, ARRAY_SIZE(cases));
}

static void long_text_of_nothing_but_evil_fits(void **state LULL_UNUSED)
{
	char evil[3000];
	char *escaped;

	memset(evil, 0xff, sizeof(evil));
	escaped = print_escape(evil, sizeof(evil));
	assert_non_null(escaped);
	assert_int_equal(strlen(escaped), sizeof(evil) * 4);
	free(escaped);
}

static void characters_are_counted_not_bytes(void **state LULL_UNUSED)
{
	size_t n = 99;

	assert_int_equal(print_count("", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(print_count("h\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x92\xbb", &n), 0);
	assert_int_equal(n, 6);
	assert_int_equal(print_count("h\xe9", &n), -EILSEQ);
	assert_int_equal(n, 6);
}

static void width_is_in_columns_of_a_terminal(void **state LULL_UNUSED)
{
	assert_int_equal(print_width("Ada"), 3);
	assert_int_equal(print_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* wide */
	assert_int_equal(print_width("e\xcc\x81"), 1);                /* a combining accent */
}

static char *text_of_json(json_t *value)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(print_json(out, value), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void json_is_harmless_and_means_the_same(void **state LULL_UNUSED)
{
	static const char evil[] =
		"\033\n\"\\\177\xc2\x9b\xe2\x80\xae\xd8\x9c\xe2\x80\xa8 \xc3\xa9";
	json_t *value = json_pack("{s:s, s:[I]}", evil, evil, "n", (json_int_t)1 << 53);
	char *text = text_of_json(value);
	json_t *back;

	for (size_t i = 0; text[i]; i++)
		assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80"));
	assert_null(strstr(text, "\xd8\x9c"));
	assert_non_null(strstr(text, "\xc3\xa9"));
	back = json_loads(text, 0, NULL);
	assert_non_null(back);
	assert_true(json_equal(value, back));
	json_decref(back);
	json_decref(value);
	free(text);
}

static void json_of_nothing_is_an_error(void **state LULL_UNUSED)
{
	assert_int_equal(print_json(stdout, NULL), -ENOMEM);
}

static char *text_of_table(const struct print_column *columns, size_t n_columns,
			   const char *const *cells, size_t n_rows)
{
	struct print_table *t = print_table_new(columns, n_columns);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(t);
	assert_non_null(out);
	for (size_t i = 0; i < n_rows; i++)
		assert_int_equal(print_table_add(t, cells + i * n_columns), 0);
	print_table_write(t, out);
	assert_int_equal(fclose(out), 0);
	print_table_free(t);
	return text;
}

static void table_is_aligned_in_columns_of_a_terminal(void **state LULL_UNUSED)
{
	static const struct print_column columns[] = {{.title = "ID", .is_number = true},
						      {.title = "APP"},
						      {.title = "DUE"}};
	static const char *const cells[] = {
		"1", "mail", "9:00", "100", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "-"};
	char *text = text_of_table(columns, 3, cells, 2);

	assert_string_equal(text, " ID  APP     DUE\n"
				  "  1  mail    9:00\n"
				  "100  \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  -\n");
	free(text);
}

static void table_cuts_long_cells_and_escapes_all(void **state LULL_UNUSED)
{
	static const struct print_column columns[] = {
		{.title = "TEXT", .max_width = 6, .is_elastic = true}, {.title = "DUE"}};
	static const char *const cells[] = {"forged\nline",
					    "1",
					    "\033[m",
					    "2",
					    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5",
					    "3"};
	char *text = text_of_table(columns, 2, cells, 3);

	assert_string_equal(text, "TEXT    DUE\n"
				  "forge\xe2\x80\xa6  1\n"
				  "\\x1b[m  2\n"
				  "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6   3\n");
	free(text);
}

static void colour_is_for_terminals_only(void **state LULL_UNUSED)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_false(print_has_colour(file));
	fclose(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_text_is_left_alone),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(bidi_controls_and_line_separators_are_escaped),
		cmocka_unit_test(bytes_that_are_not_utf8_are_escaped),
		cmocka_unit_test(long_text_of_nothing_but_evil_fits),
		cmocka_unit_test(characters_are_counted_not_bytes),
		cmocka_unit_test(width_is_in_columns_of_a_terminal),
		cmocka_unit_test(json_is_harmless_and_means_the_same),
		cmocka_unit_test(json_of_nothing_is_an_error),
		cmocka_unit_test(table_is_aligned_in_columns_of_a_terminal),
		cmocka_unit_test(table_cuts_long_cells_and_escapes_all),
		cmocka_unit_test(colour_is_for_terminals_only),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
