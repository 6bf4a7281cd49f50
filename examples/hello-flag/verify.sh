#!/bin/sh
# Judges the answer: exit code 0 means solved. Holds the digest of the flag, not the flag.
expected=7ca8a4c04671862e809c06f0e880b75046b2e7b5513b788b7097a331c566a5de

if [ ! -f /tmp/flag.txt ]; then
  echo "There is no /tmp/flag.txt."
  exit 1
fi
actual=$(tr -d '[:space:]' < /tmp/flag.txt | sha256sum | cut -d ' ' -f 1)
if [ "$actual" != "$expected" ]; then
  echo "/tmp/flag.txt does not hold the flag."
  exit 1
fi
echo "Solved."
