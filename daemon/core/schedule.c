#include "daemon/core/schedule.h"

#include <stdbool.h>
#include <string.h>

#define SEC_PER_MINUTE 60
#define DAY_US (INT64_C(86400) * USEC_PER_SEC)

/* An occurrence that opened this many days ago may still be on, in whatever zone. */
#define DAYS_BACK 2
/* A day of the week that isn't excepted comes within this many days: DATES_MAX weeks, and some. */
#define DAYS_AHEAD 400
/* Blocks that hold longer than this without a gap hold for ever. */
#define FREE_WITHIN_US (366 * DAY_US)

struct occurrence {
	int64_t holds_us; /* from then on, the lead included */
	int64_t ends_us;
};

static bool opens_on(const struct block *b, int32_t day)
{
	if (day < b->from || day > b->until || !(b->days & 1U << calendar_weekday(day)))
		return false;
	for (size_t i = 0; i < b->except.n; i++)
		if (b->except.days[i] == day)
			return false;
	return true;
}

static int64_t wall_of(const struct schedule *s, int32_t day, int32_t minutes,
		       enum civil_which which)
{
	return civil_wall(s->zone, (struct civil_time){day, minutes * SEC_PER_MINUTE}, which);
}

static bool was_ended(const struct schedule *s, const struct block *b, const struct occurrence *o)
{
	for (size_t i = 0; i < s->n_ends; i++)
		if (strcmp(s->ends[i].name, b->name) == 0 && o->holds_us <= s->ends[i].wall_us &&
		    s->ends[i].wall_us < o->ends_us)
			return true;
	return false;
}

/* Return: false when there is none on that day. */
static bool occurs(const struct schedule *s, const struct block *b, int32_t day,
		   struct occurrence *ret)
{
	int64_t starts_us;

	if (!opens_on(b, day))
		return false;
	starts_us = wall_of(s, day, b->start, CIVIL_FIRST);
	ret->holds_us = starts_us - b->lead_us;
	ret->ends_us = wall_of(s, b->end > b->start ? day : day + 1, b->end, CIVIL_SECOND);
	return starts_us < ret->ends_us && !was_ended(s, b, ret);
}

/* What one block does at @wall_us: until when it holds (0: it doesn't), and when it begins to next. */
struct course {
	int64_t ends_us;
	int64_t changes_us; /* holding changes then: the first end, or the next start */
	int64_t starts_us;  /* INSTANT_NEVER: not in the next year */
};

static struct course course_of(const struct schedule *s, const struct block *b, int32_t today,
			       int64_t wall_us)
{
	struct course c = {.changes_us = INSTANT_NEVER, .starts_us = INSTANT_NEVER};
	int32_t day = MAX(today - DAYS_BACK, b->from), last = MAX(today, day) + DAYS_AHEAD;

	for (; day <= MIN(last, b->until); day++) {
		struct occurrence o;

		if (!occurs(s, b, day, &o) || o.ends_us <= wall_us)
			continue;
		if (o.holds_us > wall_us) {
			c.starts_us = o.holds_us;
			break;
		}
		c.ends_us = MAX(c.ends_us, o.ends_us);
	}
	if (c.ends_us > 0)
		c.changes_us = c.ends_us;
	/* One that begins while another is on moves the end. */
	c.changes_us = MIN(c.changes_us, c.starts_us);
	return c;
}

bool schedule_hours_at(const struct civil_zone *zone, const struct block *b, int64_t wall_us,
		       int64_t *ret_ends_us)
{
	const struct schedule s = {.zone = zone};
	int32_t today = civil_local(zone, wall_us).day;
	bool is_on = false;

	for (int32_t day = today - DAYS_BACK; day <= today; day++) {
		struct occurrence o;

		if (!occurs(&s, b, day, &o) || o.holds_us > wall_us || o.ends_us <= wall_us)
			continue;
		*ret_ends_us = is_on ? MAX(*ret_ends_us, o.ends_us) : o.ends_us;
		is_on = true;
	}
	return is_on;
}

