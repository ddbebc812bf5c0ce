/*
 * inhibit: focus that an application asks for; it ends with a word of it, or with the application.
 *
 * Desktop Notifications Specification 1.3, "Inhibit". The token's name says who holds it, so that it can be
 * judged after a restart of lulld: "COOKIE BUS UNIQUE-NAME".
 */
#pragma once
#include "daemon/engine/pass.h"

/** inhibit_take() - a new token for @owner. Return: its cookie; 0 when there are too many. */
uint32_t inhibit_take(struct focus *f, struct pass *pass, const char *owner, const char *reason,
		      struct focus_change *ret);

/** inhibit_give_back() - by its owner. Return: false when @owner has no such one. */
bool inhibit_give_back(struct focus *f, struct pass *pass, const char *owner, uint32_t cookie,
		       struct focus_change *ret);

/** inhibit_drop_gone() - give back one whose owner isn't on the bus. Return: false when there is none. */
bool inhibit_drop_gone(struct focus *f, struct pass *pass, struct focus_change *ret);
