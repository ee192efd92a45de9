/*
 * parse.h: outside text becomes a typed value or an error, at the door, whole
 * strings only: no signs, blanks, exponents or foreign digits that were not asked for.
 */
#ifndef KARTKA_PARSE_H
#define KARTKA_PARSE_H

#include "shared/base/money.h"

/* [-]digits, within [min, max].  ERR_INVALID otherwise. */
int parse_int(const char *text, int64_t min, int64_t max, int64_t *ret) MUST_CHECK;

/* Lower- or upper-case hexadecimal of exactly size bytes. */
int parse_hex(const char *text, unsigned char *ret, size_t size) MUST_CHECK;

/* A sum as people and gateways write it: "249,90", "249.9", "250"; at most two decimals, never
 * negative. */
int parse_money(const char *text, struct money *ret) MUST_CHECK;

/* The same with an optional leading minus: Portmone's RETURN rows. */
int parse_money_signed(const char *text, struct money *ret) MUST_CHECK;

/* [a-z0-9_-]{1,62}: names of categories and values in links and files. */
bool parse_is_slug(const char *text);

/* No letter beyond ASCII: a column that holds only those can't be compared with others. */
bool parse_is_ascii(const char *text);

/* "yes", "on", "true", "1" / "no", "off", "false", "0". */
int parse_bool(const char *text, bool *ret) MUST_CHECK;

#endif
