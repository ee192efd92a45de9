/*
 * backup_file.h: a backup in one file.  Numbers are big-endian.
 *
 *	0	16	"kartka backup 1\n"
 *	16	1	scrypt's costs: log2 N,
 *	17	1	r,
 *	18	1	p
 *	19	1	0
 *	20	16	scrypt's salt
 *	36	8	how long the dump is
 *	44	4	how long the sealed part is
 *	48	16	0
 *	64		the dump: what mariadb-dump wrote, by gzip.  Codes in it are encrypted
 *			with CODE_KEYS, so it is worthless without the sealed part; names and
 *			orders are not
 *	64 + dump	the sealed part: AES-256-GCM (nonce 12, ciphertext, tag 16) with the key
 *			that scrypt makes of the passphrase; the first 64 bytes are associated
 *			data
 *
 * What is sealed is one JSON object: made_at (µs since 1970 UTC), schema (the newest
 *migration), sha256 (of the dump, hex), secrets {name: value}.  So who knows the passphrase
 *knows that nothing of the file was altered.  By hand: tail -c +65 FILE | gunzip gives the
 *dump.
 */
#ifndef KARTKA_BACKUP_FILE_H
#define KARTKA_BACKUP_FILE_H

#include "shared/platform/crypto.h"

enum { BACKUP_HEAD = 64, BACKUP_SECRETS = 4 };

/* The settings that are in it: without them the database can't be read. */
extern const char *const backup_secrets[BACKUP_SECRETS];

struct backup_note {
	int64_t made_at;
	const char *schema;
	const char *secrets[BACKUP_SECRETS]; /* as backup_secrets names them */
};

/* ---- writing: beside its place, under its name when it is whole ---- */

struct backup_writer {
	const char *path;
	const char *part; /* PATH.part */
	int fd;
	struct crypto_hash *hash;
	uint64_t len;
};

/* Each of these: NULL, or why it can't be, in a few words. */
const char *backup_begin(struct arena *a, const char *path, struct backup_writer *ret);
const char *backup_add(struct backup_writer *w, struct bytes piece);
const char *backup_finish(struct arena *a, struct backup_writer *w, const char *passphrase,
			  const struct backup_note *note);
/* Not to be finished: nothing is left of it. */
void backup_give_up(struct backup_writer *w);

/* ---- reading ---- */

struct backup_file {
	int fd;
	uint64_t dump_len;
	struct backup_note note;
};

/* The whole file is read, and nothing of it was altered.  Lives as long as the arena. */
const char *backup_open(struct arena *a, const char *path, const char *passphrase,
			struct backup_file *ret);
/* Its dump into a pipe. */
const char *backup_copy(const struct backup_file *file, int to);

#endif
