#include "daemon/bus/role.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/peer.h"
#include "daemon/log.h"
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MATCH_OWNER(name)                                                               \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg0='" name "'"

/* GNOME's process for the name needs some 100 ms to give way. */
#define TAKEOVER_WAIT_S 3

#define GIVE_BACK_MS 2000

/* A successor that has asked to be let in front and doesn't come is gone. */
#define YIELD_WAIT_S 5

/* Names that only Plasma has; the session manager is there before the shell that shows notifications. */
static const char *const plasma_names[] = {"org.kde.ksmserver", "org.kde.plasmashell"};

struct role {
	DBusConnection *connection;
	const struct role_ops *ops;
	void *data;
	bool is_decided;
	bool is_in_front;
	bool is_requested; /* the name was asked for */
	bool is_plasma;    /* lulld can be replaced then */
	bool is_yielding;  /* and here, for a successor */
	struct peer owner;
	struct peer nobody;
	bool is_examining; /* who that is */
	bool is_stale;     /* and it has changed meanwhile */
	/* The takeover of GNOME's process for the name. */
	bool is_taking_over;
	char *taken_from; /* its unique name: it isn't tried a second time; NULL: not tried */
	struct event *late;
	struct event *alone; /* no successor came */
	void (*yielded)(void *data, bool is_yielding);
	void *yielded_data;
};

static void examine(struct role *r);

/* --- calls --- */

static void call_bus(struct role *r, DBusMessage *call, bus_reply_fn fn)
{
	int error = call ? bus_call(r->connection, call, DBUS_TIMEOUT_USE_DEFAULT, fn, r, NULL)
			 : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	if (error < 0)
		r->ops->refused(r->data, strerror(-error));
}

static DBusMessage *request_call(const char *name, dbus_uint32_t flags)
{
	return bus_driver_call("RequestName", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
			       DBUS_TYPE_INVALID);
}

static void request(struct role *r, dbus_uint32_t flags, bus_reply_fn fn)
{
	if (r->is_plasma)
		flags |= DBUS_NAME_FLAG_ALLOW_REPLACEMENT;
	call_bus(r, request_call(NOTIFICATIONS_NAME, flags), fn);
}

/* What RequestName has answered; 0: an error. */
static dbus_uint32_t request_answer(DBusMessage *reply)
{
	dbus_uint32_t answer = 0;

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID))
		return 0;
	return answer;
}

static bool is_owner(dbus_uint32_t answer)
{
	return answer == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER ||
	       answer == DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER;
}

/* For calls whose effect is heard of otherwise. */
static void ignore_reply(void *data, DBusMessage *reply)
{
	(void)data;
	(void)reply;
}

/* --- the decision --- */

/* GNOME's process for the name comes back, behind lulld: it takes over should lulld die. */
static void give_back(struct role *r)
{
	static const char *const name = GNOME_SERVICE_NAME;
	const dbus_uint32_t no_flags = 0;

	if (!r->is_taking_over)
		return;
	r->is_taking_over = false;
	event_del(r->late);
	call_bus(r, bus_driver_call("ReleaseName", DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID),
		 ignore_reply);
	call_bus(r,
		 bus_driver_call("StartServiceByName", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32,
				 &no_flags, DBUS_TYPE_INVALID),
		 ignore_reply);
}

/* Return: the answer; NULL when there is none. @call is taken. */
static DBusMessage *ask_and_wait(struct role *r, DBusMessage *call)
{
	DBusMessage *reply = NULL;

	if (call) {
		reply = dbus_connection_send_with_reply_and_block(r->connection, call, GIVE_BACK_MS,
								  NULL);
		dbus_message_unref(call);
	}
	return reply;
}

static bool has_name(struct role *r)
{
	static const char *const name = NOTIFICATIONS_NAME;
	DBusMessage *reply = ask_and_wait(r, bus_driver_call("GetNameOwner", DBUS_TYPE_STRING,
							     &name, DBUS_TYPE_INVALID));
	const char *owner;
	bool is_ours =
		reply &&
		dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID) &&
		strcmp(owner, dbus_bus_get_unique_name(r->connection)) == 0;

	if (reply)
		dbus_message_unref(reply);
	return is_ours;
}

/*
 * The same when lulld ends amid it. The process that gives way must have ended before another is started, and the
 * bus starts nothing for one that has left already.
 */
