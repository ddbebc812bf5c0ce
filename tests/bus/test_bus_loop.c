/*
 * libdbus on libevent: each trap of the two has its test here, on a real private bus.
 *
 * "self" is the connection on the loop, made as lulld makes its own. "peer" is a plain libdbus connection that
 * the tests drive by hand.
 */
#include "daemon/bus/bus_loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bus/bus.h"
#include "daemon/bus/wire.h"

#define IFACE "org.lull.Test"
#define PATH "/org/lull/Test"
#define MIB ((size_t)1024 * 1024)
#define LONG_MS 60000 /* valgrind is slow; nothing waits this long when all is well */

/* --- a bus of one's own ---------------------------------------------------------------------------- */

struct bus {
	char dir[64];
	pid_t pid;
};

static struct bus main_bus;

static void write_config(const char *path, const char *dir)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
		"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
		"\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
		"<busconfig><type>session</type><listen>unix:path=%s/bus</listen>\n"
		"<auth>EXTERNAL</auth><policy context=\"default\">\n"
		"<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\n"
		"<allow own=\"*\"/></policy>\n",
		dir);
	/* As Debian's session.conf has them. */
	fprintf(f, "<limit name=\"max_incoming_bytes\">1000000000</limit>\n"
		   "<limit name=\"max_outgoing_bytes\">1000000000</limit>\n"
		   "<limit name=\"max_message_size\">1000000000</limit>\n"
		   "<limit name=\"max_replies_per_connection\">50000</limit></busconfig>\n");
	assert_int_equal(fclose(f), 0);
}

