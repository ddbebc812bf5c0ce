/*
 * Batches: one by one or as a digest, and how many may be open at once.
 */
#include "daemon/core/batch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_digest_is_for_more_than_digest_above(void **state LULL_UNUSED)
{
	static const struct {
		int64_t n_items, digest_above;
		enum batch_form form;
	} cases[] = {
		{0, 3, BATCH_EACH},
		{1, 3, BATCH_EACH},
		{2, 3, BATCH_EACH},
		{3, 3, BATCH_EACH},
		{4, 3, BATCH_DIGEST},
		{5, 3, BATCH_DIGEST},
		{1000000, 3, BATCH_DIGEST},
		{1, 1, BATCH_EACH},
		{2, 1, BATCH_DIGEST},
		/* 0: always a digest, when there is something. */
		{0, 0, BATCH_EACH},
		{1, 0, BATCH_DIGEST},
		{INT64_MAX - 1, INT64_MAX, BATCH_EACH},
		{INT64_MAX, INT64_MAX, BATCH_EACH},
		{INT64_MAX, INT64_MAX - 1, BATCH_DIGEST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (batch_form(cases[i].n_items, cases[i].digest_above) != cases[i].form)
			fail_msg("case %zu", i);
}

static void a_released_item_waits_while_as_many_as_fit_are_open(void **state LULL_UNUSED)
{
	assert_true(batch_may_show(0));
	assert_true(batch_may_show(1));
	assert_true(batch_may_show(BATCH_OPEN_MAX - 1));
	assert_false(batch_may_show(BATCH_OPEN_MAX));
	assert_false(batch_may_show(BATCH_OPEN_MAX + 1));
	assert_false(batch_may_show(INT64_MAX));
}

static void no_more_are_open_than_gnome_shows_per_source(void **state LULL_UNUSED)
{
	assert_in_range(BATCH_OPEN_MAX, 1, 3);
}

static void what_came_in_together_goes_together_when_it_is_due(void **state LULL_UNUSED)
{
	const int64_t minute = 60 * USEC_PER_SEC, hour = 60 * minute;
	const struct {
		int64_t arrived_us, due_us;
		enum due_reason reason;
		bool is_taken;
	} cases[] = {
		{0, 0, DUE_NONE, false},
		{85 * minute, 100 * minute, DUE_RULE, true},
		{85 * minute, 100 * minute + 1, DUE_RULE, true},
		/* A quarter of its time at most. */
		{88 * minute + 45 * USEC_PER_SEC, 103 * minute + 45 * USEC_PER_SEC, DUE_RULE, true},
		{89 * minute, 104 * minute, DUE_RULE, false},
		/* And no more than that. */
		{100 * minute - 4 * hour, 115 * minute, DUE_LONGEST, true},
		{100 * minute - 4 * hour, 115 * minute + 1, DUE_LONGEST, false},
		/* What is a time of the clock is one. */
		{0, 100 * minute, DUE_HOURS, true},
		{0, 100 * minute + 1, DUE_HOURS, false},
		/* A clock that was set back. */
		{200 * minute, 101 * minute, DUE_RULE, false},
	};
	const struct batch batch = {.takes = BATCH_TAKES_DUE, .formed_us = 100 * minute};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ping p = {.arrived_us = cases[i].arrived_us,
				       .due = {cases[i].due_us, cases[i].reason}};

		if (batch_takes(&batch, &p) != cases[i].is_taken)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_for_more_than_digest_above),
		cmocka_unit_test(what_came_in_together_goes_together_when_it_is_due),
		cmocka_unit_test(a_released_item_waits_while_as_many_as_fit_are_open),
		cmocka_unit_test(no_more_are_open_than_gnome_shows_per_source),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
