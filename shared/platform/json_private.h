/*
 * json_private.h: what json's own files share.  For json*.c only.
 */
#ifndef KARTKA_JSON_PRIVATE_H
#define KARTKA_JSON_PRIVATE_H

#include "shared/platform/json.h"

/*
 * A copy of the text for json-c, without blanks between its parts; free() it.  NULL: it is no
 * JSON (RFC 8259), or nested deeper than depth.  json-c alone would let pass or bend broken
 * UTF-8, control characters in strings, 'single' quotes, NaN, 01, 5., and a NUL in a member's
 * name.
 * want: as for json_parse_wanted(); NULL: all.
 * json-c clamps integers beyond int64; they get JSON_LONG_MARK, which makes each a number that
 * json-c keeps as it is written.
 */
char *json_reduce(struct bytes text, int depth, const struct json_want *want, size_t *ret_len);

#define JSON_LONG_MARK "e0"
enum { JSON_LONG_DIGITS = 19 }; /* what is beyond int64 has that many */

#endif
