#!/bin/sh
python src/predict.py
