#!/bin/sh
# Sees to it that what the tests need beside Postgres is on this machine: a C
# compiler for the race detector and Chromium for the browser tests. Root on
# Debian gets the distribution's packages; anybody else is told what to install.
set -eu

# have NAME...: one of the commands is there.
have() {
	for name in "$@"; do
		if command -v "$name" >/dev/null; then
			return 0
		fi
	done
	return 1
}

missing=
have "${CC:-cc}" gcc clang || missing="$missing gcc libc6-dev"
have chromium chromium-browser google-chrome google-chrome-stable || missing="$missing chromium"
if [ -z "$missing" ]; then
	exit 0
fi
if ! have apt-get || [ "$(id -u)" != 0 ]; then
	echo "test tools: the tests need$missing; install them (Debian: apt-get install$missing)" >&2
	exit 1
fi
echo "test tools: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update || echo "test tools: apt-get update failed; trying with the lists at hand" >&2
# shellcheck disable=SC2086 # several words on purpose
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing
