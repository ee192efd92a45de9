/*
 * fuzz.h: what a fuzzer is: fuzz_NAME.c defines the function below, its seeds are the
 * files in corpus/NAME/, its words, if it has any, in NAME.dict.  A finding is a crash:
 * FUZZ_CHECK for what must hold, the sanitizers for the rest.
 */
#ifndef KARTKA_FUZZ_H
#define KARTKA_FUZZ_H

#include "shared/base/base.h"

/* The name is libFuzzer's.  Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                            \
	do {                                                                             \
		if (!(condition))                                                        \
			die("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition); \
	} while (0)

#endif
