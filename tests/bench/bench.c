#include "tests/bench/bench.h"

#include "shared/base/parse.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { CREW_MAX = 256, FAILURES_MAX = 10 };

int64_t bench_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t bench_number(const char *text, int64_t min, int64_t max)
{
	int64_t n;

	if (parse_int(text, min, max, &n))
		die("not a number from %lld to %lld: %s", (long long)min, (long long)max, text);
	return n;
}

/* ---- latencies ---- */

static size_t bucket_of(int64_t us)
{
	uint64_t const n = us > 0 ? (uint64_t)us : 0;
	int high = 0;
	size_t bucket;

	while (n >> (high + 1 + LATENCY_FINE))
		high++;
	/* Below 2^FINE+1 a bucket a microsecond, then 2^FINE buckets for each doubling. */
	bucket = ((size_t)high << LATENCY_FINE) + (size_t)(n >> high);
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int64_t bucket_value(size_t bucket)
{
	size_t const high = bucket >> LATENCY_FINE;

	if (high < 2)
		return (int64_t)bucket;
	return (int64_t)((bucket - ((high - 1) << LATENCY_FINE)) << (high - 1));
}

void latency_add(struct latency *l, int64_t us)
{
	l->buckets[bucket_of(us)]++;
	l->count++;
}

void latency_join(struct latency *to, const struct latency *from)
{
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	to->count += from->count;
}

int64_t latency_at(const struct latency *l, double share)
{
	uint64_t const wanted = (uint64_t)((double)l->count * share);
	uint64_t seen = 0;

	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += l->buckets[i];
		if (seen > wanted)
			return bucket_value(i);
	}
	return 0;
}

void bench_print(const struct latency *l, double seconds, uint64_t failed, const char *more)
{
	printf("{\"count\":%llu,\"seconds\":%.3f,\"per_second\":%.1f,\"p50_us\":%lld,"
	       "\"p99_us\":%lld,\"failed\":%llu%s}\n",
	       (unsigned long long)l->count, seconds,
	       seconds > 0 ? (double)l->count / seconds : 0, (long long)latency_at(l, 0.5),
	       (long long)latency_at(l, 0.99), (unsigned long long)failed, more);
}

/* ---- a crew ---- */

struct station {
	struct latency latency;
	uint64_t failed;
	atomic_int ready;
	int64_t ended_us;
};

struct yard {
	atomic_llong start_us; /* 0: not yet */
	struct station stations[CREW_MAX];
};

static void worker_run(const struct crew *crew, struct yard *yard, int worker)
{
	struct station *mine = &yard->stations[worker];
	void *state = crew->begin(worker, crew->data);
	int64_t began_us;
	int64_t end_us;
	int64_t now_us;

	atomic_store(&mine->ready, 1);
	while (!(began_us = atomic_load(&yard->start_us)))
		usleep(1000);
	end_us = began_us + (int64_t)(crew->seconds * 1e6);
	for (now_us = bench_now_us(); now_us < end_us && mine->failed < FAILURES_MAX;) {
		bool const done = crew->work(state);
		int64_t const after_us = bench_now_us();

		if (done)
			latency_add(&mine->latency, after_us - now_us);
		else
			mine->failed++;
		now_us = after_us;
	}
	mine->ended_us = now_us;
}

static void crew_start(const struct crew *crew, struct yard *yard)
{
	for (int i = 0; i < crew->workers; i++) {
		pid_t const pid = fork();

		if (pid < 0)
			die("fork failed");
		if (pid)
			continue;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		worker_run(crew, yard, i);
		_exit(0);
	}
	/* Not before everybody is connected. */
	for (int i = 0; i < crew->workers; i++)
		while (!atomic_load(&yard->stations[i].ready)) {
			int status;

			if (waitpid(-1, &status, WNOHANG) > 0)
				die("a worker ended before the start");
			usleep(1000);
		}
	atomic_store(&yard->start_us, bench_now_us());
}

int crew_run(const struct crew *crew)
{
	struct yard *yard = mmap(NULL, sizeof(*yard), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static struct latency all;
	int64_t ended_us = 0;
	uint64_t failed = 0;
	bool whole = true;
	int status;

	if (yard == MAP_FAILED || crew->workers < 1 || crew->workers > CREW_MAX)
		die("no room for the crew");
	fflush(stdout);
	crew_start(crew, yard);
	while (wait(&status) > 0)
		whole = whole && status == 0;
	for (int i = 0; i < crew->workers; i++) {
		latency_join(&all, &yard->stations[i].latency);
		failed += yard->stations[i].failed;
		if (yard->stations[i].ended_us > ended_us)
			ended_us = yard->stations[i].ended_us;
	}
	bench_print(&all, (double)(ended_us - yard->start_us) / 1e6, failed, "");
	return whole && !failed ? 0 : 1;
}
