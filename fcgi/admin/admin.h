/*
 * admin.h: the program admin: the shop's health and numbers, and the panel.  What its pages
 * share; a page is a function in a file of its noun and a row in main.c's table.
 */
#ifndef KARTKA_ADMIN_H
#define KARTKA_ADMIN_H

#include "shared/platform/web.h"
#include "shared/service/program.h"

struct admin {
	struct program program;
};

/* ---- for whoever watches over the shop ---- */
web_handler health_live;  /* /healthz: nginx and this program answer */
web_handler health_ready; /* /readyz: everything that sells is there */
web_handler numbers_show; /* /metrics: in Prometheus's text format */

#endif
