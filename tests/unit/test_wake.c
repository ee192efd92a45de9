/* Datagrams from responders to workers: senders and workers are processes here. */
#include "shared/platform/wake_private.h"

#include "shared/base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/kartka-wake-XXXXXX";

static int make_dir(void **state)
{
	UNUSED(state);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	UNUSED(state);
	return rmdir(dir);
}

static bool exists(const char *format, pid_t pid)
{
	struct sockaddr_un address;

	assert_int_equal(wake_address(&address, dir, format, pid), OK);
	return !access(address.sun_path, F_OK);
}

static void receive_soon(int fd, struct wake_message *ret)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < 3; i++) {
		if (wake_receive(fd, ret) == OK)
			return;
		assert_true(poll(&one, 1, 3000) > 0);
	}
	fail_msg("nothing came");
}

static void test_messages(void **state)
{
	struct wake_message message;
	struct wake *wake = NULL;
	char long_text[806];
	struct stat st;
	char path[128];
	int fd;

	UNUSED(state);
	assert_int_equal(wake_bind(dir, &fd), OK);
	snprintf(path, sizeof(path), "%s/worker.%d.sock", dir, (int)getpid());
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(wake_receive(fd, &message), ERR_NOT_FOUND);
	assert_int_equal(wake_new(dir, &wake), OK);
	wake_outbox(wake);
	receive_soon(fd, &message);
	assert_false(message.is_callback);
	assert_int_equal(message.opened_order, 0);
	wake_opened(wake, 17, -1001234567890);
	receive_soon(fd, &message);
	assert_false(message.is_callback);
	assert_int_equal(message.opened_order, 17);
	assert_int_equal(message.opened_chat, -1001234567890);
	assert_true(wake_answer_callback(wake, "4382bfdwdsb323b2d9", "Готово ✓", true));
	receive_soon(fd, &message);
	assert_true(message.is_callback);
	assert_int_equal(message.opened_order, 0);
	assert_true(message.alert);
	assert_string_equal(message.callback_id, "4382bfdwdsb323b2d9");
	assert_string_equal(message.text, "Готово ✓");
	assert_true(wake_answer_callback(wake, "1", NULL, false));
	assert_true(wake_answer_callback(wake, "2", "", false));
	receive_soon(fd, &message);
	assert_string_equal(message.callback_id, "1");
	assert_string_equal(message.text, "");
	assert_false(message.alert);
	receive_soon(fd, &message);
	assert_string_equal(message.callback_id, "2");
	memset(long_text, 'x', sizeof(long_text));
	long_text[803] = '\0';
	assert_true(wake_answer_callback(wake, "3", long_text, false));
	receive_soon(fd, &message);
	assert_string_equal(message.text, long_text);
	long_text[803] = 'x';
	long_text[804] = '\0';
	assert_false(wake_answer_callback(wake, "3", long_text, false));
	assert_false(wake_answer_callback(wake, "", "x", false));
	long_text[72] = '\0';
	assert_false(wake_answer_callback(wake, long_text, "x", false));
	assert_int_equal(wake_receive(fd, &message), ERR_NOT_FOUND);
	wake_free(wake);
	wake_unbind(dir, fd);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "\1", 1 },
		{ "\1\1\0", 3 },
		{ "\2\1\0\0", 4 }, /* another version */
		{ "\1\4\0\0", 4 }, /* another kind */
		{ "\1\3\0\0", 4 }, /* opened, but no order */
		{ "\1\3\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 20 },
		{ "\1\1\0\0x", 5 },	/* a wake-up with something in it */
		{ "\1\2\0\0", 4 },	/* no id */
		{ "\1\2\2\1x", 5 },	/* alert is 0 or 1 */
		{ "\1\2\0\5abcd", 8 },	/* an id longer than the packet */
		{ "\1\2\0\2a\0t", 7 },	/* NUL */
		{ "\1\2\0\1a\xC3", 6 }, /* broken UTF-8 */
		{ "\1\2\0\1a\xC0\x80", 7 },
	};
	char large[WAKE_PACKET_MAX + 10];
	struct wake_message message;
	int sender;
	int fd;

	UNUSED(state);
	assert_int_equal(wake_bind(dir, &fd), OK);
	sender = wake_connect(dir, getpid());
	assert_true(sender >= 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(send(sender, bad[i].data, bad[i].len, 0), bad[i].len);
	memset(large, 'x', sizeof(large));
	memcpy(large, "\1\2\0\110", 4); /* an id of 72 bytes */
	assert_int_equal(send(sender, large, sizeof(large), 0), sizeof(large));
	assert_int_equal(send(sender, large, 100, 0), 100);
	assert_int_equal(send(sender, "\1\1\0\0", 4, 0), 4);
	receive_soon(fd, &message);
	assert_false(message.is_callback);
	assert_int_equal(wake_receive(fd, &message), ERR_NOT_FOUND);
	close(sender);
	assert_int_equal(wake_receive(fd, &message), ERR_NOT_FOUND);
	wake_unbind(dir, fd);
}

