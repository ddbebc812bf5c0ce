/*
 * digest: the one notification that announces a batch.
 *
 * Pure. Items are added in the order of their arrival; the text counts them per application, the busiest
 * first.
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

struct digest;

/** digest_actions() - its buttons: key, label, ..., NULL */
const char *const *digest_actions(enum digest_open open);

/** digest_answer() - what the button with this key says */
enum digest_answer digest_answer(const char *key, enum digest_open open);

/** digest_new() - an empty one. Return: NULL when out of memory. */
struct digest *digest_new(void);

/** digest_free() - NULL is fine. Return: NULL. */
struct digest *digest_free(struct digest *d);
DEFINE_AUTOFREE(digest)

/**
 * digest_add() - count one notification
 * @app: as people know it; "" counts as "an application"
 * @summary: the latest of each application is shown
 *
 * Return: 0, or -ENOMEM; then the item is missing from the text, nothing else.
 */
int digest_add(struct digest *d, const char *app, const char *summary, int64_t arrived_us);

size_t digest_count(const struct digest *d);

/**
 * digest_summary() - "5 notifications from 3 apps while you focused for 25 min"
 * @block_us: length of the block, 0 when there was none
 *
 * Return: a string that the caller frees, or NULL when out of memory.
 */
char *digest_summary(const struct digest *d, int64_t block_us);

/**
 * digest_body() - one line an application, the busiest first, and how long the oldest waited
 * @is_markup: the display has `body-markup`: escape for it
 *
 * Return: a string that the caller frees, or NULL when out of memory.
 */
char *digest_body(const struct digest *d, int64_t now_us, bool is_markup);
