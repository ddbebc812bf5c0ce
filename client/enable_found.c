#include "client/enable_found.h"

#include "client/call.h"
#include "client/disk.h"
#include "client/enable_bus.h"
#include "client/enable_files.h"
#include "config/xdg.h"
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SERVICES "dbus-1/services"
#define UNITS "systemd/user"

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A link isn't ours, whatever it leads to. Return: the text, which the caller frees; NULL: it isn't ours. */
static char *read_ours(const char *path)
{
	struct stat st;
	char *text;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || disk_read(path, &text) < 0)
		return NULL;
	if (strncmp(text, FILES_HEAD, strlen(FILES_HEAD)) == 0)
		return text;
	free(text);
	return NULL;
}

static bool is_free_for(const char *path)
{
	autofree(str) char *ours = read_ours(path);

	return ours || !disk_has(path);
}

static void add_aside(json_t *to, const char *path)
{
	autofree(str) char *aside = files_last_aside(path);

	if (aside && is_free_for(path))
		json_array_append_new(to, json_pack("{s:s, s:s, s:s}", "kind", "aside", "path",
						    path, "to", aside));
}

/* False when it isn't one of ours. */
static bool add_file(json_t *to, const char *path)
{
	autofree(str) char *text = read_ours(path);

	return text && json_array_append_new(to, json_pack("{s:s, s:s, s:[s]}", "kind", "file",
							   "path", path, "texts", text)) == 0;
}

/* --- what a notification starts --- */

static void add_asides_in(json_t *to, const char *dir)
{
	__attribute__((cleanup(close_dir))) DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *end = strstr(e->d_name, ".service" FILES_ASIDE);
		autofree(str) char *path = NULL;

		if (!end || end[strlen(".service" FILES_ASIDE)])
			continue;
		if (asprintf(&path, "%s/%.*s.service", dir, (int)(end - e->d_name), e->d_name) < 0)
			path = NULL;
		else
			add_aside(to, path);
	}
}

static void add_services(json_t *to)
{
	static const char *const names[] = {NOTIFICATIONS_NAME, LULL_NAME};
	autofree(str) char *dir = xdg_data(SERVICES);
	autofree(json) json_t *files = json_array();

	for (size_t i = 0; dir && i < ARRAY_SIZE(names); i++) {
		autofree(str) char *path = NULL;

		if (asprintf(&path, "%s/%s.service", dir, names[i]) < 0)
			path = NULL;
		else
			add_file(files, path);
	}
	/* Without one of ours what bears that name may have it from somebody else. */
	if (json_array_size(files) > 0)
		add_asides_in(to, dir);
	json_array_extend(to, files);
}

/* --- the units of display servers --- */

static void add_drop_in(json_t *to, const char *dir)
{
	autofree(json) json_t *file = json_array();
	autofree(str) char *path = NULL;

	if (asprintf(&path, "%s/lull.conf", dir) < 0) {
		path = NULL;
		return;
	}
	if (!add_file(file, path))
		return;
	json_array_append_new(to, json_pack("{s:s, s:s}", "kind", "dir", "path", dir));
	add_aside(to, path);
	json_array_extend(to, file);
}

static void add_drop_ins(json_t *to)
{
	autofree(str) char *units = xdg_config(UNITS);
	__attribute__((cleanup(close_dir))) DIR *d = units ? opendir(units) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *end = strstr(e->d_name, ".service.d");
		autofree(str) char *dir = NULL;

		if (!end || end[strlen(".service.d")])
			continue;
		if (asprintf(&dir, "%s/%s", units, e->d_name) < 0)
			dir = NULL;
		else
			add_drop_in(to, dir);
	}
}

json_t *found_changes(void)
{
	json_t *found = json_array();

	add_services(found);
	add_drop_ins(found);
	return found;
}
