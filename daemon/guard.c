#include "daemon/guard.h"

#include <signal.h>
#include <time.h>

struct guard {
	timer_t timer;
	struct itimerspec limit;
	unsigned depth; /* callbacks entered and not left */
};

struct guard *guard_new(int limit_ms)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGABRT};
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	struct guard *g = calloc(1, sizeof(*g));
	sigset_t set;

	if (!g)
		return NULL;
	g->limit.it_value.tv_sec = limit_ms / 1000;
	g->limit.it_value.tv_nsec = limit_ms % 1000 * 1000000L;
	if (timer_create(CLOCK_MONOTONIC, &event, &g->timer) < 0) {
		free(g);
		return NULL;
	}
	sigaction(SIGABRT, &by_default, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return g;
}

struct guard *guard_free(struct guard *g)
{
	if (!g)
		return NULL;
	timer_delete(g->timer);
	free(g);
	return NULL;
}

void guard_enter(struct guard *g)
{
	if (g && g->depth++ == 0)
		timer_settime(g->timer, 0, &g->limit, NULL);
}

void guard_leave(struct guard *g)
{
	static const struct itimerspec never;

	if (g && --g->depth == 0)
		timer_settime(g->timer, 0, &never, NULL);
}
