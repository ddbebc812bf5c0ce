/*
 * plain: what a text says, in letters that can be compared.
 *
 * Pure. Markup, entities, accents and invisible characters are gone; Greek and Cyrillic are lower case; digits,
 * blanks and marks of every script are ASCII's. Only the case of ASCII letters stays as it was.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/**
 * plain_text() - the plain text of the first @max bytes of @s, which may be any bytes
 * @ret: at least @max + 1 bytes; gets a NUL
 * @ret_is_cut: whether @s is longer than @max
 *
 * What is not ASCII in @ret is a letter: marks have become ASCII or a blank. Takes time in proportion to @max.
 *
 * Return: its length, at most @max.
 */
size_t plain_text(const char *s, size_t max, char *ret, bool *ret_is_cut);
