#!/usr/bin/env bash
# A database's copies in the off-site repository, and how one becomes a database again. It is always loaded beside the
# database, under a name of its own, compared with its manifest there, and only then takes the name: whatever kills it,
# nothing that was not compared ever carries the live name. After lib.sh; the host has what 90-backup.sh installs.

# The repository answered, and there is none: what a first deployment finds.
readonly NO_REPOSITORY=10
SKIPPED=()
COPY_ID=''
COPY_TIME=''
COPY_SOURCE=dump

# load_settings NAME: container, user, database, system and stack of the database whose copies are in /opt/backups/NAME.
function load_settings() {
  local etc="${HOMEPORT_ROOT}/etc/homeport/backup"
  [[ -r "${etc}/$1.conf" ]] || die "backup $1: must be installed on this server; fix: pulumi up"
  # shellcheck disable=SC1090 # written by 90-backup.sh
  source "${etc}/$1.conf"
  name="$1"
  staging="${database}_homeport_restore"
  before="${database}_homeport_before"
  manifest_sql="${etc}/manifest.sql"
  set -a
  # shellcheck disable=SC1091 # repository and credentials
  source "${etc}/env"
  set +a
  PATH="${etc}/sftp:${PATH}" # the ssh that restic calls, where the repository is over SFTP
  export RESTIC_CACHE_DIR="${HOMEPORT_ROOT}/var/cache/homeport-restic"
  SKIPPED=() COPY_ID='' COPY_TIME='' COPY_SOURCE=dump
}

# make_folder: one for the copy that is looked at; it goes with the script.
function make_folder() {
  folder=$(mktemp -d "${HOMEPORT_ROOT}/var/tmp/homeport-restore.XXXXXX")
  trap 'rm -rf "${folder}"' EXIT
}

function has_repository() { [[ -n "${RESTIC_REPOSITORY:-}" ]]; }

# repository ARGUMENT ...: reads without a lock: one that a dead server left must not stand in the way of its successor.
function repository() { timeout 1800 restic --no-lock --quiet "$@"; }

