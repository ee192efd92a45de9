#!/usr/bin/env python3
"""Which folder may include what, checked from the #include lines.

The table below is the one of ARCHITECTURE.md.  Also: a library's header stays inside the
.c files and private headers of the one that wraps it, and a private header inside its noun.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

BASE = "shared/base/"
PLATFORM = "shared/platform/"
CLIENTS = "shared/clients/"
DOMAIN = "shared/domain/"
SERVICE = "shared/service/"
SHARED = [BASE, PLATFORM, CLIENTS, DOMAIN, SERVICE]

# folder: what it may include from the project
LAYERS = {
    BASE: [BASE],
    PLATFORM: [BASE, PLATFORM],
    CLIENTS: [BASE, PLATFORM, CLIENTS],
    DOMAIN: [BASE, DOMAIN] + [PLATFORM + noun + ".h" for noun in ("db", "json", "crypto")],
    SERVICE: SHARED,
    "fcgi/telegram/": SHARED + ["fcgi/telegram/"],
    "fcgi/portmone/": SHARED + ["fcgi/portmone/"],
    "fcgi/admin/": SHARED + ["fcgi/admin/"],
    "fcgi/worker/": SHARED + ["fcgi/worker/"],
    "fcgi/kartka/": SHARED + ["fcgi/kartka/"],
    # plays the other side: it must not share the shop's mistakes
    "tests/sandbox/": ["tests/sandbox/"],
    "tests/": SHARED + ["fcgi/", "tests/"],
}

# header: library
LIBRARIES = {
    r"json-c/": "json-c",
    r"curl/": "libcurl",
    r"mysql": "the MySQL client",
    r"openssl/": "OpenSSL",
    r"fcgi": "libfcgi",
    r"expat": "expat",
    r"qrencode": "libqrencode",
    r"liboath/": "liboath",
    r"microhttpd": "libmicrohttpd",
    r"sqlite3": "SQLite",
    r"cmocka": "cmocka",
}

# folder: libraries it may use; platform: any, but one a file
USES = {
    BASE: [],
    CLIENTS: ["expat"],  # Portmone's XML is a matter of its client alone
    DOMAIN: [],
    SERVICE: [],
    "fcgi/": [],
}

LIBC = re.compile(
    r"^(sys|netinet|arpa|linux|net)/|^(assert|ctype|dirent|dlfcn|endian|errno|fcntl|fnmatch|fts|ftw"
    r"|getopt|glob|grp|inttypes|limits|locale|malloc|math|netdb|poll|pthread|pwd|regex|sched|setjmp|signal"
    r"|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string"
    r"|strings|syslog|termios|time|ucontext|unistd|wchar)\.h$")

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def library_of(header):
    for pattern, name in LIBRARIES.items():
        if re.match(pattern, header):
            return name
    return None


def layer_of(path, table):
    fits = [folder for folder in table if path.startswith(folder)]
    return max(fits, key=len) if fits else None


def includes_of(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    return [(kind, header) for kind, header in INCLUDE.findall(text)]


def libraries_of(path):
    """What the file includes itself or through a private header of its own."""
    found = set()
    for kind, header in includes_of(path):
        if kind == "<":
            found.add(library_of(header))
        elif header.endswith("_private.h") and (ROOT / header).is_file() and header != path:
            found |= libraries_of(header)
    return found - {None}


def is_of_noun(path, private):
    folder, _, name = private.rpartition("/")
    noun = name[: -len("_private.h")]
    mine = path.rpartition("/")[2]
    if path.startswith("tests/"):
        return True
    # config_private.h is shared by config.c, config_table.c, and by gate.c where it says so
    return path.startswith(folder + "/") and (mine.startswith(noun) or says_so(private, mine))


def says_so(private, name):
    head = (ROOT / private).read_text(encoding="utf-8").split("*/")[0]
    return name in re.findall(r"\w+\.c", head)


def check(path):
    layer = layer_of(path, LAYERS)
    if not layer:
        yield "belongs to no layer"
        return
    for kind, header in includes_of(path):
        if kind == "<":
            if not library_of(header) and not LIBC.match(header):
                yield f"<{header}> is neither of libc nor of a library the shop uses"
            elif library_of(header) and path.endswith(".h") and \
                    not path.endswith("_private.h") and not path.startswith("tests/"):
                yield f"<{header}> in a header that is not private"
            continue
        if not (ROOT / header).is_file():
            yield f"{header} does not exist; paths begin at the project's folder"
        elif not any(header.startswith(allowed) for allowed in LAYERS[layer]):
            yield f"{layer} may not include {header}"
        elif header.endswith("_private.h") and not is_of_noun(path, header):
            yield f"{header} is private"
    libraries = libraries_of(path)
    users = layer_of(path, USES)
    if users is not None:
        for name in sorted(libraries - set(USES[users])):
            yield f"{users} may not use {name}"
    if layer == PLATFORM and len(libraries) > 1:
        yield "uses more than one library: " + ", ".join(sorted(libraries))


def main():
    bad = 0
    for folder in ("shared", "fcgi", "tests"):
        for file in sorted((ROOT / folder).rglob("*.[ch]")):
            path = file.relative_to(ROOT).as_posix()
            for what in check(path):
                print(f"{path}: {what}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
