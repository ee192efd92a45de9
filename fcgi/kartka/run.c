#include "fcgi/kartka/run.h"

#include "fcgi/kartka/database.h"
#include "fcgi/kartka/place.h"
#include "fcgi/kartka/webserver.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READY_ASK_MS = 100,
	READY_LATE_MS = 15000, /* longer: say what is missing */
	ROUND_MS = 1000,
};

/* A socket with copies of a program behind it.  pay is portmone on a socket of its own. */
static const struct responder {
	const char *name;
	const char *program;
} responders[] = {
	{ "telegram", "telegram" },
	{ "portmone", "portmone" },
	{ "pay", "portmone" },
	{ "admin", "admin" },
};

static const char *const tools[] = { "spawn-fcgi", "multiwatch", "nginx" };
static const char *const database_tools[] = { "mariadbd", "mariadb-install-db" };
static const char *const own_programs[] = { "telegram", "portmone", "admin", "worker" };

struct run {
	struct supervisor supervisor;
	struct arena *a;
	const struct config *config;
	const struct run_options *options;
	const struct account *web; /* whom nginx's workers run as */
	struct str problem;	   /* why it can't start, in one line; empty: already said */
};

/* A phase of the start.  OK; ERR_DENIED when everything is to stop; else `problem` says why. */
typedef int run_phase(struct run *r);

static int problem(struct run *r, const char *fmt, ...) PRINTF(2, 3);
static int problem(struct run *r, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	str_add(&r->problem, line);
	return ERR_FAILED;
}

/* ---- the phases ---- */

static int ports_check(struct run *r)
{
	const char *needed = r->options->needs_port;
	const char *equals = needed ? strchr(needed, '=') : NULL;
	int const rc = place_check_port(r->a, "HTTP_LISTEN", r->config->http_listen,
					&r->problem);

	if (rc || !needed)
		return rc;
	if (!equals)
		return problem(r, "--needs-port takes NAME=ADDRESS:PORT, not %s", needed);
	return place_check_port(r->a, arena_strndup(r->a, needed, (size_t)(equals - needed)),
				equals + 1, &r->problem);
}

static int phase_place(struct run *r)
{
	int const rc = place_take(r->a, r->config, &r->problem);

	return rc ? rc : ports_check(r);
}

static int phase_programs(struct run *r)
{
	for (size_t i = 0; i < COUNT(tools); i++)
		if (!place_program(r->a, tools[i]))
			return problem(r, "%s is not installed (make deps)", tools[i]);
	for (size_t i = 0; r->config->db_is_private && i < COUNT(database_tools); i++)
		if (!place_program(r->a, database_tools[i]))
			return problem(r, "%s is not installed (make deps)", database_tools[i]);
	for (size_t i = 0; i < COUNT(own_programs); i++)
		if (!place_own_program(r->a, own_programs[i]))
			return problem(r, "the program %s is not beside this one (make)",
				       own_programs[i]);
	return OK;
}

static int phase_accounts(struct run *r)
{
	const char *const web_users[] = { "www-data", "nginx", "nobody", NULL };
	const char *run = config_run_path(r->a, r->config, "");
	const char *const web_folders[] = { run, config_share_path(r->a, "admin-ui"), NULL };

	(void)chmod(run, 0711);
	r->web = place_account(r->a, web_users, web_folders);
	return OK;
}

static int phase_database(struct run *r)
{
	int rc;

	if (!r->config->db_is_private)
		return OK;
	rc = database_start(&r->supervisor, r->a, r->config, &r->problem);
	if (!rc)
		puts("kartka: the private database is up");
	return rc;
}

static int phase_migrate(struct run *r)
{
	const char *self = place_own_program(r->a, "kartka");
	const char *const argv[] = { self ? self : "/proc/self/exe", "migrate", NULL };
	int const status = supervise_once(&r->supervisor, argv, NULL, NULL);

	if (r->supervisor.stop)
		return ERR_DENIED;
	return status ? ERR_FAILED : OK; /* it has said why */
}

/* A shell command of the caller's. */
static int hook_run(struct run *r, const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	int const status = supervise_once(&r->supervisor, argv, NULL, NULL);

	if (r->supervisor.stop)
		return ERR_DENIED;
	return status ? problem(r, "failed: %s", command) : OK;
}

static int phase_after_migrate(struct run *r)
{
	return r->options->after_migrate ? hook_run(r, r->options->after_migrate) : OK;
}

static int phase_also(struct run *r)
{
	for (size_t i = 0; i < r->options->also_count; i++) {
		const char *also = r->options->also[i];
		const char *equals = strchr(also, '=');
		const char **argv = arena_array(r->a, 4, sizeof(*argv));

		if (!equals || equals == also || !equals[1])
			return problem(r, "--also takes NAME=COMMAND, not %s", also);
		argv[0] = "/bin/sh";
		argv[1] = "-c";
		argv[2] = arena_printf(r->a, "exec %s", equals + 1);
		supervise_add(
			&r->supervisor,
			&(struct service){
				.name = arena_strndup(r->a, also, (size_t)(equals - also)),
				.argv = argv,
				.phase = STOP_ALSO,
				.stop_signal = SIGTERM,
			});
	}
	return OK;
}

