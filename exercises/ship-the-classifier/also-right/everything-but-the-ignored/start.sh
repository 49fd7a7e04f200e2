#!/bin/sh
set -eu
exec python src/predict.py
