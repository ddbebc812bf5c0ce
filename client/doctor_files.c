#include "client/doctor.h"
#include "client/doctor_peer.h"
#include "config/load.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define LULL_NAME "org.lull.Lull1"

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

/* $@name/@rest, or ~/@otherwise/@rest. NULL when out of memory. */
static char *xdg_path(const char *name, const char *otherwise, const char *rest)
{
	const char *dir = getenv(name);
	const char *home = getenv("HOME");

	/* The XDG specification: a relative path there is to be ignored. */
	if (dir && dir[0] == '/')
		return doctor_text("%s/%s", dir, rest);
	return doctor_text("%s/%s/%s", home ? home : "", otherwise, rest);
}

/* --- what D-Bus would start --- */

struct service {
	char *path;   /* NULL: there is none */
	char *starts; /* "lulld", "lulld.service" or another program */
};

static void service_done(struct service *s)
{
	free(s->path);
	free(s->starts);
}

/* "Key=value" of a line; NULL when it is about something else. */
static const char *value_of(char *line, const char *key)
{
	size_t len = strlen(key);
	char *value;

	if (strncmp(line, key, len) != 0)
		return NULL;
	value = line + len + strspn(line + len, " \t");
	if (*value != '=')
		return NULL;
	value += 1 + strspn(value + 1, " \t");
	value[strcspn(value, "\r\n")] = '\0';
	return value;
}

/* Is @path a service file for @name? Then what it starts; systemd comes first, as the bus has it. */
static bool read_service(const char *path, const char *name, char **ret_starts)
{
	__attribute__((cleanup(close_file))) FILE *f = fopen(path, "re");
	autofree(str) char *line = NULL;
	autofree(str) char *program = NULL;
	autofree(str) char *unit = NULL;
	bool is_it = false;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		const char *value;

		if ((value = value_of(line, "Name"))) {
			is_it = strcmp(value, name) == 0;
		} else if ((value = value_of(line, "Exec"))) {
			free(program);
			program = strdup(value);
		} else if ((value = value_of(line, "SystemdService"))) {
			free(unit);
			unit = strdup(value);
		}
	}
	if (!is_it || (!program && !unit))
		return false;
	*ret_starts = unit ? take(unit) : take(program);
	return true;
}

static bool find_in_dir(const char *dir, const char *name, struct service *ret)
{
	__attribute__((cleanup(close_dir))) DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name);
		autofree(str) char *path = NULL;

		if (len < 9 || strcmp(e->d_name + len - 8, ".service") != 0)
			continue;
		path = doctor_text("%s/%s", dir, e->d_name);
		if (path && read_service(path, name, &ret->starts)) {
			ret->path = take(path);
			return true;
		}
	}
	return false;
}

/* The file that wins: the session's directories in the order of the bus. */
static struct service find_service(const char *name)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *dirs = getenv("XDG_DATA_DIRS");
	autofree(str) char *home = xdg_path("XDG_DATA_HOME", ".local/share", "dbus-1/services");
	autofree(str) char *first = NULL;
	autofree(str) char *rest = strdup(dirs && dirs[0] ? dirs : "/usr/local/share:/usr/share");
	struct service found = {0};
	char *state = NULL;

	if (runtime && runtime[0] == '/')
		first = doctor_text("%s/dbus-1/services", runtime);
	if ((first && find_in_dir(first, name, &found)) ||
	    (home && find_in_dir(home, name, &found)) || !rest)
		return found;
	for (char *dir = strtok_r(rest, ":", &state); dir; dir = strtok_r(NULL, ":", &state)) {
		autofree(str) char *path = doctor_text("%s/dbus-1/services", dir);

		if (path && find_in_dir(path, name, &found))
			break;
	}
	return found;
}

