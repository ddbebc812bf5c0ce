/*
 * Digests: the words, the order, and that no application can write more than its line.
 */
#include "daemon/core/civil.h"
#include "daemon/core/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define MIB ((size_t)1024 * 1024)

/* 2026-01-01 12:00 UTC */
#define NOON INT64_C(1767268800000000)

static void add_as(struct digest *d, const char *category, const char *app, const char *summary,
		   int64_t arrived_us)
{
	const struct digest_item item = {app, category, summary, arrived_us};

	assert_int_equal(digest_add(d, &item), 0);
}

static void add(struct digest *d, const char *app, const char *summary)
{
	add_as(d, "", app, summary, NOON);
}

static char *body_of(const struct digest *d, int64_t now_us, bool is_markup)
{
	return digest_body(d, &(struct digest_view){.now_us = now_us, .is_markup = is_markup});
}

static void add_many(struct digest *d, const char *app, int n)
{
	for (int i = 1; i <= n; i++) {
		char summary[32];

		snprintf(summary, sizeof(summary), "%s %d", app, i);
		add(d, app, summary);
	}
}

static void assert_summary(const struct digest *d, int64_t block_us, const char *expected)
{
	autofree(str) char *summary = digest_summary(d, block_us);

	assert_non_null(summary);
	assert_string_equal(summary, expected);
}

static void assert_body(const struct digest *d, bool is_markup, const char *expected)
{
	autofree(str) char *body = body_of(d, NOON + 25 * MINUTE, is_markup);

	assert_non_null(body);
	assert_string_equal(body, expected);
}

/* --- words --- */

static void the_summary_counts_notifications_and_apps(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add_many(d, "Chat", 3);
	add_many(d, "Mail", 1);
	add_many(d, "News", 1);
	assert_int_equal(digest_count(d), 5);
	assert_summary(d, 25 * MINUTE, "5 notifications from 3 apps while you focused for 25 min");
}

static void one_of_each_is_in_the_singular(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "Hello");
	assert_summary(d, 90 * MINUTE,
		       "1 notification from 1 app while you focused for 1 h 30 min");
	add(d, "Chat", "Hello again");
	assert_summary(d, 0, "2 notifications from 1 app");
}

static void without_a_block_there_is_no_word_of_focus(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add_many(d, "Chat", 4);
	add_many(d, "Mail", 1);
	assert_summary(d, 0, "5 notifications from 2 apps");
	assert_summary(d, -MINUTE, "5 notifications from 2 apps");
	assert_summary(d, INT64_MIN, "5 notifications from 2 apps");
}

static void the_body_has_a_line_an_app_with_its_latest(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "first");
	add(d, "Mail", "Invoice");
	add(d, "Chat", "second");
	assert_body(d, false,
		    "Chat (2): second · first\nMail (1): Invoice\nThe oldest waited 25 min.");
}

static void an_empty_summary_leaves_the_count(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "");
	assert_body(d, false, "Chat (1)\nThe oldest waited 25 min.");
	/* Nor does it hide the title of another one. */
	add(d, "Chat", "Hello");
	add(d, "Chat", "");
	assert_body(d, false, "Chat (3): Hello\nThe oldest waited 25 min.");
}

static void an_app_without_a_name_is_an_application(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "", "one");
	add(d, "Chat", "hi");
	add(d, "", "two");
	assert_summary(d, 0, "3 notifications from 2 apps");
	assert_body(d, false,
		    "an application (2): two · one\nChat (1): hi\nThe oldest waited 25 min.");
}

static void the_oldest_is_the_one_that_arrived_first_by_the_clock(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();
	autofree(str) char *body = NULL, *early = NULL;

	assert_non_null(d);
	add_as(d, "", "Chat", "b", NOON);
	add_as(d, "", "Chat", "a", NOON - 60 * MINUTE);
	add_as(d, "", "Chat", "c", NOON + MINUTE);
	body = body_of(d, NOON + 5 * MINUTE, false);
	assert_string_equal(body, "Chat (3): c · a · b\nThe oldest waited 1 h 5 min.");
	/* The wall clock was set back meanwhile. */
	early = body_of(d, NOON - 120 * MINUTE, false);
	assert_string_equal(early, "Chat (3): c · a · b\nThe oldest waited 0 s.");
}

