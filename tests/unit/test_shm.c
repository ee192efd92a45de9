/* What processes share: most of it is tried by processes, several at once, some killed. */
#include "shared/platform/shm_private.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/kartka-shm-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	UNUSED(state);
	snprintf(path, sizeof(path), "%s/shared.mem", mkdtemp(dir));
	return 0;
}

static int remove_dir(void **state)
{
	UNUSED(state);
	(void)unlink(path);
	return rmdir(dir);
}

/* A table nobody used yet. */
static struct shm *fresh(void)
{
	struct shm *shm = NULL;

	(void)unlink(path);
	assert_int_equal(shm_open_file(path, &shm), OK);
	return shm;
}

/* Counters that the children of a test add to. */
struct tally {
	_Atomic int go;
	_Atomic long count[4];
};

static struct tally *tally_new(void)
{
	struct tally *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(t != MAP_FAILED);
	return t;
}

typedef void child_work(struct shm *shm, struct tally *t, int number);

/* Run it in so many processes that open the file themselves and start together. */
static void run_children(int n, child_work *work, struct tally *t)
{
	for (int i = 0; i < n; i++) {
		pid_t const pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			struct shm *shm = NULL;

			if (shm_open_file(path, &shm))
				_exit(1);
			while (!atomic_load(&t->go))
				sched_yield();
			work(shm, t, i);
			shm_close(shm);
			_exit(0);
		}
	}
	atomic_store(&t->go, 1);
	for (int i = 0; i < n; i++) {
		int status = 0;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

/* ---- the file ---- */

static void test_file(void **state)
{
	struct shm *one = fresh();
	struct shm *two = NULL;
	struct stat st;

	UNUSED(state);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(shm_open_file(path, &two), OK);
	metric_add(one, METRIC_ORDERS_PAID, 3);
	metric_add(two, METRIC_ORDERS_PAID, 4);
	assert_int_equal(metric_get(one, METRIC_ORDERS_PAID), 7);
	assert_int_equal(metric_get(two, METRIC_ORDERS_OPENED), 0);
	shm_close(two);
	shm_close(one);
	assert_int_equal(shm_open_file(path, &one), OK);
	assert_int_equal(metric_get(one, METRIC_ORDERS_PAID), 7);
	shm_close(one);
	shm_close(NULL);
	assert_int_equal(shm_open_file("/nowhere/at/all", &one), ERR_FAILED);
}

/* Another layout, a torn file, rubbish: made anew; who has the old one keeps it. */
static void test_other_layout(void **state)
{
	struct shm *old = fresh();
	struct shm *shm = NULL;

	UNUSED(state);
	metric_add(old, METRIC_UPDATES, 5);
	old->map->version = SHM_VERSION + 1;
	assert_int_equal(shm_open_file(path, &shm), OK);
	assert_int_equal(metric_get(shm, METRIC_UPDATES), 0);
	metric_add(shm, METRIC_UPDATES, 1);
	assert_int_equal(metric_get(old, METRIC_UPDATES), 5);
	shm_close(old);
	shm_close(shm);
	for (off_t size = 0; size <= 4096; size += 1024) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(shm_open_file(path, &shm), OK);
		assert_int_equal(metric_get(shm, METRIC_UPDATES), 0);
		metric_add(shm, METRIC_UPDATES, 1);
		shm_close(shm);
	}
}

static void open_only(struct shm *shm, struct tally *t, int number)
{
	UNUSED(t);
	UNUSED(number);
	metric_add(shm, METRIC_UPDATES, 1);
}

/* All of many first processes end up with one file, also while some are killed. */
static void test_open_together(void **state)
{
	struct tally *t = tally_new();
	struct shm *shm;

	UNUSED(state);
	for (int round = 0; round < 20; round++) {
		(void)unlink(path);
		atomic_store(&t->go, 0);
		for (int i = 0; i < 3; i++) {
			pid_t const pid = fork();

			if (!pid) {
				struct shm *mine;

				for (;;) {
					if (shm_open_file(path, &mine))
						_exit(1);
					mine->map->version = 0;
					shm_close(mine);
				}
			}
			usleep((useconds_t)(round * 50 + 100));
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		(void)unlink(path);
		run_children(8, open_only, t);
		assert_int_equal(shm_open_file(path, &shm), OK);
		assert_int_equal(metric_get(shm, METRIC_UPDATES), 8);
		shm_close(shm);
	}
	munmap(t, sizeof(*t));
}

/* ---- throttle ---- */

static void test_throttle(void **state)
{
	struct shm *shm = fresh();
	int64_t const now = 5000000;

	UNUSED(state);
	for (int i = 0; i < 20; i++)
		assert_int_equal(throttle_take(shm, 7, 3, 20, now), THROTTLE_PASS);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now), THROTTLE_HINT);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now), THROTTLE_SILENT);
	assert_int_equal(throttle_take(shm, 8, 3, 20, now), THROTTLE_PASS);
	/* Three a second pass from here on, without another hint. */
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 333), THROTTLE_SILENT);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 334), THROTTLE_PASS);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 335), THROTTLE_SILENT);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 1000), THROTTLE_PASS);
	/* Quiet until the bucket is full: the next spell has a hint of its own. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(throttle_take(shm, 7, 3, 20, now + 9000), THROTTLE_PASS);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 9000), THROTTLE_HINT);
	assert_int_equal(throttle_take(shm, 7, 3, 20, now + 9001), THROTTLE_SILENT);
	shm_close(shm);
}

/* Somebody who never stops is told once, and gets exactly the rate. */
static void test_throttle_steady(void **state)
{
	struct shm *shm = fresh();
	long count[3] = { 0, 0, 0 };

	UNUSED(state);
	for (int64_t ms = 0; ms < 60000; ms += 20)
		count[throttle_take(shm, 9, 3, 20, 1000000 + ms)]++;
	assert_int_equal(count[THROTTLE_HINT], 1);
	assert_in_range(count[THROTTLE_PASS], 20 + 3 * 60 - 2, 20 + 3 * 60);
	shm_close(shm);
}

