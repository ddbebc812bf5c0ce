#include "daemon/engine/pass.h"

#include "daemon/log.h"

void pass_stage(struct pass *pass, const struct effect *e)
{
	if (outbox_add(&pass->outbox, e) == 0)
		return;
	/* No memory to wait with: what it promises becomes true first. */
	journal_commit(pass->journal);
	outbox_flush(&pass->outbox, pass->ports, pass->data);
	outbox_send(e, pass->ports, pass->data);
}

const char *pass_owner(struct pass *pass, const struct ping *p)
{
	if (p->bus == pass->bus && pass->ports->is_here(pass->data, p->sender))
		return p->sender;
	return NULL;
}

void pass_close(struct pass *pass, struct ping *p, enum ping_state state, enum close_reason reason,
		bool keep_display_id)
{
	struct ping_change change = ping_change_of(p);
	const char *owner;

	change.state = state;
	change.reason = reason;
	change.changed_us = pass->now.wall_us;
	if (!keep_display_id)
		change.display_id = 0;
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: the journal doesn't know that %u is closed", p->id);
	if (p->kind == PING_OWN)
		return;
	owner = pass_owner(pass, p);
	/* Of a probe nobody else wants to hear. */
	if (p->kind == PING_PROBE && !owner)
		return;
	/* In its turn: the order to keep them may be staged as well. */
	pass_stage(pass, &(struct effect){.kind = EFFECT_DROP_FILES, .id = p->id});
	pass_stage(pass, &(struct effect){
				 .kind = EFFECT_CLOSED,
				 .to = owner,
				 .id = p->id,
				 .code = reason,
			 });
}
