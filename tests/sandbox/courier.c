#include "tests/sandbox/courier.h"

#include <pthread.h>

#include "tests/sandbox/portmone_notify.h"
#include "tests/sandbox/telegram_deliver.h"
#include "tests/sandbox/world.h"

enum { CONNECTIONS_KEPT = 128 };

static CURLM *multi;
static pthread_t thread;

static void wake(void)
{
	curl_multi_wakeup(multi);
}

static void *carry(void *arg)
{
	(void)arg;
	while (!world_stopping()) {
		double next;
		double other;
		int running;

		world_lock();
		next = deliver_start(multi);
		other = notify_start(multi);
		world_unlock();
		next = (other < next ? other : next) - clock_now();
		curl_multi_perform(multi, &running);
		post_collect(multi);
		/* A second at most: clocks are set back, too. */
		curl_multi_poll(multi, NULL, 0,
				next <= 0  ? 1
				: next < 1 ? (int)(next * 1000) + 1
					   : 1000,
				NULL);
	}
	deliver_stop(multi);
	notify_stop(multi);
	return NULL;
}

bool courier_start(void)
{
	multi = curl_multi_init();
	if (!multi)
		return false;
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	world_lock();
	world_on_change(wake);
	world_unlock();
	return pthread_create(&thread, NULL, carry, NULL) == 0;
}

void courier_stop(void)
{
	pthread_join(thread, NULL);
	world_on_change(NULL);
	curl_multi_cleanup(multi);
}
