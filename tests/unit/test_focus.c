/*
 * Focus: tokens that end by either clock, whatever happens to the clocks.
 */
#include "daemon/core/focus.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/duration.h"
#include <stdio.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)

/* 2026-01-01 12:00 UTC, 5000 s after boot. */
static const struct instant noon = {INT64_C(1767268800000000), 5000 * USEC_PER_SEC};

/* --- what may happen --- */

static struct focus_change last_change;

static const struct pomodoro_plan plan = {25 * MINUTE, 5 * MINUTE, 15 * MINUTE, 4};

static enum focus_outcome apply(struct focus *f, struct focus_event event, struct instant now)
{
	event.plan = &plan;
	return focus_apply(f, &event, now, &last_change);
}

static enum focus_outcome focus_start(struct focus *f, const struct focus_request *request,
				      struct instant now)
{
	return apply(f, (struct focus_event){.kind = FOCUS_START, .request = *request}, now);
}

static enum focus_outcome focus_extend(struct focus *f, int64_t us, struct instant now)
{
	return apply(f, (struct focus_event){.kind = FOCUS_EXTEND, .duration_us = us}, now);
}

static enum focus_outcome focus_inhibit(struct focus *f, const char *name, const char *label,
					struct instant now)
{
	return apply(f, (struct focus_event){.kind = FOCUS_INHIBIT, .name = name, .label = label},
		     now);
}

static enum focus_outcome focus_uninhibit(struct focus *f, const char *name)
{
	return apply(f, (struct focus_event){.kind = FOCUS_UNINHIBIT, .name = name}, noon);
}

static enum focus_outcome focus_end(struct focus *f)
{
	return apply(f, (struct focus_event){.kind = FOCUS_END}, noon);
}

static enum focus_outcome focus_pomodoro(struct focus *f, int64_t n_rounds, struct instant now)
{
	return apply(f, (struct focus_event){.kind = FOCUS_POMODORO, .n_rounds = n_rounds}, now);
}

/* Return: how many went. */
static int focus_tick(struct focus *f, struct instant now)
{
	assert_int_equal(apply(f, (struct focus_event){.kind = FOCUS_TICK}, now), FOCUS_OK);
	return (int)last_change.n_gone;
}

static const struct block blocks[] = {{.name = "a"}, {.name = "b"}};

/* The blocks that hold: bit 0 is "a", bit 1 "b"; until @us after noon. */
static void focus_schedule(struct focus *f, unsigned on, int64_t us, struct instant now)
{
	struct schedule_now schedule = {0};

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (on & 1U << i)
			schedule.holds[schedule.n_holds++] =
				(struct schedule_hold){&blocks[i], noon.wall_us + us};
	assert_int_equal(apply(f,
			       (struct focus_event){.kind = FOCUS_SCHEDULE, .schedule = &schedule},
			       now),
			 FOCUS_OK);
}

static struct instant later(struct instant from, int64_t us)
{
	return (struct instant){from.wall_us + us, from.boot_us + us};
}

/* The same moment after somebody set the clock. */
static struct instant clock_set(struct instant from, int64_t by_us)
{
	return (struct instant){from.wall_us + by_us, from.boot_us};
}

static void start_for(struct focus *f, int64_t us, struct instant now)
{
	const struct focus_request request = {.duration_us = us};

	assert_int_equal(focus_start(f, &request, now), FOCUS_OK);
}

static void start_until(struct focus *f, int64_t wall_us, struct instant now)
{
	const struct focus_request request = {.until_wall_us = wall_us};

	assert_int_equal(focus_start(f, &request, now), FOCUS_OK);
}

static void assert_wakes(const struct focus *f, int64_t wall_us, int64_t boot_us)
{
	struct wake next = focus_next(f);

	assert_int_equal(next.wall_us, wall_us);
	assert_int_equal(next.boot_us, boot_us);
}

/* @us after noon on both clocks. */
static struct token example(enum token_clock clock, int64_t us)
{
	return (struct token){
		.clock = clock,
		.since_wall_us = noon.wall_us,
		.ends_wall_us = noon.wall_us + us,
		.ends_boot_us = noon.boot_us + us,
	};
}

static void restore(struct focus *f, struct token t, bool is_same_boot, struct instant now)
{
	assert_int_equal(focus_restore(f, &t, is_same_boot, now), FOCUS_OK);
}

/* --- starting and ending --- */

static void focus_is_off_at_first(void **state LULL_UNUSED)
{
	struct focus f = {0};

	assert_false(focus_is_on(&f));
	assert_int_equal(focus_ends(&f, noon), 0);
	assert_int_equal(focus_since(&f), 0);
	assert_int_equal(focus_tick(&f, noon), 0);
	assert_int_equal(focus_end(&f), FOCUS_IS_OFF);
	assert_int_equal(focus_extend(&f, HOUR, noon), FOCUS_IS_OFF);
	assert_wakes(&f, INSTANT_NEVER, INSTANT_NEVER);
}

static void a_duration_ends_by_boot_time(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_for(&f, 25 * MINUTE, noon);
	assert_true(focus_is_on(&f));
	assert_int_equal(focus_since(&f), noon.wall_us);
	assert_int_equal(focus_ends(&f, noon), noon.wall_us + 25 * MINUTE);
	assert_wakes(&f, INSTANT_NEVER, noon.boot_us + 25 * MINUTE);
	assert_int_equal(focus_tick(&f, later(noon, 25 * MINUTE - 1)), 0);
	assert_int_equal(focus_tick(&f, later(noon, 25 * MINUTE)), 1);
	assert_false(focus_is_on(&f));
	assert_int_equal(focus_tick(&f, later(noon, 26 * MINUTE)), 0);
}

static void a_time_of_day_ends_by_wall_time(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_until(&f, noon.wall_us + HOUR, noon);
	assert_int_equal(focus_ends(&f, noon), noon.wall_us + HOUR);
	assert_wakes(&f, noon.wall_us + HOUR, INSTANT_NEVER);
	assert_int_equal(focus_tick(&f, later(noon, HOUR - 1)), 0);
	assert_int_equal(focus_tick(&f, later(noon, HOUR)), 1);
	assert_false(focus_is_on(&f));
}

