/*
 * limits.h: every number that bounds something, with its reason.
 */
#ifndef KARTKA_LIMITS_H
#define KARTKA_LIMITS_H

/* Telegram (Bot API 10.3; core.telegram.org/bots/api and the server's source). */
#define TELEGRAM_TEXT_MAX 4096	 /* of a message; counted in UTF-16 units, the stricter way */
#define TELEGRAM_HTML_MAX 16384	 /* bytes of HTML we are ready to send for one message */
#define TELEGRAM_CALLBACK_MAX 64 /* bytes of callback_data */
#define TELEGRAM_COPY_MAX 256	 /* characters of copy_text */
#define TELEGRAM_ANSWER_MAX 200	 /* characters of a callback's answer */
#define TELEGRAM_ID_MAX ((INT64_C(1) << 52) - 1) /* ids fit 52 bits, says the API */
#define TELEGRAM_EDIT_HOURS 47 /* 48 h is the API's limit for some acts; one hour to spare */
#define UPDATE_BODY_MAX                                                            \
	(1024 * 1024)	    /* the webhook's bodies; a real update is below 64 KiB \
			     */
#define UPDATE_DEPTH_MAX 64 /* nesting of JSON; real updates reach about 12 */

/* People and catalogue. */
#define NAME_POINTS_MAX 64	    /* a person's first name as Telegram allows it */
#define TITLE_POINTS_MAX 64	    /* a title on a button is still read on a phone */
#define INSTRUCTION_POINTS_MAX 1000 /* beside the codes it stays under Telegram's 4,096 */
#define SLUG_MAX 62		    /* "v_" + slug is a start parameter, at most 64 */
#define QUANTITY_MAX 50		    /* codes in one order: one .txt, one short transaction */
#define INLINE_CODES_MAX 10	    /* more come as a file: a message stays readable */
#define INLINE_CODES_BYTES 3500	    /* leaves room for the instruction under Telegram's 4,096 */
#define STOCK_SHOWN_MAX \
	100 /* counted exactly up to here, ">100" beyond: a tap's cost stays flat */
#define STOCK_SNAPSHOT_MS 1000 /* age of the counts on buttons */
#define PRICE_MAX_KOP 99999999 /* 999,999.99 ₴ */
#define ORDER_MIN_KOP 100      /* Portmone takes no less than 1.00 ₴ for a discounted order */
#define PAGE_SIZE 6	       /* rows of a list in the chat: fits a phone without scrolling */

/* Codes. */
#define CODE_MAX 256	   /* characters; what a copy button can hold */
#define CODE_LINE_MAX 4096 /* bytes of a line in a codes file */
#define IMPORT_CHUNK \
	500 /* rows a transaction: small enough for Galera, large enough for speed */
#define STAGING_HOURS 1	       /* an upload nobody confirmed is gone after this */
#define CODE_LIFE_MIN_HOURS 24 /* a code about to expire is not sold */

/* Time. */
#define CALL_TIMEOUT_MS 3000	 /* database, Telegram, Portmone: then "something is down" */
#define GATE_PROBE_MS 1000	 /* while it is down one probe a second looks */
#define ACCEPT_PAUSE_MS 50	 /* after EMFILE and its like */
#define HEARTBEAT_FRESH_MS 5000	 /* older means dead, for /readyz */
#define WORKER_DEAD_S 10	 /* without a heartbeat: what it had claimed is free again */
#define KEY_HOLDER_BEAT_MS 10000 /* a process says so often which keys it has */
#define KEY_HOLDER_DEAD_S 60	 /* six times it did not: nobody waits for it */
#define KEY_HOLDER_FRESH_S 30	 /* nobody has for so long: nobody is known to live */
#define OUTBOX_LEASE_S 60	 /* a claimed message is that worker's for so long */
#define OUTBOX_KEEP_DAYS 90 /* what was told and may be forgotten; money moves for 32 days */
#define DIALOG_TTL_S 900    /* a question nobody answered is forgotten */
#define INVARIANT_PART                                                                     \
	20000		  /* orders or codes a statement checks: far below CALL_TIMEOUT_MS \
			   */
#define DB_TX_TRIES 8	  /* a transaction is retried whole this often */
#define ASK_FIRST_S 10	  /* Portmone is asked 10, 20, 40 … s after the page was opened */
#define ASK_LONGEST_S 300 /* … at most this far apart */
#define ASK_HINT_GAP_S 2  /* hints make no more than one question in so long */
#define ASK_AFTER_END_S (48 * 3600) /* and this long after the order's end */
#define ASK_GRACE_S 120		 /* codes are kept at most so much longer for somebody paying */
#define ASK_DAILY_S (30 * 86400) /* then once a day this long: chargebacks */

/* Defaults of settings that keep codes from being held in vain. */
#define LIMIT_OPEN_ORDERS 10	 /* payment pages a person may have open */
#define LIMIT_RESERVED_CODES 100 /* codes they may hold together: two orders of the largest */
#define LIMIT_UNPAID_FREE 10	 /* orders in a row left to expire before a pause */
#define LIMIT_UNPAID_PAUSE_S 60	 /* the first pause, doubled by each further one */
#define LIMIT_UNPAID_PAUSE_MAX_S 3600

/*
 * Refunds.  A telling whose answer was lost is repeated only when so many usable answers, the
 * last so long after it, show no trace: longer than any server lets a request hang.
 */
#define REFUND_QUESTIONS 3
#define REFUND_SURE_S 60
#define REFUND_SENDS_MAX 3     /* then a person is told, and the questions go on */
#define REFUND_PAUSE_S 2       /* between looks at first; twice as long each time */
#define REFUND_PAUSE_MAX_S 300 /* … at most */

/* Passwords: OWASP's least for scrypt is N = 2^17, r = 8, p = 1. */
#define SCRYPT_COST_LOG 17
#define SCRYPT_BLOCK 8
#define SCRYPT_PARALLEL 1
#define SCRYPT_MEMORY_MAX (256 * 1024 * 1024)
#define PASSWORD_HASHES_AT_ONCE 2 /* on a host: 128 MiB each */

/* Sign-ins (ASVS 5.0, 6.3.1): so many failures without a wait, then 2, 4, 8 … 900 s. */
#define ATTEMPTS_FREE 5
#define ATTEMPTS_FREE_ADDRESS 30 /* an office behind one address */

/* Web. */
#define WEB_BODY_MAX (1024 * 1024) /* a form or a notification */
#define WEB_RESPONSE_MAX (8 * 1024 * 1024)
#define WEB_HEADERS_MAX 8192		  /* nginx reads them into fastcgi_buffer_size 16k */
#define HTTP_ANSWER_MAX (4 * 1024 * 1024) /* of Telegram or Portmone */
#define TEMPLATE_DEPTH_MAX 32		  /* of sections; of partials */
#define TEMPLATE_STEPS_MAX (16 * 1024 * 1024) /* texts, tags, items met on the way */
#define LOG_LINE_MAX 4096 /* one write(2) of this size to a file is not torn */

#endif
