/* telegram_server.h: the Bot API's address: /telegram/bot<token>/<method>. */
#ifndef SANDBOX_TELEGRAM_SERVER_H
#define SANDBOX_TELEGRAM_SERVER_H

#include "tests/sandbox/http.h"

http_handler telegram_serve;

#endif
