/*
 * The timetable: when it is looked up again, whatever happens to the clocks, the zone, and lulld.
 *
 * With a real journal in a directory of its own; every instant is a literal one.
 */
#include "daemon/engine/timetable.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/settings.h"
#include "daemon/core/focus.h"
#include "daemon/journal/journal.h"
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)

/* 2026-03-02, a Monday, 00:00 UTC */
#define MIDNIGHT INT64_C(1772409600000000)
#define AT(hour, minute) (MIDNIGHT + (hour)*HOUR + (minute)*MINUTE)

struct fixture {
	char dir[64];
	int32_t ahead_s; /* of UTC */
	struct civil_zone zone;
	struct settings *settings;
	struct pass pass;
	struct timetable timetable;
	struct focus focus;
};

static int32_t offset_s(void *data, int64_t wall_s LULL_UNUSED)
{
	return ((struct fixture *)data)->ahead_s;
}

static void open_journal(struct fixture *f)
{
	const char *notice = NULL;
	int holder = 0;

	assert_int_equal(journal_open(f->dir, false, &f->pass.journal, &notice, &holder), 0);
}

static int make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	*state = f;
	strcpy(f->dir, "/tmp/lull-timetable-XXXXXX");
	f->settings = settings_new(NULL);
	if (!mkdtemp(f->dir) || !f->settings)
		return -1;
	f->zone = (struct civil_zone){offset_s, f};
	f->timetable.zone = &f->zone;
	f->pass.settings = f->settings;
	open_journal(f);
	timetable_load(&f->timetable, &f->pass);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_fixture(void **state)
{
	struct fixture *f = *state;

	journal_free(f->pass.journal);
	settings_free(f->settings);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void set(struct fixture *f, const char *section, const char *key, const char *value)
{
	autofree(str) char *error = NULL;

	if (settings_set(f->settings, section, key, value, &error) < 0)
		fail_msg("%s", error);
	timetable_forget(&f->timetable);
}

static void set_work(struct fixture *f)
{
	set(f, "block work", "start", "09:00");
	set(f, "block work", "end", "10:00");
}

/* A new lulld on the same journal. */
static void restart(struct fixture *f)
{
	journal_free(f->pass.journal);
	open_journal(f);
	f->timetable = (struct timetable){.zone = &f->zone};
	timetable_load(&f->timetable, &f->pass);
}

/* What the engine does at a wake-up. Return: whether it was looked up. */
static bool wake(struct fixture *f, int64_t wall_us)
{
	struct focus_change change;
	struct schedule_now now;
	bool has_looked;

	f->pass.now = (struct instant){wall_us, 1};
	has_looked = timetable_look(&f->timetable, &f->pass, &now);
	if (has_looked)
		assert_int_equal(focus_apply(&f->focus,
					     &(struct focus_event){.kind = FOCUS_SCHEDULE,
								   .schedule = &now},
					     f->pass.now, &change),
				 FOCUS_OK);
	assert_int_equal(focus_apply(&f->focus, &(struct focus_event){.kind = FOCUS_TICK},
				     f->pass.now, &change),
			 FOCUS_OK);
	return has_looked;
}

static void assert_next(struct fixture *f, int64_t wall_us)
{
	int64_t next_us = timetable_next(&f->timetable, &f->pass);

	if (next_us != wall_us)
		fail_msg("at %lld min: next at %lld min, not %lld",
			 (long long)((f->pass.now.wall_us - MIDNIGHT) / MINUTE),
			 (long long)((next_us - MIDNIGHT) / MINUTE),
			 (long long)((wall_us - MIDNIGHT) / MINUTE));
}

static void without_blocks_nothing_wakes_it(void **state)
{
	struct fixture *f = *state;

	wake(f, AT(8, 0));
	assert_next(f, INSTANT_NEVER);
	assert_false(wake(f, AT(20, 0)));
}

static void between_two_edges_it_is_not_looked_up(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	assert_true(wake(f, AT(8, 0)));
	assert_next(f, AT(9, 0));
	assert_false(wake(f, AT(8, 59)));
	assert_false(focus_is_on(&f->focus));
	assert_true(wake(f, AT(9, 0)));
	assert_true(focus_is_on(&f->focus));
	assert_next(f, AT(10, 0));
	assert_false(wake(f, AT(9, 59)));
	assert_true(wake(f, AT(10, 0)));
	assert_false(focus_is_on(&f->focus));
	assert_next(f, AT(24 + 9, 0));
}

static void a_clock_that_is_set_is_followed_at_once(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	wake(f, AT(9, 30));
	/* Back to before the block, and forwards into it. */
	assert_true(wake(f, AT(8, 30)));
	assert_false(focus_is_on(&f->focus));
	assert_next(f, AT(9, 0));
	assert_true(wake(f, AT(9, 45)));
	assert_true(focus_is_on(&f->focus));
	/* Forwards over its end, and over a week; back into the block. */
	assert_true(wake(f, AT(10, 30)));
	assert_false(focus_is_on(&f->focus));
	assert_true(wake(f, AT(7 * 24 + 9, 30)));
	assert_true(focus_is_on(&f->focus));
	assert_true(wake(f, AT(9, 30)));
	assert_true(focus_is_on(&f->focus));
	assert_true(f->focus.tokens[0].ends_wall_us == AT(10, 0));
}

static void a_block_that_suspend_has_slept_over_does_not_come_late(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	wake(f, AT(8, 0));
	assert_true(wake(f, AT(11, 0)));
	assert_false(focus_is_on(&f->focus));
	assert_next(f, AT(24 + 9, 0));
	/* Asleep from one occurrence into the middle of the next: it is on, until its own end. */
	wake(f, AT(24 + 9, 30));
	wake(f, AT(48 + 9, 30));
	assert_true(f->focus.tokens[0].ends_wall_us == AT(48 + 10, 0));
}

static void another_zone_moves_the_edges(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	wake(f, AT(9, 30));
	assert_true(focus_is_on(&f->focus));
	f->ahead_s = 3600;
	timetable_forget(&f->timetable);
	assert_true(wake(f, AT(9, 30)));
	assert_false(focus_is_on(&f->focus));
	assert_next(f, AT(24 + 8, 0));
}

static void what_was_ended_stays_so_over_restarts_clock_steps_and_other_settings(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	wake(f, AT(9, 30));
	timetable_end(&f->timetable, &f->pass, &f->focus);
	assert_true(wake(f, AT(9, 30)));
	assert_false(focus_is_on(&f->focus));
	restart(f);
	wake(f, AT(9, 40));
	assert_false(focus_is_on(&f->focus));
	wake(f, AT(9, 10));
	assert_false(focus_is_on(&f->focus));
	set(f, "block work", "end", "11:00");
	wake(f, AT(9, 50));
	assert_false(focus_is_on(&f->focus));
	/* It is the occurrence that was ended, not the block. */
	wake(f, AT(24 + 9, 0));
	assert_true(focus_is_on(&f->focus));
	set(f, "block work", "start", "13:00");
	set(f, "block work", "end", "14:00");
	wake(f, AT(13, 30));
	assert_true(focus_is_on(&f->focus));
}

static void end(struct fixture *f)
{
	struct focus_change change;

	timetable_end(&f->timetable, &f->pass, &f->focus);
	assert_int_equal(focus_apply(&f->focus, &(struct focus_event){.kind = FOCUS_END},
				     f->pass.now, &change),
			 FOCUS_OK);
	assert_true(wake(f, f->pass.now.wall_us));
	assert_false(focus_is_on(&f->focus));
}

static void to_end_a_lead_is_to_end_its_block(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	set(f, "block work", "lead", "10m");
	wake(f, AT(8, 55));
	assert_true(focus_is_on(&f->focus));
	end(f);
	restart(f);
	wake(f, AT(9, 30));
	assert_false(focus_is_on(&f->focus));
	assert_next(f, AT(24 + 8, 50));
	wake(f, AT(24 + 8, 50));
	assert_true(focus_is_on(&f->focus));
}

static void to_end_a_block_leaves_one_that_begins_later(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	set(f, "block next", "start", "09:45");
	set(f, "block next", "end", "11:00");
	wake(f, AT(9, 30));
	end(f);
	assert_next(f, AT(9, 45));
	wake(f, AT(9, 45));
	assert_int_equal(f->focus.n_tokens, 1);
	assert_string_equal(f->focus.tokens[0].name, "next");
	/* Both of two that are on. */
	wake(f, AT(24 + 9, 50));
	assert_int_equal(f->focus.n_tokens, 2);
	end(f);
	assert_next(f, AT(48 + 9, 0));
}

static void to_end_a_block_around_the_clock_ends_it_until_it_begins_anew(void **state)
{
	struct fixture *f = *state;

	set(f, "block all", "start", "09:00");
	set(f, "block all", "end", "09:00");
	wake(f, AT(8, 0));
	assert_true(focus_is_on(&f->focus));
	end(f);
	assert_next(f, AT(9, 0));
	wake(f, AT(9, 0));
	assert_true(f->focus.tokens[0].ends_wall_us == AT(24 + 9, 0));
}

static void each_of_64_blocks_can_be_ended(void **state)
{
	struct fixture *f = *state;
	char section[48];

	for (int i = 0; i < BLOCKS_MAX; i++) {
		snprintf(section, sizeof(section), "block %032d", i);
		set(f, section, "start", "09:00");
		set(f, section, "end", "10:00");
	}
	wake(f, AT(9, 30));
	assert_int_equal(f->focus.n_tokens, BLOCKS_MAX);
	timetable_end(&f->timetable, &f->pass, &f->focus);
	restart(f);
	wake(f, AT(9, 40));
	assert_int_equal(f->focus.n_tokens, 0);
}

static void a_delivery_is_due_at_its_time_and_then_the_next_one(void **state)
{
	struct fixture *f = *state;

	set(f, "deliver", "at", "12:30, 17:00");
	wake(f, AT(8, 0));
	assert_next(f, AT(12, 30));
	assert_false(timetable_is_due(&f->timetable, &f->pass));
	wake(f, AT(12, 30));
	assert_true(timetable_is_due(&f->timetable, &f->pass));
	timetable_delivered(&f->timetable, &f->pass);
	assert_false(timetable_is_due(&f->timetable, &f->pass));
	assert_next(f, AT(17, 0));
}

static void a_delivery_that_was_missed_is_due_whatever_happened(void **state)
{
	struct fixture *f = *state;

	/* Asleep, */
	set(f, "deliver", "at", "12:30, 17:00");
	wake(f, AT(8, 0));
	wake(f, AT(14, 0));
	assert_true(timetable_is_due(&f->timetable, &f->pass));
	/* not running, */
	restart(f);
	wake(f, AT(15, 0));
	assert_true(timetable_is_due(&f->timetable, &f->pass));
	/* and with other settings and another zone: it still waits. */
	set(f, "deliver", "at", "20:00");
	f->ahead_s = -3600;
	wake(f, AT(15, 1));
	assert_true(timetable_is_due(&f->timetable, &f->pass));
	timetable_delivered(&f->timetable, &f->pass);
	assert_next(f, AT(21, 0));
}

static void a_clock_that_is_set_back_makes_a_delivery_come_again(void **state)
{
	struct fixture *f = *state;

	set(f, "deliver", "at", "12:30, 17:00");
	wake(f, AT(12, 0));
	wake(f, AT(12, 30));
	timetable_delivered(&f->timetable, &f->pass);
	wake(f, AT(11, 0));
	assert_false(timetable_is_due(&f->timetable, &f->pass));
	assert_next(f, AT(12, 30));
}

static void one_that_was_just_made_comes_again_on_a_clock_that_is_set_back(void **state)
{
	struct fixture *f = *state;

	/* By a minute only: not to before the last look. */
	set(f, "deliver", "at", "12:30, 17:00");
	wake(f, AT(12, 0));
	wake(f, AT(12, 30));
	timetable_delivered(&f->timetable, &f->pass);
	wake(f, AT(12, 29));
	assert_next(f, AT(12, 30));
}

static void without_deliveries_nothing_is_due(void **state)
{
	struct fixture *f = *state;

	set(f, "deliver", "at", "12:30");
	wake(f, AT(12, 0));
	set(f, "deliver", "at", "");
	wake(f, AT(13, 0));
	assert_false(timetable_is_due(&f->timetable, &f->pass));
	restart(f);
	wake(f, AT(14, 0));
	assert_true(f->timetable.due_us == INSTANT_NEVER);
	assert_next(f, INSTANT_NEVER);
}

static void a_block_far_away_is_looked_for_once_a_month(void **state)
{
	struct fixture *f = *state;

	set_work(f);
	set(f, "block work", "from", "2029-01-01");
	wake(f, AT(8, 0));
	assert_next(f, AT(8, 0) + 30 * 24 * HOUR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, remove_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_blocks_nothing_wakes_it),
		TEST(between_two_edges_it_is_not_looked_up),
		TEST(a_clock_that_is_set_is_followed_at_once),
		TEST(a_block_that_suspend_has_slept_over_does_not_come_late),
		TEST(another_zone_moves_the_edges),
		TEST(what_was_ended_stays_so_over_restarts_clock_steps_and_other_settings),
		TEST(to_end_a_lead_is_to_end_its_block),
		TEST(to_end_a_block_leaves_one_that_begins_later),
		TEST(to_end_a_block_around_the_clock_ends_it_until_it_begins_anew),
		TEST(each_of_64_blocks_can_be_ended),
		TEST(a_delivery_is_due_at_its_time_and_then_the_next_one),
		TEST(a_delivery_that_was_missed_is_due_whatever_happened),
		TEST(a_clock_that_is_set_back_makes_a_delivery_come_again),
		TEST(one_that_was_just_made_comes_again_on_a_clock_that_is_set_back),
		TEST(without_deliveries_nothing_is_due),
		TEST(a_block_far_away_is_looked_for_once_a_month),
	};

	return cmocka_run_group_tests_name("timetable", tests, NULL, NULL);
}
