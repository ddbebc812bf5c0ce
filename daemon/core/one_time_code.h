/*
 * one_time_code: is a notification the bringing of a code that the user needs now?
 *
 * Pure. A code for signing in, confirming a payment and the like: of 4 to 8 digits or letters, near a wording
 * that says so. The wordings are a table, in code_wordings.c.
 */
#pragma once
#include <stdbool.h>

/**
 * one_time_code_is() - does a notification with this summary and body bring a one-time code?
 * @body: may have markup
 *
 * Any bytes will do. Looks at the first KiB of each, in bounded time and without the heap; where nothing is in
 * the form of a code, looks at them once.
 */
bool one_time_code_is(const char *summary, const char *body);
