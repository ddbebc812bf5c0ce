/*
 * Schedules: the table in tests/cases/schedules.txt, and every minute of a year against brute force.
 *
 * From the top of the tree. With an argument, only the table in that file: tests/cases/schedule_oracle.py
 * makes one. The zones are the C library's.
 */
#include "daemon/core/schedule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/duration.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)

static const char *table_path = "tests/cases/schedules.txt";

/* --- zones --- */

static int32_t offset_s(void *data LULL_UNUSED, int64_t wall_s)
{
	time_t t = wall_s;
	struct tm tm = {0};

	localtime_r(&t, &tm);
	return (int32_t)tm.tm_gmtoff;
}

static const struct civil_zone zone = {.offset_s = offset_s};

static void use_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
	if (strcmp(name, "UTC") != 0 && strcmp(tzname[0], "UTC") == 0)
		fail_msg("there is no zone '%s': is tzdata installed?", name);
}

/* --- settings of a case --- */

struct plan {
	struct block blocks[4];
	struct clocks at;
	struct schedule schedule;
};

static void set_field(struct plan *p, struct block *b, const char *key, const char *value)
{
	const char *wrong;
	size_t len;
	int r = -EINVAL;

	if (strcmp(key, "days") == 0)
		r = calendar_parse_days(value, b ? &b->days : &p->schedule.deliver_days, &wrong,
					&len);
	else if (!b && strcmp(key, "at") == 0)
		r = calendar_parse_clocks(value, &p->at);
	else if (strcmp(key, "start") == 0)
		r = calendar_parse_clock(value, &b->start);
	else if (strcmp(key, "end") == 0)
		r = calendar_parse_end(value, &b->end);
	else if (strcmp(key, "from") == 0)
		r = calendar_parse_date(value, &b->from);
	else if (strcmp(key, "until") == 0)
		r = calendar_parse_date(value, &b->until);
	else if (strcmp(key, "except") == 0)
		r = calendar_parse_dates(value, &b->except);
	else if (strcmp(key, "lead") == 0)
		r = duration_parse(value, &b->lead_us);
	if (r < 0)
		fail_msg("what is %s=%s?", key, value);
}

/* "work days=mon-fri start=09:00 end=11:30; deliver at=9:00" */
static void read_plan(struct plan *p, char *text)
{
	char *section;

	*p = (struct plan){0};
	p->schedule = (struct schedule){
		.zone = &zone,
		.blocks = p->blocks,
		.deliver_at = &p->at,
		.deliver_days = CALENDAR_DAILY,
	};
	while ((section = strsep(&text, ";"))) {
		struct block *b = NULL;
		char *word;

		section += strspn(section, " ");
		word = strsep(&section, " ");
		if (strcmp(word, "deliver") != 0) {
			b = &p->blocks[p->schedule.n_blocks++];
			*b = (struct block){
				.days = CALENDAR_DAILY,
				.from = CALENDAR_EVER,
				.until = CALENDAR_FOREVER,
			};
			snprintf(b->name, sizeof(b->name), "%s", word);
		}
		while ((word = strsep(&section, " "))) {
			char *key = strsep(&word, "=");

			set_field(p, b, key, word);
		}
	}
}

/* "2026-03-29 01:00", UTC */
static int64_t read_instant(const char *text)
{
	char date[11] = "";
	int32_t day = 0, minutes = 0;

	if (strcmp(text, "-") == 0)
		return INSTANT_NEVER;
	memcpy(date, text, strnlen(text, sizeof(date) - 1));
	if (calendar_parse_date(date, &day) < 0 || calendar_parse_clock(text + 11, &minutes) < 0)
		fail_msg("what is the instant '%s'?", text);
	return day * (24 * HOUR) + minutes * MINUTE;
}

static void write_instant(char *buf, size_t size, int64_t us)
{
	time_t t = us / USEC_PER_SEC;
	struct tm tm;

	if (us == INSTANT_NEVER || !gmtime_r(&t, &tm) ||
	    strftime(buf, size, t % 60 ? "%F %T" : "%F %H:%M", &tm) == 0)
		snprintf(buf, size, "-");
}

/* --- the table --- */

