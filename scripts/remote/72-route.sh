#!/usr/bin/env bash
# 72-route.sh PROXY SERVICE CONTAINER PORT: from the next request on the proxy asks this container. Requests under way
# end where they began; the one before is stopped by Pulumi afterwards. A proxy that does not run yet finds the
# file when it starts.
# check mode: the container's health is looked at with the others.

# The plugin waits for a new container's health once; a container that failed then is no news to it afterwards.
function is_healthy() {
  local state
  state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' "$1") &&
    [[ "${state}" == 'running healthy' ]]
}

function main() {
  local kind="$1" service="$2" container="$3" port="$4" dir=/etc/homeport/proxy/upstreams file proxy before
  file=$(proxy_upstream_file "${kind}" "${service}")
  if is_check; then
    proxy_upstream "${kind}" "${service}" "${container}" "${port}" | install_file "${file}" 644 root:root
    summary
    return
  fi
  retry 20 is_healthy "${container}" || die "${service}: ${container} must be healthy to be asked: docker logs ${container}"
  proxy=$(proxy_container "${kind}")
  install_dir /etc/homeport/proxy 700
  install_dir "${dir}" 700
  before=$(mktemp)
  cat "${HOMEPORT_ROOT}${file}" >"${before}" 2>/dev/null || true
  proxy_upstream "${kind}" "${service}" "${container}" "${port}" | install_file "${file}" 644 root:root
  if [[ ${CHANGED} -ne 0 && -n "${proxy}" ]] && ! proxy_reload "${kind}" "${proxy}"; then
    cat "${before}" >"${HOMEPORT_ROOT}${file}"
    proxy_reload "${kind}" "${proxy}" || true
    die "proxy: did not take the new upstream; the one before is back"
  fi
  rm -f "${before}"
  summary
}
{
  main "$@"
  exit
}
