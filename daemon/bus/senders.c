#include "daemon/bus/senders.h"

#include <search.h>
#include <string.h>

struct senders {
	void *tree; /* of struct sender *, by tsearch() */
};

static int compare(const void *a, const void *b)
{
	const struct sender *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void free_sender(void *data)
{
	struct sender *sender = data;

	free(sender->name);
	free(sender->app);
	free(sender);
}

struct senders *senders_new(void)
{
	return calloc(1, sizeof(struct senders));
}

struct senders *senders_free(struct senders *s)
{
	if (!s)
		return NULL;
	tdestroy(s->tree, free_sender);
	free(s);
	return NULL;
}

struct sender *senders_find(const struct senders *s, const char *unique_name)
{
	/* It is only compared. */
	const struct sender wanted = {.name = (char *)(uintptr_t)unique_name};
	struct sender *const *found = tfind(&wanted, (void *const *)&s->tree, compare);

	return found ? *found : NULL;
}

struct sender *senders_add(struct senders *s, const char *unique_name)
{
	struct sender *sender = senders_find(s, unique_name);

	if (sender)
		return sender;
	sender = calloc(1, sizeof(*sender));
	if (!sender)
		return NULL;
	sender->name = strdup(unique_name);
	if (!sender->name || !tsearch(sender, &s->tree, compare)) {
		free_sender(sender);
		return NULL;
	}
	return sender;
}

void senders_drop(struct senders *s, const char *unique_name)
{
	struct sender *sender = senders_find(s, unique_name);

	if (!sender)
		return;
	tdelete(sender, &s->tree, compare);
	free_sender(sender);
}
