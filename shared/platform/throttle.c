/*
 * A table of token buckets with open addressing: a person's bucket is in one of PROBES
 * neighbours.  Nothing is ever removed; a bucket that has filled up again is as good as
 * none, so its slot is free for the next person.
 */
#include "shared/platform/shm_private.h"

enum {
	PROBES = 16,  /* four cache lines */
	TOKEN = 1000, /* a bucket counts in thousandths: rate per s is rate*1000 per ms/1000 */
	BURST_MAX = 8000,   /* what TOKEN_BITS hold */
	RATE_MAX = 1000000, /* keeps the sums far from overflow */
	TOKEN_BITS = 23,
};

/* Told in the lowest bit, then the tokens, then the time of the last change. */
struct bucket {
	int64_t at_ms;
	int64_t tokens;
	bool told; /* the hint of this spell was given */
};

struct limits {
	int64_t rate;
	int64_t full;
};

static uint64_t pack(struct bucket b)
{
	return ((uint64_t)b.at_ms & SHM_TIME_MASK) << (TOKEN_BITS + 1) |
	       (uint64_t)b.tokens << 1 | b.told;
}

/*
 * The bucket as it is at now.  A spell ends when the bucket is full again, not with the
 * next token: who keeps on tapping is told once, not three times a second.
 */
static struct bucket refill(uint64_t packed, struct limits limits, int64_t now_ms)
{
	struct bucket b = {
		.at_ms = (int64_t)(packed >> (TOKEN_BITS + 1)),
		.tokens = (int64_t)(packed >> 1 & ((UINT64_C(1) << TOKEN_BITS) - 1)),
		.told = packed & 1,
	};
	int64_t const passed = now_ms - b.at_ms;

	if (passed > 0)
		b.tokens += passed * limits.rate;
	if (b.tokens >= limits.full || !packed || passed < -SHM_SKEW_MS) {
		b.tokens = limits.full;
		b.told = false;
	}
	if (passed > 0 || passed < -SHM_SKEW_MS)
		b.at_ms = now_ms;
	return b;
}

/* Telegram's ids are dense: spread them (the finaliser of MurmurHash3). */
static size_t home(int64_t user_id)
{
	uint64_t h = (uint64_t)user_id;

	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (size_t)(h ^ h >> 33) % THROTTLE_SLOTS;
}

static struct throttle_slot *neighbour(struct shm *shm, size_t first, size_t n)
{
	return &shm->map->throttle[(first + n) % THROTTLE_SLOTS];
}

static struct throttle_slot *find(struct shm *shm, int64_t user_id)
{
	size_t const first = home(user_id);

	for (size_t n = 0; n < PROBES; n++) {
		struct throttle_slot *slot = neighbour(shm, first, n);

		if (atomic_load_explicit(&slot->user_id, memory_order_relaxed) == user_id)
			return slot;
	}
	return NULL;
}

/*
 * The slot to take for a newcomer: one never used, else one that has filled up, else (more
 * people at once than the table was made for) the one that was quiet longest: its owner
 * gets a full bucket early, nothing worse.
 */
static struct throttle_slot *choose(struct shm *shm, int64_t user_id, struct limits limits,
				    int64_t now_ms)
{
	size_t const first = home(user_id);
	struct throttle_slot *quiet = NULL;
	uint64_t quiet_bucket = UINT64_MAX;

	for (size_t n = 0; n < PROBES; n++) {
		struct throttle_slot *slot = neighbour(shm, first, n);
		uint64_t const packed = atomic_load_explicit(&slot->bucket,
							     memory_order_relaxed);

		if (!packed || refill(packed, limits, now_ms).tokens >= limits.full)
			return slot;
		if (packed < quiet_bucket) { /* the time is in the highest bits */
			quiet = slot;
			quiet_bucket = packed;
		}
	}
	(void)atomic_compare_exchange_strong(&quiet->bucket, &quiet_bucket, 0);
	return quiet;
}

static struct throttle_slot *claim(struct shm *shm, int64_t user_id, struct limits limits,
				   int64_t now_ms)
{
	for (;;) {
		struct throttle_slot *slot = find(shm, user_id);
		int64_t owner;

		if (slot)
			return slot;
		slot = choose(shm, user_id, limits, now_ms);
		owner = atomic_load_explicit(&slot->user_id, memory_order_relaxed);
		/* Failing, somebody claimed it meanwhile, perhaps for the same person. */
		if (atomic_compare_exchange_strong(&slot->user_id, &owner, user_id))
			return slot;
	}
}

enum throttle_verdict throttle_take(struct shm *shm, int64_t user_id, int64_t rate,
				    int64_t burst, int64_t now_ms)
{
	struct limits const limits = {
		.rate = rate < RATE_MAX ? rate : RATE_MAX,
		.full = (burst < BURST_MAX ? burst : BURST_MAX) * TOKEN,
	};
	struct throttle_slot *slot;
	uint64_t packed;

	if (rate < 1 || burst < 1)
		return THROTTLE_PASS;
	slot = claim(shm, user_id, limits, now_ms);
	packed = atomic_load(&slot->bucket);
	for (;;) {
		struct bucket b = refill(packed, limits, now_ms);
		enum throttle_verdict verdict = THROTTLE_PASS;

		if (b.tokens >= TOKEN)
			b.tokens -= TOKEN;
		else if (b.told)
			return THROTTLE_SILENT; /* nothing changed but the time, which keeps */
		else
			verdict = THROTTLE_HINT;
		b.told = b.told || verdict == THROTTLE_HINT;
		if (atomic_compare_exchange_weak(&slot->bucket, &packed, pack(b)))
			return verdict;
	}
}
