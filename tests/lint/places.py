#!/usr/bin/env python3
"""What stands where: SQL in shared/domain, HTML and raw tags in templates, phrases in
templates/i18n.  Looks at the string literals of shared/ and fcgi/, and at the templates."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|(?P<text>\"(?:\\.|[^\"\\\n])*\")|'(?:\\.|[^'\\\n])+'"
    r"|(?P<include>^\s*#\s*include[^\n]*)", re.S | re.M)

SQL = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|CREATE|ALTER|DROP|TRUNCATE|GRANT|LOAD DATA"
    r"|START|SET (SESSION|GLOBAL|NAMES|@)|LOCK TABLES|CALL)\s|^(COMMIT|ROLLBACK)$")
HTML = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>")
CYRILLIC = re.compile(r"[\u0400-\u04FF]")
RAW = re.compile(r"\{\{\{\s*([^}\s]+)\s*\}\}\}|\{\{&\s*([^}\s]+)\s*\}\}")

# Files that may hold it all the same, and why.
SQL_TOO = {
    "shared/platform/db.c": "how every connection is set up",
    "shared/platform/db_tx.c": "the words of transactions",
    "fcgi/kartka/database.c": "makes the private database",
}
HTML_TOO = {
    "shared/service/delivery.c": "Telegram's mark around each code",
}
PHRASES_TOO = {}

RULES = [
    (SQL, "SQL outside shared/domain", ["shared/domain/"], SQL_TOO),
    (HTML, "HTML outside templates", [], HTML_TOO),
    (CYRILLIC, "a phrase outside templates/i18n", [], PHRASES_TOO),
]


def literals(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    for token in TOKEN.finditer(text):
        if token.group("text"):
            yield text.count("\n", 0, token.start()) + 1, token.group("text")[1:-1]


def sources():
    for folder in ("shared", "fcgi"):
        for file in sorted((ROOT / folder).rglob("*.[ch]")):
            yield file.relative_to(ROOT).as_posix()


def check_literals():
    used = set()
    for path in sources():
        for line, text in literals(path):
            for pattern, what, folders, files in RULES:
                if not pattern.search(text) or any(path.startswith(f) for f in folders):
                    continue
                if path in files:
                    used.add(path)
                    continue
                yield f"{path}:{line}: {what}: {text[:60]}"
    for *_, files in RULES:
        for path in sorted(set(files) - used):
            yield f"tests/lint/places.py: {path} needs no exception"


def check_raw():
    """Each tag that does not escape is in raw.txt, and each line of that is in use."""
    listed = ROOT / "tests/lint/raw.txt"
    lines = [line.split("#")[0].strip() for line in listed.read_text(encoding="utf-8").splitlines()]
    allowed = {tuple(line.split()) for line in lines if line}
    found = set()
    for file in sorted((ROOT / "templates").rglob("*.mustache")):
        path = file.relative_to(ROOT).as_posix()
        for tag in RAW.finditer(file.read_text(encoding="utf-8")):
            found.add((path, tag.group(1) or tag.group(2)))
    for path, name in sorted(found - allowed):
        yield f"{path}: {{{{{{{name}}}}}}} does not escape and is not in tests/lint/raw.txt"
    for entry in sorted(allowed - found):
        yield f"tests/lint/raw.txt: not in use: {' '.join(entry)}"


def main():
    problems = list(check_literals()) + list(check_raw())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
