/*
 * batch: how notifications that are released together go out.
 *
 * Pure. Up to a number they are shown one by one, above it a digest announces them; and never more are open
 * at once than the display can take.
 */
#pragma once
#include "daemon/core/notification.h"
#include <stdbool.h>
#include <stdint.h>

enum batch_form {
	BATCH_EACH = 0,   /* delivered one by one */
	BATCH_DIGEST = 1, /* announced by one digest */
};

/** How far a batch has got; written down, so that a restart goes on from there. */
enum batch_stage {
	BATCH_FORMING = 0,    /* items up to last_seq are being moved */
	BATCH_TELLING = 1,    /* BATCH_DIGEST: its digest isn't on its way yet */
	BATCH_TOLD = 2,       /* nothing more to do for the batch itself */
	BATCH_OPENING = 3,    /* "Show all": announced items are being released */
	BATCH_DELAYING = 4,   /* "Later": announced items are being held until the next break */
	BATCH_DISMISSING = 5, /* "Dismiss": announced items are being closed */
	BATCH_STOPPING = 6, /* focus has begun: what isn't on the display yet is being held again */
	BATCH_RECALLING = 7, /* and what it has announced, too, as nobody has been told */
};

struct batch {
	int64_t number; /* from 1 */
	enum batch_form form;
	enum batch_stage stage;
	int64_t last_seq;  /* the newest item that belongs to it */
	int64_t formed_us; /* wall */
	int64_t waited_us; /* length of the block that it ends, 0 when there was none */
	unsigned takes;    /* BATCH_FORMING: which of those that are held; BATCH_TAKES() */
	struct due due;    /* when it was to be formed, and why; BATCH_DELAYING: until when, or 0 */
};

/**
 * "Later" is until the next break. While focus is on that is its end: they are held as if they had just come.
 * While it is off nobody knows of one, so they come back after this long, or, if focus is on by then, at its end.
 */
#define BATCH_LATER_US (30 * 60 * USEC_PER_SEC)

/** Those that are held until something: a bit for each enum hold_until. */
#define BATCH_TAKES(until) (1U << (until))
#define BATCH_TAKES_ALL 0xfU
/** Only those that are due by themselves, and what may go with them. */
#define BATCH_TAKES_DUE 0x10U

/** How long before its due instant one may go at most, with others that are due. */
#define BATCH_EARLY_MAX_US (15 * 60 * USEC_PER_SEC)

/**
 * batch_takes() - does it take this one, which is held?
 *
 * Of those that are due, also one that soon will be: a due that is a duration is the latest instant, and three
 * quarters of it are nearly all. So what came in together goes together, and no drop follows the other.
 */
bool batch_takes(const struct batch *batch, const struct ping *p);

/** batch_form() - one by one or as a digest? */
enum batch_form batch_form(int64_t n_items, int64_t digest_above);

/** Items that a release may have open on the display at once. */
#define BATCH_OPEN_MAX 3

/** batch_may_show() - may one more released item go to the display? @n_open: those that are on it */
bool batch_may_show(int64_t n_open);
