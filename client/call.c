#include "client/call.h"

#include "client/enable_record.h"
#include "client/message.h"
#include "client/print.h"
#include <dbus/dbus.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LULL_NAME "org.lull.Lull1"
#define LULL_PATH "/org/lull/Lull1"
#define CALL_TIMEOUT_MS 5000
#define PEEK_TIMEOUT_MS 1000
#define SYSTEMD_NAME "org.freedesktop.systemd1"

struct call {
	DBusConnection *bus;
};

enum outcome call_not_understood(void)
{
	print_failure("lulld's answer isn't understood; restart lulld if it was just upgraded");
	return OUTCOME_REFUSED;
}

enum outcome call_no_memory(void)
{
	print_failure("out of memory");
	return OUTCOME_REFUSED;
}

/*
 * The address of the session bus; NULL when there is none. libdbus would launch a bus of its own without an
 * address, on which nobody else is.
 */
static char *bus_address(void)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	autofree(str) char *path = NULL;
	char *escaped;
	char *found = NULL;

	if (address && address[0] && !strstr(address, "autolaunch:"))
		return strdup(address);
	if (!runtime || runtime[0] != '/')
		return NULL;
	if (asprintf(&path, "%s/bus", runtime) < 0) {
		path = NULL;
		return NULL;
	}
	if (access(path, F_OK) < 0)
		return NULL;
	escaped = dbus_address_escape_value(path);
	if (escaped && asprintf(&found, "unix:path=%s", escaped) < 0)
		found = NULL;
	dbus_free(escaped);
	return found;
}

/* NULL, and why not in @ret_why (NULL when out of memory), which the caller frees. */
static DBusConnection *connect_to_bus(char **ret_why)
{
	autofree(str) char *address = bus_address();
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *bus;

	if (!address) {
		*ret_why = strdup("there is no session bus; log in to a desktop session or set "
				  "DBUS_SESSION_BUS_ADDRESS");
		return NULL;
	}
	bus = dbus_connection_open_private(address, &error);
	if (bus) {
		dbus_connection_set_exit_on_disconnect(bus, FALSE);
		if (dbus_bus_register(bus, &error))
			return bus;
		dbus_connection_close(bus);
		dbus_connection_unref(bus);
	}
	if (asprintf(ret_why,
		     "the session bus can't be reached (%s); check DBUS_SESSION_BUS_ADDRESS",
		     dbus_error_is_set(&error) ? error.message : "out of memory") < 0)
		*ret_why = NULL;
	dbus_error_free(&error);
	return NULL;
}

enum outcome call_connect(struct DBusConnection **ret)
{
	autofree(str) char *why = NULL;
	DBusConnection *bus = connect_to_bus(&why);

	if (!bus) {
		print_failure("%s", why ? why : "out of memory");
		return OUTCOME_NOT_RUNNING;
	}
	*ret = bus;
	return OUTCOME_DONE;
}

enum outcome call_open(struct call **ret)
{
	struct call *c = calloc(1, sizeof(*c));
	enum outcome r;

	if (!c)
		return call_no_memory();
	r = call_connect(&c->bus);
	if (r != OUTCOME_DONE) {
		call_free(c);
		return r;
	}
	*ret = c;
	return OUTCOME_DONE;
}

struct call *call_free(struct call *c)
{
	if (!c)
		return NULL;
	if (c->bus) {
		dbus_connection_close(c->bus);
		dbus_connection_unref(c->bus);
	}
	free(c);
	return NULL;
}

/* --- calling --- */

static enum outcome report_not_running(struct call *c)
{
	const char *remedy = "run lulld in the session";

	if (!record_exists())
		remedy = "'lull enable' starts it, now and at every login";
	else if (dbus_bus_name_has_owner(c->bus, SYSTEMD_NAME, NULL))
		remedy = "start it with 'systemctl --user start lulld'";
	print_failure("lulld isn't running; %s", remedy);
	return OUTCOME_NOT_RUNNING;
}

static enum outcome report_failure(struct call *c, const DBusError *error)
{
	static const struct {
		const char *name;
		enum outcome outcome;
		const char *text;
	} rows[] = {
		{DBUS_ERROR_DISCONNECTED, OUTCOME_NOT_RUNNING,
		 "the session bus has gone; log in again"},
		{DBUS_ERROR_NO_REPLY, OUTCOME_REFUSED,
		 "lulld doesn't answer; see 'journalctl --user -u lulld', then restart it"},
		{DBUS_ERROR_UNKNOWN_METHOD, OUTCOME_REFUSED,
		 "this lulld is of another version than lull; restart lulld"},
		{DBUS_ERROR_ACCESS_DENIED, OUTCOME_REFUSED,
		 "the session bus doesn't let this program reach lulld; run lull outside the sandbox"},
	};

	if (dbus_error_has_name(error, DBUS_ERROR_SERVICE_UNKNOWN) ||
	    dbus_error_has_name(error, DBUS_ERROR_NAME_HAS_NO_OWNER))
		return report_not_running(c);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (dbus_error_has_name(error, rows[i].name)) {
			print_failure("%s", rows[i].text);
			return rows[i].outcome;
		}
	}
	if (strncmp(error->name, "org.freedesktop.DBus.Error.Spawn.", 33) == 0 ||
	    strncmp(error->name, "org.freedesktop.systemd1.", 25) == 0 ||
	    dbus_error_has_name(error, DBUS_ERROR_TIMED_OUT)) {
		print_failure(
			"lulld isn't running and can't be started (%s); see 'journalctl --user -u lulld'",
			error->message);
		return OUTCOME_NOT_RUNNING;
	}
	print_failure("%s", error->message && error->message[0] ? error->message : error->name);
	return OUTCOME_REFUSED;
}

