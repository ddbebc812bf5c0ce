/*
 * call: blocking calls to lulld.
 *
 * Arguments and answers are JSON values, so that only this file and console.c know libdbus. A failure has
 * been told to the user, in one line, when a function returns it.
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
 * @signature: of the arguments; understood are s, u, x, t, a{sv} (of strings, integers, booleans) and arrays
 * @args: an array with one element for each complete type, always taken; NULL counts as out of memory
 * @ret_reply: an array with one element for each value; keys of dictionaries are in snake_case. The caller
 *             releases it
 */
LULL_MUSTCHECK enum outcome call_method(struct call *c, const char *member, const char *signature,
					json_t *args, enum call_start start, json_t **ret_reply);

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
