/*
 * Why one notification was held, delivered or dropped; and whether any was held too long.
 */
#include "client/archive.h"
#include "client/call.h"
#include "client/explain.h"
#include "client/items.h"
#include "client/print.h"
#include "client/when.h"
#include "client/words.h"
#include "config/load.h"
#include "daemon/core/trace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- why --- */

static json_t *why_json(const struct ping *p, const struct trace *t, const char *rules)
{
	json_t *asked = explain_rules(rules, t->outcomes, t->n_asked);

	if (!asked)
		return NULL;
	return json_pack(
		"{s:I, s:o, s:o, s:I, s:s, s:o, s:s, s:b, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:b, s:o}",
		"id", (json_int_t)p->id, "app", print_json_text(p->app), "summary",
		print_json_text(p->summary), "arrived", (json_int_t)p->arrived_us, "state",
		ping_state_name(p->state), "released", explain_instant(p->released_us), "verdict",
		explain_verdict_name(t->kind), "breakthrough", (int)t->is_breakthrough, "rule",
		p->rule, "due", explain_instant(t->due.wall_us), "due_reason",
		due_reason_name(t->due.reason), "due_text", due_reason_text(t->due.reason),
		"urgency", items_urgency(p->urgency), "came", items_urgency(t->came), "tokens",
		explain_tokens(t->tokens), "batching", (int)t->is_batching, "rules", asked);
}

static void print_why(const struct ping *p, const json_t *it)
{
	autofree(str) char *path = load_path();
	bool has_colour = print_has_colour(stdout);
	int64_t now = when_now();
	char when[WHEN_TEXT_MAX];

	fputs(has_colour ? "\033[1m" : "", stdout);
	print_text(stdout, p->summary);
	puts(has_colour ? "\033[0m" : "");
	printf("%-10s", "App");
	print_text(stdout, p->app);
	when_format(p->arrived_us, now, when);
	printf("\n%-10s%s\n", "Arrived", when);
	explain_print(it, path ? path : "lull.conf", now);
	printf("%-10s%s", "State", ping_state_name(p->state));
	when_format(p->changed_us, now, when);
	printf(" since %s", when);
	if (p->released_us > 0) {
		when_format(p->released_us, now, when);
		printf(", released %s", when);
	}
	putchar('\n');
}

static enum outcome tell_why(const struct args *a, const struct archive_item *item)
{
	autofree(json) json_t *it = NULL;
	struct trace t;
	int r = trace_read(item->ping->trace, &t);

	if (r == -ENOMEM)
		return call_no_memory();
	if (r < 0 || !item->rules) {
		print_failure("the journal doesn't know why; it was decided before lull wrote that "
			      "down (the rule was '%s')",
			      item->ping->rule);
		return OUTCOME_REFUSED;
	}
	it = why_json(item->ping, &t, item->rules);
	free(t.tokens);
	if (!it)
		return call_no_memory();
	if (!a->is_json) {
		print_why(item->ping, it);
		return OUTCOME_DONE;
	}
	if (print_json(stdout, it) < 0)
		return call_no_memory();
	putchar('\n');
	return OUTCOME_DONE;
}

/* Return: as archive_find(); what is wrong has been told, except -ENOENT. */
static int find(uint32_t id, struct archive_item *ret)
{
	autofree(archive) struct archive *archive = NULL;
	autofree(str) char *error = NULL;
	int r = archive_open(&archive, &error);

	if (r == 0)
		r = archive_find(archive, id, ret, &error);
	if (r == -ENOMEM)
		call_no_memory();
	else if (r < 0 && r != -ENOENT)
		print_failure("the journal can't be read: %s", error ? error : strerror(-r));
	return r;
}

static void tell_missing(json_int_t id)
{
	autofree(json) json_t *status = call_peek_status();

	if (strncmp(call_text(status, "journal"), "memory", strlen("memory")) == 0)
		print_failure("the journal has no notification %" JSON_INTEGER_FORMAT
			      "; lulld can't write to its journal now, so it may know of one that "
			      "the file doesn't: 'lull show' asks it",
			      id);
	else
		print_failure("the journal has no notification %" JSON_INTEGER_FORMAT
			      "; 'lull history' shows their numbers",
			      id);
}

enum outcome why_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	struct archive_item item = {0};
	enum outcome outcome = words_ids(&a->words, 1, &ids);
	json_int_t id;
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	id = json_integer_value(json_array_get(ids, 0));
	r = find((uint32_t)id, &item);
	if (r == -ENOENT)
		tell_missing(id);
	if (r < 0)
		return OUTCOME_REFUSED;
	outcome = tell_why(a, &item);
	archive_item_done(&item);
	return outcome;
}

/* --- audit --- */

/* A timer may be late by less than this. */
#define LATE_US (1 * USEC_PER_SEC)
/* What was released so soon after a start had waited for it. */
#define START_US (10 * USEC_PER_SEC)

