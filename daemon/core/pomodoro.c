#include "daemon/core/pomodoro.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const phase_names[] = {
	[POMODORO_OFF] = "",
	[POMODORO_WORK] = "work",
	[POMODORO_BREAK] = "break",
	[POMODORO_LONG_BREAK] = "long break",
};

/* The phase that begins where @p's ends, at boot time @p->ends.boot_us; not yet its wall times. */
static void go_on(struct pomodoro *p, const struct pomodoro_plan *plan)
{
	int64_t length_us = 0;

	switch (p->phase) {
	case POMODORO_WORK:
		if (p->round >= p->n_rounds) {
			p->phase = POMODORO_OFF;
		} else if (p->round % plan->every == 0) {
			p->phase = POMODORO_LONG_BREAK;
			length_us = plan->long_us;
		} else {
			p->phase = POMODORO_BREAK;
			length_us = plan->break_us;
		}
		break;
	case POMODORO_BREAK:
	case POMODORO_LONG_BREAK:
		p->phase = POMODORO_WORK;
		p->round++;
		length_us = plan->work_us;
		break;
	case POMODORO_OFF: break;
	}
	p->ends.boot_us = usec_add(p->ends.boot_us, length_us);
}

struct pomodoro pomodoro_start(const struct pomodoro_plan *plan, unsigned n_rounds,
			       struct instant now)
{
	assert(n_rounds > 0);
	return (struct pomodoro){
		.phase = POMODORO_WORK,
		.round = 1,
		.n_rounds = n_rounds,
		.since_wall_us = now.wall_us,
		.ends = {usec_add(now.wall_us, plan->work_us),
			 usec_add(now.boot_us, plan->work_us)},
	};
}

/* How far wall time is ahead of boot time: what was told of the end that is known stays true. */
static int64_t ahead_of_boot(const struct pomodoro *p, struct instant now)
{
	return usec_sub(instant_wall(p->ends, now), p->ends.boot_us);
}

struct pomodoro pomodoro_at(const struct pomodoro *p, const struct pomodoro_plan *plan,
			    struct instant now)
{
	struct pomodoro at = *p;
	int64_t begun_us = 0;

	if (p->phase == POMODORO_OFF || now.boot_us < p->ends.boot_us)
		return at;
	while (at.phase != POMODORO_OFF && at.ends.boot_us <= now.boot_us) {
		begun_us = at.ends.boot_us;
		go_on(&at, plan);
	}
	if (at.phase == POMODORO_OFF)
		return (struct pomodoro){0};
	at.since_wall_us = usec_add(begun_us, ahead_of_boot(p, now));
	at.ends.wall_us = usec_add(at.ends.boot_us, ahead_of_boot(p, now));
	return at;
}

int64_t pomodoro_free_at(const struct pomodoro *p, const struct pomodoro_plan *plan,
			 struct instant now, int64_t wall_us)
{
	int64_t ahead_us = ahead_of_boot(p, now);
	struct instant then = {wall_us, usec_sub(wall_us, ahead_us)};
	struct pomodoro at;

	if (p->phase == POMODORO_OFF)
		return wall_us;
	at = pomodoro_at(p, plan, then);
	return at.phase == POMODORO_WORK ? usec_add(at.ends.boot_us, ahead_us) : wall_us;
}

const char *pomodoro_phase_name(enum pomodoro_phase phase)
{
	return phase_names[phase];
}

void pomodoro_write(const struct pomodoro *p, char buf[static POMODORO_TEXT_MAX])
{
	snprintf(buf, POMODORO_TEXT_MAX, "%s %u of %u", phase_names[p->phase], p->round,
		 p->n_rounds);
}

bool pomodoro_read(const char *text, struct pomodoro *ret)
{
	for (size_t i = POMODORO_WORK; i < ARRAY_SIZE(phase_names); i++) {
		struct pomodoro p = {.phase = (enum pomodoro_phase)i};
		size_t len = strlen(phase_names[i]);
		int end = 0;

		if (strncmp(text, phase_names[i], len) != 0 ||
		    sscanf(text + len, " %2u of %2u%n", &p.round, &p.n_rounds, &end) != 2 ||
		    text[len + (size_t)end])
			continue;
		/* No break is after the last round. */
		if (p.n_rounds > POMODORO_ROUNDS_MAX || p.round < 1 || p.round > p.n_rounds ||
		    (pomodoro_is_break(&p) && p.round == p.n_rounds))
			return false;
		*ret = p;
		return true;
	}
	return false;
}
