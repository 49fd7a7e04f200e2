#!/bin/sh
python src/predict.py < /dev/null
