/*
 * arrival: a ping comes in, is replaced, or is taken back by its sender.
 */
#pragma once
#include "daemon/engine/delivery.h"
#include "daemon/engine/hold.h"
#include "daemon/engine/probe.h"
#include "daemon/engine/release.h"
#include "daemon/engine/rulebook.h"

struct arrival {
	struct pass *pass;
	struct delivery *delivery;
	struct release *release;
	struct probe *probe;
	struct rulebook *rulebook;
	struct hold *hold;
	int64_t absent_batch; /* of what came while there was no display; 0: none */
};

/**
 * arrival_notify() - a ping: verdict, journal, answer
 * @ret_id: the id that it got; 0 when it was refused
 *
 * Return: true when what status counts has changed.
 */
bool arrival_notify(struct arrival *a, const struct policy_context *context,
		    const struct ticket *from, uint32_t replaces_id, const struct notification *n,
		    uint32_t *ret_id);

/**
 * arrival_identified() - fill in what @id's sender didn't say of itself
 *
 * One that is held is decided about once more, if there are rules about that.
 *
 * Return: true when what status counts has changed.
 */
bool arrival_identified(struct arrival *a, const struct policy_context *context, uint32_t id,
			const char *app, uint32_t pid, enum sandboxed sandboxed);

/** arrival_own() - a notification of lull's own; @announces: a batch, or 0 */
void arrival_own(struct arrival *a, const struct notification *n, int64_t announces);

/**
 * arrival_close() - CloseNotification
 *
 * Return: true when what status counts has changed.
 */
bool arrival_close(struct arrival *a, const struct ticket *from, uint32_t id);

/** arrival_display_up() - there is a display: what comes now needn't queue for one */
void arrival_display_up(struct arrival *a);