void schedule_at(const struct schedule *s, int64_t wall_us, struct schedule_now *ret)
{
	int32_t today = civil_local(s->zone, wall_us).day;

	ret->n_holds = 0;
	ret->next_us = INSTANT_NEVER;
	for (size_t i = 0; i < s->n_blocks; i++) {
		struct course c = course_of(s, &s->blocks[i], today, wall_us);

		ret->next_us = MIN(ret->next_us, c.changes_us);
		if (c.ends_us > 0)
			ret->holds[ret->n_holds++] =
				(struct schedule_hold){&s->blocks[i], c.ends_us};
	}
}

int64_t schedule_next_start(const struct schedule *s, int64_t wall_us, const struct block **ret)
{
	int32_t today = civil_local(s->zone, wall_us).day;
	int64_t next_us = INSTANT_NEVER;

	*ret = NULL;
	for (size_t i = 0; i < s->n_blocks; i++) {
		struct course c = course_of(s, &s->blocks[i], today, wall_us);

		if (c.starts_us < next_us) {
			next_us = c.starts_us;
			*ret = &s->blocks[i];
		}
	}
	return next_us;
}

/* An occurrence of each block, and the day on which it opens. */
struct cursor {
	int32_t day, last;
	struct occurrence o;
};

/* On to the first one that ends after @at_us. Return: false when there is none up to the last day. */
static bool go_on(const struct schedule *s, const struct block *b, struct cursor *c, int64_t at_us)
{
	while (c->day <= c->last && c->o.ends_us <= at_us) {
		c->day++;
		if (c->day > c->last || !occurs(s, b, c->day, &c->o))
			c->o.ends_us = INT64_MIN;
	}
	return c->day <= c->last;
}

/* Each occurrence is looked at once, however many blocks there are that follow each other. */
int64_t schedule_free_at(const struct schedule *s, int64_t wall_us)
{
	int32_t today = civil_local(s->zone, wall_us).day;
	struct cursor cursors[BLOCKS_MAX];
	int64_t at_us = wall_us, before_us;

	for (size_t i = 0; i < s->n_blocks; i++) {
		const struct block *b = &s->blocks[i];

		cursors[i] = (struct cursor){
			.day = MAX(today - DAYS_BACK, b->from) - 1,
			.last = MIN(today + DAYS_AHEAD, b->until),
			.o = {.ends_us = INT64_MIN},
		};
	}
	do {
		before_us = at_us;
		for (size_t i = 0; i < s->n_blocks; i++)
			if (go_on(s, &s->blocks[i], &cursors[i], at_us) &&
			    cursors[i].o.holds_us <= at_us)
				at_us = cursors[i].o.ends_us;
	} while (at_us > before_us && at_us - wall_us <= FREE_WITHIN_US);
	return at_us - wall_us <= FREE_WITHIN_US ? at_us : INSTANT_NEVER;
}

/* The last delivery up to @wall_us and the next one, as they are set. There is one in any eight days. */
static void find_deliveries(const struct schedule *s, int64_t wall_us, int64_t *ret_last,
			    int64_t *ret_next)
{
	int32_t today = civil_local(s->zone, wall_us).day;

	*ret_last = INT64_MIN;
	*ret_next = INSTANT_NEVER;
	for (int32_t day = today - DAYS_BACK - 7; day <= today + 8; day++) {
		if (!(s->deliver_days & 1U << calendar_weekday(day)))
			continue;
		for (size_t i = 0; i < s->deliver_at->n; i++) {
			int64_t at_us = wall_of(s, day, s->deliver_at->minutes[i], CIVIL_FIRST);

			if (at_us > wall_us) {
				*ret_next = at_us;
				return;
			}
			*ret_last = at_us;
		}
	}
}

int64_t schedule_next_delivery(const struct schedule *s, int64_t wall_us)
{
	int64_t free_us = schedule_free_at(s, wall_us);
	int64_t last_us, next_us;

	find_deliveries(s, wall_us, &last_us, &next_us);
	/* Blocks that hold now may have moved one that is past; else the next one is the first of all. */
	if (free_us > wall_us && last_us > INT64_MIN && schedule_free_at(s, last_us) > wall_us)
		return free_us;
	if (next_us == INSTANT_NEVER)
		return INSTANT_NEVER;
	return next_us < free_us ? free_us : schedule_free_at(s, next_us);
}
