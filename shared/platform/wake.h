/*
 * wake.h: datagrams from a responder to a worker of the same host, never blocking.
 * Each worker binds KARTKA_VAR/run/worker.<pid>.sock (SOCK_SEQPACKET: wake.c says why).
 * Workers take turns; a dead one is noticed at once, a new one within a second.
 */
#ifndef KARTKA_WAKE_H
#define KARTKA_WAKE_H

#include "shared/base/base.h"

struct wake; /* the sender's side */

/* Always OK: workers may come later. */
int wake_new(const char *run_dir, struct wake **ret) MUST_CHECK;
void wake_free(struct wake *wake);

/*
 * Something was committed that a worker sends.  May be lost: it is found within a second
 * anyway.
 */
void wake_outbox(struct wake *wake);

/*
 * An order was opened: its message may say until when the codes are kept.  May be lost: the
 * buyer is looking at the payment page, which says so too.
 */
void wake_opened(struct wake *wake, int64_t order_id, int64_t chat_id);

/*
 * Answer a callback query; text NULL or "" only stops the spinner.  False: no live worker
 * took it, or id or text are longer than struct wake_message holds.
 */
bool wake_answer_callback(struct wake *wake, const char *callback_id, const char *text,
			  bool alert);

/* ---- the worker's side ---- */

struct wake_message {
	bool is_callback;
	int64_t opened_order; /* 0, and no callback: look into the outbox */
	int64_t opened_chat;
	char callback_id[72];
	char text[804]; /* TELEGRAM_ANSWER_MAX characters of up to 4 bytes */
	bool alert;
};

/*
 * Bind this process's socket, one per process, and remove the names of dead workers.  The
 * descriptor (an epoll of all senders) is for poll and wake_receive only.  ERR_FAILED: errno
 * says why.
 */
int wake_bind(const char *run_dir, int *ret_fd) MUST_CHECK;
/* One message; ERR_NOT_FOUND when none is waiting; malformed ones are skipped. */
int wake_receive(int fd, struct wake_message *ret) MUST_CHECK;
/* Remove the socket's name and close it; what still waits in it is lost. */
void wake_unbind(const char *run_dir, int fd);

#endif
