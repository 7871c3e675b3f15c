#!/usr/bin/env bash
# 92-point-in-time.sh NAME on EVERY_SECONDS LIMIT_MB SLOT_MB BASE_SCHEDULE <`file NAME BASE64` ...: the write-ahead log of
# NAME's database server leaves the host as it is written, and a base backup on a schedule; the first one is there when
# this ends. 92-point-in-time.sh NAME off: none of it, and nothing that would keep the log in the database.
# The database's container stays as it is. The role may do nothing but replicate, from within the container's network.
# check mode

readonly ROLE=homeport_wal
readonly HBA_LINE="host replication ${ROLE} 127.0.0.1/32 scram-sha-256 # homeport"

function sql() { docker exec -i "${container}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" -d template1; }

# The password is the host's own: made here, once, and known to nobody else.
function make_password() {
  local file="${HOMEPORT_ROOT}${etc}/${name}.pgpass"
  if [[ -s "${file}" ]]; then return; fi
  if is_check; then
    differs "${etc}/${name}.pgpass" 'a file' 'no file'
    return
  fi
  printf '127.0.0.1:5432:*:%s:%s\n' "${ROLE}" "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" |
    install_file "${etc}/${name}.pgpass" 600 root:root
}

function make_role() {
  local found password
  found=$(sql <<<"SELECT rolcanlogin AND rolreplication AND NOT rolsuper FROM pg_roles WHERE rolname = '${ROLE}';")
  if is_check; then
    if [[ "${found}" != t ]]; then differs "role ${ROLE}" 'may log in and replicate' "${found:-no such role}"; fi
    return
  fi
  password=$(cut -d: -f5 "${HOMEPORT_ROOT}${etc}/${name}.pgpass")
  if [[ -z "${found}" ]]; then sql <<<"CREATE ROLE ${ROLE};"; fi
  sql <<<"SET log_statement = 'none'; ALTER ROLE ${ROLE} LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}';"
  if [[ "${found}" != t ]]; then changed "role ${ROLE}"; fi
}

# let_in: the line is the first one, where no other can come before it.
function let_in() {
  local file first
  file=$(sql <<<'SHOW hba_file;')
  first=$(docker exec "${container}" head -n 1 "${file}")
  if [[ "${first}" == "${HBA_LINE}" ]]; then return; fi
  if is_check; then
    differs pg_hba.conf "${HBA_LINE}" "${first}"
    return
  fi
  # shellcheck disable=SC2016 # for the container's shell
  docker exec "${container}" sh -c 'set -e; cp -p "$1" "$1.homeport"
    { printf "%s\n" "$2"; grep -vxF -- "$2" "$1"; } >"$1.homeport"; mv "$1.homeport" "$1"' - "${file}" "${HBA_LINE}"
  sql >/dev/null <<<'SELECT pg_reload_conf();'
  changed pg_hba.conf
}

# bound_slot MB: what the database keeps for a receiver that does not come; never the whole disk.
function bound_slot() {
  local found
  found=$(sql <<<"SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size';")
  if [[ "${found}" == "$1" ]]; then return; fi
  if is_check; then
    differs max_slot_wal_keep_size "$1 MB" "${found} MB"
    return
  fi
  sql <<<"ALTER SYSTEM SET max_slot_wal_keep_size = '$1MB';"
  sql >/dev/null <<<'SELECT pg_reload_conf();'
  changed max_slot_wal_keep_size
}

