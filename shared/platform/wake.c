/*
 * Sockets of AF_UNIX, SOCK_SEQPACKET: datagrams, but with a connection under them.  Plain
 * SOCK_DGRAM queues only net.unix.max_dgram_qlen messages for all senders together (10 is
 * the kernel's default): with the worker off the processor for one time slice most of a
 * burst of taps was refused.  On a connection the sender's SO_SNDBUF is the only bound.
 * When that is full too, the next worker is tried, and then the message is dropped.
 */
#include "shared/platform/wake_private.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/parse.h"

#include <dirent.h>
#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	WORKERS_MAX = 32,     /* of one host */
	SCAN_MS = 1000,	      /* how often the directory is read while there is a worker */
	SCAN_LONELY_MS = 100, /* and while there is none: it is being restarted */
	SEND_BUFFER = 1024 *
		      1024, /* about a thousand messages; the kernel caps it by wmem_max */
};

struct worker {
	int64_t pid;
	int fd;
};

struct wake {
	char *run_dir;
	struct worker workers[WORKERS_MAX];
	size_t count;
	size_t next; /* whose turn it is */
	int64_t scan_due_ms;
};

int wake_address(struct sockaddr_un *ret, const char *run_dir, const char *format, int64_t pid)
{
	char name[64];
	int len;

	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	len = snprintf(name, sizeof(name), format, (long long)pid);
	if (len > 0)
		len = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/%s", run_dir, name);
	if (len > 0 && (size_t)len < sizeof(ret->sun_path))
		return OK;
	errno = ENAMETOOLONG;
	return ERR_FAILED;
}

int64_t wake_name_pid(const char *name)
{
	char digits[24];
	size_t const len = strlen(name);
	int64_t pid;

	if (len <= 12 || len - 12 >= sizeof(digits) || strncmp(name, "worker.", 7) != 0 ||
	    strcmp(name + len - 5, ".sock") != 0)
		return 0;
	memcpy(digits, name + 7, len - 12);
	digits[len - 12] = '\0';
	return parse_int(digits, 1, INT32_MAX, &pid) ? 0 : pid;
}

int wake_connect(const char *run_dir, int64_t pid)
{
	int const size = SEND_BUFFER;
	struct sockaddr_un address;
	int fd;

	if (wake_address(&address, run_dir, WAKE_NAME, pid))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int const problem = errno;

		close(fd);
		errno = problem;
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

int wake_new(const char *run_dir, struct wake **ret)
{
	struct wake *wake = calloc(1, sizeof(*wake));

	if (!wake || !(wake->run_dir = strdup(run_dir)))
		die("out of memory");
	*ret = wake;
	return OK;
}

static void worker_drop(struct wake *wake, size_t i)
{
	close(wake->workers[i].fd);
	wake->workers[i] = wake->workers[--wake->count];
}

void wake_free(struct wake *wake)
{
	if (!wake)
		return;
	while (wake->count)
		worker_drop(wake, 0);
	free(wake->run_dir);
	free(wake);
}

static bool worker_known(const struct wake *wake, int64_t pid)
{
	for (size_t i = 0; i < wake->count; i++)
		if (wake->workers[i].pid == pid)
			return true;
	return false;
}

/* Connect to the workers that are new; those that went away show themselves when sent to. */
static void scan(struct wake *wake)
{
	DIR *dir = opendir(wake->run_dir);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int64_t const pid = wake_name_pid(entry->d_name);
		int fd;

		if (!pid || worker_known(wake, pid) || wake->count == WORKERS_MAX)
			continue;
		fd = wake_connect(wake->run_dir, pid);
		if (fd >= 0)
			wake->workers[wake->count++] = (struct worker){ pid, fd };
	}
	if (dir)
		closedir(dir);
	wake->scan_due_ms = clock_monotonic_ms() + (wake->count ? SCAN_MS : SCAN_LONELY_MS);
}

/* To the first live worker that has room, each one's turn coming first. */
static bool send_round(struct wake *wake, const void *packet, size_t len)
{
	size_t tries = wake->count;

	while (tries--) {
		size_t const i = wake->next++ % wake->count;

		if (send(wake->workers[i].fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		    (ssize_t)len)
			return true;
		if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
			continue;
		worker_drop(wake, i);
		if (!wake->count)
			break;
	}
	return false;
}

static bool wake_send(struct wake *wake, const void *packet, size_t len)
{
	size_t had;

	if (clock_monotonic_ms() >= wake->scan_due_ms)
		scan(wake);
	had = wake->count;
	if (send_round(wake, packet, len))
		return true;
	if (wake->count == had) /* none, or all are full */
		return false;
	scan(wake);
	return send_round(wake, packet, len);
}

void wake_outbox(struct wake *wake)
{
	unsigned char const packet[WAKE_HEAD] = { WAKE_VERSION, WAKE_OUTBOX };

	(void)wake_send(wake, packet, sizeof(packet));
}

void wake_opened(struct wake *wake, int64_t order_id, int64_t chat_id)
{
	unsigned char packet[WAKE_OPENED_LEN] = { WAKE_VERSION, WAKE_OPENED };

	memcpy(packet + WAKE_HEAD, &order_id, sizeof(order_id));
	memcpy(packet + WAKE_HEAD + sizeof(order_id), &chat_id, sizeof(chat_id));
	(void)wake_send(wake, packet, sizeof(packet));
}

bool wake_answer_callback(struct wake *wake, const char *callback_id, const char *text,
			  bool alert)
{
	unsigned char packet[WAKE_PACKET_MAX] = { WAKE_VERSION, WAKE_CALLBACK, alert };
	size_t const id_len = strlen(callback_id);
	size_t const text_len = text ? strlen(text) : 0;

	if (!id_len || id_len > WAKE_ID_MAX || text_len > WAKE_TEXT_MAX)
		return false;
	packet[3] = (unsigned char)id_len;
	memcpy(packet + WAKE_HEAD, callback_id, id_len);
	if (text_len)
		memcpy(packet + WAKE_HEAD + id_len, text, text_len);
	return wake_send(wake, packet, WAKE_HEAD + id_len + text_len);
}
