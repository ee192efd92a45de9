#include "shared/platform/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int slot_open(struct arena *a, const char *path, int n)
{
	return open(arena_printf(a, "%s.%d", path, n), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int slot_lock(int fd, int how)
{
	while (flock(fd, how))
		if (errno != EINTR)
			return ERR_CONFLICT;
	return OK;
}

int slot_take(struct arena *a, const char *path, int count, int *ret_fd)
{
	int const first = (int)(getpid() % count);

	/* Any that is free; after that, our own turn at one of them. */
	for (int i = 0; i <= count; i++) {
		int const fd = slot_open(a, path, (first + i) % count);

		if (fd < 0)
			return ERR_FAILED;
		if (!slot_lock(fd, i < count ? LOCK_EX | LOCK_NB : LOCK_EX)) {
			*ret_fd = fd;
			return OK;
		}
		close(fd);
	}
	return ERR_FAILED;
}

void slot_give(int fd)
{
	close(fd);
}
