#include "fcgi/worker/backoff.h"

#include "shared/platform/crypto.h"

enum { FIRST_MS = 1000, LONGEST_MS = 300000 };

int64_t backoff_ms(int attempts, uint64_t chance)
{
	int64_t ms = FIRST_MS;

	for (int i = 1; i < attempts && ms < LONGEST_MS; i++)
		ms *= 2;
	if (ms > LONGEST_MS)
		ms = LONGEST_MS;
	return ms / 2 + (int64_t)(chance % (uint64_t)(ms / 2 + 1));
}

int64_t backoff_next_ms(int attempts)
{
	uint64_t chance;

	crypto_random(&chance, sizeof(chance));
	return backoff_ms(attempts, chance);
}