static void start_bus(struct bus *bus)
{
	char config[80], argument[96], print[32], address[256];
	ssize_t n;
	int fds[2];

	if (!*bus->dir) {
		strcpy(bus->dir, "/tmp/lull-bus-XXXXXX");
		assert_non_null(mkdtemp(bus->dir));
	}
	snprintf(config, sizeof(config), "%s/config", bus->dir);
	snprintf(argument, sizeof(argument), "--config-file=%s", config);
	write_config(config, bus->dir);
	assert_int_equal(pipe(fds), 0);
	snprintf(print, sizeof(print), "--print-address=%d", fds[1]);
	bus->pid = fork();
	assert_true(bus->pid >= 0);
	if (bus->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		execlp("dbus-daemon", "dbus-daemon", argument, "--nofork", "--nopidfile", print,
		       (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], address, sizeof(address)); /* it listens now */
	close(fds[0]);
	assert_true(n > 0);
}

static void end_bus(struct bus *bus)
{
	char path[80];

	if (!bus->pid)
		return;
	kill(bus->pid, SIGCONT);
	kill(bus->pid, SIGTERM);
	waitpid(bus->pid, NULL, 0);
	bus->pid = 0;
	snprintf(path, sizeof(path), "%s/config", bus->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bus", bus->dir);
	unlink(path);
}

/* libdbus reads the variable once, so the address has to be good for every bus that is started. */
static int set_up(void **state LULL_UNUSED)
{
	char address[96];

	start_bus(&main_bus);
	snprintf(address, sizeof(address), "unix:path=%s/bus", main_bus.dir);
	return setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
}

static int tear_down(void **state LULL_UNUSED)
{
	end_bus(&main_bus);
	rmdir(main_bus.dir);
	dbus_shutdown();
	return 0;
}

/* --- one connection on a loop, and what happens to it ---------------------------------------------- */

enum { WAKE = 'w', MESSAGE = 'm', SETTLE = 's' };

struct rig {
	struct event_base *base;
	DBusConnection *self;
	struct bus_loop *loop;
	DBusConnection *peer;
	char log[65536]; /* of WAKE, MESSAGE, SETTLE; as much as there is room for */
	size_t n_log;
	unsigned n_turns;
	unsigned n_messages; /* of IFACE */
	unsigned n_disconnected;
	unsigned depth; /* of handlers, wake and settle: never above 1 */
	unsigned max_depth;
	void (*on_message)(struct rig *rig, DBusMessage *message);
	void (*on_wake)(struct rig *rig);
	void *data; /* of the test */
};

static void enter(struct rig *rig, char what)
{
	rig->depth++;
	rig->max_depth = MAX(rig->max_depth, rig->depth);
	if (rig->n_log < sizeof(rig->log) - 1)
		rig->log[rig->n_log++] = what;
}

static void leave(struct rig *rig)
{
	rig->depth--;
}

static void wake(void *data)
{
	struct rig *rig = data;

	enter(rig, WAKE);
	rig->n_turns++;
	if (rig->on_wake)
		rig->on_wake(rig);
	leave(rig);
}

static void settle(void *data)
{
	struct rig *rig = data;

	enter(rig, SETTLE);
	leave(rig);
}

static const struct bus_loop_ops ops = {.wake = wake, .settle = settle};

static DBusHandlerResult on_message(DBusConnection *connection LULL_UNUSED, DBusMessage *message,
				    void *data)
{
	struct rig *rig = data;

	enter(rig, MESSAGE);
	if (dbus_message_has_interface(message, IFACE)) {
		rig->n_messages++;
		if (rig->on_message)
			rig->on_message(rig, message);
	}
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		rig->n_disconnected++;
	leave(rig);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static DBusConnection *connect_bus(void)
{
	autofree(str) char *error = NULL;
	DBusConnection *connection = bus_connect(&error);

	if (!connection)
		fail_msg("no connection: %s", error);
	return connection;
}

static void attach(struct rig *rig)
{
	rig->loop = bus_loop_new(rig->base, rig->self, &ops, rig);
	assert_non_null(rig->loop);
}

/* All but attached. */
static void prepare(struct rig *rig)
{
	if (!main_bus.pid)
		start_bus(&main_bus); /* the test before ended it */
	memset(rig, 0, sizeof(*rig));
	rig->base = event_base_new();
	assert_non_null(rig->base);
	rig->self = connect_bus();
	rig->peer = connect_bus();
	assert_true(dbus_connection_add_filter(rig->self, on_message, rig, NULL));
}

static void finish(struct rig *rig)
{
	assert_int_equal(rig->depth, 0);
	assert_true(rig->max_depth <= 1);
	rig->loop = bus_loop_free(rig->loop);
	assert_int_equal(event_base_get_num_events(rig->base, EVENT_BASE_COUNT_ADDED), 0);
	if (rig->self)
		dbus_connection_remove_filter(rig->self, on_message, rig);
	bus_close(rig->self);
	bus_close(rig->peer);
	event_base_free(rig->base);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void on_nothing(evutil_socket_t fd LULL_UNUSED, short what LULL_UNUSED,
		       void *data LULL_UNUSED)
{
}

/* Run the loop for @ms. */
static void run_for(struct rig *rig, int ms)
{
	int64_t end = now_ms() + ms;

	while (now_ms() < end) {
		int left = (int)MAX(1, end - now_ms());
		struct timeval tv = {left / 1000, (left % 1000) * 1000};
		struct event *event = event_new(rig->base, -1, 0, on_nothing, NULL);

		assert_non_null(event);
		event_add(event, &tv);
		event_base_loop(rig->base, EVLOOP_ONCE);
		event_free(event);
	}
}

/* Run until @counter is @n; the loop does it alone, nobody flushes. */
static void run_until(struct rig *rig, const unsigned *counter, unsigned n)
{
	struct timeval tv = {0, 10 * 1000};
	struct event *tick = event_new(rig->base, -1, EV_PERSIST, on_nothing, NULL);
	int64_t end = now_ms() + LONG_MS;

	assert_non_null(tick);
	event_add(tick, &tv);
	while (*counter < n && now_ms() < end)
		event_base_loop(rig->base, EVLOOP_ONCE);
	event_free(tick);
	if (*counter < n)
		fail_msg("%u of %u after %d ms", *counter, n, LONG_MS);
}

static DBusMessage *new_signal(DBusConnection *to, const char *member)
{
	DBusMessage *signal = dbus_message_new_signal(PATH, IFACE, member);

	assert_non_null(signal);
	assert_true(dbus_message_set_destination(signal, dbus_bus_get_unique_name(to)));
	return signal;
}

static void append_bytes(DBusMessage *message, size_t n)
{
	autofree(str) char *bytes = calloc(n, 1);
	const char *at = bytes;

	assert_non_null(bytes);
	assert_true(dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &at, (int)n,
					     DBUS_TYPE_INVALID));
}

static void peer_sends(struct rig *rig, unsigned n)
{
	while (n-- > 0)
		bus_send(rig->peer, new_signal(rig->self, "Ping"));
	dbus_connection_flush(rig->peer);
}

/* What the peer got, without the loop. */
static unsigned peer_receives(struct rig *rig, int ms)
{
	DBusMessage *message;
	unsigned n = 0;

	for (int i = 0; i < 100; i++) /* it reads 2 KB at a time */
		dbus_connection_read_write(rig->peer, ms);
	while ((message = dbus_connection_pop_message(rig->peer))) {
		n += dbus_message_has_interface(message, IFACE) ? 1 : 0;
		dbus_message_unref(message);
	}
	return n;
}

/* Until the bus itself has nothing more to say (NameAcquired). */
static void run_quiet(struct rig *rig)
{
	run_for(rig, 50);
}

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* --- watches --------------------------------------------------------------------------------------- */

static void a_watch_that_is_disabled_costs_no_wake_up(void **state LULL_UNUSED)
{
	struct rig rig;
	unsigned n_turns;

	prepare(&rig);
	attach(&rig);
	run_quiet(&rig);
	/* The socket is writable all the time, and the write watch has an event. */
	n_turns = rig.n_turns;
	run_for(&rig, 300);
	assert_int_equal(rig.n_turns, n_turns);
	/* And so it is again after it was enabled. */
	kill(main_bus.pid, SIGSTOP);
	for (int i = 0; i < 16; i++) {
		DBusMessage *message = new_signal(rig.peer, "Large");

		append_bytes(message, MIB / 8);
		bus_send(rig.self, message);
	}
	assert_true(dbus_connection_has_messages_to_send(rig.self));
	kill(main_bus.pid, SIGCONT);
	for (int64_t end = now_ms() + LONG_MS;
	     dbus_connection_has_messages_to_send(rig.self) && now_ms() < end;)
		run_for(&rig, 1);
	run_quiet(&rig);
	n_turns = rig.n_turns;
	run_for(&rig, 300);
	assert_int_equal(rig.n_turns, n_turns);
	finish(&rig);
}

static void a_write_watch_is_served_when_the_socket_was_full(void **state LULL_UNUSED)
{
	const unsigned n_sent = 100;
	unsigned n_received = 0, n_turns;
	struct rig rig;

	prepare(&rig);
	attach(&rig);
	run_quiet(&rig);
	kill(main_bus.pid, SIGSTOP);
	for (unsigned i = 0; i < n_sent; i++) {
		DBusMessage *message = new_signal(rig.peer, "Large");

		append_bytes(message, 64 * 1024);
		bus_send(rig.self, message);
	}
	/* A socket that stays full costs nothing either. */
	run_quiet(&rig);
	n_turns = rig.n_turns;
	run_for(&rig, 100);
	assert_int_equal(rig.n_turns, n_turns);
	assert_true(dbus_connection_has_messages_to_send(rig.self));
	kill(main_bus.pid, SIGCONT);
	for (int64_t end = now_ms() + LONG_MS; n_received < n_sent && now_ms() < end;) {
		run_for(&rig, 1);
		n_received += peer_receives(&rig, 0);
	}
	assert_int_equal(n_received, n_sent);
	assert_false(dbus_connection_has_messages_to_send(rig.self));
	finish(&rig);
}

/* HUP has no flag of its own, and the watch is removed inside its own callback. */
static void a_closed_bus_is_told_as_Disconnected_and_the_process_lives(void **state LULL_UNUSED)
{
	struct rig rig;
	unsigned n_turns;

	prepare(&rig);
	attach(&rig);
	run_quiet(&rig);
	assert_int_equal(rig.n_disconnected, 0);
	end_bus(&main_bus);
	run_until(&rig, &rig.n_disconnected, 1);
	/* Told once, and then there is peace. */
	run_quiet(&rig);
	n_turns = rig.n_turns;
	run_for(&rig, 200);
	assert_int_equal(rig.n_turns, n_turns);
	assert_int_equal(rig.n_disconnected, 1);
	assert_false(dbus_connection_get_is_connected(rig.self));
	finish(&rig);
}

/* What came before the end is not lost with it. */
static void messages_before_the_end_are_dispatched_before_it(void **state LULL_UNUSED)
{
	struct rig rig;

	prepare(&rig);
	peer_sends(&rig, 100);
	/* The answer says that the bus has routed them. */
	assert_true(dbus_bus_name_has_owner(rig.peer, BUS_NAME, NULL));
	end_bus(&main_bus);
	attach(&rig);
	run_until(&rig, &rig.n_disconnected, 1);
	assert_int_equal(rig.n_messages, 100);
	finish(&rig);
}

/* --- timeouts and calls ---------------------------------------------------------------------------- */

struct call {
	struct rig *rig;
	DBusPendingCall *pending;
	unsigned n_replies;
	unsigned n_no_reply;
	bool is_cancelling;
	int64_t at_ms;
};

static void on_reply(void *data, DBusMessage *reply)
{
	struct call *call = data;

	enter(call->rig, MESSAGE);
	call->n_replies++;
	call->at_ms = now_ms();
	if (dbus_message_is_error(reply, DBUS_ERROR_NO_REPLY))
		call->n_no_reply++;
	if (call->is_cancelling) {
		dbus_pending_call_cancel(call->pending);
		dbus_pending_call_unref(call->pending);
		call->pending = NULL;
	}
	leave(call->rig);
}

/* The peer never answers: it isn't driven. */
static void call_peer(struct call *call, int timeout_ms)
{
	DBusMessage *message =
		dbus_message_new_method_call(dbus_bus_get_unique_name(call->rig->peer), PATH, IFACE,
					     "Call");

	assert_non_null(message);
	assert_int_equal(bus_call(call->rig->self, message, timeout_ms, on_reply, call,
				  &call->pending),
			 0);
	dbus_message_unref(message);
}

static void call_bus(struct call *call)
{
	DBusMessage *message = bus_driver_call("GetId", DBUS_TYPE_INVALID);

	assert_non_null(message);
	assert_int_equal(bus_call(call->rig->self, message, LONG_MS, on_reply, call,
				  &call->pending),
			 0);
	dbus_message_unref(message);
}

static void done_call(struct call *call)
{
	if (call->pending) {
		dbus_pending_call_cancel(call->pending);
		dbus_pending_call_unref(call->pending);
	}
	call->pending = NULL;
}

static void a_call_that_nobody_answers_times_out_once_whatever_the_interval(
	void **state LULL_UNUSED)
{
	static const int timeouts_ms[] = {0, 1, 2, 50, 1100};
	struct call calls[ARRAY_SIZE(timeouts_ms)] = {0};
	struct rig rig;

	prepare(&rig);
	attach(&rig);
	run_quiet(&rig);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		calls[i].rig = &rig;
		call_peer(&calls[i], timeouts_ms[i]);
	}
	run_until(&rig, &calls[4].n_replies, 1);
	/* A timeout that libdbus has removed doesn't come back. */
	run_for(&rig, 100);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		assert_int_equal(calls[i].n_replies, 1);
		assert_int_equal(calls[i].n_no_reply, 1);
		done_call(&calls[i]);
	}
	finish(&rig);
}

static void a_timeout_that_is_removed_costs_no_wake_up(void **state LULL_UNUSED)
{
	struct rig rig;
	struct call calls[3] = {{.rig = &rig}, {.rig = &rig}, {.rig = &rig}};
	unsigned n_turns;

	prepare(&rig);
	attach(&rig);
	call_peer(&calls[0], 1);  /* runs out */
	call_peer(&calls[1], 20); /* cancelled */
	call_bus(&calls[2]);      /* answered */
	done_call(&calls[1]);
	run_until(&rig, &calls[2].n_replies, 1);
	run_until(&rig, &calls[0].n_replies, 1);
	run_quiet(&rig);
	n_turns = rig.n_turns;
	run_for(&rig, 200);
	assert_int_equal(rig.n_turns, n_turns);
	assert_int_equal(calls[1].n_replies, 0);
	done_call(&calls[0]);
	done_call(&calls[2]);
	finish(&rig);
}

static void a_pending_call_that_is_cancelled_in_its_own_callback_is_safe(void **state LULL_UNUSED)
{
	struct rig rig;
	struct call answered = {.rig = &rig, .is_cancelling = true};
	struct call timed_out = {.rig = &rig, .is_cancelling = true};

	prepare(&rig);
	attach(&rig);
	for (unsigned i = 1; i <= 20; i++) {
		call_bus(&answered);
		call_peer(&timed_out, (int)i % 3);
		run_until(&rig, &answered.n_replies, i);
		run_until(&rig, &timed_out.n_replies, i);
		assert_null(answered.pending);
		assert_null(timed_out.pending);
	}
	assert_int_equal(timed_out.n_no_reply, 20);
	finish(&rig);
}

static void a_call_under_way_when_the_bus_closes_does_no_harm_and_a_later_one_fails(
	void **state LULL_UNUSED)
{
	struct rig rig;
	struct call call = {.rig = &rig}, late = {.rig = &rig};
	DBusMessage *message;

	prepare(&rig);
	attach(&rig);
	call_peer(&call, LONG_MS);
	run_quiet(&rig);
	end_bus(&main_bus);
	run_until(&rig, &rig.n_disconnected, 1);
	/* libdbus forgets the call with the bus, without a word. */
	run_for(&rig, 100);
	assert_int_equal(call.n_replies, 0);
	done_call(&call);
	message = bus_driver_call("GetId", DBUS_TYPE_INVALID);
	assert_int_equal(bus_call(rig.self, message, 10, on_reply, &late, NULL), -ENOTCONN);
	dbus_message_unref(message);
	run_for(&rig, 50);
	assert_int_equal(late.n_replies, 0);
	finish(&rig);
}

/* --- dispatching ----------------------------------------------------------------------------------- */

static void messages_already_queued_when_attached_are_dispatched(void **state LULL_UNUSED)
{
	struct rig rig;

	prepare(&rig);
	peer_sends(&rig, 10);
	for (int64_t end = now_ms() + LONG_MS; now_ms() < end;) {
		dbus_connection_read_write(rig.self, 20);
		if (dbus_bus_name_has_owner(rig.self, BUS_NAME, NULL))
			break;
	}
	/* The last one is read, so the socket is silent; only the queue has them. */
	assert_int_equal(dbus_connection_get_dispatch_status(rig.self), DBUS_DISPATCH_DATA_REMAINS);
	attach(&rig);
	run_until(&rig, &rig.n_messages, 10);
	assert_int_equal(rig.n_messages, 10);
	finish(&rig);
}

static void settle_is_called_once_a_turn_after_its_messages(void **state LULL_UNUSED)
{
	struct rig rig;
	char last = SETTLE;

	prepare(&rig);
	attach(&rig);
	for (unsigned i = 1; i <= 20; i++) {
		peer_sends(&rig, i * 20);
		run_until(&rig, &rig.n_messages, i * (i + 1) * 10);
	}
	run_quiet(&rig);
	assert_true(rig.n_log < sizeof(rig.log) - 1);
	for (size_t i = 0; i < rig.n_log; i++) {
		if (rig.log[i] == WAKE)
			assert_int_equal(last, SETTLE);
		else
			assert_true(last == WAKE || last == MESSAGE);
		last = rig.log[i];
	}
	assert_int_equal(last, SETTLE);
	finish(&rig);
}

static void a_turn_dispatches_no_more_than_its_budget(void **state LULL_UNUSED)
{
	unsigned n = 0, max = 0;
	struct rig rig;

	prepare(&rig);
	peer_sends(&rig, 5000);
	assert_true(dbus_bus_name_has_owner(rig.peer, BUS_NAME, NULL));
	attach(&rig);
	run_until(&rig, &rig.n_messages, 5000);
	for (size_t i = 0; i < rig.n_log; i++) {
		n = rig.log[i] == MESSAGE ? n + 1 : 0;
		max = MAX(max, n);
	}
	assert_true(max <= 256);
	/* And many share a commit. */
	assert_true(max >= 64);
	finish(&rig);
}

static void a_lone_message_costs_no_more_than_one_turn(void **state LULL_UNUSED)
{
	struct rig rig;
	unsigned n_turns;

	prepare(&rig);
	attach(&rig);
	run_quiet(&rig);
	for (unsigned i = 1; i <= 10; i++) {
		n_turns = rig.n_turns;
		peer_sends(&rig, 1);
		run_until(&rig, &rig.n_messages, i);
		run_quiet(&rig);
		assert_int_equal(rig.n_turns, n_turns + 1);
	}
	finish(&rig);
}

/* A pipe that shares the loop with a flood; its bytes are written at certain turns of the flood. */
struct pipe {
	int fds[2];
	struct rig *rig;
	unsigned n_written, n_read;
	unsigned written_turn, max_lag;
};

static void write_every_ten_turns(struct rig *rig)
{
	struct pipe *p = rig->data;

	if (p->n_written < 5 && p->n_read == p->n_written && rig->n_turns % 10 == 0) {
		assert_int_equal(write(p->fds[1], "x", 1), 1);
		p->n_written++;
		p->written_turn = rig->n_turns;
	}
}

static void on_pipe(evutil_socket_t fd, short what LULL_UNUSED, void *data)
{
	struct pipe *p = data;
	char c;

	assert_int_equal(read((int)fd, &c, 1), 1);
	p->n_read++;
	p->max_lag = MAX(p->max_lag, p->rig->n_turns - p->written_turn);
}

static void a_flood_on_one_connection_does_not_starve_another_one(void **state LULL_UNUSED)
{
	const unsigned n_flood = 30000;
	struct pipe p = {.fds = {-1, -1}};
	struct rig rig, other;
	struct event *event;

	prepare(&rig);
	prepare(&other);
	p.rig = &rig;
	rig.data = &p;
	rig.on_wake = write_every_ten_turns;
	peer_sends(&rig, n_flood);
	peer_sends(&other, 5);
	assert_true(dbus_bus_name_has_owner(rig.peer, BUS_NAME, NULL));
	assert_true(dbus_bus_name_has_owner(other.peer, BUS_NAME, NULL));
	assert_int_equal(pipe(p.fds), 0);
	event = event_new(rig.base, p.fds[0], EV_READ | EV_PERSIST, on_pipe, &p);
	assert_int_equal(event_add(event, NULL), 0);
	attach(&rig);
	/* On the same loop, and after the flooded one. */
	other.loop = bus_loop_new(rig.base, other.self, &ops, &other);
	assert_non_null(other.loop);
	for (int64_t end = now_ms() + LONG_MS; other.n_messages < 5 && now_ms() < end;)
		event_base_loop(rig.base, EVLOOP_ONCE);
	assert_int_equal(other.n_messages, 5);
	assert_true(rig.n_messages < n_flood / 2);
	for (int64_t end = now_ms() + LONG_MS; p.n_read < 5 && now_ms() < end;)
		event_base_loop(rig.base, EVLOOP_ONCE);
	assert_int_equal(p.n_read, 5);
	/* 5 of 5 while the flood went on, each at once. */
	assert_true(rig.n_messages < n_flood);
	assert_true(p.max_lag <= 4);
	run_until(&rig, &rig.n_messages, n_flood);
	assert_int_equal(rig.n_messages, n_flood);
	event_free(event);
	close(p.fds[0]);
	close(p.fds[1]);
	other.loop = bus_loop_free(other.loop);
	finish(&rig);
	finish(&other);
}

static void send_1000(struct rig *rig, DBusMessage *message LULL_UNUSED)
{
	for (int i = 0; i < 1000; i++) {
		DBusMessage *large = new_signal(rig->peer, "Large");

		append_bytes(large, 4096);
		bus_send(rig->self, large);
	}
}

static void a_handler_that_sends_1000_messages_does_not_block(void **state LULL_UNUSED)
{
	unsigned n_received = 0;
	struct rig rig;

	prepare(&rig);
	rig.on_message = send_1000;
	peer_sends(&rig, 1);
	assert_true(dbus_bus_name_has_owner(rig.self, BUS_NAME, NULL));
	/* Nobody reads from the socket; a handler that waited for it would wait for ever. */
	kill(main_bus.pid, SIGSTOP);
	attach(&rig);
	run_until(&rig, &rig.n_messages, 1);
	assert_true(dbus_connection_has_messages_to_send(rig.self));
	kill(main_bus.pid, SIGCONT);
	for (int64_t end = now_ms() + LONG_MS; n_received < 1000 && now_ms() < end;) {
		run_for(&rig, 1);
		n_received += peer_receives(&rig, 0);
	}
	assert_int_equal(n_received, 1000);
	finish(&rig);
}

static void answer_and_call(struct rig *rig, DBusMessage *message LULL_UNUSED)
{
	bus_send(rig->self, new_signal(rig->peer, "Pong"));
	if (rig->n_messages <= 100)
		call_bus(rig->data);
}

/* finish() checks that no handler, wake or settle ran inside another one. */
static void handlers_that_send_and_call_are_never_nested(void **state LULL_UNUSED)
{
	struct rig rig;
	struct call call = {.rig = &rig};

	prepare(&rig);
	rig.on_message = answer_and_call;
	rig.data = &call;
	attach(&rig);
	/* One at a time, since there is room for one pending call. */
	for (unsigned i = 1; i <= 100; i++) {
		peer_sends(&rig, 1);
		run_until(&rig, &call.n_replies, i);
		done_call(&call);
	}
	assert_int_equal(rig.max_depth, 1);
	finish(&rig);
}

/* --- connections ----------------------------------------------------------------------------------- */

static void each_connect_is_a_connection_of_its_own(void **state LULL_UNUSED)
{
	DBusConnection *a = connect_bus(), *b = connect_bus();

	assert_ptr_not_equal(a, b);
	assert_string_not_equal(dbus_bus_get_unique_name(a), dbus_bus_get_unique_name(b));
	bus_close(a);
	assert_true(dbus_connection_get_is_connected(b));
	bus_close(b);
}

static void answer(struct rig *rig, DBusMessage *message)
{
	bus_answer(rig->self, message);
}

static void a_call_sent_the_moment_the_name_is_owned_is_answered(void **state LULL_UNUSED)
{
	DBusMessage *call = dbus_message_new_method_call(NOTIFICATIONS_NAME, PATH, IFACE, "Call");
	DBusPendingCall *pending = NULL;
	struct rig rig;
	DBusMessage *request;

	prepare(&rig);
	rig.on_message = answer;
	attach(&rig);
	/* The name last; the call is right behind it, before the loop has run at all. */
	request = bus_driver_call("RequestName", DBUS_TYPE_STRING,
				  &(const char *){NOTIFICATIONS_NAME}, DBUS_TYPE_UINT32,
				  &(dbus_uint32_t){0}, DBUS_TYPE_INVALID);
	bus_send(rig.self, request);
	dbus_connection_flush(rig.self);
	while (!dbus_bus_name_has_owner(rig.peer, NOTIFICATIONS_NAME, NULL))
		;
	assert_true(dbus_connection_send_with_reply(rig.peer, call, &pending, LONG_MS));
	dbus_connection_flush(rig.peer);
	run_until(&rig, &rig.n_messages, 1);
	run_quiet(&rig);
	for (int64_t end = now_ms() + LONG_MS;
	     !dbus_pending_call_get_completed(pending) && now_ms() < end;)
		dbus_connection_read_write_dispatch(rig.peer, 10);
	assert_true(dbus_pending_call_get_completed(pending));
	dbus_pending_call_unref(pending);
	dbus_message_unref(call);
	finish(&rig);
}

struct holder {
	DBusMessage *held[64];
	unsigned n_held;
	bool is_holding;
};

static void hold(struct rig *rig, DBusMessage *message)
{
	struct holder *h = rig->data;

	if (h->is_holding && h->n_held < ARRAY_SIZE(h->held))
		h->held[h->n_held++] = dbus_message_ref(message);
}

static void reading_that_stopped_for_held_messages_goes_on_when_they_are_let_go(
	void **state LULL_UNUSED)
{
	struct holder h = {.is_holding = true};
	struct rig rig;
	unsigned n_stopped;

	prepare(&rig);
	rig.on_message = hold;
	rig.data = &h;
	/* libdbus's own is 63 MiB: with less, the test is quick. */
	dbus_connection_set_max_received_size(rig.self, (long)MIB);
	attach(&rig);
	for (int i = 0; i < 32; i++) {
		DBusMessage *message = new_signal(rig.self, "Large");

		append_bytes(message, MIB / 4);
		bus_send(rig.peer, message);
	}
	dbus_connection_flush(rig.peer);
	run_until(&rig, &rig.n_messages, 3);
	run_for(&rig, 300);
	n_stopped = rig.n_messages;
	assert_true(n_stopped < 32);
	h.is_holding = false;
	while (h.n_held > 0)
		dbus_message_unref(h.held[--h.n_held]);
	run_until(&rig, &rig.n_messages, 32);
	finish(&rig);
}

static void handlers_that_hold_nothing_read_more_than_the_budget(void **state LULL_UNUSED)
{
	struct rig rig;

	prepare(&rig);
	dbus_connection_set_max_received_size(rig.self, (long)MIB);
	attach(&rig);
	for (int i = 0; i < 64; i++) {
		DBusMessage *message = new_signal(rig.self, "Large");

		append_bytes(message, MIB / 4);
		bus_send(rig.peer, message);
	}
	dbus_connection_flush(rig.peer);
	run_until(&rig, &rig.n_messages, 64);
	finish(&rig);
}

static void measure(struct rig *rig, DBusMessage *message)
{
	const char *bytes;
	int n = 0, m = 0;

	assert_true(dbus_message_get_args(message, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes,
					  &n, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes, &m,
					  DBUS_TYPE_INVALID));
	*(size_t *)rig->data = (size_t)n + (size_t)m;
}

static void a_message_larger_than_the_default_budget_arrives_whole(void **state LULL_UNUSED)
{
	size_t n_bytes = 0;
	DBusMessage *message;
	struct rig rig;

	prepare(&rig);
	rig.on_message = measure;
	rig.data = &n_bytes;
	attach(&rig);
	assert_true(dbus_connection_get_max_message_size(rig.self) >= 128 * (long)MIB);
	message = new_signal(rig.self, "Huge");
	append_bytes(message, 64 * MIB); /* an array can't be larger */
	append_bytes(message, 8 * MIB);
	bus_send(rig.peer, message);
	for (int64_t end = now_ms() + LONG_MS;
	     dbus_connection_has_messages_to_send(rig.peer) && now_ms() < end;)
		dbus_connection_read_write(rig.peer, 10);
	run_until(&rig, &rig.n_messages, 1);
	assert_int_equal(n_bytes, 72 * MIB);
	/* And the next one after it. */
	rig.on_message = NULL;
	peer_sends(&rig, 1);
	run_until(&rig, &rig.n_messages, 2);
	finish(&rig);
}

/* --- what is appended ------------------------------------------------------------------------------ */

static void invalid_utf8_is_replaced_not_aborted_on(void **state LULL_UNUSED)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"ä€🔔", "ä€🔔"},
		{"\xff", "?"},
		{"\x80", "?"},
		{"cut \xc3", "?"},
		{"cut \xf0\x9f\x94", "?"},
		{"overlong \xc0\xaf", "?"},
		{"surrogate \xed\xa0\x80", "?"},
		{"beyond \xf4\x90\x80\x80", "?"},
		{"Latin-1 \xe4\xf6", "?"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		DBusMessage *message = dbus_message_new_signal(PATH, IFACE, "Text");
		DBusMessageIter into, dict, entry, variant;
		const char *came;

		dbus_message_iter_init_append(message, &into);
		assert_true(bus_append_text(&into, cases[i].text));
		assert_true(
			dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &dict));
		assert_true(bus_append_text_entry(&dict, "key", cases[i].text));
		assert_true(dbus_message_iter_close_container(&into, &dict));
		dbus_message_iter_init(message, &into);
		dbus_message_iter_get_basic(&into, &came);
		assert_string_equal(came, cases[i].expected);
		dbus_message_iter_next(&into);
		dbus_message_iter_recurse(&into, &dict);
		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &variant);
		dbus_message_iter_get_basic(&variant, &came);
		assert_string_equal(came, cases[i].expected);
		dbus_message_unref(message);
	}
}

