/*
 * code_forms: what in a text has the form of a one-time code.
 *
 * Pure. Of 4 to 8 digits or letters, in one or in equal groups, and not a price, a part of an address or of a
 * longer number.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum code_form {
	CODE_DIGITS,   /* 482913, 482-913, 12 34 56 */
	CODE_DATE,     /* digits that may as well be a year or a date */
	CODE_PREFIXED, /* G-482913 */
	CODE_LABELLED, /* ABC-4829: an issue has this form, too */
	CODE_MIXED,    /* A1B2C3, X7K-9QP */
	CODE_LOWER,    /* d8fk3a2b: a hash has this form, too */
	CODE_LETTERS,  /* QXF-TKB */
};

struct code {
	enum code_form form;
	uint16_t start, end; /* bytes in the text */
};

/**
 * code_forms_maybe() - may there be one in the first @max bytes of @s?
 *
 * Cheap, for any bytes: most notifications have nothing of the form. True for all that have, and for some more.
 */
bool code_forms_maybe(const char *s, size_t max);

/**
 * code_forms_find() - what has the form of a code in @text, in order
 * @text: from plain_text(); less than 64 KiB
 *
 * Return: how many there are, at most @max.
 */
size_t code_forms_find(const char *text, size_t length, struct code *ret, size_t max);
