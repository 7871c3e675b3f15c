# What comes back before the application starts, out of a repository and a database that live in files: copies are
# folders of ${STATE}/copies, a database is a file of ${STATE}/databases with the dump that was loaded into it.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

STEP=85-restore.sh
export LIBRARY="archive.sh copies.sh archive-copies.sh application.sh"

prepare() {
  local etc="${HOMEPORT_ROOT}/etc/homeport/backup"
  mkdir -p "${etc}" "${HOMEPORT_ROOT}/var/tmp" "${HOMEPORT_ROOT}/opt/backups/postgres" "${STATE}/copies" "${STATE}/databases"
  printf '%s\n' container=db user=postgres database=calendar system=calendar stack=test >"${etc}/postgres.conf"
  printf '%s\n' RESTIC_REPOSITORY=/somewhere >"${etc}/env"
  printf 'what it holds\n' >"${etc}/manifest.sql"
  touch "${STATE}/databases/calendar"
  stub restic '
    cd "${STATE}/copies"
    [[ ! -e "${STATE}/restic-fails" ]] || { cat "${STATE}/restic-fails" >&2; exit 1; }
    shift 2
    case "$1" in
    snapshots) cat */snapshot.json 2>/dev/null | jq -sc . ;;
    ls) ls "$2" | sed "s,^,/opt/," | grep -v snapshot ;;
    dump) cat "$2/${3##*/}" ;;
    esac'
  stub docker '
    cd "${STATE}/databases"
    sql=$(cat)
    printf "%s\n" "${sql}" >>"${CALLS}"
    case "$1" in
    ps) echo web1 db1 proxy1 | tr " " "\n"; exit ;;
    inspect) if [[ "$*" == *Health* ]]; then echo healthy; exit; fi; case "${!#}" in web1) echo web1 /calendar-web web ;; db1) echo db1 /db db ;; *) echo proxy1 /proxy proxy ;; esac; exit ;;
    stop | start) exit ;;
    esac
    if [[ "$*" == *pg_dump* ]]; then cat "${target:-calendar}"; if [[ ! -e "${STATE}/dump-is-cut" ]]; then echo "-- PostgreSQL database dump complete"; fi; exit; fi
    while [[ $# -gt 0 ]]; do
      case "$1" in
      -d) shift; target="$1" ;;
      -v) shift; case "$1" in name=*|database=*|staging=*|before=*) declare "${1%%=*}"="${1#*=}" ;; esac ;;
      esac
      shift
    done
    [[ "${sql}" != *"${KILLED_AT:-nothing is killed}"* ]] || kill -9 "${PPID}"
    case "${sql}" in
    *"count(*) FROM pg_class"*) if [[ -s "${target}" ]]; then echo 1; else echo 0; fi ;;
    *"CREATE DATABASE"*) touch "${staging}" ;;
    *"DROP DATABASE"*) rm -f "${name}" ;;
    *RENAME*) mv "${database}" "${before}"; mv "${staging}" "${database}" ;;
    "what it holds") jq -nc --arg hash "$(grep -c row "${target}")" "{name: \"public.runs\", rows: 1, hash: \$hash}" ;;
    *row*) printf "%s\n" "${sql}" >"${target}" ;;
    esac'
}

# copy ID TIME ROWS [CLAIMED]: a dump of so many rows, and a manifest that claims as many, or others.
copy() {
  local folder="${STATE}/copies/$1"
  mkdir -p "${folder}"
  printf '{"id":"%s","time":"%s"}\n' "$1" "$2" >"${folder}/snapshot.json"
  for ((i = 0; i < $3; i++)); do printf 'row %s of %s\n' "${i}" "$1"; done >"${folder}/backup_1.sql"
  jq -nc --arg sum "$(sha256sum <"${folder}/backup_1.sql" | cut -d' ' -f1)" --arg hash "${4:-$3}" --arg at "$2" \
    '{dump_sha256: $sum, taken_at: $at, bytes: 1, roles: ["postgres"], tables: [{name: "public.runs", rows: 1, hash: $hash}]}' \
    >"${folder}/backup_1.manifest.json"
}

holds() { [[ "$(head -n 1 "${STATE}/databases/calendar")" == *"of $1" && "$(ls "${STATE}/databases")" == calendar ]]; }
evidence() { jq -r "$1" "${HOMEPORT_ROOT}/opt/backups/postgres/restore.json"; }
enabled() { [[ -e "${HOMEPORT_ROOT}/etc/homeport/backup/enabled" ]]; }