/* Keep it, as the journal does, and send it on. */
static void store_and_forward(struct rig *rig, DBusMessage *message)
{
	struct wire_notify w;
	DBusMessage *out = NULL;

	assert_true(dbus_message_contains_unix_fds(message));
	assert_int_equal(wire_decode(message, &w), 0);
	assert_int_equal(wire_forward(w.n.wire, w.n.wire_bytes, dbus_bus_get_unique_name(rig->peer),
				      7, false, NULL, &out),
			 0);
	wire_done(&w);
	bus_send(rig->self, out);
}

static void a_stored_message_goes_out_without_its_descriptors(void **state LULL_UNUSED)
{
	const char *text = "text";
	dbus_uint32_t id = 0;
	DBusMessage *notify = NULL;
	DBusMessageIter into, list;
	size_t n_fds;
	struct rig rig;
	int fd = 0;

	prepare(&rig);
	rig.on_message = store_and_forward;
	attach(&rig);
	run_quiet(&rig);
	n_fds = count_fds();
	notify = dbus_message_new_method_call(dbus_bus_get_unique_name(rig.self), PATH, IFACE,
					      "Notify");
	dbus_message_iter_init_append(notify, &into);
	dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &text);
	dbus_message_iter_append_basic(&into, DBUS_TYPE_UINT32, &id);
	for (int i = 0; i < 3; i++)
		dbus_message_iter_append_basic(&into, DBUS_TYPE_STRING, &text);
	dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "s", &list);
	dbus_message_iter_close_container(&into, &list);
	dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "{sv}", &list);
	assert_true(bus_append_entry(&list, "x-fd", DBUS_TYPE_UNIX_FD, &fd));
	assert_true(bus_append_text_entry(&list, "x-text", text));
	dbus_message_iter_close_container(&into, &list);
	dbus_message_iter_append_basic(&into, DBUS_TYPE_INT32, &(dbus_int32_t){-1});
	bus_send(rig.peer, notify);
	dbus_connection_flush(rig.peer);
	run_until(&rig, &rig.n_messages, 1);
	run_quiet(&rig);
	notify = NULL;
	for (int64_t end = now_ms() + LONG_MS; now_ms() < end;) {
		dbus_connection_read_write(rig.peer, 10);
		notify = dbus_connection_pop_message(rig.peer);
		if (notify && dbus_message_has_member(notify, "Notify"))
			break;
		if (notify)
			dbus_message_unref(notify);
		notify = NULL;
	}
	assert_non_null(notify);
	assert_false(dbus_message_contains_unix_fds(notify));
	assert_true(dbus_message_has_signature(notify, "susssasa{sv}i"));
	dbus_message_iter_init(notify, &into);
	dbus_message_iter_next(&into);
	dbus_message_iter_get_basic(&into, &id);
	assert_int_equal(id, 7);
	for (int i = 0; i < 5; i++)
		dbus_message_iter_next(&into);
	assert_int_equal(dbus_message_iter_get_element_count(&into), 1);
	dbus_message_unref(notify);
	assert_int_equal(count_fds(), n_fds);
	finish(&rig);
}

