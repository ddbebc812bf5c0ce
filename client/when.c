#include "client/when.h"

#include "config/duration.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SEC_PER_MIN INT64_C(60)
#define SEC_PER_HOUR INT64_C(3600)
#define SEC_PER_DAY INT64_C(86400)

int64_t when_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* Seconds of an instant, rounded down. */
static int64_t to_seconds(int64_t us)
{
	return us / USEC_PER_SEC - (us % USEC_PER_SEC < 0);
}

static struct tm local_time(int64_t sec)
{
	time_t t = sec;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	return tm;
}

/* The clock's reading at @sec, as seconds: equal readings are equal numbers. */
static int64_t reading_at(int64_t sec)
{
	return sec + local_time(sec).tm_gmtoff;
}

/*
 * The first instant after @now_sec at which the clock shows @reading, or jumps over it. No instant is that
 * far from the reading taken as UTC that these bounds miss it, and zones don't change twice within them.
 */
static bool next_with_reading(int64_t reading, int64_t now_sec, int64_t *ret_sec)
{
	int64_t before = reading - 15 * SEC_PER_HOUR;
	int64_t after = reading + 13 * SEC_PER_HOUR;
	int64_t first = reading - local_time(before).tm_gmtoff;
	int64_t second = reading - local_time(after).tm_gmtoff;
	bool is_shown = false;

	for (int i = 0; i < 2; i++) {
		int64_t sec = i == 0 ? MIN(first, second) : MAX(first, second);

		if (reading_at(sec) != reading)
			continue;
		is_shown = true;
		if (sec > now_sec) {
			*ret_sec = sec;
			return true;
		}
	}
	if (is_shown)
		return false;
	/* Left out: the clock reads less before the jump and more after it. */
	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (reading_at(middle) < reading)
			before = middle;
		else
			after = middle;
	}
	*ret_sec = after;
	return after > now_sec;
}

/* The first seven are tm_wday; in "mon" the first three letters count. */
static const char *const weekdays[] = {
	"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
};
static const char *const near_days[] = {"today", "tomorrow", "yesterday"};

const char *when_day_name(size_t i)
{
	if (i < ARRAY_SIZE(near_days))
		return near_days[i];
	i -= ARRAY_SIZE(near_days);
	return i < ARRAY_SIZE(weekdays) ? weekdays[i] : NULL;
}

/* What a text says: a day, as a range of days counted from 1970, and minutes since midnight. */
struct spoken {
	bool has_day;
	int64_t first, last; /* without a day: both are today */
	int weekday;         /* -1: none */
	int minutes;         /* -1: none */
};

/* "9:00", "09:00", "23:59"; minutes since midnight. */
static int parse_clock(const char *text, int *ret_minutes)
{
	int hours = 0;
	int n = 0;

	while (n < 2 && isdigit((unsigned char)text[n]))
		hours = hours * 10 + (text[n++] - '0');
	if (n == 0 || text[n] != ':' || !isdigit((unsigned char)text[n + 1]) ||
	    !isdigit((unsigned char)text[n + 2]) || text[n + 3] != '\0')
		return -EINVAL;
	*ret_minutes = hours * 60 + (text[n + 1] - '0') * 10 + (text[n + 2] - '0');
	if (hours > 23 || text[n + 1] > '5')
		return -EINVAL;
	return 0;
}

/* "2025-06-22", and nothing else of that length. */
static int parse_date(const char *text, int64_t *ret_day)
{
	static const char shape[] = "dddd-dd-dd";
	struct tm tm = {0}, given;
	time_t sec;

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return -EINVAL;
	tm.tm_year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 +
		     (text[3] - '0') - 1900;
	tm.tm_mon = (text[5] - '0') * 10 + (text[6] - '0') - 1;
	tm.tm_mday = (text[8] - '0') * 10 + (text[9] - '0');
	given = tm;
	sec = timegm(&tm);
	/* The 31st of June is none. */
	if (tm.tm_year != given.tm_year || tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday)
		return -EINVAL;
	*ret_day = sec / SEC_PER_DAY - (sec % SEC_PER_DAY < 0);
	return 0;
}

/* Is the word at @text, @len letters long, @name, or its first @min letters? */
static bool is_word(const char *text, size_t len, const char *name, size_t min)
{
	return strncasecmp(text, name, len) == 0 && (len == strlen(name) || len == min);
}

/* Return: how much of @text is a day; 0 for nothing of it. */
static size_t parse_day(const char *text, int64_t today, struct spoken *s)
{
	size_t len = strcspn(text, " \t");

	if (len == 10 && parse_date(text, &s->first) == 0) {
		s->last = s->first;
		return len;
	}
	for (size_t i = 0; len > 0 && i < ARRAY_SIZE(weekdays); i++) {
		if (is_word(text, len, weekdays[i], 3)) {
			s->weekday = (int)i;
			return len;
		}
	}
	s->first = s->last = today;
	if (is_word(text, len, "today", 5))
		return len;
	s->first = s->last = today + 1;
	if (is_word(text, len, "tomorrow", 8))
		return len;
	s->first = s->last = today - 1;
	if (is_word(text, len, "yesterday", 9))
		return len;
	s->first = s->last = today;
	return 0;
}

