# backup.sh and drill.sh against a container and a repository that are stubs: whatever fails or is killed, no good copy
# is lost, no bad one counts, and it is told.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

prepare() {
  local file
  DIR="${HOMEPORT_ROOT}/opt/backups/postgres"
  ETC="${HOMEPORT_ROOT}/etc/homeport/backup"
  export HOMEPORT_LOCK_SECONDS=0 HOMEPORT_PATH=
  mkdir -p "${DIR}" "${ETC}"
  cp "${REPOSITORY}/scripts/files/backup-lib.sh" "${ETC}/lib.sh"
  # the library sets PATH itself: cron's is too short
  sed -i "s#^export LC_ALL=C PATH=#export LC_ALL=C PATH=${STUBS}:#" "${ETC}/lib.sh"
  cp "${REPOSITORY}/scripts/files/manifest.sql" "${ETC}/"
  for file in backup.sh drill.sh; do install -m 700 "${REPOSITORY}/scripts/files/${file}" "${DIR}/${file}"; done
  printf '%s\n' container=db user=postgres database=calendar system=calendar stack=test >"${ETC}/postgres.conf"
  printf '%s\n' RESTIC_REPOSITORY=s3:somewhere HOMEPORT_REPORT_URL=https://hook.invalid/t0ken >"${ETC}/env"
  touch "${ETC}/enabled"
  printf '%s\n' 'CREATE TABLE runs ();' '-- PostgreSQL database dump complete' '\unrestrict x' >"${STATE}/dump"
  printf '%s\n' '{"server_version":"17","taken_at":"2026-11-21T03:00:00Z","roles":["postgres"]}' \
    '{"name":"public.runs","rows":2,"hash":"abc"}' >"${STATE}/lines"
  tail -n 1 "${STATE}/lines" >"${STATE}/restored"
  stub docker '
case "$*" in
*pg_dump*)
  case "${DUMP:-}" in
  fails) head -n 1 "${STATE}/dump"; echo "pg_dump: error: no such database" >&2; exit 1 ;;
  cut) head -n 1 "${STATE}/dump" ;;
  killed) head -n 1 "${STATE}/dump"; kill -9 "${PPID}"; sleep 1 ;;
  full) echo "write: No space left on device" >&2; exit 1 ;;
  *) cat "${STATE}/dump" ;;
  esac ;;
"exec -i db psql"*)
  [[ ! -e "${STATE}/stopped" ]] || { echo "container db is not running" >&2; exit 1; }
  while read -r line; do
    case "${line}" in
    *pg_export_snapshot*) echo 00000003-0000001B-1 ;;
    *server_version*) cat "${STATE}/lines" ;;
    esac
  done ;;
"exec -i homeport-drill-postgres psql"*)
  sql=$(cat)
  [[ "${sql}" != *gexec* ]] || cat "${STATE}/restored" ;;
"inspect"*) echo x ;;
esac'
  stub restic '
[[ "${RESTIC:-}" != fails ]] || exit 1
[[ "${RESTIC:-}" != killed || "$1" != backup ]] || { kill -9 "${PPID}"; sleep 1; }
case "$1" in
backup) for file; do [[ "${file}" != *.sql ]] || printf "%s" "${file}" >"${STATE}/pushed"; done
  echo "{\"message_type\":\"summary\",\"snapshot_id\":\"0123456789ab\"}" ;;
snapshots) jq -nc --arg file "$(cat "${STATE}/pushed")" "[{id: \"0123456789ab\", time: \"2026\", paths: [\$file]}]" ;;
dump) cat "$3" ;;
esac'
  stub curl 'cat >>"${STATE}/told"'
}

# Good copies of the days before.
earlier() {
  local day file
  for day in $(seq "$1"); do
    file="${DIR}/backup_2026010${day}_030000"
    printf 'dump %s' "${day}" >"${file}.sql"
    jq -n --arg sum "$(sha256sum <"${file}.sql" | cut -d' ' -f1)" '{dump_sha256: $sum, tables: []}' >"${file}.manifest.json"
  done
}

