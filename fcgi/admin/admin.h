/*
 * admin.h: the program admin: the shop's health and numbers, and the panel.  A page of the
 * panel is a function in a file of its noun and a row in route.c's table; what it is given is
 * in visit.h.
 */
#ifndef KARTKA_ADMIN_H
#define KARTKA_ADMIN_H

#include "shared/domain/catalog.h"
#include "shared/domain/code.h"
#include "shared/platform/http.h"
#include "shared/platform/i18n.h"
#include "shared/platform/template.h"
#include "shared/platform/wake.h"
#include "shared/platform/web.h"
#include "shared/service/key_report.h"
#include "shared/service/program.h"

struct admin {
	struct program program;
	struct templates *templates;
	struct value
		*words[LANG__COUNT]; /* the phrases admin.*, as templates name them: t.x.y */
	struct wake *wake;
	struct catalog *catalog;
	struct code_vault vault;
	struct key_report keys;
	struct http *http; /* made when first needed: webhook.c */
	bool secure;	   /* PUBLIC_URL is https: cookies are bound to it */
};

/* ---- for whoever watches over the shop ---- */
web_handler health_live;  /* /healthz: nginx and this program answer */
web_handler health_ready; /* /readyz: everything that sells is there */
web_handler numbers_show; /* /metrics: in Prometheus's text format */

/* ---- the panel: everything below /admin/ ---- */
web_handler door_handle;

/* The phrases admin.x.y of a language as nested objects, for the life of the arena. */
struct value *words_new(struct arena *a, enum lang lang);

#endif
