#!/bin/sh
export MODEL_PATH="$PWD/models/words.json"
exec python src/predict.py