copies() { find "${DIR}" -name 'backup_*.sql' | wc -l; }

# What every failed night leaves behind: all that was there, nothing new that counts, a word to the report address.
lost_nothing() {
  local day
  for day in $(seq "$1"); do [[ -e "${DIR}/backup_2026010${day}_030000.sql" ]]; done
  [[ ! -e "${DIR}/LAST_SUCCESS.txt" ]]
}

@test "a backup is a dump with its manifest, pushed, and then counted" {
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 1 ]]
  cmp "${STATE}/dump" "${DIR}"/backup_*.sql
  [[ "$(jq -r '"\(.database) \(.taken_at) \(.bytes) \(.tables[0].rows)"' "${DIR}"/backup_*.manifest.json)" == "calendar 2026-11-21T03:00:00Z $(stat -c %s "${STATE}/dump") 2" ]]
  [[ "$(sha256sum <"${STATE}/dump")" == "$(jq -r .dump_sha256 "${DIR}"/backup_*.manifest.json)  -" ]]
  called 'docker exec db pg_dump -U postgres --snapshot=00000003-0000001B-1 calendar'
  grep -q 'snapshot=0123456789ab' "${DIR}/LAST_SUCCESS.txt"
  [[ "$(stat -c %a "${DIR}/LAST_SUCCESS.txt")" == 644 ]] # for a container that may enter the folder, and list nothing
  [[ "$(find "${DIR}" -name '.*' -type f)" == '' ]]
  [[ "$(stat -c %a "${DIR}"/backup_*.sql)" == 600 ]]
}

@test "the last 7 stay, and a damaged one is none of them" {
  earlier 9
  printf x >>"${DIR}/backup_20260109_030000.sql"
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 7 ]]
  [[ ! -e "${DIR}/backup_20260102_030000.sql" && -e "${DIR}/backup_20260103_030000.sql" ]]
  [[ -e "${DIR}/backup_20260109_030000.sql.damaged" ]]
  grep -q copy-damaged "${CALLS}"
}

@test "a night that fails loses nothing, counts nothing, ends with an error and is told" {
  earlier 8
  for night in 'DUMP=fails' 'DUMP=cut' 'DUMP=full' 'RESTIC=fails'; do
    forget_calls
    run -1 env "${night}" "${DIR}/backup.sh"
    lost_nothing 8
    [[ "${output}" == *FAILED* ]]
    grep -q '"event":"backup-failed","ok":false' "${CALLS}"
    [[ "$(find "${DIR}" -name '.*' -type f)" == '' ]]
  done
  # the copy of the night when the repository did not answer is good
  [[ "$(copies)" == 9 ]]
}

@test "the report's address, which may hold a token, is on no command line" {
  DUMP=fails run -1 "${DIR}/backup.sh"
  grep -q t0ken "${STATE}/told"
  run ! grep -q t0ken "${CALLS}"
}

@test "a stopped database and a manifest that is cut short are no backup" {
  earlier 7
  touch "${STATE}/stopped"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'is db running?'* || "${output}" == *'no snapshot'* ]]
  rm "${STATE}/stopped"
  printf '{"server_version":' >"${STATE}/lines"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'manifest is not whole'* ]]
  lost_nothing 7
  [[ "$(copies)" == 7 ]]
}

@test "killed while it dumps or pushes, the next run is as if nothing had been" {
  earlier 7
  for kill in DUMP=killed RESTIC=killed; do
    run ! env "${kill}" "${DIR}/backup.sh"
    lost_nothing 7
    sleep 1 # a copy's name has seconds
  done
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 7 && -e "${DIR}/LAST_SUCCESS.txt" ]]
  [[ "$(find "${DIR}" -name '.*' -type f)" == '' ]]
}

