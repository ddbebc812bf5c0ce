/*
 * settings_check: what is only seen once a file is whole.
 *
 * A mistake can't be in force. A warning is about what can, but does nothing, or not what it says.
 */
#include "config/settings.h"
#include "config/settings_text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct check {
	const struct settings *settings;
	settings_found *found;
	void *data;
	int fault;
};

LULL_PRINTF(4, 5)
static void found(struct check *c, enum settings_finding kind, unsigned line, const char *fmt, ...)
{
	autofree(str) char *what = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&what, fmt, args);
	va_end(args);
	if (n < 0) {
		what = NULL;
		c->fault = -ENOMEM;
		return;
	}
	c->found(c->data, kind, line, what);
}

/* Where a section sets a key; the section itself where it doesn't. */
static unsigned line_of(const struct section_lines *lines, const char *section, const char *key)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		unsigned line = lines->keys[i];

		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].key, key) == 0 &&
		    line > 0 && line != SETTING_BUILT_IN)
			return line;
	}
	return lines->section;
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* Days from 1970 until when all is to be seen: more than ever fits between two dates of one block. */
#define LOOK_DAYS (366 * 10)

static bool has_date(const struct dates *dates, int32_t day)
{
	for (size_t i = 0; i < dates->n; i++) {
		if (dates->days[i] == day)
			return true;
	}
	return false;
}

/* Both ends are given, and each day between them is the wrong one, or an exception. */
static bool never_begins(const struct block *b)
{
	if (b->from == CALENDAR_EVER || b->until == CALENDAR_FOREVER ||
	    (int64_t)b->until - b->from > LOOK_DAYS)
		return false;
	for (int32_t day = b->from; day <= b->until; day++) {
		if ((b->days >> calendar_weekday(day) & 1) && !has_date(&b->except, day))
			return false;
	}
	return true;
}

static void check_dates(struct check *c, const struct block *b, const struct section_lines *lines)
{
	unsigned from_line = line_of(lines, "block", "from");
	unsigned until_line = line_of(lines, "block", "until");
	char from[CALENDAR_TEXT_MAX], until[CALENDAR_TEXT_MAX];

	if (b->from > b->until) {
		calendar_write_date(b->from, from);
		calendar_write_date(b->until, until);
		found(c, SETTINGS_MISTAKE, MAX(from_line, until_line),
		      "[block %s] from = %s is after until = %s, so it never begins", b->name, from,
		      until);
	} else if (never_begins(b)) {
		found(c, SETTINGS_WARNING, lines->section,
		      "[block %s] never begins: none of its days is between from and until and not "
		      "in except",
		      b->name);
	}
}

/* Minutes from the start of a block to its end. */
static int32_t minutes_of(const struct block *b)
{
	int32_t n = b->end - b->start;

	return n > 0 ? n : n + 24 * 60;
}

static bool is_within(const struct block *inner, const struct block *outer)
{
	int32_t later = inner->start - outer->start;
	int64_t lead_us = (int64_t)later * 60 * USEC_PER_SEC + outer->lead_us;

	return (inner->days & ~outer->days) == 0 && later >= 0 && lead_us >= inner->lead_us &&
	       later + minutes_of(inner) <= minutes_of(outer) && inner->from >= outer->from &&
	       inner->until <= outer->until && outer->except.n == 0;
}

/* Then it is there for that, whatever else holds. */
static bool is_asked_for(const struct settings *s, const struct block *b)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		if (s->rules[i].when.kind == RULE_WHEN_BLOCK &&
		    strcmp(s->rules[i].when.block, b->name) == 0)
			return true;
	}
	return false;
}

/* Of two that are the same, the later one is told. */
static void check_overlap(struct check *c, size_t at)
{
	const struct settings *s = c->settings;
	const struct block *b = &s->blocks[at];

	if (is_asked_for(s, b))
		return;
	for (size_t i = 0; i < s->n_blocks; i++) {
		const struct block *other = &s->blocks[i];

		if (i == at || other->start == CALENDAR_NONE || other->end == CALENDAR_NONE ||
		    !is_within(b, other) || (i > at && is_within(other, b)))
			continue;
		found(c, SETTINGS_WARNING, s->block_lines[at].section,
		      "[block %s] lies within [block %s] of line %u, so it holds nothing more; "
		      "change its hours or days, or remove it",
		      b->name, other->name, s->block_lines[i].section);
		return;
	}
}

