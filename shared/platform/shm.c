#include "shared/platform/shm_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct shm_layout *map_file(int fd)
{
	void *map = mmap(NULL, sizeof(struct shm_layout), PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static bool is_current(const struct shm_layout *map)
{
	return map->magic == SHM_MAGIC && map->version == SHM_VERSION &&
	       map->size == sizeof(*map);
}

/* Map it when it is whole and of this layout, else NULL. */
static struct shm_layout *map_current(int fd)
{
	struct shm_layout *map;
	struct stat st;

	if (fstat(fd, &st) || st.st_size != (off_t)sizeof(*map))
		return NULL;
	map = map_file(fd);
	if (map && !is_current(map)) {
		munmap(map, sizeof(*map));
		return NULL;
	}
	return map;
}

/*
 * A new file under another name; its blocks are taken at once, because a full disk would
 * otherwise be a SIGBUS in the middle of a request.
 */
static struct shm_layout *make_file(const char *path)
{
	int const fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct shm_layout *map = NULL;
	int problem;

	if (fd < 0)
		return NULL;
	problem = posix_fallocate(fd, 0, sizeof(*map));
	if (!problem) {
		map = map_file(fd);
		problem = errno;
	}
	close(fd);
	if (map) {
		map->magic = SHM_MAGIC;
		map->version = SHM_VERSION;
		map->size = sizeof(*map);
	} else {
		(void)unlink(path);
		errno = problem;
	}
	return map;
}

/*
 * The caller holds the lock of the file that has this name, which is empty, torn or of
 * another layout.  Processes of that layout keep theirs until they end.
 */
static struct shm_layout *replace_file(const char *path)
{
	char fresh[PATH_MAX];
	struct shm_layout *map;
	int const len = snprintf(fresh, sizeof(fresh), "%s.new", path);

	if (len < 0 || (size_t)len >= sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	(void)unlink(fresh); /* of one that was killed here */
	map = make_file(fresh);
	if (map && rename(fresh, path)) {
		munmap(map, sizeof(*map));
		return NULL;
	}
	return map;
}

static bool is_named(int fd, const char *path)
{
	struct stat open_one;
	struct stat named;

	return !fstat(fd, &open_one) && !stat(path, &named) &&
	       open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

/*
 * Under a lock on the file itself, which the kernel lets go of when a process is killed.
 * Whoever waited for it looks again whether the name still means that file.
 */
static struct shm_layout *open_layout(const char *path)
{
	struct shm_layout *map = NULL;
	bool again = true;

	while (again) {
		int const fd = open(
			path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		int problem;

		if (fd < 0)
			return NULL;
		again = flock(fd, LOCK_EX) ? errno == EINTR : !is_named(fd, path);
		if (!again) {
			map = map_current(fd);
			if (!map)
				map = replace_file(path);
		}
		problem = errno;
		(void)flock(fd,
			    LOCK_UN); /* close alone would not: the mapping holds the file */
		close(fd);
		errno = problem;
	}
	return map;
}

int shm_open_file(const char *path, struct shm **ret)
{
	struct shm_layout *map = open_layout(path);
	struct shm *shm;

	if (!map)
		return ERR_FAILED;
	shm = calloc(1, sizeof(*shm));
	if (!shm)
		die("out of memory");
	shm->map = map;
	*ret = shm;
	return OK;
}

void shm_close(struct shm *shm)
{
	if (!shm)
		return;
	munmap(shm->map, sizeof(*shm->map));
	free(shm);
}
