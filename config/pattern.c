#include "config/pattern.h"

#include "config/fold.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Steps of a glob that count as one of the budget: a regular expression's are dearer. */
#define GLOB_STEPS 8

/* --- globs --- */

/* One character of a pattern at a time. */
struct glob_item {
	enum { GLOB_END, GLOB_STAR, GLOB_ONE, GLOB_SET, GLOB_CHAR } kind;
	uint32_t c;          /* GLOB_CHAR */
	const char *set;     /* GLOB_SET: behind the [ and the ! */
	const char *set_end; /* at the ] */
	bool is_negated;
	const char *next;
};

/* The ] that closes a set; one that stands first is a member. NULL: the [ is no more than that. */
static const char *find_set_end(const char *set, const char *end)
{
	const char *p = set < end && *set == ']' ? set + 1 : set;

	while (p < end && *p != ']')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p : NULL;
}

static struct glob_item next_item(const char *p, const char *end)
{
	struct glob_item item = {.kind = GLOB_CHAR};

	if (p == end)
		return (struct glob_item){.kind = GLOB_END, .next = p};
	if (*p == '*')
		return (struct glob_item){.kind = GLOB_STAR, .next = p + 1};
	if (*p == '?')
		return (struct glob_item){.kind = GLOB_ONE, .next = p + 1};
	if (*p == '[') {
		item.is_negated = p + 1 < end && (p[1] == '!' || p[1] == '^');
		item.set = p + 1 + item.is_negated;
		item.set_end = find_set_end(item.set, end);
		if (item.set_end) {
			item.kind = GLOB_SET;
			item.next = item.set_end + 1;
			return item;
		}
	}
	if (*p == '\\' && p + 1 < end)
		p++;
	item.next = p + fold_next(p, end, &item.c);
	return item;
}

static bool set_has(const struct glob_item *item, uint32_t c)
{
	const char *p = item->set;

	while (p < item->set_end) {
		uint32_t low, high;

		p += *p == '\\' && p + 1 < item->set_end;
		p += fold_next(p, item->set_end, &low);
		high = low;
		if (p + 1 < item->set_end && *p == '-') {
			p++;
			p += *p == '\\' && p + 1 < item->set_end;
			p += fold_next(p, item->set_end, &high);
		}
		if (c >= low && c <= high)
			return true;
	}
	return false;
}

static bool item_takes(const struct glob_item *item, uint32_t c)
{
	switch (item->kind) {
	case GLOB_ONE: return true;
	case GLOB_CHAR: return item->c == c;
	case GLOB_SET: return set_has(item, c) != item->is_negated;
	case GLOB_STAR:
	case GLOB_END: break;
	}
	return false;
}

/* Are these the same ASCII character, which means nothing else in a glob? */
static bool is_same_letter(char g, char t)
{
	return (unsigned char)g < 0x80 && g != '*' && g != '?' && g != '[' && g != '\\' &&
	       (unsigned char)t < 0x80 && fold_ascii(g) == fold_ascii(t);
}

/* Where @item may be next, from @text on: what begins with another letter needn't be tried. */
static const char *skip_to(const struct glob_item *item, const char *text, const char *end)
{
	if (item->kind != GLOB_CHAR || item->c >= 0x80)
		return text;
	while (text < end && (uint32_t)(unsigned char)fold_ascii(*text) != item->c)
		text++;
	return text;
}

/* Only the last star is ever gone back to: what an earlier one could take more of, that one can, too. */
static enum regex_result glob_match(const char *glob, const char *text, const char *end,
				    struct regex_budget *budget)
{
	const char *glob_end = glob + strlen(glob);
	const char *star = NULL, *star_text = NULL;
	struct glob_item after_star = {.kind = GLOB_END};
	int64_t n_steps = 0;
	bool is_match = true;

	for (;;) {
		struct glob_item item;
		uint32_t c = 0;
		size_t n = 0;

		n_steps++;
		if (text < end && is_same_letter(*glob, *text)) {
			glob++;
			text++;
			continue;
		}
		item = next_item(glob, glob_end);
		if (item.kind == GLOB_STAR) {
			glob = item.next;
			if (glob == glob_end)
				break;
			star = glob;
			after_star = next_item(glob, glob_end);
			star_text = skip_to(&after_star, text, end);
			n_steps += (star_text - text) / GLOB_STEPS;
			text = star_text;
			continue;
		}
		if (item.kind == GLOB_END && text == end)
			break;
		if (text < end)
			n = fold_next(text, end, &c);
		if (n > 0 && item_takes(&item, c)) {
			glob = item.next;
			text += n;
			continue;
		}
		if (!star || star_text == end || n_steps / GLOB_STEPS > budget->steps) {
			is_match = false;
			break;
		}
		text = star_text + fold_next(star_text, end, &c);
		star_text = skip_to(&after_star, text, end);
		n_steps += (star_text - text) / GLOB_STEPS;
		text = star_text;
		glob = star;
	}
	budget->steps -= n_steps / GLOB_STEPS;
	if (budget->steps < 0)
		return REGEX_GAVE_UP;
	return is_match ? REGEX_MATCH : REGEX_NO_MATCH;
}

