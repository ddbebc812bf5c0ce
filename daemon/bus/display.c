#include "daemon/bus/display.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/foreign.h"
#include "daemon/bus/peer.h"
#include "daemon/bus/wire.h"
#include "daemon/core/text.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MATCH_GONE                                                                      \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg2=''"
struct display {
	DBusConnection *connection;
	struct engine *engine;
	struct files *files;
	char *bus_guid;
	const struct display_ops *ops;
	void *data;
	struct finder *finder;
	char *unique;     /* "" while there is none */
	char *name;       /* from GetServerInformation; "" until it has answered */
	struct peer peer; /* its program; nobody until the bus has answered */
	enum finder_how how;
	bool is_told_to; /* end */
	DBusPendingCall *in_flight;
};

static bool set_text(char **text, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return false;
	free(*text);
	*text = copy;
	return true;
}

static bool is_known(const struct display *d)
{
	return *d->unique != '\0';
}

/* --- calls --- */

static DBusMessage *display_call(struct display *d, const char *interface, const char *member)
{
	return dbus_message_new_method_call(d->unique, NOTIFICATIONS_PATH, interface, member);
}

/* Ask the display something whose answer may be late or never come. */
static void ask(struct display *d, const char *interface, const char *member, bus_reply_fn fn)
{
	DBusMessage *call = display_call(d, interface, member);
	int r = call ? bus_call(d->connection, call, DBUS_TIMEOUT_INFINITE, fn, d, NULL) : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	if (r < 0)
		log_warn("cannot ask the display for %s: %s", member, strerror(-r));
}

/* An answer of one that has left meanwhile says nothing. */
static bool is_from_display(const struct display *d, DBusMessage *message)
{
	return is_known(d) && dbus_message_has_sender(message, d->unique);
}

/*
 * Those for which a notification belongs to the connection that it came from (measured): dunst sends its signals
 * to no other, and GNOME Shell takes an application's notifications away when that has left the bus.
 */
static const char *const possessive_servers[] = {"dunst", "gnome-shell"};

static bool is_possessive(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(possessive_servers); i++)
		if (strcmp(possessive_servers[i], name) == 0)
			return true;
	return false;
}

static void on_information(void *data, DBusMessage *reply)
{
	struct display *d = data;
	const char *name, *vendor, *version, *spec;

	if (!is_from_display(d, reply) ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &vendor,
				   DBUS_TYPE_STRING, &version, DBUS_TYPE_STRING, &spec,
				   DBUS_TYPE_INVALID))
		return;
	if (!set_text(&d->name, name))
		return;
	d->ops->information(d->data, (const char *const[4]){name, vendor, version, spec});
	log_info("the display is %s (%s)", name, d->unique);
	if (is_possessive(name))
		engine_display_resend(d->engine);
	d->ops->changed(d->data);
}

static void on_capabilities(void *data, DBusMessage *reply)
{
	struct display *d = data;
	struct text names = {0};
	char **list = NULL;
	int n = 0, i;

	if (!is_from_display(d, reply) ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &list, &n,
				   DBUS_TYPE_INVALID))
		return;
	for (i = 0; i < n; i++) {
		if (!*list[i] || strchr(list[i], ' '))
			continue;
		if (names.length > 0)
			text_add(&names, " ");
		text_add(&names, list[i]);
	}
	if (names.length > 0 && !names.is_broken)
		d->ops->capabilities(d->data, names.bytes);
	text_done(&names);
	dbus_free_string_array(list);
}

/* --- finding it --- */

static void add_match(struct display *d, const char *rule)
{
	/* Without an error pointer libdbus doesn't wait for the answer. */
	dbus_bus_add_match(d->connection, rule, NULL);
}

/* Hear the display's signals of @interface. Return: false when out of memory. */
static bool hear(struct display *d, const char *interface)
{
	autofree(str) char *rule = NULL;

	if (asprintf(&rule, "type='signal',sender='%s',interface='%s'", d->unique, interface) < 0) {
		rule = NULL;
		return false;
	}
	add_match(d, rule);
	return true;
}

static void on_peer(void *data, struct peer *p)
{
	struct display *d = data;

	if (!is_known(d) || strcmp(p->unique, d->unique) != 0)
		return;
	peer_move(&d->peer, p);
	d->ops->changed(d->data);
}

static bool on_found(void *data, const char *unique, enum finder_how how)
{
	struct display *d = data;
	autofree(str) char *identity = NULL;

	if (!set_text(&d->unique, unique))
		return false;
	if (asprintf(&identity, "%s %s", d->bus_guid, unique) < 0)
		identity = NULL;
	if (!identity || !hear(d, NOTIFICATIONS_IFACE) || !hear(d, PROPERTIES_IFACE)) {
		*d->unique = '\0';
		return false;
	}
	d->how = how;
	d->is_told_to = false;
	ask(d, NOTIFICATIONS_IFACE, "GetServerInformation", on_information);
	ask(d, NOTIFICATIONS_IFACE, "GetCapabilities", on_capabilities);
	if (peer_ask(d->connection, unique, on_peer, d) < 0)
		log_warn("out of memory: the display's program isn't known");
	engine_display_up(d->engine, identity);
	d->ops->changed(d->data);
	return true;
}

