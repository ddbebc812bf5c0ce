/*
 * What would become of a notification that hasn't happened: the daemon's own functions, asked about an instant.
 */
#include "client/ask.h"

#include "client/call.h"
#include "client/explain.h"
#include "client/items.h"
#include "client/print.h"
#include "client/when.h"
#include "client/words.h"
#include "daemon/core/forecast.h"
#include "daemon/core/policy.h"
#include "daemon/core/trace.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HINTS_MAX 16
#define HINT_WORD "hint"

/* The question, as it was typed; what it points to is in @text. */
struct asked {
	char *text;
	struct notification n;
	struct hint hints[HINTS_MAX];
};

static void asked_done(struct asked *q)
{
	free(q->text);
}

/* --- reading the question --- */

static const char *const field_names[] = {"app",     "desktop-entry", "category",  "urgency",
					  "summary", "body",          "sandboxed", "osd"};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* "app=", "hint KEY=" at @at. Return: the =; NULL when no field begins there. */
static char *find_equals(char *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(field_names); i++) {
		size_t length = strlen(field_names[i]);

		if (strncmp(at, field_names[i], length) == 0 && at[length] == '=')
			return at + length;
	}
	if (strncmp(at, HINT_WORD, strlen(HINT_WORD)) == 0 &&
	    (is_blank(at[strlen(HINT_WORD)]) || at[strlen(HINT_WORD)] == '.')) {
		char *key = at + strlen(HINT_WORD) + 1;
		size_t length = strcspn(key, "= \t\n");

		return length > 0 && key[length] == '=' ? key + length : NULL;
	}
	return NULL;
}

/* Where the next field begins, or the end; blanks before it are cut off. */
static char *end_value(char *value)
{
	char *at = value;

	while (*at && !(is_blank(at[0]) && find_equals(at + 1)))
		at++;
	return at;
}

static int read_yes_no(const char *value, bool *ret)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return -EINVAL;
	*ret = value[0] == 'y';
	return 0;
}

