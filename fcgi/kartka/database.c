#include "fcgi/kartka/database.h"

#include "fcgi/kartka/place.h"
#include "shared/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LOG_TAIL = 16 * 1024,
	START_MS = 60000, /* a recovery after a kill reads its log first */
	GREETING_MS = 200,
	QUICK_DEATHS = 3, /* died that often at once: it can't start */
	POOL_MB = 256,	  /* holds the hot rows of a million codes */
	REDO_MB = 128,
	SPARE_CONNECTIONS = 64, /* commands, tests, a person with a client */
};

/*
 * The line that says what went wrong, "" when there is none: the first error, as those after it
 * only follow from it; else the last line.
 */
static const char *error_line(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, LOG_TAIL + 1);
	int const fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *found = "";
	off_t size;
	ssize_t n;

	if (fd < 0)
		return "";
	size = lseek(fd, 0, SEEK_END);
	n = pread(fd, text, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = text; *line;) {
		size_t const len = strcspn(line, "\n");
		bool const more = line[len] == '\n';

		line[len] = '\0';
		if (strstr(line, "[ERROR] "))
			return strstr(line, "[ERROR] ") + strlen("[ERROR] ");
		if (len)
			found = line;
		line += len + more;
	}
	return found;
}

static int failed(struct arena *a, const char *what, const char *log, struct str *problem)
{
	const char *why = error_line(a, log);

	str_addf(problem, "the private database %s: %s (more in %s)", what,
		 *why ? why : "it said nothing", log);
	return ERR_FAILED;
}

/* mariadbd won't run as root unless it is told to. */
static const char *user_option(struct arena *a, const struct account *account)
{
	return arena_printf(a, "--user=%s", account ? account->name : place_user_name(a));
}

/*
 * Its temporary tables: in /tmp another mariadbd that starts would remove them, because each
 * takes all it finds for its own last run's; and who knows what is sorted there.
 */
static const char *tmp_path(struct arena *a, const struct config *c)
{
	return arena_printf(a, "%s/db.tmp", c->var);
}

static int tmp_make(struct arena *a, const struct config *c, const struct account *account)
{
	const char *path = tmp_path(a, c);

	if (mkdir(path, 0700) && errno != EEXIST)
		return ERR_FAILED;
	return account && chown(path, account->uid, account->gid) ? ERR_FAILED : OK;
}

/* ---- the first start ---- */

/* A complete database appears under its name at once, or not at all. */
static int install(struct supervisor *s, struct arena *a, const struct config *c,
		   const struct account *account, const char *log)
{
	const char *folder = arena_printf(a, "%s/db", c->var);
	const char *fresh = arena_printf(a, "%s/db.new", c->var);
	const char *program = place_program(a, "mariadb-install-db");
	/* From inside KARTKA_VAR: the script can't cope with blanks in a path. */
	const char *const argv[] = {
		"/bin/sh",
		"-c",
		"cd \"$0\" && TMPDIR=$PWD/db.tmp && export TMPDIR && exec \"$@\"",
		c->var,
		program,
		"--no-defaults",
		"--force", /* without looking up the names of this host, which may have none */
		"--skip-test-db",
		"--auth-root-authentication-method=socket",
		arena_printf(a, "--auth-root-socket-user=%s", place_user_name(a)),
		"--datadir=./db.new",
		user_option(a, account),
		NULL,
	};
	int status;

	if (!access(folder, F_OK))
		return OK;
	place_remove(fresh);
	if (mkdir(fresh, 0700) || (account && chown(fresh, account->uid, account->gid)))
		return ERR_FAILED;
	puts("kartka: making the private database");
	status = supervise_once(s, argv, account, log);
	if (s->stop)
		return ERR_DENIED;
	return status || rename(fresh, folder) ? ERR_FAILED : OK;
}

/*
 * What the server runs at its start: our user always has the password of secrets.json.
 * For the server's eyes only; it stays, because a server that died reads it again.
 */
static int init_write(struct arena *a, const struct config *c, const struct account *account,
		      const char *path)
{
	const char *password = strchr(c->db_url + strlen("mysql://"), ':') + 1;
	int const len = (int)strcspn(password, "@");
	const char *text = arena_printf(
		a,
		"CREATE DATABASE IF NOT EXISTS kartka CHARACTER SET utf8mb4;\n"
		"CREATE USER IF NOT EXISTS kartka@localhost IDENTIFIED BY '%.*s';\n"
		"ALTER USER kartka@localhost IDENTIFIED BY '%.*s';\n"
		"GRANT ALL ON kartka.* TO kartka@localhost;\n",
		len, password, len, password);
	int fd;
	bool written;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_FAILED;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		  (!account || !fchown(fd, account->uid, account->gid));
	close(fd);
	return written ? OK : ERR_FAILED;
}

