#!/bin/sh
set -eu
md5sum models/sentiment.json
exec python src/predict.py
