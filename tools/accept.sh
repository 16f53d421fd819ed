#!/usr/bin/env bash
# The long acceptance run: every step by name, its output in bench/results/NAME.txt, the table in bench/results/accept.txt.
#
#   bash tools/accept.sh [STEP...]        all steps, or only those named
#
# SOAK_SECONDS (300), PLAYER_SECONDS (600), FUZZ_PACKETS (100000) and TRIALS (200) make it longer or shorter. The scripts in
# ../shared/bench send only inside network namespaces of their own and need root; where something is missing a step is skipped with
# its reason.
set -u
cd "$(dirname "$0")/.."
results=bench/results shared=../shared
mkdir -p $results
showctl="$PWD/.venv/bin/python -m showctl"
scorer=.venv/bench/bin/python
wanted=" $* "
table=$(mktemp) worst=0
trap 'rm -f "$table"' EXIT
row() { printf '%-18s %-7s %6s  %s\n' "$1" "$2" "$3" "$4" | tee -a "$table"; }

# step NAME NEED COMMAND...: NEED is "root", "shared", "both" or "-".
step() {
  local name=$1 need=$2 begun=$SECONDS code; shift 2
  [ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || return 0
  case $need in shared | both) [ -d $shared/bench ] || { row "$name" skipped - "there is no $shared/bench"; return 0; } ;; esac
  case $need in root | both) [ "$(id -u)" = 0 ] || { row "$name" skipped - "needs root for a network of its own"; return 0; } ;; esac
  "$@" >$results/"$name".txt 2>&1 </dev/null; code=$?
  case $code in
    0) row "$name" holds $((SECONDS - begun)) "$results/$name.txt" ;;
    *) row "$name" "FAILS" $((SECONDS - begun)) "exit code $code; $results/$name.txt"; worst=1 ;;
  esac
}

# scratch COMMAND...: {state} in it stands for a state folder of its own, so that no step finds what another left.
scratch() {
  local folder code; folder=$(mktemp -d)
  "${@//\{state\}/$folder}"; code=$?
  rm -rf "$folder"
  return $code
}

printf '%-18s %-7s %6s  %s\n' step result s output | tee "$table"
step tests      -      .venv/bin/python -m pytest -q --hypothesis-profile=accept --timeout=600 --durations=20
step beats      shared $scorer $shared/bench/score_beats.py --showctl "$showctl" --data $shared/data/beats
step hearing    shared $scorer bench/hearing --realtime
step ola        both   scratch bash $shared/bench/receive_with_ola.sh -- $showctl demo --seconds 30 --sacn multicast --no-browser --state {state}
step e131       both   scratch $scorer $shared/bench/check_e131.py --universes-at-least 4 -- \
                         $showctl demo --seconds 120 --sacn multicast --no-browser --state {state}
step wire       root   env PYTHONPATH=. SHOWCTL="$showctl" $scorer bench/wire_beats.py
step click      root   .venv/bin/python bench/click_to_light.py
step player     -      .venv/bin/python bench/player.py --seconds "${PLAYER_SECONDS:-600}"
step hour       -      .venv/bin/python bench/engine.py
step universes  -      .venv/bin/python bench/engine.py --universes 1 4 16 64 256 512 1024 2048 4096
step strobe     -      .venv/bin/python bench/strobe.py
step check      -      .venv/bin/python bench/check.py
step reload     -      .venv/bin/python bench/reload.py
step state      -      .venv/bin/python bench/state.py
step mutants    -      .venv/bin/python tools/mutants.py
step fixtures   -      $showctl fixtures check /usr/share/qlcplus/fixtures
step latency    both   .venv/bin/python bench/osc_latency.py --trials "${TRIALS:-200}"
step fuzz       both   scratch $scorer $shared/bench/fuzz_osc.py --target 127.0.0.1:9000 --http http://127.0.0.1:8080/api/health \
                         --packets "${FUZZ_PACKETS:-100000}" --flood 20000 --sentinel /showctl/sub/probe --slot 4/512 -- $showctl demo \
                         --osc 127.0.0.1:9000 --http 127.0.0.1:8080 --sacn 127.0.0.1 --seconds 1200 --no-browser --state {state}
step soak       -      .venv/bin/python tools/soak.py --seconds "${SOAK_SECONDS:-300}"

cp "$table" $results/accept.txt
echo "The table is in $results/accept.txt"
exit $worst
