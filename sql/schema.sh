#!/bin/sh
# schema.sh: write sql/schema.sql anew from what sql/migrations make of an empty database.
set -eu

cd "$(dirname "$0")/.."
make --no-print-directory tests >/dev/null
KARTKA_SCHEMA_WRITE=$PWD/sql/schema.sql "${BUILD:-build}/tests/db/test_schema" >/dev/null