static void check_row(int line, char *text)
{
	char *name = strsep(&text, "\t"), *now = strsep(&text, "\t"),
	     *settings = strsep(&text, "\t");
	const char *holds = strsep(&text, "\t"), *next = strsep(&text, "\t");
	const char *delivery = strsep(&text, "\t");
	char got[200] = "", got_next[32], got_delivery[32];
	struct schedule_now state;
	struct plan p;
	int64_t now_us = read_instant(now);

	if (!delivery)
		fail_msg("line %d has too few columns", line);
	use_zone(name);
	read_plan(&p, settings);
	schedule_at(&p.schedule, now_us, &state);
	for (size_t i = 0; i < state.n_holds; i++) {
		char end[32];

		write_instant(end, sizeof(end), state.holds[i].ends_us);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s %s", i ? ", " : "",
			 state.holds[i].block->name, end);
	}
	if (state.n_holds == 0)
		strcpy(got, "-");
	write_instant(got_next, sizeof(got_next), state.next_us);
	write_instant(got_delivery, sizeof(got_delivery),
		      schedule_next_delivery(&p.schedule, now_us));
	if (strcmp(got, holds) != 0 || strcmp(got_next, next) != 0 ||
	    strcmp(got_delivery, delivery) != 0)
		fail_msg("line %d: got '%s', next change %s, next delivery %s", line, got, got_next,
			 got_delivery);
}

static void each_case_of_the_table_holds(void **state LULL_UNUSED)
{
	FILE *f = fopen(table_path, "re");
	autofree(str) char *line = NULL;
	size_t size = 0;
	int n = 0;

	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", table_path,
			 strerror(errno));
	while (getline(&line, &size, f) > 0) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			check_row(n, line);
	}
	fclose(f);
	assert_true(n > 50);
}

/* --- what was ended by hand --- */

static struct plan plan_of(const char *settings)
{
	static struct plan p;
	autofree(str) char *text = strdup(settings);

	assert_non_null(text);
	read_plan(&p, text);
	return p;
}

#define PLAN(name, settings)                  \
	struct plan name = plan_of(settings); \
	name.schedule.blocks = name.blocks;   \
	name.schedule.deliver_at = &name.at

static void an_ended_occurrence_is_over_and_tomorrows_is_not(void **state LULL_UNUSED)
{
	const struct schedule_end end = {"work", read_instant("2026-03-02 09:00")};
	const struct block *next = NULL;
	struct schedule_now now;
	PLAN(p, "work start=09:00 end=11:30 lead=10m; other start=09:00 end=11:00");

	use_zone("Europe/Berlin");
	p.schedule.ends = &end;
	p.schedule.n_ends = 1;
	schedule_at(&p.schedule, end.wall_us, &now);
	assert_int_equal(now.n_holds, 1);
	assert_string_equal(now.holds[0].block->name, "other");
	/* The clock is set back: it is the same occurrence. */
	schedule_at(&p.schedule, read_instant("2026-03-02 07:55"), &now);
	assert_int_equal(now.n_holds, 0);
	assert_true(now.next_us == read_instant("2026-03-02 08:00"));
	assert_true(schedule_next_start(&p.schedule, read_instant("2026-03-02 11:00"), &next) ==
		    read_instant("2026-03-03 07:50"));
	assert_string_equal(next->name, "work");
}

static void a_delivery_in_an_ended_occurrence_is_not_moved(void **state LULL_UNUSED)
{
	const struct schedule_end end = {"work", read_instant("2026-03-02 08:30")};
	PLAN(p, "work start=09:00 end=11:30; deliver at=10:00");

	use_zone("Europe/Berlin");
	assert_true(schedule_next_delivery(&p.schedule, end.wall_us) ==
		    read_instant("2026-03-02 10:30"));
	p.schedule.ends = &end;
	p.schedule.n_ends = 1;
	assert_true(schedule_next_delivery(&p.schedule, end.wall_us) ==
		    read_instant("2026-03-02 09:00"));
}

static void what_ends_before_a_block_that_follows_is_free_after_that(void **state LULL_UNUSED)
{
	PLAN(p, "a start=09:00 end=10:00; b start=10:30 end=12:00 lead=30m");

	use_zone("Europe/Berlin");
	assert_true(schedule_free_at(&p.schedule, read_instant("2026-03-02 07:59")) ==
		    read_instant("2026-03-02 07:59"));
	assert_true(schedule_free_at(&p.schedule, read_instant("2026-03-02 08:00")) ==
		    read_instant("2026-03-02 11:00"));
	assert_true(schedule_free_at(&p.schedule, read_instant("2026-03-02 11:00")) ==
		    read_instant("2026-03-02 11:00"));
}