static void check_block(struct check *c, size_t at)
{
	const struct block *b = &c->settings->blocks[at];
	const struct section_lines *lines = &c->settings->block_lines[at];
	size_t count;
	const struct setting *table = settings_table(&count);
	bool is_whole = true;

	for (size_t i = 0; i < count; i++) {
		/* A wrong one has been told already. */
		if (table[i].scope != SETTING_IN_BLOCK || !table[i].is_required ||
		    lines->keys[i] > 0)
			continue;
		is_whole = false;
		found(c, SETTINGS_MISTAKE, lines->section,
		      "[block %s] has no %s; add a line such as %s = %s", b->name, table[i].key,
		      table[i].key, table[i].example);
	}
	check_dates(c, b, lines);
	if (is_whole && b->start != CALENDAR_NONE && b->end != CALENDAR_NONE)
		check_overlap(c, at);
}

/* --- rules ----------------------------------------------------------------------------------- */

/* Patterns of which every one is also ruled out, as in "Slack, !Slack"; they name what can't be. */
static bool is_impossible(const struct patterns *p)
{
	bool has_positive = false;

	for (size_t i = 0; i < p->n_items; i++) {
		struct regex_budget budget = {PATTERN_BUDGET};
		struct pattern_text text;

		if (p->items[i].is_negated && p->items[i].glob &&
		    strcmp(p->items[i].glob, "*") == 0)
			return true;
		if (p->items[i].is_negated)
			continue;
		has_positive = true;
		if (!p->items[i].glob || !p->items[i].is_literal)
			return false;
		text = pattern_text_of(p->items[i].glob);
		if (patterns_match(p, &text, &budget) != REGEX_NO_MATCH)
			return false;
	}
	return has_positive;
}

static bool matches_urgency(const struct patterns *p)
{
	static const char *const names[] = {"low", "normal", "critical"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct regex_budget budget = {PATTERN_BUDGET};
		struct pattern_text text = pattern_text_of(names[i]);

		if (patterns_match(p, &text, &budget) != REGEX_NO_MATCH)
			return true;
	}
	return false;
}

static void check_possible(struct check *c, const struct rule *r, const struct section_lines *lines)
{
	const struct {
		const char *key;
		const struct patterns *patterns;
	} fields[] = {
		{"app", &r->app},           {"desktop-entry", &r->desktop_entry},
		{"category", &r->category}, {"summary", &r->summary},
		{"body", &r->body},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (is_impossible(fields[i].patterns))
			found(c, SETTINGS_WARNING, line_of(lines, "rule", fields[i].key),
			      "[rule %s] can never match: %s = %s rules out what it asks for",
			      r->name, fields[i].key, fields[i].patterns->source);
	}
	if (r->urgency.source && !matches_urgency(&r->urgency))
		found(c, SETTINGS_MISTAKE, line_of(lines, "rule", "urgency"),
		      "[rule %s] urgency = %s can never match; an urgency is low, normal or critical",
		      r->name, r->urgency.source);
	if (r->when.kind == RULE_WHEN_HOURS && r->when.days == 0)
		found(c, SETTINGS_WARNING, line_of(lines, "rule", "when"),
		      "[rule %s] can never match: its hours are on no day", r->name);
}

static void check_block_name(struct check *c, const struct rule *r,
			     const struct section_lines *lines)
{
	const struct settings *s = c->settings;
	const char *meant = NULL;
	size_t best = SIZE_MAX;

	if (r->when.kind != RULE_WHEN_BLOCK)
		return;
	for (size_t i = 0; i < s->n_blocks; i++) {
		if (strcmp(s->blocks[i].name, r->when.block) == 0)
			return;
		if (settings_is_nearer(r->when.block, s->blocks[i].name, &best))
			meant = s->blocks[i].name;
	}
	if (meant)
		found(c, SETTINGS_MISTAKE, line_of(lines, "rule", "when"),
		      "[rule %s] when = block %s: there is no such block; did you mean '%s'?",
		      r->name, r->when.block, meant);
	else
		found(c, SETTINGS_MISTAKE, line_of(lines, "rule", "when"),
		      "[rule %s] when = block %s: there is no [block %s]; add one, or use "
		      "when = focus",
		      r->name, r->when.block, r->when.block);
}

/* Does the file set @key of this rule, be it rightly or not? */
static bool is_set(const struct section_lines *lines, const char *key)
{
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (table[i].scope == SETTING_IN_RULE && strcmp(table[i].key, key) == 0)
			return lines->keys[i] > 0 && lines->keys[i] != SETTING_BUILT_IN;
	}
	return false;
}

/* The built-in rule whose name was misspelt. */
static const char *nearest_built_in(const struct settings *s, const char *name)
{
	const char *meant = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = s->n_file_rules; i < s->n_rules; i++) {
		if (settings_is_nearer(name, s->rules[i].name, &best))
			meant = s->rules[i].name;
	}
	return meant;
}