static void ending_gives_back_every_token(void **state LULL_UNUSED)
{
	struct focus f = {0};

	restore(&f, example(TOKEN_BY_BOOT, HOUR), true, noon);
	restore(&f, example(TOKEN_BY_WALL, HOUR), true, noon);
	assert_int_equal(focus_end(&f), FOCUS_OK);
	assert_false(focus_is_on(&f));
	assert_int_equal(focus_end(&f), FOCUS_IS_OFF);
	assert_wakes(&f, INSTANT_NEVER, INSTANT_NEVER);
}

static void starting_again_moves_the_end_and_keeps_the_start(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = later(noon, 10 * MINUTE);

	start_for(&f, HOUR, noon);
	start_for(&f, 5 * MINUTE, now);
	assert_int_equal(f.n_tokens, 1);
	assert_int_equal(focus_since(&f), noon.wall_us);
	assert_int_equal(focus_ends(&f, now), now.wall_us + 5 * MINUTE);
	assert_int_equal(focus_tick(&f, later(now, 5 * MINUTE)), 1);
}

static void starting_again_may_change_the_clock(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_for(&f, HOUR, noon);
	start_until(&f, noon.wall_us + 2 * HOUR, noon);
	assert_wakes(&f, noon.wall_us + 2 * HOUR, INSTANT_NEVER);
	start_for(&f, HOUR, noon);
	assert_wakes(&f, INSTANT_NEVER, noon.boot_us + HOUR);
	assert_int_equal(f.n_tokens, 1);
}

static void a_new_start_after_the_end_has_its_own_beginning(void **state LULL_UNUSED)
{
	struct focus f = {0};
	const struct focus_request labelled = {.duration_us = HOUR, .label = "Report"};
	struct instant now = later(noon, 2 * HOUR);

	assert_int_equal(focus_start(&f, &labelled, noon), FOCUS_OK);
	assert_int_equal(focus_end(&f), FOCUS_OK);
	start_for(&f, HOUR, now);
	assert_int_equal(focus_since(&f), now.wall_us);
	assert_string_equal(f.tokens[0].label, "");
}

static void a_label_stays_until_another_is_given(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct focus_request request = {.duration_us = HOUR, .label = "Report"};

	assert_int_equal(focus_start(&f, &request, noon), FOCUS_OK);
	assert_string_equal(f.tokens[0].label, "Report");
	start_for(&f, 2 * HOUR, noon);
	assert_string_equal(f.tokens[0].label, "Report");
	request.label = "";
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_OK);
	assert_string_equal(f.tokens[0].label, "");
}

/* --- extending --- */

static void a_duration_is_extended_by_boot_time(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = clock_set(later(noon, 10 * MINUTE), 3 * HOUR);

	start_for(&f, HOUR, noon);
	assert_int_equal(focus_extend(&f, 15 * MINUTE, now), FOCUS_OK);
	assert_wakes(&f, INSTANT_NEVER, noon.boot_us + 75 * MINUTE);
	assert_int_equal(focus_ends(&f, now), now.wall_us + 65 * MINUTE);
	assert_int_equal(f.tokens[0].ends_wall_us, now.wall_us + 65 * MINUTE);
}

static void a_time_of_day_is_extended_by_wall_time(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = clock_set(later(noon, 10 * MINUTE), -HOUR);

	start_until(&f, noon.wall_us + HOUR, noon);
	assert_int_equal(focus_extend(&f, 15 * MINUTE, now), FOCUS_OK);
	assert_wakes(&f, noon.wall_us + 75 * MINUTE, INSTANT_NEVER);
	assert_int_equal(focus_ends(&f, now), noon.wall_us + 75 * MINUTE);
}

static void an_extension_is_limited_like_a_start(void **state LULL_UNUSED)
{
	struct focus f = {0}, before;

	start_for(&f, DURATION_MAX_US - HOUR, noon);
	before = f;
	assert_int_equal(focus_extend(&f, HOUR + 1, noon), FOCUS_TOO_LONG);
	assert_int_equal(focus_extend(&f, DURATION_MAX_US + 1, noon), FOCUS_TOO_LONG);
	assert_int_equal(focus_extend(&f, INT64_MAX, noon), FOCUS_TOO_LONG);
	assert_int_equal(focus_extend(&f, 0, noon), FOCUS_NOT_LATER);
	assert_int_equal(focus_extend(&f, -HOUR, noon), FOCUS_NOT_LATER);
	assert_int_equal(focus_extend(&f, INT64_MIN, noon), FOCUS_NOT_LATER);
	assert_memory_equal(&f, &before, sizeof(f));
	assert_int_equal(focus_extend(&f, HOUR, noon), FOCUS_OK);
}

static void an_end_long_past_is_not_extended_into_the_past(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_until(&f, noon.wall_us + HOUR, noon);
	/* Set forwards by five hours, and nobody has ticked yet. */
	assert_int_equal(focus_extend(&f, HOUR, clock_set(noon, 5 * HOUR)), FOCUS_NOT_LATER);
	assert_int_equal(focus_extend(&f, 5 * HOUR, clock_set(noon, 5 * HOUR)), FOCUS_OK);
}

/* --- clocks --- */

static void a_token_by_duration_ends_by_boot_time_when_the_wall_clock_is_set(
	void **state LULL_UNUSED)
{
	static const int64_t steps[] = {-1000 * HOUR, -HOUR, HOUR, 1000 * HOUR};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct focus f = {0};
		struct instant now = clock_set(later(noon, 10 * MINUTE), steps[i]);

		start_for(&f, 25 * MINUTE, noon);
		assert_int_equal(focus_tick(&f, now), 0);
		assert_int_equal(focus_ends(&f, now), now.wall_us + 15 * MINUTE);
		assert_int_equal(focus_tick(&f, later(now, 15 * MINUTE - 1)), 0);
		assert_int_equal(focus_tick(&f, later(now, 15 * MINUTE)), 1);
	}
}

static void a_token_by_time_of_day_follows_the_wall_clock(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_until(&f, noon.wall_us + HOUR, noon);
	assert_int_equal(focus_tick(&f, clock_set(later(noon, HOUR), -30 * MINUTE)), 0);
	assert_true(focus_is_on(&f));
	assert_int_equal(focus_tick(&f, clock_set(noon, HOUR - 1)), 0);
	assert_int_equal(focus_tick(&f, clock_set(noon, HOUR)), 1);
}

