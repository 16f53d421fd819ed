#!/usr/bin/env bash
# Installs what `make` needs, and says so: bash tools/setup.sh runtime | dev | bench | system | lock
#
#   runtime   .venv with what showctl needs to run
#   dev       the same and what its tests, types and lint need
#   bench     .venv/bench: what the scoring scripts in ../shared/bench need, kept apart so that showctl cannot lean on it
#   system    the Debian packages with which the tests meet real servers (as root, or with sudo)
#   lock      new requirements*.lock from pyproject.toml
#
# Python packages come from the locks, by hash, as wheels: no compiler is needed and nothing but the .venv is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv

bold='' plain=''
[ -t 2 ] && { bold=$'\033[1m'; plain=$'\033[0m'; }
say() { printf '%s== %s%s\n' "$bold" "$*" "$plain" >&2; }
fail() { printf 'make: %s\n' "$*" >&2; exit 1; }

# Command that runs as root: nothing for root, sudo for a user who has it, false for everybody else.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then sudo "$@"
  else return 1; fi
}

can_be_root() { as_root true; }

# apt_install PACKAGE...: quietly, without questions, and with what apt said where it failed.
apt_install() {
  local log; log=$(mktemp)
  local install=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
                 apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@")
  if as_root "${install[@]}" >"$log" 2>&1 \
     || { say "Asking apt for fresh lists"; as_root apt-get update -q >"$log" 2>&1 && as_root "${install[@]}" >>"$log" 2>&1; }
  then rm -f "$log"
  else tail -n 20 "$log" >&2; rm -f "$log"; return 1; fi
}

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"; return
    fi
  done
  fail "showctl needs Python 3.11 or newer, and none was found ($(python3 --version 2>&1 || true)). On Debian 12 or newer: sudo apt install python3"
}

make_venv() {
  [ -x $venv/bin/python ] && $venv/bin/python -c 'import pip' 2>/dev/null && return
  local python version
  python=$(find_python)
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Python $version has no venv module: installing Debian's python$version-venv"
    can_be_root || fail "this needs root or sudo. Type: sudo apt install python$version-venv, then make again"
    apt_install "python$version-venv" || fail "apt could not install python$version-venv (see above)"
  fi
  say "Making $venv with Python $version"
  "$python" -m venv --clear $venv
}

# pip_install LOCK [PYTHON]: wheels only, by hash; without compiling, which is done once at the end and for all.
pip_install() {
  local python=${2:-$venv/bin/python}
  say "Installing $(grep -c '==' "$1") packages named in $1"
  "$python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --no-deps --no-compile \
    --require-hashes -r "$1" || fail "pip could not install $1 (see above). Is the network there?"
}

# The package itself: a path file and a launcher, which unlike an editable install need no build tool.
install_showctl() {
  local site; site=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  echo '../../../..' >"$site/showctl-here.pth"
  printf '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -P -m showctl "$@"\n' >$venv/bin/showctl
  chmod 755 $venv/bin/showctl
  # Said outright, since PYTHONDONTWRITEBYTECODE may be set: without .pyc files every start takes two seconds longer.
  $venv/bin/python -m compileall -q "$site" showctl >/dev/null || true  # a package may ship files of another Python
}

# A machine with a sound card plays the demo's song; without one it is listened to all the same.
install_portaudio_if_it_can_be_heard() {
  compgen -G '/dev/snd/pcm*p' >/dev/null || return 0
  ldconfig -p 2>/dev/null | grep -q 'libportaudio\.so\.2' && return
  [ -x /sbin/ldconfig ] && /sbin/ldconfig -p | grep -q 'libportaudio\.so\.2' && return
  say "There is a sound card but no PortAudio library: installing libportaudio2"
  can_be_root && apt_install libportaudio2 || say "That did not work. The lights run without it; to hear the song: sudo apt install libportaudio2"
}

runtime() {
  make_venv
  pip_install requirements.lock
  install_showctl
  install_portaudio_if_it_can_be_heard
  touch $venv/.runtime
}

dev() {
  make_venv
  pip_install requirements-dev.lock
  install_showctl
  touch $venv/.runtime $venv/.dev
}

bench() {
  make_venv
  [ -x $venv/bench/bin/python ] || $venv/bin/python -m venv $venv/bench
  pip_install requirements-bench.lock $venv/bench/bin/python
  touch $venv/.bench
}

# Program, library or folder that shows that a package is there, and the package.
system_needs='
/usr/share/qlcplus/fixtures:qlcplus-data
ip:iproute2 curl:curl olad:ola tshark:tshark mosquitto:mosquitto mosquitto_pub:mosquitto-clients jackd:jackd2
pw-dump:pipewire-bin pipewire:pipewire wireplumber:wireplumber dbus-daemon:dbus
chromium:chromium systemd-analyze:systemd libportaudio.so.2:libportaudio2'

missing_packages() {
  local pair what libraries; libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
  for pair in $system_needs; do
    what=${pair%%:*}
    case $what in
      /*) [ -e "$what" ] ;;
      *.so.*) [[ $libraries == *"$what"* ]] ;;
      *) PATH=$PATH:/sbin:/usr/sbin command -v "$what" >/dev/null ;;
    esac || echo "${pair#*:}"
  done
}

# A test needs the programs, not their services: Debian starts none while policy-rc.d answers 101.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e $policy ]; then "$@"; return; fi
  trap 'as_root rm -f '$policy EXIT
  printf '#!/bin/sh\n# Put here by showctl tools/setup.sh while it installs; may be removed.\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod 755 $policy
  "$@" || status=$?
  as_root rm -f $policy
  trap - EXIT
  return $status
}

system() {
  local packages; packages=$(missing_packages | sort -u | tr '\n' ' ')
  [ -z "$packages" ] && return
  if ! command -v apt-get >/dev/null; then
    say "No apt here: tests with real servers that are missing will be skipped ($packages)"
  elif ! can_be_root; then
    say "Neither root nor sudo: tests will be skipped that need $packages"
    say "To run them too: sudo apt install $packages"
  else
    say "Installing Debian packages for the tests with real servers (no service is started): $packages"
    without_services apt_install $packages || say "apt could not install all of them: tests that need what is missing will be skipped"
  fi
}

lock() {
  local tool; tool=$(mktemp -d)
  trap "rm -rf '$tool'" EXIT
  say "Installing uv for the moment, to resolve pyproject.toml"
  "$(find_python)" -m venv "$tool"
  "$tool/bin/pip" install --quiet --disable-pip-version-check uv
  local compile=("$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
                 --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml)
  say "Writing requirements.lock, requirements-dev.lock and requirements-bench.lock"
  "${compile[@]}" -o requirements.lock "$@"
  "${compile[@]}" --group dev -o requirements-dev.lock -c requirements.lock "$@"
  "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --group bench -o requirements-bench.lock "$@"
}

case ${1:-} in
  runtime | dev | bench | system) "$1" ;;
  lock) shift; lock "$@" ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
