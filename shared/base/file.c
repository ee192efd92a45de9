#include "shared/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file_read(struct arena *a, int fd, size_t max, struct bytes *ret)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	char *text;

	if (fstat(fd, &st))
		return ERR_FAILED;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return ERR_FAILED;
	}
	if ((uint64_t)st.st_size > max)
		return ERR_TOO_LONG;
	text = arena_alloc(a, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size &&
	       (n = read(fd, text + len, (size_t)st.st_size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return ERR_FAILED;
	*ret = (struct bytes){ text, len };
	return OK;
}

int file_read(struct arena *a, const char *path, size_t max, struct bytes *ret)
{
	int const fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;
	int why;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_FAILED;
	rc = open_file_read(a, fd, max, ret);
	why = errno;
	close(fd);
	errno = why;
	return rc;
}