static void the_end_of_weeks_of_blocks_is_known(void **state LULL_UNUSED)
{
	PLAN(p, "away start=09:00 end=09:00 from=2026-03-02 until=2026-11-30");

	use_zone("Europe/Berlin");
	assert_true(schedule_free_at(&p.schedule, read_instant("2026-03-02 08:00")) ==
		    read_instant("2026-12-01 08:00"));
}

/* A second is longer than it takes by far, and lulld ends itself after ten. */
static void as_many_blocks_as_there_may_be_are_no_burden(void **state LULL_UNUSED)
{
	struct block blocks[BLOCKS_MAX];
	struct clocks at = {.n = 1, .minutes = {540}};
	struct schedule s = {
		.zone = &zone,
		.blocks = blocks,
		.n_blocks = BLOCKS_MAX,
		.deliver_at = &at,
		.deliver_days = CALENDAR_DAILY,
	};
	clock_t began = clock();

	use_zone("Europe/Berlin");
	for (int i = 0; i < BLOCKS_MAX; i++)
		blocks[i] = (struct block){
			.days = CALENDAR_DAILY,
			.start = i * 22,
			.end = (i * 22 + 60) % 1440,
			.from = CALENDAR_EVER,
			.until = CALENDAR_FOREVER,
		};
	assert_true(schedule_free_at(&s, read_instant("2026-03-02 08:00")) == INSTANT_NEVER);
	assert_true(schedule_next_delivery(&s, read_instant("2026-03-02 08:00")) == INSTANT_NEVER);
	assert_true(clock() - began < CLOCKS_PER_SEC);
}

static void nothing_is_free_while_blocks_follow_each_other_for_ever(void **state LULL_UNUSED)
{
	PLAN(p, "day start=06:00 end=18:00; night start=18:00 end=06:00");

	use_zone("Europe/Berlin");
	assert_true(schedule_free_at(&p.schedule, read_instant("2026-03-02 08:00")) ==
		    INSTANT_NEVER);
}

/* --- zones, there and back --- */

static const char *const zones[] = {
	"Europe/Berlin",       "America/New_York",
	"Australia/Lord_Howe", "Asia/Kathmandu",
	"Pacific/Apia",        "America/Sao_Paulo",
	"America/St_Johns",    "Africa/Casablanca",
	"Pacific/Kiritimati",  "UTC",
};

static void what_a_clock_shows_is_when_it_shows_it(void **state LULL_UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		int64_t us = read_instant("2009-12-31 23:59");

		use_zone(zones[i]);
		for (; us < read_instant("2031-01-01 00:00"); us += 7 * HOUR + 13 * MINUTE) {
			struct civil_time t = civil_local(&zone, us);
			int64_t first = civil_wall(&zone, t, CIVIL_FIRST);
			int64_t second = civil_wall(&zone, t, CIVIL_SECOND);

			if (first > second || (us != first && us != second))
				fail_msg("%s: %lld s is shown at %lld and %lld", zones[i],
					 (long long)(us / USEC_PER_SEC),
					 (long long)(first / USEC_PER_SEC),
					 (long long)(second / USEC_PER_SEC));
		}
	}
}

/* --- every minute of a year, by brute force --- */

#define YEAR_MINUTES (366 * 24 * 60)
#define MARGIN_DAYS 4
#define N_DAYS (366 + 2 * MARGIN_DAYS)

/* What the clock shows at each minute of the year, and the first and last minute at which it shows a thing. */
struct year {
	int64_t begins_us;
	int32_t first_day;
	int64_t reading[YEAR_MINUTES]; /* day * 1440 + minute of the day */
	int32_t first[N_DAYS * 1440], last[N_DAYS * 1440];
	bool holds[3][YEAR_MINUTES];
	bool is_on[YEAR_MINUTES];
	bool delivers[YEAR_MINUTES];
};

