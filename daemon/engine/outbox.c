#include "daemon/engine/outbox.h"

#include <errno.h>
#include <string.h>

/* An effect's strings live in one block, which `to` or the first one that is there points at. */
static void *block_of(const struct effect *e)
{
	return (void *)(uintptr_t)(e->to ? e->to : e->text ? e->text : e->token);
}

static const char *pack(char **at, const char *s)
{
	char *copy = *at;

	if (!s)
		return NULL;
	strcpy(copy, s);
	*at += strlen(s) + 1;
	return copy;
}

static size_t packed_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

void outbox_done(struct outbox *o)
{
	size_t i;

	for (i = 0; i < o->n_effects; i++)
		free(block_of(&o->effects[i]));
	free(o->effects);
	*o = (struct outbox){0};
}

int outbox_add(struct outbox *o, const struct effect *e)
{
	size_t bytes = packed_bytes(e->to) + packed_bytes(e->text) + packed_bytes(e->token);
	struct effect *copy;
	char *block;

	if (o->n_effects == o->capacity) {
		size_t capacity = MAX(2 * o->capacity, 64);
		struct effect *effects = realloc(o->effects, capacity * sizeof(*effects));

		if (!effects)
			return -ENOMEM;
		o->effects = effects;
		o->capacity = capacity;
	}
	block = bytes > 0 ? malloc(bytes) : NULL;
	if (bytes > 0 && !block)
		return -ENOMEM;
	copy = &o->effects[o->n_effects++];
	*copy = *e;
	copy->to = pack(&block, e->to);
	copy->text = pack(&block, e->text);
	copy->token = pack(&block, e->token);
	switch (e->kind) {
	case EFFECT_REPLY_ID:
	case EFFECT_REPLY_DONE: o->is_promise = true; break;
	case EFFECT_REPLY_REFUSAL:
	case EFFECT_CLOSED:
	case EFFECT_ACTION:
	case EFFECT_REPLIED:
	case EFFECT_DROP_FILES:
	case EFFECT_KEEP_FILES: break;
	}
	return 0;
}

void outbox_send(const struct effect *e, const struct engine_ports *ports, void *data)
{
	struct ticket to = {.sender = e->to, .serial = e->serial};

	switch (e->kind) {
	case EFFECT_REPLY_ID: ports->reply_id(data, &to, e->id); break;
	case EFFECT_REPLY_DONE: ports->reply_done(data, &to); break;
	case EFFECT_REPLY_REFUSAL: ports->reply_refusal(data, &to, (enum refusal)e->code); break;
	case EFFECT_CLOSED: ports->emit_closed(data, e->to, e->id, e->code); break;
	case EFFECT_ACTION: ports->emit_action(data, e->to, e->id, e->text, e->token); break;
	case EFFECT_REPLIED: ports->emit_replied(data, e->to, e->id, e->text); break;
	case EFFECT_DROP_FILES: ports->drop_files(data, e->id); break;
	case EFFECT_KEEP_FILES: ports->keep_files(data, e->id); break;
	}
}

void outbox_flush(struct outbox *o, const struct engine_ports *ports, void *data)
{
	size_t i;

	for (i = 0; i < o->n_effects; i++) {
		outbox_send(&o->effects[i], ports, data);
		free(block_of(&o->effects[i]));
	}
	o->n_effects = 0;
	o->is_promise = false;
}
