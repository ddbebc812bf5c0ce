/*
 * relay: what happens to a notification on the display is told to its sender, by the sender's id.
 */
#pragma once
#include "daemon/core/digest.h"
#include "daemon/engine/pass.h"

struct relay {
	uint32_t token_for; /* the display's id that it came for */
	char *token;        /* an activation token waits for its action; NULL: none */
};

void relay_done(struct relay *r);

/** relay_closed() - the display says that one is gone; one that lull doesn't know is passed on as it is */
void relay_closed(struct pass *pass, uint32_t display_id, uint32_t reason);

/** relay_token() - kept until the action that it belongs to: it goes out directly before that */
void relay_token(struct relay *r, uint32_t display_id, const char *token);

/**
 * relay_action() - a button was pressed
 * @ret_batch: when it was one of a digest, the batch that it announces
 *
 * Return: what is to become of that batch.
 */
enum digest_answer relay_action(struct relay *r, struct pass *pass, uint32_t display_id,
				const char *key, int64_t *ret_batch);

/** relay_replied() - a text was typed */
void relay_replied(struct pass *pass, uint32_t display_id, const char *text);
