#include "daemon/shim/framing.h"

#include <string.h>

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define BUS "org.freedesktop.DBus"

/* Limits of the specification; what goes beyond them isn't a message. */
#define ARRAY_MAX (UINT32_C(64) << 20)
#define MESSAGE_MAX (UINT32_C(128) << 20)

#define FIXED_BYTES 16
#define FLAG_NO_REPLY_EXPECTED 0x1

/* The bodies are of a known size: a string (length, text, NUL), and behind it an aligned number. */
#define NAME_BYTES (4 + (uint32_t)sizeof(NOTIFICATIONS))
#define FLAGS_OFFSET ((NAME_BYTES + 3) & ~UINT32_C(3))
#define REQUEST_BYTES (FLAGS_OFFSET + 4)
#define REPLY_BYTES 4

enum { TYPE_METHOD_CALL = 1, TYPE_METHOD_RETURN, TYPE_ERROR, TYPE_SIGNAL };
enum { NAME_ALLOW_REPLACEMENT = 1 };
enum { NAME_PRIMARY_OWNER = 1, NAME_IN_QUEUE = 2 };

struct text {
	const uint8_t *at;
	uint32_t length;
};

/* One field of the header array; the index in `fields` is the field code of the specification. */
enum {
	FIELD_INTERFACE = 2,
	FIELD_MEMBER = 3,
	FIELD_REPLY_SERIAL = 5,
	FIELD_DESTINATION = 6,
	FIELD_SENDER = 7,
	FIELD_SIGNATURE = 8,
	FIELD_UNIX_FDS = 9,
	N_FIELDS = 10,
};

/* By field code: the only type it may have. */
static const char field_types[N_FIELDS] = {0, 'o', 's', 's', 's', 'u', 's', 's', 'g', 'u'};

struct message {
	uint8_t *data;
	bool is_big;
	uint8_t type;
	uint8_t flags;
	uint32_t serial;
	uint32_t header_bytes; /* with its padding */
	uint32_t body_bytes;
	struct text texts[N_FIELDS];
	uint32_t numbers[N_FIELDS];
};

static uint32_t align(uint32_t offset, uint32_t to)
{
	return (offset + to - 1) & ~(to - 1);
}

static uint32_t get_u32(const uint8_t *at, bool is_big)
{
	uint32_t a = at[0], b = at[1], c = at[2], d = at[3];

	return is_big ? a << 24 | b << 16 | c << 8 | d : d << 24 | c << 16 | b << 8 | a;
}

static void put_u32(uint8_t *at, bool is_big, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * (is_big ? 3 - i : i));
}

static bool text_is(struct text t, const char *expected)
{
	return t.at && t.length == strlen(expected) && memcmp(t.at, expected, t.length) == 0;
}

/* Size and alignment of the basic types; a text's is that of its length. */
static uint32_t type_bytes(char type)
{
	switch (type) {
	case 'y':
	case 'g': return 1;
	case 'n':
	case 'q': return 2;
	case 'b':
	case 'h':
	case 'i':
	case 'u':
	case 's':
	case 'o': return 4;
	case 'd':
	case 't':
	case 'x': return 8;
	}
	return 0;
}

/* Read the header array, which is in data[FIXED_BYTES, end). False when it isn't as it should be. */
static bool read_fields(struct message *m, uint32_t end)
{
	uint32_t at = FIXED_BYTES;

	while (at < end) {
		uint8_t code;
		char type;
		uint32_t size, length = 0;

		/* code, then a variant: its signature as length, one letter and NUL */
		at = align(at, 8);
		if (at > end || end - at < 4)
			return false;
		code = m->data[at];
		type = (char)m->data[at + 2];
		size = type_bytes(type);
		if (m->data[at + 1] != 1 || m->data[at + 3] != 0 || size == 0)
			return false;
		if (code < N_FIELDS && type != field_types[code])
			return false;

		at = align(at + 4, size);
		if (at > end || end - at < size)
			return false;
		if (size == 4)
			length = get_u32(m->data + at, m->is_big);
		else if (type == 'g')
			length = m->data[at];
		if (type == 'u' && code < N_FIELDS)
			m->numbers[code] = length;
		at += size;
		if (type != 's' && type != 'o' && type != 'g')
			continue;

		if (length >= end - at || m->data[at + length] != 0)
			return false;
		if (code < N_FIELDS)
			m->texts[code] = (struct text){m->data + at, length};
		at += length + 1;
	}
	return true;
}

/* Whether the body begins with the string org.freedesktop.Notifications; NAME_BYTES must be there. */
static bool body_names_us(const struct message *m)
{
	const uint8_t *body = m->data + m->header_bytes;

	return get_u32(body, m->is_big) == sizeof(NOTIFICATIONS) - 1 &&
	       memcmp(body + 4, NOTIFICATIONS, sizeof(NOTIFICATIONS)) == 0;
}

