/*
 * regex_pcre2: regular expressions by PCRE2, the only file that knows it.
 *
 * PCRE2's own limit counts anew at each place at which a match may begin, so the work could still grow with the
 * text. A callout before each item of the pattern charges one step, and as many as the item before it has run
 * along the text: that is a bound for everything together, and the same on every machine.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config/regex.h"
#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

/* What may be on PCRE2's heap for the ways back of one match, in KiB. */
#define HEAP_KIB 1024
/* Of an expression in one line of lull.conf, far from any of use. */
#define NEST_MAX 50

struct regex {
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
