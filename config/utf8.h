/*
 * utf8: code points of a text whose bytes may be anything.
 *
 * Pure.
 */
#pragma once
#include "config/base.h"
#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode() - the code point at @s
 * @len: bytes up to the end of the text, at least 1
 *
 * Return: how many bytes it has, 1 to 4; 0 when they aren't valid UTF-8 (too long a form, a surrogate, cut short): then
 * @ret isn't written.
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret);
