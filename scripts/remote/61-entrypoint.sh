#!/usr/bin/env bash
# 61-entrypoint.sh <SCRIPT: the entrypoint that exports /run/secrets for images that know no NAME_FILE.
# check mode

function main() {
  install_dir /etc/homeport 711
  install_dir /etc/homeport/bin 755
  install_file /etc/homeport/bin/with-secrets 755 root:root
  summary
}
{
  main "$@"
  exit
}
