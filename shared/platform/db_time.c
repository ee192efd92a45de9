#include "shared/platform/db_private.h"
#include "shared/base/clock.h"

enum { DAY_S = 86400, YEAR_MIN = 1, YEAR_MAX = 9999 };

/* Days since 1970-01-01 in the Gregorian calendar; a year begins in March here. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	int64_t const y = (int64_t)year - (month <= 2);
	int64_t const era = y / 400;
	int64_t const of_era = y % 400;
	int64_t const of_year = (153 * ((month + 9) % 12) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t db_time_read(const MYSQL_TIME *t)
{
	int64_t const seconds = days_of(t->year, t->month, t->day) * DAY_S +
				INT64_C(3600) * t->hour + INT64_C(60) * t->minute + t->second;

	return seconds * CLOCK_SECOND + (int64_t)t->second_part;
}

bool db_time_write(int64_t at, MYSQL_TIME *ret)
{
	if (at < days_of(YEAR_MIN, 1, 1) * DAY_S * CLOCK_SECOND ||
	    at >= days_of(YEAR_MAX + 1, 1, 1) * DAY_S * CLOCK_SECOND)
		return false;

	int64_t const part = (at % CLOCK_SECOND + CLOCK_SECOND) % CLOCK_SECOND;
	int64_t const seconds = (at - part) / CLOCK_SECOND;
	int64_t const of_day = (seconds % DAY_S + DAY_S) % DAY_S;
	int64_t const days = (seconds - of_day) / DAY_S + 719468;
	int64_t const era = days / 146097;
	int64_t const of_era = days % 146097;
	int64_t const year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t const of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t const month = (5 * of_year + 2) / 153; /* 0: March */

	*ret = (MYSQL_TIME){
		.year = (unsigned)(year + era * 400 + (month >= 10)),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
		.hour = (unsigned)(of_day / 3600),
		.minute = (unsigned)(of_day / 60 % 60),
		.second = (unsigned)(of_day % 60),
		.second_part = (unsigned long)part,
		.time_type = MYSQL_TIMESTAMP_DATETIME,
	};
	return true;
}
