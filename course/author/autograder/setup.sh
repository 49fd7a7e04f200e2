#!/bin/sh
# Made by `dockyard author export gradescope`. Gradescope runs it once, as root, when the autograder is built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=python3.11
fi
apt-get update
apt-get install -y --no-install-recommends "$python" "$python-venv"
"$python" -m venv "$here/venv"
"$here/venv/bin/python" -m pip install --disable-pip-version-check --requirement "$here/requirements.txt"
