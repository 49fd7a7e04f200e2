#!/bin/sh
exec python src/predict.py < /dev/null
