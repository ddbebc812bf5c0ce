/*
 * Ledger: against instants that are worked out by hand, a bitmap of seconds, the formula as it is written, and what
 * a Poisson process must come to.
 */
#include "daemon/core/ledger.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define MINUTE LEDGER_MINUTE_US

static const enum ledger_course arrival = LEDGER_ON_ARRIVAL, delivery = LEDGER_AS_DELIVERED;

/* splitmix64 (Vigna): the same numbers everywhere. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int64_t below(uint64_t *seed, int64_t n)
{
	return (int64_t)(next_random(seed) % (uint64_t)n);
}

static double unit(uint64_t *seed)
{
	return (double)(next_random(seed) >> 11) * 0x1p-53;
}

/* With mean 1; by comparisons alone (von Neumann 1951), so that it needs no logarithm. */
static double exponential(uint64_t *seed)
{
	for (double whole = 0;; whole++) {
		double first = unit(seed), last = first, x;
		int n = 1;

		for (; (x = unit(seed)) < last; n++)
			last = x;
		if (n % 2)
			return whole + first;
	}
}

/* --- by hand, in minutes ----------------------------------------------------------------------------- */

static const struct {
	const char *what;
	int begin, end, window;
	const char *arrivals, *deliveries; /* in the order of time */
	int on_arrival, as_delivered;
} cases[] = {
	{"no pings", 0, 90, 15, "", "", 0, 0},
	{"one, held to the end", 0, 90, 15, "30", "90", 15, 0},
	{"one that breaks through", 0, 90, 15, "30", "30", 15, 15},
	{"one that is never delivered", 0, 90, 15, "30", "", 15, 0},
	{"five at once", 0, 90, 15, "30 30 30 30 30", "90 90 90 90 90", 15, 0},
	{"five at once break through", 0, 90, 15, "30 30 30 30 30", "30 30 30 30 30", 15, 15},
	{"windows that overlap", 0, 90, 15, "10 20 30", "90 90 90", 35, 0},
	{"windows that touch", 0, 90, 15, "10 25", "10 25", 30, 30},
	{"a window within none", 0, 90, 15, "10 26", "10 26", 30, 30},
	{"a gap between", 0, 90, 15, "10 40", "10 40", 30, 30},
	{"one at the beginning", 0, 90, 15, "0", "0", 15, 15},
	{"one at the end", 0, 90, 15, "90", "90", 0, 0},
	{"one before the end", 0, 90, 15, "80", "80", 10, 10},
	{"one after the end", 0, 90, 15, "100", "100", 0, 0},
	{"before the block", 0, 90, 15, "-10", "-10", 5, 5},
	{"R before the block", 0, 90, 15, "-15", "-15", 0, 0},
	{"more than R before the block", 0, 90, 15, "-40", "-40", 0, 0},
	{"two before the block", 0, 90, 15, "-14 -2", "-14 -2", 13, 13},
	{"before and after", 0, 90, 15, "-10 3", "-10 3", 18, 18},
	{"a lead holds what came before", 0, 90, 15, "-10 -5", "90 90", 10, 0},
	{"a release from before the block costs more", 0, 90, 15, "-60", "30", 0, 15},
	{"a batch within the block", 0, 90, 15, "5 10 20 44", "45 45 45 45", 45, 15},
	{"a block shorter than R", 0, 10, 15, "0", "0", 10, 10},
	{"a block that is covered whole", 0, 10, 15, "-3", "-3", 10, 10},
	{"a block cut short", 0, 20, 15, "10 30", "20 30", 10, 0},
	{"a block cut short within a window", 0, 20, 15, "10", "10", 10, 10},
	{"a block of no length", 40, 40, 15, "30 40", "30 40", 0, 0},
	{"no window", 0, 90, 0, "30 40", "30 90", 0, 0},
	{"a negative window", 0, 90, -15, "30 40", "30 90", 0, 0},
	{"a window longer than the block", 0, 90, 1000, "30", "90", 60, 0},
	{"before the epoch of the clock", -90, -10, 15, "-60", "-20", 15, 10},
};

