#include "shared/platform/shm_private.h"

#include "shared/base/limits.h"

/* A mark is 0 while the other side is up, else DOWN with the time of the last probe. */
#define DOWN (UINT64_C(1) << 63)

static uint64_t down_since(int64_t now_ms)
{
	return DOWN | ((uint64_t)now_ms & SHM_TIME_MASK);
}

bool gate_try(struct shm *shm, enum gate gate, int64_t now_ms)
{
	_Atomic uint64_t *mark = &shm->map->gates[gate].mark;
	uint64_t seen = atomic_load(mark);
	int64_t passed;

	if (!seen)
		return true;
	passed = now_ms - (int64_t)(seen & SHM_TIME_MASK);
	if (passed < GATE_PROBE_MS && passed >= -SHM_SKEW_MS)
		return false;
	/* One of those that saw the same mark wins, and is this second's probe. */
	return atomic_compare_exchange_strong(mark, &seen, down_since(now_ms));
}

void gate_report(struct shm *shm, enum gate gate, bool up, int64_t now_ms)
{
	_Atomic uint64_t *mark = &shm->map->gates[gate].mark;
	uint64_t none = 0;

	if (!up)
		/* Down already: the second's probe was counted when it was let through. */
		atomic_compare_exchange_strong(mark, &none, down_since(now_ms));
	else if (atomic_load_explicit(mark, memory_order_relaxed))
		atomic_store(mark, 0);
}

bool gate_is_down(struct shm *shm, enum gate gate)
{
	return atomic_load(&shm->map->gates[gate].mark) != 0;
}
