#include "daemon/bus/peer.h"

#include "config/command.h"
#include "daemon/bus/bus.h"
#include "daemon/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the value --- */

int peer_init(struct peer *p)
{
	*p = (struct peer){.unique = strdup(""), .program = strdup("")};
	if (p->unique && p->program)
		return 0;
	peer_done(p);
	return -ENOMEM;
}

void peer_done(struct peer *p)
{
	free(p->unique);
	free(p->program);
	*p = (struct peer){0};
}

void peer_clear(struct peer *p)
{
	*p->unique = '\0';
	*p->program = '\0';
	p->pid = 0;
	p->is_shimmed = p->is_shell_gsn = false;
}

void peer_move(struct peer *to, struct peer *from)
{
	peer_done(to);
	*to = *from;
	if (peer_init(from) < 0)
		*from = (struct peer){0};
}

const struct desktop_server *peer_server(const struct peer *p)
{
	return desktop_find(p->is_shell_gsn ? "gnome-shell" : p->program);
}

/* --- its process --- */

/* Its start; a longer command line is of no use. */
#define CMDLINE_MAX 16384

static int read_cmdline(uint32_t pid, char ***ret)
{
	autofree(str) char *bytes = malloc(CMDLINE_MAX);
	char path[32];
	ssize_t n, length = 0;
	int fd;

	if (!bytes)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < CMDLINE_MAX &&
	       (n = read(fd, bytes + length, (size_t)(CMDLINE_MAX - length))) > 0)
		length += n;
	close(fd);
	return command_unpack(bytes, (size_t)length, ret);
}

/* The words of lull-shim's own command line before those of the server. */
static size_t shim_words(char *const *words)
{
	return words[1] && strcmp(words[1], "--") == 0 ? 2 : 1;
}

char *peer_program(uint32_t pid, bool *ret_is_shimmed)
{
	autofree(str) char *path = spawn_program_of((pid_t)pid);
	autofree(command) char **words = NULL;
	size_t first;

	*ret_is_shimmed = false;
	if (!path)
		return NULL;
	if (strcmp(command_base(path), "lull-shim") != 0)
		return strdup(command_base(path));
	*ret_is_shimmed = true;
	if (read_cmdline(pid, &words) < 0)
		return NULL;
	first = shim_words(words);
	return words[first] ? strdup(command_base(words[first])) : NULL;
}

int peer_command(uint32_t pid, char ***ret)
{
	autofree(command) char **words = NULL;
	autofree(str) char *program = NULL;
	bool is_shimmed;
	size_t first, i;
	int r = read_cmdline(pid, &words);

	if (r < 0)
		return r;
	program = peer_program(pid, &is_shimmed);
	first = is_shimmed ? shim_words(words) : 0;
	if (first > 0) {
		for (i = 0; i < first && words[i]; i++)
			free(words[i]);
		i = 0;
		do
			words[i] = words[i + first];
		while (words[i++]);
	}
	if (!words[0])
		return -EINVAL;
	*ret = take(words);
	return 0;
}

/* --- asking the bus --- */

/* Who has the name first, then what there is to know of that one: the owner may change in between. */
struct peer_question {
	DBusConnection *connection; /* borrowed: it holds the call that this waits for */
	peer_fn fn;                 /* NULL: nobody is to hear of it any more */
	void *data;
	struct peer peer;
	unsigned n_left; /* answers that are still to come */
};

static void question_free(struct peer_question *q)
{
	peer_done(&q->peer);
	free(q);
}

static void question_done(struct peer_question *q)
{
	bool is_shimmed = false;

	if (--q->n_left > 0)
		return;
	if (q->fn) {
		char *program = q->peer.pid > 0 ? peer_program(q->peer.pid, &is_shimmed) : NULL;

		/* D-Bus can't carry it in status otherwise; and without a name it is one that isn't known. */
		if (program && dbus_validate_utf8(program, NULL)) {
			free(q->peer.program);
			q->peer.program = take(program);
		}
		q->peer.is_shimmed = is_shimmed;
		free(program);
		q->fn(q->data, &q->peer);
	}
	question_free(q);
}

/* The connection has ended before the answer. */
static void drop_question(void *data)
{
	struct peer_question *q = data;

	q->fn = NULL;
	question_done(q);
}

static int ask(struct peer_question *q, const char *member, const char *name, bus_reply_fn fn)
{
	DBusMessage *call = bus_driver_call(member, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	int r = call ? bus_call_owning(q->connection, call, DBUS_TIMEOUT_USE_DEFAULT, fn, q,
				       drop_question)
		     : -ENOMEM;

	if (call)
		dbus_message_unref(call);
	if (r == 0)
		q->n_left++;
	return r;
}

/* The first argument of an answer; NULL when it is an error. */
static const char *text_of(DBusMessage *reply)
{
	const char *text;

	return dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
			       dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text,
						     DBUS_TYPE_INVALID)
		       ? text
		       : NULL;
}

static void on_pid(void *data, DBusMessage *reply)
{
	struct peer_question *q = data;
	dbus_uint32_t pid;

	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID))
		q->peer.pid = pid;
	question_done(q);
}

static void on_gsn_owner(void *data, DBusMessage *reply)
{
	struct peer_question *q = data;
	const char *unique = text_of(reply);

	q->peer.is_shell_gsn = unique && strcmp(unique, q->peer.unique) == 0;
	question_done(q);
}

/* Out of memory: what can't be asked stays unknown. */
static void ask_about(struct peer_question *q)
{
	if (ask(q, "GetConnectionUnixProcessID", q->peer.unique, on_pid) == 0 &&
	    ask(q, "GetNameOwner", GNOME_SERVICE_NAME, on_gsn_owner) == 0)
		return;
}

static void on_owner(void *data, DBusMessage *reply)
{
	struct peer_question *q = data;
	const char *unique = text_of(reply);
	char *copy = unique ? strdup(unique) : NULL;

	if (copy) {
		free(q->peer.unique);
		q->peer.unique = copy;
		ask_about(q);
	}
	question_done(q);
}

int peer_ask(DBusConnection *connection, const char *name, peer_fn fn, void *data)
{
	struct peer_question *q = calloc(1, sizeof(*q));
	int r = q ? peer_init(&q->peer) : -ENOMEM;

	if (r < 0) {
		free(q);
		return r;
	}
	q->connection = connection;
	q->fn = fn;
	q->data = data;
	r = ask(q, "GetNameOwner", name, on_owner);
	if (r < 0)
		question_free(q);
	return r;
}
