/*
 * manual: lull.conf(5), from the table of settings.
 */
#pragma once
#include <stdio.h>

/**
 * manual_write() - docs/lull.conf.5.scd, for scdoc
 *
 * Errors stay in @out: the caller asks ferror().
 */
void manual_write(FILE *out);
