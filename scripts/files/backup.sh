#!/usr/bin/env bash
# /opt/backups/postgres/backup.sh: one backup of the database (S1-25), by root's crontab (S1-27) or by hand.
# A dump counts when it is whole, described by a manifest that was taken in its own snapshot, and off the server.
# Nothing that was there is touched before that. Exit status 0 means exactly this.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

readonly KEPT=7 # S1-26
draft=''

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  [[ -z "${draft}" ]] || rm -f "${draft}"*
  if [[ ${status} -ne 0 ]]; then
    : "${reason:=ended with status ${status} at line ${failed_line:-?}}"
    log "FAILED: ${reason}"
    tell backup-failed
  fi
  exit "${status}"
}

# Both see one snapshot: a session exports it and computes the manifest while pg_dump runs.
# shellcheck disable=SC2154 # container, user, database
function dump() {
  local snapshot session out in theirs
  coproc SESSION { docker exec -i "${container}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" "${database}" 2>&1; }
  session="${SESSION_PID}" theirs="${SESSION[1]}"
  exec {out}<&"${SESSION[0]}" {in}>&"${SESSION[1]}" # bash takes its own away as soon as the session ends
  exec {theirs}>&-
  printf '%s\n' 'SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;' \
    'SELECT pg_export_snapshot();' >&"${in}" || die "the database does not answer: is ${container} running?"
  IFS= read -r -t 60 snapshot <&"${out}" || die "the database does not answer: is ${container} running?"
  [[ "${snapshot}" =~ ^[0-9A-F-]+$ ]] || die "the database gave no snapshot: ${snapshot}"
  {
    printf '%s\n' "SELECT json_build_object('server_version', current_setting('server_version')," \
      "'taken_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')," \
      "'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles WHERE rolname !~ '^pg_'));"
    cat "${etc}/manifest.sql"
  } >&"${in}"
  docker exec "${container}" pg_dump -U "${user}" --snapshot="${snapshot}" "${database}" >"${draft}.sql" ||
    die "pg_dump ended with status $?"
  printf '%s\n' 'COMMIT;' '\q' >&"${in}" || true # a session that is gone has no manifest: told below
  exec {in}>&-
  cat <&"${out}" >"${draft}.lines"
  wait "${session}" || die "the manifest could not be taken: $(tail -n 1 "${draft}.lines")"
}

# The end marker is among the last lines: newer pg_dumps write \unrestrict after it.
function describe() {
  tail -n 5 "${draft}.sql" | grep -qx -- '-- PostgreSQL database dump complete' ||
    die "the dump has no end marker: it is cut short"
  sync "${draft}.sql"
  jq -es --arg database "${database}" --arg sum "$(sha256sum <"${draft}.sql" | cut -d' ' -f1)" \
    --argjson bytes "$(stat -c %s "${draft}.sql")" \
    '{database: $database, taken_at: .[0].taken_at, server_version: .[0].server_version, roles: .[0].roles,
      dump_sha256: $sum, bytes: $bytes, tables: .[1:]} |
      if (.taken_at | type) == "string" and ([.tables[] | .name, .hash] | all(type == "string")) then . else error end' \
    "${draft}.lines" >"${draft}.manifest.json" || die "the manifest is not whole"
  sync "${draft}.manifest.json"
}

# The manifest first: a dump without one is none.
function keep() {
  mv "${draft}.manifest.json" "${copy%.sql}.manifest.json"
  mv "${draft}.sql" "${copy}"
  sync "${dir}"
  rm -f "${draft}"*
  draft=''
}

function push() {
  local summary
  has_repository || return 0
  if ! restic -q cat config >/dev/null 2>&1; then
    # refuses where there is a repository, whatever was wrong with the question
    restic -q init || die "the repository does not answer, or not with these credentials"
    log "made the repository"
  fi
  summary=$(restic backup --json --host "${system}-${stack}" \
    --tag "system=${system},stack=${stack},database=${database}" "${copy}" "${copy%.sql}.manifest.json" | tail -n 1) ||
    die "the copy is on this server only: restic backup failed"
  snapshot_id=$(jq -er .snapshot_id <<<"${summary}") || die "the copy is on this server only: restic gave no snapshot"
}

# The newest whole copies stay; a damaged one is no copy, so it takes no place and is set aside.
function rotate() {
  local file kept=0
  while IFS= read -r file; do
    if ! is_intact "${file}"; then
      mv -f "${file}" "${file}.damaged"
      rm -f "${file%.sql}.manifest.json"
      reason="${file##*/} is damaged and set aside"
      log "${reason}"
      tell copy-damaged
      reason=''
    elif [[ $((kept += 1)) -gt ${KEPT} ]]; then
      rm -f "${file}" "${file%.sql}.manifest.json"
    fi
  done < <(printf '%s\n' "${dir}"/backup_*.sql | sort -r)
  for file in "${dir}"/backup_*.manifest.json; do # of a run that was killed between its two renames
    [[ -e "${file%.manifest.json}.sql" || ! -e "${file}" ]] || rm -f "${file}"
  done
}

function main() {
  local snapshot_id=none copy
  trap 'failed_line=${LINENO}' ERR
  trap finish EXIT
  trap 'die "stopped by a signal"' INT TERM HUP
  [[ -e "${etc}/enabled" ]] || die "not before the restore on this server has ended: pulumi up"
  lock backup
  rm -f "${dir}"/.backup_* # of a run that was killed
  copy="${dir}/backup_$(date +%Y%m%d_%H%M%S).sql"
  [[ ! -e "${copy}" ]] || die "${copy##*/} exists: two backups within a second"
  draft="${dir}/.${copy##*/}.tmp"
  log "backup of ${database}"
  dump
  describe
  keep
  push
  rotate
  write_file "${dir}/LAST_SUCCESS.txt" < <(printf '%s=%s\n' \
    finished_at "$(date -u +%FT%TZ)" file "${copy##*/}" dump_sha256 "$(jq -r .dump_sha256 "${copy%.sql}.manifest.json")" \
    snapshot "${snapshot_id}")
  log "done: ${copy##*/}, $(stat -c %s "${copy}") bytes, snapshot ${snapshot_id}"
  # After a drill that failed a backup counts when a new drill says so.
  if jq -e '.ok == false' "${dir}/drill.json" >/dev/null 2>&1; then "${dir}/drill.sh"; fi
}

main "$@"
