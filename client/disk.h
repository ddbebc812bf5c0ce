/*
 * disk: whole files and directories, in single steps.
 *
 * Whatever happens in between, a file is there as it was or as it is to be.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <sys/types.h>

/** What is written first, beside the file; neither the bus nor systemd reads such a name. */
#define DISK_UNFINISHED ".lull-new"

/**
 * disk_read() - a small text file whole
 * @ret: the caller frees it
 *
 * Return: 0; -ENOENT; -EFBIG when it has more than 1 MiB, -EILSEQ when there is a NUL in it, -EISDIR, or
 * another negative errno.
 */
LULL_MUSTCHECK int disk_read(const char *path, char **ret);

enum disk_writing {
	DISK_NEW,     /* nothing has that name, else -EEXIST */
	DISK_REPLACE, /* what has that name, if anything, gives way */
};

/** disk_write() - put a text into a file, safely on the disk; Return: 0 or a negative errno */
LULL_MUSTCHECK int disk_write(const char *path, const char *text, mode_t mode,
			      enum disk_writing how);

/** disk_rename() - rename within a directory; Return: 0; -EEXIST when @to is there, or another errno */
LULL_MUSTCHECK int disk_rename(const char *from, const char *to);

/** disk_has() - has anything that name, also a link to nothing? */
bool disk_has(const char *path);

/**
 * disk_missing_dirs() - which directories have to be made so that @dir is there
 * @ret: for command_free(), the outermost first
 *
 * Return: 0; -ENOTDIR when something else, or a link to nothing, is in the way; -ENOMEM.
 */
LULL_MUSTCHECK int disk_missing_dirs(const char *dir, char ***ret);

/** disk_make_dirs() - make them, for their user alone; Return: 0 or a negative errno */
LULL_MUSTCHECK int disk_make_dirs(char *const *dirs);

/** disk_dir() - Return: the directory of a file, which the caller frees; NULL when out of memory */
char *disk_dir(const char *path);
