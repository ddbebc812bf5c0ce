/*
 * The engine, with the real journal, in a time that is simulated (world.h): what is held, until when, and when it goes.
 * What happens at random is in test_traces.c; what that has found is here, with literal instants.
 */
#include "daemon/core/policy.h"
#include "daemon/log.h"
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void fail_at_once(const char *error)
{
	fail_msg("%s", error);
}

/* 08:00 on a Friday, UTC. What every turn promises is asked for, too. */
static int make_world(void **state)
{
	struct world *w = world_new(NULL);

	w->on_error = fail_at_once;
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	world_free(*state);
	return 0;
}

static void assert_state(struct world *w, uint32_t id, enum ping_state state)
{
	autofree(ping) struct ping *p = world_get(w, id);

	assert_non_null(p);
	assert_string_equal(ping_state_name(p->state), ping_state_name(state));
}

static void assert_due(struct world *w, uint32_t id, int64_t wall_us, enum due_reason reason)
{
	autofree(ping) struct ping *p = world_get(w, id);

	assert_non_null(p);
	assert_string_equal(due_reason_name(p->due.reason), due_reason_name(reason));
	if (p->due.wall_us != wall_us)
		fail_msg("due %lld s after midnight, not %lld",
			 (long long)((p->due.wall_us - WORLD_MIDNIGHT) / SECOND),
			 (long long)((wall_us - WORLD_MIDNIGHT) / SECOND));
}

static void assert_next_release(struct world *w, int64_t wall_us)
{
	struct engine_status status;

	engine_status(w->engine, &status);
	if (status.next_release_us != wall_us)
		fail_msg("next release %lld s after midnight, not %lld",
			 (long long)((status.next_release_us - WORLD_MIDNIGHT) / SECOND),
			 (long long)((wall_us - WORLD_MIDNIGHT) / SECOND));
}

static void focus(struct world *w, int64_t duration_us)
{
	world_begin(w);
	w->has_moved = true;
	assert_int_equal(engine_start_focus(w->engine,
					    &(struct focus_options){.duration_us = duration_us}),
			 CONTROL_OK);
	world_end(w);
}

static void focus_until(struct world *w, int64_t wall_us)
{
	world_begin(w);
	w->has_moved = true;
	assert_int_equal(engine_start_focus(w->engine,
					    &(struct focus_options){.until_wall_us = wall_us}),
			 CONTROL_OK);
	world_end(w);
}

static void inhibit(struct world *w)
{
	world_begin(w);
	w->has_moved = true;
	assert_true(engine_inhibit(w->engine, w->senders[0], "a film") > 0);
	world_end(w);
}

static void dismiss(struct world *w, uint32_t id)
{
	int64_t n;

	world_begin(w);
	world_ended(w, id);
	assert_int_equal(engine_dismiss(w->engine, &id, 1, &n), CONTROL_OK);
	world_end(w);
}

static void snooze(struct world *w, uint32_t id, int64_t wall_us)
{
	int64_t n;

	world_begin(w);
	w->has_moved = true;
	assert_int_equal(engine_snooze(w->engine, &id, 1, wall_us, &n), CONTROL_OK);
	world_end(w);
}

static void identify(struct world *w, uint32_t id, enum sandboxed sandboxed)
{
	world_begin(w);
	w->has_moved = true;
	engine_identified(w->engine, id, "", 0, sandboxed);
	world_end(w);
}

/* Its sender isn't found out yet. */
static uint32_t ping_of_unknown(struct world *w)
{
	struct notification n = world_plain;
	size_t at;

	n.app = "Mail";
	n.is_unidentified = true;
	world_begin(w);
	at = world_notify(w, 0, 0, &n, false);
	world_end(w);
	return w->sent[at].id;
}

static void set_block(struct world *w, const char *section, const char *start, const char *end)
{
	world_set(w, section, "start", start);
	world_set(w, section, "end", end);
}

/* --- when it goes --- */

static void what_is_held_goes_at_the_end_of_the_block(void **state)
{
	struct world *w = *state;
	uint32_t id;

	focus(w, HOUR);
	id = world_ping(w, "Mail");
	assert_state(w, id, PING_HELD);
	assert_due(w, id, AT(9, 0), DUE_BLOCK_END);
	assert_next_release(w, AT(9, 0));
	world_go(w, AT(8, 59));
	assert_state(w, id, PING_HELD);
	world_go(w, AT(9, 0) + SECOND);
	assert_state(w, id, PING_SHOWN);
}

static void one_that_a_rule_holds_before_focus_goes_at_the_end_of_it(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "rule later", "when", "always");
	world_set(w, "rule later", "verdict", "hold");
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(12, 0), DUE_LONGEST);
	focus(w, HOUR);
	assert_due(w, id, AT(9, 0), DUE_BLOCK_END);
	world_go(w, AT(9, 0) + SECOND);
	assert_state(w, id, PING_SHOWN);
}

