#include "daemon/shim/relay.h"

#include "daemon/shim/framing.h"
#include <errno.h>
#include <event2/event.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * One direction keeps at most BUFFER_BYTES, and reads again when READ_BYTES are free. What framing holds
 * back leaves more room than that, so either something can be read or something is waiting to be written.
 */
#define BUFFER_BYTES ((size_t)128 * 1024)
#define READ_BYTES ((size_t)32 * 1024)
_Static_assert(FRAMING_HOLD_MAX + READ_BYTES < BUFFER_BYTES,
	       "a held message must not stop reading");

/* Descriptors of one direction that may be waiting before it stops reading. */
#define FDS_MAX ((size_t)2 * FRAMING_FDS_MAX)

/* How long to wait when the bus's backlog is full, or when there are no descriptors left. */
static const struct timeval retry_delay = {0, 50000};

/* Descriptors that go out with the byte at `position`. */
struct fd_mark {
	struct fd_mark *next;
	uint64_t position;
	size_t n_fds;
	int fds[FRAMING_FDS_MAX];
};

/* One direction: [start, ready) may be written, [ready, end) isn't judged yet. */
struct flow {
	enum framing_source source;
	int from_fd, to_fd;
	struct event *readable, *writable;
	uint8_t *buffer;
	size_t start, ready, end;
	uint64_t n_sent;       /* bytes; the position of buffer[start] */
	struct fd_mark *marks; /* oldest first */
	size_t n_marked;       /* descriptors in `marks` */
	int loose[FDS_MAX];    /* have come, but not the header that they belong to */
	size_t n_loose;
	uint32_t n_owed; /* descriptors that headers have promised and that haven't come */
	bool is_ended;   /* nothing more will come */
	bool is_refused; /* nothing more can be written; what comes is thrown away */
};

struct conn {
	struct relay *relay;
	struct conn *prev, *next;
	int client_fd, bus_fd;
	struct framing framing;
	struct flow flows[2]; /* by framing_source */
};

struct relay {
	struct event_base *base;
	const struct relay_ops *ops;
	void *data;
	const struct relay_target *targets;
	size_t n_targets;
	int listen_fd;
	struct event *knock, *retry;
	int waiting_fd;     /* accepted while the bus's backlog was full; -1 if none */
	struct conn *conns; /* conn.next */
};

/* --- one direction ------------------------------------------------------------------------------- */

