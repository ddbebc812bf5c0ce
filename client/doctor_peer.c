#include "client/doctor_peer.h"

#include "client/call.h"
#include "client/doctor.h"
#include "config/command.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUS_NAME "org.freedesktop.DBus"
/* A longer command line is no help in a remedy. */
#define COMMAND_MAX 500

void peer_done(struct peer *p)
{
	free(p->program);
	free(p->command);
}

json_t *peer_ask_bus(struct doctor *d, const char *member, const char *name)
{
	const struct call_target to = {BUS_NAME, "/org/freedesktop/DBus", BUS_NAME, member};
	autofree(json) json_t *reply = NULL;

	if (!d->call || call_other(d->call, &to, name, PEER_PATIENCE_MS, &reply) < 0)
		return NULL;
	return json_incref(json_array_get(reply, 0));
}

json_int_t peer_pid(struct doctor *d, const char *name)
{
	autofree(json) json_t *pid = peer_ask_bus(d, "GetConnectionUnixProcessID", name);

	return json_integer_value(pid);
}

bool peer_is_owned(struct doctor *d, const char *name)
{
	autofree(json) json_t *owner = peer_ask_bus(d, "GetNameOwner", name);

	return json_is_string(owner);
}

char *peer_read_proc(json_int_t pid, const char *name, size_t *ret_len)
{
	autofree(str) char *path = doctor_text("/proc/%" JSON_INTEGER_FORMAT "/%s", pid, name);
	FILE *f = path ? fopen(path, "re") : NULL;
	char *text = f ? calloc(1, 4097) : NULL;

	if (text)
		*ret_len = fread(text, 1, 4096, f);
	if (f)
		fclose(f);
	return text;
}

char *peer_program(json_int_t pid)
{
	autofree(str) char *link = doctor_text("/proc/%" JSON_INTEGER_FORMAT "/exe", pid);
	autofree(str) char *comm = NULL;
	char path[4096];
	size_t len = 0;
	ssize_t n = link ? readlink(link, path, sizeof(path) - 1) : -1;

	if (n > 0) {
		char *deleted;

		path[n] = '\0';
		deleted = strstr(path, " (deleted)");
		if (deleted)
			*deleted = '\0';
		return strdup(command_base(path));
	}
	comm = peer_read_proc(pid, "comm", &len);
	if (!comm || len < 2)
		return strdup("an unknown program");
	comm[strcspn(comm, "\n")] = '\0';
	return take(comm);
}

/* /proc/PID/cmdline as one would type it, the first @n_skipped words left out; NULL: none. */
static char *command_of(json_int_t pid, size_t n_skipped)
{
	size_t len = 0, i;
	autofree(str) char *bytes = peer_read_proc(pid, "cmdline", &len);
	autofree(command) char **words = NULL;

	if (!bytes || len > COMMAND_MAX || command_unpack(bytes, len, &words) < 0)
		return NULL;
	for (i = 0; i < n_skipped; i++)
		if (!words[i])
			return NULL;
	return words[n_skipped] ? command_join(words + n_skipped) : NULL;
}

/* "dunst under lull-shim" for "/usr/bin/dunst -print"; NULL: the command is unknown. */
static char *shimmed_name(const char *command)
{
	autofree(str) char *first = command ? strndup(command, strcspn(command, " ")) : NULL;

	return doctor_text("%s under lull-shim", first ? command_base(first) : "a program");
}

struct peer peer_of(struct doctor *d, const char *name)
{
	struct peer p = {.pid = peer_pid(d, name)};
	autofree(str) char *program =
		p.pid > 0 ? peer_program(p.pid) : strdup("an unknown program");

	if (program && strcmp(program, "lull-shim") == 0) {
		p.command = command_of(p.pid, 1);
		p.program = shimmed_name(p.command);
	} else if (program && strcmp(program, "lull") == 0) {
		p.program = strdup("lull console");
		p.command = strdup("lull console");
	} else {
		p.command = p.pid > 0 ? command_of(p.pid, 0) : NULL;
		p.program = take(program);
	}
	if (!p.command && p.program)
		p.command = strdup(p.program);
	return p;
}

json_int_t peer_pid_to_end(const struct peer *p)
{
	autofree(str) char *name = doctor_text("task/%" JSON_INTEGER_FORMAT "/children", p->pid);
	autofree(str) char *children = NULL;
	size_t len = 0;

	if (name && p->program && strstr(p->program, " under lull-shim"))
		children = peer_read_proc(p->pid, name, &len);
	return children && atoll(children) > 0 ? atoll(children) : p->pid;
}
