/*
 * call: blocking calls to lulld.
 *
 * Arguments and answers are JSON values, so that few files know libdbus. A failure has been told to the
 * user, in one line, when a function returns it.
 */
#pragma once
#include "client/verb.h"
#include "config/base.h"
#include <jansson.h>
#include <stdbool.h>

struct DBusConnection;
struct call;

/** May a call start lulld by activation? Verbs that only read don't. */
enum call_start {
	CALL_RUNNING_ONLY,
	CALL_MAY_START,
};

/**
 * call_connect() - connect to the session bus, and never launch one
 *
 * Return: OUTCOME_DONE, or OUTCOME_NOT_RUNNING. The connection is private; the caller closes it.
 */
LULL_MUSTCHECK enum outcome call_connect(struct DBusConnection **ret);

/** call_open() - be ready to call lulld; Return: as call_connect() */
LULL_MUSTCHECK enum outcome call_open(struct call **ret);

/** call_free() - disconnect; NULL is fine. Return: NULL. */
struct call *call_free(struct call *c);
DEFINE_AUTOFREE(call)

/**
 * call_method() - call a method of org.lull.Lull1 and wait, at most 5 s
 * @signature: of the arguments, as for message_append()
 * @args: the same, always taken; NULL counts as out of memory
 * @ret_reply: as message_read() says; the caller releases it
 */
LULL_MUSTCHECK enum outcome call_method(struct call *c, const char *member, const char *signature,
					json_t *args, enum call_start start, json_t **ret_reply);

/**
 * call_peek_status() - the status of a lulld that runs, without a word to the user
 *
 * Return: as GetStatus answers, released by the caller; NULL when there is none to be had.
 */
json_t *call_peek_status(void);

/** call_not_understood() - tell the user that an answer has a shape that we don't know */
enum outcome call_not_understood(void);

/** call_no_memory() - tell the user that memory ran out */
enum outcome call_no_memory(void);

/* autofree(json) json_t *v = NULL; */
static inline void json_autofree(json_t **p)
{
	json_decref(*p);
	*p = NULL;
}

/**
 * call_open_quietly() - as call_open(), but the caller tells the user
 * @ret_why: on failure what is wrong, "; " and what to do; the caller frees it. NULL when out of memory
 */
LULL_MUSTCHECK enum outcome call_open_quietly(struct call **ret, char **ret_why);

/** What call_other() calls. */
struct call_target {
	const char *name;
	const char *path;
	const char *interface;
	const char *member;
};

/**
 * call_other() - ask any program on the bus; never starts one, and tells the user nothing
 * @argument: a string, the only argument; NULL: none
 * @ret_reply: as for call_method(); the caller releases it
 *
 * Return: as call_any().
 */
LULL_MUSTCHECK int call_other(struct call *c, const struct call_target *to, const char *argument,
			      int timeout_ms, json_t **ret_reply);

/**
 * call_any() - as call_other(), with any arguments, and with the words of an error
 * @signature, @args: as for call_method()
 * @ret_why: on failure one line, which the caller frees, NULL when out of memory; untouched on -EINVAL.
 *           NULL: not wanted
 *
 * Return: 0; -ETIMEDOUT when there is no answer in time, -ENOENT when nobody has that name, -ENOSYS when it
 * has no such method, -EREMOTEIO for any other error that came back, -EINVAL when @to or @args can't be
 * sent, or -ENOMEM.
 */
LULL_MUSTCHECK int call_any(struct call *c, const struct call_target *to, const char *signature,
			    json_t *args, int timeout_ms, json_t **ret_reply, char **ret_why);

/** call_text() - Return: @name of @from; "" when it isn't there or isn't text */
static inline const char *call_text(const json_t *from, const char *name)
{
	const char *text = json_string_value(json_object_get(from, name));

	return text ? text : "";
}

/** call_number() - Return: @name of @from; 0 when it isn't there or isn't a number */
static inline json_int_t call_number(const json_t *from, const char *name)
{
	return json_integer_value(json_object_get(from, name));
}