static void suspend_counts_for_both(void **state LULL_UNUSED)
{
	struct focus f = {0};

	restore(&f, example(TOKEN_BY_BOOT, 25 * MINUTE), true, noon);
	restore(&f, example(TOKEN_BY_WALL, 30 * MINUTE), true, noon);
	/* Both clocks jump: eight hours under the lid. */
	assert_int_equal(focus_tick(&f, later(noon, 8 * HOUR)), 2);
	assert_false(focus_is_on(&f));
}

static void a_boot_jump_alone_ends_only_durations(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = {noon.wall_us, noon.boot_us + 8 * HOUR};

	restore(&f, example(TOKEN_BY_WALL, HOUR), true, noon);
	restore(&f, example(TOKEN_BY_BOOT, HOUR), true, noon);
	assert_int_equal(focus_tick(&f, now), 1);
	assert_int_equal(f.tokens[0].clock, TOKEN_BY_WALL);
	assert_wakes(&f, noon.wall_us + HOUR, INSTANT_NEVER);
}

/* --- several tokens --- */

static void focus_ends_when_the_last_token_goes(void **state LULL_UNUSED)
{
	struct focus f = {0};

	restore(&f, example(TOKEN_BY_BOOT, 30 * MINUTE), true, noon);
	restore(&f, example(TOKEN_BY_WALL, 20 * MINUTE), true, noon);
	restore(&f, example(TOKEN_BY_BOOT, 10 * MINUTE), true, noon);
	restore(&f, example(TOKEN_BY_WALL, 40 * MINUTE), true, noon);
	assert_int_equal(focus_ends(&f, noon), noon.wall_us + 40 * MINUTE);
	assert_wakes(&f, noon.wall_us + 20 * MINUTE, noon.boot_us + 10 * MINUTE);
	assert_int_equal(focus_tick(&f, later(noon, 10 * MINUTE)), 1);
	assert_wakes(&f, noon.wall_us + 20 * MINUTE, noon.boot_us + 30 * MINUTE);
	assert_int_equal(focus_tick(&f, later(noon, 30 * MINUTE)), 2);
	assert_true(focus_is_on(&f));
	assert_wakes(&f, noon.wall_us + 40 * MINUTE, INSTANT_NEVER);
	assert_int_equal(focus_tick(&f, later(noon, 40 * MINUTE)), 1);
	assert_false(focus_is_on(&f));
}

static void the_last_end_is_compared_as_wall_time(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = clock_set(noon, 15 * MINUTE);

	restore(&f, example(TOKEN_BY_BOOT, 30 * MINUTE), true, noon);
	restore(&f, example(TOKEN_BY_WALL, 40 * MINUTE), true, noon);
	assert_int_equal(focus_ends(&f, noon), noon.wall_us + 40 * MINUTE);
	assert_int_equal(focus_ends(&f, now), noon.wall_us + 45 * MINUTE);
}

static void focus_began_with_its_oldest_token(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct token t = example(TOKEN_BY_BOOT, HOUR);

	restore(&f, t, true, noon);
	t.since_wall_us -= 10 * MINUTE;
	restore(&f, t, true, noon);
	t.since_wall_us += 20 * MINUTE;
	restore(&f, t, true, noon);
	assert_int_equal(focus_since(&f), noon.wall_us - 10 * MINUTE);
}

static void there_is_an_end_to_the_tokens(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct token t = example(TOKEN_BY_BOOT, HOUR);
	const struct focus_request request = {.duration_us = HOUR};

	/* Of a kind that only a later version knows: the manual one isn't among them. */
	t.kind = (enum token_kind)7;
	for (int i = 0; i < FOCUS_TOKENS_MAX; i++)
		restore(&f, t, true, noon);
	assert_int_equal(focus_restore(&f, &t, true, noon), FOCUS_TOO_MANY);
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_TOO_MANY);
	assert_int_equal(f.n_tokens, FOCUS_TOKENS_MAX);
	assert_int_equal(focus_tick(&f, later(noon, HOUR)), FOCUS_TOKENS_MAX);
}

/* --- restarts --- */

static void in_the_same_boot_a_restored_duration_ends_by_boot_time(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = clock_set(later(noon, 10 * MINUTE), 100 * HOUR);

	restore(&f, example(TOKEN_BY_BOOT, HOUR), true, now);
	assert_wakes(&f, INSTANT_NEVER, noon.boot_us + HOUR);
	assert_int_equal(focus_tick(&f, now), 0);
	assert_int_equal(focus_ends(&f, now), now.wall_us + 50 * MINUTE);
}

static void in_another_boot_the_wall_time_says_how_long_is_left(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = {noon.wall_us + 20 * MINUTE, 30 * USEC_PER_SEC};

	restore(&f, example(TOKEN_BY_BOOT, HOUR), false, now);
	restore(&f, example(TOKEN_BY_WALL, HOUR), false, now);
	assert_wakes(&f, noon.wall_us + HOUR, now.boot_us + 40 * MINUTE);
	assert_int_equal(focus_tick(&f, later(now, 40 * MINUTE - 1)), 0);
	assert_int_equal(focus_tick(&f, later(now, 40 * MINUTE)), 2);
}

static void what_ended_while_lulld_was_down_ends_at_the_next_tick(void **state LULL_UNUSED)
{
	struct focus same = {0}, other = {0};
	struct instant rebooted = {noon.wall_us + 2 * HOUR, 30 * USEC_PER_SEC};

	restore(&same, example(TOKEN_BY_BOOT, HOUR), true, later(noon, 2 * HOUR));
	assert_true(focus_is_on(&same));
	assert_int_equal(focus_tick(&same, later(noon, 2 * HOUR)), 1);
	restore(&other, example(TOKEN_BY_BOOT, HOUR), false, rebooted);
	restore(&other, example(TOKEN_BY_WALL, HOUR), false, rebooted);
	assert_true(focus_is_on(&other));
	assert_int_equal(focus_tick(&other, rebooted), 2);
	assert_false(focus_is_on(&other));
}

