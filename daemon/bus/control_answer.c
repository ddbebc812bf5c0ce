/*
 * control_answer: how a call is refused, and answers that come later.
 */
#include "daemon/bus/control_parts.h"

#include "daemon/bus/bus.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *message;
} refusals[] = {
	[CONTROL_NO_FOCUS] = {CONTROL_ERROR "NoFocus", "focus is off"},
	[CONTROL_NOT_LATER] = {CONTROL_ERROR "InvalidDuration", "the end must be in the future"},
	[CONTROL_TOO_LONG] = {CONTROL_ERROR "InvalidDuration", "at most 366 days"},
	[CONTROL_LABEL_TOO_LONG] = {CONTROL_ERROR "InvalidOption", "a label has at most 200 bytes"},
	[CONTROL_TOO_MANY] = {CONTROL_ERROR "Failed", "too many reasons for focus at once"},
	[CONTROL_NOT_FOUND] = {CONTROL_ERROR "NotFound", "nothing that waits has such an id"},
	[CONTROL_BUSY] = {CONTROL_ERROR "Busy", "another test notification is on its way"},
	[CONTROL_NO_MEMORY] = {DBUS_ERROR_NO_MEMORY, "out of memory"},
	[CONTROL_WRONG_ROUNDS] = {CONTROL_ERROR "InvalidOption",
				  "a pomodoro has from 1 to 99 rounds"},
};

void control_refuse(DBusConnection *connection, DBusMessage *call, enum control_outcome outcome)
{
	bus_refuse(connection, call, refusals[outcome].name, refusals[outcome].message);
}

struct control_answer {
	dbus_uint32_t serial;
	bool is_silent;
	char sender[];
};

struct control_answer *control_answer_later(DBusMessage *call)
{
	const char *sender = dbus_message_get_sender(call);
	struct control_answer *to = malloc(sizeof(*to) + strlen(sender) + 1);

	if (!to)
		return NULL;
	to->serial = dbus_message_get_serial(call);
	to->is_silent = dbus_message_get_no_reply(call);
	strcpy(to->sender, sender);
	return to;
}

static void send_answer(struct control *c, struct control_answer *to, const char *error, int type,
			const void *value)
{
	DBusMessage *reply = to->is_silent
				     ? NULL
				     : dbus_message_new(error ? DBUS_MESSAGE_TYPE_ERROR
							      : DBUS_MESSAGE_TYPE_METHOD_RETURN);

	if (reply && (!error || dbus_message_set_error_name(reply, error)) &&
	    dbus_message_set_destination(reply, to->sender) &&
	    dbus_message_set_reply_serial(reply, to->serial) &&
	    dbus_message_append_args(reply, type, value, DBUS_TYPE_INVALID))
		bus_send(c->connection, reply);
	else if (reply)
		dbus_message_unref(reply);
	free(to);
}

void control_answer_text(struct control *c, struct control_answer *to, const char *text)
{
	if (!dbus_validate_utf8(text, NULL))
		text = "?";
	send_answer(c, to, NULL, DBUS_TYPE_STRING, &text);
}

void control_answer_flag(struct control *c, struct control_answer *to, bool is_set)
{
	dbus_bool_t flag = is_set;

	send_answer(c, to, NULL, DBUS_TYPE_BOOLEAN, &flag);
}

void control_answer_error(struct control *c, struct control_answer *to, const char *name,
			  const char *message)
{
	autofree(str) char *error = NULL;

	if (asprintf(&error, CONTROL_ERROR "%s", name) < 0)
		error = NULL;
	if (!dbus_validate_utf8(message, NULL))
		message = "?";
	send_answer(c, to, error ? error : DBUS_ERROR_NO_MEMORY, DBUS_TYPE_STRING, &message);
}
