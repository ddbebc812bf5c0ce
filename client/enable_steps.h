/*
 * enable_steps: what the steps of `lull enable` share, and `lull disable` too.
 *
 * A step looks what is so already, does the rest and says both. It returns false when it makes no sense to go
 * on: what is wrong has been said then, or memory ran out.
 */
#pragma once
#include "client/enable_bus.h"
#include "client/enable_report.h"
#include "config/base.h"
#include "config/services.h"
#include <stdbool.h>

struct record;

struct enable {
	struct call *call;
	struct record *record;
	json_t *found; /* what disable has found without a record; NULL: it has one */
	struct report report;
	char *lulld;
	char *shim;
	bool has_systemd;
	bool has_unit;            /* and that has a lulld.service */
	struct services services; /* for the notifications, as the bus knew them when we came */
	struct server server;     /* who had the notifications when we came */
	bool has_moved;           /* lulld has been started, or has put a server in line */
	char *adopted;            /* what lulld has put in line; NULL: nothing */
};

/** enable_done() - free what is inside */
void enable_done(struct enable *e);
#define enable_auto __attribute__((cleanup(enable_done))) struct enable

/** enable_open_record() - read what is on record; what is wrong has been said */
LULL_MUSTCHECK enum outcome enable_open_record(struct enable *e);

/* The files that decide what the next login starts; enable_login.c. */
bool enable_activation(struct enable *e); /* by the bus, for a notification */
bool enable_service(struct enable *e);    /* lulld, by systemd */
bool enable_display(struct enable *e);    /* the display server, by systemd */
