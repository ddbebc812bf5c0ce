#include "config/calendar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_WEEK 7U
#define DATE_CHARS 10 /* "2026-12-24" */

/* --- numbers --- */

/* Whole years begin in March here, so that the odd day is the last one of a year. */
int32_t calendar_day(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1;
	int era = (y >= 0 ? y : y - 399) / 400;
	int year_of_era = y - era * 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void to_date(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
	int z = day + 719468;
	int era = (z >= 0 ? z : z - 146096) / 146097;
	int day_of_era = z - era * 146097;
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

/* 1970-01-01 was a Thursday. */
unsigned calendar_weekday(int32_t day)
{
	return (unsigned)((((int64_t)day + 4) % 7 + 7) % 7);
}

/* --- words --- */

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/*
 * The next item of a list with commas, without the blanks around it. Return: false when there is none; an
 * empty one between two commas is one.
 */
static bool next_item(const char **at, const char **ret, size_t *ret_len)
{
	const char *p = *at;
	size_t len;

	if (!p)
		return false;
	len = strcspn(p, ",");
	*at = p[len] == ',' ? p + len + 1 : NULL;
	*ret = skip_blanks(p);
	len -= MIN((size_t)(*ret - p), len);
	while (len > 0 && ((*ret)[len - 1] == ' ' || (*ret)[len - 1] == '\t'))
		len--;
	*ret_len = len;
	return true;
}

/* --- days of the week --- */

/* The first seven are weekdays, of which the first three letters are enough. */
static const struct {
	const char *name;
	unsigned days;
} day_words[] = {
	{"sunday", 1U << 0},    {"monday", 1U << 1},       {"tuesday", 1U << 2},
	{"wednesday", 1U << 3}, {"thursday", 1U << 4},     {"friday", 1U << 5},
	{"saturday", 1U << 6},  {"daily", CALENDAR_DAILY}, {"weekdays", 0x3eU},
	{"weekend", 0x41U},
};
static const char *const short_days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

const char *calendar_day_word(size_t i)
{
	if (i < DAYS_PER_WEEK)
		return short_days[i];
	return i < ARRAY_SIZE(day_words) ? day_words[i].name : NULL;
}

static bool is_word(const char *text, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (!name[i] || to_lower(text[i]) != name[i])
			return false;
	return len > 0;
}

/* Return: the row of a word; a range is one of weekdays. */
static bool find_word(const char *text, size_t len, size_t n_rows, size_t *ret)
{
	for (size_t i = 0; i < n_rows; i++) {
		size_t full = strlen(day_words[i].name);

		if (!is_word(text, len, day_words[i].name))
			continue;
		if (len == full || (i < DAYS_PER_WEEK && len == 3)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* "mon", "mon-fri", "daily". Return: false with the word that isn't a day. */
static bool parse_day_item(const char *text, size_t len, unsigned *days, const char **ret_wrong,
			   size_t *ret_wrong_len)
{
	const char *dash = memchr(text, '-', len);
	size_t first_len = dash ? (size_t)(dash - text) : len, first = 0, last = 0;

	while (dash && first_len > 0 && text[first_len - 1] == ' ')
		first_len--;
	*ret_wrong = text;
	*ret_wrong_len = first_len;
	if (!find_word(text, first_len, dash ? DAYS_PER_WEEK : ARRAY_SIZE(day_words), &first))
		return false;
	if (!dash) {
		*days |= day_words[first].days;
		return true;
	}
	*ret_wrong = skip_blanks(dash + 1);
	*ret_wrong_len = (size_t)(text + len - *ret_wrong);
	if (*ret_wrong > text + len || !find_word(*ret_wrong, *ret_wrong_len, DAYS_PER_WEEK, &last))
		return false;
	for (size_t i = first;; i = (i + 1) % DAYS_PER_WEEK) {
		*days |= day_words[i].days;
		if (i == last)
			return true;
	}
}

int calendar_parse_days(const char *text, unsigned *ret, const char **ret_wrong,
			size_t *ret_wrong_len)
{
	const char *at = text, *item;
	unsigned days = 0;
	size_t len;

	while (next_item(&at, &item, &len)) {
		if (!parse_day_item(item, len, &days, ret_wrong, ret_wrong_len))
			return -EINVAL;
	}
	*ret = days;
	return 0;
}

void calendar_write_days(unsigned days, char buf[static CALENDAR_TEXT_MAX])
{
	size_t n = 0;

	buf[0] = '\0';
	if (days == CALENDAR_DAILY) {
		strcpy(buf, "daily");
		return;
	}
	/* From Monday on; three in a row are a range. */
	for (unsigned i = 1; i <= DAYS_PER_WEEK; i++) {
		unsigned last = i;

		if (!(days & 1U << i % DAYS_PER_WEEK))
			continue;
		while (last < DAYS_PER_WEEK && days & 1U << (last + 1) % DAYS_PER_WEEK)
			last++;
		if (last < i + 2)
			last = i;
		n += (size_t)snprintf(buf + n, CALENDAR_TEXT_MAX - n, "%s%s%s%s", n > 0 ? ", " : "",
				      short_days[i % DAYS_PER_WEEK], last > i ? "-" : "",
				      last > i ? short_days[last % DAYS_PER_WEEK] : "");
		i = last;
	}
}

/* --- times of day --- */

static bool parse_clock(const char *text, size_t len, int32_t *ret)
{
	size_t n = len == 5 ? 2 : 1;
	int hours, minutes;

	if ((len != 4 && len != 5) || text[n] != ':')
		return false;
	for (size_t i = 0; i < len; i++)
		if (i != n && !is_digit(text[i]))
			return false;
	hours = n == 2 ? (text[0] - '0') * 10 + text[1] - '0' : text[0] - '0';
	minutes = (text[n + 1] - '0') * 10 + text[n + 2] - '0';
	if (minutes > 59 || hours * 60 + minutes > CALENDAR_DAY_ENDS)
		return false;
	*ret = hours * 60 + minutes;
	return true;
}

int calendar_parse_clock(const char *text, int32_t *ret)
{
	int32_t minutes;

	if (calendar_parse_end(text, &minutes) < 0 || minutes == CALENDAR_DAY_ENDS)
		return -EINVAL;
	*ret = minutes;
	return 0;
}

int calendar_parse_end(const char *text, int32_t *ret)
{
	return parse_clock(text, strlen(text), ret) ? 0 : -EINVAL;
}

/* Keeps @items in order, each once. Return: false when there is no room. */
static bool insert(int32_t *items, size_t *n, size_t max, int32_t item)
{
	size_t at = *n;

	while (at > 0 && items[at - 1] > item)
		at--;
	if (at > 0 && items[at - 1] == item)
		return true;
	if (*n == max)
		return false;
	memmove(&items[at + 1], &items[at], (*n - at) * sizeof(*items));
	items[at] = item;
	(*n)++;
	return true;
}

int calendar_parse_clocks(const char *text, struct clocks *ret)
{
	struct clocks clocks = {0};
	const char *at = *skip_blanks(text) ? text : NULL, *item;
	size_t len;

	while (next_item(&at, &item, &len)) {
		int32_t minutes;

		if (!parse_clock(item, len, &minutes) || minutes == CALENDAR_DAY_ENDS ||
		    !insert(clocks.minutes, &clocks.n, CLOCKS_MAX, minutes))
			return -EINVAL;
	}
	*ret = clocks;
	return 0;
}

void calendar_write_clock(int32_t minutes, char buf[static CALENDAR_TEXT_MAX])
{
	buf[0] = '\0';
	if (minutes >= 0)
		snprintf(buf, CALENDAR_TEXT_MAX, "%02d:%02d", (int)minutes / 60, (int)minutes % 60);
}

void calendar_write_clocks(const struct clocks *clocks, char buf[static CALENDAR_TEXT_MAX])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < clocks->n; i++)
		n += (size_t)snprintf(buf + n, CALENDAR_TEXT_MAX - n, "%s%02d:%02d",
				      i > 0 ? ", " : "", (int)clocks->minutes[i] / 60,
				      (int)clocks->minutes[i] % 60);
}

/* --- dates --- */

static bool parse_date(const char *text, size_t len, int32_t *ret)
{
	static const char shape[] = "dddd-dd-dd";
	int year, month, day, y, m, d;

	if (len != DATE_CHARS)
		return false;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
			return false;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] -
	       '0';
	month = (text[5] - '0') * 10 + text[6] - '0';
	day = (text[8] - '0') * 10 + text[9] - '0';
	if (month < 1 || month > 12 || day < 1)
		return false;
	*ret = calendar_day(year, month, day);
	/* June 31 would be July 1. */
	to_date(*ret, &y, &m, &d);
	return y == year && m == month && d == day;
}

int calendar_parse_date(const char *text, int32_t *ret)
{
	int32_t day;

	if (!parse_date(text, strlen(text), &day))
		return -EINVAL;
	*ret = day;
	return 0;
}

int calendar_parse_dates(const char *text, struct dates *ret)
{
	struct dates dates = {0};
	const char *at = *skip_blanks(text) ? text : NULL, *item;
	size_t len;

	while (next_item(&at, &item, &len)) {
		int32_t day;

		if (!parse_date(item, len, &day) || !insert(dates.days, &dates.n, DATES_MAX, day))
			return -EINVAL;
	}
	*ret = dates;
	return 0;
}

static size_t write_date(int32_t day, char *buf, size_t size)
{
	int y, m, d;

	to_date(day, &y, &m, &d);
	return (size_t)snprintf(buf, size, "%04d-%02d-%02d", y, m, d);
}

void calendar_write_date(int32_t day, char buf[static CALENDAR_TEXT_MAX])
{
	buf[0] = '\0';
	if (day != CALENDAR_EVER && day != CALENDAR_FOREVER)
		write_date(day, buf, CALENDAR_TEXT_MAX);
}

void calendar_write_dates(const struct dates *dates, char buf[static CALENDAR_TEXT_MAX])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < dates->n; i++) {
		if (i > 0)
			n += (size_t)snprintf(buf + n, CALENDAR_TEXT_MAX - n, ", ");
		n += write_date(dates->days[i], buf + n, CALENDAR_TEXT_MAX - n);
	}
}
