/*
 * world.h: the one lock over everything the sandbox knows, and waiting for a change of it.
 * No network call happens while it is held.
 */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#include "tests/sandbox/base.h"

/* From the command line; never changed afterwards. */
struct options {
	const char *listen;
	const char *state;
	const char *shop; /* no slash at the end */
	const char *token;
	const char *payee;
	const char *login;
	const char *password;
	const char *key;
	const char *static_dir;
	const char *public_url; /* NULL: as the caller's Host says */
	double time_scale;	/* every second that Telegram or Portmone waits lasts so long */
	bool sink;
};
extern struct options options;

/* Unix seconds, microseconds in the fraction. */
double clock_now(void);
/* Seconds of Telegram's or Portmone's patience, as long as they last here. */
double clock_scaled(double seconds);

void world_lock(void);
/* What was written is kept. */
void world_unlock(void);

/* Wakes everybody who waits: updates, chats, events, faults. */
void world_changed(void);
/* Until something changed; false: that moment came first, or the program ends. */
bool world_wait(double until);

void world_stop(void);
bool world_stopping(void);

/* Called on world_changed, from any thread, besides those who wait. */
void world_on_change(void (*call)(void));

#endif
