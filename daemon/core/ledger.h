/*
 * ledger: how much focus time was exposed to pings, and how much would have been without lull.
 *
 * Pure. The exposure ledger of interruption-cost.md, section 3: with the focus time F, the instants
 * d_j at which pings reached the user (a batch is one) and the refocus window R, exposure is
 *
 *	E = | F intersected with the union over j of [d_j, d_j + R) |
 *
 * It is a model, not time lost, and is told as one: with a band of windows, and next to what it would have been
 * had every ping been delivered on arrival. It is of pings only; nobody counts other interruptions here.
 *
 * Events are fed one by one, in the order of time, between blocks too: a ping up to R before a block counts.
 * Memory is the same however many there are. Instants are of one clock, which the caller chooses. What is told
 * later than something that came after it changes nothing that is counted: of a ping's window the rest counts.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stdint.h>

#define LEDGER_MINUTE_US (60 * USEC_PER_SEC)
/* The window unless the user has another one, the band around it, and the one that everybody quotes. */
#define LEDGER_WINDOW_DEFAULT_US (15 * LEDGER_MINUTE_US)
#define LEDGER_WINDOW_SHORT_US (10 * LEDGER_MINUTE_US)
#define LEDGER_WINDOW_LONG_US (33 * LEDGER_MINUTE_US / 2)
#define LEDGER_WINDOW_INTERVIEW_US (93 * LEDGER_MINUTE_US / 4)

enum ledger_course {
	LEDGER_ON_ARRIVAL, /* had every ping been delivered when it came */
	LEDGER_AS_DELIVERED,
	LEDGER_N_COURSES,
};

enum ledger_window {
	LEDGER_CHOSEN, /* the block's window_us */
	LEDGER_SHORT,
	LEDGER_LONG,
	LEDGER_N_WINDOWS,
};

/** A focus block. */
struct ledger_block {
	int64_t window_us;
	int64_t focus_us; /* its length */
	int64_t exposed_us[LEDGER_N_COURSES][LEDGER_N_WINDOWS];
};

struct ledger {
	int64_t at_us;                       /* everything before it is counted */
	int64_t pinged_us[LEDGER_N_COURSES]; /* the last one */
	bool is_on;
	struct ledger_block block; /* the one that is on, or the last one */
};

/** ledger_init() - nothing has come yet */
void ledger_init(struct ledger *l);

/** ledger_arrive() - a ping came in, whatever becomes of it */
void ledger_arrive(struct ledger *l, int64_t at_us);

/** ledger_deliver() - one was delivered, or a batch or its digest; a breakthrough arrives besides */
void ledger_deliver(struct ledger *l, int64_t at_us);

/**
 * ledger_begin() - a block begins; one that is on already goes on
 * @window_us: the refocus window; negative counts as 0
 */
void ledger_begin(struct ledger *l, int64_t window_us, int64_t at_us);

/** ledger_end() - the block ends, as planned or not. Return: the block; the last one when none is on. */
struct ledger_block ledger_end(struct ledger *l, int64_t at_us);

/** ledger_so_far() - what ledger_end() would return */
struct ledger_block ledger_so_far(const struct ledger *l, int64_t at_us);

/** ledger_share() - X = E / |F|, 0 to 1; 0 without focus time */
double ledger_share(const struct ledger_block *b, enum ledger_course course,
		    enum ledger_window window);

/** ledger_saved_us() - E on arrival - E as delivered, with the chosen window; negative: it has become more */
int64_t ledger_saved_us(const struct ledger_block *b);

/** Room for what ledger_write() and ledger_explain() write. */
#define LEDGER_TEXT_MAX 320

/**
 * ledger_write() - "focus time kept clear: 85 of 90 min (model)"
 *
 * Whole minutes; what is exposed is rounded up.
 *
 * Return: false, and "", when there is nothing to claim: lull kept nothing clear that wouldn't have been anyway, or
 * the block was shorter than a minute.
 */
bool ledger_write(const struct ledger_block *b, char buf[static LEDGER_TEXT_MAX]);

/**
 * ledger_explain() - which model that is, its band, and the same without lull
 *
 * "model: what lies within 15 min after a ping isn't clear; 84 to 86 min with 16.5 to 10 min instead; 40 min had
 * every ping been delivered on arrival"
 */
void ledger_explain(const struct ledger_block *b, char buf[static LEDGER_TEXT_MAX]);

/* Above 32 s an octave has so many steps: what is told is at most that much too long. */
#define LEDGER_DELAY_STEPS 32
/* Up to 2^25 s, which is more than DURATION_MAX_US. */
#define LEDGER_DELAY_ROOM (LEDGER_DELAY_STEPS * 21)

/** The delay that was paid for it: from arrival to delivery, of as many as there are. Zeroed when empty. */
struct ledger_delays {
	uint64_t n;
	int64_t sum_us;
	int64_t max_us;
	uint64_t n_in[LEDGER_DELAY_ROOM];
};

/** ledger_delay() - one was delivered so long after its arrival; negative counts as 0 */
void ledger_delay(struct ledger_delays *d, int64_t delay_us);

/** ledger_mean_us() - 0 when there are none */
int64_t ledger_mean_us(const struct ledger_delays *d);

/**
 * ledger_p95_us() - 95 of 100 waited no longer than this, 0 when there are none
 *
 * By nearest rank. In whole seconds, rounded up, and by no more than a 32nd besides; never above max_us.
 */
int64_t ledger_p95_us(const struct ledger_delays *d);
