# The write-ahead log's way off the server, with a database, a Docker and a systemd that are stubs.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

STEP=92-point-in-time.sh
HBA='host replication homeport_wal 127.0.0.1/32 scram-sha-256 # homeport'

prepare() {
  ETC="${HOMEPORT_ROOT}/etc/homeport/backup"
  DIR="${HOMEPORT_ROOT}/opt/backups/postgres"
  mkdir -p "${ETC}" "${DIR}/wal" "${HOMEPORT_ROOT}/var/log"
  printf '%s\n' container=db user=postgres database=calendar system=calendar stack=test >"${ETC}/postgres.conf"
  printf 'local all all peer\n' >"${STATE}/pg_hba.conf"
  printf '%s\n' -1 >"${STATE}/max_slot_wal_keep_size"
  stub docker '
    cd "${STATE}"
    case "$*" in
    *"psql -XqAt"*)
      sql=$(cat)
      case "${sql}" in
      *minimal*) cat cannot-replicate 2>/dev/null || echo 0 ;;
      "SELECT rolcanlogin"*) cat role 2>/dev/null || true ;;
      *"ALTER ROLE"*) echo t >role; printf "%s\n" "${sql}" >>sql ;;
      *hba_file*) echo "${STATE}/pg_hba.conf" ;;
      *"FROM pg_settings"*) cat max_slot_wal_keep_size ;;
      "ALTER SYSTEM RESET"*) echo -1 >max_slot_wal_keep_size ;;
      "DROP ROLE"*) rm role ;;
      "ALTER SYSTEM"*) sed -E "s/.*= .([0-9]+)MB.*/\1/" <<<"${sql}" >max_slot_wal_keep_size ;;
      *"count(*) FROM pg_replication_slots"*) if [[ -e slot ]]; then echo 1; else echo 0; fi ;;
      *pg_drop_replication_slot*) rm slot ;;
      esac ;;
    "exec db "*) shift 2; "$@" ;;
    esac'
  stub systemctl '
    case "$1" in
    enable) touch "${STATE}/enabled" "${STATE}/slot"; echo S-1 >"${HOMEPORT_ROOT}/opt/backups/postgres/wal/stream" ;;
    disable) rm -f "${STATE}/enabled" ;;
    is-enabled) if [[ -e "${STATE}/enabled" ]]; then echo enabled; else exit 1; fi ;;
    is-active) if [[ -e "${STATE}/enabled" ]]; then [[ "$*" == *--quiet* ]] || echo active; else exit 3; fi ;;
    esac'
}

files() {
  printf 'file archive.sh %s\nfile wal.sh %s\n' "$(base64 -w0 <<<'# archive')" "$(base64 -w0 <<<'# wal')"
  printf 'file shipping.sh %s\n' "$(base64 -w0 <<<'# shipping')"
  printf 'file base.sh %s\n' "$(printf '#!/bin/sh\necho "base.sh $*" >>"%s"\n%s\n' "${CALLS}" "${BASE:-}" | base64 -w0)"
}

turn_on() { files | remote "${STEP}" postgres on 10 1024 1024 '30 2 * * 0'; }
findings() {
  local line
  while read -r line; do finding "${line}" && echo; done <<<"${output}"
}

@test "92-point-in-time: role, line, bound, service and schedule are there once, and a second run changes nothing" {
  run -0 turn_on
  [[ "${output}" == *'changed role homeport_wal'*'changed pg_hba.conf'*'changed max_slot_wal_keep_size'* ]]
  [[ "$(cat "${STATE}/pg_hba.conf")" == "${HBA}"$'\n''local all all peer' ]]
  [[ "$(cat "${STATE}/max_slot_wal_keep_size")" == 1024 ]]
  [[ "$(mode_of /etc/homeport/backup/postgres.pgpass) $(mode_of /opt/backups/postgres/wal.sh)" == '600 700' ]]
  called 'base.sh first'
  [[ "$(line_of 'systemctl enable')" -lt "$(line_of 'base.sh first')" ]]

  forget_calls
  run -0 turn_on
  [[ "${output}" == unchanged ]]
  [[ "$(grep -c homeport_wal "${STATE}/pg_hba.conf")" == 1 ]]
  run ! grep -q 'systemctl restart' "${CALLS}"
}

