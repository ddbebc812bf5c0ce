/*
 * The doctor's test notification: sent as an application would, and followed to the screen and back.
 */
#include "client/call.h"
#include "client/doctor.h"
#include "client/doctor_peer.h"
#include "client/probe.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"

/* lulld expects one for 10 s. */
#define BUSY_PATIENCE_MS 11000
#define BUSY_WAIT_MS 100
/* How long the display may take. */
#define SHOW_PATIENCE_MS 3000
#define LOOK_EVERY_MS 50

/** A probe on its way. */
struct trip {
	struct doctor *d;
	struct probe *probe;
	const char *display; /* its name, for people */
	const char *unique;  /* the display's; "" when there is none */
	int64_t start_ms;
	uint32_t display_id; /* the display's own id for it */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void broken(const struct trip *t, char *text, char *remedy)
{
	doctor_find(t->d, DOCTOR_BROKEN, text, remedy);
}

/* --- is the display told not to show anything? --- */

enum answer {
	ANSWER_IS_TRUE, /* true, or a dictionary in which @word is */
	ANSWER_HAS,     /* a list with @word */
};

static const struct quiet {
	const char *server;          /* as GetServerInformation names it */
	struct call_target question; /* name NULL: the display's own */
	const char *arguments[2];    /* texts; NULL: not so many */
	enum answer answer;
	const char *word;
	const char *remedy;
} quiets[] = {
	{.server = "dunst",
	 .question = {NULL, NOTIFICATIONS_PATH, "org.freedesktop.DBus.Properties", "GetAll"},
	 .arguments = {"org.dunstproject.cmd0"},
	 .answer = ANSWER_IS_TRUE,
	 .word = "paused",
	 .remedy = "dunstctl set-paused false"},
	{.server = "mako",
	 .question = {NULL, "/fr/emersion/Mako", "fr.emersion.Mako", "ListModes"},
	 .answer = ANSWER_HAS,
	 .word = "do-not-disturb",
	 .remedy = "makoctl mode -r do-not-disturb"},
	{.server = "SwayNotificationCenter",
	 .question = {"org.erikreider.swaync.cc", "/org/erikreider/swaync/cc",
		      "org.erikreider.swaync.cc", "GetDnd"},
	 .answer = ANSWER_IS_TRUE,
	 .remedy = "swaync-client --dnd-off"},
	{.server = "Xfce Notify Daemon",
	 .question = {"org.xfce.Xfconf", "/org/xfce/Xfconf", "org.xfce.Xfconf", "GetProperty"},
	 .arguments = {"xfce4-notifyd", "/do-not-disturb"},
	 .answer = ANSWER_IS_TRUE,
	 .remedy = "xfconf-query -c xfce4-notifyd -p /do-not-disturb -s false"},
};

static bool has_word(const json_t *list, const char *word)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (json_is_string(one) &&
					     strcmp(json_string_value(one), word) == 0) return true;
	return false;
}

static bool is_yes(const struct quiet *q, const json_t *answer)
{
	switch (q->answer) {
	case ANSWER_IS_TRUE:
		return json_is_true(q->word ? json_object_get(answer, q->word) : answer);
	case ANSWER_HAS: return has_word(answer, q->word);
	}
	return false;
}

static bool is_quiet(const struct trip *t, const struct quiet *q)
{
	struct call_target to = q->question;
	const char *signature = q->arguments[1] ? "ss" : q->arguments[0] ? "s" : "";
	autofree(json) json_t *arguments = json_array();
	autofree(json) json_t *reply = NULL;

	if (!to.name)
		to.name = t->unique;
	for (size_t i = 0; i < strlen(signature); i++)
		if (json_array_append_new(arguments, json_string(q->arguments[i])) < 0)
			return false;
	return call_any(t->d->call, &to, signature, take(arguments), PEER_PATIENCE_MS, &reply,
			NULL) == 0 &&
	       is_yes(q, json_array_get(reply, 0));
}

/* The row of a display that is told to be quiet; NULL: it isn't, or doesn't tell. */
static const struct quiet *find_quiet(const struct trip *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(quiets); i++)
		if (strcmp(t->display, quiets[i].server) == 0 && is_quiet(t, &quiets[i]))
			return &quiets[i];
	return NULL;
}

/* --- the way there --- */

