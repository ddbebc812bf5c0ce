/*
 * code_words: the wordings that tell a one-time code from other numbers, in many languages.
 *
 * Pure. The wordings are a table; to know one more is to add it there.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum code_word_kind {
	CODE_WORD_NONE, /* looks like one of the others, and means nothing */
	CODE_WORD_CODE, /* names a one-time code by itself: "one-time password" */
	CODE_WORD_NOUN, /* may name one: "code" */
	CODE_WORD_SIGN, /* is about signing in: "verification" */
	CODE_WORD_CARE, /* is said along with one, and of other things: "security", "do not share" */
	CODE_WORD_WARN,  /* says not to give it away: "never share" */
	CODE_WORD_YOUR,  /* "your" */
	CODE_WORD_USE,   /* "use": also of discounts */
	CODE_WORD_ENTER, /* "enter" */
	CODE_WORD_OTHER, /* names another number: "order" */
	CODE_WORD_MONEY, /* the number before or after it is an amount: "EUR" */
	CODE_WORD_UNIT,  /* the number before it is a quantity: "minutes" */
	CODE_WORD_SPOIL, /* codes in such a text are of another kind: "discount", "meeting" */
	CODE_WORD_SPENT, /* the code is of no use any more: "has expired" */
};

struct code_word {
	enum code_word_kind kind;
	uint16_t start, end; /* bytes in the text */
};

/**
 * code_words_find() - the wordings in @text, in the order in which they begin
 * @text: from plain_text(); at most 64 KiB
 *
 * Of several at one place the longest counts. Looks at each word once; stops when @ret is full.
 *
 * Return: how many there are, at most @max.
 */
size_t code_words_find(const char *text, size_t length, struct code_word *ret, size_t max);
