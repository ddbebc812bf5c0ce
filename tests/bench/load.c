/*
 * bench-load: sends Notify calls and measures each one.
 *
 * One thread, poll() over private connections, a fixed number of calls outstanding on each. A
 * call's latency runs from just before it is given to libdbus until its reply is taken from it.
 * Every acknowledged id is checked: not 0, and not an id that is still open.
 */
#include "config/base.h"
#include <dbus/dbus.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"

/* As long as libnotify waits for an answer. */
#define ANSWER_LIMIT_NS (INT64_C(25) * 1000 * 1000 * 1000)
/* When the server is gone the bus answers in its place; this is for a bus that is gone, too. */
#define DRAIN_LIMIT_NS (INT64_C(2) * 1000 * 1000 * 1000)

struct options {
	const char *dest;
	const char *ids_path; /* NULL: don't write ids */
	size_t n_connections;
	size_t depth;
	size_t count;
	size_t body_bytes;
	size_t image_bytes; /* 0: no image */
	int64_t pace_ns;
	bool is_json;
};

struct call {
	uint32_t serial; /* 0: this slot is free */
	int64_t sent_ns;
};

struct sender {
	DBusConnection *bus;
	DBusWatch *read_watch, *write_watch;
	DBusMessage *ping;  /* the template; each call is a copy */
	struct call *calls; /* options.depth of them */
	size_t n_outstanding;
	int64_t next_ns; /* don't send before; moved by --pace */
};

/** Which ids are open: one bit each, a page of 64 Ki ids made when it is first touched. */
struct id_set {
	uint8_t *pages[1 << 16];
};

struct load {
	const struct options *options;
	struct sender *senders;
	struct pollfd *fds; /* one a sender */
	struct id_set *open_ids;
	int64_t *latency_ns; /* n_acknowledged of them */
	int ids_fd;          /* -1: none */
	size_t n_sent, n_acknowledged, n_errors, n_duplicates, n_unanswered;
	char *owner;       /* unique name of the server, owned */
	char *first_error; /* owned */
	bool is_server_gone;
	bool is_hung;
	int64_t stop_ns; /* give up on what is outstanding, once it is hung or gone */
	int64_t last_progress_ns;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 * 1000 * 1000 + ts.tv_nsec;
}

/* --- ids ------------------------------------------------------------------------------------- */

/* Return: 0, 1 when @id was there already, or -ENOMEM. */
static int id_set_add(struct id_set *set, uint32_t id)
{
	uint8_t **page = &set->pages[id >> 16];
	const uint32_t byte = (id & 0xffff) / 8;
	const uint8_t bit = (uint8_t)(1u << (id % 8));

	if (*page == NULL)
		*page = calloc(1, (1 << 16) / 8);
	if (*page == NULL)
		return -ENOMEM;
	if (((*page)[byte] & bit) != 0)
		return 1;
	(*page)[byte] |= bit;
	return 0;
}

static void id_set_remove(struct id_set *set, uint32_t id)
{
	uint8_t *page = set->pages[id >> 16];

	if (page != NULL)
		page[(id & 0xffff) / 8] &= (uint8_t) ~(1u << (id % 8));
}

static void id_set_free(struct id_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(set->pages); i++)
		free(set->pages[i]);
	free(set);
}

/* One write() a line: what was acknowledged is on record whatever happens next. */
static int write_id(int fd, uint32_t id)
{
	char line[16];
	int n = snprintf(line, sizeof(line), "%" PRIu32 "\n", id);

	return write(fd, line, (size_t)n) == n ? 0 : -EIO;
}

/* --- the ping -------------------------------------------------------------------------------- */

