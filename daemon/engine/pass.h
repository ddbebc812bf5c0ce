/*
 * pass: what one turn of the loop works with, shared by the parts of the engine.
 */
#pragma once
#include "config/settings.h"
#include "daemon/core/focus.h"
#include "daemon/engine/outbox.h"
#include "daemon/journal/journal.h"

struct pass {
	struct journal *journal;
	const struct settings *settings;
	const struct engine_ports *ports;
	void *data; /* of the ports */
	struct outbox outbox;
	struct instant now;
	int64_t bus; /* number of the bus that lulld is on: senders of other ones are strangers */
};

/** pass_stage() - into the outbox; sent at once when there is no memory to keep it */
void pass_stage(struct pass *pass, const struct effect *e);

/** pass_owner() - who hears of what happens to @p: its sender, or NULL (whoever listens) when it has left */
const char *pass_owner(struct pass *pass, const struct ping *p);

/**
 * pass_close() - a ping is over: write it down, tell its owner
 * @keep_display_id: the display hasn't said yet that it is gone
 */
void pass_close(struct pass *pass, struct ping *p, enum ping_state state, enum close_reason reason,
		bool keep_display_id);