/* Scenario 28: a boot starts the clock again; another process's may be a little behind. */
static void test_throttle_clock(void **state)
{
	struct shm *shm = fresh();

	UNUSED(state);
	for (int i = 0; i < 21; i++)
		(void)throttle_take(shm, 7, 3, 20, 900000000);
	assert_int_equal(throttle_take(shm, 7, 3, 20, 900000000 - 5), THROTTLE_SILENT);
	assert_int_equal(throttle_take(shm, 7, 3, 20, 12345), THROTTLE_PASS);
	assert_int_equal(throttle_take(shm, 7, 0, 20, 12345), THROTTLE_PASS);
	/* More than the fields hold is cut, not wrapped. */
	for (int i = 0; i < 8000; i++)
		assert_int_equal(throttle_take(shm, 6, INT64_MAX, INT64_MAX, 12345),
				 THROTTLE_PASS);
	assert_int_equal(throttle_take(shm, 6, INT64_MAX, INT64_MAX, 12345), THROTTLE_HINT);
	assert_int_equal(throttle_take(shm, 6, INT64_MAX, INT64_MAX, 22345), THROTTLE_PASS);
	shm_close(shm);
}

/* Far more people than slots: nobody is refused wrongly, and a flood is still refused. */
static void test_throttle_crowd(void **state)
{
	struct shm *shm = fresh();
	int64_t now = 1000000;
	long passed = 0;

	UNUSED(state);
	for (int64_t id = 1; id <= 200000; id++, now += id % 10 == 0)
		assert_int_equal(throttle_take(shm, 400000000 + id, 3, 20, now), THROTTLE_PASS);
	for (int i = 0; i < 1000; i++)
		passed += throttle_take(shm, 5, 3, 20, now) == THROTTLE_PASS;
	assert_int_equal(passed, 20);
	shm_close(shm);
}

static void take_many(struct shm *shm, struct tally *t, int number)
{
	UNUSED(number);
	for (int i = 0; i < 20000; i++)
		for (int64_t id = 1; id <= 3; id++)
			atomic_fetch_add(&t->count[throttle_take(shm, id, 3, 20, 7000000)], 1);
}

static void test_throttle_shared(void **state)
{
	struct tally *t = tally_new();

	UNUSED(state);
	shm_close(fresh());
	run_children(8, take_many, t);
	assert_int_equal(t->count[THROTTLE_PASS], 3 * 20);
	assert_int_equal(t->count[THROTTLE_HINT], 3);
	assert_int_equal(t->count[THROTTLE_SILENT], 8 * 60000 - 3 * 20 - 3);
	munmap(t, sizeof(*t));
}

/* ---- gate ---- */

static void test_gate(void **state)
{
	struct shm *shm = fresh();
	int64_t const t0 = 50000;

	UNUSED(state);
	assert_true(gate_try(shm, GATE_DB, t0));
	assert_false(gate_is_down(shm, GATE_DB));
	gate_report(shm, GATE_DB, false, t0);
	assert_true(gate_is_down(shm, GATE_DB));
	assert_false(gate_is_down(shm, GATE_TELEGRAM));
	assert_false(gate_try(shm, GATE_DB, t0 + 1));
	assert_false(gate_try(shm, GATE_DB, t0 + GATE_PROBE_MS - 1));
	assert_true(gate_try(shm, GATE_DB, t0 + GATE_PROBE_MS));
	assert_false(gate_try(shm, GATE_DB, t0 + GATE_PROBE_MS));
	gate_report(shm, GATE_DB, false, t0 + 2 * GATE_PROBE_MS - 1); /* a slow probe's end */
	assert_true(gate_try(shm, GATE_DB, t0 + 2 * GATE_PROBE_MS));
	gate_report(shm, GATE_DB, true, t0 + 2 * GATE_PROBE_MS + 5);
	assert_true(gate_try(shm, GATE_DB, t0 + 2 * GATE_PROBE_MS + 6));
	assert_false(gate_is_down(shm, GATE_DB));
	gate_report(shm, GATE_PORTMONE, false, 99999999);
	assert_true(gate_try(shm, GATE_PORTMONE, 10)); /* after a boot */
	shm_close(shm);
}