static bool starts_lulld(const struct service *s)
{
	size_t len = strcspn(s->starts, " ");
	const char *base = memrchr(s->starts, '/', len);

	base = base ? base + 1 : s->starts;
	len -= (size_t)(base - s->starts);
	return strcmp(s->starts, "lulld.service") == 0 ||
	       (len == 5 && strncmp(base, "lulld", len) == 0);
}

static void check_own_service(struct doctor *d)
{
	__attribute__((cleanup(service_done))) struct service s = find_service(LULL_NAME);

	if (!s.path)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("D-Bus has no service file for " LULL_NAME
					": 'lull focus' can't start lulld"),
			    doctor_text("install lull ('make install'), or start lulld with the "
					"session"));
	else if (!starts_lulld(&s))
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s would start %s, not lulld", s.path, s.starts),
			    doctor_text("remove %s, then install lull anew", s.path));
	else
		doctor_find(d, DOCTOR_OK,
			    doctor_text("'lull focus' can start lulld, by %s", s.path), NULL);
}

/* Where lulld is: beside this client. */
static char *lulld_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	return slash ? doctor_text("%.*s/lulld", (int)(slash - path), path) : strdup("lulld");
}

/* How to make lulld the one that a notification starts. */
static char *how_to_come_first(struct doctor *d, const struct service *s)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	autofree(str) char *dir = xdg_path("XDG_DATA_HOME", ".local/share", "dbus-1/services");
	autofree(str) char *lulld = lulld_path();

	if (!dir || !lulld)
		return NULL;
	if ((runtime && strncmp(s->path, runtime, strlen(runtime)) == 0) ||
	    strncmp(s->path, dir, strlen(dir)) == 0)
		return doctor_text("write into it, instead of its Exec: Exec=%s", lulld);
	return doctor_text("mkdir -p '%s'; printf '[D-BUS Service]\\nName=" NOTIFICATIONS_NAME
			   "\\nExec=%s\\n%s' >'%s/" NOTIFICATIONS_NAME ".service'",
			   dir, lulld,
			   peer_is_owned(d, "org.freedesktop.systemd1")
				   ? "SystemdService=lulld.service\\n"
				   : "",
			   dir);
}

void doctor_check_activation(struct doctor *d)
{
	__attribute__((cleanup(service_done))) struct service s = find_service(NOTIFICATIONS_NAME);

	check_own_service(d);
	if (!s.path)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("without lulld D-Bus would start nothing for "
					"notifications: no service file"),
			    NULL);
	else if (starts_lulld(&s))
		doctor_find(d, DOCTOR_OK, doctor_text("a notification starts lulld, by %s", s.path),
			    NULL);
	else
		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("a notification without lulld would start %s (by %s), which "
				    "then stands before lulld",
				    s.starts, s.path),
			how_to_come_first(d, &s));
}

/* --- the journal --- */

struct state_files {
	size_t n_damaged;
	off_t size; /* of journal.db; -1: there is none */
	char *open; /* a file that others may read, or that isn't ours; NULL: there is none */
};

static void look_at_files(const char *path, struct state_files *ret)
{
	__attribute__((cleanup(close_dir))) DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *dash = strstr(e->d_name, ".damaged-");
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		if (strcmp(e->d_name, "journal.db") == 0)
			ret->size = st.st_size;
		/* Its log and its index belong to one. */
		if (dash && !strstr(dash, "-wal") && !strstr(dash, "-shm"))
			ret->n_damaged++;
		if (!ret->open && ((st.st_mode & 077) || st.st_uid != getuid()))
			ret->open = doctor_text("%s/%s", path, e->d_name);
	}
}

