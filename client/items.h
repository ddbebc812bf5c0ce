/*
 * items: notifications as lulld tells of them.
 */
#pragma once
#include "client/call.h"
#include "config/base.h"
#include <jansson.h>

/**
 * items_each() - everything that waits, oldest first
 * @item: called for each; a negative errno (it can only be -ENOMEM) ends it
 */
LULL_MUSTCHECK enum outcome items_each(struct call *c, int (*item)(void *data, const json_t *item),
				       void *data);

/** items_urgency() - the word for it */
const char *items_urgency(json_int_t urgency);
