#include "daemon/bus/takeover.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/control.h"
#include "daemon/bus/units.h"
#include "daemon/log.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

/* The old one writes down what it has and ends. */
#define ANSWERS_MS 5000
#define ENDS_MS 3000
/* One that hasn't even answered is stuck. */
#define STUCK_ENDS_MS 2000

/* @call is taken. Return: the answer, NULL when there is none or it is an error, which @error tells. */
static DBusMessage *ask_or(DBusConnection *connection, DBusMessage *call, int timeout_ms,
			   DBusError *error)
{
	DBusMessage *reply;

	if (!call)
		return NULL;
	dbus_message_set_auto_start(call, FALSE);
	reply = dbus_connection_send_with_reply_and_block(connection, call, timeout_ms, error);
	dbus_message_unref(call);
	return reply;
}

static DBusMessage *ask(DBusConnection *connection, DBusMessage *call, int timeout_ms)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply = ask_or(connection, call, timeout_ms, &error);

	dbus_error_free(&error);
	return reply;
}

/* The first argument of an answer. Return: false when it isn't there. @reply is taken. */
static bool read_answer(DBusMessage *reply, int type, void *ret)
{
	bool is_there = reply && dbus_message_get_args(reply, NULL, type, ret, DBUS_TYPE_INVALID);

	if (reply)
		dbus_message_unref(reply);
	return is_there;
}

static pid_t pid_of(DBusConnection *connection, const char *name)
{
	dbus_uint32_t pid = 0;

	return read_answer(ask(connection,
			       bus_driver_call("GetConnectionUnixProcessID", DBUS_TYPE_STRING,
					       &name, DBUS_TYPE_INVALID),
			       DBUS_TIMEOUT_USE_DEFAULT),
			   DBUS_TYPE_UINT32, &pid)
		       ? (pid_t)pid
		       : 0;
}

pid_t takeover_find(DBusConnection *connection)
{
	return pid_of(connection, CONTROL_NAME);
}

static DBusMessage *control_call(const char *member)
{
	return dbus_message_new_method_call(CONTROL_NAME, CONTROL_PATH, CONTROL_NAME, member);
}

/* Return: 0 when it has ended in time, -ETIMEDOUT. */
static int wait_end(int pidfd, int timeout_ms)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};
	int n;

	do
		n = poll(&fd, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ETIMEDOUT;
}

/* The bus hears of the end a moment later than we do, and keeps the name for the dead one that long. */
static void wait_control_name(DBusConnection *connection, pid_t old)
{
	int i;

	for (i = 0; i < 1000 && takeover_find(connection) == old; i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* --- a service --- */

static bool is_main_process(DBusConnection *connection, pid_t pid)
{
	static const char *const interface = "org.freedesktop.systemd1.Service", *const name =
											 "MainPID";
	dbus_uint32_t wanted = (dbus_uint32_t)pid, main_pid = 0;
	DBusMessage *call, *reply;
	DBusMessageIter iter, value;
	autofree(str) char *path = NULL;
	const char *found;

	call = dbus_message_new_method_call(SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					    "GetUnitByPID");
	if (!call || !dbus_message_append_args(call, DBUS_TYPE_UINT32, &wanted, DBUS_TYPE_INVALID))
		return false;
	reply = ask(connection, call, SYSTEMD_ANSWERS_MS);
	if (!reply)
		return false;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &found, DBUS_TYPE_INVALID))
		path = strdup(found);
	dbus_message_unref(reply);
	call = path ? dbus_message_new_method_call(SYSTEMD_NAME, path, PROPERTIES_IFACE, "Get")
		    : NULL;
	if (!call || !dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					       &name, DBUS_TYPE_INVALID))
		return false;
	reply = ask(connection, call, SYSTEMD_ANSWERS_MS);
	if (!reply)
		return false;
	if (dbus_message_has_signature(reply, "v")) {
		dbus_message_iter_init(reply, &iter);
		dbus_message_iter_recurse(&iter, &value);
		if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_UINT32)
			dbus_message_iter_get_basic(&value, &main_pid);
	}
	dbus_message_unref(reply);
	return main_pid == wanted;
}