@test "92-point-in-time: the password is made once, on the host, and is on no command line" {
  turn_on
  local password
  password=$(cut -d: -f5 "${ETC}/postgres.pgpass")
  [[ "${password}" =~ ^[0-9a-f]{64}$ ]]
  turn_on
  [[ "$(cut -d: -f5 "${ETC}/postgres.pgpass")" == "${password}" ]]
  run ! grep -q "${password}" "${CALLS}"
  # statements are not logged while it is set
  [[ "$(head -n 1 "${STATE}/sql")" == "SET log_statement = 'none'; ALTER ROLE homeport_wal LOGIN REPLICATION NOSUPERUSER"* ]]
}

@test "92-point-in-time: a first base backup that fails ends the run with its last word" {
  BASE="echo 'FAILED: no such bucket'; exit 1" run -1 turn_on
  [[ "${output}" == *'base backup failed: FAILED: no such bucket'* ]]
}

@test "92-point-in-time: a database that cannot replicate is told, and nothing is changed" {
  echo 1 >"${STATE}/cannot-replicate"
  run -1 turn_on
  [[ "${output}" == *'wal_level must be replica'*'homeport:pointInTime false'* ]]
  [[ "$(cat "${STATE}/pg_hba.conf")" == 'local all all peer' && ! -e "${ETC}/postgres.pgpass" ]]
}

@test "92-point-in-time: check mode finds what is missing or was changed, and touches nothing" {
  HOMEPORT_CHECK=1 run -0 turn_on
  [[ "$(findings)" == *'role homeport_wal|may log in and replicate|no such role'* ]]
  [[ "$(findings)" == *'unit homeport-wal@postgres.service|enabled, active|'* ]]
  [[ ! -e "${ETC}/postgres.pgpass" && ! -e "${STATE}/role" && "$(cat "${STATE}/pg_hba.conf")" == 'local all all peer' ]]

  turn_on
  HOMEPORT_CHECK=1 run -0 turn_on
  [[ "${output}" == unchanged ]]

  printf '%s\n' 'host all all all trust' "${HBA}" >"${STATE}/pg_hba.conf"
  echo -1 >"${STATE}/max_slot_wal_keep_size"
  rm "${STATE}/enabled"
  HOMEPORT_CHECK=1 run -0 turn_on
  [[ "$(findings | grep -c .)" == 3 ]]
  [[ "$(findings)" == *"pg_hba.conf|${HBA}|host all all all trust"*'max_slot_wal_keep_size|1024 MB|-1 MB'*'unit homeport-wal'* ]]

  run -0 turn_on
  HOMEPORT_CHECK=1 run -0 turn_on
  [[ "${output}" == unchanged ]]
}

@test "92-point-in-time: switched off, the slot that would keep the log goes, and a second run changes nothing" {
  turn_on
  run -0 remote "${STEP}" postgres off </dev/null
  [[ "${output}" == *'removed the replication slot'* ]]
  [[ ! -e "${STATE}/slot" && ! -e "${STATE}/enabled" && ! -e "${DIR}/wal.sh" && ! -e "${DIR}/shipping.sh" && ! -e "${HOMEPORT_ROOT}/etc/cron.d/homeport-base-postgres" ]]
  [[ ! -e "${HOMEPORT_ROOT}/etc/systemd/system/homeport-wal@.service" && ! -e "${ETC}/archive.sh" ]]
  [[ "$(cat "${STATE}/max_slot_wal_keep_size")" == -1 && ! -e "${DIR}/wal" ]]
  [[ ! -e "${STATE}/role" && ! -e "${ETC}/postgres.pgpass" && "$(cat "${STATE}/pg_hba.conf")" == 'local all all peer' ]]
  HOMEPORT_CHECK=1 run -0 remote "${STEP}" postgres off </dev/null
  [[ "${output}" == unchanged ]]
  run -0 remote "${STEP}" postgres off </dev/null
  [[ "${output}" == unchanged ]]
}

@test "92-point-in-time: switched off for one database, what another one's archive needs stays" {
  turn_on
  touch "${ETC}/other.archive.conf"
  run -0 remote "${STEP}" postgres off </dev/null
  [[ -e "${HOMEPORT_ROOT}/etc/systemd/system/homeport-wal@.service" && -e "${ETC}/archive.sh" ]]
}
