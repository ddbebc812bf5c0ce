/*
 * Text: strings that grow, cuts that leave valid UTF-8, and markup that can't get through.
 */
#include "daemon/core/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MIB ((size_t)1024 * 1024)

static void assert_cut(const char *s, size_t max, const char *expected)
{
	struct text t = {0};
	autofree(str) char *cut = NULL;

	text_add_cut(&t, s, max);
	cut = text_take(&t);
	assert_non_null(cut);
	assert_string_equal(cut, expected);
}

static void assert_markup(const char *s, size_t max, const char *expected)
{
	struct text t = {0};
	autofree(str) char *escaped = NULL;

	text_add_markup(&t, s, max);
	escaped = text_take(&t);
	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
}

/* --- growing --- */

static void an_empty_text_is_an_empty_string(void **state LULL_UNUSED)
{
	struct text t = {0};
	autofree(str) char *s = text_take(&t);

	assert_non_null(s);
	assert_string_equal(s, "");
	assert_null(t.bytes);
}

static void what_is_added_follows_what_was_there(void **state LULL_UNUSED)
{
	struct text t = {0};
	autofree(str) char *s = NULL;

	text_add(&t, "one");
	text_add_bytes(&t, " two!", 4);
	text_addf(&t, " %s %d", "three", 4);
	text_add(&t, "");
	assert_int_equal(t.length, strlen("one two three 4"));
	s = text_take(&t);
	assert_string_equal(s, "one two three 4");
}

static void every_length_around_a_growth_keeps_its_end(void **state LULL_UNUSED)
{
	for (size_t first = 0; first <= 130; first++) {
		for (size_t more = 0; more <= 70; more++) {
			struct text t = {0};

			for (size_t i = 0; i < first; i++)
				text_add(&t, "a");
			text_addf(&t, "%.*s", (int)more,
				  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
				  "bbbbbbbbbb");
			assert_false(t.is_broken);
			assert_int_equal(t.length, first + more);
			assert_int_equal(strlen(t.bytes), first + more);
			assert_true(t.capacity > t.length);
			text_done(&t);
		}
	}
}

static void a_text_may_grow_to_megabytes(void **state LULL_UNUSED)
{
	struct text t = {0};
	autofree(str) char *s = NULL;

	for (size_t i = 0; i < MIB; i++)
		text_add(&t, "abcd");
	s = text_take(&t);
	assert_non_null(s);
	assert_int_equal(strlen(s), 4 * MIB);
	assert_memory_equal(s + 4 * MIB - 4, "abcd", 5);
}

static void a_text_that_ran_out_of_memory_stays_so_until_it_is_taken(void **state LULL_UNUSED)
{
	volatile size_t too_much = SIZE_MAX;
	struct text t = {0};
	autofree(str) char *s = NULL;

	text_add(&t, "before");
	text_add_bytes(&t, "", too_much);
	assert_true(t.is_broken);
	text_add(&t, "after");
	text_addf(&t, "%d", 1);
	assert_true(t.is_broken);
	assert_null(text_take(&t));
	text_add(&t, "anew");
	s = text_take(&t);
	assert_string_equal(s, "anew");
}

/* --- cutting --- */

