/*
 * guess: what is meant by days, times and dates that lull.conf doesn't take, for the message about them.
 *
 * Pure. A guess is something that is taken; where there are two ways to read a text, there is none.
 */
#pragma once
#include "config/calendar.h"
#include <stdbool.h>

/* Each writes the guess to @buf. Return: false when there is none. */
bool guess_days(const char *text, char buf[static CALENDAR_TEXT_MAX]);   /* "mon tue" */
bool guess_clock(const char *text, char buf[static CALENDAR_TEXT_MAX]);  /* "9", "9.30", "5pm" */
bool guess_clocks(const char *text, char buf[static CALENDAR_TEXT_MAX]); /* "9; 12:30" */
bool guess_date(const char *text, char buf[static CALENDAR_TEXT_MAX]);   /* "24.12.2026" */
bool guess_dates(const char *text,
		 char buf[static CALENDAR_TEXT_MAX]); /* "2026-12-24 2026-12-25" */
bool guess_name(const char *text, char buf[static BLOCK_NAME_MAX + 1]); /* "deep work" */
