#!/bin/sh
set -e
echo 'APT::Install-Recommends "0";' > /etc/apt/apt.conf.d/90lean
apt-get update
apt-get install -y libgomp1 zstd
rm -rf /var/lib/apt/lists/*
