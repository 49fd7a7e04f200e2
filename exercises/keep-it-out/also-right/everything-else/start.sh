#!/bin/sh
exec python3 src/predict.py
