/*
 * pattern: what a text may look like, as people write it in lull.conf.
 *
 * Pure, but for the engine of regular expressions that it is given. A list has globs and regular expressions,
 * separated by commas; a ! before one turns it around:
 *
 *   Slack, Teams*        one of them
 *   !Slack               anything else
 *   *@work.example, !boss@*   one of the first, and none of the others
 *   /build \d+ failed/i  found anywhere in the text; i: case doesn't matter
 *   "Hello, world"       as it stands between the quotes, with its comma; * and ? are still wild
 *
 * A glob is about the whole text; * is any number of characters, ? is one, [a-z] is one of these, a \ takes the
 * next character as it is. Case doesn't matter in globs, as far as the letters are those of Latin, Greek or
 * Cyrillic. An empty text is matched by "" and by *.
 */
#pragma once
#include "config/regex.h"

/** How much of a text is looked at, in bytes. */
#define PATTERN_TEXT_MAX 4096

/** What the patterns of one field of a rule may cost together; see struct regex_budget. */
#define PATTERN_BUDGET INT64_C(200000)

struct pattern {
	bool is_negated;
	char *glob; /* as it was written; NULL: a regular expression */
	bool is_literal;
	char first; /* an ASCII letter, folded, that a text must begin with; 0: not known */
	struct regex *regex;
};

/** A text that patterns are asked about, looked at once for all of them. Borrowed. */
struct pattern_text {
	const char *text;
	size_t length; /* what of it counts: PATTERN_TEXT_MAX at most */
	char first;    /* its first letter, folded; 0: it isn't ASCII, or there is none */
};

/** pattern_text_of() - prepare a text */
struct pattern_text pattern_text_of(const char *text);

struct patterns {
	char *source; /* as it was written; NULL: there are none, and nothing is asked for */
	struct pattern *items;
	size_t n_items;
	const struct regex_engine *engine;
};

/**
 * patterns_parse() - read a list
 * @engine: borrowed; NULL: regular expressions are a mistake
 * @ret: release with patterns_done()
 * @ret_error: on -EINVAL, what is wrong in words, to stand behind "expected "; the caller frees it
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
LULL_MUSTCHECK int patterns_parse(const char *text, const struct regex_engine *engine,
				  struct patterns *ret, char **ret_error);

/** patterns_done() - one that is zero is fine */
void patterns_done(struct patterns *p);

/** patterns_match() - does @text look like one of them? */
enum regex_result patterns_match(const struct patterns *p, const struct pattern_text *text,
				 struct regex_budget *budget);

/**
 * patterns_cover() - does @wide match whatever @narrow matches, as far as can be told?
 *
 * Return: false also when it isn't known.
 */
bool patterns_cover(const struct patterns *wide, const struct patterns *narrow);
