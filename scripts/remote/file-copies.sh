#!/usr/bin/env bash
# Copies of directories and volumes in the repository, and how one takes their place. It is always unpacked beside the
# place, compared with its manifest there, and only then renamed. After copies.sh; the host has what 90-backup.sh
# installs.

# load_files: what is backed up as files, and how such a copy is read. One at a time, and not before what a run that was
# killed has left behind has ended: its restic holds the lock too.
function load_files() {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 9>"${HOMEPORT_ROOT}/run/lock/homeport-restore-files"
  flock -w 900 9 || die "another restore of files runs; fix: wait for its end"
  load_settings files
  # shellcheck source=scripts/files/files.sh
  source "${HOMEPORT_ROOT}/etc/homeport/backup/files.sh"
}

# staging_of ROOT: on the same file system.
function staging_of() { printf '%s/.%s.homeport-restore' "${1%/*}" "${1##*/}"; }

function is_empty() { [[ -z "$(find "$1" -mindepth 1 -print -quit)" ]]; }

function drop_staging() {
  local kind tree root
  while read -r kind tree root; do rm -rf "$(staging_of "${root}")"; done <"${folder}/trees"
}

# unpack_all <`KIND TREE ROOT` lines: each as the manifest in the folder has it, compared. One that the copy knows
# nothing of was declared after it.
function unpack_all() {
  local kind tree root
  while read -r kind tree root; do
    if ! tree_of "${tree}" >/dev/null; then
      log "the copy is older than ${kind} ${tree}, which stays as it is"
      continue
    fi
    { unpack "${tree}" "$(staging_of "${root}")" && compare_tree "${tree}"; } </dev/null || return 1
  done
}

# newest_good_files TREES <`ID TIME` lines: unpacks the first copy that is what its manifest says.
function newest_good_files() {
  local id time why
  while read -r id time; do
    if { fetch_manifest "${id}" && unpack_all <"$1"; } 2>"${folder}/errors" </dev/null; then
      COPY_ID="${id}" COPY_TIME="${time}"
      return 0
    fi
    why=$(tail -n 1 "${folder}/errors")
    skip "copy ${id:0:8} of ${time} cannot be restored" "${id}" "${time}" "${why}"
    drop_staging
  done
  return 1
}

# place KIND TREE ROOT: what was unpacked becomes ROOT, which is an empty directory: rename refuses any other. A
# declared directory keeps the owner and mode that are declared.
function place() {
  local staging unpacked
  staging=$(staging_of "$3")
  unpacked="${staging}$(tree_of "$2" | jq -r .root)"
  [[ -d "${unpacked}" ]] || return 0
  if [[ "$1" == directory ]]; then chown --reference "$3" "${unpacked}" && chmod --reference "$3" "${unpacked}" || return 1; fi
  sync -f "${unpacked}"
  mv -T "${unpacked}" "$3" || return 1
  rm -rf "${staging}"
}

# file_evidence ACTION INTO SECONDS: what was done, as JSON, on the host and as a line of stdout.
function file_evidence() {
  local manifest='{}' found
  if [[ -n "${COPY_ID}" ]]; then manifest=$(jq -c 'del(.trees)' "${folder}/manifest.json"); fi
  found=$(jq -nc --arg action "$1" --arg into "$2" --argjson seconds "$3" --arg copy "${COPY_ID}" --arg copy_time "${COPY_TIME}" \
    --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --argjson skipped "$(printf '%s\n' "${SKIPPED[@]:-}" | jq -sc .)" --argjson manifest "${manifest}" '
    {action: $action, at: $at, database: "files", into: $into, seconds: $seconds, skipped: $skipped}
    + if $copy == "" then {} else {copy: $copy, copy_time: $copy_time, taken_at: $manifest.taken_at,
      files: $manifest.files, bytes: $manifest.bytes, changing: $manifest.changing} end')
  printf '%s\n' "${found}" | install_file /opt/backups/files/restore.json 600 root:root >/dev/null
  printf '%s\n' "${found}"
}