static void different_summaries_are_named_the_latest_first(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Mail", "Invoice");
	add(d, "Mail", "Lunch?");
	add(d, "Mail", "Minutes");
	add(d, "Mail", "Invoice");
	assert_body(d, false, "Mail (4): Invoice · Minutes · Lunch?\nThe oldest waited 25 min.");
	/* Three of them; the number says that there are more. */
	add(d, "Mail", "Offer");
	assert_body(d, false, "Mail (5): Offer · Invoice · Minutes\nThe oldest waited 25 min.");
}

static void messages_are_counted_by_who_wrote(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	for (int i = 0; i < 3; i++)
		add_as(d, "im.received", "Chat", "Anna", NOON);
	/* The number of the only one is that of the application. */
	assert_body(d, false, "Chat (3): Anna\nThe oldest waited 25 min.");
	add_as(d, "im", "Chat", "Bob", NOON);
	add_as(d, "im", "Chat", "Anna", NOON);
	add_as(d, "im.received", "Chat", "Bob", NOON);
	add_as(d, "im.received", "Chat", "Carl", NOON);
	assert_body(d, false, "Chat (7): Carl · Bob (2) · Anna (4)\nThe oldest waited 25 min.");
}

static void what_only_looks_like_a_message_is_not_counted_by_title(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add_as(d, "image", "Photos", "Saved", NOON);
	add_as(d, "image", "Photos", "Saved", NOON);
	add_as(d, "email.arrived", "Photos", "Shared", NOON);
	assert_body(d, false, "Photos (3): Shared · Saved\nThe oldest waited 25 min.");
}

static void of_too_many_conversations_none_is_counted_wrongly(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	for (int i = 0; i < 40; i++) {
		char who[16];

		snprintf(who, sizeof(who), "who %d", i);
		add_as(d, "im", "Chat", who, NOON);
	}
	/* The first one isn't known any more: two, not one. */
	add_as(d, "im", "Chat", "who 39", NOON);
	add_as(d, "im", "Chat", "who 0", NOON);
	assert_body(d, false, "Chat (42): who 0 · who 39 · who 38\nThe oldest waited 25 min.");
}

static void several_summaries_are_cut_shorter(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();
	static const char line[] = "0123456789012345678901234567890123456789y";

	assert_non_null(d);
	add(d, "Mail", "0123456789012345678901234567890123456789x");
	assert_body(d, false,
		    "Mail (1): 0123456789012345678901234567890123456789x\n"
		    "The oldest waited 25 min.");
	add(d, "Mail", line);
	assert_body(d, false,
		    "Mail (2): 0123456789012345678901234567890123456789… · "
		    "0123456789012345678901234567890123456789…\nThe oldest waited 25 min.");
}

static int32_t two_hours_east(void *data LULL_UNUSED, int64_t wall_s LULL_UNUSED)
{
	return 2 * 60 * 60;
}

static void the_next_delivery_is_told_by_the_clock_on_the_wall(void **state LULL_UNUSED)
{
	static const struct civil_zone zone = {.offset_s = two_hours_east};
	static const struct {
		int64_t in_us;
		const char *told;
	} cases[] = {
		{0, ""},
		{-MINUTE, ""},
		{MINUTE, " Next delivery: 14:01."},
		{3 * 60 * MINUTE, " Next delivery: 17:00."},
		/* 2026-01-01 is a Thursday. */
		{10 * 60 * MINUTE, " Next delivery: tomorrow 00:00."},
		{(24 + 19) * 60 * MINUTE, " Next delivery: Saturday 09:00."},
		{(6 * 24 - 5) * 60 * MINUTE, " Next delivery: Wednesday 09:00."},
	};
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "Hello");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct digest_view view = {
			.now_us = NOON,
			.next_us = NOON + cases[i].in_us,
			.zone = &zone,
		};
		autofree(str) char *body = digest_body(d, &view), *expected = NULL;

		assert_true(asprintf(&expected, "Chat (1): Hello\nThe oldest waited 0 s.%s",
				     cases[i].told) > 0);
		assert_string_equal(body, expected);
	}
}

