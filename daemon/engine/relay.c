#include "daemon/engine/relay.h"

#include "daemon/log.h"
#include <string.h>

void relay_done(struct relay *r)
{
	free(r->token);
	*r = (struct relay){0};
}

void relay_closed(struct pass *pass, uint32_t display_id, uint32_t reason)
{
	autofree(ping) struct ping *p = NULL;
	struct ping_change change;

	if (journal_by_display(pass->journal, display_id, &p) < 0) {
		pass_stage(pass, &(struct effect){.kind = EFFECT_CLOSED,
						  .id = display_id,
						  .code = reason});
		return;
	}
	if (p->state == PING_SHOWN) {
		if (reason < CLOSE_EXPIRED || reason > CLOSE_UNDEFINED)
			reason = CLOSE_UNDEFINED;
		pass_close(pass, p, PING_CLOSED, (enum close_reason)reason, false);
		return;
	}
	/* It was closed or replaced here already, and its owner has heard of it. */
	change = ping_change_of(p);
	change.display_id = 0;
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: %u is still known as shown", p->id);
}

/* The sender's id for the display's; the display's own where lull doesn't know it. */
static void stage(struct pass *pass, uint32_t display_id, struct effect *effect)
{
	autofree(ping) struct ping *p = NULL;

	effect->id = display_id;
	if (journal_by_display(pass->journal, display_id, &p) == 0) {
		if (p->kind != PING_NOTIFICATION)
			return;
		effect->id = p->id;
		effect->to = pass_owner(pass, p);
	}
	pass_stage(pass, effect);
}

void relay_token(struct relay *r, uint32_t display_id, const char *token)
{
	free(r->token);
	r->token = strdup(token);
	r->token_for = display_id;
}

enum digest_answer relay_action(struct relay *r, struct pass *pass, uint32_t display_id,
				const char *key, int64_t *ret_batch)
{
	autofree(str) char *token = r->token_for == display_id ? take(r->token) : NULL;
	autofree(ping) struct ping *p = NULL;
	enum digest_answer answer;

	if (journal_by_display(pass->journal, display_id, &p) < 0 || p->announces == 0) {
		stage(pass, display_id,
		      &(struct effect){.kind = EFFECT_ACTION, .text = key, .token = token});
		return DIGEST_NO_ANSWER;
	}
	answer = digest_answer(key, pass->settings->digest_open);
	if (answer == DIGEST_NO_ANSWER)
		return answer;
	/* Not every display closes what was clicked. */
	pass->ports->close(pass->data, display_id);
	if (p->state == PING_SHOWN)
		pass_close(pass, p, PING_CLOSED, CLOSE_DISMISSED, true);
	*ret_batch = p->announces;
	return answer;
}

void relay_replied(struct pass *pass, uint32_t display_id, const char *text)
{
	stage(pass, display_id, &(struct effect){.kind = EFFECT_REPLIED, .text = text});
}
