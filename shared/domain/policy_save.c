/* Changing what policy.h reads: by section, each change with what it was before. */
#include "shared/domain/policy.h"

#include "shared/base/utf8.h"
#include "shared/domain/setting.h"
#include "shared/platform/json.h"

enum {
	DETAIL_MAX = 60000, /* bytes; the column holds 65,535 */
	TOLD_MAX = 400,	    /* characters of a text in the trail */
};

struct change {
	struct db *db;
	struct arena *a;
	struct json_out *trail;
	bool any;
};

static int pair_store(struct change *c, const char *name, const char *was, const char *is)
{
	if (!strcmp(was, is))
		return OK;
	c->any = true;
	json_key(c->trail, name);
	json_open(c->trail, '[');
	json_put_text(c->trail, utf8_clean_text(c->a, was, strlen(was), TOLD_MAX));
	json_put_text(c->trail, utf8_clean_text(c->a, is, strlen(is), TOLD_MAX));
	json_close(c->trail, ']');
	return setting_set(c->db, name, is);
}

static int texts_store(struct change *c, enum policy_section section,
		       const struct policy_edit *was, const struct policy_edit *is)
{
	int rc = OK;

	for (int i = 0; i < POLICY_TEXT__COUNT; i++) {
		const struct policy_text_about *about = policy_text_about((enum policy_text)i);

		for (int lang = 0; !rc && lang < CATALOG_LANGS; lang++)
			if (about->section == section)
				rc = pair_store(
					c, policy_text_name(c->a, (enum policy_text)i, lang),
					was->texts[i][lang], is->texts[i][lang]);
	}
	return rc;
}

static int numbers_store(struct change *c, enum policy_section section,
			 const struct policy_edit *was, const struct policy_edit *is)
{
	int rc = OK;

	for (int i = 0; !rc && i < POLICY_NUMBER__COUNT; i++) {
		const struct policy_number_about *about = policy_number_about(
			(enum policy_number)i);

		if (about->section == section)
			rc = pair_store(c, about->name,
					arena_printf(c->a, "%lld", (long long)was->numbers[i]),
					arena_printf(c->a, "%lld", (long long)is->numbers[i]));
	}
	return rc;
}

/* Everybody's snapshot is old from now on, and every form of this section. */
static int versions_raise(struct db *db, struct arena *a, const char *section)
{
	return db_exec(db,
		       "UPDATE settings SET value = CAST(value AS SIGNED) + 1, "
		       "changed_at = UTC_TIMESTAMP(6) WHERE name IN ('policy_version', ?)",
		       PARAMS(P(arena_printf(a, "policy_edit_%s", section))), NULL);
}

/* Edits stand in a line at this row. */
static int policy_lock(struct db *db, struct arena *a)
{
	const struct db_cell *row;

	return db_one(db, a,
		      "SELECT value FROM settings WHERE name = 'policy_version' FOR UPDATE",
		      NO_PARAMS, &row);
}

struct saving {
	const struct audit_who *who;
	enum policy_section section;
	const struct policy_edit *edit;
	bool stale;
};

static int save_work(struct db *db, void *data)
{
	struct saving *s = data;
	const char *section = policy_section_name(s->section);
	AUTO_ARENA(a);
	struct str detail = STR(&a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&detail);
	struct change change = { .db = db, .a = &a, .trail = &j };
	struct policy_edit was;
	int rc;

	s->stale = false;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = policy_lock(db, &a)) || (rc = policy_load(db, &a, &was)))
		return rc;
	if (was.versions[s->section] != s->edit->versions[s->section]) {
		s->stale = true;
		return OK;
	}
	json_open(&j, '{');
	if ((rc = texts_store(&change, s->section, &was, s->edit)) ||
	    (rc = numbers_store(&change, s->section, &was, s->edit)))
		return rc;
	json_close(&j, '}');
	if (!change.any)
		return OK;
	if ((rc = versions_raise(db, &a, section)) ||
	    (rc = audit_write(db, s->who, "settings_save",
			      arena_printf(&a, "settings %s", section),
			      str_ok(&detail) ? str_text(&detail) : NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int policy_save(struct db *db, const struct audit_who *who, enum policy_section section,
		const struct policy_edit *edit, bool *ret_stale)
{
	struct saving s = { .who = who, .section = section, .edit = edit };
	int const rc = db_retry(db, save_work, &s);

	if (!rc)
		*ret_stale = s.stale;
	return rc;
}

/* ---- the switch ---- */

struct switching {
	const struct audit_who *who;
	const char *const *words; /* NULL: sales go on */
};

static int switch_work(struct db *db, void *data)
{
	const struct switching *s = data;
	const char *to = s->words ? "paused" : "open";
	AUTO_ARENA(a);
	struct str detail = STR(&a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&detail);
	struct change change = { .db = db, .a = &a, .trail = &j };
	struct policy_edit was;
	struct policy_edit is;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = policy_lock(db, &a)) || (rc = policy_load(db, &a, &was)))
		return rc;
	is = was;
	for (int lang = 0; s->words && lang < CATALOG_LANGS; lang++)
		is.texts[POLICY_PAUSED][lang] = s->words[lang];
	json_open(&j, '{');
	if ((rc = pair_store(&change, SETTING_SALES, was.sales, to)) ||
	    (rc = texts_store(&change, POLICY_SALES, &was, &is)))
		return rc;
	json_close(&j, '}');
	if (!change.any)
		return OK;
	if ((rc = versions_raise(db, &a, policy_section_name(POLICY_SALES))) ||
	    (rc = audit_write(db, s->who, s->words ? "sales_pause" : "sales_resume", "sales",
			      str_ok(&detail) ? str_text(&detail) : NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int policy_pause(struct db *db, const struct audit_who *who,
		 const char *const words[CATALOG_LANGS])
{
	return db_retry(db, switch_work, &(struct switching){ .who = who, .words = words });
}

int policy_resume(struct db *db, const struct audit_who *who)
{
	return db_retry(db, switch_work, &(struct switching){ .who = who });
}
