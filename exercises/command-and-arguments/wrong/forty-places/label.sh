#!/bin/bash
exec python src/predict.py "${@:1:40}"
