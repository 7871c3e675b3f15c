#!/usr/bin/env bash
# 00-host-key.sh <KEY: puts the permanent ed25519 host key beside the bootstrap key that this very connection
# is pinned to. sshd offers both afterwards, so a kill between the two steps locks nobody out.

function main() {
  local key=/etc/ssh/ssh_host_ed25519_key
  install_file "${key}" 600 root:root
  ssh-keygen -y -f "${HOMEPORT_ROOT}${key}" </dev/null | install_file "${key}.pub" 644 root:root
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
