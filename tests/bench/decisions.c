/*
 * How many decisions a second with 200 rules, beside a floor: comparing the application's name with 200 names.
 *
 * Nothing else is in it: no bus, no journal. Every ping goes past all rules and is held by none of them, which is
 * the longest way.
 */
#include "config/load.h"
#include "daemon/core/policy.h"
#include "daemon/core/trace.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define N_RULES 200
#define N_DECISIONS 200000

static int32_t utc(void *data LULL_UNUSED, int64_t wall_s LULL_UNUSED)
{
	return 0;
}

static const struct civil_zone zone = {.offset_s = utc};
static const struct focus focus_on = {.n_tokens = 1, .tokens = {{.kind = TOKEN_MANUAL}}};

static const struct notification pings[] = {
	{.app = "Slack",
	 .desktop_entry = "com.slack.Slack",
	 .category = "im.received",
	 .tag = "",
	 .summary = "Anna in #general",
	 .body = "Has anybody seen the numbers of last week? The chart for 2026 looks odd.",
	 .urgency = URGENCY_NORMAL},
	{.app = "Thunderbird",
	 .desktop_entry = "thunderbird",
	 .category = "email.arrived",
	 .tag = "",
	 .summary = "New message from build@example.org",
	 .body = "Nightly build 4711 finished in 42 minutes; 3 tests were skipped.",
	 .urgency = URGENCY_NORMAL},
	{.app = "Calendar",
	 .desktop_entry = "org.gnome.Calendar",
	 .category = "",
	 .tag = "",
	 .summary = "Standup in 10 minutes",
	 .body = "Room 4.12",
	 .urgency = URGENCY_LOW},
};

/* Rules as people write them: mostly about an application, some about a text, a few regular expressions. */
static void write_rules(FILE *out, bool is_mixed)
{
	for (int i = 0; i < N_RULES; i++) {
		fprintf(out, "[rule r%d]\nverdict = deliver\n", i);
		if (!is_mixed || i % 4 == 0)
			fprintf(out, "app = Application %d, App%d*\n", i, i);
		else if (i % 4 == 1)
			fprintf(out, "category = im.received\nsummary = *incident %d*\n", i);
		else if (i % 4 == 2)
			fprintf(out, "desktop-entry = org.example.App%d\n", i);
		else
			fprintf(out, "body = /\\bdeploy %d failed\\b/i\n", i);
	}
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double measure_floor(const char names[N_RULES][32])
{
	double start = now_s();
	/* So that the compiler doesn't see that nothing comes of it. */
	volatile size_t n_same = 0;

	for (size_t i = 0; i < N_DECISIONS; i++) {
		for (int k = 0; k < N_RULES; k++)
			n_same = n_same +
				 (strcasecmp(pings[i % ARRAY_SIZE(pings)].app, names[k]) == 0);
	}
	return now_s() - start;
}

static double measure(const struct settings *s, bool is_traced)
{
	const struct policy policy = {s->rules, s->n_rules, s->hold_longest_us};
	const struct policy_context context = {
		.now = {.wall_us = INT64_C(1795510800) * USEC_PER_SEC},
		.zone = &zone,
		.focus = &focus_on,
	};
	static struct verdict v;
	static struct tally tally;
	double start = now_s();

	for (size_t i = 0; i < N_DECISIONS; i++) {
		const struct notification *n = &pings[i % ARRAY_SIZE(pings)];

		policy_decide(&policy, &tally, n, &context, &v);
		if (is_traced)
			free(trace_write(&v, n, &context));
	}
	return now_s() - start;
}

static struct settings *load(bool is_mixed)
{
	char path[] = "/tmp/lull-bench-rules-XXXXXX";
	struct load_errors errors = {0};
	struct settings *s = NULL;
	int fd = mkstemp(path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!out)
		return NULL;
	write_rules(out, is_mixed);
	fclose(out);
	if (load_settings(path, &errors, &s) < 0)
		fprintf(stderr, "%s\n", errors.count > 0 ? errors.lines[0] : "no memory");
	unlink(path);
	load_errors_done(&errors);
	return s;
}

static void tell(const char *what, double seconds, double floor_s)
{
	printf("%-44s %8.0f decisions/s, %5.2f us each, %5.2f times the floor\n", what,
	       N_DECISIONS / seconds, seconds / N_DECISIONS * 1e6, seconds / floor_s);
}

int main(void)
{
	char names[N_RULES][32];
	autofree(settings) struct settings *by_app = load(false);
	autofree(settings) struct settings *mixed = load(true);
	double floor_s;

	if (!by_app || !mixed)
		return 1;
	for (int i = 0; i < N_RULES; i++)
		snprintf(names[i], sizeof(names[i]), "Application %d", i);
	floor_s = measure_floor((const char(*)[32])names);
	printf("floor: 200 names compared                    %8.0f a second\n",
	       N_DECISIONS / floor_s);
	tell("200 rules about the app", measure(by_app, false), floor_s);
	tell("200 mixed rules, 50 regular expressions", measure(mixed, false), floor_s);
	tell("the same, and its trace written", measure(mixed, true), floor_s);
	return 0;
}
