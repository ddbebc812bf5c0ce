#include "daemon/core/code_words.h"
#include "config/base.h"
#include "daemon/core/code_wordings.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define N_BUCKETS 256
#define MAX_WORDS 512

/* --- where words begin and end --- */

/* Han, kana and Hangul: one character is a word, or a part of one, without blanks around. */
static bool is_wide(char c)
{
	return (unsigned char)c >= 0xe3 && (unsigned char)c <= 0xed;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A byte of a letter of the other scripts. */
static bool is_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       ((unsigned char)c >= 0x80 && !is_wide(c));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '-' || c == '_' || c == '\'' || c == '"' || c == '/' ||
	       c == '.';
}

/* Does @text, up to @n, end with a wide character? */
static bool ends_wide(const char *text, size_t n)
{
	while (n > 1 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	return n > 0 && is_wide(text[n - 1]);
}

/* How many bytes at @text, of @length, are @wording. 0: they are another one. */
static size_t wording_bytes(const char *wording, const char *text, size_t length)
{
	size_t n = 0;
	char last = '\0';

	for (; *wording; wording++) {
		size_t before = n;

		last = *wording;
		if (last == '*') {
			while (n < length && is_letter(text[n]))
				n++;
		} else if (last == ' ' || last == '~') {
			while (n < length && n < before + 2 && is_blank(text[n]))
				n++;
			if (n == before && last == ' ')
				return 0;
		} else if (n < length && lower(text[n]) == last) {
			n++;
		} else {
			return 0;
		}
	}
	if (last != '*' && n < length && is_letter(text[n]) && !ends_wide(text, n))
		return 0;
	return n;
}

/* --- the table, by the first two bytes of a wording --- */

/* Room for each wording; their number is checked when the index is made. */
#define WORDINGS_MAX 4096

struct entry {
	const char *wording;
	uint8_t kind;
	bool is_end; /* the end of a word: "-code" */
};

struct index {
	uint16_t
		first[N_BUCKETS + 1]; /* of each bucket, in entries; the next one's first ends it */
	struct entry entries[WORDINGS_MAX];
	bool is_made;
};

static uint8_t bucket(const char *two)
{
	return (uint8_t)((unsigned char)lower(two[0]) * 7 + (unsigned char)lower(two[1]));
}

static uint8_t bucket_of(const char *wording)
{
	return *wording == '-' ? bucket(wording + strlen(wording) - 2) : bucket(wording);
}

/* In each bucket they are in the order of the table. */
static void make_index(struct index *x)
{
	uint16_t next[N_BUCKETS] = {0};
	uint16_t at = 0;

	for (size_t i = 0; i < n_code_wordings; i++)
		for (const char *const *s = code_wordings[i].words; *s; s++)
			next[bucket_of(*s)]++;
	for (size_t b = 0; b < N_BUCKETS; b++) {
		uint16_t n = next[b];

		x->first[b] = next[b] = at;
		at = (uint16_t)(at + n);
	}
	x->first[N_BUCKETS] = at;
	assert(at <= WORDINGS_MAX);
	for (size_t i = 0; i < n_code_wordings; i++) {
		for (const char *const *s = code_wordings[i].words; *s; s++) {
			bool is_end = **s == '-';

			x->entries[next[bucket_of(*s)]++] = (struct entry){
				.wording = *s + is_end,
				.kind = (uint8_t)code_wordings[i].kind,
				.is_end = is_end,
			};
		}
	}
	x->is_made = true;
}

/* Of constant data, so it is made once: to walk along the table for each text would take ten times as long. */
static const struct index *get_index(void)
{
	static struct index x;

	if (!x.is_made)
		make_index(&x);
	return &x;
}

/* --- the words of a text --- */

struct word {
	uint16_t start, end;
	uint16_t length;      /* of the longest wording that begins here; 0: none does */
	uint16_t tail_length; /* of the longest that ends the word */
	uint8_t kind, tail_kind;
};

static void match_start(struct word *word, const char *text, size_t length, const struct entry *e)
{
	size_t n = wording_bytes(e->wording, text + word->start, length - word->start);

	if (n > word->length) {
		word->length = (uint16_t)n;
		word->kind = e->kind;
	}
}

/* A noun that others are joined with: there is something before it. */
static void match_end(struct word *word, const char *text, const struct entry *e)
{
	size_t n = strlen(e->wording);

	if (word->start + n < word->end && n > word->tail_length &&
	    wording_bytes(e->wording, text + word->end - n, n) == n) {
		word->tail_length = (uint16_t)n;
		word->tail_kind = e->kind;
	}
}

static struct word match_word(const struct index *x, const char *text, size_t length, size_t start,
			      size_t end)
{
	struct word word = {.start = (uint16_t)start, .end = (uint16_t)end};
	uint8_t b = bucket(text + start);

	for (size_t i = x->first[b]; i < x->first[b + 1]; i++) {
		if (!x->entries[i].is_end)
			match_start(&word, text, length, &x->entries[i]);
	}
	if (end - start < 2)
		return word;
	b = bucket(text + end - 2);
	for (size_t i = x->first[b]; i < x->first[b + 1]; i++) {
		if (x->entries[i].is_end)
			match_end(&word, text, &x->entries[i]);
	}
	return word;
}

/* The next word from @at on. Return: where it ends; 0 when there is none. */
static size_t next_word(const char *text, size_t length, size_t at, size_t *ret_start)
{
	for (; at < length; at++) {
		*ret_start = at;
		if (is_wide(text[at]))
			return MIN(at + 3, length);
		while (at < length && (is_letter(text[at]) || is_digit(text[at])))
			at++;
		if (at > *ret_start)
			return at;
	}
	return 0;
}

/* "Rabattcode" is about a discount; "Bestätigungscode" is about signing in, and is a code. */
static bool may_have_tail(const struct word *word)
{
	return word->tail_length > 0 &&
	       (word->length == 0 || word->kind == CODE_WORD_SIGN || word->kind == CODE_WORD_CARE);
}

size_t code_words_find(const char *text, size_t length, struct code_word *ret, size_t max)
{
	const struct index *x = get_index();
	size_t n = 0, done = 0, n_words = 0, start = 0, end = 0;

	while (n + 2 <= max && n_words++ < MAX_WORDS &&
	       (end = next_word(text, length, end, &start)) > 0) {
		struct word word;

		if (start < done)
			continue;
		word = match_word(x, text, length, start, end);
		if (word.length > 0) {
			done = start + word.length;
			ret[n++] = (struct code_word){word.kind, word.start, (uint16_t)done};
		}
		if (may_have_tail(&word))
			ret[n++] = (struct code_word){
				word.tail_kind,
				(uint16_t)(word.end - word.tail_length),
				word.end,
			};
	}
	return n;
}
