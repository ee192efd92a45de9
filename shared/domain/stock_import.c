#include "shared/domain/stock_import.h"

#include "shared/base/crash.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/domain/code_key.h"
#include "shared/domain/order_fill.h"

#include <regex.h>
#include <time.h>

enum {
	MARK_LEN = 16, /* of a fingerprint: enough to tell codes of one file apart */
	MARKS_MIN = 1024,
	ROW_PARAMS = 7,
};

/* 9999-12-31: never.  Not NULL, so that one index orders all codes. */
#define EXPIRES_NEVER (INT64_C(253402214400) * CLOCK_SECOND)

/* A statement is prepared for each of these numbers of rows, and any chunk is a sum of them. */
static const int batch_sizes[] = { IMPORT_CHUNK, 50, 5, 1 };
enum { BATCHES = COUNT(batch_sizes) };

struct chunk_row {
	struct code_sealed sealed;
	const char *serial;
	int64_t expires_at;
};

/* The codes of this file so far: a set of fingerprints' first bytes, open addressing. */
struct marks {
	unsigned char (*slots)[MARK_LEN];
	size_t size; /* a power of two */
	size_t used;
};

struct stock_import {
	struct db *db;
	const struct code_vault *vault;
	int64_t value_id;
	int64_t batch_id;
	bool dry_run;
	int64_t staging_id; /* 0: straight on the shelf */
	int64_t staged;	    /* codes staged before this chunk */
	bool has_pattern;
	regex_t pattern;
	struct code_file file;
	struct marks marks;
	struct arena sql_arena;
	const char *insert_sql[BATCHES];
	const char *known_sql[BATCHES];
	const char *stage_sql[BATCHES];
	struct arena arena; /* of the chunk */
	struct chunk_row rows[IMPORT_CHUNK];
	size_t count;
	struct import_report report;
};

/* ---- codes seen in this file ---- */

static bool mark_is_free(const unsigned char mark[MARK_LEN])
{
	static const unsigned char zero[MARK_LEN];

	return !memcmp(mark, zero, MARK_LEN);
}

static size_t mark_slot(const struct marks *m, const unsigned char *fingerprint)
{
	size_t at;

	memcpy(&at, fingerprint, sizeof(at));
	for (at &= m->size - 1; !mark_is_free(m->slots[at]); at = (at + 1) & (m->size - 1))
		if (!memcmp(m->slots[at], fingerprint, MARK_LEN))
			break;
	return at;
}

static void marks_grow(struct marks *m)
{
	struct marks bigger = { .size = m->size ? m->size * 2 : MARKS_MIN, .used = m->used };

	bigger.slots = calloc(bigger.size, MARK_LEN);
	if (!bigger.slots)
		die("out of memory");
	for (size_t i = 0; i < m->size; i++)
		if (!mark_is_free(m->slots[i]))
			memcpy(bigger.slots[mark_slot(&bigger, m->slots[i])], m->slots[i],
			       MARK_LEN);
	free(m->slots);
	*m = bigger;
}

/* False: it was there before. */
static bool marks_add(struct marks *m, const unsigned char *fingerprint)
{
	size_t at;

	if (m->used * 2 >= m->size)
		marks_grow(m);
	at = mark_slot(m, fingerprint);
	if (!mark_is_free(m->slots[at]))
		return false;
	memcpy(m->slots[at], fingerprint, MARK_LEN);
	m->used++;
	return true;
}

/* ---- a chunk ---- */

struct part {
	struct stock_import *import;
	int64_t found;	/* inserted; or known, where the shelf is only looked at */
	int64_t unsure; /* found by a try that may have committed */
};

/* Where a row goes: on the shelf, or into the staging batch with its place in the file. */
static size_t row_params(const struct stock_import *import, size_t at, struct db_param *to)
{
	const struct chunk_row *row = &import->rows[at];
	bool const stages = import->staging_id != 0;

	to[0] = P(stages ? import->staging_id : import->value_id);
	to[1] = P(stages ? import->staged + (int64_t)at + 1 : import->batch_id);
	to[2] = P(row->sealed.ciphertext);
	to[3] = P(row->sealed.key_id);
	to[4] = P(((struct bytes){ row->sealed.fingerprint, CRYPTO_SHA256 }));
	to[5] = P(row->serial);
	to[6] = P_TIME(row->expires_at);
	return ROW_PARAMS;
}

static int part_insert(struct db *db, const struct stock_import *import, size_t batch,
		       size_t from, int64_t *found)
{
	struct db_param params[IMPORT_CHUNK * ROW_PARAMS];
	const char *sql = import->staging_id ? import->stage_sql[batch]
					     : import->insert_sql[batch];
	struct db_result result;
	size_t n = 0;
	int rc;

	for (int i = 0; i < batch_sizes[batch]; i++)
		n += row_params(import, from + (size_t)i, params + n);
	rc = db_exec(db, sql, (struct db_params){ params, n }, &result);
	if (!rc && !import->staging_id)
		*found += (int64_t)result.affected;
	return rc;
}