/* Whatever comes at an edge of the block may be told before or after it. */
static struct ledger_block run(size_t i, bool is_edge_first)
{
	const char *arrivals = cases[i].arrivals, *deliveries = cases[i].deliveries;
	struct ledger_block b = {0};
	struct ledger l;

	ledger_init(&l);
	for (int m = -120; m <= 120; m++) {
		for (int pass = 0; pass < 2; pass++) {
			if (is_edge_first == (pass == 0)) {
				if (m == cases[i].begin)
					ledger_begin(&l, cases[i].window * MINUTE, m * MINUTE);
				if (m == cases[i].end)
					b = ledger_end(&l, m * MINUTE);
				continue;
			}
			for (; *arrivals && strtol(arrivals, NULL, 10) == m;
			     arrivals += strspn(arrivals, " ")) {
				ledger_arrive(&l, m * MINUTE);
				arrivals += strcspn(arrivals, " ");
			}
			for (; *deliveries && strtol(deliveries, NULL, 10) == m;
			     deliveries += strspn(deliveries, " ")) {
				ledger_deliver(&l, m * MINUTE);
				deliveries += strcspn(deliveries, " ");
			}
		}
	}
	assert_string_equal(arrivals, "");
	assert_string_equal(deliveries, "");
	return b;
}

static void what_lies_in_the_block_and_in_a_window_is_exposed(void **state LULL_UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int is_edge_first = 0; is_edge_first < 2; is_edge_first++) {
			struct ledger_block b = run(i, is_edge_first);

			if (b.focus_us != (cases[i].end - cases[i].begin) * MINUTE ||
			    b.exposed_us[arrival][LEDGER_CHOSEN] != cases[i].on_arrival * MINUTE ||
			    b.exposed_us[delivery][LEDGER_CHOSEN] != cases[i].as_delivered * MINUTE)
				fail_msg("%s: %g and %g min of %g", cases[i].what,
					 (double)b.exposed_us[arrival][LEDGER_CHOSEN] / MINUTE,
					 (double)b.exposed_us[delivery][LEDGER_CHOSEN] / MINUTE,
					 (double)b.focus_us / MINUTE);
			assert_true(ledger_saved_us(&b) ==
				    (cases[i].on_arrival - cases[i].as_delivered) * MINUTE);
		}
	}
}

static void it_is_exact_to_the_microsecond(void **state LULL_UNUSED)
{
	struct ledger_block b;
	struct ledger l;

	ledger_init(&l);
	ledger_arrive(&l, 7 - 15 * MINUTE); /* 7 us reach into the block */
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, 90 * MINUTE - 1); /* and 1 us is left of it */
	b = ledger_end(&l, 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 8);
	assert_true(b.exposed_us[arrival][LEDGER_SHORT] == 1);
	assert_true(b.exposed_us[arrival][LEDGER_LONG] == 3 * MINUTE / 2 + 8);
	assert_true(b.exposed_us[delivery][LEDGER_LONG] == 0);
}

static void a_block_begins_with_nothing_but_what_reaches_into_it(void **state LULL_UNUSED)
{
	struct ledger_block b;
	struct ledger l;

	ledger_init(&l);
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, 10 * MINUTE);
	ledger_arrive(&l, 88 * MINUTE);
	b = ledger_end(&l, 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 17 * MINUTE);
	ledger_deliver(&l, 90 * MINUTE); /* the digest reaches into the next block, too */
	/* By the window of the block, not of the time when the ping came. */
	ledger_begin(&l, 20 * MINUTE, 95 * MINUTE);
	b = ledger_end(&l, 185 * MINUTE);
	assert_true(b.focus_us == 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 13 * MINUTE);
	assert_true(b.exposed_us[delivery][LEDGER_CHOSEN] == 15 * MINUTE);
}

