#include "shared/platform/web_private.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/log.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SYSTEMD_SOCKET = 3,
	TICK_MS = 1000,
	PEER_TIMEOUT_S =
		20, /* nginx hands over whole bodies; longer silence is a broken peer */
	BODY_USUAL = 64 * 1024,	  /* no update, form or notification is longer */
	SEND_AT_ONCE = 64 * 1024, /* an answer this long fits the empty buffer of a socket */
};

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
	UNUSED(signal_number);
	stop_wanted = 1;
}

/* The signals that end a responder: multiwatch and other managers send SIGUSR1 by default. */
static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	return set;
}

/*
 * Block them, and return the mask under which they are let in.  FCGX_Init puts handlers of its
 * own on SIGPIPE, SIGUSR1 and SIGTERM, even where they are ignored, and a signal that met one
 * of those would be lost: so it runs while they are blocked, and ours come after it.
 */
static sigset_t signals_init(const char *name)
{
	struct sigaction stop = { .sa_handler = want_stop };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t const set = stop_signals();
	sigset_t open;

	sigprocmask(SIG_BLOCK, &set, &open);
	if (FCGX_Init())
		die("%s: FCGX_Init failed", name);
	sigdelset(&open, SIGTERM);
	sigdelset(&open, SIGINT);
	sigdelset(&open, SIGUSR1);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGUSR1, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return open;
}

/*
 * epoll_pwait (as ppoll) returns without letting a signal in when its descriptor is ready
 * already, so under steady load a blocked SIGTERM has to be looked for.
 */
static bool stopping(void)
{
	sigset_t pending;

	if (stop_wanted)
		return true;
	sigpending(&pending);
	return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1 ||
	       sigismember(&pending, SIGUSR1) == 1;
}

/*
 * The start runs through code that is never needed again: of the loader, of the libraries'
 * own beginnings.  Its pages are given back; what is needed comes from the page cache.
 */
static void forget_start(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];

	while (maps && fgets(line, sizeof(line), maps)) {
		char *rest;
		uintptr_t const from = strtoul(line, &rest, 16);
		uintptr_t const to = *rest == '-' ? strtoul(rest + 1, &rest, 16) : from;

		/* Code is never written to, so its file has all of it. */
		if (!strncmp(rest, " r-xp ", 6) && strchr(rest, '/'))
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	if (maps)
		fclose(maps);
}

static bool is_listening(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) && on;
}

/* -1 without one.  systemd names the process it means: a child must not take the socket. */
static int listening_socket(void)
{
	const char *pid = getenv("LISTEN_PID");
	int64_t n;

	if (is_listening(STDIN_FILENO))
		return STDIN_FILENO;
	if (pid && !parse_int(pid, 1, INT32_MAX, &n) && n == getpid() &&
	    is_listening(SYSTEMD_SOCKET))
		return SYSTEMD_SOCKET;
	return -1;
}

const char *web_header(const struct web_request *req, const char *cgi_name)
{
	const FCGX_Request *fcgi = req->fcgi;

	return fcgi ? FCGX_GetParam(cgi_name, fcgi->envp) : NULL;
}

const char *web_header_once(const struct web_request *req, const char *cgi_name)
{
	const FCGX_Request *fcgi = req->fcgi;
	size_t const len = strlen(cgi_name);
	size_t times = 0;

	for (char **p = fcgi ? fcgi->envp : NULL; p && *p; p++)
		times += !strncmp(*p, cgi_name, len) && (*p)[len] == '=';
	return times == 1 ? web_header(req, cgi_name) : NULL;
}

static enum web_method method_parse(const char *name)
{
	if (!strcmp(name, "GET") || !strcmp(name, "HEAD"))
		return WEB_GET;
	return !strcmp(name, "POST") ? WEB_POST : WEB_OTHER;
}

/* What is read of the parameters, by one look at each; "" without. */
enum param {
	PARAM_METHOD,
	PARAM_PATH,
	PARAM_SCRIPT,
	PARAM_QUERY,
	PARAM_TYPE,
	PARAM_LENGTH,
	PARAM_ADDR,
	PARAM_FORWARDED_FOR,
	PARAM_FORWARDED,
	PARAM_SCHEME,
	PARAM_HTTPS,
	PARAM_ID,
	PARAM__COUNT
};
static const char *const param_names[] = {
	[PARAM_METHOD] = "REQUEST_METHOD=",
	[PARAM_PATH] = "DOCUMENT_URI=",
	[PARAM_SCRIPT] = "SCRIPT_NAME=",
	[PARAM_QUERY] = "QUERY_STRING=",
	[PARAM_TYPE] = "CONTENT_TYPE=",
	[PARAM_LENGTH] = "CONTENT_LENGTH=",
	[PARAM_ADDR] = "REMOTE_ADDR=",
	[PARAM_FORWARDED_FOR] = "HTTP_X_FORWARDED_FOR=",
	[PARAM_FORWARDED] = "HTTP_FORWARDED=",
	[PARAM_SCHEME] = "REQUEST_SCHEME=",
	[PARAM_HTTPS] = "HTTPS=",
	[PARAM_ID] = "REQUEST_ID=",
};
_Static_assert(COUNT(param_names) == PARAM__COUNT, "a name for every parameter");

