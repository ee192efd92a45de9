#include "shared/base/log.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"
};
_Static_assert(COUNT(level_names) == LOG__COUNT, "a name for every level");

/* One log per process; everything that writes lines shares it. */
static struct {
	char program[32];
	char request[40];
	char file[PATH_MAX];
	enum log_level level;
	int64_t max_bytes;
	int keep;
	int fd;
	uint64_t dropped;
} log_state = { .program = "kartka", .level = LOG_INFO, .fd = -1 };

int log_level_parse(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < COUNT(level_names); i++)
		if (!strcmp(name, level_names[i])) {
			*ret = (enum log_level)i;
			return OK;
		}
	return ERR_INVALID;
}

static int file_open(void)
{
	return open(log_state.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

int log_open(const struct log_options *options)
{
	snprintf(log_state.program, sizeof(log_state.program), "%s", options->program);
	log_state.level = options->level;
	log_state.max_bytes = options->max_bytes;
	log_state.keep = options->keep;
	if (log_state.fd >= 0)
		close(log_state.fd);
	log_state.fd = -1;
	if (!options->file || !*options->file)
		return OK;
	if (strlen(options->file) >= sizeof(log_state.file) - 16) {
		errno = ENAMETOOLONG;
		return ERR_FAILED;
	}
	snprintf(log_state.file, sizeof(log_state.file), "%s", options->file);
	log_state.fd = file_open();
	return log_state.fd < 0 ? ERR_FAILED : OK;
}

void log_request_id(const char *id)
{
	snprintf(log_state.request, sizeof(log_state.request), "%s", id);
}

uint64_t log_dropped(void)
{
	return log_state.dropped;
}

/* file.N-1 becomes file.N, …, file becomes file.1.  The caller holds the lock. */
static void shift_files(void)
{
	char from[PATH_MAX + 16];
	char to[PATH_MAX + 16];

	for (int n = log_state.keep; n >= 1; n--) {
		snprintf(to, sizeof(to), "%s.%d", log_state.file, n);
		if (n == 1)
			snprintf(from, sizeof(from), "%s", log_state.file);
		else
			snprintf(from, sizeof(from), "%s.%d", log_state.file, n - 1);
		(void)rename(from, to);
	}
	if (log_state.keep < 1)
		(void)unlink(log_state.file);
}

/* Is the file behind our descriptor still the one behind the name? */
static bool file_is_ours(struct stat *ret)
{
	struct stat named;

	return !fstat(log_state.fd, ret) && !stat(log_state.file, &named) &&
	       ret->st_ino == named.st_ino && ret->st_dev == named.st_dev;
}

static void reopen(void)
{
	int const fd = file_open();

	if (fd < 0)
		return;
	close(log_state.fd);
	log_state.fd = fd;
}

/*
 * Whoever finds the file full rotates it under a lock held on the full file itself;
 * the others notice that the name belongs to a new file and follow.
 */
static void rotate_if_full(void)
{
	struct stat st;

	if (!file_is_ours(&st)) {
		reopen();
		return;
	}
	if (log_state.max_bytes <= 0 || st.st_size < log_state.max_bytes)
		return;
	if (flock(log_state.fd, LOCK_EX | LOCK_NB))
		return;
	if (file_is_ours(&st))
		shift_files();
	flock(log_state.fd, LOCK_UN);
	reopen();
}

/* Control characters (a line end above all) become \xNN. */
static size_t sanitise(char *to, size_t size, const char *from)
{
	size_t len = 0;

	for (; *from && len + 5 < size; from++) {
		unsigned char const c = (unsigned char)*from;

		if (c >= 0x20 && c != 0x7F)
			to[len++] = (char)c;
		else
			len += (size_t)snprintf(to + len, size - len, "\\x%02X", c);
	}
	to[len] = '\0';
	return len;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char values[LOG_LINE_MAX];
	char line[LOG_LINE_MAX];
	struct arena none;
	va_list args;
	int head;
	size_t len;

	if (level > log_state.level)
		return;
	arena_init(&none);
	va_start(args, fmt);
	vsnprintf(values, sizeof(values), fmt, args);
	va_end(args);
	head = snprintf(line, sizeof(line), "%s %s %s[%d] %s%s%s ",
			clock_iso(&none, clock_now()), level_names[level], log_state.program,
			(int)getpid(), event, *log_state.request ? " req=" : "",
			log_state.request);
	arena_release(&none);
	len = (size_t)head;
	len += sanitise(line + len, sizeof(line) - len - 1, values);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		log_state.dropped++;
	if (log_state.fd < 0)
		return;
	rotate_if_full();
	if (write(log_state.fd, line, len) != (ssize_t)len)
		log_state.dropped++;
}
