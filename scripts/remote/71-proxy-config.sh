#!/usr/bin/env bash
# 71-proxy-config.sh PROXY IMAGE <CONFIGURATION: the proxy's, taken only if the proxy's own program accepts it.
# check mode

function main() {
  local kind="$1" image="$2" dir=/etc/homeport/proxy file proxy
  file=$(proxy_config "${kind}")
  install_dir /etc/homeport 711
  install_dir "${dir}" 700
  install_dir "${dir}/upstreams" 700
  # ACME's challenges: read by the proxy's own user
  if [[ "${kind}" == nginx ]]; then install_dir /var/lib/homeport/acme 755; fi
  if is_check; then
    install_file "${dir}/${file}" 644 root:root
    summary
    return
  fi
  cat >"${HOMEPORT_ROOT}${dir}/${file}.next"
  proxy_validate "${kind}" "${image}" "${file}.next" || die "proxy: ${kind} does not accept the configuration"
  install_file "${dir}/${file}" 644 root:root <"${HOMEPORT_ROOT}${dir}/${file}.next"
  rm -f "${HOMEPORT_ROOT}${dir}/${file}.next"
  proxy=$(proxy_container "${kind}")
  if [[ ${CHANGED} -ne 0 && -n "${proxy}" ]]; then proxy_reload "${kind}" "${proxy}"; fi
  summary
}
{
  main "$@"
  exit
}
