/*
 * hash: FNV-1a, 64 bits (Fowler, Noll, Vo): to tell texts apart where two that collide harm nobody.
 */
#pragma once
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

/** hash_text() - @h, or HASH_START, with one more text, its NUL included: "a", "bc" isn't "ab", "c" */
static inline uint64_t hash_text(uint64_t h, const char *text)
{
	do {
		h ^= (unsigned char)*text;
		h *= UINT64_C(1099511628211);
	} while (*text++);
	return h;
}
