#!/usr/bin/env bash
# /opt/backups/postgres/base.sh [first]: a physical base backup into the store, and the proof of it: what the store gives
# back is checked file by file, started in a scratch server, and the log is applied to its end. Only then it counts.
# first: nothing when the present stream has one already. Nothing of it lies on this disk as a whole but for the proof.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
# shellcheck source=scripts/remote/archive.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/archive.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

readonly PIECE=64M
work='' scratch='' stream='' taken='' began="${EPOCHREALTIME}" described='{}'

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  if [[ -n "${work}" ]]; then end_replay; fi
  if has_failed "${status}"; then
    evidence false || true
    tell base-failed
  fi
  exit "${status}"
}

# evidence OK: writes base.json. One that failed leaves a good one of the same stream in its place.
function evidence() {
  if [[ "$1" == false ]] && jq -e --arg stream "${stream}" '.ok and .stream == $stream' "${dir}/base.json" >/dev/null 2>&1; then
    return 0
  fi
  jq -n --argjson ok "$1" --arg at "$(date -u +%FT%TZ)" --arg stream "${stream}" --arg stamp "${taken}" --arg error "${reason}" \
    --argjson seconds "$(elapsed "${began}")" \
    --argjson base "${described}" '{ok: $ok, at: $at, stream: $stream, stamp: $stamp, seconds: $seconds, error: $error} + $base' |
    write_file "${dir}/base.json"
}

# take: straight from the database into the store, piece by piece.
# shellcheck disable=SC2154 # container, user
function take() {
  install -m 400 -o "${account%:*}" -g "${account#*:}" "${etc}/${name}.pgpass" "${work}/pgpass"
  install -d -m 700 "${work}/piece"
  # shellcheck disable=SC2016 # for split's shell, once a piece
  docker run --rm --network "container:${container}" --user "${account}" --read-only --cap-drop ALL \
    --security-opt no-new-privileges -e PGPASSFILE=/homeport/pgpass -v "${work}/pgpass:/homeport/pgpass:ro" \
    --entrypoint pg_basebackup "${image}" -h 127.0.0.1 -U homeport_wal -w -D - -F tar -X none -c fast -v 2>"${work}/said" |
    zstd -q -3 -c |
    TARGET="archive:${stream}/base/${taken}" split -b "${PIECE}" -a 4 -d --filter \
      'cat >"${FILE}" && rclone moveto --no-check-dest --retries 3 "${FILE}" "${TARGET}/${FILE##*/}"' - "${work}/piece/" ||
    die "the base backup did not get into the store: $(tail -n 1 "${work}/said")"
  described=$(jq -nc --arg taken_at "$(time_of "${taken}")" --arg ended_at "$(date -u +%FT%T.%3NZ)" --arg image "${image}" \
    '$ARGS.named')
}

# mark: the position of something that was written after the base backup.
function mark() {
  docker exec -i "${container}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" -d template1 \
    <<<"SELECT pg_logical_emit_message(true, 'homeport', 'base backup');" || die 'the database does not answer'
}

# prove MARK: the archive's end, in a scratch server, from the store alone.
function prove() {
  local found
  replay_archive "${stream}" "${taken}" || die 'the store gives back no base backup and log that make a server'
  found=$(in_replayed <<<"SELECT pg_last_wal_replay_lsn() >= '$1';") || die 'the scratch server does not answer'
  [[ "${found}" == t ]] || die "the log in the store does not reach $1, which was sent there"
  found=$(in_replayed "${database}" <<<"SELECT count(*) FROM pg_class WHERE relkind = 'r'") ||
    die "${database} is not in what was replayed"
  [[ "${found}" -gt 0 ]] || die "${database} is empty in what was replayed"
}

# list: what is there now, so that what goes missing is noticed: of a stream that has ended nobody else knows.
function list() {
  kept_names | zstd -qc | rclone rcat "archive:${stream}/names/${taken}.zst" ||
    die 'the names of what the store holds could not be kept there'
}

function main() {
  local marked
  watch
  lock base
  stream=$(cat "${dir}/wal/stream" 2>/dev/null) || die "no stream: is homeport-wal@${name} running?"
  if [[ "${1:-}" == first ]] && jq -e --arg stream "${stream}" '.ok and .stream == $stream' "${dir}/base.json" >/dev/null 2>&1; then
    exit 0
  fi
  open_archive || die 'the store does not answer'
  prepare_replay "${dir}/.base" || die 'the database does not answer'
  taken=$(stamp)
  log "base backup of ${container}"
  take
  marked=$(mark)
  "${dir}/wal.sh" flush || die 'the log that belongs to the base backup is not in the store'
  prove "${marked}"
  list
  rclone rcat "archive:${stream}/base/${taken}.$(stamp_at "$(jq -r .ended_at <<<"${described}")").json" <<<"${described}" ||
    die 'the base backup could not be marked as whole'
  evidence true
  log "base backup done: stream ${stream}, $(jq -r '"\(.seconds) s"' "${dir}/base.json")"
}

main "$@"