static void params_read(const FCGX_Request *fcgi, const char *ret[PARAM__COUNT])
{
	for (size_t i = 0; i < PARAM__COUNT; i++)
		ret[i] = "";
	for (char **at = fcgi->envp; *at; at++) {
		size_t const len = strcspn(*at, "=") + 1;

		for (size_t i = 0; i < PARAM__COUNT; i++)
			if (**at == *param_names[i] && !strncmp(*at, param_names[i], len) &&
			    !param_names[i][len])
				ret[i] = *at + len;
	}
}

/*
 * Everything but the body.  The path is decoded and normalised by nginx; what it decoded
 * into bytes that are no text is refused here, so nobody behind has to look again.
 */
static int head_read(const FCGX_Request *fcgi, const char *const params[PARAM__COUNT],
		     struct web_request *ret)
{
	const char *path = params[PARAM_PATH];

	if (!*path)
		path = params[PARAM_SCRIPT];
	*ret = (struct web_request){
		.method = method_parse(params[PARAM_METHOD]),
		.path = path,
		.query = params[PARAM_QUERY],
		.content_type = params[PARAM_TYPE],
		.remote_addr = params[PARAM_ADDR],
		.forwarded = *params[PARAM_FORWARDED_FOR] || *params[PARAM_FORWARDED],
		.https = !strcmp(params[PARAM_SCHEME], "https") ||
			 !strcmp(params[PARAM_HTTPS], "on"),
		.body = { "", 0 },
		.id = params[PARAM_ID],
		.fcgi = fcgi,
	};
	return path[0] == '/' && utf8_valid(path, strlen(path)) ? OK : ERR_INVALID;
}

/*
 * Exactly CONTENT_LENGTH bytes, then the stream's end.  An aborted upload merely returns
 * short from FCGX_GetStr, and half an update or half a file of codes must never be parsed.
 */
static int body_read(const FCGX_Request *fcgi, const char *said, size_t max, struct arena *a,
		     struct bytes *ret)
{
	int64_t len = 0;
	char *body;

	if (*said && parse_int(said, 0, INT64_MAX, &len))
		return ERR_INVALID;
	if ((uint64_t)len > max || len >= INT32_MAX)
		return ERR_TOO_LONG;
	body = arena_alloc(a, (size_t)len + 1);
	if (len && FCGX_GetStr(body, (int)len, fcgi->in) != (int)len)
		return ERR_INVALID;
	if (FCGX_GetChar(fcgi->in) != EOF || FCGX_GetError(fcgi->in))
		return ERR_INVALID;
	*ret = (struct bytes){ body, (size_t)len };
	return OK;
}

/* libfcgi has no time limits; a peer that stops half-way must not hold a copy for ever. */
static void limit_peer(const FCGX_Request *fcgi, int option)
{
	struct timeval const limit = { .tv_sec = PEER_TIMEOUT_S };

	(void)setsockopt(fcgi->ipcFd, SOL_SOCKET, option, &limit, sizeof(limit));
}

/* Only the first segment: the rest of a path may be a payment token. */
static void log_failure(const struct web_request *req, int status, int64_t started_ms)
{
	size_t const len = req->path[0] ? 1 + strcspn(req->path + 1, "/") : 0;

	log_event(LOG_WARN, "request_failed", "status=%d path=%.*s ms=%lld", status,
		  (int)(len > 40 ? 40 : len), req->path,
		  (long long)(clock_monotonic_ms() - started_ms));
}

struct web_out {
	FCGX_Stream *stream;
};

int web_write(struct web_out *out, struct bytes piece)
{
	if (piece.len > INT32_MAX)
		return ERR_TOO_LONG;
	return FCGX_PutStr(piece.data, (int)piece.len, out->stream) == (int)piece.len
		       ? OK
		       : ERR_DOWN;
}

/* nginx counts an answer without its end as broken, and tells its client so. */
static void stream_send(struct web_response *res, FCGX_Request *fcgi)
{
	struct web_out out = { fcgi->out };

	limit_peer(fcgi, SO_SNDTIMEO);
	if (res->stream(res->stream_data, &out))
		(void)shutdown(fcgi->ipcFd, SHUT_RDWR);
}

