#!/usr/bin/env bash
# 00-host-key.sh <KEY: puts the permanent ed25519 host key beside the bootstrap key that this very connection
# is pinned to. sshd offers both afterwards, so a kill between the two steps locks nobody out.

function main() {
  local key=/etc/ssh/ssh_host_ed25519_key work
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # the path is known now
  trap "rm -rf '${work}'" EXIT
  cat >"${work}/key"
  ssh-keygen -y -f "${work}/key" >"${work}/key.pub" </dev/null || die "host key: must be an OpenSSH private key"
  install_file "${key}" 600 root:root <"${work}/key"
  install_file "${key}.pub" 644 root:root <"${work}/key.pub"
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
