/*
 * release: what was held goes, as a batch: one by one, or announced by a digest.
 *
 * A batch is formed in steps, so that ten thousand items don't stop the loop; how far it has got is in the
 * journal, and a restart goes on from there.
 */
#pragma once
#include "daemon/core/digest.h"
#include "daemon/engine/pass.h"

/* How far those that are held were looked at: by seq, or by (due, id). */
struct release_place {
	int64_t seq;
	int64_t due_us;
	uint32_t id;
};

struct release {
	bool has_work;          /* a batch isn't told yet */
	bool is_stopping;       /* what waits for the display is being held again */
	bool opens_all;         /* everything announced is being released */
	struct digest *digest;  /* of the batch that is being told */
	int64_t digest_batch;   /* which that is; 0: none */
	int64_t digest_after;   /* the last item that it counts */
	bool is_digest_whole;   /* and it has what else came in the block */
	uint32_t digest_before; /* which has been looked through down to this id */
	int n_digest_older;     /* the last so many came before the block */
	int64_t forming;        /* the batch that is being formed */
	struct release_place
		forming_after;         /* those up to it were looked at, and stay or have gone */
	bool is_presenting;            /* the presenter is at it */
	int64_t next_us;               /* the next delivery; wall; 0: there is none */
	const struct civil_zone *zone; /* borrowed */
	char *presenter; /* the unique name its Notify will come from; NULL before it has said so */
};

void release_done(struct release *r);

/** release_load() - at start: is there a batch to go on with? */
void release_load(struct release *r, struct pass *pass);

/**
 * release_begin() - what is held now becomes a batch
 * @takes: which of it; BATCH_TAKES()
 * @due: when that was to be, and why
 * @block_us: length of the block that it ends, or 0
 */
void release_begin(struct release *r, struct pass *pass, unsigned takes, struct due due,
		   int64_t block_us);

/**
 * release_stop() - focus has begun: what was let go and isn't on the display yet is held again
 *
 * What a digest has announced that was told stays so. What is due by itself goes on, as it does in a block; and so
 * does what is let go from now on.
 */
void release_stop(struct release *r, struct pass *pass);

/** release_open() - "Show all" of one batch; the others wait */
void release_open(struct release *r, struct pass *pass, int64_t batch);

/** release_delay() - "Later" of one batch: what it announced is held until the next break; BATCH_LATER_US */
void release_delay(struct release *r, struct pass *pass, int64_t batch, bool is_focus_on);

/** release_dismiss() - "Dismiss" of one batch: Closed(2) to the senders of what it announced */
void release_dismiss(struct release *r, struct pass *pass, int64_t batch);

/** release_open_all() - everything that was announced is shown */
void release_open_all(struct release *r, struct pass *pass);

/** What a step goes by. */
struct release_turn {
	bool has_display; /* a digest waits until there is one */
	bool is_focus_on;
	int64_t next_us; /* for the digest: the next delivery; wall; 0: there is none */
	const struct civil_zone *zone;
	uint32_t
		in_flight; /* the one that the display has been given and hasn't acknowledged; 0: none */
	/* What is held again: until what, and when it is due then. */
	enum hold_until until;
	struct due due;
	/* Told by the step: of what it has held or snoozed, the first one is due then; INSTANT_NEVER */
	int64_t held_us;
	int64_t snoozed_us;
};

/** release_has_work() - may release_work() have something to do? */
bool release_has_work(const struct release *r);

/**
 * release_work() - one step
 *
 * Return: true when there is more to do right away.
 */
bool release_work(struct release *r, struct pass *pass, struct release_turn *turn);

/** release_presenter() - the presenter says from which name its Notify will come */
void release_presenter(struct release *r, const char *unique_name);

/** release_is_digest() - is a Notify from @sender the digest? Then the batch that it announces, else 0. */
int64_t release_is_digest(const struct release *r, const char *sender);

/** release_told() - the digest of @batch is in the journal */
void release_told(struct release *r, struct pass *pass, int64_t batch);

/** release_presented() - the presenter is done; unless its digest came, lull sends one itself */
void release_presented(struct release *r, struct pass *pass, const char *error);