static bool append_hint(DBusMessageIter *hints, const char *key, int type, const char *signature,
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

/* An RGB image that is as square as possible, in whole rows: at most @bytes, at least one pixel. */
static bool append_image(DBusMessageIter *hints, size_t bytes)
{
	const char *key = "image-data";
	const int channels = 3, bits = 8;
	const dbus_bool_t has_alpha = FALSE;
	DBusMessageIter entry, variant, image, array;
	int width = 1, height = 1, stride = 0, n_data = 0;
	uint8_t *data = NULL;
	bool is_ok = false;

	while ((size_t)(width + 1) * (size_t)(width + 1) * (size_t)channels <= bytes)
		width++;
	stride = width * channels;
	height = MAX((int)(bytes / (size_t)stride), 1);
	n_data = stride * height;
	data = malloc((size_t)n_data);
	if (data == NULL)
		return false;
	for (int i = 0; i < n_data; i++)
		data[i] = (uint8_t)(i * 7);
	is_ok = dbus_message_iter_open_container(hints, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
		dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
		dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "(iiibiiay)",
						 &variant) &&
		dbus_message_iter_open_container(&variant, DBUS_TYPE_STRUCT, NULL, &image) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_INT32, &width) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_INT32, &height) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_INT32, &stride) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_BOOLEAN, &has_alpha) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_INT32, &bits) &&
		dbus_message_iter_append_basic(&image, DBUS_TYPE_INT32, &channels) &&
		dbus_message_iter_open_container(&image, DBUS_TYPE_ARRAY, "y", &array) &&
		dbus_message_iter_append_fixed_array(&array, DBUS_TYPE_BYTE, &data, n_data) &&
		dbus_message_iter_close_container(&image, &array) &&
		dbus_message_iter_close_container(&variant, &image) &&
		dbus_message_iter_close_container(&entry, &variant) &&
		dbus_message_iter_close_container(hints, &entry);
	free(data);
	return is_ok;
}

static bool append_hints(DBusMessageIter *args, size_t image_bytes)
{
	const uint8_t urgency = 1;
	const char *desktop_entry = "org.lull.Bench";
	const int64_t pid = getpid();
	DBusMessageIter hints;

	return dbus_message_iter_open_container(args, DBUS_TYPE_ARRAY, "{sv}", &hints) &&
	       append_hint(&hints, "urgency", DBUS_TYPE_BYTE, "y", &urgency) &&
	       append_hint(&hints, "desktop-entry", DBUS_TYPE_STRING, "s", &desktop_entry) &&
	       append_hint(&hints, "sender-pid", DBUS_TYPE_INT64, "x", &pid) &&
	       (image_bytes == 0 || append_image(&hints, image_bytes)) &&
	       dbus_message_iter_close_container(args, &hints);
}

static bool append_actions(DBusMessageIter *args)
{
	const char *const words[] = {"default", "Open"};
	DBusMessageIter actions;

	if (!dbus_message_iter_open_container(args, DBUS_TYPE_ARRAY, "s", &actions))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!dbus_message_iter_append_basic(&actions, DBUS_TYPE_STRING, &words[i]))
			return false;
	return dbus_message_iter_close_container(args, &actions);
}

/* Words without digits: nothing in it looks like a one-time code, so a focus block holds it. */
static char *make_body(size_t bytes)
{
	static const char words[] = "the nightly build is green and the report can be read now ";
	char *body = malloc(bytes + 1);

	if (body == NULL)
		return NULL;
	for (size_t i = 0; i < bytes; i++)
		body[i] = words[i % (sizeof(words) - 1)];
	body[bytes] = '\0';
	return body;
}

/* A ping such as a mail or chat program sends, with one button. */
static DBusMessage *make_ping(const struct options *o, size_t number)
{
	const char *icon = "mail-unread", *summary = "A new message has come in";
	const uint32_t replaces = 0;
	const int32_t timeout = -1;
	autofree(str) char *app = NULL;
	autofree(str) char *body = make_body(o->body_bytes);
	DBusMessage *ping = NULL;
	DBusMessageIter args;

	if (body == NULL || asprintf(&app, "Bench %zu", number) < 0)
		return NULL;
	ping = dbus_message_new_method_call(o->dest, NOTIFICATIONS_PATH, NOTIFICATIONS, "Notify");
	if (ping == NULL)
		return NULL;
	/* Without this the bus would start whatever display server is installed. */
	dbus_message_set_auto_start(ping, FALSE);
	dbus_message_iter_init_append(ping, &args);
	if (dbus_message_iter_append_basic(&args, DBUS_TYPE_STRING, &app) &&
	    dbus_message_iter_append_basic(&args, DBUS_TYPE_UINT32, &replaces) &&
	    dbus_message_iter_append_basic(&args, DBUS_TYPE_STRING, &icon) &&
	    dbus_message_iter_append_basic(&args, DBUS_TYPE_STRING, &summary) &&
	    dbus_message_iter_append_basic(&args, DBUS_TYPE_STRING, &body) &&
	    append_actions(&args) && append_hints(&args, o->image_bytes) &&
	    dbus_message_iter_append_basic(&args, DBUS_TYPE_INT32, &timeout))
		return ping;
	dbus_message_unref(ping);
	return NULL;
}