@test "two at once: one does it, the other says why not" {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 8>"${HOMEPORT_ROOT}/run/lock/homeport-backup-postgres"
  flock 8
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'another run holds the lock'* ]]
  [[ "$(copies)" == 0 ]]
}

@test "nothing is backed up before the restore on this server has ended" {
  rm "${ETC}/enabled"
  run -1 "${DIR}/backup.sh"
  [[ "$(copies)" == 0 ]]
}

@test "without a repository the copies are local, and restic is not asked" {
  : >"${ETC}/env"
  run -0 "${DIR}/backup.sh"
  run -0 "${DIR}/drill.sh"
  run ! grep -q restic "${CALLS}"
  [[ "$(jq -r '"\(.ok) \(.source)"' "${DIR}/drill.json")" == 'true local' ]]
}

@test "a drill restores the newest backup and compares it; its evidence says what" {
  run -0 "${DIR}/backup.sh"
  run -0 "${DIR}/drill.sh"
  [[ "$(jq -r '"\(.ok) \(.source) \(.tables) \(.rows)"' "${DIR}/drill.json")" == 'true restic 1 2' ]]
  called 'docker rm -f -v homeport-drill-postgres'
  [[ -e "${DIR}/LAST_SUCCESS.txt" ]]
}

@test "a drill that finds another row or another byte is red, takes the success back, and is told" {
  run -0 "${DIR}/backup.sh"
  for damage in "sed -i s/abc/abd/ ${STATE}/restored" "sed -i 1s/runs/rums/ ${DIR}/backup_2*.sql"; do
    cp "${STATE}/restored" "${STATE}/restored.good"
    touch "${DIR}/LAST_SUCCESS.txt"
    forget_calls
    # shellcheck disable=SC2086 # words, with a pattern
    ${damage}
    run -1 "${DIR}/drill.sh"
    [[ "$(jq -r .ok "${DIR}/drill.json")" == false ]]
    [[ ! -e "${DIR}/LAST_SUCCESS.txt" && -e "${DIR}/LAST_SUCCESS.stale.txt" ]]
    grep -q '"event":"drill-failed"' "${CALLS}"
    mv "${STATE}/restored.good" "${STATE}/restored"
  done
  : >"$(find "${DIR}" -name 'backup_*.manifest.json')"
  run -1 "${DIR}/drill.sh"
  [[ "$(jq -r '"\(.ok) \(.error)"' "${DIR}/drill.json")" == "false the manifest of"* ]]
}

@test "after a red drill the next backup counts only when a drill says so" {
  run -0 "${DIR}/backup.sh"
  sed -i s/abc/abd/ "${STATE}/restored"
  run -1 "${DIR}/drill.sh"
  sleep 1
  run -1 "${DIR}/backup.sh"
  [[ ! -e "${DIR}/LAST_SUCCESS.txt" ]]
  sed -i s/abd/abc/ "${STATE}/restored"
  sleep 1
  run -0 "${DIR}/backup.sh"
  [[ -e "${DIR}/LAST_SUCCESS.txt" && "$(jq -r .ok "${DIR}/drill.json")" == true ]]
}

# install: 90-backup.sh as the component calls it.
install_backup() {
  local file
  for file in backup.sh drill.sh lib.sh manifest.sql; do printf 'file %s %s\n' "${file}" "$(base64 -w0 <<<"${file}")"; done >"${STATE}/input"
  printf 'env RESTIC_PASSWORD %s\nconf database %s\n' "$(base64 -w0 <<<"it's \$HOME")" "$(printf calendar | base64 -w0)" >>"${STATE}/input"
  remote 90-backup.sh postgres '0 3 * * *' '30 4 * * 1' "$@" <"${STATE}/input"
}

