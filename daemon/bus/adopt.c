#include "daemon/bus/adopt.h"

#include "config/adopted.h"
#include "config/command.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/peer.h"
#include "daemon/bus/starter.h"
#include "daemon/bus/units.h"
#include "daemon/log.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* To stop, and to start and join the queue; servers need far less. */
#define WAIT_S 8

/* An environment that is larger isn't kept. */
#define ENVIRON_MAX ((size_t)256 * 1024)

enum adopt_step {
	ADOPT_IDLE,
	ADOPT_STOPPING, /* until it has left the bus, however long that takes */
	ADOPT_STARTING, /* until lulld has found a display again */
};

struct adopt {
	DBusConnection *connection;
	struct starter *starter;
	const struct adopt_ops *ops;
	void *data;
	struct event *late;
	enum adopt_step step;
	adopt_fn fn;
	void *fn_data;
	/* The server. */
	char *unique;
	char *program;
	char *command;
	char **environment; /* NULL: lulld's own */
	uint32_t pid;
	int pidfd;
	bool is_restarted; /* by systemd */
};

char *adopt_refusal(const struct peer *p)
{
	const struct desktop_server *server = peer_server(p);
	char *text;
	int n = -1;

	if (!server)
		n = asprintf(&text,
			     "%s (pid %u) isn't a notification server that lull knows; stop "
			     "it and start it behind lull-shim",
			     *p->program ? p->program : "a program", p->pid);
	else
		switch (server->kind) {
		case DESKTOP_STANDALONE: return NULL;
		case DESKTOP_TAKEOVER:
			n = asprintf(&text, "%s doesn't give way; restart lulld, and see its log",
				     server->title);
			break;
		case DESKTOP_LINES_UP:
			n = asprintf(&text,
				     "%s was there before lulld; enable lulld and log in "
				     "anew, then it stands in line",
				     server->title);
			break;
		case DESKTOP_UNSUPPORTED:
			n = asprintf(&text,
				     "%s shows notifications itself; lull can't stand in "
				     "front of it yet",
				     server->title);
			break;
		}
	return n < 0 ? strdup("out of memory") : text;
}

/* --- the end --- */

static void forget(struct adopt *a)
{
	a->step = ADOPT_IDLE;
	event_del(a->late);
	free(a->unique);
	free(a->program);
	free(a->command);
	a->unique = a->program = a->command = NULL;
	a->environment = command_free(a->environment);
	if (a->pidfd >= 0)
		close(a->pidfd);
	a->pidfd = -1;
}

/* The outcome is told once. */
static void answer(struct adopt *a, const char *command, const char *error)
{
	adopt_fn fn = a->fn;

	a->fn = NULL;
	if (fn)
		fn(a->fn_data, command, error);
}

static void fail(struct adopt *a, const char *error)
{
	if (a->step == ADOPT_IDLE)
		return;
	log_warn("cannot put %s behind lull: %s", a->program, error);
	answer(a, NULL, error);
	forget(a);
}

static void on_late(evutil_socket_t fd, short what, void *data)
{
	struct adopt *a = data;

	(void)fd;
	(void)what;
	if (a->step == ADOPT_STARTING) {
		fail(a, "it was stopped, and didn't come back in time");
		return;
	}
	log_warn("%s doesn't end; once it does it is started behind lull-shim", a->program);
	answer(a, NULL, "it doesn't end; once it does it is started behind lull-shim");
}

bool adopt_is_busy(const struct adopt *a)
{
	return a->step != ADOPT_IDLE && a->fn;
}

void adopt_display(struct adopt *a, const struct peer *display)
{
	if (a->step != ADOPT_STARTING || !display->is_shimmed ||
	    strcmp(display->program, a->program) != 0)
		return;
	log_info("%s runs behind lull-shim now", a->program);
	answer(a, a->command, NULL);
	forget(a);
}

/* --- stopping it --- */

static void on_stop_job(void *data, bool is_done)
{
	if (!is_done)
		fail(data, "systemd doesn't stop it");
}

static void on_unit(void *data, const struct unit *unit)
{
	struct adopt *a = data;
	bool is_its_own = unit && unit->main_pid == a->pid;
	const char *verb;

	if (a->step != ADOPT_STOPPING)
		return;
	if (!is_its_own) {
		if (pidfd_send_signal(a->pidfd, SIGTERM, NULL, 0) < 0)
			fail(a, strerror(errno));
		return;
	}
	a->is_restarted = unit->is_shimmed;
	verb = unit->is_shimmed ? "RestartUnit" : "StopUnit";
	if (units_do(a->connection, verb, unit->id, on_stop_job, a) < 0)
		fail(a, "out of memory");
}

