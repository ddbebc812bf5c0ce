#include "daemon/bus/senders.h"

#include <errno.h>
#include <search.h>
#include <string.h>

struct senders {
	void *tree; /* of char *, by tsearch() */
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct senders *senders_new(void)
{
	return calloc(1, sizeof(struct senders));
}

struct senders *senders_free(struct senders *s)
{
	if (!s)
		return NULL;
	tdestroy(s->tree, free);
	free(s);
	return NULL;
}

int senders_add(struct senders *s, const char *unique_name)
{
	autofree(str) char *copy = NULL;

	if (senders_have(s, unique_name))
		return 0;
	copy = strdup(unique_name);
	if (!copy || !tsearch(copy, &s->tree, compare))
		return -ENOMEM;
	(void)take(copy);
	return 0;
}

void senders_drop(struct senders *s, const char *unique_name)
{
	char *const *found = tfind(unique_name, &s->tree, compare);
	char *name;

	if (!found)
		return;
	name = *found;
	tdelete(unique_name, &s->tree, compare);
	free(name);
}

bool senders_have(const struct senders *s, const char *unique_name)
{
	return tfind(unique_name, (void *const *)&s->tree, compare) != NULL;
}