# list_copies [UNTIL]: lines of `ID TIME`, newest first, taken until then (seconds since 1970). Fails when the
# repository can't tell.
function list_copies() {
  local until="${1:-null}" found code=0 errors
  errors=$(mktemp)
  found=$(repository snapshots --json --host "${system}-${stack}" --tag "${tag:-database=${database}}" 2>"${errors}") || code=$?
  if [[ ${code} -ne 0 && ${code} -ne ${NO_REPOSITORY} ]]; then
    # before restic 0.17 every failure has the same status
    if grep -qiE 'key does not exist|config: no such file|config: file does not exist|Lstat: file does not exist' "${errors}"; then
      code=${NO_REPOSITORY}
    else
      log "$(tail -n 3 "${errors}")"
    fi
  fi
  rm -f "${errors}"
  [[ ${code} -eq 0 ]] || return "${code}"
  jq -r --argjson until "${until}" '
    def seconds: capture("^(?<at>.{19})[.0-9]*(Z|(?<sign>[+-])(?<h>[0-9]{2}):(?<m>[0-9]{2}))$")
      | (.at + "Z" | fromdateiso8601) - ((if .sign == "-" then -60 else 60 end)
        * ((.h // "0" | tonumber) * 60 + (.m // "0" | tonumber)));
    [(. // [])[] | {id, time, at: (.time | seconds)} | select($until == null or .at <= $until)]
    | sort_by(.at, .time) | reverse | .[] | "\(.id) \(.time)"' <<<"${found}"
}

# copies_or_stop auto|TIME WHAT: the copies to try before WHAT; nothing when there is no repository, or none in it.
function copies_or_stop() {
  local mode="$1" until='' code=0 copies
  if [[ "${mode}" != auto ]]; then
    until=$(date -d "${mode}" +%s) || die "homeport:restore: must be auto, none or a time, got ${mode}"
  fi
  copies=$(list_copies "${until}") || code=$?
  if [[ ${code} -ne 0 && ${code} -ne ${NO_REPOSITORY} ]]; then
    die "backup repository: must say which copies it holds before $2; fix: its homeport:backup… keys, or homeport:restore none"
  fi
  printf '%s' "${copies}"
}

# read_repository: every byte of it.
function read_repository() {
  repository check --read-data >&2 || die "repository: restic check --read-data found damage; fix: homeport backup now, for a whole copy"
}

# skip WHAT ID TIME WHY: tells it, and notes it in SKIPPED.
function skip() {
  log "$1: $4"
  SKIPPED+=("$(jq -nc --arg copy "$2" --arg copy_time "$3" --arg why "$4" '$ARGS.named')")
}

# fetch_copy ID: copy.sql and manifest.json in the folder, as they were written to the last byte. Says why not.
function fetch_copy() {
  local id="$1" files dump
  rm -f "${folder}"/*
  files=$(repository ls "${id}") || return 1
  dump=$(grep -E '^/.*\.sql$' <<<"${files}" | head -n 1)
  if [[ -z "${dump}" ]]; then
    echo 'it holds no dump' >&2
    return 1
  fi
  repository dump "${id}" "${dump%.sql}.manifest.json" >"${folder}/manifest.json" || return 1
  repository dump "${id}" "${dump}" >"${folder}/copy.sql" || return 1
  # psql would commit half of a dump that ends too early, and call it a success
  if [[ "$(sha256sum <"${folder}/copy.sql")" != "$(jq -r .dump_sha256 "${folder}/manifest.json")  -" ]]; then
    echo 'the dump is not the one that its manifest describes' >&2
    return 1
  fi
}

# query DATABASE [NAME=VALUE ...] <SQL, with :"NAME" and :'NAME' in it.
function query() {
  local target="$1" pair
  local -a variables=()
  shift
  for pair; do variables+=(-v "${pair}"); done
  docker exec -i "${container}" psql -XqAt -v ON_ERROR_STOP=1 "${variables[@]}" -U "${user}" -d "${target}"
}

# is_fresh: nobody has made anything in the database.
function is_fresh() {
  local count
  count=$(query "${database}" <<<"SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_';") ||
    die "database ${database}: must answer a question; fix: docker logs ${container}"
  [[ "${count}" == 0 ]]
}

function drop_database() {
  query template1 "name=$1" <<<"SET client_min_messages = warning; DROP DATABASE IF EXISTS :\"name\" WITH (FORCE);"
}

# drop_leftovers: of a run that was killed. What it replaced was empty, or is kept as a dump.
function drop_leftovers() {
  drop_database "${staging}"
  drop_database "${before}"
}

# load_copy: the copy as the database of the staging's name, in one transaction.
function load_copy() {
  drop_database "${staging}" || return 1
  jq -r --arg user "${user}" '.roles[]? | select(. != $user)' "${folder}/manifest.json" | make_roles || return 1
  query template1 "database=${database}" "staging=${staging}" <<'SQL' || return 1
SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L', :'staging',
  pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype)
FROM pg_database WHERE datname = :'database' \gexec
SQL
  docker exec -i "${container}" psql -Xq -o /dev/null -v ON_ERROR_STOP=1 --single-transaction -U "${user}" \
    -d "${staging}" <"${folder}/copy.sql" || return 1
  query "${staging}" <<<'ANALYZE;'
}

# make_roles <NAMES: those that the copy's objects belong to and this server lacks; nobody can log in as them.
function make_roles() {
  local role
  while IFS= read -r role; do
    query template1 "role=${role}" <<'SQL' || return 1
SELECT format('CREATE ROLE %I NOLOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SQL
  done
}

# compare_copy: the same tables, rows and hashes as in its manifest; says which differ.
function compare_copy() {
  local different
  query "${staging}" <"${manifest_sql}" >"${folder}/lines" || return 1
  different=$(jq -rs --slurpfile manifest "${folder}/manifest.json" \
    '(. - $manifest[0].tables) + ($manifest[0].tables - .) | map(.name) | unique | join(", ")' "${folder}/lines") || return 1
  [[ -z "${different}" ]] || {
    echo "what was loaded differs from its manifest: ${different}" >&2
    return 1
  }
}

# newest_good_copy <`ID TIME` lines: loads the first one that is what its manifest says, and leaves its name in COPY_ID
# and COPY_TIME. Each one that is not is told, and noted in SKIPPED.
function newest_good_copy() {
  local id time why
  while read -r id time; do
    if { fetch_copy "${id}" && load_copy && compare_copy; } 2>"${folder}.errors" </dev/null; then
      COPY_ID="${id}" COPY_TIME="${time}"
      rm -f "${folder}.errors"
      return 0
    fi
    why=$(tail -n 1 "${folder}.errors")
    rm -f "${folder}.errors"
    skip "copy ${id:0:8} of ${time} cannot be restored" "${id}" "${time}" "${why}"
    drop_database "${staging}" || return 1
  done
  return 1
}

# take_name: the staging takes the database's name, in one transaction; the one before goes.
function take_name() {
  drop_database "${before}" || return 1
  query template1 "database=${database}" "staging=${staging}" "before=${before}" >/dev/null <<'SQL' || return 1
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (:'database', :'staging');
BEGIN;
ALTER DATABASE :"database" RENAME TO :"before";
ALTER DATABASE :"staging" RENAME TO :"database";
COMMIT;
SQL
  drop_database "${before}"
}

# evidence ACTION INTO SECONDS: what was done, as JSON, on the host and as a line of stdout.
function evidence() {
  local manifest='{}' found
  if [[ -n "${COPY_ID}" ]]; then manifest=$(<"${folder}/manifest.json"); fi
  found=$(jq -nc --arg action "$1" --arg into "$2" --argjson seconds "$3" --arg database "${database}" \
    --arg copy "${COPY_ID}" --arg copy_time "${COPY_TIME}" --arg source "${COPY_SOURCE}" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --argjson skipped "$(printf '%s\n' "${SKIPPED[@]:-}" | jq -sc .)" --argjson manifest "${manifest}" '
    {action: $action, at: $at, database: $database, into: $into, seconds: $seconds, skipped: $skipped}
    + if $copy == "" then {} else {copy: $copy, copy_time: $copy_time, source: $source, taken_at: $manifest.taken_at,
      tables: ($manifest.tables | length), rows: ([$manifest.tables[].rows] | add // 0), bytes: $manifest.bytes} end')
  printf '%s\n' "${found}" | install_file "/opt/backups/${name}/restore.json" 600 root:root >/dev/null
  printf '%s\n' "${found}"
}
