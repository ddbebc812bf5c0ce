#include "client/items.h"

/* The most that lulld gives at once. */
#define PAGE_ITEMS 500

const char *items_urgency(json_int_t urgency)
{
	return urgency <= 0 ? "low" : urgency == 1 ? "normal" : "critical";
}

/* Asks for every page. Answers grow with what is held, so each page is let go before the next. */
enum outcome items_each(struct call *c, int (*item)(void *data, const json_t *item), void *data)
{
	json_int_t after = 0;

	for (;;) {
		autofree(json) json_t *reply = NULL;
		const json_t *items;
		json_t *one;
		json_int_t next;
		enum outcome r;
		size_t i;

		r = call_method(c, "ListItems", "tu", json_pack("[I, i]", after, PAGE_ITEMS),
				CALL_RUNNING_ONLY, &reply);
		if (r != OUTCOME_DONE)
			return r;
		items = json_array_get(reply, 0);
		if (!json_is_array(items) || !json_is_integer(json_array_get(reply, 1)))
			return call_not_understood();
		json_array_foreach(items, i, one)
		{
			if (item(data, one) < 0)
				return call_no_memory();
		}
		next = json_integer_value(json_array_get(reply, 1));
		if (next == 0)
			return OUTCOME_DONE;
		/* A page that doesn't lead on would be asked for for ever. */
		if (next <= after)
			return call_not_understood();
		after = next;
	}
}
