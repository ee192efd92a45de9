/*
 * wake_sink: in the worker's place: takes the responders' datagrams and counts the callback
 * answers among them, sending nothing.  Its heart beats as a worker's, so the shop is ready.
 * Writes how many it took into the file BENCH_SINK_COUNT, ten times a second.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/domain/lease.h"
#include "shared/platform/wake.h"
#include "shared/service/program.h"

enum {
	BEAT_MS = 1000,
	COUNT_MS = 100,
	NAP_US = 1000, /* between looks: it is not to cost what is measured */
};

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
	UNUSED(signal_number);
	stop_wanted = 1;
}

static void count_write(unsigned long long count)
{
	const char *path = getenv("BENCH_SINK_COUNT");
	int const fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
	char text[32];
	int const len = snprintf(text, sizeof(text), "%20llu\n", count);

	if (fd >= 0 && pwrite(fd, text, (size_t)len, 0) != len)
		die("wake_sink: the count can't be written");
	if (fd >= 0)
		close(fd);
}

static void beat(struct program *p)
{
	struct worker_beat const beat = {
		.id = getpid(), .host = "bench", .pid = getpid(), .version = "bench"
	};

	beat_stamp(p->shm, BEAT_WORKER, clock_monotonic_ms());
	if (worker_beat(p->db, &beat))
		fprintf(stderr, "wake_sink: %s\n", db_error(p->db));
}

int main(void)
{
	unsigned long long count = 0;
	struct wake_message message;
	struct program p;
	const char *run;
	int64_t beat_due_ms = 0;
	int64_t count_due_ms = 0;
	int fd;

	signal(SIGTERM, want_stop);
	if (program_start("worker", &p))
		return 1;
	run = config_run_path(&p.arena, &p.config, "");
	if (wake_bind(run, &fd))
		die("wake_sink: no socket");
	while (!stop_wanted) {
		int64_t const now = clock_monotonic_ms();

		if (now >= beat_due_ms) {
			beat(&p);
			beat_due_ms = now + BEAT_MS;
		}
		if (now >= count_due_ms) {
			count_write(count);
			count_due_ms = now + COUNT_MS;
		}
		usleep(NAP_US);
		while (!wake_receive(fd, &message))
			count += message.is_callback;
	}
	wake_unbind(run, fd);
	program_end(&p);
	return 0;
}
