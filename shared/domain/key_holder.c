#include "shared/domain/key_holder.h"

#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/domain/code_key.h"

enum { KNOWN_MAX = 500 }; /* the column's; sixteen keys are at most 448 */

static const char *known_word(struct arena *a, const struct code_vault_key *key)
{
	unsigned char check[CODE_KEY_CHECK];

	code_key_check(key, check);
	return arena_printf(a, "%lld:%s", (long long)key->id,
			    crypto_hex(a, (struct bytes){ check, sizeof(check) }));
}

const char *key_holder_known(struct arena *a, const struct code_vault *vault)
{
	struct str s = STR(a, KNOWN_MAX);

	for (size_t i = 0; i < vault->count; i++) {
		str_add(&s, i ? "," : "");
		str_add(&s, known_word(a, &vault->keys[i]));
	}
	return str_text(&s);
}

int key_holder_beat(struct db *db, const struct key_holder *holder)
{
	return db_exec(db,
		       "INSERT INTO key_holders (id, program, host, pid, version, started_at, "
		       "known, beat_at) VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6)) "
		       "ON DUPLICATE KEY UPDATE "
		       "known = VALUES(known), beat_at = VALUES(beat_at)",
		       PARAMS(P(holder->id), P(holder->program), P(holder->host),
			      P(holder->pid), P(holder->version ? holder->version : ""),
			      holder->started_at ? P_TIME(holder->started_at) : P_NULL,
			      P(holder->known)),
		       NULL);
}

int key_holder_gone(struct db *db, int64_t id)
{
	return db_exec(db, "DELETE FROM key_holders WHERE id = ?", PARAMS(P(id)), NULL);
}

int key_holder_sweep(struct db *db)
{
	return db_exec(db,
		       "DELETE FROM key_holders WHERE beat_at < "
		       "UTC_TIMESTAMP(6) - INTERVAL ? SECOND",
		       PARAMS(P(KEY_HOLDER_DEAD_S)), NULL);
}

/* One of the words between commas. */
static bool knows(const char *known, const char *word)
{
	size_t const len = strlen(word);

	for (; *known; known += strcspn(known, ",") + (strchr(known, ',') != NULL))
		if (!strncmp(known, word, len) && (!known[len] || known[len] == ','))
			return true;
	return false;
}

int key_holder_lacking(struct db *db, struct arena *a, const struct code_vault_key *key,
		       struct key_holder **ret, size_t *ret_count)
{
	const char *word = known_word(a, key);
	struct key_holder *holders;
	struct db_rows rows;
	size_t count = 0;
	int const rc = db_query(db, a,
				"SELECT id, program, host, pid, known FROM key_holders "
				"ORDER BY beat_at",
				NO_PARAMS, &rows);

	if (rc)
		return rc;
	holders = arena_array(a, rows.count, sizeof(*holders));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		if (!knows(c[4].text, word))
			holders[count++] = (struct key_holder){ .id = c[0].number,
								.program = c[1].text,
								.host = c[2].text,
								.pid = c[3].number,
								.known = c[4].text };
	}
	*ret = holders;
	*ret_count = count;
	return OK;
}

int key_holder_fresh(struct db *db, int *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT COUNT(*) FROM key_holders "
			      "WHERE beat_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND",
			      PARAMS(P(KEY_HOLDER_FRESH_S)), &row);

	if (!rc)
		*ret = (int)row[0].number;
	return rc;
}
