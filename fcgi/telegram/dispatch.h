/*
 * dispatch.h: which screen answers an update: tables of buttons, commands, menu keys and
 * open questions.  Looks at nothing but the update and the person, and changes only the turn.
 */
#ifndef KARTKA_DISPATCH_H
#define KARTKA_DISPATCH_H

#include "fcgi/telegram/bot.h"

struct dispatch_row {
	const char *name; /* a format of button.h, a command, a phrase, a dialog's step */
	screen *draw;
	bool fresh; /* in a new message, even for a button: the old one is kept */
};

/* Never NULL: there is a screen for everything nobody waits for.  args and text are set. */
const struct dispatch_row *dispatch(struct turn *t);

/* Is this the answer to an open question, or the button that asks anew?  Others leave it. */
bool dispatch_keeps_dialog(const struct dispatch_row *row);

/*
 * Does callback data have this format of button.h?  %lld and %d are whole numbers without a
 * sign, as we write them, %s a word of small letters; those found are put into args and word.
 */
bool dispatch_matches(struct arena *a, const char *format, const char *data,
		      int64_t args[TURN_ARGS], const char **ret_word);

#endif
