/*
 * Clock times, in zones whose clocks jump. Every instant here is literal.
 */
#include "client/when.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define SEC(n) (INT64_C(n) * USEC_PER_SEC)

static void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

struct parse_case {
	const char *zone;
	int64_t now_us;
	const char *text;
	int64_t us;
};

static void assert_parses(const struct parse_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t us = 0;

		set_zone(cases[i].zone);
		assert_int_equal(when_parse(cases[i].text, cases[i].now_us, &us), 0);
		assert_int_equal(us, cases[i].us);
	}
}

static void a_time_is_the_next_one_on_the_clock(void **state LULL_UNUSED)
{
	static const struct parse_case cases[] = {
		/* 2025-06-15 10:00 in Berlin */
		{"Europe/Berlin", SEC(1749974400), "11:30", SEC(1749979800)},
		{"Europe/Berlin", SEC(1749974400), "10:00", SEC(1750060800)},
		{"Europe/Berlin", SEC(1749974400) - 1, "10:00", SEC(1749974400)},
		{"Europe/Berlin", SEC(1749974400) + 1, "10:00", SEC(1750060800)},
		{"Europe/Berlin", SEC(1749974400), "9:00", SEC(1750057200)},
		{"Europe/Berlin", SEC(1749974400), "09:00", SEC(1750057200)},
		{"Europe/Berlin", SEC(1749974400), "0:00", SEC(1750024800)},
		/* 22:00 in New York is the next day in UTC */
		{"America/New_York", SEC(1750039200), "1:15", SEC(1750050900)},
		/* 10:00 at +05:45, at +14:00 and at -12:00 */
		{"Asia/Kathmandu", SEC(1749960900), "10:45", SEC(1749963600)},
		{"Pacific/Kiritimati", SEC(1749931200), "11:00", SEC(1749934800)},
		{"Etc/GMT+12", SEC(1750024800), "9:00", SEC(1750107600)},
	};

	assert_parses(cases, ARRAY_SIZE(cases));
}

