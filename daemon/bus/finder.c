#include "daemon/bus/finder.h"

#include "daemon/bus/bus.h"
#include "daemon/bus/peer.h"
#include "daemon/clock.h"
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#define MATCH_NEW                                                                       \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg1=''"

/*
 * A program joins the bus first and asks for the name a moment later, so look again after these; then only
 * when the next one joins.
 */
static const int look_again_ms[] = {20, 100, 300, 1000, 3000};

/* And while something waits, this often at first, less and less often later on. */
#define LAST_LOOK_MS 3000
#define LAST_LOOK_MAX_MS 60000
#define LAST_LOOKS 5 /* that often before it becomes less */

/* What was started and hasn't come after this long has failed. */
#define START_WAIT_MS 5000

/* When nothing has come by itself for this long, lulld starts what it was told to; */
#define START_AFTER_MS 120

/* and after this, what nobody has asked for: the session may be about to start another. */
#define PATIENCE_MS 3000

/*
 * A display that lulld starts and that is gone again soon, or never comes, isn't started for ever: after so many
 * times only while something waits, and this long after the last time.
 */
#define STARTS_MAX 5
#define STAYED_MS 10000
#define RETRY_MS 10000

/* A candidate that doesn't say within this that it shows notifications isn't ready, or isn't one. */
#define PROBE_MS 5000

struct finder {
	DBusConnection *connection;
	const struct finder_ops *ops;
	void *data;
	bool is_known;
	bool is_watching;    /* for programs that join */
	bool is_looking;     /* the answer isn't there yet */
	bool is_starting;    /* finder_started() is to come */
	bool is_expected;    /* the next one that appears was started by lulld */
	bool is_needed;      /* something waits to be shown */
	bool is_start_soon;  /* `start` is due after START_AFTER_MS, not later */
	bool has_scanned;    /* for servers that don't stand in the queue */
	unsigned n_starts;   /* since one last appeared and stayed */
	int64_t started_us;  /* the last one; boot */
	int64_t found_us;    /* boot */
	unsigned n_looks;    /* since something last changed */
	unsigned n_waits;    /* looks for what waits, since something last changed */
	int64_t since_us;    /* looking since then; boot */
	char *gnome_service; /* unique names; "" while nobody has them */
	char *gnome_shell;
	char *unqueued; /* a server that is on the bus without standing in the queue; "" */
	DBusPendingCall *probe;
	enum finder_how probed_how;
	struct event *again;
	struct event *start;
};

