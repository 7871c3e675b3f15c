# wal.sh and base.sh with a database, a Docker and a store that are stubs: what stops the archive is told, in wal.json and
# to the report address, and what waits for the store has its limit.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

prepare() {
  local file
  DIR="${HOMEPORT_ROOT}/opt/backups/postgres"
  ETC="${HOMEPORT_ROOT}/etc/homeport/backup"
  SPOOL="${DIR}/wal"
  export HOMEPORT_LOCK_SECONDS=0 HOMEPORT_PATH='' RCLONE_CONFIG_ARCHIVE_REMOTE=store:bucket
  mkdir -p "${SPOOL}/received" "${ETC}" "${HOMEPORT_ROOT}/var/log"
  # the library sets PATH itself: cron's is too short
  sed "s#^export LC_ALL=C PATH=#export LC_ALL=C PATH=${STUBS}:#" "${REPOSITORY}/scripts/files/backup-lib.sh" >"${ETC}/lib.sh"
  cp "${REMOTE}/archive.sh" "${ETC}/archive.sh"
  for file in shipping.sh wal.sh base.sh; do install -m 700 "${REPOSITORY}/scripts/files/${file}" "${DIR}/${file}"; done
  # its functions, without the loop
  sed '/^case /,$d' "${DIR}/wal.sh" >"${DIR}/functions.sh"
  printf '%s\n' container=db user=postgres database=calendar system=calendar stack=test >"${ETC}/postgres.conf"
  printf '%s\n' every_seconds=10 "limit_bytes=$((128 * 1024 * 1024))" >"${ETC}/postgres.archive.conf"
  printf '%s\n' RESTIC_REPOSITORY=s3:https://store.invalid/bucket RESTIC_PASSWORD=p AWS_ACCESS_KEY_ID=a \
    AWS_SECRET_ACCESS_KEY=s HOMEPORT_REPORT_URL=https://hook.invalid/t0ken >"${ETC}/env"
  touch "${ETC}/postgres.pgpass" "${STATE}/receiving"
  echo S-7 >"${SPOOL}/stream"
  jq -n '{ok: true, stream: "S-7", at: "then"}' >"${DIR}/base.json"
  seen reserved
  stub docker '
    case "$*" in
    *"psql -XqAt"*)
      sql=$(cat)
      case "${sql}" in
      *json_build_object*) cat "${STATE}/seen" ;;
      *pg_create_physical_replication_slot*) touch "${STATE}/new-slot" ;;
      *pg_logical_emit_message*) echo 0/5000 ;;
      esac ;;
    *".State.Running"*) if [[ -e "${STATE}/receiving" ]]; then echo true; fi ;;
    *".Image"*) echo image ;;
    "rm -f homeport-wal-postgres") rm -f "${STATE}/receiving" ;;
    *"--entrypoint pg_receivewal"*) touch "${STATE}/receiving" ;;
    *"--entrypoint pg_basebackup"*) echo "FATAL: no space" >&2; exit 1 ;;
    "exec db sh -c"*) echo "$(id -u):$(id -g)" ;;
    esac'
  stub rclone '
    # whoever pipes into it must not fail
    if [[ "$1" == obscure ]]; then cat >/dev/null; fi
    if [[ -e "${STATE}/store-down" ]]; then echo "connection refused" >&2; exit 1; fi
    if [[ "$1" == move ]]; then find "$(printf "%s\n" "$@" | grep "^/.*outgoing")" -type f -delete; fi'
  stub curl '
    cat >/dev/null
    case "$*" in
    *aws-sigv4*) [[ ! -e "${STATE}/store-down" ]] ;;
    *) printf "%s\n" "$@" | grep event >>"${STATE}/told" ;;
    esac'
}

# seen STATUS [SYSTEM]: what the database says of itself and of the slot.
seen() {
  jq -n --arg status "$1" --arg system "${2:-7}" '{system: $system, written: "0/4000", received: "0/4000",
    slot: (if $status == "missing" then null else {status: $status, from: "1/F0000000", kept_bytes: 1} end)}' >"${STATE}/seen"
}

