#include "fcgi/kartka/process.h"

#include "shared/base/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { PROC_TEXT_MAX = 64 * 1024, LEFTOVERS_MAX = 1024, LEFTOVER_GRACE_MS = 8000 };

/* The start of a file of /proc/PID, NUL after it.  The length, 0 when it can't be read. */
static size_t proc_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	text[0] = '\0';
	if (fd < 0)
		return 0;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return len;
}

/* The value of a line of /proc/PID/status; "" without. */
static const char *status_field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	if (!at)
		return "";
	at += strlen(name);
	return at + strspn(at, "\t ");
}

static pid_t parent_of(pid_t pid)
{
	char status[4096];

	proc_read(pid, "status", status, sizeof(status));
	return (pid_t)strtol(status_field(status, "\nPPid:"), NULL, 10);
}

bool process_is_gone(pid_t pid)
{
	char status[4096];

	if (!proc_read(pid, "status", status, sizeof(status)))
		return kill(pid, 0) && errno == ESRCH;
	return *status_field(status, "\nState:") == 'Z';
}

bool process_is_named(pid_t pid, const char *name)
{
	char status[4096];
	size_t const len = strlen(name);
	const char *have;

	proc_read(pid, "status", status, sizeof(status));
	have = status_field(status, "Name:");
	return !strncmp(have, name, len) && have[len] == '\n';
}

/* All process numbers, one a call; 0 at the end. */
static pid_t next_pid(DIR *proc)
{
	struct dirent *entry;

	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)strtol(entry->d_name, NULL, 10);
	return 0;
}

/* Kernels without /proc/…/children: look at everybody's parent. */
static size_t children_by_scan(pid_t parent, pid_t *ret, size_t max)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;
	pid_t pid;

	if (!proc)
		return 0;
	while (count < max && (pid = next_pid(proc)))
		if (parent_of(pid) == parent)
			ret[count++] = pid;
	closedir(proc);
	return count;
}

size_t process_children(pid_t parent, pid_t *ret, size_t max)
{
	static char text[PROC_TEXT_MAX];
	char name[64];
	const char *p = text;
	size_t count = 0;

	snprintf(name, sizeof(name), "task/%ld/children", (long)parent);
	if (!proc_read(parent, name, text, sizeof(text)))
		return children_by_scan(parent, ret, max);
	while (count < max) {
		char *end;
		long const pid = strtol(p, &end, 10);

		if (end == p)
			break;
		ret[count++] = (pid_t)pid;
		p = end;
	}
	return count;
}

/* ---- leftovers ---- */

/* Is one of the NUL-separated entries this one (or, with a mark like "NAME=", does it begin
 * so)? */
static bool has_entry(const char *text, size_t len, const char *entry, bool whole)
{
	size_t const want = strlen(entry);

	for (const char *p = text; p < text + len; p += strlen(p) + 1)
		if (whole ? !strcmp(p, entry) : !strncmp(p, entry, want))
			return true;
	return false;
}

/*
 * nginx wipes its environment to show a title: the master's names its configuration, the
 * workers' working folder is the run folder.
 */
static bool is_our_nginx(pid_t pid, const char *cmdline, const char *var)
{
	char run[PATH_MAX + 8];
	char cwd[PATH_MAX + 8];
	char path[64];
	ssize_t len;

	if (strncmp(cmdline, "nginx: ", 7) != 0)
		return false;
	snprintf(run, sizeof(run), "%s/run", var);
	if (strstr(cmdline, run))
		return true;
	snprintf(path, sizeof(path), "/proc/%ld/cwd", (long)pid);
	len = readlink(path, cwd, sizeof(cwd) - 1);
	cwd[len > 0 ? len : 0] = '\0';
	return !strcmp(cwd, run);
}

static bool is_leftover(pid_t pid, const char *var)
{
	static char text[PROC_TEXT_MAX];
	char entry[PATH_MAX + 32];
	size_t len = proc_read(pid, "cmdline", text, sizeof(text));

	if (!len || pid == getpid())
		return false; /* a kernel thread or a zombie */
	snprintf(entry, sizeof(entry), "--datadir=%s/db", var);
	if (has_entry(text, len, entry, true) || is_our_nginx(pid, text, var))
		return true;
	len = proc_read(pid, "environ", text, sizeof(text));
	snprintf(entry, sizeof(entry), "KARTKA_VAR=%s", var);
	return has_entry(text, len, entry, true) &&
	       has_entry(text, len, PROCESS_MARK "=", false);
}

static size_t leftovers_signal(const char *var, int signal)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;
	pid_t pid;

	if (!proc)
		return 0;
	while ((pid = next_pid(proc)))
		if (is_leftover(pid, var) && !process_is_gone(pid)) {
			count++;
			(void)kill(pid, signal);
			(void)kill(pid, SIGCONT); /* a stopped one would never hear it */
		}
	closedir(proc);
	return count;
}

void process_end_leftovers(const char *var)
{
	int64_t const start = clock_monotonic_ms();
	int signal = SIGTERM;

	/* SIGTERM once; a stopped or hung one gets SIGKILL when the grace is over. */
	while (leftovers_signal(var, signal)) {
		signal = clock_monotonic_ms() - start > LEFTOVER_GRACE_MS ? SIGKILL : 0;
		(void)poll(NULL, 0, 50);
	}
}

/* ---- makes ---- */

static uint64_t caught_signals(const char *status)
{
	uint64_t const ends = (UINT64_C(1) << (SIGINT - 1)) | (UINT64_C(1) << (SIGTERM - 1)) |
			      (UINT64_C(1) << (SIGHUP - 1)) | (UINT64_C(1) << (SIGQUIT - 1));

	return strtoull(status_field(status, "\nSigCgt:"), NULL, 16) & ends;
}

static bool is_make(const char *status)
{
	const char *name = status_field(status, "Name:");

	return !strncmp(name, "make\n", 5) || !strncmp(name, "gmake\n", 6);
}

void process_watch_start(struct process_watch *watch)
{
	char status[4096];
	pid_t pid = getppid();

	*watch = (struct process_watch){ .on = true, .parent = pid };
	while (pid > 1 && watch->count < PROCESS_MAKES_MAX) {
		proc_read(pid, "status", status, sizeof(status));
		if (!is_make(status))
			break;
		watch->makes[watch->count].pid = pid;
		watch->makes[watch->count++].caught = caught_signals(status);
		pid = (pid_t)strtol(status_field(status, "\nPPid:"), NULL, 10);
	}
}

bool process_watch_ended(const struct process_watch *watch)
{
	char status[4096];

	if (!watch->on)
		return false;
	if (getppid() != watch->parent)
		return true;
	for (size_t i = 0; i < watch->count; i++) {
		proc_read(watch->makes[i].pid, "status", status, sizeof(status));
		if (!is_make(status) ||
		    (caught_signals(status) & watch->makes[i].caught) != watch->makes[i].caught)
			return true;
	}
	return false;
}