static void the_next_release_is_that_of_what_is_held_still(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "rule soon", "app", "Slack");
	world_set(w, "rule soon", "verdict", "hold");
	world_set(w, "rule soon", "due", "15m");
	focus(w, HOUR);
	world_ping(w, "Mail");
	id = world_ping(w, "Slack");
	assert_next_release(w, AT(8, 15));
	dismiss(w, id);
	assert_next_release(w, AT(9, 0));
}

static void the_end_of_a_block_is_no_release_of_what_hours_hold(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "rule quiet", "when", "07:00-10:00");
	world_set(w, "rule quiet", "verdict", "hold");
	focus(w, HOUR);
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(10, 0), DUE_HOURS);
	assert_next_release(w, AT(10, 0));
	world_go(w, AT(9, 30));
	assert_state(w, id, PING_HELD);
}

static void the_end_of_a_block_is_the_next_release_before_a_delivery(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "deliver", "at", "17:00");
	world_set(w, "rule soon", "app", "Slack");
	world_set(w, "rule soon", "verdict", "hold");
	world_set(w, "rule soon", "due", "block-end");
	focus(w, HOUR);
	world_ping(w, "Mail");
	assert_next_release(w, AT(17, 0));
	id = world_ping(w, "Slack");
	assert_next_release(w, AT(9, 0));
	world_go(w, AT(9, 0) + SECOND);
	assert_state(w, id, PING_SHOWN);
	assert_next_release(w, AT(17, 0));
}

static void without_deliveries_any_more_the_end_of_focus_releases(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "deliver", "at", "17:00");
	focus(w, HOUR);
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(17, 0), DUE_DELIVERY);
	world_set(w, "deliver", "at", "");
	assert_due(w, id, AT(9, 0), DUE_BLOCK_END);
	world_go(w, AT(9, 0) + SECOND);
	assert_state(w, id, PING_SHOWN);
}

static void what_waits_for_a_delivery_goes_though_focus_has_no_end(void **state)
{
	struct world *w = *state;
	uint32_t before, after;

	world_set(w, "deliver", "at", "12:30");
	before = world_ping(w, "Mail");
	assert_due(w, before, AT(12, 30), DUE_DELIVERY);
	inhibit(w);
	assert_due(w, before, AT(16, 30), DUE_LONGEST);
	world_go(w, AT(13, 0));
	after = world_ping(w, "Mail");
	assert_due(w, after, AT(17, 0), DUE_LONGEST);
	assert_next_release(w, AT(16, 30));
	world_go(w, AT(16, 30) + SECOND);
	assert_state(w, before, PING_SHOWN);
	assert_state(w, after, PING_HELD);
}

static void what_comes_in_focus_without_an_end_waits_for_the_delivery_too(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "deliver", "at", "17:00");
	inhibit(w);
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(21, 0), DUE_LONGEST);
	world_begin(w);
	world_leave(w, 0);
	world_end(w);
	assert_due(w, id, AT(17, 0), DUE_DELIVERY);
}

static void a_digest_that_waits_for_a_display_does_not_keep_the_rest(void **state)
{
	struct world *w = *state;
	uint32_t ids[5];

	world_set(w, "release", "digest_above", "0");
	world_begin(w);
	world_display_down(w);
	world_end(w);
	for (int i = 0; i < 2; i++) {
		focus(w, HOUR);
		ids[i] = world_ping(w, "Mail");
		world_pass(w, HOUR + SECOND);
		assert_state(w, ids[i], PING_ANNOUNCED);
	}
	world_begin(w);
	world_display_up(w, true);
	world_end(w);
	world_pass(w, MINUTE);
	for (int i = 0; i < 2; i++)
		assert_state(w, ids[i], PING_ANNOUNCED);
}

static void a_digest_that_is_being_told_at_a_start_does_not_keep_the_rest(void **state)
{
	struct world *w = *state;
	uint32_t first, second;

	world_set(w, "release", "digest_above", "0");
	focus(w, HOUR);
	first = world_ping(w, "Mail");
	world_go(w, AT(9, 0) + SECOND / 2);
	assert_state(w, first, PING_ANNOUNCED);
	focus(w, HOUR);
	second = world_ping(w, "Mail");
	/* The presenter hasn't said anything yet. */
	world_kill(w, 2 * HOUR);
	assert_state(w, second, PING_ANNOUNCED);
}

/* --- sleep --- */

