#include "daemon/core/notification.h"

#include <string.h>

enum hint_use {
	USE_URGENCY,
	USE_CATEGORY,
	USE_DESKTOP_ENTRY,
	USE_TAG,
	USE_TRANSIENT,
	USE_VALUE,
	USE_FEEDBACK,
	USE_PROBE,
};

static const struct {
	const char *key;
	enum hint_use use;
	bool is_text;
} hint_uses[] = {
	{"urgency", USE_URGENCY, false},
	{"category", USE_CATEGORY, true},
	{"desktop-entry", USE_DESKTOP_ENTRY, true},
	{"transient", USE_TRANSIENT, false},
	{"value", USE_VALUE, false},
	{"x-canonical-private-synchronous", USE_TAG, true},
	{"private-synchronous", USE_TAG, true},
	{"synchronous", USE_TAG, true},
	{"x-dunst-stack-tag", USE_TAG, true},
	{"x-kde-user-action-feedback", USE_FEEDBACK, false},
	{"x-lull-probe", USE_PROBE, false},
};

static void use_hint(struct notification *n, enum hint_use use, const struct hint *h)
{
	switch (use) {
	case USE_URGENCY: n->urgency = (enum urgency)h->number; break;
	case USE_CATEGORY: n->category = h->text; break;
	case USE_DESKTOP_ENTRY: n->desktop_entry = h->text; break;
	case USE_TAG:
		n->tag = h->text;
		n->is_osd = n->is_osd || *h->text != '\0';
		break;
	case USE_TRANSIENT: n->is_transient = h->number != 0; break;
	case USE_VALUE: n->is_osd = true; break;
	case USE_FEEDBACK: n->is_osd = n->is_osd || h->number != 0; break;
	case USE_PROBE: n->claims_probe = h->number != 0; break;
	}
}

void notification_take_hint(struct notification *n, const struct hint *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(hint_uses); i++) {
		if (strcmp(hint_uses[i].key, h->key) != 0)
			continue;
		if (hint_uses[i].is_text == (h->text != NULL))
			use_hint(n, hint_uses[i].use, h);
		return;
	}
}

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
