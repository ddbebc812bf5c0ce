#include "daemon/bus/bus_loop.h"

#include <event2/event.h>

/*
 * Messages a turn dispatches before others on the loop get theirs. It is also the largest group that one
 * commit covers, so it isn't small.
 */
#define TURN_BUDGET 256

struct bus_loop {
	struct event_base *base;
	DBusConnection *connection;
	const struct bus_loop_ops *ops;
	void *data;
	struct event *again; /* an event of no file: one more turn */
};

/* --- the turn --- */

static void turn_again(struct bus_loop *loop, long usec)
{
	/* A zero timeout, never event_active(): that would starve the other descriptors. */
	struct timeval tv = {0, usec};

	event_add(loop->again, &tv);
}

static void turn(struct bus_loop *loop)
{
	DBusConnection *connection = loop->connection;
	int n_dispatched = 0;

	loop->ops->wake(loop->data);
	while (n_dispatched < TURN_BUDGET) {
		DBusDispatchStatus status = dbus_connection_get_dispatch_status(connection);

		if (status == DBUS_DISPATCH_NEED_MEMORY)
			break;
		if (status == DBUS_DISPATCH_DATA_REMAINS) {
			dbus_connection_dispatch(connection);
			n_dispatched++;
			continue;
		}
		/*
		 * libdbus reads 2 KB at a time by itself: ask for more until there is none. A lone message
		 * isn't worth asking for another one.
		 */
		if (n_dispatched < 2 || !dbus_connection_read_write(connection, 0) ||
		    dbus_connection_get_dispatch_status(connection) == DBUS_DISPATCH_COMPLETE)
			break;
	}
	switch (dbus_connection_get_dispatch_status(connection)) {
	case DBUS_DISPATCH_COMPLETE: event_del(loop->again); break;
	case DBUS_DISPATCH_DATA_REMAINS: turn_again(loop, 0); break;
	case DBUS_DISPATCH_NEED_MEMORY: turn_again(loop, 100 * 1000); break;
	}
	loop->ops->settle(loop->data);
}

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	turn(data);
}

/* libdbus has messages in its queue that no watch will tell of. */
static void on_status(DBusConnection *connection, DBusDispatchStatus status, void *data)
{
	struct bus_loop *loop = data;

	(void)connection;
	if (status != DBUS_DISPATCH_COMPLETE && !event_pending(loop->again, EV_TIMEOUT, NULL))
		turn_again(loop, 0);
}

/* --- watches: one event each, made even while it is disabled --- */

struct watch {
	struct bus_loop *loop;
	struct event *event;
};

static void on_watch(evutil_socket_t fd, short what, void *data)
{
	DBusWatch *dbus_watch = data;
	struct watch *watch = dbus_watch_get_data(dbus_watch);
	struct bus_loop *loop = watch->loop;
	unsigned flags = 0;

	(void)fd;
	if (what & EV_READ)
		flags |= DBUS_WATCH_READABLE;
	if (what & EV_WRITE)
		flags |= DBUS_WATCH_WRITABLE;
	/* The watch may be gone when this returns. */
	dbus_watch_handle(dbus_watch, flags);
	turn(loop);
}

static void free_watch(void *data)
{
	struct watch *watch = data;

	event_free(watch->event);
	free(watch);
}

static dbus_bool_t add_watch(DBusWatch *dbus_watch, void *data)
{
	struct bus_loop *loop = data;
	struct watch *watch = calloc(1, sizeof(*watch));
	unsigned flags = dbus_watch_get_flags(dbus_watch);
	short what = EV_PERSIST;

	if (!watch)
		return FALSE;
	if (flags & DBUS_WATCH_READABLE)
		what |= EV_READ;
	if (flags & DBUS_WATCH_WRITABLE)
		what |= EV_WRITE;
	watch->loop = loop;
	watch->event = event_new(loop->base, dbus_watch_get_unix_fd(dbus_watch), what, on_watch,
				 dbus_watch);
	if (!watch->event) {
		free(watch);
		return FALSE;
	}
	if (dbus_watch_get_enabled(dbus_watch) && event_add(watch->event, NULL) < 0) {
		free_watch(watch);
		return FALSE;
	}
	dbus_watch_set_data(dbus_watch, watch, free_watch);
	return TRUE;
}

