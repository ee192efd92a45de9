/*
 * worker.h: what every job of the worker works with.  One process, one thread, one event
 * loop; whatever must happen once on all hosts is a lease in the database.
 */
#ifndef KARTKA_WORKER_H
#define KARTKA_WORKER_H

#include "shared/clients/portmone_link.h"
#include "shared/clients/telegram_call.h"
#include "shared/domain/catalog.h"
#include "shared/domain/code.h"
#include "shared/domain/policy.h"
#include "shared/service/key_report.h"
#include "shared/service/program.h"

struct sender;
struct poller;
struct checkup;

/* What the loop calls in turn; the rows are in loop.c. */
enum job_id {
	JOB_BEAT,
	JOB_ASK, /* before the outbox: its answer is waited for meanwhile */
	JOB_OUTBOX,
	JOB_REFUND,
	JOB_CALLBACK,
	JOB_BURY,
	JOB_STAGING,
	JOB_WAITING,
	JOB_RESTOCK,
	JOB_LOW_STOCK,
	JOB_SALES,
	JOB_BOT_NAME,
	JOB_POLL,
	JOB_CHECKUP,
	JOB_SEAL,
	JOB_SWEEP,
	JOB_STATS,
	JOB__COUNT
};

struct worker {
	struct program program;
	int64_t id; /* a random number: owns leases and claims */
	int64_t started_at;
	const char *host;
	const char *run_dir;
	struct http *http;
	int wake_fd;
	struct catalog *catalog;
	struct policy *policy;
	struct code_vault vault;
	struct key_report keys;
	struct telegram telegram;
	struct portmone portmone;

	int64_t due_ms[JOB__COUNT]; /* when each job is called next; monotonic */
	struct sender *sender;	    /* the outbox's messages under way */
	struct poller *poller;	    /* TELEGRAM_MODE=polling; else NULL */
	struct checkup *checkup;    /* the child that looks at the invariants */
	int beats;		    /* in a row, without a pause */
	int64_t beat_ms;	    /* the last of them */
	size_t callbacks;	    /* answerCallbackQuery under way */
	size_t questions;	    /* to Portmone under way */
	size_t refunds;		    /* being looked after, at Portmone */
	int64_t telegram_pause_ms;  /* nothing is sent before this; monotonic */
	int64_t db_told_ms;	    /* its last failure was logged then */
	int64_t fed_told_ms;	    /* so for an update that was not taken */
	int64_t callbacks_pause_ms; /* answerCallbackQuery was told to wait */
	int64_t name_again_ms;	    /* getMe, after a failure */
	int name_failures;
	bool named;    /* the bot's name is known */
	bool stopping; /* SIGTERM: nothing new is begun */
};

/*
 * Read the settings and make everything but connections, which come when they are needed.
 * Anything else than OK: one line on stderr has said why.
 */
int worker_init(struct worker *w) MUST_CHECK;
/* Give leases back, say goodbye, close. */
void worker_release(struct worker *w);

/* Call this job after so long at the latest; 0: as soon as the loop comes round. */
void worker_soon(struct worker *w, enum job_id job, int64_t ms);

/* May the database be called now?  False: it is down, and this is not the second's probe. */
bool worker_db_ready(const struct worker *w);

/*
 * What came of a call to the database: sets or clears the mark that it is down, and logs
 * what should not happen, at most once a second.  Returns rc.
 */
int worker_db_report(struct worker *w, const char *what, int rc);

/* May Telegram be called now?  False: it told us to pause, or it is down. */
bool worker_telegram_ready(const struct worker *w);
/* What came of a call to it. */
void worker_telegram_report(struct worker *w, enum telegram_result result);

/* Is this the moment to log something that would otherwise fill the log?  Once a minute. */
bool worker_may_tell(int64_t *told_ms);

#endif
