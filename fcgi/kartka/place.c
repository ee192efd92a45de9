#include "fcgi/kartka/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- programs ---- */

const char *place_program(struct arena *a, const char *name)
{
	const char *path = getenv("PATH");
	const char *rest = arena_printf(a, "%s:/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/bin",
					path ? path : "");

	while (*rest) {
		size_t const len = strcspn(rest, ":");
		const char *file = arena_printf(a, "%.*s/%s", (int)len, rest, name);

		if (len && rest[0] == '/' && !access(file, X_OK))
			return file;
		rest += len + (rest[len] == ':');
	}
	return NULL;
}

const char *place_own_program(struct arena *a, const char *name)
{
	static const char *const prefixes[] = { "", "kartka-" };
	char exe[PATH_MAX];
	ssize_t const len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *slash = len > 0 ? memrchr(exe, '/', (size_t)len) : NULL;

	for (size_t i = 0; slash && i < COUNT(prefixes); i++) {
		const char *file = arena_printf(a, "%.*s/%s%s", (int)(slash - exe), exe,
						prefixes[i], name);

		if (!access(file, X_OK))
			return file;
	}
	return NULL;
}

/* ---- accounts ---- */

const char *place_user_name(struct arena *a)
{
	const struct passwd *user = getpwuid(geteuid());

	return user ? arena_strdup(a, user->pw_name) : arena_printf(a, "%ld", (long)geteuid());
}

static const struct account *account_new(struct arena *a, const struct passwd *user)
{
	struct account *account = arena_new(a, struct account);

	account->name = arena_strdup(a, user->pw_name);
	account->uid = user->pw_uid;
	account->gid = user->pw_gid;
	return account;
}

/* Asked as that user, in a process that ends with the answer. */
static bool account_reaches(const struct account *account, const char *const *folders)
{
	pid_t const pid = fork();
	int status = 1;

	if (!pid) {
		if (setgroups(0, NULL) || setgid(account->gid) || setuid(account->uid))
			_exit(1);
		for (; *folders; folders++)
			if (access(*folders, X_OK))
				_exit(1);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

const struct account *place_account(struct arena *a, const char *const *users,
				    const char *const *folders)
{
	if (geteuid() != 0)
		return NULL;
	for (; *users; users++) {
		const struct passwd *user = getpwnam(*users);
		const struct account *account;

		if (!user || !user->pw_uid)
			continue;
		account = account_new(a, user);
		if (account_reaches(account, folders))
			return account;
	}
	return NULL;
}

const struct account *place_owner(struct arena *a, const char *folder)
{
	const struct passwd *user;
	struct stat st;

	if (stat(folder, &st) || st.st_uid == geteuid())
		return NULL;
	user = getpwuid(st.st_uid);
	return user ? account_new(a, user) : NULL;
}

/* ---- folders ---- */

int place_check(const struct config *c, struct str *problem)
{
	static const char longest[] = "/run/worker.4194304.sock";
	size_t const room = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(longest);

	for (const char *p = c->var; *p; p++)
		if ((unsigned char)*p < ' ' || strchr("\"'\\;{}$", *p)) {
			str_addf(problem,
				 "KARTKA_VAR: %s: nginx takes no path with quotes,"
				 " backslash, ; { } or $",
				 c->var);
			return ERR_INVALID;
		}
	if (strlen(c->var) > room) {
		str_addf(problem,
			 "KARTKA_VAR: %s is too long: sockets take paths of at most %zu"
			 " bytes, so it may have %zu",
			 c->var, sizeof(((struct sockaddr_un *)0)->sun_path) - 1, room);
		return ERR_INVALID;
	}
	return OK;
}

static int folder_make(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) && errno != EEXIST)
		return ERR_FAILED;
	if (stat(path, &st))
		return ERR_FAILED;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return ERR_FAILED;
	}
	return OK;
}