static void a_day_may_be_named(void **state LULL_UNUSED)
{
	static const struct parse_case cases[] = {
		{"Europe/Berlin", SEC(1749974400), "today 11:30", SEC(1749979800)},
		{"Europe/Berlin", SEC(1749974400), "tomorrow 11:30", SEC(1750066200)},
		{"Europe/Berlin", SEC(1749974400), "Tomorrow \t9:00", SEC(1750057200)},
		{"Europe/Berlin", SEC(1749974400), "tomorrow", SEC(1750057200)},
		/* it is Sunday, 10:00 */
		{"Europe/Berlin", SEC(1749974400), "monday", SEC(1750057200)},
		{"Europe/Berlin", SEC(1749974400), "Mon 11:30", SEC(1750066200)},
		{"Europe/Berlin", SEC(1749974400), "saturday", SEC(1750489200)},
		{"Europe/Berlin", SEC(1749974400), "sunday 11:30", SEC(1749979800)},
		{"Europe/Berlin", SEC(1749974400), "sunday", SEC(1750575600)},
		{"Europe/Berlin", SEC(1749974400), "2025-06-16", SEC(1750057200)},
		{"Europe/Berlin", SEC(1749974400), "2025-06-22 9:00", SEC(1750575600)},
	};
	int64_t us = 7;

	assert_parses(cases, ARRAY_SIZE(cases));
	set_zone("Europe/Berlin");
	assert_int_equal(when_parse("today 9:59", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse("today 10:00", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse("today", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse("yesterday 9:00", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse("2025-06-15", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(us, 7);
}

static void a_time_that_is_left_out_is_the_moment_of_the_jump(void **state LULL_UNUSED)
{
	static const struct parse_case cases[] = {
		/* 2025-03-30: 02:00 is followed by 03:00 */
		{"Europe/Berlin", SEC(1743285600), "2:30", SEC(1743296400)},
		{"Europe/Berlin", SEC(1743285600), "2:00", SEC(1743296400)},
		{"Europe/Berlin", SEC(1743285600), "2:59", SEC(1743296400)},
		{"Europe/Berlin", SEC(1743285600), "3:00", SEC(1743296400)},
		/* half an hour is left out */
		{"Australia/Lord_Howe", SEC(1759588200), "2:15", SEC(1759591800)},
		/* a whole day is left out: Samoa had no 2011-12-30 */
		{"Pacific/Apia", SEC(1325224800), "9:00", SEC(1325239200)},
	};

	assert_parses(cases, ARRAY_SIZE(cases));
}

static void a_time_that_comes_twice_is_the_first_still_to_come(void **state LULL_UNUSED)
{
	static const struct parse_case cases[] = {
		/* 2025-10-26: 03:00 is followed by 02:00 */
		{"Europe/Berlin", SEC(1761429600), "2:30", SEC(1761438600)},
		{"Europe/Berlin", SEC(1761439500), "2:30", SEC(1761442200)},
		{"Europe/Berlin", SEC(1761442200), "2:30", SEC(1761528600)},
	};

	assert_parses(cases, ARRAY_SIZE(cases));
}

static void what_is_not_a_time_is_refused(void **state LULL_UNUSED)
{
	static const char *const texts[] = {
		"",
		"9",
		"9:0",
		"9:000",
		"24:00",
		"9:60",
		"123:00",
		" 9:00",
		"9:00 ",
		"-1:00",
		"+9:00",
		"9.00",
		"25m",
		"tomorrow9:00",
		"tomorrow ",
		"9:00am",
		"\xff:00",
		"monda",
		"mo 9:00",
		"2025-6-22",
		"2025-06-31",
		"2025-13-01",
		"2025-06-22T9:00",
		"9:00 monday",
		"monday tuesday",
	};

	set_zone("UTC");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int64_t us = 7;

		assert_int_equal(when_parse(texts[i], SEC(1749974400), &us), -EINVAL);
		assert_int_equal(us, 7);
	}
}

static void the_past_is_the_last_one_on_the_clock(void **state LULL_UNUSED)
{
	static const struct parse_case cases[] = {
		/* Sunday 2025-06-15 10:00 in Berlin */
		{"Europe/Berlin", SEC(1749974400), "2h", SEC(1749967200)},
		{"Europe/Berlin", SEC(1749974400), "90", SEC(1749969000)},
		{"Europe/Berlin", SEC(1749974400), "9:00", SEC(1749970800)},
		{"Europe/Berlin", SEC(1749974400), "10:00", SEC(1749974400)},
		{"Europe/Berlin", SEC(1749974400), "11:30", SEC(1749893400)},
		{"Europe/Berlin", SEC(1749974400), "today", SEC(1749938400)},
		{"Europe/Berlin", SEC(1749974400), "yesterday", SEC(1749852000)},
		{"Europe/Berlin", SEC(1749974400), "yesterday 9:00", SEC(1749884400)},
		{"Europe/Berlin", SEC(1749974400), "sunday", SEC(1749938400)},
		{"Europe/Berlin", SEC(1749974400), "monday", SEC(1749420000)},
		{"Europe/Berlin", SEC(1749974400), "2025-06-14", SEC(1749852000)},
		/* 2025-03-30: 02:00 is followed by 03:00; it is 10:00 */
		{"Europe/Berlin", SEC(1743321600), "2:30", SEC(1743296400)},
	};
	int64_t us = 7;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t found = 0;

		set_zone(cases[i].zone);
		assert_int_equal(when_parse_past(cases[i].text, cases[i].now_us, &found), 0);
		assert_int_equal(found, cases[i].us);
	}
	assert_int_equal(when_parse_past("tomorrow", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse_past("today 11:30", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse_past("2025-06-16", SEC(1749974400), &us), -ERANGE);
	assert_int_equal(when_parse_past("lately", SEC(1749974400), &us), -EINVAL);
	assert_int_equal(us, 7);
}

static void assert_format(const char *zone, int64_t us, int64_t now_us, const char *text)
{
	char buf[WHEN_TEXT_MAX];

	set_zone(zone);
	when_format(us, now_us, buf);
	assert_string_equal(buf, text);
}

static void an_instant_is_written_as_near_as_it_is(void **state LULL_UNUSED)
{
	const int64_t now = SEC(1749974400); /* Sunday 2025-06-15 10:00 in Berlin */

	assert_format("Europe/Berlin", SEC(1749979800), now, "11:30");
	assert_format("Europe/Berlin", SEC(1749979800) + 999999, now, "11:30");
	assert_format("Europe/Berlin", SEC(1750057200), now, "tomorrow 9:00");
	assert_format("Europe/Berlin", SEC(1749884400), now, "yesterday 9:00");
	assert_format("Europe/Berlin", SEC(1750143600), now, "Tue 9:00");
	assert_format("Europe/Berlin", SEC(1750489200), now, "Sat 9:00");
	assert_format("Europe/Berlin", SEC(1750575600), now, "2025-06-22 09:00");
	assert_format("Europe/Berlin", SEC(0), now, "1970-01-01 01:00");
	assert_format("America/New_York", SEC(1750050900), SEC(1750039200), "tomorrow 1:15");
	assert_format("UTC", INT64_MAX, now, "294247-01-10 04:00");
	assert_format("UTC", INT64_MIN, now, "-290308-12-21 19:59");
}

static void an_age_has_one_unit(void **state LULL_UNUSED)
{
	static const struct {
		int64_t age_us;
		const char *text;
	} cases[] = {
		{SEC(-5), "now"},        {0, "now"},           {SEC(1), "1 s"},
		{SEC(59), "59 s"},       {SEC(60), "1 min"},   {SEC(3599), "59 min"},
		{SEC(3600), "1 h"},      {SEC(86399), "23 h"}, {SEC(86400), "1 d"},
		{SEC(8640000), "100 d"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[WHEN_TEXT_MAX];

		when_format_age(SEC(1749974400) - cases[i].age_us, SEC(1749974400), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

static void what_is_left_is_rounded_up_to_minutes(void **state LULL_UNUSED)
{
	static const struct {
		int64_t left_us;
		const char *text;
	} cases[] = {
		{SEC(45), "45 s"},         {SEC(60), "1 min"},
		{SEC(60) + 1, "2 min"},    {SEC(1500) - 2000, "25 min"},
		{SEC(5400), "1 h 30 min"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[WHEN_TEXT_MAX];

		when_format_left(SEC(1749974400) + cases[i].left_us, SEC(1749974400), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_the_next_one_on_the_clock),
		cmocka_unit_test(a_day_may_be_named),
		cmocka_unit_test(a_time_that_is_left_out_is_the_moment_of_the_jump),
		cmocka_unit_test(a_time_that_comes_twice_is_the_first_still_to_come),
		cmocka_unit_test(what_is_not_a_time_is_refused),
		cmocka_unit_test(the_past_is_the_last_one_on_the_clock),
		cmocka_unit_test(an_instant_is_written_as_near_as_it_is),
		cmocka_unit_test(an_age_has_one_unit),
		cmocka_unit_test(what_is_left_is_rounded_up_to_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
