/*
 * Identity: the application that a unit's name tells of.
 */
#include "daemon/bus/identity.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_app(const char *unit, const char *expected)
{
	autofree(str) char *app = identity_of_unit(unit);

	if (!expected) {
		assert_null(app);
		return;
	}
	assert_non_null(app);
	assert_string_equal(app, expected);
}

static void a_scope_names_its_application_before_the_random_part(void **state LULL_UNUSED)
{
	assert_app("app-org.gnome.Maps-2135.scope", "org.gnome.Maps");
	assert_app("app-gnome-firefox\\x2desr-2891.scope", "firefox-esr");
	assert_app("app-flatpak-org.telegram.desktop-3312453.scope", "org.telegram.desktop");
}

static void a_service_names_its_application_before_the_at(void **state LULL_UNUSED)
{
	assert_app("app-org.kde.konsole@12ab.service", "org.kde.konsole");
	assert_app("app-dbus\\x2d:1.2\\x2dorg.example@0.service", "dbus-:1.2-org.example");
	assert_app("app-kde-org.kde.dolphin@autostart.service", "org.kde.dolphin");
	assert_app("app-org.example.Plain.service", "org.example.Plain");
}

static void what_is_no_application_has_no_identity(void **state LULL_UNUSED)
{
	assert_app("session-2.scope", NULL);
	assert_app("user@1000.service", NULL);
	assert_app("app.slice", NULL);
	assert_app("app-x.slice", NULL);
	assert_app("app-1234.scope", NULL);
	assert_app("app-.scope", NULL);
	assert_app("app-", NULL);
	assert_app("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_names_its_application_before_the_random_part),
		cmocka_unit_test(a_service_names_its_application_before_the_at),
		cmocka_unit_test(what_is_no_application_has_no_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
