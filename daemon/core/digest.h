/*
 * digest: the one notification that announces a batch.
 *
 * Pure. Items are added in the order of their arrival; the text counts them per application, the busiest
 * first. A line names what an application said last; of a messenger, who wrote and how often.
 */
#pragma once
#include "config/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keys of its buttons, as the display sends them back. */
#define DIGEST_KEY_OPEN "default" /* a click on the body */
#define DIGEST_KEY_SHOW_ALL "show-all"
#define DIGEST_KEY_LATER "later"
#define DIGEST_KEY_DISMISS "dismiss"

/** What the user wants with what a digest announces. */
enum digest_answer {
	DIGEST_NO_ANSWER = 0,
	DIGEST_SHOW_ALL,
	DIGEST_LATER,
	DIGEST_DISMISS,
};

struct civil_zone;
struct digest;

/** What the text goes by, besides the items. */
struct digest_view {
	int64_t now_us;
	bool is_markup;                /* the display has `body-markup`: escape for it */
	int64_t next_us;               /* the next delivery; 0: there is none */
	const struct civil_zone *zone; /* of the clock that tells when that is */
};

/** digest_actions() - its buttons: key, label, ..., NULL */
const char *const *digest_actions(enum digest_open open);

/** digest_answer() - what the button with this key says */
enum digest_answer digest_answer(const char *key, enum digest_open open);

/** digest_new() - an empty one. Return: NULL when out of memory. */
struct digest *digest_new(void);

/** digest_free() - NULL is fine. Return: NULL. */
struct digest *digest_free(struct digest *d);
DEFINE_AUTOFREE(digest)

/** What it tells of a notification. */
struct digest_item {
	const char *app;      /* as people know it; "" counts as "an application" */
	const char *category; /* of im and im.*, the summary is taken for who writes */
	const char *summary;  /* "": it is only counted */
	int64_t arrived_us;
};

/**
 * digest_add() - count one notification
 *
 * Return: 0, or -ENOMEM; then the item is missing from the text, nothing else.
 */
int digest_add(struct digest *d, const struct digest_item *item);

/**
 * digest_add_through() - one that came meanwhile and was delivered at once
 *
 * Only which application it is from is told: it has been seen, and what it says may be a code.
 *
 * Return: as digest_add().
 */
int digest_add_through(struct digest *d, const char *app);

/** digest_add_withdrawn() - one that its sender closed before anybody saw it */
void digest_add_withdrawn(struct digest *d);

size_t digest_count(const struct digest *d);

/**
 * digest_summary() - "5 notifications from 3 apps while you focused for 25 min"
 * @block_us: length of the block, 0 when there was none
 *
 * Return: a string that the caller frees, or NULL when out of memory.
 */
char *digest_summary(const struct digest *d, int64_t block_us);

/**
 * digest_body() - a line for each of the busiest applications, then how long the oldest waited
 *
 * At most eight lines.
 *
 * Return: a string that the caller frees, or NULL when out of memory.
 */
char *digest_body(const struct digest *d, const struct digest_view *view);
