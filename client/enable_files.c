#include "client/enable_files.h"

#include "client/call.h"
#include "client/disk.h"
#include "client/enable_record.h"
#include "config/command.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ASIDE 99

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* --- setting aside --- */

/* Has a file that is on record as set aside really been? A crash may have come before. */
static bool is_aside(const json_t *change)
{
	return change && disk_has(call_text(change, "to"));
}

static bool is_pending(const json_t *change)
{
	return change && !is_aside(change);
}

/* NULL when out of memory. */
static char *nth_aside(const char *path, int i)
{
	char *name;
	int n = i == 1 ? asprintf(&name, "%s" FILES_ASIDE, path)
		       : asprintf(&name, "%s" FILES_ASIDE "-%d", path, i);

	return n < 0 ? NULL : name;
}

/* A name that is free. NULL: none, or out of memory. */
static char *name_aside(const char *path)
{
	for (int i = 1; i <= MAX_ASIDE; i++) {
		autofree(str) char *name = nth_aside(path, i);

		if (!name || !disk_has(name))
			return take(name);
	}
	return NULL;
}

char *files_last_aside(const char *path)
{
	autofree(str) char *last = NULL;

	for (int i = 1; i <= MAX_ASIDE; i++) {
		autofree(str) char *name = nth_aside(path, i);

		if (!name || !disk_has(name))
			break;
		free(last);
		last = take(name);
	}
	return take(last);
}

int files_set_aside(struct record *r, const char *path, char **ret_aside)
{
	const json_t *old = record_find(r, "aside", path);
	autofree(str) char *to = is_pending(old) ? strdup(call_text(old, "to")) : name_aside(path);
	int error = to ? 0 : -ENOMEM;

	if (error == 0 && !is_pending(old))
		error = record_add(r, json_pack("{s:s, s:s, s:s}", "kind", "aside", "path", path,
						"to", to));
	if (error == 0 && !record_is_dry_run(r))
		error = disk_rename(path, to);
	if (error == 0)
		*ret_aside = take(to);
	return error;
}

/* --- writing --- */

/* Is it one of the texts that we have written? */
static bool is_ours(const json_t *change, const char *text)
{
	const json_t *texts = json_object_get(change, "texts");
	json_t *one;
	size_t i;

	json_array_foreach(texts, i, one)
	{
		const char *ours = json_string_value(one);

		if (ours && strcmp(ours, text) == 0)
			return true;
	}
	return false;
}

static int record_text(struct record *r, const char *path, const char *text)
{
	json_t *change = record_find(r, "file", path);

	if (!change)
		return record_add(r, json_pack("{s:s, s:s, s:[s]}", "kind", "file", "path", path,
					       "texts", text));
	if (!is_ours(change, text) &&
	    json_array_append_new(json_object_get(change, "texts"), json_string(text)) < 0)
		return -EILSEQ;
	return record_set_flag(r, RECORD_IS_TOLD, false);
}

static int put(struct record *r, const char *path, const char *text, enum disk_writing how)
{
	autofree(str) char *dir = disk_dir(path);
	int error = dir ? record_make_dir(r, dir) : -ENOMEM;

	if (error == 0)
		error = record_text(r, path, text);
	if (error == 0 && !record_is_dry_run(r))
		error = disk_write(path, text, 0644, how);
	return error;
}

int files_write(struct record *r, const char *path, const char *text, char **ret_aside)
{
	const json_t *change = record_find(r, "file", path);
	autofree(str) char *aside = NULL, *there = NULL;
	int error;

	if (!disk_has(path)) {
		error = put(r, path, text, DISK_NEW);
		return error < 0 ? error : FILES_WROTE;
	}
	if (disk_read(path, &there) == 0 && strcmp(there, text) == 0)
		return FILES_SAME;
	if (there && !is_link(path) && is_ours(change, there)) {
		error = put(r, path, text, DISK_REPLACE);
		return error < 0 ? error : FILES_UPDATED;
	}
	/* On record, but a crash came before it was set aside: what is there is still what was there before. */
	if (change && !is_pending(record_find(r, "aside", path)))
		return FILES_EDITED;
	error = files_set_aside(r, path, &aside);
	if (error == 0)
		error = put(r, path, text, record_is_dry_run(r) ? DISK_REPLACE : DISK_NEW);
	if (error < 0)
		return error;
	*ret_aside = take(aside);
	return FILES_REPLACED;
}

