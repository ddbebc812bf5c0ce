/*
 * layout: the tables of the journal, and how those of an older lull become the ones of now.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>

struct sqlite3;

#define LAYOUT_APPLICATION_ID 0x4c554c4c /* "LULL"; PRAGMA application_id */

/** What this program reads and writes; PRAGMA user_version. */
#define LAYOUT_VERSION 2

/**
 * layout_check() - is it ours, and can we read it? Writes nothing
 * @ret_is_new: there are no tables yet
 *
 * Return: 0; -EBADMSG when it isn't ours; -EPROTO when a newer lull wrote it; a fault.
 */
LULL_MUSTCHECK int layout_check(struct sqlite3 *db, bool *ret_is_new, int *ret_version);

/** layout_make() - make the tables where there are none */
LULL_MUSTCHECK int layout_make(struct sqlite3 *db);

/** layout_migrate() - bring them from @version up to LAYOUT_VERSION; each step is whole or not done at all */
LULL_MUSTCHECK int layout_migrate(struct sqlite3 *db, int version);