/* --- a connection ---------------------------------------------------------------------------- */

/*
 * libdbus's own read_write() polls before every read. With the watches in our hands the one poll()
 * over all connections is enough.
 */
static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
	struct sender *s = data;

	if ((dbus_watch_get_flags(watch) & DBUS_WATCH_READABLE) != 0)
		s->read_watch = watch;
	else
		s->write_watch = watch;
	return TRUE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
	struct sender *s = data;

	if (s->read_watch == watch)
		s->read_watch = NULL;
	if (s->write_watch == watch)
		s->write_watch = NULL;
}

static int sender_init(struct sender *s, const struct options *o, size_t number)
{
	DBusError error = DBUS_ERROR_INIT;

	s->calls = calloc(o->depth, sizeof(*s->calls));
	s->ping = make_ping(o, number);
	if (s->calls == NULL || s->ping == NULL)
		return -ENOMEM;
	s->bus = dbus_bus_get_private(DBUS_BUS_SESSION, &error);
	if (s->bus == NULL) {
		fprintf(stderr, "bench-load: no session bus: %s\n", error.message);
		dbus_error_free(&error);
		return -ENOTCONN;
	}
	dbus_connection_set_exit_on_disconnect(s->bus, FALSE);
	if (!dbus_connection_set_watch_functions(s->bus, add_watch, remove_watch, NULL, s, NULL))
		return -ENOMEM;
	return 0;
}

static void sender_done(struct sender *s)
{
	if (s->bus != NULL) {
		dbus_connection_close(s->bus);
		dbus_connection_unref(s->bus);
	}
	if (s->ping != NULL)
		dbus_message_unref(s->ping);
	free(s->calls);
}

static struct pollfd sender_poll(const struct sender *s)
{
	struct pollfd p = {.fd = -1};

	if (s->read_watch != NULL) {
		p.fd = dbus_watch_get_unix_fd(s->read_watch);
		if (dbus_watch_get_enabled(s->read_watch))
			p.events |= POLLIN;
	}
	if (s->write_watch != NULL && dbus_watch_get_enabled(s->write_watch))
		p.events |= POLLOUT;
	return p;
}

static void sender_transfer(struct sender *s, short revents)
{
	unsigned int flags = 0;

	if ((revents & POLLERR) != 0)
		flags |= DBUS_WATCH_ERROR;
	if ((revents & POLLHUP) != 0)
		flags |= DBUS_WATCH_HANGUP;
	if ((revents & POLLOUT) != 0 && s->write_watch != NULL)
		dbus_watch_handle(s->write_watch, flags | DBUS_WATCH_WRITABLE);
	if ((revents & ~POLLOUT) != 0 && s->read_watch != NULL)
		dbus_watch_handle(s->read_watch, flags | DBUS_WATCH_READABLE);
}

/* --- sending and hearing --------------------------------------------------------------------- */

static struct call *find_call(const struct load *l, const struct sender *s, uint32_t serial)
{
	for (size_t i = 0; i < l->options->depth; i++)
		if (s->calls[i].serial == serial)
			return &s->calls[i];
	return NULL;
}

static void server_is_gone(struct load *l)
{
	if (l->is_server_gone)
		return;
	l->is_server_gone = true;
	l->stop_ns = now_ns() + DRAIN_LIMIT_NS;
}

static int send_one(struct load *l, struct sender *s)
{
	struct call *call = find_call(l, s, 0);
	DBusMessage *ping = dbus_message_copy(s->ping);
	bool is_sent = false;

	if (ping == NULL)
		return -ENOMEM;
	call->sent_ns = now_ns();
	is_sent = dbus_connection_send(s->bus, ping, &call->serial);
	dbus_message_unref(ping);
	if (!is_sent)
		return -ENOMEM;
	s->n_outstanding++;
	l->n_sent++;
	return 0;
}

