#include "client/units.h"

#include "client/call.h"
#include <errno.h>
#include <string.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define PATIENCE_MS 25000

static int ask(struct call *c, const char *member, const char *signature, json_t *args,
	       json_t **ret_reply, char **ret_why)
{
	const struct call_target to = {SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_NAME ".Manager", member};

	return call_any(c, &to, signature, args, PATIENCE_MS, ret_reply, ret_why);
}

bool units_are_there(struct call *c)
{
	const struct call_target to = {"org.freedesktop.DBus", "/org/freedesktop/DBus",
				       "org.freedesktop.DBus", "GetNameOwner"};
	autofree(json) json_t *owner = NULL;

	return call_other(c, &to, SYSTEMD_NAME, PATIENCE_MS, &owner) == 0;
}

/* --- what there is --- */

void unit_done(struct unit *u)
{
	json_decref(u->about);
	json_decref(u->service);
	*u = (struct unit){0};
}

/* NULL when there is no answer. */
static json_t *properties(struct call *c, const char *path, const char *interface)
{
	const struct call_target to = {SYSTEMD_NAME, path, "org.freedesktop.DBus.Properties",
				       "GetAll"};
	autofree(json) json_t *reply = NULL;

	if (call_other(c, &to, interface, PATIENCE_MS, &reply) < 0)
		return NULL;
	return json_incref(json_array_get(reply, 0));
}

/* The unit at the object path that systemd has answered. */
static struct unit read_unit(struct call *c, const json_t *reply)
{
	const char *path = json_string_value(json_array_get(reply, 0));
	struct unit u = {.name = "", .state = ""};

	if (!path)
		return u;
	u.about = properties(c, path, SYSTEMD_NAME ".Unit");
	u.service = properties(c, path, SYSTEMD_NAME ".Service");
	u.name = call_text(u.about, "id");
	u.state = call_text(u.about, "active_state");
	u.is_loaded = strcmp(call_text(u.about, "load_state"), "loaded") == 0;
	u.is_masked = strcmp(call_text(u.about, "load_state"), "masked") == 0;
	u.is_in_conflict = strcmp(call_text(u.about, "load_state"), "error") == 0 &&
			   call_text(u.service, "bus_name")[0];
	u.is_transient = json_is_true(json_object_get(u.about, "transient"));
	/* "MainPID", in snake_case. */
	u.main_pid = call_number(u.service, "main_p_i_d");
	return u;
}

struct unit units_load(struct call *c, const char *name)
{
	autofree(json) json_t *reply = NULL;

	if (ask(c, "LoadUnit", "s", json_pack("[s]", name), &reply, NULL) < 0)
		return (struct unit){.name = "", .state = ""};
	return read_unit(c, reply);
}

struct unit units_of_pid(struct call *c, json_int_t pid)
{
	autofree(json) json_t *reply = NULL;

	if (ask(c, "GetUnitByPID", "u", json_pack("[I]", pid), &reply, NULL) < 0)
		return (struct unit){.name = "", .state = ""};
	return read_unit(c, reply);
}

bool unit_has_bus_name(const struct unit *u, const char *name)
{
	return strcmp(call_text(u->service, "bus_name"), name) == 0;
}

static bool has_flag(const json_t *flags, const char *name)
{
	json_t *flag;
	size_t i;

	json_array_foreach(flags, i, flag)
	{
		if (json_is_string(flag) && strcmp(json_string_value(flag), name) == 0)
			return true;
	}
	return false;
}

int unit_command(const struct unit *u, struct dropin_command *ret, const char ***ret_args)
{
	/* a(sasasttttuii): path, arguments, flags, ... The older ExecStart has no flags, but a boolean. */
	const json_t *newer = json_object_get(u->service, "exec_start_ex");
	const json_t *all = newer ? newer : json_object_get(u->service, "exec_start");
	const json_t *command = json_array_get(all, 0);
	const json_t *argv = json_array_get(command, 1), *flags = json_array_get(command, 2);
	const char *path = json_string_value(json_array_get(command, 0));
	const char **args;
	size_t i;

	if (!path || json_array_size(all) != 1)
		return -ENOENT;
	args = calloc(json_array_size(argv) + 1, sizeof(*args));
	if (!args)
		return -ENOMEM;
	for (i = 1; i < json_array_size(argv); i++)
		args[i - 1] = json_string_value(json_array_get(argv, i));
	*ret = (struct dropin_command){
		.path = path,
		.args = args,
		.is_failure_ignored = has_flag(flags, "ignore-failure") || json_is_true(flags),
		.is_dollar_kept = has_flag(flags, "no-env-expand"),
	};
	*ret_args = args;
	return 0;
}

char *units_file_state(struct call *c, const char *name)
{
	autofree(json) json_t *reply = NULL;
	const char *state;

	if (ask(c, "GetUnitFileState", "s", json_pack("[s]", name), &reply, NULL) < 0)
		return strdup("");
	state = json_string_value(json_array_get(reply, 0));
	return strdup(state ? state : "");
}

/* --- changing it --- */

int units_enable(struct call *c, const char *name, json_t **ret_links, char **ret_why)
{
	autofree(json) json_t *reply = NULL;
	autofree(json) json_t *links = json_array();
	json_t *changes, *change;
	size_t i;
	int r;

	r = ask(c, "EnableUnitFiles", "asbb", json_pack("[[s], b, b]", name, 0, 0), &reply,
		ret_why);
	if (r < 0)
		return r;
	changes = json_array_get(reply, 1);
	/* a(sss): what was done ("symlink"), where, and where that leads to. */
	json_array_foreach(changes, i, change)
	{
		const char *what = json_string_value(json_array_get(change, 0));

		if (what && strcmp(what, "symlink") == 0 &&
		    json_array_append(links, json_array_get(change, 1)) < 0)
			return -ENOMEM;
	}
	*ret_links = take(links);
	return 0;
}

int units_reload(struct call *c, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask(c, "Reload", "", json_array(), &reply, ret_why);
}

int units_reset_failed(struct call *c, const char *name, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask(c, "ResetFailedUnit", "s", json_pack("[s]", name), &reply, ret_why);
}

int units_start(struct call *c, const char *name, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask(c, "StartUnit", "ss", json_pack("[s, s]", name, "replace"), &reply, ret_why);
}

int units_stop(struct call *c, const char *name, char **ret_why)
{
	autofree(json) json_t *reply = NULL;

	return ask(c, "StopUnit", "ss", json_pack("[s, s]", name, "replace"), &reply, ret_why);
}