static void a_restored_token_can_be_extended_and_replaced(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct instant now = {noon.wall_us + 20 * MINUTE, 30 * USEC_PER_SEC};

	restore(&f, example(TOKEN_BY_BOOT, HOUR), false, now);
	assert_int_equal(focus_extend(&f, 10 * MINUTE, now), FOCUS_OK);
	assert_wakes(&f, INSTANT_NEVER, now.boot_us + 50 * MINUTE);
	start_for(&f, 5 * MINUTE, now);
	assert_int_equal(f.n_tokens, 1);
	assert_int_equal(focus_since(&f), noon.wall_us);
}

static void restored_strings_end(void **state LULL_UNUSED)
{
	struct focus f = {0};
	struct token t = example(TOKEN_BY_WALL, HOUR);

	memset(t.name, 'n', sizeof(t.name));
	memset(t.label, 'l', sizeof(t.label));
	restore(&f, t, true, noon);
	assert_int_equal(strlen(f.tokens[0].name), sizeof(t.name) - 1);
	assert_int_equal(strlen(f.tokens[0].label), FOCUS_LABEL_MAX);
}

/* --- limits --- */

static void a_request_out_of_range_changes_nothing(void **state LULL_UNUSED)
{
	static const struct {
		int64_t duration_us, until_us; /* until: after noon */
		enum focus_outcome outcome;
	} cases[] = {
		{DURATION_MAX_US + 1, 0, FOCUS_TOO_LONG},
		{INT64_MAX, 0, FOCUS_TOO_LONG},
		{0, DURATION_MAX_US + 1, FOCUS_TOO_LONG},
		{0, 0, FOCUS_NOT_LATER},
		{0, -1, FOCUS_NOT_LATER},
		{-1, -1, FOCUS_NOT_LATER},
		{INT64_MIN, -HOUR, FOCUS_NOT_LATER},
	};
	struct focus off = {0}, on = {0}, before;

	start_for(&on, HOUR, noon);
	before = on;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct focus_request request = {
			.duration_us = cases[i].duration_us,
			.until_wall_us = noon.wall_us + cases[i].until_us,
			.label = "changed",
		};

		if (focus_start(&off, &request, noon) != cases[i].outcome ||
		    focus_start(&on, &request, noon) != cases[i].outcome)
			fail_msg("case %zu", i);
		assert_false(focus_is_on(&off));
		assert_memory_equal(&on, &before, sizeof(on));
	}
}

static void the_longest_block_is_accepted(void **state LULL_UNUSED)
{
	struct focus f = {0};

	start_for(&f, DURATION_MAX_US, noon);
	start_until(&f, noon.wall_us + DURATION_MAX_US, noon);
	start_until(&f, noon.wall_us + 1, noon);
	start_for(&f, 1, noon);
	assert_int_equal(focus_tick(&f, later(noon, 1)), 1);
}

static void a_label_of_more_than_200_bytes_is_refused(void **state LULL_UNUSED)
{
	char label[FOCUS_LABEL_MAX + 2];
	struct focus_request request = {.duration_us = HOUR, .label = label};
	struct focus f = {0};

	memset(label, 'x', sizeof(label) - 1);
	label[FOCUS_LABEL_MAX + 1] = '\0';
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_LABEL_TOO_LONG);
	assert_false(focus_is_on(&f));
	label[FOCUS_LABEL_MAX] = '\0';
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_OK);
	assert_string_equal(f.tokens[0].label, label);
}

static void extreme_times_of_day_do_not_overflow(void **state LULL_UNUSED)
{
	struct focus_request request = {.until_wall_us = INT64_MAX};
	struct focus f = {0};

	assert_int_equal(focus_start(&f, &request, noon), FOCUS_TOO_LONG);
	request.until_wall_us = INT64_MIN;
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_NOT_LATER);
	request.duration_us = INT64_MIN;
	assert_int_equal(focus_start(&f, &request, noon), FOCUS_NOT_LATER);
	assert_false(focus_is_on(&f));
}

/* A clock whose battery is empty may say that it is 1969. */
static void extreme_times_of_day_do_not_overflow_before_1970(void **state LULL_UNUSED)
{
	const struct focus_request request = {.until_wall_us = INT64_MAX};
	struct focus f = {0};

	assert_int_equal(focus_start(&f, &request, (struct instant){-HOUR, HOUR}), FOCUS_TOO_LONG);
	assert_false(focus_is_on(&f));
}

static void a_token_with_extreme_ends_is_restored_without_overflow(void **state LULL_UNUSED)
{
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0};

	/* From a file that somebody edited: long over, on either clock. */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		for (int by_wall = 0; by_wall < 2; by_wall++) {
			for (int same_boot = 0; same_boot < 2; same_boot++) {
				struct focus f = {0};
				struct token t = {
					.clock = by_wall ? TOKEN_BY_WALL : TOKEN_BY_BOOT,
					.ends_wall_us = ends[i],
					.ends_boot_us = ends[i],
				};

				restore(&f, t, same_boot, noon);
				focus_ends(&f, noon);
				assert_int_equal(focus_tick(&f, noon), 1);
			}
		}
	}
}

static void a_token_that_never_ends_is_restored_without_overflow(void **state LULL_UNUSED)
{
	for (int by_wall = 0; by_wall < 2; by_wall++) {
		for (int same_boot = 0; same_boot < 2; same_boot++) {
			struct focus f = {0};
			struct token t = {
				.clock = by_wall ? TOKEN_BY_WALL : TOKEN_BY_BOOT,
				.ends_wall_us = INT64_MAX,
				.ends_boot_us = INT64_MAX,
			};

			restore(&f, t, same_boot, noon);
			assert_true(focus_ends(&f, noon) > noon.wall_us);
			assert_int_equal(focus_extend(&f, HOUR, noon), FOCUS_TOO_LONG);
			assert_int_equal(focus_tick(&f, noon), 0);
			start_for(&f, HOUR, noon);
			assert_int_equal(focus_tick(&f, later(noon, HOUR)), 1);
		}
	}
}

static void every_kind_has_a_name(void **state LULL_UNUSED)
{
	assert_string_equal(token_kind_name(TOKEN_MANUAL), "manual");
	assert_string_equal(token_kind_name(TOKEN_POMODORO), "pomodoro");
	assert_string_equal(token_kind_name((enum token_kind)99), "unknown");
}

/* --- several kinds of tokens at once --- */

