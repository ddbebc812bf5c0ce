/*
 * text: strings that grow, UTF-8 that is cut without harm, markup that is escaped.
 *
 * Pure. A text that ran out of memory stays so until text_done(): check once, at the end.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* NUL-terminated once something was added */
	size_t length;
	size_t capacity;
	bool is_broken; /* out of memory: what was added since is missing */
};

/** text_done() - free what it holds */
void text_done(struct text *t);

/** text_take() - give the string away; the caller frees it. Return: NULL when out of memory. */
char *text_take(struct text *t);

void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *s, size_t length);
void text_addf(struct text *t, const char *fmt, ...) LULL_PRINTF(2, 3);

/**
 * text_add_cut() - add at most @max bytes of @s
 *
 * Cut on a code point, with an ellipsis; control characters, line separators and bidirectional controls
 * become one space each, so that it stays on its line.
 */
void text_add_cut(struct text *t, const char *s, size_t max);

/**
 * text_add_markup() - like text_add_cut(), with < > & " escaped
 *
 * For bodies where the display has `body-markup` (Desktop Notifications Specification, "Markup").
 */
void text_add_markup(struct text *t, const char *s, size_t max);

/**
 * utf8_cut() - how many bytes of @s may be kept so that they are at most @max and end on a code point
 *
 * @s must be valid UTF-8; with other bytes the result is still in range.
 */
size_t utf8_cut(const char *s, size_t length, size_t max);
