/* What framing changes in a bus connection, and that it changes nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/shim/framing.h"

#define FDN "org.freedesktop.Notifications"
#define BUS "org.freedesktop.DBus"

enum { CALL = 1, RETURN, ERROR, SIGNAL };
enum { PATH = 1, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE, FDS };

/* --- making bytes -------------------------------------------------------------------------------- */

struct bytes {
	uint8_t at[65536];
	size_t n;
	bool is_big;
};

static void add(struct bytes *b, const void *data, size_t n)
{
	assert_true(b->n + n <= sizeof(b->at));
	memcpy(b->at + b->n, data, n);
	b->n += n;
}

static void add_text(struct bytes *b, const char *text)
{
	add(b, text, strlen(text));
}

static void set_u32(struct bytes *b, size_t at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		b->at[at + i] = (uint8_t)(v >> 8 * (b->is_big ? 3 - i : i));
}

static void pad(struct bytes *b, size_t from, size_t to)
{
	while ((b->n - from) % to)
		add(b, "", 1);
}

static void add_u32(struct bytes *b, size_t from, uint32_t v)
{
	pad(b, from, 4);
	b->n += 4;
	set_u32(b, b->n - 4, v);
}

static void add_string(struct bytes *b, size_t from, const char *text)
{
	add_u32(b, from, (uint32_t)strlen(text));
	add(b, text, strlen(text) + 1);
}

struct header {
	uint8_t type, flags;
	uint32_t serial, reply_serial, fds;
	const char *path, *interface, *member, *error, *destination, *sender, *signature;
};

static void add_field(struct bytes *b, size_t from, uint8_t code, const char *text, uint32_t number)
{
	static const char types[] = "?osssussgu";
	const uint8_t head[] = {code, 1, (uint8_t)types[code], 0};
	uint8_t length;

	if (!text && number == 0)
		return;
	pad(b, from, 8);
	add(b, head, 4);
	if (types[code] == 'u') {
		add_u32(b, from, number);
	} else if (types[code] == 'g') {
		length = (uint8_t)strlen(text);
		add(b, &length, 1);
		add(b, text, length + 1u);
	} else {
		add_string(b, from, text);
	}
}

/* Begin a message; returns where its body begins. `end_message()` fills in how long that became. */
static size_t begin_message(struct bytes *b, const struct header *h)
{
	const size_t from = b->n;
	const uint8_t head[] = {b->is_big ? 'B' : 'l', h->type, h->flags, 1};

	add(b, head, 4);
	add_u32(b, from, 0);
	add_u32(b, from, h->serial);
	add_u32(b, from, 0);
	add_field(b, from, PATH, h->path, 0);
	add_field(b, from, INTERFACE, h->interface, 0);
	add_field(b, from, MEMBER, h->member, 0);
	add_field(b, from, ERROR_NAME, h->error, 0);
	add_field(b, from, REPLY_SERIAL, NULL, h->reply_serial);
	add_field(b, from, FDS, NULL, h->fds);
	add_field(b, from, DESTINATION, h->destination, 0);
	add_field(b, from, SENDER, h->sender, 0);
	add_field(b, from, SIGNATURE, h->signature, 0);
	set_u32(b, from + 12, (uint32_t)(b->n - from - 16));
	pad(b, from, 8);
	return b->n;
}

static void end_message(struct bytes *b, size_t from, size_t body)
{
	set_u32(b, from + 4, (uint32_t)(b->n - body));
}

static const struct header request_header = {.type = CALL,
					     .serial = 7,
					     .path = "/org/freedesktop/DBus",
					     .interface = BUS,
					     .member = "RequestName",
					     .destination = BUS,
					     .signature = "su"};

static void add_name_call(struct bytes *b, const struct header *h, const char *name, uint32_t flags)
{
	size_t from = b->n, body = begin_message(b, h);

	add_string(b, body, name);
	add_u32(b, body, flags);
	end_message(b, from, body);
}

static void add_request(struct bytes *b, uint32_t serial, uint32_t flags)
{
	struct header h = request_header;

	h.serial = serial;
	add_name_call(b, &h, FDN, flags);
}

