/*
 * crash.h: places where a test kills the process, to see that nothing is lost.  They are
 * there only in the test build (make CRASH=1); in the shop's own they are nothing.
 *
 * The process that passes the point named in KARTKA_VAR/crash-at removes that file and
 * kills itself, so the one that takes its place goes on.
 */
#ifndef KARTKA_CRASH_H
#define KARTKA_CRASH_H

#ifdef KARTKA_CRASH_POINTS
void crash_point(const char *name);
#define CRASH_POINT(name) crash_point(name)
#else
#define CRASH_POINT(name) ((void)0)
#endif

#endif
