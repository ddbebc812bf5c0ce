/*
 * Pomodoro: which phase is on, and until when, however long nobody has looked.
 */
#include "daemon/core/pomodoro.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)

/* 2026-01-01 12:00 UTC, 5000 s after boot. */
static const struct instant noon = {INT64_C(1767268800000000), 5000 * USEC_PER_SEC};

static const struct pomodoro_plan usual = {25 * MINUTE, 5 * MINUTE, 15 * MINUTE, 4};
static const struct pomodoro_plan always_long = {25 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1};
static const struct pomodoro_plan short_one = {50 * MINUTE, 10 * MINUTE, 20 * MINUTE, 2};

static struct instant later(struct instant from, int64_t us)
{
	return (struct instant){from.wall_us + us, from.boot_us + us};
}

static void assert_same(const struct pomodoro *a, const struct pomodoro *b)
{
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->round, b->round);
	assert_int_equal(a->n_rounds, b->n_rounds);
	assert_true(a->since_wall_us == b->since_wall_us);
	assert_true(a->ends.wall_us == b->ends.wall_us);
	assert_true(a->ends.boot_us == b->ends.boot_us);
}

/* "work 2 of 4 30-55", in minutes after noon by boot time; "-" when it is off */
static void write_whole(const struct pomodoro *p, int64_t ahead_us, char *buf, size_t size)
{
	char phase[POMODORO_TEXT_MAX];

	pomodoro_write(p, phase);
	if (p->phase == POMODORO_OFF)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s %d-%d", phase,
			 (int)((p->since_wall_us - ahead_us - noon.wall_us) / MINUTE),
			 (int)((p->ends.boot_us - noon.boot_us) / MINUTE));
}

static const struct {
	const struct pomodoro_plan *plan;
	unsigned n_rounds;
	int minute;
	const char *phase;
} cases[] = {
	{&usual, 4, 0, "work 1 of 4 0-25"},
	{&usual, 4, 24, "work 1 of 4 0-25"},
	{&usual, 4, 25, "break 1 of 4 25-30"},
	{&usual, 4, 29, "break 1 of 4 25-30"},
	{&usual, 4, 30, "work 2 of 4 30-55"},
	{&usual, 4, 55, "break 2 of 4 55-60"},
	{&usual, 4, 60, "work 3 of 4 60-85"},
	{&usual, 4, 85, "break 3 of 4 85-90"},
	{&usual, 4, 90, "work 4 of 4 90-115"},
	{&usual, 4, 114, "work 4 of 4 90-115"},
	/* No break comes after the last round. */
	{&usual, 4, 115, "-"},
	{&usual, 4, 100000, "-"},
	/* A long one comes after every fourth, and only where another round follows. */
	{&usual, 9, 115, "long break 4 of 9 115-130"},
	{&usual, 9, 129, "long break 4 of 9 115-130"},
	{&usual, 9, 130, "work 5 of 9 130-155"},
	{&usual, 9, 155, "break 5 of 9 155-160"},
	{&usual, 9, 245, "long break 8 of 9 245-260"},
	{&usual, 9, 284, "work 9 of 9 260-285"},
	{&usual, 9, 285, "-"},
	{&usual, 1, 24, "work 1 of 1 0-25"},
	{&usual, 1, 25, "-"},
	{&always_long, 3, 25, "long break 1 of 3 25-40"},
	{&always_long, 3, 65, "long break 2 of 3 65-80"},
	{&always_long, 3, 105, "-"},
	{&short_one, 4, 50, "break 1 of 4 50-60"},
	{&short_one, 4, 110, "long break 2 of 4 110-130"},
	{&short_one, 4, 180, "break 3 of 4 180-190"},
	{&usual, POMODORO_ROUNDS_MAX, 98 * 30 + 24 * 10, "work 99 of 99 3180-3205"},
	{&usual, POMODORO_ROUNDS_MAX, 3205, "-"},
};

static void assert_case(size_t i, const struct pomodoro *p, int64_t ahead_us)
{
	char got[80];

	write_whole(p, ahead_us, got, sizeof(got));
	if (strcmp(got, cases[i].phase) != 0)
		fail_msg("after %d of %u rounds: %s, not %s", cases[i].minute, cases[i].n_rounds,
			 got, cases[i].phase);
}

static void each_phase_follows_the_one_before_it(void **state LULL_UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pomodoro p = pomodoro_start(cases[i].plan, cases[i].n_rounds, noon);

		p = pomodoro_at(&p, cases[i].plan, later(noon, cases[i].minute * MINUTE));
		assert_case(i, &p, 0);
	}
}

