#include "config/fold.h"

#include "config/utf8.h"

/* Bytes that aren't UTF-8 are no character; each is one of its own up here. */
#define FOLD_BYTES 0x110000U

/* Where capital and small letter lie side by side, the even one is the capital, or the odd one is. */
static const struct {
	uint32_t first, last;
	uint32_t step; /* from the capital to the small letter; 1: side by side */
} ranges[] = {
	{'A', 'Z', 32},     {0xc0, 0xd6, 32},   /* Latin-1 */
	{0xd8, 0xde, 32},   {0x100, 0x12f, 1},  /* Latin Extended-A: capitals are even, */
	{0x132, 0x137, 1},  {0x139, 0x148, 1},  /* here odd, */
	{0x14a, 0x177, 1},                      /* and even again */
	{0x179, 0x17e, 1},  {0x391, 0x3a1, 32}, /* Greek */
	{0x3a3, 0x3ab, 32}, {0x400, 0x40f, 80}, /* Cyrillic */
	{0x410, 0x42f, 32}, {0x460, 0x481, 1},  {0x48a, 0x4bf, 1}, {0x4d0, 0x52f, 1},
};

uint32_t fold_char(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	/* Above the last range there is nothing to do; most of a text in other scripts is there. */
	if (c > 0x52f)
		return c;
	for (size_t i = 1; i < ARRAY_SIZE(ranges); i++) {
		if (c < ranges[i].first || c > ranges[i].last)
			continue;
		if (ranges[i].step > 1)
			return c + ranges[i].step;
		return (c - ranges[i].first) % 2 == 0 ? c + 1 : c;
	}
	return c;
}

size_t fold_next(const char *s, const char *end, uint32_t *ret)
{
	uint32_t c;
	size_t n = utf8_decode(s, (size_t)(end - s), &c);

	if (n == 0) {
		*ret = FOLD_BYTES + (unsigned char)*s;
		return 1;
	}
	*ret = fold_char(c);
	return n;
}
