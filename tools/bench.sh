#!/usr/bin/env bash
# Runs every bench/*.py and keeps what it prints in bench/results/NAME.txt. bash tools/bench.sh [NAME...]
set -u
cd "$(dirname "$0")/.."
mkdir -p bench/results
shopt -s nullglob
worst=0
for script in bench/*.py; do
  name=$(basename "$script" .py)
  case $name in bigshow | universes | drum_machine | lone) continue ;; esac # made-up shows and songs for the others
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  echo "== $name"
  .venv/bin/python "$script" | tee bench/results/"$name".txt
  [ "${PIPESTATUS[0]}" = 0 ] || { echo "$name failed" >&2; worst=1; }
done
exit $worst