static void learn_year(struct year *y, int64_t begins_us)
{
	y->begins_us = begins_us;
	y->first_day = (int32_t)(begins_us / (24 * HOUR)) - MARGIN_DAYS;
	memset(y->first, 0xff, sizeof(y->first));
	memset(y->last, 0xff, sizeof(y->last));
	for (int32_t m = 0; m < YEAR_MINUTES; m++) {
		int64_t wall_s = begins_us / USEC_PER_SEC + m * 60, r;

		y->reading[m] = (wall_s + offset_s(NULL, wall_s)) / 60;
		r = y->reading[m] - y->first_day * INT64_C(1440);
		if (y->first[r] < 0)
			y->first[r] = m;
		y->last[r] = m;
	}
}

/* The first minute that shows @reading or more; -1 when that isn't in the year. */
static int32_t after_gap(const struct year *y, int64_t reading)
{
	for (int64_t r = reading - y->first_day * INT64_C(1440); r < N_DAYS * 1440; r++)
		if (y->first[r] >= 0)
			return y->first[r];
	return -1;
}

static int32_t minute_of(const struct year *y, int32_t day, int32_t minutes, bool is_end)
{
	int64_t reading = day * INT64_C(1440) + minutes;
	int64_t r = reading - y->first_day * INT64_C(1440);

	if (is_end && y->last[r] >= 0)
		return y->last[r];
	return after_gap(y, reading);
}

static void mark_blocks(struct year *y, const struct schedule *s)
{
	memset(y->holds, 0, sizeof(y->holds));
	memset(y->is_on, 0, sizeof(y->is_on));
	for (size_t i = 0; i < s->n_blocks; i++) {
		const struct block *b = &s->blocks[i];

		for (int32_t day = y->first_day + MARGIN_DAYS + 2;
		     day < y->first_day + N_DAYS - MARGIN_DAYS - 3; day++) {
			int32_t start = minute_of(y, day, b->start, false), end;

			end = minute_of(y, b->end > b->start ? day : day + 1, b->end, true);
			if (!(b->days >> calendar_weekday(day) & 1) || day < b->from ||
			    day > b->until || (b->except.n > 0 && day == b->except.days[0]) ||
			    start >= end)
				continue;
			for (int32_t m = MAX(0, start - (int32_t)(b->lead_us / MINUTE)); m < end;
			     m++)
				y->holds[i][m] = y->is_on[m] = true;
		}
	}
}

static void mark_deliveries(struct year *y, const struct schedule *s)
{
	memset(y->delivers, 0, sizeof(y->delivers));
	for (int32_t day = y->first_day + MARGIN_DAYS + 2;
	     day < y->first_day + N_DAYS - MARGIN_DAYS - 3; day++) {
		for (size_t i = 0; i < s->deliver_at->n; i++) {
			int32_t m = minute_of(y, day, s->deliver_at->minutes[i], false);

			if (!(s->deliver_days >> calendar_weekday(day) & 1))
				continue;
			while (m < YEAR_MINUTES && y->is_on[m])
				m++;
			if (m < YEAR_MINUTES)
				y->delivers[m] = true;
		}
	}
}

