/*
 * enable_record: what `lull enable` has changed, so that `lull disable` can put it back.
 *
 * $XDG_STATE_HOME/lull/enabled.json, for its user alone. A change is on record before it is made: after a crash
 * the record may tell of changes that weren't, never the other way round. Each is an object with the keys
 *
 *   kind      path                        besides
 *   "dir"     a directory that was made
 *   "aside"   a file that was in the way  "to": its name since
 *   "file"    a file that was written     "texts": what it may hold, an array; the last is the newest
 *   "link"    a link that systemd made
 */
#pragma once
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

struct record;

/**
 * record_open() - read the record
 * @is_dry_run: what is added is forgotten at the end, and no file is touched
 *
 * Return: 0, also when there is none; -EBADMSG when the file isn't understood, -ENXIO when there is no home
 * directory, or another negative errno.
 */
LULL_MUSTCHECK int record_open(bool is_dry_run, struct record **ret);

/** record_exists() - is this account enabled, as far as can be seen without reading the record? */
bool record_exists(void);

/** record_free() - forget it; NULL is fine. Return: NULL. */
struct record *record_free(struct record *r);
DEFINE_AUTOFREE(record)

/** record_is_there() - is there a record, written or to be written? */
bool record_is_there(const struct record *r);

bool record_is_dry_run(const struct record *r);

/** record_dir() - Return: lull's directory for its state, borrowed */
const char *record_dir(const struct record *r);

/** record_changes() - Return: the array, in the order of what was done; borrowed, NULL when there is none */
json_t *record_changes(const struct record *r);

/** record_find() - Return: the newest change of that kind to @path, borrowed; NULL when there is none */
json_t *record_find(const struct record *r, const char *kind, const char *path);

/**
 * record_add() - put a change on record, safely on the disk
 * @change: always taken; NULL counts as text that isn't UTF-8
 *
 * The bus and systemd haven't been told of it: see record_flag().
 *
 * Return: 0; -EILSEQ; or another negative errno, then the change must not be made.
 */
LULL_MUSTCHECK int record_add(struct record *r, json_t *change);

/** record_save() - write it, after a change to what record_find() or record_changes() returned */
LULL_MUSTCHECK int record_save(struct record *r);

/** record_make_dir() - make a directory and those that it is in, and put the new ones on record */
LULL_MUSTCHECK int record_make_dir(struct record *r, const char *dir);

/* Flags, false when never set. */
#define RECORD_IS_TOLD "told"            /* the bus and systemd know of all changes */
#define RECORD_WAS_ENABLED "was_enabled" /* lulld.service was enabled before */
bool record_flag(const struct record *r, const char *name);
LULL_MUSTCHECK int record_set_flag(struct record *r, const char *name, bool value);

/**
 * record_remove() - everything has been put back; also what a crash has left of a record
 *
 * Return: 1, 0 when there was none, or a negative errno.
 */
LULL_MUSTCHECK int record_remove(struct record *r);
