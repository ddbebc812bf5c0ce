/*
 * stepped_clock: a wall clock that can be set, for one process, which has it in LD_PRELOAD.
 *
 * What CLOCK_REALTIME says is ahead of the real one by as much as the file in STEPPED_CLOCK says, and a SIGRTMAX
 * says that this has changed: then timers follow, and those that want to be cancelled by it are, as by the
 * kernel. No other clock is touched. (libfaketime knows of timerfds, but moves those on CLOCK_BOOTTIME as well,
 * and cancels none.)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC INT64_C(1000000000)
#define FDS_MAX 256

/* A timer on CLOCK_REALTIME, as its owner has set it. */
struct wall_timer {
	bool is_open;
	bool is_armed;
	bool is_cancellable; /* by a clock that is set */
	bool is_cancelled;   /* which the next read says */
	int64_t at_ns;       /* absolute */
};

static const volatile int64_t *ahead_us;
static struct wall_timer timers[FDS_MAX];

static int64_t ahead_ns(void)
{
	return ahead_us ? *ahead_us * 1000 : 0;
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ns / NS_PER_SEC, ns % NS_PER_SEC};
}

static struct wall_timer *timer_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX && timers[fd].is_open ? &timers[fd] : NULL;
}

/* --- what the clock says --- */

static int64_t wall_ns(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec + ahead_ns();
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, id, ts);
	*ts = to_timespec(wall_ns());
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int64_t ns = wall_ns();

	(void)zone;
	*tv = (struct timeval){ns / NS_PER_SEC, ns % NS_PER_SEC / 1000};
	return 0;
}

time_t time(time_t *ret)
{
	time_t now = wall_ns() / NS_PER_SEC;

	if (ret)
		*ret = now;
	return now;
}

/* --- timers --- */

static long arm(int fd, int64_t real_ns)
{
	struct itimerspec spec = {.it_value = to_timespec(real_ns > 0 ? real_ns : 1)};

	return syscall(SYS_timerfd_settime, fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

int timerfd_create(int clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);

	if (fd >= 0 && fd < FDS_MAX)
		timers[fd] = (struct wall_timer){.is_open = clock == CLOCK_REALTIME};
	return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	struct wall_timer *t = timer_of(fd);
	int64_t at_ns = spec->it_value.tv_sec * NS_PER_SEC + spec->it_value.tv_nsec;

	if (!t || !(flags & TFD_TIMER_ABSTIME))
		return (int)syscall(SYS_timerfd_settime, fd, flags, spec, old);
	*t = (struct wall_timer){
		.is_open = true,
		.is_armed = at_ns > 0,
		.is_cancellable = flags & TFD_TIMER_CANCEL_ON_SET,
		.at_ns = at_ns,
	};
	if (at_ns == 0)
		return (int)syscall(SYS_timerfd_settime, fd, flags, spec, old);
	return (int)arm(fd, at_ns - ahead_ns());
}

/* The kernel wakes whoever waits for a timer that can be cancelled, armed or not. */
static void on_set(int sig)
{
	int was = errno;

	(void)sig;
	for (int fd = 0; fd < FDS_MAX; fd++) {
		struct wall_timer *t = timer_of(fd);

		if (t && t->is_cancellable) {
			t->is_cancelled = true;
			arm(fd, 1);
		} else if (t && t->is_armed) {
			arm(fd, t->at_ns - ahead_ns());
		}
	}
	errno = was;
}

ssize_t read(int fd, void *buf, size_t count)
{
	struct wall_timer *t = timer_of(fd);
	ssize_t n = syscall(SYS_read, fd, buf, count);

	if (n < 0 || !t || !t->is_cancelled)
		return n;
	t->is_cancelled = false;
	errno = ECANCELED;
	return -1;
}

int close(int fd)
{
	struct wall_timer *t = timer_of(fd);

	if (t)
		t->is_open = false;
	return (int)syscall(SYS_close, fd);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STEPPED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct sigaction action = {.sa_handler = on_set, .sa_flags = SA_RESTART};
	void *at = MAP_FAILED;

	if (fd >= 0)
		at = mmap(NULL, sizeof(*ahead_us), PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	syscall(SYS_close, fd);
	ahead_us = at;
	sigaction(SIGRTMAX, &action, NULL);
}
