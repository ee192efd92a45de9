/*
 * app.h: the program portmone: what all its pages share.  It serves two sockets: `pay`
 * with the payment pages, which may have to wait for the gateway, and `portmone` with the
 * buyer's return and the notification, which never do.
 */
#ifndef KARTKA_PORTMONE_APP_H
#define KARTKA_PORTMONE_APP_H

#include "shared/clients/portmone_link.h"
#include "shared/domain/catalog.h"
#include "shared/platform/template.h"
#include "shared/platform/wake.h"
#include "shared/platform/web.h"
#include "shared/service/program.h"

struct app {
	struct program program;
	struct templates *templates;
	struct wake *wake;
	struct catalog *catalog;
	struct portmone portmone; /* its http is made when first needed */
	enum beat beat;		  /* which of the two sockets is ours */
	bool ttl_is_fixed;	  /* ORDER_TTL is given: the panel's word does not count */
	char bot_name[64];	  /* the bot's username as last read; "" before */
	int64_t bot_name_due_ms;  /* when it is read again */
};

/* ---- the pages, one file each ---- */
web_handler pay_show;	 /* /pay/<token> */
web_handler return_show; /* /portmone/return */
web_handler notify_take; /* /portmone/notify */

#endif