@test "85-restore: a fresh database becomes the newest copy, once, and backups may be taken" {
  copy old 2026-01-01T03:00:00Z 2
  copy new 2026-01-02T03:00:00.123Z 3
  run -0 remote "${STEP}" auto postgres </dev/null
  holds new
  enabled
  [[ "$(evidence '.action, .copy, .tables, .taken_at' | tr '\n' ' ')" == "restored new 1 2026-01-02T03:00:00.123Z " ]]
  [[ -z "$(ls "${HOMEPORT_ROOT}/var/tmp")" ]]

  copy newer 2026-01-03T03:00:00Z 4
  run -0 remote "${STEP}" auto postgres </dev/null
  holds new
  [[ "$(evidence .action)" == kept-what-is-there ]]
}

@test "85-restore: a database that holds anything is not touched, nor is the repository asked" {
  copy new 2026-01-02T03:00:00Z 3
  echo "row of yesterday" >"${STATE}/databases/calendar"
  run -0 remote "${STEP}" auto postgres </dev/null
  holds yesterday
  enabled
  run ! grep -qE '^restic|RENAME|CREATE' "${CALLS}"
}

@test "85-restore: a time takes the newest copy until then, whatever zone the copies' times are in" {
  copy old 2026-01-01T03:00:00Z 2
  copy mid 2026-01-02T04:00:00+02:00 3
  copy new 2026-01-02T03:00:00Z 4
  run -0 remote "${STEP}" 2026-01-02T02:30:00Z postgres </dev/null
  holds mid

  : >"${STATE}/databases/calendar"
  run -1 remote "${STEP}" 2025-01-01T00:00:00Z postgres </dev/null
  [[ "${output}" == *"must be a time from which there is a copy"* ]]
}

@test "85-restore: after copies that are damaged, not what they claim, or without a dump it says so and takes the one before" {
  copy good 2026-01-01T03:00:00Z 2
  copy lies 2026-01-02T03:00:00Z 3 7
  copy flipped 2026-01-03T03:00:00Z 3
  sed -i 's/row 1/row 8/' "${STATE}/copies/flipped/backup_1.sql"
  copy cut 2026-01-04T03:00:00Z 3
  sed -i 2,3d "${STATE}/copies/cut/backup_1.sql"
  copy empty 2026-01-05T03:00:00Z 3
  rm "${STATE}/copies/empty/backup_1.sql"
  run -0 remote "${STEP}" auto postgres </dev/null
  holds good
  enabled
  [[ "$(evidence '.skipped[].copy' | tr '\n' ' ')" == "empty cut flipped lies " ]]
  [[ "$(evidence '.skipped[3].why')" == *"differs from its manifest: public.runs" ]]
  [[ "${output}" == *"copy flipped of 2026-01-03T03:00:00Z cannot be restored: the dump is not the one"* ]]
}

@test "85-restore: with copies of which none can be restored it fails, empty and not enabled" {
  copy lies 2026-01-02T03:00:00Z 3 7
  run -1 remote "${STEP}" auto postgres </dev/null
  [[ "${output}" == *"none of 1 copies in the repository can be restored"* ]]
  [[ ! -s "${STATE}/databases/calendar" ]]
  run ! enabled
}

@test "85-restore: a repository that is not made yet, or holds nothing of this database, is a first start" {
  run -0 remote "${STEP}" auto postgres </dev/null
  [[ "$(evidence .action)" == nothing-to-restore ]]
  enabled
  echo 'Fatal: unable to open config file: Stat: The specified key does not exist.' >"${STATE}/restic-fails"
  run -0 remote "${STEP}" auto postgres </dev/null
  [[ "$(evidence .action)" == nothing-to-restore ]]
}

@test "85-restore: a repository that does not answer, or not with this password, is not an empty one" {
  for said in 'Fatal: unable to open config file: dial tcp: connection refused' 'Fatal: wrong password or no key found'; do
    echo "${said}" >"${STATE}/restic-fails"
    run -1 remote "${STEP}" auto postgres </dev/null
    [[ "${output}" == *"must say which copies it holds"* ]]
    run ! enabled
  done
}

