#!/usr/bin/env bash
# 85-restore.sh auto|none|TIME NAME...: before the application starts for the first time on this server, a database that
# nobody has put anything into becomes what it was at the end of the archive, or at TIME; where no archive reaches that
# far, the newest copy in the repository that is what its manifest says (or the newest one until TIME). One that holds anything is not touched. A repository that has copies, none of which can be restored,
# ends the run: never an empty system over a good repository. backup.sh runs from the end of this on.
# check mode: whether it came to its end; once a database is in use there is nothing to compare it with.

function restore() {
  local mode="$1" until='' copies start=${SECONDS}
  copies=$(copies_or_stop "${mode}" "an empty database may start")
  if [[ "${mode}" != auto ]]; then until="${mode}"; fi
  survey_archive "${until}" ||
    die "archive of ${database}: must say what it holds before an empty database may start; fix: the homeport:backup… keys, or homeport:restore none"
  if [[ -z "${copies}${BASES}" && "${mode}" != auto ]]; then
    die "homeport:restore: must be a time from which there is a copy, got ${mode}; fix: npx homeport backup list"
  elif [[ -z "${copies}${BASES}" ]]; then
    evidence nothing-to-restore live 0
    return 0
  fi
  latest_good "${copies}" "${until}" ||
    die "database ${database}: none of $(printf '%s\n%s\n' "${copies}" "${BASES}" | grep -c .) copies in the repository can be restored, so the application is not started over them; fix: homeport:restore to a time, or none to start empty"
  is_fresh || die "database ${database}: was filled meanwhile; it is not touched"
  take_name || die "database ${database}: its restored copy could not take its name"
  log "restored ${database} from ${COPY_SOURCE} ${COPY_ID:0:8} as of ${COPY_TIME}"
  evidence restored live $((SECONDS - start))
}

function restore_or_keep() {
  local mode="$1"
  load_settings "$2"
  if ! is_fresh; then
    drop_leftovers
    evidence kept-what-is-there live 0
  elif [[ "${mode}" == none ]] || ! has_repository; then
    evidence started-empty live 0
  else
    restore "${mode}"
  fi
}

function main() {
  local mode="$1" each
  shift
  if is_check; then
    [[ -e "${HOMEPORT_ROOT}/etc/homeport/backup/enabled" ]] || differs backups enabled 'not enabled'
    summary
    return
  fi
  make_folder
  for each; do restore_or_keep "${mode}" "${each}"; done
  install_file /etc/homeport/backup/enabled 600 root:root </dev/null
}
{
  main "$@"
  exit
}
