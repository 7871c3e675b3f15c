#!/usr/bin/env bash
# restore-copy.sh scratch|live NAME [TIME [check]]: restores the newest copy that is what its manifest says; with TIME the
# database as it was then where the archive reaches it, else the newest copy until then. scratch: compares it and drops it again; with `check` every byte of the repository is read first.
# live: keeps what is there as a dump, and puts the copy in its place while the application stands still.

function finish() {
  start_application
  rm -rf "${folder}"
}

# keep_what_is_there: as a dump beside the backups, none of their rotation's business. The newest three stay.
function keep_what_is_there() {
  local safe
  safe="/opt/backups/${name}/before_restore_$(date -u +%Y%m%d_%H%M%S).sql"
  docker exec "${container}" pg_dump -U "${user}" "${database}" >"${HOMEPORT_ROOT}${safe}.tmp" || return 1
  tail -n 5 "${HOMEPORT_ROOT}${safe}.tmp" | grep -qx -- '-- PostgreSQL database dump complete' || return 1
  mv "${HOMEPORT_ROOT}${safe}.tmp" "${HOMEPORT_ROOT}${safe}"
  log "what was there is kept: ${safe}"
  find "${HOMEPORT_ROOT}/opt/backups/${name}" -name 'before_restore_*.sql' | sort -r | tail -n +4 | xargs -r rm -f
}

function put_in_place() {
  stop_application
  keep_what_is_there || die "database ${database}: what is there must be kept as a dump first; nothing was changed"
  take_name || die "database ${database}: the copy could not take its name; what was there stays"
}

# reach_for TIME: the archive, with what was written until now in it. Without a time a copy is meant: the archive's end is
# what is there already.
function reach_for() {
  [[ -n "$1" ]] || return 0
  if systemctl is-active --quiet "homeport-wal@${archive:-${name}}.service"; then
    "${HOMEPORT_ROOT}/opt/backups/${archive:-${name}}/wal.sh" flush >&2 || log 'the last seconds are not in the archive'
  fi
  survey_archive "$1" || log 'the archive does not answer: copies only'
}

# counted_is_there COPIES: the backup that counts here is among them. Older ones expire, so that one that went is no news.
function counted_is_there() {
  local counted
  counted=$(sed -n 's/^snapshot=//p' "${HOMEPORT_ROOT}/opt/backups/${name}/LAST_SUCCESS.txt" 2>/dev/null) || return 0
  [[ -z "${counted}" || "${counted}" == none ]] || grep -q "^${counted}" <<<"$1" ||
    die "repository: must hold copy ${counted:0:8}, which LAST_SUCCESS.txt counts; fix: homeport backup now"
}

function main() {
  local into="$1" until='' copies start=${SECONDS}
  load_settings "$2"
  has_repository || die "no repository: there are local copies only, in /opt/backups/$2; fix: homeport:backupRepository"
  if [[ -n "${3:-}" ]]; then until=$(date -d "$3" +%s) || die "TIME: must be a time, got $3"; fi
  if [[ "${4:-}" == check ]]; then read_repository; fi
  make_folder
  # shellcheck disable=SC2034 # for application.sh
  stopped="${HOMEPORT_ROOT}/opt/backups/${name}/.stopped"
  trap finish EXIT
  reach_for "${3:-}"
  copies=$(list_copies "${until}") || die "repository: must be there and answer; fix: homeport:backupRepository and its keys"
  [[ -n "${copies}${BASES}" ]] || die "repository: must hold a copy of ${database}${3:+ until $3}; fix: homeport backup list"
  if [[ "${4:-}" == check ]]; then counted_is_there "${copies}"; fi
  latest_good "${copies}" "${3:-}" || die "database ${database}: no copy can be restored (${#SKIPPED[@]} tried)"
  if [[ "${into}" == live ]]; then
    put_in_place
    start_application
  else
    drop_database "${staging}"
  fi
  evidence "$([[ "${into}" == live ]] && echo restored || echo compared)" "${into}" $((SECONDS - start))
}
{
  main "$@"
  exit
}
