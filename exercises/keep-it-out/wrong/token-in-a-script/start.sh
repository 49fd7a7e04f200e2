#!/bin/sh
export HUB_TOKEN=hub-5f2c9e71d0a84b36
exec python src/predict.py