static void close_fds(const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

static void drop_mark(struct flow *f)
{
	struct fd_mark *mark = f->marks;

	f->marks = mark->next;
	f->n_marked -= mark->n_fds;
	close_fds(mark->fds, mark->n_fds);
	free(mark);
}

/* Let up to `n` of the loose descriptors leave with the next byte that becomes ready. */
static int attach_fds(struct flow *f, uint32_t n)
{
	size_t n_fds = MIN(MIN(n, f->n_loose), FRAMING_FDS_MAX);
	struct fd_mark *mark, **last = &f->marks;

	if (n_fds == 0)
		return 0;
	mark = malloc(sizeof(*mark));
	if (!mark)
		return -ENOMEM;
	mark->next = NULL;
	mark->position = f->n_sent + (f->ready - f->start);
	mark->n_fds = n_fds;
	memcpy(mark->fds, f->loose, n_fds * sizeof(int));
	f->n_loose -= n_fds;
	memmove(f->loose, f->loose + n_fds, f->n_loose * sizeof(int));
	f->n_marked += n_fds;
	while (*last)
		last = &(*last)->next;
	*last = mark;
	return 0;
}

/* Judge everything that has come. */
static int flow_judge(struct flow *f, struct framing *framing)
{
	struct framing_cut cut;
	uint8_t *rest;
	int r;

	while (f->ready < f->end) {
		rest = f->buffer + f->ready;
		switch (framing_next(framing, f->source, rest, f->end - f->ready, &cut)) {
		case FRAMING_MORE:
			/* Half a message that will never be whole: the receiver may judge it. */
			if (!f->is_ended)
				return 0;
			cut = (struct framing_cut){f->end - f->ready, FRAMING_FDS_ANY};
			break;
		case FRAMING_DROP:
			f->end -= cut.length;
			memmove(rest, rest + cut.length, f->end - f->ready);
			continue;
		case FRAMING_FORWARD: break;
		}
		if (cut.n_fds == FRAMING_FDS_ANY) {
			r = attach_fds(f, cut.n_fds);
			f->n_owed = 0;
		} else {
			size_t n_before = f->n_loose;

			f->n_owed = MIN(f->n_owed + cut.n_fds, FRAMING_FDS_MAX);
			r = attach_fds(f, f->n_owed);
			f->n_owed -= (uint32_t)(n_before - f->n_loose);
		}
		if (r < 0)
			return r;
		f->ready += cut.length;
	}
	return 0;
}

/* Take the descriptors of what was just received. */
static int take_fds(struct flow *f, struct msghdr *msg)
{
	int r = msg->msg_flags & MSG_CTRUNC ? -EMFILE : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		int fds[FRAMING_FDS_MAX];
		size_t n_bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n_bytes = MIN(n_bytes, sizeof(fds));
		memcpy(fds, CMSG_DATA(c), n_bytes);
		if (n_bytes / sizeof(int) > FDS_MAX - f->n_loose) {
			close_fds(fds, n_bytes / sizeof(int));
			r = -EMFILE;
			continue;
		}
		memcpy(f->loose + f->n_loose, fds, n_bytes);
		f->n_loose += n_bytes / sizeof(int);
	}
	return r;
}

static bool flow_may_read(const struct flow *f)
{
	return !f->is_ended && f->n_marked < FDS_MAX &&
	       BUFFER_BYTES - (f->end - f->start) >= READ_BYTES;
}

/* The kernel ends a recvmsg() behind the bytes that have descriptors, so a chunk has those of one sendmsg(). */
static int flow_read(struct flow *f)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FRAMING_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	if (BUFFER_BYTES - f->end < READ_BYTES) {
		memmove(f->buffer, f->buffer + f->start, f->end - f->start);
		f->ready -= f->start;
		f->end -= f->start;
		f->start = 0;
	}
	iov = (struct iovec){f->buffer + f->end, BUFFER_BYTES - f->end};
	n = recvmsg(f->from_fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		/* A reset is how a peer ends that had unread bytes itself; what it sent was read before. */
		f->is_ended = true;
		return 0;
	}
	f->end += (size_t)n;
	return take_fds(f, &msg);
}

/* Send bytes up to the next ones that have descriptors; descriptors leave with the first byte. */
static ssize_t flow_send(struct flow *f)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FRAMING_FDS_MAX * sizeof(int))];
	} control = {0};
	struct iovec iov = {f->buffer + f->start, f->ready - f->start};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct fd_mark *mark = f->marks, *stop = mark;

	if (mark && mark->position == f->n_sent) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(mark->n_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(mark->n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), mark->fds, mark->n_fds * sizeof(int));
		stop = mark->next;
	}
	if (stop)
		iov.iov_len = MIN(iov.iov_len, stop->position - f->n_sent);
	return sendmsg(f->to_fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * A receiver that has gone isn't a fault: what it had sent itself may still be on its way, so the connection
 * lasts until that was read.
 */
static int flow_write(struct flow *f)
{
	while (f->start < f->ready && !f->is_refused) {
		ssize_t n = flow_send(f);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EPIPE && errno != ECONNRESET)
			return -errno;
		if (n < 0) {
			f->is_refused = true;
			break;
		}
		if (f->marks && f->marks->position == f->n_sent)
			drop_mark(f);
		f->start += (size_t)n;
		f->n_sent += (uint64_t)n;
	}
	if (f->is_refused) {
		f->start = f->ready = f->end;
		while (f->marks)
			drop_mark(f);
		close_fds(f->loose, f->n_loose);
		f->n_loose = 0;
	}
	if (f->start == f->end)
		f->start = f->ready = f->end = 0;
	return 0;
}

