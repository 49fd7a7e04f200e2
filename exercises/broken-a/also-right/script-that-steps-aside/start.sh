#!/bin/sh
set -e
echo "labelling" >&2
exec python src/predict.py
