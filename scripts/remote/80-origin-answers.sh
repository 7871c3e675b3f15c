#!/usr/bin/env bash
# 80-origin-answers.sh PATH HOSTNAME ...: the origin serves each host over TLS with a certificate that names it,
# asked on the host itself: before the zone is told to be strict and before a record points here (S1-31, H6).
# check mode

function answers() {
  local path="$1" name="$2" code
  openssl s_client -connect 127.0.0.1:443 -servername "${name}" -verify_hostname "${name}" </dev/null 2>/dev/null |
    openssl x509 -noout -checkhost "${name}" 2>/dev/null | grep -q 'does match' || return 1
  code=$(curl -sk -m 5 -o /dev/null -w '%{http_code}' --resolve "${name}:443:127.0.0.1" "https://${name}${path}") || return 1
  [[ "${code}" == 200 || "${code}" == 30[1278] ]]
}

function main() {
  local path="$1" name
  shift
  for name in "$@"; do
    if is_check; then
      retry 2 answers "${path}" "${name}" || differs "https://${name}${path} on the host" 'an answer, and a certificate for it' 'none'
      continue
    fi
    retry 60 answers "${path}" "${name}" || die "https://${name}${path}: must answer on the host itself before DNS points here"
  done
  summary
}
{
  main "$@"
  exit
}
