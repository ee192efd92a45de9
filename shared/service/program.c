#include "shared/service/program.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/platform/i18n.h"

#include <errno.h>
#include <stdarg.h>

enum { PROBLEM_MAX = 8192 };

int program_fail(const struct program *p, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", p->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

static int start_log(struct program *p)
{
	struct log_options options = { .program = p->name,
				       .file = p->config.log_file,
				       .max_bytes = p->config.log_max_bytes,
				       .keep = (int)p->config.log_keep };

	if (log_level_parse(p->config.log_level, &options.level)) {
		program_fail(p, "LOG_LEVEL: not a level");
		return ERR_FAILED;
	}
	if (log_open(&options)) {
		program_fail(p, "LOG_FILE: %s: %s", p->config.log_file, strerror(errno));
		return ERR_FAILED;
	}
	return OK;
}

static int start_rest(struct program *p, struct str *problem)
{
	const char *shared = config_run_path(&p->arena, &p->config, "shared.mem");
	struct db_options const db = { .url = p->config.db_url };

	if (clock_set_zone(p->config.timezone)) {
		str_addf(problem, "TIMEZONE: the system does not know %s", p->config.timezone);
		return ERR_FAILED;
	}
	if (i18n_load(config_share_path(&p->arena, "templates/i18n"), problem))
		return ERR_FAILED;
	if (shm_open_file(shared, &p->shm)) {
		str_addf(problem, "KARTKA_VAR: %s: %s", shared, strerror(errno));
		return ERR_FAILED;
	}
	if (db_new(&db, &p->db)) {
		str_add(problem, "DB_URL: not an address of a database");
		return ERR_FAILED;
	}
	return OK;
}

int program_start(const char *name, struct program *ret)
{
	struct str problem;

	secrets_keep();
	*ret = (struct program){ .name = name };
	arena_init(&ret->arena);
	problem = STR(&ret->arena, PROBLEM_MAX);
	if (config_load(&ret->arena, CONFIG_SERVE, &ret->config, &problem)) {
		program_fail(ret, "%s", str_text(&problem));
		return ERR_FAILED;
	}
	if (start_log(ret))
		return ERR_FAILED;
	if (start_rest(ret, &problem)) {
		program_fail(ret, "%s", str_text(&problem));
		return ERR_FAILED;
	}
	return OK;
}

void program_end(struct program *p)
{
	db_free(p->db);
	shm_close(p->shm);
	arena_release(&p->arena);
}

void program_beat(const struct program *p, enum beat beat)
{
	static uint64_t told;
	uint64_t const dropped = log_dropped();

	beat_stamp(p->shm, beat, clock_monotonic_ms());
	metric_add(p->shm, METRIC_LOG_DROPPED, dropped - told);
	told = dropped;
}

/* ---- the database behind its mark ---- */

bool program_db_try(struct program *p)
{
	return gate_try(p->shm, GATE_DB, clock_monotonic_ms());
}

/* Outcomes that callers expect: the database is well. */
static bool is_outcome(int rc)
{
	return rc != ERR_DOWN && rc != ERR_RETRY && rc != ERR_UNSURE && rc != ERR_FAILED;
}

void program_db_done(struct program *p, int rc)
{
	gate_report(p->shm, GATE_DB, rc != ERR_DOWN, clock_monotonic_ms());
	if (is_outcome(rc))
		return;
	metric_add(p->shm, METRIC_DB_ERRORS, 1);
	log_event(LOG_ERROR, "db_failed", "rc=%s errno=%u why=\"%s\"", err_name(rc),
		  db_errno(p->db), db_error(p->db));
}
