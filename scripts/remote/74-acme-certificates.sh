#!/usr/bin/env bash
# 74-acme-certificates.sh SITE ...: Let's Encrypt's certificate for each site, unless one with the same names is there and
# not due: a server that was made anew has those of the one before, and burns no rate limit (H7).
# check mode

# certificate_of NAME: serial number and end; nothing when there is none.
function certificate_of() {
  openssl x509 -in "${HOMEPORT_ROOT}/etc/letsencrypt/live/$1/cert.pem" -noout -serial -enddate 2>/dev/null || true
}

function obtain() {
  local mode name host words=()
  mode=$(site_mode "$1") name=$(site_name "$1")
  for host in $(site_hosts "$1"); do words+=(-d "${host}"); done
  case "${mode}" in
  acme-dns) words+=(--dns-cloudflare --dns-cloudflare-credentials "${ACME_TOKEN}") ;;
  acme-http) words+=(--webroot --webroot-path "${ACME_WEBROOT}") ;;
  *) die "$1: must be a site of mode acme-dns or acme-http" ;;
  esac
  certbot certonly --non-interactive --agree-tos --register-unsafely-without-email --keep-until-expiring \
    --renew-with-new-domains --key-type ecdsa --cert-name "${name}" "${words[@]}" >&2 ||
    die "${name}: Let's Encrypt must give a certificate; the Origin CA's stands in; fix: what /var/log/letsencrypt/letsencrypt.log says, then npx pulumi up"
}

# Off the server at once: the next one may be needed before the night.
function save() {
  if [[ -e "${HOMEPORT_ROOT}/etc/homeport/backup/enabled" ]]; then "${HOMEPORT_ROOT}/opt/backups/files/backup.sh" >&2; fi
}

function main() {
  local site name before
  for site in "$@"; do
    name=$(site_name "${site}")
    before=$(certificate_of "${name}")
    if is_check; then
      [[ -n "${before}" ]] || differs "certificate ${name}" "Let's Encrypt's" none
      continue
    fi
    obtain "${site}"
    [[ "$(certificate_of "${name}")" == "${before}" ]] || changed "certificate ${name}"
  done
  if ! is_check; then
    "${HOMEPORT_ROOT}${ACME_INSTALL}" >&2
    if [[ ${CHANGED} -ne 0 ]]; then save; fi
  fi
  summary
}
{
  main "$@"
  exit
}
