/*
 * probe: one notification to whoever has org.freedesktop.Notifications, and what comes back.
 *
 * On a connection of its own, so that lulld takes it back as soon as that ends, whatever the reason.
 */
#pragma once
#include "config/base.h"
#include <stdbool.h>
#include <stdint.h>

struct probe;

/** probe_open() - connect. Return: a new value; NULL when there is no bus (the user was told) or no memory. */
struct probe *probe_open(void);

/** probe_free() - disconnect; NULL is fine. Return: NULL. */
struct probe *probe_free(struct probe *p);
DEFINE_AUTOFREE(probe)

/**
 * probe_announce() - have lulld expect it: let it through focus, and keep it off every list
 *
 * Return: 0; -EBUSY when another one is on its way; -ENOSYS when this lulld can't; -ETIMEDOUT; -ENOENT when
 * lulld has left; -EREMOTEIO for any other error; -ENOMEM.
 */
LULL_MUSTCHECK int probe_announce(struct probe *p);

/**
 * probe_send() - notify; it goes by itself after a moment, should nobody take it back
 * @ret_by: unique name of who answered; borrowed from @p
 *
 * Return: 0; -ETIMEDOUT; -ENOENT when nobody has the name; -EREMOTEIO when an error came back; -ENOMEM.
 */
LULL_MUSTCHECK int probe_send(struct probe *p, const char **ret_by);

/** probe_id() - the id in the answer to probe_send() */
uint32_t probe_id(const struct probe *p);

/** What lulld knows of it. The texts are borrowed from the probe until the next question. */
struct probe_item {
	const char *state;
	const char *kind;
	uint32_t display_id;
	uint32_t reason; /* it was closed for; 0 while it lives */
};

/**
 * probe_ask() - ask lulld for it
 *
 * Return: 0; -ENODATA when lulld doesn't know it; else as probe_announce().
 */
LULL_MUSTCHECK int probe_ask(struct probe *p, struct probe_item *ret);

/** probe_wait() - let @ms pass, or less if the notification is closed meanwhile */
void probe_wait(struct probe *p, int ms);

/**
 * probe_withdraw() - close it where it was answered
 *
 * Return: 0 once NotificationClosed has come; -ETIMEDOUT when it doesn't; -ENOENT when who answered has
 * left; -EREMOTEIO for an error; -ENOMEM.
 */
LULL_MUSTCHECK int probe_withdraw(struct probe *p);