static void add_reply(struct bytes *b, uint32_t reply_serial, uint32_t value)
{
	size_t from = b->n, body;

	body = begin_message(b, &(struct header){.type = RETURN,
						 .serial = 3,
						 .reply_serial = reply_serial,
						 .destination = ":1.5",
						 .sender = BUS,
						 .signature = "u"});
	add_u32(b, body, value);
	end_message(b, from, body);
}

static void add_name_signal(struct bytes *b, const char *sender, const char *member,
			    const char *name)
{
	size_t from = b->n, body;

	body = begin_message(b, &(struct header){.type = SIGNAL,
						 .serial = 4,
						 .path = "/org/freedesktop/DBus",
						 .interface = BUS,
						 .member = member,
						 .destination = ":1.5",
						 .sender = sender,
						 .signature = "s"});
	add_string(b, body, name);
	end_message(b, from, body);
}

/* --- passing them through ------------------------------------------------------------------------ */

struct wire {
	struct framing f;
	struct bytes out[2], held[2];
	uint32_t n_fds;
};

/* As the relay does it: what isn't settled stays in front of what comes next. */
static void feed(struct wire *w, enum framing_source source, const uint8_t *data, size_t n)
{
	struct bytes *held = &w->held[source];
	struct framing_cut cut;
	enum framing_verdict v;

	add(held, data, n);
	while (held->n > 0) {
		v = framing_next(&w->f, source, held->at, held->n, &cut);
		if (v == FRAMING_MORE) {
			assert_true(held->n < FRAMING_HOLD_MAX);
			return;
		}
		assert_in_range(cut.length, 1, held->n);
		if (v == FRAMING_FORWARD)
			add(&w->out[source], held->at, cut.length);
		if (v == FRAMING_FORWARD && cut.n_fds != FRAMING_FDS_ANY)
			w->n_fds += cut.n_fds;
		held->n -= cut.length;
		memmove(held->at, held->at + cut.length, held->n);
	}
}

static void feed_all(struct wire *w, enum framing_source source, const struct bytes *b)
{
	feed(w, source, b->at, b->n);
}

/* A connection that is past its authentication. */
static struct wire *start(bool is_big)
{
	static struct wire w;
	static const char client[] = "\0AUTH EXTERNAL 30\r\nBEGIN\r\n", bus[] = "OK 1234\r\n";

	memset(&w, 0, sizeof(w));
	framing_init(&w.f);
	feed(&w, FRAMING_FROM_CLIENT, (const uint8_t *)client, sizeof(client) - 1);
	feed(&w, FRAMING_FROM_BUS, (const uint8_t *)bus, sizeof(bus) - 1);
	assert_int_equal(w.out[0].n, sizeof(client) - 1);
	assert_int_equal(w.out[1].n, sizeof(bus) - 1);
	w.out[0].n = w.out[1].n = 0;
	w.out[0].is_big = w.out[1].is_big = is_big;
	return &w;
}

static struct bytes *fresh(struct bytes *b, bool is_big)
{
	b->n = 0;
	b->is_big = is_big;
	return b;
}

static void assert_out(const struct wire *w, enum framing_source source, const struct bytes *want)
{
	assert_int_equal(w->out[source].n, want->n);
	assert_memory_equal(w->out[source].at, want->at, want->n);
	assert_int_equal(w->held[source].n, 0);
}

/* What passes must be what came. */
static void assert_untouched(enum framing_source source, const struct bytes *b)
{
	struct wire *w = start(b->is_big);

	feed_all(w, source, b);
	assert_out(w, source, b);
}

static struct bytes in, want;

/* --- the three changes --------------------------------------------------------------------------- */

static void request_asks_for_allow_replacement_whatever_was_asked_for(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags < 8; flags++) {
		for (int big = 0; big < 2; big++) {
			struct wire *w = start(big);

			add_request(fresh(&in, big), 7, flags);
			add_request(fresh(&want, big), 7, 1);
			feed_all(w, FRAMING_FROM_CLIENT, &in);
			assert_out(w, FRAMING_FROM_CLIENT, &want);
		}
	}
}

