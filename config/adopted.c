#include "config/adopted.h"

#include "config/command.h"
#include "config/xdg.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More servers than anybody has. */
#define ADOPTED_MAX 16

char *adopted_path(void)
{
	return xdg_state("lull/adopted");
}

char **adopted_read(void)
{
	autofree(str) char *path = adopted_path(), *line = NULL;
	autofree(command) char **commands = calloc(ADOPTED_MAX + 1, sizeof(*commands));
	FILE *f = path ? xdg_open(path) : NULL;
	size_t size = 0, n = 0;
	ssize_t length;

	while (commands && f && n < ADOPTED_MAX && (length = getline(&line, &size, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			continue;
		commands[n] = strdup(line);
		if (!commands[n++])
			commands = command_free(commands);
	}
	if (f)
		fclose(f);
	return take(commands);
}

static bool is_of(const char *command, const char *program)
{
	autofree(command) char **words = NULL;

	return command_split(command, &words) == 0 && strcmp(command_base(words[0]), program) == 0;
}

bool adopted_has(char *const *commands, const char *program)
{
	for (; *commands; commands++)
		if (is_of(*commands, program))
			return true;
	return false;
}

static int write_all(FILE *f, const char *command, const char *program, char *const *before)
{
	size_t n = 1;

	fprintf(f, "%s\n", command);
	for (; *before && n < ADOPTED_MAX; before++)
		if (!is_of(*before, program)) {
			fprintf(f, "%s\n", *before);
			n++;
		}
	if (fflush(f) != 0 || fsync(fileno(f)) < 0)
		return -errno;
	return 0;
}

int adopted_add(const char *command)
{
	autofree(str) char *path = adopted_path(), *temporary = NULL;
	autofree(command) char **before = adopted_read(), **words = NULL;
	FILE *f;
	int r = command_split(command, &words);

	/* A line is a command. */
	if (r == 0 && strchr(command, '\n'))
		r = -EINVAL;
	if (r < 0)
		return r;
	if (!path || !before || asprintf(&temporary, "%s.new", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	f = fopen(temporary, "we");
	if (!f)
		return -errno;
	/* It stands where messages are; others have no business there. */
	fchmod(fileno(f), 0600);
	r = write_all(f, command, command_base(words[0]), before);
	if (fclose(f) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}
