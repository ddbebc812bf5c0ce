#include "daemon/bus/launch.h"

#include "config/command.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/units.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A program that is to be started, until systemd has answered. */
struct launch_job {
	struct launch *launch;
	struct launch_job *next;
	DBusPendingCall *pending;
	char *unit;
	char *description;
	char **argv;
	char **environment; /* NULL: lulld's own */
};

struct launch {
	DBusConnection *connection;
	const struct launch_ops *ops;
	void *data;
	unsigned n_started;
	struct launch_job *jobs; /* launch_job.next */
};

/* --- jobs --- */

static struct launch_job *launch_job_free(struct launch_job *job)
{
	if (!job)
		return NULL;
	if (job->pending) {
		dbus_pending_call_cancel(job->pending);
		dbus_pending_call_unref(job->pending);
	}
	command_free(job->argv);
	command_free(job->environment);
	free(job->unit);
	free(job->description);
	free(job);
	return NULL;
}
DEFINE_AUTOFREE(launch_job)

static struct launch_job *job_new(struct launch *l, const char *kind, const char *description,
				  char *const argv[], char *const environment[])
{
	autofree(launch_job) struct launch_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->launch = l;
	if (asprintf(&job->unit, "lull-%s-%d-%u.service", kind, getpid(), ++l->n_started) < 0)
		job->unit = NULL;
	job->description = strdup(description);
	job->argv = command_copy(argv);
	if (!job->unit || !job->description || !job->argv)
		return NULL;
	if (environment && !(job->environment = command_copy(environment)))
		return NULL;
	return take(job);
}

static void unlink_job(struct launch_job *job)
{
	struct launch_job **at = &job->launch->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
}

/* --- the call --- */

/* Of an environment, what a program in this session needs; systemd's own may be older, or lack it. */
static const char *const variables[] = {
	"DISPLAY=",    "WAYLAND_DISPLAY=",
	"XAUTHORITY=", "XDG_",
	"HOME=",       "PATH=",
	"LANG=",       "LANGUAGE=",
	"LC_",         "DBUS_SESSION_BUS_ADDRESS=",
};

static bool is_passed_on(const char *assignment)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variables); i++)
		if (strncmp(assignment, variables[i], strlen(variables[i])) == 0)
			return dbus_validate_utf8(assignment, NULL);
	return false;
}

static bool append_strings(DBusMessageIter *into, char *const strings[],
			   bool (*is_wanted)(const char *s))
{
	DBusMessageIter list;
	bool is_done;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "s", &list);
	for (; is_done && *strings; strings++)
		if (is_wanted(*strings))
			is_done = dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, strings);
	return is_done && dbus_message_iter_close_container(into, &list);
}

static bool append_environment(DBusMessageIter *into, const struct launch_job *job)
{
	return append_strings(into, job->environment ? job->environment : environ, is_passed_on);
}

/* systemd would expand a "$" (`[display] command` was expanded already); two of them stand for one. */
static char *escape_dollars(const char *word)
{
	size_t n = strlen(word);
	char *escaped = malloc(2 * n + 1), *to = escaped;

	for (; escaped && *word; word++) {
		*to++ = *word;
		if (*word == '$')
			*to++ = '$';
	}
	if (escaped)
		*to = '\0';
	return escaped;
}

static bool append_argv(DBusMessageIter *into, char *const argv[])
{
	DBusMessageIter list;
	bool is_done;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "s", &list);
	for (; is_done && *argv; argv++) {
		autofree(str) char *word = escape_dollars(*argv);

		is_done = word && dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &word);
	}
	return is_done && dbus_message_iter_close_container(into, &list);
}

/* a(sasb): the path, argv, and that a failure counts. ExecStartEx, which needs no escapes, breaks the unit at the
 * next daemon-reload (systemd 252). */
static bool append_command(DBusMessageIter *into, const struct launch_job *job)
{
	const dbus_bool_t is_failure_ignored = FALSE;
	DBusMessageIter list, command;

	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "(sasb)", &list) &&
	       dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &command) &&
	       dbus_message_iter_append_basic(&command, DBUS_TYPE_STRING, &job->argv[0]) &&
	       append_argv(&command, job->argv) &&
	       dbus_message_iter_append_basic(&command, DBUS_TYPE_BOOLEAN, &is_failure_ignored) &&
	       dbus_message_iter_close_container(&list, &command) &&
	       dbus_message_iter_close_container(into, &list);
}

