#include "daemon/core/plain.h"
#include "config/base.h"
#include "config/utf8.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define TAG_BYTES 256 /* a longer one is text */
#define ENTITY_BYTES 10

/* Sorted. What they become: 0 is nothing. With `counts`, the next one becomes the next one. */
static const struct {
	uint32_t first, last;
	char becomes;
	bool counts;
} marks[] = {
	{0x80, 0xa1, ' ', false},
	{0xa2, 0xa5, '$', false},
	{0xa6, 0xa9, ' ', false},
	{0xaa, 0xaa, 'a', false},
	{0xab, 0xab, '"', false},
	{0xac, 0xac, ' ', false},
	{0xad, 0xad, 0, false}, /* soft hyphen */
	{0xae, 0xaf, ' ', false},
	{0xb0, 0xb0, '%', false},
	{0xb1, 0xb6, ' ', false},
	{0xb7, 0xb7, '*', false},
	{0xb8, 0xb9, ' ', false},
	{0xba, 0xba, 'o', false},
	{0xbb, 0xbb, '"', false},
	{0xbc, 0xbf, ' ', false},
	{0x1a0, 0x1a1, 'o', false},
	{0x1af, 0x1b0, 'u', false},
	{0x218, 0x219, 's', false},
	{0x21a, 0x21b, 't', false},
	{0x300, 0x36f, 0, false}, /* combining accents */
	{0x60c, 0x60c, ',', false},
	{0x61b, 0x61b, ';', false},
	{0x61f, 0x61f, '?', false},
	{0x640, 0x640, 0, false}, /* tatweel */
	{0x64b, 0x652, 0, false}, /* vowel signs */
	{0x660, 0x669, '0', true},
	{0x66a, 0x66a, '%', false},
	{0x66b, 0x66c, ',', false},
	{0x6d4, 0x6d4, '.', false},
	{0x6f0, 0x6f9, '0', true},
	{0x93c, 0x93c, 0, false}, /* nukta */
	{0x964, 0x965, '.', false},
	{0x966, 0x96f, '0', true},
	{0x9e6, 0x9ef, '0', true},
	{0xe50, 0xe59, '0', true},
	{0x1ea0, 0x1eb7, 'a', false},
	{0x1eb8, 0x1ec7, 'e', false},
	{0x1ec8, 0x1ecb, 'i', false},
	{0x1ecc, 0x1ee3, 'o', false},
	{0x1ee4, 0x1ef1, 'u', false},
	{0x1ef2, 0x1ef9, 'y', false},
	{0x2000, 0x200a, ' ', false},
	{0x200b, 0x200f, 0, false},
	{0x2010, 0x2015, '-', false},
	{0x2016, 0x2017, ' ', false},
	{0x2018, 0x201b, '\'', false},
	{0x201c, 0x201f, '"', false},
	{0x2020, 0x2021, ' ', false},
	{0x2022, 0x2027, '*', false},
	{0x2028, 0x2029, '\n', false},
	{0x202a, 0x202e, 0, false},
	{0x202f, 0x202f, ' ', false},
	{0x2030, 0x2034, '%', false},
	{0x2035, 0x205f, ' ', false},
	{0x2060, 0x206f, 0, false},
	{0x20a0, 0x20cf, '$', false},
	{0x20d0, 0x20ff, 0, false},
	{0x2100, 0x2102, ' ', false},
	{0x2103, 0x2103, '%', false},
	{0x2104, 0x2115, ' ', false},
	{0x2116, 0x2116, '#', false},
	{0x2117, 0x2211, ' ', false},
	{0x2212, 0x2212, '-', false},
	{0x2213, 0x25cb, ' ', false},
	{0x25cc, 0x25cf, '*', false},
	{0x25d0, 0x2bff, ' ', false},
	{0x3000, 0x3000, ' ', false},
	{0x3001, 0x3001, '|', false},
	/* a comma between words, not in a number */ {0x3002, 0x3002, '.', false},
	{0x3003, 0x3007, ' ', false},
	{0x3008, 0x3011, '"', false},
	{0x3012, 0x3013, ' ', false},
	{0x3014, 0x301b, '"', false},
	{0x301c, 0x301c, '-', false},
	{0x301d, 0x303f, ' ', false},
	{0x30fb, 0x30fb, ' ', false},
	{0xe000, 0xf8ff, ' ', false},
	{0xfe00, 0xfe0f, 0, false}, /* variation selectors */
	{0xfeff, 0xfeff, 0, false},
	{0xff01, 0xff0b, '!', true}, /* full width */
	{0xff0c, 0xff0c, '|', false},
	{0xff0d, 0xff5e, '-', true},
	{0xff61, 0xff65, '.', false},
	{0xffe0, 0xffe6, '$', false},
	{0xfff0, 0xffff, ' ', false},
	{0x1f000, 0x1faff, ' ', false},
	{0xe0000, 0x10ffff, 0, false},
};

/* From U+00C0 and from U+0100. */
static const char latin[] = "aaaaaaaceeeeiiiidnoooooxouuuuyts"
			    "aaaaaaaceeeeiiiidnooooo ouuuuyty"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhh"
			    "iiiiiiiiiiiijjkkkllllllllllnnnnnnnnn"
			    "oooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* Of several letters that are written for one another, one; and the lower case of Greek and Cyrillic. */
