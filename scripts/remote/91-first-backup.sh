#!/usr/bin/env bash
# 91-first-backup.sh NAME: a backup, restored and compared, before anybody is told that the system is up (S1-28).
# check mode: whether a backup stands that was, so that a repair takes one.

function main() {
  local dir="${HOMEPORT_ROOT}/opt/backups/$1" log="${HOMEPORT_ROOT}/var/log/$1-backup.log" work
  if is_check; then
    [[ -e "${dir}/LAST_SUCCESS.txt" ]] || differs "$1" 'a backup that counts' none
    jq -e .ok "${dir}/drill.json" >/dev/null 2>&1 || differs "$1" 'a drill that passed' none
    summary
    return
  fi
  for work in backup drill; do
    "${dir}/${work}.sh" >>"${log}" 2>&1 || die "${work} failed: $(tail -n 1 "${log}")"
  done
  changed "$(sed -n 's/^file=//p' "${dir}/LAST_SUCCESS.txt"), restored and compared: $(jq -r 'if .files then "\(.files) files" else "\(.tables) tables, \(.rows) rows" end' "${dir}/drill.json")"
  summary
}
{
  main "$@"
  exit
}
