#!/usr/bin/env bash
# restore-files.sh scratch|live [TIME [check]]: unpacks the newest copy of files that is what its manifest says, or the
# newest until TIME, beside what is there. scratch: compares it and drops it again; with `check` every byte of the
# repository is read first. live: puts it in place while the application stands still, and keeps what was there.

function finish() {
  start_application
  if [[ -e "${folder}/trees" ]]; then drop_staging; fi
  rm -rf "${folder}"
}

# before_of ROOT: what earlier restores kept of it, newest first.
function before_of() { printf '%s\n' "$1".before-restore-* | grep -v '\*$' | sort -r; }

# undo_half: a run that was killed between its two renames left a place without anything.
function undo_half() {
  local name kept
  while IFS= read -r name; do
    kept=$(before_of "${HOMEPORT_ROOT}${name}" | head -n 1) || true
    if [[ ! -e "${HOMEPORT_ROOT}${name}" && -n "${kept}" ]]; then mv -T "${kept}" "${HOMEPORT_ROOT}${name}"; fi
  done < <(jq -r '.[] | select(.kind == "directory").name' <<<"${trees}")
}

# swap KIND TREE ROOT: what is there is kept beside it, once; a volume's, in which Docker looks for one folder, too.
function swap() {
  local kept unpacked
  unpacked="$(staging_of "$3")$(tree_of "$2" | jq -r .root)"
  [[ -d "${unpacked}" ]] || return 0
  kept="$3.before-restore-$(date -u +%Y%m%d_%H%M%S)"
  install -d "${kept}.empty"
  chown --reference "$3" "${kept}.empty" && chmod --reference "$3" "${kept}.empty" || return 1
  mv -T "$3" "${kept}" && mv -T "${kept}.empty" "$3" && place "$1" "$2" "$3" || return 1
  log "what was there is kept: ${kept}"
  before_of "$3" | tail -n +2 | xargs -r -d '\n' rm -rf
}

function main() {
  local into="$1" until='' copies start=${SECONDS} kind tree root
  load_files
  has_repository || die "no repository: files are backed up off the server only; fix: homeport:backupRepository"
  if [[ -n "${2:-}" ]]; then until=$(date -d "$2" +%s) || die "TIME: must be a time, got $2"; fi
  if [[ "${3:-}" == check ]]; then read_repository; fi
  make_folder
  # shellcheck disable=SC2034 # for application.sh
  stopped="${HOMEPORT_ROOT}/opt/backups/files/.stopped"
  trap finish EXIT
  undo_half
  each_tree >"${folder}/trees" || die "files: every declared directory and volume must be there; fix: pulumi up"
  copies=$(list_copies "${until}") || die "repository: must be there and answer; fix: homeport:backupRepository and its keys"
  [[ -n "${copies}" ]] || die "repository: must hold a copy of files${2:+ until $2}; fix: homeport backup list"
  newest_good_files "${folder}/trees" <<<"${copies}" || die "files: no copy can be restored ($(wc -l <<<"${copies}") tried)"
  if [[ "${into}" == live ]]; then
    stop_application
    while read -r kind tree root; do
      swap "${kind}" "${tree}" "${root}" || die "${tree}: the copy could not take its place; what was there stays"
    done <"${folder}/trees"
    start_application
  fi
  file_evidence "$([[ "${into}" == live ]] && echo restored || echo compared)" "${into}" $((SECONDS - start))
}
{
  main "$@"
  exit
}