/* The text that a literal pattern is about; it may have the same buffer. */
static bool is_literal(const char *glob)
{
	return glob[strcspn(glob, "*?[\\")] == '\0';
}

/* --- reading --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int refuse(char **ret_error, const char *why)
{
	*ret_error = strdup(why);
	return *ret_error ? -EINVAL : -ENOMEM;
}

static int add_glob(struct patterns *p, bool is_negated, const char *text, size_t length)
{
	struct pattern *item = &p->items[p->n_items];

	*item = (struct pattern){.is_negated = is_negated, .glob = strndup(text, length)};
	if (!item->glob)
		return -ENOMEM;
	item->is_literal = is_literal(item->glob);
	if ((unsigned char)item->glob[0] < 0x80 && !strchr("*?[\\", item->glob[0]))
		item->first = fold_ascii(item->glob[0]);
	p->n_items++;
	return 0;
}

static int add_regex(struct patterns *p, bool is_negated, const char *text, size_t length,
		     bool ignores_case, char **ret_error)
{
	struct pattern *item = &p->items[p->n_items];
	autofree(str) char *pattern = strndup(text, length);
	autofree(str) char *why = NULL;
	int r;

	if (!pattern)
		return -ENOMEM;
	if (!p->engine)
		return refuse(ret_error, "globs; there are no regular expressions here");
	*item = (struct pattern){.is_negated = is_negated};
	r = p->engine->compile(pattern, ignores_case, &item->regex, &why);
	if (r == -EINVAL) {
		if (asprintf(ret_error, "a regular expression; /%s/: %s", pattern, why) < 0) {
			*ret_error = NULL;
			return -ENOMEM;
		}
	}
	if (r == 0)
		p->n_items++;
	return r;
}

/* "/.../" or "/.../i" at @at. */
static int read_regex(struct patterns *p, bool is_negated, const char **at, char **ret_error)
{
	const char *begin = *at + 1, *end = begin;
	bool ignores_case;
	int r;

	while (*end && *end != '/')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (!*end)
		return refuse(ret_error, "a regular expression that ends with a /");
	if (end == begin)
		return refuse(ret_error, "something between the two /");
	ignores_case = end[1] == 'i';
	r = add_regex(p, is_negated, begin, (size_t)(end - begin), ignores_case, ret_error);
	*at = end + 1 + ignores_case;
	return r;
}

static int read_quoted(struct patterns *p, bool is_negated, const char **at, char **ret_error)
{
	const char *begin = *at + 1, *end = begin;

	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (!*end)
		return refuse(ret_error, "a text that ends with a \"");
	*at = end + 1;
	return add_glob(p, is_negated, begin, (size_t)(end - begin));
}

/* Up to a comma. */
static int read_plain(struct patterns *p, bool is_negated, const char **at, char **ret_error)
{
	const char *begin = *at, *end = begin;

	while (*end && *end != ',')
		end += *end == '\\' && end[1] ? 2 : 1;
	*at = end;
	while (end > begin && is_blank(end[-1]) && !(end - begin > 1 && end[-2] == '\\'))
		end--;
	if (end == begin)
		return refuse(ret_error, "something between the commas; \"\" is the empty text");
	return add_glob(p, is_negated, begin, (size_t)(end - begin));
}

static int read_item(struct patterns *p, const char **at, char **ret_error)
{
	bool is_negated = **at == '!';
	int r;

	*at += is_negated;
	while (is_blank(**at))
		(*at)++;
	/* A path is more often meant than "/usr/i" with something behind it. */
	if (**at == '/')
		r = read_regex(p, is_negated, at, ret_error);
	else if (**at == '"')
		r = read_quoted(p, is_negated, at, ret_error);
	else
		return read_plain(p, is_negated, at, ret_error);
	while (is_blank(**at))
		(*at)++;
	if (r == 0 && **at && **at != ',')
		return refuse(ret_error, "a comma behind the closing / or \"; put text that has "
					 "such characters into quotes");
	return r;
}

