#include "client/disk.h"

#include "config/command.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_LIMIT (1024 * 1024)

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define autoclose __attribute__((cleanup(close_fd))) int

bool disk_has(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

char *disk_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? (size_t)(slash - path) : 0);
}

int disk_read(const char *path, char **ret)
{
	/* A pipe in that place doesn't make us wait. */
	autoclose fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	autofree(str) char *text = NULL;
	struct stat st;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size > SIZE_LIMIT)
		return -EFBIG;
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, text + n, (size_t)st.st_size - n);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	if (strlen(text) != n)
		return -EILSEQ;
	*ret = take(text);
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* So that a name is still there after a power cut. Where that isn't possible the file is no worse. */
static void sync_dir(const char *path)
{
	autofree(str) char *dir = disk_dir(path);
	autoclose fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0)
		(void)fsync(fd);
}

int disk_rename(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
		/* Not every file system knows how. */
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		if (disk_has(to))
			return -EEXIST;
		if (rename(from, to) < 0)
			return -errno;
	}
	sync_dir(to);
	return 0;
}

int disk_write(const char *path, const char *text, mode_t mode, enum disk_writing how)
{
	autofree(str) char *unfinished = NULL;
	autoclose fd = -1;
	int r;

	if (asprintf(&unfinished, "%s" DISK_UNFINISHED, path) < 0) {
		unfinished = NULL;
		return -ENOMEM;
	}
	/* Left from a time when we were ended in the middle. */
	if (unlink(unfinished) < 0 && errno != ENOENT)
		return -errno;
	fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text);
	if (r == 0 && how == DISK_NEW)
		r = disk_rename(unfinished, path);
	else if (r == 0)
		r = rename(unfinished, path) < 0 ? -errno : 0;
	if (r < 0)
		(void)unlink(unfinished);
	else
		sync_dir(path);
	return r;
}

/* 1: it is to be made; 0: it is there; -ENOTDIR. */
static int is_missing(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	if (errno != ENOENT)
		return -errno;
	return disk_has(dir) ? -ENOTDIR : 1;
}

int disk_missing_dirs(const char *dir, char ***ret)
{
	autofree(command) char **dirs = calloc(strlen(dir) + 2, sizeof(*dirs));
	size_t n = 0, end;

	if (!dirs)
		return -ENOMEM;
	for (end = 1; dir[0] && dir[end - 1]; end++) {
		autofree(str) char *part = NULL;
		int r;

		if ((dir[end] != '/' && dir[end]) || dir[end - 1] == '/')
			continue;
		part = strndup(dir, end);
		r = part ? is_missing(part) : -ENOMEM;
		if (r < 0)
			return r;
		if (r > 0)
			dirs[n++] = take(part);
	}
	*ret = take(dirs);
	return 0;
}

int disk_make_dirs(char *const *dirs)
{
	for (; *dirs; dirs++)
		if (mkdir(*dirs, 0700) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}
