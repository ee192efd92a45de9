/*
 * multipart.h: multipart/form-data (RFC 7578) as browsers send a form with a file, strictly:
 * each name at most once, at most one file, text valid UTF-8 without NUL.  The client's name
 * for the file is not looked at: it is nothing one could trust.
 */
#ifndef KARTKA_MULTIPART_H
#define KARTKA_MULTIPART_H

#include "shared/platform/form.h"

/*
 * Texts go into ret; the file (borrowed from the body) into ret_file, {NULL,0} when none was
 * chosen.  ERR_INVALID: it is none of that; ERR_TOO_LONG: too many fields.
 */
int multipart_parse(struct arena *a, const char *content_type, struct bytes body,
		    struct form *ret, struct bytes *ret_file) MUST_CHECK;

#endif
