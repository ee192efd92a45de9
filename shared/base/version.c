#include "shared/base/version.h"

/* The Makefile tells it, from the file VERSION. */
#ifndef KARTKA_VERSION
#define KARTKA_VERSION "unknown"
#endif

const char *version_text(void)
{
	return KARTKA_VERSION;
}
