#!/bin/sh
# Sees to it that a Chromium is on this machine, for the browser tests of
# `make test`. Root on Debian gets the distribution's package; anybody else is
# told what to install.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
	if command -v "$name" >/dev/null; then
		exit 0
	fi
done

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "chromium: the browser tests need Chromium; install it (Debian: apt-get install chromium)" >&2
	exit 1
fi
echo "chromium: not found; installing the package chromium" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update || echo "chromium: apt-get update failed; trying with the lists at hand" >&2
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends chromium
