/*
 * policy.h: what administrators set while the shop runs: its own words in three languages, the
 * bounds of orders, the alerts, and the switch that pauses sales.  Rows of the table settings.
 *
 * A process reads them from a snapshot of its own that is at most STOCK_SNAPSHOT_MS old, and
 * loads them anew only when their version has changed.  What is not set is "" or the default:
 * then the shop's phrases and limits.h speak.
 *
 * Each edit carries the version of its section that it was begun from, so that nobody's change
 * is lost silently; each is in the audit trail with what it was before.
 */
#ifndef KARTKA_POLICY_H
#define KARTKA_POLICY_H

#include "shared/domain/audit.h"
#include "shared/domain/catalog.h"

/* Plain text, never markup. */
enum policy_text {
	POLICY_GREETING, /* under the salutation */
	POLICY_HELP,
	POLICY_TERMS,
	POLICY_PRIVACY,
	POLICY_PAYSUPPORT,
	POLICY_CONTACT, /* one line: where a person answers */
	POLICY_PAUSED,	/* why nothing is sold now */
	POLICY_TEXT__COUNT
};

enum policy_number {
	POLICY_ORDER_TTL, /* seconds; 0: as ORDER_TTL says */
	POLICY_OPEN_ORDERS,
	POLICY_RESERVED_CODES,
	POLICY_UNPAID_FREE,
	POLICY_UNPAID_PAUSE,
	POLICY_ALERT_SALES, /* 1: administrators are told of what is sold */
	POLICY_ALERT_STOCK, /* … and when few codes are left */
	POLICY_LOW_STOCK,   /* what "few" is for a new value */
	POLICY_NUMBER__COUNT
};

enum policy_section {
	POLICY_WORDS,
	POLICY_BOUNDS,
	POLICY_ALERTS,
	POLICY_SALES,
	POLICY_SECTION__COUNT
};

/* A text's name in forms and in the trail ("terms"), where it is edited, and its length. */
struct policy_text_about {
	const char *name;
	enum policy_section section;
	size_t max; /* characters */
	bool line;  /* of one line */
};
const struct policy_text_about *policy_text_about(enum policy_text text);

struct policy_number_about {
	const char *name; /* as in the table settings */
	enum policy_section section;
	int64_t min;
	int64_t max;
	int64_t otherwise; /* while it is not set */
};
const struct policy_number_about *policy_number_about(enum policy_number number);

/* "words", as in the trail; a text's row in the table settings: "text_terms_uk". */
const char *policy_section_name(enum policy_section section);
const char *policy_text_name(struct arena *a, enum policy_text text, int lang);

/* ---- a process's snapshot ---- */

struct policy;

struct policy *policy_new(void); /* never fails */
void policy_free(struct policy *p);

int policy_refresh(struct policy *p, struct db *db, int64_t now_ms) MUST_CHECK;

struct policy_edit; /* below */
/* From now on it is this, and nothing is read: for tests of what is drawn. */
void policy_hold(struct policy *p, const struct policy_edit *edit);

/* "": the shop's own phrase.  Without a text in this language the first one's. */
const char *policy_text(const struct policy *p, enum policy_text text, int lang);
int64_t policy_number(const struct policy *p, enum policy_number number);
/* By the switch or, where it was never used, by SALES. */
bool policy_paused(const struct policy *p, bool configured);

/* ---- changing it ---- */

/* As stored; texts that are not set are "". */
struct policy_edit {
	int64_t versions[POLICY_SECTION__COUNT];
	const char *texts[POLICY_TEXT__COUNT][CATALOG_LANGS];
	int64_t numbers[POLICY_NUMBER__COUNT];
	const char *sales; /* "open", "paused"; "": never switched */
};
int policy_load(struct db *db, struct arena *a, struct policy_edit *ret) MUST_CHECK;

/*
 * The section's members of the edit are stored.  *ret_stale: somebody changed the section
 * since it was read, and nothing is stored.
 */
int policy_save(struct db *db, const struct audit_who *who, enum policy_section section,
		const struct policy_edit *edit, bool *ret_stale) MUST_CHECK;

/* No new orders, with these words of POLICY_PAUSED; or again.  As it is already: stays so. */
int policy_pause(struct db *db, const struct audit_who *who,
		 const char *const words[CATALOG_LANGS]) MUST_CHECK;
int policy_resume(struct db *db, const struct audit_who *who) MUST_CHECK;

/* POLICY_PAUSED as of now, for who is refused. */
int policy_paused_words(struct db *db, struct arena *a, int lang, const char **ret) MUST_CHECK;

#endif
