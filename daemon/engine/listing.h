/*
 * listing: what waits, a page at a time.
 */
#pragma once
#include "daemon/core/policy.h"
#include "daemon/journal/journal.h"

/**
 * listing_walk() - the next @max items that wait, the oldest first
 * @context: to tell when those that are held will go
 * @cursor: 0, or what the last call returned
 * @item: called for each; stops when it returns false
 *
 * Return: the cursor to go on from, 0 when that was all.
 */
uint64_t listing_walk(struct journal *journal, const struct policy_context *context,
		      uint64_t cursor, size_t max, bool (*item)(void *data, const struct ping *p),
		      void *data);
