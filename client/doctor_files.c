#include "client/doctor.h"
#include "client/doctor_peer.h"
#include "config/load.h"
#include "config/services.h"
#include "config/xdg.h"
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

/* --- what D-Bus would start --- */

/* The file that wins; empty when there is none. */
static struct services find_services(const char *name)
{
	struct services found = {0};

	if (services_find(name, &found) < 0)
		found = (struct services){0};
	return found;
}

/* What a service file starts; systemd comes first, as the bus has it. */
static const char *starts(const struct service *s)
{
	return *s->unit ? s->unit : s->exec;
}

static bool is_masked(const struct doctor *d, const struct service *s)
{
	return strcmp(s->unit, "lulld.service") == 0 && doctor_unit_is_masked(d);
}

static void check_own_service(struct doctor *d)
{
	__attribute__((cleanup(services_done))) struct services found = find_services(LULL_NAME);
	const struct service *s = found.items;

	if (!s)
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("D-Bus has no service file for " LULL_NAME
					": 'lull focus' can't start lulld"),
			    doctor_wants_enable(d)
				    ? strdup("lull enable")
				    : strdup("install lull ('make install'), or start lulld with "
					     "the session"));
	else if (!services_is_lulld(s))
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("%s would start %s, not lulld", s->path, starts(s)),
			    doctor_text("remove %s, then install lull anew", s->path));
	else if (is_masked(d, s))
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("'lull focus' can't start lulld: %s names lulld.service, "
					"which is masked",
					s->path),
			    doctor_how_to_start(d));
	else
		doctor_find(d, DOCTOR_OK,
			    doctor_text("'lull focus' can start lulld, by %s", s->path), NULL);
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
	autofree(str) char *dir = xdg_data("dbus-1/services");
	autofree(str) char *lulld = lulld_path();
	bool is_first;

	if (!dir || !lulld)
		return NULL;
	is_first = runtime && strncmp(s->path, runtime, strlen(runtime)) == 0;
	if (!is_first && doctor_wants_enable(d))
		return strdup("lull enable");
	if (is_first || strncmp(s->path, dir, strlen(dir)) == 0)
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
	__attribute__((cleanup(services_done))) struct services found =
		find_services(NOTIFICATIONS_NAME);
	const struct service *s = found.items;

	check_own_service(d);
	if (!s)
		doctor_find(d, DOCTOR_OK,
			    doctor_text("without lulld D-Bus would start nothing for "
					"notifications: no service file"),
			    NULL);
	else if (services_is_lulld(s) && is_masked(d, s))
		doctor_find(d, DOCTOR_ATTENTION,
			    doctor_text("a notification starts nothing: %s names lulld.service, "
					"which is masked",
					s->path),
			    doctor_how_to_start(d));
	else if (services_is_lulld(s))
		doctor_find(d, DOCTOR_OK,
			    doctor_text("a notification starts lulld, by %s", s->path), NULL);
	else
		doctor_find(
			d, DOCTOR_ATTENTION,
			doctor_text("a notification without lulld would start %s (by %s), which "
				    "then stands before lulld",
				    starts(s), s->path),
			how_to_come_first(d, s));
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
	autofree(str) char *dir = xdg_state("lull");
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
