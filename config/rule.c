#include "config/rule.h"

#include "config/duration.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BUDGET_MAX 1000

void rule_done(struct rule *r)
{
	patterns_done(&r->app);
	patterns_done(&r->desktop_entry);
	patterns_done(&r->category);
	patterns_done(&r->urgency);
	patterns_done(&r->summary);
	patterns_done(&r->body);
	for (size_t i = 0; i < r->n_hints; i++) {
		free(r->hints[i].key);
		patterns_done(&r->hints[i].value);
	}
	r->n_hints = 0;
}

/* --- when --- */

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* "22:00-07:00", then blanks or the end. Return: what follows; NULL when it isn't that. */
static const char *read_hours(const char *text, struct rule_when *w)
{
	size_t length = strcspn(text, "-"), rest;
	char start[8], end[8];
	const char *from;

	if (text[length] != '-' || length >= sizeof(start))
		return NULL;
	snprintf(start, sizeof(start), "%.*s", (int)length, text);
	start[strcspn(start, " \t")] = '\0';
	from = skip_blanks(text + length + 1);
	rest = strcspn(from, " \t");
	if (rest >= sizeof(end))
		return NULL;
	snprintf(end, sizeof(end), "%.*s", (int)rest, from);
	if (calendar_parse_clock(start, &w->start) < 0 || calendar_parse_end(end, &w->end) < 0)
		return NULL;
	return skip_blanks(from + rest);
}

int rule_parse_when(const char *text, struct rule_when *ret)
{
	struct rule_when w = {.days = CALENDAR_DAILY};
	const char *wrong, *rest;
	size_t wrong_len, length;

	if (strcmp(text, "focus") == 0) {
		w.kind = RULE_WHEN_FOCUS;
	} else if (strcmp(text, "always") == 0) {
		w.kind = RULE_WHEN_ALWAYS;
	} else if (strncmp(text, "block", 5) == 0 && (text[5] == ' ' || text[5] == '\t')) {
		rest = skip_blanks(text + 5);
		length = strlen(rest);
		if (length == 0 || length > BLOCK_NAME_MAX || rest[strcspn(rest, " \t")] != '\0')
			return -EINVAL;
		w.kind = RULE_WHEN_BLOCK;
		memcpy(w.block, rest, length);
	} else {
		w.kind = RULE_WHEN_HOURS;
		rest = read_hours(text, &w);
		if (!rest)
			return -EINVAL;
		if (*rest && calendar_parse_days(rest, &w.days, &wrong, &wrong_len) < 0)
			return -EINVAL;
	}
	*ret = w;
	return 0;
}

void rule_write_when(const struct rule_when *w, char buf[static RULE_TEXT_MAX])
{
	char start[CALENDAR_TEXT_MAX], end[CALENDAR_TEXT_MAX], days[CALENDAR_TEXT_MAX];

	switch (w->kind) {
	case RULE_WHEN_FOCUS: snprintf(buf, RULE_TEXT_MAX, "focus"); break;
	case RULE_WHEN_ALWAYS: snprintf(buf, RULE_TEXT_MAX, "always"); break;
	case RULE_WHEN_BLOCK: snprintf(buf, RULE_TEXT_MAX, "block %s", w->block); break;
	case RULE_WHEN_HOURS:
		calendar_write_clock(w->start, start);
		calendar_write_clock(w->end, end);
		calendar_write_days(w->days, days);
		snprintf(buf, RULE_TEXT_MAX, "%.8s-%.8s%s%s", start, end,
			 w->days == CALENDAR_DAILY ? "" : " ",
			 w->days == CALENDAR_DAILY ? "" : days);
		break;
	}
}

/* --- due --- */

int rule_parse_due(const char *text, struct rule_due *ret)
{
	struct rule_due due = {.kind = RULE_DUE_DEFAULT};
	int r = 0;

	if (strcmp(text, "block-end") == 0)
		due.kind = RULE_DUE_BLOCK_END;
	else if (strcmp(text, "next") == 0)
		due.kind = RULE_DUE_NEXT;
	else if (*text) {
		due.kind = RULE_DUE_AFTER;
		r = duration_parse(text, &due.after_us);
	}
	if (r < 0)
		return -EINVAL;
	*ret = due;
	return 0;
}

void rule_write_due(const struct rule_due *due, char buf[static RULE_TEXT_MAX])
{
	char after[DURATION_TEXT_MAX];

	switch (due->kind) {
	case RULE_DUE_DEFAULT: buf[0] = '\0'; break;
	case RULE_DUE_BLOCK_END: snprintf(buf, RULE_TEXT_MAX, "block-end"); break;
	case RULE_DUE_NEXT: snprintf(buf, RULE_TEXT_MAX, "next"); break;
	case RULE_DUE_AFTER:
		duration_write(due->after_us, after);
		snprintf(buf, RULE_TEXT_MAX, "%s", after);
		break;
	}
}

/* --- numbers --- */

/* Digits at @text, at most @max. Return: what follows; NULL when there are none, or too many. */
static const char *read_number(const char *text, int64_t max, int64_t *ret)
{
	int64_t n = 0;
	const char *s = text;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (*s - '0');
		if (n > max)
			return NULL;
	}
	*ret = n;
	return s > text ? skip_blanks(s) : NULL;
}

int rule_parse_repeat(const char *text, struct rule_repeat *ret)
{
	struct rule_repeat repeat = {0};
	const char *rest;

	if (!*text) {
		*ret = repeat;
		return 0;
	}
	rest = read_number(text, RULE_REPEAT_MAX, &repeat.n);
	if (!rest || repeat.n < 2 || strncmp(rest, "in", 2) != 0 ||
	    duration_parse(skip_blanks(rest + 2), &repeat.within_us) < 0)
		return -EINVAL;
	*ret = repeat;
	return 0;
}

void rule_write_repeat(const struct rule_repeat *repeat, char buf[static RULE_TEXT_MAX])
{
	char within[DURATION_TEXT_MAX];

	buf[0] = '\0';
	if (repeat->n == 0)
		return;
	duration_write(repeat->within_us, within);
	snprintf(buf, RULE_TEXT_MAX, "%" PRId64 " in %s", repeat->n, within);
}

int rule_parse_budget(const char *text, int64_t *ret)
{
	int64_t n = RULE_BUDGET_NONE;
	const char *rest;

	if (*text && strcmp(text, "none") != 0) {
		rest = read_number(text, BUDGET_MAX, &n);
		if (!rest || (*rest && (strncmp(rest, "per", 3) != 0 ||
					strcmp(skip_blanks(rest + 3), "block") != 0)))
			return -EINVAL;
	}
	*ret = n;
	return 0;
}

void rule_write_budget(int64_t budget, char buf[static RULE_TEXT_MAX])
{
	if (budget == RULE_BUDGET_NONE)
		buf[0] = '\0';
	else
		snprintf(buf, RULE_TEXT_MAX, "%" PRId64 " per block", budget);
}
