#include "daemon/bus/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than a turn of the loop can need in practice; what is beyond is copied at once. */
#define OPENED_MAX 32

struct opened {
	uint32_t id;
	enum file_slot slot;
	int fd;
	size_t bytes;
};

struct files {
	char *dir;
	struct opened opened[OPENED_MAX];
	size_t n_opened;
};

struct files *files_new(const char *dir)
{
	autofree(files) struct files *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->dir = strdup(dir);
	return f->dir ? take(f) : NULL;
}

struct files *files_free(struct files *f)
{
	if (!f)
		return NULL;
	files_copy(f);
	free(f->dir);
	free(f);
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path in "/path" or "file:///path%20with"; NULL for a name of the icon theme. */
static char *path_of(const char *name)
{
	const char *from = strncmp(name, "file://", 7) == 0 ? name + 7 : name;
	bool is_uri = from != name;
	char *path, *to;

	if (*from != '/')
		return NULL;
	path = to = calloc(1, strlen(from) + 1);
	if (!path)
		return NULL;
	for (; *from; from++) {
		if (is_uri && *from == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
			*to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return path;
}

bool files_is_temporary(const char *name)
{
	static const char *const lasting[] = {"/usr/",  "/opt/", "/var/lib/",
					      "/snap/", "/nix/", "/app/"};
	autofree(str) char *path = path_of(name);
	size_t i;

	if (!path)
		return false;
	for (i = 0; i < ARRAY_SIZE(lasting); i++)
		if (strncmp(path, lasting[i], strlen(lasting[i])) == 0)
			return false;
	return true;
}

static char *copy_path(const struct files *f, uint32_t id, enum file_slot slot)
{
	char *path;

	return asprintf(&path, "%s/%u-%d", f->dir, id, (int)slot) < 0 ? NULL : path;
}

/* Small, regular and ours: a sender may name anything. */
static int open_original(const char *path, size_t *ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_size <= 0 || st.st_size > FILE_BYTES_MAX) {
		close(fd);
		return -1;
	}
	*ret_bytes = (size_t)st.st_size;
	return fd;
}

void files_keep(struct files *f, uint32_t id, enum file_slot slot, const char *name)
{
	autofree(str) char *path = files_is_temporary(name) ? path_of(name) : NULL;
	size_t bytes = 0;
	int fd = path ? open_original(path, &bytes) : -1;

	if (fd < 0)
		return;
	if (f->n_opened == OPENED_MAX)
		files_copy(f);
	f->opened[f->n_opened++] = (struct opened){id, slot, fd, bytes};
}

static void copy_one(const struct files *f, const struct opened *o)
{
	autofree(str) char *copy = copy_path(f, o->id, o->slot);
	size_t bytes = o->bytes;
	ssize_t n;
	int to;

	to = copy ? open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	if (to < 0)
		return;
	while (bytes > 0 && (n = sendfile(to, o->fd, NULL, bytes)) > 0)
		bytes -= (size_t)n;
	close(to);
	if (bytes > 0)
		unlink(copy); /* a full disk: no copy is better than half of one */
}

void files_copy(struct files *f)
{
	size_t i;

	if (f->n_opened == 0)
		return;
	if (mkdir(f->dir, 0700) == 0 || errno == EEXIST)
		for (i = 0; i < f->n_opened; i++)
			copy_one(f, &f->opened[i]);
	for (i = 0; i < f->n_opened; i++)
		close(f->opened[i].fd);
	f->n_opened = 0;
}

void files_drop(struct files *f, uint32_t id)
{
	size_t kept = 0, i;
	int slot;

	for (i = 0; i < f->n_opened; i++) {
		if (f->opened[i].id == id)
			close(f->opened[i].fd);
		else
			f->opened[kept++] = f->opened[i];
	}
	f->n_opened = kept;
	for (slot = 0; slot < N_FILE_SLOTS; slot++) {
		autofree(str) char *copy = copy_path(f, id, (enum file_slot)slot);

		if (copy)
			unlink(copy);
	}
}

char *files_resolve(struct files *f, uint32_t id, enum file_slot slot, const char *name)
{
	autofree(str) char *path = path_of(name), *copy = NULL;

	if (!path || access(path, R_OK) == 0)
		return NULL;
	copy = copy_path(f, id, slot);
	if (copy && access(copy, R_OK) == 0)
		return take(copy);
	return strdup("");
}
