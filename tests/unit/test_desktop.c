/* Which display server belongs where. */
#include "daemon/core/desktop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct desktop_session sway = {"sway", .has_x11 = true, .has_wayland = true};
static const struct desktop_session i3 = {"i3", .has_x11 = true};
static const struct desktop_session unnamed = {"", .has_x11 = true};

static struct desktop_session on(const char *current)
{
	return (struct desktop_session){current, .has_x11 = true, .has_wayland = true};
}

static void a_server_of_this_desktop_comes_before_one_for_any_and_that_before_others(void **state)
{
	const struct desktop_session xfce = on("XFCE");

	(void)state;
	assert_true(desktop_rank("xfce4-notifyd", &xfce) > desktop_rank("dunst", &xfce));
	assert_true(desktop_rank("dunst", &xfce) > desktop_rank("mate-notification-daemon", &xfce));
	assert_true(desktop_rank("mate-notification-daemon", &xfce) > 0);
}

static void one_that_needs_wayland_is_not_started_on_x11(void **state)
{
	(void)state;
	assert_int_equal(desktop_rank("mako", &i3), 0);
	assert_true(desktop_rank("mako", &sway) > 0);
}

static void one_that_needs_x11_is_not_started_without_it(void **state)
{
	const struct desktop_session pure = {"river", .has_wayland = true};

	(void)state;
	assert_int_equal(desktop_rank("notification-daemon", &pure), 0);
	assert_true(desktop_rank("dunst", &pure) > 0);
}

static void nothing_is_started_before_there_is_a_screen(void **state)
{
	const struct desktop_session none = {.current = "sway"};

	(void)state;
	assert_int_equal(desktop_rank("dunst", &none), 0);
	assert_int_equal(desktop_rank("something-new", &none), 0);
}

static void nothing_is_started_on_a_desktop_that_shows_notifications_itself(void **state)
{
	const char *const desktops[] = {"GNOME",  "ubuntu:GNOME", "KDE",          "X-Cinnamon",
					"Budgie", "awesome",      "Budgie:GNOME", "Enlightenment"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(desktops); i++) {
		const struct desktop_session session = on(desktops[i]);

		assert_int_equal(desktop_rank("dunst", &session), 0);
		assert_int_equal(desktop_rank("gnome-shell", &session), 0);
	}
}

static void gnome_flashback_has_no_gnome_shell(void **state)
{
	const struct desktop_session flashback = on("GNOME-Flashback:GNOME");

	(void)state;
	assert_true(desktop_rank("notification-daemon", &flashback) >
		    desktop_rank("dunst", &flashback));
}

static void a_program_that_is_not_known_is_one_for_any_desktop(void **state)
{
	(void)state;
	assert_int_equal(desktop_rank("something-new", &unnamed), desktop_rank("dunst", &unnamed));
}

static void what_plasma_has_for_the_name_is_never_started(void **state)
{
	(void)state;
	assert_int_equal(desktop_rank("plasma_waitforname", &i3), 0);
}

static void a_desktop_is_found_in_a_list_whatever_its_case(void **state)
{
	(void)state;
	assert_true(desktop_is("ubuntu:GNOME", "gnome"));
	assert_false(desktop_is("ubuntu:GNOME-Classic", "GNOME"));
	assert_false(desktop_is("", "GNOME"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_server_of_this_desktop_comes_before_one_for_any_and_that_before_others),
		cmocka_unit_test(one_that_needs_wayland_is_not_started_on_x11),
		cmocka_unit_test(one_that_needs_x11_is_not_started_without_it),
		cmocka_unit_test(nothing_is_started_before_there_is_a_screen),
		cmocka_unit_test(nothing_is_started_on_a_desktop_that_shows_notifications_itself),
		cmocka_unit_test(gnome_flashback_has_no_gnome_shell),
		cmocka_unit_test(a_program_that_is_not_known_is_one_for_any_desktop),
		cmocka_unit_test(what_plasma_has_for_the_name_is_never_started),
		cmocka_unit_test(a_desktop_is_found_in_a_list_whatever_its_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
