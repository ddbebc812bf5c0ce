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

uint32_t inhibit_take(struct focus *f, struct pass *pass, const char *owner, const char *reason)
{
	struct holder h = {.bus = pass->bus}, other;
	char name[NAME_MAX_BYTES];
	size_t i;

	for (i = 0; i < f->n_tokens; i++)
		if (f->tokens[i].kind == TOKEN_INHIBIT && read_name(f->tokens[i].name, &other))
			h.cookie = MAX(h.cookie, other.cookie);
	h.cookie++;
	if (strlen(owner) >= sizeof(h.owner))
		return 0;
	strcpy(h.owner, owner);
	if (!write_name(&h, name) || focus_inhibit(f, name, reason, pass->now) != FOCUS_OK)
		return 0;
	return h.cookie;
}

bool inhibit_give_back(struct focus *f, struct pass *pass, const char *owner, uint32_t cookie)
{
	struct holder h = {.cookie = cookie, .bus = pass->bus};
	char name[NAME_MAX_BYTES];

	if (strlen(owner) >= sizeof(h.owner))
		return false;
	strcpy(h.owner, owner);
	return write_name(&h, name) && focus_uninhibit(f, name) == FOCUS_OK;
}

size_t inhibit_drop_gone(struct focus *f, struct pass *pass)
{
	size_t n_gone = 0, i = 0;
	struct holder h;

	while (i < f->n_tokens) {
		const struct token *t = &f->tokens[i];

		if (t->kind != TOKEN_INHIBIT || (read_name(t->name, &h) && h.bus == pass->bus &&
						 pass->ports->is_here(pass->data, h.owner))) {
			i++;
			continue;
		}
		if (focus_uninhibit(f, t->name) != FOCUS_OK)
			break;
		n_gone++;
	}
	return n_gone;
}
