/* api.h: /api/…: the chat page's and the tests' side (see API.md). */
#ifndef SANDBOX_API_H
#define SANDBOX_API_H

#include "tests/sandbox/http.h"

/* The body as an object, an empty one for no body; NULL: it is none, and that is answered. */
struct json_object *api_body(const struct http_request *r, struct http_answer *ret) MUST_CHECK;

/* people */
http_handler api_users;
http_handler api_user_set;
http_handler api_user_block;
http_handler api_user_say;
http_handler api_user_tap;
http_handler api_user_clear;
http_handler api_update;

/* the chat page */
http_handler api_chat;
http_handler api_bot;
http_handler api_queue;
http_handler api_wait_idle;

/* what happens */
http_handler api_events;
http_handler api_violations;
http_handler api_faults;
http_handler api_faults_set;
http_handler api_health;

/* money */
http_handler api_bills;
http_handler api_bill;
http_handler api_bill_pay;
http_handler api_bill_act;
http_handler api_notify;
http_handler pay_page;
http_handler pay_receipt;

#endif
