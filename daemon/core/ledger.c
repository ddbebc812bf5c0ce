#include "daemon/core/ledger.h"

#include "daemon/core/instant.h"
#include <inttypes.h>
#include <stdio.h>

/*
 * The windows of all pings are equally long, so their union reaches on from here as far as the last one's, without
 * a gap; before @at_us no other ping comes.
 */
static void advance(struct ledger *l, int64_t at_us)
{
	struct ledger_block *b = &l->block;
	const int64_t windows_us[LEDGER_N_WINDOWS] = {
		[LEDGER_CHOSEN] = b->window_us,
		[LEDGER_SHORT] = LEDGER_WINDOW_SHORT_US,
		[LEDGER_LONG] = LEDGER_WINDOW_LONG_US,
	};

	if (at_us <= l->at_us)
		return;
	for (int c = 0; l->is_on && c < LEDGER_N_COURSES; c++) {
		for (int w = 0; w < LEDGER_N_WINDOWS; w++) {
			int64_t reach_us = usec_add(l->pinged_us[c], windows_us[w]);
			int64_t exposed_us = usec_sub(MIN(reach_us, at_us), l->at_us);

			b->exposed_us[c][w] = usec_add(b->exposed_us[c][w], MAX(exposed_us, 0));
		}
	}
	if (l->is_on)
		b->focus_us = usec_add(b->focus_us, usec_sub(at_us, l->at_us));
	l->at_us = at_us;
}

static void ping(struct ledger *l, enum ledger_course course, int64_t at_us)
{
	advance(l, at_us);
	l->pinged_us[course] = MAX(l->pinged_us[course], at_us);
}

void ledger_init(struct ledger *l)
{
	*l = (struct ledger){.at_us = INT64_MIN, .pinged_us = {INT64_MIN, INT64_MIN}};
}

void ledger_arrive(struct ledger *l, int64_t at_us)
{
	ping(l, LEDGER_ON_ARRIVAL, at_us);
}

void ledger_deliver(struct ledger *l, int64_t at_us)
{
	ping(l, LEDGER_AS_DELIVERED, at_us);
}

void ledger_begin(struct ledger *l, int64_t window_us, int64_t at_us)
{
	advance(l, at_us);
	if (l->is_on)
		return;
	l->is_on = true;
	l->block = (struct ledger_block){.window_us = MAX(window_us, 0)};
}

struct ledger_block ledger_end(struct ledger *l, int64_t at_us)
{
	advance(l, at_us);
	l->is_on = false;
	return l->block;
}

struct ledger_block ledger_so_far(const struct ledger *l, int64_t at_us)
{
	struct ledger then = *l;

	return ledger_end(&then, at_us);
}

double ledger_share(const struct ledger_block *b, enum ledger_course course,
		    enum ledger_window window)
{
	if (b->focus_us <= 0)
		return 0;
	return (double)b->exposed_us[course][window] / (double)b->focus_us;
}

int64_t ledger_saved_us(const struct ledger_block *b)
{
	return b->exposed_us[LEDGER_ON_ARRIVAL][LEDGER_CHOSEN] -
	       b->exposed_us[LEDGER_AS_DELIVERED][LEDGER_CHOSEN];
}

/* Never more than there was. */
static int64_t clear_minutes(const struct ledger_block *b, enum ledger_course course,
			     enum ledger_window window)
{
	int64_t exposed_us = b->exposed_us[course][window];
	int64_t exposed = exposed_us / LEDGER_MINUTE_US + (exposed_us % LEDGER_MINUTE_US > 0);

	return MAX(b->focus_us / LEDGER_MINUTE_US - exposed, 0);
}

bool ledger_write(const struct ledger_block *b, char buf[static LEDGER_TEXT_MAX])
{
	buf[0] = '\0';
	if (b->focus_us < LEDGER_MINUTE_US || ledger_saved_us(b) <= 0)
		return false;
	snprintf(buf, LEDGER_TEXT_MAX,
		 "focus time kept clear: %" PRId64 " of %" PRId64 " min (model%s)",
		 clear_minutes(b, LEDGER_AS_DELIVERED, LEDGER_CHOSEN),
		 b->focus_us / LEDGER_MINUTE_US,
		 b->window_us == LEDGER_WINDOW_INTERVIEW_US ? ", interview figure" : "");
	return true;
}

