/*
 * wake_private.h: the datagrams of wake.h: version, kind, alert, length of the callback
 * id, then the id, then the text up to the end; of an order that was opened its id and its
 * chat's instead, as they stand in memory.  Sender and worker may be of different
 * releases for the length of a restart; another version is skipped.
 */
#ifndef KARTKA_WAKE_PRIVATE_H
#define KARTKA_WAKE_PRIVATE_H

#include "shared/platform/wake.h"

#include <sys/socket.h>

#define WAKE_NAME "worker.%lld.sock"
#define WAKE_NAME_NEW ".worker.%lld.new" /* until it listens */

enum { WAKE_VERSION = 1, WAKE_HEAD = 4 };
enum wake_kind { WAKE_OUTBOX = 1, WAKE_CALLBACK = 2, WAKE_OPENED = 3 };
enum {
	WAKE_ID_MAX = sizeof(((struct wake_message *)0)->callback_id) - 1,
	WAKE_TEXT_MAX = sizeof(((struct wake_message *)0)->text) - 1,
	WAKE_OPENED_LEN = WAKE_HEAD + 2 * (int)sizeof(int64_t),
	WAKE_PACKET_MAX = WAKE_HEAD + WAKE_ID_MAX + WAKE_TEXT_MAX,
};

struct sockaddr_un;
/* ERR_FAILED, errno ENAMETOOLONG: the directory's path is too long for a socket. */
int wake_address(struct sockaddr_un *ret, const char *run_dir, const char *format,
		 int64_t pid) MUST_CHECK __attribute__((format(printf, 3, 0)));
/* The pid in worker.<pid>.sock; 0 for another name. */
int64_t wake_name_pid(const char *name);
/* A connection to that worker, or -1 with errno. */
int wake_connect(const char *run_dir, int64_t pid);

#endif
