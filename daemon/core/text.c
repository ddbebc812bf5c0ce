#include "daemon/core/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void text_done(struct text *t)
{
	free(t->bytes);
	*t = (struct text){0};
}

char *text_take(struct text *t)
{
	char *bytes;

	text_add_bytes(t, "", 0);
	if (t->is_broken) {
		text_done(t);
		return NULL;
	}
	bytes = t->bytes;
	*t = (struct text){0};
	return bytes;
}

/* Make room for @more bytes and the NUL. */
static bool text_grow(struct text *t, size_t more)
{
	size_t capacity = MAX(t->capacity, 64);
	char *bytes = NULL;

	if (t->is_broken)
		return false;
	if (more < t->capacity - t->length)
		return true;
	while (capacity - t->length <= more && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	if (capacity - t->length > more)
		bytes = realloc(t->bytes, capacity);
	if (!bytes) {
		t->is_broken = true;
		return false;
	}
	t->bytes = bytes;
	t->capacity = capacity;
	return true;
}

void text_add_bytes(struct text *t, const char *s, size_t length)
{
	if (!text_grow(t, length))
		return;
	memcpy(t->bytes + t->length, s, length);
	t->length += length;
	t->bytes[t->length] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !text_grow(t, (size_t)n)) {
		t->is_broken = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(t->bytes + t->length, (size_t)n + 1, fmt, args);
	va_end(args);
	t->length += (size_t)n;
}

size_t utf8_cut(const char *s, size_t length, size_t max)
{
	if (length <= max)
		return length;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/*
 * How many bytes at @s are a character that breaks lines or turns text around: C0, DEL, C1, the line and
 * paragraph separators, the bidirectional controls. 0: it is none of them.
 */
static size_t unruly_bytes(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	if (c[0] < ' ' || c[0] == 0x7f)
		return 1;
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
		return 2;
	if (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae)
		return 3;
	if (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)
		return 3;
	return 0;
}

static void add_line(struct text *t, const char *s, size_t max, bool is_markup)
{
	size_t length = strlen(s);
	size_t kept = utf8_cut(s, length, max);
	size_t i, unruly;

	for (i = 0; i < kept; i++) {
		char c = s[i];

		unruly = unruly_bytes(s + i);
		if (unruly > 0) {
			text_add(t, " ");
			i += unruly - 1;
		} else if (is_markup && c == '<') {
			text_add(t, "&lt;");
		} else if (is_markup && c == '>') {
			text_add(t, "&gt;");
		} else if (is_markup && c == '&') {
			text_add(t, "&amp;");
		} else if (is_markup && c == '"') {
			text_add(t, "&quot;");
		} else {
			text_add_bytes(t, s + i, 1);
		}
	}
	if (kept < length)
		text_add(t, "…");
}

void text_add_cut(struct text *t, const char *s, size_t max)
{
	add_line(t, s, max, false);
}

void text_add_markup(struct text *t, const char *s, size_t max)
{
	add_line(t, s, max, true);
}
