#include "daemon/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct timer {
	int fd;
	struct event *event;
	int64_t armed_us; /* INSTANT_NEVER: not */
};

struct waker {
	void (*fn)(void *data);
	void *data;
	struct timer wall;
	struct timer boot;
};

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

struct instant clock_now(void)
{
	return (struct instant){read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

void clock_boot_id(char id[static CLOCK_BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, CLOCK_BOOT_ID_MAX - 1) : 0;

	id[MAX(n, 0)] = '\0';
	id[strcspn(id, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static void on_timer(struct waker *w, struct timer *timer)
{
	uint64_t expirations;

	/* ECANCELED: the clock was set. Whatever was armed is armed anew by the one who is woken. */
	if (read(timer->fd, &expirations, sizeof(expirations)) < 0 && errno == EAGAIN)
		return;
	timer->armed_us = INSTANT_NEVER;
	w->fn(w->data);
}

static void on_wall(evutil_socket_t fd, short what, void *data)
{
	struct waker *w = data;

	(void)fd;
	(void)what;
	on_timer(w, &w->wall);
}

static void on_boot(evutil_socket_t fd, short what, void *data)
{
	struct waker *w = data;

	(void)fd;
	(void)what;
	on_timer(w, &w->boot);
}

static int timer_init(struct timer *timer, struct event_base *base, clockid_t clock,
		      event_callback_fn fn, struct waker *w)
{
	timer->armed_us = INSTANT_NEVER;
	timer->fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
	if (timer->fd < 0)
		return -errno;
	timer->event = event_new(base, timer->fd, EV_READ | EV_PERSIST, fn, w);
	if (!timer->event || event_add(timer->event, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static void timer_done(struct timer *timer)
{
	if (timer->event)
		event_free(timer->event);
	if (timer->fd >= 0)
		close(timer->fd);
}

struct waker *waker_new(struct event_base *base, void (*fn)(void *data), void *data)
{
	autofree(waker) struct waker *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return NULL;
	w->fn = fn;
	w->data = data;
	w->wall.fd = w->boot.fd = -1;
	r = timer_init(&w->wall, base, CLOCK_REALTIME, on_wall, w);
	if (r == 0)
		r = timer_init(&w->boot, base, CLOCK_BOOTTIME, on_boot, w);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return take(w);
}

struct waker *waker_free(struct waker *w)
{
	if (!w)
		return NULL;
	timer_done(&w->wall);
	timer_done(&w->boot);
	free(w);
	return NULL;
}

static void timer_arm(struct timer *timer, int64_t at_us, int flags)
{
	struct itimerspec spec = {0};

	if (at_us == timer->armed_us)
		return;
	if (at_us != INSTANT_NEVER) {
		/* All zero would disarm it; an instant that has passed fires at once. */
		int64_t us = MAX(at_us, 1);

		spec.it_value.tv_sec = us / USEC_PER_SEC;
		spec.it_value.tv_nsec = us % USEC_PER_SEC * 1000;
	}
	if (timerfd_settime(timer->fd, TFD_TIMER_ABSTIME | flags, &spec, NULL) == 0)
		timer->armed_us = at_us;
}

void waker_arm(struct waker *w, struct wake next)
{
	timer_arm(&w->wall, next.wall_us, TFD_TIMER_CANCEL_ON_SET);
	timer_arm(&w->boot, next.boot_us, 0);
}
