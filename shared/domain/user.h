/*
 * user.h: people who wrote to the bot, and where the conversation with each stands.
 */
#ifndef KARTKA_USER_H
#define KARTKA_USER_H

#include "shared/domain/audit.h"

struct user {
	int64_t id; /* Telegram's */
	const char *first_name;
	const char *last_name;
	const char *username;
	const char *lang; /* "uk", "en", "ru" */
	bool lang_chosen;
	bool banned;
	bool ban_told;
	bool blocked; /* the person stopped the bot */
	bool erased;
	const char *dialog_step; /* NULL: no open question (or it has expired) */
	const char *dialog_data; /* JSON, as dialog_ask() stored it */
};

/* As Telegram describes the sender of an update; texts already cleaned. */
struct user_seen {
	int64_t id;
	const char *first_name;
	const char *last_name;
	const char *username;
	const char *lang;
};

/* One SELECT by primary key.  ERR_NOT_FOUND: never wrote. */
int user_find(struct db *db, struct arena *a, int64_t id, struct user **ret) MUST_CHECK;

/*
 * The sender's row: found, made when new, and changed only where Telegram tells
 * something else than the row (so an ordinary tap reads and nothing more).
 */
int user_meet(struct db *db, struct arena *a, const struct user_seen *seen,
	      struct user **ret) MUST_CHECK;

int user_set_lang(struct db *db, int64_t id, const char *lang) MUST_CHECK;
int user_set_blocked(struct db *db, int64_t id, bool blocked) MUST_CHECK;
/* ERR_CONFLICT: told already. */
int user_set_ban_told(struct db *db, int64_t id) MUST_CHECK;

/* No buying any more, with a reason for administrators; or again.  ERR_CONFLICT: it is so
 * already. */
int user_ban(struct db *db, const struct audit_who *who, int64_t id,
	     const char *why) MUST_CHECK;
int user_unban(struct db *db, const struct audit_who *who, int64_t id) MUST_CHECK;

/* Names and the open question go; orders and payments stay.  Writing again starts anew. */
int user_erase(struct db *db, int64_t id) MUST_CHECK;

/* ---- the one open question of a person ---- */

/* Ask: replaces an earlier question; forgotten after ttl seconds. */
int dialog_ask(struct db *db, int64_t user_id, const char *step, const char *data,
	       int64_t ttl) MUST_CHECK;
int dialog_end(struct db *db, int64_t user_id) MUST_CHECK;

#endif
