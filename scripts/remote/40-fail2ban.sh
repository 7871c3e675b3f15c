#!/usr/bin/env bash
# 40-fail2ban.sh: the sshd jail, alive (S1-9). The journal is its source: a host without rsyslog has no auth.log,
# and fail2ban dies for want of it (H4). Loopback and the edge are never banned: behind Cloudflare every peer is.
# check mode

function jail() {
  cat <<'CONF'
# Written by Homeport.
[DEFAULT]
backend = systemd
ignoreip = 127.0.0.1/8 ::1
bantime = 10m
findtime = 10m
maxretry = 6

[sshd]
enabled = true
CONF
}

function main() {
  jail | install_file /etc/fail2ban/jail.local 644 root:root
  if is_check; then
    check_unit fail2ban 'enabled, active'
    fail2ban-client status sshd >/dev/null 2>&1 || differs 'jail sshd' alive 'no answer'
    summary
    return
  fi
  systemctl enable --quiet fail2ban
  if [[ ${CHANGED} -ne 0 ]] || ! systemctl is-active --quiet fail2ban; then systemctl restart fail2ban; fi
  retry 15 fail2ban-client status sshd >/dev/null 2>&1 ||
    die "fail2ban: the sshd jail must be alive: $(journalctl -u fail2ban -n 5 --no-pager 2>&1)"
  summary
}
{
  main "$@"
  exit
}