int place_make(struct arena *a, const struct config *c, struct str *problem)
{
	char *copy = arena_strdup(a, c->var);

	for (char *p = copy + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(copy, 0755);
			*p = '/';
		}
	if (folder_make(c->var, 0711) || folder_make(config_run_path(a, c, ""), 0711)) {
		str_addf(problem, "KARTKA_VAR: %s: %s", c->var, strerror(errno));
		return ERR_FAILED;
	}
	return OK;
}

int place_open_run(struct arena *a, const struct config *c, const struct account *database)
{
	const char *run = config_run_path(a, c, "");

	/* The sticky bit keeps the database's user from what is not its own. */
	if (database && (chown(run, (uid_t)-1, database->gid) || chmod(run, 01771)))
		return ERR_FAILED;
	if (!database && chmod(run, 0711))
		return ERR_FAILED;
	return OK;
}

int place_lock(struct arena *a, const struct config *c, struct str *problem)
{
	const char *path = config_run_path(a, c, "lock");
	int const fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char text[32] = "";

	if (fd < 0) {
		str_addf(problem, "KARTKA_VAR: %s: %s", path, strerror(errno));
		return ERR_FAILED;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		ssize_t const n = read(fd, text, sizeof(text) - 1);

		text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
		close(fd);
		str_addf(problem, "KARTKA_VAR: %s is in use by another run (process %s)",
			 c->var, *text ? text : "unknown");
		return ERR_CONFLICT;
	}
	/* Kept open, and with it the lock, until the process ends. */
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || write(fd, text, strlen(text)) < 0) {
		str_addf(problem, "KARTKA_VAR: %s: %s", path, strerror(errno));
		return ERR_FAILED;
	}
	return OK;
}

static bool ends_with(const char *text, const char *end)
{
	size_t const len = strlen(text);
	size_t const end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

void place_clean_run(struct arena *a, const struct config *c)
{
	DIR *run = opendir(config_run_path(a, c, ""));
	struct dirent *entry;

	if (!run)
		return;
	while ((entry = readdir(run)))
		if (ends_with(entry->d_name, ".sock") || ends_with(entry->d_name, ".pid"))
			(void)unlinkat(dirfd(run), entry->d_name, 0);
	closedir(run);
}

int place_take(struct arena *a, const struct config *c, struct str *problem)
{
	int rc;

	if ((rc = place_check(c, problem)) || (rc = place_make(a, c, problem)) ||
	    (rc = place_lock(a, c, problem)))
		return rc;
	/* Every process of the run, and what it starts, knows it by these. */
	setenv("KARTKA_VAR", c->var, 1);
	process_end_leftovers(c->var);
	place_clean_run(a, c);
	setenv(PROCESS_MARK, arena_printf(a, "%ld", (long)getpid()), 1);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* secrets_keep() says why */
	return OK;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	UNUSED(st);
	UNUSED(type);
	UNUSED(ftw);
	return remove(path);
}

void place_remove(const char *folder)
{
	(void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the port ---- */

static bool can_bind(const struct addrinfo *address)
{
	int const fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	bool yes;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	yes = !bind(fd, address->ai_addr, address->ai_addrlen) && !listen(fd, 1);
	if (!yes) {
		int const why = errno;

		close(fd);
		errno = why;
		return false;
	}
	close(fd);
	return true;
}

int place_check_port(struct arena *a, const char *key, const char *address, struct str *problem)
{
	struct addrinfo const hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	const char *colon = strrchr(address, ':');
	char *host = arena_strndup(a, address, colon ? (size_t)(colon - address) : 0);
	struct addrinfo *all = NULL;
	int rc = OK;

	if (host[0] == '[') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	if (!*host || getaddrinfo(host, colon + 1, &hints, &all)) {
		str_addf(problem, "%s: %s is no address of this host", key, address);
		return ERR_INVALID;
	}
	for (const struct addrinfo *one = all; one && !rc; one = one->ai_next)
		if (!can_bind(one)) {
			str_addf(problem, "%s: %s: %s", key, address,
				 errno == EADDRINUSE ? "the port is in use by another program"
						     : strerror(errno));
			rc = ERR_CONFLICT;
		}
	freeaddrinfo(all);
	return rc;
}
