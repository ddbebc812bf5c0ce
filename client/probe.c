#include "client/probe.h"

#include "client/call.h"
#include <dbus/dbus.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LULL_NAME "org.lull.Lull1"
#define LULL_PATH "/org/lull/Lull1"
#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define PATIENCE_MS 2000

/* Long enough for a slow display; it is taken back long before. */
#define EXPIRE_MS 2000

struct probe {
	DBusConnection *bus;
	DBusMessage *answer; /* to probe_send() */
	DBusMessage *item;   /* the last answer of probe_ask() */
	uint32_t id;
	bool is_closed; /* its NotificationClosed has come */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct probe *probe_open(void)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p && call_connect(&p->bus) == OUTCOME_DONE)
		return p;
	return probe_free(p);
}

static void drop(DBusMessage **message)
{
	if (*message)
		dbus_message_unref(*message);
	*message = NULL;
}

struct probe *probe_free(struct probe *p)
{
	if (!p)
		return NULL;
	drop(&p->answer);
	drop(&p->item);
	if (p->bus) {
		dbus_connection_close(p->bus);
		dbus_connection_unref(p->bus);
	}
	free(p);
	return NULL;
}

static int error_of(const DBusError *error)
{
	static const struct {
		const char *name;
		int error;
	} rows[] = {
		{DBUS_ERROR_NO_REPLY, -ETIMEDOUT},       {DBUS_ERROR_TIMEOUT, -ETIMEDOUT},
		{DBUS_ERROR_NAME_HAS_NO_OWNER, -ENOENT}, {DBUS_ERROR_SERVICE_UNKNOWN, -ENOENT},
		{DBUS_ERROR_UNKNOWN_METHOD, -ENOSYS},    {DBUS_ERROR_NO_MEMORY, -ENOMEM},
		{LULL_NAME ".Error.Busy", -EBUSY},       {LULL_NAME ".Error.NotFound", -ENODATA},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (dbus_error_has_name(error, rows[i].name))
			return rows[i].error;
	return -EREMOTEIO;
}

/* Never starts anybody. @m is taken; NULL counts as out of memory. */
static int send_and_wait(struct probe *p, DBusMessage *m, DBusMessage **ret)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *answer;
	int r;

	if (!m)
		return -ENOMEM;
	dbus_message_set_auto_start(m, FALSE);
	answer = dbus_connection_send_with_reply_and_block(p->bus, m, PATIENCE_MS, &error);
	r = answer ? 0 : error_of(&error);
	dbus_error_free(&error);
	dbus_message_unref(m);
	if (r == 0)
		*ret = answer;
	return r;
}

int probe_announce(struct probe *p)
{
	DBusMessage *answer = NULL;
	int r = send_and_wait(
		p, dbus_message_new_method_call(LULL_NAME, LULL_PATH, LULL_NAME, "Probe"), &answer);

	drop(&answer);
	return r;
}

/* --- sending it --- */

static bool add_hint(DBusMessageIter *hints, const char *key, int type, const char *signature,
		     const void *value)
{
	DBusMessageIter entry, variant;

	return dbus_message_iter_open_container(hints, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
	       dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) &&
	       dbus_message_iter_append_basic(&variant, type, value) &&
	       dbus_message_iter_close_container(&entry, &variant) &&
	       dbus_message_iter_close_container(hints, &entry);
}

/* As quiet as a notification can be: it may be seen for the blink of an eye, and isn't kept anywhere. */
static bool add_hints(DBusMessageIter *into)
{
	static const unsigned char low = 0;
	static const dbus_bool_t yes = TRUE;
	const dbus_int64_t pid = getpid();
	DBusMessageIter hints;

	return dbus_message_iter_open_container(into, DBUS_TYPE_ARRAY, "{sv}", &hints) &&
	       add_hint(&hints, "urgency", DBUS_TYPE_BYTE, "y", &low) &&
	       add_hint(&hints, "transient", DBUS_TYPE_BOOLEAN, "b", &yes) &&
	       add_hint(&hints, "suppress-sound", DBUS_TYPE_BOOLEAN, "b", &yes) &&
	       add_hint(&hints, "x-lull-probe", DBUS_TYPE_BOOLEAN, "b", &yes) &&
	       /* GNOME Shell 43 never answers without one. */
	       add_hint(&hints, "sender-pid", DBUS_TYPE_INT64, "x", &pid) &&
	       dbus_message_iter_close_container(into, &hints);
}

static DBusMessage *notify_call(void)
{
	static const char *const app = "lull", *const icon = "", *const summary = "lull doctor";
	static const char *const body = "This is a test. It goes by itself.";
	static const dbus_uint32_t no_id = 0;
	static const dbus_int32_t expire_ms = EXPIRE_MS;
	DBusMessage *m = dbus_message_new_method_call(NOTIFICATIONS_NAME, NOTIFICATIONS_PATH,
						      NOTIFICATIONS_NAME, "Notify");
	DBusMessageIter into, actions;

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, &into);
	if (dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &app) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32, &no_id) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &icon) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &summary) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &body) &&
	    dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "s", &actions) &&
	    dbus_message_iter_close_container(&into, &actions) && add_hints(&into) &&
	    dbus_message_iter_append_basic(&into, DBUS_TYPE_INT32, &expire_ms))
		return m;
	dbus_message_unref(m);
	return NULL;
}