static int send_what_may_go(struct load *l)
{
	const struct options *o = l->options;
	const int64_t now = o->pace_ns > 0 ? now_ns() : 0;
	int r = 0;

	if (l->is_server_gone || l->is_hung)
		return 0;
	for (size_t i = 0; i < o->n_connections; i++) {
		struct sender *s = &l->senders[i];

		if (!dbus_connection_get_is_connected(s->bus) || s->next_ns > now)
			continue;
		while (r == 0 && s->n_outstanding < o->depth && l->n_sent < o->count)
			r = send_one(l, s);
	}
	return r;
}

static int acknowledge(struct load *l, uint32_t id, int64_t latency_ns)
{
	int r = id_set_add(l->open_ids, id);

	if (r < 0)
		return r;
	if (r > 0)
		l->n_duplicates++;
	l->latency_ns[l->n_acknowledged++] = latency_ns;
	return l->ids_fd < 0 ? 0 : write_id(l->ids_fd, id);
}

/* The bus answers for a server that went away or never was. */
static bool is_absence(DBusMessage *m)
{
	static const char *const names[] = {DBUS_ERROR_NO_REPLY, DBUS_ERROR_SERVICE_UNKNOWN,
					    DBUS_ERROR_NAME_HAS_NO_OWNER};

	if (!dbus_message_has_sender(m, DBUS_SERVICE_DBUS))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (dbus_message_is_error(m, names[i]))
			return true;
	return false;
}

static void count_error(struct load *l, DBusMessage *m)
{
	const char *text = "";

	l->n_errors++;
	if (l->first_error != NULL)
		return;
	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_ERROR)
		text = "the answer isn't an id above 0";
	else
		dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	if (asprintf(&l->first_error, "%s: %s",
		     dbus_message_get_error_name(m) != NULL ? dbus_message_get_error_name(m)
							    : "reply",
		     text) < 0)
		l->first_error = NULL;
}

static int heard_reply(struct load *l, struct sender *s, DBusMessage *m, int64_t now)
{
	struct call *call = find_call(l, s, dbus_message_get_reply_serial(m));
	uint32_t id = 0;

	if (call == NULL)
		return 0;
	call->serial = 0;
	s->n_outstanding--;
	if (l->options->pace_ns > 0)
		s->next_ns = now + l->options->pace_ns;
	l->last_progress_ns = now;

	if (is_absence(m)) {
		l->n_unanswered++;
		server_is_gone(l);
		return 0;
	}
	if (dbus_message_get_type(m) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
	    dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID) && id > 0)
		return acknowledge(l, id, now - call->sent_ns);
	count_error(l, m);
	return 0;
}

static void heard_signal(struct load *l, DBusMessage *m)
{
	const char *name = NULL, *from = NULL, *to = NULL;
	uint32_t id = 0, reason = 0;

	if (dbus_message_is_signal(m, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		server_is_gone(l);
	} else if (dbus_message_is_signal(m, NOTIFICATIONS, "NotificationClosed")) {
		if (dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_UINT32, &reason,
					  DBUS_TYPE_INVALID))
			id_set_remove(l->open_ids, id);
	} else if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
		if (dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &from,
					  DBUS_TYPE_STRING, &to, DBUS_TYPE_INVALID) &&
		    strcmp(name, l->options->dest) == 0 && strcmp(to, l->owner) != 0)
			server_is_gone(l);
	}
}

static int hear(struct load *l, struct sender *s)
{
	DBusMessage *m = NULL;
	int64_t now = 0;
	int r = 0;

	while (r == 0 && (m = dbus_connection_pop_message(s->bus)) != NULL) {
		now = now_ns();
		if (dbus_message_get_type(m) == DBUS_MESSAGE_TYPE_SIGNAL)
			heard_signal(l, m);
		else
			r = heard_reply(l, s, m, now);
		dbus_message_unref(m);
	}
	return r;
}

/* --- the run --------------------------------------------------------------------------------- */

