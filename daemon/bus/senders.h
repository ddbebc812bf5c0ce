/*
 * senders: which unique names are on the bus.
 *
 * Holds those that have pinged and those that were there at start; the ones that leave are taken out, so it
 * is never larger than the bus.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>

struct senders;

/** senders_new() - nobody yet. Return: NULL when out of memory. */
struct senders *senders_new(void);

/** senders_free() - NULL is fine. Return: NULL. */
struct senders *senders_free(struct senders *s);
DEFINE_AUTOFREE(senders)

/** senders_add() - this one is there. Return: 0 or -ENOMEM; once more is fine. */
LULL_MUSTCHECK int senders_add(struct senders *s, const char *unique_name);

/** senders_drop() - it has left; one that isn't known is fine */
void senders_drop(struct senders *s, const char *unique_name);

bool senders_have(const struct senders *s, const char *unique_name);
