#include "config/default_rules.h"

#include <stddef.h>

/* Categories: Desktop Notifications Specification 1.2, "Categories", and what GNOME and KDE add to them. */
static const struct default_setting settings[] = {
	/* The answer to a key that was pressed. */
	{"rule osd", "osd", "yes"},
	{"rule osd", "verdict", "deliver"},

	/* One that rings can't wait; one that has ended, or was missed, can. */
	{"rule call", "category",
	 "call, call.incoming, call.incoming.*, x-kde.call, x-kde.call.*, x-gnome.call, x-gnome.call.*"},
	{"rule call", "verdict", "deliver"},

	{"rule alarm", "category",
	 "alarm, alarm.*, x-gnome.alarm, x-gnome.alarm.*, x-kde.alarm, x-kde.alarm.*"},
	{"rule alarm", "verdict", "deliver"},

	/* Somebody waits for it in front of a form. */
	{"rule one-time-code", "one-time-code", "yes"},
	{"rule one-time-code", "verdict", "deliver"},

	/* The computer is about to go out. */
	{"rule battery", "app",
	 "*power*, *battery*, cbatticon, batsignal, upower*, gnome-settings-daemon"},
	{"rule battery", "urgency", "critical"},
	{"rule battery", "verdict", "deliver"},

	/*
	 * It isn't to be trusted: Chromium makes every page that asks for it critical, and some messengers all
	 * they have. So only some of each application come through.
	 */
	{"rule critical", "urgency", "critical"},
	{"rule critical", "verdict", "deliver"},
	{"rule critical", "budget", "3 per block"},

	{NULL, NULL, NULL},
};

const struct default_setting *default_settings(void)
{
	return settings;
}