/* Return: false when there is none after all. */
static bool wait_successor(DBusConnection *connection, pid_t old)
{
	int i;

	for (i = 0; i < ENDS_MS; i++) {
		pid_t pid = takeover_find(connection);

		if (pid != 0 && pid != old)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return false;
}

int takeover_restart(DBusConnection *connection, pid_t old)
{
	autofree(str) char *theirs = spawn_program_of(old), *ours = spawn_program_of(getpid());
	DBusMessage *reply;
	int pidfd, r;

	if (!theirs || !ours || strcmp(theirs, ours) != 0 || !is_main_process(connection, old))
		return -ENOTSUP;
	pidfd = pidfd_open(old, 0);
	if (pidfd < 0)
		return -errno;
	reply = ask(connection, control_call("Restart"), ANSWERS_MS);
	if (reply) {
		dbus_message_unref(reply);
		r = wait_end(pidfd, ENDS_MS + ANSWERS_MS);
		if (r == 0 && !wait_successor(connection, old))
			r = -ECHILD;
	} else {
		r = -ENOTSUP;
	}
	close(pidfd);
	return r;
}

/* --- the takeover --- */

static bool owns_name(DBusConnection *connection, pid_t pid)
{
	return pid_of(connection, NOTIFICATIONS_NAME) == pid;
}

/* Return: what the bus answers, 0 when it doesn't. */
static dbus_uint32_t request(DBusConnection *connection, const char *name, dbus_uint32_t flags)
{
	dbus_uint32_t answer = 0;

	return read_answer(ask(connection,
			       bus_driver_call("RequestName", DBUS_TYPE_STRING, &name,
					       DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID),
			       DBUS_TIMEOUT_USE_DEFAULT),
			   DBUS_TYPE_UINT32, &answer)
		       ? answer
		       : 0;
}

/* The old one lets itself be replaced for some seconds only. Return: false when it didn't any more. */
static bool take_name(DBusConnection *connection)
{
	static const char *const name = NOTIFICATIONS_NAME;
	DBusMessage *reply;

	if (request(connection, name, DBUS_NAME_FLAG_REPLACE_EXISTING) ==
	    DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
		return true;
	reply = ask(connection,
		    bus_driver_call("ReleaseName", DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID),
		    DBUS_TIMEOUT_USE_DEFAULT);
	if (reply)
		dbus_message_unref(reply);
	return false;
}

/*
 * Return: 0; -EBUSY when it says why it can't; -ETIMEDOUT when it doesn't answer, or knows nothing of this.
 */
static int ask_to_hand_over(DBusConnection *connection, pid_t old, dbus_bool_t *ret_is_yielding)
{
	static const char refusals[] = CONTROL_NAME ".Error.";
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply = ask_or(connection, control_call("HandOver"), ANSWERS_MS, &error);
	int r = -ETIMEDOUT;

	if (read_answer(reply, DBUS_TYPE_BOOLEAN, ret_is_yielding))
		r = 0;
	else if (dbus_error_is_set(&error) &&
		 strncmp(error.name, refusals, sizeof(refusals) - 1) == 0) {
		log_error("lulld (pid %d) can't hand over: %s", old, error.message);
		r = -EBUSY;
	}
	dbus_error_free(&error);
	return r;
}

int takeover_run(DBusConnection *connection, DBusConnection *control, pid_t old)
{
	dbus_bool_t is_yielding = FALSE;
	int pidfd = pidfd_open(old, 0), ends_ms = ENDS_MS, r;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	/* In line for it, so that the client finds one of the two at any time. */
	request(control, CONTROL_NAME, 0);
	r = ask_to_hand_over(connection, old, &is_yielding);
	if (r == -EBUSY) {
		close(pidfd);
		return r;
	}
	if (r < 0) {
		log_warn("lulld (pid %d) doesn't hand over; ending it", old);
		ends_ms = STUCK_ENDS_MS;
		pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
	} else if (is_yielding && owns_name(connection, old) && !take_name(connection)) {
		log_error("lulld (pid %d) goes on: it was asked too long ago; try again", old);
		close(pidfd);
		return -EBUSY;
	}
	r = wait_end(pidfd, ends_ms);
	if (r < 0) {
		log_warn("lulld (pid %d) doesn't end; killing it", old);
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		r = wait_end(pidfd, ENDS_MS);
	}
	close(pidfd);
	if (r == 0) {
		wait_control_name(connection, old);
		log_info("took over from the lulld that ran before (pid %d)", old);
	}
	return r;
}
