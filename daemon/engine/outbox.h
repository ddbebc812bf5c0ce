/*
 * outbox: what is to be sent, kept back until what it promises is durable.
 */
#pragma once
#include "daemon/engine/ports.h"

enum effect_kind {
	EFFECT_REPLY_ID,
	EFFECT_REPLY_DONE,
	EFFECT_REPLY_REFUSAL,
	EFFECT_CLOSED,
	EFFECT_ACTION,
	EFFECT_REPLIED,
	EFFECT_DROP_FILES,
	EFFECT_KEEP_FILES, /* the files are opened; their copying follows the answers */
};

/** One thing to send. Strings are the caller's; NULL where there is none. */
struct effect {
	enum effect_kind kind;
	const char *to; /* unique name; signals: NULL for whoever listens */
	uint32_t serial;
	uint32_t id;
	uint32_t code;     /* close reason, refusal */
	const char *text;  /* action key, reply text */
	const char *token; /* activation token */
};

struct outbox {
	struct effect *effects; /* strings owned; in the order in which they were staged */
	size_t n_effects;
	size_t capacity;
	bool is_promise; /* something in it says that the journal has it */
};

void outbox_done(struct outbox *o);

/** outbox_add() - stage a copy of @e. Return: 0 or -ENOMEM. */
LULL_MUSTCHECK int outbox_add(struct outbox *o, const struct effect *e);

/** outbox_flush() - send everything, in order, and be empty */
void outbox_flush(struct outbox *o, const struct engine_ports *ports, void *data);

/** outbox_send() - send one now */
void outbox_send(const struct effect *e, const struct engine_ports *ports, void *data);