static void what_was_due_in_sleep_goes_though_the_next_block_is_on(void **state)
{
	struct world *w = *state;
	uint32_t before, after;

	set_block(w, "block work", "09:00", "17:00");
	world_set(w, "hold", "longest", "7d");
	world_go(w, AT(16, 0));
	before = world_ping(w, "Mail");
	assert_due(w, before, AT(17, 0), DUE_BLOCK_END);
	/* Into the middle of the next day's block. */
	world_sleep(w, 18 * HOUR);
	after = world_ping(w, "Mail");
	world_pass(w, SECOND);
	assert_state(w, before, PING_SHOWN);
	assert_state(w, after, PING_HELD);
	assert_due(w, before, AT(17, 0), DUE_BLOCK_END);
	assert_due(w, after, AT(24 + 17, 0), DUE_BLOCK_END);
}

static void what_was_due_while_it_was_not_running_goes_though_the_next_block_is_on(void **state)
{
	struct world *w = *state;
	uint32_t id;

	set_block(w, "block work", "09:00", "17:00");
	world_set(w, "hold", "longest", "7d");
	world_go(w, AT(16, 0));
	id = world_ping(w, "Mail");
	world_reboot(w, 18 * HOUR, false);
	assert_state(w, id, PING_RELEASING);
}

static void a_delivery_that_was_missed_in_sleep_comes_though_a_block_is_on(void **state)
{
	struct world *w = *state;
	uint32_t id;

	set_block(w, "block work", "13:00", "17:00");
	world_set(w, "deliver", "at", "12:30");
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(12, 30), DUE_DELIVERY);
	world_sleep(w, 6 * HOUR);
	world_pass(w, SECOND);
	assert_state(w, id, PING_SHOWN);
	assert_due(w, id, AT(12, 30), DUE_DELIVERY);
}

static void a_break_that_was_slept_over_is_one(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_begin(w);
	assert_int_equal(engine_start_pomodoro(w->engine, 4), CONTROL_OK);
	world_end(w);
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(8, 25), DUE_BLOCK_END);
	world_sleep(w, 35 * MINUTE);
	world_pass(w, SECOND);
	assert_state(w, id, PING_SHOWN);
	assert_due(w, id, AT(8, 25), DUE_BLOCK_END);
}

static void focus_was_due_to_end_with_what_ended_last(void **state)
{
	struct world *w = *state;
	uint32_t id;

	set_block(w, "block work", "08:00", "10:00");
	focus(w, HOUR);
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(10, 0), DUE_BLOCK_END);
	world_sleep(w, 3 * HOUR);
	assert_due(w, id, AT(10, 0), DUE_BLOCK_END);
}

static void one_that_was_snoozed_is_late_when_it_was(void **state)
{
	struct world *w = *state;
	uint32_t id = world_ping(w, "Mail");

	snooze(w, id, AT(9, 0));
	world_restart(w, 2 * HOUR);
	world_pass(w, SECOND);
	assert_state(w, id, PING_SHOWN);
	assert_due(w, id, AT(9, 0), DUE_SNOOZED);
}

/* --- clocks --- */

static void a_clock_that_is_set_by_less_than_a_second_makes_nothing_late(void **state)
{
	struct world *w = *state;
	uint32_t id;

	focus(w, HOUR);
	id = world_ping(w, "Mail");
	world_step(w, 990 * USEC_PER_MSEC);
	assert_due(w, id, AT(9, 0) + 990 * USEC_PER_MSEC, DUE_BLOCK_END);
	world_pass(w, HOUR + SECOND);
	assert_state(w, id, PING_SHOWN);
	assert_due(w, id, AT(9, 0) + 990 * USEC_PER_MSEC, DUE_BLOCK_END);
}

static void a_duration_that_a_clock_was_set_in_holds_over_a_boot(void **state)
{
	struct world *w = *state;
	uint32_t id;

	focus(w, 2 * HOUR);
	id = world_ping(w, "Mail");
	world_step(w, 5 * HOUR);
	assert_due(w, id, AT(15, 0), DUE_BLOCK_END);
	world_reboot(w, HOUR, false);
	assert_state(w, id, PING_HELD);
	assert_due(w, id, AT(15, 0), DUE_BLOCK_END);
}

static void a_clock_that_is_set_is_followed_on_disk_at_once(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "hold", "longest", "30m");
	focus_until(w, AT(20, 0));
	id = world_ping(w, "Mail");
	assert_due(w, id, AT(8, 30), DUE_LONGEST);
	world_pass(w, 10 * MINUTE);
	world_step(w, 5 * HOUR);
	world_reboot(w, MINUTE, true);
	assert_due(w, id, AT(13, 30), DUE_LONGEST);
}

static void a_break_that_a_clock_was_set_in_holds_over_a_boot(void **state)
{
	struct world *w = *state;
	struct engine_status status;

	world_begin(w);
	assert_int_equal(engine_start_pomodoro(w->engine, 4), CONTROL_OK);
	world_end(w);
	world_go(w, AT(8, 26));
	world_step(w, 5 * HOUR);
	/* No timer tells it so; the next one that comes does. */
	world_ping(w, "Mail");
	world_reboot(w, MINUTE, false);
	engine_status(w->engine, &status);
	assert_false(status.is_focus_on);
	assert_true(status.next_change_us >= AT(13, 30) &&
		    status.next_change_us < AT(13, 30) + SECOND);
}

