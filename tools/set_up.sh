#!/usr/bin/env bash
# Make .venv and install the distributions there by one pip command.
# Usage: tools/set_up.sh PYTHON FOLDER ...   (an empty PYTHON: the first one that is new enough)
set -eu -o pipefail

python=$1
shift
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if [ -z "$python" ]; then
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c "$new_enough" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ] || ! "$python" -c "$new_enough"; then
    found=$("${python:-python3}" --version 2>&1 | head -1 || true)
    echo "Python 3.11 or newer is needed; ${python:-python3} says: ${found:-nothing}." >&2
    echo "Name one like this: make PYTHON=/path/to/python3.12 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python lacks its venv module; on Debian and Ubuntu: apt install python3-venv" >&2
    exit 1
fi

if [ "$(cat .venv/installed 2>/dev/null)" = "$PWD" ]; then
    echo "Bringing .venv up to date." >&2
    "$python" -m venv .venv
else # none yet, half made, or moved here with another place written into it
    echo "Setting up .venv with $("$python" --version): some minutes once, about 1 GB." >&2
    "$python" -m venv --clear .venv
fi
requirements=()
for folder in "$@"; do
    if [ "$folder" = . ]; then requirements+=(-e '.[dev]'); else requirements+=(-e "$folder"); fi
done
log=.venv/set_up.log
if ! .venv/bin/python -m pip install --no-input --disable-pip-version-check --progress-bar off \
        -c constraints.txt "${requirements[@]}" 2>&1 \
        | tee "$log" \
        | awk -v terminal="$([ -t 2 ] && echo 1)" '
            /^Collecting / { n++; if (terminal) { printf "\r%4d packages found", n; fflush() } }
            /^Installing collected/ && n { printf "\r%4d packages found, installing ...\n", n; fflush() }
          ' >&2
then
    grep -v -E '^ *(Collecting|Downloading|Using cached|Requirement already)' "$log" | tail -20 >&2
    echo "pip failed; its whole output is in $log. Without a network, give pip a mirror or a" >&2
    echo "folder of wheels (PIP_INDEX_URL, PIP_FIND_LINKS), then call make again." >&2
    exit 1
fi