static void it_is_the_same_however_often_somebody_looks(void **state LULL_UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int step = 1; step <= 64; step *= 3) {
			struct pomodoro p = pomodoro_start(cases[i].plan, cases[i].n_rounds, noon);

			for (int m = 0; m < cases[i].minute; m += step)
				p = pomodoro_at(&p, cases[i].plan, later(noon, m * MINUTE));
			p = pomodoro_at(&p, cases[i].plan, later(noon, cases[i].minute * MINUTE));
			assert_case(i, &p, 0);
		}
	}
}

static void a_clock_that_is_set_moves_nothing(void **state LULL_UNUSED)
{
	static const int64_t steps[] = {-1000 * HOUR, -HOUR, HOUR, 1000 * HOUR};

	for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct pomodoro p = pomodoro_start(cases[i].plan, cases[i].n_rounds, noon);
			struct instant now = later(noon, cases[i].minute * MINUTE);

			now.wall_us += steps[s];
			p = pomodoro_at(&p, cases[i].plan, now);
			/* What began before the step was told as it was then. */
			assert_case(i, &p, p.round > 1 || pomodoro_is_break(&p) ? steps[s] : 0);
			if (p.phase != POMODORO_OFF)
				assert_int_equal(instant_wall(p.ends, now) - now.wall_us,
						 p.ends.boot_us - now.boot_us);
		}
	}
}

static void a_phase_ends_to_the_microsecond_and_late_wake_ups_do_not_add_up(
	void **state LULL_UNUSED)
{
	struct pomodoro p = pomodoro_start(&usual, 4, noon);

	while (p.phase != POMODORO_OFF) {
		struct pomodoro before = p;
		struct instant end = later(noon, p.ends.boot_us - noon.boot_us);

		p = pomodoro_at(&p, &usual, later(end, -1));
		assert_same(&p, &before);
		/* Two seconds late. */
		p = pomodoro_at(&p, &usual, later(end, 2 * USEC_PER_SEC));
		assert_int_not_equal(p.phase, before.phase);
		if (p.phase == POMODORO_OFF)
			assert_true(end.boot_us == noon.boot_us + 115 * MINUTE);
		else
			assert_true(p.since_wall_us == before.ends.wall_us);
	}
}

/* The two clocks aren't read at once, and the wall clock is slewed. */
static void a_phase_begins_when_the_end_of_the_one_before_it_was_told(void **state LULL_UNUSED)
{
	static const int64_t off[] = {-3, 3, 200000, -200000};

	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		struct pomodoro p = pomodoro_start(&usual, 4, noon);
		struct instant now = later(noon, 31 * MINUTE);

		now.wall_us += off[i];
		p = pomodoro_at(&p, &usual, now);
		assert_true(p.since_wall_us == noon.wall_us + 30 * MINUTE);
		assert_true(p.ends.wall_us == noon.wall_us + 55 * MINUTE);
	}
}

static void a_clock_that_was_set_by_less_than_a_second_moves_the_phases(void **state LULL_UNUSED)
{
	struct pomodoro p = pomodoro_start(&usual, 4, noon);
	struct instant now = later(noon, 31 * MINUTE);

	now.wall_us += 300000;
	p = pomodoro_at(&p, &usual, now);
	assert_true(p.ends.wall_us == noon.wall_us + 55 * MINUTE + 300000);
}

static void another_plan_counts_from_the_next_phase_on(void **state LULL_UNUSED)
{
	struct pomodoro p = pomodoro_start(&usual, 4, noon), at;
	char got[80];

	at = pomodoro_at(&p, &short_one, later(noon, 24 * MINUTE));
	assert_same(&at, &p);
	at = pomodoro_at(&p, &short_one, later(noon, 25 * MINUTE));
	write_whole(&at, 0, got, sizeof(got));
	assert_string_equal(got, "break 1 of 4 25-35");
	at = pomodoro_at(&at, &usual, later(noon, 34 * MINUTE));
	write_whole(&at, 0, got, sizeof(got));
	assert_string_equal(got, "break 1 of 4 25-35");
	at = pomodoro_at(&at, &usual, later(noon, 35 * MINUTE));
	write_whole(&at, 0, got, sizeof(got));
	assert_string_equal(got, "work 2 of 4 35-60");
}