static void request_without_interface_is_one_too(void **state)
{
	struct header h = request_header;
	struct wire *w = start(false);

	(void)state;
	h.interface = NULL;
	add_name_call(fresh(&in, false), &h, FDN, 4);
	add_name_call(fresh(&want, false), &h, FDN, 1);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	assert_out(w, FRAMING_FROM_CLIENT, &want);
}

static void in_queue_becomes_primary_owner_and_only_once(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct wire *w = start(big);

		add_request(fresh(&in, big), 7, 0);
		feed_all(w, FRAMING_FROM_CLIENT, &in);
		fresh(&in, big);
		add_reply(&in, 6, 2);
		add_reply(&in, 7, 2);
		add_reply(&in, 7, 2);
		fresh(&want, big);
		add_reply(&want, 6, 2);
		add_reply(&want, 7, 1);
		add_reply(&want, 7, 2);
		feed_all(w, FRAMING_FROM_BUS, &in);
		assert_out(w, FRAMING_FROM_BUS, &want);
	}
}

static void other_answers_pass_and_settle_the_call(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 6; value++) {
		struct wire *w = start(false);

		if (value == 2)
			continue;
		add_request(fresh(&in, false), 7, 0);
		feed_all(w, FRAMING_FROM_CLIENT, &in);
		fresh(&in, false);
		add_reply(&in, 7, value);
		add_reply(&in, 7, 2);
		feed_all(w, FRAMING_FROM_BUS, &in);
		assert_out(w, FRAMING_FROM_BUS, &in);
	}
}

static void several_calls_may_be_under_way(void **state)
{
	struct wire *w = start(true);

	(void)state;
	fresh(&in, true);
	fresh(&want, true);
	for (uint32_t i = 1; i <= FRAMING_PENDING_MAX + 1; i++)
		add_request(&in, i, 0);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	fresh(&in, true);
	for (uint32_t i = 1; i <= FRAMING_PENDING_MAX + 1; i++) {
		add_reply(&in, i, 2);
		add_reply(&want, i, i == 1 ? 2 : 1);
	}
	feed_all(w, FRAMING_FROM_BUS, &in);
	assert_out(w, FRAMING_FROM_BUS, &want);
}

static void request_without_reply_is_patched_but_not_awaited(void **state)
{
	struct header h = request_header;
	struct wire *w = start(false);

	(void)state;
	h.flags = 1;
	add_name_call(fresh(&in, false), &h, FDN, 4);
	add_name_call(fresh(&want, false), &h, FDN, 1);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	assert_out(w, FRAMING_FROM_CLIENT, &want);
	add_reply(fresh(&in, false), 7, 2);
	feed_all(w, FRAMING_FROM_BUS, &in);
	assert_out(w, FRAMING_FROM_BUS, &in);
}

static void error_reply_clears_the_serial(void **state)
{
	struct wire *w = start(false);
	size_t body;

	(void)state;
	add_request(fresh(&in, false), 7, 0);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	body = begin_message(fresh(&in, false), &(struct header){.type = ERROR,
								 .serial = 9,
								 .reply_serial = 7,
								 .error = "a.b.C",
								 .sender = BUS,
								 .signature = "s"});
	add_string(&in, body, "no");
	end_message(&in, 0, body);
	add_reply(&in, 7, 2);
	feed_all(w, FRAMING_FROM_BUS, &in);
	assert_out(w, FRAMING_FROM_BUS, &in);
}

static void name_lost_is_dropped_between_its_neighbours(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct wire *w = start(big);

		fresh(&in, big);
		add_name_signal(&in, BUS, "NameAcquired", FDN);
		add_name_signal(&in, BUS, "NameLost", FDN);
		add_name_signal(&in, BUS, "NameAcquired", FDN);
		fresh(&want, big);
		add_name_signal(&want, BUS, "NameAcquired", FDN);
		add_name_signal(&want, BUS, "NameAcquired", FDN);
		feed_all(w, FRAMING_FROM_BUS, &in);
		assert_out(w, FRAMING_FROM_BUS, &want);
	}
}