static size_t n_outstanding(const struct load *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->options->n_connections; i++)
		n += l->senders[i].n_outstanding;
	return n;
}

/* How long poll() may wait: until a paced connection may send, or an answer is overdue. */
static struct timespec wait_time(const struct load *l, int64_t now)
{
	int64_t until = l->last_progress_ns + ANSWER_LIMIT_NS;
	int64_t wait = 0;

	if (l->is_server_gone || l->is_hung)
		until = MIN(until, l->stop_ns);
	else if (l->options->pace_ns > 0 && l->n_sent < l->options->count)
		for (size_t i = 0; i < l->options->n_connections; i++)
			if (l->senders[i].n_outstanding < l->options->depth)
				until = MIN(until, l->senders[i].next_ns);
	wait = MAX(until - now, 0);
	return (struct timespec){.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
}

static int turn(struct load *l)
{
	const size_t n = l->options->n_connections;
	struct timespec wait;
	int r = send_what_may_go(l);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		l->fds[i] = sender_poll(&l->senders[i]);
	wait = wait_time(l, now_ns());
	if (ppoll(l->fds, (nfds_t)n, &wait, NULL) < 0 && errno != EINTR)
		return -errno;
	for (size_t i = 0; i < n && r == 0; i++) {
		if (l->fds[i].revents == 0)
			continue;
		sender_transfer(&l->senders[i], l->fds[i].revents);
		r = hear(l, &l->senders[i]);
	}
	return r;
}

static int run(struct load *l, int64_t *ret_elapsed_ns)
{
	const int64_t start = now_ns();
	int64_t now = start;
	int r = 0;

	l->last_progress_ns = start;
	for (;;) {
		if (n_outstanding(l) == 0 && (l->n_sent == l->options->count || l->is_server_gone))
			break;
		r = turn(l);
		if (r < 0)
			return r;
		now = now_ns();
		/* A pace longer than the limit isn't a server that doesn't answer. */
		if (n_outstanding(l) == 0)
			l->last_progress_ns = now;
		if (now - l->last_progress_ns >= ANSWER_LIMIT_NS)
			l->is_hung = true;
		if (l->is_hung || (l->is_server_gone && now >= l->stop_ns))
			break;
	}
	l->n_unanswered += n_outstanding(l);
	*ret_elapsed_ns = l->last_progress_ns - start;
	return 0;
}

/* --- setting up ------------------------------------------------------------------------------ */

/* The match comes first, so that a server which leaves right after the question is noticed. */
static int find_server(struct load *l)
{
	const char *dest = l->options->dest;
	DBusConnection *bus = l->senders[0].bus;
	DBusError error = DBUS_ERROR_INIT;
	autofree(str) char *match = NULL;
	DBusMessage *question = NULL, *answer = NULL;
	const char *owner = NULL;
	int r = -ENOMEM;

	if (asprintf(&match,
		     "type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS
		     "',member='NameOwnerChanged',arg0='%s'",
		     dest) < 0)
		return -ENOMEM;
	dbus_bus_add_match(bus, match, &error);
	question = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
						DBUS_INTERFACE_DBUS, "GetNameOwner");
	if (!dbus_error_is_set(&error) && question != NULL &&
	    dbus_message_append_args(question, DBUS_TYPE_STRING, &dest, DBUS_TYPE_INVALID))
		answer = dbus_connection_send_with_reply_and_block(bus, question, -1, &error);
	if (answer != NULL &&
	    dbus_message_get_args(answer, &error, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID)) {
		l->owner = strdup(owner);
		r = l->owner != NULL ? 0 : -ENOMEM;
	} else if (dbus_error_is_set(&error)) {
		fprintf(stderr, "bench-load: %s: %s\n", dest, error.message);
		r = -ENOTCONN;
	}
	dbus_error_free(&error);
	if (answer != NULL)
		dbus_message_unref(answer);
	if (question != NULL)
		dbus_message_unref(question);
	return r;
}

