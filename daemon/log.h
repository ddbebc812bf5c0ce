/*
 * log: lines on stderr, with the level prefixes that systemd reads.
 *
 * Never the text of a notification. Engine and main log; core and adapters return errors.
 */
#pragma once
#include "config/base.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/** log_open() - choose the level; prefixes are written when stderr is systemd's journal */
void log_open(enum log_level level);

void log_write(enum log_level level, const char *fmt, ...) LULL_PRINTF(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