/* The next one that appears is it. */
static void on_gone(struct adopt *a)
{
	int r;

	a->step = ADOPT_STARTING;
	event_add(a->late, &(struct timeval){WAIT_S, 0});
	a->ops->restarting(a->data);
	if (a->is_restarted)
		return;
	r = starter_run(a->starter, a->command, a->environment);
	if (r < 0)
		fail(a, strerror(-r));
}

void adopt_filter(struct adopt *a, DBusMessage *message)
{
	const char *name, *old_owner, *new_owner;

	if (a->step == ADOPT_STOPPING &&
	    dbus_message_is_signal(message, BUS_IFACE, "NameOwnerChanged") &&
	    dbus_message_has_sender(message, BUS_NAME) &&
	    dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
				  &old_owner, DBUS_TYPE_STRING, &new_owner, DBUS_TYPE_INVALID) &&
	    strcmp(name, a->unique) == 0 && !*new_owner)
		on_gone(a);
}

/* --- what it is --- */

/* This bus is the one, whatever address the server found it by. */
static void set_bus(char **environment)
{
	static const char variable[] = "DBUS_SESSION_BUS_ADDRESS=";
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");

	for (; address && *environment; environment++) {
		char *own;

		if (strncmp(*environment, variable, sizeof(variable) - 1) != 0 ||
		    asprintf(&own, "%s%s", variable, address) < 0)
			continue;
		free(*environment);
		*environment = own;
	}
}

/* Return: the environment of a process; NULL when it can't be read. */
static char **read_environment(uint32_t pid)
{
	autofree(str) char *bytes = malloc(ENVIRON_MAX);
	char path[32], **environment = NULL;
	size_t length = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	fd = bytes ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return NULL;
	while (length < ENVIRON_MAX && (n = read(fd, bytes + length, ENVIRON_MAX - length)) > 0)
		length += (size_t)n;
	close(fd);
	if (command_unpack(bytes, length, &environment) < 0)
		return NULL;
	set_bus(environment);
	return environment;
}

static int read_server(struct adopt *a, const struct peer *server)
{
	autofree(command) char **words = NULL;
	autofree(str) char *program = NULL;
	int r;

	a->pid = server->pid;
	a->pidfd = pidfd_open((pid_t)server->pid, 0);
	if (a->pidfd < 0)
		return -errno;
	r = peer_command(server->pid, &words);
	if (r < 0)
		return r;
	/* A server that is known by its program file is found by that from any directory and in any PATH. */
	if (words[0][0] != '/' && (program = spawn_program_of((pid_t)server->pid))) {
		free(words[0]);
		words[0] = take(program);
	}
	a->unique = strdup(server->unique);
	a->program = strdup(server->program);
	a->command = command_join(words);
	a->environment = read_environment(server->pid);
	a->is_restarted = false;
	return a->unique && a->program && a->command ? 0 : -ENOMEM;
}

int adopt_start(struct adopt *a, const struct peer *server, adopt_fn fn, void *data)
{
	int r;

	if (a->step != ADOPT_IDLE)
		return -EBUSY;
	a->fn = fn;
	a->fn_data = data;
	r = read_server(a, server);
	if (r == 0)
		r = units_of_pid(a->connection, a->pid, on_unit, a);
	if (r < 0) {
		forget(a);
		return r;
	}
	a->step = ADOPT_STOPPING;
	event_add(a->late, &(struct timeval){WAIT_S, 0});
	log_info("putting %s (pid %u) behind lull", a->program, a->pid);
	r = adopted_add(a->command);
	if (r < 0)
		log_warn("cannot remember %s for the next login: %s", a->program, strerror(-r));
	return 0;
}

struct adopt *adopt_new(DBusConnection *connection, struct event_base *base,
			struct starter *starter, const struct adopt_ops *ops, void *data)
{
	autofree(adopt) struct adopt *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->pidfd = -1;
	a->connection = dbus_connection_ref(connection);
	a->starter = starter;
	a->ops = ops;
	a->data = data;
	a->late = event_new(base, -1, 0, on_late, a);
	return a->late ? take(a) : NULL;
}

struct adopt *adopt_free(struct adopt *a)
{
	if (!a)
		return NULL;
	if (a->late) {
		forget(a);
		event_free(a->late);
	}
	dbus_connection_unref(a->connection);
	free(a);
	return NULL;
}
