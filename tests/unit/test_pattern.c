/*
 * Patterns: globs, regular expressions and lists of them, and that none of them can take long.
 */
#include "config/pattern.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static enum regex_result match_text(const struct patterns *p, const char *text,
				    struct regex_budget *budget)
{
	struct pattern_text prepared = pattern_text_of(text);

	return patterns_match(p, &prepared, budget);
}

static enum regex_result match(const char *list, const char *text)
{
	struct regex_budget budget = {PATTERN_BUDGET};
	autofree(str) char *error = NULL;
	struct patterns p;
	enum regex_result result;

	if (patterns_parse(list, regex_pcre2(), &p, &error) < 0)
		fail_msg("%s: expected %s", list, error);
	result = match_text(&p, text, &budget);
	patterns_done(&p);
	return result;
}

static void lists_match_what_they_say(void **state LULL_UNUSED)
{
	static const struct {
		const char *list, *text;
		bool is_match;
	} cases[] = {
		{"Slack", "Slack", true},
		{"Slack", "slack", true},
		{"Slack", "Slack ", false},
		{"Slack", "", false},
		{"Slack, Teams", "teams", true},
		{"Slack ,Teams", "Slack", true},
		{"Sl*", "Slack", true},
		{"*ck", "Slack", true},
		{"*la*", "Slack", true},
		{"*", "", true},
		{"\"\"", "", true},
		{"\"\"", "x", false},
		{"a*b*c", "aXXbYYbc", true},
		{"a*b*c", "aXXbYYcb", false},
		{"?", "ä", true},
		{"??", "ä", false},
		{"Größe*", "GRÖSSE", false},
		{"größe*", "GRÖßE 4", true},
		{"телеграм", "Телеграм", true},
		{"[abc]x", "bx", true},
		{"[a-c]x", "Bx", true},
		{"[!a-c]x", "bx", false},
		{"[!a-c]x", "dx", true},
		{"[]x]", "]", true},
		{"[x", "[x", true},
		{"\\*", "*", true},
		{"\\*", "x", false},
		{"a\\,b", "a,b", true},
		{"\"a, b\"", "a, b", true},
		{"\"a, b\", c", "c", true},
		{"!Slack", "Mail", true},
		{"!Slack", "slack", false},
		{"! Slack", "Slack", false},
		{"!Slack, !Mail", "Mail", false},
		{"!Slack, !Mail", "Chat", true},
		{"S*, !Slack", "Slack", false},
		{"S*, !Slack", "Signal", true},
		{"!Slack, S*", "Mail", false},
		{"/la/", "Slack", true},
		{"/^la/", "Slack", false},
		{"/LA/", "Slack", false},
		{"/LA/i", "Slack", true},
		{"/a{1,2}/, x", "baab", true},
		{"/a\\/b/", "a/b", true},
		{"!/la/", "Slack", false},
		{"/^second$/", "first\nsecond", true},
		{"*second", "first\nsecond", true},
		{"/Ä/i", "ä", true},
		{"/\\bbuild \\d+ (failed|broke)\\b/", "the build 17 broke", true},
		{"*\xff*", "a\xff", true},
		{"/a.c/", "a\xff\x63", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if ((match(cases[i].list, cases[i].text) == REGEX_MATCH) != cases[i].is_match)
			fail_msg("'%s' and '%s'", cases[i].list, cases[i].text);
	}
}

/* A piece of the pattern is looked for before PCRE2 is asked: that must never hide a match. */
static void what_must_be_there_never_hides_a_match(void **state LULL_UNUSED)
{
	static const struct {
		const char *list, *text;
		bool is_match;
	} cases[] = {
		{"/ab?c/", "ac", true},
		{"/abc*/", "ab", true},
		{"/abc{0}d/", "abd", true},
		{"/abc{2}/", "abcc", true},
		{"/(abc){1,2}x/", "abcx", true},
		{"/[ab]{2,3}cd/", "abcd", true},
		{"/a{2/", "a{2", true},
		{"/ab|cd/", "cd", true},
		{"/(ab|cd)ef/", "cdef", true},
		{"/(?:abc)?de/", "de", true},
		{"/(abc)*de/", "de", true},
		{"/[abc]de/", "ade", true},
		{"/[]abc]de/", "]de", true},
		{"/[^]abc]de/", "xde", true},
		{"/[a\\]b]de/", "]de", true},
		{"/[[:digit:]abc]+!/", "17!", true},
		{"/([[:punct:])abc]|x)de/", "xde", true},
		{"/[[:]abc/", ":abc", true},
		{"/\\Qab|cd\\E/", "ab|cd", true},
		{"/\\x41bc/", "Abc", true},
		{"/a\\.bc/", "a.bc", true},
		{"/\\bbuild \\d+ (failed|broke)\\b/i", "the BUILD 17 Broke", true},
		{"/\\bbuild \\d+ (failed|broke)\\b/i", "the built 17 broke", false},
		{"/(?i)ABC/", "abc", true},
		{"/ab(?i)cd/", "abCD", true},
		{"/ab(?#c)d/", "abd", true},
		{"/(?x)a b c/", "abc", true},
		{"/ask/i", "a\u017f\u212a", true},
		{"/deploy/i", "DEPLOY", true},
		{"/(?=abc)ab/", "abc", true},
		{"/(?!abc)xyz/", "xyz", true},
		{"/(*UTF)abc/", "abc", true},
		{"/ab\\Kcd/", "abcd", true},
		{"/a++b/", "aab", true},
		{"/ab$/", "ab", true},
		{"/^ab/", "x\nab", true},
		{"/a.c/", "abc", true},
		{"/ab\\ncd/", "ab\ncd", true},
		{"/(a(b[)]c)d)ef/", "ab)cdef", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if ((match(cases[i].list, cases[i].text) == REGEX_MATCH) != cases[i].is_match)
			fail_msg("'%s' and '%s'", cases[i].list, cases[i].text);
	}
}

static void what_is_no_list_is_explained(void **state LULL_UNUSED)
{
	static const char *const lists[] = {
		"",     " ",   "a,,b",    "a,", ",",     "/a",    "//",  "/(/",
		"/a/x", "\"a", "\"a\" b", "!",  "/a/ b", "/\\C/", "/[/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		autofree(str) char *error = NULL;
		struct patterns p;

		if (patterns_parse(lists[i], regex_pcre2(), &p, &error) != -EINVAL)
			fail_msg("'%s' was taken", lists[i]);
		assert_non_null(error);
		assert_null(strchr(error, '\n'));
	}
}

static void without_an_engine_there_are_globs_only(void **state LULL_UNUSED)
{
	autofree(str) char *error = NULL;
	struct patterns p;

	assert_int_equal(patterns_parse("Sl*, /x/", NULL, &p, &error), -EINVAL);
	assert_int_equal(patterns_parse("Sl*", NULL, &p, &error), 0);
	patterns_done(&p);
}

/* The usual killers; each would take from minutes to ages with an engine that goes back as often as it can. */
static const char *const killers[] = {
	"/(a+)+$/",
	"/(a|aa)+$/",
	"/(a|a?)+$/",
	"/(.*)*x/",
	"/^(([a-z])+.)+[A-Z]([a-z])+$/",
	"/(.*a){20}x/",
	"/(x+x+)+y/",
	"/([a-zA-Z]+)*$!/",
	"/(a*)*b/",
	"/a*a*a*a*a*a*b/",
	"/.*.*.*.*.*x/",
	"/(?:(?:a+)b?)+c/",
	"/(a?){60}a{60}/",
	"/\\s+$|(\\s*)+x/",
	"/(?=(a+))\\1*b/",
	"/(?R)?a(?R)?b/",
	"/(a++)*+(a*)*b/",
	"*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
	"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*c",
};

/* Work is counted in steps, so this is the same on every machine: no clock is asked. */
static void no_pattern_can_do_more_than_its_budget(void **state LULL_UNUSED)
{
	char *text = malloc(65537);

	assert_non_null(text);
	for (int fill = 0; fill < 3; fill++) {
		memset(text, fill == 0 ? 'a' : fill == 1 ? 'x' : ' ', 65536);
		text[65536] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(killers); i++) {
			struct regex_budget budget = {PATTERN_BUDGET};
			autofree(str) char *error = NULL;
			struct patterns p;

			if (patterns_parse(killers[i], regex_pcre2(), &p, &error) < 0)
				fail_msg("%s: expected %s", killers[i], error);
			match_text(&p, text, &budget);
			/* One step more than there is ends it; a run along the text may be in it. */
			assert_in_range(budget.steps + 2 * PATTERN_TEXT_MAX, 0,
					PATTERN_BUDGET + 2 * PATTERN_TEXT_MAX);
			/* Then the next one doesn't begin at all. */
			budget.steps = -1;
			assert_int_equal(match_text(&p, text, &budget), REGEX_GAVE_UP);
			patterns_done(&p);
		}
	}
	free(text);
}

static void ordinary_patterns_are_far_from_their_budget(void **state LULL_UNUSED)
{
	static const char *const lists[] = {"*release*", "/\\b(deploy|release) v\\d+\\.\\d+\\b/i",
					    "/^.*failed.*$/", "!/foo.*bar/"};
	static const char text[] =
		"The quick brown fox jumps over the lazy dog while the release v12 of foo "
		"is being deployed to the staging area by somebody who likes long sentences.";

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct regex_budget budget = {PATTERN_BUDGET};
		autofree(str) char *error = NULL;
		struct patterns p;

		assert_int_equal(patterns_parse(lists[i], regex_pcre2(), &p, &error), 0);
		assert_int_not_equal(match_text(&p, text, &budget), REGEX_GAVE_UP);
		assert_true(budget.steps > PATTERN_BUDGET * 9 / 10);
		patterns_done(&p);
	}
}

