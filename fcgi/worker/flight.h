/*
 * flight.h: outbox rows that this worker has claimed, from the claim to the moment when
 * the database knows what came of them.  For outbox_*.c only.
 *
 *	claimed ──► WAITING ──► SENDING ──► LANDED ──► settled in the database, gone
 *
 * A chat has at most one flight in SENDING.  A flight that can't be settled, because the
 * database is away, stays LANDED: better remembered than sent twice.
 */
#ifndef KARTKA_FLIGHT_H
#define KARTKA_FLIGHT_H

#include "fcgi/worker/chat_pace.h"
#include "fcgi/worker/worker.h"
#include "shared/base/limits.h"
#include "shared/domain/outbox.h"

enum {
	FLIGHTS_MAX = 96,    /* claimed at once: 32 KiB each while they last */
	FLIGHTS_CHAT = 3,    /* of one chat: more wait in the database */
	FLIGHTS_OPENED = 24, /* without a row: see sender_opened() */
	CLAIM_MAX = 24,
	LEASE_S = OUTBOX_LEASE_S,
	LEASE_USED_MS = 40000, /* one that could not begin by then is given back */
};

enum flight_state { FLIGHT_WAITING, FLIGHT_SENDING, FLIGHT_LANDED };

/* What the database is told; the rows are in outbox_settle.c. */
enum landing {
	LANDING_SENT,
	LANDING_LATER,
	LANDING_HOLD, /* the whole chat waits */
	LANDING_UNDELIVERABLE,
	LANDING_DEAD,
	LANDING_SEALED, /* codes that can't be sent: later, and an administrator looks */
	LANDING__COUNT
};

struct flight {
	bool taken; /* this place of the sender's */
	struct worker *w;
	struct arena arena; /* wiped at the end: it may hold codes */
	struct outbox_row row;
	struct message message;
	enum flight_state state;
	int64_t claimed_ms;
	int64_t begun_ms;
	bool plain; /* sent again without tags and keys */
	/* once LANDED */
	enum landing landing;
	int64_t wait_ms;
	int64_t message_id;
	const char *error;
	const char *alert; /* LANDING_SEALED: the word of what administrators are told */
};

struct sender {
	struct flight *flights[FLIGHTS_MAX]; /* those there are, oldest first */
	size_t count;
	struct flight places[FLIGHTS_MAX];
	struct chat_pace pace;
	int64_t told_ms; /* that messages fail was logged then */
};

/* ---- outbox_send.c ---- */

/* Send f->message.  The flight goes on in flight_answered(). */
void flight_send(struct flight *f);

/* ---- outbox_answer.c ---- */

/* Telegram has answered, or nobody has. */
void flight_answered(int rc, const struct http_answer *http, void *flight);

/* ---- outbox_settle.c ---- */

/* This came of it; the database is told now, or as soon as it is there. */
void flight_land(struct flight *f, enum landing landing, int64_t wait_ms, const char *error);
/* Tell the database of all that have landed. */
int flights_settle(struct worker *w) MUST_CHECK;

#endif