static void arm_ms(struct event *event, int ms)
{
	event_add(event, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

static bool put(char **text, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return false;
	free(*text);
	*text = copy;
	return true;
}

static void watch_joins(struct finder *f, bool is_on)
{
	if (f->is_watching == is_on)
		return;
	f->is_watching = is_on;
	/* Without an error pointer libdbus doesn't wait for the answer. */
	if (is_on)
		dbus_bus_add_match(f->connection, MATCH_NEW, NULL);
	else
		dbus_bus_remove_match(f->connection, MATCH_NEW, NULL);
}

static void drop_probe(struct finder *f)
{
	if (!f->probe)
		return;
	dbus_pending_call_cancel(f->probe);
	dbus_pending_call_unref(f->probe);
	f->probe = NULL;
}

static void find(struct finder *f, const char *unique, enum finder_how how)
{
	if (f->is_expected && how == FINDER_QUEUED)
		how = FINDER_STARTED;
	f->is_known = f->ops->found(f->data, unique, how);
	if (!f->is_known) {
		arm_ms(f->again, LAST_LOOK_MS);
		return;
	}
	f->is_needed = false;
	f->n_waits = 0;
	f->found_us = clock_now().boot_us;
	watch_joins(f, false);
	drop_probe(f);
	event_del(f->again);
	event_del(f->start);
	f->is_start_soon = false;
	f->is_expected = false;
}

static void look_later(struct finder *f)
{
	if (event_pending(f->again, EV_TIMEOUT, NULL) || f->n_looks >= ARRAY_SIZE(look_again_ms))
		return;
	arm_ms(f->again, look_again_ms[f->n_looks++]);
}

/* --- candidates that don't stand in the queue --- */

/* Its process for the name is there to take over should lulld die; where a lulld has died amid a takeover it isn't. */
static void start_gnome_service(struct finder *f)
{
	static const char *const name = GNOME_SERVICE_NAME;
	const dbus_uint32_t no_flags = 0;
	DBusMessage *call = bus_driver_call("StartServiceByName", DBUS_TYPE_STRING, &name,
					    DBUS_TYPE_UINT32, &no_flags, DBUS_TYPE_INVALID);

	if (call)
		dbus_message_set_no_reply(call, TRUE);
	bus_send(f->connection, call);
}

/* GNOME Shell has its name long before it takes notifications; what is sent too early would be refused. */
static void on_probed(void *data, DBusMessage *reply)
{
	struct finder *f = data;
	const char *sender = dbus_message_get_sender(reply);

	if (f->probe)
		dbus_pending_call_unref(f->probe);
	f->probe = NULL;
	if (f->is_known)
		return;
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN && sender) {
		if (f->probed_how == FINDER_GNOME && !*f->gnome_service)
			start_gnome_service(f);
		find(f, sender, f->probed_how);
	} else {
		look_later(f);
	}
}

static void probe(struct finder *f, const char *unique, enum finder_how how)
{
	DBusMessage *call;

	if (f->probe)
		return;
	call = dbus_message_new_method_call(unique, NOTIFICATIONS_PATH, NOTIFICATIONS_IFACE,
					    "GetServerInformation");
	if (!call)
		return;
	f->probed_how = how;
	/* On failure the next look tries again. */
	if (bus_call(f->connection, call, PROBE_MS, on_probed, f, &f->probe) < 0)
		f->probe = NULL;
	dbus_message_unref(call);
}

static void on_joined(void *data, struct peer *p)
{
	struct finder *f = data;
	const struct desktop_server *server = peer_server(p);

	if (f->is_known || p->is_shimmed || !server || !server->stays_unqueued ||
	    strcmp(p->unique, dbus_bus_get_unique_name(f->connection)) == 0)
		return;
	if (!put(&f->unqueued, p->unique))
		return;
	f->n_looks = 0;
	look_later(f);
}

static void consider_joined(struct finder *f, const char *unique)
{
	/* Out of memory: it isn't found, as if it hadn't come. */
	if (peer_ask(f->connection, unique, on_joined, f) < 0)
		return;
}

static void on_names(void *data, DBusMessage *reply)
{
	struct finder *f = data;
	char **names = NULL;
	int n = 0, i;

	if (f->is_known || !dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING,
						  &names, &n, DBUS_TYPE_INVALID))
		return;
	for (i = 0; i < n; i++)
		if (names[i][0] == ':')
			consider_joined(f, names[i]);
	dbus_free_string_array(names);
}

static int ask_bus(struct finder *f, DBusMessage *call, bus_reply_fn fn)
{
	int r = call ? bus_call(f->connection, call, DBUS_TIMEOUT_USE_DEFAULT, fn, f, NULL)
		     : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	return r;
}

/* Those that were there before lulld; from then on each is looked at when it joins. */
static void scan(struct finder *f)
{
	if (!f->has_scanned)
		f->has_scanned =
			ask_bus(f, bus_driver_call("ListNames", DBUS_TYPE_INVALID), on_names) == 0;
}

/* --- starting one --- */

static bool is_patient(const struct finder *f)
{
	return f->is_needed || clock_now().boot_us - f->since_us >= PATIENCE_MS * USEC_PER_MSEC;
}

static bool may_start(const struct finder *f)
{
	return f->n_starts < STARTS_MAX ||
	       (f->is_needed && clock_now().boot_us - f->started_us >= RETRY_MS * USEC_PER_MSEC);
}

