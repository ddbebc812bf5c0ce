#include "daemon/engine/inhibit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct holder {
	uint32_t cookie;
	int64_t bus;
	char owner[20];
};

#define NAME_MAX_BYTES sizeof(((struct token *)0)->name)

/* A bus gives out unique names that are shorter; one that isn't can't be written down. */
static bool write_name(const struct holder *h, char name[static NAME_MAX_BYTES])
{
	int n = snprintf(name, NAME_MAX_BYTES, "%" PRIu32 " %" PRId64 " %s", h->cookie, h->bus,
			 h->owner);

	return n > 0 && (size_t)n < NAME_MAX_BYTES;
}

static bool read_name(const char *name, struct holder *ret)
{
	return sscanf(name, "%" SCNu32 " %" SCNd64 " %19s", &ret->cookie, &ret->bus, ret->owner) ==
	       3;
}

uint32_t inhibit_take(struct focus *f, struct pass *pass, const char *owner, const char *reason,
		      struct focus_change *ret)
{
	struct holder h = {.bus = pass->bus}, other;
	struct focus_event event = {.kind = FOCUS_INHIBIT, .label = reason};
	char name[NAME_MAX_BYTES];
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == TOKEN_INHIBIT && read_name(f->tokens[i].name, &other))
			h.cookie = MAX(h.cookie, other.cookie);
	h.cookie++;
	if (strlen(owner) >= sizeof(h.owner))
		return 0;
	strcpy(h.owner, owner);
	event.name = name;
	if (!write_name(&h, name) || focus_apply(f, &event, pass->now, ret) != FOCUS_OK)
		return 0;
	return h.cookie;
}

static bool give_back(struct focus *f, struct pass *pass, const char *name,
		      struct focus_change *ret)
{
	const struct focus_event event = {.kind = FOCUS_UNINHIBIT, .name = name};

	return focus_apply(f, &event, pass->now, ret) == FOCUS_OK;
}

bool inhibit_give_back(struct focus *f, struct pass *pass, const char *owner, uint32_t cookie,
		       struct focus_change *ret)
{
	struct holder h = {.cookie = cookie, .bus = pass->bus};
	char name[NAME_MAX_BYTES];

	if (strlen(owner) >= sizeof(h.owner))
		return false;
	strcpy(h.owner, owner);
	return write_name(&h, name) && give_back(f, pass, name, ret);
}

bool inhibit_drop_gone(struct focus *f, struct pass *pass, struct focus_change *ret)
{
	struct holder h;
	size_t i;

	for (i = 0; i < f->n_tokens; i++) {
		char name[NAME_MAX_BYTES];

		if (f->tokens[i].kind != TOKEN_INHIBIT)
			continue;
		if (read_name(f->tokens[i].name, &h) && h.bus == pass->bus &&
		    pass->ports->is_here(pass->data, h.owner))
			continue;
		memcpy(name, f->tokens[i].name, sizeof(name));
		return give_back(f, pass, name, ret);
	}
	return false;
}
