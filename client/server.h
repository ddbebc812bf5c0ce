/*
 * server: org.freedesktop.Notifications as the console answers it.
 *
 * The one file of the console that knows libdbus. It never waits, except while server_new() connects.
 */
#pragma once
#include "client/verb.h"
#include "config/base.h"
#include <stdbool.h>
#include <stdint.h>

struct server;
struct shelf;

/**
 * server_new() - connect, and stand in the queue for the name
 * @a: borrowed for the life of the server
 * @shelf: borrowed; what is shown goes there
 *
 * Return: OUTCOME_DONE; another when the user has been told why not.
 */
LULL_MUSTCHECK enum outcome server_new(const struct args *a, struct shelf *shelf,
				       struct server **ret);

/** server_free() - disconnect; NULL is fine. Return: NULL. */
struct server *server_free(struct server *s);
DEFINE_AUTOFREE(server)

/** server_fd() - what to poll */
int server_fd(const struct server *s);

/** server_events() - the events to poll for now */
short server_events(const struct server *s);

/** server_transfer() - read and write what is possible. Return: false when the bus has gone. */
bool server_transfer(struct server *s);

/** server_dispatch() - answer some calls. Return: true when more are waiting already. */
bool server_dispatch(struct server *s);

/** server_run_due() - let expire and press what is due */
void server_run_due(struct server *s, int64_t now_us);

/** server_press() - press a button. Return: 0, -ENOENT when there is no such notification, or button. */
LULL_MUSTCHECK int server_press(struct server *s, uint32_t id, const char *key);

/** server_dismiss() - close as the user does. Return: 0, -ENOENT. */
LULL_MUSTCHECK int server_dismiss(struct server *s, uint32_t id);

/** server_clock_us() - the clock of every time here: it doesn't jump */
int64_t server_clock_us(void);
