#!/usr/bin/env bats
# Let's Encrypt's certificates on the host.

load support

TLS=/etc/homeport/proxy/tls

# pair FILE NAME DAYS: a key and a certificate.
function pair() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -subj "/CN=$2" -days "$3" 2>/dev/null
}

prepare() {
  mkdir -p "${HOMEPORT_ROOT}${TLS}" "${HOMEPORT_ROOT}/usr/local/sbin"
  pair "${HOMEPORT_ROOT}${TLS}/origin" origin 90
  stub docker
  stub systemctl
  stub apt-get
  # shellcheck disable=SC2016 # for the stub to expand
  stub dpkg-query 'printf "install ok installed"'
}

# issued NAME DAYS: as certbot leaves it.
function issued() {
  local live="${HOMEPORT_ROOT}/etc/letsencrypt/live/$1"
  mkdir -p "${live}"
  pair "${STATE}/issued" "$1" "$2"
  cp "${STATE}/issued.crt" "${live}/fullchain.pem"
  cp "${STATE}/issued.crt" "${live}/cert.pem"
  cp "${STATE}/issued.key" "${live}/privkey.pem"
}

function setup_step() { printf '%s' "${TOKEN:-}" | LIBRARY='proxy.sh acme.sh' remote 73-acme.sh caddy "$@"; }
function subject_of() { openssl x509 -in "${HOMEPORT_ROOT}${TLS}/$1.pem" -noout -subject; }

@test "73-acme: a site without a certificate shows the Origin CA's, one with a good one its own" {
  issued good.acme.com 5
  setup_step acme-dns=good.acme.com acme-http=new.acme.com,www.acme.com
  [[ "$(subject_of good.acme.com)" == *good.acme.com ]]
  [[ "$(subject_of new.acme.com)" == *origin ]]
  [[ "$(mode_of "${TLS}/new.acme.com.pem")" == 600 ]]
  grep -q good.acme.com.pem "${HOMEPORT_ROOT}${TLS}/good.acme.com.caddy"
  grep -q origin.crt "${HOMEPORT_ROOT}${TLS}/new.acme.com.caddy"
  run -0 setup_step acme-dns=good.acme.com acme-http=new.acme.com,www.acme.com
  [[ "${output}" == unchanged ]]
}

@test "73-acme: one that ends within a day gives way to the Origin CA's (H6)" {
  issued good.acme.com 1
  setup_step acme-http=good.acme.com
  [[ "$(subject_of good.acme.com)" == *origin ]]
}

@test "73-acme: the token is a file for root alone, in no output and no argument" {
  TOKEN=s3cret-token run -0 setup_step acme-dns=acme.com
  [[ "${output}" != *s3cret* ]]
  [[ "$(mode_of /etc/homeport/acme/cloudflare.ini)" == 600 ]]
  grep -q s3cret-token "${HOMEPORT_ROOT}/etc/homeport/acme/cloudflare.ini"
  run -1 grep s3cret "${CALLS}"
}

@test "74-acme-certificates: certbot is asked by the site's mode, and its refusal ends the step" {
  stub certbot
  printf '#!/bin/sh\n' >"${HOMEPORT_ROOT}/usr/local/sbin/homeport-acme-install"
  chmod 755 "${HOMEPORT_ROOT}/usr/local/sbin/homeport-acme-install"
  LIBRARY='proxy.sh acme.sh' remote 74-acme-certificates.sh acme-dns=acme.com,www.acme.com acme-http=b.acme.com </dev/null
  grep -q -- '--keep-until-expiring.* --cert-name acme.com -d acme.com -d www.acme.com --dns-cloudflare' "${CALLS}"
  grep -q -- '--cert-name b.acme.com -d b.acme.com --webroot --webroot-path /var/lib/homeport/acme' "${CALLS}"
  stub certbot 'exit 1'
  LIBRARY='proxy.sh acme.sh' run -1 remote 74-acme-certificates.sh acme-http=b.acme.com </dev/null
  [[ "${output}" == *"b.acme.com: Let's Encrypt must give a certificate"* ]]
}