static void find_announce_failure(const struct trip *t, int r)
{
	if (r == -EBUSY)
		broken(t, doctor_text("another test notification is on its way all the time"),
		       doctor_text("end the other 'lull doctor', then try again"));
	else if (r == -ETIMEDOUT)
		broken(t, doctor_text("lulld doesn't answer any more"),
		       doctor_how_to_restart(t->d));
	else if (r == -ENOSYS)
		broken(t,
		       doctor_text("this lulld doesn't know test notifications; it is of another "
				   "version"),
		       doctor_how_to_restart(t->d));
	else
		broken(t, doctor_text("lulld takes no test notification: %s", strerror(-r)),
		       doctor_how_to_restart(t->d));
}

/* Behind another server it isn't lulld that gets it. */
static bool announce(const struct trip *t)
{
	static const struct timespec wait = {0, BUSY_WAIT_MS * 1000000};
	const int64_t end_ms = now_ms() + BUSY_PATIENCE_MS;
	int r;

	if (!json_is_true(json_object_get(t->d->status, "in_front")))
		return true;
	while ((r = probe_announce(t->probe)) == -EBUSY && now_ms() < end_ms)
		nanosleep(&wait, NULL);
	if (r == 0)
		return true;
	find_announce_failure(t, r);
	return false;
}

static void find_send_failure(const struct trip *t, int r)
{
	peer_auto owner = peer_of(t->d, NOTIFICATIONS_NAME);
	const char *program = owner.program ? owner.program : "a program";
	bool is_lulld = owner.pid == t->d->lulld_pid;

	if (r == -ENOENT)
		broken(t, doctor_text("nobody took the test notification"),
		       doctor_how_to_restart(t->d));
	else if (is_lulld)
		broken(t,
		       doctor_text("lulld %s the test notification",
				   r == -ETIMEDOUT ? "didn't answer" : "refused"),
		       doctor_how_to_restart(t->d));
	else
		broken(t,
		       doctor_text("pings bypass lull: %s (pid %" JSON_INTEGER_FORMAT
				   ") got the test notification, and %s",
				   program, owner.pid,
				   r == -ETIMEDOUT ? "didn't answer" : "refused it"),
		       doctor_how_to_get_in_front(t->d, &owner));
}

static void find_other(const struct trip *t, const char *by)
{
	peer_auto other = peer_of(t->d, by);
	int r = probe_withdraw(t->probe);

	broken(t,
	       doctor_text("pings bypass lull: %s (pid %" JSON_INTEGER_FORMAT
			   ") answered the test notification, not lulld%s",
			   other.program ? other.program : "a program", other.pid,
			   r < 0 ? "; it didn't take it back, so it may be seen for 2 s" : ""),
	       doctor_how_to_get_in_front(t->d, &other));
}

/* Return: did lulld answer? */
static bool notify(const struct trip *t)
{
	const char *by = NULL;
	int r = probe_send(t->probe, &by);

	if (r < 0) {
		find_send_failure(t, r);
		return false;
	}
	/* lulld's two connections are of one process. */
	if (peer_pid(t->d, by) == t->d->lulld_pid)
		return true;
	find_other(t, by);
	return false;
}

/* --- to the display --- */

static bool is_on_its_way(const struct probe_item *item)
{
	return item->reason == 0 && item->display_id == 0;
}

/* Until the display has taken it, or it is over, or time is. Return: 0 or a negative errno. */
static int watch(struct trip *t, struct probe_item *ret)
{
	const int64_t end_ms = now_ms() + (t->unique[0] ? SHOW_PATIENCE_MS : 0);
	int wait_ms = 1;
	int r;

	while ((r = probe_ask(t->probe, ret)) == 0 && is_on_its_way(ret) && now_ms() < end_ms) {
		probe_wait(t->probe, wait_ms);
		wait_ms = MIN(2 * wait_ms, LOOK_EVERY_MS);
	}
	return r;
}

