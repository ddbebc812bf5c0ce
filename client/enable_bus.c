#include "client/enable_bus.h"

#include "client/call.h"
#include "client/doctor_peer.h"
#include "config/command.h"
#include "daemon/core/desktop.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define LULL_PATH "/org/lull/Lull1"
#define GNOME_NAME "org.gnome.Shell.Notifications"
/* dbus-daemon gives up on a service after 25 s or more. */
#define START_PATIENCE_MS 60000
/* lulld ends a server, and waits for the next to come up. */
#define ADOPT_PATIENCE_MS 60000
#define WAIT_MS 10000
#define WAIT_STEP_MS 20

static int ask_bus(struct call *c, const char *member, const char *signature, json_t *args,
		   json_t **ret_reply, char **ret_why)
{
	const struct call_target to = {BUS_NAME, BUS_PATH, BUS_NAME, member};

	return call_any(c, &to, signature, args, START_PATIENCE_MS, ret_reply, ret_why);
}

json_int_t bus_pid(struct call *c, const char *name)
{
	autofree(json) json_t *reply = NULL;

	if (ask_bus(c, "GetConnectionUnixProcessID", "s", json_pack("[s]", name), &reply, NULL) < 0)
		return 0;
	return json_integer_value(json_array_get(reply, 0));
}

int bus_reload(struct call *c, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask_bus(c, "ReloadConfig", "", json_array(), &reply, ret_why);
}

int bus_start(struct call *c, const char *name, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask_bus(c, "StartServiceByName", "su", json_pack("[s, i]", name, 0), &reply,
		       ret_why);
}

bool bus_wait(struct call *c, const char *name, bool is_there)
{
	for (int waited = 0; waited < WAIT_MS; waited += WAIT_STEP_MS) {
		autofree(json) json_t *reply = NULL;

		if (ask_bus(c, "NameHasOwner", "s", json_pack("[s]", name), &reply, NULL) < 0)
			return false;
		if (json_is_true(json_array_get(reply, 0)) == is_there)
			return true;
		usleep(WAIT_STEP_MS * 1000);
	}
	return false;
}

/* --- who has the notifications --- */

void server_done(struct server *s)
{
	free(s->program);
}

/* The program behind a lull-shim. */
static char *shimmed_program(json_int_t pid)
{
	size_t len = 0;
	autofree(str) char *bytes = peer_read_proc(pid, "cmdline", &len);
	autofree(command) char **words = NULL;

	if (!bytes || command_unpack(bytes, len, &words) < 0 || !words[1])
		return strdup("a display server");
	return strdup(command_base(words[1]));
}

int server_find(struct call *c, struct server *ret)
{
	struct server s = {.pid = bus_pid(c, NOTIFICATIONS_NAME)};

	s.program = s.pid > 0 ? peer_program(s.pid) : strdup("");
	if (!s.program)
		return -ENOMEM;
	s.is_lulld = s.pid > 0 && s.pid == bus_pid(c, LULL_NAME);
	s.is_shimmed = strcmp(s.program, "lull-shim") == 0;
	if (s.is_shimmed) {
		free(s.program);
		s.program = shimmed_program(s.pid);
		if (!s.program)
			return -ENOMEM;
	}
	/* GNOME Shell has the name by a helper of another name. */
	s.known = desktop_find(s.pid > 0 && s.pid == bus_pid(c, GNOME_NAME) ? "gnome-shell"
									    : s.program);
	*ret = s;
	return 0;
}

const char *server_title(const struct server *s)
{
	return s->known && s->known->kind != DESKTOP_STANDALONE ? s->known->title : s->program;
}

/* --- lulld --- */

json_t *lulld_status(struct call *c)
{
	const struct call_target to = {LULL_NAME, LULL_PATH, LULL_NAME, "GetStatus"};
	autofree(json) json_t *reply = NULL;

	if (call_any(c, &to, "", json_array(), WAIT_MS, &reply, NULL) < 0)
		return NULL;
	return json_incref(json_array_get(reply, 0));
}

/* Has lulld come to know who has the name, and isn't it about to take the name from that one by itself? */
static bool is_settled(struct call *c)
{
	autofree(json) json_t *status = lulld_status(c);
	server_auto s = {0};

	if (!status || json_is_true(json_object_get(status, "in_front")))
		return true;
	if (call_number(json_object_get(status, "owner"), "pid") == 0 || server_find(c, &s) < 0)
		return false;
	return !s.is_shimmed && (!s.known || s.known->kind != DESKTOP_TAKEOVER);
}

int lulld_adopt(struct call *c, char **ret_command, char **ret_why)
{
	const struct call_target to = {LULL_NAME, LULL_PATH, LULL_NAME, "Adopt"};
	autofree(json) json_t *reply = NULL;
	const char *command;
	int r, waited;

	for (waited = 0; waited < WAIT_MS && !is_settled(c); waited += WAIT_STEP_MS)
		usleep(WAIT_STEP_MS * 1000);
	r = call_any(c, &to, "", json_array(), ADOPT_PATIENCE_MS, &reply, ret_why);
	if (r < 0)
		return r;
	command = json_string_value(json_array_get(reply, 0));
	*ret_command = strdup(command ? command : "");
	return *ret_command ? 0 : -ENOMEM;
}
