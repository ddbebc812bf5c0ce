/*
 * regex_pcre2: regular expressions by PCRE2, the only file that knows it.
 *
 * PCRE2's own limit counts anew at each place at which a match may begin, so the work could still grow with the
 * text. A callout before each item of the pattern charges one step, and as many as the item before it has run
 * along the text: that is a bound for everything together, and the same on every machine.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config/fold.h"
#include "config/regex.h"
#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What may be on PCRE2's heap for the ways back of one match, in KiB. */
#define HEAP_KIB 1024
/* Of an expression in one line of lull.conf, far from any of use. */
#define NEST_MAX 50

/* Of a piece of text that must be there for a match. */
#define NEEDLE_MAX 32

struct regex {
	/* The longest such piece that is easily seen in the pattern; empty: there is none. */
	char needle[NEEDLE_MAX + 1];
	size_t needle_bytes;
	bool ignores_case;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

/* What one match has charged up to now. */
struct meter {
	struct regex_budget *budget;
	PCRE2_SIZE at;
};

static int charge(pcre2_callout_block *block, void *data)
{
	struct meter *m = data;
	PCRE2_SIZE at = block->current_position;

	m->budget->steps -= 1 + (int64_t)(at > m->at ? at - m->at : m->at - at);
	m->at = at;
	return m->budget->steps < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->context);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

static int explain(int code, PCRE2_SIZE at, char **ret_error)
{
	PCRE2_UCHAR text[128];

	if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	pcre2_get_error_message(code, text, sizeof(text));
	if (asprintf(ret_error, "%s (at character %zu)", (char *)text, (size_t)at + 1) < 0) {
		*ret_error = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

/* --- what must be there ---
 *
 * Nearly every text lacks it, and to find that out by PCRE2 takes ten times as long. Where it isn't sure what the
 * pattern means there is no needle: then PCRE2 is asked.
 */

static bool is_plain(char c, bool ignores_case)
{
	/* k and s have a third form in Unicode, which is no ASCII letter. */
	if (ignores_case && strchr("kKsS", c))
		return false;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == ' ' || c == '-' || c == '_' || c == ':' || c == ',' || c == '@' || c == '/';
}

/* At the last character of [:alpha:] and its kin, within a set; at @p when it is none. */
static const char *skip_class(const char *p)
{
	const char end[] = {p[1], ']', '\0'};
	const char *at = p[1] && strchr(":.=", p[1]) ? strstr(p + 2, end) : NULL;

	return at ? at + 1 : p;
}

/* Behind a set or a group; NULL: it isn't closed as far as can be seen. */
static const char *skip_bracket(const char *p)
{
	bool in_set = false;
	int depth = 0;

	for (; *p; p++) {
		if (*p == '\\' && p[1]) {
			if (p[1] == 'Q')
				return NULL;
			p++;
		} else if (in_set && *p == '[') {
			p = skip_class(p);
		} else if (in_set) {
			in_set = *p != ']';
		} else if (*p == '[') {
			/* A ] that stands first is a member. */
			in_set = true;
			p += p[1] == '^';
			p += p[1] == ']';
		} else if (*p == '(') {
			/* Options and verbs may change what follows. */
			if (p[1] == '*' || (p[1] == '?' && p[2] != ':'))
				return NULL;
			depth++;
		} else if (*p == ')') {
			depth--;
		}
		if (depth == 0 && !in_set)
			return p + 1;
	}
	return NULL;
}

/* Behind an escape that stands for a kind of character, or for a place; NULL: it may be anything else. */
static const char *skip_escape(const char *p)
{
	return strchr("dDsSwWbBAzZhHvVRn", p[1]) ? p + 2 : NULL;
}

/* Behind "{2,3}"; NULL: there is no such end. */
static const char *skip_count(const char *p)
{
	p = strchr(p, '}');
	return p ? p + 1 : NULL;
}

static void keep_longer(struct regex *r, const char *run, size_t n)
{
	if (n <= r->needle_bytes)
		return;
	r->needle_bytes = MIN(n, (size_t)NEEDLE_MAX);
	memcpy(r->needle, run, r->needle_bytes);
	r->needle[r->needle_bytes] = '\0';
}

static void find_needle(struct regex *r, const char *pattern)
{
	const char *p = pattern, *run = pattern;

	r->needle_bytes = 0;
	while (p && *p) {
		if (is_plain(*p, r->ignores_case)) {
			/* The last one may be there any number of times. */
			bool is_counted = p[1] && strchr("?*+{", p[1]);

			keep_longer(r, run, (size_t)(p + !is_counted - run));
			p++;
			if (is_counted)
				run = p;
			continue;
		}
		if (*p == '|')
			p = NULL;
		else if (*p == '[' || *p == '(')
			p = skip_bracket(p);
		else if (*p == '{')
			p = skip_count(p);
		else if (*p == '\\')
			p = p[1] ? skip_escape(p) : NULL;
		else
			p++;
		run = p;
	}
	/* One letter is in nearly every text. */
	if (!p || r->needle_bytes < 2)
		r->needle_bytes = 0;
}

static bool has_needle(const struct regex *r, const char *text, size_t length)
{
	const char first = fold_ascii(r->needle[0]);

	if (r->needle_bytes == 0)
		return true;
	if (!r->ignores_case)
		return memmem(text, length, r->needle, r->needle_bytes) != NULL;
	for (size_t i = 0; i + r->needle_bytes <= length; i++)
		if (fold_ascii(text[i]) == first &&
		    strncasecmp(text + i, r->needle, r->needle_bytes) == 0)
			return true;
	return false;
}

static int regex_compile(const char *pattern, bool ignores_case, struct regex **ret,
			 char **ret_error)
{
	/* \C would match half a character; a line's end is a line's end, as in every mail. */
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_AUTO_CALLOUT |
			   PCRE2_NEVER_BACKSLASH_C | PCRE2_MULTILINE |
			   (ignores_case ? PCRE2_CASELESS : 0);
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	struct regex *r = calloc(1, sizeof(*r));
	PCRE2_SIZE at = 0;
	int error = 0;

	if (!context || !r) {
		pcre2_compile_context_free(context);
		free(r);
		return -ENOMEM;
	}
	pcre2_set_parens_nest_limit(context, NEST_MAX);
	r->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at,
				context);
	pcre2_compile_context_free(context);
	if (!r->code) {
		regex_free(r);
		return explain(error, at, ret_error);
	}
	r->data = pcre2_match_data_create(1, NULL);
	r->context = pcre2_match_context_create(NULL);
	if (!r->data || !r->context) {
		regex_free(r);
		return -ENOMEM;
	}
	pcre2_set_heap_limit(r->context, HEAP_KIB);
	r->ignores_case = ignores_case;
	find_needle(r, pattern);
	*ret = r;
	return 0;
}

static enum regex_result regex_match(const struct regex *r, const char *text, size_t length,
				     struct regex_budget *budget)
{
	struct meter m = {.budget = budget};
	int n;

	if (budget->steps < 0)
		return REGEX_GAVE_UP;
	/* What PCRE2 does before its first callout: it looks for where a match may begin. */
	budget->steps -= 1 + (int64_t)length / 16;
	if (!has_needle(r, text, length))
		return REGEX_NO_MATCH;
	pcre2_set_callout(r->context, charge, &m);
	n = pcre2_match(r->code, (PCRE2_SPTR)text, length, 0, 0, r->data, r->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return REGEX_NO_MATCH;
	return n >= 0 ? REGEX_MATCH : REGEX_GAVE_UP;
}

const struct regex_engine *regex_pcre2(void)
{
	static const struct regex_engine engine = {regex_compile, regex_match, regex_free};

	return &engine;
}
