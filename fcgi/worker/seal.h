/*
 * seal.h: the trail's new rows join the chain each second; when a day is over, its last seal
 * goes to ADMIN_CHAT_IDS, where nobody who reaches the database can change it.
 */
#ifndef KARTKA_SEAL_H
#define KARTKA_SEAL_H

#include "fcgi/worker/worker.h"

#define SEAL_LEASE "audit_seal"
enum { SEAL_LEASE_S = 10 };

int seal_run(struct worker *w, struct arena *a, const char *lease_data);

#endif
