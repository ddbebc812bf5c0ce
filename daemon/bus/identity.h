/*
 * identity: which application a process belongs to.
 *
 * For senders that don't say their desktop entry. What a sandbox or systemd says of the process is used, never
 * what the process says itself.
 */
#pragma once
#include "daemon/core/notification.h"
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

/** What the bus says of a connection; GetConnectionCredentials of the D-Bus Specification. */
struct credentials {
	uint32_t pid;   /* 0: not told */
	char label[64]; /* LinuxSecurityLabel, "" when there is none */
};

/** credentials_read() - from the answer; an error or anything unknown reads as nothing */
void credentials_read(DBusMessage *reply, struct credentials *ret);

/** identity_sandboxed() - flatpak's and snap's are; one that can't be looked into, or has left, isn't known */
enum sandboxed identity_sandboxed(const struct credentials *c);

/** identity_is_sandboxed() - for what a sandbox may not do: also one of which it isn't known */
bool identity_is_sandboxed(const struct credentials *c);

/**
 * identity_app() - the application id (the desktop entry without .desktop) of a process
 *
 * From /.flatpak-info of its root, else from its cgroup: app[-LAUNCHER]-ID-RANDOM.scope and
 * app[-LAUNCHER]-ID[@RANDOM].service (systemd, "Desktop Environment Integration").
 *
 * Return: the id, which the caller frees; NULL when it isn't known.
 */
char *identity_app(uint32_t pid);

/** identity_of_unit() - the id in a unit's name. Pure. Return: as above. */
char *identity_of_unit(const char *unit);
