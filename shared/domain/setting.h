/*
 * setting.h: what changes while the shop runs, kept in the database.
 */
#ifndef KARTKA_SETTING_H
#define KARTKA_SETTING_H

#include "shared/platform/db.h"

#define SETTING_BOT_USERNAME "bot_username" /* from getMe: links back to the bot */
#define SETTING_CATALOG_VERSION                                                         \
	"catalog_version"		     /* raised by every change of the catalogue \
					      */
#define SETTING_AUDIT_HEAD "audit_head"	     /* where the trail's chain ends: audit_seal.h */
#define SETTING_LAST_BACKUP "last_backup_at" /* of the newest backup: µs since 1970 UTC */
#define SETTING_SALES "sales"		     /* "open" or "paused"; missing: as configured */

/* ERR_NOT_FOUND: never set. */
int setting_get(struct db *db, struct arena *a, const char *name, const char **ret) MUST_CHECK;
int setting_set(struct db *db, const char *name, const char *value) MUST_CHECK;

/* What was last heard from outside, for the health page: when, and a word or JSON about it. */
#define SETTING_WEBHOOK "webhook_heard"
#define SETTING_PORTMONE_GOOD "portmone_good"
#define SETTING_PORTMONE_BAD "portmone_bad"
int setting_note(struct db *db, const char *name, const char *words) MUST_CHECK;
/* ERR_NOT_FOUND: never heard. */
int setting_noted(struct db *db, struct arena *a, const char *name, int64_t *ret_at,
		  const char **ret_words) MUST_CHECK;

/* When the newest backup was made; 0: never. */
int setting_backup_at(struct db *db, int64_t *ret) MUST_CHECK;
int setting_backup_note(struct db *db, int64_t at) MUST_CHECK;

/* Are sales paused, by the panel's switch or, where it was never used, by SALES? */
int setting_sales_paused(struct db *db, bool configured, bool *ret) MUST_CHECK;

#endif