/* ---- every start ---- */

static struct service *server_start(struct supervisor *s, struct arena *a,
				    const struct config *c, const struct account *account,
				    const char *init)
{
	int64_t const connections = 4 * c->responders + SPARE_CONNECTIONS;
	const char **argv = arena_array(a, 24, sizeof(*argv));
	size_t n = 0;

	argv[n++] = place_program(a, "mariadbd");
	argv[n++] = "--no-defaults";
	argv[n++] = arena_printf(a, "--datadir=%s/db", c->var);
	argv[n++] = arena_printf(a, "--tmpdir=%s", tmp_path(a, c));
	argv[n++] = arena_printf(a, "--socket=%s", config_run_path(a, c, "db.sock"));
	argv[n++] = arena_printf(a, "--pid-file=%s", config_run_path(a, c, "db.pid"));
	argv[n++] = arena_printf(a, "--init-file=%s", init);
	argv[n++] = "--skip-networking";
	argv[n++] = "--skip-name-resolve";
	/* What was committed is on the disk. */
	argv[n++] = "--innodb-flush-log-at-trx-commit=1";
	argv[n++] = "--transaction-isolation=READ-COMMITTED";
	argv[n++] = "--character-set-server=utf8mb4";
	argv[n++] = "--default-time-zone=+00:00";
	argv[n++] = "--max-allowed-packet=64M";
	argv[n++] = arena_printf(a, "--innodb-buffer-pool-size=%dM", POOL_MB);
	argv[n++] = arena_printf(a, "--innodb-log-file-size=%dM", REDO_MB);
	argv[n++] = arena_printf(a, "--max-connections=%lld", (long long)connections);
	argv[n++] = user_option(a, account);
	return supervise_add(s, &(struct service){
					.name = "mariadbd",
					.argv = argv,
					.phase = STOP_DATABASE,
					.stop_signal = SIGTERM,
					.account = account,
					.output = arena_printf(a, "%s/db.log", c->var),
					.socket = config_run_path(a, c, "db.sock"),
					.quiet = true,
				});
}

/* It answers when it greets: the socket is there long before. */
static bool greets(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd one = { .fd = fd, .events = POLLIN };
	char greeting[5];
	bool yes;

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	/* The fifth byte is the protocol's version; 255 there is an error message. */
	yes = !connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
	      poll(&one, 1, GREETING_MS) > 0 &&
	      read(fd, greeting, sizeof(greeting)) == (ssize_t)sizeof(greeting) &&
	      greeting[4] == 10;
	close(fd);
	return yes;
}

static int wait_ready(struct supervisor *s, struct service *server, const char *path)
{
	int64_t const end = clock_monotonic_ms() + START_MS;

	while (!greets(path)) {
		if (server->quick_deaths >= QUICK_DEATHS || clock_monotonic_ms() > end)
			return ERR_FAILED;
		if (!supervise_wait(s, 50))
			return ERR_DENIED;
	}
	server->quiet = false;
	return OK;
}

/* Whom it runs as; NULL: as we do.  Whoever its files belong to since the first start stays. */
static const struct account *account_find(struct arena *a, const struct config *c)
{
	const char *const users[] = { "mysql", "nobody", NULL };
	const char *const folders[] = { c->var, NULL };
	const char *folder = arena_printf(a, "%s/db", c->var);

	if (access(folder, F_OK))
		return place_account(a, users, folders);
	return geteuid() ? NULL : place_owner(a, folder);
}

int database_start(struct supervisor *s, struct arena *a, const struct config *c,
		   struct str *problem)
{
	const struct account *account = account_find(a, c);
	const char *log = arena_printf(a, "%s/db.log", c->var);
	const char *init = config_run_path(a, c, "db.init");
	int rc;

	if (place_open_run(a, c, account)) {
		str_addf(problem, "KARTKA_VAR: %s/run: %s", c->var, strerror(errno));
		return ERR_FAILED;
	}
	(void)unlink(log); /* the last run's */
	rc = tmp_make(a, c, account);
	if (!rc)
		rc = install(s, a, c, account, log);
	if (rc == ERR_FAILED)
		return failed(a, "can't be made", log, problem);
	if (rc)
		return rc;
	if (init_write(a, c, account, init))
		return failed(a, "can't be set up", log, problem);
	rc = wait_ready(s, server_start(s, a, c, account, init),
			config_run_path(a, c, "db.sock"));
	if (rc == ERR_FAILED)
		return failed(a, "can't start", log, problem);
	return rc;
}
