#!/usr/bin/env bash
# sync-code.sh SSH_CONFIG SOURCE USER@HOST [ARGUMENT ...] <SCRIPT, a line @files, `sha256 mode path` lines: the files
# of a folder to the host, over one pinned connection, in a tar behind the script and the list. Nothing that the list
# does not name leaves this machine; the host compares what arrived with it.
set -Eeuo pipefail

function main() {
  local config="$1" source="$2" target="$3" arguments=""
  shift 3
  if [[ $# -gt 0 ]]; then printf -v arguments ' %q' "$@"; fi
  work=$(mktemp -d)
  trap 'rm -rf "${work}"' EXIT
  cat >"${work}/input"
  sed '1,/^@files$/d' "${work}/input" | cut -d ' ' -f 3- >"${work}/files"
  # told before anything is sent: a tar that ends early would only be a strange archive over there
  tar -C "${source}" --no-recursion --verbatim-files-from --files-from="${work}/files" \
    --owner=0 --group=0 --format=gnu -cf "${work}/tree.tar"
  { cat "${work}/input" && printf '@tree\n' && cat "${work}/tree.tar"; } |
    ssh -F "${config}" -o BatchMode=yes -o ConnectTimeout=20 "${target}" "sudo -n bash -s --${arguments}"
}
main "$@"