/* --- deciding once more --- */

static void one_whose_sender_is_found_out_is_due_as_before(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "rule box", "sandboxed", "no");
	world_set(w, "rule box", "verdict", "drop");
	focus(w, 8 * HOUR);
	id = ping_of_unknown(w);
	assert_due(w, id, AT(12, 0), DUE_LONGEST);
	world_pass(w, 20 * SECOND);
	identify(w, id, SANDBOXED_YES);
	assert_due(w, id, AT(12, 0), DUE_LONGEST);
}

static void one_that_comes_through_once_its_sender_is_found_out_is_due_no_more(void **state)
{
	struct world *w = *state;
	uint32_t id;

	world_set(w, "rule box", "sandboxed", "yes");
	world_set(w, "rule box", "verdict", "deliver");
	focus(w, 8 * HOUR);
	id = ping_of_unknown(w);
	assert_state(w, id, PING_HELD);
	identify(w, id, SANDBOXED_YES);
	assert_state(w, id, PING_RELEASING);
	assert_due(w, id, 0, DUE_NONE);
}

/* --- what a display forgets with each lulld --- */

/* The display may be known to be such a one only after it was given something. */
static void what_this_lulld_has_sent_is_not_sent_anew(void **state)
{
	struct world *w = *state;
	size_t before, after;

	world_begin(w);
	world_display_up(w, false);
	world_end(w);
	before = world_item(w, world_ping(w, "Mail"))->sent;
	world_pass(w, SECOND);
	world_restart(w, SECOND);
	world_begin(w);
	world_display_up(w, false);
	world_end(w);
	after = world_item(w, world_ping(w, "Chat"))->sent;
	world_pass(w, SECOND);
	assert_true(w->sent[before].was_shown && w->sent[after].was_shown);
	w->sent[before].was_shown = w->sent[after].was_shown = false;
	world_begin(w);
	engine_display_resend(w->engine);
	world_end(w);
	world_pass(w, 5 * SECOND);
	assert_true(w->sent[before].was_shown);
	assert_false(w->sent[after].was_shown);
}

/* --- idle --- */

static void while_nothing_is_due_nothing_wakes_it(void **state)
{
	struct world *w = *state;
	int64_t n_turns = w->n_turns;

	assert_true(w->armed.wall_us == INSTANT_NEVER && w->armed.boot_us == INSTANT_NEVER);
	focus_until(w, AT(20, 0));
	world_ping(w, "Mail");
	n_turns = w->n_turns;
	world_go(w, AT(11, 59));
	/* What was written is made durable, once. */
	assert_true(w->n_turns - n_turns <= 1);
	assert_true(w->armed.wall_us == AT(12, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_held_goes_at_the_end_of_the_block),
		TEST(one_that_a_rule_holds_before_focus_goes_at_the_end_of_it),
		TEST(the_next_release_is_that_of_what_is_held_still),
		TEST(the_end_of_a_block_is_no_release_of_what_hours_hold),
		TEST(the_end_of_a_block_is_the_next_release_before_a_delivery),
		TEST(without_deliveries_any_more_the_end_of_focus_releases),
		TEST(what_waits_for_a_delivery_goes_though_focus_has_no_end),
		TEST(what_comes_in_focus_without_an_end_waits_for_the_delivery_too),
		TEST(a_digest_that_waits_for_a_display_does_not_keep_the_rest),
		TEST(a_digest_that_is_being_told_at_a_start_does_not_keep_the_rest),
		TEST(what_was_due_in_sleep_goes_though_the_next_block_is_on),
		TEST(what_was_due_while_it_was_not_running_goes_though_the_next_block_is_on),
		TEST(a_delivery_that_was_missed_in_sleep_comes_though_a_block_is_on),
		TEST(a_break_that_was_slept_over_is_one),
		TEST(focus_was_due_to_end_with_what_ended_last),
		TEST(one_that_was_snoozed_is_late_when_it_was),
		TEST(a_clock_that_is_set_by_less_than_a_second_makes_nothing_late),
		TEST(a_duration_that_a_clock_was_set_in_holds_over_a_boot),
		TEST(a_clock_that_is_set_is_followed_on_disk_at_once),
		TEST(a_break_that_a_clock_was_set_in_holds_over_a_boot),
		TEST(one_whose_sender_is_found_out_is_due_as_before),
		TEST(one_that_comes_through_once_its_sender_is_found_out_is_due_no_more),
		TEST(what_this_lulld_has_sent_is_not_sent_anew),
		TEST(while_nothing_is_due_nothing_wakes_it),
	};

	log_open(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
