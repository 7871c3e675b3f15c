#!/usr/bin/env bash
# 86-restore-files.sh auto|none|TIME: after the databases and before the application starts for the first time on this
# server, each directory and volume that holds nothing becomes what the newest copy has that is what its manifest says
# (or the newest one until TIME). One that holds anything is not touched. A repository that has copies, none of which
# can be restored, ends the run. The backup of files runs from the end of this on.
# check mode: whether it came to its end; once files are in use there is nothing to compare them with.

function restore() {
  local copies start=${SECONDS} kind tree root
  copies=$(copies_or_stop "$1" "empty directories may be used")
  if [[ -z "${copies}" ]]; then
    file_evidence nothing-to-restore live 0
    return 0
  fi
  newest_good_files "${folder}/empty" <<<"${copies}" ||
    die "files: none of $(wc -l <<<"${copies}") copies in the repository can be restored, so the application is not started without them; fix: homeport:restore to a time, or none to start empty"
  while read -r kind tree root; do
    place "${kind}" "${tree}" "${root}" || die "${tree}: was filled meanwhile; it is not touched"
  done <"${folder}/empty"
  log "restored files from copy ${COPY_ID:0:8} of ${COPY_TIME}"
  file_evidence restored live $((SECONDS - start))
}

function main() {
  local kind tree root
  if is_check; then
    [[ -e "${HOMEPORT_ROOT}/etc/homeport/backup/files.enabled" ]] || differs 'backups of files' enabled 'not enabled'
    summary
    return
  fi
  load_files
  make_folder
  each_tree >"${folder}/trees" || die "files: every declared directory and volume must be there; fix: pulumi up"
  drop_staging # of a run that was killed
  while read -r kind tree root; do
    if is_empty "${root}"; then printf '%s %s %s\n' "${kind}" "${tree}" "${root}"; fi
  done <"${folder}/trees" >"${folder}/empty"
  if [[ ! -s "${folder}/empty" ]]; then
    file_evidence kept-what-is-there live 0
  elif [[ "$1" == none ]] || ! has_repository; then
    file_evidence started-empty live 0
  else
    restore "$1"
  fi
  install_file /etc/homeport/backup/files.enabled 600 root:root </dev/null
}
{
  main "$@"
  exit
}
