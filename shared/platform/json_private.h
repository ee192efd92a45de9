/*
 * json_private.h: what json's own files share.  For json*.c only.
 */
#ifndef KARTKA_JSON_PRIVATE_H
#define KARTKA_JSON_PRIVATE_H

#include "shared/base/base.h"

/*
 * What json-c lets pass although it is no JSON, or would bend: broken UTF-8, control
 * characters in strings, 'single' quotes, NaN, Infinity, 01, 5., .5; and a NUL in a
 * member's name, which json-c would cut there; nesting deeper than depth.  ERR_INVALID for
 * all of them.
 * ret_long: how many integers need more than int64.
 */
int json_check(struct bytes text, int depth, size_t *ret_long) MUST_CHECK;

/*
 * json-c clamps integers that need more than 64 bits.  A copy of a text that json_check()
 * passed, with JSON_LONG_MARK after each integer beyond int64: a number that json-c keeps
 * as it is written.  NULL: no memory.
 */
char *json_mark_long(struct bytes text, size_t count, size_t *ret_len);

#define JSON_LONG_MARK "e0"

#endif
