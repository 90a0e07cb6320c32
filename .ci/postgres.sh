#!/bin/sh
# Sees to it that the programs of a Postgres server, version 15 or newer, are on
# this machine, for `make run` and `make test`. Nothing happens if they are.
# Otherwise root on Debian or Ubuntu gets the distribution's package, without
# the system-wide server that it would set up and start; anybody else is told
# what to install. It looks in the same places as internal/postgres/embedded.
set -eu

min=15

# good DIR: DIR has the server programs, new enough.
good() {
	[ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
	version=$("$1/postgres" --version 2>/dev/null) || return 1
	version=${version#"postgres (PostgreSQL) "}
	version=${version%%[!0-9]*}
	[ -n "$version" ] && [ "$version" -ge "$min" ]
}

# found: somewhere on this machine there is a good directory.
found() {
	IFS=:
	for dir in $PATH; do
		case $dir in
		/*) good "$dir" && unset IFS && return 0 ;;
		esac
	done
	unset IFS
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
		/Applications/Postgres.app/Contents/Versions/*/bin /usr/libexec/postgresql*; do
		if good "$dir"; then
			return 0
		fi
	done
	return 1
}

fail() {
	echo "postgres: $*" >&2
	exit 1
}

# without_cluster COMMAND...: while it runs, Debian's packages do not create and
# start a cluster called main.
without_cluster() {
	conf=/etc/postgresql-common/createcluster.d/son1k.conf
	mkdir -p "${conf%/*}"
	trap 'rm -f "$conf"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	echo 'create_main_cluster = false' >"$conf"
	status=0
	"$@" || status=$?
	rm -f "$conf"
	trap - EXIT INT TERM HUP
	return "$status"
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

if [ -n "${PGBIN:-}" ]; then
	good "$PGBIN" || fail "PGBIN=$PGBIN has no Postgres server of version $min or newer (initdb and postgres)."
	exit 0
fi
if found; then
	exit 0
fi

hint="Postgres $min or newer is needed: install its server package (Debian, Ubuntu: apt-get install postgresql; \
macOS: brew install postgresql@17), or set PGBIN to the directory of initdb and postgres"
if ! command -v apt-get >/dev/null; then
	fail "$hint."
fi
if [ "$(id -u)" != 0 ]; then
	fail "$hint. As root this script installs it by itself."
fi

echo "postgres: no server found; installing the package postgresql (it will not be started as a service)" >&2
apt update || echo "postgres: apt-get update failed; trying with the package lists at hand" >&2
without_cluster apt install --no-install-recommends postgresql || fail "apt-get install failed. $hint."
found || fail "the package postgresql of this system is older than version $min. $hint."
