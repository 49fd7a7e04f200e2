#!/bin/sh
exec sh run.sh
