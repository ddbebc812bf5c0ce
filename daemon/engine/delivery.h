/*
 * delivery: what is to be shown goes to the display, one at a time, and comes back as shown.
 *
 * What is to be shown is what the journal has as `releasing`. One Notify is in flight; a released batch has
 * at most BATCH_OPEN_MAX open. A display that doesn't answer gets nothing more until it does or goes.
 */
#pragma once
#include "daemon/engine/pass.h"

#define EARLY_MAX 8

/** A Closed for an id that isn't known yet, while an answer is awaited. */
struct early_close {
	uint32_t display_id;
	uint32_t reason;
};

struct delivery {
	bool has_display;
	bool is_paused; /* a successor takes over: what is in flight is awaited, nothing follows */
	bool is_stopping;   /* what was released is being held again: nothing of a batch goes out */
	uint32_t in_flight; /* id; 0: none */
	uint32_t last_shown; /* id of what the display took last, and when */
	int64_t last_boot_us;
	struct early_close early[EARLY_MAX]; /* closed before it was answered */
	size_t n_early;
	bool is_stale;            /* it was replaced meanwhile: the newer version follows it */
	int64_t asked_boot_us;    /* when it was sent */
	bool is_probing;          /* it is late, and the display was asked whether it lives */
	int64_t sounded_batch;    /* one of it was shown already: the others are silent */
	int64_t next_try_boot_us; /* after a failure of ours; INSTANT_NEVER */
	bool was_away_briefly;    /* a lulld was here until a moment before this one */
	bool is_reattaching;      /* what is open is being sent anew; see delivery_reattach() */
	int64_t last_seq; /* of what earlier lullds have taken; what is newer this one has sent */
	uint32_t reattached; /* display_id of the last one */
	bool is_reattach;    /* the one in flight is one of these */
};

void delivery_init(struct delivery *d);

/** delivery_pump() - send the next one, if there is one and it may go; after a commit */
void delivery_pump(struct delivery *d, struct pass *pass);

/** delivery_tick() - look after one that is late */
void delivery_tick(struct delivery *d, struct pass *pass);

/** delivery_next() - when delivery_tick() has something to do next */
struct wake delivery_next(const struct delivery *d);

/**
 * delivery_up() - a display is there
 * @identity: unique name and bus; another one than last time voids the display's ids
 */
void delivery_up(struct delivery *d, struct pass *pass, const char *identity);

/**
 * delivery_reattach() - for the display a notification belongs to the connection that has sent it
 *
 * What an earlier lulld has sent to it, and what is still open, is sent once more in its place, so that its
 * buttons reach this one. Not when nobody was here for long: what was closed meanwhile would come up again.
 */
void delivery_reattach(struct delivery *d);

/**
 * delivery_down() - it has gone; what it showed is gone with it
 * @is_told_to: it was ended, and hasn't died of what it showed
 */
void delivery_down(struct delivery *d, struct pass *pass, bool is_told_to);

/** delivery_replaced() - @id has a newer version in the journal */
void delivery_replaced(struct delivery *d, uint32_t id);

/** delivery_shown() - the display's answer to the one in flight */
void delivery_shown(struct delivery *d, struct pass *pass, uint32_t display_id);

/** delivery_refused() - the display's error for the one in flight, or no answer though it is alive */
void delivery_refused(struct delivery *d, struct pass *pass, const char *error);

/**
 * delivery_closed_early() - the display closed an id that nobody knows
 *
 * Return: true when it may be the one in flight: it is kept until that is answered.
 */
bool delivery_closed_early(struct delivery *d, uint32_t display_id, uint32_t reason);

/** delivery_alive() - the display has answered the probe */
void delivery_alive(struct delivery *d, struct pass *pass);