static void a_second_begin_or_end_changes_nothing(void **state LULL_UNUSED)
{
	struct ledger_block b, again;
	struct ledger l;

	ledger_init(&l);
	b = ledger_end(&l, 0);
	assert_true(b.focus_us == 0);
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, 10 * MINUTE);
	ledger_begin(&l, 60 * MINUTE, 20 * MINUTE);
	b = ledger_end(&l, 90 * MINUTE);
	assert_true(b.window_us == 15 * MINUTE);
	assert_true(b.focus_us == 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 15 * MINUTE);
	ledger_arrive(&l, 100 * MINUTE);
	again = ledger_end(&l, 200 * MINUTE);
	assert_memory_equal(&again, &b, sizeof(b));
	again = ledger_so_far(&l, 300 * MINUTE);
	assert_memory_equal(&again, &b, sizeof(b));
}

static void looking_changes_nothing(void **state LULL_UNUSED)
{
	struct ledger l, before;
	struct ledger_block b;

	ledger_init(&l);
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, 10 * MINUTE);
	before = l;
	b = ledger_so_far(&l, 12 * MINUTE);
	assert_true(b.focus_us == 12 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 2 * MINUTE);
	b = ledger_so_far(&l, 60 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 15 * MINUTE);
	assert_memory_equal(&l, &before, sizeof(l));
}

/* --- by other means ---------------------------------------------------------------------------------- */

#define TRACE_SECONDS (4 * 3600)
#define BLOCKS_MAX 4
#define PINGS_MAX 80

/* Seconds, each list in order. Blocks may touch and may be empty. */
struct trace {
	int64_t window;
	int64_t begins[BLOCKS_MAX], ends[BLOCKS_MAX];
	int64_t pings[LEDGER_N_COURSES][PINGS_MAX];
	size_t n_blocks, n_pings;
};

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* When a ping of second @at that doesn't break through is delivered: as batches or at the end of the block. */
static int64_t release_of(const struct trace *t, int64_t at, int64_t every)
{
	for (size_t i = 0; i < t->n_blocks; i++) {
		if (at >= t->begins[i] && at < t->ends[i])
			return MIN(t->ends[i], at + every - at % every);
	}
	return at;
}

static struct trace random_trace(uint64_t *seed)
{
	struct trace t = {.n_blocks = (size_t)below(seed, BLOCKS_MAX + 1),
			  .n_pings = (size_t)below(seed, PINGS_MAX + 1),
			  .window = below(seed, 1800)};
	int64_t edges[2 * BLOCKS_MAX], every = 1 + below(seed, 7200);

	for (size_t i = 0; i < 2 * t.n_blocks; i++)
		edges[i] = i > 0 && below(seed, 4) == 0 ? edges[i - 1] : below(seed, TRACE_SECONDS);
	qsort(edges, 2 * t.n_blocks, sizeof(*edges), compare);
	for (size_t i = 0; i < t.n_blocks; i++) {
		t.begins[i] = edges[2 * i];
		t.ends[i] = edges[2 * i + 1];
	}
	for (size_t i = 0; i < t.n_pings; i++) {
		int64_t *at = &t.pings[arrival][i];

		switch (below(seed, 6)) {
		case 0: *at = i > 0 ? at[-1] : 0; break; /* a burst */
		case 1:
			*at = t.n_blocks > 0 ? edges[below(seed, 2 * BLOCKS_MAX) %
						     (int64_t)(2 * t.n_blocks)]
					     : 0;
			break;
		default: *at = below(seed, TRACE_SECONDS);
		}
		t.pings[delivery][i] = below(seed, 5) == 0 ? *at : release_of(&t, *at, every);
	}
	for (int c = 0; c < LEDGER_N_COURSES; c++)
		qsort(t.pings[c], t.n_pings, sizeof(**t.pings), compare);
	return t;
}

