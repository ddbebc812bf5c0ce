#include "daemon/bus/front.h"

#include "daemon/bus/abilities.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/identity.h"
#include "daemon/bus/senders.h"
#include "daemon/bus/wire.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include <errno.h>
#include <string.h>

struct front {
	DBusConnection *connection;
	struct engine *engine;
	struct senders *senders;
	struct abilities *abilities;
	bool is_inhibited; /* as last told */
};

/* --- methods --- */

static struct ticket ticket_of(DBusMessage *call)
{
	return (struct ticket){
		.sender = dbus_message_get_sender(call),
		.serial = dbus_message_get_serial(call),
		.is_silent = dbus_message_get_no_reply(call),
	};
}

/* Pings of one that isn't known yet: what comes more of them until the answer is there stays without it. */
#define ASKED_FOR_MAX 256

/* Whom the bus was asked about, and for which pings. */
struct question {
	struct front *front;
	char *sender;
	uint32_t *ids;
	size_t n_ids;
};

static struct question *question_free(struct question *q)
{
	if (!q)
		return NULL;
	free(q->sender);
	free(q->ids);
	free(q);
	return NULL;
}
DEFINE_AUTOFREE(question)

static void drop_question(void *data)
{
	question_free(data);
}

static void add_id(struct question *q, uint32_t id)
{
	uint32_t *more;

	/* Those that replace one another have one id. */
	if (id == 0 || q->n_ids == ASKED_FOR_MAX || (q->n_ids > 0 && q->ids[q->n_ids - 1] == id))
		return;
	more = realloc(q->ids, (q->n_ids + 1) * sizeof(*more));
	if (!more)
		return;
	q->ids = more;
	more[q->n_ids++] = id;
}

static void on_credentials(void *data, DBusMessage *reply)
{
	autofree(question) struct question *q = data;
	struct sender *sender = senders_find(q->front->senders, q->sender);
	struct credentials credentials;
	autofree(str) char *app = NULL;
	enum sandboxed sandboxed;

	credentials_read(reply, &credentials);
	/* Also of one that has left meanwhile, as notify-send does: its process may still be there. */
	app = identity_app(credentials.pid);
	sandboxed = identity_sandboxed(&credentials);
	for (size_t i = 0; i < q->n_ids; i++)
		engine_identified(q->front->engine, q->ids[i], app ? app : "", credentials.pid,
				  sandboxed);
	if (sender) {
		sender->is_identified = true;
		sender->asking = NULL;
		sender->sandboxed = sandboxed;
		sender->pid = credentials.pid;
		free(sender->app);
		sender->app = take(app);
	}
}

/*
 * Asked before the ping is answered, because notify-send leaves at once; not waited for. A notification
 * without an identity is all the same a notification, so failures don't matter.
 *
 * Return: what waits for the answer; NULL: it is there, or won't come.
 */
static struct question *ask_who(struct front *f, struct sender *sender)
{
	autofree(question) struct question *q = NULL;
	DBusMessage *call;
	int r;

	if (sender->is_asked)
		return sender->asking;
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->front = f;
	q->sender = strdup(sender->name);
	call = q->sender ? bus_driver_call("GetConnectionCredentials", DBUS_TYPE_STRING,
					   &sender->name, DBUS_TYPE_INVALID)
			 : NULL;
	if (!call)
		return NULL;
	r = bus_call_owning(f->connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_credentials, q,
			    drop_question);
	dbus_message_unref(call);
	if (r < 0)
		return NULL;
	sender->is_asked = true;
	sender->asking = q;
	return take(q);
}

static void on_notify(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct ticket from = ticket_of(call);
	struct front *f = object;
	struct sender *sender = senders_add(f->senders, from.sender);
	struct question *q = sender ? ask_who(f, sender) : NULL;
	struct wire_notify w;
	uint32_t id = 0;

	if (!sender)
		log_warn("out of memory: signals for a sender will be broadcast");
	if (wire_decode(call, &w) == 0) {
		if (sender) {
			w.n.pid = sender->pid;
			w.n.sandboxed = sender->sandboxed;
			w.n.is_unidentified = !sender->is_identified;
			if (!*w.n.desktop_entry && sender->app)
				w.n.desktop_entry = sender->app;
			if (!*w.n.app)
				w.n.app = w.n.desktop_entry;
		}
		id = engine_notify(f->engine, &from, w.replaces_id, &w.n);
	} else {
		bus_refuse(connection, call, DBUS_ERROR_NO_MEMORY, "out of memory");
	}
	wire_done(&w);
	/* The answer comes by the loop, so not before this. */
	if (q)
		add_id(q, id);
}

static void on_close(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct ticket from = ticket_of(call);
	struct front *f = object;
	dbus_uint32_t id = 0;

	(void)connection;
	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
	engine_close(f->engine, &from, id);
}

static void on_capabilities(void *object, DBusConnection *connection, DBusMessage *call)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	struct front *f = object;

	bus_answer_with(connection, call, reply,
			reply && abilities_append_names(f->abilities, reply));
}

