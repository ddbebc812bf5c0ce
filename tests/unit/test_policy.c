/*
 * Policy: what the default rules say (tests/cases/policy.txt), what rules of the user say (tests/cases/rules.txt),
 * and what holds whatever a notification says.
 *
 * The two tables are arguments, or those in tests/cases from the top of the tree.
 */
#include "config/load.h"
#include "daemon/core/policy.h"
#include "daemon/core/schedule.h"
#include "daemon/core/trace.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *table_path = "tests/cases/policy.txt";
static const char *rules_path = "tests/cases/rules.txt";

static const struct notification plain = {
	.app = "Chat",
	.desktop_entry = "org.example.Chat",
	.category = "",
	.tag = "",
	.summary = "Hello",
	.body = "",
	.urgency = URGENCY_NORMAL,
};

/* Berlin in winter. */
static int32_t one_hour(void *data LULL_UNUSED, int64_t wall_s LULL_UNUSED)
{
	return 3600;
}

static const struct civil_zone zone = {.offset_s = one_hour};

static const struct focus focus_on = {.n_tokens = 1, .tokens = {{.kind = TOKEN_MANUAL}}};

/* Tuesday, 2026-11-24, 10:00 in that zone. */
#define TUESDAY_10 (INT64_C(1795510800) * USEC_PER_SEC)

struct fixture {
	struct settings *settings;
	struct tally tally;
	struct verdict verdict;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->settings = settings_new(NULL);
	assert_non_null(f->settings);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	settings_free(f->settings);
	free(f);
	return 0;
}

static const struct verdict *decide(struct fixture *f, const struct notification *n,
				    const struct policy_context *context)
{
	const struct policy policy = {
		.rules = f->settings->rules,
		.n_rules = f->settings->n_rules,
		.longest_us = f->settings->hold_longest_us,
	};

	policy_decide(&policy, &f->tally, n, context, &f->verdict);
	return &f->verdict;
}

/* Where in @words, which are in the order of an enum from 0, is @word? */
static int place_of(int line, const char *word, const char *const *words, int n_words)
{
	for (int i = 0; i < n_words; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	fail_msg("line %d: what is '%s'?", line, word);
	return 0;
}

static const char *const verdict_words[] = {"deliver", "hold", "drop", "break"};
static const char *const urgency_words[] = {"low", "normal", "critical"};

/* --- the default rules --- */

/* One line of the table, cut at its tabs. */
struct row {
	char *focus, *urgency, *category, *what, *verdict, *rule;
};

static bool cut_row(char *line, struct row *ret)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return false;
	ret->focus = strsep(&line, "\t");
	ret->urgency = strsep(&line, "\t");
	ret->category = strsep(&line, "\t");
	ret->what = strsep(&line, "\t");
	ret->verdict = strsep(&line, "\t");
	ret->rule = strsep(&line, "\t");
	return true;
}

static void check_row(struct fixture *f, int line, const struct row *row)
{
	/* "batch": focus is off, and deliveries are on; "both": both are. */
	static const char *const switches[] = {"off", "on", "batch", "both"};
	static const char *const whats[] = {"no", "osd", "claim", "probe"};
	int on = place_of(line, row->focus, switches, 4);
	struct policy_context context = {.focus = on & 1 ? &focus_on : NULL,
					 .is_batching = on & 2,
					 .zone = &zone,
					 .now = {.wall_us = TUESDAY_10}};
	struct notification n = plain;
	int expected = place_of(line, row->verdict, verdict_words, 4);
	bool is_breakthrough = expected == 3;
	const struct verdict *v;

	n.urgency = (enum urgency)place_of(line, row->urgency, urgency_words, 3);
	n.category = strcmp(row->category, "-") == 0 ? "" : row->category;
	place_of(line, row->what, whats, 4);
	n.is_osd = strcmp(row->what, "osd") == 0;
	n.claims_probe = strcmp(row->what, "claim") == 0 || strcmp(row->what, "probe") == 0;
	n.is_probe = strcmp(row->what, "probe") == 0;
	tally_refill(&f->tally);
	v = decide(f, &n, &context);
	if ((int)v->kind != (is_breakthrough ? VERDICT_DELIVER : expected) ||
	    v->is_breakthrough != is_breakthrough || strcmp(v->rule, row->rule) != 0)
		fail_msg("line %d: '%s' was decided %s%s by %s", line, row->category,
			 verdict_words[v->kind], v->is_breakthrough ? ", breaking through," : "",
			 v->rule);
}