static void a_pattern_that_takes_in_another_one_is_known_to(void **state LULL_UNUSED)
{
	static const struct {
		const char *wide, *narrow;
		bool covers;
	} cases[] = {
		{"*", "Slack", true},           {"*", "!Slack", true},
		{"Slack", "slack", true},       {"Slack, Teams", "Teams", true},
		{"S*", "Slack", true},          {"S*", "Sl*", true},
		{"Sl*", "S*", false},           {"Slack", "S*", false},
		{"S*, !Slack", "Slack", false}, {"/S/", "Slack", false},
		{"/x/", "Slack", false},        {"Slack", "/Slack/", false},
		{"!Slack", "Mail", true},       {"!Slack", "Slack", false},
		{"/a/", "/a/", true},           {"Slack", "Slack, Mail", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree(str) char *error = NULL;
		struct patterns wide, narrow;

		assert_int_equal(patterns_parse(cases[i].wide, regex_pcre2(), &wide, &error), 0);
		assert_int_equal(patterns_parse(cases[i].narrow, regex_pcre2(), &narrow, &error),
				 0);
		if (patterns_cover(&wide, &narrow) != cases[i].covers)
			fail_msg("'%s' and '%s'", cases[i].wide, cases[i].narrow);
		patterns_done(&wide);
		patterns_done(&narrow);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_match_what_they_say),
		cmocka_unit_test(what_must_be_there_never_hides_a_match),
		cmocka_unit_test(what_is_no_list_is_explained),
		cmocka_unit_test(without_an_engine_there_are_globs_only),
		cmocka_unit_test(no_pattern_can_do_more_than_its_budget),
		cmocka_unit_test(ordinary_patterns_are_far_from_their_budget),
		cmocka_unit_test(a_pattern_that_takes_in_another_one_is_known_to),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
