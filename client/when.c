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

/* Skips @word and the blanks after it. */
static bool skip_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(*text, word, len) != 0 || !isblank((unsigned char)(*text)[len]))
		return false;
	*text += len;
	*text += strspn(*text, " \t");
	return true;
}

int when_parse(const char *text, int64_t now_us, int64_t *ret_us)
{
	int64_t now_sec = to_seconds(now_us);
	int64_t today = reading_at(now_sec) / SEC_PER_DAY;
	int64_t last_day = today + 1;
	int64_t day = today;
	int64_t sec = 0;
	int minutes = 0;
	int r;

	if (skip_word(&text, "today"))
		last_day = today;
	else if (skip_word(&text, "tomorrow"))
		day = today + 1;
	r = parse_clock(text, &minutes);
	if (r < 0)
		return r;
	for (; day <= last_day; day++) {
		int64_t reading = day * SEC_PER_DAY + minutes * SEC_PER_MIN;

		if (next_with_reading(reading, now_sec, &sec)) {
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
