/*
 * shm_private.h: the file behind shm.h.  Every field is one lock-free atomic that stands
 * for itself, so a process killed between any two instructions leaves nothing half done.
 *
 * Times are CLOCK_MONOTONIC in ms, which all processes of a host share.  They start again
 * at a boot that the file may survive, so a time in the future means nothing.
 *
 * For shm.c, beat.c, gate.c, metric.c and throttle.c only.
 */
#ifndef KARTKA_SHM_PRIVATE_H
#define KARTKA_SHM_PRIVATE_H

#include "shared/platform/shm.h"

#include <stdatomic.h>

enum {
	SHM_VERSION = 1,	/* another layout is another number */
	THROTTLE_SLOTS = 16384, /* people active within a bucket's refill (7 s): 256 KiB */
	BEAT_SLOTS = 256,	/* processes of a kind on one host, with some dead ones */
	SHM_LINE = 64,		/* what one core writes should not be on another's cache line */
};

#define SHM_MAGIC UINT64_C(0x6d656d616b74726b) /* "krtkamem" */

/* Clocks of two processes read in the other order; more than this ahead is another boot's. */
#define SHM_SKEW_MS 1000

/* Times are packed: 40 bits of ms are 34 years without a boot. */
#define SHM_TIME_BITS 40
#define SHM_TIME_MASK ((UINT64_C(1) << SHM_TIME_BITS) - 1)

struct throttle_slot {
	_Atomic int64_t user_id; /* 0: never used */
	_Atomic uint64_t bucket; /* throttle.c packs it; 0: full */
};

struct shm_layout {
	uint64_t magic;
	uint64_t version;
	uint64_t size;
	struct {
		_Alignas(SHM_LINE) _Atomic uint64_t mark; /* gate.c; 0: up */
	} gates[GATE__COUNT];
	struct {
		_Alignas(SHM_LINE) _Atomic uint64_t value;
	} metrics[METRIC__COUNT];
	_Alignas(SHM_LINE) _Atomic uint64_t beats[BEAT__COUNT][BEAT_SLOTS]; /* beat.c */
	_Alignas(SHM_LINE) struct throttle_slot throttle[THROTTLE_SLOTS];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics never take a lock");

struct shm {
	struct shm_layout *map;
	unsigned beat_slot[BEAT__COUNT]; /* where this process stamped last */
};

#endif
