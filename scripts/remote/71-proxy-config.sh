#!/usr/bin/env bash
# 71-proxy-config.sh IMAGE <CADDYFILE: the proxy's configuration, taken only if the proxy's own binary accepts it.
# check mode

function validate() {
  docker run --rm --network none --volume "${HOMEPORT_ROOT}/etc/homeport/proxy:/etc/caddy:ro" \
    --entrypoint caddy "$1" validate --config /etc/caddy/Caddyfile.next --adapter caddyfile >&2
}

function main() {
  local dir="${HOMEPORT_ROOT}/etc/homeport/proxy" proxy
  install_dir /etc/homeport 711
  install_dir /etc/homeport/proxy 700
  install_dir /etc/homeport/proxy/upstreams 700
  if is_check; then
    install_file /etc/homeport/proxy/Caddyfile 644 root:root
    summary
    return
  fi
  cat >"${dir}/Caddyfile.next"
  validate "$1" || die "proxy: caddy does not accept the configuration"
  install_file /etc/homeport/proxy/Caddyfile 644 root:root <"${dir}/Caddyfile.next"
  rm -f "${dir}/Caddyfile.next"
  proxy=$(docker ps -q --filter label=homeport.service=proxy)
  if [[ ${CHANGED} -ne 0 && -n "${proxy}" ]]; then
    docker exec "${proxy}" caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile >&2
  fi
  summary
}
{
  main "$@"
  exit
}
