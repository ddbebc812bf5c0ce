#include "config/settings_value.h"

#include "config/duration.h"
#include "config/settings_text.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Decimal digits with an optional minus; a number too large for int64_t is out of any range. */
static int parse_number(const char *text, int64_t *ret)
{
	bool is_negative = text[0] == '-';
	int64_t n = 0;

	text += is_negative;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, *text - '0', &n)) /* INT64_MIN has no positive twin */
			return -ERANGE;
	}
	if (!is_negative && n == INT64_MIN)
		return -ERANGE;
	*ret = is_negative ? n : -n;
	return 0;
}

static int parse_choice(const char *const *choices, const char *text, int *ret)
{
	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool text_is_allowed(const char *text)
{
	size_t len = strlen(text);

	return len <= SETTING_TEXT_MAX && settings_clean_length(text, len) == len;
}

static int set_text(char **target, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*target);
	*target = copy;
	return 0;
}

/* duration_parse() takes none for a mistake. */
static int parse_duration(const struct setting *row, const char *text, int64_t *ret)
{
	if (row->min == 0 && (strcmp(text, "0") == 0 || strcmp(text, "0s") == 0)) {
		*ret = 0;
		return 0;
	}
	return duration_parse(text, ret);
}

/* What calendar.c reads; @target is written only when it is right. */
static int parse_calendar(const struct setting *row, const char *text, void *target)
{
	const char *wrong;
	size_t wrong_len;

	switch (row->type) {
	case SETTING_DAYS: return calendar_parse_days(text, target, &wrong, &wrong_len);
	case SETTING_CLOCK:
		return row->is_end ? calendar_parse_end(text, target)
				   : calendar_parse_clock(text, target);
	case SETTING_CLOCKS: return calendar_parse_clocks(text, target);
	case SETTING_DATE:
		/* As its default says. */
		if (!*text) {
			memcpy(target, &row->none, sizeof(row->none));
			return 0;
		}
		return calendar_parse_date(text, target);
	case SETTING_DATES: return calendar_parse_dates(text, target);
	default: return -EINVAL;
	}
}

int setting_read_patterns(struct patterns *target, const char *section, const struct setting *row,
			  const char *value, const struct regex_engine *engine, char **ret_error)
{
	autofree(str) char *why = NULL;
	struct patterns p;
	int r;

	if (!text_is_allowed(value))
		return settings_explain_text(section, row, value, ret_error);
	r = patterns_parse(value, engine, &p, &why);
	if (r == -EINVAL)
		return settings_explain_because(section, row, value, why, ret_error);
	if (r < 0)
		return r;
	patterns_done(target);
	*target = p;
	return 0;
}

/* What rule.c reads; @target is written only when it is right. */
static int parse_rule_value(const struct setting *row, const char *text, void *target)
{
	switch (row->type) {
	case SETTING_WHEN: return rule_parse_when(text, target);
	case SETTING_DUE: return rule_parse_due(text, target);
	case SETTING_REPEAT: return rule_parse_repeat(text, target);
	case SETTING_BUDGET: return rule_parse_budget(text, target);
	default: return -EINVAL;
	}
}

int setting_read(void *base, const char *section, const struct setting *row, const char *value,
		 const struct regex_engine *engine, char **ret_error)
{
	void *target = (char *)base + row->offset;
	int64_t n = 0;
	int choice, r = -EINVAL;

	switch (row->type) {
	case SETTING_TEXT:
		if (!text_is_allowed(value))
			return settings_explain_text(section, row, value, ret_error);
		return set_text(target, value);
	case SETTING_CHOICE:
		r = parse_choice(row->choices, value, &choice);
		if (r < 0)
			break;
		memcpy(target, &choice, sizeof(choice));
		return 0;
	case SETTING_NUMBER: r = parse_number(value, &n); break;
	case SETTING_DURATION: r = parse_duration(row, value, &n); break;
	case SETTING_DAYS:
	case SETTING_CLOCK:
	case SETTING_CLOCKS:
	case SETTING_DATE:
	case SETTING_DATES:
		if (parse_calendar(row, value, target) < 0)
			return settings_explain_value(section, row, value, ret_error);
		return 0;
	case SETTING_WHEN:
	case SETTING_DUE:
	case SETTING_REPEAT:
	case SETTING_BUDGET:
		if (!text_is_allowed(value) || parse_rule_value(row, value, target) < 0)
			return settings_explain_value(section, row, value, ret_error);
		return 0;
	case SETTING_PATTERNS:
	case SETTING_HINTS:
		return setting_read_patterns(target, section, row, value, engine, ret_error);
	}
	if (r < 0 || n < row->min || n > row->max)
		return settings_explain_value(section, row, value, ret_error);
	memcpy(target, &n, sizeof(n));
	return 0;
}