static void give_back_and_wait(struct role *r)
{
	static const char *const name = GNOME_SERVICE_NAME;
	const dbus_uint32_t no_flags = 0;
	DBusMessage *reply;
	int i;

	for (i = 0; i < GIVE_BACK_MS / 10 && !has_name(r); i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	reply = ask_and_wait(r, bus_driver_call("ReleaseName", DBUS_TYPE_STRING, &name,
						DBUS_TYPE_INVALID));
	if (reply)
		dbus_message_unref(reply);
	reply = ask_and_wait(r, bus_driver_call("StartServiceByName", DBUS_TYPE_STRING, &name,
						DBUS_TYPE_UINT32, &no_flags, DBUS_TYPE_INVALID));
	if (reply)
		dbus_message_unref(reply);
}

static void tell(struct role *r, bool is_in_front)
{
	r->is_decided = true;
	r->is_in_front = is_in_front;
	r->ops->changed(r->data, is_in_front);
}

static void win(struct role *r)
{
	give_back(r);
	if (r->is_decided && r->is_in_front)
		return;
	peer_clear(&r->owner);
	tell(r, true);
}

static void wait_behind(struct role *r, struct peer *owner)
{
	bool is_same =
		r->is_decided && !r->is_in_front && strcmp(owner->unique, r->owner.unique) == 0;

	peer_move(&r->owner, owner);
	if (!is_same)
		tell(r, false);
}

/* --- who is in front instead --- */

static void on_replaced(void *data, DBusMessage *reply)
{
	struct role *r = data;

	if (is_owner(request_answer(reply)))
		win(r);
	else
		tell(r, false);
}

static void on_late(evutil_socket_t fd, short what, void *data)
{
	struct role *r = data;

	(void)fd;
	(void)what;
	log_warn("GNOME Shell doesn't give way to lull; waiting behind it");
	give_back(r);
	if (!r->is_decided)
		tell(r, false);
}

static void on_service_taken(void *data, DBusMessage *reply)
{
	struct role *r = data;

	if (is_owner(request_answer(reply)) || !r->is_taking_over)
		return;
	r->is_taking_over = false;
	event_del(r->late);
	if (!r->is_decided)
		tell(r, false);
}

/* Its process ends when it loses its own name; the bus gives the notifications' name to lulld then. */
static void take_over(struct role *r, struct peer *owner)
{
	static const dbus_uint32_t flags =
		DBUS_NAME_FLAG_REPLACE_EXISTING | DBUS_NAME_FLAG_DO_NOT_QUEUE;

	free(r->taken_from);
	r->taken_from = strdup(owner->unique);
	peer_move(&r->owner, owner);
	r->is_taking_over = true;
	event_add(r->late, &(struct timeval){TAKEOVER_WAIT_S, 0});
	log_info("taking over from GNOME Shell");
	call_bus(r, request_call(GNOME_SERVICE_NAME, flags), on_service_taken);
}

/* Programs of ours that stay in the queue when they are replaced. */
static bool survives_replacement(const struct peer *p)
{
	return p->is_shimmed || strcmp(p->program, "lull") == 0;
}

static void on_owner(void *data, struct peer *owner)
{
	struct role *r = data;

	r->is_examining = false;
	if (r->is_stale) {
		r->is_stale = false;
		examine(r);
		return;
	}
	/* Meanwhile it may have gone: then lulld has heard that it is the owner now. */
	if (r->is_decided && r->is_in_front)
		return;
	if (!*owner->unique ||
	    strcmp(owner->unique, dbus_bus_get_unique_name(r->connection)) == 0) {
		request(r, 0, on_replaced);
	} else if (survives_replacement(owner)) {
		peer_move(&r->owner, owner);
		request(r, DBUS_NAME_FLAG_REPLACE_EXISTING, on_replaced);
	} else if (owner->is_shell_gsn && !r->is_taking_over &&
		   !(r->taken_from && strcmp(r->taken_from, owner->unique) == 0)) {
		take_over(r, owner);
	} else {
		wait_behind(r, owner);
	}
}

static void examine(struct role *r)
{
	int error;

	if (r->is_examining)
		return;
	error = peer_ask(r->connection, NOTIFICATIONS_NAME, on_owner, r);
	if (error < 0)
		r->ops->refused(r->data, strerror(-error));
	else
		r->is_examining = true;
}

static void on_requested(void *data, DBusMessage *reply)
{
	struct role *r = data;
	dbus_uint32_t answer = request_answer(reply);

	if (answer == 0) {
		const char *why = "no answer";

		dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &why, DBUS_TYPE_INVALID);
		r->ops->refused(r->data, why);
	} else if (is_owner(answer)) {
		win(r);
	} else {
		examine(r);
	}
}

/* --- Plasma --- */

static void set_plasma(struct role *r)
{
	if (r->is_plasma)
		return;
	r->is_plasma = true;
	log_info("this is Plasma: its own shell is to have %s", NOTIFICATIONS_NAME);
	/* What was asked for without that is asked for again. */
	if (r->is_requested)
		request(r, 0, ignore_reply);
}

static void on_plasma_name(void *data, DBusMessage *reply)
{
	dbus_bool_t has_owner = FALSE;

	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_BOOLEAN, &has_owner, DBUS_TYPE_INVALID) &&
	    has_owner)
		set_plasma(data);
}

static void look_for_plasma(struct role *r)
{
	const char *current = getenv("XDG_CURRENT_DESKTOP");
	size_t i;

	dbus_bus_add_match(r->connection, MATCH_OWNER("org.kde.ksmserver"), NULL);
	dbus_bus_add_match(r->connection, MATCH_OWNER("org.kde.plasmashell"), NULL);
	if (current && desktop_is(current, "KDE"))
		set_plasma(r);
	for (i = 0; i < ARRAY_SIZE(plasma_names); i++)
		call_bus(r,
			 bus_driver_call("NameHasOwner", DBUS_TYPE_STRING, &plasma_names[i],
					 DBUS_TYPE_INVALID),
			 on_plasma_name);
}