/*
 * "m25" a manual block, "e10" extend, "end", "i"/"u" an application, "s:ab90" blocks that hold, "t" tick, "p4" a
 * pomodoro of four rounds.
 */
static void play(struct focus *f, const char *step, struct instant now)
{
	struct focus_request request = {0};
	unsigned on = 0;

	if (strcmp(step, "end") == 0) {
		if (focus_end(f) == FOCUS_TOO_MANY)
			fail();
	} else if (*step == 'm') {
		request.duration_us = atoi(step + 1) * MINUTE;
		assert_int_equal(focus_start(f, &request, now), FOCUS_OK);
	} else if (*step == 'e') {
		assert_int_equal(focus_extend(f, atoi(step + 1) * MINUTE, now), FOCUS_OK);
	} else if (*step == 'i') {
		assert_int_equal(focus_inhibit(f, "1 1 :1.5", "", now), FOCUS_OK);
	} else if (*step == 'u') {
		assert_int_equal(focus_uninhibit(f, "1 1 :1.5"), FOCUS_OK);
	} else if (*step == 's') {
		for (step += 2; *step == 'a' || *step == 'b'; step++)
			on |= 1U << (*step - 'a');
		focus_schedule(f, on, atoi(step) * MINUTE, now);
	} else if (*step == 'p') {
		assert_int_equal(focus_pomodoro(f, atoi(step + 1), now), FOCUS_OK);
	} else if (*step == 't') {
		focus_tick(f, now);
	} else {
		fail_msg("what is the step '%s'?", step);
	}
}

/* "manual@25 schedule:a@60", in the order in which they were taken; "-" when focus is off */
static void write_tokens(const struct focus *f, struct instant now, char *buf, size_t size)
{
	size_t n = 0;

	snprintf(buf, size, "-");
	for (size_t i = 0; i < f->n_tokens; i++) {
		const struct token *t = &f->tokens[i];
		int64_t ends_us = token_ends(t, now);

		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? " " : "",
				      token_kind_name(t->kind));
		if (t->kind == TOKEN_SCHEDULE || t->kind == TOKEN_POMODORO)
			n += (size_t)snprintf(buf + n, size - n, ":%s", t->name);
		if (ends_us > 0)
			n += (size_t)snprintf(buf + n, size - n, "@%d",
					      (int)((ends_us - noon.wall_us) / MINUTE));
	}
}

static int n_begun, n_over;

/* Steps begin with the minute after noon at which they happen. */
static void play_all(struct focus *f, const char *text, struct instant *ret_now)
{
	autofree(str) char *steps = strdup(text);
	char *rest = steps, *step;

	assert_non_null(steps);
	n_begun = n_over = 0;
	while ((step = strsep(&rest, " "))) {
		char *what = strchr(step, ':') + 1;

		*ret_now = later(noon, atoi(step) * MINUTE);
		play(f, what, *ret_now);
		n_begun += last_change.has_begun;
		n_over += last_change.is_over;
	}
}

