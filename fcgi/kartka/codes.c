#include "fcgi/kartka/outside.h"

#include "shared/base/clock.h"
#include "shared/domain/audit.h"
#include "shared/domain/catalog.h"
#include "shared/domain/stock.h"
#include "shared/domain/stock_import.h"
#include "shared/service/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

/* ---- codes import ---- */

static int import_failed(const struct command_env *env, const struct db *db, int rc)
{
	if (rc == ERR_DENIED)
		return command_fail(env,
				    "CODE_KEYS or FINGERPRINT_KEY is not what the codes in "
				    "the database were encrypted with, or the key was "
				    "dropped: kartka keys list");
	return outside_db_failed(env, db, rc);
}

static int file_feed(const struct command_env *env, const char *path,
		     struct stock_import *import, struct db *db)
{
	int const fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	static char buffer[READ_SIZE];
	ssize_t n = 0;
	int rc = OK;

	if (fd < 0)
		return command_fail(env, "%s: %s", path, strerror(errno));
	while (!rc && (n = read(fd, buffer, sizeof(buffer))) > 0)
		rc = stock_import_feed(import, (struct bytes){ buffer, (size_t)n });
	explicit_bzero(buffer, sizeof(buffer));
	if (fd != STDIN_FILENO)
		close(fd);
	if (rc)
		return import_failed(env, db, rc);
	return n < 0 ? command_fail(env, "%s: %s", path, strerror(errno)) : 0;
}

static void report_show(const struct import_report *r, bool dry_run)
{
	printf("%s %lld, repeated in the file %lld, known before %lld, malformed %lld\n",
	       dry_run ? "would add" : "added", (long long)r->added, (long long)r->repeated,
	       (long long)r->known, (long long)r->bad);
	if (r->filled)
		printf("waiting orders filled: %lld\n", (long long)r->filled);
	for (int64_t i = 0; i < r->bad && i < IMPORT_BAD_SHOWN; i++)
		printf("line %lld: %s\n", (long long)r->bad_lines[i].line,
		       import_fault_name(r->bad_lines[i].fault));
	if (r->bad > IMPORT_BAD_SHOWN)
		printf("… and %lld more\n", (long long)r->bad - IMPORT_BAD_SHOWN);
}

static int import_audit(struct command_env *env, struct db *db, const char *slug,
			const struct import_report *r)
{
	return audit_add(db, &(struct audit_entry){
				     .actor = "command line",
				     .action = "codes_import",
				     .object = arena_printf(env->arena, "value %s", slug),
				     .detail = arena_printf(
					     env->arena,
					     "{\"added\":%lld,\"repeated\":%lld,\"known\":%lld,"
					     "\"bad\":%lld}",
					     (long long)r->added, (long long)r->repeated,
					     (long long)r->known, (long long)r->bad),
			     });
}

int command_codes_import(struct command_env *env, int argc, char **argv)
{
	struct code_vault vault;
	struct import_options options = { 0 };
	struct import_report report;
	struct stock_import *import;
	struct db *db;
	int rc;

	options.batch = command_option(&argc, argv, "batch");
	options.dry_run = command_flag(&argc, argv, "dry-run");
	if (argc != 2 || command_left_options(argc, argv) ||
	    (options.batch && (!*options.batch || strlen(options.batch) > 100)))
		return command_usage(env);
	if (!options.batch)
		options.batch = arena_printf(env->arena, "import %s",
					     clock_iso(env->arena, clock_now()));
	/* In it the codes expire; not all of the command is in it, because the database's and
	 * nginx's processes would be as well. */
	if (clock_set_zone(env->config->timezone))
		return command_fail(env, "TIMEZONE: %s is not there", env->config->timezone);
	vault_fill(env->config, &vault);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = value_id_by_slug(db, argv[0], &options.value_id);
	if (rc == ERR_NOT_FOUND)
		return command_fail(env, "there is no value %s", argv[0]);
	if (!rc)
		rc = stock_import_begin(db, &vault, &options, &import);
	if (rc == ERR_INVALID)
		return command_fail(env, "the value's pattern is no regular expression");
	if (rc)
		return import_failed(env, db, rc);
	if (file_feed(env, argv[1], import, db))
		return 1;
	rc = stock_import_end(import, &report);
	stock_import_free(import);
	if (!rc && !options.dry_run)
		rc = import_audit(env, db, argv[0], &report);
	if (rc)
		return import_failed(env, db, rc);
	report_show(&report, options.dry_run);
	return 0;
}

/* ---- codes count ---- */

static int count_show(const struct command_env *env, struct db *db, const struct card_value *v)
{
	struct stock_counts n;
	int const rc = stock_count(db, v->id, &n);

	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%-32s %10lld %10lld %10lld %10lld %10lld\n", v->slug, (long long)n.available,
	       (long long)n.reserved, (long long)n.sold, (long long)n.defective,
	       (long long)n.withdrawn);
	return 0;
}

static void batch_show(const struct stock_batch *b)
{
	const struct stock_counts *n = &b->counts;

	printf("  %-30s %10lld %10lld %10lld %10lld %10lld %10lld\n", b->name,
	       (long long)n->available, (long long)n->reserved, (long long)n->sold,
	       (long long)n->defective, (long long)n->withdrawn, (long long)b->replaced);
}

/* A batch whose codes don't work is one to claim for. */
static int batches_show(const struct command_env *env, struct db *db,
			const struct card_value *v)
{
	struct stock_batch *batches;
	size_t count;
	int const rc = stock_batches(db, env->arena, v->id, &batches, &count);

	if (rc)
		return outside_db_failed(env, db, rc);
	printf("\n  %-30s %10s %10s %10s %10s %10s %10s\n", "batch", "available", "reserved",
	       "sold", "defective", "withdrawn", "replaced");
	for (size_t i = 0; i < count; i++)
		batch_show(&batches[i]);
	return 0;
}

int command_codes_count(struct command_env *env, int argc, char **argv)
{
	struct catalog *catalog = catalog_new();
	const struct card_value *values;
	struct db *db;
	size_t count;
	int status = 0;
	int rc;

	if (argc > 1)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	if ((rc = catalog_refresh(catalog, db, 0)))
		return outside_db_failed(env, db, rc);
	if (argc && !catalog_value_by_slug(catalog, argv[0]))
		return command_fail(env, "there is no value %s", argv[0]);
	printf("%-32s %10s %10s %10s %10s %10s\n", "value", "available", "reserved", "sold",
	       "defective", "withdrawn");
	count = catalog_all_values(catalog, &values);
	for (size_t i = 0; !status && i < count; i++)
		if (!argc || !strcmp(values[i].slug, argv[0]))
			status = count_show(env, db, &values[i]);
	if (!status && argc)
		status = batches_show(env, db, catalog_value_by_slug(catalog, argv[0]));
	catalog_free(catalog);
	return status;
}