static void what_came_through_meanwhile_is_told_by_application(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "Hello");
	assert_int_equal(digest_add_through(d, "Phone & co"), 0);
	assert_body(d, true,
		    "Chat (1): Hello\n1 came through: Phone &amp; co.\nThe oldest waited 25 min.");
	assert_int_equal(digest_add_through(d, ""), 0);
	assert_int_equal(digest_add_through(d, "Battery"), 0);
	assert_int_equal(digest_add_through(d, "Battery"), 0);
	digest_add_withdrawn(d);
	assert_body(d, false,
		    "Chat (1): Hello\n4 came through: Battery (2), Phone & co, an application. "
		    "1 was withdrawn.\nThe oldest waited 25 min.");
	assert_int_equal(digest_add_through(d, "Four"), 0);
	digest_add_withdrawn(d);
	assert_body(d, false,
		    "Chat (1): Hello\n5 came through: Battery (2), Phone & co, an application, ... "
		    "2 were withdrawn.\nThe oldest waited 25 min.");
	/* They aren't among those that it announces. */
	assert_summary(d, 0, "1 notification from 1 app");
}

static void what_was_withdrawn_alone_has_its_line(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat", "Hello");
	digest_add_withdrawn(d);
	digest_add_withdrawn(d);
	assert_body(d, false, "Chat (1): Hello\n2 were withdrawn.\nThe oldest waited 25 min.");
}

static void it_never_has_more_than_eight_lines(void **state LULL_UNUSED)
{
	for (int n_apps = 1; n_apps < 12; n_apps++) {
		for (int has_meanwhile = 0; has_meanwhile < 2; has_meanwhile++) {
			autofree(digest) struct digest *d = digest_new();
			autofree(str) char *body = NULL;
			int n_lines = 1;

			assert_non_null(d);
			for (int i = 0; i < n_apps; i++)
				add(d, (const char[]){(char)('a' + i), '\0'}, "x");
			if (has_meanwhile)
				assert_int_equal(digest_add_through(d, "Phone"), 0);
			body = body_of(d, NOON, false);
			assert_non_null(body);
			for (const char *s = body; *s; s++)
				n_lines += *s == '\n';
			assert_true(n_lines <= 8);
		}
	}
}

/* --- buttons --- */

static void a_button_says_what_becomes_of_the_batch(void **state LULL_UNUSED)
{
	static const struct {
		const char *key;
		enum digest_answer answer[2]; /* by enum digest_open */
	} cases[] = {
		{"default", {DIGEST_SHOW_ALL, DIGEST_NO_ANSWER}},
		{"show-all", {DIGEST_SHOW_ALL, DIGEST_SHOW_ALL}},
		{"later", {DIGEST_LATER, DIGEST_LATER}},
		{"dismiss", {DIGEST_DISMISS, DIGEST_DISMISS}},
		{"", {DIGEST_NO_ANSWER, DIGEST_NO_ANSWER}},
		{"Later", {DIGEST_NO_ANSWER, DIGEST_NO_ANSWER}},
		{"show", {DIGEST_NO_ANSWER, DIGEST_NO_ANSWER}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(digest_answer(cases[i].key, DIGEST_OPEN_SHOW_ALL),
				 cases[i].answer[0]);
		assert_int_equal(digest_answer(cases[i].key, DIGEST_OPEN_NOTHING),
				 cases[i].answer[1]);
	}
}

static void each_button_that_is_offered_has_an_answer(void **state LULL_UNUSED)
{
	static const enum digest_open opens[] = {DIGEST_OPEN_SHOW_ALL, DIGEST_OPEN_NOTHING};

	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		const char *const *actions = digest_actions(opens[i]);
		size_t n = 0;

		for (; actions[n]; n += 2) {
			assert_non_null(actions[n + 1]);
			assert_int_not_equal(digest_answer(actions[n], opens[i]), DIGEST_NO_ANSWER);
		}
		/* A click on the body isn't offered where it does nothing. */
		assert_int_equal(n, opens[i] == DIGEST_OPEN_SHOW_ALL ? 8 : 6);
	}
}

