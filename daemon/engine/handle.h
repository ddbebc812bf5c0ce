/*
 * handle: what the user does with single notifications: release, dismiss, snooze, act.
 *
 * Ids that aren't there, or are lull's own or a probe's, are passed over; each function returns how many it found.
 */
#pragma once
#include "daemon/engine/pass.h"

/** handle_release() - let these go, one by one */
int64_t handle_release(struct pass *pass, const uint32_t *ids, size_t n_ids);

/** handle_close() - this one is closed by the user, on the display too */
void handle_close(struct pass *pass, struct ping *p, enum ping_state state);

/** handle_dismiss() - close these as if they had been clicked away: Closed(2) */
int64_t handle_dismiss(struct pass *pass, const uint32_t *ids, size_t n_ids);

/** handle_snooze() - hold these until an instant; call snooze_find() afterwards */
int64_t handle_snooze(struct pass *pass, const uint32_t *ids, size_t n_ids, int64_t until_wall_us);

/** handle_act() - press a button as if it was shown, then close */
int64_t handle_act(struct pass *pass, uint32_t id, const char *key);
