/*
 * Tally: budgets and those who insist, and that no flood of names takes its memory.
 */
#include "daemon/core/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct rule_repeat twice_in_a_minute = {2, 60 * USEC_PER_SEC};

static struct instant at(int64_t second)
{
	return (struct instant){.wall_us = 5, .boot_us = second * USEC_PER_SEC};
}

static void a_budget_is_for_each_rule_and_application(void **state LULL_UNUSED)
{
	struct tally t = {0};

	assert_true(tally_spend(&t, "r", "a", 2));
	assert_true(tally_spend(&t, "r", "a", 2));
	assert_false(tally_spend(&t, "r", "a", 2));
	assert_true(tally_spend(&t, "r", "b", 2));
	assert_true(tally_spend(&t, "ra", "", 2));
	assert_false(tally_spend(&t, "r", "none", 0));
	tally_refill(&t);
	assert_true(tally_spend(&t, "r", "a", 2));
}

static void who_comes_again_in_time_insists(void **state LULL_UNUSED)
{
	struct tally t = {0};

	assert_false(tally_insists(&t, "r", "a", &twice_in_a_minute, at(0)));
	assert_false(tally_insists(&t, "r", "b", &twice_in_a_minute, at(30)));
	assert_true(tally_insists(&t, "r", "a", &twice_in_a_minute, at(60)));
	assert_false(tally_insists(&t, "r", "a", &twice_in_a_minute, at(121)));
}

static void more_than_is_remembered_still_insists(void **state LULL_UNUSED)
{
	struct tally t = {0};
	const struct rule_repeat most = {RULE_REPEAT_MAX, 60 * USEC_PER_SEC};

	for (int i = 1; i < RULE_REPEAT_MAX; i++)
		assert_false(tally_insists(&t, "r", "a", &most, at(0)));
	for (int i = 0; i < 50; i++)
		assert_true(tally_insists(&t, "r", "a", &most, at(1)));
}

static void budgets_outlast_a_restart(void **state LULL_UNUSED)
{
	struct tally t = {0}, later = {0};
	char text[TALLY_TEXT_MAX];

	assert_true(tally_spend(&t, "r", "a", 2));
	assert_true(tally_spend(&t, "r", "b", 1));
	tally_write(&t, text);
	tally_read(&later, text);
	assert_true(tally_spend(&later, "r", "a", 2));
	assert_false(tally_spend(&later, "r", "a", 2));
	assert_false(tally_spend(&later, "r", "b", 1));
	tally_read(&later, "rubbish");
	tally_read(&later, "0 5\n-1 x\n");
}

static void a_flood_of_names_is_bounded_and_spares_the_one_that_is_asked_for(
	void **state LULL_UNUSED)
{
	struct tally t = {0};
	char text[TALLY_TEXT_MAX], name[32];

	assert_true(tally_spend(&t, "r", "steady", 1));
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "app %d", i);
		tally_spend(&t, "r", name, 1);
		tally_insists(&t, "r", name, &twice_in_a_minute, at(i));
		assert_false(tally_spend(&t, "r", "steady", 1));
	}
	tally_write(&t, text);
	assert_true(strlen(text) < TALLY_TEXT_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_is_for_each_rule_and_application),
		cmocka_unit_test(who_comes_again_in_time_insists),
		cmocka_unit_test(more_than_is_remembered_still_insists),
		cmocka_unit_test(budgets_outlast_a_restart),
		cmocka_unit_test(a_flood_of_names_is_bounded_and_spares_the_one_that_is_asked_for),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