static int part_look_up(struct db *db, const struct stock_import *import, size_t batch,
			size_t from, int64_t *found)
{
	struct db_param params[IMPORT_CHUNK];
	size_t const size = (size_t)batch_sizes[batch];
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc;

	for (size_t i = 0; i < size; i++)
		params[i] = P(((struct bytes){ import->rows[from + i].sealed.fingerprint,
					       CRYPTO_SHA256 }));
	rc = db_one(db, &a, import->known_sql[batch], (struct db_params){ params, size }, &row);
	if (!rc)
		*found += row[0].number;
	return rc;
}

/* Is the shelf only looked at? */
static bool only_looks(const struct stock_import *import)
{
	return import->dry_run || import->staging_id;
}

static int part_work(struct db *db, struct part *part, size_t batch, size_t from)
{
	const struct stock_import *import = part->import;
	int rc = OK;

	if (only_looks(import))
		rc = part_look_up(db, import, batch, from, &part->found);
	if (!rc && !import->dry_run)
		rc = part_insert(db, import, batch, from, &part->found);
	return rc;
}

/* The chunk as a sum of batches, in one transaction. */
static int chunk_work(struct db *db, void *data)
{
	struct part *part = data;
	const struct stock_import *import = part->import;
	size_t const count = import->count;
	size_t done = 0;
	int rc;

	part->found = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if (!import->dry_run)
		rc = code_key_use(db, &import->vault->keys[import->vault->count - 1]);
	if (rc)
		return rc;
	for (size_t i = 0; i < BATCHES; i++)
		for (; count - done >= (size_t)batch_sizes[i]; done += (size_t)batch_sizes[i])
			if ((rc = part_work(db, part, i, done)))
				return rc;
	CRASH_POINT("import.before_commit");
	rc = db_tx_commit(&tx);
	if (rc == ERR_UNSURE)
		part->unsure = part->found;
	return rc;
}

static int chunk_write(struct stock_import *import)
{
	struct part part = { .import = import };
	int64_t added;
	int filled = 0;
	int rc;

	if (!import->count)
		return OK;
	rc = db_retry(import->db, chunk_work, &part);
	if (rc)
		return rc;
	CRASH_POINT("import.committed");
	/* All of them known now: the COMMIT whose answer was lost had put them there. */
	if (!part.found && !only_looks(import))
		part.found = part.unsure;
	added = only_looks(import) ? (int64_t)import->count - part.found : part.found;
	import->staged += (int64_t)import->count;
	import->report.added += added;
	import->report.known += (int64_t)import->count - added;
	import->count = 0;
	arena_reset(&import->arena);
	/* Who has paid already comes before everybody else. */
	if (!only_looks(import))
		rc = order_fill_waiting(import->db, import->value_id, &filled);
	import->report.filled += filled;
	return rc;
}

/* ---- a line ---- */

static void line_is_bad(struct stock_import *import, int64_t line, enum import_fault fault)
{
	if (import->report.bad < IMPORT_BAD_SHOWN)
		import->report.bad_lines[import->report.bad] = (struct import_bad){ line,
										    fault };
	import->report.bad++;
}

/* A day ends in the evening of the shop's own zone, as people read it; "" is never. */
static bool expires_read(const char *text, int64_t *ret)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ",
					     "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d.%m.%Y" };

	if (!*text) {
		*ret = EXPIRES_NEVER;
		return true;
	}
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct tm tm = { .tm_hour = 23, .tm_min = 59, .tm_sec = 59, .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);
		int64_t at;

		if (!end || *end || tm.tm_year < 100 || tm.tm_year > 8099)
			continue;
		at = (int64_t)(end[-1] == 'Z' ? timegm(&tm) : mktime(&tm)) * CLOCK_SECOND;
		if (at < clock_now())
			return false;
		*ret = at;
		return true;
	}
	return false;
}

static int line_take(const struct code_line *line, void *data)
{
	struct stock_import *import = data;
	struct chunk_row *row = &import->rows[import->count];
	unsigned char fingerprint[CRYPTO_SHA256];
	enum import_fault fault = line->fault;

	if (!fault && !expires_read(line->expires, &row->expires_at))
		fault = IMPORT_FAULT_EXPIRY;
	if (!fault && import->has_pattern && regexec(&import->pattern, line->code, 0, NULL, 0))
		fault = IMPORT_FAULT_PATTERN;
	if (fault) {
		line_is_bad(import, line->number, fault);
		return OK;
	}
	code_fingerprint(import->vault, line->code, fingerprint);
	if (!marks_add(&import->marks, fingerprint)) {
		import->report.repeated++;
		return OK;
	}
	code_seal(&import->arena, import->vault, import->value_id, line->code, &row->sealed);
	row->serial = arena_strdup(&import->arena, line->serial);
	if (++import->count < IMPORT_CHUNK)
		return OK;
	return chunk_write(import);
}

