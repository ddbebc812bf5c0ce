#include "config/xdg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

char *xdg_path(const char *variable, const char *otherwise, const char *rest)
{
	const char *dir = getenv(variable);
	const char *home = getenv("HOME");
	char *path;
	int n;

	/* A relative path there is to be ignored. */
	if (dir && dir[0] == '/')
		n = asprintf(&path, "%s/%s", dir, rest);
	else if (home && home[0] == '/')
		n = asprintf(&path, "%s/%s/%s", home, otherwise, rest);
	else
		return NULL;
	return n < 0 ? NULL : path;
}

FILE *xdg_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		f = fdopen(fd, "r");
	else
		errno = EINVAL;
	if (!f)
		close(fd);
	return f;
}
