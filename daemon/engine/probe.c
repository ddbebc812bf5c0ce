#include "daemon/engine/probe.h"

#include "daemon/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Who announces one has it ready. */
#define EXPECTED_US (10 * USEC_PER_SEC)

/* Where the journal remembers which row is one, so that a start needn't look for it. */
static const char meta_key[] = "probe";

void probe_done(struct probe *probe)
{
	free(probe->sender);
	*probe = (struct probe){0};
}

void probe_load(const struct probe *probe, struct pass *pass)
{
	autofree(str) char *text = journal_meta(pass->journal, meta_key);
	uint32_t id = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	autofree(ping) struct ping *p = NULL;
	struct ping_change change;

	if (id == 0 || id == probe->id || journal_get(pass->journal, id, &p) < 0 ||
	    p->kind != PING_PROBE || p->state >= PING_LIVE_STATES)
		return;
	/* Without a word: at start it isn't known yet who is on the bus, and whoever waits asks. */
	change = ping_change_of(p);
	change.state = PING_CLOSED;
	change.reason = CLOSE_UNDEFINED;
	change.changed_us = pass->now.wall_us;
	if (journal_change(pass->journal, p, &change) < 0)
		log_error("out of memory: a test notification may be shown again");
}

/* The one that has come, unless it is over. */
static int get_live(struct probe *probe, struct pass *pass, struct ping **ret)
{
	autofree(ping) struct ping *p = NULL;
	int r = probe->id ? journal_get(pass->journal, probe->id, &p) : -ENOENT;

	if (r == 0 && (p->kind != PING_PROBE || p->state >= PING_LIVE_STATES))
		r = -ENOENT;
	if (r == -ENOENT)
		probe->id = 0;
	if (r == 0)
		*ret = take(p);
	return r;
}

int probe_announce(struct probe *probe, struct pass *pass, const char *sender)
{
	autofree(ping) struct ping *p = NULL;
	bool is_another = probe->sender && strcmp(probe->sender, sender) != 0;
	char *copy;

	if ((is_another && pass->now.boot_us < probe->until_boot_us) ||
	    get_live(probe, pass, &p) == 0)
		return PROBE_BUSY;
	copy = strdup(sender);
	if (!copy)
		return -ENOMEM;
	free(probe->sender);
	probe->sender = copy;
	probe->until_boot_us = pass->now.boot_us + EXPECTED_US;
	return PROBE_OK;
}

bool probe_is_expected(const struct probe *probe, const struct pass *pass, const char *sender)
{
	return probe->sender && pass->now.boot_us < probe->until_boot_us &&
	       strcmp(probe->sender, sender) == 0;
}

void probe_came(struct probe *probe, struct pass *pass, uint32_t id)
{
	char text[16];

	probe->until_boot_us = 0;
	probe->id = id;
	snprintf(text, sizeof(text), "%u", id);
	if (journal_put_meta(pass->journal, meta_key, text) < 0)
		log_warn("out of memory: after a crash a test notification may be shown again");
}

bool probe_is_releasing(struct probe *probe, struct pass *pass)
{
	autofree(ping) struct ping *p = NULL;

	return get_live(probe, pass, &p) == 0 && p->state == PING_RELEASING;
}

void probe_senders_changed(struct probe *probe, struct pass *pass)
{
	autofree(ping) struct ping *p = NULL;
	bool is_on_display;

	if (get_live(probe, pass, &p) < 0 || pass_owner(pass, p))
		return;
	is_on_display = p->display_id != 0;
	if (is_on_display)
		pass->ports->close(pass->data, p->display_id);
	pass_close(pass, p, p->state == PING_SHOWN ? PING_CLOSED : PING_WITHDRAWN, CLOSE_BY_CALL,
		   is_on_display);
}
