#include "config/duration.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum unit { UNIT_DAY, UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND };

/* Largest first: a text names units in this order, each once. */
static const struct {
	int64_t us;
	const char *label;
} units[] = {
	[UNIT_DAY] = {INT64_C(24) * 3600 * USEC_PER_SEC, "d"},
	[UNIT_HOUR] = {INT64_C(3600) * USEC_PER_SEC, "h"},
	[UNIT_MINUTE] = {INT64_C(60) * USEC_PER_SEC, "min"},
	[UNIT_SECOND] = {USEC_PER_SEC, "s"},
};

static const struct {
	const char *name;
	enum unit unit;
} unit_names[] = {
	{"d", UNIT_DAY},      {"h", UNIT_HOUR},   {"m", UNIT_MINUTE},
	{"min", UNIT_MINUTE}, {"s", UNIT_SECOND},
};

/* ASCII on purpose: what is a digit or a letter must not depend on the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* Reads digits; anything above the longest duration counts as one more than that. */
static const char *read_number(const char *p, int64_t *ret)
{
	int64_t n = 0;

	for (; is_digit(*p); p++)
		n = MIN(n * 10 + (*p - '0'), DURATION_MAX_US + 1);
	*ret = n;
	return p;
}

/* Return: the end of the unit's name, @p itself when no letter is there, NULL for an unknown name. */
static const char *read_unit(const char *p, enum unit *ret)
{
	size_t n = 0;

	while (to_lower(p[n]) >= 'a' && to_lower(p[n]) <= 'z')
		n++;
	if (n == 0)
		return p;
	for (size_t i = 0; i < ARRAY_SIZE(unit_names); i++) {
		const char *name = unit_names[i].name;
		size_t same = 0;

		while (same < n && name[same] == to_lower(p[same]))
			same++;
		if (same == n && name[n] == '\0') {
			*ret = unit_names[i].unit;
			return p + n;
		}
	}
	return NULL;
}

int duration_parse(const char *text, int64_t *ret_us)
{
	const char *p = skip_blanks(text);
	int last = -1; /* the unit before this one; -1 at the start */
	bool is_too_long = false;
	int64_t sum = 0;

	do {
		enum unit unit = UNIT_MINUTE;
		const char *end;
		int64_t n;

		if (!is_digit(*p))
			return -EINVAL;
		p = skip_blanks(read_number(p, &n));
		end = read_unit(p, &unit);
		if (!end)
			return -EINVAL;
		/* A bare number is minutes, alone ("90") or at the end after hours ("1h30"). */
		if (end == p && (*p != '\0' || (last != -1 && last != UNIT_HOUR)))
			return -EINVAL;
		if ((int)unit <= last)
			return -EINVAL;
		last = (int)unit;
		p = skip_blanks(end);

		/* Each part is at most the maximum and there are four units: the sum can't overflow. */
		if (n > DURATION_MAX_US / units[unit].us)
			is_too_long = true;
		else
			sum += n * units[unit].us;
	} while (*p);

	if (is_too_long || sum == 0 || sum > DURATION_MAX_US)
		return -ERANGE;
	*ret_us = sum;
	return 0;
}

void duration_format(int64_t us, char buf[static DURATION_TEXT_MAX])
{
	size_t i = 0;
	int n, rest; /* INT64_MAX microseconds are 106,751,991 days */

	us = MAX(us, 0);
	while (i < UNIT_SECOND && us < units[i].us)
		i++;
	n = (int)(us / units[i].us);
	rest = i < UNIT_SECOND ? (int)(us % units[i].us / units[i + 1].us) : 0;
	if (rest > 0)
		snprintf(buf, DURATION_TEXT_MAX, "%d %s %d %s", n, units[i].label, rest,
			 units[i + 1].label);
	else
		snprintf(buf, DURATION_TEXT_MAX, "%d %s", n, units[i].label);
}

void duration_write(int64_t us, char buf[static DURATION_TEXT_MAX])
{
	/* The largest int64_t is "106751991d4h54s": it fits. */
	size_t len = 0;

	us = MAX(us, 0);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t n = us / units[i].us;

		us %= units[i].us;
		if (n > 0 || (i == UNIT_SECOND && len == 0))
			len += (size_t)snprintf(buf + len, DURATION_TEXT_MAX - len, "%d%c", (int)n,
						units[i].label[0]);
	}
}
