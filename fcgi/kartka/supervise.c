#include "fcgi/kartka/supervise.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	RESTART_FIRST_MS = 50, /* long enough for a socket to be given back */
	RESTART_LONGEST_MS =
		500, /* a dead process is back within a second, on a busy machine too */
	QUICK_DEATH_MS = 1000,
	WATCH_MS = 250,	       /* how often make is looked at */
	STRAYS_MS = 1000,      /* how often strays are looked for when nothing died */
	STRAY_GRACE_MS = 2000, /* a responder finishes the request in hand */
	ALONE_MS = 10,	       /* how soon it is looked whether they are gone */
	SHORT_MS = 5000,       /* a copy that died is back much sooner */
	CHILDREN_MAX = 4096,
};

/* How long a phase may take before SIGKILL; together less than ten seconds. */
static const int64_t phase_grace_ms[] = { [STOP_NGINX] = 1500,
					  [STOP_RESPONDERS] = 3000,
					  [STOP_ALSO] = 1000,
					  [STOP_DATABASE] = 3500 };
_Static_assert(COUNT(phase_grace_ms) == STOP__COUNT, "a grace for every phase");

static void signal_set(sigset_t *set, bool with_hup)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGQUIT);
	if (with_hup)
		sigaddset(set, SIGHUP);
}

void supervise_init(struct supervisor *s)
{
	struct sigaction hup;
	sigset_t set;

	*s = (struct supervisor){ .signals = -1 };
	sigaction(SIGHUP, NULL, &hup);
	signal_set(&set, hup.sa_handler != SIG_IGN); /* ignored: nohup wants us to go on */
	/* A shell without job control starts background jobs with these two ignored. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		die("signalfd: %s", strerror(errno));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* ---- starting ---- */

static void child_redirect(const char *output)
{
	int const in = open("/dev/null", O_RDONLY);

	if (in > 0) {
		dup2(in, 0);
		close(in);
	}
	if (output) {
		int const out = open(output, O_WRONLY | O_CREAT | O_APPEND, 0640);

		if (out >= 0) {
			dup2(out, 1);
			dup2(out, 2);
			close(out);
		}
	}
}

static void child_exec(pid_t supervisor, const char *const *argv, const struct account *account,
		       const char *output) NORETURN;
static void child_exec(pid_t supervisor, const char *const *argv, const struct account *account,
		       const char *output)
{
	sigset_t none;

	/* A session of its own: a terminal's Ctrl-C is for us, who stop things in order. */
	setsid();
	for (int n = 1; n < SIGSYS; n++)
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	child_redirect(output);
	if (account && (setgroups(0, NULL) || setgid(account->gid) || setuid(account->uid))) {
		fprintf(stderr, "kartka: can't become %s: %s\n", account->name,
			strerror(errno));
		_exit(126);
	}
	/* After the change of user, which would clear it. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor)
		_exit(126);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "kartka: %s can't be started: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t child_start(const char *const *argv, const struct account *account,
			 const char *output)
{
	pid_t const self = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		child_exec(self, argv, account, output);
	return pid;
}

static void service_start(struct service *service)
{
	if (service->socket)
		(void)unlink(service->socket);
	service->pid = child_start(service->argv, service->account, service->output);
	service->started_ms = clock_monotonic_ms();
	if (service->pid < 0) {
		log_event(LOG_ERROR, "service_not_started", "name=%s error=%s", service->name,
			  strerror(errno));
		service->pid = 0;
		service->due_ms = service->started_ms + RESTART_LONGEST_MS;
	}
}

struct service *supervise_add(struct supervisor *s, const struct service *service)
{
	struct service *added = &s->services[s->count];

	if (s->count == SERVICES_MAX)
		die("more than %d services", SERVICES_MAX);
	s->count++;
	*added = *service;
	service_start(added);
	return added;
}

/* ---- strays: what a killed multiwatch or nginx master leaves becomes our child ---- */

static bool is_known(const struct supervisor *s, pid_t pid)
{
	if (pid == s->once)
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (s->services[i].pid == pid)
			return true;
	return false;
}

static size_t strays_signal(const struct supervisor *s, int signal)
{
	static pid_t children[CHILDREN_MAX];
	size_t const count = process_children(getpid(), children, CHILDREN_MAX);
	size_t strays = 0;

	for (size_t i = 0; i < count; i++)
		if (!is_known(s, children[i]) && !process_is_gone(children[i])) {
			strays++;
			(void)kill(children[i], signal);
		}
	return strays;
}

static void strays_end(struct supervisor *s, int64_t now)
{
	bool const late = s->strays_seen_ms && now - s->strays_seen_ms > STRAY_GRACE_MS;

	if (strays_signal(s, late ? SIGKILL : SIGTERM)) {
		if (!s->strays_seen_ms)
			s->strays_seen_ms = now;
		s->strays_look_ms = now + STRAYS_MS / 2;
		return;
	}
	s->strays_seen_ms = 0;
	s->strays_look_ms = now + STRAYS_MS;
}

/* Those of this service's own program are ended at once; how many there still are. */
static size_t strays_of(const struct supervisor *s, const struct service *service)
{
	static pid_t children[CHILDREN_MAX];
	const char *slash = strrchr(service->argv[0], '/');
	const char *name = slash ? slash + 1 : service->argv[0];
	size_t const count = process_children(getpid(), children, CHILDREN_MAX);
	size_t strays = 0;

	for (size_t i = 0; i < count; i++)
		if (!is_known(s, children[i]) && process_is_named(children[i], name) &&
		    !process_is_gone(children[i])) {
			strays++;
			(void)kill(children[i], SIGKILL);
		}
	return strays;
}

/*
 * multiwatch forgets a copy for which fork failed, until all are gone.  What has had too few
 * for a while is ended, and started anew with all of them.
 */
static void copies_look(struct supervisor *s, int64_t now)
{
	static pid_t children[CHILDREN_MAX];

	for (size_t i = 0; i < s->count; i++) {
		struct service *service = &s->services[i];

		if (!service->copies || !service->pid ||
		    process_children(service->pid, children, CHILDREN_MAX) >= service->copies)
			service->short_ms = 0;
		else if (!service->short_ms)
			service->short_ms = now;
		else if (now - service->short_ms > SHORT_MS) {
			log_event(LOG_WARN, "copies_missing", "name=%s", service->name);
			service->short_ms = 0;
			(void)kill(service->pid, service->stop_signal);
		}
	}
}

/* ---- what happens ---- */

static void service_died(struct supervisor *s, struct service *service, int status)
{
	int64_t const now = clock_monotonic_ms();
	int64_t pause = RESTART_FIRST_MS;

	service->pid = 0;
	if (s->stop)
		return;
	if (now - service->started_ms < QUICK_DEATH_MS)
		service->quick_deaths++;
	else
		service->quick_deaths = 0;
	for (int i = 1; i < service->quick_deaths && pause < RESTART_LONGEST_MS; i++)
		pause *= 2;
	service->due_ms = now + (pause < RESTART_LONGEST_MS ? pause : RESTART_LONGEST_MS);
	s->strays_look_ms = now;
	if (service->quiet)
		return;
	if (WIFSIGNALED(status))
		log_event(LOG_WARN, "service_died", "name=%s signal=%d", service->name,
			  WTERMSIG(status));
	else
		log_event(LOG_WARN, "service_died", "name=%s status=%d", service->name,
			  WEXITSTATUS(status));
}

static void children_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->once) {
			s->once = 0;
			s->once_status = status;
			continue;
		}
		for (size_t i = 0; i < s->count; i++)
			if (s->services[i].pid == pid)
				service_died(s, &s->services[i], status);
	}
}

