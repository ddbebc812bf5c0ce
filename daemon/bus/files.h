/*
 * files: pictures that a held notification names and that its sender may delete before it is shown.
 *
 * Chromium, for one, writes its icons to a temporary directory. A copy is kept beside the journal while the
 * notification is held, and stands in when the original has gone.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct files;

/** Which of a notification's pictures. */
enum file_slot {
	FILE_ICON = 0,  /* app_icon */
	FILE_IMAGE = 1, /* image-path */
	N_FILE_SLOTS,
};

/** Larger ones aren't kept. */
#define FILE_BYTES_MAX (1024 * 1024)

/** files_new() - @dir is made when the first one is kept. Return: NULL when out of memory. */
struct files *files_new(const char *dir);

/** files_free() - the copies stay. NULL is fine. Return: NULL. */
struct files *files_free(struct files *f);
DEFINE_AUTOFREE(files)

/** files_is_temporary() - does @name, a hint's value, name a file that may go away? Not an icon's name. */
bool files_is_temporary(const char *name);

/** files_keep() - open the file that @name names, for files_copy(); what can't be opened is left alone */
void files_keep(struct files *f, uint32_t id, enum file_slot slot, const char *name);

/** files_copy() - copy what was opened since the last time */
void files_copy(struct files *f);

/** files_drop() - the copies of @id aren't needed any more */
void files_drop(struct files *f, uint32_t id);

/**
 * files_resolve() - what to tell the display instead of @name
 *
 * Return: NULL when @name is as good as it was; else the path of the copy, or "" when there is nothing to
 * show; the caller frees it.
 */
char *files_resolve(struct files *f, uint32_t id, enum file_slot slot, const char *name);
