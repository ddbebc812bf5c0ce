#include "config/guess.h"

#include <stdio.h>
#include <string.h>

#define ITEM_MAX 40 /* bytes; longer ones aren't misspelt, they are something else */

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

/* Up to @max digits. Return: how many there are. */
static int read_number(const char **p, int max, int *ret)
{
	int n = 0;

	*ret = 0;
	for (; n < max && is_digit(**p); n++)
		*ret = *ret * 10 + *(*p)++ - '0';
	return n;
}

static bool read_word(const char **p, const char *word)
{
	size_t n = 0;

	while (word[n] && to_lower((*p)[n]) == word[n])
		n++;
	if (word[n])
		return false;
	*p += n;
	return true;
}

/* --- times of day --- */

/* "9", "9:5", "9.30", "9h30", "0930", "09:30:00". Return: false when it doesn't begin with such a one. */
static bool read_clock(const char **p, int *ret_hours, int *ret_minutes)
{
	int n = read_number(p, 4, ret_hours), seconds;

	*ret_minutes = 0;
	if (n == 0)
		return false;
	if (n > 2) {
		*ret_minutes = *ret_hours % 100;
		*ret_hours /= 100;
		return true;
	}
	if (!**p || !strchr(":.h", to_lower(**p)))
		return true;
	(*p)++;
	n = read_number(p, 2, ret_minutes);
	/* Half past nine, or five past? */
	if (n == 1 && *ret_minutes > 0)
		return false;
	if (n == 2 && **p == ':') {
		(*p)++;
		return read_number(p, 2, &seconds) == 2 && seconds == 0;
	}
	return true;
}

static bool find_clock(const char *text, int32_t *ret)
{
	const char *p = skip_blanks(text);
	int hours, minutes;
	bool is_am, is_pm;

	if (read_word(&p, "noon") || read_word(&p, "midnight")) {
		*ret = to_lower(p[-1]) == 'n' ? 12 * 60 : 0;
		return *skip_blanks(p) == '\0';
	}
	if (!read_clock(&p, &hours, &minutes))
		return false;
	p = skip_blanks(p);
	is_am = read_word(&p, "am");
	is_pm = !is_am && read_word(&p, "pm");
	if (is_am || is_pm) {
		if (hours < 1 || hours > 12)
			return false;
		hours = hours % 12 + (is_pm ? 12 : 0);
	}
	/* The end of a day is the beginning of the next one. */
	if (hours == 24 && minutes == 0)
		hours = 0;
	if (hours > 23 || minutes > 59)
		return false;
	*ret = hours * 60 + minutes;
	return *skip_blanks(p) == '\0';
}

bool guess_clock(const char *text, char buf[static CALENDAR_TEXT_MAX])
{
	int32_t minutes;

	if (!find_clock(text, &minutes))
		return false;
	calendar_write_clock(minutes, buf);
	return true;
}

/* --- dates --- */

/* Three numbers with the same thing between them. */
static bool read_three(const char *text, int number[static 3], int digits[static 3],
		       char *ret_between)
{
	const char *p = skip_blanks(text);

	for (int i = 0; i < 3; i++) {
		digits[i] = read_number(&p, 4, &number[i]);
		if (digits[i] == 0 || (i == 0 && (!*p || !strchr("-/.", *p))))
			return false;
		if (i == 0)
			*ret_between = *p;
		if (i < 2 && *p++ != *ret_between)
			return false;
	}
	return *skip_blanks(p) == '\0';
}

bool guess_date(const char *text, char buf[static CALENDAR_TEXT_MAX])
{
	int number[3], digits[3], year, month, day;
	int32_t found;
	char between = 0;

	if (!read_three(text, number, digits, &between))
		return false;
	month = number[1];
	if (digits[0] == 4) {
		year = number[0];
		day = number[2];
	} else if (digits[2] == 4 && (between != '/' || number[0] == number[1] || number[0] > 12)) {
		year = number[2];
		day = number[0];
	} else if (digits[2] == 4 && number[1] > 12) {
		year = number[2];
		month = number[0];
		day = number[1];
	} else {
		return false;
	}
	if (day > 31)
		return false;
	/* The last day of a month that has no more. */
	for (; day > 0; day--) {
		snprintf(buf, CALENDAR_TEXT_MAX, "%04d-%02d-%02d", year, month, day);
		if (calendar_parse_date(buf, &found) == 0)
			return true;
	}
	return false;
}

/* --- lists --- */

/*
 * The items of @text, with commas, each as @guess has it (NULL: as it is). Items end at one of @separators.
 * Return: false when one of them can't be guessed, or there are too many.
 */
static bool guess_list(const char *text, const char *separators,
		       bool (*guess)(const char *text, char *buf), char *buf)
{
	size_t len = 0;

	buf[0] = '\0';
	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		char item[ITEM_MAX + 1] = "", guessed[CALENDAR_TEXT_MAX];
		size_t n = strcspn(text, separators);

		if (n > ITEM_MAX)
			return false;
		memcpy(item, text, n);
		text += n;
		if (guess && !guess(item, guessed))
			return false;
		len += (size_t)snprintf(buf + len, CALENDAR_TEXT_MAX - len, "%s%s",
					len > 0 ? ", " : "", guess ? guessed : item);
		if (len >= CALENDAR_TEXT_MAX)
			return false;
	}
	return len > 0;
}

/* Commas may be missing; but "9 am, 12 pm" has blanks of its own. */
static bool guess_items(const char *text, bool (*guess)(const char *text, char *buf), char *buf)
{
	return guess_list(text, ",;", guess, buf) || guess_list(text, ",; \t", guess, buf);
}

bool guess_clocks(const char *text, char buf[static CALENDAR_TEXT_MAX])
{
	struct clocks clocks;

	return guess_items(text, guess_clock, buf) && calendar_parse_clocks(buf, &clocks) == 0;
}

bool guess_dates(const char *text, char buf[static CALENDAR_TEXT_MAX])
{
	struct dates dates;

	return guess_items(text, guess_date, buf) && calendar_parse_dates(buf, &dates) == 0;
}

bool guess_days(const char *text, char buf[static CALENDAR_TEXT_MAX])
{
	static const char *const separators[] = {",;", ",; \t"};
	const char *wrong;
	unsigned days;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(separators); i++) {
		if (guess_list(text, separators[i], NULL, buf) &&
		    calendar_parse_days(buf, &days, &wrong, &len) == 0) {
			calendar_write_days(days, buf);
			return true;
		}
	}
	return false;
}

/* --- names --- */

/* What can't stand in a name becomes a -, or nothing at its ends. Letters of other alphabets stay a mistake. */
bool guess_name(const char *text, char buf[static BLOCK_NAME_MAX + 1])
{
	bool is_gap = false;
	size_t len = 0;

	for (; *text; text++) {
		bool is_letter = to_lower(*text) >= 'a' && to_lower(*text) <= 'z';

		if ((unsigned char)*text >= 0x80)
			return false;
		if (!is_letter && !is_digit(*text) && *text != '-' && *text != '_') {
			is_gap = true;
			continue;
		}
		if (len + 2 > BLOCK_NAME_MAX)
			return false;
		if (is_gap && len > 0)
			buf[len++] = '-';
		is_gap = false;
		buf[len++] = *text;
	}
	buf[len] = '\0';
	return len > 0;
}