int patterns_parse(const char *text, const struct regex_engine *engine, struct patterns *ret,
		   char **ret_error)
{
	struct patterns p = {.engine = engine};
	size_t n_max = 1;
	int r = 0;

	for (const char *c = text; *c; c++)
		n_max += *c == ',';
	p.source = strdup(text);
	p.items = calloc(n_max, sizeof(*p.items));
	if (!p.source || !p.items)
		r = -ENOMEM;
	while (r == 0) {
		while (is_blank(*text))
			text++;
		r = read_item(&p, &text, ret_error);
		if (*text != ',')
			break;
		text++;
	}
	if (r < 0) {
		patterns_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void patterns_done(struct patterns *p)
{
	for (size_t i = 0; i < p->n_items; i++) {
		free(p->items[i].glob);
		if (p->items[i].regex)
			p->engine->free(p->items[i].regex);
	}
	free(p->items);
	free(p->source);
	*p = (struct patterns){0};
}

/* --- matching --- */

/* Cut so that no character is halved; a continuation byte of UTF-8 begins with 10. */
static size_t cut(const char *text)
{
	size_t length = strnlen(text, PATTERN_TEXT_MAX + 1);

	if (length <= PATTERN_TEXT_MAX)
		return length;
	length = PATTERN_TEXT_MAX;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

struct pattern_text pattern_text_of(const char *text)
{
	unsigned char first = (unsigned char)text[0];

	return (struct pattern_text){
		.text = text,
		.length = cut(text),
		.first = first < 0x80 ? (char)fold_char(first) : '\0',
	};
}

static enum regex_result match_one(const struct patterns *p, const struct pattern *item,
				   const struct pattern_text *t, struct regex_budget *budget)
{
	if (!item->glob)
		return p->engine->match(item->regex, t->text, t->length, budget);
	/* The usual one: an application's name, and it's another one from the first letter on. */
	if (item->first && item->first != t->first)
		return REGEX_NO_MATCH;
	return glob_match(item->glob, t->text, t->text + t->length, budget);
}

enum regex_result patterns_match(const struct patterns *p, const struct pattern_text *text,
				 struct regex_budget *budget)
{
	bool has_positive = false, is_found = false;

	for (size_t i = 0; i < p->n_items; i++) {
		enum regex_result r;

		has_positive |= !p->items[i].is_negated;
		if (is_found && !p->items[i].is_negated)
			continue;
		r = match_one(p, &p->items[i], text, budget);
		if (r == REGEX_GAVE_UP)
			return r;
		if (r == REGEX_NO_MATCH)
			continue;
		if (p->items[i].is_negated)
			return REGEX_NO_MATCH;
		is_found = true;
	}
	return is_found || !has_positive ? REGEX_MATCH : REGEX_NO_MATCH;
}

/* --- comparing --- */

static bool patterns_same(const struct patterns *a, const struct patterns *b)
{
	if (!a->source || !b->source)
		return !a->source && !b->source;
	return strcmp(a->source, b->source) == 0;
}

/* Does it match every text? */
static bool patterns_is_any(const struct patterns *p)
{
	bool is_any = p->n_items == 0;

	for (size_t i = 0; i < p->n_items; i++) {
		if (p->items[i].is_negated)
			return false;
		is_any |= p->items[i].glob && strcmp(p->items[i].glob, "*") == 0;
	}
	return is_any;
}

/* Is whatever this glob matches matched by @wide, too? */
static bool covers_item(const struct patterns *wide, const struct pattern *narrow)
{
	struct regex_budget budget = {PATTERN_BUDGET};

	if (!narrow->glob)
		return false;
	if (narrow->is_literal) {
		struct pattern_text text = pattern_text_of(narrow->glob);

		/* It matches the other case as well, of which an expression may think otherwise. */
		for (size_t i = 0; i < wide->n_items; i++) {
			if (!wide->items[i].glob)
				return false;
		}

		return patterns_match(wide, &text, &budget) == REGEX_MATCH;
	}
	for (size_t i = 0; i < wide->n_items; i++) {
		if (wide->items[i].is_negated)
			return false;
	}
	for (size_t i = 0; i < wide->n_items; i++) {
		const char *glob = wide->items[i].glob;
		size_t length = glob ? strlen(glob) : 0;

		if (!glob)
			continue;
		if (strcmp(glob, narrow->glob) == 0)
			return true;
		/* "Te*" takes in "Teams*". */
		if (length > 0 && strcspn(glob, "*?[\\") == length - 1 && glob[length - 1] == '*' &&
		    strncasecmp(glob, narrow->glob, length - 1) == 0)
			return true;
	}
	return false;
}

bool patterns_cover(const struct patterns *wide, const struct patterns *narrow)
{
	bool has_positive = false;

	if (patterns_is_any(wide) || (wide->source && patterns_same(wide, narrow)))
		return true;
	for (size_t i = 0; i < narrow->n_items; i++) {
		if (narrow->items[i].is_negated)
			continue;
		has_positive = true;
		if (!covers_item(wide, &narrow->items[i]))
			return false;
	}
	return has_positive;
}
