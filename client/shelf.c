#include "client/shelf.h"

#include "client/print.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct shelf {
	bool is_json;
	uint32_t last_id;
	struct shown *items; /* by id, which is the order of arrival */
	size_t n_items;
	size_t max_items;
};

struct shelf *shelf_new(bool is_json)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (s)
		s->is_json = is_json;
	return s;
}

struct shelf *shelf_free(struct shelf *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_items; i++)
		json_decref(s->items[i].event);
	free(s->items);
	free(s);
	return NULL;
}

const char *shown_text(const struct shown *n, const char *name)
{
	const char *text = json_string_value(json_object_get(n->event, name));

	return text ? text : "";
}

const char *shown_label(const struct shown *n, const char *key)
{
	return json_string_value(json_object_get(json_object_get(n->event, "actions"), key));
}

/* --- lines --- */

static void print_event(const json_t *event)
{
	if (print_json(stdout, event) < 0)
		print_failure("out of memory; an event wasn't printed");
	else
		putchar('\n');
}

static void print_shown(const struct shown *n)
{
	const char *body = shown_text(n, "body");
	const json_t *actions = json_object_get(n->event, "actions");
	const char *separator = "  [";
	const char *key;
	json_t *label;

	printf("#%" PRIu32 " ", n->id);
	print_text(stdout, shown_text(n, "app"));
	fputs(": ", stdout);
	print_text(stdout, shown_text(n, "summary"));
	if (body[0]) {
		fputs(" - ", stdout);
		print_text(stdout, body);
	}
	json_object_foreach((json_t *)actions, key, label)
	{
		fputs(separator, stdout);
		print_text(stdout, key);
		fputs(": ", stdout);
		print_text(stdout, json_string_value(label));
		putchar(']');
		separator = " [";
	}
	putchar('\n');
}

static void print_closed(const struct shelf *s, uint32_t id, enum closed reason)
{
	static const char *const names[] = {
		[CLOSED_EXPIRED] = "expired",
		[CLOSED_DISMISSED] = "dismissed",
		[CLOSED_WITHDRAWN] = "withdrawn",
	};

	if (s->is_json)
		printf("{\"event\":\"closed\",\"id\":%" PRIu32 ",\"reason\":%d}\n", id,
		       (int)reason);
	else
		printf("#%" PRIu32 " closed (%s)\n", id, names[reason]);
}

void shelf_pressed(const struct shelf *s, const struct shown *n, const char *key)
{
	json_t *event;

	if (!s->is_json) {
		printf("#%" PRIu32 " pressed ", n->id);
		print_text(stdout, key);
		putchar('\n');
		return;
	}
	event = json_pack("{s:s, s:I, s:s}", "event", "pressed", "id", (json_int_t)n->id, "key",
			  key);
	print_event(event);
	json_decref(event);
}

void shelf_print_all(const struct shelf *s)
{
	json_t *ids;
	json_t *event;

	if (!s->is_json) {
		for (size_t i = 0; i < s->n_items; i++)
			print_shown(&s->items[i]);
		if (s->n_items == 0)
			puts("nothing is shown");
		return;
	}
	ids = json_array();
	for (size_t i = 0; i < s->n_items; i++)
		json_array_append_new(ids, json_integer(s->items[i].id));
	event = json_pack("{s:s, s:o}", "event", "list", "ids", ids);
	print_event(event);
	json_decref(event);
}

/* --- items --- */

/* Where @id is, or would be. */
static size_t position(const struct shelf *s, uint32_t id)
{
	size_t low = 0;
	size_t high = s->n_items;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct shown *shelf_find(const struct shelf *s, uint32_t id)
{
	size_t i = position(s, id);

	return i < s->n_items && s->items[i].id == id ? &s->items[i] : NULL;
}

static struct shown *grow(struct shelf *s)
{
	if (s->n_items == s->max_items) {
		size_t max_items = MAX(s->max_items * 2, (size_t)16);
		struct shown *grown = reallocarray(s->items, max_items, sizeof(*grown));

		if (!grown)
			return NULL;
		s->items = grown;
		s->max_items = max_items;
	}
	return memset(&s->items[s->n_items], 0, sizeof(*s->items));
}

struct shown *shelf_put(struct shelf *s, uint32_t replaces, json_t *event)
{
	struct shown *n = shelf_find(s, replaces);
	bool is_new = !n;

	if (is_new)
		n = grow(s);
	if (!n || json_object_set_new(event, "id", json_integer(is_new ? s->last_id + 1 : n->id))) {
		json_decref(event);
		return NULL;
	}
	if (is_new) {
		n->id = ++s->last_id;
		s->n_items++;
	}
	json_decref(n->event);
	*n = (struct shown){.id = n->id,
			    .event = event,
			    .expires_us = INT64_MAX,
			    .press_us = INT64_MAX};
	if (s->is_json)
		print_event(event);
	else
		print_shown(n);
	return n;
}

void shelf_drop(struct shelf *s, struct shown *n, enum closed reason)
{
	size_t i = (size_t)(n - s->items);

	print_closed(s, n->id, reason);
	json_decref(n->event);
	s->n_items--;
	memmove(n, n + 1, (s->n_items - i) * sizeof(*n));
}

int64_t shelf_next_us(const struct shelf *s)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < s->n_items; i++)
		next = MIN(next, MIN(s->items[i].expires_us, s->items[i].press_us));
	return next;
}

struct shown *shelf_due(const struct shelf *s, int64_t now_us)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (MIN(s->items[i].expires_us, s->items[i].press_us) <= now_us)
			return &s->items[i];
	return NULL;
}