#define MINUTES_TEXT_MAX 32

/* "15", "16.5", "23.25": without a locale's comma. */
static void write_minutes(int64_t us, char buf[static MINUTES_TEXT_MAX])
{
	int64_t minutes = us / LEDGER_MINUTE_US;
	int hundredths = (int)(us % LEDGER_MINUTE_US * 100 / LEDGER_MINUTE_US);

	if (hundredths == 0)
		snprintf(buf, MINUTES_TEXT_MAX, "%" PRId64, minutes);
	else if (hundredths % 10 == 0)
		snprintf(buf, MINUTES_TEXT_MAX, "%" PRId64 ".%d", minutes, hundredths / 10);
	else
		snprintf(buf, MINUTES_TEXT_MAX, "%" PRId64 ".%02d", minutes, hundredths);
}

void ledger_explain(const struct ledger_block *b, char buf[static LEDGER_TEXT_MAX])
{
	int64_t least = clear_minutes(b, LEDGER_AS_DELIVERED, LEDGER_LONG);
	int64_t most = clear_minutes(b, LEDGER_AS_DELIVERED, LEDGER_SHORT);
	char window[MINUTES_TEXT_MAX], shortest[MINUTES_TEXT_MAX], longest[MINUTES_TEXT_MAX];
	char band[2 * MINUTES_TEXT_MAX];

	write_minutes(b->window_us, window);
	write_minutes(LEDGER_WINDOW_SHORT_US, shortest);
	write_minutes(LEDGER_WINDOW_LONG_US, longest);
	if (least == most)
		snprintf(band, sizeof(band), "%" PRId64, least);
	else
		snprintf(band, sizeof(band), "%" PRId64 " to %" PRId64, least, most);
	snprintf(
		buf, LEDGER_TEXT_MAX,
		"model: what lies within %s min%s after a ping isn't clear; %s min with %s to %s min "
		"instead; %" PRId64 " min had every ping been delivered on arrival",
		window, b->window_us == LEDGER_WINDOW_INTERVIEW_US ? " (interview figure)" : "",
		band, longest, shortest, clear_minutes(b, LEDGER_ON_ARRIVAL, LEDGER_CHOSEN));
}

/* A step holds the delays above those of the one before it, up to longest_in() seconds. */
static size_t step_of(int64_t delay_us)
{
	int64_t seconds = delay_us / USEC_PER_SEC + (delay_us % USEC_PER_SEC > 0);
	size_t octave = 0;

	while ((seconds >> octave) >= 2 * LEDGER_DELAY_STEPS)
		octave++;
	return MIN(octave * LEDGER_DELAY_STEPS + (size_t)(seconds >> octave),
		   (size_t)LEDGER_DELAY_ROOM - 1);
}

static int64_t longest_in(size_t step)
{
	size_t octave = step < LEDGER_DELAY_STEPS ? 0 : step / LEDGER_DELAY_STEPS - 1;
	int64_t above = (int64_t)(step - octave * LEDGER_DELAY_STEPS) + 1;

	return ((above << octave) - 1) * USEC_PER_SEC;
}

void ledger_delay(struct ledger_delays *d, int64_t delay_us)
{
	delay_us = MAX(delay_us, 0);
	d->n++;
	d->sum_us = usec_add(d->sum_us, delay_us);
	d->max_us = MAX(d->max_us, delay_us);
	d->n_in[step_of(delay_us)]++;
}

int64_t ledger_mean_us(const struct ledger_delays *d)
{
	return d->n == 0 ? 0 : d->sum_us / (int64_t)d->n;
}

int64_t ledger_p95_us(const struct ledger_delays *d)
{
	/* As many as may be longer. */
	uint64_t n_longer = d->n / 20, n_shorter = 0;

	/* What is too long for the last step is in there too: its longest is that of all. */
	for (size_t i = 0; i < LEDGER_DELAY_ROOM - 1; i++) {
		n_shorter += d->n_in[i];
		if (n_shorter >= d->n - n_longer)
			return MIN(longest_in(i), d->max_us);
	}
	return d->max_us;
}