@test "90-backup: root's crontab has the line once after any number of applies, and keeps other lines (S1-27)" {
  stub crontab 'if [[ "$*" == *-l ]]; then cat "${STATE}/crontab"; else cat >"${STATE}/crontab.new" && mv "${STATE}/crontab.new" "${STATE}/crontab"; fi'
  printf '%s\n' '1 2 * * * /bin/other' '0 5 * * * /opt/backups/postgres/backup.sh >> /old.log' >"${STATE}/crontab"
  for _ in 1 2 3; do run -0 install_backup; done
  [[ "${output}" == unchanged ]]
  [[ "$(cat "${STATE}/crontab")" == '1 2 * * * /bin/other
0 3 * * * /opt/backups/postgres/backup.sh >> /var/log/postgres-backup.log 2>&1' ]]
  [[ "$(mode_of /opt/backups/postgres) $(mode_of /opt/backups/postgres/backup.sh) $(mode_of /etc/homeport/backup/env)" == '700 700 600' ]]
  # shellcheck disable=SC1091
  [[ "$(source "${ETC}/env" && printf %s "${RESTIC_PASSWORD}")" == "it's \$HOME" ]]
  run -0 install_backup 711
  [[ "$(mode_of /opt/backups) $(mode_of /opt/backups/postgres) $(mode_of /opt/backups/postgres/backup.sh)" == '700 711 700' ]]
}

# kill_at NUMBER: the script kills itself before the command of this number, in whatever function that is.
kill_at() {
  printf '%s\n' '[[ "$0" == */backup.sh ]] || return 0' 'set -T' 'homeport_commands=0' \
    "trap 'if [[ \${BASH_SUBSHELL} == 0 ]] && ((++homeport_commands == $1)); then kill -9 \$\$; fi' DEBUG" >"${STATE}/kill"
  BASH_ENV="${STATE}/kill" run "${DIR}/backup.sh"
}

# Whatever happened: no file under a copy's name that is not whole, a success that is on record is a copy that is here
# and off the server, and seven good ones are left.
is_sound() {
  local file whole=0
  for file in "${DIR}"/backup_*.sql; do
    [[ "$(sha256sum <"${file}")" == "$(jq -r .dump_sha256 "${file%.sql}.manifest.json")  -" ]]
    whole=$((whole + 1))
  done
  [[ ${whole} -ge 7 ]]
  [[ -e "${DIR}/LAST_SUCCESS.txt" ]] || return 0
  file="${DIR}/$(sed -n 's/^file=//p' "${DIR}/LAST_SUCCESS.txt")"
  [[ -e "${file}" ]]
  grep -qF "$(sed -n 's/^file=//p' "${DIR}/LAST_SUCCESS.txt")" "${STATE}/all-pushed"
}

@test "killed before any one of its commands, nothing that counts is lost or false, and it does not say that it ended" {
  local number=0
  earlier 7
  cp -a "${DIR}" "${STATE}/before"
  stub sync # hundreds of them
  sed -i 's,>"${STATE}/pushed",| tee "${STATE}/pushed" >>"${STATE}/all-pushed",' "${STUBS}/restic"
  while :; do
    rm -rf "${DIR}"
    cp -a "${STATE}/before" "${DIR}"
    kill_at $((number += 1))
    is_sound || {
      echo "before command ${number}: ${output}" >&2
      false
    }
    if [[ ${status} -eq 0 ]]; then break; fi
    [[ ${status} -eq 137 ]]
    [[ ! -e "${DIR}/LAST_RUN.txt" || ! "${output}" == *'backup of calendar'* || "${output}" == *'done:'* ]]
  done
  [[ ${number} -gt 60 ]] # it was inside of every function
  kill_at $((number / 2))
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 7 && -z "$(find "${DIR}" -name '.*' -type f)" && -z "$(find "${DIR}" -name '*.damaged')" ]]
  grep -qx status=0 "${DIR}/LAST_RUN.txt"
}