static unsigned random_below(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* Any times, but often those around a change of the clocks. */
static int32_t random_clock(unsigned *seed)
{
	return (int32_t)(random_below(seed, 2) ? random_below(seed, 1440)
					       : random_below(seed, 17) * 15);
}

static void random_plan(struct plan *p, unsigned *seed, const struct year *y)
{
	*p = (struct plan){0};
	p->schedule = (struct schedule){
		.zone = &zone,
		.blocks = p->blocks,
		.n_blocks = random_below(seed, 4),
		.deliver_at = &p->at,
		.deliver_days = 1 + random_below(seed, 127),
	};
	for (size_t i = 0; i < p->schedule.n_blocks; i++) {
		p->blocks[i] = (struct block){
			.name = {(char)('a' + i)},
			.days = 1 + random_below(seed, 127),
			.start = random_clock(seed),
			.end = random_clock(seed),
			.from = random_below(seed, 2) ? CALENDAR_EVER : y->first_day + 20,
			.until = random_below(seed, 2) ? CALENDAR_FOREVER : y->first_day + 350,
			.except = {1, {y->first_day + (int32_t)random_below(seed, 366)}},
			.lead_us = random_below(seed, 2) ? 0 : random_below(seed, 700) * MINUTE,
		};
	}
	p->at.n = random_below(seed, 4);
	for (size_t i = 0; i < p->at.n; i++)
		p->at.minutes[i] = (int32_t)i * 480 + (int32_t)random_below(seed, 480);
}

static bool is_as_marked(const struct year *y, const struct schedule *s, int32_t m,
			 const struct schedule_now *now)
{
	size_t at = 0;

	for (size_t i = 0; i < s->n_blocks; i++) {
		bool holds = at < now->n_holds && now->holds[at].block == &s->blocks[i];

		if (holds != y->holds[i][m])
			return false;
		at += holds;
	}
	return at == now->n_holds;
}

/* The days on which blocks were marked whole. */
#define CHECKED_FROM (6 * 1440)
#define CHECKED_TO (355 * 1440)

static void check_year(const struct year *y, const struct schedule *s, const char *what)
{
	struct schedule_now now = {0};
	int64_t next_delivery_us = 0;
	int32_t changes = CHECKED_FROM;

	for (int32_t m = CHECKED_FROM; m < CHECKED_TO; m++) {
		int64_t us = y->begins_us + m * MINUTE;

		/* Asked again only when it says that something changes. */
		if (m == changes) {
			schedule_at(s, us, &now);
			assert_true(now.next_us > us);
			changes = (int32_t)(MIN(now.next_us - y->begins_us, YEAR_MINUTES * MINUTE) /
					    MINUTE);
		}
		if (!is_as_marked(y, s, m, &now))
			fail_msg("%s: wrong %d minutes into the year", what, m);
		if (m == CHECKED_FROM || us >= next_delivery_us) {
			if (m > CHECKED_FROM && next_delivery_us == us && !y->delivers[m])
				fail_msg("%s: a delivery that isn't, %d minutes into the year",
					 what, m);
			next_delivery_us = schedule_next_delivery(s, us);
			assert_true(next_delivery_us > us);
		} else if (y->delivers[m]) {
			fail_msg("%s: no delivery %d minutes into the year", what, m);
		}
	}
}

static void every_minute_of_a_year_is_as_brute_force_says(void **state LULL_UNUSED)
{
	struct year *y = malloc(sizeof(*y));
	unsigned seed = 20261025;

	assert_non_null(y);
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		/* Apia's lost day is in the first year, both of Sao Paulo's changes in the second. */
		static const char *const years[] = {"2011-06-01 00:00", "2018-06-01 00:00",
						    "2026-01-01 00:00"};

		use_zone(zones[i]);
		for (size_t j = 0; j < ARRAY_SIZE(years); j++) {
			learn_year(y, read_instant(years[j]));
			for (int n = 0; n < 3; n++) {
				char what[64];
				struct plan p;

				random_plan(&p, &seed, y);
				snprintf(what, sizeof(what), "%s %.4s, plan %d", zones[i], years[j],
					 n);
				mark_blocks(y, &p.schedule);
				mark_deliveries(y, &p.schedule);
				check_year(y, &p.schedule, what);
			}
		}
	}
	free(y);
}

/* --- words --- */

static void days_are_read_and_written(void **state LULL_UNUSED)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{"mon-fri", "mon-fri"},     {"Mon - Fri", "mon-fri"},
		{"weekdays", "mon-fri"},    {"weekend", "sat, sun"},
		{"daily", "daily"},         {"mon-sun", "daily"},
		{"sun-sat", "daily"},       {"mon, wed", "mon, wed"},
		{"wed,monday", "mon, wed"}, {"fri-mon", "mon, fri-sun"},
		{"mon-mon", "mon"},         {"weekend, mon-tue", "mon, tue, sat, sun"},
	};
	static const char *const wrong[] = {"",        "mon-",  "-fri",     "mo",
					    "mon-fry", "mon,",  "mon wed",  "daily-fri",
					    "weekday", "monda", "mon--fri", ",",
					    "-"};
	char buf[CALENDAR_TEXT_MAX];
	const char *word;
	unsigned days, again;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(calendar_parse_days(cases[i].text, &days, &word, &len), 0);
		calendar_write_days(days, buf);
		assert_string_equal(buf, cases[i].written);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (calendar_parse_days(wrong[i], &days, &word, &len) != -EINVAL)
			fail_msg("'%s' was taken", wrong[i]);
	for (days = 1; days <= CALENDAR_DAILY; days++) {
		calendar_write_days(days, buf);
		assert_int_equal(calendar_parse_days(buf, &again, &word, &len), 0);
		assert_int_equal(again, days);
	}
	assert_int_equal(calendar_parse_days("mon, fryday", &days, &word, &len), -EINVAL);
	assert_int_equal(len, 6);
	assert_memory_equal(word, "fryday", 6);
}

