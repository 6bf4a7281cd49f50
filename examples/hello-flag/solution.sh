#!/bin/sh
# Solves the task from its own files; run it in the task's folder.
set -e

address=$(grep ',unknown$' data/hosts.csv | cut -d ',' -f 1)
grep "^$address " data/access.log |
  sed -n 's/.*part=\([0-9]*\)&data=\([^ ]*\) .*/\1 \2/p' |
  sort -n |
  cut -d ' ' -f 2 |
  tr -d '\n' |
  base64 -d > /tmp/flag.txt
