#include "daemon/journal/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What SQLite keeps of a journal. The file itself last: without it the others are nothing. */
static const char *const suffixes[] = {"-wal", "-shm", ""};

/* Take away what @path allows others. Return: 0; -EPERM when it isn't ours; another negative errno. */
static int restrict_mode(const char *path, int flags, mode_t mode)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (st.st_uid != geteuid())
		r = -EPERM;
	else if ((st.st_mode & 07777 & ~mode) && fchmod(fd, mode) < 0)
		r = -errno;
	close(fd);
	return r;
}

int place_make(const char *dir)
{
	autofree(str) char *path = strdup(dir);
	char *slash;

	if (!path)
		return -ENOMEM;
	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return restrict_mode(dir, O_DIRECTORY, 0700);
}

void place_protect(const char *path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		autofree(str) char *file = NULL;

		if (asprintf(&file, "%s%s", path, suffixes[i]) < 0)
			return;
		/* One that isn't there yet gets the right mode when it is made. */
		if (restrict_mode(file, 0, 0600) < 0)
			continue;
	}
}

int place_lock(const char *dir, int *ret_fd, int *ret_holder)
{
	autofree(str) char *path = NULL;
	char pid[16] = "";
	ssize_t n;
	int fd, error;

	if (asprintf(&path, "%s/lock", dir) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		error = errno == EWOULDBLOCK ? EBUSY : errno;
		n = read(fd, pid, sizeof(pid) - 1);
		close(fd);
		if (error == EBUSY)
			*ret_holder = n > 0 ? atoi(pid) : 0;
		return -error;
	}
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	/* It is held also when that fails; only the message of a second one suffers. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		errno = 0;
	*ret_fd = fd;
	return 0;
}

char *place_put_aside(const char *path)
{
	autofree(str) char *to = NULL;
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		autofree(str) char *from = NULL;

		free(to);
		to = NULL;
		if (asprintf(&from, "%s%s", path, suffixes[i]) < 0)
			return NULL;
		if (asprintf(&to, "%s.damaged-%lld.%06ld%s", path, (long long)now.tv_sec,
			     now.tv_nsec / 1000, suffixes[i]) < 0)
			return NULL;
		if (rename(from, to) < 0 && !*suffixes[i])
			return NULL;
	}
	return take(to);
}
