#!/usr/bin/env bash
# 72-route.sh SERVICE CONTAINER PORT: from the next request on the proxy asks this container. Requests under way
# end where they began; the one before is stopped by Pulumi afterwards. A proxy that does not run yet finds the
# file when it starts.
# check mode: the container's health is looked at with the others.

# The plugin waits for a new container's health once; a container that failed then is no news to it afterwards.
function is_healthy() {
  local state
  state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' "$1") &&
    [[ "${state}" == 'running healthy' ]]
}

function reload() {
  docker exec "$1" caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile >&2
}

function main() {
  local service="$1" container="$2" port="$3" dir=/etc/homeport/proxy/upstreams proxy before
  if is_check; then
    printf 'to %s:%s\n' "${container}" "${port}" | install_file "${dir}/${service}.caddy" 644 root:root
    summary
    return
  fi
  retry 20 is_healthy "${container}" || die "${service}: ${container} must be healthy to be asked: docker logs ${container}"
  proxy=$(docker ps -q --filter label=homeport.service=proxy)
  install_dir /etc/homeport/proxy 700
  install_dir "${dir}" 700
  before=$(mktemp)
  cat "${HOMEPORT_ROOT}${dir}/${service}.caddy" >"${before}" 2>/dev/null || true
  printf 'to %s:%s\n' "${container}" "${port}" | install_file "${dir}/${service}.caddy" 644 root:root
  if [[ ${CHANGED} -ne 0 && -n "${proxy}" ]] && ! reload "${proxy}"; then
    cat "${before}" >"${HOMEPORT_ROOT}${dir}/${service}.caddy"
    reload "${proxy}" || true
    die "proxy: did not take the new upstream; the one before is back"
  fi
  rm -f "${before}"
  summary
}
{
  main "$@"
  exit
}
