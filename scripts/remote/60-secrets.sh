#!/usr/bin/env bash
# 60-secrets.sh SERVICE UID:GID <NAME=base64 ...: a service's secrets as files of its own user, 0400. They are
# mounted at /run/secrets, so `docker inspect` shows none. What is no longer declared is removed.
# check mode

function main() {
  local service="$1" owner="$2" dir="${HOMEPORT_ROOT}/etc/homeport/secrets/$1" line name file
  local -A wanted=()
  install_dir /etc/homeport 711
  install_dir /etc/homeport/secrets 711
  install_dir "/etc/homeport/secrets/${service}" 500 "${owner}"
  while IFS= read -r line; do
    name="${line%%=*}"
    wanted["${name}"]=1
    base64 -d <<<"${line#*=}" >/dev/null 2>&1 || die "secret ${name}: must be base64"
    base64 -d <<<"${line#*=}" | install_file "/etc/homeport/secrets/${service}/${name}" 400 "${owner}"
  done
  for file in "${dir}"/*; do
    [[ -e "${file}" && -z "${wanted[${file##*/}]:-}" ]] || continue
    if is_check; then
      differs "${file#"${HOMEPORT_ROOT}"}" 'no file' 'a file that nothing declares'
    else
      rm -f "${file}"
      changed "removed ${file##*/}"
    fi
  done
  summary
}
{
  main "$@"
  exit
}
