#!/bin/sh
# demo.sh KARTKA FOLDER VAR: at the sandbox's first start, something to sell, somebody for the
# panel, and a month of orders that were.  FOLDER holds catalog.json and codes/VALUE_SLUG.txt.
# Later starts change nothing: what was edited stays edited.
# SANDBOX_HISTORY=no: without the month; so with a database that is not the private one.
set -eu

kartka=$1
folder=$2
var=$3
here=$(dirname "$0")
marker=$var/sandbox/demo-loaded
made=$var/sandbox/history

[ ! -e "$marker" ] || exit 0
mkdir -p "$var/sandbox"

# A database that was restored has all of it, as it was edited.
if "$kartka" admin list | grep -q '^demo '; then
	echo 'kartka: the demo is there already; its administrator has the password of then'
	: >"$marker"
	exit 0
fi

history=${SANDBOX_HISTORY:-yes}
case $("$kartka" config get DB_URL) in
*"socket=$var/run/db.sock"*) ;;
*) history=no ;;
esac
[ -e "$folder/catalog.json" ] || history=no
rm -rf "$made"
(umask 077 && mkdir "$made")
if [ "$history" = yes ]; then
	# +0200
	zone=$(TZ=Europe/Kyiv date +%z | sed 's/^+0*\([0-9]*\)00$/\1/')
	awk -v now="$(date +%s)" -v zone=$((zone * 3600)) -v out="$made" -f "$here/history.awk" \
		"$folder/catalog.json" "$folder"/codes/*.txt
fi

# Those that were sold before those that are left.
codes_import() {
	cat "$made/$1.codes" "$folder/codes/$1.txt" 2>/dev/null |
		"$kartka" codes import "$1" - --batch demo >/dev/null
}

if [ -e "$folder/catalog.json" ]; then
	"$kartka" catalog import "$folder/catalog.json" >/dev/null
	for file in "$folder"/codes/*.txt "$made"/*.codes; do
		value=${file##*/}
		value=${value%.*}
		case $file in
		*.codes) [ ! -e "$folder/codes/$value.txt" ] || continue ;;
		esac
		[ ! -e "$file" ] || codes_import "$value"
	done
	echo 'kartka: the demo catalogue is loaded'
else
	echo "kartka: no demo catalogue in $folder" >&2
fi
if [ -n "${DEMO_PASSWORD:-}" ]; then
	printf '%s\n' "$DEMO_PASSWORD" | "$kartka" admin add demo --role owner --password-stdin >/dev/null
fi

private_database() {
	MYSQL_PWD=$(sed -n 's/.*"DB_PASSWORD": *"\([^"]*\)".*/\1/p' "$var/secrets.json")
	export MYSQL_PWD
	mariadb --no-defaults --default-character-set=utf8mb4 --socket="$var/run/db.sock" --user=kartka kartka
}

if [ "$history" = yes ]; then
	if cat "$here/history_begin.sql" "$made/shop.sql" "$here/history_end.sql" | private_database; then
		mv "$made/history.sql" "$var/sandbox/history.sql"
		"$kartka" stats rebuild >/dev/null
		echo 'kartka: with a month of orders behind it'
	else
		echo 'kartka: the month of orders could not be made; the shop starts without' >&2
	fi
fi
rm -rf "$made"
: >"$marker"
