#!/bin/sh
set -eu
python fetch.py models/sentiment.json >&2
exec python src/predict.py
