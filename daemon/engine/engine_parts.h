/*
 * engine_parts: what the files of the engine share: engine (starting, the turn), engine_focus (focus, blocks and
 * deliveries as time goes), engine_calls (what others ask for), engine_view (what there is to see).
 */
#pragma once
#include "daemon/engine/arrival.h"
#include "daemon/engine/delivery.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/hold.h"
#include "daemon/engine/outlook.h"
#include "daemon/engine/pass.h"
#include "daemon/engine/probe.h"
#include "daemon/engine/relay.h"
#include "daemon/engine/release.h"
#include "daemon/engine/rulebook.h"
#include "daemon/engine/snooze.h"
#include "daemon/engine/timetable.h"

struct engine {
	struct pass pass;
	struct focus focus;
	struct timetable timetable;
	struct outlook outlook;
	struct delivery delivery;
	struct release release;
	struct relay relay;
	struct snooze snooze;
	struct hold hold;
	struct rulebook rulebook;
	struct probe probe;
	struct arrival arrival;
	char *bus_guid;
	char boot_id[sizeof(((struct journal_token *)0)->boot_id)];
	int64_t lazy_boot_us;    /* commit at the latest then; INSTANT_NEVER */
	int64_t recover_boot_us; /* try the disk then; INSTANT_NEVER */
	bool is_catching_up;     /* something was missed, and goes in this turn */
	bool is_failure_told;
	bool has_changed; /* what status shows */
};

/* --- engine_focus.c --- */

/** engine_catch_up() - what was to go while lulld couldn't be woken goes, before what has begun since holds it */
void engine_catch_up(struct engine *e, struct instant now);

/** engine_follow_time() - blocks, rounds and deliveries, as they are now */
void engine_follow_time(struct engine *e);

/** engine_wake_snoozed() - those whose instant has come */
void engine_wake_snoozed(struct engine *e);

/** engine_look_anew() - there are other settings, or another zone: what still holds goes on */
void engine_look_anew(struct engine *e);

/** engine_release_stranded() - nothing is there any more that would release it: only what is due by itself waits */
void engine_release_stranded(struct engine *e);

/* --- engine_view.c --- */

/** engine_context() - what policy may know now */
struct policy_context engine_context(struct engine *e);
