/*
 * What the user does with notifications: release, dismiss, snooze, act.
 */
#include "client/items.h"
#include "client/print.h"
#include "client/verb.h"
#include "client/when.h"
#include "client/words.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Calls a method that answers with how many it changed. @args is taken. */
static enum outcome change(struct call *c, const char *member, const char *signature, json_t *args,
			   json_int_t *ret_count)
{
	autofree(json) json_t *reply = NULL;
	enum outcome r = call_method(c, member, signature, args, CALL_RUNNING_ONLY, &reply);

	if (r != OUTCOME_DONE)
		return r;
	if (!json_is_integer(json_array_get(reply, 0)))
		return call_not_understood();
	*ret_count = json_integer_value(json_array_get(reply, 0));
	return OUTCOME_DONE;
}

/* "dismissed 1", or "dismissed 1 of 2" when some were over already. */
static void print_count_of(const char *done, json_int_t n, size_t n_asked)
{
	printf("%s %" JSON_INTEGER_FORMAT, done, n);
	if (n_asked > 0 && (json_int_t)n_asked > n)
		printf(" of %zu", n_asked);
}

/* --- release --- */

struct app_ids {
	const char *app;
	json_t *ids;
};

/* What a release without ids would let go, too. */
static int collect(void *data, const json_t *item)
{
	struct app_ids *to = data;
	const char *state = call_text(item, "state");

	if (strcasecmp(call_text(item, "app"), to->app) != 0 || strcmp(state, "releasing") == 0)
		return 0;
	return json_array_append_new(to->ids, json_integer(call_number(item, "id"))) < 0 ? -ENOMEM
											 : 0;
}

static enum outcome ids_of_app(struct call *c, const char *app, json_t *ids)
{
	struct app_ids to = {.app = app, .ids = ids};
	enum outcome r = items_each(c, collect, &to);

	if (r == OUTCOME_DONE && json_array_size(ids) == 0) {
		print_failure("nothing of '%s' waits; 'lull list' shows what does", app);
		return OUTCOME_REFUSED;
	}
	return r;
}

enum outcome release_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	autofree(call) struct call *c = NULL;
	json_int_t n = 0;
	enum outcome r;

	if (a->app && a->words.n_items > 0) {
		print_failure("both ids and --app are given; leave one out");
		return OUTCOME_USAGE;
	}
	r = words_ids(&a->words, a->words.n_items, &ids);
	if (r == OUTCOME_DONE)
		r = call_open(&c);
	if (r == OUTCOME_DONE && a->app)
		r = ids_of_app(c, a->app, ids);
	if (r == OUTCOME_DONE)
		r = change(c, "Release", "au", json_pack("[O]", ids), &n);
	if (r != OUTCOME_DONE)
		return r;
	if (a->is_json)
		printf("{\"released\":%" JSON_INTEGER_FORMAT "}", n);
	else
		print_count_of("released", n, json_array_size(ids));
	putchar('\n');
	return OUTCOME_DONE;
}

/* --- dismiss, snooze --- */

enum outcome dismiss_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	autofree(call) struct call *c = NULL;
	json_int_t n = 0;
	enum outcome r;

	r = words_ids(&a->words, a->words.n_items, &ids);
	if (r == OUTCOME_DONE)
		r = call_open(&c);
	if (r == OUTCOME_DONE)
		r = change(c, "Dismiss", "au", json_pack("[O]", ids), &n);
	if (r != OUTCOME_DONE)
		return r;
	if (a->is_json)
		printf("{\"dismissed\":%" JSON_INTEGER_FORMAT "}", n);
	else
		print_count_of("dismissed", n, json_array_size(ids));
	putchar('\n');
	return OUTCOME_DONE;
}