static void remove_watch(DBusWatch *dbus_watch, void *data)
{
	(void)data;
	dbus_watch_set_data(dbus_watch, NULL, NULL);
}

static void toggle_watch(DBusWatch *dbus_watch, void *data)
{
	struct watch *watch = dbus_watch_get_data(dbus_watch);

	(void)data;
	if (dbus_watch_get_enabled(dbus_watch))
		event_add(watch->event, NULL);
	else
		event_del(watch->event);
}

/* --- timeouts: they repeat until libdbus removes them --- */

struct timeout {
	struct bus_loop *loop;
	struct event *event;
};

static void on_timeout(evutil_socket_t fd, short what, void *data)
{
	DBusTimeout *dbus_timeout = data;
	struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);
	struct bus_loop *loop = timeout->loop;

	(void)fd;
	(void)what;
	/* The timeout may be gone when this returns. */
	dbus_timeout_handle(dbus_timeout);
	turn(loop);
}

static int start_timeout(DBusTimeout *dbus_timeout, struct event *event)
{
	/* {0,0} would never be armed again by EV_PERSIST. */
	int ms = MAX(dbus_timeout_get_interval(dbus_timeout), 1);
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	return event_add(event, &tv);
}

static void free_timeout(void *data)
{
	struct timeout *timeout = data;

	event_free(timeout->event);
	free(timeout);
}

static dbus_bool_t add_timeout(DBusTimeout *dbus_timeout, void *data)
{
	struct bus_loop *loop = data;
	struct timeout *timeout = calloc(1, sizeof(*timeout));

	if (!timeout)
		return FALSE;
	timeout->loop = loop;
	timeout->event = event_new(loop->base, -1, EV_PERSIST, on_timeout, dbus_timeout);
	if (!timeout->event) {
		free(timeout);
		return FALSE;
	}
	if (dbus_timeout_get_enabled(dbus_timeout) &&
	    start_timeout(dbus_timeout, timeout->event) < 0) {
		free_timeout(timeout);
		return FALSE;
	}
	dbus_timeout_set_data(dbus_timeout, timeout, free_timeout);
	return TRUE;
}

static void remove_timeout(DBusTimeout *dbus_timeout, void *data)
{
	(void)data;
	dbus_timeout_set_data(dbus_timeout, NULL, NULL);
}

static void toggle_timeout(DBusTimeout *dbus_timeout, void *data)
{
	struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);

	(void)data;
	event_del(timeout->event);
	if (dbus_timeout_get_enabled(dbus_timeout))
		start_timeout(dbus_timeout, timeout->event);
}

/* --- attaching --- */

struct bus_loop *bus_loop_new(struct event_base *base, DBusConnection *connection,
			      const struct bus_loop_ops *ops, void *data)
{
	autofree(bus_loop) struct bus_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->base = base;
	loop->ops = ops;
	loop->data = data;
	loop->connection = dbus_connection_ref(connection);
	loop->again = event_new(base, -1, 0, on_again, loop);
	if (!loop->again)
		return NULL;
	if (!dbus_connection_set_watch_functions(connection, add_watch, remove_watch, toggle_watch,
						 loop, NULL) ||
	    !dbus_connection_set_timeout_functions(connection, add_timeout, remove_timeout,
						   toggle_timeout, loop, NULL))
		return NULL;
	dbus_connection_set_dispatch_status_function(connection, on_status, loop, NULL);
	/* The function is called on changes only: what is already there needs a first push. */
	turn_again(loop, 0);
	return take(loop);
}

struct bus_loop *bus_loop_free(struct bus_loop *loop)
{
	if (!loop)
		return NULL;
	dbus_connection_set_dispatch_status_function(loop->connection, NULL, NULL, NULL);
	if (!dbus_connection_set_watch_functions(loop->connection, NULL, NULL, NULL, NULL, NULL) ||
	    !dbus_connection_set_timeout_functions(loop->connection, NULL, NULL, NULL, NULL, NULL))
		abort(); /* taking functions away allocates nothing */
	if (loop->again)
		event_free(loop->again);
	dbus_connection_unref(loop->connection);
	free(loop);
	return NULL;
}