static void check_says(struct check *c, const struct rule *r, const struct section_lines *lines)
{
	static const char *const keys[] = {"verdict", "due", "as", "repeat", "digest"};
	const char *meant = nearest_built_in(c->settings, r->name);

	/* A wrong one has been told already. */
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (is_set(lines, keys[i]))
			return;
	}
	if (meant)
		found(c, SETTINGS_MISTAKE, lines->section,
		      "[rule %s] says nothing; did you mean [rule %s], which is built in?", r->name,
		      meant);
	else
		found(c, SETTINGS_MISTAKE, lines->section,
		      "[rule %s] says nothing; add a verdict: deliver, hold or drop", r->name);
}

static bool says_something(const struct rule *r)
{
	return r->verdict != RULE_NO_VERDICT || r->due.kind != RULE_DUE_DEFAULT ||
	       r->as != RULE_AS_IS || r->repeat.n > 0 || r->digest != RULE_DIGEST_DEFAULT;
}

/* Keys that its verdict leaves nothing to do for. */
static void check_effect(struct check *c, const struct rule *r, const struct section_lines *lines)
{
	bool is_never_held = r->verdict == RULE_DELIVER || r->verdict == RULE_DROP;
	const char *verdict = r->verdict == RULE_DROP ? "drop" : "deliver";

	if (!says_something(r)) {
		check_says(c, r, lines);
		return;
	}
	if (is_set(lines, "budget") && r->budget != RULE_BUDGET_NONE &&
	    r->verdict != RULE_DELIVER && r->repeat.n == 0)
		found(c, SETTINGS_WARNING, line_of(lines, "rule", "budget"),
		      "[rule %s] budget is for what a rule delivers, and this one doesn't; it has "
		      "no effect",
		      r->name);
	if (is_never_held && r->repeat.n == 0 && r->due.kind != RULE_DUE_DEFAULT)
		found(c, SETTINGS_WARNING, line_of(lines, "rule", "due"),
		      "[rule %s] due has no effect with verdict = %s; it is for what is held",
		      r->name, verdict);
	if (is_never_held && r->repeat.n == 0 && r->digest != RULE_DIGEST_DEFAULT)
		found(c, SETTINGS_WARNING, line_of(lines, "rule", "digest"),
		      "[rule %s] digest has no effect with verdict = %s; it is for what is held",
		      r->name, verdict);
}

static bool covers_when(const struct rule_when *wide, const struct rule_when *narrow)
{
	switch (wide->kind) {
	case RULE_WHEN_ALWAYS: return true;
	case RULE_WHEN_FOCUS:
		return narrow->kind == RULE_WHEN_FOCUS || narrow->kind == RULE_WHEN_BLOCK;
	case RULE_WHEN_BLOCK:
		return narrow->kind == RULE_WHEN_BLOCK && strcmp(wide->block, narrow->block) == 0;
	case RULE_WHEN_HOURS:
		return narrow->kind == RULE_WHEN_HOURS && wide->start == narrow->start &&
		       wide->end == narrow->end && (narrow->days & ~wide->days) == 0;
	}
	return false;
}

static bool covers_asks(enum rule_asks wide, enum rule_asks narrow)
{
	return wide == RULE_ASKS_NOTHING || wide == narrow;
}

static bool covers_hints(const struct rule *wide, const struct rule *narrow)
{
	for (size_t i = 0; i < wide->n_hints; i++) {
		bool is_covered = false;

		for (size_t k = 0; k < narrow->n_hints; k++)
			is_covered |=
				strcmp(wide->hints[i].key, narrow->hints[k].key) == 0 &&
				patterns_cover(&wide->hints[i].value, &narrow->hints[k].value);
		if (!is_covered)
			return false;
	}
	return true;
}

/* Does @wide decide about all that @narrow could match, so that this is never asked? */
static bool covers(const struct rule *wide, const struct rule *narrow)
{
	return wide->verdict != RULE_NO_VERDICT && wide->budget == RULE_BUDGET_NONE &&
	       !(wide->repeat.n > 0 && wide->verdict == RULE_DELIVER) &&
	       covers_when(&wide->when, &narrow->when) &&
	       patterns_cover(&wide->app, &narrow->app) &&
	       patterns_cover(&wide->desktop_entry, &narrow->desktop_entry) &&
	       patterns_cover(&wide->category, &narrow->category) &&
	       patterns_cover(&wide->urgency, &narrow->urgency) &&
	       patterns_cover(&wide->summary, &narrow->summary) &&
	       patterns_cover(&wide->body, &narrow->body) && covers_hints(wide, narrow) &&
	       covers_asks(wide->sandboxed, narrow->sandboxed) &&
	       covers_asks(wide->osd, narrow->osd) &&
	       covers_asks(wide->one_time_code, narrow->one_time_code);
}

