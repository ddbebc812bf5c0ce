/*
 * enable_files: changes to a user's files that can be put back.
 *
 * Knows files and the record only. What a user has written gives way under another name in its own directory,
 * so that its bytes, mode, times and links stay; what a user has changed since isn't touched. With a record
 * of a dry run everything is found out and nothing done.
 */
#pragma once
#include "config/base.h"
#include <jansson.h>

struct record;

/** What every file that is written here begins with. */
#define FILES_HEAD "# Written by 'lull enable', removed by 'lull disable'."
/** What is set aside has this after its name, and a number besides where that was taken. */
#define FILES_ASIDE ".before-lull"

enum files_outcome {
	/* of files_write() */
	FILES_SAME = 0, /* it says so already; of files_undo(): there is nothing to put back */
	FILES_WROTE,
	FILES_UPDATED,  /* ours, from an older time */
	FILES_REPLACED, /* and what was there is set aside */
	FILES_EDITED,   /* ours, but changed since: left as it is; also of files_undo() */
	/* of files_undo() */
	FILES_REMOVED,
	FILES_RESTORED,
	FILES_OCCUPIED, /* set aside, but there is something else in its place now: left as it is */
};

/**
 * files_write() - have a file say @text
 * @ret_aside: what had to give way is here now; with FILES_REPLACED, the caller frees it
 *
 * Return: a files_outcome, or a negative errno.
 */
LULL_MUSTCHECK int files_write(struct record *r, const char *path, const char *text,
			       char **ret_aside);

/** files_set_aside() - have a file give way; Return: 0 or a negative errno */
LULL_MUSTCHECK int files_set_aside(struct record *r, const char *path, char **ret_aside);

/** files_last_aside() - Return: where a file was set aside last, freed by the caller; NULL: nowhere */
char *files_last_aside(const char *path);

/**
 * files_undo() - put back a change of the record
 *
 * Right only when done from the newest to the oldest. A directory is removed if it is empty; in a dry run
 * that isn't known, and it counts as empty.
 *
 * Return: a files_outcome, or a negative errno.
 */
LULL_MUSTCHECK int files_undo(const struct record *r, const json_t *change);

/** files_remedy() - Return: what to do about a negative errno of these */
const char *files_remedy(int error);