static void on_information(void *object, DBusConnection *connection, DBusMessage *call)
{
	DBusMessage *reply = dbus_message_new_method_return(call);
	struct front *f = object;

	bus_answer_with(connection, call, reply,
			reply && abilities_append_information(f->abilities, reply));
}

/* Inhibit(desktop_entry, reason, hints) -> cookie */
static void on_inhibit(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct front *f = object;
	const char *sender = dbus_message_get_sender(call), *desktop_entry, *reason;
	DBusMessageIter iter;
	DBusMessage *reply;
	dbus_uint32_t cookie;

	dbus_message_iter_init(call, &iter);
	dbus_message_iter_get_basic(&iter, &desktop_entry);
	dbus_message_iter_next(&iter);
	dbus_message_iter_get_basic(&iter, &reason);
	/* It ends when its sender leaves, so that one is to be known. */
	cookie = senders_add(f->senders, sender)
			 ? engine_inhibit(f->engine, sender, *reason ? reason : desktop_entry)
			 : 0;
	if (cookie == 0) {
		bus_refuse(connection, call, DBUS_ERROR_LIMITS_EXCEEDED,
			   "too many reasons for focus at once");
		return;
	}
	engine_commit(f->engine);
	reply = dbus_message_new_method_return(call);
	bus_answer_with(connection, call, reply,
			reply && dbus_message_append_args(reply, DBUS_TYPE_UINT32, &cookie,
							  DBUS_TYPE_INVALID));
}

static void on_uninhibit(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct front *f = object;
	dbus_uint32_t cookie = 0;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &cookie, DBUS_TYPE_INVALID);
	if (engine_uninhibit(f->engine, dbus_message_get_sender(call), cookie)) {
		engine_commit(f->engine);
		bus_answer(connection, call);
	} else {
		bus_refuse(connection, call, DBUS_ERROR_INVALID_ARGS, "you hold no such cookie");
	}
}

/* --- properties --- */

/* Do not disturb, as applications may know it (specification 1.3, Inhibited). */
static bool get_inhibited(void *object, const struct bus_property *row, DBusMessageIter *into)
{
	struct front *f = object;
	struct engine_status status;
	dbus_bool_t is_inhibited;

	(void)row;
	engine_status(f->engine, &status);
	is_inhibited = status.is_focus_on;
	return dbus_message_iter_append_basic(into, DBUS_TYPE_BOOLEAN, &is_inhibited);
}

static const struct bus_method methods[] = {
	{"Notify", "susssasa{sv}i", "u",
	 "app_name replaces_id app_icon summary body actions hints expire_timeout", "id",
	 on_notify},
	{"CloseNotification", "u", "", "id", "", on_close},
	{"GetCapabilities", "", "as", "", "capabilities", on_capabilities},
	{"GetServerInformation", "", "ssss", "", "name vendor version spec_version",
	 on_information},
	{"Inhibit", "ssa{sv}", "u", "desktop_entry reason hints", "cookie", on_inhibit},
	{"UnInhibit", "u", "", "cookie", "", on_uninhibit},
};

static const struct bus_property property_rows[] = {
	{"Inhibited", "b", .get = get_inhibited},
};

static const struct bus_properties properties = {property_rows, ARRAY_SIZE(property_rows)};

static const struct bus_signal signals[] = {
	{"NotificationClosed", "uu", "id reason"},
	{"ActionInvoked", "us", "id action_key"},
	{"ActivationToken", "us", "id activation_token"},
	{"NotificationReplied", "us", "id text"},
};

static const struct bus_interface interface = {
	.name = NOTIFICATIONS_IFACE,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = &properties,
	.signals = signals,
	.n_signals = ARRAY_SIZE(signals),
};

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	return bus_handle(&interface, data, connection, message);
}

/* --- the bus --- */

/* Who was there before us may own what the journal holds. */
static void on_names(void *data, DBusMessage *reply)
{
	struct front *f = data;
	char **names = NULL;
	int n = 0, i;

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &n,
				   DBUS_TYPE_INVALID))
		return;
	for (i = 0; i < n; i++)
		if (names[i][0] == ':' && !senders_add(f->senders, names[i]))
			break;
	dbus_free_string_array(names);
	engine_senders_changed(f->engine);
}

void front_filter(struct front *f, DBusMessage *message)
{
	const char *name, *old_owner, *new_owner;

	if (dbus_message_is_signal(message, BUS_IFACE, "NameOwnerChanged") &&
	    dbus_message_has_sender(message, BUS_NAME) &&
	    dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
				  &old_owner, DBUS_TYPE_STRING, &new_owner, DBUS_TYPE_INVALID) &&
	    name[0] == ':' && !*new_owner && senders_find(f->senders, name)) {
		senders_drop(f->senders, name);
		engine_senders_changed(f->engine);
	}
}

struct front *front_new(DBusConnection *connection, struct engine *engine)
{
	static const DBusObjectPathVTable vtable = {.message_function = on_message};
	autofree(front) struct front *f = calloc(1, sizeof(*f));
	DBusMessage *call;
	int r;

