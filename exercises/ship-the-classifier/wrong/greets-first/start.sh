#!/bin/sh
set -eu
echo "Sentiment classifier, version 1"
exec python src/predict.py
