#!/bin/sh
# Slow for many texts, and right for all of them.
[ $# -gt 0 ] || set -- -
while [ $# -gt 1 ]; do
    python src/predict.py "$1"
    shift
done
exec python src/predict.py "$1"
