#!/usr/bin/env bash
# 82-files.sh [sqlite] <OWNER MODE PATH ...: the system's directories on the host, before its containers start. What
# lies in them is not touched. `sqlite`: their databases are backed up by its own command, which has to be there.
# check mode

function main() {
  local owner mode path before
  [[ "${1:-}" != sqlite ]] || install_packages sqlite3
  while read -r owner mode path; do
    [[ ! -L "${HOMEPORT_ROOT}${path}" ]] || die "${path}: must be a directory, got a symbolic link"
    before=$(stat -c '%a %u:%g' "${HOMEPORT_ROOT}${path}" 2>/dev/null) || true
    if ! is_check; then (umask 022 && mkdir -p "${HOMEPORT_ROOT}${path%/*}"); fi
    install_dir "${path}" "${mode#0}" "${owner}"
    if ! is_check && [[ "${before}" != "${mode#0} ${owner}" ]]; then changed "${path}"; fi
  done
  summary
}
{
  main "$@"
  exit
}