@test "85-restore: without a repository, or told none, it starts empty" {
  copy new 2026-01-02T03:00:00Z 3
  run -0 remote "${STEP}" none postgres </dev/null
  [[ "$(evidence .action)" == started-empty ]]
  : >"${HOMEPORT_ROOT}/etc/homeport/backup/env"
  run -0 remote "${STEP}" auto postgres </dev/null
  [[ ! -s "${STATE}/databases/calendar" ]]
  enabled
}

@test "85-restore: killed at any question to the database, it ends well when it is run again" {
  copy new 2026-01-02T03:00:00Z 3
  for where in 'count(*) FROM pg_class' 'DROP DATABASE' 'CREATE DATABASE' 'row' ANALYZE 'what it holds' RENAME; do
    rm -f "${HOMEPORT_ROOT}/etc/homeport/backup/enabled" "${STATE}"/databases/*
    : >"${STATE}/databases/calendar"
    export KILLED_AT="${where}"
    run ! remote "${STEP}" auto postgres </dev/null
    run ! enabled
    # the question itself reaches the server, so after the last one the name is taken, by what was compared
    [[ "${where}" == RENAME || ! -s "${STATE}/databases/calendar" ]]
    unset KILLED_AT
    run -0 remote "${STEP}" auto postgres </dev/null
    holds new
    enabled
  done
}

@test "restore-copy scratch: compares and drops it, live and backups stay as they are" {
  copy new 2026-01-02T03:00:00Z 3
  echo "row of today" >"${STATE}/databases/calendar"
  run -0 remote restore-copy.sh scratch postgres '' check </dev/null
  holds today
  [[ "$(evidence '.action, .into' | tr '\n' ' ')" == "compared scratch " ]]
  [[ "$(line_of 'check --read-data')" -lt "$(line_of ' snapshots ')" ]]
}

@test "restore-copy scratch, check: the backup that counts on the server must be in the repository" {
  copy new 2026-01-02T03:00:00Z 3
  echo snapshot=new >"${HOMEPORT_ROOT}/opt/backups/postgres/LAST_SUCCESS.txt"
  run -0 remote restore-copy.sh scratch postgres '' check </dev/null
  echo snapshot=newer >"${HOMEPORT_ROOT}/opt/backups/postgres/LAST_SUCCESS.txt"
  run -1 remote restore-copy.sh scratch postgres '' check </dev/null
  [[ "${output}" == *'must hold copy newer, which LAST_SUCCESS.txt counts'* ]]
  run -0 remote restore-copy.sh scratch postgres </dev/null # a way back is never in the way of
}

@test "restore-copy live: keeps what is there as a dump, puts the copy in its place, and only the application stands still" {
  copy new 2026-01-02T03:00:00Z 3
  echo "row of today" >"${STATE}/databases/calendar"
  run -0 remote restore-copy.sh live postgres '' </dev/null
  holds new
  [[ "$(evidence '.action, .into' | tr '\n' ' ')" == "restored live " ]]
  [[ "$(head -n 1 "${HOMEPORT_ROOT}"/opt/backups/postgres/before_restore_*.sql)" == "row of today" ]]
  [[ "$(line_of 'docker stop --time 30 web1')" -lt "$(line_of 'docker start web1')" ]]
  run ! grep -qE 'docker (stop|start).*(db1|proxy1)' "${CALLS}"
  [[ ! -e "${HOMEPORT_ROOT}/opt/backups/postgres/.stopped" ]]
}

@test "restore-copy live: what cannot be kept as a dump is not replaced, and the application runs again" {
  copy new 2026-01-02T03:00:00Z 3
  echo "row of today" >"${STATE}/databases/calendar"
  touch "${STATE}/dump-is-cut"
  run -1 remote restore-copy.sh live postgres '' </dev/null
  [[ "${output}" == *"must be kept as a dump first; nothing was changed"* ]]
  [[ "$(cat "${STATE}/databases/calendar")" == "row of today" ]]
  called 'docker start web1'
}

@test "restore-copy live: the application that a killed run had stopped is started by the next one" {
  copy new 2026-01-02T03:00:00Z 3
  echo "row of today" >"${STATE}/databases/calendar"
  export KILLED_AT=RENAME
  run ! remote restore-copy.sh live postgres '' </dev/null
  unset KILLED_AT
  run ! called 'docker start web1'
  run -0 remote restore-copy.sh live postgres '' </dev/null
  called 'docker start web1'
  holds new
}