/* --- order --- */

static void the_busiest_app_comes_first(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add_many(d, "One", 1);
	add_many(d, "Three", 3);
	add_many(d, "Two", 2);
	assert_body(
		d, false,
		"Three (3): Three 3 · Three 2 · Three 1\nTwo (2): Two 2 · Two 1\nOne (1): One 1\n"
		"The oldest waited 25 min.");
}

static void equals_keep_the_order_of_their_first_item(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Zoo", "z1");
	add(d, "Ape", "a1");
	add(d, "Mid", "m1");
	add(d, "Ape", "a2");
	add(d, "Zoo", "z2");
	assert_body(d, false,
		    "Zoo (2): z2 · z1\nApe (2): a2 · a1\nMid (1): m1\nThe oldest waited 25 min.");
}

static void names_that_differ_in_case_are_two_apps(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "chat", "a");
	add(d, "Chat", "b");
	assert_summary(d, 0, "2 notifications from 2 apps");
}

/* --- many --- */

static void seven_apps_have_a_line_each(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	for (int i = 0; i < 7; i++)
		add(d, (const char[]){(char)('a' + i), '\0'}, "x");
	assert_body(d, false,
		    "a (1): x\nb (1): x\nc (1): x\nd (1): x\ne (1): x\nf (1): x\ng (1): x\n"
		    "The oldest waited 25 min.");
}

static void of_more_than_seven_the_busiest_six_are_named(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add_many(d, "quiet", 1);
	for (int i = 0; i < 6; i++)
		add_many(d, (const char[]){(char)('a' + i), '\0'}, 3);
	add_many(d, "calm", 2);
	assert_summary(d, 0, "21 notifications from 8 apps");
	assert_body(d, false,
		    "a (3): a 3 · a 2 · a 1\nb (3): b 3 · b 2 · b 1\nc (3): c 3 · c 2 · c 1\n"
		    "d (3): d 3 · d 2 · d 1\ne (3): e 3 · e 2 · e 1\nf (3): f 3 · f 2 · f 1\n"
		    "and 3 more from 2 other apps\nThe oldest waited 25 min.");
}

static void a_thousand_apps_are_counted(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();
	autofree(str) char *body = NULL;

	assert_non_null(d);
	for (int i = 0; i < 1000; i++) {
		char app[16];

		snprintf(app, sizeof(app), "app%d", i);
		add_many(d, app, i == 999 ? 3 : 2);
	}
	assert_int_equal(digest_count(d), 2001);
	assert_summary(d, 0, "2001 notifications from 1000 apps");
	body = body_of(d, NOON, false);
	assert_non_null(body);
	assert_ptr_equal(strstr(body,
				"app999 (3): app999 3 · app999 2 · app999 1\napp0 (2): app0 2 · "),
			 body);
	assert_non_null(strstr(body, "\nand 1988 more from 994 other apps\n"));
}

/* --- hostile text --- */

static void markup_is_escaped_where_the_display_reads_it(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "R&D", "<b>\"big\"</b>");
	assert_body(d, true,
		    "R&amp;D (1): &lt;b&gt;&quot;big&quot;&lt;/b&gt;\nThe oldest waited 25 min.");
	assert_body(d, false, "R&D (1): <b>\"big\"</b>\nThe oldest waited 25 min.");
}