static void no_token_moves_or_ends_another_one(void **state LULL_UNUSED)
{
	static const struct {
		const char *steps, *tokens;
	} cases[] = {
		/* A block ends, the manual one goes on; and the other way round. */
		{"0:m25 5:s:a20 20:s:", "manual@25"},
		{"0:m25 5:s:a60 25:t", "schedule:a@60"},
		{"0:s:a60 5:m25 30:t", "schedule:a@60"},
		{"0:s:a20 5:m25 20:s:", "manual@30"},
		{"0:s:a20 5:m25 20:s: 30:t", "-"},
		{"0:m25 5:s:a60 25:t 60:s:", "-"},
		/* One block follows the other, or two overlap. */
		{"0:s:a20 20:s:b40", "schedule:b@40"},
		{"0:s:a20 10:s:ab20 20:s:b40", "schedule:b@40"},
		{"0:s:ab20 20:s:", "-"},
		/* A block that another zone, or another lull.conf, gives another end. */
		{"0:s:a20 10:s:a90", "schedule:a@90"},
		{"0:s:a20 10:s:a15 15:t", "-"},
		/* A manual one during a block only adds itself; starting again moves its own end. */
		{"0:s:a20 5:m60", "schedule:a@20 manual@65"},
		{"0:s:a20 5:m60 10:m5", "schedule:a@20 manual@15"},
		{"0:s:a20 5:m5 10:t", "schedule:a@20"},
		/* To extend a block is to go on by hand after it. */
		{"0:s:a20 5:e10", "schedule:a@20 manual@30"},
		{"0:s:a20 5:e10 20:s:", "manual@30"},
		{"0:s:a20 5:m60 5:e10", "schedule:a@20 manual@75"},
		{"0:s:a60 5:m10 5:e10", "schedule:a@60 manual@70"},
		{"0:m20 5:i 10:e10", "manual@30 inhibit"},
		/* Ending ends everything. */
		{"0:s:ab60 5:m20 6:i 10:end", "-"},
		/* An application that holds. */
		{"0:i 5:s:a20 20:s:", "inhibit"},
		{"0:s:a20 5:i 6:u", "schedule:a@20"},
		{"0:m20 5:i 20:t", "inhibit"},
		{"0:m20 5:i 20:t 21:u", "-"},
		/* In a break the pomodoro has no token; whatever else is there holds on. */
		{"0:p4", "pomodoro:work 1 of 4@25"},
		{"0:p4 25:t", "-"},
		{"0:p4 25:t 30:t", "pomodoro:work 2 of 4@55"},
		{"0:p4 25:t 30:t 55:t 60:t 85:t 90:t", "pomodoro:work 4 of 4@115"},
		{"0:p1 25:t", "-"},
		{"0:p4 5:m60 25:t", "manual@65"},
		{"0:m60 5:p4 30:t", "manual@60"},
		{"0:m60 5:p4 30:t 35:t", "manual@60 pomodoro:work 2 of 4@60"},
		{"0:m27 0:p4 25:t 27:t", "-"},
		{"0:p4 25:t 26:m60", "manual@86"},
		{"0:p4 5:s:a60 25:t", "schedule:a@60"},
		{"0:s:a20 5:p4 20:s:", "pomodoro:work 1 of 4@30"},
		{"0:p4 25:t 26:s:a60 30:t", "schedule:a@60 pomodoro:work 2 of 4@55"},
		{"0:p4 25:t 26:s:a28 28:s:", "-"},
		{"0:p4 5:i 25:t", "inhibit"},
		{"0:p4 5:i 25:t 26:u", "-"},
		{"0:i 5:p4 6:u", "pomodoro:work 1 of 4@30"},
		{"0:p4 25:t 26:i 30:t 31:u", "pomodoro:work 2 of 4@55"},
		/* One event is enough for it to be where it is by now, also after a long sleep. */
		{"0:p4 31:s:a60", "pomodoro:work 2 of 4@55 schedule:a@60"},
		{"0:p4 26:s:a60", "schedule:a@60"},
		{"0:p4 91:t", "pomodoro:work 4 of 4@115"},
		{"0:p4 86:t", "-"},
		{"0:p4 600:t", "-"},
		/* Extending goes on by hand after it; the phases stay where they are. */
		{"0:p4 5:e10 25:t", "manual@35"},
		{"0:p4 5:e10 25:t 30:t 35:t", "pomodoro:work 2 of 4@55"},
		/* Started anew, in a round or in a break. */
		{"0:p4 10:p2", "pomodoro:work 1 of 2@35"},
		{"0:p4 25:t 26:p2", "pomodoro:work 1 of 2@51"},
		{"0:m60 0:p4 10:p2 35:t", "manual@60"},
		/* Ending ends it, too, in whatever phase. */
		{"0:p4 10:end 30:t", "-"},
		{"0:p4 25:t 26:end 30:t", "-"},
		{"0:p4 5:i 5:m9 5:s:a60 10:end 30:t", "-"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct instant now = noon;
		struct focus f = {0};
		char got[200];

		play_all(&f, cases[i].steps, &now);
		write_tokens(&f, now, got, sizeof(got));
		if (strcmp(got, cases[i].tokens) != 0)
			fail_msg("after '%s': %s, not %s", cases[i].steps, got, cases[i].tokens);
	}
}

static void in_one_event_something_may_go_and_something_come_without_a_gap(void **state LULL_UNUSED)
{
	static const struct {
		const char *steps;
		int n_begun, n_over;
	} cases[] = {
		{"0:p4 25:t 30:t 55:t", 2, 2},
		{"0:p4 25:t 26:end", 1, 1},
		/* A block ends as a round begins, or begins as a round ends. */
		{"0:p4 25:t 26:s:a30 30:s: 30:t", 2, 1},
		{"0:p4 25:s:a30 25:t", 1, 0},
		/* Asleep from a break in which something else held into the next round, and from round to round. */
		{"0:s:a28 0:p4 25:t 31:s: 31:t", 1, 0},
		{"0:m28 0:p4 25:t 31:t", 1, 0},
		{"0:p4 31:t", 1, 0},
		{"0:p4 600:t", 1, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct instant now = noon;
		struct focus f = {0};

		play_all(&f, cases[i].steps, &now);
		if (n_begun != cases[i].n_begun || n_over != cases[i].n_over)
			fail_msg("in '%s' focus has begun %d times and is over %d times",
				 cases[i].steps, n_begun, n_over);
	}
}

/* Each of four tokens is taken and given back; bit 0 is manual, 1 an application, 2 and 3 blocks. */
static void take_or_give_back(struct focus *f, unsigned before, unsigned after)
{
	unsigned changed = before ^ after;

	if (changed & 1 && after & 1)
		start_for(f, HOUR, noon);
	else if (changed & 1)
		assert_int_equal(focus_tick(f, later(noon, HOUR)), 1);
	else if (changed & 2 && after & 2)
		assert_int_equal(focus_inhibit(f, "1 1 :1.5", "", noon), FOCUS_OK);
	else if (changed & 2)
		assert_int_equal(focus_uninhibit(f, "1 1 :1.5"), FOCUS_OK);
	else
		focus_schedule(f, after >> 2, 2 * HOUR, noon);
}

/* Return: how many orders there were. */
static int play_on(const struct focus *before, unsigned held, unsigned done)
{
	int n_orders = held == 0 && done == 0xf;

	for (unsigned bit = 1; bit <= 8; bit <<= 1) {
		struct focus f = *before;
		unsigned now = held ^ bit;

		if (done & bit)
			continue;
		take_or_give_back(&f, held, now);
		assert_int_equal(f.n_tokens, __builtin_popcount(now));
		assert_int_equal(focus_is_on(&f), now != 0);
		assert_int_equal(last_change.has_begun, held == 0);
		assert_int_equal(last_change.is_over, now == 0);
		assert_true(last_change.is_changed);
		n_orders += play_on(&f, now, done | (held & bit));
	}
	return n_orders;
}

static void in_every_order_focus_is_on_while_one_token_is_held(void **state LULL_UNUSED)
{
	const struct focus off = {0};

	/* Eight events, of which each token's two come in order: 8! / 2^4. */
	assert_int_equal(play_on(&off, 0, 0), 2520);
}

/*
 * Of two rounds: 0 not yet, 1 in the first, 2 in the break, 3 in the second, 4 over. The manual token has a time of day, so
 * that only a clock that is set ends it.
 */
static struct instant in_phase(int phase)
{
	static const int minutes[] = {0, 0, 25, 30, 55};

	return (struct instant){noon.wall_us, noon.boot_us + minutes[phase] * MINUTE};
}

/* Of a manual token, of an application's and of a block's, by bits; and of a pomodoro, which goes on by itself. */
static int play_with_pomodoro(const struct focus *before, unsigned held, unsigned done, int phase)
{
	int n_orders = held == 0 && done == 7 && phase == 4;
	bool was_on = held || phase == 1 || phase == 3;

	for (unsigned bit = 1; bit <= 8; bit <<= 1) {
		unsigned now_held = held ^ (bit & 7);
		int now_phase = phase + (bit == 8);
		struct instant now = in_phase(now_phase <= 4 ? now_phase : 4);
		struct focus f = *before;
		bool is_work = now_phase == 1 || now_phase == 3;
		struct token rest;

		if (done & bit || now_phase > 4)
			continue;
		if (bit == 8 && phase == 0)
			assert_int_equal(focus_pomodoro(&f, 2, now), FOCUS_OK);
		else if (bit == 8)
			focus_tick(&f, now);
		else if (bit == 1 && now_held & 1)
			start_until(&f, noon.wall_us + HOUR, now);
		else if (bit == 1)
			assert_int_equal(focus_tick(&f, clock_set(now, HOUR)), 1);
		else if (bit == 2 && now_held & 2)
			assert_int_equal(focus_inhibit(&f, "1 1 :1.5", "", now), FOCUS_OK);
		else if (bit == 2)
			assert_int_equal(focus_uninhibit(&f, "1 1 :1.5"), FOCUS_OK);
		else
			focus_schedule(&f, now_held >> 2, 4 * HOUR, now);
		assert_int_equal(f.n_tokens, __builtin_popcount(now_held) + is_work);
		assert_int_equal(last_change.has_begun, !was_on && (now_held || is_work));
		assert_int_equal(last_change.is_over, was_on && !(now_held || is_work));
		assert_true(last_change.is_changed);
		assert_int_equal(focus_break(&f, &rest), now_phase == 2);
		/* Also in a break it wakes at its end. */
		assert_true(focus_next(&f).boot_us == (now_phase >= 1 && now_phase <= 3
							       ? in_phase(now_phase + 1).boot_us
							       : INSTANT_NEVER));
		n_orders += play_with_pomodoro(&f, now_held, done | (held & bit), now_phase);
	}
	return n_orders;
}

static void in_every_order_a_pomodoro_and_the_others_leave_each_other_alone(
	void **state LULL_UNUSED)
{
	const struct focus off = {0};

	/* Ten events: three tokens' two and the pomodoro's four come in order: 10! / (2^3 * 4!). */
	assert_int_equal(play_with_pomodoro(&off, 0, 0, 0), 18900);
}

/* --- the pomodoro --- */

static void a_pomodoro_has_from_1_to_99_rounds(void **state LULL_UNUSED)
{
	static const int64_t wrong[] = {INT64_MIN, -1, 0, 100, UINT32_MAX, INT64_MAX};
	struct focus f = {0};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(focus_pomodoro(&f, wrong[i], noon), FOCUS_WRONG_ROUNDS);
		assert_false(last_change.is_changed);
	}
	assert_false(focus_is_on(&f));
	assert_int_equal(focus_pomodoro(&f, 99, noon), FOCUS_OK);
	assert_int_equal(focus_pomodoro(&f, 100, later(noon, MINUTE)), FOCUS_WRONG_ROUNDS);
	assert_true(f.pomodoro.ends.boot_us == noon.boot_us + 25 * MINUTE);
}

static void ending_in_a_break_is_no_end_of_focus_but_changes_something(void **state LULL_UNUSED)
{
	struct focus f = {0};

	assert_int_equal(focus_pomodoro(&f, 4, noon), FOCUS_OK);
	focus_tick(&f, later(noon, 26 * MINUTE));
	assert_true(last_change.is_over);
	assert_true(last_change.since_us == noon.wall_us);
	assert_int_equal(focus_extend(&f, HOUR, later(noon, 26 * MINUTE)), FOCUS_IS_OFF);
	assert_int_equal(focus_end(&f), FOCUS_OK);
	assert_true(last_change.is_changed && !last_change.is_over);
	assert_wakes(&f, INSTANT_NEVER, INSTANT_NEVER);
	assert_int_equal(focus_end(&f), FOCUS_IS_OFF);
}

/* What a lulld leaves to the next one. */
static void hand_on(const struct focus *from, struct focus *to, bool is_same_boot,
		    struct instant now)
{
	struct token rest;

	*to = (struct focus){0};
	for (size_t i = 0; i < from->n_tokens; i++)
		restore(to, from->tokens[i], is_same_boot, now);
	if (focus_break(from, &rest))
		restore(to, rest, is_same_boot, now);
}

static void a_pomodoro_goes_on_after_a_restart_in_whatever_phase_it_is_then(
	void **state LULL_UNUSED)
{
	static const struct {
		int left, back; /* minutes */
		const char *tokens;
		int wakes;
	} cases[] = {
		{10, 11, "pomodoro:work 1 of 4@25", 25},
		{10, 26, "-", 30},
		{10, 31, "pomodoro:work 2 of 4@55", 55},
		{10, 200, "-", 0},
		{26, 27, "-", 30},
		{26, 31, "pomodoro:work 2 of 4@55", 55},
		{26, 56, "-", 60},
		{26, 200, "-", 0},
		{40, 41, "pomodoro:work 2 of 4@55", 55},
		{114, 115, "-", 0},
	};

	for (int is_same_boot = 0; is_same_boot < 2; is_same_boot++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct focus f = {0}, next;
			struct instant back = later(noon, cases[i].back * MINUTE);
			int64_t booted_us = is_same_boot ? 0 : 4000 * USEC_PER_SEC;
			int64_t wakes_us = noon.boot_us + cases[i].wakes * MINUTE - booted_us;
			char got[100];

			back.boot_us -= booted_us;
			assert_int_equal(focus_pomodoro(&f, 4, noon), FOCUS_OK);
			focus_tick(&f, later(noon, cases[i].left * MINUTE));
			hand_on(&f, &next, is_same_boot, back);
			focus_tick(&next, back);
			write_tokens(&next, back, got, sizeof(got));
			if (strcmp(got, cases[i].tokens) != 0)
				fail_msg("from %d to %d: %s", cases[i].left, cases[i].back, got);
			assert_wakes(&next, INSTANT_NEVER,
				     cases[i].wakes > 0 ? wakes_us : INSTANT_NEVER);
		}
	}
}