static void find_not_shown(const struct trip *t, const struct probe_item *item)
{
	peer_auto display = peer_of(t->d, t->unique);

	if (item->reason == 0 && !t->unique[0])
		broken(t,
		       doctor_text("lulld took the test notification, but there is no display "
				   "server to show it"),
		       doctor_how_to_get_a_display());
	else if (item->reason == 0)
		broken(t,
		       doctor_text("lulld took the test notification, but %s hasn't shown it "
				   "within %d s",
				   t->display, SHOW_PATIENCE_MS / 1000),
		       doctor_how_to_restart_display(&display));
	else if (strcmp(item->state, "dropped") == 0)
		broken(t,
		       doctor_text("lulld took the test notification, but %s refused it, or died "
				   "of it",
				   t->display),
		       doctor_text("lulld's messages say why; then restart %s", t->display));
	else
		broken(t,
		       doctor_text("lulld took the test notification, but %s closed it at once "
				   "without showing it",
				   t->display),
		       doctor_text("look whether %s is told not to disturb", t->display));
}

/* The display may have closed it again before lulld was asked: by itself, or because somebody clicked. */
static bool was_shown(const struct probe_item *item)
{
	enum { EXPIRED = 1, BY_CALL = 3 };

	return item->display_id != 0 || (item->reason >= EXPIRED && item->reason <= BY_CALL);
}

/* Return: did the display take it? */
static bool follow(struct trip *t)
{
	struct probe_item item = {0};
	int r = watch(t, &item);

	if (r == -ENODATA || (r == 0 && strcmp(item.kind, "probe") != 0 &&
			      json_is_true(json_object_get(t->d->status, "in_front")))) {
		broken(t,
		       doctor_text("lulld answered the test notification, but %s",
				   r < 0 ? "doesn't know it" : "took it for another one"),
		       doctor_how_to_restart(t->d));
	} else if (r < 0) {
		broken(t,
		       doctor_text("lulld answered the test notification, and no question after "
				   "that"),
		       doctor_how_to_restart(t->d));
	} else if (!was_shown(&item)) {
		const struct quiet *quiet = item.reason > 0 ? find_quiet(t) : NULL;

		if (!quiet)
			find_not_shown(t, &item);
		else
			broken(t,
			       doctor_text("%s is told not to disturb: it shows nothing",
					   t->display),
			       strdup(quiet->remedy));
	} else {
		t->display_id = item.display_id;
		return true;
	}
	return false;
}

/* --- and back --- */

static void find_way(const struct trip *t, int64_t took_ms)
{
	const char *journal = doctor_status_text(t->d, "journal");
	const struct quiet *quiet = find_quiet(t);
	autofree(str) char *there =
		t->display_id > 0 ? doctor_text(" as %u", t->display_id) : strdup("");

	if (quiet)
		broken(t,
		       doctor_text("a test notification went by lulld to %s, which is told not to "
				   "disturb: it shows nothing",
				   t->display),
		       strdup(quiet->remedy));
	else
		doctor_find(t->d, DOCTOR_OK,
			    doctor_text("a test notification went to lulld (as %u, %s), to %s%s "
					"and back in %lld ms",
					probe_id(t->probe),
					strcmp(journal, "disk") == 0 ? "on disk" : "in memory",
					t->display, there ? there : "", (long long)took_ms),
			    NULL);
}

static void find_back(const struct trip *t, int r, int64_t took_ms)
{
	if (r == 0)
		find_way(t, took_ms);
	else
		broken(t,
		       r == -ETIMEDOUT
			       ? doctor_text("the test notification was shown and taken back, but "
					     "lulld didn't say that it is closed")
			       : doctor_text("the test notification was shown, but lulld didn't "
					     "take it back"),
		       doctor_how_to_restart(t->d));
}

void doctor_check_probe(struct doctor *d)
{
	const json_t *display = json_object_get(d->status, "display");
	const char *name = call_text(display, "name");
	autofree(probe) struct probe *probe = NULL;
	struct trip t = {.d = d,
			 .display = name[0] ? name : "the display server",
			 .unique = call_text(display, "unique"),
			 .start_ms = now_ms()};
	bool was_taken;
	int r;

	/* Without lulld the answer is known, and nobody is to be disturbed for it. */
	if (d->is_silent || !d->status)
		return;
	probe = t.probe = probe_open();
	if (!probe) {
		d->is_out_of_memory = true;
		return;
	}
	if (!announce(&t) || !notify(&t))
		return;
	was_taken = follow(&t);
	r = probe_withdraw(probe);
	if (was_taken)
		find_back(&t, r, now_ms() - t.start_ms);
}
