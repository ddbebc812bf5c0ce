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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_for_more_than_digest_above),
		cmocka_unit_test(a_released_item_waits_while_as_many_as_fit_are_open),
		cmocka_unit_test(no_more_are_open_than_gnome_shows_per_source),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
