#include "client/suggest.h"

#include "client/when.h"
#include "config/duration.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t suggest_distance(const char *a, const char *b)
{
	size_t row[32];
	size_t len = strlen(b);

	if (len >= ARRAY_SIZE(row) || strlen(a) >= ARRAY_SIZE(row))
		return ARRAY_SIZE(row);
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t change = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = MIN(change, MIN(row[j], row[j + 1]) + 1);
		}
	}
	return row[len];
}

bool suggest_is_like(const char *typed, const char *name)
{
	return suggest_distance(typed, name) <= 2 ||
	       (typed[0] && strncmp(typed, name, strlen(typed)) == 0);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads "12", "1.5" or "1,5"; long ones are no amount that anybody means. */
static const char *read_amount(const char *p, double *ret)
{
	double scale = 1;
	size_t n = 0;

	*ret = 0;
	for (; is_digit(*p) && n < 9; p++, n++)
		*ret = *ret * 10 + (*p - '0');
	if ((*p == '.' || *p == ',') && is_digit(p[1]))
		for (p++; is_digit(*p) && n < 9; p++, n++)
			*ret += (*p - '0') * (scale /= 10);
	return n > 0 && !is_digit(*p) ? p : NULL;
}

/* Seconds of a unit, however it is written or misspelt; 0 when it is none. */
static double unit_seconds(const char *word, size_t len)
{
	static const struct {
		const char *name;
		double seconds;
	} rows[] = {
		{"seconds", 1},  {"secs", 1},       {"minutes", 60}, {"mins", 60},
		{"hours", 3600}, {"hrs", 3600},     {"days", 86400}, {"weeks", 604800},
		{"wks", 604800}, {"stunden", 3600}, {"tage", 86400},
	};
	char typed[16];
	size_t best = 3;
	double seconds = 0;

	if (len == 0)
		return 60;
	if (len >= sizeof(typed))
		return 0;
	memcpy(typed, word, len);
	typed[len] = '\0';
	for (size_t i = 0; typed[i]; i++)
		typed[i] = (char)(typed[i] | 0x20);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t d = suggest_distance(typed, rows[i].name);

		if (strncmp(typed, rows[i].name, len) == 0)
			return rows[i].seconds;
		if (typed[0] == rows[i].name[0] && len > 2 && d < best) {
			best = d;
			seconds = rows[i].seconds;
		}
	}
	return seconds;
}

bool suggest_duration(const char *text, char ret[static SUGGEST_TEXT_MAX])
{
	_Static_assert(SUGGEST_TEXT_MAX >= DURATION_TEXT_MAX, "duration_write() writes into it");
	double sum = 0;

	for (const char *p = text + strspn(text, " \t"); *p; p += strspn(p, " \t,")) {
		double amount, seconds;
		size_t n = 0;

		p = read_amount(p, &amount);
		if (!p)
			return false;
		p += strspn(p, " \t");
		while (is_letter(p[n]))
			n++;
		seconds = unit_seconds(p, n);
		if (seconds <= 0 || (p[n] && !strchr(" \t,", p[n]) && !is_digit(p[n])))
			return false;
		p += n;
		sum += amount * seconds;
	}
	if (sum < 0.5 || sum * 1e6 > (double)DURATION_MAX_US)
		return false;
	duration_write((int64_t)(sum + 0.5) * USEC_PER_SEC, ret);
	return true;
}

/* "5pm", "5:30 pm", "9.30", "9h30", "0930", "17", "9:5"; what is left behind it. */
static const char *read_clock(const char *p, int *ret_hours, int *ret_minutes)
{
	size_t n = strspn(p, "0123456789");
	int hours = 0, minutes = 0;

	if (n == 0 || n > 4)
		return NULL;
	for (; n > 0 && is_digit(*p); n--, p++)
		hours = hours * 10 + (*p - '0');
	if (hours > 99) {
		minutes = hours % 100;
		hours /= 100;
	} else if (*p && strchr(":.h", *p) && is_digit(p[1])) {
		for (p++, n = 0; n < 2 && is_digit(*p); n++, p++)
			minutes = minutes * 10 + (*p - '0');
	}
	p += strspn(p, " ");
	if (strncasecmp(p, "pm", 2) == 0 || strncasecmp(p, "am", 2) == 0) {
		if (hours < 1 || hours > 12)
			return NULL;
		hours = hours % 12 + ((*p | 0x20) == 'p' ? 12 : 0);
		p += 2;
	} else if (strcasecmp(p, "h") == 0 || strcasecmp(p, "uhr") == 0) {
		p += strlen(p);
	}
	*ret_hours = hours;
	*ret_minutes = minutes;
	return hours <= 23 && minutes <= 59 ? p : NULL;
}

/* The day that @word, which isn't one, is most like; NULL for none. */
static const char *like_day(const char *word, size_t len)
{
	const char *like = NULL;
	size_t best = 3;
	char typed[16];

	if (len < 4 || len >= sizeof(typed))
		return NULL;
	memcpy(typed, word, len);
	typed[len] = '\0';
	for (size_t i = 0; typed[i]; i++)
		typed[i] = (char)(typed[i] | 0x20);
	for (size_t i = 0; when_day_name(i); i++) {
		const char *name = when_day_name(i);
		size_t d = suggest_distance(typed, name) + (typed[0] != name[0]);

		if (d < best) {
			best = d;
			like = name;
		}
	}
	return like;
}

bool suggest_time(const char *text, char ret[static SUGGEST_TEXT_MAX])
{
	int hours = 0, minutes = 0;
	const char *day = NULL;
	const char *end;
	size_t n = 0;

	text += strspn(text, " \t");
	while (is_letter(text[n]))
		n++;
	if (n > 0) {
		day = like_day(text, n);
		if (!day)
			return false;
		text += n;
		text += strspn(text, " \t,");
		if (!*text) {
			snprintf(ret, SUGGEST_TEXT_MAX, "%s", day);
			return true;
		}
	}
	end = read_clock(text, &hours, &minutes);
	if (!end || *end)
		return false;
	snprintf(ret, SUGGEST_TEXT_MAX, "%s%s%d:%02d", day ? day : "", day ? " " : "", hours,
		 minutes);
	return true;
}
