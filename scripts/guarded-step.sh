#!/usr/bin/env bash
# guarded-step.sh SSH_CONFIG USER@HOST NAME [ARGUMENT ...] <SCRIPT: a step that could lock the operator out.
# The script arms an automatic revert on the host, then changes SSH or the firewall, over one pinned connection.
# Only a second, new connection, which the change must let in, cancels the revert (S1-11).
set -Eeuo pipefail

# Well inside the minute after which the host takes the change back.
readonly SECONDS_TO_PROVE="${HOMEPORT_SECONDS_TO_PROVE:-30}"

# Proven: a new connection, sudo, no guard left, and none that has already taken the change back.
function prove() {
  local config="$1" target="$2" guard="homeport-guard-$3"
  ssh -F "${config}" -o BatchMode=yes -o ControlPath=none "${target}" \
    "sudo -n systemctl stop ${guard}.timer 2>/dev/null
    sudo -n test ! -e /var/lib/homeport/guard/$3/reverted &&
      ! sudo -n systemctl is-active --quiet ${guard}.timer ${guard}.service" </dev/null
}

# 255 is ssh's own failure, not the script's: a server that has just reloaded refuses for a moment. The script can be
# run again from any line.
function apply() {
  local config="$1" target="$2" command="$3" script="$4" status deadline=$((SECONDS + SECONDS_TO_PROVE))
  while true; do
    status=0
    ssh -F "${config}" -o BatchMode=yes "${target}" "${command}" <<<"${script}" || status=$?
    if [[ ${status} -ne 255 || ${SECONDS} -ge ${deadline} ]]; then return "${status}"; fi
    sleep 0.2
  done
}

function main() {
  local config="$1" target="$2" name="$3" arguments="" deadline
  shift 3
  if [[ $# -gt 0 ]]; then printf -v arguments ' %q' "$@"; fi
  apply "${config}" "${target}" "sudo -n bash -s --${arguments}" "$(cat)"
  deadline=$((SECONDS + SECONDS_TO_PROVE))
  # A server that reloads refuses for a moment.
  until prove "${config}" "${target}" "${name}" 2>/dev/null; do
    if [[ ${SECONDS} -ge ${deadline} ]]; then
      printf 'homeport: %s: no new connection after the change; the host takes it back by itself within a minute\n' "${name}" >&2
      exit 1
    fi
    sleep 0.2
  done
}
main "$@"
