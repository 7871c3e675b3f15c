#!/usr/bin/env bash
# /opt/backups/files/backup.sh: one backup of directories and volumes, by root's crontab or by hand. It counts when the
# data is off the server and, after it, the manifest that describes it. Nothing that was there is touched before that.
# What changes while it is read is in the copy as it was read, is called so in the manifest, and is not compared.
set -Eeuo pipefail
# shellcheck source=scripts/files/backup-lib.sh
source "${HOMEPORT_ROOT:-}/etc/homeport/backup/lib.sh"
load_settings "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/files/files.sh
source "${etc}/files.sh"

work=''

# shellcheck disable=SC2317,SC2329 # by the trap
function finish() {
  local status=$?
  trap - EXIT
  [[ -z "${work}" ]] || rm -rf "${work}"
  finish_backup "${status}"
  exit "${status}"
}

# take_databases TREE ROOT: each by SQLite's own backup (H10): its file alone is not the database while somebody writes.
# Names them in ${work}/databases, and its live files in the array left_out.
function take_databases() {
  local tree="$1" root="$2" path staged
  while IFS= read -r path; do
    left_out+=("${path}" "${path}-wal" "${path}-shm" "${path}-journal")
    [[ -e "${root}/${path}" ]] || continue # the application has not made it yet
    [[ "$(realpath -e "${root}/${path}")" == "$(realpath -e "${root}")/${path}" ]] || die "${tree}/${path} is reached by a symbolic link"
    staged="${work}/sqlite/$((databases += 1)).sqlite"
    sqlite3 -batch -cmd '.timeout 60000' "${root}/${path}" ".backup '${staged}'" || die "${tree}/${path}: SQLite's backup failed"
    [[ "$(sqlite3 -batch "${staged}" 'PRAGMA integrity_check;')" == ok ]] || die "${tree}/${path} is damaged, says SQLite"
    sync "${staged}"
    jq -nc --arg tree "${tree}" --arg path "${path}" --arg staged "${STAGED}/${staged##*/}" --argjson size "$(stat -c %s "${staged}")" \
      --arg mode "$(stat -c %a "${root}/${path}")" --arg owner "$(stat -c %u:%g "${root}/${path}")" \
      --arg sha256 "$(sha256sum <"${staged}" | cut -d' ' -f1)" \
      '{$tree, entry: {$path, type: "f", $mode, $owner, $size, $sha256, $staged}}' >>"${work}/databases"
  done < <(listed "${tree}" sqlite)
}

# look NUMBER MOMENT: what the tree holds now.
function look() {
  local -n leave="left_out_$1"
  scan "${roots[$1]}" "${leave[@]}" >"${work}/$1.$2" || die "${roots[$1]} cannot be read"
}

function read_trees() {
  local tree root path
  local -a left_out
  while read -r _ tree root; do
    left_out=()
    while IFS= read -r path; do left_out+=("${path}"); done < <(listed "${tree}" exclude)
    take_databases "${tree}" "${root}"
    local -ga "left_out_${#roots[@]}=(\"\${left_out[@]}\")"
    for path in "${left_out[@]}"; do excludes+=(--exclude "${root}/${path}"); done
    names+=("${tree}") roots+=("${root}")
    look $((${#roots[@]} - 1)) before
    digest "${root}" "${left_out[@]}" >"${work}/$((${#roots[@]} - 1)).digests" || die "${root} cannot be read"
  done <"${work}/trees"
}

# What SQLite wrote takes the place of the night before's only now, for restic to find it where it always is.
function place_databases() {
  rm -rf "${STAGED}"
  mv -T "${work}/sqlite" "${STAGED}"
}

# push TAG PATH ...: the id of the snapshot, in PUSHED. restic's 3 is a file that could not be read: see describe.
function push() {
  local tag="$1" code=0
  shift
  restic backup --json --one-file-system --host "${system}-${stack}" --tag "$(tags "${tag}")" "$@" >"${work}/pushed" || code=$?
  [[ ${code} -eq 0 || ${code} -eq 3 ]] || die "nothing is off the server: restic backup failed"
  PUSHED=$(tail -n 1 "${work}/pushed" | jq -er .snapshot_id) || die "nothing is off the server: restic gave no snapshot"
  return "${code}"
}

# describe UNREAD: the manifest. An entry that differs between the look before and the one after the push is `changing`.
function describe() {
  local at
  for at in "${!roots[@]}"; do
    look "${at}" after
    jq -nc --arg name "${names[at]}" --arg root "${roots[at]}" --slurpfile before "${work}/${at}.before" --slurpfile after "${work}/${at}.after" \
      --slurpfile digests "${work}/${at}.digests" --slurpfile databases "${work}/databases" '
      def by_path: map({key: .path, value: .}) | from_entries;
      def state: if .type == "d" then del(.changed) else . end;
      ($before[0] | by_path) as $earlier | ($after[0] | by_path) as $now
      | [($earlier + $now)[] | state as $last | if ($earlier[.path] // {} | state) == $last and ($now[.path] // {} | state) == $last
          then del(.changed) + if .type == "f" then {sha256: ($digests[0][.path] // error("no digest of \(.path)"))} else {} end
          else {path, type, changing: true} end]
        + [$databases[] | select(.tree == $name).entry] | sort_by(.path)
      | {name: $name, root: $root, files: map(select(.type == "f")) | length, bytes: (map(.size // 0) | add // 0),
          changing: map(select(.changing)) | length, entries: .}' >>"${work}/described" || die "${names[at]} cannot be described"
  done
  jq -sc --arg at "${began}" --arg data "${PUSHED}" '{taken_at: $at, data: $data, files: (map(.files) | add // 0),
    bytes: (map(.bytes) | add // 0), changing: (map(.changing) | add // 0), trees: .}' "${work}/described" >"${work}/manifest.json"
  [[ "$1" == 0 || "$(jq .changing "${work}/manifest.json")" != 0 ]] || die "restic could not read everything, and nothing has changed"
}

function main() {
  local databases=0 unread=0 began
  local -a names=() roots=() excludes=()
  watch
  [[ -e "${etc}/files.enabled" ]] || die "not before the restore on this server has ended: pulumi up"
  lock backup
  rm -f "${dir}/LAST_RUN.txt"
  rm -rf "${dir}"/.work.* # of a run that was killed
  work=$(mktemp -d "${dir}/.work.XXXXXX")
  mkdir "${work}/sqlite"
  : >"${work}/databases"
  began=$(date -u +%FT%TZ)
  has_repository || die "files are backed up off the server only: set homeport:backupRepository"
  make_repository
  each_tree >"${work}/trees" 2>"${work}/errors" || die "$(tail -n 1 "${work}/errors")"
  log "backup of files: $(wc -l <"${work}/trees") places"
  read_trees
  place_databases
  push files=data "${excludes[@]}" "${roots[@]}" "${STAGED}" || unread=$?
  describe "${unread}"
  mv -f "${work}/manifest.json" "${MANIFEST}"
  push files=all "${MANIFEST}"
  write_file "${dir}/LAST_SUCCESS.txt" 644 < <(printf '%s=%s\n' finished_at "$(date -u +%FT%TZ)" file "${MANIFEST##*/}" snapshot "${PUSHED}")
  log "done: $(jq -r '"\(.files) files, \(.bytes) bytes, \(.changing) changed while they were read"' "${MANIFEST}"), snapshot ${PUSHED}"
  # After a drill that failed a backup counts when a new drill says so.
  if jq -e '.ok == false' "${dir}/drill.json" >/dev/null 2>&1; then "${dir}/drill.sh"; fi
  beat
}

main "$@"
