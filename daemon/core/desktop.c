#include "daemon/core/desktop.h"

#include <string.h>
#include <strings.h>

static const struct desktop_server servers[] = {
	{"dunst", "dunst", .kind = DESKTOP_STANDALONE},
	{"mako", "mako", .kind = DESKTOP_STANDALONE, .needs_wayland = true},
	{"swaync", "swaync", .kind = DESKTOP_STANDALONE, .needs_wayland = true},
	{"fnott", "fnott", .kind = DESKTOP_STANDALONE, .needs_wayland = true},
	{"wired", "wired", .kind = DESKTOP_STANDALONE, .needs_x11 = true},
	{"twmnd", "twmn", .kind = DESKTOP_STANDALONE, .needs_x11 = true},
	{"deadd-notification-center", "deadd", .kind = DESKTOP_STANDALONE, .needs_x11 = true},
	{"xfce4-notifyd", "xfce4-notifyd", .kind = DESKTOP_STANDALONE, .desktop = "XFCE"},
	{"mate-notification-daemon", "mate-notification-daemon", .kind = DESKTOP_STANDALONE,
	 .desktop = "MATE", .needs_x11 = true},
	{"notification-daemon", "notification-daemon", .kind = DESKTOP_STANDALONE,
	 .desktop = "GNOME-Flashback", .needs_x11 = true},
	{"notify-osd", "notify-osd", .kind = DESKTOP_STANDALONE, .desktop = "Unity",
	 .needs_x11 = true},
	{"lxqt-notificationd", "lxqt-notificationd", .kind = DESKTOP_STANDALONE, .desktop = "LXQt",
	 .needs_x11 = true, .stays_unqueued = true},
	{"gnome-shell", "GNOME Shell", .kind = DESKTOP_TAKEOVER, .desktop = "GNOME"},
	{"cinnamon", "Cinnamon", .kind = DESKTOP_LINES_UP, .desktop = "X-Cinnamon"},
	{"awesome", "awesome", .kind = DESKTOP_LINES_UP, .desktop = "awesome"},
	{"plasmashell", "Plasma", .kind = DESKTOP_UNSUPPORTED, .desktop = "KDE",
	 .stays_unqueued = true},
	/* What Plasma's service file for the name runs; it shows nothing. */
	{"plasma_waitforname", "Plasma", .kind = DESKTOP_UNSUPPORTED, .desktop = "KDE"},
	{"budgie-daemon", "Budgie", .kind = DESKTOP_UNSUPPORTED, .desktop = "Budgie"},
	{"enlightenment", "Enlightenment", .kind = DESKTOP_UNSUPPORTED, .desktop = "Enlightenment"},
	{"cosmic-notifications", "COSMIC", .kind = DESKTOP_UNSUPPORTED, .desktop = "COSMIC"},
	{"io.elementary.notifications", "Pantheon", .kind = DESKTOP_UNSUPPORTED,
	 .desktop = "Pantheon"},
	{"dde-osd", "Deepin", .kind = DESKTOP_UNSUPPORTED, .desktop = "Deepin"},
	{"quickshell", "Quickshell", .kind = DESKTOP_UNSUPPORTED, .stays_unqueued = true},
	{"ags", "AGS", .kind = DESKTOP_UNSUPPORTED},
};

const struct desktop_server *desktop_find(const char *program)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(servers); i++)
		if (strcmp(servers[i].program, program) == 0)
			return &servers[i];
	return NULL;
}

bool desktop_is(const char *current, const char *name)
{
	size_t length = strlen(name);

	while (*current) {
		size_t n = strcspn(current, ":");

		if (n == length && strncasecmp(current, name, n) == 0)
			return true;
		current += n;
		current += *current == ':';
	}
	return false;
}

/* GNOME Flashback calls itself GNOME, too, but has no GNOME Shell. */
static bool shows_itself(const char *current)
{
	size_t i;

	if (desktop_is(current, "GNOME-Flashback"))
		return false;
	for (i = 0; i < ARRAY_SIZE(servers); i++)
		if (servers[i].kind != DESKTOP_STANDALONE && servers[i].desktop &&
		    desktop_is(current, servers[i].desktop))
			return true;
	return false;
}

int desktop_rank(const char *program, const struct desktop_session *session)
{
	const struct desktop_server *server = desktop_find(program);

	if (shows_itself(session->current) || (!session->has_x11 && !session->has_wayland))
		return 0;
	if (!server)
		return 2;
	if (server->kind != DESKTOP_STANDALONE ||
	    (server->needs_wayland && !session->has_wayland) ||
	    (server->needs_x11 && !session->has_x11))
		return 0;
	if (!server->desktop)
		return 2;
	return desktop_is(session->current, server->desktop) ? 3 : 1;
}
