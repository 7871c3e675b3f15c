#!/usr/bin/env bash
# What starting a unit and going back have in common; both scripts have it in front of them. A unit's state is a folder
# of ours: `good` and `former` are the releases that have answered, RELEASE.service what each was started by, `env`
# the environment that the good one has, `started` what was started last.

function unit_state() { printf '%s/var/lib/homeport/units/%s' "${HOMEPORT_ROOT}" "$1"; }

# unit_point FOLDER RELEASE: `current` is one or the other, never nothing.
function unit_point() {
  local link="${HOMEPORT_ROOT}$1/current"
  ln -sfn "releases/$2" "${link}.next"
  mv -fT "${link}.next" "${link}"
}

function unit_release() { basename "$(readlink "${HOMEPORT_ROOT}$1/current" 2>/dev/null)"; }

# unit_print NAME FOLDER: changes with whatever a restart would take in.
function unit_print() {
  {
    cat "${HOMEPORT_ROOT}$2/current/.homeport" "${HOMEPORT_ROOT}/etc/systemd/system/$1.service" "${HOMEPORT_ROOT}$2/.env"
  } 2>/dev/null | sha256sum | cut -d ' ' -f 1
}

function unit_code() { curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1$2"; }

function unit_answers() { [[ "$(unit_code "$2" "$3")" == 2?? ]] && systemctl is-active --quiet "$1.service"; }

# unit_is_up NAME PORT PATH SECONDS: it answers; one that has ended for good is not waited for.
function unit_is_up() {
  local deadline=$((SECONDS + $4))
  until unit_answers "$1" "$2" "$3"; do
    if systemctl is-failed --quiet "$1.service" || [[ ${SECONDS} -ge ${deadline} ]]; then return 1; fi
    sleep 0.3
  done
}

# unit_restart NAME: a start that fails is seen by whoever asks for an answer.
function unit_restart() {
  systemctl reset-failed "$1.service" 2>/dev/null || true
  systemctl restart --no-block "$1.service" >&2
  # the former process has ended, so that its answer is not taken for the new one's
  retry 120 unit_has_turned "$1" || true
}

function unit_has_turned() { [[ "$(systemctl show -p Job --value "$1.service")" == '' || "$(systemctl show -p Job --value "$1.service")" == 0 ]]; }

# unit_run NAME FOLDER RELEASE: one that has answered, by what it was started with then.
function unit_run() {
  local state
  state=$(unit_state "$1")
  install_file "/etc/systemd/system/$1.service" 644 root:root <"${state}/$3.service"
  unit_point "$2" "$3"
  systemctl daemon-reload
  unit_restart "$1"
  unit_print "$1" "$2" >"${state}/started"
}

# unit_why NAME PORT PATH: what is wrong, and its last words, without a value of its environment file.
function unit_why() {
  local code state
  code=$(unit_code "$2" "$3") || true
  state=$(systemctl is-active "$1.service") || true
  case "${code}" in
  000) printf 'it does not answer on 127.0.0.1:%s' "$2" ;;
  401 | 403) printf '%s answers %s: a health path must be open' "$3" "${code}" ;;
  404) printf '%s answers 404: healthPath, or the routes of the application' "$3" ;;
  5??) printf '%s answers %s: its log says why' "$3" "${code}" ;;
  *) printf '%s answers %s' "$3" "${code}" ;;
  esac
  printf ' and is %s; fix: homeport logs %s' "${state}" "$1"
}
