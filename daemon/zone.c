#include "daemon/zone.h"

#include "daemon/log.h"
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define LOCALTIME "/etc/localtime"
#define WATCHED (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)

struct zone {
	struct civil_zone civil;
	void (*fn)(void *data);
	void *data;
	char *name; /* of the file, without its directory */
	int fd;
	struct event *event;
};

static int32_t offset_s(void *data, int64_t wall_s)
{
	time_t t = wall_s;
	struct tm tm = {0};

	(void)data;
	/* A year that doesn't fit: UTC will do. */
	if (!localtime_r(&t, &tm))
		return 0;
	return (int32_t)tm.tm_gmtoff;
}

/* The file that the zone comes from; NULL when TZ says it in words, as in Europe/Berlin. */
static const char *file_of_zone(void)
{
	const char *tz = getenv("TZ");

	if (!tz)
		return LOCALTIME;
	tz += *tz == ':';
	return *tz == '/' ? tz : NULL;
}

/* The C library reads a file anew only when TZ was another one meanwhile. */
static void read_zone(void)
{
	const char *tz = getenv("TZ");
	autofree(str) char *copy = tz ? strdup(tz) : NULL;

	if (copy && setenv("TZ", "UTC0", 1) == 0) {
		tzset();
		setenv("TZ", copy, 1);
	}
	tzset();
}

static void on_change(evutil_socket_t fd, short what, void *data)
{
	_Alignas(struct inotify_event) char buf[sizeof(struct inotify_event) + NAME_MAX + 1];
	struct zone *z = data;
	bool is_other = false;
	ssize_t n;

	(void)what;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		const char *at = buf;

		while (at < buf + n) {
			struct inotify_event e;

			memcpy(&e, at, sizeof(e));
			if (e.mask & IN_Q_OVERFLOW ||
			    (e.len > 0 && strcmp(at + sizeof(e), z->name) == 0))
				is_other = true;
			at += sizeof(e) + e.len;
		}
	}
	if (!is_other)
		return;
	read_zone();
	z->fn(z->data);
}

static int watch(struct zone *z, struct event_base *base, const char *path)
{
	const char *slash = strrchr(path, '/');
	autofree(str) char *dir = strndup(path, MAX((size_t)(slash - path), 1));

	z->name = strdup(slash + 1);
	if (!dir || !z->name)
		return -ENOMEM;
	z->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (z->fd < 0 || inotify_add_watch(z->fd, dir, WATCHED) < 0)
		return -errno;
	z->event = event_new(base, z->fd, EV_READ | EV_PERSIST, on_change, z);
	return z->event && event_add(z->event, NULL) == 0 ? 0 : -ENOMEM;
}

struct zone *zone_new(struct event_base *base, void (*fn)(void *data), void *data)
{
	autofree(zone) struct zone *z = calloc(1, sizeof(*z));
	const char *path = file_of_zone();
	int r = 0;

	if (!z)
		return NULL;
	z->civil = (struct civil_zone){.offset_s = offset_s};
	z->fn = fn;
	z->data = data;
	z->fd = -1;
	tzset();
	if (path)
		r = watch(z, base, path);
	if (r == -ENOMEM)
		return NULL;
	if (r < 0)
		log_warn("cannot watch %s (%s): another time zone needs a restart of lulld", path,
			 strerror(-r));
	return take(z);
}

struct zone *zone_free(struct zone *z)
{
	if (!z)
		return NULL;
	if (z->event)
		event_free(z->event);
	if (z->fd >= 0)
		close(z->fd);
	free(z->name);
	free(z);
	return NULL;
}

const struct civil_zone *zone_civil(const struct zone *z)
{
	return &z->civil;
}
