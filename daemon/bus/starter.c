#include "daemon/bus/starter.h"

#include "config/adopted.h"
#include "config/command.h"
#include "config/services.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/launch.h"
#include "daemon/bus/units.h"
#include "daemon/core/desktop.h"
#include "daemon/log.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct starter {
	DBusConnection *connection;
	struct launch *launch;
	const struct starter_ops *ops;
	void *data;
	bool is_busy; /* done() is to follow */
	/* What was asked for. */
	char *wanted; /* [display] command */
	bool is_patient;
	/* The choice, while its unit is looked at. */
	char *command;
	char *unit;
	char **environment; /* of the session; NULL: lulld's own is that */
};

/* --- running a command --- */

int starter_run(struct starter *s, const char *command, char *const environment[])
{
	autofree(command) char **words = NULL;
	autofree(str) char *shim = spawn_helper_path("lull-shim");
	char **argv;
	size_t n = 0;
	int r = shim ? command_split(command, &words) : -ENOENT;

	if (r < 0)
		return r;
	while (words[n])
		n++;
	argv = calloc(n + 2, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = shim;
	memcpy(argv + 1, words, n * sizeof(*argv));
	r = launch_start(s->launch, "display", command, argv, environment);
	free(argv);
	return r;
}

static void finish(struct starter *s, const char *command)
{
	s->is_busy = false;
	s->ops->done(s->data, command);
}

static void run_and_finish(struct starter *s, const char *command)
{
	int r = starter_run(s, command, s->environment);

	if (r < 0)
		log_error("cannot start the display server '%s': %s", command,
			  r == -EINVAL ? "it can't be split into words" : strerror(-r));
	finish(s, r < 0 ? NULL : command);
}

/* --- what there is to choose from --- */

/* "NAME=value" in @environment. Return: the value, "" when it isn't there. */
static const char *value_in(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return "";
}

static struct desktop_session session_in(char *const *environment)
{
	return (struct desktop_session){
		.current = value_in(environment, "XDG_CURRENT_DESKTOP"),
		.has_x11 = *value_in(environment, "DISPLAY"),
		.has_wayland = *value_in(environment, "WAYLAND_DISPLAY"),
	};
}

/* systemd tells its services' main processes that they are; what runs in a terminal inherits everything else. */
static bool is_service(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");

	return pid && atoll(pid) == getpid();
}

/*
 * A service's own environment is as old as the service; systemd's is what the session has told since. Everything
 * else was started from inside its session.
 */
static bool is_session(char *const *systemd)
{
	struct desktop_session own = session_in(environ);

	return systemd && (is_service() || (!own.has_x11 && !own.has_wayland));
}

/* The best so far; what comes first wins among equals. */
struct choice {
	int rank;
	char *command;
	char *unit;
};

/* What its user has chosen is as good as one for any desktop, even if it belongs on another. */
#define ADOPTED_PREFERENCE 1

static void consider(struct choice *best, const struct desktop_session *session,
		     const char *command, const char *unit, int preference)
{
	autofree(command) char **words = NULL;
	int rank;

	if (command_split(command, &words) < 0)
		return;
	rank = desktop_rank(command_base(words[0]), session);
	if (rank > 0)
		rank += preference;
	if (rank <= best->rank)
		return;
	free(best->command);
	free(best->unit);
	*best = (struct choice){rank, strdup(command), strdup(unit)};
}

static struct choice choose(const struct desktop_session *session)
{
	autofree(command) char **adopted = adopted_read();
	struct services services = {0};
	struct choice best = {0};
	char **command;
	size_t i;

	for (command = adopted; command && *command; command++)
		consider(&best, session, *command, "", ADOPTED_PREFERENCE);
	if (services_find(NOTIFICATIONS_NAME, &services) < 0)
		return best;
	for (i = 0; i < services.n_items; i++) {
		const struct service *one = &services.items[i];

		if (services_is_lulld(one))
			continue;
		consider(&best, session, one->exec, one->unit, 0);
		/* What was adopted may be this one, and have its unit. */
		if (best.command && strcmp(best.command, one->exec) == 0) {
			free(best.unit);
			best.unit = strdup(one->unit);
		}
	}
	services_done(&services);
	return best;
}

/* --- starting it --- */

static void on_unit_started(void *data, bool is_done)
{
	struct starter *s = data;

	if (is_done) {
		log_info("started the display server's unit: %s", s->unit);
		finish(s, s->command);
	} else {
		run_and_finish(s, s->command);
	}
}

static void on_unit(void *data, const struct unit *unit)
{
	struct starter *s = data;

	if (!unit || !unit->is_shimmed ||
	    units_do(s->connection, "StartUnit", s->unit, on_unit_started, s) < 0)
		run_and_finish(s, s->command);
}

static void on_environment(void *data, char *const *environment)
{
	struct starter *s = data;
	bool is_theirs = is_session(environment);
	struct desktop_session session = session_in(is_theirs ? environment : environ);
	struct choice choice;

	s->environment = command_free(s->environment);
	if (is_theirs)
		s->environment = command_copy(environment);
	if (*s->wanted) {
		/* A service that is there before the screen waits for it. */
		if (is_service() && !session.has_x11 && !session.has_wayland)
			finish(s, NULL);
		else
			run_and_finish(s, s->wanted);
		return;
	}
	if (!s->is_patient) {
		finish(s, NULL);
		return;
	}
	choice = choose(&session);
	free(s->command);
	free(s->unit);
	s->command = choice.command;
	s->unit = choice.unit;
	if (!s->command || !s->unit)
		finish(s, NULL);
	else if (!*s->unit || units_named(s->connection, s->unit, on_unit, s) < 0)
		run_and_finish(s, s->command);
}

void starter_start(struct starter *s, const char *command, bool is_patient)
{
	char *wanted = s->is_busy ? NULL : strdup(command);

	if (s->is_busy)
		return;
	s->is_busy = true;
	s->is_patient = is_patient;
	free(s->wanted);
	s->wanted = wanted;
	if (!wanted || (!*wanted && !is_patient) ||
	    units_environment(s->connection, on_environment, s) < 0)
		finish(s, NULL);
}

struct starter *starter_new(DBusConnection *connection, struct launch *launch,
			    const struct starter_ops *ops, void *data)
{
	struct starter *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->connection = dbus_connection_ref(connection);
	s->launch = launch;
	s->ops = ops;
	s->data = data;
	return s;
}

struct starter *starter_free(struct starter *s)
{
	if (!s)
		return NULL;
	free(s->command);
	free(s->unit);
	free(s->wanted);
	command_free(s->environment);
	dbus_connection_unref(s->connection);
	free(s);
	return NULL;
}