static void verdicts_are_those_of_the_table(void **state)
{
	FILE *in = fopen(table_path, "re");
	autofree(str) char *line = NULL;
	size_t size = 0;
	int n = 0, n_rows = 0;
	struct row row;

	if (!in)
		fail_msg("%s: %s; run the test from the top of the tree", table_path,
			 strerror(errno));
	while (getline(&line, &size, in) >= 0) {
		n++;
		if (!cut_row(line, &row))
			continue;
		if (!row.rule)
			fail_msg("line %d: six fields are needed", n);
		check_row(*state, n, &row);
		n_rows++;
	}
	fclose(in);
	assert_in_range(n_rows, 40, 1000);
}

static void every_verdict_names_its_rule(void **state)
{
	for (int bits = 0; bits < 24; bits++) {
		struct policy_context context = {.focus = bits & 1 ? &focus_on : NULL,
						 .zone = &zone};
		struct notification n = plain;
		const struct verdict *v;

		n.is_osd = bits & 2;
		n.is_probe = bits & 4;
		n.urgency = (enum urgency)(bits / 8);
		v = decide(*state, &n, &context);
		assert_non_null(v->rule);
		assert_int_not_equal(v->rule[0], '\0');
		assert_true(v->kind == VERDICT_DELIVER || v->kind == VERDICT_HOLD);
		if (v->is_breakthrough)
			assert_true(context.focus && v->kind == VERDICT_DELIVER);
		if (v->kind == VERDICT_HOLD)
			assert_true(v->due.wall_us > 0 && v->due.reason != DUE_NONE);
	}
}

static void text_and_names_do_not_matter_to_the_default_rules(void **state)
{
	const struct policy_context focus = {.focus = &focus_on, .zone = &zone};
	struct notification n = plain;

	n.app = n.desktop_entry = n.tag = n.summary = n.body = "call.incoming";
	n.is_transient = true;
	assert_int_equal(decide(*state, &n, &focus)->kind, VERDICT_HOLD);
}

/* --- rules of the user --- */

/*
 * The table has settings in between: what follows "conf", up to an empty line, is a lull.conf, and is in force from
 * there on. Each case after it starts with nothing counted, unless its first field is "then".
 */
struct rules {
	struct fixture *f;
	char path[64];
	int64_t now_us; /* of the last case */
};

static void load_rules(struct rules *r, int line, const char *text)
{
	struct load_errors errors = {0};
	struct settings *s = NULL;
	FILE *out = fopen(r->path, "we");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	if (load_settings(r->path, &errors, &s) < 0 || errors.n_warnings > 0)
		fail_msg("line %d: %s", line,
			 errors.count > 0 ? errors.lines[0] : errors.warnings[0]);
	load_errors_done(&errors);
	settings_free(r->f->settings);
	r->f->settings = s;
}

/* "2026-11-24 10:00" or "+30s" after the last one. */
static int64_t read_instant(const struct rules *r, int line, const char *text)
{
	struct tm tm = {0};
	int seconds;

	if (text[0] == '+' && sscanf(text, "+%ds", &seconds) == 1)
		return r->now_us + seconds * USEC_PER_SEC;
	if (strcmp(text, "-") == 0)
		return 0;
	if (sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec) < 5)
		fail_msg("line %d: when is '%s'?", line, text);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (timegm(&tm) - 3600) * USEC_PER_SEC;
}

/* "off", "manual until 11:00", "work until 11:30", "batch until 12:30": times of the same day. */
static void read_state(const struct rules *r, int line, char *text, struct focus *focus,
		       struct policy_context *context)
{
	char *word;

	while ((word = strsep(&text, ","))) {
		char name[40] = "", until[16] = "";
		int64_t until_us = 0;
		struct token *t;
		int hour, minute;

		sscanf(word, " %39s until %15s", name, until);
		if (sscanf(until, "%d:%d", &hour, &minute) == 2) {
			int64_t day_us = 24 * 3600 * USEC_PER_SEC;
			int64_t local_us = r->now_us + 3600 * USEC_PER_SEC;

			until_us = local_us - local_us % day_us - 3600 * USEC_PER_SEC +
				   (hour * 60 + minute) * 60 * USEC_PER_SEC;
			if (until_us <= r->now_us)
				until_us += day_us;
		}
		if (strcmp(name, "off") == 0)
			continue;
		if (strcmp(name, "batch") == 0) {
			context->is_batching = true;
			context->delivery_us = until_us;
			continue;
		}
		t = &focus->tokens[focus->n_tokens++];
		*t = (struct token){.kind = TOKEN_MANUAL};
		if (strcmp(name, "manual") != 0) {
			t->kind = TOKEN_SCHEDULE;
			snprintf(t->name, sizeof(t->name), "%s", name);
		}
		context->focus_ends_us = MAX(context->focus_ends_us, until_us);
	}
	context->focus = focus;
	context->zone = &zone;
	context->now = (struct instant){r->now_us, r->now_us};
	(void)line;
}

