#!/bin/sh
# deps.sh GROUP…: see that the Debian packages of these groups are there.  As root, what
# is missing is installed, without any service being started or enabled; otherwise the
# one line that would install it is printed.  Groups: build run sandbox test
# axe scan galera mysql.
# KARTKA_NO_DEPS=1 skips it: somebody else has seen to the packages.
set -eu

# What compiles the shop.
build='gcc make pkg-config libfcgi-dev libcurl4-openssl-dev libjson-c-dev libmariadb-dev libssl-dev
	libexpat1-dev libqrencode-dev liboath-dev'
# What runs it in the foreground.  Only the server's core: its package brings a service; netbase
# makes /etc/hosts where there is none, so that localhost is known.
run="$build mariadb-server-core mariadb-client nginx-light spawn-fcgi multiwatch ca-certificates netbase tzdata"
sandbox='libmicrohttpd-dev libsqlite3-dev'
test="clang clang-tidy clang-format libclang-rt-14-dev cppcheck valgrind libcmocka-dev python3-pytest
	python3-pytest-xdist python3-selenium chromium chromium-driver faketime fonts-dejavu-core fonts-noto-color-emoji wrk apache2-utils curl strace
	shellcheck $sandbox"
# make test-galera, make test-mysql.
galera='mariadb-server galera-4 rsync'
mysql='debootstrap'

# What make test-all and make scan need besides.
axe=npm
scan='sqlmap wapiti'

[ -z "${KARTKA_NO_DEPS:-}" ] || exit 0
command -v dpkg-query >/dev/null || exit 0 # not Debian: the compiler will tell what is missing

wanted=
for group in "$@"; do
	case $group in
	build) wanted="$wanted $build" ;;
	run) wanted="$wanted $run" ;;
	sandbox) wanted="$wanted $sandbox" ;;
	test) wanted="$wanted $test" ;;
	galera) wanted="$wanted $galera" ;;
	mysql) wanted="$wanted $mysql" ;;
	axe) wanted="$wanted $axe" ;;
	scan) wanted="$wanted $scan" ;;
	*) echo "deps.sh: no such group: $group" >&2; exit 1 ;;
	esac
done

missing_of() {
	# shellcheck disable=SC2086  # a list of words
	have=" $(dpkg-query -W -f '${db:Status-Status}:${Package}\n' $wanted 2>/dev/null |
		sed -n 's/^installed://p' | tr '\n' ' ')"
	missing=
	for package in $wanted; do
		case "$have$missing " in
		*" $package "*) ;;
		*) missing="$missing $package" ;;
		esac
	done
}

missing_of
# Another program of the same name does as well.
if command -v nginx >/dev/null; then missing=$(echo "$missing " | sed 's/ nginx-light / /'); fi
if command -v npm >/dev/null; then missing=$(echo "$missing " | sed 's/ npm / /'); fi
if command -v pkgconf >/dev/null; then missing=$(echo "$missing " | sed 's/ pkg-config / /'); fi
missing=$(echo "$missing" | tr -s ' ' | sed 's/^ //; s/ $//')
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "missing packages; as root: apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

# One installation at a time; the second then finds everything there.
lock=/run/lock/kartka-deps.lock
[ -d /run/lock ] || lock=/tmp/kartka-deps.lock
exec 9>"$lock"
flock 9

echo "installing: $missing" >&2

policy=/usr/sbin/policy-rc.d
made_policy=
clean_up() {
	[ -z "$made_policy" ] || rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# invoke-rc.d starts nothing while this says 101.
if [ ! -e "$policy" ]; then
	made_policy=1
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
# Which units were enabled before: what the packages enable is disabled again.
enabled() {
	find /etc/systemd/system /etc/rc[2-5].d -mindepth 1 -maxdepth 2 \
		\( -path '*.wants/*' -o -path '*/rc[2-5].d/S*' \) 2>/dev/null | sort
}
before=$(enabled)

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
install_missing() {
	# shellcheck disable=SC2086  # a list of words
	apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 $missing \
		>"$log" 2>&1 </dev/null
}
log=$(mktemp)
if ! install_missing; then
	apt-get update -qq >/dev/null 2>&1 || true
	if ! install_missing; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		echo "could not install: $missing" >&2
		exit 1
	fi
fi
rm -f "$log"

enabled | while read -r link; do
	case "
$before
" in
	*"
$link
"*) continue ;;
	esac
	case ${link##*/} in
	nginx* | S[0-9][0-9]nginx | mariadb* | mysql* | S[0-9][0-9]mariadb | S[0-9][0-9]mysql | spawn-fcgi*)
		rm -f "$link"
		;;
	esac
done