/* The path isn't asked for, and the interface may be left out: the bus looks at neither. */
static bool is_request(const struct message *m)
{
	return m->type == TYPE_METHOD_CALL && text_is(m->texts[FIELD_DESTINATION], BUS) &&
	       text_is(m->texts[FIELD_MEMBER], "RequestName") &&
	       (!m->texts[FIELD_INTERFACE].at || text_is(m->texts[FIELD_INTERFACE], BUS)) &&
	       text_is(m->texts[FIELD_SIGNATURE], "su") && m->body_bytes == REQUEST_BYTES;
}

static bool is_name_lost(const struct message *m)
{
	return m->type == TYPE_SIGNAL && text_is(m->texts[FIELD_SENDER], BUS) &&
	       text_is(m->texts[FIELD_INTERFACE], BUS) &&
	       text_is(m->texts[FIELD_MEMBER], "NameLost") &&
	       text_is(m->texts[FIELD_SIGNATURE], "s") && m->body_bytes == NAME_BYTES &&
	       m->numbers[FIELD_UNIX_FDS] == 0;
}

static bool is_reply(const struct framing *f, const struct message *m)
{
	if (m->type != TYPE_METHOD_RETURN && m->type != TYPE_ERROR)
		return false;
	if (!text_is(m->texts[FIELD_SENDER], BUS))
		return false;
	for (size_t i = 0; i < f->n_pending; i++) {
		if (f->pending[i] == m->numbers[FIELD_REPLY_SERIAL])
			return true;
	}
	return false;
}

static void forget_serial(struct framing *f, uint32_t serial)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < f->n_pending; i++) {
		if (f->pending[i] != serial)
			f->pending[n_kept++] = f->pending[i];
	}
	f->n_pending = n_kept;
}

static void remember_serial(struct framing *f, uint32_t serial)
{
	forget_serial(f, serial);
	if (f->n_pending == FRAMING_PENDING_MAX)
		forget_serial(f, f->pending[0]);
	f->pending[f->n_pending++] = serial;
}

static void patch_request(struct framing *f, struct message *m)
{
	if (!body_names_us(m))
		return;
	put_u32(m->data + m->header_bytes + FLAGS_OFFSET, m->is_big, NAME_ALLOW_REPLACEMENT);
	if (!(m->flags & FLAG_NO_REPLY_EXPECTED))
		remember_serial(f, m->serial);
}

static void patch_reply(struct framing *f, struct message *m)
{
	uint8_t *body = m->data + m->header_bytes;

	forget_serial(f, m->numbers[FIELD_REPLY_SERIAL]);
	if (m->type == TYPE_METHOD_RETURN && text_is(m->texts[FIELD_SIGNATURE], "u") &&
	    m->body_bytes == REPLY_BYTES && get_u32(body, m->is_big) == NAME_IN_QUEUE)
		put_u32(body, m->is_big, NAME_PRIMARY_OWNER);
}

/*
 * How much of the body is needed for a verdict: all of it or nothing, because what is asked for has a
 * small body of known size.
 */
static uint32_t body_needed(const struct framing *f, enum framing_source source,
			    const struct message *m)
{
	switch (source) {
	case FRAMING_FROM_CLIENT: return is_request(m) ? m->body_bytes : 0;
	case FRAMING_FROM_BUS:
		if (is_name_lost(m))
			return m->body_bytes;
		/* An error's text may be long, and isn't looked at. */
		return is_reply(f, m) && m->body_bytes == REPLY_BYTES ? REPLY_BYTES : 0;
	}
	return 0;
}

static enum framing_verdict pass_all(size_t n_data, struct framing_cut *ret)
{
	*ret = (struct framing_cut){n_data, FRAMING_FDS_ANY};
	return FRAMING_FORWARD;
}

/* Let the message go, or as much of it as is there. */
static enum framing_verdict pass(struct framing_side *side, const struct message *m, size_t n_data,
				 uint32_t n_fds, struct framing_cut *ret)
{
	uint32_t total = m->header_bytes + m->body_bytes;
	size_t length = MIN(n_data, total);

	side->rest_bytes = total - (uint32_t)length;
	side->state = side->rest_bytes > 0 ? FRAMING_REST : FRAMING_MESSAGES;
	*ret = (struct framing_cut){length, n_fds};
	return FRAMING_FORWARD;
}

