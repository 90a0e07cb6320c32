#!/bin/sh
# Sees to it that what the tests need beside Postgres is on this machine: a C
# compiler for the race detector, Chromium for the browser tests, and Node.js
# with the socket.io-client that is tested against. Root on Debian gets the
# distribution's packages; anybody else is told what to install.
set -eu
cd "$(dirname "$0")/.."

# have NAME...: one of the commands is there.
have() {
	for name in "$@"; do
		if command -v "$name" >/dev/null; then
			return 0
		fi
	done
	return 1
}

# install PACKAGE...: by root on Debian.
install() {
	if ! have apt-get || [ "$(id -u)" != 0 ]; then
		echo "test tools: the tests need $*; install them (Debian: apt-get install $*)" >&2
		exit 1
	fi
	echo "test tools: installing $*" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q -o DPkg::Lock::Timeout=120 update || echo "test tools: apt-get update failed; trying with the lists at hand" >&2
	apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

missing=
have "${CC:-cc}" gcc clang || missing="$missing gcc libc6-dev"
have chromium chromium-browser google-chrome google-chrome-stable || missing="$missing chromium"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086 # several words on purpose
	install $missing
fi

# The Node packages, when their lock file has changed.
client=internal/realtime/socketio/testdata/node
if ! cmp -s "$client/package-lock.json" "$client/node_modules/.installed"; then
	echo "test tools: npm ci in $client" >&2
	(cd "$client" && npm ci --silent --ignore-scripts)
	cp "$client/package-lock.json" "$client/node_modules/.installed"
fi
