#include "shared/domain/audit_seal.h"

#include "shared/base/parse.h"
#include "shared/base/str.h"
#include "shared/domain/setting.h"

enum { ROW_BYTES_MAX = 1024 * 1024, HEX = 2 * CRYPTO_SHA256, PORTION = 500 };

#define SEAL_COLUMNS "id, at, staff_id, actor, address, action, object, detail"
enum { SEAL_COLUMN_COUNT = 8 };

static void key_of(const unsigned char data_key[CRYPTO_KEY], unsigned char ret[CRYPTO_KEY])
{
	static const char use[] = "audit seal";

	crypto_hmac(data_key, CRYPTO_KEY, (struct bytes){ use, strlen(use) }, ret);
}

/* Each field with its length before it: what is moved from one to the next shows. */
static void field_add(struct str *s, const char *data, size_t len)
{
	str_addf(s, "%zu:", len);
	str_addn(s, data, len);
}

static int row_seal(struct arena *a, const unsigned char key[CRYPTO_KEY],
		    const struct db_cell *row, const struct audit_head *before,
		    unsigned char ret[CRYPTO_SHA256])
{
	struct str s = STR(a, ROW_BYTES_MAX);

	str_addf(&s, "%lld;", (long long)before->count + 1);
	field_add(&s, (const char *)before->seal, before->count ? CRYPTO_SHA256 : 0);
	for (int i = 0; i < SEAL_COLUMN_COUNT; i++)
		if (i < 3)
			str_addf(&s, "%lld;", row[i].is_null ? 0 : (long long)row[i].number);
		else
			field_add(&s, row[i].text, row[i].len);
	if (!str_ok(&s))
		return ERR_TOO_LONG;
	crypto_hmac(key, CRYPTO_KEY, (struct bytes){ str_text(&s), s.len }, ret);
	return OK;
}

/* ---- where the chain ends: "17:<64 hex>" ---- */

static int head_read(const char *text, struct audit_head *ret)
{
	AUTO_ARENA(a);
	const char *colon = strchr(text, ':');

	if (!colon ||
	    parse_int(arena_strndup(&a, text, (size_t)(colon - text)), 0, INT64_MAX,
		      &ret->count) ||
	    parse_hex(colon + 1, ret->seal, sizeof(ret->seal)))
		return ERR_FAILED;
	return OK;
}

/* Two at once: the second waits here. */
static int head_lock(struct db *db, struct arena *a, struct audit_head *ret)
{
	const struct db_cell *row;
	int rc;

	*ret = (struct audit_head){ 0 };
	rc = db_exec(db,
		     "INSERT INTO settings (name, value, changed_at) "
		     "VALUES (?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE name = name",
		     PARAMS(P(SETTING_AUDIT_HEAD), P(arena_printf(a, "0:%0*d", HEX, 0))), NULL);
	if (rc)
		return rc;
	rc = db_one(db, a, "SELECT value FROM settings WHERE name = ? FOR UPDATE",
		    PARAMS(P(SETTING_AUDIT_HEAD)), &row);
	return rc ? rc : head_read(row[0].text, ret);
}

static int head_write(struct db *db, struct arena *a, const struct audit_head *head)
{
	const char *hex = crypto_hex(a, (struct bytes){ head->seal, sizeof(head->seal) });

	return setting_set(db, SETTING_AUDIT_HEAD,
			   arena_printf(a, "%lld:%s", (long long)head->count, hex));
}

/* ---- sealing ---- */

struct sealing {
	unsigned char key[CRYPTO_KEY];
	int limit;
	size_t sealed;
	struct audit_head head;
};

static int one_seal(struct db *db, struct arena *a, struct sealing *s,
		    const struct db_cell *row)
{
	struct audit_head next = { .count = s->head.count + 1 };
	int rc = row_seal(a, s->key, row, &s->head, next.seal);

	if (rc)
		return rc;
	rc = db_exec_one(db,
			 "UPDATE audit SET seal = ?, seal_no = ? "
			 "WHERE id = ? AND seal_no IS NULL",
			 PARAMS(P(((struct bytes){ next.seal, sizeof(next.seal) })),
				P(next.count), P(row[0].number)));
	if (rc)
		return rc;
	s->head = next;
	s->sealed++;
	return OK;
}

static int seal_work(struct db *db, void *data)
{
	struct sealing *s = data;
	struct db_rows rows;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	s->sealed = 0;
	if ((rc = tx.rc) || (rc = head_lock(db, &a, &s->head)))
		return rc;
	rc = db_query(db, &a,
		      "SELECT " SEAL_COLUMNS " FROM audit WHERE seal_no IS NULL "
		      "ORDER BY id LIMIT ?",
		      PARAMS(P(s->limit)), &rows);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = one_seal(db, &a, s, db_row(&rows, i));
	if (!rc && s->sealed)
		rc = head_write(db, &a, &s->head);
	return rc ? rc : db_tx_commit(&tx);
}

