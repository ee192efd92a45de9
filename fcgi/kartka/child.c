#include "fcgi/kartka/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 2000 };

static void child_exec(const char *const *argv, int in, int out, int words, int kept) NORETURN;
static void child_exec(const char *const *argv, int in, int out, int words, int kept)
{
	int const null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	for (int n = 1; n < SIGSYS; n++)
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (dup2(in < 0 ? null : in, 0) < 0 || dup2(out < 0 ? null : out, 1) < 0 ||
	    dup2(words, 2) < 0 || (kept >= 0 && fcntl(kept, F_SETFD, 0)))
		_exit(126);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "can't be started: %s\n", strerror(errno));
	_exit(127);
}

bool child_start(const char *const *argv, int in, int out, int kept, struct child *ret)
{
	ret->words = child_file("words", "");
	if (ret->words < 0)
		return false;
	fflush(NULL);
	ret->pid = fork();
	if (!ret->pid)
		child_exec(argv, in, out, ret->words, kept);
	if (ret->pid < 0)
		close(ret->words);
	return ret->pid > 0;
}

/* The last line it said, which is no warning; "" when there is none. */
static const char *words_read(struct arena *a, int fd)
{
	char *text = arena_alloc(a, WORDS_MAX + 1);
	ssize_t const n = pread(fd, text, WORDS_MAX, 0);
	const char *found = "";

	text[n > 0 ? n : 0] = '\0';
	for (char *line = text; *line;) {
		size_t const len = strcspn(line, "\n");
		bool const more = line[len] == '\n';

		line[len] = '\0';
		if (len && strncmp(line, "Warning", strlen("Warning")) != 0)
			found = line;
		line += len + more;
	}
	return found;
}

const char *child_end(struct arena *a, struct child *child)
{
	const char *why;
	int status;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	why = words_read(a, child->words);
	close(child->words);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return NULL;
	if (*why)
		return why;
	return WIFSIGNALED(status)
		       ? arena_printf(a, "ended by signal %d", WTERMSIG(status))
		       : arena_printf(a, "ended with status %d", WEXITSTATUS(status));
}

int child_file(const char *name, const char *text)
{
	int const fd = memfd_create(name, MFD_CLOEXEC);
	ssize_t const len = (ssize_t)strlen(text);

	if (fd < 0)
		return -1;
	/* The database's programs pass over a file that everybody may write. */
	if (fchmod(fd, 0600) || write(fd, text, (size_t)len) != len ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}