struct audit {
	char *starts; /* of lulld, one a line, the latest last */
	int64_t now_us;
	int64_t n_held, n_late, n_waiting;
	int64_t worst_us;
	json_t *late;
};

static bool was_started(const struct audit *a, int64_t due_us, int64_t released_us)
{
	const char *s = a->starts;
	int64_t start_us;
	int length;

	for (; s && sscanf(s, "%" SCNd64 "\n%n", &start_us, &length) == 1; s += length)
		if (start_us > due_us && start_us <= released_us &&
		    released_us - start_us < START_US)
			return true;
	return false;
}

static int audit_one(void *data, const struct ping *p)
{
	struct audit *a = data;
	int64_t released_us = p->released_us > 0 ? p->released_us : a->now_us;
	int64_t late_us = released_us - p->due.wall_us;
	const char *cause = "unknown";

	a->n_held++;
	a->n_waiting += p->released_us == 0;
	a->worst_us = MAX(a->worst_us, late_us);
	if (late_us <= LATE_US)
		return 0;
	a->n_late++;
	if (was_started(a, p->due.wall_us, released_us))
		cause = "not-running";
	else if (p->released_us > 0)
		cause = "woken-late";
	return json_array_append_new(a->late,
				     json_pack("{s:I, s:o, s:o, s:I, s:s, s:o, s:I, s:s}", "id",
					       (json_int_t)p->id, "app", print_json_text(p->app),
					       "summary", print_json_text(p->summary), "due",
					       (json_int_t)p->due.wall_us, "due_reason",
					       due_reason_name(p->due.reason), "released",
					       explain_instant(p->released_us), "late_us",
					       (json_int_t)late_us, "cause", cause)) < 0
		       ? -ENOMEM
		       : 0;
}

static const char *cause_text(const char *cause)
{
	if (strcmp(cause, "not-running") == 0)
		return "lulld wasn't running";
	if (strcmp(cause, "woken-late") == 0)
		return "the computer slept, or its clock was set";
	return "it still waits";
}

static void print_late(const json_t *late, int64_t now_us)
{
	json_t *one;
	size_t i;

	json_array_foreach(late, i, one)
	{
		char due[WHEN_TEXT_MAX], by[WHEN_TEXT_MAX];

		when_format(call_number(one, "due"), now_us, due);
		when_format_age(0, call_number(one, "late_us"), by);
		printf("%" JSON_INTEGER_FORMAT "  ", call_number(one, "id"));
		print_text(stdout, call_text(one, "app"));
		fputs(": ", stdout);
		print_text(stdout, call_text(one, "summary"));
		printf("\n  due %s, %s late: %s\n", due, by, cause_text(call_text(one, "cause")));
	}
}

static void print_audit(const struct audit *a)
{
	if (a->n_held == 0) {
		puts("nothing was held yet, as far as the journal goes");
		return;
	}
	if (a->n_late == 0) {
		printf("%" PRId64 " held notification%s on record%s: none was late (the worst by "
		       "%" PRId64 " ms)\n",
		       a->n_held, a->n_held == 1 ? "" : "s", a->n_waiting > 0 ? " so far" : "",
		       MAX(a->worst_us, 0) / USEC_PER_MSEC);
		return;
	}
	printf("%" PRId64 " of %" PRId64 " held notifications were late:\n", a->n_late, a->n_held);
	print_late(a->late, a->now_us);
}

static enum outcome tell_audit(const struct args *args, struct audit *a)
{
	autofree(json) json_t *out = NULL;

	if (!args->is_json) {
		print_audit(a);
		return a->n_late > 0 ? OUTCOME_REFUSED : OUTCOME_DONE;
	}
	out = json_pack("{s:I, s:I, s:I, s:O}", "held", (json_int_t)a->n_held, "waiting",
			(json_int_t)a->n_waiting, "worst_us", (json_int_t)MAX(a->worst_us, 0),
			"late", a->late);
	if (!out || print_json(stdout, out) < 0)
		return call_no_memory();
	putchar('\n');
	return a->n_late > 0 ? OUTCOME_REFUSED : OUTCOME_DONE;
}

enum outcome audit_run(const struct args *args)
{
	autofree(archive) struct archive *archive = NULL;
	autofree(str) char *error = NULL;
	autofree(str) char *starts = NULL;
	autofree(json) json_t *late = json_array();
	struct audit a = {.now_us = when_now(), .late = late};
	int r = late ? archive_open(&archive, &error) : -ENOMEM;

	if (r == 0) {
		a.starts = starts = archive_remembered(archive, "starts");
		r = archive_held(archive, audit_one, &a, &error);
	}
	if (r == -ENOMEM)
		return call_no_memory();
	if (r < 0 && r != -ENOENT) {
		print_failure("the journal can't be read: %s", error ? error : strerror(-r));
		return OUTCOME_REFUSED;
	}
	return tell_audit(args, &a);
}