static void a_cut_is_at_most_max_and_never_within_a_code_point(void **state LULL_UNUSED)
{
	/* One, two, three and four bytes. */
	static const char s[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	for (size_t max = 0; max < ARRAY_SIZE(kept); max++)
		assert_int_equal(utf8_cut(s, strlen(s), max), kept[max]);
	assert_int_equal(utf8_cut(s, strlen(s), SIZE_MAX), strlen(s));
	assert_int_equal(utf8_cut("", 0, 0), 0);
}

static void a_cut_of_any_bytes_stays_in_range(void **state LULL_UNUSED)
{
	char s[8];

	for (unsigned first = 0; first < 256; first += 5) {
		for (unsigned second = 0; second < 256; second += 3) {
			memset(s, (int)second, sizeof(s));
			s[0] = (char)first;
			for (size_t max = 0; max <= sizeof(s) + 1; max++)
				assert_in_range(utf8_cut(s, sizeof(s), max), 0,
						MIN(max, sizeof(s)));
		}
	}
	memset(s, 0x80, sizeof(s));
	assert_int_equal(utf8_cut(s, sizeof(s), 5), 0);
}

static void what_fits_has_no_ellipsis(void **state LULL_UNUSED)
{
	assert_cut("", 0, "");
	assert_cut("", 10, "");
	assert_cut("abc", 3, "abc");
	assert_cut("abc", 4, "abc");
	assert_cut("\xe2\x82\xac", 3, "\xe2\x82\xac");
}

static void what_is_cut_has_one(void **state LULL_UNUSED)
{
	assert_cut("abc", 2, "ab…");
	assert_cut("abc", 0, "…");
	assert_cut("a\xe2\x82\xac", 3, "a…");
	assert_cut("a\xe2\x82\xac", 2, "a…");
	assert_cut("\xf0\x9f\x98\x80", 3, "…");
}

static void blanks_and_control_characters_become_one_space_each(void **state LULL_UNUSED)
{
	assert_cut("a\nb\r\nc\td\ve\ff", 100, "a b  c d e f");
	assert_cut("\x01\x1b[31m\x7f", 100, "  [31m ");
	for (char c = 1; c < ' '; c++) {
		const char s[] = {'<', c, '>', '\0'};

		assert_cut(s, 100, "< >");
		assert_markup(s, 100, "&lt; &gt;");
	}
}

static void characters_that_break_a_line_elsewhere_in_unicode_do_not_get_through(
	void **state LULL_UNUSED)
{
	/* U+0085 is a control character; U+2028 and U+2029 break lines wherever Pango draws. */
	static const char *const breaks[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		struct text cut = {0}, escaped = {0};
		bool is_one_line;

		text_add_cut(&cut, breaks[i], 100);
		text_add_markup(&escaped, breaks[i], 100);
		is_one_line = strcmp(cut.bytes, " ") == 0 && strcmp(escaped.bytes, " ") == 0;
		text_done(&cut);
		text_done(&escaped);
		if (!is_one_line)
			fail_msg("character %zu got through", i);
	}
}

static void a_megabyte_is_cut_on_a_code_point(void **state LULL_UNUSED)
{
	autofree(str) char *s = malloc(MIB + 1);

	assert_non_null(s);
	for (size_t i = 0; i < MIB; i++)
		s[i] = "\xf0\x9f\x98\x80"[i % 4];
	s[MIB] = '\0';
	assert_cut(s, 10, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80…");
	assert_int_equal(utf8_cut(s, MIB, MIB - 1), MIB - 4);
}

/* --- escaping --- */

static void markup_is_escaped(void **state LULL_UNUSED)
{
	assert_markup("<b>\"R&D\"</b>", 100, "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;");
	assert_markup("&amp;", 100, "&amp;amp;");
	assert_markup("<a href=\"file:///etc\">", 100, "&lt;a href=&quot;file:///etc&quot;&gt;");
	assert_markup("it's plain", 100, "it's plain");
	assert_markup("", 100, "");
}

static void plain_text_is_not_escaped(void **state LULL_UNUSED)
{
	assert_cut("<b>\"R&D\"</b>", 100, "<b>\"R&D\"</b>");
}

static void a_cut_never_splits_an_escape(void **state LULL_UNUSED)
{
	assert_markup("<<<<", 2, "&lt;&lt;…");
	assert_markup("a&b", 2, "a&amp;…");
	assert_markup("\xe2\x82\xac<", 3, "\xe2\x82\xac…");
	assert_markup("\xe2\x82\xac<", 2, "…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_is_an_empty_string),
		cmocka_unit_test(what_is_added_follows_what_was_there),
		cmocka_unit_test(every_length_around_a_growth_keeps_its_end),
		cmocka_unit_test(a_text_may_grow_to_megabytes),
		cmocka_unit_test(a_text_that_ran_out_of_memory_stays_so_until_it_is_taken),
		cmocka_unit_test(a_cut_is_at_most_max_and_never_within_a_code_point),
		cmocka_unit_test(a_cut_of_any_bytes_stays_in_range),
		cmocka_unit_test(what_fits_has_no_ellipsis),
		cmocka_unit_test(what_is_cut_has_one),
		cmocka_unit_test(blanks_and_control_characters_become_one_space_each),
		cmocka_unit_test(
			characters_that_break_a_line_elsewhere_in_unicode_do_not_get_through),
		cmocka_unit_test(a_megabyte_is_cut_on_a_code_point),
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(plain_text_is_not_escaped),
		cmocka_unit_test(a_cut_never_splits_an_escape),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
