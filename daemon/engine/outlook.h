/*
 * outlook: what is to come, for status and policy; looked up when it is asked for, and kept until it may be otherwise.
 *
 * Every notification that is held asks, so that must not cost a walk along the calendar each time.
 */
#pragma once
#include "daemon/engine/timetable.h"

/** Wall times; 0: none, or nobody knows. */
struct outlook {
	bool is_known;       /* cleared by what changes any of it */
	struct instant seen; /* it was looked up then, */
	int64_t valid_us;    /* and is so until this wall time, unless the clock is set */
	int64_t until_us;    /* focus goes off; blocks and rounds that follow without a gap count */
	int64_t release_us;  /* held ones are released */
	int64_t change_us;   /* the next token comes or goes by itself */
	const char
		*block; /* the block that begins then; "": none does; borrowed from the settings */
};

/** outlook_begin() - a turn begins: is what was seen still so? */
void outlook_begin(struct outlook *o, struct instant now);

/** outlook_see() - fill it in, unless it is known */
void outlook_see(struct outlook *o, const struct timetable *t, const struct focus *f,
		 const struct pass *pass);
