/* telegram_callback.h: taps on inline buttons, until they are answered.  With the world locked.
 */
#ifndef SANDBOX_TELEGRAM_CALLBACK_H
#define SANDBOX_TELEGRAM_CALLBACK_H

#include "tests/sandbox/telegram_call.h"

/* How long a tap can be answered; the update itself lives as long. */
enum { CALLBACK_SECONDS = 150 };

void callback_answer(struct call *c);

/* A person taps; the ids of the (last) update and query.  0: updates of that kind are not
 * wanted. */
int64_t callback_tap(int64_t user_id, struct json_object *message, const char *data,
		     char ret_id[24]);

/* Of the chat page: ids of the taps still waiting, and what was answered to the last ones. */
struct json_object *callback_spinners(int64_t user_id);
struct json_object *callback_answers(int64_t user_id);
/* When the last open spinner of anybody gives up; 0: there is none. */
double callback_open_until(void);

#endif
