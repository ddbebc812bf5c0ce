/*
 * code_wordings: how services word it that a number is a one-time code, and that it is another one.
 *
 * Pure data, by language. They are in lower case and as plain_text() writes them, without accents. Each is whole
 * words, except in scripts that have no blanks between words. A blank is a blank, a hyphen or the like, ~ is one
 * or none, * is the rest of the word. A - before one means the end of a word, for languages that join nouns. The
 * first two bytes, and of an end the last two, are meant as they are written.
 */
#pragma once
#include "daemon/core/code_words.h"

struct code_wordings {
	enum code_word_kind kind;
	const char *const *words; /* up to NULL */
};

extern const struct code_wordings code_wordings[];
extern const size_t n_code_wordings;