static bool append_description(DBusMessageIter *into, const struct launch_job *job)
{
	return bus_append_text(into, job->description);
}

/* The unit fails when the program can't be executed, and isn't kept when it has ended. */
static bool append_type(DBusMessageIter *into, const struct launch_job *job)
{
	(void)job;
	return bus_append_text(into, "exec");
}

static bool append_collect(DBusMessageIter *into, const struct launch_job *job)
{
	(void)job;
	return bus_append_text(into, "inactive-or-failed");
}

/* The working directory is the user's home: systemd's default for its user's units. */
static const struct {
	const char *name;
	const char *type;
	bool (*append)(DBusMessageIter *into, const struct launch_job *job);
} unit_properties[] = {
	{"Description", "s", append_description}, {"Type", "s", append_type},
	{"CollectMode", "s", append_collect},     {"Environment", "as", append_environment},
	{"ExecStart", "a(sasb)", append_command},
};

static bool append_unit_properties(DBusMessageIter *into, const struct launch_job *job)
{
	DBusMessageIter list, property, variant;
	bool is_done;
	size_t i;

	is_done = dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "(sv)", &list);
	for (i = 0; is_done && i < ARRAY_SIZE(unit_properties); i++)
		is_done = dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL,
							   &property) &&
			  bus_append_text(&property, unit_properties[i].name) &&
			  dbus_message_iter_open_container(&property, DBUS_TYPE_VARIANT,
							   unit_properties[i].type, &variant) &&
			  unit_properties[i].append(&variant, job) &&
			  dbus_message_iter_close_container(&property, &variant) &&
			  dbus_message_iter_close_container(&list, &property);
	return is_done && dbus_message_iter_close_container(into, &list);
}

static bool append_arguments(DBusMessage *call, const struct launch_job *job)
{
	DBusMessageIter into, auxiliary;

	dbus_message_iter_init_append(call, &into);
	return bus_append_text(&into, job->unit) && bus_append_text(&into, "fail") &&
	       append_unit_properties(&into, job) &&
	       dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "(sa(sv))", &auxiliary) &&
	       dbus_message_iter_close_container(&into, &auxiliary);
}

/* --- the answer --- */

static void on_answer(void *data, DBusMessage *reply)
{
	autofree(launch_job) struct launch_job *job = data;
	struct launch *l = job->launch;
	bool has_unit = dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN;
	int r = 0;

	unlink_job(job);
	dbus_pending_call_unref(job->pending);
	job->pending = NULL;
	/* Without a bus nobody could show anything; the error is libdbus's own then. */
	if (!dbus_connection_get_is_connected(l->connection))
		return;
	if (!has_unit)
		r = spawn_detached(job->argv, job->environment);
	l->ops->done(l->data, job->description, has_unit ? job->unit : NULL, r);
}

int launch_start(struct launch *l, const char *kind, const char *description, char *const argv[],
		 char *const environment[])
{
	autofree(launch_job) struct launch_job *job =
		job_new(l, kind, description, argv, environment);
	DBusMessage *call;
	char **arg;
	int r;

	if (!job)
		return -ENOMEM;
	for (arg = job->argv; *arg; arg++)
		if (!dbus_validate_utf8(*arg, NULL))
			return -EILSEQ;
	call = dbus_message_new_method_call(SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					    "StartTransientUnit");
	if (!call)
		return -ENOMEM;
	/* A session without systemd answers at once that there is none. */
	dbus_message_set_auto_start(call, FALSE);
	r = append_arguments(call, job) ? bus_call(l->connection, call, SYSTEMD_ANSWERS_MS,
						   on_answer, job, &job->pending)
					: -ENOMEM;
	dbus_message_unref(call);
	if (r < 0)
		return r;
	job->next = l->jobs;
	l->jobs = take(job);
	return 0;
}

struct launch *launch_new(DBusConnection *connection, const struct launch_ops *ops, void *data)
{
	struct launch *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->connection = dbus_connection_ref(connection);
	l->ops = ops;
	l->data = data;
	return l;
}

struct launch *launch_free(struct launch *l)
{
	struct launch_job *next;

	if (!l)
		return NULL;
	for (; l->jobs; l->jobs = next) {
		next = l->jobs->next;
		launch_job_free(l->jobs);
	}
	dbus_connection_unref(l->connection);
	free(l);
	return NULL;
}