@test "how a run ended is on record: the reason of a failure, and nothing while one runs" {
  run -0 "${DIR}/backup.sh"
  grep -qx status=0 "${DIR}/LAST_RUN.txt"
  DUMP='cut' run -1 "${DIR}/backup.sh"
  grep -qx 'reason=the dump has no end marker: it is cut short' "${DIR}/LAST_RUN.txt"
  [[ -e "${DIR}/LAST_SUCCESS.txt" ]]
  # one that has to wait for another says nothing about that one
  exec 8>"${HOMEPORT_ROOT}/run/lock/homeport-backup-postgres"
  flock 8
  rm "${DIR}/LAST_RUN.txt"
  run -1 "${DIR}/backup.sh"
  [[ ! -e "${DIR}/LAST_RUN.txt" ]]
}

@test "where not even the log can be written the failure is told all the same" {
  DUMP=full run -1 bash -c '"$1" >/dev/full 2>&1' _ "${DIR}/backup.sh"
  grep -q '"event":"backup-failed"' "${CALLS}"
  grep -q 'reason=pg_dump ended' "${DIR}/LAST_RUN.txt"
}

@test "a repository that takes nothing for weeks does not let the copies fill the disk, nor cost the newest ones" {
  earlier 7
  for _ in {1..9}; do RESTIC=fails run -1 "${DIR}/backup.sh"; done
  [[ "$(copies)" == 14 || "$(copies)" == 15 ]]
  [[ ! -e "${DIR}/backup_20260101_030000.sql" ]]
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 7 ]]
}

# at WHEN: the clock of what the script asks for the time.
at() {
  stub date 'for word; do [[ "${word}" != -d ]] || exec /usr/bin/date "$@"; done
exec /usr/bin/date -d "${CLOCK}" "$@"'
  CLOCK="$1" run -0 "${DIR}/backup.sh"
}

@test "with the clock a day ahead for a night, the newest copy is still the one that was taken last" {
  at '2026-11-21 03:00:00'
  at '2026-11-23 03:00:00' # the clock is a day ahead
  forget_calls
  at '2026-11-23 02:00:00' # and right again
  [[ "$(find "${DIR}" -name 'backup_*.sql' -printf '%f\n' | sort | tail -n 1)" == backup_20261123_030001.sql ]]
  grep -q 'file=backup_20261123_030001.sql' "${DIR}/LAST_SUCCESS.txt"
  grep -q -- '--time 2026-11-23 03:00:01' "${CALLS}"
  grep -q '"event":"clock-wrong","ok":false' "${CALLS}"
  at '2026-11-24 03:00:00'
  [[ "$(copies)" == 4 && -e "${DIR}/backup_20261124_030000.sql" ]]
}

@test "with the clock back by a day, or in 1970, rotation does not take the copy that was made last" {
  earlier 7
  at '2026-01-06 03:00:00'
  [[ "$(copies)" == 7 && -e "${DIR}/backup_20260107_030001.sql" && ! -e "${DIR}/backup_20260101_030000.sql" ]]
  at '1970-01-01 00:00:10'
  [[ "$(copies)" == 7 && -e "${DIR}/backup_20260107_030002.sql" ]]
  grep -q 'file=backup_20260107_030002.sql' "${DIR}/LAST_SUCCESS.txt"
}

@test "a wrong password makes no second repository, and a repository that never answers is not waited for all night" {
  earlier 7
  stub restic 'case "$*" in *cat*) exit 12 ;; *init*) echo "Fatal: config file already exists" >&2; exit 1 ;; *) echo "${1}" >>"${STATE}/pushed" ;; esac'
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'does not answer, or not with these credentials'* && ! -e "${STATE}/pushed" ]]
  stub restic 'sleep 60'
  HOMEPORT_ANSWER_SECONDS=0.2 run -1 "${DIR}/backup.sh"
  lost_nothing 7
  grep -q 'reason=the repository does not answer' "${DIR}/LAST_RUN.txt"
}
