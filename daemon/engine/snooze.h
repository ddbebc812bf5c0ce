/*
 * snooze: what is held until an instant of its own, whatever focus does.
 */
#pragma once
#include "daemon/engine/pass.h"

struct snooze {
	int64_t next_wall_us; /* the first one comes back then; INSTANT_NEVER */
};

/** snooze_find() - look up when the first one comes back; at start, and after one was snoozed */
void snooze_find(struct snooze *s, struct pass *pass);

/**
 * snooze_wake() - those whose instant has come are held like any other
 * @until, @due: what releases them then
 * @goes_at_once: they are released by themselves instead, while others wait for a delivery
 *
 * Return: true when there were any; held ones belong to the block that is on, or to a batch that is to begin.
 */
bool snooze_wake(struct snooze *s, struct pass *pass, enum hold_until until, struct due due,
		 bool goes_at_once);
