/*
 * clock.h: instants are microseconds since 1970 UTC (names end in _at); spans on
 * this host are monotonic milliseconds.  What decides about orders is the
 * database's clock, not this one.
 */
#ifndef KARTKA_CLOCK_H
#define KARTKA_CLOCK_H

#include "shared/base/arena.h"

#define CLOCK_SECOND INT64_C(1000000)

int64_t clock_now(void);	  /* µs, UTC */
int64_t clock_monotonic_ms(void); /* only differences mean something */

/* Use this zone for people ("Europe/Kyiv").  ERR_INVALID: the system does not know it. */
int clock_set_zone(const char *name) MUST_CHECK;

/* In the zone for people. */
const char *clock_hhmm(struct arena *a, int64_t at);	  /* 14:35 */
const char *clock_hhmmss(struct arena *a, int64_t at);	  /* 14:35:59 */
const char *clock_date(struct arena *a, int64_t at);	  /* 31.12.2026 */
const char *clock_date_hhmm(struct arena *a, int64_t at); /* 31.12.2026 14:35 */

/*
 * Days of people, as browsers write them: 2026-12-31.  clock_day: when the day `later` days
 * after this one begins in the zone for people.  ERR_INVALID: it is no day.
 */
const char *clock_iso_day(struct arena *a, int64_t at);
int clock_day(const char *iso_day, int later, int64_t *ret) MUST_CHECK;

/*
 * The same as numbers: days since 1970-01-01 on people's calendar.  A day lasts until the next
 * one begins: 23 or 25 hours where clocks change.
 */
int64_t clock_day_of(int64_t at);
int64_t clock_day_start(int64_t day);

/* 2026-12-31T12:35:59.123456Z */
const char *clock_iso(struct arena *a, int64_t at);

#endif