static void a_name_or_summary_can_not_make_lines_of_its_own(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "Chat\nBank", "pay\r\nBank (9): pay now\n");
	assert_body(d, false, "Chat Bank (1): pay  Bank (9): pay now \nThe oldest waited 25 min.");
	assert_body(d, true, "Chat Bank (1): pay  Bank (9): pay now \nThe oldest waited 25 min.");
}

static void format_directives_are_text(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();

	assert_non_null(d);
	add(d, "%s%n", "100%s %n %99999d");
	assert_body(d, true, "%s%n (1): 100%s %n %99999d\nThe oldest waited 25 min.");
}

static void a_megabyte_is_cut_on_a_code_point(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();
	autofree(str) char *huge = malloc(MIB + 1);
	char expected[256] = "";

	assert_non_null(d);
	assert_non_null(huge);
	/* Three bytes each: neither 40 nor 80 is a multiple. */
	for (size_t i = 0; i < MIB; i++)
		huge[i] = "\xe2\x82\xac"[i % 3];
	huge[MIB / 3 * 3] = '\0';
	add(d, huge, huge);
	for (int i = 0; i < 13; i++)
		strcat(expected, "\xe2\x82\xac");
	strcat(expected, "… (1): ");
	for (int i = 0; i < 26; i++)
		strcat(expected, "\xe2\x82\xac");
	strcat(expected, "…\nThe oldest waited 25 min.");
	assert_body(d, false, expected);
	assert_body(d, true, expected);
}

static void bytes_that_are_not_utf_8_do_no_harm(void **state LULL_UNUSED)
{
	autofree(digest) struct digest *d = digest_new();
	autofree(str) char *body = NULL;
	char bad[200];

	assert_non_null(d);
	memset(bad, 0x80, sizeof(bad) - 1);
	bad[sizeof(bad) - 1] = '\0';
	add(d, bad, "\xff\xfe");
	body = body_of(d, NOON, true);
	assert_non_null(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_summary_counts_notifications_and_apps),
		cmocka_unit_test(one_of_each_is_in_the_singular),
		cmocka_unit_test(without_a_block_there_is_no_word_of_focus),
		cmocka_unit_test(the_body_has_a_line_an_app_with_its_latest),
		cmocka_unit_test(an_empty_summary_leaves_the_count),
		cmocka_unit_test(an_app_without_a_name_is_an_application),
		cmocka_unit_test(the_oldest_is_the_one_that_arrived_first_by_the_clock),
		cmocka_unit_test(different_summaries_are_named_the_latest_first),
		cmocka_unit_test(messages_are_counted_by_who_wrote),
		cmocka_unit_test(what_only_looks_like_a_message_is_not_counted_by_title),
		cmocka_unit_test(of_too_many_conversations_none_is_counted_wrongly),
		cmocka_unit_test(several_summaries_are_cut_shorter),
		cmocka_unit_test(the_next_delivery_is_told_by_the_clock_on_the_wall),
		cmocka_unit_test(what_came_through_meanwhile_is_told_by_application),
		cmocka_unit_test(what_was_withdrawn_alone_has_its_line),
		cmocka_unit_test(it_never_has_more_than_eight_lines),
		cmocka_unit_test(a_button_says_what_becomes_of_the_batch),
		cmocka_unit_test(each_button_that_is_offered_has_an_answer),
		cmocka_unit_test(the_busiest_app_comes_first),
		cmocka_unit_test(equals_keep_the_order_of_their_first_item),
		cmocka_unit_test(names_that_differ_in_case_are_two_apps),
		cmocka_unit_test(seven_apps_have_a_line_each),
		cmocka_unit_test(of_more_than_seven_the_busiest_six_are_named),
		cmocka_unit_test(a_thousand_apps_are_counted),
		cmocka_unit_test(markup_is_escaped_where_the_display_reads_it),
		cmocka_unit_test(a_name_or_summary_can_not_make_lines_of_its_own),
		cmocka_unit_test(format_directives_are_text),
		cmocka_unit_test(a_megabyte_is_cut_on_a_code_point),
		cmocka_unit_test(bytes_that_are_not_utf_8_do_no_harm),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
