#!/bin/sh
set -e
python src/predict.py
