#!/usr/bin/env bash
# /opt/backups/postgres/wal.sh: sends the write-ahead log off the server as it is written, as homeport-wal@postgres.
# A container of the database's own image receives it over a replication slot; this loop keeps that one running and
# sends what it received. While the store does not answer the log waits here up to a limit, then in the database up to
# max_slot_wal_keep_size; what comes after that costs the slot, never the disk, and a new stream begins by itself.
# wal.sh flush: ends when what is committed now is in the store.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
# shellcheck source=scripts/remote/archive.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/archive.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/files/shipping.sh
source "${dir}/shipping.sh"
# shellcheck source=/dev/null # every_seconds, limit_bytes
source "${etc}/${name}.archive.conf"

readonly SLOT=homeport_wal RETRY_BASE=600 HEADROOM=$((32 * 1024 * 1024)) SEGMENT_BYTES=$((16 * 1024 * 1024))
spool="${dir}/wal" receiver="homeport-wal-${name}"
problem='' base_tried=-${RETRY_BASE}
# what was received before goes off even while the database does not answer
stream=$(cat "${spool}/stream" 2>/dev/null) || stream=''

# shellcheck disable=SC2154 # container, user
function ask() { timeout 30 docker exec -i "${container}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" -d template1; }

# position LSN: as a number.
function position() {
  local lsn="${1:-0/0}"
  printf '%d\n' "$(((16#${lsn%/*} << 32) + 16#${lsn#*/}))"
}

# lsn POSITION
function lsn() { printf '%X/%X\n' $(($1 >> 32)) $(($1 & 0xFFFFFFFF)); }

# look: what the database says of itself and of the slot. One that is going down may end the session without a word.
function look() {
  seen=$(
    ask 2>/dev/null <<SQL
SELECT json_build_object('system', (SELECT system_identifier::text FROM pg_control_system()),
  'written', pg_current_wal_flush_lsn()::text,
  'received', (SELECT max(write_lsn)::text FROM pg_stat_replication WHERE application_name = '${receiver}'),
  'slot', (SELECT json_build_object('status', wal_status, 'from', restart_lsn::text, 'kept_bytes', pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))
    FROM pg_replication_slots WHERE slot_name = '${SLOT}'));
SQL
  ) && [[ "$(jq -r .system <<<"${seen}" 2>/dev/null)" =~ ^[0-9]+$ ]]
}

function stop_receiving() { docker rm -f "${receiver}" >/dev/null 2>&1 || true; }

# keep_stream: the slot is there and holds what was not received yet; otherwise the archive starts anew.
function keep_stream() {
  local found status is
  found=$(jq -r '.slot.status // "missing"' <<<"${seen}")
  is=$(jq -r .system <<<"${seen}")
  case "${found}" in
  reserved | extended | unreserved) status=kept ;;
  *) status=lost ;;
  esac
  if [[ "${status}" == kept && "${stream}" == *"-${is}" ]]; then return 0; fi
  stop_receiving
  if [[ "${stream}" == *"-${is}" ]]; then
    reason="the replication slot is ${found}: the archive has a gap and starts anew with a fresh base backup"
    log "${reason}"
    tell archive-gap
    reason=''
  fi
  ask >/dev/null <<<"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${SLOT}';
    SELECT pg_create_physical_replication_slot('${SLOT}', true);" || return 1
  rm -rf "${spool}/received" "${spool}/outgoing" "${spool}/sent" "${spool}/sent.name" "${spool}/last"
  stream="$(stamp)-${is}" shipped='' base_tried=-${RETRY_BASE}
  write_file "${spool}/stream" <<<"${stream}"
  log "stream ${stream}"
}

# Files come and go meanwhile, which du tells by its status.
function held_bytes() { { du -sb "${spool}" 2>/dev/null || true; } | cut -f1; }

# is_full: the headroom is for a segment that is begun, and one that is packed. In peace four segments lie here: the
# newest finished one, the growing one, and two copies of it.
# shellcheck disable=SC2154 # limit_bytes
function is_full() { [[ "$(held_bytes)" -ge $((limit_bytes - HEADROOM)) ]]; }

# last_position: what the receiver may take before anybody looks again. It ends there by itself, so that the limit is
# kept however fast the database writes; the slot holds the rest.
function last_position() {
  lsn $(($(position "$(jq -r '.slot.from // .written // ""' <<<"${seen}")") + limit_bytes - HEADROOM - $(held_bytes) + SEGMENT_BYTES))
}

