#include "daemon/core/code_words.h"
#include "config/base.h"
#include "daemon/core/code_wordings.h"

#include <stdbool.h>
#include <string.h>

#define N_BUCKETS 256
#define MAX_WORDS 512
#define NO_WORD UINT16_MAX

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

/* --- the words of a text --- */

struct word {
	uint16_t start, end;
	uint16_t next;        /* in the same bucket by its beginning */
	uint16_t next_by_end; /* in the same bucket by its end */
	uint16_t length;      /* of the longest wording that begins here; 0: none does */
	uint16_t tail_length; /* of the longest that ends the word */
	uint8_t kind, tail_kind;
};

struct words {
	uint16_t by_start[N_BUCKETS], by_end[N_BUCKETS];
	struct word words[MAX_WORDS];
	size_t n_words;
};

static uint8_t bucket(const char *two)
{
	return (uint8_t)((unsigned char)lower(two[0]) * 7 + (unsigned char)lower(two[1]));
}

static void add_word(struct words *w, const char *text, size_t start, size_t end)
{
	struct word *word = &w->words[w->n_words];
	uint16_t *head;

	*word = (struct word){.start = (uint16_t)start, .end = (uint16_t)end};
	head = &w->by_start[bucket(text + start)];
	word->next = *head;
	*head = (uint16_t)w->n_words;
	if (end - start >= 2) {
		head = &w->by_end[bucket(text + end - 2)];
		word->next_by_end = *head;
		*head = (uint16_t)w->n_words;
	}
	w->n_words++;
}

static void split(struct words *w, const char *text, size_t length)
{
	size_t i = 0;

	memset(w->by_start, 0xff, sizeof(w->by_start));
	memset(w->by_end, 0xff, sizeof(w->by_end));
	w->n_words = 0;
	while (i < length && w->n_words < MAX_WORDS) {
		size_t start = i;

		if (is_wide(text[i]))
			i = MIN(i + 3, length);
		else
			while (i < length && (is_letter(text[i]) || is_digit(text[i])))
				i++;
		if (i > start)
			add_word(w, text, start, i);
		else
			i++;
	}
}

static void match_start(struct words *w, const char *text, size_t length, const char *wording,
			enum code_word_kind kind)
{
	uint16_t i;

	for (i = w->by_start[bucket(wording)]; i != NO_WORD; i = w->words[i].next) {
		struct word *word = &w->words[i];
		size_t n = wording_bytes(wording, text + word->start, length - word->start);

		if (n > word->length) {
			word->length = (uint16_t)n;
			word->kind = (uint8_t)kind;
		}
	}
}

/* A noun that others are joined with: there is something before it. */
static void match_end(struct words *w, const char *text, const char *wording,
		      enum code_word_kind kind)
{
	size_t n = strlen(wording);
	uint16_t i;

	for (i = w->by_end[bucket(wording + n - 2)]; i != NO_WORD; i = w->words[i].next_by_end) {
		struct word *word = &w->words[i];

		if (word->start + n < word->end && n > word->tail_length &&
		    wording_bytes(wording, text + word->end - n, n) == n) {
			word->tail_length = (uint16_t)n;
			word->tail_kind = (uint8_t)kind;
		}
	}
}

/* "Rabattcode" is about a discount; "Bestätigungscode" is about signing in, and is a code. */
static bool may_have_tail(const struct word *word)
{
	return word->tail_length > 0 &&
	       (word->length == 0 || word->kind == CODE_WORD_SIGN || word->kind == CODE_WORD_CARE);
}

size_t code_words_find(const char *text, size_t length, struct code_word *ret, size_t max)
{
	struct words w;
	size_t n = 0, done = 0;

	split(&w, text, length);
	for (size_t i = 0; i < n_code_wordings; i++)
		for (const char *const *s = code_wordings[i].words; *s; s++)
			if (**s == '-')
				match_end(&w, text, *s + 1, code_wordings[i].kind);
			else
				match_start(&w, text, length, *s, code_wordings[i].kind);
	for (size_t i = 0; i < w.n_words && n + 2 <= max; i++) {
		const struct word *word = &w.words[i];

		if (word->start < done)
			continue;
		if (word->length > 0) {
			done = word->start + word->length;
			ret[n++] = (struct code_word){word->kind, word->start, (uint16_t)done};
		}
		if (may_have_tail(word))
			ret[n++] = (struct code_word){
				word->tail_kind,
				(uint16_t)(word->end - word->tail_length),
				word->end,
			};
	}
	return n;
}