/* An urgency that an earlier rule may have changed isn't what the later one's patterns tell. */
static bool changes_urgency_before(const struct settings *s, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (s->rules[i].as != RULE_AS_IS)
			return true;
	}
	return false;
}

static void check_reach(struct check *c, size_t at)
{
	const struct settings *s = c->settings;
	const struct rule *r = &s->rules[at];
	const bool may_be_changed = changes_urgency_before(s, at);

	for (size_t i = 0; i < at; i++) {
		if (s->rules[i].urgency.source && may_be_changed)
			continue;
		if (!covers(&s->rules[i], r))
			continue;
		found(c, SETTINGS_WARNING, s->rule_lines[at].section,
		      "[rule %s] is never reached: [rule %s] in line %u decides about all that it "
		      "could match; put it before that one",
		      r->name, s->rules[i].name, s->rule_lines[i].section);
		return;
	}
}

/*
 * A rule of the file that keeps several built-in ones from being asked: hardly anybody means to hold calls. One that
 * is about what a single one is about means just that.
 */
static void check_catch_all(struct check *c, const struct rule *r,
			    const struct section_lines *lines)
{
	const struct settings *s = c->settings;
	char names[256] = "";
	size_t length = 0, n_covered = 0;

	if (r->verdict != RULE_HOLD && r->verdict != RULE_DROP)
		return;
	for (size_t i = s->n_file_rules; i < s->n_rules; i++) {
		const struct rule *other = &s->rules[i];
		int n;

		if (other->verdict != RULE_DELIVER || !covers(r, other))
			continue;
		n = snprintf(names + length, sizeof(names) - length, "%s%s", length > 0 ? ", " : "",
			     other->name);
		n_covered++;
		length = MIN(length + (size_t)MAX(n, 0), sizeof(names) - 1);
	}
	if (n_covered > 1)
		found(c, SETTINGS_WARNING, lines->section,
		      "[rule %s] decides about all that the built-in rules let through (%s); say "
		      "which app it is about, or leave it out: without a rule, focus holds the rest",
		      r->name, names);
}

/* What looks like a comment at the end of a line, where names hardly have such a thing. */
static void check_comment(struct check *c, const struct rule *r, const struct section_lines *lines)
{
	const struct {
		const char *key;
		const struct patterns *patterns;
	} fields[] = {{"app", &r->app},
		      {"desktop-entry", &r->desktop_entry},
		      {"category", &r->category}};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].patterns->source && strstr(fields[i].patterns->source, " #"))
			found(c, SETTINGS_WARNING, line_of(lines, "rule", fields[i].key),
			      "[rule %s] %s = %s: the # is part of it; a comment needs a line of its "
			      "own",
			      r->name, fields[i].key, fields[i].patterns->source);
	}
}

/* A list as others write it: no application's name has such a character. */
static void check_separator(struct check *c, const struct rule *r,
			    const struct section_lines *lines)
{
	const struct {
		const char *key;
		const struct patterns *patterns;
	} fields[] = {{"app", &r->app},
		      {"desktop-entry", &r->desktop_entry},
		      {"category", &r->category}};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *source = fields[i].patterns->source;

		if (source && !strpbrk(source, "/\"") && strpbrk(source, ";|"))
			found(c, SETTINGS_WARNING, line_of(lines, "rule", fields[i].key),
			      "[rule %s] %s = %s: the %c is part of the name; several are separated "
			      "by commas",
			      r->name, fields[i].key, source, *strpbrk(source, ";|"));
	}
}

static void check_rule(struct check *c, size_t at)
{
	const struct rule *r = &c->settings->rules[at];
	const struct section_lines *lines = &c->settings->rule_lines[at];

	check_block_name(c, r, lines);
	check_possible(c, r, lines);
	check_comment(c, r, lines);
	check_separator(c, r, lines);
	check_effect(c, r, lines);
	/* Of the built-in ones, that those of the file are before them is meant. */
	if (at >= c->settings->n_file_rules)
		return;
	check_reach(c, at);
	check_catch_all(c, r, lines);
}

int settings_check(const struct settings *s, settings_found *fn, void *data)
{
	struct check c = {s, fn, data, 0};

	for (size_t i = 0; i < s->n_blocks; i++)
		check_block(&c, i);
	for (size_t i = 0; i < s->n_rules; i++) {
		if (s->rule_lines[i].section > 0)
			check_rule(&c, i);
	}
	return c.fault;
}