static int read_urgency(const char *value, enum urgency *ret)
{
	static const char *const names[] = {"low", "normal", "critical"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			*ret = (enum urgency)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* A hint that lull reads itself counts as such, too: the urgency, or that it answers a key. */
static int read_hint(struct asked *q, const char *key, const char *value)
{
	struct hint *h = &q->hints[q->n.n_hints];
	struct hint number = {.key = key};
	char *end;

	if (q->n.n_hints == HINTS_MAX)
		return -EINVAL;
	/* What patterns compare is the text, whichever type it would have. */
	*h = (struct hint){.key = key, .text = value};
	q->n.n_hints++;
	notification_take_hint(&q->n, h);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
		number.number = value[0] == 't';
		notification_take_hint(&q->n, &number);
		return 0;
	}
	number.number = strtol(value, &end, 10);
	if (*value && *end == '\0')
		notification_take_hint(&q->n, &number);
	return 0;
}

static int set_field(struct asked *q, const char *key, const char *value)
{
	struct notification *n = &q->n;
	bool is_yes = false;
	int r = 0;

	if (strncmp(key, HINT_WORD, strlen(HINT_WORD)) == 0)
		return read_hint(q, key + strlen(HINT_WORD) + 1, value);
	if (strcmp(key, "app") == 0) {
		n->app = value;
	} else if (strcmp(key, "desktop-entry") == 0) {
		n->desktop_entry = value;
	} else if (strcmp(key, "category") == 0) {
		n->category = value;
	} else if (strcmp(key, "summary") == 0) {
		n->summary = value;
	} else if (strcmp(key, "body") == 0) {
		n->body = value;
	} else if (strcmp(key, "urgency") == 0) {
		r = read_urgency(value, &n->urgency);
	} else if (strcmp(key, "sandboxed") == 0) {
		r = read_yes_no(value, &is_yes);
		n->sandboxed = is_yes ? SANDBOXED_YES : SANDBOXED_NO;
	} else {
		r = read_yes_no(value, &n->is_osd);
	}
	return r;
}

/* "urgnecy=critical" behind a name is hardly part of that name. NULL: there is nothing like it. */
static const char *find_stray(const char *key, const char *value)
{
	const char *equals = strchr(value, '='), *word = equals;

	if (!equals || strcmp(key, "summary") == 0 || strcmp(key, "body") == 0)
		return NULL;
	while (word > value && !is_blank(word[-1]))
		word--;
	return word > value ? word : NULL;
}

/* "Hello" of "\"Hello\"". */
static char *unquote(char *value)
{
	size_t length = strlen(value);

	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

static enum outcome refuse(const char *word)
{
	print_failure(
		"'%.*s' isn't part of a notification; write it as 'app=Slack summary=Hello', "
		"with app=, desktop-entry=, category=, urgency=, summary=, body=, sandboxed=, "
		"osd= or hint KEY=",
		(int)strcspn(word, "= \t\n"), word);
	return OUTCOME_USAGE;
}

static enum outcome read_question(const char *text, struct asked *q)
{
	char *at;

	*q = (struct asked){.text = strdup(text)};
	if (!q->text)
		return call_no_memory();
	q->n = (struct notification){
		.app = "",
		.desktop_entry = "",
		.category = "",
		.tag = "",
		.summary = "",
		.body = "",
		.urgency = URGENCY_NORMAL,
		/* As most are, and as the daemon finds out. */
		.sandboxed = SANDBOXED_NO,
		.hints = q->hints,
	};
	at = q->text + strspn(q->text, " \t\n");
	while (*at) {
		char *equals = find_equals(at), *value, *end;
		const char *stray;

		if (!equals)
			return refuse(at);
		*equals = '\0';
		value = equals + 1;
		end = end_value(value);
		if (*end)
			*end++ = '\0';
		stray = *value == '"' ? NULL : find_stray(at, value);
		if (stray)
			return refuse(stray);
		value = unquote(value);
		if (set_field(q, at, value) < 0) {
			print_failure("%s=%s: expected %s", at, value,
				      strcmp(at, "urgency") == 0 ? "low, normal or critical"
				      : strncmp(at, HINT_WORD, strlen(HINT_WORD)) == 0
					      ? "fewer hints"
					      : "yes or no");
			return OUTCOME_USAGE;
		}
		at = end + strspn(end, " \t\n");
	}
	if (!*q->n.app)
		q->n.app = q->n.desktop_entry;
	return OUTCOME_DONE;
}

/* "@1795510800", as date(1) writes and reads it: for an hour that the clock shows twice. */
static bool read_seconds(const char *text, int64_t *ret_us)
{
	long long seconds;
	int length = 0;

	if (sscanf(text, "@%lld%n", &seconds, &length) != 1 || text[length] != '\0' ||
	    seconds < 0 || seconds > INT64_MAX / USEC_PER_SEC)
		return false;
	*ret_us = seconds * USEC_PER_SEC;
	return true;
}

static enum outcome read_instant(const char *text, int64_t *ret_us)
{
	int64_t now_us = when_now();
	bool is_date;

	*ret_us = now_us;
	if (!text || read_seconds(text, ret_us))
		return OUTCOME_DONE;
	/* A date means the same whenever it is asked about: of two such times the first. */
	is_date = strspn(text, "0123456789") == 4 && text[4] == '-';
	if (is_date && when_parse(text, 0, ret_us) == 0)
		return OUTCOME_DONE;
	/* A day that is over is as good a question. */
	if (when_parse(text, now_us, ret_us) == -ERANGE &&
	    when_parse_past(text, now_us, ret_us) == 0)
		return OUTCOME_DONE;
	return words_time(text, ret_us);
}

/* --- answering --- */

static int32_t offset_s(void *data LULL_UNUSED, int64_t wall_s)
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

static const struct civil_zone zone = {.offset_s = offset_s};

static struct schedule schedule_of(const struct settings *s)
{
	return (struct schedule){
		.zone = &zone,
		.blocks = s->blocks,
		.n_blocks = s->n_blocks,
		.deliver_at = &s->deliver_at,
		.deliver_days = s->deliver_days,
	};
}

/* The tokens of then: those of the blocks, and one by hand when that is asked about. */
static void start_focus(const struct settings *s, const struct schedule *schedule,
			struct instant at, bool is_manual, struct focus *f)
{
	struct schedule_now now;
	struct focus_change change;

	schedule_at(schedule, at.wall_us, &now);
	if (is_manual &&
	    focus_apply(f,
			&(struct focus_event){.kind = FOCUS_START,
					      .request.duration_us = s->focus_default_us},
			at, &change) != FOCUS_OK)
		return;
	if (focus_apply(f,
			&(struct focus_event){.kind = FOCUS_SCHEDULE,
					      .schedule = &now,
					      .plan = &s->pomodoro},
			at, &change) != FOCUS_OK)
		return;
}

static const char *digest_word(enum rule_digest digest)
{
	static const char *const names[] = {"", "each", "count", "hide"};

	return digest < ARRAY_SIZE(names) ? names[digest] : "";
}

static json_t *answer_json(const struct settings *s, const struct asked *q, int64_t at_us,
			   bool is_manual, struct verdict *v, struct tally *tally, struct focus *f)
{
	const struct instant at = {at_us, at_us};
	const struct schedule schedule = schedule_of(s);
	const struct policy policy = {s->rules, s->n_rules, s->hold_longest_us};
	autofree(str) char *rules = settings_rules_text(s);
	autofree(str) char *trace_text = NULL;
	struct policy_context context = {.now = at, .zone = &zone, .focus = f};
	struct forecast forecast;
	struct trace t = {0};
	int64_t planned_us;
	json_t *out;

	start_focus(s, &schedule, at, is_manual, f);
	planned_us = schedule_next_delivery(&schedule, at_us);
	forecast = forecast_see(&schedule, f, &s->pomodoro, at, planned_us);
	context.is_batching = s->deliver_at.n > 0;
	context.focus_ends_us = forecast.until_us;
	context.delivery_us = context.is_batching ? forecast.release_us : 0;
	context.planned_us = planned_us == INSTANT_NEVER ? 0 : planned_us;
	policy_decide(&policy, tally, &q->n, &context, v);
	trace_text = trace_write(v, &q->n, &context);
	if (!rules || !trace_text || trace_read(trace_text, &t) < 0)
		return NULL;
	out = json_pack("{s:I, s:s, s:b, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:o,"
			" s:o}",
			"at", (json_int_t)at_us, "verdict", explain_verdict_name(v->kind),
			"breakthrough", (int)v->is_breakthrough, "rule", v->rule, "due",
			explain_instant(v->due.wall_us), "due_reason",
			due_reason_name(v->due.reason), "due_text", due_reason_text(v->due.reason),
			"urgency", items_urgency(v->urgency), "came", items_urgency(q->n.urgency),
			"digest", digest_word(v->digest), "tokens", explain_tokens(t.tokens),
			"focus", (int)focus_is_on(f), "batching", (int)context.is_batching,
			"focus_until", explain_instant(forecast.until_us), "rules",
			explain_rules(rules, v->outcomes, v->n_asked));
	free(t.tokens);
	return out;
}

/* What was understood. */
static void print_asked(const struct notification *n)
{
	const struct {
		const char *key, *value;
	} parts[] = {{"app", n->app},           {"desktop-entry", n->desktop_entry},
		     {"category", n->category}, {"urgency", items_urgency(n->urgency)},
		     {"summary", n->summary},   {"body", n->body}};
	const char *semicolon = "";

	printf("%-10s", "Asked");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!*parts[i].value)
			continue;
		printf("%s%s = ", semicolon, parts[i].key);
		print_text(stdout, parts[i].value);
		semicolon = "; ";
	}
	for (size_t i = 0; i < n->n_hints; i++) {
		printf("%shint ", semicolon);
		print_text(stdout, n->hints[i].key);
		fputs(" = ", stdout);
		print_text(stdout, n->hints[i].text);
		semicolon = "; ";
	}
	putchar('\n');
}

enum outcome ask_run(const struct settings *s, const char *path, const char *question,
		     const char *when, bool is_manual, bool is_json)
{
	struct verdict *v = calloc(1, sizeof(*v));
	struct tally *tally = calloc(1, sizeof(*tally));
	struct focus *f = calloc(1, sizeof(*f));
	autofree(json) json_t *it = NULL;
	struct asked q = {0};
	char at[WHEN_TEXT_MAX];
	int64_t at_us = 0;
	enum outcome r = v && tally && f ? read_question(question, &q) : call_no_memory();

	if (r == OUTCOME_DONE)
		r = read_instant(when, &at_us);
	if (r == OUTCOME_DONE) {
		it = answer_json(s, &q, at_us, is_manual, v, tally, f);
		if (!it || (is_json && print_json(stdout, it) < 0))
			r = call_no_memory();
	}
	if (r == OUTCOME_DONE && is_json) {
		putchar('\n');
	} else if (r == OUTCOME_DONE) {
		when_format(at_us, when_now(), at);
		print_asked(&q.n);
		printf("%-10s%s\n", "At", at);
		explain_print(it, path, when_now());
	}
	asked_done(&q);
	free(v);
	free(tally);
	free(f);
	return r;
}