/* --- a successor --- */

static void on_alone(evutil_socket_t fd, short what, void *data)
{
	struct role *r = data;

	(void)fd;
	(void)what;
	log_warn("no successor came; going on");
	r->is_yielding = false;
	request(r, 0, ignore_reply);
	tell(r, true);
}

static void on_yielded(void *data, DBusMessage *reply)
{
	struct role *r = data;

	r->is_yielding = is_owner(request_answer(reply));
	if (r->is_yielding)
		event_add(r->alone, &(struct timeval){YIELD_WAIT_S, 0});
	r->yielded(r->yielded_data, r->is_yielding);
}

int role_yield(struct role *r, void (*fn)(void *data, bool is_yielding), void *data)
{
	/* Without DO_NOT_QUEUE lulld would stand in line behind its successor, as if it was a display. */
	DBusMessage *call = request_call(NOTIFICATIONS_NAME, DBUS_NAME_FLAG_ALLOW_REPLACEMENT |
								     DBUS_NAME_FLAG_DO_NOT_QUEUE);
	int error;

	r->yielded = fn;
	r->yielded_data = data;
	error = call ? bus_call(r->connection, call, DBUS_TIMEOUT_USE_DEFAULT, on_yielded, r, NULL)
		     : -ENOMEM;
	if (call)
		dbus_message_unref(call);
	return error;
}

/* --- the bus --- */

void role_request(struct role *r)
{
	dbus_bus_add_match(r->connection, MATCH_OWNER(NOTIFICATIONS_NAME), NULL);
	dbus_bus_add_match(r->connection, MATCH_OWNER(GNOME_SERVICE_NAME), NULL);
	look_for_plasma(r);
	r->is_requested = true;
	request(r, 0, on_requested);
}

static void lose(struct role *r)
{
	if (r->is_yielding) {
		event_del(r->alone);
		r->is_in_front = false;
		r->ops->succeeded(r->data);
		return;
	}
	r->is_decided = false;
	r->is_in_front = false;
	examine(r);
}

static void on_name_owner(struct role *r, DBusMessage *message)
{
	const char *name, *old_owner, *new_owner;
	size_t i;

	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
				   &old_owner, DBUS_TYPE_STRING, &new_owner, DBUS_TYPE_INVALID))
		return;
	for (i = 0; i < ARRAY_SIZE(plasma_names); i++)
		if (strcmp(name, plasma_names[i]) == 0 && *new_owner)
			set_plasma(r);
	if (!*new_owner || strcmp(new_owner, dbus_bus_get_unique_name(r->connection)) == 0 ||
	    (strcmp(name, NOTIFICATIONS_NAME) != 0 && strcmp(name, GNOME_SERVICE_NAME) != 0))
		return;
	/* Somebody else came in front of those who wait, or is told to be GNOME Shell's by the name it has now. */
	if (r->is_examining)
		r->is_stale = true;
	else if (r->is_decided && !r->is_in_front && !r->is_yielding)
		examine(r);
}

void role_filter(struct role *r, DBusMessage *message)
{
	const char *name;
	bool is_acquired;

	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_SIGNAL ||
	    !dbus_message_has_sender(message, BUS_NAME))
		return;
	if (dbus_message_is_signal(message, BUS_IFACE, "NameOwnerChanged")) {
		on_name_owner(r, message);
		return;
	}
	is_acquired = dbus_message_is_signal(message, BUS_IFACE, "NameAcquired");
	if (!is_acquired && !dbus_message_is_signal(message, BUS_IFACE, "NameLost"))
		return;
	if (!dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID) ||
	    strcmp(name, NOTIFICATIONS_NAME) != 0)
		return;
	if (is_acquired)
		win(r);
	else
		lose(r);
}

bool role_is_decided(const struct role *r)
{
	return r->is_decided;
}

bool role_is_in_front(const struct role *r)
{
	return r->is_in_front;
}

const struct peer *role_owner(const struct role *r)
{
	return r->is_decided ? &r->owner : &r->nobody;
}

struct role *role_new(DBusConnection *connection, struct event_base *base,
		      const struct role_ops *ops, void *data)
{
	autofree(role) struct role *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->connection = dbus_connection_ref(connection);
	r->ops = ops;
	r->data = data;
	r->late = event_new(base, -1, 0, on_late, r);
	r->alone = event_new(base, -1, 0, on_alone, r);
	if (!r->late || !r->alone || peer_init(&r->owner) < 0 || peer_init(&r->nobody) < 0)
		return NULL;
	return take(r);
}

struct role *role_free(struct role *r)
{
	if (!r)
		return NULL;
	/* Ended in the middle: nobody else would start it again. */
	if (r->late && r->is_taking_over && dbus_connection_get_is_connected(r->connection))
		give_back_and_wait(r);
	if (r->late)
		event_free(r->late);
	if (r->alone)
		event_free(r->alone);
	peer_done(&r->owner);
	peer_done(&r->nobody);
	free(r->taken_from);
	dbus_connection_unref(r->connection);
	free(r);
	return NULL;
}
