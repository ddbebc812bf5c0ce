/*
 * outlook: what status says of the future, looked up when it is asked for, once a turn.
 */
#pragma once
#include "daemon/engine/timetable.h"

/** Wall times; 0: none, or nobody knows. */
struct outlook {
	bool is_known;      /* cleared when a turn begins, and by what changes any of it */
	int64_t until_us;   /* focus goes off; blocks and rounds that follow without a gap count */
	int64_t release_us; /* held ones are released */
	int64_t change_us;  /* the next token comes or goes by itself */
	const char
		*block; /* the block that begins then; "": none does; borrowed from the settings */
};

/** outlook_see() - fill it in, unless it is known */
void outlook_see(struct outlook *o, const struct timetable *t, const struct focus *f,
		 const struct pass *pass);
