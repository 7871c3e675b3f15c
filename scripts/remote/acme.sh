#!/usr/bin/env bash
# Let's Encrypt's certificates on the host; 73-acme.sh and 74-acme-certificates.sh have it in front of them.
# A site is a word: MODE=NAME[,ALIAS ...]; the certificate is called NAME.

# shellcheck disable=SC2034 # for the two scripts
ACME_WEBROOT=/var/lib/homeport/acme ACME_TOKEN=/etc/homeport/acme/cloudflare.ini ACME_INSTALL=/usr/local/sbin/homeport-acme-install

function site_mode() { printf '%s' "${1%%=*}"; }
function site_hosts() { tr , '\n' <<<"${1#*=}"; }
function site_name() { site_hosts "$1" | head -n 1; }

# acme_is_good NAME: Let's Encrypt's certificate is there, and lasts another day.
function acme_is_good() {
  openssl x509 -in "${HOMEPORT_ROOT}/etc/letsencrypt/live/$1/fullchain.pem" -noout -checkend 86400 >/dev/null 2>&1
}

# acme_pair NAME: certificate with its chain, then the key: Let's Encrypt's, or else the Origin CA's, which the edge
# believes as well, so that nobody sees 526 (H6).
function acme_pair() {
  local live="${HOMEPORT_ROOT}/etc/letsencrypt/live/$1" origin="${HOMEPORT_ROOT}/etc/homeport/proxy/tls/origin"
  if acme_is_good "$1"; then
    cat "${live}/fullchain.pem" "${live}/privkey.pem"
  else
    cat "${origin}.crt" "${origin}.key"
  fi
}

# acme_caddy NAME: what Caddy reads for the site. It keeps one certificate once, whatever its files are called, and knows
# it by the last of them; so the Origin CA's has to be named alike wherever it is shown.
function acme_caddy() {
  if acme_is_good "$1"; then
    printf 'tls /etc/caddy/tls/%s.pem /etc/caddy/tls/%s.pem\n' "$1" "$1"
  else
    printf 'tls /etc/caddy/tls/origin.crt /etc/caddy/tls/origin.key\n'
  fi
}

# acme_install PROXY NAME ...: each site's pair where the proxy reads it, in one file that is replaced whole.
function acme_install() {
  local kind="$1" name proxy
  shift
  for name in "$@"; do
    acme_pair "${name}" | install_file "/etc/homeport/proxy/tls/${name}.pem" 600 root:root
    if [[ "${kind}" == caddy ]]; then
      acme_caddy "${name}" | install_file "/etc/homeport/proxy/tls/${name}.caddy" 644 root:root
    fi
  done
  if [[ ${CHANGED} -eq 0 ]] || is_check || ! command -v docker >/dev/null; then return 0; fi
  proxy=$(proxy_container "${kind}")
  if [[ -n "${proxy}" ]]; then proxy_reload "${kind}" "${proxy}" --force; fi
}
