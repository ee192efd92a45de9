#include "shared/platform/shm_private.h"

#include "shared/base/limits.h"

#include <unistd.h>

/* A stamp is the process id (at most 22 bits on Linux) over the time. */
static uint64_t stamp_of(pid_t pid, int64_t now_ms)
{
	return (uint64_t)pid << SHM_TIME_BITS | ((uint64_t)now_ms & SHM_TIME_MASK);
}

static pid_t pid_of(uint64_t stamp)
{
	return (pid_t)(stamp >> SHM_TIME_BITS);
}

static bool is_fresh(uint64_t stamp, int64_t now_ms)
{
	int64_t const age = now_ms - (int64_t)(stamp & SHM_TIME_MASK);

	return stamp && age <= HEARTBEAT_FRESH_MS && age >= -SHM_SKEW_MS;
}

/* This process's slot, taking a dead one's if it has none.  BEAT_SLOTS: all are taken. */
static unsigned slot_find(_Atomic uint64_t *slots, pid_t pid, int64_t now_ms)
{
	for (unsigned i = 0; i < BEAT_SLOTS; i++)
		if (pid_of(atomic_load(&slots[i])) == pid)
			return i;
	for (unsigned i = 0; i < BEAT_SLOTS; i++) {
		uint64_t seen = atomic_load(&slots[i]);

		if (!is_fresh(seen, now_ms) &&
		    atomic_compare_exchange_strong(&slots[i], &seen, stamp_of(pid, now_ms)))
			return i;
	}
	return BEAT_SLOTS;
}

void beat_stamp(struct shm *shm, enum beat beat, int64_t now_ms)
{
	_Atomic uint64_t *slots = shm->map->beats[beat];
	unsigned slot = shm->beat_slot[beat];
	pid_t const pid = getpid();
	uint64_t seen = atomic_load(&slots[slot]);

	if (pid_of(seen) != pid) {
		slot = slot_find(slots, pid, now_ms);
		if (slot == BEAT_SLOTS)
			return;
		shm->beat_slot[beat] = slot;
		seen = atomic_load(&slots[slot]);
	}
	/* Failing, we slept so long that the slot went to another: the next stamp finds a new
	 * one. */
	atomic_compare_exchange_strong(&slots[slot], &seen, stamp_of(pid, now_ms));
}

int beat_alive(struct shm *shm, enum beat beat, int64_t now_ms)
{
	int n = 0;

	for (unsigned i = 0; i < BEAT_SLOTS; i++)
		n += is_fresh(atomic_load(&shm->map->beats[beat][i]), now_ms);
	return n;
}
