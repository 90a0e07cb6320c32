#!/bin/sh
# Sees to it that the peers of the benchmark are on this machine: the packages of
# bench/node by npm, at the versions of its lock file, and redis-server. Root on
# Debian or Ubuntu gets the distribution's Redis, without the service that it
# would start; anybody else is told what to install. The peers in Go come with
# the build.
set -eu
cd "$(dirname "$0")"

fail() {
	echo "peers: $*" >&2
	exit 1
}

command -v node >/dev/null && command -v npm >/dev/null ||
	fail "Node.js 20 or newer and npm are needed for the peers that are written for it."
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] ||
	fail "Node.js is $(node --version); the peers need 20 or newer."
if ! cmp -s node/package-lock.json node/node_modules/.installed; then
	(cd node && npm ci --silent --ignore-scripts --no-audit --no-fund) || fail "npm ci failed in bench/node."
	cp node/package-lock.json node/node_modules/.installed
fi

if command -v redis-server >/dev/null; then
	exit 0
fi
command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] ||
	fail "redis-server is needed; install it (Debian, Ubuntu: apt-get install redis-server). As root this script does so itself."

# without_services COMMAND...: while it runs, packages start no services.
without_services() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		"$@"
		return
	fi
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	status=0
	"$@" || status=$?
	rm -f "$policy"
	trap - EXIT INT TERM HUP
	return "$status"
}

echo "peers: installing the package redis-server (it will not be started as a service)" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update || echo "peers: apt-get update failed; trying with the lists at hand" >&2
without_services apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends redis-server ||
	fail "apt-get install redis-server failed."
if command -v systemctl >/dev/null; then
	systemctl disable --quiet redis-server 2>/dev/null || true # nor when the machine starts
fi
