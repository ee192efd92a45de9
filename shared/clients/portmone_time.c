#include "shared/clients/portmone_private.h"

#include "shared/base/clock.h"

#include <time.h>

enum { HOUR = 3600, DAY = 86400 };

/* 01:00 UTC of the month's last Sunday; March and October have 31 days. */
static int64_t last_sunday(int year, int month)
{
	struct tm end = { .tm_year = year, .tm_mon = month, .tm_mday = 31, .tm_hour = 1 };
	int64_t const at = timegm(&end);

	return at - (int64_t)end.tm_wday * DAY;
}

/*
 * Kyiv is at UTC+2, +3 between the last Sundays of March and October, changing at 01:00
 * UTC (the rule of tzdata since 1996).  Computed here, because the process has one zone
 * and that is people's.
 */
static int64_t kyiv_offset(int64_t seconds)
{
	time_t const at = (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&at, &utc))
		return 0;
	return seconds >= last_sunday(utc.tm_year, 2) && seconds < last_sunday(utc.tm_year, 9)
		       ? 3 * HOUR
		       : 2 * HOUR;
}

static const char *format(struct arena *a, int64_t at, const char *fmt)
{
	int64_t const seconds = at / CLOCK_SECOND;
	time_t const kyiv = (time_t)(seconds + kyiv_offset(seconds));
	char text[32] = "";
	struct tm parts;

	if (!gmtime_r(&kyiv, &parts) || !strftime(text, sizeof(text), fmt, &parts))
		return "";
	return arena_strdup(a, text);
}

const char *portmone_dt(struct arena *a, int64_t at)
{
	return format(a, at, "%Y%m%d%H%M%S");
}

const char *portmone_date(struct arena *a, int64_t at)
{
	return format(a, at, "%d.%m.%Y");
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

static bool has_shape(const char *text, const char *shape)
{
	for (; *shape; text++, shape++)
		if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	return !*text;
}

int64_t portmone_time_read(const char *text)
{
	struct tm given;
	struct tm kyiv;
	int64_t local;

	if (!has_shape(text, "00.00.0000 00:00:00"))
		return 0;
	given = (struct tm){
		.tm_mday = two_digits(text),
		.tm_mon = two_digits(text + 3) - 1,
		.tm_year = two_digits(text + 6) * 100 + two_digits(text + 8) - 1900,
		.tm_hour = two_digits(text + 11),
		.tm_min = two_digits(text + 14),
		.tm_sec = two_digits(text + 17),
	};
	kyiv = given;
	local = timegm(&kyiv);
	/* timegm makes the 1st of March of the 30th of February */
	if (kyiv.tm_mday != given.tm_mday || kyiv.tm_mon != given.tm_mon ||
	    kyiv.tm_hour != given.tm_hour || kyiv.tm_min != given.tm_min ||
	    kyiv.tm_sec != given.tm_sec || given.tm_year < 70)
		return 0;
	/* The hour that autumn has twice is taken for the first. */
	local -= 3 * HOUR;
	return (kyiv_offset(local) == 3 * HOUR ? local : local + HOUR) * CLOCK_SECOND;
}
