/*
 * fold: letters, without their case.
 *
 * Pure. Enough for what people write in rules and what applications call themselves: Latin, Greek and Cyrillic
 * letters that have one capital each. It isn't Unicode's case folding.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>
#include <stdint.h>

/**
 * fold_next() - the first character of a text, folded
 * @end: behind the text
 * @ret: what isn't UTF-8 is taken byte by byte, as characters above all others
 *
 * Return: how many bytes it has, 1 to 4; @s must be before @end.
 */
size_t fold_next(const char *s, const char *end, uint32_t *ret);

/** fold_ascii() - a byte; one that isn't ASCII stays as it is */
static inline char fold_ascii(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/** fold_char() - a character without its case */
uint32_t fold_char(uint32_t c);
