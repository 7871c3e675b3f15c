#!/usr/bin/env bash
# /opt/backups/postgres/drill.sh: restores the newest backup into a scratch server of the same image and compares what
# came out with the manifest. drill.json is the evidence; when it fails LAST_SUCCESS.txt is taken back.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

source=local snapshot='' file='' manifest='' scratch="homeport-drill-${name}" work='' began="${EPOCHREALTIME}"

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  docker rm -f -v "${scratch}" >/dev/null 2>&1 || true
  finish_drill "${status}"
  [[ -z "${work}" ]] || rm -rf "${work}"
  exit "${status}"
}

# evidence OK: writes drill.json.
function evidence() {
  local described text
  described=$(jq -cs '.[0]' "${manifest:-/nonexistent}" 2>/dev/null) || described=null
  text=$(jq -n --argjson ok "$1" --arg at "$(date -u +%FT%TZ)" --arg database "${database}" --arg source "${source}" \
    --arg snapshot "${snapshot}" --arg file "${file##*/}" --arg error "${reason}" \
    --argjson seconds "$(elapsed "${began}")" \
    --argjson manifest "${described}" \
    '{ok: $ok, at: $at, database: $database, source: $source, snapshot: $snapshot, file: $file,
      taken_at: $manifest.taken_at, tables: ($manifest.tables // [] | length),
      rows: ([$manifest.tables // [] | .[].rows] | add // 0), seconds: $seconds, error: $error}')
  write_file "${dir}/drill.json" <<<"${text}"
}

# Sets file and manifest to the newest backup: the repository's, or without one the newest local copy.
function find_newest() {
  local found
  manifest="${work}/manifest.json"
  if has_repository; then
    source=restic
    found=$(restic snapshots --json --host "${system}-${stack}" --tag "database=${database}" | jq -ec 'max_by(.time)') ||
      die "the repository has no backup of ${database}, or does not answer"
    snapshot=$(jq -r .id <<<"${found}")
    file=$(jq -er '.paths[] | select(endswith(".sql"))' <<<"${found}") || die "snapshot ${snapshot} holds no dump"
    restic dump "${snapshot}" "${file%.sql}.manifest.json" >"${manifest}" || die "the manifest cannot be read from snapshot ${snapshot}"
  else
    file=$(printf '%s\n' "${dir}"/backup_*.sql | sort | tail -n 1)
    cp "${file%.sql}.manifest.json" "${manifest}" || die "there is no copy with a manifest"
  fi
  jq -es 'length == 1 and (.[0] | .dump_sha256 and .tables)' "${manifest}" >/dev/null 2>&1 || die "the manifest of ${file##*/} is damaged"
}

function read_dump() {
  if has_repository; then restic dump "${snapshot}" "${file}"; else cat "${file}"; fi
}

function in_scratch() { docker exec -i "${scratch}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" "$@"; }

# No network, no fsync, its own throw-away volume: nothing of it can reach the live database.
# shellcheck disable=SC2154 # container, user, database
function start_scratch() {
  local image account
  image=$(docker inspect -f '{{.Image}}' "${container}") || die "${container} is not there: which image is to be drilled?"
  account=$(docker inspect -f '{{.Config.User}}' "${container}")
  docker rm -f -v "${scratch}" >/dev/null 2>&1 || true # of a drill that was killed
  POSTGRES_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') POSTGRES_USER="${user}" POSTGRES_DB="${database}" \
    docker run -d --rm --name "${scratch}" --network none ${account:+--user "${account}" --cap-drop ALL} \
    -e POSTGRES_PASSWORD -e POSTGRES_USER -e POSTGRES_DB "${image}" \
    postgres -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_wal_size=4GB >/dev/null ||
    die "the scratch server did not start"
  local deadline=$((SECONDS + 120))
  # over TCP: while the image initialises its data a first server answers on the socket only
  until docker exec "${scratch}" pg_isready -q -h 127.0.0.1 -U "${user}" -d "${database}"; do
    [[ ${SECONDS} -lt ${deadline} ]] || die "the scratch server did not get ready"
    sleep 0.3
  done
}

function restore() {
  local sum="${work}/sum" role
  while IFS= read -r role; do
    in_scratch "${database}" <<<"CREATE ROLE ${role} NOLOGIN;" || die "role ${role} could not be made"
  done < <(jq -r --arg user "${user}" '.roles[]? | select(. != $user) | "\"" + gsub("\""; "\"\"") + "\""' "${manifest}")
  read_dump | tee >(sha256sum >"${sum}.tmp" && mv "${sum}.tmp" "${sum}") | in_scratch "${database}" >/dev/null ||
    die "${file##*/} cannot be restored"
  until [[ -e "${sum}" ]]; do sleep 0.1; done
  [[ "$(<"${sum}")" == "$(jq -r .dump_sha256 "${manifest}")  -" ]] || die "${file##*/} is not the dump that its manifest describes"
}

function compare() {
  local lines="${work}/lines" different
  in_scratch "${database}" <"${etc}/manifest.sql" >"${lines}" || die "the restored database cannot be read"
  different=$(jq -rs --slurpfile manifest "${manifest}" \
    '(. - $manifest[0].tables) + ($manifest[0].tables - .) | map(.name) | unique | join(", ")' "${lines}")
  [[ -z "${different}" ]] || die "restored tables differ from the manifest: ${different}"
}

function main() {
  watch
  lock drill
  work=$(mktemp -d)
  find_newest
  log "drill of ${file##*/} from ${source}"
  start_scratch
  restore
  compare
  evidence true
  log "drill passed: ${file##*/}, $(jq -r '"\(.tables) tables, \(.rows) rows, \(.seconds) s"' "${dir}/drill.json")"
}

main "$@"
