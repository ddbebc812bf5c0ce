/*
 * front: org.freedesktop.Notifications as applications see it.
 *
 * Every call is answered from lull's own state; nothing here waits for the display.
 * Desktop Notifications Specification 1.2, "D-BUS Protocol".
 */
#pragma once
#include "daemon/engine/ports.h"
#include <dbus/dbus.h>

struct abilities;
struct engine;
struct front;

/**
 * front_new() - register the object; pings come in once the name is owned
 * @engine: borrowed
 *
 * Return: a new value, or NULL when out of memory.
 */
struct front *front_new(DBusConnection *connection, struct engine *engine);

/** front_free() - NULL is fine. Return: NULL. */
struct front *front_free(struct front *f);
DEFINE_AUTOFREE(front)

/** front_filter() - NameOwnerChanged of senders that leave; for the connection's filter */
void front_filter(struct front *f, DBusMessage *message);

/** front_abilities() - what applications are told that can be done */
struct abilities *front_abilities(struct front *f);

/** front_changed() - tell listeners when focus went on or off (property Inhibited) */
void front_changed(struct front *f);

/* For the engine's ports; see there. */
void front_reply_id(struct front *f, const struct ticket *to, uint32_t id);
void front_reply_done(struct front *f, const struct ticket *to);
void front_reply_refusal(struct front *f, const struct ticket *to, enum refusal why);
void front_emit_closed(struct front *f, const char *to, uint32_t id, uint32_t reason);
void front_emit_action(struct front *f, const char *to, uint32_t id, const char *key,
		       const char *token);
void front_emit_replied(struct front *f, const char *to, uint32_t id, const char *text);
bool front_is_here(const struct front *f, const char *sender);
int front_compose(struct front *f, const struct own_notice *notice, int64_t announces);
