#!/bin/sh
# start.sh BINDIR: the shop with the sandbox as its Telegram and its Portmone, and a demo
# catalogue to buy from.  `make run` calls it when there is no BOT_TOKEN.
# SANDBOX_LISTEN: where the chat page is; by default HTTP_LISTEN's port + 10000.
# SANDBOX_HISTORY=no: without the month of orders that the demo has behind it.
set -eu

bin=$1
kartka=$bin/kartka
here=$(cd "$(dirname "$0")/../.." && pwd)

fail() {
	echo "kartka: $*" >&2
	exit 1
}

# Never beside a real bot.
token=$("$kartka" config get BOT_TOKEN) || exit 1
[ -z "$token" ] || fail 'BOT_TOKEN is given; the sandbox does not start beside a real bot'

listen=$("$kartka" config get HTTP_LISTEN)
shop=$("$kartka" config get PUBLIC_URL)
KARTKA_VAR=$("$kartka" config get KARTKA_VAR)
export KARTKA_VAR
var=$KARTKA_VAR

# For a shell, whatever is in it.
quoted() {
	printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# ---- where the sandbox listens ----

port=$((${listen##*:} + 10000))
[ "$port" -le 65535 ] || port=$((port - 20000))
sandbox=${SANDBOX_LISTEN:-127.0.0.1:$port}
case ${sandbox##*:} in
'' | *[!0-9]* | ??????*) port=0 ;;
*) port=${sandbox##*:} ;;
esac
if [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
	fail "SANDBOX_LISTEN: must be address:port, not $sandbox"
fi
case $sandbox in
0.0.0.0:*) sandbox_url=http://127.0.0.1:${sandbox##*:} ;;
*) sandbox_url=http://$sandbox ;;
esac

# ---- its credentials, made once ----

random() {
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# To be typed on a phone: nothing that looks like something else.
password() {
	tr -dc 'a-hjkmnp-z2-9' </dev/urandom | head -c 16 | sed 's/..../&-/g; s/-$//'
}

mkdir -p "$var" 2>/dev/null || fail "KARTKA_VAR: $var can't be made"
[ -w "$var" ] || fail "KARTKA_VAR: $var can't be written to"
secrets=$var/sandbox.env
if [ ! -s "$secrets" ]; then
	(
		umask 077
		cat >"$secrets.$$" <<-END
			BOT_TOKEN=1000000000:$(random)$(random | cut -c1-3)
			PORTMONE_PAYEE_ID=1185
			PORTMONE_LOGIN=SANDBOX
			PORTMONE_PASSWORD=$(random)
			PORTMONE_KEY=$(random)
			DEMO_PASSWORD=$(password)
		END
	)
	ln "$secrets.$$" "$secrets" 2>/dev/null || true # somebody was faster: theirs
	rm -f "$secrets.$$"
fi
# shellcheck disable=SC1090  # written above
. "$secrets"

export DEMO_PASSWORD BOT_TOKEN PORTMONE_PAYEE_ID PORTMONE_LOGIN PORTMONE_PASSWORD PORTMONE_KEY
export TELEGRAM_API_URL="$sandbox_url/telegram"
export PORTMONE_URL="$sandbox_url/portmone/gateway/"
export PORTMONE_TEST=no
export ADMIN_TOTP="${ADMIN_TOTP:-optional}"

command="$(quoted "$bin/sandbox") --listen $sandbox --state $(quoted "$var/sandbox") --shop $shop"
command="$command --token $BOT_TOKEN --payee $PORTMONE_PAYEE_ID --login $PORTMONE_LOGIN"
command="$command --password $PORTMONE_PASSWORD --key $PORTMONE_KEY"

# The sandbox has had time to start, but not necessarily enough.
webhook="for n in 1 2 3 4 5 6 7 8 9; do $(quoted "$kartka") webhook set >/dev/null 2>&1 && exit; sleep 0.3; done"
webhook="$webhook; $(quoted "$kartka") webhook set >/dev/null"

exec "$kartka" run --stop-with-parent \
	--needs-port "SANDBOX_LISTEN=$sandbox" \
	--also "sandbox=$command" \
	--after-migrate "$(quoted "$here/tests/sandbox/demo.sh") $(quoted "$kartka") $(quoted "$here/sql/demo") $(quoted "$var")" \
	--after-ready "$webhook" \
	--ready "kartka: ready
  the chat     $sandbox_url/
  the panel    $shop/admin/   login demo, password $DEMO_PASSWORD"