/* "app=Slack; summary=Hello; x-foo=1": what isn't a field is a hint. */
static void read_notification(int line, char *text, struct notification *n, struct hint *hints)
{
	char *field;

	*n = plain;
	n->desktop_entry = "";
	n->hints = hints;
	while ((field = strsep(&text, ";"))) {
		char *value;

		field += strspn(field, " ");
		value = strchr(field, '=');
		if (strcmp(field, "osd") == 0) {
			n->is_osd = true;
			continue;
		}
		if (!value)
			fail_msg("line %d: what is '%s'?", line, field);
		*value++ = '\0';
		if (strcmp(field, "app") == 0)
			n->app = value;
		else if (strcmp(field, "desktop-entry") == 0)
			n->desktop_entry = value;
		else if (strcmp(field, "category") == 0)
			n->category = value;
		else if (strcmp(field, "summary") == 0)
			n->summary = value;
		else if (strcmp(field, "body") == 0)
			n->body = value;
		else if (strcmp(field, "urgency") == 0)
			n->urgency = (enum urgency)place_of(line, value, urgency_words, 3);
		else if (strcmp(field, "sandboxed") == 0)
			n->sandboxed = strcmp(value, "yes") == 0 ? SANDBOXED_YES : SANDBOXED_NO;
		else if (value[0] >= '0' && value[0] <= '9')
			hints[n->n_hints++] = (struct hint){.key = field, .number = atoi(value)};
		else
			hints[n->n_hints++] = (struct hint){.key = field, .text = value};
	}
}

static void describe(const struct verdict *v, const struct notification *n, char *buf, size_t size)
{
	int64_t local_us = v->due.wall_us + 3600 * USEC_PER_SEC;
	time_t local_s = (time_t)(local_us / USEC_PER_SEC);
	char due[64] = "", when[32];
	struct tm tm;

	if (v->kind == VERDICT_HOLD && v->due.wall_us > 0) {
		gmtime_r(&local_s, &tm);
		strftime(when, sizeof(when), tm.tm_sec ? "%d %H:%M:%S" : "%d %H:%M", &tm);
		snprintf(due, sizeof(due), " due %s %s", when, due_reason_name(v->due.reason));
	} else if (v->kind == VERDICT_HOLD) {
		snprintf(due, sizeof(due), " due - -");
	}
	snprintf(buf, size, "%s %s%s%s%s", verdict_words[v->is_breakthrough ? 3 : (int)v->kind],
		 v->rule, due, v->urgency != n->urgency ? " as " : "",
		 v->urgency != n->urgency ? urgency_words[v->urgency] : "");
}

static void check_case(struct rules *r, int line, char *text)
{
	struct hint hints[8];
	struct focus *focus = calloc(1, sizeof(*focus));
	struct policy_context context = {0};
	char *when = strsep(&text, "\t"), *state = strsep(&text, "\t");
	char *what = strsep(&text, "\t"), *expected = text;
	struct notification n;
	char found[256];

	if (!expected)
		fail_msg("line %d: four fields are needed", line);
	assert_non_null(focus);
	if (when[0] != '+')
		r->f->tally = (struct tally){0};
	r->now_us = read_instant(r, line, when);
	read_state(r, line, state, focus, &context);
	read_notification(line, what, &n, hints);
	describe(decide(r->f, &n, &context), &n, found, sizeof(found));
	if (strcmp(found, expected) != 0)
		fail_msg("line %d: expected '%s', got '%s'", line, expected, found);
	free(focus);
}