# in_wal COMMANDS: wal.sh's functions, then these.
in_wal() { bash -c 'source "$1"; mkdir -p "${spool}"; eval "$2"' - "${DIR}/functions.sh" "$1"; }

segment() {
  mkdir -p "${SPOOL}/received"
  head -c "$((${2:-1} * 1024))" /dev/urandom >"${SPOOL}/received/$(printf '00000001%016X' "$1")"
}
told() { jq -r '"\(.event) \(.ok) \(.database): \(.error)"' "${STATE}/told"; }
status() { jq -r "$1" "${DIR}/wal.json"; }

@test "wal: one turn sends what was received and says how far it is" {
  segment 1
  segment 2
  run -0 in_wal turn
  [[ "$(status '[.shipped, .error, .stream] | join("|")')" == '0/4000||S-7' ]]
  [[ -z "$(find "${SPOOL}/outgoing" -type f)" ]]
  # the newest finished one stays: it tells pg_receivewal where to go on
  [[ "$(ls "${SPOOL}/received")" == 000000010000000000000002 ]]
  [[ ! -e "${STATE}/told" ]]
}

@test "wal: a slot that was given up is a gap: told, and a new stream begins with nothing of the old one" {
  local lost
  for lost in lost missing; do
    rm -f "${STATE}/told" "${STATE}/new-slot"
    echo S-7 >"${SPOOL}/stream"
    segment 1
    seen "${lost}"
    run -0 in_wal 'look; keep_stream'
    [[ "$(told)" == "archive-gap false calendar: the replication slot is ${lost}: the archive has a gap and starts anew with a fresh base backup" ]]
    [[ -e "${STATE}/new-slot" && "$(cat "${SPOOL}/stream")" =~ ^20[0-9TZ]+-7$ ]]
    [[ ! -e "${SPOOL}/received" && ! -e "${STATE}/receiving" ]]
  done
}

@test "wal: neither the first stream nor that of another database is a gap" {
  rm "${SPOOL}/stream"
  run -0 in_wal 'look; keep_stream'
  echo S-7 >"${SPOOL}/stream"
  seen reserved 8
  run -0 in_wal 'look; keep_stream'
  [[ "$(cat "${SPOOL}/stream")" == *-8 && ! -e "${STATE}/told" ]]
}

@test "wal: a store that is down for long is told once, and nothing that waits is lost" {
  touch "${STATE}/store-down"
  segment 1
  run -0 in_wal 'turn; turn'
  [[ "$(status .error)" == 'the store does not take the log: connection refused' ]]
  [[ ! -e "${STATE}/told" ]]
  run -0 in_wal 'turn; failing_since=$((SECONDS - TOLD_AFTER)); turn; turn; rm "${STATE}/store-down"; turn'
  [[ "$(told)" == 'archive-stopped false calendar: the store does not take the log: connection refused' ]]
  [[ "${output}" == *'the store takes the log again'* ]]
  [[ "$(status .error)" == '' && -z "$(find "${SPOOL}/outgoing" -type f)" ]]
  [[ "$(grep -c 'rclone move.*outgoing/wal' "${CALLS}")" -gt 2 ]]
}

@test "wal: before what waits passes the limit nothing is received any more, which is told; then it goes on by itself" {
  touch "${STATE}/store-down"
  mkdir -p "${SPOOL}/outgoing/wal"
  truncate -s 100M "${SPOOL}/outgoing/wal/waiting.zst"
  run -0 in_wal turn
  [[ ! -e "${STATE}/receiving" ]]
  [[ "$(status .error)" == 'the log that waits here is at its limit of 134217728 bytes; the store does not take the log: connection refused' ]]
  rm "${STATE}/store-down"
  run -0 in_wal 'turn; turn'
  [[ -e "${STATE}/receiving" && "$(status .error)" == '' ]]
}