static bool flow_is_done(const struct flow *f)
{
	return f->is_ended && f->start == f->end;
}

/* Wait for what can go on. Edges only: an event is added or removed when that has changed. */
static int flow_arm(struct flow *f)
{
	bool may_write = f->start < f->ready;
	int r = 0;

	if (flow_may_read(f) != !!event_pending(f->readable, EV_READ, NULL))
		r |= flow_may_read(f) ? event_add(f->readable, NULL) : event_del(f->readable);
	if (may_write != !!event_pending(f->writable, EV_WRITE, NULL))
		r |= may_write ? event_add(f->writable, NULL) : event_del(f->writable);
	return r < 0 ? -ENOMEM : 0;
}

static void flow_done(struct flow *f)
{
	if (f->readable)
		event_free(f->readable);
	if (f->writable)
		event_free(f->writable);
	while (f->marks)
		drop_mark(f);
	close_fds(f->loose, f->n_loose);
	free(f->buffer);
}

static int flow_init(struct flow *f, enum framing_source source, int from_fd, int to_fd,
		     event_callback_fn on_readable, event_callback_fn on_writable, struct conn *c)
{
	f->source = source;
	f->from_fd = from_fd;
	f->to_fd = to_fd;
	f->buffer = malloc(BUFFER_BYTES);
	f->readable = event_new(c->relay->base, from_fd, EV_READ | EV_PERSIST, on_readable, c);
	f->writable = event_new(c->relay->base, to_fd, EV_WRITE | EV_PERSIST, on_writable, c);
	return f->buffer && f->readable && f->writable ? flow_arm(f) : -ENOMEM;
}

/* --- one connection ------------------------------------------------------------------------------ */

static struct conn *conn_free(struct conn *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(c->flows); i++)
		flow_done(&c->flows[i]);
	close(c->client_fd);
	close(c->bus_fd);
	free(c);
	return NULL;
}
DEFINE_AUTOFREE(conn)

static void conn_end(struct conn *c)
{
	struct relay *r = c->relay;

	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		r->conns = c->next;
	conn_free(c);
	if (!r->conns)
		r->ops->idle(r->data);
}

/*
 * The last thing that a handler does: `c` may be gone afterwards. When one side has closed, the other one
 * still gets everything that was on the way to it.
 */
static void conn_settle(struct conn *c, struct flow *f, int r)
{
	if (r == 0)
		r = flow_judge(f, &c->framing);
	if (r == 0)
		r = flow_write(f);
	if (r == 0)
		r = flow_arm(f);
	if (r < 0)
		c->relay->ops->broken(r, c->relay->data);
	if (r < 0 || flow_is_done(f))
		conn_end(c);
}

static void on_client_readable(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct conn *c = data;
	struct flow *f = &c->flows[FRAMING_FROM_CLIENT];

	conn_settle(c, f, flow_read(f));
}

static void on_bus_readable(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct conn *c = data;
	struct flow *f = &c->flows[FRAMING_FROM_BUS];

	conn_settle(c, f, flow_read(f));
}

static void on_bus_writable(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct conn *c = data;

	conn_settle(c, &c->flows[FRAMING_FROM_CLIENT], 0);
}

static void on_client_writable(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct conn *c = data;

	conn_settle(c, &c->flows[FRAMING_FROM_BUS], 0);
}

