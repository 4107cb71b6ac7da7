#!/usr/bin/env bash
# Install the Debian packages that are missing, where we are root on a Debian; never an error:
# the tests that need them say what is missing.
set -u

missing=()
for package in "$@"; do
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
        missing+=("$package")
    fi
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed: ${missing[*]}; the tests that need them are skipped." >&2
    exit 0
fi
echo "Installing ${missing[*]} ..." >&2
# None of them is started as a service: tests start daemons of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] && printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; then
    trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends "${missing[@]}"; } \
        >/dev/null; then
    echo "apt-get failed for ${missing[*]}; the tests that need them are skipped." >&2
fi
