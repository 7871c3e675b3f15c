#!/usr/bin/env bash
# 62-environment-file.sh PATH <CONTENT: what services are told, for whoever runs Compose or a shell beside them: root's
# alone, since secrets are in it (S3-2). The containers have the same values by themselves.
# check mode

function main() {
  local path="$1"
  [[ ! -L "${HOMEPORT_ROOT}${path%/*}" ]] || die "${path%/*}: must be a directory, got a symbolic link"
  if ! is_check; then (umask 022 && mkdir -p "${HOMEPORT_ROOT}${path%/*}"); fi
  install_file "${path}" 600 0:0
  summary
}
{
  main "$@"
  exit
}