static enum outcome send_and_wait(struct call *c, DBusMessage *m, json_t **ret_reply)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *answer;
	enum outcome r;
	json_t *reply;

	answer = dbus_connection_send_with_reply_and_block(c->bus, m, CALL_TIMEOUT_MS, &error);
	if (!answer) {
		r = report_failure(c, &error);
		dbus_error_free(&error);
		return r;
	}
	reply = message_read(answer);
	dbus_message_unref(answer);
	if (!reply)
		return call_no_memory();
	*ret_reply = reply;
	return OUTCOME_DONE;
}

enum outcome call_method(struct call *c, const char *member, const char *signature, json_t *args,
			 enum call_start start, json_t **ret_reply)
{
	DBusMessage *m = dbus_message_new_method_call(LULL_NAME, LULL_PATH, LULL_NAME, member);
	enum outcome r;

	if (m && args && message_append(m, signature, args)) {
		dbus_message_set_auto_start(m, start == CALL_MAY_START);
		r = send_and_wait(c, m, ret_reply);
	} else {
		r = call_no_memory();
	}
	if (m)
		dbus_message_unref(m);
	json_decref(args);
	return r;
}

/* --- for the doctor, who tells things in its own way --- */

enum outcome call_open_quietly(struct call **ret, char **ret_why)
{
	struct call *c = calloc(1, sizeof(*c));

	*ret_why = NULL;
	if (c)
		c->bus = connect_to_bus(ret_why);
	if (!c || !c->bus) {
		call_free(c);
		return OUTCOME_NOT_RUNNING;
	}
	*ret = c;
	return OUTCOME_DONE;
}

static int error_of(const DBusError *error)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = {
		{DBUS_ERROR_NO_REPLY, -ETIMEDOUT},       {DBUS_ERROR_TIMEOUT, -ETIMEDOUT},
		{DBUS_ERROR_NAME_HAS_NO_OWNER, -ENOENT}, {DBUS_ERROR_SERVICE_UNKNOWN, -ENOENT},
		{DBUS_ERROR_UNKNOWN_METHOD, -ENOSYS},    {DBUS_ERROR_NO_MEMORY, -ENOMEM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (dbus_error_has_name(error, rows[i].name))
			return rows[i].number;
	return -EREMOTEIO;
}

static int read_answer(DBusMessage *answer, json_t **ret_reply)
{
	json_t *reply = message_read(answer);

	if (!reply)
		return -ENOMEM;
	*ret_reply = reply;
	return 0;
}

int call_any(struct call *c, const struct call_target *to, const char *signature, json_t *args,
	     int timeout_ms, json_t **ret_reply, char **ret_why)
{
	DBusError error = DBUS_ERROR_INIT;
	autofree(json) json_t *taken = args;
	DBusMessage *m = NULL, *answer = NULL;
	int r = -EINVAL;

	/* libdbus aborts on what it wouldn't send, and these come from other programs. */
	if (!taken || !dbus_validate_bus_name(to->name, NULL) ||
	    !dbus_validate_path(to->path, NULL))
		return -EINVAL;
	m = dbus_message_new_method_call(to->name, to->path, to->interface, to->member);
	if (m && message_append(m, signature, taken)) {
		dbus_message_set_auto_start(m, FALSE);
		answer = dbus_connection_send_with_reply_and_block(c->bus, m, timeout_ms, &error);
		r = answer ? read_answer(answer, ret_reply) : error_of(&error);
	}
	if (r < 0 && ret_why)
		*ret_why = strdup(dbus_error_is_set(&error) ? error.message : strerror(-r));
	if (answer)
		dbus_message_unref(answer);
	if (m)
		dbus_message_unref(m);
	dbus_error_free(&error);
	return r;
}

int call_other(struct call *c, const struct call_target *to, const char *argument, int timeout_ms,
	       json_t **ret_reply)
{
	return call_any(c, to, argument ? "s" : "",
			argument ? json_pack("[s]", argument) : json_array(), timeout_ms, ret_reply,
			NULL);
}

json_t *call_peek_status(void)
{
	autofree(str) char *why = NULL;
	struct call c = {.bus = connect_to_bus(&why)};
	DBusMessage *m, *answer = NULL;
	json_t *reply = NULL;

	if (!c.bus)
		return NULL;
	m = dbus_message_new_method_call(LULL_NAME, LULL_PATH, LULL_NAME, "GetStatus");
	if (m) {
		dbus_message_set_auto_start(m, FALSE);
		answer = dbus_connection_send_with_reply_and_block(c.bus, m, PEEK_TIMEOUT_MS, NULL);
		dbus_message_unref(m);
	}
	if (answer) {
		autofree(json) json_t *values = message_read(answer);

		reply = json_incref(json_array_get(values, 0));
	}
	if (answer)
		dbus_message_unref(answer);
	dbus_connection_close(c.bus);
	dbus_connection_unref(c.bus);
	return reply;
}
