#include "daemon/bus/abilities.h"

#include "daemon/bus/bus.h"
#include "daemon/core/text.h"
#include "daemon/engine/engine.h"
#include <string.h>

/*
 * Until a display has told its own. Never empty: Chromium gives native notifications up for its lifetime
 * without body and actions.
 */
#define DEFAULT_CAPABILITIES "actions body body-markup icon-static persistence"

/* libnotify reads the last one. */
#define DEFAULT_INFORMATION "lull\nlull\n" LULL_VERSION "\n1.2\n"

struct abilities {
	struct engine *engine;
	char *names;       /* separated by blanks */
	char *information; /* name, vendor, version, spec_version; each ends with a newline */
};

struct abilities *abilities_new(struct engine *engine)
{
	autofree(abilities) struct abilities *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->engine = engine;
	a->names = engine_remembered(engine, "capabilities");
	if (!a->names)
		a->names = strdup(DEFAULT_CAPABILITIES);
	a->information = engine_remembered(engine, "information");
	if (!a->information)
		a->information = strdup(DEFAULT_INFORMATION);
	return a->names && a->information ? take(a) : NULL;
}

struct abilities *abilities_free(struct abilities *a)
{
	if (!a)
		return NULL;
	free(a->names);
	free(a->information);
	free(a);
	return NULL;
}

bool abilities_append_names(const struct abilities *a, DBusMessage *reply)
{
	DBusMessageIter into, list;
	autofree(str) char *copy = strdup(a->names);
	char inhibitions[] = "inhibitions", *rest = copy, *name;
	bool is_done;

	dbus_message_iter_init_append(reply, &into);
	is_done = copy && dbus_message_iter_open_container(&into, DBUS_TYPE_ARRAY, "s", &list);
	while (is_done && (name = strsep(&rest, " ")))
		is_done = !*name || strcmp(name, "inhibitions") == 0 ||
			  dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &name);
	/* What lull adds to what the display can. */
	name = inhibitions;
	is_done = is_done && dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &name);
	return is_done && dbus_message_iter_close_container(&into, &list);
}

bool abilities_append_information(const struct abilities *a, DBusMessage *reply)
{
	autofree(str) char *copy = strdup(a->information);
	char *rest = copy, *line;
	DBusMessageIter into;
	bool is_done = copy != NULL;

	dbus_message_iter_init_append(reply, &into);
	while (is_done && (line = strsep(&rest, "\n")) && rest)
		is_done = bus_append_text(&into, line);
	return is_done;
}

void abilities_set_names(struct abilities *a, const char *names)
{
	char *copy;

	if (strcmp(names, a->names) == 0)
		return;
	copy = strdup(names);
	if (!copy)
		return;
	free(a->names);
	a->names = copy;
	engine_remember(a->engine, "capabilities", names);
}

void abilities_set_information(struct abilities *a, const char *const information[static 4])
{
	struct text lines = {0};
	char *copy;
	size_t i;

	for (i = 0; i < 4; i++) {
		/* Applications trust a specification that is known: never less than 1.2. */
		bool is_old_spec = i == 3 && strcmp(information[i], "1.2") < 0;

		text_add_cut(&lines, is_old_spec ? "1.2" : information[i], 256);
		text_add(&lines, "\n");
	}
	copy = text_take(&lines);
	if (!copy || strcmp(copy, a->information) == 0) {
		free(copy);
		return;
	}
	free(a->information);
	a->information = copy;
	engine_remember(a->engine, "information", copy);
}

bool abilities_has(const struct abilities *a, const char *name)
{
	size_t length = strlen(name);
	const char *at = a->names;

	while (*at) {
		size_t n = strcspn(at, " ");

		if (n == length && strncmp(at, name, n) == 0)
			return true;
		at += n;
		at += *at == ' ';
	}
	return false;
}
