#include "shared/base/clock.h"

#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400 };

int64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_set_zone(const char *name)
{
	char path[160];
	int const len = snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);

	if (len < 0 || (size_t)len >= sizeof(path) || strstr(name, "..") || !*name)
		return ERR_INVALID;
	if (strcmp(name, "UTC") != 0 && access(path, R_OK) != 0)
		return ERR_INVALID;
	setenv("TZ", name, 1);
	tzset();
	return OK;
}

static const char *format(struct arena *a, int64_t at, bool utc, const char *fmt)
{
	time_t const seconds = (time_t)(at / CLOCK_SECOND);
	char text[64] = "";
	struct tm parts;

	if (!(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)))
		return "";
	if (!strftime(text, sizeof(text), fmt, &parts))
		return "";
	return arena_strdup(a, text);
}

const char *clock_hhmm(struct arena *a, int64_t at)
{
	return format(a, at, false, "%H:%M");
}

const char *clock_hhmmss(struct arena *a, int64_t at)
{
	return format(a, at, false, "%H:%M:%S");
}

const char *clock_date(struct arena *a, int64_t at)
{
	return format(a, at, false, "%d.%m.%Y");
}

const char *clock_date_hhmm(struct arena *a, int64_t at)
{
	return format(a, at, false, "%d.%m.%Y %H:%M");
}

const char *clock_iso_day(struct arena *a, int64_t at)
{
	return format(a, at, false, "%Y-%m-%d");
}

int clock_day(const char *iso_day, int later, int64_t *ret)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *end = strptime(iso_day, "%Y-%m-%d", &parts);
	int const day = parts.tm_mday;
	int const month = parts.tm_mon;
	time_t at;

	if (!end || *end || strlen(iso_day) != 10)
		return ERR_INVALID;
	at = mktime(&parts);
	if (at == (time_t)-1 || parts.tm_mday != day || parts.tm_mon != month)
		return ERR_INVALID; /* the 31st of a month that has 30 */
	parts.tm_mday += later;
	parts.tm_isdst = -1; /* a day may have 23 or 25 hours */
	at = mktime(&parts);
	*ret = (int64_t)at * CLOCK_SECOND;
	return OK;
}

int64_t clock_day_of(int64_t at)
{
	time_t const seconds = (time_t)(at / CLOCK_SECOND);
	struct tm parts;

	if (!localtime_r(&seconds, &parts))
		return 0;
	/* The same date at midnight UTC. */
	parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
	return (int64_t)timegm(&parts) / DAY_S;
}

int64_t clock_day_start(int64_t day)
{
	struct tm parts = { .tm_year = 70, .tm_mday = 1 + (int)day, .tm_isdst = -1 };

	return (int64_t)mktime(&parts) * CLOCK_SECOND;
}

const char *clock_iso(struct arena *a, int64_t at)
{
	return arena_printf(a, "%s.%06dZ", format(a, at, true, "%Y-%m-%dT%H:%M:%S"),
			    (int)(at % CLOCK_SECOND));
}
