/* wake_worker.c: the worker's side of wake.h. */
#include "shared/platform/wake_private.h"

#include "shared/base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	SENDERS_MAX =
		512, /* responders of one host, all kinds, with a rolling restart's overlap */
	BACKLOG = 4096,
	TURN = 64, /* messages taken from one sender before the next one's turn */
};

/* The descriptor that others poll is an epoll of these.  One per process, as the name is. */
static struct {
	int epoll;
	int listener;
	int senders[SENDERS_MAX];
	size_t count;
	int turn; /* the sender being read, or -1 */
	int taken;
} side = { .epoll = -1, .listener = -1, .turn = -1 };

static int watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(side.epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Names nobody listens behind: a live worker's name appears only after its listen(). */
static void sweep(const char *run_dir)
{
	DIR *dir = opendir(run_dir);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int64_t const pid = wake_name_pid(entry->d_name);
		int const fd = pid ? wake_connect(run_dir, pid) : -1;

		if (fd >= 0)
			close(fd);
		else if (pid && errno == ECONNREFUSED)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* Bound under another name first, so that the real one never refuses a connection. */
static int listen_named(const char *run_dir, int fd)
{
	struct sockaddr_un fresh;
	struct sockaddr_un named;

	if (wake_address(&fresh, run_dir, WAKE_NAME_NEW, getpid()) ||
	    wake_address(&named, run_dir, WAKE_NAME, getpid()))
		return ERR_FAILED;
	(void)unlink(fresh.sun_path);
	if (bind(fd, (struct sockaddr *)&fresh, sizeof(fresh)) || chmod(fresh.sun_path, 0600) ||
	    listen(fd, BACKLOG) || rename(fresh.sun_path, named.sun_path))
		return ERR_FAILED;
	return OK;
}

int wake_bind(const char *run_dir, int *ret_fd)
{
	sweep(run_dir);
	side.epoll = epoll_create1(EPOLL_CLOEXEC);
	side.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (side.epoll < 0 || side.listener < 0 || listen_named(run_dir, side.listener) ||
	    watch(side.listener)) {
		int const problem = errno;

		if (side.epoll >= 0)
			close(side.epoll);
		if (side.listener >= 0)
			close(side.listener);
		side.epoll = side.listener = -1;
		errno = problem;
		return ERR_FAILED;
	}
	*ret_fd = side.epoll;
	return OK;
}

static bool sender_add(void)
{
	int const fd = accept4(side.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
	if (side.count == SENDERS_MAX || watch(fd))
		close(fd);
	else
		side.senders[side.count++] = fd;
	return true;
}

static void sender_drop(int fd)
{
	for (size_t i = 0; i < side.count; i++)
		if (side.senders[i] == fd) {
			side.senders[i] = side.senders[--side.count];
			break;
		}
	close(fd);
}

static bool opened_read(const unsigned char *packet, size_t len, struct wake_message *ret)
{
	if (len != WAKE_OPENED_LEN || packet[2] || packet[3])
		return false;
	memcpy(&ret->opened_order, packet + WAKE_HEAD, sizeof(ret->opened_order));
	memcpy(&ret->opened_chat, packet + WAKE_HEAD + sizeof(ret->opened_order),
	       sizeof(ret->opened_chat));
	return ret->opened_order > 0 && ret->opened_chat != 0;
}

static bool message_read(const unsigned char *packet, size_t len, struct wake_message *ret)
{
	const char *id = (const char *)packet + WAKE_HEAD;
	size_t id_len;
	size_t text_len;

	if (len < WAKE_HEAD || len > WAKE_PACKET_MAX || packet[0] != WAKE_VERSION ||
	    packet[2] > 1)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (packet[1] == WAKE_OUTBOX)
		return len == WAKE_HEAD && !packet[2] && !packet[3];
	if (packet[1] == WAKE_OPENED)
		return opened_read(packet, len, ret);
	id_len = packet[3];
	if (packet[1] != WAKE_CALLBACK || !id_len || id_len > WAKE_ID_MAX ||
	    id_len > len - WAKE_HEAD)
		return false;
	text_len = len - WAKE_HEAD - id_len;
	if (text_len > WAKE_TEXT_MAX || !utf8_valid(id, id_len) ||
	    !utf8_valid(id + id_len, text_len))
		return false;
	ret->is_callback = true;
	memcpy(ret->callback_id, id, id_len);
	memcpy(ret->text, id + id_len, text_len);
	ret->alert = packet[2];
	return true;
}

/* One message of the sender whose turn it is.  False: the turn is over. */
static bool turn_read(struct wake_message *ret)
{
	unsigned char packet[WAKE_PACKET_MAX + 1];

	while (side.turn >= 0 && side.taken++ < TURN) {
		ssize_t const len = recv(side.turn, packet, sizeof(packet), MSG_DONTWAIT);

		if (len > 0 && message_read(packet, (size_t)len, ret))
			return true;
		if (len > 0 || (len < 0 && errno == EINTR))
			continue;
		if (!len || errno != EAGAIN)
			sender_drop(side.turn);
		break;
	}
	side.turn = -1;
	return false;
}

int wake_receive(int fd, struct wake_message *ret)
{
	struct epoll_event event;

	while (!turn_read(ret)) {
		/* Level-triggered and one at a time: the kernel's list goes round. */
		if (epoll_wait(fd, &event, 1, 0) < 1)
			return ERR_NOT_FOUND;
		if (event.data.fd == side.listener) {
			if (!sender_add()) /* no descriptors left: not now */
				return ERR_NOT_FOUND;
			continue;
		}
		side.turn = event.data.fd;
		side.taken = 0;
	}
	return OK;
}

void wake_unbind(const char *run_dir, int fd)
{
	struct sockaddr_un named;

	if (!wake_address(&named, run_dir, WAKE_NAME, getpid()))
		(void)unlink(named.sun_path);
	while (side.count)
		close(side.senders[--side.count]);
	close(side.listener);
	close(fd);
	side.epoll = side.listener = side.turn = -1;
}
