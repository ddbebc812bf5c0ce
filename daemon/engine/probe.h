/*
 * probe: the notification by which `lull doctor` finds out whether pings go the whole way.
 *
 * It goes the way of every ping, but through focus, too. So that no application gets through focus by
 * calling itself one, it is announced over org.lull.Lull1, and then one Notify of the unique name that
 * announced it is taken for it. It is nobody's message: it is on no list, it is shown once or not at all, and
 * it goes with its sender. One at a time.
 */
#pragma once
#include "daemon/engine/pass.h"

struct probe {
	char *sender;          /* who announced the last one; NULL: nobody */
	int64_t until_boot_us; /* its Notify is expected until then; 0: it has come */
	uint32_t id;           /* of the one that has come; 0: none, or it is over */
};

void probe_done(struct probe *probe);

/** probe_load() - at start: one that an earlier lulld left on its way isn't shown again */
void probe_load(const struct probe *probe, struct pass *pass);

enum probe_outcome {
	PROBE_OK = 0,
	PROBE_BUSY, /* another one isn't over yet */
};

/**
 * probe_announce() - expect the Notify of a probe from @sender, a unique name
 *
 * Return: a probe_outcome, or -ENOMEM.
 */
LULL_MUSTCHECK int probe_announce(struct probe *probe, struct pass *pass, const char *sender);

/** probe_is_expected() - is a Notify from @sender, which says that it is a probe, the one that was announced? */
bool probe_is_expected(const struct probe *probe, const struct pass *pass, const char *sender);

/** probe_came() - it is in the journal, as @id */
void probe_came(struct probe *probe, struct pass *pass, uint32_t id);

/** probe_is_releasing() - is one waiting for its turn on the display? Counts leave it out. */
bool probe_is_releasing(struct probe *probe, struct pass *pass);

/** probe_senders_changed() - if its sender has left, it is withdrawn */
void probe_senders_changed(struct probe *probe, struct pass *pass);
