#!/usr/bin/env bash
# /opt/backups/files/drill.sh: restores the newest backup of files into a folder of its own, from the repository, and
# compares it with its manifest. drill.json is the evidence; when it fails LAST_SUCCESS.txt is taken back.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/files/files.sh
source "${etc}/files.sh"

snapshot='' folder='' began="${EPOCHREALTIME}"

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  finish_drill "${status}"
  [[ -z "${folder}" ]] || rm -rf "${folder}"
  exit "${status}"
}

# evidence OK: writes drill.json.
function evidence() {
  local described text
  described=$(jq -cs '.[0]' "${folder:-/nonexistent}/manifest.json" 2>/dev/null) || described=null
  text=$(jq -n --argjson ok "$1" --arg at "$(date -u +%FT%TZ)" --arg snapshot "${snapshot}" --arg error "${reason}" \
    --argjson seconds "$(elapsed "${began}")" --argjson manifest "${described}" \
    '{ok: $ok, at: $at, database: "files", source: "restic", snapshot: $snapshot, file: "files", taken_at: $manifest.taken_at,
      files: ($manifest.files // 0), bytes: ($manifest.bytes // 0), changing: ($manifest.changing // 0), seconds: $seconds, error: $error}')
  write_file "${dir}/drill.json" <<<"${text}"
}

function main() {
  local tree
  watch
  lock drill
  rm -rf "${dir}"/.drill.* # of a drill that was killed
  folder=$(mktemp -d "${dir}/.drill.XXXXXX")
  has_repository || die "files are backed up off the server only: set homeport:backupRepository"
  snapshot=$(restic snapshots --json --host "${system}-${stack}" --tag files=all | jq -er 'max_by(.time).id') ||
    die "the repository has no backup of files, or does not answer"
  log "drill of files, snapshot ${snapshot:0:8}"
  fetch_manifest "${snapshot}" 2>"${folder}/errors" || die "$(tail -n 1 "${folder}/errors")"
  while IFS= read -r tree; do
    { unpack "${tree}" "${folder}/staging" && compare_tree "${tree}"; } 2>"${folder}/errors" </dev/null || die "$(tail -n 1 "${folder}/errors")"
    rm -rf "${folder}/staging"
  done < <(jq -r '.trees[].name' "${folder}/manifest.json")
  evidence true
  log "drill passed: $(jq -r '"\(.files) files, \(.bytes) bytes, \(.seconds) s"' "${dir}/drill.json")"
}

main "$@"