/* A default that isn't text: nothing is given. Its own row must take any other. */
int setting_read_default(void *base, const struct setting *row)
{
	autofree(str) char *error = NULL;
	int r;

	if (row->type == SETTING_CLOCK && !*row->default_text) {
		memcpy((char *)base + row->offset, &row->none, sizeof(row->none));
		return 0;
	}
	/* None at all, and no list is empty. */
	if (row->type == SETTING_PATTERNS || row->type == SETTING_HINTS)
		return 0;
	r = setting_read(base, row->section, row, row->default_text, NULL, &error);
	assert(r != -EINVAL);
	return r;
}

char *settings_value(const struct settings_entry *e)
{
	const struct setting *row = e->row;
	const void *source = e->hint ? e->base : (const char *)e->base + row->offset;
	char duration[DURATION_TEXT_MAX], calendar[CALENDAR_TEXT_MAX], rule[RULE_TEXT_MAX];
	const struct patterns *patterns;
	char *text = NULL;
	int64_t n = 0;
	int choice = 0;

	switch (row->type) {
	case SETTING_TEXT: return strdup(*(char *const *)source);
	case SETTING_CHOICE:
		memcpy(&choice, source, sizeof(choice));
		return strdup(row->choices[choice]);
	case SETTING_NUMBER:
		memcpy(&n, source, sizeof(n));
		return asprintf(&text, "%" PRId64, n) < 0 ? NULL : text;
	case SETTING_DURATION:
		memcpy(&n, source, sizeof(n));
		duration_write(n, duration);
		return strdup(duration);
	case SETTING_DAYS: calendar_write_days(*(const unsigned *)source, calendar); break;
	case SETTING_CLOCK: calendar_write_clock(*(const int32_t *)source, calendar); break;
	case SETTING_CLOCKS: calendar_write_clocks(source, calendar); break;
	case SETTING_DATE: calendar_write_date(*(const int32_t *)source, calendar); break;
	case SETTING_DATES: calendar_write_dates(source, calendar); break;
	case SETTING_PATTERNS:
	case SETTING_HINTS:
		patterns = source;
		return strdup(patterns->source ? patterns->source : "");
	case SETTING_WHEN: rule_write_when(source, rule); return strdup(rule);
	case SETTING_DUE: rule_write_due(source, rule); return strdup(rule);
	case SETTING_REPEAT: rule_write_repeat(source, rule); return strdup(rule);
	case SETTING_BUDGET: rule_write_budget(*(const int64_t *)source, rule); return strdup(rule);
	}
	return strdup(calendar);
}

/* One rule after the other: their entries stand together. */
char *settings_rules_text(const struct settings *s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct settings_entry e;
	bool is_broken = false;
	size_t i = 0;

	if (!out)
		return NULL;
	while (settings_entry(s, i, &e) && e.row->scope != SETTING_IN_RULE)
		i++;
	for (size_t at = 0; at < s->n_rules; at++) {
		fprintf(out, "%s\t%u", s->rules[at].name, s->rule_lines[at].section);
		for (; settings_entry(s, i, &e) && e.name && strcmp(e.name, s->rules[at].name) == 0;
		     i++) {
			autofree(str) char *value = settings_value(&e);

			is_broken |= !value;
			fprintf(out, "\t%s%s%s = %s", e.row->key, e.hint ? " " : "",
				e.hint ? e.hint : "", value ? value : "");
		}
		fputc('\n', out);
	}
	if (fclose(out) != 0 || is_broken) {
		free(text);
		return NULL;
	}
	return text;
}