static int parse_spoken(const char *text, int64_t today, struct spoken *ret)
{
	size_t len;

	*ret = (struct spoken){.first = today, .last = today, .weekday = -1, .minutes = -1};
	len = parse_day(text, today, ret);
	ret->has_day = len > 0;
	text += len;
	if (len > 0) {
		size_t blanks = strspn(text, " \t");

		text += blanks;
		if (!*text)
			return blanks == 0 ? 0 : -EINVAL;
	}
	return parse_clock(text, &ret->minutes);
}

static int64_t today_at(int64_t now_sec)
{
	int64_t reading = reading_at(now_sec);

	return reading / SEC_PER_DAY - (reading % SEC_PER_DAY < 0);
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day)
{
	return (int)(((day + 4) % 7 + 7) % 7);
}

int when_parse(const char *text, int64_t now_us, int64_t *ret_us)
{
	int64_t now_sec = to_seconds(now_us);
	int64_t today = today_at(now_sec);
	struct spoken s;
	int64_t sec = 0;
	int r;

	r = parse_spoken(text, today, &s);
	if (r < 0)
		return r;
	if (!s.has_day)
		s.last = today + 1;
	else if (s.weekday >= 0)
		s.last = today + 7;
	if (s.minutes < 0)
		s.minutes = 9 * 60;
	for (int64_t day = s.first; day <= s.last; day++) {
		if (s.weekday >= 0 && weekday_of(day) != s.weekday)
			continue;
		if (next_with_reading(day * SEC_PER_DAY + s.minutes * SEC_PER_MIN, now_sec, &sec)) {
			*ret_us = sec * USEC_PER_SEC;
			return 0;
		}
	}
	return -ERANGE;
}

int when_parse_past(const char *text, int64_t now_us, int64_t *ret_us)
{
	int64_t now_sec = to_seconds(now_us);
	int64_t today = today_at(now_sec);
	struct spoken s;
	int64_t us = 0;
	int64_t sec = 0;
	int r;

	r = duration_parse(text, &us);
	if (r == 0)
		*ret_us = now_us - us;
	if (r != -EINVAL)
		return r;
	r = parse_spoken(text, today, &s);
	if (r < 0)
		return r;
	if (!s.has_day)
		s.first = today - 1;
	else if (s.weekday >= 0)
		s.first = today - 7;
	for (int64_t day = s.last; day >= s.first; day--) {
		int64_t reading = day * SEC_PER_DAY + MAX(s.minutes, 0) * SEC_PER_MIN;

		if (s.weekday >= 0 && weekday_of(day) != s.weekday)
			continue;
		if (next_with_reading(reading, INT64_MIN, &sec) && sec <= now_sec) {
			*ret_us = sec * USEC_PER_SEC;
			return 0;
		}
	}
	return -ERANGE;
}

void when_format(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX])
{
	int64_t sec = to_seconds(us);
	int64_t days = reading_at(sec) / SEC_PER_DAY - reading_at(to_seconds(now_us)) / SEC_PER_DAY;
	struct tm tm = local_time(sec);
	const char *day = "";
	static const char *const names[] = {"Sun ", "Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat "};

	if (days == 1)
		day = "tomorrow ";
	else if (days == -1)
		day = "yesterday ";
	else if (days > 1 && days < 7)
		day = names[tm.tm_wday];
	else if (days != 0) {
		if (strftime(buf, WHEN_TEXT_MAX, "%Y-%m-%d %H:%M", &tm) == 0)
			snprintf(buf, WHEN_TEXT_MAX, "?");
		return;
	}
	snprintf(buf, WHEN_TEXT_MAX, "%s%d:%02d", day, tm.tm_hour, tm.tm_min);
}

void when_format_age(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX])
{
	int64_t sec = to_seconds(now_us - us);

	if (sec < 1)
		snprintf(buf, WHEN_TEXT_MAX, "now");
	else if (sec < SEC_PER_MIN)
		snprintf(buf, WHEN_TEXT_MAX, "%" PRId64 " s", sec);
	else if (sec < SEC_PER_HOUR)
		snprintf(buf, WHEN_TEXT_MAX, "%" PRId64 " min", sec / SEC_PER_MIN);
	else if (sec < SEC_PER_DAY)
		snprintf(buf, WHEN_TEXT_MAX, "%" PRId64 " h", sec / SEC_PER_HOUR);
	else
		snprintf(buf, WHEN_TEXT_MAX, "%" PRId64 " d", sec / SEC_PER_DAY);
}

void when_format_left(int64_t us, int64_t now_us, char buf[static WHEN_TEXT_MAX])
{
	int64_t left = us > now_us ? us - now_us : 0;
	int64_t unit =
		left > SEC_PER_MIN * USEC_PER_SEC ? SEC_PER_MIN * USEC_PER_SEC : USEC_PER_SEC;

	_Static_assert(WHEN_TEXT_MAX >= DURATION_TEXT_MAX, "duration_format() writes into it");
	/* Rounded up: "1 min left" until the minute is over. */
	left = (left + unit - 1) / unit * unit;
	duration_format(left, buf);
}
