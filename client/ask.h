/*
 * ask: what would become of a notification that hasn't happened.
 */
#pragma once
#include "client/verb.h"
#include "config/settings.h"

/**
 * ask_run() - `lull check-config --explain`
 * @path: of the settings
 * @question: "app=Slack summary=Hello"
 * @when: NULL: now
 * @is_manual: as if a focus block had just been started by hand
 */
LULL_MUSTCHECK enum outcome ask_run(const struct settings *s, const char *path,
				    const char *question, const char *when, bool is_manual,
				    bool is_json);