static void on_start(void *data, bool is_patient)
{
	struct display *d = data;

	d->ops->start(d->data, is_patient);
}

static const struct finder_ops finder_ops = {.found = on_found, .start = on_start};

static void drop_in_flight(struct display *d)
{
	if (!d->in_flight)
		return;
	dbus_pending_call_cancel(d->in_flight);
	dbus_pending_call_unref(d->in_flight);
	d->in_flight = NULL;
}

static void lose(struct display *d)
{
	log_info("the display %s has gone", d->unique);
	/* The bus drops the match rule for a sender that has left by itself. */
	drop_in_flight(d);
	*d->unique = '\0';
	*d->name = '\0';
	peer_clear(&d->peer);
	d->how = FINDER_NONE;
	engine_display_down(d->engine, d->is_told_to);
	d->is_told_to = false;
	d->ops->changed(d->data);
	finder_lost(d->finder);
}

void display_told_to_end(struct display *d, const char *unique)
{
	d->is_told_to = is_known(d) && strcmp(d->unique, unique) == 0;
}

struct finder *display_finder(struct display *d)
{
	return d->finder;
}

/* --- what it says --- */

static void on_signal(struct display *d, DBusMessage *message)
{
	const char *member = dbus_message_get_member(message);
	dbus_uint32_t id, reason;
	const char *text;

	if (strcmp(member, "NotificationClosed") == 0) {
		/* Before its first answer: what it took away because the lulld before has left. */
		if (d->how == FINDER_GNOME && !*d->name)
			return;
		if (dbus_message_get_args(message, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_UINT32,
					  &reason, DBUS_TYPE_INVALID))
			engine_display_closed(d->engine, id, reason);
		return;
	}
	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_STRING, &text,
				   DBUS_TYPE_INVALID))
		return;
	if (strcmp(member, "ActionInvoked") == 0)
		engine_display_action(d->engine, id, text);
	else if (strcmp(member, "ActivationToken") == 0)
		engine_display_token(d->engine, id, text);
	else if (strcmp(member, "NotificationReplied") == 0)
		engine_display_replied(d->engine, id, text);
}

static void on_name(struct display *d, DBusMessage *message)
{
	const char *name, *old_owner, *new_owner;

	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
				   &old_owner, DBUS_TYPE_STRING, &new_owner, DBUS_TYPE_INVALID))
		return;
	if (!is_known(d))
		return;
	/* Or it is GNOME Shell's own process for the name, and has that one only now. */
	if ((strcmp(name, d->unique) == 0 && !*new_owner) ||
	    (strcmp(name, GNOME_SERVICE_NAME) == 0 && strcmp(new_owner, d->unique) == 0))
		lose(d);
}

void display_filter(struct display *d, DBusMessage *message)
{
	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_SIGNAL)
		return;
	if (dbus_message_has_interface(message, NOTIFICATIONS_IFACE)) {
		if (is_from_display(d, message))
			on_signal(d, message);
	} else if (dbus_message_has_interface(message, PROPERTIES_IFACE)) {
		if (is_from_display(d, message))
			foreign_signal(d->connection, message);
	} else if (dbus_message_is_signal(message, BUS_IFACE, "NameOwnerChanged") &&
		   dbus_message_has_sender(message, BUS_NAME)) {
		on_name(d, message);
		finder_filter(d->finder, message);
	}
}

/* --- ports --- */

static void on_shown(void *data, DBusMessage *reply)
{
	struct display *d = data;
	const char *error = dbus_message_get_error_name(reply);
	dbus_uint32_t id = 0;

	if (d->in_flight)
		dbus_pending_call_unref(d->in_flight);
	d->in_flight = NULL;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID))
		engine_shown(d->engine, id);
	else
		engine_refused(d->engine, error ? error : "its answer isn't an id");
}

/* Whose pictures are resolved. */
struct pictures {
	struct files *files;
	uint32_t id;
};

static char *resolve(void *data, enum file_slot slot, const char *name)
{
	struct pictures *pictures = data;

	return files_resolve(pictures->files, pictures->id, slot, name);
}

