#include "fcgi/kartka/backup_file.h"

#include "shared/platform/json.h"
#include "shared/platform/password.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	AT_COST = 16,
	AT_SALT = 20,
	AT_DUMP_LEN = 36,
	AT_SEALED_LEN = 44,
	SEALED_MAX = 64 * 1024,
	PIECE = 64 * 1024,
	NOTE_DEPTH = 3,
};

static const char magic[AT_COST + 1] = "kartka backup 1\n";

static const char cut_off[] = "is cut off, or something was added to it";
static const char altered[] = "was altered, or the passphrase is not the right one";

const char *const backup_secrets[BACKUP_SECRETS] = {
	"WEBHOOK_SECRET",
	"CODE_KEYS",
	"FINGERPRINT_KEY",
	"DATA_KEY",
};

static void number_put(unsigned char *to, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
}

static uint64_t number_get(const unsigned char *from, int bytes)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | from[i];
	return n;
}

static bool write_all(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		ssize_t const n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		from += n;
		len -= (size_t)n;
	}
	return true;
}

/* False: fewer bytes are there, or errno. */
static bool read_all(int fd, uint64_t at, void *to, size_t len)
{
	char *into = to;

	while (len) {
		ssize_t const n = pread(fd, into, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		into += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* The key that the passphrase makes with the head's costs and salt. */
static int key_make(const unsigned char *head, const char *passphrase,
		    unsigned char ret[PASSWORD_KEY])
{
	struct password_cost const cost = { head[AT_COST], head[AT_COST + 1],
					    head[AT_COST + 2] };

	return password_key(passphrase, head + AT_SALT, &cost, ret);
}

/* ---- writing ---- */

const char *backup_begin(struct arena *a, const char *path, struct backup_writer *ret)
{
	static const unsigned char room[BACKUP_HEAD];

	*ret = (struct backup_writer){
		.path = path,
		.part = arena_printf(a, "%s.part", path),
	};
	/* One that was killed left it; one that is at work has it locked. */
	ret->fd = open(ret->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ret->fd < 0)
		return strerror(errno);
	if (flock(ret->fd, LOCK_EX | LOCK_NB)) {
		close(ret->fd);
		return "another backup is being written there";
	}
	if (fchmod(ret->fd, 0600) || ftruncate(ret->fd, 0) ||
	    !write_all(ret->fd, room, sizeof(room))) {
		const char *why = strerror(errno);

		backup_give_up(ret);
		return why;
	}
	ret->hash = crypto_hash_new();
	return NULL;
}

const char *backup_add(struct backup_writer *w, struct bytes piece)
{
	crypto_hash_add(w->hash, piece);
	w->len += piece.len;
	return write_all(w->fd, piece.data, piece.len) ? NULL : strerror(errno);
}

static struct bytes note_text(struct arena *a, const struct backup_note *note,
			      const unsigned char *sha256)
{
	struct str s = STR(a, SEALED_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_int(&j, "made_at", note->made_at);
	json_add_text(&j, "schema", note->schema);
	json_add_text(&j, "sha256", crypto_hex(a, (struct bytes){ sha256, CRYPTO_SHA256 }));
	json_key(&j, "secrets");
	json_open(&j, '{');
	for (size_t i = 0; i < BACKUP_SECRETS; i++)
		json_add_text(&j, backup_secrets[i], note->secrets[i]);
	json_close(&j, '}');
	json_close(&j, '}');
	return (struct bytes){ str_text(&s), s.len };
}

static void folder_sync(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : ".";
	int const fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

const char *backup_finish(struct arena *a, struct backup_writer *w, const char *passphrase,
			  const struct backup_note *note)
{
	struct password_cost const cost = password_cost();
	unsigned char head[BACKUP_HEAD] = { 0 };
	unsigned char sha256[CRYPTO_SHA256];
	unsigned char key[PASSWORD_KEY];
	struct bytes text;
	struct bytes sealed;

	crypto_hash_end(w->hash, sha256);
	w->hash = NULL;
	text = note_text(a, note, sha256);
	memcpy(head, magic, AT_COST);
	number_put(head + AT_COST, (uint64_t)cost.cost_log, 1);
	number_put(head + AT_COST + 1, (uint64_t)cost.block, 1);
	number_put(head + AT_COST + 2, (uint64_t)cost.parallel, 1);
	crypto_random(head + AT_SALT, PASSWORD_SALT);
	number_put(head + AT_DUMP_LEN, w->len, 8);
	number_put(head + AT_SEALED_LEN, CRYPTO_NONCE + text.len + CRYPTO_TAG, 4);
	if (key_make(head, passphrase, key))
		return "no key can be made of the passphrase";
	sealed = crypto_seal(a, key, text, (struct bytes){ head, sizeof(head) });
	crypto_wipe(key, sizeof(key));
	if (!write_all(w->fd, sealed.data, sealed.len) ||
	    pwrite(w->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) || fsync(w->fd) ||
	    rename(w->part, w->path))
		return strerror(errno);
	folder_sync(a, w->path);
	close(w->fd);
	w->fd = -1;
	return NULL;
}

void backup_give_up(struct backup_writer *w)
{
	unsigned char unused[CRYPTO_SHA256];

	if (w->fd < 0)
		return;
	if (w->hash)
		crypto_hash_end(w->hash, unused);
	(void)unlink(w->part);
	close(w->fd);
	w->fd = -1;
}

/* ---- reading ---- */

static const char *head_read(const char *path, struct backup_file *file, unsigned char *head,
			     uint64_t *ret_sealed_len)
{
	struct stat st;

	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)AT_COST ||
	    !read_all(file->fd, 0, head, AT_COST) || memcmp(head, magic, AT_COST) != 0)
		return "is no backup of this shop";
	if (!read_all(file->fd, 0, head, BACKUP_HEAD))
		return cut_off;
	file->dump_len = number_get(head + AT_DUMP_LEN, 8);
	*ret_sealed_len = number_get(head + AT_SEALED_LEN, 4);
	if (file->dump_len > INT64_MAX / 2 || *ret_sealed_len > SEALED_MAX + 64 ||
	    (uint64_t)st.st_size != BACKUP_HEAD + file->dump_len + *ret_sealed_len)
		return cut_off;
	return NULL;
}

static bool dump_is(const struct backup_file *file, const char *sha256_hex)
{
	struct crypto_hash *hash = crypto_hash_new();
	unsigned char sha256[CRYPTO_SHA256];
	uint64_t done = 0;
	AUTO_ARENA(a);
	char *piece = arena_alloc(&a, PIECE);

	while (done < file->dump_len) {
		uint64_t const left = file->dump_len - done;
		size_t const len = left < PIECE ? (size_t)left : PIECE;

		if (!read_all(file->fd, BACKUP_HEAD + done, piece, len))
			break;
		crypto_hash_add(hash, (struct bytes){ piece, len });
		done += len;
	}
	crypto_hash_end(hash, sha256);
	return done == file->dump_len &&
	       !strcmp(crypto_hex(&a, (struct bytes){ sha256, sizeof(sha256) }), sha256_hex);
}

static const char *note_read(struct arena *a, struct bytes text, struct backup_file *file)
{
	AUTO_JSON doc = { NULL };
	const struct json *secrets;

	if (json_parse(text, NOTE_DEPTH, &doc))
		return altered;
	file->note.made_at = json_int(json_get(doc.root, "made_at"), 0);
	file->note.schema = arena_strdup(a, json_text(json_get(doc.root, "schema"), ""));
	secrets = json_get(doc.root, "secrets");
	for (size_t i = 0; i < BACKUP_SECRETS; i++)
		file->note.secrets[i] = arena_strdup(
			a, json_text(json_get(secrets, backup_secrets[i]), ""));
	return dump_is(file, json_text(json_get(doc.root, "sha256"), "")) ? NULL : altered;
}

static const char *sealed_read(struct arena *a, const char *passphrase,
			       const unsigned char *head, uint64_t sealed_len,
			       struct backup_file *file)
{
	char *sealed = arena_alloc(a, (size_t)sealed_len + 1);
	unsigned char key[PASSWORD_KEY];
	struct bytes text;
	int rc;

	if (!read_all(file->fd, BACKUP_HEAD + file->dump_len, sealed, (size_t)sealed_len))
		return cut_off;
	if (key_make(head, passphrase, key))
		return altered;
	rc = crypto_open(a, key, (struct bytes){ sealed, (size_t)sealed_len },
			 (struct bytes){ head, BACKUP_HEAD }, &text);
	crypto_wipe(key, sizeof(key));
	return rc ? altered : note_read(a, text, file);
}

const char *backup_open(struct arena *a, const char *path, const char *passphrase,
			struct backup_file *ret)
{
	struct backup_file file = { .fd = -1 };
	unsigned char head[BACKUP_HEAD];
	uint64_t sealed_len = 0;
	const char *why = head_read(path, &file, head, &sealed_len);

	if (!why)
		why = sealed_read(a, passphrase, head, sealed_len, &file);
	if (why && file.fd >= 0)
		close(file.fd);
	if (!why)
		*ret = file;
	return why;
}

const char *backup_copy(const struct backup_file *file, int to)
{
	uint64_t done = 0;
	AUTO_ARENA(a);
	char *piece = arena_alloc(&a, PIECE);

	while (done < file->dump_len) {
		uint64_t const left = file->dump_len - done;
		size_t const len = left < PIECE ? (size_t)left : PIECE;

		if (!read_all(file->fd, BACKUP_HEAD + done, piece, len))
			return "can't be read";
		if (!write_all(to, piece, len))
			return "could not be taken in";
		done += len;
	}
	return NULL;
}