enum outcome snooze_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	autofree(call) struct call *c = NULL;
	char until[WHEN_TEXT_MAX];
	int64_t until_us = 0;
	json_int_t n = 0;
	enum outcome r;

	r = words_ids_and_end(&a->words, &ids, &until_us);
	if (r == OUTCOME_DONE)
		r = call_open(&c);
	if (r == OUTCOME_DONE)
		r = change(c, "Snooze", "aux", json_pack("[O, I]", ids, (json_int_t)until_us), &n);
	if (r != OUTCOME_DONE)
		return r;
	if (a->is_json) {
		printf("{\"snoozed\":%" JSON_INTEGER_FORMAT ",\"until\":%" JSON_INTEGER_FORMAT
		       "}\n",
		       n, (json_int_t)until_us);
		return OUTCOME_DONE;
	}
	print_count_of("snoozed", n, json_array_size(ids));
	when_format(until_us, when_now(), until);
	printf(" until %s\n", until);
	return OUTCOME_DONE;
}

/* --- act --- */

static bool has_key(const json_t *actions, const char *key)
{
	for (size_t i = 0; i + 1 < json_array_size(actions); i += 2)
		if (strcmp(json_string_value(json_array_get(actions, i)), key) == 0)
			return true;
	return false;
}

/* The keys, for people; NULL when out of memory. */
static char *list_keys(const json_t *actions)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i + 1 < json_array_size(actions); i += 2)
		fprintf(out, "%s%s (%s)", i > 0 ? ", " : "",
			json_string_value(json_array_get(actions, i)),
			json_string_value(json_array_get(actions, i + 1)));
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Which button is meant; it is borrowed from @a or @actions. */
static enum outcome choose_key(const struct args *a, const json_t *actions, const char **ret)
{
	const char *key = a->words.n_items > 1 ? a->words.items[1] : "default";
	autofree(str) char *keys = NULL;

	*ret = key;
	if (has_key(actions, key))
		return OUTCOME_DONE;
	if (a->words.n_items < 2 && json_array_size(actions) == 2) {
		*ret = json_string_value(json_array_get(actions, 0));
		return OUTCOME_DONE;
	}
	if (json_array_size(actions) < 2) {
		print_failure("%s has no buttons", a->words.items[0]);
		return OUTCOME_REFUSED;
	}
	keys = list_keys(actions);
	if (!keys)
		return call_no_memory();
	if (a->words.n_items < 2)
		print_failure("%s has no default action; name one of: %s", a->words.items[0], keys);
	else
		print_failure("%s has no button '%s'; name one of: %s", a->words.items[0], key,
			      keys);
	return OUTCOME_REFUSED;
}

static bool are_actions(const json_t *actions)
{
	json_t *text;
	size_t i;

	json_array_foreach(actions, i, text)
	{
		if (!json_is_string(text))
			return false;
	}
	return json_is_array(actions);
}

enum outcome act_run(const struct args *a)
{
	autofree(json) json_t *ids = NULL;
	autofree(json) json_t *item = NULL;
	autofree(json) json_t *reply = NULL;
	autofree(call) struct call *c = NULL;
	const json_t *actions;
	const char *key = NULL;
	enum outcome r;

	r = words_ids(&a->words, 1, &ids);
	if (r == OUTCOME_DONE)
		r = call_open(&c);
	if (r == OUTCOME_DONE)
		r = call_method(c, "GetItem", "u", json_incref(ids), CALL_RUNNING_ONLY, &item);
	if (r != OUTCOME_DONE)
		return r;
	actions = json_object_get(json_array_get(item, 0), "actions");
	if (!are_actions(actions))
		return call_not_understood();
	r = choose_key(a, actions, &key);
	if (r == OUTCOME_DONE)
		r = call_method(c, "Act", "us", json_pack("[O, s]", json_array_get(ids, 0), key),
				CALL_RUNNING_ONLY, &reply);
	if (r != OUTCOME_DONE)
		return r;
	if (a->is_json) {
		autofree(json) json_t *out =
			json_pack("{s:O, s:s}", "id", json_array_get(ids, 0), "key", key);

		if (!out || print_json(stdout, out) < 0)
			return call_no_memory();
	} else {
		fputs("pressed ", stdout);
		print_text(stdout, key);
	}
	putchar('\n');
	return OUTCOME_DONE;
}