static void check_permissions(struct doctor *d, const char *dir, const struct stat *st,
			      const char *file)
{
	bool is_fine = true;

	if (st->st_uid != getuid() || (st->st_mode & 07777) != 0700) {
		is_fine = false;
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s has mode %04o and owner %u; only you should get in",
					dir, st->st_mode & 07777, st->st_uid),
			    st->st_uid == getuid() ? doctor_text("chmod 700 '%s'", dir)
						   : doctor_text("sudo chown -R %u '%s'; chmod 700 "
								 "'%s'",
								 getuid(), dir, dir));
	}
	if (file) {
		is_fine = false;
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s isn't yours alone; it may hold private text", file),
			    doctor_text("chmod 600 '%s'; if that fails, chown it to you", file));
	}
	if (is_fine)
		doctor_find(d, DOCTOR_OK, doctor_text("%s and its files are yours alone", dir),
			    NULL);
}

static void check_state_dir(struct doctor *d)
{
	autofree(str) char *dir = xdg_path("XDG_STATE_HOME", ".local/state", "lull");
	struct state_files files = {.size = -1};
	struct stat st;

	if (!dir || stat(dir, &st) < 0) {
		if (dir && errno != ENOENT)
			doctor_find(d, DOCTOR_ATTENTION,
				    doctor_text("%s can't be read: %s", dir, strerror(errno)),
				    doctor_text("ls -ld '%s', and give it back to you", dir));
		return;
	}
	look_at_files(dir, &files);
	check_permissions(d, dir, &st, files.open);
	if (files.size >= 0)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("%s/journal.db has %jd KiB", dir,
					(intmax_t)(files.size + 1023) / 1024),
			    NULL);
	if (files.n_damaged > 0)
		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("lulld has put %zu damaged journal%s aside in %s; what it held "
				    "may be missing",
				    files.n_damaged, files.n_damaged == 1 ? "" : "s", dir),
			doctor_text("check the disk; keep it for a report, or rm "
				    "'%s'/journal.db.damaged-*",
				    dir));
	free(files.open);
}

void doctor_check_journal(struct doctor *d)
{
	const char *place = doctor_status_text(d, "journal");

	if (strncmp(place, "memory", 6) == 0)
		doctor_find(
			d, DOCTOR_BROKEN,
			doctor_text("what is held is in memory only and is lost if lulld stops%s",
				    place + 6),
			doctor_text("make room and see that the state directory can be written; "
				    "lulld then goes on by itself, else restart it"));
	else if (place[0])
		doctor_find(d, DOCTOR_OK, doctor_text("what is held is kept on disk"), NULL);
	check_state_dir(d);
}

/* --- the configuration --- */

static void find_mistakes(struct doctor *d, const struct load_errors *errors)
{
	if (errors->count == 1)
		doctor_find(d, DOCTOR_BROKEN, doctor_text("%s", errors->lines[0]),
			    doctor_text("mend it: lull check-config; then: lull reload"));
	else
		doctor_find(d, DOCTOR_BROKEN,
			    doctor_text("%s (and %zu more)", errors->lines[0], errors->count - 1),
			    doctor_text(
				    "see all: lull check-config; mend them, then: lull reload"));
}

void doctor_check_configuration(struct doctor *d)
{
	const json_t *in_force = json_object_get(d->status, "config_errors");
	autofree(str) char *path = load_path();
	autofree(settings) struct settings *settings = NULL;
	struct load_errors errors = {0};
	int r;

	if (!path) {
		doctor_find(d, DOCTOR_BROKEN, doctor_text("there is no home directory"),
			    doctor_text("set HOME"));
		return;
	}
	r = load_settings(path, &errors, &settings);
	if (errors.count > 0)
		find_mistakes(d, &errors);
	else if (r < 0)
		doctor_find(d, DOCTOR_BROKEN, doctor_text("%s: %s", path, strerror(-r)),
			    doctor_text("lull check-config"));
	else if (json_array_size(in_force) > 0)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s is right now, but lulld has not read it since", path),
			    doctor_text("lull reload"));
	else if (access(path, F_OK) < 0)
		doctor_find(d, DOCTOR_OK, doctor_text("defaults; there is no %s", path), NULL);
	else
		doctor_find(d, DOCTOR_OK, doctor_text("%s has no mistakes", path), NULL);
	load_errors_done(&errors);
}