/* Eight knock at the same moment of each of 200 seconds; the one let in never reports back. */
static void knock_once(struct shm *shm, struct tally *t, int number)
{
	UNUSED(number);
	for (int64_t second = 1; second <= 200; second++) {
		atomic_fetch_add(&t->count[2], 1);
		while (atomic_load(&t->count[2]) < 8 * second)
			sched_yield();
		if (gate_try(shm, GATE_TELEGRAM, 100000 + second * GATE_PROBE_MS))
			atomic_fetch_add(&t->count[0], 1);
	}
}

static void test_gate_single_probe(void **state)
{
	struct tally *t = tally_new();
	struct shm *shm = fresh();

	UNUSED(state);
	gate_report(shm, GATE_TELEGRAM, false, 100000);
	run_children(8, knock_once, t);
	assert_int_equal(t->count[0], 200);
	munmap(t, sizeof(*t));
	shm_close(shm);
}

/* ---- heartbeat ---- */

static void stamp(struct shm *shm, struct tally *t, int number)
{
	UNUSED(t);
	for (int64_t ms = 2100; ms <= 3000; ms += 100)
		beat_stamp(shm, number % 2 ? BEAT_TELEGRAM : BEAT_WORKER, 100000 + ms);
}

static void test_beat(void **state)
{
	struct tally *t = tally_new();
	struct shm *shm = fresh();

	UNUSED(state);
	run_children(9, stamp, t);
	assert_int_equal(beat_alive(shm, BEAT_TELEGRAM, 103000), 4);
	assert_int_equal(beat_alive(shm, BEAT_WORKER, 103000), 5);
	assert_int_equal(beat_alive(shm, BEAT_ADMIN, 103000), 0);
	assert_int_equal(beat_alive(shm, BEAT_WORKER, 103000 + HEARTBEAT_FRESH_MS), 5);
	assert_int_equal(beat_alive(shm, BEAT_WORKER, 103001 + HEARTBEAT_FRESH_MS), 0);
	assert_int_equal(beat_alive(shm, BEAT_WORKER, 500), 0); /* after a boot */
	munmap(t, sizeof(*t));
	shm_close(shm);
}

static void test_beat_slots_reused(void **state)
{
	struct shm *shm = fresh();

	UNUSED(state);
	for (size_t i = 0; i < BEAT_SLOTS; i++)
		atomic_store(&shm->map->beats[BEAT_ADMIN][i],
			     (uint64_t)(i + 4000000) << SHM_TIME_BITS | 90000);
	beat_stamp(shm, BEAT_ADMIN, 91000); /* all taken by the living: not counted, no harm */
	assert_int_equal(beat_alive(shm, BEAT_ADMIN, 91000), BEAT_SLOTS);
	beat_stamp(shm, BEAT_ADMIN, 100000);
	beat_stamp(shm, BEAT_ADMIN, 100500);
	assert_int_equal(beat_alive(shm, BEAT_ADMIN, 101000), 1);
	shm_close(shm);
}

/* ---- counters ---- */

static void count(struct shm *shm, struct tally *t, int number)
{
	UNUSED(t);
	UNUSED(number);
	for (int i = 0; i < 100000; i++)
		metric_add(shm, METRIC_MESSAGES_SENT, 1);
}

static void test_metric(void **state)
{
	struct tally *t = tally_new();
	struct shm *shm = fresh();

	UNUSED(state);
	run_children(4, count, t);
	assert_int_equal(metric_get(shm, METRIC_MESSAGES_SENT), 400000);
	for (int i = 0; i < METRIC__COUNT; i++) {
		const char *name = metric_name((enum metric)i);

		assert_true(strlen(metric_help((enum metric)i)) > 0);
		assert_int_equal(strncmp(name, "kartka_", 7), 0);
		assert_string_equal(name + strlen(name) - 6, "_total");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, metric_name((enum metric)j));
	}
	munmap(t, sizeof(*t));
	shm_close(shm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_other_layout),
		cmocka_unit_test(test_open_together),
		cmocka_unit_test(test_throttle),
		cmocka_unit_test(test_throttle_steady),
		cmocka_unit_test(test_throttle_clock),
		cmocka_unit_test(test_throttle_crowd),
		cmocka_unit_test(test_throttle_shared),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_gate_single_probe),
		cmocka_unit_test(test_beat),
		cmocka_unit_test(test_beat_slots_reused),
		cmocka_unit_test(test_metric),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