static void times_of_day_are_read_and_written(void **state LULL_UNUSED)
{
	static const char *const wrong[] = {"",       "9",      "9:0",  "24:00", "25:00", "9:60",
					    "09:00 ", "009:00", "9.30", "-9:00", "9:00am"};
	char buf[CALENDAR_TEXT_MAX];
	struct clocks clocks;
	int32_t m;

	assert_int_equal(calendar_parse_clock("9:05", &m), 0);
	assert_int_equal(m, 545);
	assert_int_equal(calendar_parse_clock("23:59", &m), 0);
	assert_int_equal(m, 1439);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (calendar_parse_clock(wrong[i], &m) != -EINVAL)
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(calendar_parse_end("24:00", &m), 0);
	assert_int_equal(m, CALENDAR_DAY_ENDS);
	calendar_write_clock(m, buf);
	assert_string_equal(buf, "24:00");
	assert_int_equal(calendar_parse_end("24:01", &m), -EINVAL);
	assert_int_equal(calendar_parse_clocks("12:00, 24:00", &clocks), -EINVAL);
	assert_int_equal(calendar_parse_clocks("17:00, 9:00,12:30 ,9:00", &clocks), 0);
	calendar_write_clocks(&clocks, buf);
	assert_string_equal(buf, "09:00, 12:30, 17:00");
	assert_int_equal(calendar_parse_clocks("9:00,,10:00", &clocks), -EINVAL);
	assert_int_equal(calendar_parse_clocks("9:00 10:00", &clocks), -EINVAL);
	assert_int_equal(calendar_parse_clocks("", &clocks), 0);
	assert_int_equal(clocks.n, 0);
}

static void dates_are_read_and_written(void **state LULL_UNUSED)
{
	static const char *const wrong[] = {"",           "2026-02-29", "2026-06-31", "2026-13-01",
					    "2026-00-10", "2026-01-00", "26-01-01",   "2026-1-1",
					    "2026/01/01", "2026-01-011"};
	char buf[CALENDAR_TEXT_MAX];
	struct dates dates;
	int32_t day, last = calendar_day(1599, 12, 31);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (calendar_parse_date(wrong[i], &day) != -EINVAL)
			fail_msg("'%s' was taken", wrong[i]);
	assert_int_equal(calendar_parse_date("1970-01-01", &day), 0);
	assert_int_equal(day, 0);
	assert_int_equal(calendar_parse_date("2028-02-29", &day), 0);
	for (day = last + 1; day < calendar_day(2401, 1, 1); day++) {
		int32_t again = 0;

		calendar_write_date(day, buf);
		assert_int_equal(calendar_parse_date(buf, &again), 0);
		assert_int_equal(again, day);
	}
	assert_int_equal(calendar_parse_dates("2026-12-31,2026-12-24", &dates), 0);
	calendar_write_dates(&dates, buf);
	assert_string_equal(buf, "2026-12-24, 2026-12-31");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_are_read_and_written),
		cmocka_unit_test(times_of_day_are_read_and_written),
		cmocka_unit_test(dates_are_read_and_written),
		cmocka_unit_test(what_a_clock_shows_is_when_it_shows_it),
		cmocka_unit_test(each_case_of_the_table_holds),
		cmocka_unit_test(an_ended_occurrence_is_over_and_tomorrows_is_not),
		cmocka_unit_test(a_delivery_in_an_ended_occurrence_is_not_moved),
		cmocka_unit_test(what_ends_before_a_block_that_follows_is_free_after_that),
		cmocka_unit_test(the_end_of_weeks_of_blocks_is_known),
		cmocka_unit_test(as_many_blocks_as_there_may_be_are_no_burden),
		cmocka_unit_test(nothing_is_free_while_blocks_follow_each_other_for_ever),
		cmocka_unit_test(every_minute_of_a_year_is_as_brute_force_says),
	};

	const struct CMUnitTest table[] = {
		cmocka_unit_test(each_case_of_the_table_holds),
	};

	if (argc > 1) {
		table_path = argv[1];
		return cmocka_run_group_tests_name("schedule table", table, NULL, NULL);
	}
	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