static void test_no_worker(void **state)
{
	struct wake *wake = NULL;
	int64_t started;
	int fd;

	UNUSED(state);
	assert_int_equal(wake_new("/nowhere/at/all", &wake), OK);
	assert_false(wake_answer_callback(wake, "1", "x", false));
	wake_free(wake);
	assert_int_equal(wake_new(dir, &wake), OK);
	assert_false(wake_answer_callback(wake, "1", "x", false));
	assert_int_equal(wake_bind(dir, &fd), OK);
	started = clock_monotonic_ms();
	while (!wake_answer_callback(wake, "1", "x", false))
		usleep(1000);
	assert_true(clock_monotonic_ms() - started < 500);
	wake_unbind(dir, fd);
	wake_free(wake);
	assert_int_equal(
		wake_bind("/tmp/a-path-that-is-much-too-long-for-the-address-of-a-socket-"
			  "of-this-kind-which-has-one-hundred-and-eight-bytes",
			  &fd),
		ERR_FAILED);
}

/* A worker in a process of its own: receives until killed, and counts into a pipe. */
struct child {
	pid_t pid;
	int pipe;
};

static struct child worker_start(void)
{
	struct child child;
	int ends[2];
	char ready;

	assert_int_equal(pipe(ends), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (!child.pid) {
		struct wake_message message;
		struct pollfd one = { .events = POLLIN };

		if (wake_bind(dir, &one.fd) || write(ends[1], "r", 1) != 1)
			_exit(1);
		for (;;) {
			(void)poll(&one, 1, -1);
			while (!wake_receive(one.fd, &message))
				if (write(ends[1], "m", 1) != 1)
					_exit(1);
		}
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &ready, 1), 1);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ends[0], F_SETPIPE_SZ, 1024 * 1024);
	child.pipe = ends[0];
	return child;
}

static void worker_kill(struct child child)
{
	kill(child.pid, SIGKILL);
	waitpid(child.pid, NULL, 0);
}

static long worker_count(struct child child)
{
	char buffer[4096];
	long total = 0;
	ssize_t n;

	usleep(100000);
	while ((n = read(child.pipe, buffer, sizeof(buffer))) > 0)
		total += n;
	return total;
}

static void test_round_robin_and_death(void **state)
{
	struct wake *wake = NULL;
	struct child one = worker_start();
	struct child two = worker_start();
	int fd;

	UNUSED(state);
	assert_int_equal(wake_new(dir, &wake), OK);
	for (int i = 0; i < 100; i++)
		assert_true(wake_answer_callback(wake, "1", "x", false));
	assert_int_equal(worker_count(one), 50);
	assert_int_equal(worker_count(two), 50);
	worker_kill(one);
	for (int i = 0; i < 100; i++)
		assert_true(wake_answer_callback(wake, "1", "x", false));
	assert_int_equal(worker_count(two), 100);
	/* A stopped one fills up and is passed over. */
	one = worker_start();
	kill(one.pid, SIGSTOP);
	usleep(1100000);
	for (int i = 0; i < 20000; i++) {
		assert_true(wake_answer_callback(wake, "1", "x", false));
		if (i % 50 == 0)
			usleep(1000);
	}
	assert_in_range(worker_count(two), 10000, 19999);
	worker_kill(one);
	worker_kill(two);
	assert_false(wake_answer_callback(wake, "1", "x", false));
	assert_true(exists(WAKE_NAME, two.pid));
	assert_int_equal(wake_bind(dir, &fd), OK); /* sweeps what the dead left */
	assert_false(exists(WAKE_NAME, one.pid));
	assert_false(exists(WAKE_NAME, two.pid));
	assert_true(exists(WAKE_NAME, getpid()));
	wake_unbind(dir, fd);
	wake_free(wake);
	close(one.pipe);
	close(two.pipe);
}

/* A worker that is busy elsewhere for a while: what eight responders send meanwhile is kept. */
static void test_burst(void **state)
{
	enum { SENDERS = 8, EACH = 300 };
	struct wake_message message;
	long got = 0;
	int fd;

	UNUSED(state);
	assert_int_equal(wake_bind(dir, &fd), OK);
	for (int i = 0; i < SENDERS; i++) {
		pid_t const pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			struct wake *wake = NULL;
			int lost = wake_new(dir, &wake);

			for (int n = 0; n < EACH; n++)
				lost += !wake_answer_callback(wake, "4382bfdwdsb323b2d9",
							      "Готово", false);
			_exit(lost ? 1 : 0);
		}
	}
	for (int i = 0; i < SENDERS; i++) {
		int status = -1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	while (!wake_receive(fd, &message))
		got++;
	assert_int_equal(got, SENDERS * EACH);
	wake_unbind(dir, fd);
}

/* Names come and go by kill -9 at any instant; a sender keeps finding who lives. */
static void test_storm(void **state)
{
	struct wake *wake = NULL;
	struct child steady = worker_start();

	UNUSED(state);
	assert_int_equal(wake_new(dir, &wake), OK);
	for (int i = 0; i < 30; i++) {
		struct child brief = worker_start();

		for (int n = 0; n < 50; n++)
			assert_true(wake_answer_callback(wake, "1", "x", false));
		worker_kill(brief);
		close(brief.pipe);
	}
	assert_true(worker_count(steady) > 0);
	assert_true(exists(WAKE_NAME, steady.pid));
	kill(steady.pid, SIGKILL);
	waitpid(steady.pid, NULL, 0);
	close(steady.pipe);
	wake_free(wake);
}

static int sweep_dir(void **state)
{
	int fd;

	UNUSED(state);
	if (wake_bind(dir, &fd))
		return -1;
	wake_unbind(dir, fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_worker),
		cmocka_unit_test(test_round_robin_and_death),
		cmocka_unit_test(test_burst),
		cmocka_unit_test_teardown(test_storm, sweep_dir),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