static void a_pomodoro_that_can_not_be_read_holds_to_its_end(void **state LULL_UNUSED)
{
	struct token t = example(TOKEN_BY_BOOT, 10 * MINUTE);
	struct focus f = {0};

	t.kind = TOKEN_POMODORO;
	memset(t.name, 'n', sizeof(t.name));
	restore(&f, t, true, noon);
	/* And there is one at most. */
	restore(&f, t, true, noon);
	assert_int_equal(f.n_tokens, 1);
	assert_int_equal(focus_tick(&f, later(noon, 10 * MINUTE - 1)), 0);
	assert_int_equal(focus_tick(&f, later(noon, 10 * MINUTE)), 1);
	assert_wakes(&f, INSTANT_NEVER, INSTANT_NEVER);
}

static void in_a_break_the_room_for_the_next_round_is_kept(void **state LULL_UNUSED)
{
	const struct focus_request request = {.duration_us = HOUR};
	struct token t = example(TOKEN_OPEN, HOUR), rest;
	struct focus f = {0};

	assert_int_equal(focus_pomodoro(&f, 4, noon), FOCUS_OK);
	focus_tick(&f, later(noon, 26 * MINUTE));
	/* Of a kind that only a later version knows. */
	t.kind = (enum token_kind)7;
	for (int i = 1; i < FOCUS_TOKENS_MAX; i++)
		restore(&f, t, true, noon);
	assert_int_equal(focus_restore(&f, &t, true, noon), FOCUS_TOO_MANY);
	assert_int_equal(focus_start(&f, &request, later(noon, 26 * MINUTE)), FOCUS_TOO_MANY);
	assert_true(focus_break(&f, &rest));
	focus_tick(&f, later(noon, 31 * MINUTE));
	assert_int_equal(f.n_tokens, FOCUS_TOKENS_MAX);
	assert_int_equal(f.pomodoro.phase, POMODORO_WORK);
	/* Where there is none, none is started, nor taken up. */
	f = (struct focus){0};
	for (int i = 0; i < FOCUS_TOKENS_MAX; i++)
		restore(&f, t, true, noon);
	assert_int_equal(focus_pomodoro(&f, 4, noon), FOCUS_TOO_MANY);
	assert_int_equal(focus_restore(&f, &rest, true, noon), FOCUS_TOO_MANY);
	assert_int_equal(f.pomodoro.phase, POMODORO_OFF);
}

