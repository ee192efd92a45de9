#include "tests/sandbox/world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/sandbox/store.h"

struct options options = { .time_scale = 1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static atomic_bool stopping;
static void (*on_change)(void);

double clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double clock_scaled(double seconds)
{
	return seconds * options.time_scale;
}

void world_lock(void)
{
	pthread_mutex_lock(&lock);
}

void world_unlock(void)
{
	store_commit();
	pthread_mutex_unlock(&lock);
}

void world_changed(void)
{
	pthread_cond_broadcast(&changed);
	if (on_change)
		on_change();
}

bool world_wait(double until)
{
	struct timespec const at = {
		.tv_sec = (time_t)until,
		.tv_nsec = (long)((until - (double)(time_t)until) * 1e9),
	};

	if (world_stopping())
		return false;
	store_commit();
	return pthread_cond_timedwait(&changed, &lock, &at) == 0 && !world_stopping();
}

void world_stop(void)
{
	atomic_store(&stopping, true);
	world_lock();
	world_changed();
	world_unlock();
}

bool world_stopping(void)
{
	return atomic_load(&stopping);
}

void world_on_change(void (*call)(void))
{
	on_change = call;
}