# keep_receiving: unless what waits here is at its limit.
function keep_receiving() {
  local account image
  if is_full; then
    stop_receiving
    problem="the log that waits here is at its limit of ${limit_bytes} bytes"
    return 0
  fi
  if [[ "$(docker inspect -f '{{.State.Running}}' "${receiver}" 2>/dev/null)" == true ]]; then return 0; fi
  stop_receiving
  account=$(data_account) && image=$(docker inspect -f '{{.Image}}' "${container}") || return 1
  install -d -m 700 -o "${account%:*}" -g "${account#*:}" "${spool}/received"
  install -m 400 -o "${account%:*}" -g "${account#*:}" "${etc}/${name}.pgpass" "${spool}/pgpass"
  docker run -d --name "${receiver}" --network "container:${container}" --user "${account}" --read-only --cap-drop ALL \
    --security-opt no-new-privileges --memory 256m --log-opt max-size=1m -e PGPASSFILE=/homeport/pgpass \
    -e "PGAPPNAME=${receiver}" -v "${spool}/pgpass:/homeport/pgpass:ro" -v "${spool}/received:/homeport/received" \
    --entrypoint pg_receivewal "${image}" -h 127.0.0.1 -U "${SLOT}" -w -D /homeport/received -S "${SLOT}" \
    --status-interval=1 --no-loop --endpos "$(last_position)" >/dev/null || return 1
  is_received || true
}

# is_received: soon after the start; until then nobody could tell a receiver that works from one that does not.
function is_received() {
  local deadline=$((SECONDS + 10))
  until look && jq -e .received <<<"${seen}" >/dev/null; do
    if [[ ${SECONDS} -ge ${deadline} ]]; then return 1; fi
    sleep 0.3
  done
}

# A stream without a base backup restores nothing. One that fails is tried again, not at once.
function keep_base() {
  if [[ "$(jq -r 'select(.ok) | .stream' "${dir}/base.json" 2>/dev/null)" == "${stream}" ]]; then return 0; fi
  if [[ $((SECONDS - base_tried)) -lt ${RETRY_BASE} ]]; then return 0; fi
  base_tried=${SECONDS}
  "${dir}/base.sh" first >>"${HOMEPORT_ROOT}/var/log/${name}-backup.log" 2>&1 &
}

function tell_status() {
  jq -n --arg at "$(date -u +%FT%TZ)" --arg stream "${stream}" --arg shipped "${shipped}" --arg shipped_at "${shipped_at}" \
    --arg error "${problem}" --argjson held "$(held_bytes)" --argjson seen "${seen:-null}" \
    '{at: $at, stream: $stream, written: $seen.written, received: $seen.received, shipped: $shipped,
      shipped_at: $shipped_at, held_bytes: $held, slot: $seen.slot, error: $error}' | write_file "${dir}/wal.json"
}

function turn() {
  problem=''
  if look; then
    keep_stream || problem='the replication slot could not be made'
    keep_receiving || problem='the receiver did not start'
  else
    seen='' problem='the database does not answer'
  fi
  if [[ -n "${stream}" ]]; then
    ship
    keep_base
  fi
  tell_status
}

# guard: beside the loop, which waits for a store that is slow.
function guard() {
  while sleep 1; do
    if is_full; then stop_receiving; fi
  done
}

# shellcheck disable=SC2154 # every_seconds
function serve() {
  lock wal
  install -d -m 700 "${spool}"
  last_stamp=$(cat "${spool}/last_stamp" 2>/dev/null) || last_stamp=''
  trap ':' USR1
  trap 'exit 0' TERM INT # the unit takes the receiver away
  guard 9>&- &
  while :; do
    turn
    sleep "${every_seconds}" 9>&- &
    wait "$!" || true
  done
}

function flush() {
  local target deadline=$((SECONDS + ${HOMEPORT_FLUSH_SECONDS:-60})) now
  target=$(position "$(ask <<<'SELECT pg_current_wal_flush_lsn();')")
  while :; do
    systemctl kill -s USR1 --kill-who=main "homeport-wal@${name}.service" || die "homeport-wal@${name} is not running"
    sleep 1
    now=$(jq -r '.shipped // ""' "${dir}/wal.json" 2>/dev/null) || now=''
    if [[ "$(position "${now:-0/0}")" -ge "${target}" ]]; then return 0; fi
    if [[ ${SECONDS} -ge ${deadline} ]]; then
      log "$(jq -r .error "${dir}/wal.json" 2>/dev/null)"
      exit 1
    fi
  done
}

case "${1:-serve}" in
serve) serve ;;
flush) flush ;;
*) exit 2 ;;
esac
