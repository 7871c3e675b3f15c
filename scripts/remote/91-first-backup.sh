#!/usr/bin/env bash
# 91-first-backup.sh NAME: a backup, restored and compared, before anybody is told that the system is up (S1-28).

function main() {
  local dir="${HOMEPORT_ROOT}/opt/backups/$1" log="${HOMEPORT_ROOT}/var/log/$1-backup.log" work
  for work in backup drill; do
    "${dir}/${work}.sh" >>"${log}" 2>&1 || die "${work} failed: $(tail -n 1 "${log}")"
  done
  changed "$(sed -n 's/^file=//p' "${dir}/LAST_SUCCESS.txt"), restored and compared: $(jq -r '"\(.tables) tables, \(.rows) rows"' "${dir}/drill.json")"
  summary
}
{
  main "$@"
  exit
}