static void a_schedule_that_is_the_same_changes_nothing(void **state LULL_UNUSED)
{
	struct focus f = {0}, before;

	focus_schedule(&f, 1, HOUR, noon);
	assert_true(last_change.is_changed && last_change.has_begun);
	before = f;
	focus_schedule(&f, 1, HOUR, later(noon, MINUTE));
	assert_false(last_change.is_changed);
	assert_memory_equal(&f, &before, sizeof(f));
	assert_wakes(&f, noon.wall_us + HOUR, INSTANT_NEVER);
}

static void applications_leave_room_for_the_user_and_the_blocks(void **state LULL_UNUSED)
{
	struct focus f = {0};
	char name[16];

	for (int i = 0; i < FOCUS_INHIBITS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(focus_inhibit(&f, name, "", noon), FOCUS_OK);
	}
	assert_int_equal(focus_inhibit(&f, "one more", "", noon), FOCUS_TOO_MANY);
	start_for(&f, HOUR, noon);
	focus_schedule(&f, 3, HOUR, noon);
	assert_int_equal(f.n_tokens, FOCUS_INHIBITS_MAX + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_token_moves_or_ends_another_one),
		cmocka_unit_test(in_every_order_focus_is_on_while_one_token_is_held),
		cmocka_unit_test(in_one_event_something_may_go_and_something_come_without_a_gap),
		cmocka_unit_test(in_every_order_a_pomodoro_and_the_others_leave_each_other_alone),
		cmocka_unit_test(a_pomodoro_has_from_1_to_99_rounds),
		cmocka_unit_test(ending_in_a_break_is_no_end_of_focus_but_changes_something),
		cmocka_unit_test(a_pomodoro_goes_on_after_a_restart_in_whatever_phase_it_is_then),
		cmocka_unit_test(a_pomodoro_that_can_not_be_read_holds_to_its_end),
		cmocka_unit_test(in_a_break_the_room_for_the_next_round_is_kept),
		cmocka_unit_test(a_schedule_that_is_the_same_changes_nothing),
		cmocka_unit_test(applications_leave_room_for_the_user_and_the_blocks),
		cmocka_unit_test(focus_is_off_at_first),
		cmocka_unit_test(a_duration_ends_by_boot_time),
		cmocka_unit_test(a_time_of_day_ends_by_wall_time),
		cmocka_unit_test(ending_gives_back_every_token),
		cmocka_unit_test(starting_again_moves_the_end_and_keeps_the_start),
		cmocka_unit_test(starting_again_may_change_the_clock),
		cmocka_unit_test(a_new_start_after_the_end_has_its_own_beginning),
		cmocka_unit_test(a_label_stays_until_another_is_given),
		cmocka_unit_test(a_duration_is_extended_by_boot_time),
		cmocka_unit_test(a_time_of_day_is_extended_by_wall_time),
		cmocka_unit_test(an_extension_is_limited_like_a_start),
		cmocka_unit_test(an_end_long_past_is_not_extended_into_the_past),
		cmocka_unit_test(a_token_by_duration_ends_by_boot_time_when_the_wall_clock_is_set),
		cmocka_unit_test(a_token_by_time_of_day_follows_the_wall_clock),
		cmocka_unit_test(suspend_counts_for_both),
		cmocka_unit_test(a_boot_jump_alone_ends_only_durations),
		cmocka_unit_test(focus_ends_when_the_last_token_goes),
		cmocka_unit_test(the_last_end_is_compared_as_wall_time),
		cmocka_unit_test(focus_began_with_its_oldest_token),
		cmocka_unit_test(there_is_an_end_to_the_tokens),
		cmocka_unit_test(in_the_same_boot_a_restored_duration_ends_by_boot_time),
		cmocka_unit_test(in_another_boot_the_wall_time_says_how_long_is_left),
		cmocka_unit_test(what_ended_while_lulld_was_down_ends_at_the_next_tick),
		cmocka_unit_test(a_restored_token_can_be_extended_and_replaced),
		cmocka_unit_test(restored_strings_end),
		cmocka_unit_test(a_request_out_of_range_changes_nothing),
		cmocka_unit_test(the_longest_block_is_accepted),
		cmocka_unit_test(a_label_of_more_than_200_bytes_is_refused),
		cmocka_unit_test(extreme_times_of_day_do_not_overflow),
		cmocka_unit_test(extreme_times_of_day_do_not_overflow_before_1970),
		cmocka_unit_test(a_token_with_extreme_ends_is_restored_without_overflow),
		cmocka_unit_test(a_token_that_never_ends_is_restored_without_overflow),
		cmocka_unit_test(every_kind_has_a_name),
	};

	return cmocka_run_group_tests_name("focus", tests, NULL, NULL);
}
