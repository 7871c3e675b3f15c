#!/usr/bin/env bash
# 01-host-key-only.sh: came in by the permanent host key, so the bootstrap key (readable in user-data) goes.
# check mode

function main() {
  local file
  for file in "${HOMEPORT_ROOT}"/etc/ssh/ssh_host_{ecdsa,rsa,dsa}_key{,.pub}; do
    if [[ -e "${file}" ]] && is_check; then
      differs "${file#"${HOMEPORT_ROOT}"}" 'no file' 'a host key'
    elif [[ -e "${file}" ]]; then
      rm -f "${file}"
      changed "removed ${file##*/}"
    fi
  done
  if [[ ${CHANGED} -ne 0 ]] && ! is_check; then
    sshd -t
    systemctl reload ssh
  fi
  summary
}
{
  main "$@"
  exit
}