static int forward(struct display *d, const struct ping *p, bool is_minimal, bool is_silent,
		   uint32_t shell_pid)
{
	struct pictures pictures = {d->files, p->id};
	struct wire_extra extra = {
		.desktop_entry = p->desktop_entry,
		.shell_pid = shell_pid,
		.is_released = p->batch > 0,
		.is_silent = is_silent,
		.has_urgency = true,
		.urgency = p->urgency,
		.resolve = resolve,
		.data = &pictures,
	};
	DBusMessage *call;
	int r;

	/* Sent anew, it is to be in the tray and not on the screen. */
	if (d->how == FINDER_GNOME && p->state == PING_SHOWN && p->urgency != URGENCY_CRITICAL)
		extra.urgency = URGENCY_LOW;
	r = wire_forward(p->wire, p->wire_bytes, d->unique, p->display_id, is_minimal, &extra,
			 &call);
	if (r < 0)
		return r;
	drop_in_flight(d);
	r = bus_call(d->connection, call, DBUS_TIMEOUT_INFINITE, on_shown, d, &d->in_flight);
	dbus_message_unref(call);
	return r;
}

/* What waits for the bus to say whose it is. */
struct unidentified {
	struct display *display;
	uint32_t id;
	bool is_minimal;
	bool is_silent;
};

/* The answer itself says nothing: the one about the sender was asked for before and has come before it. */
static void on_identified(void *data, DBusMessage *reply)
{
	struct unidentified u = *(struct unidentified *)data;
	struct display *d = u.display;
	autofree(ping) struct ping *p = NULL;
	int r;

	(void)reply;
	free(data);
	if (d->in_flight)
		dbus_pending_call_unref(d->in_flight);
	d->in_flight = NULL;
	r = engine_item(d->engine, u.id, &p);
	if (r == 0)
		r = forward(d, p, u.is_minimal, u.is_silent,
			    p->pid > 0 ? p->pid : (uint32_t)getpid());
	if (r < 0)
		engine_refused(d->engine, strerror(-r));
}

static int identify_first(struct display *d, const struct ping *p, bool is_minimal, bool is_silent)
{
	struct unidentified *u = malloc(sizeof(*u));
	DBusMessage *call = bus_driver_call("GetId", DBUS_TYPE_INVALID);
	int r = -ENOMEM;

	if (u && call) {
		*u = (struct unidentified){d, p->id, is_minimal, is_silent};
		drop_in_flight(d);
		r = bus_call_cancellable(d->connection, call, DBUS_TIMEOUT_USE_DEFAULT,
					 on_identified, u, free, &d->in_flight);
	}
	if (call)
		dbus_message_unref(call);
	if (r < 0)
		free(u);
	return r;
}

int display_show(struct display *d, const struct ping *p, bool is_minimal, bool is_silent)
{
	if (!is_known(d))
		return -ENOTCONN;
	if (d->how != FINDER_GNOME)
		return forward(d, p, is_minimal, is_silent, 0);
	/* GNOME Shell doesn't answer what has no pid. */
	if (p->pid == 0)
		return identify_first(d, p, is_minimal, is_silent);
	return forward(d, p, is_minimal, is_silent, p->pid);
}

void display_close(struct display *d, uint32_t display_id)
{
	DBusMessage *call =
		is_known(d) ? display_call(d, NOTIFICATIONS_IFACE, "CloseNotification") : NULL;

	if (!call)
		return;
	dbus_message_set_no_reply(call, TRUE);
	if (dbus_message_append_args(call, DBUS_TYPE_UINT32, &display_id, DBUS_TYPE_INVALID))
		bus_send(d->connection, call);
	else
		dbus_message_unref(call);
}

static void on_probed(void *data, DBusMessage *reply)
{
	struct display *d = data;

	/* Any answer of its own says that it reads its messages. */
	if (is_from_display(d, reply))
		engine_display_alive(d->engine);
}

void display_probe(struct display *d)
{
	if (is_known(d))
		ask(d, NOTIFICATIONS_IFACE, "GetServerInformation", on_probed);
}

/* --- what there is to see --- */

const char *display_name(const struct display *d)
{
	return *d->name || !is_known(d) ? d->name : d->unique;
}

const char *display_unique(const struct display *d)
{
	return d->unique;
}

enum finder_how display_how(const struct display *d)
{
	return d->how;
}

const struct peer *display_peer(const struct display *d)
{
	return &d->peer;
}

struct display *display_new(DBusConnection *connection, struct event_base *base,
			    struct engine *engine, struct files *files, const char *bus_guid,
			    const struct display_ops *ops, void *data)
{
	autofree(display) struct display *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->connection = dbus_connection_ref(connection);
	d->engine = engine;
	d->files = files;
	d->ops = ops;
	d->data = data;
	d->unique = strdup("");
	d->name = strdup("");
	d->bus_guid = strdup(bus_guid);
	d->finder = finder_new(connection, base, &finder_ops, d);
	if (!d->unique || !d->name || !d->bus_guid || !d->finder || peer_init(&d->peer) < 0)
		return NULL;
	add_match(d, MATCH_GONE);
	return take(d);
}

struct display *display_free(struct display *d)
{
	if (!d)
		return NULL;
	drop_in_flight(d);
	finder_free(d->finder);
	peer_done(&d->peer);
	free(d->unique);
	free(d->name);
	free(d->bus_guid);
	dbus_connection_unref(d->connection);
	free(d);
	return NULL;
}
