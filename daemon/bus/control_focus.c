/*
 * control_focus: the methods that change focus; each answers with the status that follows.
 */
#include "daemon/bus/control_parts.h"

#include "daemon/bus/bus.h"
#include "daemon/core/focus.h"
#include "daemon/core/pomodoro.h"
#include <string.h>

/* @was: the pomodoro that was on before the call, and isn't any more if the call was obeyed */
static void answer_ended(struct control *c, DBusConnection *connection, DBusMessage *call,
			 enum control_outcome outcome, const struct pomodoro *was)
{
	char ended[POMODORO_TEXT_MAX] = "";

	if (outcome != CONTROL_OK) {
		control_refuse(connection, call, outcome);
		return;
	}
	if (was->phase != POMODORO_OFF)
		pomodoro_write(was, ended);
	engine_commit(c->engine);
	control_answer_status(c, connection, call, ended);
}

static void answer(struct control *c, DBusConnection *connection, DBusMessage *call,
		   enum control_outcome outcome)
{
	answer_ended(c, connection, call, outcome, &(struct pomodoro){0});
}

/*
 * a{sv} of duration (x), until (x), label (s).
 * Return: NULL, or what is wrong with them.
 */
static const char *read_options(DBusMessage *call, struct focus_options *ret)
{
	DBusMessageIter iter, dict;

	*ret = (struct focus_options){0};
	dbus_message_iter_init(call, &iter);
	for (dbus_message_iter_recurse(&iter, &dict);
	     dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		DBusMessageIter entry, value;
		const char *key;
		int type;

		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		type = dbus_message_iter_get_arg_type(&value);
		if (strcmp(key, "duration") == 0 && type == DBUS_TYPE_INT64)
			dbus_message_iter_get_basic(&value, &ret->duration_us);
		else if (strcmp(key, "until") == 0 && type == DBUS_TYPE_INT64)
			dbus_message_iter_get_basic(&value, &ret->until_wall_us);
		else if (strcmp(key, "label") == 0 && type == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&value, &ret->label);
		else
			return "the options are duration (x), until (x) and label (s)";
	}
	if (ret->duration_us < 0 || ret->until_wall_us < 0)
		return "duration and until can't be negative";
	if (ret->duration_us > 0 && ret->until_wall_us > 0)
		return "either duration or until, not both";
	return NULL;
}

void control_start_focus(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct focus_options options;
	const char *wrong = read_options(call, &options);

	if (wrong)
		bus_refuse(connection, call, CONTROL_ERROR "InvalidOption", wrong);
	else
		answer(c, connection, call, engine_start_focus(c->engine, &options));
}

void control_extend_focus(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	int64_t duration_us = 0;

	dbus_message_get_args(call, NULL, DBUS_TYPE_INT64, &duration_us, DBUS_TYPE_INVALID);
	answer(c, connection, call, engine_extend_focus(c->engine, duration_us));
}

void control_end_focus(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct pomodoro was = control_status(c).focus->pomodoro;

	answer_ended(c, connection, call, engine_end_focus(c->engine), &was);
}

void control_start_pomodoro(void *object, DBusConnection *connection, DBusMessage *call)
{
	struct control *c = object;
	struct pomodoro was = control_status(c).focus->pomodoro;
	dbus_uint32_t n_rounds = 0;

	dbus_message_get_args(call, NULL, DBUS_TYPE_UINT32, &n_rounds, DBUS_TYPE_INVALID);
	answer_ended(c, connection, call, engine_start_pomodoro(c->engine, n_rounds), &was);
}

void control_toggle_focus(void *object, DBusConnection *connection, DBusMessage *call)
{
	if (control_status(object).is_focus_on)
		control_end_focus(object, connection, call);
	else
		control_start_focus(object, connection, call);
}