function can_replicate() {
  local found
  found=$(sql <<<"SELECT count(*) FROM pg_settings WHERE (name = 'wal_level' AND setting = 'minimal')
    OR (name IN ('max_wal_senders', 'max_replication_slots') AND setting::int < 2);")
  [[ "${found}" == 0 ]] || die "database ${container}: wal_level must be replica, max_wal_senders and max_replication_slots at least 2; fix: its configuration, or homeport:pointInTime false"
}

function install_unit() {
  install_file /etc/systemd/system/homeport-wal@.service 644 root:root <<'UNIT'
# Written by Homeport.
[Unit]
Description=write-ahead log of %i, off the server
After=docker.service network-online.target
Wants=docker.service network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/opt/backups/%i/wal.sh
# killed or stopped, nothing goes on receiving what nobody sends on
ExecStopPost=-/usr/bin/docker rm -f homeport-wal-%i
KillMode=mixed
Restart=always
RestartSec=2
TimeoutStopSec=30
Nice=5
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ReadWritePaths=/opt/backups /run /var/log
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER

[Install]
WantedBy=multi-user.target
UNIT
}

function turn_on() {
  local file unit="homeport-wal@${name}.service"
  can_replicate
  printf 'every_seconds=%q\nlimit_bytes=%q\n' "$1" "$(($2 * 1024 * 1024))" | install_file "${etc}/${name}.archive.conf" 600 root:root
  content_of archive.sh <<<"${input}" | install_file "${etc}/archive.sh" 600 root:root
  for file in shipping.sh wal.sh base.sh; do content_of "${file}" <<<"${input}" | install_file "/opt/backups/${name}/${file}" 700 root:root; done
  make_password
  make_role
  let_in
  bound_slot "$3"
  install_unit
  install_file "/etc/cron.d/homeport-base-${name}" 644 root:root <<CRON
PATH=/usr/sbin:/usr/bin:/sbin:/bin
$4 root /opt/backups/${name}/base.sh >>/var/log/${name}-backup.log 2>&1
CRON
  if is_check; then
    check_unit "${unit}" 'enabled, active'
    return
  fi
  systemctl daemon-reload
  systemctl enable --quiet "${unit}"
  if [[ ${CHANGED} -ne 0 ]] || ! systemctl is-active --quiet "${unit}"; then systemctl restart "${unit}"; fi
  first_base
}

# The stream's first base backup, proven: before it a moment can't be come back to.
function first_base() {
  local log="${HOMEPORT_ROOT}/var/log/${name}-backup.log" dir="${HOMEPORT_ROOT}/opt/backups/${name}"
  retry 60 test -s "${dir}/wal/stream" || die "homeport-wal@${name}: must begin a stream; fix: journalctl -u homeport-wal@${name}"
  "${dir}/base.sh" first >>"${log}" 2>&1 || die "base backup failed: $(tail -n 1 "${log}")"
}

function turn_off() {
  local file unit="homeport-wal@${name}.service"
  local -a files=("/etc/cron.d/homeport-base-${name}" "/opt/backups/${name}/wal.sh" "/opt/backups/${name}/shipping.sh"
    "/opt/backups/${name}/base.sh" "/opt/backups/${name}/wal.json" "/opt/backups/${name}/base.json" "${etc}/${name}.archive.conf")
  # what all archives share goes with the last of them
  if [[ -z "$(find "${HOMEPORT_ROOT}${etc}" -name '*.archive.conf' ! -name "${name}.archive.conf")" ]]; then
    files+=("/etc/systemd/system/homeport-wal@.service" "${etc}/archive.sh")
  fi
  if ! is_check; then
    systemctl disable --quiet --now "${unit}" 2>/dev/null || true
    docker rm -f "homeport-wal-${name}" >/dev/null 2>&1 || true
  fi
  for file in "${files[@]}"; do
    [[ -e "${HOMEPORT_ROOT}${file}" ]] || continue
    if is_check; then
      differs "${file}" 'no file' 'a file that nothing declares'
    else
      rm -f "${HOMEPORT_ROOT}${file}"
      changed "removed ${file}"
    fi
  done
  if ! is_check; then systemctl daemon-reload; fi
  if [[ "$(sql <<<"SELECT count(*) FROM pg_replication_slots WHERE slot_name = '${ROLE}';")" != 0 ]]; then
    if is_check; then
      differs "replication slot ${ROLE}" 'no slot' 'a slot'
    else
      retry 20 drop_slot || die "replication slot ${ROLE}: could not be dropped; fix: run it again"
      rm -rf "${HOMEPORT_ROOT}/opt/backups/${name}/wal"
      changed "removed the replication slot ${ROLE}"
    fi
  fi
  forget_role
}

# Its connection may take a moment to end.
function drop_slot() { sql >/dev/null 2>&1 <<<"SELECT pg_drop_replication_slot('${ROLE}');"; }

function forget_role() {
  local file
  if [[ -z "$(sql <<<"SELECT rolcanlogin AND rolreplication AND NOT rolsuper FROM pg_roles WHERE rolname = '${ROLE}';")" ]]; then return; fi
  if is_check; then
    differs "role ${ROLE}" 'no such role' 'a role'
    return
  fi
  file=$(sql <<<'SHOW hba_file;')
  # shellcheck disable=SC2016 # for the container's shell
  docker exec "${container}" sh -c 'set -e; cp -p "$1" "$1.homeport"
    grep -vxF -- "$2" "$1" >"$1.homeport" || true; mv "$1.homeport" "$1"' - "${file}" "${HBA_LINE}"
  rm -f "${HOMEPORT_ROOT}${etc}/${name}.pgpass"
  sql <<<'ALTER SYSTEM RESET max_slot_wal_keep_size;'
  sql >/dev/null <<<'SELECT pg_reload_conf();'
  # the last thing: until then the next run knows that there is something to take back
  sql <<<"DROP ROLE ${ROLE};"
  changed "removed role ${ROLE}"
}

function main() {
  local input mode="$2"
  name="$1" etc=/etc/homeport/backup
  input=$(cat)
  # shellcheck source=/dev/null # written by 90-backup.sh: container, user
  source "${HOMEPORT_ROOT}${etc}/${name}.conf"
  shift 2
  "turn_${mode}" "$@"
  summary
}
{
  main "$@"
  exit
}