/* Second by second; what is of one second comes in any order, but for the edges of blocks. */
static void feed(const struct trace *t, uint64_t *seed, struct ledger_block ret[BLOCKS_MAX])
{
	size_t edge = 0, n_fed[LEDGER_N_COURSES] = {0};
	struct ledger l;

	ledger_init(&l);
	for (int64_t s = 0; s <= TRACE_SECONDS; s++) {
		bool is_edge_first = below(seed, 2);

		for (int pass = 0; pass < 2; pass++) {
			while (is_edge_first == (pass == 0) && edge < 2 * t->n_blocks &&
			       (edge % 2 ? t->ends : t->begins)[edge / 2] == s) {
				if (edge % 2)
					ret[edge / 2] = ledger_end(&l, s * USEC_PER_SEC);
				else
					ledger_begin(&l, t->window * USEC_PER_SEC,
						     s * USEC_PER_SEC);
				edge++;
			}
			for (int c = 0; is_edge_first == (pass == 1) && c < LEDGER_N_COURSES; c++) {
				for (; n_fed[c] < t->n_pings && t->pings[c][n_fed[c]] == s;
				     n_fed[c]++)
					(c == LEDGER_ON_ARRIVAL
						 ? ledger_arrive
						 : ledger_deliver)(&l, s * USEC_PER_SEC);
			}
		}
	}
	assert_int_equal(edge, 2 * t->n_blocks);
	assert_int_equal(n_fed[arrival], t->n_pings);
	assert_int_equal(n_fed[delivery], t->n_pings);
}

static void it_is_what_a_bitmap_of_seconds_says(void **state LULL_UNUSED)
{
	static bool is_exposed[TRACE_SECONDS + 1800];
	uint64_t seed = 20260101;
	int64_t total = 0;

	for (int n = 0; n < 300; n++) {
		struct trace t = random_trace(&seed);
		const int64_t windows[] = {
			[LEDGER_CHOSEN] = t.window, [LEDGER_SHORT] = 600, [LEDGER_LONG] = 990};
		struct ledger_block got[BLOCKS_MAX];

		feed(&t, &seed, got);
		for (int c = 0; c < LEDGER_N_COURSES; c++) {
			for (int w = 0; w < LEDGER_N_WINDOWS; w++) {
				memset(is_exposed, 0, sizeof(is_exposed));
				for (size_t i = 0; i < t.n_pings; i++)
					memset(is_exposed + t.pings[c][i], true,
					       (size_t)windows[w]);
				for (size_t i = 0; i < t.n_blocks; i++) {
					int64_t seconds = 0;

					for (int64_t s = t.begins[i]; s < t.ends[i]; s++)
						seconds += is_exposed[s];
					if (got[i].exposed_us[c][w] != seconds * USEC_PER_SEC)
						fail_msg(
							"trace %d, block %zu, course %d, window %d: %g s for %d",
							n, i, c, w,
							(double)got[i].exposed_us[c][w] /
								USEC_PER_SEC,
							(int)seconds);
					assert_true(got[i].focus_us ==
						    (t.ends[i] - t.begins[i]) * USEC_PER_SEC);
					total += seconds;
				}
			}
		}
	}
	assert_true(total > 1000000);
}

/* The one pass of section 3, which knows the block's end and all pings beforehand. */
static int64_t as_written(int64_t a, int64_t b, int64_t window, const int64_t *d, size_t n)
{
	int64_t end = a, sum = 0;

	for (size_t j = 0; j < n; j++) {
		int64_t lo = MAX(MAX(d[j], end), a), hi = MIN(d[j] + window, b);

		sum += MAX(hi - lo, 0);
		end = MAX(end, hi);
	}
	return sum;
}

/* To the microsecond, and at every ping on the way, too. */
static void it_is_what_the_formula_says(void **state LULL_UNUSED)
{
	uint64_t seed = 3;

	for (int n = 0; n < 2000; n++) {
		int64_t a = 20 * MINUTE + below(&seed, 60 * MINUTE),
			b = a + below(&seed, 90 * MINUTE);
		int64_t window = below(&seed, 30 * MINUTE), d[PINGS_MAX];
		size_t n_pings = (size_t)below(&seed, PINGS_MAX + 1), i = 0;
		struct ledger_block block;
		struct ledger l;

		for (size_t j = 0; j < n_pings; j++)
			d[j] = below(&seed, 180 * MINUTE);
		qsort(d, n_pings, sizeof(*d), compare);
		ledger_init(&l);
		for (; i < n_pings && d[i] < a; i++)
			ledger_deliver(&l, d[i]);
		ledger_begin(&l, window, a);
		for (; i < n_pings && d[i] < b; i++) {
			block = ledger_so_far(&l, d[i]);
			assert_true(block.exposed_us[delivery][LEDGER_CHOSEN] ==
				    as_written(a, d[i], window, d, i));
			ledger_deliver(&l, d[i]);
		}
		block = ledger_end(&l, b);
		assert_true(block.focus_us == b - a);
		assert_true(block.exposed_us[delivery][LEDGER_CHOSEN] ==
			    as_written(a, b, window, d, n_pings));
		assert_true(block.exposed_us[delivery][LEDGER_SHORT] ==
			    as_written(a, b, 10 * MINUTE, d, n_pings));
		assert_true(block.exposed_us[delivery][LEDGER_LONG] ==
			    as_written(a, b, 990 * USEC_PER_SEC, d, n_pings));
	}
}

