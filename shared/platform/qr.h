/*
 * qr.h: a QR code as the path of an SVG, by libqrencode: black modules as one path of unit
 * squares, without the quiet zone.
 */
#ifndef KARTKA_QR_H
#define KARTKA_QR_H

#include "shared/base/arena.h"

/* ret_size: modules on a side.  ERR_TOO_LONG: no code holds so much. */
int qr_path(struct arena *a, const char *text, const char **ret, int *ret_size) MUST_CHECK;

#endif
