/*
 * ports: what the engine asks of the world.
 *
 * The adapters implement it, main connects it. Nothing in here waits; what comes back arrives later, by a
 * call of engine.h.
 */
#pragma once
#include "daemon/core/instant.h"
#include "daemon/core/notification.h"
#include <stdbool.h>

/** Where an answer goes. The strings are the caller's. */
struct ticket {
	const char *sender; /* unique name, as the bus stamped it */
	uint32_t serial;
	bool is_silent; /* the sender wants no answer */
};

enum refusal {
	REFUSAL_NO_SUCH_ID, /* CloseNotification of what isn't there */
	REFUSAL_NOT_YOURS,  /* ... of what another sender owns */
	REFUSAL_OUT_OF_MEMORY,
};

/** A notification of lull's own. */
struct own_notice {
	const char *summary;
	const char *body;
	const char *const *actions; /* key, label, ..., NULL */
	const char *category;
};

struct engine_ports {
	/* To senders. @to is a unique name, or NULL: whoever listens. */
	void (*reply_id)(void *data, const struct ticket *to, uint32_t id);
	void (*reply_done)(void *data, const struct ticket *to);
	void (*reply_refusal)(void *data, const struct ticket *to, enum refusal why);
	void (*emit_closed)(void *data, const char *to, uint32_t id, uint32_t reason);
	void (*emit_action)(void *data, const char *to, uint32_t id, const char *key,
			    const char *token);
	void (*emit_replied)(void *data, const char *to, uint32_t id, const char *text);
	/* Call @fn with the notification that @p keeps. Return: 0 or a negative errno. */
	int (*read)(void *data, const struct ping *p,
		    void (*fn)(void *context, const struct notification *n), void *context);
	/* Is this unique name still on the bus? */
	bool (*is_here)(void *data, const char *sender);

	/* Pictures that it names and that may go away: open them; copy what was opened; forget the copies. */
	void (*keep_files)(void *data, uint32_t id);
	void (*copy_files)(void *data);
	void (*drop_files)(void *data, uint32_t id);

	/* To the display. show: engine_shown() or engine_refused() follows, unless the display goes. */
	int (*show)(void *data, const struct ping *p, bool is_minimal, bool is_silent);
	void (*close)(void *data, uint32_t display_id);
	/* Ask whether it is alive: engine_display_alive() follows if it is. */
	void (*probe)(void *data);
	/* A delivery waits and no display is known: look for one. */
	void (*need_display)(void *data);
	bool (*has_markup)(void *data);
	bool (*has_actions)(void *data);

	/*
	 * Show a digest through the presenter: engine_presenter() and engine_presented() follow. Return: 0, or
	 * a negative errno when it can't be run.
	 */
	int (*present)(void *data, const struct own_notice *notice);
	/* Call engine_own() with this notice as a decoded notification. Return: 0 or a negative errno. */
	int (*compose)(void *data, const struct own_notice *notice, int64_t announces);

	/* What status shows may have changed. */
	void (*changed)(void *data);
	/* Call engine_wake() and engine_settle() at these instants, and at no others. */
	void (*arm)(void *data, struct wake next);
	/* Call them once more soon, after others on the loop had their turn. */
	void (*turn_again)(void *data);
};