int probe_send(struct probe *p, const char **ret_by)
{
	int r = send_and_wait(p, notify_call(), &p->answer);
	dbus_uint32_t id;

	if (r < 0)
		return r == -ENOSYS ? -EREMOTEIO : r;
	if (!dbus_message_get_args(p->answer, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID) ||
	    !dbus_message_get_sender(p->answer))
		return -EREMOTEIO;
	p->id = id;
	*ret_by = dbus_message_get_sender(p->answer);
	return 0;
}

uint32_t probe_id(const struct probe *p)
{
	return p->id;
}

/* --- following it --- */

static void read_field(struct probe_item *item, const char *key, DBusMessageIter *value)
{
	const struct {
		const char *key;
		int type;
		void *into;
	} fields[] = {
		{"state", DBUS_TYPE_STRING, &item->state},
		{"kind", DBUS_TYPE_STRING, &item->kind},
		{"display_id", DBUS_TYPE_UINT32, &item->display_id},
		{"reason", DBUS_TYPE_UINT32, &item->reason},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(key, fields[i].key) == 0 &&
		    dbus_message_iter_get_arg_type(value) == fields[i].type)
			dbus_message_iter_get_basic(value, fields[i].into);
}

static struct probe_item read_item(DBusMessage *answer)
{
	struct probe_item item = {.state = "", .kind = ""};
	DBusMessageIter from, dict, entry, value;
	const char *key;

	if (!dbus_message_has_signature(answer, "a{sv}"))
		return item;
	dbus_message_iter_init(answer, &from);
	dbus_message_iter_recurse(&from, &dict);
	for (; dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		read_field(&item, key, &value);
	}
	return item;
}

int probe_ask(struct probe *p, struct probe_item *ret)
{
	DBusMessage *m = dbus_message_new_method_call(LULL_NAME, LULL_PATH, LULL_NAME, "GetItem");
	int r;

	drop(&p->item);
	if (m && !dbus_message_append_args(m, DBUS_TYPE_UINT32, &p->id, DBUS_TYPE_INVALID))
		drop(&m);
	r = send_and_wait(p, m, &p->item);
	if (r == 0)
		*ret = read_item(p->item);
	return r;
}

static bool is_closed_signal(const struct probe *p, DBusMessage *message)
{
	dbus_uint32_t id, reason;

	return dbus_message_is_signal(message, NOTIFICATIONS_NAME, "NotificationClosed") &&
	       dbus_message_has_sender(message, dbus_message_get_sender(p->answer)) &&
	       dbus_message_get_args(message, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_UINT32,
				     &reason, DBUS_TYPE_INVALID) &&
	       id == p->id;
}

static void read_signals(struct probe *p)
{
	DBusMessage *message;

	while ((message = dbus_connection_pop_message(p->bus))) {
		p->is_closed = p->is_closed || is_closed_signal(p, message);
		dbus_message_unref(message);
	}
}

void probe_wait(struct probe *p, int ms)
{
	const int64_t end_ms = now_ms() + ms;
	int64_t left_ms = ms;

	read_signals(p);
	while (!p->is_closed && left_ms > 0 && dbus_connection_read_write(p->bus, (int)left_ms)) {
		read_signals(p);
		left_ms = end_ms - now_ms();
	}
}

/* Not every server sends its signals to the sender alone. Without an error pointer libdbus doesn't wait. */
static void hear(struct probe *p, const char *by)
{
	static const char rule[] = "type='signal',interface='" NOTIFICATIONS_NAME
				   "',member='NotificationClosed',sender='";
	autofree(str) char *text = NULL;

	if (asprintf(&text, "%s%s'", rule, by) < 0)
		text = NULL;
	if (text)
		dbus_bus_add_match(p->bus, text, NULL);
}

int probe_withdraw(struct probe *p)
{
	const char *by = dbus_message_get_sender(p->answer);
	DBusMessage *answer = NULL, *m;
	int r;

	hear(p, by);
	m = dbus_message_new_method_call(by, NOTIFICATIONS_PATH, NOTIFICATIONS_NAME,
					 "CloseNotification");
	if (m && !dbus_message_append_args(m, DBUS_TYPE_UINT32, &p->id, DBUS_TYPE_INVALID))
		drop(&m);
	r = send_and_wait(p, m, &answer);
	drop(&answer);
	read_signals(p);
	/* Closed already: then closing it again is an error. */
	if (r < 0 && !p->is_closed)
		return r;
	probe_wait(p, PATIENCE_MS);
	return p->is_closed ? 0 : -ETIMEDOUT;
}