static void rules_say_what_the_table_says(void **state)
{
	struct rules r = {.f = *state, .path = "/tmp/lull-test-rules-XXXXXX"};
	FILE *in = fopen(rules_path, "re");
	autofree(str) char *line = NULL;
	autofree(str) char *conf = NULL;
	FILE *conf_out = NULL;
	size_t size = 0, conf_size = 0;
	int n = 0, n_cases = 0, fd = mkstemp(r.path);

	assert_true(fd >= 0);
	close(fd);
	if (!in)
		fail_msg("%s: %s; run the test from the top of the tree", rules_path,
			 strerror(errno));
	while (getline(&line, &size, in) >= 0) {
		n++;
		if (conf_out && line[0] != '\n') {
			fputs(line, conf_out);
			continue;
		}
		if (conf_out) {
			fclose(conf_out);
			conf_out = NULL;
			load_rules(&r, n, conf);
			free(take(conf));
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (strcmp(line, "conf") == 0) {
			conf_out = open_memstream(&conf, &conf_size);
			assert_non_null(conf_out);
			continue;
		}
		check_case(&r, n, line);
		n_cases++;
	}
	assert_null(conf_out);
	fclose(in);
	unlink(r.path);
	assert_in_range(n_cases, 60, 1000);
}

/* Who it is may become known a moment later: then it is decided about once more. */
static void one_that_is_decided_about_again_counts_once_and_finds_budgets_as_they_are(void **state)
{
	const struct policy_context focus = {.focus = &focus_on,
					     .zone = &zone,
					     .now = {.wall_us = TUESDAY_10}};
	struct fixture *f = *state;
	autofree(str) char *error = NULL;
	struct notification n = plain;

	n.urgency = URGENCY_CRITICAL;
	for (int i = 0; i < 3; i++)
		assert_string_equal(decide(f, &n, &focus)->rule, "critical");
	assert_string_equal(decide(f, &n, &focus)->rule, "focus");
	n.is_again = true;
	assert_string_equal(decide(f, &n, &focus)->rule, "focus");

	assert_int_equal(settings_set(f->settings, "rule insist", "repeat", "2 in 3m", &error), 0);
	n = plain;
	assert_string_equal(decide(f, &n, &focus)->rule, "focus");
	n.is_again = true;
	assert_string_equal(decide(f, &n, &focus)->rule, "focus");
	n.is_again = false;
	assert_string_equal(decide(f, &n, &focus)->rule, "insist");
}

static void a_version_that_replaces_one_is_due_no_later_than_that(void **state)
{
	const struct policy_context focus = {.focus = &focus_on,
					     .zone = &zone,
					     .now = {.wall_us = TUESDAY_10}};
	struct fixture *f = *state;
	struct notification n = plain;

	n.owed = (struct due){TUESDAY_10 + 60 * USEC_PER_SEC, DUE_RULE};
	assert_int_equal(decide(f, &n, &focus)->due.wall_us, n.owed.wall_us);
	assert_int_equal(f->verdict.due.reason, DUE_RULE);
	n.owed.wall_us = TUESDAY_10 + INT64_C(5) * 3600 * USEC_PER_SEC;
	assert_int_equal(decide(f, &n, &focus)->due.reason, DUE_LONGEST);
}

/* An application's inhibition has no end, and may be forgotten. */
static void what_waits_for_a_delivery_that_focus_keeps_away_is_due_all_the_same(void **state)
{
	struct policy_context c = {.focus = &focus_on,
				   .zone = &zone,
				   .now = {.wall_us = TUESDAY_10},
				   .is_batching = true};
	const int64_t longest_us = INT64_C(4) * 3600 * USEC_PER_SEC;
	const int64_t tomorrow_us = TUESDAY_10 + INT64_C(23) * 3600 * USEC_PER_SEC;
	struct fixture *f = *state;

	assert_int_equal(decide(f, &plain, &c)->until, HOLD_DELIVERY);
	assert_int_equal(f->verdict.due.wall_us, TUESDAY_10 + longest_us);
	assert_int_equal(f->verdict.due.reason, DUE_LONGEST);
	c.delivery_us = tomorrow_us;
	assert_int_equal(decide(f, &plain, &c)->due.wall_us, tomorrow_us);
	assert_int_equal(f->verdict.bound.wall_us, tomorrow_us + longest_us);
}

static void what_no_focus_holds_is_due_at_the_end_of_one_that_begins(void **state)
{
	const struct due bound = {TUESDAY_10 + INT64_C(4) * 3600 * USEC_PER_SEC, DUE_LONGEST};
	struct policy_context c = {.zone = &zone, .now = {.wall_us = TUESDAY_10}};

	(void)state;
	assert_int_equal(policy_due(HOLD_NEXT, bound, &c).reason, DUE_LONGEST);
	c.focus = &focus_on;
	c.focus_ends_us = TUESDAY_10 + 60 * USEC_PER_SEC;
	assert_int_equal(policy_due(HOLD_NEXT, bound, &c).wall_us, c.focus_ends_us);
}

static void what_is_to_be_dropped_waits_until_it_is_known_who_sends(void **state)
{
	const struct policy_context off = {.zone = &zone, .now = {.wall_us = TUESDAY_10}};
	struct fixture *f = *state;
	autofree(str) char *error = NULL;
	struct notification n = plain;

	assert_int_equal(settings_set(f->settings, "rule spam", "app", "!Mail", &error), 0);
	assert_int_equal(settings_set(f->settings, "rule spam", "verdict", "drop", &error), 0);
	assert_int_equal(settings_set(f->settings, "rule spam", "when", "always", &error), 0);
	assert_int_equal(decide(f, &n, &off)->kind, VERDICT_DROP);
	n.app = "";
	n.is_unidentified = true;
	assert_int_equal(decide(f, &n, &off)->kind, VERDICT_HOLD);
	assert_int_equal(f->verdict.outcomes[f->verdict.n_asked - 1], RULE_UNSURE);
	n.is_unidentified = false;
	assert_int_equal(decide(f, &n, &off)->kind, VERDICT_DROP);
	n.app = "Mail";
	assert_int_equal(decide(f, &n, &off)->kind, VERDICT_DELIVER);
}

/* What is too much work gives up by itself; what comes after it is asked as ever. */
static void a_pattern_that_is_too_much_work_keeps_no_other_rule_from_deciding(void **state)
{
	const struct policy_context focus = {.focus = &focus_on,
					     .zone = &zone,
					     .now = {.wall_us = TUESDAY_10}};
	struct fixture *f = *state;
	autofree(str) char *body = malloc(4001);
	autofree(str) char *error = NULL;
	struct notification n = plain;

	assert_non_null(body);
	memset(body, 'a', 4000);
	body[4000] = '\0';
	body[1800] = 'c';
	body[3900] = 'x';
	settings_free(f->settings);
	f->settings = settings_new(regex_pcre2());
	assert_non_null(f->settings);
	for (int i = 0; i < 100; i++) {
		char section[32];

		snprintf(section, sizeof(section), "rule slow-%d", i);
		assert_int_equal(settings_set(f->settings, section, "body", "/(.+)\\1x/i", &error),
				 0);
		assert_int_equal(settings_set(f->settings, section, "verdict", "hold", &error), 0);
	}
	/* Those of a file would be before the ones that are built in. */
	for (size_t i = 0; i < 6; i++) {
		struct rule rule = f->settings->rules[0];

		memmove(&f->settings->rules[0], &f->settings->rules[1],
			(f->settings->n_rules - 1) * sizeof(rule));
		f->settings->rules[f->settings->n_rules - 1] = rule;
	}
	n.body = body;
	n.category = "call.incoming";
	assert_string_equal(decide(f, &n, &focus)->rule, "call");
	assert_int_equal(f->verdict.outcomes[0], RULE_GAVE_UP);
	n.category = "";
	n.urgency = URGENCY_CRITICAL;
	assert_string_equal(decide(f, &n, &focus)->rule, "critical");
}

/* --- for every notification --- */

/* A small generator of numbers, the same each time. */
static uint32_t next_number(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* What a day full of pings comes to, as one text. */
static char *play(struct settings *settings, uint32_t seed, int n_pings)
{
	static const char *const apps[] = {"Slack", "Mail", "Calendar", "Telegram",
					   "Power Manager"};
	static const char *const summaries[] = {"Hello", "build 17 failed", "",
						"Your code is 123456", "aaaaaaaaaaaaaaaaaaaaaaaab"};
	static const char *const categories[] = {"", "im.received", "call.incoming", "email",
						 "alarm"};
	struct fixture f = {.settings = settings};
	struct focus *focus = calloc(1, sizeof(*focus));
	char *log = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&log, &size);
	int64_t now_us = TUESDAY_10;

	assert_non_null(focus);
	assert_non_null(out);
	for (int i = 0; i < n_pings; i++) {
		struct policy_context context = {.zone = &zone, .focus = focus};
		struct notification n = plain;
		autofree(str) char *trace = NULL;
		const struct verdict *v;

		now_us += next_number(&seed) % 400 * USEC_PER_SEC;
		*focus = next_number(&seed) % 3 ? focus_on : (struct focus){0};
		context.now = (struct instant){now_us, now_us};
		context.focus_ends_us = focus->n_tokens ? now_us + 3000 * USEC_PER_SEC : 0;
		context.is_batching = next_number(&seed) % 4 == 0;
		context.delivery_us = context.is_batching ? now_us + 9000 * USEC_PER_SEC : 0;
		n.app = apps[next_number(&seed) % ARRAY_SIZE(apps)];
		n.summary = summaries[next_number(&seed) % ARRAY_SIZE(summaries)];
		n.category = categories[next_number(&seed) % ARRAY_SIZE(categories)];
		n.urgency = (enum urgency)(next_number(&seed) % 3);
		n.is_osd = next_number(&seed) % 20 == 0;
		v = decide(&f, &n, &context);
		trace = trace_write(v, &n, &context);
		assert_non_null(trace);
		fprintf(out, "%d %s %d %s\n", (int)v->kind, v->rule, (int)v->until, trace);
		if (v->kind != VERDICT_HOLD)
			continue;
		/* Everything that is held goes some day, and the reason is known. */
		assert_true(v->due.wall_us > now_us);
		assert_int_not_equal(v->due.reason, DUE_NONE);
		assert_true(v->due.wall_us <= v->bound.wall_us);
	}
	fclose(out);
	free(focus);
	return log;
}

static void a_trace_that_is_played_again_gives_the_same_verdicts_byte_for_byte(void **state)
{
	struct fixture *f = *state;

	for (uint32_t seed = 1; seed <= 20; seed++) {
		autofree(str) char *first = play(f->settings, seed, 500);
		autofree(str) char *second = play(f->settings, seed, 500);

		assert_string_equal(first, second);
	}
}

static void a_trace_is_read_back_as_it_was_written(void **state)
{
	const struct policy_context context = {
		.focus = &focus_on,
		.zone = &zone,
		.now = {.wall_us = TUESDAY_10},
		.focus_ends_us = TUESDAY_10 + 60 * USEC_PER_SEC,
	};
	const struct verdict *v = decide(*state, &plain, &context);
	autofree(str) char *text = trace_write(v, &plain, &context);
	struct trace t;

	assert_non_null(text);
	assert_int_equal(trace_read(text, &t), 0);
	assert_true(t.is_focus_on);
	assert_false(t.is_batching);
	assert_int_equal(t.kind, VERDICT_HOLD);
	assert_false(t.is_breakthrough);
	assert_int_equal(t.due.wall_us, context.focus_ends_us);
	assert_int_equal(t.due.reason, DUE_BLOCK_END);
	assert_int_equal(t.came, URGENCY_NORMAL);
	assert_string_equal(t.tokens, "manual");
	assert_int_equal(t.n_asked, v->n_asked);
	assert_memory_equal(t.outcomes, v->outcomes, v->n_asked);
	free(t.tokens);
}

static void what_is_no_trace_is_refused(void **state LULL_UNUSED)
{
	static const char *const texts[] = {
		"",
		"2;1010;0;0;1;a;",
		"1;1010;0;0;1;a",
		"1;1010;0;0;1;\x7f;",
		"1;1010;0;99;1;a;",
		"1",
		"1;1010;0;0;7;a;",
		"1;1010;0;0;1",
		";;;;;;",
		"1;10;0;0;1;a;",
		"1;1090;0;0;1;a;",
	};
	struct trace t;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(trace_read(texts[i], &t), -EINVAL);
}

int main(int argc, char **argv)
{
#define POLICY_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		POLICY_TEST(verdicts_are_those_of_the_table),
		POLICY_TEST(every_verdict_names_its_rule),
		POLICY_TEST(text_and_names_do_not_matter_to_the_default_rules),
		POLICY_TEST(rules_say_what_the_table_says),
		POLICY_TEST(
			one_that_is_decided_about_again_counts_once_and_finds_budgets_as_they_are),
		POLICY_TEST(a_version_that_replaces_one_is_due_no_later_than_that),
		POLICY_TEST(what_waits_for_a_delivery_that_focus_keeps_away_is_due_all_the_same),
		POLICY_TEST(what_no_focus_holds_is_due_at_the_end_of_one_that_begins),
		POLICY_TEST(what_is_to_be_dropped_waits_until_it_is_known_who_sends),
		POLICY_TEST(a_pattern_that_is_too_much_work_keeps_no_other_rule_from_deciding),
		POLICY_TEST(a_trace_that_is_played_again_gives_the_same_verdicts_byte_for_byte),
		POLICY_TEST(a_trace_is_read_back_as_it_was_written),
		cmocka_unit_test(what_is_no_trace_is_refused),
	};

	if (argc > 1)
		table_path = argv[1];
	if (argc > 2)
		rules_path = argv[2];
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
