/*
 * The worker: sends what is in the outbox, asks Portmone, expires orders, and in polling
 * mode fetches updates.  Any number of them, on any number of hosts.
 */
#include "fcgi/worker/loop.h"
#include "shared/base/log.h"

int main(void)
{
	static struct worker w;

	if (worker_init(&w))
		return 1;
	log_event(LOG_INFO, "started", "id=%lld polling=%d", (long long)w.id,
		  w.program.config.polling);
	loop_run(&w);
	log_event(LOG_INFO, "stopped", "id=%lld", (long long)w.id);
	worker_release(&w);
	return 0;
}