int audit_seal(struct db *db, const unsigned char data_key[CRYPTO_KEY], int limit,
	       size_t *ret_sealed, struct audit_head *ret_head)
{
	struct sealing s = { .limit = limit };
	int rc;

	key_of(data_key, s.key);
	rc = db_retry(db, seal_work, &s);
	crypto_wipe(s.key, sizeof(s.key));
	if (rc)
		return rc;
	*ret_sealed = s.sealed;
	*ret_head = s.head;
	return OK;
}

/* ---- verifying ---- */

struct verifying {
	unsigned char key[CRYPTO_KEY];
	struct bytes known;
	struct audit_head head; /* of what was looked at */
	struct audit_finding *finding;
};

static bool is_seal(const struct verifying *v, const struct db_cell *cell)
{
	return cell->len == CRYPTO_SHA256 &&
	       crypto_same((struct bytes){ cell->text, cell->len },
			   (struct bytes){ v->head.seal, CRYPTO_SHA256 });
}

/* False: the chain is broken here, and the finding says how. */
static int row_verify(struct arena *a, struct verifying *v, const struct db_cell *row,
		      bool *ret_good)
{
	const struct db_cell *seal = &row[SEAL_COLUMN_COUNT];
	int64_t const no = row[SEAL_COLUMN_COUNT + 1].number;
	struct audit_head const before = v->head;
	int rc;

	*ret_good = false;
	if (no != before.count + 1) {
		v->finding->flaw = AUDIT_REMOVED;
		v->finding->first_no = before.count + 1;
		v->finding->last_no = no - 1;
		return OK;
	}
	if ((rc = row_seal(a, v->key, row, &before, v->head.seal)))
		return rc;
	if (!is_seal(v, seal)) {
		v->finding->flaw = AUDIT_ALTERED;
		v->finding->first_no = v->finding->last_no = no;
		v->finding->row_id = row[0].number;
		return OK;
	}
	v->head.count = no;
	v->finding->checked++;
	if (v->known.data &&
	    crypto_same(v->known, (struct bytes){ v->head.seal, CRYPTO_SHA256 }))
		v->finding->seal_known = true;
	*ret_good = true;
	return OK;
}

/* ret_more: there may be further rows. */
static int portion_verify(struct db *db, struct verifying *v, bool *ret_more)
{
	struct db_rows rows;
	bool good = true;
	AUTO_ARENA(a);
	int rc = db_query(db, &a,
			  "SELECT " SEAL_COLUMNS ", seal, seal_no FROM audit "
			  "WHERE seal_no > ? ORDER BY seal_no LIMIT ?",
			  PARAMS(P(v->head.count), P(PORTION)), &rows);

	for (size_t i = 0; !rc && good && i < rows.count; i++) {
		AUTO_ARENA(scratch);

		rc = row_verify(&scratch, v, db_row(&rows, i), &good);
	}
	*ret_more = good && !rc && rows.count == PORTION;
	return rc;
}

/* What is kept apart from the rows. */
static int end_verify(struct db *db, struct verifying *v)
{
	struct audit_head told;
	const struct db_cell *row;
	const char *text;
	AUTO_ARENA(a);
	int rc = setting_get(db, &a, SETTING_AUDIT_HEAD, &text);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	/* Without the note the chain's own end is all there is: as if it was cut off. */
	if (rc || head_read(text, &told)) {
		told = (struct audit_head){ .count = v->head.count + 1 };
		if (!v->head.count)
			told.count = 0;
	}
	if (v->finding->flaw == AUDIT_WHOLE && told.count > v->head.count) {
		v->finding->flaw = AUDIT_CUT_OFF;
		v->finding->first_no = v->head.count + 1;
		v->finding->last_no = told.count;
	}
	rc = db_one(db, &a, "SELECT COUNT(*) FROM audit WHERE seal_no IS NULL", NO_PARAMS,
		    &row);
	if (!rc)
		v->finding->unsealed = row[0].number;
	return rc;
}

int audit_verify(struct db *db, const unsigned char data_key[CRYPTO_KEY], struct bytes known,
		 struct audit_finding *ret)
{
	struct verifying v = { .known = known, .finding = ret };
	bool more = true;
	int rc = OK;

	*ret = (struct audit_finding){ .flaw = AUDIT_WHOLE };
	key_of(data_key, v.key);
	while (!rc && more)
		rc = portion_verify(db, &v, &more);
	crypto_wipe(v.key, sizeof(v.key));
	return rc ? rc : end_verify(db, &v);
}
