/*
 * archive: the journal, read without the daemon.
 *
 * The only file of the client that knows SQLite. It changes nothing in it, and never keeps the daemon from
 * writing.
 */
#pragma once
#include "config/base.h"
#include "daemon/core/notification.h"
#include <stdint.h>

struct archive;

/** What is wanted; NULL or 0 where it doesn't matter. */
struct archive_query {
	int64_t since_us;
	const char *app;  /* case doesn't matter */
	const char *text; /* in summary or body; case doesn't matter */
	size_t limit;
};

/**
 * archive_open() - open the journal of this user
 * @ret_error: on failure, why in words; the caller frees it (may be NULL when out of memory)
 *
 * Return: 0; -ENOENT when there is none yet; another negative errno.
 */
LULL_MUSTCHECK int archive_open(struct archive **ret, char **ret_error);

/** archive_free() - close; NULL is fine. Return: NULL. */
struct archive *archive_free(struct archive *a);
DEFINE_AUTOFREE(archive)

/** One notification, and what is known of the verdict on it. */
struct archive_item {
	struct ping *ping;
	char *rules; /* which there were then; settings_rules_text(). NULL: not known */
};

/** archive_item_done() - one that is zero is fine */
void archive_item_done(struct archive_item *item);

/**
 * archive_find() - one by its id
 * @ret_error: as for archive_each()
 *
 * Return: 0, -ENOENT, or another negative errno.
 */
LULL_MUSTCHECK int archive_find(struct archive *a, uint32_t id, struct archive_item *ret,
				char **ret_error);

/**
 * archive_held() - all that were ever held and had to be released by some instant, the oldest first
 * @ping: as for archive_each(), without the body
 */
LULL_MUSTCHECK int archive_held(struct archive *a, int (*ping)(void *data, const struct ping *p),
				void *data, char **ret_error);

/** archive_remembered() - what lulld has written down under @key; the caller frees it. NULL: nothing. */
char *archive_remembered(struct archive *a, const char *key);

/**
 * archive_each() - what matches, the newest first; lull's own notifications are left out
 * @ping: called for each, with its body, valid for the call; a negative errno ends it
 * @ret_error: on a failure of the journal, why in words; the caller frees it
 *
 * Return: 0, or a negative errno.
 */
LULL_MUSTCHECK int archive_each(struct archive *a, const struct archive_query *query,
				int (*ping)(void *data, const struct ping *p, const char *body),
				void *data, char **ret_error);