/* Takes both descriptors, whatever happens. */
static int conn_start(struct relay *relay, int client_fd, int bus_fd)
{
	autofree(conn) struct conn *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		close(client_fd);
		close(bus_fd);
		return -ENOMEM;
	}
	c->relay = relay;
	c->client_fd = client_fd;
	c->bus_fd = bus_fd;
	framing_init(&c->framing);
	r = flow_init(&c->flows[FRAMING_FROM_CLIENT], FRAMING_FROM_CLIENT, client_fd, bus_fd,
		      on_client_readable, on_bus_writable, c);
	if (r == 0)
		r = flow_init(&c->flows[FRAMING_FROM_BUS], FRAMING_FROM_BUS, bus_fd, client_fd,
			      on_bus_readable, on_client_writable, c);
	if (r < 0)
		return r;
	c->next = relay->conns;
	if (c->next)
		c->next->prev = c;
	relay->conns = c;
	(void)take(c);
	return 0;
}

/* --- the socket ---------------------------------------------------------------------------------- */

static int connect_bus(const struct relay *r, int *ret)
{
	int error = -ENOENT;

	for (size_t i = 0; i < r->n_targets; i++) {
		const struct relay_target *t = &r->targets[i];
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			return -errno;
		if (connect(fd, (const struct sockaddr *)&t->addr, t->addr_bytes) == 0) {
			*ret = fd;
			return 0;
		}
		error = -errno;
		close(fd);
		if (error == -EAGAIN)
			break;
	}
	return error;
}

static void pause_accepting(struct relay *r)
{
	event_del(r->knock);
	event_add(r->retry, &retry_delay);
}

/* Connect one client through. False when it has to wait. */
static bool admit(struct relay *r, int client_fd)
{
	int bus_fd = -1, error = connect_bus(r, &bus_fd);

	if (error == -EAGAIN || error == -EMFILE || error == -ENFILE) {
		r->waiting_fd = client_fd;
		pause_accepting(r);
		return false;
	}
	if (error < 0)
		close(client_fd);
	else
		error = conn_start(r, client_fd, bus_fd);
	if (error < 0)
		r->ops->broken(error, r->data);
	return true;
}

static void accept_all(struct relay *r)
{
	int fd;

	while (r->waiting_fd < 0) {
		fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0) {
			if (errno != EAGAIN)
				pause_accepting(r);
			return;
		}
		if (!admit(r, fd))
			return;
	}
}

static void on_knock(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	accept_all(data);
}

static void on_retry(LULL_UNUSED evutil_socket_t fd, LULL_UNUSED short what, void *data)
{
	struct relay *r = data;
	int waiting_fd = r->waiting_fd;

	event_add(r->knock, NULL);
	r->waiting_fd = -1;
	if (waiting_fd >= 0 && !admit(r, waiting_fd))
		return;
	accept_all(r);
	if (!r->conns && r->waiting_fd < 0)
		r->ops->idle(r->data);
}

int relay_new(struct event_base *base, int listen_fd, const struct relay_target *targets,
	      size_t n_targets, const struct relay_ops *ops, void *data, struct relay **ret)
{
	autofree(relay) struct relay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->base = base;
	r->ops = ops;
	r->data = data;
	r->listen_fd = listen_fd;
	r->waiting_fd = -1;
	r->targets = targets;
	r->n_targets = n_targets;
	r->knock = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_knock, r);
	r->retry = event_new(base, -1, 0, on_retry, r);
	if (!r->knock || !r->retry || event_add(r->knock, NULL) < 0)
		return -ENOMEM;
	*ret = take(r);
	return 0;
}

struct relay *relay_free(struct relay *r)
{
	if (!r)
		return NULL;
	while (r->conns) {
		struct conn *c = r->conns;

		r->conns = c->next;
		conn_free(c);
	}
	if (r->knock)
		event_free(r->knock);
	if (r->retry)
		event_free(r->retry);
	if (r->waiting_fd >= 0)
		close(r->waiting_fd);
	free(r);
	return NULL;
}

bool relay_is_idle(struct relay *r)
{
	accept_all(r);
	return !r->conns && r->waiting_fd < 0;
}
