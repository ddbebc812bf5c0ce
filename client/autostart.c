#include "client/autostart.h"

#include "config/command.h"
#include "config/xdg.h"
#include "daemon/core/desktop.h"
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Is the desktop in which we are one of "LXQt;XFCE;"? */
static bool names_this_desktop(char *list)
{
	const char *current = getenv("XDG_CURRENT_DESKTOP");
	char *rest = list, *name;

	while (current && (name = strsep(&rest, ";")))
		if (name[0] && desktop_is(current, name))
			return true;
	return false;
}

static bool runs(const char *exec, const char *program)
{
	autofree(command) char **words = NULL;

	return command_split(exec, &words) == 0 && strcmp(command_base(words[0]), program) == 0;
}

/* Does the entry start @program here? */
static bool starts(const char *path, const char *program)
{
	__attribute__((cleanup(close_file))) FILE *f = fopen(path, "re");
	autofree(str) char *line = NULL;
	bool is_in_group = false, is_it = false, is_shown = true;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		char *value = strchr(line, '=');

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '[')
			is_in_group = strcmp(line, "[Desktop Entry]") == 0;
		if (!is_in_group || !value || line[0] == '#')
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		line[strcspn(line, " \t")] = '\0';
		if (strcmp(line, "Exec") == 0)
			is_it = runs(value, program);
		else if (strcmp(line, "Hidden") == 0)
			is_shown &= strcmp(value, "true") != 0;
		else if (strcmp(line, "OnlyShowIn") == 0)
			is_shown &= names_this_desktop(value);
		else if (strcmp(line, "NotShowIn") == 0)
			is_shown &= !names_this_desktop(value);
	}
	return is_it && is_shown;
}

/* An entry of that name in one of the directories before hides this one. */
static bool is_hidden(char *const *dirs, size_t n_dirs, const char *name)
{
	for (size_t i = 0; i < n_dirs; i++) {
		autofree(str) char *path = NULL;

		if (asprintf(&path, "%s/%s", dirs[i], name) < 0)
			path = NULL;
		if (path && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static char *find_in(char *const *dirs, size_t i, const char *program)
{
	__attribute__((cleanup(close_dir))) DIR *d = opendir(dirs[i]);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t length = strlen(e->d_name);
		char *path;

		if (length < 9 || strcmp(e->d_name + length - 8, ".desktop") != 0 ||
		    is_hidden(dirs, i, e->d_name))
			continue;
		if (asprintf(&path, "%s/%s", dirs[i], e->d_name) < 0)
			return NULL;
		if (starts(path, program))
			return path;
		free(path);
	}
	return NULL;
}

/* The user's own directory, then the system's; NULL when out of memory. */
static char **directories(void)
{
	const char *dirs = getenv("XDG_CONFIG_DIRS");
	autofree(str) char *all = strdup(dirs && dirs[0] ? dirs : "/etc/xdg");
	autofree(command) char **found = all ? calloc(strlen(all) + 3, sizeof(*found)) : NULL;
	char *rest = all, *dir;
	size_t n = 0;

	if (!found)
		return NULL;
	found[n] = xdg_config("autostart");
	n += found[n] != NULL;
	while ((dir = strsep(&rest, ":"))) {
		if (dir[0] != '/')
			continue;
		if (asprintf(&found[n], "%s/autostart", dir) < 0) {
			found[n] = NULL;
			return NULL;
		}
		n++;
	}
	return take(found);
}

char *autostart_find(const char *program)
{
	autofree(command) char **dirs = directories();
	char *path = NULL;

	for (size_t i = 0; dirs && dirs[i] && !path; i++)
		path = find_in(dirs, i, program);
	return path;
}