@test "wal: the receiver ends by itself before the limit is passed, however fast the database writes" {
  rm "${STATE}/receiving"
  mkdir -p "${SPOOL}/outgoing/wal"
  truncate -s 48M "${SPOOL}/outgoing/wal/waiting.zst"
  touch "${STATE}/store-down"
  run -0 in_wal turn
  local end
  end=$(sed -nE 's/.*--entrypoint pg_receivewal .*--endpos ([0-9A-F/]+).*/\1/p' "${CALLS}")
  # the slot begins at 1/F0000000: 96 MiB and a segment from there, without the 48 and what the folders take
  [[ "${end}" == 1/F3* && "$((16#${end#1/}))" -gt "$((16#F3E00000))" ]]
  # a slot that is made only now begins where the database writes
  seen missing
  rm "${STATE}/receiving" "${SPOOL}/outgoing/wal/waiting.zst"
  forget_calls
  run -0 in_wal turn
  end=$(sed -nE 's/.*--entrypoint pg_receivewal .*--endpos ([0-9A-F/]+).*/\1/p' "${CALLS}" | tail -n 1)
  [[ "${end}" == 0/6* || "${end}" == 0/7* ]]
}

@test "wal: the smallest limit has room for what lies there in peace" {
  segment 1 16384
  cp "${SPOOL}"/received/* "${SPOOL}/received/$(printf '00000001%016X' 2).partial"
  cp "${SPOOL}"/received/*.partial "${SPOOL}/sent"
  cp "${SPOOL}/sent" "${SPOOL}/now"
  run -0 in_wal 'is_full || echo room; turn'
  [[ -e "${STATE}/receiving" && "$(status .error)" == '' && "${output}" == room* ]]
}

@test "wal: the guard looks while the loop waits for a slow store" {
  mkdir -p "${SPOOL}/outgoing/wal"
  in_wal guard 3>&- &
  local guard=$!
  sleep 2
  [[ -e "${STATE}/receiving" ]]
  truncate -s 100M "${SPOOL}/outgoing/wal/waiting.zst"
  for _ in $(seq 100); do
    if [[ ! -e "${STATE}/receiving" ]]; then break; fi
    sleep 0.2
  done
  kill "${guard}"
  [[ ! -e "${STATE}/receiving" ]]
}

@test "wal: a database that does not answer is told, and what was received goes all the same" {
  rm "${STATE}/seen"
  segment 1
  run -0 in_wal turn
  [[ "$(status .error)" == 'the database does not answer' && "$(status .shipped)" == '' ]]
  grep -q 'rclone move.*outgoing/wal' "${CALLS}"
}

@test "wal: an answer without the database's identifier is none, and names no stream" {
  local answer
  for answer in '' '{}' '{"system": null, "slot": null}' 'psql: error'; do
    printf '%s' "${answer}" >"${STATE}/seen"
    run -0 in_wal turn
    [[ "$(status .error)" == 'the database does not answer' && "$(cat "${SPOOL}/stream")" == S-7 ]]
    [[ ! -e "${STATE}/new-slot" && ! -e "${STATE}/told" ]]
  done
}

@test "base: one that fails is told with its cause, and does not count" {
  rm "${DIR}/base.json"
  run -1 "${DIR}/base.sh"
  [[ "$(told)" == 'base-failed false calendar: the base backup did not get into the store: FATAL: no space' ]]
  [[ "$(jq -r '"\(.ok) \(.stream)"' "${DIR}/base.json")" == 'false S-7' ]]
  run ! grep -q '\.json' <(grep rcat "${CALLS}")
}

@test "base: without a store, and without a stream" {
  touch "${STATE}/store-down"
  run -1 "${DIR}/base.sh"
  rm "${SPOOL}/stream"
  run -1 "${DIR}/base.sh"
  [[ "$(told | head -n 1)" == 'base-failed false calendar: the store does not answer' ]]
  [[ "$(told | tail -n 1)" == 'base-failed false calendar: no stream: is homeport-wal@postgres running?' ]]
}

@test "base: a good one of the same stream stays what counts when the next fails, and first takes no second" {
  run -1 "${DIR}/base.sh"
  [[ "$(jq -r .at "${DIR}/base.json")" == 'then' && -s "${STATE}/told" ]]
  rm "${STATE}/told"
  run -0 "${DIR}/base.sh" first
  [[ ! -e "${STATE}/told" ]]
}