static void on_start(evutil_socket_t fd, short what, void *data)
{
	struct finder *f = data;

	(void)fd;
	(void)what;
	f->is_expected = false;
	f->is_start_soon = false;
	if (f->is_known || f->is_starting || !may_start(f))
		return;
	f->is_starting = true;
	f->ops->start(f->data, is_patient(f));
}

void finder_started(struct finder *f, bool is_started)
{
	int64_t left_ms = PATIENCE_MS - (clock_now().boot_us - f->since_us) / USEC_PER_MSEC;

	f->is_starting = false;
	if (f->is_known)
		return;
	if (is_started) {
		f->is_expected = true;
		f->started_us = clock_now().boot_us;
		f->n_starts++;
		f->n_looks = 0;
		look_later(f);
		arm_ms(f->start, START_WAIT_MS);
	} else if (left_ms > 0) {
		arm_ms(f->start, (int)left_ms);
	}
}

void finder_expect(struct finder *f)
{
	f->is_expected = true;
	f->n_looks = 0;
	arm_ms(f->start, START_WAIT_MS);
	look_later(f);
}

/* Programs that join meanwhile don't put it off. */
static void start_later(struct finder *f)
{
	if (f->is_expected || f->is_starting || !may_start(f))
		return;
	if (event_pending(f->start, EV_TIMEOUT, NULL) && (f->is_start_soon || !f->is_needed))
		return;
	f->is_start_soon = true;
	arm_ms(f->start, START_AFTER_MS);
}

void finder_restart(struct finder *f)
{
	if (f->is_known)
		return;
	event_del(f->start);
	f->is_start_soon = false;
	f->is_expected = false;
	f->n_starts = 0;
	f->n_looks = 0;
	finder_look(f);
}

/* --- looking --- */

/* On GNOME: the shell's own process stands in the queue a moment before it has the name that tells it. */
static void on_queued_peer(void *data, struct peer *p)
{
	struct finder *f = data;

	if (f->is_known || !*p->unique)
		return;
	if (p->is_shell_gsn || strncmp(p->program, "gjs", 3) == 0)
		probe(f, f->gnome_shell, FINDER_GNOME);
	else
		find(f, p->unique, FINDER_QUEUED);
}

/* Return: true when one was found, or is being looked at. */
static bool take_from_queue(struct finder *f, char *const *owners)
{
	const char *self = dbus_bus_get_unique_name(f->connection);

	for (; *owners; owners++) {
		if (strcmp(*owners, self) == 0 || strcmp(*owners, f->gnome_service) == 0)
			continue;
		if (!*f->gnome_shell)
			find(f, *owners, FINDER_QUEUED);
		else if (peer_ask(f->connection, *owners, on_queued_peer, f) < 0)
			continue;
		return true;
	}
	return false;
}

static void on_queue(void *data, DBusMessage *reply)
{
	struct finder *f = data;
	char **owners = NULL;
	bool is_found = false;
	int n = 0;

	f->is_looking = false;
	if (f->is_known)
		return;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &owners, &n,
				  DBUS_TYPE_INVALID)) {
		is_found = take_from_queue(f, owners);
		dbus_free_string_array(owners);
	}
	if (f->is_known)
		return;
	watch_joins(f, true);
	if (is_found) {
		look_later(f);
		return;
	}
	if (*f->gnome_shell)
		probe(f, f->gnome_shell, FINDER_GNOME);
	else if (*f->unqueued)
		probe(f, f->unqueued, FINDER_UNQUEUED);
	else
		scan(f);
	/* GNOME Shell may take a while to be ready; nothing else is to be started meanwhile. */
	if (!*f->gnome_shell)
		start_later(f);
	look_later(f);
}

static void read_owner(DBusMessage *reply, char **ret)
{
	const char *unique;

	if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &unique, DBUS_TYPE_INVALID))
		unique = "";
	put(ret, unique);
}

static void on_gnome_service(void *data, DBusMessage *reply)
{
	read_owner(reply, &((struct finder *)data)->gnome_service);
}

