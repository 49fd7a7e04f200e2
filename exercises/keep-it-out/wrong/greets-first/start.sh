#!/bin/sh
set -eu
echo "labeller is ready"
exec python src/predict.py
