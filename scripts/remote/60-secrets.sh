#!/usr/bin/env bash
# 60-secrets.sh SERVICE UID:GID <NAME=base64 ...: a service's secrets as files of its own user, 0400. They are
# mounted at /run/secrets, so `docker inspect` shows none. What is no longer declared is removed.

function main() {
  local service="$1" owner="$2" dir="${HOMEPORT_ROOT}/etc/homeport/secrets/$1" line name file
  local -A wanted=()
  install -d -m 711 "${HOMEPORT_ROOT}/etc/homeport" "${HOMEPORT_ROOT}/etc/homeport/secrets"
  install -d -m 500 -o "${owner%:*}" -g "${owner#*:}" "${dir}"
  while IFS= read -r line; do
    name="${line%%=*}"
    wanted["${name}"]=1
    base64 -d <<<"${line#*=}" >/dev/null 2>&1 || die "secret ${name}: must be base64"
    base64 -d <<<"${line#*=}" | install_file "/etc/homeport/secrets/${service}/${name}" 400 "${owner}"
  done
  for file in "${dir}"/*; do
    [[ -e "${file}" && -z "${wanted[${file##*/}]:-}" ]] || continue
    rm -f "${file}"
    changed "removed ${file##*/}"
  done
  summary
}
{
  main "$@"
  exit
}