/* Returns whether it took so much memory that some is to be given back. */
static bool answer(const struct web_server *server, FCGX_Request *fcgi, struct arena *a)
{
	int64_t const started_ms = clock_monotonic_ms();
	const char *params[PARAM__COUNT];
	struct web_request req;
	struct web_response res;
	struct bytes text;
	bool is_head;
	int rc;

	limit_peer(fcgi, SO_RCVTIMEO);
	web_response_init(&res, a);
	params_read(fcgi, params);
	rc = head_read(fcgi, params, &req);
	log_request_id(req.id);
	if (!rc)
		rc = body_read(fcgi, params[PARAM_LENGTH], server->body_max, a, &req.body);
	if (!rc)
		server->handle(server->app, a, &req, &res);
	else
		web_status(&res, rc == ERR_TOO_LONG ? 413 : 400);
	is_head = !strcmp(params[PARAM_METHOD], "HEAD");
	text = web_response_text(&res, a, is_head);
	if (text.len > SEND_AT_ONCE)
		limit_peer(fcgi, SO_SNDTIMEO);
	(void)FCGX_PutStr(text.data, (int)text.len, fcgi->out);
	if (res.stream && !is_head)
		stream_send(&res, fcgi);
	if (res.status >= 500 && !res.expected)
		log_failure(&req, res.status, started_ms);
	log_request_id("");
	return !rc && req.body.len > BODY_USUAL;
}

/* After the error of FCGX_Accept_r that is not worth ending for: false for the others. */
static bool accept_recover(int error, const sigset_t *open)
{
	struct timespec const pause = { .tv_nsec = ACCEPT_PAUSE_MS * INT64_C(1000000) };

	switch (error) {
	case EAGAIN: /* another copy was faster */
	case EINTR:
	case ECONNABORTED:
		return true;
	case EBADF:
	case ENOTSOCK:
	case EINVAL:
	case EOPNOTSUPP:
		return false;
	default: /* EMFILE, ENFILE, ENOMEM, and whatever a kernel thinks of next */
		(void)pselect(0, NULL, NULL, NULL, &pause, open);
		return true;
	}
}

/* Call tick when it is due; returns the milliseconds until it is again. */
static int tick(const struct web_server *server, int64_t *due_ms)
{
	int64_t const now = clock_monotonic_ms();

	if (now >= *due_ms) {
		if (server->tick)
			server->tick(server->app);
		*due_ms = now + TICK_MS;
	}
	return (int)(*due_ms - now);
}

/*
 * Wakes one copy for a connection where poll would wake all that are idle, only for all but
 * one to find it taken: with eight copies that cost 6 of 50 us a request.
 */
static int watch_new(int listener)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int const watch = epoll_create1(EPOLL_CLOEXEC);

	if (watch < 0 || epoll_ctl(watch, EPOLL_CTL_ADD, listener, &event))
		die("no epoll for the socket: errno %d", errno);
	return watch;
}

/* Take one connection, if there is one, to its end.  Returns 0, or the error to end for. */
static int serve_one(const struct web_server *server, FCGX_Request *fcgi, struct arena *arena,
		     const sigset_t *open, bool *ret_served)
{
	int const rc = FCGX_Accept_r(fcgi);
	bool large;

	*ret_served = rc >= 0;
	if (rc < 0)
		return accept_recover(-rc, open) ? 0 : -rc;
	large = answer(server, fcgi, arena);
	FCGX_Finish_r(fcgi);
	arena_reset(arena);
	/* A tree of JSON is eighty times its text, and libc would keep that for the next. */
	if (large)
		(void)malloc_trim(0);
	return 0;
}

/*
 * A copy that is killed may take the wake-up for a connection with it; whoever starts in its
 * place sees the connection, and so does each of the others when its next second is over,
 * because the end of the wait is tried as well.  A copy that is told to end tries once more.
 */
static int serve(const struct web_server *server, int listener, const sigset_t *open)
{
	int const watch = watch_new(listener);
	FCGX_Request fcgi;
	struct arena arena;
	int64_t tick_due_ms = 0;
	bool last = false;
	bool busy = false; /* there may be more: look before waiting */
	int problem = 0;

	arena_init(&arena);
	FCGX_InitRequest(&fcgi, listener, FCGI_FAIL_ACCEPT_ON_INTR);
	while (!last && !problem) {
		struct epoll_event event;
		int const wait_ms = tick(server, &tick_due_ms);

		last = stopping();
		if (!last && !busy)
			(void)epoll_pwait(watch, &event, 1, wait_ms, open);
		problem = serve_one(server, &fcgi, &arena, open, &busy);
	}
	if (problem)
		log_event(LOG_ERROR, "accept_failed", "errno=%d", problem);
	arena_release(&arena);
	close(watch);
	return problem ? 1 : 0;
}

int web_serve(const struct web_server *server)
{
	int const listener = listening_socket();
	sigset_t open;

	secrets_keep();
	if (listener < 0) {
		fprintf(stderr,
			"%s: descriptor 0 is not a listening socket: "
			"start it by systemd or spawn-fcgi\n",
			server->name);
		return 1;
	}
	open = signals_init(server->name);
	if (fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK))
		die("%s: the socket can't be made non-blocking", server->name);
	forget_start();
	return serve(server, listener, &open);
}
