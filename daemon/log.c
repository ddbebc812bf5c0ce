#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WINDOW_US (10 * USEC_PER_SEC)
#define WINDOW_LINES 10
#define N_WINDOWS 32

/* How often one format string was used lately. */
struct window {
	const char *fmt; /* a literal, so it stays; NULL when unused */
	enum log_level level;
	int64_t since_us;
	unsigned n_written;
	unsigned n_left_out;
};

static struct {
	enum log_level level;
	bool has_prefixes;
	struct window windows[N_WINDOWS];
} log_state = {.level = LOG_LEVEL_INFO};

/* systemd names the device and inode of the stream it gave us; stderr may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char expected[64];

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(expected, sizeof(expected), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, expected) == 0;
}

void log_open(enum log_level level)
{
	log_state.level = level;
	log_state.has_prefixes = stderr_is_journal();
}

static int64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* C0, DEL, and C1 as UTF-8 writes it: none of them may reach a terminal. */
static void replace_controls(char *s)
{
	unsigned char *p;

	for (p = (unsigned char *)s; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}

static void write_line(enum log_level level, const char *text)
{
	autofree(str) char *line = NULL;
	ssize_t n;
	int len;

	if (log_state.has_prefixes)
		len = asprintf(&line, "<%d>%s", (int)level, text);
	else
		len = asprintf(&line, "lulld: %s", text);
	if (len < 0) {
		line = NULL;
		return;
	}

	replace_controls(line);
	line[len] = '\n'; /* in place of the NUL, so that it is one write */
	do
		n = write(STDERR_FILENO, line, (size_t)len + 1);
	while (n < 0 && errno == EINTR);
}

/* Say what the window kept back, and make it unused. */
static void window_close(struct window *w)
{
	autofree(str) char *text = NULL;

	if (w->n_left_out > 0) {
		if (asprintf(&text, "%u more like this were left out: %s", w->n_left_out, w->fmt) >=
		    0)
			write_line(w->level, text);
		else
			text = NULL;
	}
	*w = (struct window){0};
}

/* There is no timer for this: an idle lulld stays idle, and the count comes before the next line. */
static void close_ended_windows(int64_t now_us)
{
	for (size_t i = 0; i < N_WINDOWS; i++) {
		struct window *w = &log_state.windows[i];

		if (w->fmt != NULL && now_us - w->since_us >= WINDOW_US)
			window_close(w);
	}
}

static struct window *window_get(enum log_level level, const char *fmt, int64_t now_us)
{
	struct window *unused = NULL, *oldest = &log_state.windows[0];

	for (size_t i = 0; i < N_WINDOWS; i++) {
		struct window *w = &log_state.windows[i];

		if (w->fmt == NULL)
			unused = w;
		else if (w->fmt == fmt || strcmp(w->fmt, fmt) == 0)
			return w;
		else if (w->since_us < oldest->since_us)
			oldest = w;
	}

	if (unused == NULL) {
		window_close(oldest);
		unused = oldest;
	}
	*unused = (struct window){.fmt = fmt, .level = level, .since_us = now_us};
	return unused;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	autofree(str) char *text = NULL;
	int saved_errno = errno;
	int64_t now_us;
	struct window *w;
	va_list args;
	int len;

	if (level > log_state.level)
		return;

	now_us = monotonic_us();
	close_ended_windows(now_us);
	w = window_get(level, fmt, now_us);
	if (w->n_written >= WINDOW_LINES) {
		w->n_left_out++;
		errno = saved_errno;
		return;
	}
	w->n_written++;

	errno = saved_errno;
	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		text = NULL;
	write_line(level, text != NULL ? text : fmt);
	errno = saved_errno;
}
