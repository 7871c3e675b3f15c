#!/usr/bin/env bash
# 20-firewall.sh: ufw with exactly 22, 80 and 443 (S1-8), and Docker's own rules kept from opening more (H5).
# Who may come is the provider's firewall's business: an operator whose address changes is never locked out here.
# check mode

# Only what a published port is asked for on 80 and 443 comes in to a container. From a container: everything,
# but not to the metadata service, where the user-data can be read.
function docker_user_rules() {
  printf '*filter\n:DOCKER-USER - [0:0]\n'
  printf -- '-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n'
  if [[ "$1" == v4 ]]; then printf -- '-A DOCKER-USER -d 169.254.169.254/32 -j DROP\n'; fi
  printf -- '-A DOCKER-USER -i docker0 -j RETURN\n'
  printf -- '-A DOCKER-USER -i br-+ -j RETURN\n'
  printf -- '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j RETURN\n'
  printf -- '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL -j RETURN\n'
  printf -- '-A DOCKER-USER -j DROP\nCOMMIT\n'
}

# ufw runs this after its own rules, at every start and reload; -n leaves all other chains alone.
function write_docker_rules() {
  docker_user_rules v4 | install_file /etc/ufw/homeport-docker.rules 640 root:root
  docker_user_rules v6 | install_file /etc/ufw/homeport-docker6.rules 640 root:root
  install_file /etc/ufw/after.init 750 root:root <<'INIT'
#!/bin/sh
# Written by Homeport: DOCKER-USER, which Docker makes room for and leaves alone.
set -e
case "$1" in
start)
  iptables-restore -w -n </etc/ufw/homeport-docker.rules
  ip6tables-restore -w -n </etc/ufw/homeport-docker6.rules
  ;;
stop | status | flush-all) ;;
*) echo "usage: after.init start|stop|status|flush-all" >&2 ;;
esac
INIT
}

function wanted_rules() { printf '%s\n' 22/tcp 80/tcp 443/tcp; }

# What `ufw status verbose` has to say, and what it says: state, defaults, one rule a line.
function wanted_ufw() {
  printf 'active; deny (incoming), allow (outgoing)\n'
  { wanted_rules | sed 's/$/ ALLOW IN Anywhere/' && wanted_rules | sed 's/$/ (v6) ALLOW IN Anywhere (v6)/'; } | sort
}

function found_ufw() {
  local status
  status=$(ufw status verbose) || status='Status: no ufw'
  printf '%s; ' "$(sed -n 's/^Status: //p' <<<"${status}")"
  sed -n 's/^Default: \(.*(outgoing)\).*/\1/p' <<<"${status}" | grep . || printf '\n'
  grep -E '(ALLOW|DENY|LIMIT|REJECT) (IN|OUT|FWD)' <<<"${status}" | tr -s ' ' | sed 's/ $//' | sort || true
}

function ufw_is_right() { [[ "$(found_ufw)" == "$(wanted_ufw)" ]]; }

# Up to the rule that drops everything: what Docker adds behind it is never reached.
function found_docker_user() {
  local command=iptables
  if [[ "$1" == v6 ]]; then command=ip6tables; fi
  { "${command}" -w -S DOCKER-USER 2>/dev/null || true; } | sed -n '/^-A/p' | sed '/^-A DOCKER-USER -j DROP$/q'
}

function wanted_docker_user() { docker_user_rules "$1" | sed -n '/^-A/p'; }

function docker_user_is_right() {
  [[ "$(found_docker_user v4)" == "$(wanted_docker_user v4)" && "$(found_docker_user v6)" == "$(wanted_docker_user v6)" ]]
}

function check() {
  local family wanted found
  wanted=$(wanted_ufw) found=$(found_ufw)
  if [[ "${found}" != "${wanted}" ]]; then differs 'ufw status' "${wanted}" "${found}"; fi
  for family in v4 v6; do
    wanted=$(wanted_docker_user "${family}") found=$(found_docker_user "${family}")
    if [[ "${found}" != "${wanted}" ]]; then differs "chain DOCKER-USER ${family}" "${wanted}" "${found:-no rule}"; fi
  done
  check_unit ufw enabled
}

function apply() {
  ufw --force reset >&2
  rm -f "${HOMEPORT_ROOT}"/etc/ufw/*.rules.[0-9]* # reset's own copies of the files
  write_docker_rules
  ufw default deny incoming >&2
  ufw default allow outgoing >&2
  wanted_rules | while read -r rule; do ufw allow "${rule}" >&2; done
  ufw --force enable >&2
}

function revert_firewall() {
  ufw --force disable
  iptables -w -F DOCKER-USER
  ip6tables -w -F DOCKER-USER
}

function main() {
  write_docker_rules
  if is_check; then
    check
    summary
    return
  fi
  systemctl enable --quiet ufw
  if [[ ${CHANGED} -eq 0 ]] && ufw_is_right; then
    # Docker's chain stands behind ufw's and lets nobody out: no guard, and ufw stays up.
    if ! docker_user_is_right; then
      "${HOMEPORT_ROOT}/etc/ufw/after.init" start
      changed DOCKER-USER
    fi
    guard_forget firewall
    summary
    return
  fi
  guard_arm firewall 60 /etc/ufw/user.rules /etc/ufw/user6.rules
  apply
  ufw_is_right || die "ufw: must be active with 22, 80, 443/tcp only, got: $(ufw status verbose)"
  docker_user_is_right || die "DOCKER-USER: must hold Homeport's rules"
  changed ufw
}
{
  main "$@"
  exit
}
