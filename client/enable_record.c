#include "client/enable_record.h"

#include "client/disk.h"
#include "config/command.h"
#include "config/xdg.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERSION 1
#define NAME "lull/enabled.json"

struct record {
	char *dir;
	char *path;
	json_t *root; /* NULL: nothing is on record */
	bool is_dry_run;
};

bool record_exists(void)
{
	autofree(str) char *path = xdg_state(NAME);

	return path && disk_has(path);
}

struct record *record_free(struct record *r)
{
	if (!r)
		return NULL;
	free(r->dir);
	free(r->path);
	json_decref(r->root);
	free(r);
	return NULL;
}

static bool is_change(const json_t *change)
{
	return json_is_string(json_object_get(change, "kind")) &&
	       json_is_string(json_object_get(change, "path"));
}

static bool is_record(const json_t *root)
{
	const json_t *changes = json_object_get(root, "changes");
	json_t *change;
	size_t i;

	json_array_foreach(changes, i, change)
	{
		if (!is_change(change))
			return false;
	}
	return json_is_array(changes) &&
	       json_integer_value(json_object_get(root, "version")) == VERSION;
}

static int read_record(struct record *r)
{
	autofree(str) char *text = NULL;
	int error = disk_read(r->path, &text);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	r->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	return is_record(r->root) ? 0 : -EBADMSG;
}

int record_open(bool is_dry_run, struct record **ret)
{
	autofree(record) struct record *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	r->is_dry_run = is_dry_run;
	r->dir = xdg_state("lull");
	r->path = xdg_state(NAME);
	if (!r->dir || !r->path)
		return -ENXIO;
	error = read_record(r);
	if (error < 0)
		return error;
	*ret = take(r);
	return 0;
}

bool record_is_there(const struct record *r)
{
	return r->root != NULL;
}

bool record_is_dry_run(const struct record *r)
{
	return r->is_dry_run;
}

const char *record_dir(const struct record *r)
{
	return r->dir;
}

json_t *record_changes(const struct record *r)
{
	return json_object_get(r->root, "changes");
}

json_t *record_find(const struct record *r, const char *kind, const char *path)
{
	json_t *changes = record_changes(r);
	size_t i;

	for (i = json_array_size(changes); i > 0; i--) {
		json_t *c = json_array_get(changes, i - 1);

		if (strcmp(json_string_value(json_object_get(c, "kind")), kind) == 0 &&
		    strcmp(json_string_value(json_object_get(c, "path")), path) == 0)
			return c;
	}
	return NULL;
}

int record_save(struct record *r)
{
	char *text;
	int error;

	if (r->is_dry_run)
		return 0;
	text = json_dumps(r->root, JSON_INDENT(1));
	if (!text)
		return -ENOMEM;
	error = disk_write(r->path, text, 0600, DISK_REPLACE);
	free(text);
	return error;
}

static int append(struct record *r, json_t *change)
{
	if (!change)
		return -EILSEQ;
	return json_array_append_new(record_changes(r), change) < 0 ? -ENOMEM : 0;
}

static int append_dirs(struct record *r, char *const *dirs)
{
	int error = 0;

	for (; *dirs && error == 0; dirs++)
		if (!record_find(r, "dir", *dirs))
			error = append(r, json_pack("{s:s, s:s}", "kind", "dir", "path", *dirs));
	return error;
}

/* The directory of the record itself is the one that is made before it is on record. */
static int start(struct record *r)
{
	autofree(command) char **dirs = NULL;
	int error;

	if (r->root)
		return 0;
	error = disk_missing_dirs(r->dir, &dirs);
	if (error == 0 && !r->is_dry_run)
		error = disk_make_dirs(dirs);
	if (error < 0)
		return error;
	r->root = json_pack("{s:i, s:[]}", "version", VERSION, "changes");
	return r->root ? append_dirs(r, dirs) : -ENOMEM;
}

int record_add(struct record *r, json_t *change)
{
	int error = start(r);

	if (error < 0)
		json_decref(change);
	else
		error = append(r, change);
	return error < 0 ? error : record_set_flag(r, RECORD_IS_TOLD, false);
}

int record_make_dir(struct record *r, const char *dir)
{
	autofree(command) char **dirs = NULL, **left = NULL;
	int error = disk_missing_dirs(dir, &dirs);

	if (error < 0 || !dirs[0])
		return error;
	/* This may make some of them. */
	error = start(r);
	if (error == 0)
		error = disk_missing_dirs(dir, &left);
	if (error == 0)
		error = append_dirs(r, left);
	if (error == 0)
		error = record_save(r);
	return error == 0 && !r->is_dry_run ? disk_make_dirs(left) : error;
}

bool record_flag(const struct record *r, const char *name)
{
	return json_is_true(json_object_get(r->root, name));
}

int record_set_flag(struct record *r, const char *name, bool value)
{
	int error = start(r);

	if (error == 0 && json_object_set_new(r->root, name, json_boolean(value)) < 0)
		error = -ENOMEM;
	return error < 0 ? error : record_save(r);
}

int record_remove(struct record *r)
{
	static const char *const endings[] = {DISK_UNFINISHED, ""};
	int removed = 0;

	json_decref(r->root);
	r->root = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(endings) && !r->is_dry_run; i++) {
		autofree(str) char *path = NULL;

		if (asprintf(&path, "%s%s", r->path, endings[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (unlink(path) == 0)
			removed = 1;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
	}
	return removed;
}
