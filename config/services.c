#include "config/services.h"

#include "config/command.h"
#include "config/xdg.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static void service_done(struct service *s)
{
	free(s->path);
	free(s->exec);
	free(s->unit);
}

void services_done(struct services *s)
{
	while (s->n_items > 0)
		service_done(&s->items[--s->n_items]);
	free(s->items);
	s->items = NULL;
}

/* "Key=value" of a line; NULL when it is about something else. */
static const char *value_of(char *line, const char *key)
{
	size_t length = strlen(key);
	char *value;

	if (strncmp(line, key, length) != 0)
		return NULL;
	value = line + length + strspn(line + length, " \t");
	if (*value != '=')
		return NULL;
	value += 1 + strspn(value + 1, " \t");
	value[strcspn(value, "\r\n")] = '\0';
	return value;
}

static bool put(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return false;
	free(*to);
	*to = copy;
	return true;
}

/* Return: 0; -ENOENT when the file is about another name, or starts nothing; -ENOMEM. */
static int read_service(const char *path, const char *name, struct service *ret)
{
	__attribute__((cleanup(close_file))) FILE *f = xdg_open(path);
	__attribute__((cleanup(service_done))) struct service s = {strdup(path), strdup(""),
								   strdup("")};
	autofree(str) char *line = NULL;
	bool is_it = false, is_kept = s.path && s.exec && s.unit;
	size_t size = 0;

	while (is_kept && f && getline(&line, &size, f) > 0) {
		const char *value;

		if ((value = value_of(line, "Name")))
			is_it = strcmp(value, name) == 0;
		else if ((value = value_of(line, "Exec")))
			is_kept = put(&s.exec, value);
		else if ((value = value_of(line, "SystemdService")))
			is_kept = put(&s.unit, value);
	}
	if (!is_kept)
		return -ENOMEM;
	if (!is_it || (!*s.exec && !*s.unit))
		return -ENOENT;
	*ret = s;
	s = (struct service){0};
	return 0;
}

static int add(struct services *list, const struct service *s)
{
	struct service *more = reallocarray(list->items, list->n_items + 1, sizeof(*list->items));

	if (!more)
		return -ENOMEM;
	list->items = more;
	list->items[list->n_items++] = *s;
	return 0;
}

static int find_in(const char *dir, const char *name, struct services *list)
{
	autofree(str) char *services = NULL;
	const struct dirent *e;

	if (asprintf(&services, "%s/dbus-1/services", dir) < 0) {
		services = NULL;
		return -ENOMEM;
	}
	__attribute__((cleanup(close_dir))) DIR *d = opendir(services);
	while (d && (e = readdir(d))) {
		size_t length = strlen(e->d_name);
		struct service s;
		autofree(str) char *path = NULL;
		int r;

		if (length < 9 || strcmp(e->d_name + length - 8, ".service") != 0)
			continue;
		if (asprintf(&path, "%s/%s", services, e->d_name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = read_service(path, name, &s);
		if (r == 0 && add(list, &s) < 0) {
			service_done(&s);
			r = -ENOMEM;
		}
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

int services_find(const char *name, struct services *ret)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *dirs = getenv("XDG_DATA_DIRS");
	autofree(str) char *home = xdg_data("");
	autofree(str) char *all = strdup(dirs && dirs[0] ? dirs : "/usr/local/share:/usr/share");
	struct services found = {0};
	char *rest = all, *dir;
	int r = all ? 0 : -ENOMEM;

	if (r == 0 && runtime && runtime[0] == '/')
		r = find_in(runtime, name, &found);
	/* Without its slash at the end, so that a path is written as everybody else writes it. */
	if (home)
		home[strlen(home) - 1] = '\0';
	if (r == 0 && home)
		r = find_in(home, name, &found);
	while (r == 0 && (dir = strsep(&rest, ":")))
		if (dir[0] == '/')
			r = find_in(dir, name, &found);
	if (r < 0)
		services_done(&found);
	else
		*ret = found;
	return r;
}

char *services_program(const struct service *s)
{
	autofree(command) char **words = NULL;

	if (command_split(s->exec, &words) < 0)
		return NULL;
	return strdup(command_base(words[0]));
}

bool services_is_lulld(const struct service *s)
{
	autofree(str) char *program = services_program(s);

	return strcmp(s->unit, "lulld.service") == 0 || (program && strcmp(program, "lulld") == 0);
}
