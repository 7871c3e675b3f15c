#!/usr/bin/env bash
# What the numbered scripts share. It is sent in front of each of them, over stdin, to `sudo bash -s`.
# stdout is for results, one word a line; everything else goes to stderr.
set -Eeuo pipefail
# `… | install_file`: what it changed must be known here, not in a subshell.
shopt -s lastpipe
umask 077
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a LC_ALL=C
: "${HOMEPORT_ROOT:=}" # tests put another root in front of every path
# Not empty: look, change nothing, and print what differs. Only scripts with a line `# check mode` are run so.
: "${HOMEPORT_CHECK:=}"

function log() { printf '%s\n' "$*" >&2; }

function die() {
  printf 'homeport: %s\n' "$*" >&2
  exit 1
}

# Says what changed, or that nothing did: CHANGED counts for the scripts that reload only then.
CHANGED=0
function changed() {
  CHANGED=1
  printf 'changed %s\n' "$*"
}

function summary() {
  if [[ ${CHANGED} -eq 0 ]]; then printf 'unchanged\n'; fi
}

function is_check() { [[ -n "${HOMEPORT_CHECK}" ]]; }

# differs WHAT WANTED FOUND: one finding of check mode, a line of base64 words; no word is ever a secret.
function differs() {
  local word line=drift
  for word in "$1" "$2" "$3"; do line+=" $(base64 -w0 <<<"${word}")"; done
  CHANGED=1
  printf '%s\n' "${line}"
}

# differs_file PATH FRESH OLD: mode and owner, or the lines. What only its owner may read is not shown.
function differs_file() {
  local wanted found
  if [[ ! -e "$3" ]]; then
    differs "$1" "a file, $(stat -c 'mode %a, %U:%G' "$2")" 'no file'
    return
  fi
  wanted=$(stat -c 'mode %a, %U:%G' "$2") found=$(stat -c 'mode %a, %U:%G' "$3")
  if [[ "${wanted}" != "${found}" ]]; then differs "$1" "${wanted}" "${found}"; fi
  if cmp -s "$2" "$3"; then return; fi
  wanted='the declared content' found='other content'
  if (((0$(stat -c %a "$2") & 044) != 0)); then
    wanted=$(diff --old-line-format='%L' --new-line-format='' --unchanged-line-format='' "$2" "$3" | head -n 20) || true
    found=$(diff --old-line-format='' --new-line-format='%L' --unchanged-line-format='' "$2" "$3" | head -n 20) || true
  fi
  differs "$1" "${wanted:-nothing more}" "${found:-these lines are missing}"
}

# install_dir PATH MODE [OWNER:GROUP]
function install_dir() {
  local path="${HOMEPORT_ROOT}$1" mode="$2" owner="${3:-}" wanted="mode $2" form='mode %a' found
  if is_check; then
    if [[ -n "${owner}" ]]; then wanted+=", ${owner}" form+=', %u:%g'; fi
    found=$(stat -c "${form}" "${path}" 2>/dev/null) || found='no folder'
    if [[ "${found}" != "${wanted}" ]]; then differs "$1" "${wanted}" "${found}"; fi
  elif [[ -n "${owner}" ]]; then
    install -d -m "${mode}" -o "${owner%:*}" -g "${owner#*:}" "${path}"
  else
    install -d -m "${mode}" "${path}"
  fi
}

# check_unit UNIT WANTED: what systemd says of it, `enabled, active` or only `enabled`.
function check_unit() {
  local found
  found=$(systemctl is-enabled "$1" 2>/dev/null) || true
  if [[ "$2" == *active ]]; then found+=", $(systemctl is-active "$1" 2>/dev/null)" || true; fi
  if [[ "${found}" != "$2" ]]; then differs "unit $1" "$2" "${found:-no such unit}"; fi
}

# install_file PATH MODE OWNER[:GROUP] <CONTENT: writes only what differs, never half of it.
function install_file() {
  local path="${HOMEPORT_ROOT}$1" mode="$2" owner="$3" fresh
  if is_check; then
    fresh=$(mktemp)
  else
    mkdir -p "$(dirname "${path}")"
    fresh=$(mktemp "${path}.XXXXXX")
  fi
  cat >"${fresh}"
  chmod "${mode}" "${fresh}"
  chown "${owner}" "${fresh}"
  if cmp -s "${fresh}" "${path}" && [[ "$(stat -c '%a %u %g' "${path}")" == "$(stat -c '%a %u %g' "${fresh}")" ]]; then
    rm -f "${fresh}"
    return 0
  fi
  if is_check; then
    differs_file "$1" "${fresh}" "${path}"
    rm -f "${fresh}"
    return 0
  fi
  mv -f "${fresh}" "${path}"
  changed "$1"
}

function has_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

# missing_packages PACKAGE ...: one a line.
function missing_packages() {
  local package
  for package; do has_package "${package}" || printf '%s\n' "${package}"; done
}

# apt COMMAND ...: a configuration that is there, as one that a backup brought back, stays.
function apt() { apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" >&2; }

# install_packages PACKAGE ...
function install_packages() {
  local package
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  if is_check; then
    for package in "${missing[@]}"; do differs "package ${package}" installed missing; done
  elif [[ ${#missing[@]} -gt 0 ]]; then
    apt install --no-install-recommends "${missing[@]}"
    changed "installed ${missing[*]}"
  fi
}

# content_of NAME <INPUT: what its line `file NAME BASE64` holds.
function content_of() {
  local kind key value
  while read -r kind key value; do
    if [[ "${kind} ${key}" == "file $1" ]]; then base64 -d <<<"${value}" && return 0; fi
  done
  die "$1: must be among the files"
}

# retry SECONDS COMMAND ...: until it succeeds, five times a second.
function retry() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [[ ${SECONDS} -ge ${deadline} ]]; then return 1; fi
    sleep 0.2
  done
}

# guard_arm NAME SECONDS PATH ...: remembers the files as they are, and puts them back after SECONDS unless
# guarded-step.sh stops the timer first, over a new connection. The revert leaves a mark, so that one that has come
# is not taken for one that was called off, and runs `revert_NAME` of the script that armed it.
function guard_arm() {
  local name="$1" seconds="$2" dir="${HOMEPORT_ROOT}/var/lib/homeport/guard/$1" path
  shift 2
  systemctl stop "homeport-guard-${name}.timer" 2>/dev/null || true
  rm -rf "${dir}"
  mkdir -p "${dir}/before"
  {
    printf '#!/usr/bin/env bash\nset -u\ntouch %q\n' "${dir}/reverted"
    for path in "${@/#/${HOMEPORT_ROOT}}"; do
      if [[ -e "${path}" ]]; then
        # not `cp --parents`: coreutils 9.1 (Debian 12) looks for an absolute path's folders below the working one
        mkdir -p "${dir}/before${path%/*}"
        cp -a "${path}" "${dir}/before${path}"
        printf 'cp -a %q %q\n' "${dir}/before${path}" "${path}"
      else
        printf 'rm -f %q\n' "${path}"
      fi
    done
    declare -f "revert_${name}"
    printf 'revert_%s\n' "${name}"
  } >"${dir}/revert"
  chmod 700 "${dir}/revert"
  systemctl reset-failed "homeport-guard-${name}.service" 2>/dev/null || true
  systemd-run --quiet --unit="homeport-guard-${name}" --on-active="${seconds}" "${dir}/revert"
}

# guard_forget NAME: everything is as wanted, so a revert of an earlier run counts no more.
function guard_forget() { rm -f "${HOMEPORT_ROOT}/var/lib/homeport/guard/$1/reverted"; }