/* --- leaving --------------------------------------------------------------------------------------- */

static void freeing_the_loop_leaves_no_event_and_no_descriptor(void **state LULL_UNUSED)
{
	size_t n_fds = count_fds();

	assert_null(bus_loop_free(NULL));
	for (int i = 0; i < 8; i++) {
		struct rig rig;
		struct call call = {.rig = &rig};

		prepare(&rig);
		/* With messages that wait, a call under way, a full socket; or with nothing. */
		if (i & 1)
			peer_sends(&rig, 100);
		attach(&rig);
		if (i & 2)
			call_peer(&call, LONG_MS);
		if (i & 4) {
			run_quiet(&rig);
			kill(main_bus.pid, SIGSTOP);
			send_1000(&rig, NULL);
			run_quiet(&rig);
			assert_true(dbus_connection_has_messages_to_send(rig.self));
		}
		rig.loop = bus_loop_free(rig.loop);
		assert_int_equal(event_base_get_num_events(rig.base,
							   EVENT_BASE_COUNT_ADDED |
								   EVENT_BASE_COUNT_ACTIVE),
				 0);
		kill(main_bus.pid, SIGCONT);
		done_call(&call);
		finish(&rig);
	}
	assert_int_equal(count_fds(), n_fds);
}

static void a_connection_may_be_attached_again(void **state LULL_UNUSED)
{
	struct rig rig;

	prepare(&rig);
	for (unsigned i = 1; i <= 5; i++) {
		attach(&rig);
		peer_sends(&rig, 3);
		run_until(&rig, &rig.n_messages, 6 * i - 3);
		rig.loop = bus_loop_free(rig.loop);
		/* These come while it isn't attached. */
		peer_sends(&rig, 3);
		attach(&rig);
		run_until(&rig, &rig.n_messages, 6 * i);
		rig.loop = bus_loop_free(rig.loop);
	}
	assert_int_equal(rig.n_messages, 30);
	finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watch_that_is_disabled_costs_no_wake_up),
		cmocka_unit_test(a_write_watch_is_served_when_the_socket_was_full),
		cmocka_unit_test(a_closed_bus_is_told_as_Disconnected_and_the_process_lives),
		cmocka_unit_test(messages_before_the_end_are_dispatched_before_it),
		cmocka_unit_test(a_call_that_nobody_answers_times_out_once_whatever_the_interval),
		cmocka_unit_test(a_timeout_that_is_removed_costs_no_wake_up),
		cmocka_unit_test(a_pending_call_that_is_cancelled_in_its_own_callback_is_safe),
		cmocka_unit_test(
			a_call_under_way_when_the_bus_closes_does_no_harm_and_a_later_one_fails),
		cmocka_unit_test(messages_already_queued_when_attached_are_dispatched),
		cmocka_unit_test(settle_is_called_once_a_turn_after_its_messages),
		cmocka_unit_test(a_turn_dispatches_no_more_than_its_budget),
		cmocka_unit_test(a_lone_message_costs_no_more_than_one_turn),
		cmocka_unit_test(a_flood_on_one_connection_does_not_starve_another_one),
		cmocka_unit_test(a_handler_that_sends_1000_messages_does_not_block),
		cmocka_unit_test(handlers_that_send_and_call_are_never_nested),
		cmocka_unit_test(each_connect_is_a_connection_of_its_own),
		cmocka_unit_test(a_call_sent_the_moment_the_name_is_owned_is_answered),
		cmocka_unit_test(
			reading_that_stopped_for_held_messages_goes_on_when_they_are_let_go),
		cmocka_unit_test(handlers_that_hold_nothing_read_more_than_the_budget),
		cmocka_unit_test(a_message_larger_than_the_default_budget_arrives_whole),
		cmocka_unit_test(invalid_utf8_is_replaced_not_aborted_on),
		cmocka_unit_test(a_stored_message_goes_out_without_its_descriptors),
		cmocka_unit_test(freeing_the_loop_leaves_no_event_and_no_descriptor),
		cmocka_unit_test(a_connection_may_be_attached_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
