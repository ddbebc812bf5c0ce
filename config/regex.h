/*
 * regex: regular expressions, as a seam: what reads and matches them is somebody else's library.
 *
 * The settings hold what was compiled, and the core matches it through this without knowing a library.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a match has looked at is charged here; below 0: there is nothing left, and it gives up. */
struct regex_budget {
	int64_t steps;
};

enum regex_result {
	REGEX_NO_MATCH = 0,
	REGEX_MATCH,
	REGEX_GAVE_UP, /* the budget is used up, or there was no memory */
};

struct regex;

struct regex_engine {
	/*
	 * Compile @pattern, a NUL-terminated text in UTF-8. Return: 0, -EINVAL with one line in @ret_error that
	 * the caller frees, or -ENOMEM.
	 */
	int (*compile)(const char *pattern, bool ignores_case, struct regex **ret,
		       char **ret_error);
	/* Is it anywhere in @text? Any bytes will do. */
	enum regex_result (*match)(const struct regex *r, const char *text, size_t length,
				   struct regex_budget *budget);
	/* NULL is fine. */
	void (*free)(struct regex *r);
};

/** regex_pcre2() - PCRE2's, with a bound on the work of a match that no pattern and no text can get around */
const struct regex_engine *regex_pcre2(void);
