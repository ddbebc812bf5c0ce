/*
 * senders: which unique names are on the bus, and what is known of them.
 *
 * Holds those that have pinged and those that were there at start; the ones that leave are taken out, so it
 * is never larger than the bus.
 */
#pragma once
#include "daemon/core/notification.h"
#include <stdbool.h>
#include <stdint.h>

struct senders;

/** One sender. Valid until it is dropped. */
struct sender {
	char *name;         /* unique */
	bool is_asked;      /* the bus was asked for its credentials */
	void *asking;       /* the adapter's, while the answer isn't there; borrowed */
	uint32_t pid;       /* 0: not known */
	bool is_identified; /* the bus has answered */
	enum sandboxed sandboxed;
	char *app; /* application id of its process; NULL: not known */
};

/** senders_new() - nobody yet. Return: NULL when out of memory. */
struct senders *senders_new(void);

/** senders_free() - NULL is fine. Return: NULL. */
struct senders *senders_free(struct senders *s);
DEFINE_AUTOFREE(senders)

/** senders_add() - this one is there; once more is fine. Return: its record, NULL when out of memory. */
struct sender *senders_add(struct senders *s, const char *unique_name);

/** senders_find() - Return: its record, or NULL when it isn't there */
struct sender *senders_find(const struct senders *s, const char *unique_name);

/** senders_drop() - it has left; one that isn't known is fine */
void senders_drop(struct senders *s, const char *unique_name);
