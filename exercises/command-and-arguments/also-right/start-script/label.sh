#!/bin/sh
set -eu
if [ $# -eq 0 ]; then
    set -- -
fi
exec python src/predict.py "$@"
