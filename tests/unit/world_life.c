/*
 * lulld comes and goes.
 */
#include "tests/unit/world.h"

#include "daemon/journal/journal.h"
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <unistd.h>

static void start(struct world *w)
{
	const char *notice = NULL;
	char boot_id[16], guid[16];
	int holder = 0;

	if (journal_open(w->dir, false, &w->journal, &notice, &holder) < 0 || notice) {
		fprintf(stderr, "%s: %s\n", w->dir, notice ? notice : "no journal");
		abort();
	}
	snprintf(boot_id, sizeof(boot_id), "boot-%d", w->n_boots);
	snprintf(guid, sizeof(guid), "bus-%d", w->n_boots);
	w->engine = engine_new(w->journal, w->settings, &w->zone, &world_ports, w, guid, boot_id,
			       w->now);
	if (!w->engine)
		abort();
	world_begin(w);
	engine_senders_changed(w->engine);
	if (w->has_display) {
		w->has_display = false;
		world_display_up(w, false);
	}
	world_end(w);
}

/* What lulld has asked for is answered to nobody. */
static void stop(struct world *w)
{
	w->is_muted = true;
	w->engine = engine_free(w->engine);
	w->is_muted = false;
	w->journal = NULL;
	/* The display shows it, under an id that nobody was told. */
	w->asked_wire = 0;
	w->answers_boot_us = w->alive_boot_us = w->presents_boot_us = INSTANT_NEVER;
	w->armed = WAKE_NEVER;
	w->has_gap = w->was_away = true;
	for (size_t i = 0; i < w->n_sent; i++)
		w->sent[i].n_answers++;
}

static void copy(const char *from_dir, const char *to_dir, const char *name)
{
	char from[128], to[128], buf[65536];
	int in, out;
	ssize_t n;

	snprintf(from, sizeof(from), "%s/%s", from_dir, name);
	snprintf(to, sizeof(to), "%s/%s", to_dir, name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		abort();
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			abort();
	close(in);
	close(out);
}

static void make_dir(struct world *w)
{
	snprintf(w->dir, sizeof(w->dir), "%s/%d", w->base, w->n_dirs++);
	if (mkdir(w->dir, 0700) < 0)
		abort();
}

static int remove_one(const char *path, const struct stat *st LULL_UNUSED, int type LULL_UNUSED,
		      struct FTW *ftw LULL_UNUSED)
{
	return remove(path);
}

static void remove_dir(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void go_away(struct world *w, bool is_killed)
{
	char before[sizeof(w->dir)];

	memcpy(before, w->dir, sizeof(before));
	if (is_killed) {
		/* What a crash leaves is what is in the files now. */
		make_dir(w);
		copy(before, w->dir, "journal.db");
		copy(before, w->dir, "journal.db-wal");
	} else {
		engine_stop(w->engine, w->now);
	}
	stop(w);
	if (is_killed)
		remove_dir(before);
}

/* Nobody hears what the display says meanwhile. */
static void stay_away(struct world *w, int64_t away_us)
{
	world_advance(w, away_us);
	w->gap_us += away_us;
	if (w->away_step_us != 0) {
		w->now.wall_us = MAX(w->now.wall_us + w->away_step_us, DAY);
		w->away_step_us = 0;
		w->has_moved = w->was_stepped = true;
	}
	for (size_t i = w->n_open; i-- > 0;)
		if (w->open[i].closes_boot_us <= w->now.boot_us)
			world_forget_open(w, i);
}

void world_restart(struct world *w, int64_t away_us)
{
	go_away(w, false);
	stay_away(w, away_us);
	start(w);
}

void world_kill(struct world *w, int64_t away_us)
{
	go_away(w, true);
	stay_away(w, away_us);
	start(w);
}

void world_meet(struct world *w, unsigned sender)
{
	snprintf(w->senders[sender], sizeof(w->senders[sender]), ":1.%d",
		 w->n_generations++ * WORLD_SENDERS + (int)sender);
	w->is_here[sender] = true;
}

void world_reboot(struct world *w, int64_t away_us, bool is_killed)
{
	go_away(w, is_killed);
	stay_away(w, away_us);
	w->now.boot_us = 20 * SECOND;
	w->n_boots++;
	w->was_booted = true;
	world_forget_display(w);
	w->n_cookies = 0;
	/* A bus gives its names out from the start. */
	w->n_generations = 0;
	for (unsigned i = 0; i < WORLD_SENDERS; i++)
		world_meet(w, i);
	start(w);
}

static int32_t offset_s(void *data, int64_t wall_s)
{
	const struct world *w = data;

	return w->ahead_s + (wall_s >= (WORLD_MIDNIGHT + 2 * DAY + HOUR) / SECOND ? 3600 : 0);
}

struct world *world_new(FILE *log)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	/* In memory, where there is such a place. */
	strcpy(w->base, access("/dev/shm", W_OK) == 0 ? "/dev/shm/lull-world-XXXXXX"
						      : "/tmp/lull-world-XXXXXX");
	w->settings = settings_new(NULL);
	if (!mkdtemp(w->base) || !w->settings)
		abort();
	make_dir(w);
	w->log = log;
	w->zone = (struct civil_zone){offset_s, w};
	w->now = (struct instant){AT(8, 0), HOUR};
	w->armed = WAKE_NEVER;
	w->answers_boot_us = w->alive_boot_us = w->presents_boot_us = INSTANT_NEVER;
	w->open_us = 10 * SECOND;
	for (unsigned i = 0; i < WORLD_SENDERS; i++)
		world_meet(w, i);
	start(w);
	world_begin(w);
	world_display_up(w, true);
	world_end(w);
	return w;
}

struct world *world_free(struct world *w)
{
	if (!w)
		return NULL;
	w->is_muted = true;
	engine_free(w->engine);
	settings_free(w->settings);
	remove_dir(w->base);
	free(w->sent);
	free(w->items);
	free(w);
	return NULL;
}
