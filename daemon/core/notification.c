#include "daemon/core/notification.h"

#include <string.h>

static char *pack(char **at, const char *s)
{
	size_t bytes = strlen(s) + 1;
	char *copy = *at;

	memcpy(copy, s, bytes);
	*at += bytes;
	return copy;
}

struct ping *ping_copy(const struct ping *p)
{
	size_t bytes = sizeof(*p) + p->wire_bytes + strlen(p->sender) + strlen(p->app) +
		       strlen(p->desktop_entry) + strlen(p->category) + strlen(p->tag) +
		       strlen(p->summary) + strlen(p->rule) + strlen(p->trace) + 8;
	struct ping *copy = malloc(bytes);
	char *at;

	if (!copy)
		return NULL;
	*copy = *p;
	at = (char *)(copy + 1);
	/* The message first: malloc's alignment is kept for libdbus. */
	if (p->wire_bytes > 0)
		memcpy(at, p->wire, p->wire_bytes);
	copy->wire = at;
	at += p->wire_bytes;
	copy->sender = pack(&at, p->sender);
	copy->app = pack(&at, p->app);
	copy->desktop_entry = pack(&at, p->desktop_entry);
	copy->category = pack(&at, p->category);
	copy->tag = pack(&at, p->tag);
	copy->summary = pack(&at, p->summary);
	copy->rule = pack(&at, p->rule);
	copy->trace = pack(&at, p->trace);
	return copy;
}

struct ping *ping_free(struct ping *p)
{
	free(p);
	return NULL;
}

const char *ping_state_name(enum ping_state state)
{
	switch (state) {
	case PING_HELD: return "held";
	case PING_RELEASING: return "releasing";
	case PING_SHOWN: return "shown";
	case PING_ANNOUNCED: return "announced";
	case PING_QUARANTINED: return "quarantined";
	case PING_SNOOZED: return "snoozed";
	case PING_CLOSED: return "closed";
	case PING_WITHDRAWN: return "withdrawn";
	case PING_DISMISSED: return "dismissed";
	case PING_DROPPED: return "dropped";
	case PING_LIVE_STATES: break;
	}
	return "unknown";
}

const char *ping_kind_name(enum ping_kind kind)
{
	switch (kind) {
	case PING_NOTIFICATION: return "notification";
	case PING_OWN: return "own";
	case PING_PROBE: return "probe";
	}
	return "unknown";
}