/* E[X] = 1 - exp(-r * R), with pings that go on between blocks of 90 minutes. */
static void poisson_pings_come_to_what_they_must(void **state LULL_UNUSED)
{
	static const struct {
		double minutes, share;
	} oracles[] = {{5, .268}, {10, .464}, {15, .607}, {23.25, .765}};
	const double per_hour = 3.74;

	for (size_t i = 0; i < ARRAY_SIZE(oracles); i++) {
		int64_t window = (int64_t)(oracles[i].minutes * (double)MINUTE);
		struct ledger_block sum = {0};
		uint64_t seed = 7 + i;
		double next = 0;
		struct ledger l;

		ledger_init(&l);
		for (int n = 0; n < 30000; n++) {
			int64_t begin = n * 240 * MINUTE, end = begin + 90 * MINUTE;
			struct ledger_block b;

			for (; (int64_t)next < begin;
			     next += exponential(&seed) * 60 * MINUTE / per_hour)
				ledger_arrive(&l, (int64_t)next);
			ledger_begin(&l, window, begin);
			for (; (int64_t)next < end;
			     next += exponential(&seed) * 60 * MINUTE / per_hour)
				ledger_arrive(&l, (int64_t)next);
			b = ledger_end(&l, end);
			sum.focus_us += b.focus_us;
			for (int w = 0; w < LEDGER_N_WINDOWS; w++)
				sum.exposed_us[arrival][w] += b.exposed_us[arrival][w];
		}
		assert_float_equal(ledger_share(&sum, arrival, LEDGER_CHOSEN), oracles[i].share,
				   .005);
		assert_float_equal(ledger_share(&sum, arrival, LEDGER_SHORT), .464, .005);
		assert_float_equal(ledger_share(&sum, arrival, LEDGER_LONG), .642, .005);
		assert_float_equal(ledger_share(&sum, delivery, LEDGER_CHOSEN), 0, 0);
	}
}

static int64_t exposed_by(const struct trace *t, uint64_t *seed)
{
	struct ledger_block blocks[BLOCKS_MAX];
	int64_t sum = 0;

	feed(t, seed, blocks);
	for (size_t i = 0; i < t->n_blocks; i++)
		sum += blocks[i].exposed_us[delivery][LEDGER_CHOSEN];
	return sum;
}

static void more_pings_and_longer_windows_never_expose_less(void **state LULL_UNUSED)
{
	uint64_t seed = 11;

	for (int n = 0; n < 150; n++) {
		struct trace t = random_trace(&seed), other;
		int64_t exposed = exposed_by(&t, &seed), focus = 0;

		for (size_t i = 0; i < t.n_blocks; i++)
			focus += (t.ends[i] - t.begins[i]) * USEC_PER_SEC;
		assert_in_range(exposed, 0, focus);
		assert_true(exposed <= (int64_t)t.n_pings * t.window * USEC_PER_SEC);

		other = t;
		other.window += below(&seed, 600);
		assert_true(exposed_by(&other, &seed) >= exposed);
		if (t.n_pings == 0 || t.n_pings == PINGS_MAX)
			continue;
		for (int c = 0; c < LEDGER_N_COURSES; c++) {
			other = t;
			other.pings[delivery][t.n_pings] =
				c ? below(&seed, TRACE_SECONDS)
				  : t.pings[delivery][below(&seed, (int64_t)t.n_pings)];
			other.pings[arrival][t.n_pings] = TRACE_SECONDS;
			other.n_pings++;
			qsort(other.pings[delivery], other.n_pings, sizeof(**other.pings), compare);
			if (c)
				assert_true(exposed_by(&other, &seed) >= exposed);
			else /* a duplicate */
				assert_true(exposed_by(&other, &seed) == exposed);
		}
	}
}

