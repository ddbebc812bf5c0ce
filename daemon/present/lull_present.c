/*
 * lull-present: shows one digest with libnotify, and ends.
 *
 * lulld runs it; presenter.h has the protocol. It is a process of its own because libnotify blocks until
 * the owner of org.freedesktop.Notifications has answered, and that is lulld.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <libnotify/notify.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LULLD_FD 3
#define PACKET_MAX ((size_t)64 * 1024)
#define ERROR_MAX ((size_t)500)
/* lulld ends us after 10 s; this is for a lulld that has died meanwhile. */
#define LIFETIME_S 15

/* Places in a "show" packet. */
enum { ARG_VERB, ARG_SUMMARY, ARG_BODY, ARG_BUTTONS };

static bool is_run_by_lulld(int argc)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return argc == 1 && getsockopt(LULLD_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

static void tell(const char *verb, const char *argument)
{
	g_autoptr(GString) packet = g_string_new(verb);
	ssize_t n;

	g_string_append_c(packet, '\0');
	if (argument != NULL)
		g_string_append_len(packet, argument, (gssize)strlen(argument) + 1);
	do
		n = send(LULLD_FD, packet->str, packet->len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR); /* else lulld is gone, and there is nobody to tell */
}

/* Return: the exit status. */
static int fail(const char *why)
{
	g_autofree char *line = g_utf8_make_valid(why, (gssize)strnlen(why, ERROR_MAX));

	tell("failed", g_strdelimit(line, "\r\n\t", ' '));
	return 1;
}

static int fail_with(GError *error)
{
	g_dbus_error_strip_remote_error(error);
	return fail(error->message);
}

/* Return: the bytes that came, 0 when lulld has closed the socket. */
static size_t receive(char *buffer, size_t size)
{
	struct pollfd pfd = {.fd = LULLD_FD, .events = POLLIN};
	ssize_t n;

	/* The socket is non-blocking. */
	do {
		poll(&pfd, 1, -1);
		n = recv(LULLD_FD, buffer, size, 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? 0 : (size_t)n;
}

/* Return: the packet's strings as valid UTF-8, or NULL when it isn't a sequence of strings. */
static GPtrArray *split(const char *packet, size_t packet_bytes)
{
	GPtrArray *strings;

	if (packet_bytes == 0 || packet[packet_bytes - 1] != '\0')
		return NULL;
	strings = g_ptr_array_new_with_free_func(g_free);
	for (const char *s = packet; s < packet + packet_bytes; s += strlen(s) + 1)
		g_ptr_array_add(strings, g_utf8_make_valid(s, -1));
	return strings;
}

static const char *string_at(const GPtrArray *strings, guint i)
{
	return g_ptr_array_index(strings, i);
}

static bool is_show(const GPtrArray *strings)
{
	return strings->len > ARG_BODY && strcmp(string_at(strings, ARG_VERB), "show") == 0 &&
	       *string_at(strings, ARG_SUMMARY) != '\0'; /* libnotify refuses that */
}

static bool server_can(GList *caps, const char *cap)
{
	return g_list_find_custom(caps, cap, (GCompareFunc)strcmp) != NULL;
}

/* libnotify wants a function; lulld hears of the click itself, long after this process has ended. */
static void ignore_action(G_GNUC_UNUSED NotifyNotification *n, G_GNUC_UNUSED char *key,
			  G_GNUC_UNUSED gpointer data)
{
}

static void add_buttons(NotifyNotification *n, const GPtrArray *strings)
{
	for (guint i = ARG_BUTTONS; i + 1 < strings->len; i += 2) {
		const char *key = string_at(strings, i);
		const char *label = string_at(strings, i + 1);

		if (*key != '\0') /* libnotify wants both */
			notify_notification_add_action(n, key, *label != '\0' ? label : key,
						       ignore_action, NULL, NULL);
	}
}

/*
 * Return: the exit status. Neither the notification nor libnotify is let go of: notify_uninit() would
 * close what was just shown.
 */
static int show(const GPtrArray *strings)
{
	GList *caps = notify_get_server_caps();
	g_autoptr(GError) error = NULL;
	static NotifyNotification *n;

	/* lulld knows whether the display has markup, and has escaped the body for that. */
	n = notify_notification_new(string_at(strings, ARG_SUMMARY), string_at(strings, ARG_BODY),
				    "preferences-system-notifications");
	notify_notification_set_category(n, "x-lull.digest");
	notify_notification_set_urgency(n, NOTIFY_URGENCY_NORMAL);
	notify_notification_set_timeout(n, NOTIFY_EXPIRES_NEVER);
	notify_notification_set_hint(n, "desktop-entry", g_variant_new_string("lull"));
	if (server_can(caps, "actions"))
		add_buttons(n, strings);
	g_list_free_full(caps, g_free);

	if (!notify_notification_show(n, &error))
		return fail_with(error);
	tell("shown", NULL);
	return 0;
}

int main(int argc, G_GNUC_UNUSED char **argv)
{
	static char packet[PACKET_MAX];
	g_autoptr(GDBusConnection) bus = NULL;
	g_autoptr(GPtrArray) strings = NULL;
	g_autoptr(GError) error = NULL;
	size_t packet_bytes;

	if (!is_run_by_lulld(argc)) {
		fputs("lull-present: lulld runs this to show a digest; it does nothing by hand\n",
		      stderr);
		return 2;
	}
	fcntl(LULLD_FD, F_SETFD, FD_CLOEXEC); /* GLib may start dbus-launch */
	alarm(LIFETIME_S);

	/* The connection that libnotify will find, too: GLib keeps one per bus and process. */
	bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (bus == NULL)
		return fail_with(error);
	g_dbus_connection_set_exit_on_close(bus, FALSE);
	if (!notify_init("lull"))
		return fail("libnotify cannot be initialised");
	tell("hello", g_dbus_connection_get_unique_name(bus));

	packet_bytes = receive(packet, sizeof(packet));
	if (packet_bytes == 0)
		return 1;
	strings = split(packet, packet_bytes);
	if (strings == NULL || !is_show(strings))
		return fail("lulld sent something unexpected");
	return show(strings);
}
