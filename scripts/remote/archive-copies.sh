#!/usr/bin/env bash
# A copy out of the archive: the server as it was at a moment, replayed into a scratch server, and from there dumped,
# described, loaded and compared as every copy is. After lib.sh, archive.sh and copies.sh.

# Lines of `BEGAN.ENDED STREAM`, and the moment that the newest of them reaches, as a stamp.
BASES=''
REACHES=''

# survey_archive [UNTIL]: what the archive has until then. Fails when it can't tell.
function survey_archive() {
  local base stream until=''
  BASES='' REACHES=''
  has_archive || return 0
  open_archive || return 1
  if [[ -n "${1:-}" ]]; then until=$(stamp_at "$1") || return 1; fi
  BASES=$(list_bases "${until}") || return 1
  [[ -n "${BASES}" ]] || return 0
  read -r base stream <<<"${BASES}"
  REACHES=$(end_of "${stream}") || return 1
  if [[ ! "${REACHES}" > "${base#*.}" ]]; then REACHES="${base#*.}"; fi
  if [[ -n "${until}" && "${until}" < "${REACHES}" ]]; then REACHES="${until}"; fi
}

# describe_replayed: the scratch server's database as copy.sql and manifest.json. Nobody writes there meanwhile.
function describe_replayed() {
  local facts
  in_replayed "${database}" <"${manifest_sql}" >"${folder}/lines" || return 1
  facts=$(in_replayed "${database}" <<<"SELECT json_build_object('server_version', current_setting('server_version'),
    'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles
      WHERE rolname !~ '^pg_' AND rolname <> 'homeport_wal'));") || return 1
  docker exec "${scratch}" pg_dump -U "${user}" "${database}" >"${folder}/copy.sql" || return 1
  tail -n 5 "${folder}/copy.sql" | grep -qx -- '-- PostgreSQL database dump complete' || return 1
  jq -es --arg database "${database}" --arg at "$(time_of "${REACHES}")" --argjson facts "${facts}" \
    --arg sum "$(sha256sum <"${folder}/copy.sql" | cut -d' ' -f1)" --argjson bytes "$(stat -c %s "${folder}/copy.sql")" \
    '$facts + {database: $database, taken_at: $at, dump_sha256: $sum, bytes: $bytes, tables: .}' \
    "${folder}/lines" >"${folder}/manifest.json"
}

# from_archive [UNTIL]: the staging database as the server was then, or at the archive's end; an older base backup of the
# same stream where the newest one is damaged.
function from_archive() {
  local base stream first='' why
  while read -r base stream; do
    [[ "${stream}" == "${first:=${stream}}" ]] || break
    if {
      rm -rf "${folder:?}"/* && prepare_replay "${folder}/replay" && replay_archive "${stream}" "${base%.*}" "${1:-}" &&
        describe_replayed && end_replay && load_copy && compare_copy
    } 2>"${folder}.errors" </dev/null; then
      # shellcheck disable=SC2034 # what copies.sh says in the evidence
      COPY_ID="${base%.*}" COPY_TIME=$(time_of "${REACHES}") COPY_SOURCE=archive
      rm -f "${folder}.errors"
      return 0
    fi
    why=$(tail -n 1 "${folder}.errors")
    rm -f "${folder}.errors"
    end_replay
    skip "base backup ${base%.*} cannot be replayed" "${base%.*}" "$(time_of "${base#*.}")" "${why}"
    drop_database "${staging}" || return 1
  done <<<"${BASES}"
  return 1
}

# latest_good COPIES [UNTIL]: whatever shows the latest moment and is what it should be: the archive, or one of the copies
# (lines of `ID TIME`, newest first), those that are later than the archive before it.
function latest_good() {
  local reaches=''
  if [[ -n "${BASES}" ]]; then reaches=$(date -d "$(time_of "${REACHES}")" +%s.%N); fi
  newest_good_copy < <(split_copies "${reaches:-0}" newer <<<"$1") ||
    { [[ -n "${BASES}" ]] && from_archive "${2:-}"; } ||
    newest_good_copy < <(split_copies "${reaches:-0}" older <<<"$1")
}

# split_copies SECONDS newer|older <COPIES
function split_copies() {
  local id time is
  while read -r id time; do
    [[ -n "${id}" ]] || continue
    is=newer
    if awk -v a="$(date -d "${time}" +%s.%N)" -v b="$1" 'BEGIN { exit !(a <= b) }'; then is=older; fi
    if [[ "${is}" == "$2" ]]; then printf '%s %s\n' "${id}" "${time}"; fi
  done
}
