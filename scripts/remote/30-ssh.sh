#!/usr/bin/env bash
# 30-ssh.sh OPERATOR: keys only, no root (S1-10). The drop-in's name sorts before cloud-init's 50-…: sshd takes
# the first value that it meets (H3). What counts is what `sshd -T` says, not what a file says.

function drop_in() {
  cat <<'CONF'
# Written by Homeport. The first value wins: keep this file first.
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin no
PermitEmptyPasswords no
X11Forwarding no
LoginGraceTime 30
# Pulumi opens a connection for each step, several at once.
MaxStartups 50:30:100
MaxSessions 50
ClientAliveInterval 60
ClientAliveCountMax 5
CONF
}

function effective() { sshd -T -C user="$1",host=localhost,addr=127.0.0.1; }

function is_right() {
  local settings
  settings=$(effective "$1")
  local line
  for line in 'passwordauthentication no' 'kbdinteractiveauthentication no' 'pubkeyauthentication yes' \
    'permitrootlogin no' 'permitemptypasswords no' 'maxstartups 50:30:100'; do
    grep -qx "${line}" <<<"${settings}" || {
      log "sshd -T lacks: ${line}"
      return 1
    }
  done
}

function revert_ssh() { systemctl reload ssh; }

function main() {
  local operator="$1" file=/etc/ssh/sshd_config.d/00-homeport.conf
  # The account that everything uses must be able to come back before root is closed.
  sudo -n -u "${operator}" sudo -n true || die "${operator}: must be able to use sudo without a password"
  [[ -s "$(getent passwd "${operator}" | cut -d: -f6)/.ssh/authorized_keys" ]] || die "${operator}: has no authorized key"
  if cmp -s <(drop_in) "${HOMEPORT_ROOT}${file}" && is_right "${operator}"; then
    guard_forget ssh
    summary
    return
  fi
  guard_arm ssh 60 "${file}"
  drop_in | install_file "${file}" 644 root:root
  sshd -t
  is_right "${operator}" || die "sshd: another file overrides ${file}"
  systemctl reload ssh
}
{
  main "$@"
  exit
}
