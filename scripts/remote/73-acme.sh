#!/usr/bin/env bash
# 73-acme.sh PROXY SITE ... <TOKEN of Cloudflare's API, or nothing: certbot with its timer, which renews twice a day what
# is due; after each run the proxy gets what is good. Until a site has a certificate it shows the Origin CA's.
# check mode

# A script of its own: after a renewal nobody is logged in.
function install_script() {
  local kind="$1" names=() site
  shift
  for site in "$@"; do names+=("$(site_name "${site}")"); done
  {
    printf '#!/usr/bin/env bash\n# Written by Homeport.\nset -Eeuo pipefail\nshopt -s lastpipe\numask 077\n'
    printf 'HOMEPORT_ROOT= HOMEPORT_CHECK= CHANGED=0\n'
    declare -f changed is_check install_file retry proxy_container proxy_reload nginx_workers has_new_worker acme_is_good acme_pair acme_caddy acme_install
    printf 'acme_install'
    printf ' %q' "${kind}" "${names[@]}"
    printf '\n'
  } | install_file "${ACME_INSTALL}" 700 root:root
}

function install_unit() {
  local before=${CHANGED}
  CHANGED=0
  install_file /etc/systemd/system/certbot.service.d/homeport.conf 644 root:root <<UNIT
[Service]
ExecStopPost=${ACME_INSTALL}
UNIT
  if ! is_check; then
    if [[ ${CHANGED} -ne 0 ]]; then systemctl daemon-reload; fi
    systemctl enable --now --quiet certbot.timer
  else
    check_unit certbot.timer 'enabled, active'
  fi
  CHANGED=$((CHANGED || before))
}

function main() {
  local kind="$1" token site names=()
  shift
  token=$(cat)
  install_packages certbot
  if [[ " $*" == *' acme-dns='* ]]; then install_packages python3-certbot-dns-cloudflare; fi
  install_dir /etc/homeport 711
  install_dir /etc/homeport/acme 700
  install_dir /etc/homeport/proxy 700
  install_dir /etc/homeport/proxy/tls 700
  # the proxy's own user reads the challenges
  install_dir /var/lib/homeport/acme 755
  if [[ -n "${token}" ]]; then
    printf 'dns_cloudflare_api_token = %s\n' "${token}" | install_file "${ACME_TOKEN}" 600 root:root
  fi
  install_script "${kind}" "$@"
  install_unit
  for site in "$@"; do names+=("$(site_name "${site}")"); done
  acme_install "${kind}" "${names[@]}"
  summary
}
{
  main "$@"
  exit
}
