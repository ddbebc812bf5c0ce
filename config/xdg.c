#include "config/xdg.h"

#include <stdio.h>

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