static void on_gnome_shell(void *data, DBusMessage *reply)
{
	read_owner(reply, &((struct finder *)data)->gnome_shell);
}

static DBusMessage *owner_call(const char *name)
{
	return bus_driver_call("GetNameOwner", DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
}

/* The bus answers in this order, so with the last answer all is known. */
void finder_look(struct finder *f)
{
	static const char *const name = NOTIFICATIONS_NAME;
	int r;

	if (f->is_known || f->is_looking)
		return;
	if (f->since_us == 0)
		f->since_us = clock_now().boot_us;
	r = ask_bus(f, owner_call(GNOME_SERVICE_NAME), on_gnome_service);
	if (r == 0)
		r = ask_bus(f, owner_call(GNOME_SHELL_NAME), on_gnome_shell);
	if (r == 0)
		r = ask_bus(f,
			    bus_driver_call("ListQueuedOwners", DBUS_TYPE_STRING, &name,
					    DBUS_TYPE_INVALID),
			    on_queue);
	if (r == 0)
		f->is_looking = true;
	else
		look_later(f);
}

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	finder_look(data);
}

void finder_lost(struct finder *f)
{
	f->is_known = false;
	f->n_looks = 0;
	if (clock_now().boot_us - f->found_us >= STAYED_MS * USEC_PER_MSEC)
		f->n_starts = 0;
	f->since_us = 0;
	f->has_scanned = false;
	put(&f->unqueued, "");
	finder_look(f);
}

static int wait_ms(unsigned n_waits)
{
	unsigned n_doubled = n_waits < LAST_LOOKS ? 0 : MIN(n_waits - LAST_LOOKS + 1, 5U);

	return MIN(LAST_LOOK_MS << n_doubled, LAST_LOOK_MAX_MS);
}

void finder_need(struct finder *f)
{
	if (f->is_known)
		return;
	f->is_needed = true;
	/* While joins are watched, they and the timer look; one may ask for the name long after it joined. */
	if (!f->is_watching)
		finder_look(f);
	else if (!f->is_looking && !event_pending(f->again, EV_TIMEOUT, NULL))
		arm_ms(f->again, wait_ms(f->n_waits++));
}

void finder_filter(struct finder *f, DBusMessage *message)
{
	const char *name, *old_owner, *new_owner;

	if (f->is_known || !dbus_message_is_signal(message, BUS_IFACE, "NameOwnerChanged") ||
	    !dbus_message_has_sender(message, BUS_NAME) ||
	    !dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING,
				   &old_owner, DBUS_TYPE_STRING, &new_owner, DBUS_TYPE_INVALID))
		return;
	if (!*new_owner && strcmp(name, f->unqueued) == 0)
		put(&f->unqueued, "");
	if (!*new_owner || *old_owner)
		return;
	/* GNOME Shell joins long before it has this name. */
	if (name[0] == ':')
		consider_joined(f, name);
	else if (strcmp(name, GNOME_SHELL_NAME) != 0)
		return;
	f->n_looks = 0;
	f->n_waits = 0;
	look_later(f);
}

struct finder *finder_new(DBusConnection *connection, struct event_base *base,
			  const struct finder_ops *ops, void *data)
{
	autofree(finder) struct finder *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->connection = dbus_connection_ref(connection);
	f->ops = ops;
	f->data = data;
	f->gnome_service = strdup("");
	f->gnome_shell = strdup("");
	f->unqueued = strdup("");
	f->again = event_new(base, -1, 0, on_again, f);
	f->start = event_new(base, -1, 0, on_start, f);
	if (!f->gnome_service || !f->gnome_shell || !f->unqueued || !f->again || !f->start)
		return NULL;
	return take(f);
}

struct finder *finder_free(struct finder *f)
{
	if (!f)
		return NULL;
	drop_probe(f);
	if (f->again)
		event_free(f->again);
	if (f->start)
		event_free(f->start);
	free(f->gnome_service);
	free(f->gnome_shell);
	free(f->unqueued);
	dbus_connection_unref(f->connection);
	free(f);
	return NULL;
}
