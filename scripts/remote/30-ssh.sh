#!/usr/bin/env bash
# 30-ssh.sh OPERATOR: keys only, no root (S1-10). The drop-in's name sorts before cloud-init's 50-…: sshd takes
# the first value that it meets (H3). What counts is what `sshd -T` says, not what a file says.
# check mode
readonly FILE=/etc/ssh/sshd_config.d/00-homeport.conf MAIN=/etc/ssh/sshd_config

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

# As `sshd -T` writes them.
function wanted_settings() { drop_in | grep '^[A-Z]' | tr '[:upper:]' '[:lower:]'; }

# ACCOUNT, WANTED and FOUND for each setting that has no effect: a `Match` may change it for one account alone.
function wrong_settings() {
  local account settings line
  for account in "$1" root; do
    settings=$(effective "${account}")
    wanted_settings | while read -r line; do
      if grep -qxF -- "${line}" <<<"${settings}"; then continue; fi
      printf '%s\t%s\t%s\n' "${account}" "${line}" "$(grep "^${line%% *} " <<<"${settings}" || echo 'not set')"
    done
  done
}

function is_right() {
  local wrong
  wrong=$(wrong_settings "$1")
  if [[ -n "${wrong}" ]]; then log "sshd -T: ${wrong}"; fi
  [[ -z "${wrong}" ]]
}

# Drop-ins that sshd reads before ours and that speak of the same settings.
function rivals() {
  local path keywords
  keywords=$(wanted_settings | cut -d' ' -f1 | paste -sd '|')
  for path in "${HOMEPORT_ROOT}"/etc/ssh/sshd_config.d/*.conf; do
    if [[ -e "${path}" && "${path##*/}" < "${FILE##*/}" ]] && grep -qiE "^[[:space:]]*(${keywords})[[:space:]=]" "${path}"; then
      printf '%s\n' "${path#"${HOMEPORT_ROOT}"}"
    fi
  done
}

function check() {
  local path account wanted found
  drop_in | install_file "${FILE}" 644 root:root
  rivals | while read -r path; do differs "${path}" "no such setting before ${FILE##*/}" 'a drop-in that sshd reads first'; done
  wrong_settings "$1" | while IFS=$'\t' read -r account wanted found; do
    differs "sshd -T for ${account}" "${wanted}" "${found}"
  done
}

# sshd's own first word is then ours, whatever else the main file says.
function put_first() {
  { printf 'Include %s\n' "${FILE}" && cat "${HOMEPORT_ROOT}${MAIN}"; } | install_file "${MAIN}" 644 root:root
}

function revert_ssh() { systemctl reload ssh; }

function is_installed() {
  cmp -s <(drop_in) "${HOMEPORT_ROOT}${FILE}" && [[ "$(stat -c %a "${HOMEPORT_ROOT}${FILE}")" == 644 ]]
}

function main() {
  local operator="$1" path
  local -a before
  if is_check; then
    check "${operator}"
    summary
    return
  fi
  # The account that everything uses must be able to come back before root is closed.
  sudo -n -u "${operator}" sudo -n true || die "${operator}: must be able to use sudo without a password"
  [[ -s "$(getent passwd "${operator}" | cut -d: -f6)/.ssh/authorized_keys" ]] || die "${operator}: has no authorized key"
  mapfile -t before < <(rivals)
  if [[ ${#before[@]} -eq 0 ]] && is_installed && is_right "${operator}"; then
    guard_forget ssh
    summary
    return
  fi
  guard_arm ssh 60 "${FILE}" "${MAIN}" "${before[@]}"
  drop_in | install_file "${FILE}" 644 root:root
  for path in "${before[@]}"; do
    mv -f "${HOMEPORT_ROOT}${path}" "${HOMEPORT_ROOT}${path}.set-aside"
    changed "set aside ${path}"
  done
  if [[ -e "${HOMEPORT_ROOT}${MAIN}" ]] && ! is_right "${operator}"; then put_first; fi
  sshd -t
  is_right "${operator}" || die "sshd: another file overrides ${FILE}"
  systemctl reload ssh
}
{
  main "$@"
  exit
}
