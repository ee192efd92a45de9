/*
 * version.h: which Kartka this is.
 */
#ifndef KARTKA_BASE_VERSION_H
#define KARTKA_BASE_VERSION_H

/* "1.0": as the file VERSION says. */
const char *version_text(void);

#endif