static enum framing_verdict next_message(struct framing *f, enum framing_source source,
					 uint8_t *data, size_t n_data, struct framing_cut *ret)
{
	struct framing_side *side = &f->side[source];
	struct message m = {.data = data, .is_big = data[0] == 'B'};
	uint32_t array_bytes, needed;

	if (data[0] != 'l' && data[0] != 'B') {
		side->state = FRAMING_OPAQUE;
		return pass_all(n_data, ret);
	}
	if (n_data < FIXED_BYTES)
		return FRAMING_MORE;
	m.type = data[1];
	m.flags = data[2];
	m.body_bytes = get_u32(data + 4, m.is_big);
	m.serial = get_u32(data + 8, m.is_big);
	array_bytes = get_u32(data + 12, m.is_big);
	/* Each alone is checked first, so that the sums below can't overflow. */
	if (data[3] != 1 || array_bytes > ARRAY_MAX || m.body_bytes > MESSAGE_MAX ||
	    FIXED_BYTES + align(array_bytes, 8) + m.body_bytes > MESSAGE_MAX) {
		side->state = FRAMING_OPAQUE;
		return pass_all(n_data, ret);
	}
	m.header_bytes = FIXED_BYTES + align(array_bytes, 8);

	/* Nothing that we look for has a header as long as that. */
	if (m.header_bytes > FRAMING_HOLD_MAX - REQUEST_BYTES)
		return pass(side, &m, n_data, FRAMING_FDS_ANY, ret);
	if (n_data < m.header_bytes)
		return FRAMING_MORE;
	if (!read_fields(&m, FIXED_BYTES + array_bytes))
		return pass(side, &m, n_data, FRAMING_FDS_ANY, ret);

	needed = body_needed(f, source, &m);
	if (n_data - m.header_bytes < needed)
		return FRAMING_MORE;
	if (source == FRAMING_FROM_CLIENT && is_request(&m)) {
		patch_request(f, &m);
	} else if (source == FRAMING_FROM_BUS && is_reply(f, &m)) {
		patch_reply(f, &m);
	} else if (source == FRAMING_FROM_BUS && is_name_lost(&m) && body_names_us(&m)) {
		*ret = (struct framing_cut){m.header_bytes + m.body_bytes, 0};
		return FRAMING_DROP;
	}
	return pass(side, &m, n_data, MIN(m.numbers[FIELD_UNIX_FDS], FRAMING_FDS_MAX), ret);
}

/* libdbus takes the first word of a line as the command, so "BEGIN x" counts too. */
static bool line_is_begin(const struct framing_side *side)
{
	static const char begin[] = "BEGIN";
	const size_t n = sizeof(begin) - 1;

	return side->n_word > n && memcmp(side->word, begin, n) == 0 &&
	       (side->word[n] == '\r' || side->word[n] == ' ' || side->word[n] == '\t');
}

/* Take one byte of a line. True when it was the last one. */
static bool line_add(struct framing_side *side, uint8_t byte)
{
	bool is_end = side->has_cr && byte == '\n';

	if (side->n_word < sizeof(side->word))
		side->word[side->n_word++] = (char)byte;
	side->has_cr = byte == '\r';
	return is_end;
}

/*
 * The bus answers every line but BEGIN with exactly one line. A client may send BEGIN before it has the
 * answers (sd-bus does), so the bus's messages start when BEGIN was said and nothing is owed any more.
 */
static bool lines_are_answered(const struct framing *f)
{
	return f->has_begun &&
	       f->side[FRAMING_FROM_BUS].n_lines >= f->side[FRAMING_FROM_CLIENT].n_lines;
}

static enum framing_verdict next_lines(struct framing *f, enum framing_source source,
				       const uint8_t *data, size_t n_data, struct framing_cut *ret)
{
	struct framing_side *side = &f->side[source];
	size_t n = 0;

	while (n < n_data && side->state == FRAMING_LINES) {
		if (!line_add(side, data[n++]))
			continue;
		if (source == FRAMING_FROM_CLIENT && line_is_begin(side)) {
			f->has_begun = true;
			side->state = FRAMING_MESSAGES;
		} else {
			side->n_lines++;
			if (source == FRAMING_FROM_BUS && lines_are_answered(f))
				side->state = FRAMING_MESSAGES;
		}
		side->n_word = 0;
		side->has_cr = false;
	}
	/* Descriptors that came along are those of a message behind the lines. */
	*ret = (struct framing_cut){n, 0};
	return FRAMING_FORWARD;
}

void framing_init(struct framing *f)
{
	*f = (struct framing){0};
	f->side[FRAMING_FROM_CLIENT].state = FRAMING_NUL;
	f->side[FRAMING_FROM_BUS].state = FRAMING_LINES;
}

enum framing_verdict framing_next(struct framing *f, enum framing_source source, uint8_t *data,
				  size_t n_data, struct framing_cut *ret)
{
	struct framing_side *side = &f->side[source];
	size_t length;

	if (n_data == 0)
		return FRAMING_MORE;

	switch (side->state) {
	case FRAMING_NUL:
		if (data[0] != 0) {
			side->state = FRAMING_OPAQUE;
			return pass_all(n_data, ret);
		}
		side->state = FRAMING_LINES;
		*ret = (struct framing_cut){1, 0};
		return FRAMING_FORWARD;
	case FRAMING_LINES:
		/* The last answer may have been complete before BEGIN came. */
		if (source == FRAMING_FROM_BUS && side->n_word == 0 && lines_are_answered(f)) {
			side->state = FRAMING_MESSAGES;
			return next_message(f, source, data, n_data, ret);
		}
		return next_lines(f, source, data, n_data, ret);
	case FRAMING_MESSAGES: return next_message(f, source, data, n_data, ret);
	case FRAMING_REST:
		length = MIN(n_data, side->rest_bytes);
		side->rest_bytes -= (uint32_t)length;
		if (side->rest_bytes == 0)
			side->state = FRAMING_MESSAGES;
		*ret = (struct framing_cut){length, 0};
		return FRAMING_FORWARD;
	case FRAMING_OPAQUE: break;
	}
	return pass_all(n_data, ret);
}
