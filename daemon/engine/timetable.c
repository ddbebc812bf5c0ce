#include "daemon/engine/timetable.h"

#include "daemon/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A schedule doesn't see further than a year; and an armed timer notices a clock that is set. */
#define LOOK_EVERY_US (INT64_C(30) * 86400 * USEC_PER_SEC)

#define ENDS_KEY "ended_blocks"
#define DUE_KEY "delivery_due"

struct schedule timetable_schedule(const struct timetable *t, const struct pass *pass)
{
	return (struct schedule){
		.zone = t->zone,
		.blocks = pass->settings->blocks,
		.n_blocks = pass->settings->n_blocks,
		.ends = t->ends,
		.n_ends = t->n_ends,
		.deliver_at = &pass->settings->deliver_at,
		.deliver_days = pass->settings->deliver_days,
	};
}

bool timetable_is_delivering(const struct pass *pass)
{
	return pass->settings->deliver_at.n > 0;
}

/* --- what survives a restart --- */

/* "NAME INSTANT", one a line. */
static void save_ends(const struct timetable *t, struct pass *pass)
{
	autofree(str) char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);
	bool is_written = false;

	if (out) {
		for (i = 0; i < t->n_ends; i++)
			fprintf(out, "%s %" PRId64 "\n", t->ends[i].name, t->ends[i].wall_us);
		is_written = fclose(out) == 0;
	}
	if (!is_written || journal_put_meta(pass->journal, ENDS_KEY, text) < 0)
		log_error("out of memory: a block that was ended begins again at a restart");
}

static void load_ends(struct timetable *t, struct pass *pass)
{
	autofree(str) char *text = journal_meta(pass->journal, ENDS_KEY);
	const char *at = text;
	int n = 0;

	t->n_ends = 0;
	for (; at && t->n_ends < ARRAY_SIZE(t->ends); at += n) {
		struct schedule_end *end = &t->ends[t->n_ends];

		_Static_assert(BLOCK_NAME_MAX == 32, "the format below says so");
		if (sscanf(at, "%32s %" SCNd64 "\n%n", end->name, &end->wall_us, &n) != 2)
			break;
		t->n_ends++;
	}
}

static void set_due(struct timetable *t, struct pass *pass, int64_t due_us)
{
	char text[24] = "";

	if (due_us == t->due_us)
		return;
	t->due_us = due_us;
	if (due_us != INSTANT_NEVER)
		snprintf(text, sizeof(text), "%" PRId64, due_us);
	if (journal_put_meta(pass->journal, DUE_KEY, text) < 0)
		log_error("out of memory: a restart doesn't know of the next delivery");
}

void timetable_load(struct timetable *t, struct pass *pass)
{
	autofree(str) char *due = journal_meta(pass->journal, DUE_KEY);

	load_ends(t, pass);
	t->due_us = due && *due ? strtoll(due, NULL, 10) : INSTANT_NEVER;
	t->is_fresh = false;
}

/* --- looking --- */

void timetable_forget(struct timetable *t)
{
	t->is_fresh = false;
}

static void look_for_delivery(struct timetable *t, struct pass *pass)
{
	const struct schedule s = timetable_schedule(t, pass);

	if (!timetable_is_delivering(pass))
		set_due(t, pass, INSTANT_NEVER);
	else if (t->due_us > pass->now.wall_us)
		set_due(t, pass, schedule_next_delivery(&s, pass->now.wall_us));
}

bool timetable_look(struct timetable *t, struct pass *pass, struct schedule_now *ret)
{
	const struct schedule s = timetable_schedule(t, pass);
	const int64_t now_us = pass->now.wall_us;

	if (t->is_fresh && now_us >= t->seen_us && now_us < t->next_us)
		return false;
	schedule_at(&s, now_us, ret);
	t->is_fresh = true;
	t->seen_us = now_us;
	t->next_us = INSTANT_NEVER;
	if (s.n_blocks > 0 || timetable_is_delivering(pass))
		t->next_us = MIN(ret->next_us, now_us + LOOK_EVERY_US);
	look_for_delivery(t, pass);
	return true;
}

/* The first one that is free, or the one that was ended the longest ago. */
static struct schedule_end *find_end(struct timetable *t, const char *name)
{
	struct schedule_end *oldest = &t->ends[0];
	size_t i;

	for (i = 0; i < t->n_ends; i++) {
		if (strcmp(t->ends[i].name, name) == 0)
			return &t->ends[i];
		if (t->ends[i].wall_us < oldest->wall_us)
			oldest = &t->ends[i];
	}
	return t->n_ends < ARRAY_SIZE(t->ends) ? &t->ends[t->n_ends++] : oldest;
}

void timetable_end(struct timetable *t, struct pass *pass, const struct focus *f)
{
	size_t n = 0, i;

	for (i = 0; i < f->n_tokens; i++) {
		struct schedule_end *end;

		if (f->tokens[i].kind != TOKEN_SCHEDULE)
			continue;
		end = find_end(t, f->tokens[i].name);
		snprintf(end->name, sizeof(end->name), "%.*s", BLOCK_NAME_MAX, f->tokens[i].name);
		end->wall_us = pass->now.wall_us;
		n++;
	}
	if (n == 0)
		return;
	save_ends(t, pass);
	timetable_forget(t);
}

bool timetable_is_due(const struct timetable *t, const struct pass *pass)
{
	return timetable_is_delivering(pass) && t->due_us <= pass->now.wall_us;
}

void timetable_delivered(struct timetable *t, struct pass *pass)
{
	const struct schedule s = timetable_schedule(t, pass);

	set_due(t, pass, schedule_next_delivery(&s, pass->now.wall_us));
	/* What holds is as it was; but before this instant the next delivery would be another one. */
	t->seen_us = pass->now.wall_us;
}

int64_t timetable_next(const struct timetable *t, const struct pass *pass)
{
	/* One that is due already waits for the end of focus, which has a timer of its own. */
	return t->due_us > pass->now.wall_us ? MIN(t->next_us, t->due_us) : t->next_us;
}
