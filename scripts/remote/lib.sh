#!/usr/bin/env bash
# What the numbered scripts share. It is sent in front of each of them, over stdin, to `sudo bash -s`.
# stdout is for results, one word a line; everything else goes to stderr.
set -Eeuo pipefail
# `… | install_file`: what it changed must be known here, not in a subshell.
shopt -s lastpipe
umask 077
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a LC_ALL=C
: "${HOMEPORT_ROOT:=}" # tests put another root in front of every path

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

# install_file PATH MODE OWNER[:GROUP] <CONTENT: writes only what differs, never half of it.
function install_file() {
  local path="${HOMEPORT_ROOT}$1" mode="$2" owner="$3" fresh
  mkdir -p "$(dirname "${path}")"
  fresh=$(mktemp "${path}.XXXXXX")
  cat >"${fresh}"
  chmod "${mode}" "${fresh}"
  chown "${owner}" "${fresh}"
  if cmp -s "${fresh}" "${path}" && [[ "$(stat -c '%a %u %g' "${path}")" == "$(stat -c '%a %u %g' "${fresh}")" ]]; then
    rm -f "${fresh}"
    return 0
  fi
  mv -f "${fresh}" "${path}"
  changed "$1"
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