/* spawn-fcgi makes the socket and becomes multiwatch, which keeps the copies alive. */
static void responder_start(struct run *r, const struct responder *responder)
{
	const char *socket = config_run_path(r->a, r->config,
					     arena_printf(r->a, "%s.sock", responder->name));
	const char **argv = arena_array(r->a, 28, sizeof(*argv));
	size_t n = 0;

	argv[n++] = place_program(r->a, "spawn-fcgi");
	argv[n++] = "-n";
	argv[n++] = "-s";
	argv[n++] = socket;
	argv[n++] = "-M";
	argv[n++] = "0660";
	argv[n++] = "-b";
	argv[n++] = "4096"; /* a full queue of a Unix socket is a 502 at once */
	if (r->web) {
		argv[n++] = "-U";
		argv[n++] = r->web->name;
	}
	argv[n++] = "--";
	argv[n++] = place_program(r->a, "multiwatch");
	argv[n++] = "-f";
	argv[n++] = arena_printf(r->a, "%lld", (long long)r->config->responders);
	argv[n++] = "-r";
	argv[n++] = "2000000000"; /* without limit */
	argv[n++] = "-s";
	argv[n++] = "TERM";
	argv[n++] = "--";
	argv[n++] = place_own_program(r->a, responder->program);
	supervise_add(&r->supervisor, &(struct service){
					      .name = responder->name,
					      .argv = argv,
					      .phase = STOP_RESPONDERS,
					      .stop_signal = SIGTERM,
					      .socket = socket,
					      .copies = (size_t)r->config->responders,
				      });
}

static int phase_shop(struct run *r)
{
	const char **argv = arena_array(r->a, 2, sizeof(*argv));

	for (size_t i = 0; i < COUNT(responders); i++)
		responder_start(r, &responders[i]);
	argv[0] = place_own_program(r->a, "worker");
	supervise_add(&r->supervisor, &(struct service){
					      .name = "worker",
					      .argv = argv,
					      .phase = STOP_RESPONDERS,
					      .stop_signal = SIGTERM,
				      });
	return OK;
}

static int phase_web(struct run *r)
{
	int const rc = webserver_configure(r->a, r->config, r->web, &r->problem);

	if (!rc)
		webserver_start(&r->supervisor, r->a, r->config);
	return rc;
}

static int phase_ready(struct run *r)
{
	int64_t const start = clock_monotonic_ms();
	struct arena a;
	const char *text;
	bool told = false;

	arena_init(&a);
	while (webserver_ready(&a, r->config, &text) != 200) {
		if (!told && clock_monotonic_ms() - start > READY_LATE_MS) {
			told = true;
			printf("kartka: still not ready: %.*s\n", (int)strcspn(text, "\n"),
			       text);
			fflush(stdout);
		}
		if (!supervise_wait(&r->supervisor, READY_ASK_MS))
			break;
		arena_reset(&a);
	}
	arena_release(&a);
	return r->supervisor.stop ? ERR_DENIED : OK;
}

static int phase_after_ready(struct run *r)
{
	return r->options->after_ready ? hook_run(r, r->options->after_ready) : OK;
}

static run_phase *const phases[] = {
	phase_place,   phase_programs,	    phase_accounts,    phase_database,
	phase_migrate, phase_after_migrate, phase_also,	       phase_shop,
	phase_web,     phase_ready,	    phase_after_ready,
};

/* ---- the whole ---- */

static int log_start(struct run *r)
{
	struct log_options options = {
		.program = "run",
		.level = LOG_INFO,
		.file = r->config->log_file,
		.max_bytes = r->config->log_max_bytes,
		.keep = (int)r->config->log_keep,
	};

	if (log_level_parse(r->config->log_level, &options.level) || log_open(&options))
		return problem(r, "LOG_FILE: %s: %s", r->config->log_file, strerror(errno));
	return OK;
}

static int start(struct run *r)
{
	int rc = log_start(r);

	for (size_t i = 0; !rc && i < COUNT(phases); i++) {
		rc = phases[i](r);
		fflush(stdout);
		if (!rc && !supervise_wait(&r->supervisor, 0))
			rc = ERR_DENIED;
	}
	return rc;
}

int run_all(struct command_env *env, const struct run_options *options)
{
	struct run r = {
		.a = env->arena,
		.config = env->config,
		.options = options,
		.problem = STR(env->arena, LOG_LINE_MAX),
	};
	int rc;

	umask(022);
	supervise_init(&r.supervisor);
	if (options->stop_with_parent)
		process_watch_start(&r.supervisor.watch);
	rc = start(&r);
	if (!rc) {
		if (options->ready)
			puts(options->ready);
		else
			printf("kartka: ready at %s\n", env->config->public_url);
		fflush(stdout);
		while (supervise_wait(&r.supervisor, ROUND_MS))
			;
	}
	supervise_stop(&r.supervisor);
	if (rc && rc != ERR_DENIED)
		return r.problem.len ? command_fail(env, "%s", str_text(&r.problem)) : 1;
	puts("kartka: stopped");
	return 0;
}

int command_run(struct command_env *env, int argc, char **argv)
{
	struct run_options options = { .stop_with_parent = false };
	const char *also;

	options.stop_with_parent = command_flag(&argc, argv, "stop-with-parent");
	options.after_migrate = command_option(&argc, argv, "after-migrate");
	options.after_ready = command_option(&argc, argv, "after-ready");
	options.needs_port = command_option(&argc, argv, "needs-port");
	options.ready = command_option(&argc, argv, "ready");
	while ((also = command_option(&argc, argv, "also"))) {
		if (options.also_count == RUN_ALSO_MAX)
			return command_fail(env, "--also at most %d times", RUN_ALSO_MAX);
		options.also[options.also_count++] = also;
	}
	if (argc)
		return command_usage(env);
	return run_all(env, &options);
}