/* --- putting back --- */

static int remove_unfinished(const char *path)
{
	autofree(str) char *unfinished = NULL;

	if (asprintf(&unfinished, "%s" DISK_UNFINISHED, path) < 0) {
		unfinished = NULL;
		return -ENOMEM;
	}
	return unlink(unfinished) == 0 || errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static int remove_path(const struct record *r, const char *path)
{
	return record_is_dry_run(r) || unlink(path) == 0 ? FILES_REMOVED : -errno;
}

static int undo_file(const struct record *r, const json_t *change, const char *path)
{
	autofree(str) char *there = NULL;
	int error = record_is_dry_run(r) ? 0 : remove_unfinished(path);

	if (error < 0 || !disk_has(path))
		return error;
	if (!is_link(path) && disk_read(path, &there) == 0 && is_ours(change, there))
		return remove_path(r, path);
	return is_pending(record_find(r, "aside", path)) ? FILES_SAME : FILES_EDITED;
}

static int undo_aside(const struct record *r, const json_t *change, const char *path)
{
	const char *to = call_text(change, "to");
	int error;

	if (!is_aside(change))
		return FILES_SAME;
	if (record_is_dry_run(r)) {
		const json_t *ours = record_find(r, "file", path);
		autofree(str) char *there = NULL;

		if (!disk_has(path) ||
		    (!is_link(path) && disk_read(path, &there) == 0 && is_ours(ours, there)))
			return FILES_RESTORED;
		return FILES_OCCUPIED;
	}
	error = disk_rename(to, path);
	if (error == -EEXIST)
		return FILES_OCCUPIED;
	return error < 0 ? error : FILES_RESTORED;
}

/* Only one that leads to the same unit still: the directory is systemd's, and others write there, too. */
static int undo_link(const struct record *r, const json_t *change LULL_UNUSED, const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EINVAL ? FILES_SAME : -errno;
	target[n] = '\0';
	if (strcmp(command_base(target), command_base(path)) != 0)
		return FILES_EDITED;
	return remove_path(r, path);
}

static int undo_dir(const struct record *r, const json_t *change LULL_UNUSED, const char *path)
{
	if (record_is_dry_run(r))
		return disk_has(path) ? FILES_REMOVED : FILES_SAME;
	if (rmdir(path) == 0)
		return FILES_REMOVED;
	switch (errno) {
	case ENOTEMPTY:
	case EEXIST:
	case ENOENT:
	case ENOTDIR: return FILES_SAME;
	}
	return -errno;
}

int files_undo(const struct record *r, const json_t *change)
{
	static const struct {
		const char *kind;
		int (*undo)(const struct record *r, const json_t *change, const char *path);
	} rows[] = {
		{"file", undo_file},
		{"aside", undo_aside},
		{"link", undo_link},
		{"dir", undo_dir},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].kind, call_text(change, "kind")) == 0)
			return rows[i].undo(r, change, call_text(change, "path"));
	return -ENOTSUP;
}

const char *files_remedy(int error)
{
	static const struct {
		int error;
		const char *remedy;
	} rows[] = {
		{-EACCES, "make the directory writable for you"},
		{-EPERM, "make the directory writable for you"},
		{-EROFS, "another program manages that directory; have it write the file"},
		{-ENOSPC, "make room on the disk"},
		{-EDQUOT, "make room on the disk"},
		{-ENOTDIR, "see what is in the way of that directory"},
		{-EILSEQ, "its path has to be UTF-8, or neither D-Bus nor systemd reads it"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].error == error)
			return rows[i].remedy;
	return "mend that, then do it again";
}
