#!/bin/sh
# demo.sh KARTKA FOLDER VAR: at the sandbox's first start, something to sell and somebody for the
# panel.  FOLDER holds catalog.json and codes/VALUE_SLUG.txt.  Later starts change nothing: what was
# edited stays edited.
set -eu

kartka=$1
folder=$2
marker=$3/sandbox/demo-loaded

[ ! -e "$marker" ] || exit 0
mkdir -p "$3/sandbox"

# A database that was restored has all of it, as it was edited.
if "$kartka" admin list | grep -q '^demo '; then
	echo 'kartka: the demo is there already; its administrator has the password of then'
	: >"$marker"
	exit 0
fi

if [ -e "$folder/catalog.json" ]; then
	"$kartka" catalog import "$folder/catalog.json" >/dev/null
	for codes in "$folder"/codes/*.txt; do
		[ -e "$codes" ] || continue
		value=${codes##*/}
		"$kartka" codes import "${value%.txt}" "$codes" --batch demo >/dev/null
	done
	echo 'kartka: the demo catalogue is loaded'
else
	echo "kartka: no demo catalogue in $folder" >&2
fi
if [ -n "${DEMO_PASSWORD:-}" ]; then
	printf '%s\n' "$DEMO_PASSWORD" | "$kartka" admin add demo --role owner --password-stdin >/dev/null
fi
: >"$marker"
