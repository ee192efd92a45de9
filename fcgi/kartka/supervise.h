/*
 * supervise.h: processes kept alive: started, started again when they die, stopped in
 * order.  One thread; nothing happens outside these calls.
 */
#ifndef KARTKA_SUPERVISE_H
#define KARTKA_SUPERVISE_H

#include "fcgi/kartka/process.h"

/* In this order; those of one phase at the same time. */
enum stop_phase { STOP_NGINX, STOP_RESPONDERS, STOP_ALSO, STOP_DATABASE, STOP__COUNT };

/* Whom a process runs as; NULL where one is asked for: as we do. */
struct account {
	const char *name;
	uid_t uid;
	gid_t gid;
};

struct service {
	const char *name;
	const char *const *argv; /* argv[0] is a path */
	enum stop_phase phase;
	int stop_signal;
	const struct account *account;
	const char *output; /* the file its output is added to; NULL: ours */
	const char *socket; /* a name it binds: removed before each start; NULL: none */
	bool alone;	    /* what is left of its last run would be in its way */
	bool quiet;	    /* while it starts: whoever waits for it tells of its death */
	size_t copies;	    /* children that it keeps alive; 0: nobody counts */

	pid_t pid; /* 0: not running */
	int64_t started_ms;
	int64_t due_ms; /* when it is started again */
	int quick_deaths;
	int64_t short_ms; /* since when copies are missing; 0: none is */
};

enum { SERVICES_MAX = 24 };

struct supervisor {
	struct service services[SERVICES_MAX];
	size_t count;
	int signals; /* a signalfd */
	bool stop;
	struct process_watch watch;
	pid_t once; /* the command supervise_once waits for */
	int once_status;
	int64_t strays_seen_ms; /* since when there are strays; 0: none */
	int64_t strays_look_ms; /* when they are looked for again */
};

/* From now on signals are the supervisor's, and orphans of what it starts are its children. */
void supervise_init(struct supervisor *s);

/* Start it and keep it alive.  The strings are borrowed. */
struct service *supervise_add(struct supervisor *s, const struct service *service);

/*
 * Run to the end while everything else is looked after.  Returns the exit status; -1 when it
 * was killed or everything is to stop.
 */
int supervise_once(struct supervisor *s, const char *const *argv, const struct account *account,
		   const char *output);

/* Look after everything for up to ms.  False: SIGINT, SIGTERM, or make has ended: stop. */
bool supervise_wait(struct supervisor *s, int64_t ms) MUST_CHECK;

/* Stop everything, in order, within ten seconds.  Nothing is left when it returns. */
void supervise_stop(struct supervisor *s);

#endif
