#!/usr/bin/env bash
# 76-unit.sh NAME FOLDER USER RELEASE PORT PATH SECONDS <`file PATH base64` and `environment .env base64` lines: the
# unit runs this release, in its sandbox, and answers. It is restarted only when something changed (S2-4); one that does
# not answer gives way to what ran before, and the step fails (S2-24).
# check mode

readonly KEPT=5

function read_input() {
  local kind name text
  while read -r kind name text; do
    case "${kind}" in
    file) base64 -d <<<"${text}" | install_file "${name}" 644 root:root ;;
    environment) base64 -d <<<"${text}" | install_file "${folder}/.env" 600 "${user}:$(id -gn "${user}")" ;;
    *) die "input: must be file or environment, got ${kind}" ;;
    esac
  done
}

function look() {
  local found
  found=$(unit_release "${folder}")
  if [[ "${found}" != "${release}" ]]; then differs "${folder}/current" "release ${release}" "${found:-no release}"; fi
  check_unit "${name}.service" 'enabled, active'
  check_unit "homeport-unit-${name}.socket" 'enabled, active'
  if [[ "$(cat "${state}/started" 2>/dev/null)" != "$(unit_print "${name}" "${folder}")" ]]; then
    differs "unit ${name}" 'runs what is installed' 'was started with something else'
  fi
  retry 5 unit_answers "${name}" "${port}" "${path}" ||
    differs "http://127.0.0.1:${port}${path}" 'an answer of 2xx' "$(unit_code "${port}" "${path}")"
}

# What a backup of another user brought, or a shell of root's left, is the unit's.
function own_shared() {
  local shared="${HOMEPORT_ROOT}${folder}/shared"
  if [[ ! -d "${shared}" || -z "$(find "${shared}" -mindepth 1 ! -user "${user}" -print -quit)" ]]; then return 0; fi
  find "${shared}" -mindepth 1 ! -user "${user}" -exec chown -h "${user}:$(id -gn "${user}")" {} +
  changed "${folder}/shared belongs to ${user}"
}

# A good one is remembered with all that it was started by.
function remember() {
  local good
  good=$(cat "${state}/good" 2>/dev/null) || true
  cp "${HOMEPORT_ROOT}/etc/systemd/system/${name}.service" "${state}/${release}.service"
  cp "${HOMEPORT_ROOT}${folder}/.env" "${state}/env"
  if [[ -n "${good}" && "${good}" != "${release}" ]]; then printf '%s\n' "${good}" >"${state}/former"; fi
  printf '%s\n' "${release}" >"${state}/good"
  unit_print "${name}" "${folder}" >"${state}/started"
}

# The newest stay, and whatever a way back leads to.
function prune() {
  local each
  find "${HOMEPORT_ROOT}${folder}/releases" -mindepth 1 -maxdepth 1 -printf '%T@ %f\n' | sort -rn | tail -n "+$((KEPT + 1))" |
    cut -d ' ' -f 2 | while read -r each; do
    if ! grep -qsxF "${each}" "${state}/good" "${state}/former"; then
      rm -rf "${HOMEPORT_ROOT}${folder}/releases/${each}" "${state}/${each}.service"
    fi
  done
}

# go_back: what has answered last, whole: its code, its unit, its environment.
function go_back() {
  local good why
  why=$(unit_why "${name}" "${port}" "${path}")
  good=$(cat "${state}/good" 2>/dev/null) || true
  if [[ -z "${good}" || ! -e "${HOMEPORT_ROOT}${folder}/releases/${good}" ]]; then die "${name}: release ${release}: ${why}"; fi
  install_file "${folder}/.env" 600 "${user}:$(id -gn "${user}")" <"${state}/env"
  unit_run "${name}" "${folder}" "${good}"
  if unit_is_up "${name}" "${port}" "${path}" "${seconds}"; then
    die "${name}: release ${release}: ${why}; release ${good}, with its environment, runs again"
  fi
  die "${name}: release ${release}: ${why}; nor does release ${good}, which was brought back"
}

function main() {
  local name="$1" folder="$2" user="$3" release="$4" port="$5" path="$6" seconds="$7" state
  state=$(unit_state "${name}")
  read_input
  if is_check; then
    look
    summary
    return
  fi
  install_dir /var/lib/homeport 711
  install_dir /var/lib/homeport/units 700
  install_dir "/var/lib/homeport/units/${name}" 700
  if [[ "$(unit_release "${folder}")" != "${release}" ]]; then
    unit_point "${folder}" "${release}"
    changed "${folder}/current"
  fi
  own_shared
  systemctl daemon-reload
  systemctl --quiet enable "${name}.service" "homeport-unit-${name}.socket"
  systemctl start "homeport-unit-${name}.socket"
  if [[ "$(cat "${state}/started" 2>/dev/null)" != "$(unit_print "${name}" "${folder}")" ]] ||
    ! systemctl is-active --quiet "${name}.service"; then
    unit_restart "${name}"
    changed "restarted ${name}"
  fi
  unit_is_up "${name}" "${port}" "${path}" "${seconds}" || go_back
  remember
  prune
  summary
}
{
  main "$@"
  exit
}
