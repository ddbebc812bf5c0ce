#include "daemon/bus/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void credentials_read(DBusMessage *reply, struct credentials *ret)
{
	DBusMessageIter iter, dict;

	*ret = (struct credentials){0};
	if (!dbus_message_has_signature(reply, "a{sv}"))
		return;
	dbus_message_iter_init(reply, &iter);
	for (dbus_message_iter_recurse(&iter, &dict);
	     dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		DBusMessageIter entry, value, bytes;
		const char *key, *data;
		dbus_uint32_t pid;
		int n = 0;

		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		if (strcmp(key, "ProcessID") == 0 &&
		    dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_UINT32) {
			dbus_message_iter_get_basic(&value, &pid);
			ret->pid = pid;
		}
		if (strcmp(key, "LinuxSecurityLabel") == 0 &&
		    dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_ARRAY &&
		    dbus_message_iter_get_element_type(&value) == DBUS_TYPE_BYTE) {
			dbus_message_iter_recurse(&value, &bytes);
			dbus_message_iter_get_fixed_array(&bytes, &data, &n);
			snprintf(ret->label, sizeof(ret->label), "%.*s", n, data);
		}
	}
}

enum sandboxed identity_sandboxed(const struct credentials *c)
{
	bool is_inside, is_outside;
	char path[48];
	int root;

	if (strncmp(c->label, "snap.", 5) == 0)
		return SANDBOXED_YES;
	if (c->pid == 0)
		return SANDBOXED_UNKNOWN;
	snprintf(path, sizeof(path), "/proc/%u/root", c->pid);
	/* Of a process that has left there is no root, which isn't the same as a root without the file. */
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return SANDBOXED_UNKNOWN;
	is_inside = faccessat(root, ".flatpak-info", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	is_outside = !is_inside && errno == ENOENT;
	close(root);
	if (is_inside)
		return SANDBOXED_YES;
	return is_outside ? SANDBOXED_NO : SANDBOXED_UNKNOWN;
}

bool identity_is_sandboxed(const struct credentials *c)
{
	return identity_sandboxed(c) != SANDBOXED_NO;
}

/* The value of @key in the section [Application] of a key file. */
static char *read_flatpak_info(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512], *id = NULL;
	bool is_inside = false;

	if (!file)
		return NULL;
	while (!id && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '[')
			is_inside = strcmp(line, "[Application]") == 0;
		else if (is_inside && strncmp(line, "name=", 5) == 0)
			id = strdup(line + 5);
	}
	fclose(file);
	return id;
}

/* systemd writes a "-" in a name as "\x2d". In place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		unsigned code;

		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &code) == 1 &&
		    code >= ' ' && code < 0x7f) {
			*to++ = (char)code;
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

char *identity_of_unit(const char *unit)
{
	autofree(str) char *name = strdup(unit);
	char *suffix, *end, *id;

	if (!name || strncmp(name, "app-", 4) != 0)
		return NULL;
	suffix = strrchr(name, '.');
	if (!suffix)
		return NULL;
	*suffix = '\0';
	if (strcmp(suffix + 1, "service") == 0) {
		end = strchr(name, '@');
	} else if (strcmp(suffix + 1, "scope") == 0) {
		end = strrchr(name, '-');
		if (!end || end == name + 3)
			return NULL;
	} else {
		return NULL;
	}
	if (end)
		*end = '\0';
	/* A "-" of the id itself is escaped: what is before the last one is the launcher. */
	id = strrchr(name, '-') + 1;
	unescape(id);
	return *id ? strdup(id) : NULL;
}

static char *read_cgroup(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[4096], *id = NULL, *unit;

	if (!file)
		return NULL;
	/* The unified hierarchy is "0::/path"; the innermost part that is an application's counts. */
	while (!id && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) != 0)
			continue;
		while (!id && (unit = strrchr(line, '/'))) {
			id = identity_of_unit(unit + 1);
			*unit = '\0';
		}
	}
	fclose(file);
	return id;
}

char *identity_app(uint32_t pid)
{
	char path[48], *id;

	if (pid == 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%u/root/.flatpak-info", pid);
	id = read_flatpak_info(path);
	if (!id) {
		snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
		id = read_cgroup(path);
	}
	/* Bytes that D-Bus can't carry are no id. */
	if (id && (strlen(id) > 255 || !dbus_validate_utf8(id, NULL))) {
		free(id);
		id = NULL;
	}
	return id;
}
