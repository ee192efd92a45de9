/*
 * screen.h: every screen of the bot.  What a screen takes from the turn stands beside it;
 * which button, command or text leads to it is in dispatch.c.
 */
#ifndef KARTKA_SCREEN_H
#define KARTKA_SCREEN_H

#include "fcgi/telegram/bot.h"

/* screen_home.c */
screen screen_start; /* text: the deep link's parameter, "v_<slug>" */
screen screen_home;  /* the menu in place, for a button */
screen screen_menu;  /* the menu as the keyboard below the input */
screen screen_help;
screen screen_terms;
screen screen_privacy;
screen screen_paysupport;
screen screen_unknown;	      /* a text, a sticker … that nobody waits for */
screen screen_button_unknown; /* a button of another time */
screen screen_nothing;	      /* a label that does nothing */
screen screen_banned;
screen screen_throttled;

/* screen_person.c */
screen screen_language;
screen screen_language_set; /* text: uk, en, ru */
screen screen_erase;
screen screen_erase_yes;

/* screen_catalog.c */
screen screen_categories; /* args: page */
screen screen_category;	  /* args: category, page */
screen screen_gone;	  /* it is not sold any more */

/* screen_offer.c */
screen screen_value;	   /* args: value, quantity: up to the payment button */
screen screen_value_fresh; /* args: value; in a new message */
screen screen_quantity;	   /* args: value; asks for a number */
screen dialog_quantity;	   /* text: the answer */
screen screen_restock;	   /* args: value */

/* screen_purchase.c */
screen screen_purchases;   /* args: before this order, 0: the newest */
screen screen_order;	   /* args: order; its codes again */
screen screen_cancel;	   /* args: order */
screen screen_refund_wish; /* args: order */

/* screen_problem.c */
screen screen_problem;	    /* args: order */
screen screen_problem_code; /* args: order, place; asks what is wrong */
screen screen_problem_send; /* args: order, place; without a word */
screen dialog_problem;	    /* text: what is wrong */

#endif
