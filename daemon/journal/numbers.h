/*
 * numbers: ids, seqs and batch numbers, which never come twice, and how many rows there are.
 *
 * Ids and seqs are set aside in the journal before they are given, so that none comes again after a crash.
 */
#pragma once
#include "config/base.h"
#include "daemon/core/notification.h"
#include <stdint.h>

struct journal;

/** numbers_load() - go on from what the file has reserved */
void numbers_load(struct journal *j);

/** numbers_choose_blind() - begin without a file, far from what it may hold */
void numbers_choose_blind(struct journal *j);

/**
 * numbers_keep() - let the file, which could be read at last, go on with its own numbers, also of buses
 *
 * Before memory is copied to it.
 */
LULL_MUSTCHECK int numbers_keep(struct journal *j);

LULL_MUSTCHECK int numbers_next_seq(struct journal *j, int64_t *ret);

/** numbers_meet() - a row with this id is about to be there; it may be one that lull didn't choose */
LULL_MUSTCHECK int numbers_meet(struct journal *j, uint32_t id);

/** numbers_count_rows() - ask the file how many there are */
void numbers_count_rows(struct journal *j);

/** numbers_count() - there are more (1) or less (-1) of these */
void numbers_count(struct journal *j, const struct ping *p, int by);
