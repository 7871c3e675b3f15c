#!/usr/bin/env bash
# 10-base.sh UPGRADE_SCHEDULE REBOOT [PACKAGE ...]: the distribution, upgraded (S1-7), with the packages that later steps
# configure and those that the system wants (S3-1), A|B for the first of the two that the distribution has.
# check mode: whether an upgrade is due is for `homeport verify`; here only what must be there.

# 0 is ready; 2 is "degraded", fine unless a module that we asked for failed (cloud-init >= 23.4).
function wait_for_cloud_init() {
  local status=0
  timeout 600 cloud-init status --wait >/dev/null 2>&1 || status=$?
  case "${status}" in
  0) ;;
  2)
    log "cloud-init: degraded: $(cloud-init status --long 2>/dev/null | tail -n 5)"
    id "${SUDO_USER:-root}" >/dev/null || die "cloud-init did not make the operator's account"
    ;;
  *) die "cloud-init ended with status ${status}: see /var/log/cloud-init-output.log" ;;
  esac
}

# Docker's command line is a package of its own in Debian 13, a part of docker.io in Ubuntu and Debian 12.
function packages() {
  local wanted
  printf '%s\n' ufw fail2ban python3-systemd docker.io cron logrotate curl jq ca-certificates restic rclone zstd
  if is_offered docker-cli; then printf 'docker-cli\n'; fi
  for wanted; do first_known "${wanted}"; done
}

# Its exit code is 0, too, for a name that other packages only mention.
function is_offered() { [[ -n "$(apt-cache show "$1" 2>/dev/null)" ]]; }

# first_known A|B|...: the one that is installed, or else the first that the distribution has, or else A, for apt to refuse.
function first_known() {
  local name
  for name in ${1//|/ }; do if has_package "${name}"; then printf '%s\n' "${name}" && return; fi; done
  for name in ${1//|/ }; do if is_offered "${name}"; then printf '%s\n' "${name}" && return; fi; done
  printf '%s\n' "${1%%|*}"
}

# The log is root's, one line a run; flock: a run that hangs is not joined by the next one (S2-25).
function schedule_upgrades() {
  install_file /etc/cron.d/homeport-upgrade 644 root:root <<CRON
PATH=/usr/sbin:/usr/bin:/sbin:/bin
$1 root flock -n /run/homeport-upgrade.lock /usr/local/sbin/homeport-upgrade reboot=$2 >>/var/log/homeport-upgrade.log 2>&1
CRON
  install_file /etc/logrotate.d/homeport-upgrade 644 root:root <<'LOGROTATE'
/var/log/homeport-upgrade.log {
  monthly
  rotate 12
  compress
  missingok
  notifempty
}
LOGROTATE
  install_file /usr/local/sbin/homeport-upgrade 755 root:root <<'UPGRADE'
#!/bin/sh
# Written by Homeport. Docker is live-restored: containers survive its upgrade.
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a

# Ubuntu says so itself; of Debian's kernels the newest has to be the one that runs.
is_restart_due() {
  if [ -e /run/reboot-required ]; then return 0; fi
  newest=$(find /boot -name 'vmlinuz-*' | sort -V | tail -n 1)
  [ -n "${newest}" ] && [ "${newest#/boot/vmlinuz-}" != "$(uname -r)" ]
}

if [ "${1:-}" = is-restart-due ]; then is_restart_due && exit 0 || exit 1; fi
date -Is
apt-get -qq update
apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold upgrade
date -u +%FT%TZ >/var/lib/homeport/upgraded
if is_restart_due; then
  echo 'a restart is due'
  if [ "${1:-}" = reboot=true ]; then shutdown -r +1; fi
fi
UPGRADE
}

function main() {
  local -a packages
  local upgraded="${HOMEPORT_ROOT}/var/lib/homeport/upgraded"
  if is_check; then
    mapfile -t packages < <(packages "${@:3}")
    install_packages "${packages[@]}"
    schedule_upgrades "$@"
    check_unit cron 'enabled, active'
    check_unit logrotate.timer 'enabled, active'
    summary
    return
  fi
  wait_for_cloud_init
  apt update
  if [[ -n "$(apt-get -s upgrade | sed -n 's/^Inst //p')" ]]; then
    apt upgrade
    changed upgraded
  fi
  mapfile -t packages < <(packages "${@:3}") # now that the lists are there
  if [[ -n "$(missing_packages "${packages[@]}")" ]]; then
    # Before the daemon's first start, so that it need not start twice.
    install_file /etc/docker/daemon.json 644 root:root < <(docker_daemon)
    install_packages "${packages[@]}"
  fi
  install_dir /var/lib/homeport 711
  schedule_upgrades "$@"
  if [[ ! -e "${upgraded}" ]]; then date -u +%FT%TZ >"${upgraded}"; fi
  systemctl enable --quiet --now cron logrotate.timer
  summary
}
{
  main "$@"
  exit
}