static int load_init(struct load *l, const struct options *o)
{
	int r = 0;

	*l = (struct load){.options = o, .ids_fd = -1};
	l->senders = calloc(o->n_connections, sizeof(*l->senders));
	l->fds = calloc(o->n_connections, sizeof(*l->fds));
	l->open_ids = calloc(1, sizeof(*l->open_ids));
	l->latency_ns = calloc(o->count, sizeof(*l->latency_ns));
	if (l->senders == NULL || l->fds == NULL || l->open_ids == NULL || l->latency_ns == NULL)
		return -ENOMEM;
	/* Touched now, so that no page fault is measured. */
	memset(l->latency_ns, 1, o->count * sizeof(*l->latency_ns));
	if (o->ids_path != NULL) {
		l->ids_fd = open(o->ids_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (l->ids_fd < 0) {
			r = -errno;
			fprintf(stderr, "bench-load: %s: %s\n", o->ids_path, strerror(-r));
			return r;
		}
	}
	for (size_t i = 0; i < o->n_connections && r == 0; i++)
		r = sender_init(&l->senders[i], o, i + 1);
	return r == 0 ? find_server(l) : r;
}

static void load_done(struct load *l)
{
	for (size_t i = 0; l->senders != NULL && i < l->options->n_connections; i++)
		sender_done(&l->senders[i]);
	free(l->senders);
	free(l->fds);
	free(l->latency_ns);
	id_set_free(l->open_ids);
	free(l->owner);
	free(l->first_error);
	if (l->ids_fd >= 0)
		close(l->ids_fd);
}

/* --- the report ------------------------------------------------------------------------------ */

static int compare_ns(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The nearest rank: a latency that really occurred, in microseconds; 0 when there is none. */
static double percentile(const struct load *l, size_t percent)
{
	const size_t n = l->n_acknowledged;
	const size_t rank = (n * percent + 99) / 100;

	return n == 0 ? 0.0 : (double)l->latency_ns[MAX(rank, 1) - 1] / 1000.0;
}

static void print_text(const struct load *l, double seconds, double per_second)
{
	printf("connections %zu, depth %zu: %zu sent, %zu acknowledged, %zu unanswered, %zu errors, "
	       "%zu duplicates\n",
	       l->options->n_connections, l->options->depth, l->n_sent, l->n_acknowledged,
	       l->n_unanswered, l->n_errors, l->n_duplicates);
	printf("%.3f s, %.0f a second; p50 %.1f us, p90 %.1f us, p99 %.1f us, max %.1f us\n",
	       seconds, per_second, percentile(l, 50), percentile(l, 90), percentile(l, 99),
	       percentile(l, 100));
}

static void print_json(const struct load *l, double seconds, double per_second)
{
	printf("{\"connections\": %zu, \"depth\": %zu, \"sent\": %zu, \"acknowledged\": %zu, "
	       "\"unanswered\": %zu, \"errors\": %zu, \"duplicates\": %zu, ",
	       l->options->n_connections, l->options->depth, l->n_sent, l->n_acknowledged,
	       l->n_unanswered, l->n_errors, l->n_duplicates);
	printf("\"seconds\": %.6f, \"per_second\": %.1f, \"p50_us\": %.1f, \"p90_us\": %.1f, "
	       "\"p99_us\": %.1f, \"max_us\": %.1f}\n",
	       seconds, per_second, percentile(l, 50), percentile(l, 90), percentile(l, 99),
	       percentile(l, 100));
}

static void report(struct load *l, int64_t elapsed_ns)
{
	const double seconds = (double)elapsed_ns / 1e9;
	const double per_second = elapsed_ns > 0 ? (double)l->n_acknowledged / seconds : 0.0;

	qsort(l->latency_ns, l->n_acknowledged, sizeof(*l->latency_ns), compare_ns);
	if (l->options->is_json)
		print_json(l, seconds, per_second);
	else
		print_text(l, seconds, per_second);

	if (l->first_error != NULL)
		fprintf(stderr, "bench-load: the first error: %s\n", l->first_error);
	if (l->n_duplicates > 0)
		fprintf(stderr, "bench-load: %zu ids were given twice while open\n",
			l->n_duplicates);
	if (l->is_server_gone)
		fprintf(stderr, "bench-load: the server went away; %zu were acknowledged\n",
			l->n_acknowledged);
	if (l->is_hung)
		fprintf(stderr, "bench-load: no answer for 25 s; %zu were acknowledged\n",
			l->n_acknowledged);
}

/* --- the command line ------------------------------------------------------------------------ */

static const struct option long_options[] = {
	{"dest", required_argument, NULL, 'd'},
	{"connections", required_argument, NULL, 'c'},
	{"depth", required_argument, NULL, 'q'},
	{"count", required_argument, NULL, 'n'},
	{"body", required_argument, NULL, 'b'},
	{"image", required_argument, NULL, 'i'},
	{"ids", required_argument, NULL, 'o'},
	{"pace", required_argument, NULL, 'p'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *to)
{
	fputs("usage: bench-load [OPTION]...\n"
	      "  --dest NAME       whom to call (" NOTIFICATIONS ")\n"
	      "  --connections C   connections, all in one thread (1)\n"
	      "  --depth D         calls outstanding on each connection (1)\n"
	      "  --count N         calls in total (1000)\n"
	      "  --body BYTES      length of the body (100)\n"
	      "  --image BYTES     send an image of at most so many bytes (0: none)\n"
	      "  --pace US         each connection pauses so long after an answer (0)\n"
	      "  --ids FILE        write every acknowledged id at once, a line each\n"
	      "  --json            print one JSON object\n"
	      "Exit status: 0 all were acknowledged, 1 not all, 2 usage.\n",
	      to);
}

static bool read_number(const char *text, size_t min, size_t max, size_t *ret)
{
	char *end = NULL;
	unsigned long long value = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value < min ||
	    value > max) {
		fprintf(stderr, "bench-load: '%s' isn't a number from %zu to %zu\n", text, min,
			max);
		return false;
	}
	*ret = (size_t)value;
	return true;
}

static bool read_dest(const char *text, const char **ret)
{
	if (!dbus_validate_bus_name(text, NULL)) {
		fprintf(stderr, "bench-load: '%s' isn't a bus name\n", text);
		return false;
	}
	*ret = text;
	return true;
}

/* Return: 0, 1 when only help was asked for, or -EINVAL. */
static int read_options(int argc, char **argv, struct options *ret)
{
	const size_t mib = 1024 * 1024;
	struct options o = {.dest = NOTIFICATIONS,
			    .n_connections = 1,
			    .depth = 1,
			    .count = 1000,
			    .body_bytes = 100};
	size_t pace_us = 0;
	bool is_ok = true;
	int c = 0;

	while (is_ok && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 'd': is_ok = read_dest(optarg, &o.dest); break;
		case 'c': is_ok = read_number(optarg, 1, 200, &o.n_connections); break;
		case 'q': is_ok = read_number(optarg, 1, 10000, &o.depth); break;
		case 'n': is_ok = read_number(optarg, 1, 100 * 1000 * 1000, &o.count); break;
		case 'b': is_ok = read_number(optarg, 0, 16 * mib, &o.body_bytes); break;
		case 'i': is_ok = read_number(optarg, 0, 48 * mib, &o.image_bytes); break;
		case 'p': is_ok = read_number(optarg, 0, 3600000000, &pace_us); break;
		case 'o': o.ids_path = optarg; break;
		case 'j': o.is_json = true; break;
		case 'h': usage(stdout); return 1;
		default: is_ok = false; break;
		}
	}
	if (!is_ok || optind < argc) {
		usage(stderr);
		return -EINVAL;
	}
	o.pace_ns = (int64_t)pace_us * 1000;
	*ret = o;
	return 0;
}

int main(int argc, char **argv)
{
	struct options o;
	struct load l;
	int64_t elapsed_ns = 0;
	int r = read_options(argc, argv, &o);

	if (r != 0)
		return r < 0 ? 2 : 0;
	r = load_init(&l, &o);
	if (r == 0)
		r = run(&l, &elapsed_ns);
	if (r == 0) {
		report(&l, elapsed_ns);
		if (l.n_acknowledged < o.count || l.n_duplicates > 0)
			r = -EIO;
	} else if (r != -ENOTCONN) {
		fprintf(stderr, "bench-load: %s\n", strerror(-r));
	}
	load_done(&l);
	return r < 0 ? 1 : 0;
}
