#!/usr/bin/env bash
# 70-origin-tls.sh PROXY HOSTNAME ... <KEY AND CERTIFICATE (PEM): the origin's certificate (S1-23), taken only as a pair
# that fits and names every host; the proxy takes it at once where it is running.
# check mode

function certificate_names() {
  openssl x509 -in "$1" -noout -ext subjectAltName | grep -o 'DNS:[^, ]*' | cut -d: -f2
}

function check_pair() {
  local key="$1" certificate="$2" name
  shift 2
  [[ "$(openssl pkey -in "${key}" -pubout)" == "$(openssl x509 -in "${certificate}" -noout -pubkey)" ]] ||
    die "origin certificate: key and certificate must be a pair"
  openssl x509 -in "${certificate}" -noout -checkend 86400 >/dev/null || die "origin certificate: must be valid for a day"
  for name in "$@"; do
    certificate_names "${certificate}" | grep -qxF -e "${name}" -e "*.${name#*.}" || die "origin certificate: must name ${name}"
  done
}

function reload_proxy() {
  local proxy
  command -v docker >/dev/null || return 0
  proxy=$(proxy_container "$1")
  if [[ -n "${proxy}" ]]; then proxy_reload "$1" "${proxy}" --force; fi
}

function main() {
  local kind="$1" work is_new='' dir=/etc/homeport/proxy/tls
  shift
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # the path is known now
  trap "rm -rf '${work}'" EXIT
  cat >"${work}/pair.pem"
  openssl pkey -in "${work}/pair.pem" -out "${work}/origin.key"
  openssl x509 -in "${work}/pair.pem" -out "${work}/origin.crt"
  check_pair "${work}/origin.key" "${work}/origin.crt" "$@"
  install_dir /etc/homeport 711
  install_dir /etc/homeport/proxy 700
  install_dir "${dir}" 700
  # Of a mode alone the proxy need not know, and a reload would also take up what else was edited and is not mended yet.
  cmp -s "${work}/origin.key" "${HOMEPORT_ROOT}${dir}/origin.key" &&
    cmp -s "${work}/origin.crt" "${HOMEPORT_ROOT}${dir}/origin.crt" || is_new=1
  install_file "${dir}/origin.key" 600 root:root <"${work}/origin.key"
  install_file "${dir}/origin.crt" 644 root:root <"${work}/origin.crt"
  if [[ -n "${is_new}" ]] && ! is_check; then reload_proxy "${kind}"; fi
  summary
}
{
  main "$@"
  exit
}
