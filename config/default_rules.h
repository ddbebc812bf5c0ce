/*
 * default_rules: what breaks through while others are held, as rules like the user's own.
 *
 * They come after those of lull.conf; a section with the name of one changes it.
 */
#pragma once

struct default_setting {
	const char *section;
	const char *key;
	const char *value;
};

/** default_settings() - in the order of the rules; a section of NULL after the last */
const struct default_setting *default_settings(void);
