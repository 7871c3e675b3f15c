#!/usr/bin/env bash
# /opt/backups/postgres/backup.sh: one backup of the database (S1-25), by root's crontab (S1-27) or by hand.
# A dump counts when it is whole, described by a manifest that was taken in its own snapshot, and off the server.
# Before that nothing goes of the newest copies that were there. Exit status 0 means exactly this.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

readonly KEPT=7         # S1-26
readonly KEPT_UNSENT=14 # while the repository does not take them: a full disk would stop the database as well
# restic itself goes on asking for half an hour; what is sent has longer
readonly ANSWER_SECONDS="${HOMEPORT_ANSWER_SECONDS:-120}"
draft=''

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  [[ -z "${draft}" ]] || rm -f "${draft}"*
  finish_backup "${status}"
  exit "${status}"
}

# name_copy: by the clock, and after every copy that is there: recovery and rotation go by this order, and a clock that
# was ahead for a night must not make an older copy the newest.
function name_copy() {
  local stamp newest behind
  stamp=$(date +%Y%m%d_%H%M%S)
  newest=$(find "${dir}" -name 'backup_????????_??????.sql' -printf '%f\n' | sort | tail -n 1)
  newest="${newest:7:15}"
  if [[ -n "${newest}" && ! "${stamp}" > "${newest}" ]]; then
    behind=$(($(seconds_of "${newest}") - $(seconds_of "${stamp}")))
    stamp=$(date -d "@$(($(seconds_of "${newest}") + 1))" +%Y%m%d_%H%M%S)
    taken=(--time "$(as_time "${stamp}")")
    if [[ ${behind} -gt 900 ]]; then
      reason="the clock is ${behind} s behind the newest copy: it is wrong, or was; this copy is named after that one"
      log "${reason}"
      tell clock-wrong
      reason=''
    fi
  fi
  copy="${dir}/backup_${stamp}.sql"
}

# 20261121_030000 as restic and date read it.
function as_time() { printf '%s' "${1:0:4}-${1:4:2}-${1:6:2} ${1:9:2}:${1:11:2}:${1:13:2}"; }
function seconds_of() { date -d "$(as_time "$1")" +%s; }

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
  make_repository
  summary=$(restic backup --json "${taken[@]}" --host "${system}-${stack}" \
    --tag "system=${system},stack=${stack},database=${database}" "${copy}" "${copy%.sql}.manifest.json" | tail -n 1) ||
    die "the copy is on this server only: restic backup failed"
  snapshot_id=$(jq -er .snapshot_id <<<"${summary}") || die "the copy is on this server only: restic gave no snapshot"
}

# rotate KEEP: so many of the newest whole copies stay; a damaged one is no copy, so it takes no place and is set aside.
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
    elif [[ $((kept += 1)) -gt $1 ]]; then
      rm -f "${file}" "${file%.sql}.manifest.json"
    fi
  done < <(printf '%s\n' "${dir}"/backup_*.sql | sort -r)
  for file in "${dir}"/backup_*.manifest.json; do # of a run that was killed between its two renames
    [[ -e "${file%.manifest.json}.sql" || ! -e "${file}" ]] || rm -f "${file}"
  done
}

function main() {
  local snapshot_id=none copy
  local -a taken=()
  watch
  [[ -e "${etc}/enabled" ]] || die "not before the restore on this server has ended: pulumi up"
  lock backup
  rm -f "${dir}"/.backup_* "${dir}/LAST_RUN.txt" # of a run that was killed
  name_copy
  draft="${dir}/.${copy##*/}.tmp"
  log "backup of ${database}"
  dump
  describe
  keep
  if [[ $(find "${dir}" -name 'backup_*.sql' | wc -l) -gt ${KEPT_UNSENT} ]]; then rotate "${KEPT_UNSENT}"; fi
  push
  rotate "${KEPT}"
  write_file "${dir}/LAST_SUCCESS.txt" 644 < <(printf '%s=%s\n' \
    finished_at "$(date -u +%FT%TZ)" file "${copy##*/}" dump_sha256 "$(jq -r .dump_sha256 "${copy%.sql}.manifest.json")" \
    snapshot "${snapshot_id}")
  log "done: ${copy##*/}, $(stat -c %s "${copy}") bytes, snapshot ${snapshot_id}"
  # After a drill that failed a backup counts when a new drill says so.
  if jq -e '.ok == false' "${dir}/drill.json" >/dev/null 2>&1; then "${dir}/drill.sh"; fi
  beat
}

main "$@"