static void signals_read(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			s->stop = true;
	children_reap(s);
}

/* One turn: wait for a signal at most until the moment given. */
static void turn(struct supervisor *s, int64_t until)
{
	struct pollfd one = { .fd = s->signals, .events = POLLIN };
	int64_t const now = clock_monotonic_ms();

	if (s->watch.on && until > now + WATCH_MS)
		until = now + WATCH_MS;
	(void)poll(&one, 1, until > now ? (int)(until - now) : 0);
	signals_read(s);
	if (process_watch_ended(&s->watch))
		s->stop = true;
}

/* Start what is due; returns when the next is. */
static int64_t services_restart(struct supervisor *s, int64_t until)
{
	int64_t const now = clock_monotonic_ms();

	for (size_t i = 0; i < s->count; i++) {
		struct service *service = &s->services[i];

		if (service->pid)
			continue;
		if (service->due_ms <= now && service->alone && strays_of(s, service))
			service->due_ms = now + ALONE_MS;
		if (service->due_ms <= now)
			service_start(service);
		else if (service->due_ms < until)
			until = service->due_ms;
	}
	return until;
}

bool supervise_wait(struct supervisor *s, int64_t ms)
{
	int64_t const end = clock_monotonic_ms() + ms;

	do {
		int64_t now = clock_monotonic_ms();
		int64_t until;

		if (now >= s->strays_look_ms) {
			strays_end(s, now);
			copies_look(s, now);
		}
		until = services_restart(s, end);
		if (until > s->strays_look_ms)
			until = s->strays_look_ms;
		turn(s, until);
	} while (!s->stop && clock_monotonic_ms() < end);
	return !s->stop;
}

int supervise_once(struct supervisor *s, const char *const *argv, const struct account *account,
		   const char *output)
{
	s->once = child_start(argv, account, output);
	if (s->once < 0) {
		s->once = 0;
		return -1;
	}
	while (s->once && supervise_wait(s, 100))
		;
	if (s->once) {
		(void)kill(s->once, SIGTERM); /* supervise_stop sees to the rest */
		s->once = 0;
		return -1;
	}
	return !s->stop && WIFEXITED(s->once_status) ? WEXITSTATUS(s->once_status) : -1;
}

/* ---- stopping ---- */

static size_t phase_running(const struct supervisor *s, enum stop_phase phase, int signal)
{
	size_t running = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct service *service = &s->services[i];

		if (service->phase != phase || !service->pid)
			continue;
		running++;
		(void)kill(service->pid, signal < 0 ? service->stop_signal : signal);
	}
	return running;
}

/* Strays are copies whose multiwatch is gone: they finish their request too. */
static void phase_stop(struct supervisor *s, enum stop_phase phase)
{
	int64_t const end = clock_monotonic_ms() + phase_grace_ms[phase];
	int signal = -1; /* each service's own */

	while (phase_running(s, phase, signal) +
	       strays_signal(s, signal > 0 ? signal : SIGTERM)) {
		int64_t const now = clock_monotonic_ms();

		signal = now < end ? 0 : SIGKILL;
		turn(s, now + 20);
	}
}

void supervise_stop(struct supervisor *s)
{
	s->stop = true;
	s->watch.on = false;
	for (int phase = 0; phase < STOP__COUNT; phase++)
		phase_stop(s, (enum stop_phase)phase);
	while (strays_signal(s, SIGKILL))
		turn(s, clock_monotonic_ms() + 20);
	children_reap(s);
}
