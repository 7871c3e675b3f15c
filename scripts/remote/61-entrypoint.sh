#!/usr/bin/env bash
# 61-entrypoint.sh <SCRIPT: the entrypoint that exports /run/secrets for images that know no NAME_FILE.

function main() {
  install -d -m 755 "${HOMEPORT_ROOT}/etc/homeport/bin"
  chmod 711 "${HOMEPORT_ROOT}/etc/homeport"
  install_file /etc/homeport/bin/with-secrets 755 root:root
  summary
}
{
  main "$@"
  exit
}