/* --- and nothing else ---------------------------------------------------------------------------- */

static void calls_that_only_look_like_a_request_pass_untouched(void **state)
{
	struct header h = request_header;

	(void)state;
	add_name_call(fresh(&in, false), &h, "org.freedesktop.Notificationz", 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	add_name_call(fresh(&in, false), &h, "org.freedesktop.Notification", 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	h.interface = "org.example.DBus";
	add_name_call(fresh(&in, false), &h, FDN, 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	h = request_header;
	h.destination = "org.example.Other";
	add_name_call(fresh(&in, false), &h, FDN, 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	h = request_header;
	h.member = "ReleaseName";
	add_name_call(fresh(&in, false), &h, FDN, 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	h = request_header;
	h.signature = "si";
	add_name_call(fresh(&in, false), &h, FDN, 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	h = request_header;
	h.type = SIGNAL;
	add_name_call(fresh(&in, false), &h, FDN, 4);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
	add_request(fresh(&in, false), 7, 4);
	assert_untouched(FRAMING_FROM_BUS, &in);
}

static void signals_that_only_look_like_name_lost_pass_untouched(void **state)
{
	(void)state;
	add_name_signal(fresh(&in, false), BUS, "NameLost", "org.freedesktop.Notificationz");
	assert_untouched(FRAMING_FROM_BUS, &in);
	add_name_signal(fresh(&in, false), ":1.9", "NameLost", FDN);
	assert_untouched(FRAMING_FROM_BUS, &in);
	add_name_signal(fresh(&in, false), BUS, "NameLose", FDN);
	assert_untouched(FRAMING_FROM_BUS, &in);
	add_name_signal(fresh(&in, false), BUS, "NameLost", FDN);
	assert_untouched(FRAMING_FROM_CLIENT, &in);
}

static void descriptors_are_counted_for_the_message_that_has_them(void **state)
{
	struct wire *w = start(false);
	struct header h = request_header;

	(void)state;
	h.fds = 3;
	h.member = "Other";
	add_name_call(fresh(&in, false), &h, FDN, 4);
	h.fds = UINT32_MAX;
	add_name_call(&in, &h, FDN, 4);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	assert_out(w, FRAMING_FROM_CLIENT, &in);
	assert_int_equal(w->n_fds, 3 + FRAMING_FDS_MAX);
}

/* --- wherever the stream is cut ------------------------------------------------------------------ */

static const char pipelined[] = "\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
static const char answers[] = "DATA\r\nOK 1234deadbeef\r\nAGREE_UNIX_FD\r\n";

static void make_talk(struct bytes *client, struct bytes *bus, bool is_big, bool is_patched)
{
	fresh(client, is_big);
	add(client, pipelined, sizeof(pipelined) - 1);
	add_request(client, 1, is_patched ? 1 : 4);
	add_name_call(client, &request_header, "a.b", 4);
	add_request(client, 2, is_patched ? 1 : 6);

	fresh(bus, is_big);
	add_text(bus, answers);
	add_reply(bus, 1, is_patched ? 1 : 2);
	add_name_signal(bus, BUS, "NameAcquired", FDN);
	if (!is_patched)
		add_name_signal(bus, BUS, "NameLost", FDN);
	add_reply(bus, 2, is_patched ? 1 : 2);
	add_name_signal(bus, BUS, "NameLost", "a.b");
}

/* Everything in steps of `step` bytes, the first one of `first`. */
static void feed_steps(struct wire *w, enum framing_source source, const struct bytes *b,
		       size_t first, size_t step)
{
	for (size_t at = 0, n = first; at < b->n; at += n, n = step) {
		n = MIN(n ? n : step, b->n - at);
		feed(w, source, b->at + at, n);
	}
}

static void a_cut_at_any_byte_in_either_direction_changes_nothing(void **state)
{
	static struct bytes client, bus, client_want, bus_want;
	static struct wire w;

	(void)state;
	for (int big = 0; big < 2; big++) {
		make_talk(&client, &bus, big, false);
		make_talk(&client_want, &bus_want, big, true);
		for (size_t cut = 0; cut < MAX(client.n, bus.n); cut++) {
			memset(&w, 0, sizeof(w));
			framing_init(&w.f);
			feed_steps(&w, FRAMING_FROM_CLIENT, &client, cut, client.n);
			feed_steps(&w, FRAMING_FROM_BUS, &bus, cut, bus.n);
			assert_out(&w, FRAMING_FROM_CLIENT, &client_want);
			assert_out(&w, FRAMING_FROM_BUS, &bus_want);
		}
		for (size_t step = 1; step < 50; step++) {
			memset(&w, 0, sizeof(w));
			framing_init(&w.f);
			feed_steps(&w, FRAMING_FROM_CLIENT, &client, 0, step);
			feed_steps(&w, FRAMING_FROM_BUS, &bus, 0, step);
			assert_out(&w, FRAMING_FROM_CLIENT, &client_want);
			assert_out(&w, FRAMING_FROM_BUS, &bus_want);
		}
	}
}

static void polite_authentication_may_be_interleaved(void **state)
{
	static struct wire w;
	static const char *const lines[][2] = {
		{"AUTH\r\n", "REJECTED EXTERNAL\r\n"},
		{"AUTH EXTERNAL 30\r\n", "OK 12\r\n"},
		{"BEGINNER\r\n", "ERROR\r\n"},
		{"NEGOTIATE_UNIX_FD\r\n", "AGREE_UNIX_FD\r\n"},
	};

	(void)state;
	memset(&w, 0, sizeof(w));
	framing_init(&w.f);
	feed(&w, FRAMING_FROM_CLIENT, (const uint8_t *)"", 1);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		feed(&w, FRAMING_FROM_CLIENT, (const uint8_t *)lines[i][0], strlen(lines[i][0]));
		feed(&w, FRAMING_FROM_BUS, (const uint8_t *)lines[i][1], strlen(lines[i][1]));
	}
	feed(&w, FRAMING_FROM_CLIENT, (const uint8_t *)"BEGIN\r\n", 7);
	w.out[0].n = w.out[1].n = 0;
	add_request(fresh(&in, false), 7, 4);
	add_request(fresh(&want, false), 7, 1);
	feed_all(&w, FRAMING_FROM_CLIENT, &in);
	assert_out(&w, FRAMING_FROM_CLIENT, &want);
	add_reply(fresh(&in, false), 7, 2);
	add_reply(fresh(&want, false), 7, 1);
	feed_all(&w, FRAMING_FROM_BUS, &in);
	assert_out(&w, FRAMING_FROM_BUS, &want);
}

/* --- sizes and rubbish --------------------------------------------------------------------------- */

static void a_huge_message_streams_and_the_next_one_is_seen(void **state)
{
	const uint32_t huge = UINT32_C(100) << 20;
	static uint8_t block[32768];
	struct header h = request_header;
	struct wire *w = start(false);

	(void)state;
	h.member = "Notify";
	begin_message(fresh(&in, false), &h);
	set_u32(&in, 4, huge);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	assert_out(w, FRAMING_FROM_CLIENT, &in);
	for (uint32_t sent = 0; sent < huge; sent += sizeof(block)) {
		w->out[0].n = 0;
		feed(w, FRAMING_FROM_CLIENT, block, sizeof(block));
		assert_int_equal(w->out[0].n, sizeof(block));
	}
	w->out[0].n = 0;
	add_request(fresh(&in, false), 7, 4);
	add_request(fresh(&want, false), 7, 1);
	feed_all(w, FRAMING_FROM_CLIENT, &in);
	assert_out(w, FRAMING_FROM_CLIENT, &want);
}

static void a_header_too_long_to_hold_streams_as_well(void **state)
{
	static char path[20000];
	struct header h = request_header;
	struct wire *w = start(true);

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	h.path = path;
	fresh(&in, true);
	fresh(&want, true);
	add_name_call(&in, &h, FDN, 4);
	add_name_call(&want, &h, FDN, 4);
	add_request(&in, 7, 4);
	add_request(&want, 7, 1);
	feed_steps(w, FRAMING_FROM_CLIENT, &in, 0, 1000);
	assert_out(w, FRAMING_FROM_CLIENT, &want);
}

static void lengths_beyond_the_limits_make_the_rest_opaque(void **state)
{
	static const struct {
		uint32_t body, array;
	} cases[] = {{(UINT32_C(128) << 20) + 1, 0}, {UINT32_MAX, 0},
		     {0, (UINT32_C(64) << 20) + 1},  {0, UINT32_MAX},
		     {UINT32_MAX, UINT32_MAX},       {UINT32_C(127) << 20, UINT32_C(2) << 20}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		add_request(fresh(&in, true), 7, 4);
		set_u32(&in, 4, cases[i].body);
		set_u32(&in, 12, cases[i].array);
		add_request(&in, 8, 4);
		assert_untouched(FRAMING_FROM_CLIENT, &in);
	}
}

static void a_header_that_is_not_one_passes_untouched(void **state)
{
	uint32_t array;

	(void)state;
	add_request(fresh(&in, true), 7, 4);
	array = (uint32_t)(in.at[14] << 8 | in.at[15]);
	/* Field lengths, types and NULs, each wrong in turn: at worst it isn't a RequestName any more. */
	for (size_t at = 16; at < 16 + array; at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct wire *w = start(true);

			add_request(fresh(&in, true), 7, 1);
			in.at[at] ^= (uint8_t)(1 << bit);
			feed_all(w, FRAMING_FROM_CLIENT, &in);
			assert_out(w, FRAMING_FROM_CLIENT, &in);
		}
	}
}

static void rubbish_passes_and_never_blocks(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct wire *w = start(round & 1);
		enum framing_source source = round & 2 ? FRAMING_FROM_BUS : FRAMING_FROM_CLIENT;

		add_request(fresh(&in, round & 1), 7, 1);
		add_reply(&in, 7, 1);
		for (int i = 0; i < 8; i++) {
			seed = seed * 1103515245 + 12345;
			in.at[(seed >> 16) % in.n] = (uint8_t)(seed >> 8);
		}
		feed_steps(w, source, &in, 0, 1 + seed % 60);
		assert_int_equal(w->out[source].n + w->held[source].n, in.n);
	}
}

static void a_client_that_does_not_begin_with_nul_is_left_alone(void **state)
{
	static struct wire w;

	(void)state;
	framing_init(&w.f);
	add_text(fresh(&in, false), "GET / HTTP/1.0\r\nBEGIN\r\n");
	add_request(&in, 7, 4);
	feed_steps(&w, FRAMING_FROM_CLIENT, &in, 0, 1);
	assert_out(&w, FRAMING_FROM_CLIENT, &in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_asks_for_allow_replacement_whatever_was_asked_for),
		cmocka_unit_test(request_without_interface_is_one_too),
		cmocka_unit_test(in_queue_becomes_primary_owner_and_only_once),
		cmocka_unit_test(other_answers_pass_and_settle_the_call),
		cmocka_unit_test(several_calls_may_be_under_way),
		cmocka_unit_test(request_without_reply_is_patched_but_not_awaited),
		cmocka_unit_test(error_reply_clears_the_serial),
		cmocka_unit_test(name_lost_is_dropped_between_its_neighbours),
		cmocka_unit_test(calls_that_only_look_like_a_request_pass_untouched),
		cmocka_unit_test(signals_that_only_look_like_name_lost_pass_untouched),
		cmocka_unit_test(descriptors_are_counted_for_the_message_that_has_them),
		cmocka_unit_test(a_cut_at_any_byte_in_either_direction_changes_nothing),
		cmocka_unit_test(polite_authentication_may_be_interleaved),
		cmocka_unit_test(a_huge_message_streams_and_the_next_one_is_seen),
		cmocka_unit_test(a_header_too_long_to_hold_streams_as_well),
		cmocka_unit_test(lengths_beyond_the_limits_make_the_rest_opaque),
		cmocka_unit_test(a_header_that_is_not_one_passes_untouched),
		cmocka_unit_test(rubbish_passes_and_never_blocks),
		cmocka_unit_test(a_client_that_does_not_begin_with_nul_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
