#!/usr/bin/env bash
# 77-unit-rollback.sh NAME FOLDER PORT PATH SECONDS [RELEASE]: a unit's former release, or this one, with the secrets
# that it has now (S2-24). Typed twice, it is where it was. One that does not answer gives way again.
# `--list` in place of RELEASE prints those there are, and changes nothing.

function list() {
  local each
  find "${HOMEPORT_ROOT}${folder}/releases" -mindepth 2 -maxdepth 2 -name .homeport -printf '%TY-%Tm-%TdT%TH:%TM:%.2TSZ %h\n' |
    sort -r | while read -r time each; do
    each=${each##*/}
    if [[ -e "${state}/${each}.service" ]]; then
      printf '%s %s %s\n' "${each}" "${time}" "$(if [[ "${each}" == "${now}" ]]; then printf current; else printf kept; fi)"
    fi
  done
}

function run_release() {
  unit_run "${name}" "${folder}" "$1" >&2
  unit_is_up "${name}" "${port}" "${path}" "${seconds}"
}

function main() {
  local name="$1" folder="$2" port="$3" path="$4" seconds="$5" wanted="${6:-}" state now why
  state=$(unit_state "${name}")
  now=$(unit_release "${folder}")
  if [[ "${wanted}" == --list ]]; then
    list
    return
  fi
  wanted=${wanted:-$(cat "${state}/former" 2>/dev/null)} || die "${name}: there is no former release"
  [[ -e "${state}/${wanted}.service" && -e "${HOMEPORT_ROOT}${folder}/releases/${wanted}" ]] ||
    die "${name}: release ${wanted} is not on the server; fix: homeport rollback --service ${name} --list"
  if [[ "${wanted}" == "${now}" ]]; then die "${name}: release ${wanted} runs already"; fi
  if ! run_release "${wanted}"; then
    why=$(unit_why "${name}" "${port}" "${path}")
    run_release "${now}" || die "${name}: release ${wanted}: ${why}; nor does release ${now}, which was brought back"
    die "${name}: release ${wanted}: ${why}; release ${now} runs again"
  fi
  printf '%s\n' "${wanted}" >"${state}/good"
  printf '%s\n' "${now}" >"${state}/former"
  changed "release ${wanted} in place of ${now}"
}
{
  main "$@"
  exit
}
