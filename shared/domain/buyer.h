/*
 * buyer.h: people as administrators look at them: found by id, @username or name, and one with
 * what they bought.  Lists go by key and cost the same at any number.
 */
#ifndef KARTKA_BUYER_H
#define KARTKA_BUYER_H

#include "shared/domain/audit.h"

struct buyer_line {
	int64_t id;
	const char *first_name;
	const char *last_name;
	const char *username;
	const char *lang;
	bool banned;
	bool blocked;
	int64_t created_at;
	int64_t key_at; /* what the list goes by: created_at, or banned_at */
};

struct buyer_filter {
	const char *search; /* "@name", or the beginning of a name; NULL: everybody */
	bool banned;	    /* those alone whom the shop does not sell to */
	int64_t before_at;  /* the page's key, both parts; 0: the first page */
	int64_t before_id;
};

/*
 * The newest first, at most limit.  With a search at most limit of those that match, in the
 * order of their names, and there is no further page.
 */
int buyer_list(struct db *db, struct arena *a, const struct buyer_filter *filter, int limit,
	       struct buyer_line **ret, size_t *ret_count) MUST_CHECK;

struct buyer_facts {
	int64_t created_at;
	int64_t banned_at; /* 0: not banned */
	const char *ban_reason;
	const char *note;
	int64_t orders;	      /* opened */
	int64_t paid;	      /* of these, paid and not given back */
	struct money spent;   /* for them */
	int64_t refunded;     /* orders given back */
	int64_t last_paid_at; /* 0: never */
};
/* ERR_NOT_FOUND. */
int buyer_facts(struct db *db, struct arena *a, int64_t id, struct buyer_facts *ret) MUST_CHECK;

/* For administrators; in the trail with what it was. */
int buyer_set_note(struct db *db, const struct audit_who *who, int64_t id,
		   const char *note) MUST_CHECK;
/* "uk", "en", "ru": as if the person had chosen it. */
int buyer_set_lang(struct db *db, const struct audit_who *who, int64_t id,
		   const char *lang) MUST_CHECK;

enum { BUYER_WORDS_MAX = 900 /* characters: they fit the outbox's row */ };
/*
 * A message of the shop's to one person, as plain text, once a wish.  ERR_NOT_FOUND: nobody of
 * this id; ERR_INVALID: empty, too long, or not UTF-8.
 */
int buyer_write(struct db *db, const struct audit_who *who, int64_t id, const char *text,
		const char *wish) MUST_CHECK;

#endif
