#include "shared/platform/db_private.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/platform/crypto.h"

#include <time.h>

/* Between two tries of a transaction: long enough for the other one to end, short for a tap. */
enum { PAUSE_MIN_MS = 5, PAUSE_MAX_MS = 50 };

static int begin_once(struct db *db)
{
	int const rc = db_connect(db);

	if (rc)
		return rc;
	if (!db_command(db, "START TRANSACTION"))
		return db_conn_failed(db);
	db->in_tx = true;
	db->tx_rc = OK;
	return OK;
}

struct db_tx db_tx_begin(struct db *db)
{
	int64_t const began_ms = clock_monotonic_ms();
	struct db_tx tx = { .db = db };

	if (db->in_tx) {
		db_misused(db, "a transaction within a transaction");
		tx.rc = ERR_FAILED;
		return tx;
	}
	db_refresh(db);
	tx.rc = begin_once(db);
	/* Nothing is lost with a connection that dies here. */
	if (tx.rc == ERR_DOWN && (db->lost || db->nothing_done) && db_has_time(db, began_ms))
		tx.rc = begin_once(db);
	tx.open = !tx.rc;
	return tx;
}

int db_tx_commit(struct db_tx *tx)
{
	struct db *db = tx->db;
	int rc;

	if (!tx->open)
		return tx->rc ? tx->rc : ERR_FAILED;
	rc = db->tx_rc;
	if (!rc && !db_command(db, "COMMIT")) {
		rc = db_conn_failed(db);
		/* It may have arrived. */
		if (!db->conn)
			rc = ERR_UNSURE;
	}
	/* Whatever the server thinks of it, the next statement is not a part of it. */
	if (rc && db->conn && !db->tx_rc && !db_command(db, "ROLLBACK"))
		db_disconnect(db);
	tx->open = db->in_tx = false;
	return rc;
}

void db_tx_end(struct db_tx *tx)
{
	struct db *db = tx->db;

	if (!tx->open)
		return;
	/* A connection that can't roll back does so by ending. */
	if (!db->tx_rc && !db_command(db, "ROLLBACK"))
		db_disconnect(db);
	tx->open = db->in_tx = false;
}

bool db_in_tx(const struct db *db)
{
	return db->in_tx;
}

/* Between the least pause and one that doubles from try to try. */
static void pause_before(int try)
{
	int const ceiling = PAUSE_MIN_MS << try;
	int const span = (ceiling < PAUSE_MAX_MS ? ceiling : PAUSE_MAX_MS) - PAUSE_MIN_MS + 1;
	struct timespec pause = { 0 };
	uint32_t dice;

	crypto_random(&dice, sizeof(dice));
	pause.tv_nsec = (long)(PAUSE_MIN_MS + (int)(dice % (uint32_t)span)) * 1000000;
	nanosleep(&pause, NULL);
}

/*
 * A server that went away in the middle is worth a few more tries, as another host may be fit
 * or it may be back; one that was away from the start is not.
 */
static bool worth_a_try(int rc, int try)
{
	return rc == ERR_RETRY || rc == ERR_UNSURE || (rc == ERR_DOWN && try > 1);
}

int db_retry(struct db *db, db_work *work, void *data)
{
	int64_t const end_ms = clock_monotonic_ms() + db->timeout_ms;
	bool unsure = false;
	int rc = work(db, data);

	for (int try = 1; worth_a_try(rc, try); try++) {
		unsure = unsure || rc == ERR_UNSURE;
		if (try == DB_TX_TRIES || clock_monotonic_ms() >= end_ms)
			break;
		pause_before(try);
		rc = work(db, data);
	}
	if (rc != ERR_RETRY && rc != ERR_DOWN)
		return rc;
	if (unsure)
		return ERR_UNSURE;
	/* A lost connection has used up the time: who waits is told so. */
	return db->conn ? rc : ERR_DOWN;
}
