#!/usr/bin/env bash
# guarded-step.sh SSH_CONFIG USER@HOST NAME [ARGUMENT ...] <SCRIPT: a step that could lock the operator out.
# The script arms an automatic revert on the host, then changes SSH or the firewall, over one pinned connection.
# Only a second, new connection, which the change must let in, cancels the revert (S1-11).
set -Eeuo pipefail

function main() {
  local config="$1" target="$2" name="$3" arguments=""
  shift 3
  if [[ $# -gt 0 ]]; then printf -v arguments ' %q' "$@"; fi
  ssh -F "${config}" -o BatchMode=yes "${target}" "sudo -n bash -s --${arguments}"
  ssh -F "${config}" -o BatchMode=yes -o ControlPath=none "${target}" \
    "sudo -n systemctl stop homeport-guard-${name}.timer 2>/dev/null || ! sudo -n systemctl is-active --quiet homeport-guard-${name}.timer" </dev/null || {
    printf 'homeport: %s: no new connection after the change; the host takes it back by itself within a minute\n' "${name}" >&2
    exit 1
  }
}
main "$@"