/* ---- the whole ---- */

static const char *repeated(struct arena *a, const char *head, const char *item, int times,
			    const char *tail)
{
	struct str s = STR(a, 1 << 20);

	str_add(&s, head);
	for (int i = 0; i < times; i++) {
		str_add(&s, i ? ", " : "");
		str_add(&s, item);
	}
	str_add(&s, tail);
	return str_text(&s);
}

static void statements_make(struct stock_import *import)
{
	for (size_t i = 0; i < BATCHES; i++) {
		/* A code known from history changes nothing and is not counted as affected. */
		import->insert_sql[i] = repeated(
			&import->sql_arena,
			"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, "
			"fingerprint, serial, expires_at, state) VALUES ",
			"(?, ?, ?, ?, ?, ?, ?, 'available')", batch_sizes[i],
			" ON DUPLICATE KEY UPDATE serial = card_codes.serial");
		import->stage_sql[i] = repeated(&import->sql_arena,
						"INSERT INTO staged_codes (staging_id, seq, "
						"ciphertext, key_id, fingerprint, "
						"serial, expires_at) VALUES ",
						"(?, ?, ?, ?, ?, ?, ?)", batch_sizes[i],
						" ON DUPLICATE KEY UPDATE seq = VALUES(seq)");
		import->known_sql[i] = repeated(
			&import->sql_arena,
			"SELECT COUNT(*) FROM card_codes WHERE fingerprint IN (", "?",
			batch_sizes[i], ")");
	}
}

static int batch_open(struct stock_import *import, const char *name)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc = db_exec(import->db,
			 "INSERT INTO code_batches (value_id, name, created_at) "
			 "VALUES (?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE id = id",
			 PARAMS(P(import->value_id), P(name)), NULL);

	if (rc)
		return rc;
	rc = db_one(import->db, &a,
		    "SELECT id FROM code_batches WHERE value_id = ? AND name = ?",
		    PARAMS(P(import->value_id), P(name)), &row);
	if (!rc)
		import->batch_id = row[0].number;
	return rc;
}

/* The whole code must match. */
static int pattern_compile(struct arena *a, const char *pattern, regex_t *ret)
{
	return regcomp(ret, arena_printf(a, "^(%s)$", pattern), REG_EXTENDED | REG_NOSUB)
		       ? ERR_INVALID
		       : OK;
}

bool stock_import_pattern_valid(const char *pattern)
{
	AUTO_ARENA(a);
	regex_t regex;

	if (!*pattern)
		return true;
	if (pattern_compile(&a, pattern, &regex))
		return false;
	regfree(&regex);
	return true;
}

static int pattern_read(struct stock_import *import)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc = db_one(import->db, &a, "SELECT code_pattern FROM card_values WHERE id = ?",
			PARAMS(P(import->value_id)), &row);

	if (rc || !*row[0].text)
		return rc;
	if ((rc = pattern_compile(&a, row[0].text, &import->pattern)))
		return rc;
	import->has_pattern = true;
	return OK;
}

int stock_import_begin(struct db *db, const struct code_vault *vault,
		       const struct import_options *options, struct stock_import **ret)
{
	struct stock_import *import = calloc(1, sizeof(*import));
	int rc;

	if (!import)
		die("out of memory");
	import->db = db;
	import->vault = vault;
	import->value_id = options->value_id;
	import->dry_run = options->dry_run;
	import->staging_id = options->staging_id;
	code_file_init(&import->file, line_take, import);
	statements_make(import);
	rc = pattern_read(import);
	if (!rc)
		rc = code_key_use_fingerprint(db, vault);
	if (!rc && !only_looks(import))
		rc = batch_open(import, options->batch);
	if (rc) {
		stock_import_free(import);
		return rc;
	}
	*ret = import;
	return OK;
}

int stock_import_feed(struct stock_import *import, struct bytes part)
{
	return code_file_feed(&import->file, part);
}

int stock_import_end(struct stock_import *import, struct import_report *ret)
{
	int rc = code_file_end(&import->file);

	if (!rc)
		rc = chunk_write(import);
	if (!rc)
		*ret = import->report;
	return rc;
}

void stock_import_free(struct stock_import *import)
{
	if (import->has_pattern)
		regfree(&import->pattern);
	explicit_bzero(&import->file, sizeof(import->file));
	arena_release(&import->arena);
	arena_release(&import->sql_arena);
	free(import->marks.slots);
	free(import);
}