/* --- what shouldn't happen --------------------------------------------------------------------------- */

static void of_one_that_is_told_late_the_rest_counts(void **state LULL_UNUSED)
{
	struct ledger_block b;
	struct ledger l;

	ledger_init(&l);
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, 20 * MINUTE);
	ledger_arrive(&l, 5 * MINUTE); /* its 15 minutes are over */
	ledger_deliver(&l, 12 * MINUTE);
	b = ledger_end(&l, 90 * MINUTE);
	assert_true(b.focus_us == 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 15 * MINUTE);
	assert_true(b.exposed_us[delivery][LEDGER_CHOSEN] == 7 * MINUTE);
	/* A block that begins and ends in the past has no length. */
	ledger_begin(&l, 15 * MINUTE, 0);
	ledger_arrive(&l, MINUTE);
	b = ledger_end(&l, 60 * MINUTE);
	assert_true(b.focus_us == 0);
	assert_true(b.exposed_us[arrival][LEDGER_LONG] == 0);
}

static void events_in_any_order_and_at_any_instant_do_no_harm(void **state LULL_UNUSED)
{
	static const int64_t instants[] = {INT64_MIN, INT64_MIN + 1, -MINUTE,       -1,       0,
					   1,         20 * MINUTE,   INT64_MAX - 1, INT64_MAX};
	const int64_t n_instants = (int64_t)ARRAY_SIZE(instants);
	uint64_t seed = 5;

	for (int n = 0; n < 5000; n++) {
		char text[LEDGER_TEXT_MAX];
		struct ledger l;

		ledger_init(&l);
		for (int64_t i = below(&seed, 12); i >= 0; i--) {
			int64_t at = instants[below(&seed, n_instants)];
			struct ledger_block b;

			switch (below(&seed, 4)) {
			case 0: ledger_arrive(&l, at); break;
			case 1: ledger_deliver(&l, at); break;
			case 2: ledger_begin(&l, instants[below(&seed, n_instants)], at); break;
			case 3: ledger_end(&l, at); break;
			}
			b = ledger_so_far(&l, at);
			assert_true(b.focus_us >= 0);
			assert_true(b.window_us >= 0);
			for (int c = 0; c < LEDGER_N_COURSES; c++) {
				for (int w = 0; w < LEDGER_N_WINDOWS; w++)
					assert_true(b.exposed_us[c][w] >= 0 &&
						    b.exposed_us[c][w] <= b.focus_us);
			}
			ledger_write(&b, text);
			ledger_explain(&b, text);
			assert_string_equal(text + strlen(text) - strlen("on arrival"),
					    "on arrival");
		}
	}
}

static void a_million_pings_take_no_more_memory_and_no_more_than_the_block(void **state LULL_UNUSED)
{
	struct ledger_block b;
	struct ledger l;

	assert_true(sizeof(l) <= 128);
	ledger_init(&l);
	ledger_begin(&l, 15 * MINUTE, 0);
	for (int64_t i = 0; i < 1000000; i++) {
		ledger_arrive(&l, i * 5400);
		if (i % 100000 == 0)
			ledger_deliver(&l, i * 5400);
	}
	b = ledger_end(&l, 90 * MINUTE);
	assert_true(b.focus_us == 90 * MINUTE);
	assert_true(b.exposed_us[arrival][LEDGER_CHOSEN] == 90 * MINUTE);
	assert_true(b.exposed_us[delivery][LEDGER_SHORT] == 90 * MINUTE);
}

/* --- what people are told ---------------------------------------------------------------------------- */

static struct ledger_block told(int64_t focus_us, int64_t window_us, int64_t on_arrival_us,
				int64_t as_delivered_us)
{
	return (struct ledger_block){
		.focus_us = focus_us,
		.window_us = window_us,
		.exposed_us = {{on_arrival_us, on_arrival_us, on_arrival_us},
			       {as_delivered_us, as_delivered_us, as_delivered_us}},
	};
}