static void work_lets_go_at_its_end_and_a_break_at_once(void **state LULL_UNUSED)
{
	static const struct {
		int now, at, free;
	} asked[] = {
		{0, 0, 25},   {0, 24, 25},   {0, 25, 25},   {0, 29, 29},
		{0, 30, 55},  {0, 100, 115}, {0, 115, 115}, {0, 500, 500},
		{10, 31, 55}, {26, 27, 27},  {26, 30, 55},  {100, 110, 115},
	};
	static const int64_t steps[] = {0, -HOUR, 5 * HOUR, 3 /* between two readings */};

	for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
		for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
			struct pomodoro p = pomodoro_start(&usual, 4, noon);
			struct instant now = later(noon, asked[i].now * MINUTE);
			int64_t shift = steps[s] == 3 ? 0 : steps[s], free_us;

			p = pomodoro_at(&p, &usual, now);
			now.wall_us += steps[s];
			free_us = pomodoro_free_at(&p, &usual, now,
						   noon.wall_us + shift + asked[i].at * MINUTE);
			if (free_us != noon.wall_us + shift + asked[i].free * MINUTE)
				fail_msg("asked in minute %d of %d", asked[i].now, asked[i].at);
		}
	}
}

static void without_one_everything_may_go(void **state LULL_UNUSED)
{
	const struct pomodoro off = {0};
	struct pomodoro at = pomodoro_at(&off, &usual, noon);

	assert_int_equal(at.phase, POMODORO_OFF);
	assert_true(pomodoro_free_at(&off, &usual, noon, noon.wall_us + 7) == noon.wall_us + 7);
}

static void what_was_written_is_read_as_the_same(void **state LULL_UNUSED)
{
	static const struct pomodoro phases[] = {
		{.phase = POMODORO_WORK, .round = 1, .n_rounds = 1},
		{.phase = POMODORO_WORK, .round = 99, .n_rounds = 99},
		{.phase = POMODORO_BREAK, .round = 2, .n_rounds = 4},
		{.phase = POMODORO_LONG_BREAK, .round = 4, .n_rounds = 12},
	};

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		char text[POMODORO_TEXT_MAX];
		struct pomodoro p = {0};

		pomodoro_write(&phases[i], text);
		assert_true(pomodoro_read(text, &p));
		assert_same(&p, &phases[i]);
	}
}

static void what_is_no_phase_is_not_read(void **state LULL_UNUSED)
{
	static const char *const texts[] = {
		"",
		"work",
		"work 1 of",
		"work 0 of 4",
		"work 5 of 4",
		"work -1 of 4",
		"break -1 of 4",
		"work 1 of 100",
		"work 1 of -1",
		"work 4294967297 of 4294967299",
		"break 4 of 4",
		"long break 4 of 4",
		"long work 1 of 4",
		"work 1 of 4 ",
		"work 1 of 4th",
		"1 of 4",
		" 1 of 4",
		"nap 1 of 4",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct pomodoro p;

		if (pomodoro_read(texts[i], &p))
			fail_msg("'%s' was read", texts[i]);
	}
}

/* From a file that somebody edited. */
static void extreme_ends_do_not_overflow(void **state LULL_UNUSED)
{
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1000 * HOUR, INT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct pomodoro p = pomodoro_start(&usual, POMODORO_ROUNDS_MAX, noon), at;

		p.ends = (struct instant){ends[i], ends[i]};
		at = pomodoro_at(&p, &usual, noon);
		assert_int_equal(at.phase, ends[i] < INT64_MAX ? POMODORO_OFF : POMODORO_WORK);
		pomodoro_free_at(&p, &usual, noon, noon.wall_us);
		pomodoro_free_at(&p, &usual, noon, INT64_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_phase_follows_the_one_before_it),
		cmocka_unit_test(it_is_the_same_however_often_somebody_looks),
		cmocka_unit_test(a_clock_that_is_set_moves_nothing),
		cmocka_unit_test(a_phase_ends_to_the_microsecond_and_late_wake_ups_do_not_add_up),
		cmocka_unit_test(a_phase_begins_when_the_end_of_the_one_before_it_was_told),
		cmocka_unit_test(a_clock_that_was_set_by_less_than_a_second_moves_the_phases),
		cmocka_unit_test(another_plan_counts_from_the_next_phase_on),
		cmocka_unit_test(work_lets_go_at_its_end_and_a_break_at_once),
		cmocka_unit_test(without_one_everything_may_go),
		cmocka_unit_test(what_was_written_is_read_as_the_same),
		cmocka_unit_test(what_is_no_phase_is_not_read),
		cmocka_unit_test(extreme_ends_do_not_overflow),
	};

	return cmocka_run_group_tests_name("pomodoro", tests, NULL, NULL);
}