	if (!f)
		return NULL;
	f->connection = dbus_connection_ref(connection);
	f->engine = engine;
	f->senders = senders_new();
	f->abilities = abilities_new(engine);
	if (!f->senders || !f->abilities ||
	    !dbus_connection_register_object_path(connection, NOTIFICATIONS_PATH, &vtable, f))
		return NULL;
	call = bus_driver_call("ListNames", DBUS_TYPE_INVALID);
	r = call ? bus_call(connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_names, f, NULL)
		 : -ENOMEM;
	if (call)
		dbus_message_unref(call);
	return r < 0 ? NULL : take(f);
}

struct front *front_free(struct front *f)
{
	if (!f)
		return NULL;
	if (f->connection) {
		dbus_connection_unregister_object_path(f->connection, NOTIFICATIONS_PATH);
		dbus_connection_unref(f->connection);
	}
	senders_free(f->senders);
	abilities_free(f->abilities);
	free(f);
	return NULL;
}

struct abilities *front_abilities(struct front *f)
{
	return f->abilities;
}

void front_changed(struct front *f)
{
	struct engine_status status;

	engine_status(f->engine, &status);
	if (status.is_focus_on == f->is_inhibited)
		return;
	f->is_inhibited = status.is_focus_on;
	bus_properties_changed(&interface, f, f->connection, NOTIFICATIONS_PATH);
}

/* --- ports --- */

/* An answer needs no more of the call than its sender and serial. */
static DBusMessage *reply_to(const struct ticket *to, int type)
{
	DBusMessage *reply = dbus_message_new(type);

	if (reply && (!dbus_message_set_destination(reply, to->sender) ||
		      !dbus_message_set_reply_serial(reply, to->serial))) {
		dbus_message_unref(reply);
		return NULL;
	}
	if (reply)
		dbus_message_set_no_reply(reply, TRUE);
	return reply;
}

void front_reply_id(struct front *f, const struct ticket *to, uint32_t id)
{
	DBusMessage *reply = reply_to(to, DBUS_MESSAGE_TYPE_METHOD_RETURN);

	if (reply && dbus_message_append_args(reply, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID))
		bus_send(f->connection, reply);
	else if (reply)
		dbus_message_unref(reply);
}

void front_reply_done(struct front *f, const struct ticket *to)
{
	bus_send(f->connection, reply_to(to, DBUS_MESSAGE_TYPE_METHOD_RETURN));
}

void front_reply_refusal(struct front *f, const struct ticket *to, enum refusal why)
{
	DBusMessage *reply = reply_to(to, DBUS_MESSAGE_TYPE_ERROR);
	const char *name = DBUS_ERROR_FAILED;

	if (!reply)
		return;
	switch (why) {
	case REFUSAL_NO_SUCH_ID:
		/* "An empty D-Bus error message is sent back": specification, CloseNotification. */
		name = NOTIFICATIONS_IFACE ".Error.NotFound";
		break;
	case REFUSAL_NOT_YOURS: name = DBUS_ERROR_INVALID_ARGS; break;
	case REFUSAL_OUT_OF_MEMORY: name = DBUS_ERROR_NO_MEMORY; break;
	}
	dbus_message_set_error_name(reply, name);
	bus_send(f->connection, reply);
}

static void emit(struct front *f, const char *to, const char *member, uint32_t id, int type,
		 const void *value)
{
	DBusMessage *signal =
		dbus_message_new_signal(NOTIFICATIONS_PATH, NOTIFICATIONS_IFACE, member);

	if (!signal)
		return;
	if ((!to || dbus_message_set_destination(signal, to)) &&
	    dbus_message_append_args(signal, DBUS_TYPE_UINT32, &id, type, value, DBUS_TYPE_INVALID))
		bus_send(f->connection, signal);
	else
		dbus_message_unref(signal);
}

void front_emit_closed(struct front *f, const char *to, uint32_t id, uint32_t reason)
{
	emit(f, to, "NotificationClosed", id, DBUS_TYPE_UINT32, &reason);
}

void front_emit_action(struct front *f, const char *to, uint32_t id, const char *key,
		       const char *token)
{
	if (token)
		emit(f, to, "ActivationToken", id, DBUS_TYPE_STRING, &token);
	emit(f, to, "ActionInvoked", id, DBUS_TYPE_STRING, &key);
}

void front_emit_replied(struct front *f, const char *to, uint32_t id, const char *text)
{
	emit(f, to, "NotificationReplied", id, DBUS_TYPE_STRING, &text);
}

bool front_is_here(const struct front *f, const char *sender)
{
	return senders_find(f->senders, sender) != NULL;
}

int front_compose(struct front *f, const struct own_notice *notice, int64_t announces)
{
	struct wire_parts parts = {
		.summary = notice->summary,
		.body = notice->body,
		.actions = notice->actions,
		.category = notice->category,
	};
	DBusMessage *call = wire_compose(&parts);
	struct wire_notify w;
	int r;

	if (!call)
		return -ENOMEM;
	r = wire_decode(call, &w);
	if (r == 0)
		engine_own(f->engine, &w.n, announces);
	wire_done(&w);
	dbus_message_unref(call);
	return r;
}
