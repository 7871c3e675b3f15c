#!/usr/bin/env bash
# 01-host-key-only.sh: came in by the permanent host key, so the bootstrap key (readable in user-data) goes.

function main() {
  local file
  for file in "${HOMEPORT_ROOT}"/etc/ssh/ssh_host_{ecdsa,rsa,dsa}_key{,.pub}; do
    if [[ -e "${file}" ]]; then
      rm -f "${file}"
      changed "removed ${file##*/}"
    fi
  done
  if [[ ${CHANGED} -ne 0 ]]; then
    sshd -t
    systemctl reload ssh
  fi
  summary
}
{
  main "$@"
  exit
}
