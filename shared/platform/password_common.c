/*
 * Passwords that are tried first.  Lists of leaked passwords are short ones mostly; what
 * passes PASSWORD_MIN is words of those put together, keyboards' rows, and repetition, so
 * that is what is looked for: what is left of the password once such pieces are taken out.
 */
#include "shared/platform/password.h"

#include <ctype.h>
#include <strings.h>

enum { REST_MIN = 5 }; /* less beside common pieces is a suffix, not a password */

static const char *const pieces[] = {
	"password",	 "passwort",  "passw0rd",   "p@ssw0rd",	  "p@ssword",  "parol",
	"qwertyuiop",	 "qwerty",    "asdfghjkl",  "asdfgh",	  "zxcvbnm",   "zxcvbn",
	"1q2w3e4r5t",	 "1q2w3e4r",  "1qaz2wsx",   "qazwsxedc",  "qazwsx",    "1qaz",
	"2wsx",		 "3edc",      "1234567890", "123456789",  "12345678",  "1234567",
	"123456",	 "12345",     "1234",	    "0987654321", "987654321", "87654321",
	"654321",	 "54321",     "abcdefgh",   "abcdef",	  "abc123",    "abcd",
	"administrator", "admin",     "root",	    "welcome",	  "letmein",   "iloveyou",
	"monkey",	 "dragon",    "football",   "baseball",	  "master",    "superman",
	"sunshine",	 "princess",  "michael",    "shadow",	  "trustno1",  "starwars",
	"whatever",	 "computer",  "internet",   "secret",	  "changeme",  "default",
	"login",	 "user",      "test",	    "guest",	  "kartka",    "ukraine",
	"ukraina",	 "kyiv",      "kiev",	    "telegram",	  "portmone",  "marina",
	"natasha",	 "samsung",   "google",	    "facebook",	  "liverpool", "chelsea",
	"arsenal",	 "barcelona", "juventus",   "pokemon",	  "minecraft", "summer",
	"winter",	 "spring",    "autumn",	    "january",	  "december",  "monday",
	"friday",	 "hello",     "love",	    "2020",	  "2021",      "2022",
	"2023",		 "2024",      "2025",	    "2026",	  "2027",      "111",
	"222",		 "333",	      "000",	    "666",	  "777",       "999",
};

/* How much of it is one of the pieces; 0: it begins with none. */
static size_t piece_at(const char *p)
{
	for (size_t i = 0; i < COUNT(pieces); i++)
		if (!strncasecmp(p, pieces[i], strlen(pieces[i])))
			return strlen(pieces[i]);
	return 0;
}

/* "aaaaaaaaaaaa", "abcabcabcabc": a run of up to four, again and again. */
static bool repeats(const char *p)
{
	size_t const len = strlen(p);

	for (size_t run = 1; run <= 4 && run < len; run++)
		if (!strncmp(p, p + run, len - run))
			return true;
	return false;
}

bool password_is_common(const char *password)
{
	size_t rest = 0;

	if (repeats(password))
		return true;
	for (const char *p = password; *p;) {
		size_t const len = piece_at(p);

		rest += !len && isalnum((unsigned char)*p) ? 1 : 0;
		rest += !len && (unsigned char)*p >= 0x80 ? 1 : 0;
		p += len ? len : 1;
	}
	return rest < REST_MIN;
}
