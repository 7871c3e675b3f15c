#!/usr/bin/env bash
# 55-registry-login.sh REGISTRY USER <TOKEN: root's own login, so that a person or Kamal on the host can pull. The
# token is on no command line; Docker keeps it in root's config.json, 0600. A refused one leaves the former login.
# check mode

# check REGISTRY USER <TOKEN: compared as Docker stores it, and not shown
function check() {
  local file="${HOMEPORT_ROOT}/root/.docker/config.json" token
  token=$(cat)
  if [[ ! -e "${file}" ]]; then
    differs /root/.docker/config.json "$2 at $1" 'no file'
  elif [[ "$(stat -c %a "${file}")" != 600 ]]; then
    differs /root/.docker/config.json 'mode 600' "mode $(stat -c %a "${file}")"
  elif ! printf '%s:%s' "$2" "${token}" | base64 -w0 | grep -qF -f - "${file}"; then
    differs /root/.docker/config.json "$2 at $1" 'no such login'
  fi
}

function main() {
  local registry="$1" user="$2" dir="${HOMEPORT_ROOT}/root/.docker" note="${HOMEPORT_ROOT}/etc/homeport/registry"
  local before former said
  install_dir /root/.docker 700
  if is_check; then
    check "${registry}" "${user}"
    summary
    return
  fi
  before=$(cat "${dir}/config.json" 2>/dev/null || true)
  if ! said=$(docker --config "${dir}" login "${registry}" --username "${user}" --password-stdin 2>&1); then
    die "registry ${registry}: must accept the token of ${user}, got $(reason "${said}"); fix: npx pulumi config set --secret homeport:registryPassword, then npx pulumi up"
  fi
  chmod 600 "${dir}/config.json"
  [[ "$(cat "${dir}/config.json")" == "${before}" ]] || changed "/root/.docker/config.json: ${user} at ${registry}"
  former=$(cat "${note}" 2>/dev/null || true)
  if [[ -n "${former}" && "${former}" != "${registry}" ]]; then
    docker --config "${dir}" logout "${former}" >&2
    changed "logged out of ${former}"
  fi
  printf '%s\n' "${registry}" | install_file /etc/homeport/registry 600 root:root
  summary
}

# reason OUTPUT: the last line that says something, of which Docker's own prefix is left out.
function reason() { grep -v '^WARNING' <<<"$1" | grep . | tail -n 1 | sed 's/^Error response from daemon: //'; }
{
  main "$@"
  exit
}