static uint32_t fold_letter(uint32_t c)
{
	if (c >= 0xc0 && c <= 0x17f)
		return (unsigned char)latin[c - 0xc0];
	if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		c += 0x20;
	else if (c >= 0x400 && c <= 0x40f)
		c += 0x50;
	switch (c) {
	case 0x386:
	case 0x3ac: return 0x3b1;
	case 0x388:
	case 0x3ad: return 0x3b5;
	case 0x389:
	case 0x3ae: return 0x3b7;
	case 0x38a:
	case 0x3af: return 0x3b9;
	case 0x38c:
	case 0x3cc: return 0x3bf;
	case 0x38e:
	case 0x3cd: return 0x3c5;
	case 0x38f:
	case 0x3ce: return 0x3c9;
	case 0x3c2: return 0x3c3;
	case 0x451: return 0x435;
	case 0x490:
	case 0x491: return 0x433;
	case 0x622:
	case 0x623:
	case 0x625: return 0x627;
	case 0x629: return 0x647;
	case 0x649: return 0x64a;
	default: return c;
	}
}

/* One that isn't ASCII, as it is written in plain text. 0: not at all. */
static uint32_t plain_character(uint32_t c)
{
	size_t low = 0, high = ARRAY_SIZE(marks);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c > marks[middle].last)
			low = middle + 1;
		else if (c < marks[middle].first)
			high = middle;
		else
			return (unsigned char)marks[middle].becomes +
			       (marks[middle].counts ? c - marks[middle].first : 0);
	}
	return fold_letter(c);
}

static size_t write_character(char *ret, uint32_t c)
{
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (char)(0xe0 | c >> 12);
		ret[1] = (char)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | c >> 18);
	ret[1] = (char)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool is_ascii_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Tags that stand within a line. Any other one begins a new line. */
static bool is_inline(const char *name, size_t length)
{
	static const char *const names[] = {"a",  "b",   "i",    "u",    "s",      "em",
					    "tt", "img", "span", "font", "strong", "code"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* How many bytes at @s, which is a '<', are a tag. 0: none is. */
static size_t tag_bytes(const char *s, size_t length, bool *ret_is_inline)
{
	size_t name = length > 1 && s[1] == '/' ? 2 : 1, n = name;
	const char *end;

	if (name >= length || !is_ascii_letter(s[name]))
		return 0;
	while (n < length && is_ascii_letter(s[n]))
		n++;
	*ret_is_inline = is_inline(s + name, n - name);
	end = memchr(s + n, '>', MIN(length, TAG_BYTES) - MIN(n, TAG_BYTES));
	return end ? (size_t)(end - s) + 1 : 0;
}

/* "#8203;" and "#x200b;", after the '&'. */
static size_t number_entity(const char *s, size_t length, uint32_t *ret)
{
	bool is_hex = length > 1 && (s[1] | 0x20) == 'x';
	size_t begin = is_hex ? 2 : 1, i = begin;
	uint32_t c = 0;

	for (; i < length && i < ENTITY_BYTES; i++) {
		char d = s[i];

		if (d >= '0' && d <= '9')
			c = c * (is_hex ? 16 : 10) + (uint32_t)(d - '0');
		else if (is_hex && (d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			c = c * 16 + (uint32_t)((d | 0x20) - 'a' + 10);
		else
			break;
		c = MIN(c, 0x10ffffU);
	}
	if (i == begin || i >= length || s[i] != ';')
		return 0;
	*ret = c >= ' ' ? c : ' ';
	return i + 1;
}

/* How many bytes at @s, which is an '&', are an entity. 0: none is. */
static size_t entity_bytes(const char *s, size_t length, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t character;
	} entities[] = {
		{"amp;", '&'},   {"lt;", '<'},      {"gt;", '>'},       {"quot;", '"'},
		{"apos;", '\''}, {"nbsp;", 0xa0},   {"ndash;", 0x2013}, {"mdash;", 0x2014},
		{"shy;", 0xad},  {"zwnj;", 0x200c},
	};
	size_t n;

	s++;
	length--;
	if (length > 0 && s[0] == '#') {
		n = number_entity(s, length, ret);
		return n > 0 ? n + 1 : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		n = strlen(entities[i].name);
		if (n <= length && memcmp(s, entities[i].name, n) == 0) {
			*ret = entities[i].character;
			return n + 1;
		}
	}
	return 0;
}

size_t plain_text(const char *s, size_t max, char *ret, bool *ret_is_cut)
{
	size_t length = strnlen(s, max), i = 0, n = 0;

	*ret_is_cut = length == max && s[max] != '\0';
	while (i < length) {
		bool is_inline_tag = false;
		size_t bytes = 0;
		uint32_t c = ' ';

		if (s[i] == '<') {
			bytes = tag_bytes(s + i, length - i, &is_inline_tag);
			c = is_inline_tag ? 0 : '\n';
		} else if (s[i] == '&') {
			bytes = entity_bytes(s + i, length - i, &c);
		}
		if (bytes == 0)
			bytes = utf8_decode(s + i, length - i, &c);
		/* What isn't UTF-8 parts words. */
		if (bytes == 0) {
			c = ' ';
			bytes = 1;
		}
		i += bytes;
		if (c >= 0x80)
			c = plain_character(c);
		if (c == '\0')
			continue;
		if (c == 0x7f || (c < ' ' && c != '\n'))
			c = ' ';
		/* One blank, and one end of a line, is enough. */
		if ((c == ' ' || c == '\n') && (n == 0 || ret[n - 1] == '\n'))
			continue;
		if (c == ' ' && ret[n - 1] == ' ')
			continue;
		if (c == '\n' && ret[n - 1] == ' ')
			n--;
		n += write_character(ret + n, c);
	}
	while (n > 0 && (ret[n - 1] == ' ' || ret[n - 1] == '\n'))
		n--;
	ret[n] = '\0';
	return n;
}