static void people_are_told_what_was_kept_clear_and_that_it_is_a_model(void **state LULL_UNUSED)
{
	static const struct {
		int64_t focus_s, window_s, on_arrival_s, as_delivered_s;
		const char *text;
	} sentences[] = {
		{5400, 900, 3000, 300, "focus time kept clear: 85 of 90 min (model)"},
		{5400, 900, 3000, 0, "focus time kept clear: 90 of 90 min (model)"},
		{5400, 1395, 3000, 300,
		 "focus time kept clear: 85 of 90 min (model, interview figure)"},
		/* Never more than there was. */
		{5400, 900, 3000, 1, "focus time kept clear: 89 of 90 min (model)"},
		{5430, 900, 3000, 301, "focus time kept clear: 84 of 90 min (model)"},
		{119, 900, 119, 118, "focus time kept clear: 0 of 1 min (model)"},
		{36000, 900, 3000, 600, "focus time kept clear: 590 of 600 min (model)"},
		/* Nothing to claim. */
		{5400, 900, 0, 0, ""},
		{5400, 900, 300, 300, ""},
		{5400, 900, 300, 600, ""},
		{59, 900, 59, 0, ""},
		{0, 900, 0, 0, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		struct ledger_block b = told(sentences[i].focus_s * USEC_PER_SEC,
					     sentences[i].window_s * USEC_PER_SEC,
					     sentences[i].on_arrival_s * USEC_PER_SEC,
					     sentences[i].as_delivered_s * USEC_PER_SEC);
		char text[LEDGER_TEXT_MAX];

		assert_int_equal(ledger_write(&b, text), sentences[i].text[0] != '\0');
		assert_string_equal(text, sentences[i].text);
	}
}

static void the_model_is_explained_with_its_band(void **state LULL_UNUSED)
{
	struct ledger_block b =
		told(90 * MINUTE, LEDGER_WINDOW_DEFAULT_US, 50 * MINUTE, 5 * MINUTE);
	char text[LEDGER_TEXT_MAX];

	b.exposed_us[delivery][LEDGER_SHORT] = 4 * MINUTE;
	b.exposed_us[delivery][LEDGER_LONG] = 6 * MINUTE;
	ledger_explain(&b, text);
	assert_string_equal(
		text,
		"model: what lies within 15 min after a ping isn't clear; 84 to 86 min with 16.5 "
		"to 10 min instead; 40 min had every ping been delivered on arrival");
	b = told(90 * MINUTE, LEDGER_WINDOW_INTERVIEW_US, 90 * MINUTE, 0);
	ledger_explain(&b, text);
	assert_string_equal(
		text,
		"model: what lies within 23.25 min (interview figure) after a ping isn't clear; "
		"90 min with 16.5 to 10 min instead; 0 min had every ping been delivered on "
		"arrival");
	b = told(90 * MINUTE, 65 * USEC_PER_SEC, 0, 0);
	ledger_explain(&b, text);
	assert_non_null(strstr(text, "within 1.08 min after"));
}

static void a_share_of_nothing_is_nothing(void **state LULL_UNUSED)
{
	struct ledger_block b = {0};

	assert_float_equal(ledger_share(&b, arrival, LEDGER_CHOSEN), 0, 0);
	b = told(90 * MINUTE, 0, 45 * MINUTE, 9 * MINUTE);
	assert_float_equal(ledger_share(&b, arrival, LEDGER_CHOSEN), .5, 1e-9);
	assert_float_equal(ledger_share(&b, delivery, LEDGER_CHOSEN), .1, 1e-9);
}

/* --- the delay --------------------------------------------------------------------------------------- */

static void without_delays_all_of_them_are_zero(void **state LULL_UNUSED)
{
	static struct ledger_delays d;

	assert_true(ledger_mean_us(&d) == 0);
	assert_true(ledger_p95_us(&d) == 0);
	ledger_delay(&d, 0);
	ledger_delay(&d, -5);
	ledger_delay(&d, INT64_MIN);
	assert_int_equal(d.n, 3);
	assert_true(ledger_mean_us(&d) == 0);
	assert_true(ledger_p95_us(&d) == 0);
	assert_true(d.max_us == 0);
}

static void one_of_twenty_may_wait_longer_than_p95(void **state LULL_UNUSED)
{
	static struct ledger_delays d;

	for (int i = 1; i <= 19; i++)
		ledger_delay(&d, i * USEC_PER_SEC);
	assert_true(ledger_p95_us(&d) == 19 * USEC_PER_SEC);
	ledger_delay(&d, 90 * MINUTE);
	assert_true(ledger_p95_us(&d) == 19 * USEC_PER_SEC);
	assert_true(d.max_us == 90 * MINUTE);
	assert_true(d.sum_us == 90 * MINUTE + 190 * USEC_PER_SEC);
	assert_true(ledger_mean_us(&d) == (90 * MINUTE + 190 * USEC_PER_SEC) / 20);
	ledger_delay(&d, 90 * MINUTE);
	assert_true(ledger_p95_us(&d) == 90 * MINUTE);
}

static void p95_is_at_most_a_32nd_above_that_of_the_sorted_list(void **state LULL_UNUSED)
{
	static struct ledger_delays d;
	static int64_t delays[2000];
	uint64_t seed = 13;

	for (int n = 0; n < 200; n++) {
		size_t n_delays = 1 + (size_t)below(&seed, (int64_t)ARRAY_SIZE(delays));
		int64_t most = INT64_C(1) << (5 + below(&seed, 40)), sum = 0, exact, got;

		d = (struct ledger_delays){0};
		for (size_t i = 0; i < n_delays; i++) {
			delays[i] = below(&seed, most);
			sum += delays[i];
			ledger_delay(&d, delays[i]);
		}
		qsort(delays, n_delays, sizeof(*delays), compare);
		exact = delays[(n_delays * 95 + 99) / 100 - 1];
		got = ledger_p95_us(&d);
		assert_true(got >= exact);
		assert_true(got <= exact + exact / 32 + USEC_PER_SEC);
		assert_true(got <= delays[n_delays - 1]);
		assert_true(ledger_mean_us(&d) == sum / (int64_t)n_delays);
		assert_true(d.max_us == delays[n_delays - 1]);
	}
}

static void delays_without_end_do_not_overflow(void **state LULL_UNUSED)
{
	static struct ledger_delays d;

	for (int i = 0; i < 5; i++)
		ledger_delay(&d, INT64_MAX);
	assert_true(d.max_us == INT64_MAX);
	assert_true(d.sum_us == INT64_MAX);
	assert_true(ledger_p95_us(&d) == INT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_in_the_block_and_in_a_window_is_exposed),
		cmocka_unit_test(it_is_exact_to_the_microsecond),
		cmocka_unit_test(a_block_begins_with_nothing_but_what_reaches_into_it),
		cmocka_unit_test(a_second_begin_or_end_changes_nothing),
		cmocka_unit_test(looking_changes_nothing),
		cmocka_unit_test(it_is_what_a_bitmap_of_seconds_says),
		cmocka_unit_test(it_is_what_the_formula_says),
		cmocka_unit_test(poisson_pings_come_to_what_they_must),
		cmocka_unit_test(more_pings_and_longer_windows_never_expose_less),
		cmocka_unit_test(of_one_that_is_told_late_the_rest_counts),
		cmocka_unit_test(events_in_any_order_and_at_any_instant_do_no_harm),
		cmocka_unit_test(a_million_pings_take_no_more_memory_and_no_more_than_the_block),
		cmocka_unit_test(people_are_told_what_was_kept_clear_and_that_it_is_a_model),
		cmocka_unit_test(the_model_is_explained_with_its_band),
		cmocka_unit_test(a_share_of_nothing_is_nothing),
		cmocka_unit_test(without_delays_all_of_them_are_zero),
		cmocka_unit_test(one_of_twenty_may_wait_longer_than_p95),
		cmocka_unit_test(p95_is_at_most_a_32nd_above_that_of_the_sorted_list),
		cmocka_unit_test(delays_without_end_do_not_overflow),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
